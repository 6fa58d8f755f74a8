// Who may visit whom, and the rounds that a market's visits make, given whose firm each is.
//
// A firm is its adviser's where the plan assigned the visiting network; otherwise the plan's table
// visit_choices says so. Traveller j of the problem is adviser j. Complexity: O(firms + advisers).
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include <libmatch/model/plan.hpp>
#include <libmatch/model/rounds.hpp>

namespace libmatch {

struct VisitProblem {
    RoundsProblem problem;
    std::vector<FirmId> firms;         ///< firm k of the problem
    std::vector<FirmId> out_of_reach;  ///< whose adviser's day does not lead there and back
};

/// Days that an adviser visits on; 0 for other networks and for who is absent at the market's date.
[[nodiscard]] inline std::int32_t days_of_visits(const Market& market, AdviserId j) {
    const Advisers& a = market.advisers;
    const double date = market.settings.date;
    const bool absent = !(date < a.absent_from[j]) && !(date > a.absent_until[j]) &&
                        !(std::isnan(a.absent_from[j]) && std::isnan(a.absent_until[j])) &&
                        !std::isnan(date);
    return a.network[j] == market.visits->network && !absent ? a.visit_days[j] : 0;
}

[[nodiscard]] inline bool may_be_visited(const Market& market, FirmId i) {
    return !(market.firms.headcount[i] >= market.visits->headcount_under);
}

/// True if one day leads to the firm and back.
[[nodiscard]] inline bool in_a_day(const Market& market, FirmId i, AdviserId j) {
    return 2 * market.distance_km(market.firms.place[i], market.advisers.place[j]) <=
           market.visits->max_km_per_day;
}

/// Whether a firm may choose an adviser for visits, where no assignment says whose it is.
[[nodiscard]] inline bool may_choose(const Market& market, FirmId i, AdviserId j) {
    return may_be_visited(market, i) && days_of_visits(market, j) > 0 &&
           market.geography.contains(market.advisers.zone[j],
                                     market.places[market.firms.place[i]].commune) &&
           in_a_day(market, i, j);
}

/// What the choice is worth: the visit, less its part of a way out and back.
[[nodiscard]] inline double choice_utility(const Market& market, FirmId i, AdviserId j) {
    const double away = market.distance_km(market.firms.place[i], market.advisers.place[j]);
    return market.firms.priority[i] -
           market.visits->cost_per_km * 2 * away / market.advisers.visits_per_day[j];
}

/// True if the plan assigned the network that visits.
[[nodiscard]] inline bool visits_assigned(const Market& market, const Plan& plan) {
    for (const Programme& p : market.programmes) {
        if (p.network == market.visits->network && plan.certificate(stage::assign(p)) != nullptr)
            return true;
    }
    return false;
}

[[nodiscard]] inline VisitProblem visit_problem(const Market& market, const Plan& plan) {
    VisitProblem out;
    RoundsProblem& problem = out.problem;
    problem.max_km_per_day = market.visits->max_km_per_day;
    problem.cost_per_km = market.visits->cost_per_km;
    for (std::size_t j = 0; j < market.advisers.size(); ++j) {
        const AdviserId adviser(j);
        problem.travellers.push_back({market.places[market.advisers.place[j]].at,
                                      days_of_visits(market, adviser),
                                      market.advisers.visits_per_day[j]});
    }
    std::vector<AdviserId> adviser_of(market.firms.size());
    const auto take = [&](FirmId i, AdviserId j) {
        if (!adviser_of[i].known() || j < adviser_of[i]) adviser_of[i] = j;
    };
    if (visits_assigned(market, plan)) {
        for (const Assigned& a : plan.assignments) {
            if (market.programmes[a.programme].network == market.visits->network)
                take(a.firm, a.adviser);
        }
    } else {
        for (const VisitChoice& c : plan.visit_choices) take(c.firm, c.adviser);
    }
    for (std::size_t k = 0; k < market.firms.size(); ++k) {
        const FirmId i(k);
        const AdviserId j = adviser_of[i];
        if (!j.known() || !may_be_visited(market, i)) continue;
        if (!in_a_day(market, i, j)) {
            out.out_of_reach.push_back(i);
            continue;
        }
        out.firms.push_back(i);
        problem.place.push_back(market.places[market.firms.place[i]].at);
        problem.value.push_back(market.firms.priority[i]);
        problem.traveller.push_back(j.value);
    }
    return out;
}

}  // namespace libmatch
