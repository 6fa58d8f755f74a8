// The judge of recommendations: each resource's usefulness, and the best list that could be had.
//
// Complexity: O(firms x resources x skills), and the lists tried (check/teams.hpp).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libmatch/check/plan_case.hpp>
#include <libmatch/check/teams.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/score/resources.hpp>

namespace libmatch::check::detail {

/// What the firms of one chunk have, and could have.
struct ResourceFindings {
    Account objective, bound;
    std::vector<std::pair<FirmId, std::string>> wrong;
};

/// Judges the lists of firms [first, last). `given`: by firm, in the order of the plan.
[[nodiscard]] inline ResourceFindings judge_lists(
    const PlanCase& c, const CentreReach& reach, const std::vector<std::vector<AdviserId>>& served,
    const std::vector<std::vector<const Recommendation*>>& given, std::size_t first,
    std::size_t last) {
    const Market& market = c.market;
    const auto most = static_cast<std::size_t>(market.settings.resources_per_firm);
    ResourceFindings out;
    std::vector<Eigen::ArrayXf> unmet;
    for (std::size_t i = first; i < last; ++i)
        unmet.push_back(unmet_need(market, FirmId(i), served[i]));
    AssignmentLimits limits;
    limits.team = resource_team(market, first, unmet);
    limits.demand.assign(last - first, static_cast<std::int32_t>(most));
    const Team& team = *limits.team;
    std::vector<double> use(market.resources.size());
    std::vector<ServedAs> as(market.resources.size());
    AssignmentCase problem;
    problem.advisers = market.resources.size();
    problem.eligible = [&](FirmId, AdviserId r) { return as[r] != ServedAs::nobody && use[r] > 0; };
    problem.utility = [&](FirmId, AdviserId r) { return resource_utility(use[r], as[r]); };
    const std::vector<double> free(market.resources.size(), 0.0);
    TeamJudge judge(problem, limits, free);
    for (std::size_t i = first; i < last; ++i) {
        const FirmId who(i), local(i - first);
        const auto fail = [&](std::string text) { out.wrong.emplace_back(who, std::move(text)); };
        std::fill(use.begin(), use.end(), 0.0);
        std::fill(as.begin(), as.end(), ServedAs::nobody);
        for (const ResourceOffer& x : resource_offers(market, reach, who, unmet[i - first])) {
            use[x.resource.value] = x.usefulness;
            as[x.resource.value] = x.as;
        }
        std::vector<const Recommendation*> list = given[i];
        std::sort(list.begin(), list.end(), [](const Recommendation* a, const Recommendation* b) {
            return a->rank < b->rank;
        });
        std::set<std::uint32_t> distinct;
        std::vector<double> level(team.skills, 0.0);
        int rank = 0;
        for (const Recommendation* r : list) {
            const AdviserId resource(r->resource.value);
            const std::string& id = market.resources[r->resource].id;
            if (!problem.eligible(local, resource))
                fail("resource " + id +
                     " does not serve its territory, language or needs, or is offered nearer");
            if (r->rank != ++rank) fail("its ranks are not 1, 2, 3 and so on");
            if (r->neighbour != (as[resource] == ServedAs::neighbour))
                fail("resource " + id + " names the wrong side of the border");
            if (!close(r->score, use[resource])) {
                fail("claimed usefulness " + figure(r->score) + ", recomputed " +
                     figure(use[resource]));
            }
            if (!distinct.insert(r->resource.value).second) fail("a resource is listed twice");
            double adds = 0;
            for (std::size_t s = 0; s < team.skills; ++s) {
                const double taught = std::min(team.need_of(local)[s], team.skill_of(resource)[s]);
                adds += team.weight_of(local)[s] * std::max(0.0, taught - level[s]);
                level[s] = std::max(level[s], taught);
            }
            if (!(std::fabs(adds - r->adds) <= 1e-9)) {
                fail("resource " + id + " is said to add " + figure(r->adds) + ", recomputed " +
                     figure(adds));
            }
            out.objective.add(problem.utility(local, resource));
        }
        for (std::size_t s = 0; s < team.skills; ++s)
            out.objective.add_product(team.weight_of(local)[s], level[s]);
        if (list.size() > most) fail("more resources than the settings allow");
        ExactSum best;
        judge.add_best_team(local, {}, best);
        out.bound.sum.add(best);
        out.bound.size += std::fabs(best.up());
    }
    return out;
}

inline void judge_resources(PlanCase& c) {
    const auto served = advisers_of_firms(c.market, c.plan);
    const CentreReach reach(c.market);
    const std::size_t n = c.market.firms.size();
    std::vector<std::vector<const Recommendation*>> given(n);
    for (const Recommendation& r : c.plan.resources) given[r.firm].push_back(&r);
    constexpr std::size_t chunk = 256;
    std::vector<ResourceFindings> found((n + chunk - 1) / chunk);
    parallel_chunks(found.size(), 1, c.threads, [&](std::size_t k, std::size_t) {
        found[k] = judge_lists(c, reach, served, given, k * chunk, std::min(n, (k + 1) * chunk));
    });
    Account objective, bound;
    for (const ResourceFindings& part : found) {
        for (const auto& [i, text] : part.wrong) c.verdict.fail(stage::resources, c.firm(i), text);
        objective.sum.add(part.objective.sum);
        objective.size += part.objective.size;
        bound.sum.add(part.bound.sum);
        bound.size += part.bound.size;
    }
    // A list with too many possibilities is bounded from above by the solver.
    constexpr bool modest = true;
    judge_claims(stage::resources, *c.plan.certificate(stage::resources), objective, bound,
                 c.verdict, modest);
}

}  // namespace libmatch::check::detail
