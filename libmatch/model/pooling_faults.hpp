// Checks of a pooling problem at array level.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <libmatch/core/error.hpp>
#include <libmatch/model/pooling.hpp>

namespace libmatch {

namespace detail {

inline void add_rule_faults(const PoolRule& keyed, std::size_t k, std::size_t n,
                            std::vector<Fault>& faults) {
    const DossierRule& rule = keyed.rule;
    const auto fail = [&](const char* column, const std::string& value, const char* problem,
                          const char* remedy) {
        faults.push_back({Fault::Severity::error, "rule", static_cast<std::int64_t>(k), column,
                          value, problem, remedy});
    };
    if (!std::isfinite(rule.min_sum) || rule.min_sum < 0) {
        fail("min_sum", std::to_string(rule.min_sum), "it is not a finite number of at least 0",
             "use 0 or more");
    }
    if (std::isnan(rule.max_sum) || rule.max_sum < rule.min_sum) {
        fail("max_sum", std::to_string(rule.max_sum), "it is under min_sum or not a number",
             "raise it, or leave it out for no limit");
    }
    if (rule.min_members < 1) {
        fail("min_members", std::to_string(rule.min_members), "a group needs a member",
             "use 1 or more");
    }
    if (rule.max_members < rule.min_members) {
        fail("max_members", std::to_string(rule.max_members), "it is under min_members",
             "raise it, or leave it out for no limit");
    }
    if (std::isnan(rule.max_radius_km) || rule.max_radius_km < 0) {
        fail("max_radius_km", std::to_string(rule.max_radius_km), "it is negative or not a number",
             "use km of at least 0, or leave it out for no limit");
    }
    if (!std::isfinite(rule.opening_cost)) {
        fail("opening_cost", std::to_string(rule.opening_cost), "it is not finite",
             "use a finite number of any sign");
    }
    if (!std::isfinite(rule.cost_per_km) || rule.cost_per_km < 0) {
        fail("cost_per_km", std::to_string(rule.cost_per_km),
             "it is not a finite number of at least 0", "use 0 or more");
    }
    if (!keyed.cell.empty() && keyed.cell.size() != n) {
        fail("cell", std::to_string(keyed.cell.size()) + " entries",
             "there is not one cell per firm", "give one per firm, or none for one common cell");
    }
}

/// Limits of sites: whole numbers, one per site.
inline void add_site_faults(const PoolProblem& problem, std::vector<Fault>& faults) {
    const auto look = [&](const char* table, const std::vector<double>& limits, double low) {
        if (!limits.empty() && limits.size() != problem.sites.size()) {
            faults.push_back(
                {Fault::Severity::error, table, -1, "", std::to_string(limits.size()) + " entries",
                 "there is not one limit per site", "give one per site, or none for no limit"});
        }
        for (std::size_t s = 0; s < limits.size(); ++s) {
            if (limits[s] >= low && std::floor(limits[s]) == limits[s] &&
                (limits[s] <= 1e9 || limits[s] == HUGE_VAL)) {
                continue;
            }
            faults.push_back({Fault::Severity::error, table, static_cast<std::int64_t>(s), "",
                              std::to_string(limits[s]),
                              "it is no whole number from " + std::to_string(std::lround(low)) +
                                  " to a thousand million",
                              "use a whole number, or infinity for no limit"});
        }
    };
    look("sessions", problem.sessions, 0);
    look("seats", problem.seats, 1);
}

inline void add_pair_faults(const PoolProblem& problem, std::vector<Fault>& faults) {
    const auto look = [&](const char* table, const std::vector<PoolPair>& pairs, bool same) {
        for (std::size_t k = 0; k < pairs.size(); ++k) {
            const auto [a, b] = pairs[k];
            if (a < problem.amount.size() && b < problem.amount.size() && (same || !(a == b)))
                continue;
            faults.push_back({Fault::Severity::error, table, static_cast<std::int64_t>(k), "",
                              std::to_string(a.value) + ", " + std::to_string(b.value),
                              "it is no pair of two firms", "give two firms, counted from 0"});
        }
    };
    look("together", problem.together, false);
    look("apart", problem.apart, true);
}

}  // namespace detail

/// Every fault of the problem, all at once; empty = it can be solved.
[[nodiscard]] inline std::vector<Fault> faults_of(const PoolProblem& problem) {
    std::vector<Fault> faults;
    const std::size_t n = problem.amount.size();
    const auto fail = [&](const char* table, std::int64_t row, std::string value, const char* fault,
                          const char* remedy) {
        faults.push_back({Fault::Severity::error, table, row, "", std::move(value), fault, remedy});
    };
    const auto place_fault = [&](const char* table, std::size_t row, PoolPlace at) {
        const bool finite = std::isfinite(at.a) && std::isfinite(at.b);
        const std::string text = std::to_string(at.a) + ", " + std::to_string(at.b);
        if (!finite) {
            fail(table, static_cast<std::int64_t>(row), text, "it is not finite",
                 "give two finite numbers");
        } else if (problem.metric == Metric::sphere &&
                   (std::fabs(at.a) > 90 || std::fabs(at.b) > 360)) {
            fail(table, static_cast<std::int64_t>(row), text,
                 "it is no latitude and longitude in degrees",
                 "give latitude first; for planar km use the plane metric");
        }
    };
    for (std::size_t i = 0; i < n; ++i) {
        if (!std::isfinite(problem.amount[i]) || problem.amount[i] <= 0) {
            fail("amount", static_cast<std::int64_t>(i), std::to_string(problem.amount[i]),
                 "it is not a finite number above 0", "leave firms without an amount out");
        }
    }
    if (!problem.value.empty() && problem.value.size() != n) {
        fail("value", -1, std::to_string(problem.value.size()) + " entries",
             "there is not one value per firm", "give one per firm, or none for 1 each");
    }
    for (std::size_t i = 0; i < problem.value.size(); ++i) {
        if (!std::isfinite(problem.value[i])) {
            fail("value", static_cast<std::int64_t>(i), std::to_string(problem.value[i]),
                 "it is not finite", "use a finite number");
        }
    }
    if (problem.metric == Metric::none) {
        if (!problem.place.empty()) {
            fail("place", -1, std::to_string(problem.place.size()) + " entries",
                 "places are given without a metric", "name the metric, or leave the places out");
        }
        if (!problem.sites.empty()) {
            fail("sites", -1, std::to_string(problem.sites.size()) + " entries",
                 "sites are given without a metric",
                 "name the metric and give places, or leave the sites out");
        }
    } else {
        if (problem.place.size() != n) {
            fail("place", -1, std::to_string(problem.place.size()) + " entries",
                 "there is not one place per firm", "give one per firm, or use no metric");
        }
        for (std::size_t i = 0; i < problem.place.size(); ++i)
            place_fault("place", i, problem.place[i]);
        for (std::size_t s = 0; s < problem.sites.size(); ++s)
            place_fault("sites", s, problem.sites[s]);
    }
    detail::add_site_faults(problem, faults);
    detail::add_pair_faults(problem, faults);
    if (problem.rules.empty()) fail("rule", -1, "", "there is no rule", "give at least one");
    for (std::size_t k = 0; k < problem.rules.size(); ++k) {
        detail::add_rule_faults(problem.rules[k], k, n, faults);
        if (problem.rules[k].rule.seat == SeatKind::site && problem.sites.empty()) {
            faults.push_back({Fault::Severity::error, "rule", static_cast<std::int64_t>(k), "seat",
                              "site", "no site is listed", "list sites, or meet at members"});
        }
    }
    return faults;
}

}  // namespace libmatch
