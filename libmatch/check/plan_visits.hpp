// The judge of visits: whose firm each is, who is visited and who is named as left out, then rounds
// and prices by the judge of rounds.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/check/assignment.hpp>
#include <libmatch/check/plan_case.hpp>
#include <libmatch/check/rounds.hpp>
#include <libmatch/model/visit_problem.hpp>

namespace libmatch::check::detail {

inline void judge_visit_choices(PlanCase& c) {
    if (visits_assigned(c.market, c.plan)) {
        c.verdict.fail(stage::visit_choices, "certificate",
                       "firms are said to choose, yet the visiting network was assigned");
    }
    AssignmentCase problem;
    problem.stage = stage::visit_choices;
    problem.firms = c.market.firms.size();
    problem.advisers = c.market.advisers.size();
    problem.eligible = [&](FirmId i, AdviserId j) { return may_choose(c.market, i, j); };
    problem.utility = [&](FirmId i, AdviserId j) { return choice_utility(c.market, i, j); };
    problem.firm_name = [&](FirmId i) { return c.firm(i); };
    problem.adviser_name = [&](AdviserId j) { return "adviser " + c.market.advisers.id[j]; };
    AssignmentLimits limits;
    for (std::size_t j = 0; j < problem.advisers; ++j) {
        limits.capacity.push_back(
            static_cast<std::int64_t>(days_of_visits(c.market, AdviserId(j))) *
            c.market.advisers.visits_per_day[j]);
    }
    AssignmentResult claim;
    claim.certificate = *c.plan.certificate(stage::visit_choices);
    claim.prices = c.prices(stage::visit_choices);
    for (const VisitChoice& v : c.plan.visit_choices) claim.pairs.push_back({v.firm, v.adviser});
    judge_assignment(problem, limits, claim, c.verdict, c.threads);
}

/// The rounds that the rows of visits make; what is wrong with their days and figures is named.
[[nodiscard]] inline std::vector<Round> rounds_of(PlanCase& c,
                                                  const std::vector<std::uint32_t>& position) {
    std::vector<Round> rounds;
    const std::vector<Visit>& rows = c.plan.visits;
    for (std::size_t k = 0; k < rows.size(); ++k) {
        const Visit& v = rows[k];
        const std::string who = "adviser " + c.market.advisers.id[v.adviser] + ", day " +
                                std::to_string(v.day) + ", " + c.firm(v.firm);
        const auto fail = [&](std::string text) {
            c.verdict.fail(stage::visits, who, std::move(text));
        };
        const Visit* before = k > 0 ? &rows[k - 1] : nullptr;
        const bool same = before != nullptr && before->adviser == v.adviser && before->day == v.day;
        if (v.day < 1 || v.day > days_of_visits(c.market, v.adviser))
            fail("the adviser does not visit on this day");
        if (!same && before != nullptr &&
            (v.adviser < before->adviser || (v.adviser == before->adviser && v.day < before->day)))
            fail("the rows are not in the order of advisers and days");
        if (v.position != (same ? before->position + 1 : 1)) fail("its position is not the next");
        const PlaceId home = c.market.advisers.place[v.adviser];
        const PlaceId here = c.market.firms.place[v.firm];
        const PlaceId from = same ? c.market.firms.place[before->firm] : home;
        const auto check_km = [&](const char* what, double claimed, double km) {
            if (!(std::fabs(claimed - km) <= 1e-6)) {
                fail("claimed " + std::string(what) + " " + figure(claimed) + " km, recomputed " +
                     figure(km));
            }
        };
        check_km("leg", v.leg_km, c.market.distance_km(from, here));
        check_km("way home", v.home_km, c.market.distance_km(here, home));
        if (!same) rounds.push_back({v.adviser.value, {}});
        if (position[v.firm] == FirmId::missing) {
            fail("the firm waits for no visit within reach");
        } else {
            rounds.back().stops.emplace_back(position[v.firm]);
        }
    }
    return rounds;
}

inline void judge_visits(PlanCase& c) {
    if (!visits_assigned(c.market, c.plan) && c.plan.certificate(stage::visit_choices) == nullptr) {
        c.verdict.fail(stage::visits, "certificate",
                       "nothing says whose visit each firm waits for");
    }
    const VisitProblem visits = visit_problem(c.market, c.plan);
    std::vector<std::uint32_t> position(c.market.firms.size(), FirmId::missing);
    for (std::size_t k = 0; k < visits.firms.size(); ++k)
        position[visits.firms[k]] = static_cast<std::uint32_t>(k);
    RoundsResult claim;
    claim.rounds = rounds_of(c, position);
    std::erase_if(claim.rounds, [](const Round& r) { return r.stops.empty(); });
    claim.certificate = *c.plan.certificate(stage::visits);
    const std::vector<double>& prices = c.prices(stage::visits);
    for (const FirmId i : visits.firms) claim.firm_price.push_back(prices[i]);
    const auto after_firms = prices.begin() + static_cast<std::ptrdiff_t>(c.market.firms.size());
    const auto advisers = static_cast<std::ptrdiff_t>(c.market.advisers.size());
    claim.day_price.assign(after_firms, after_firms + advisers);
    claim.km_price.assign(after_firms + advisers, after_firms + 2 * advisers);

    std::vector<std::uint8_t> seen(c.market.firms.size(), 0);
    for (const Visit& v : c.plan.visits) seen[v.firm] = 1;
    for (const Unserved& u : c.plan.unserved) {
        if (u.stage != stage::visits) continue;
        if (seen[u.firm] != 0)
            c.verdict.fail(stage::visits, c.firm(u.firm), "it is visited, or left out twice");
        seen[u.firm] = 1;
    }
    const auto need_named = [&](FirmId i) {
        if (seen[i] == 0)
            c.verdict.fail(stage::visits, c.firm(i), "it is neither visited nor named as left out");
    };
    for (const FirmId i : visits.firms) need_named(i);
    for (const FirmId i : visits.out_of_reach) need_named(i);
    for (std::size_t i = 0; i < c.market.firms.size() && !visits_assigned(c.market, c.plan); ++i) {
        if (may_be_visited(c.market, FirmId(i))) need_named(FirmId(i));
    }
    Verdict judged = verify(visits.problem, claim, 1e-9, stage::visits, c.threads);
    for (Violation& v : judged.violations) c.verdict.violations.push_back(std::move(v));
    for (StageVerdict& s : judged.stages) c.verdict.stages.push_back(std::move(s));
}

}  // namespace libmatch::check::detail
