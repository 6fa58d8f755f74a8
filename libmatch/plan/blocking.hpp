// What a lawful market will run into when it is solved: warnings before the work starts.
//
// Complexity: O(P m) for P distinct places of firms, not O(n m); where a programme that serves all
// firms has minimum loads or pins, also that of deciding whether they contradict each other
// (assign/feasibility.hpp).
#pragma once

#include <string>
#include <vector>

#include <libmatch/core/error.hpp>
#include <libmatch/plan/solve.hpp>

namespace libmatch {

namespace detail {

/// What in the limits of a programme contradicts itself, apart from pins that a rule excludes;
/// empty if nothing does.
[[nodiscard]] inline std::string contradiction(const Scorer& scorer,
                                               const AssignmentLimits& limits) {
    const Control never_stop;
    AssignmentResult answer;
    const MarketSource source(scorer);
    if (decide_feasibility(source, limits, 0, never_stop, answer) != Feasibility::infeasible)
        return {};
    std::erase_if(answer.blockers,
                  [](const Blocker& b) { return b.firms.empty() && b.advisers.empty(); });
    if (answer.blockers.empty()) return {};
    name_blockers(scorer, answer);
    const std::size_t more = answer.blockers.size() - 1;
    return answer.blockers[0].reason +
           (more == 0 ? "" : " (and " + count_of(more, "more blocker") + ")");
}

/// No assignment holds more pairs of a quota: its firms that may be served, its advisers' seats.
[[nodiscard]] inline std::int64_t most_pairs(const Scorer& scorer, const AssignmentLimits& limits,
                                             const Quota& quota) {
    std::int64_t firms = 0, seats = 0;
    const auto count_firm = [&](FirmId i) {
        firms += scorer.firm_rule(i) == Exclusion::none ? limits.demand_of(i) : 0;
    };
    const auto count_adviser = [&](AdviserId j) {
        seats += scorer.adviser_rule_of(j) == Exclusion::none ? limits.capacity[j] : 0;
    };
    for (std::size_t k = 0; k < (quota.firms ? quota.firms->size() : limits.demand.size()); ++k)
        count_firm(quota.firms ? (*quota.firms)[k] : FirmId(k));
    for (std::size_t k = 0; k < (quota.advisers ? quota.advisers->size() : limits.capacity.size());
         ++k)
        count_adviser(quota.advisers ? (*quota.advisers)[k] : AdviserId(k));
    return std::min(firms, seats);
}

}  // namespace detail

/// Warnings, at most one per programme and kind, with counts and a first example.
[[nodiscard]] inline std::vector<Fault> blocking(const Market& market) {
    std::vector<Fault> warnings;
    const auto warn = [&](std::string table, std::string column, std::string value,
                          std::string problem, std::string remedy) {
        warnings.push_back({Fault::Severity::warning, std::move(table), -1, std::move(column),
                            std::move(value), std::move(problem), std::move(remedy)});
    };
    for (std::size_t p = 0; p < market.programmes.size(); ++p) {
        const Scorer scorer(market, ProgrammeId(p));
        const AssignmentLimits limits = programme_limits(scorer);
        std::int64_t seats = 0;
        std::vector<AdviserId> usable;
        for (std::size_t j = 0; j < market.advisers.size(); ++j) {
            if (scorer.adviser_rule_of(AdviserId(j)) != Exclusion::none) continue;
            seats += limits.capacity[j];
            usable.emplace_back(j);
        }
        const std::string& name = market.programmes[p].name;
        if (seats == 0) {
            warn("programmes", "programme", name, "no adviser with capacity can serve it",
                 "add advisers of its network, or lower labels_required");
            continue;
        }
        std::vector<char> reachable(market.places.size(), 2);  // 2 = not looked at
        std::size_t alone = 0;
        std::string first;
        for (std::size_t i = 0; i < market.firms.size(); ++i) {
            if (scorer.firm_rule(FirmId(i)) != Exclusion::none) continue;
            const PlaceId place = market.firms.place[i];
            if (reachable[place] == 2) {
                reachable[place] = 0;
                for (const AdviserId j : usable) {
                    if (scorer.place_rule(place, j) == Exclusion::none) {
                        reachable[place] = 1;
                        break;
                    }
                }
            }
            if (reachable[place] == 0 && alone++ == 0) first = market.firms.id[i];
        }
        if (alone > 0) {
            warn("firms", "commune", first,
                 std::to_string(alone) + " firms lie outside the territory of every adviser of " +
                     name,
                 "widen zones or max_distance_km; these firms will stay unserved");
        }
        for (const Pair& pin : limits.pinned) {
            const Exclusion rule = scorer.exclusion(pin.firm, pin.adviser);
            if (rule == Exclusion::none) continue;
            warn("pairs", "kind",
                 market.firms.id[pin.firm] + " / " + market.advisers.id[pin.adviser],
                 "the pin will make " + name + " infeasible: " + std::string(libmatch::name(rule)),
                 "drop the pin or change the rule");
        }
        if (market.programmes[p].after.known()) continue;  // its firms are not known yet
        for (const Quota& quota : limits.quotas) {
            const auto most = detail::most_pairs(scorer, limits, quota);
            if (quota.at_least <= most) continue;
            warn("quotas", "lower", std::to_string(quota.at_least),
                 "quota " + quota.name +
                     " asks for more pairs than its firms and seats can make: " +
                     std::to_string(most) + " in " + name,
                 "lower it, or widen its firms and advisers");
        }
        if (auto found = detail::contradiction(scorer, limits); !found.empty()) {
            warn("programmes", "programme", name, "no assignment meets its limits: " + found,
                 "solve it: the smallest change of limits that helps is in relaxations");
        }
    }
    if (market.visits) {
        bool any = false;
        for (std::size_t j = 0; j < market.advisers.size(); ++j)
            any = any || days_of_visits(market, AdviserId(j)) > 0;
        if (!any) {
            warn("visits", "network", market.networks[market.visits->network],
                 "no adviser of the network visits on any day", "raise days, or visit_days");
        }
    }
    for (const Workshop& w : market.workshops) {
        std::size_t leaders = 0;
        for (std::size_t i = 0; i < market.firms.size(); ++i)
            leaders += invited(market, w, FirmId(i)) ? 1 : 0;
        if (static_cast<double>(leaders) < w.rule.min_sum) {
            warn("workshops", "workshop", w.rule.name,
                 "only " + detail::count_of(leaders, "leader") + " would be invited",
                 "lower min_need or min_attendance");
        }
    }
    if (!market.shared_staff.empty() && shared_staff_problem(market).firms.empty()) {
        warn("firms", "it_days_per_month", "", "no firm wants days of shared staff",
             "add the column, or drop the table shared_staff");
    }
    if (!market.schemes.empty() && market.lenders.empty()) {
        warn("lenders", "", "", "there is no lender, so no dossier will be financed",
             "add lenders, or solve fewer stages");
    }
    return warnings;
}

}  // namespace libmatch
