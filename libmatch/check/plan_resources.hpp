// The judge of recommendations: each resource's usefulness, and the best ones that could be had.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libmatch/check/plan_case.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/score/resources.hpp>

namespace libmatch::check::detail {

inline void judge_resources(PlanCase& c) {
    const auto served = advisers_of_firms(c.market, c.plan);
    const std::size_t n = c.market.firms.size();
    const auto most = static_cast<std::size_t>(c.market.settings.resources_per_firm);
    std::vector<std::vector<const Recommendation*>> given(n);
    for (const Recommendation& r : c.plan.resources) given[r.firm].push_back(&r);
    std::vector<double> best(n, 0.0), got(n, 0.0);
    std::vector<std::string> wrong(n);
    parallel_chunks(n, 256, c.threads, [&](std::size_t begin, std::size_t end) {
        std::vector<double> scores;
        for (std::size_t i = begin; i < end; ++i) {
            const FirmId who(i);
            const Eigen::ArrayXf unmet = unmet_need(c.market, who, served[i]);
            scores.clear();
            for (std::size_t r = 0; r < c.market.resources.size(); ++r) {
                if (serves(c.market, ResourceId(r), who))
                    scores.push_back(usefulness(c.market, who, unmet, ResourceId(r)));
            }
            std::sort(scores.begin(), scores.end(), std::greater<>());
            for (std::size_t k = 0; k < std::min(most, scores.size()); ++k) best[i] += scores[k];
            std::set<std::uint32_t> distinct;
            for (const Recommendation* r : given[i]) {
                const double score = usefulness(c.market, who, unmet, r->resource);
                got[i] += score;
                if (!close(score, r->score)) {
                    wrong[i] =
                        "claimed usefulness " + figure(r->score) + ", recomputed " + figure(score);
                }
                if (!serves(c.market, r->resource, who))
                    wrong[i] = "a centre does not serve its territory or language";
                if (!distinct.insert(r->resource.value).second)
                    wrong[i] = "a resource is listed twice";
            }
            if (given[i].size() > most) wrong[i] = "more resources than the settings allow";
        }
    });
    Sum objective, bound;
    for (std::size_t i = 0; i < n; ++i) {
        if (!wrong[i].empty()) c.verdict.fail(stage::resources, c.firm(FirmId(i)), wrong[i]);
        objective.add(got[i]);
        bound.add(best[i]);
    }
    const StageVerdict found{stage::resources, objective.value(), bound.value()};
    const Certificate& claimed = *c.plan.certificate(stage::resources);
    if (claimed.status == Status::optimal) {
        c.compare(stage::resources, found);
        return;
    }
    // A stopped stage claims a weaker bound than the judge's own.
    if (claimed.bound < found.bound)
        c.verdict.fail(stage::resources, "bound", "claimed less than the best possible");
    c.verdict.stages.push_back(found);
}

}  // namespace libmatch::check::detail
