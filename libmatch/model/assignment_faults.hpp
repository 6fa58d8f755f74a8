// Checks of an assignment problem at array level.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <libmatch/core/error.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/model/team_faults.hpp>

namespace libmatch {
namespace detail {

/// Faults of limits whose capacities are hours.
inline void check_hours(const AssignmentLimits& limits, std::size_t m, std::vector<Fault>& faults) {
    const auto fail = [&](const char* table, std::int64_t row, std::string value,
                          std::string problem, std::string remedy) {
        faults.push_back({Fault::Severity::error, table, row, "", std::move(value),
                          std::move(problem), std::move(remedy)});
    };
    if (limits.hours.size() != m) {
        fail("hours", -1, std::to_string(limits.hours.size()) + " entries",
             std::to_string(m) + " entries are expected", "give one per adviser");
    }
    for (std::size_t j = 0; j < limits.hours.size(); ++j) {
        if (!(std::isfinite(limits.hours[j]) && limits.hours[j] >= 0)) {
            fail("hours", static_cast<std::int64_t>(j), std::to_string(limits.hours[j]),
                 "it is not a finite number from 0", "correct it");
        }
    }
    if (!limits.capacity.empty()) {
        fail("capacity", -1, std::to_string(limits.capacity.size()) + " entries",
             "capacity is given in firms and in hours", "leave one of the two empty");
    }
    for (std::size_t j = 0; j < limits.min_load.size(); ++j) {
        if (limits.min_load[j] != 0) {
            fail("min_load", static_cast<std::int64_t>(j), std::to_string(limits.min_load[j]),
                 "minimum loads are not supported together with hours", "use 0");
        }
    }
    for (std::size_t i = 0; i < limits.demand.size(); ++i) {
        if (limits.demand[i] > 1) {
            fail("demand", static_cast<std::int64_t>(i), std::to_string(limits.demand[i]),
                 "demands above 1 are not supported together with hours", "use 0 or 1");
        }
    }
}

/// Faults of quotas.
inline void check_quotas(const AssignmentLimits& limits, std::size_t n, std::size_t m,
                         std::vector<Fault>& faults) {
    const auto fail = [&](std::size_t row, const char* column, std::string value,
                          std::string problem, std::string remedy) {
        faults.push_back({Fault::Severity::error, "quotas", static_cast<std::int64_t>(row), column,
                          std::move(value), std::move(problem), std::move(remedy)});
    };
    const auto check_members = [&](std::size_t q, const char* column, const auto& members,
                                   std::size_t size) {
        if (!members) return;
        for (std::size_t k = 0; k < members->size(); ++k) {
            const auto id = (*members)[k];
            if (id >= size) {
                fail(q, column, std::to_string(id.value),
                     "there are " + std::to_string(size) + " " + column, "count them from 0");
                return;
            }
            if (k > 0 && !((*members)[k - 1] < id)) {
                fail(q, column, std::to_string(id.value), "the members are not sorted and distinct",
                     "sort them and drop duplicates");
                return;
            }
        }
    };
    for (std::size_t q = 0; q < limits.quotas.size(); ++q) {
        const Quota& quota = limits.quotas[q];
        check_members(q, "firms", quota.firms, n);
        check_members(q, "advisers", quota.advisers, m);
        if (quota.at_least < 0) {
            fail(q, "at_least", std::to_string(quota.at_least), "it is negative", "use 0 or more");
        }
        if (quota.at_most < std::max<std::int64_t>(quota.at_least, 0)) {
            fail(q, "at_most", std::to_string(quota.at_most),
                 "it is below at_least or 0: " + std::to_string(quota.at_least),
                 "correct one of the two");
        }
    }
    if (limits.quotas.empty()) return;
    if (!limits.hours.empty()) {
        fail(0, "", "", "quotas are not supported together with hours", "leave one of them out");
    }
    for (std::size_t i = 0; i < limits.demand.size(); ++i) {
        if (limits.demand[i] > 1) {
            faults.push_back({Fault::Severity::error, "demand", static_cast<std::int64_t>(i), "",
                              std::to_string(limits.demand[i]),
                              "demands above 1 are not supported together with quotas",
                              "use 0 or 1"});
        }
    }
}

/// Faults of values of staying out.
inline void check_reservation(const AssignmentLimits& limits, std::size_t n,
                              std::vector<Fault>& faults) {
    if (limits.reservation.empty()) return;
    const auto fail = [&](const char* table, std::int64_t row, std::string value,
                          std::string problem, std::string remedy) {
        faults.push_back({Fault::Severity::error, table, row, "", std::move(value),
                          std::move(problem), std::move(remedy)});
    };
    if (limits.reservation.size() != n) {
        fail("reservation", -1, std::to_string(limits.reservation.size()) + " entries",
             std::to_string(n) + " entries are expected", "give one per firm");
    }
    for (std::size_t i = 0; i < limits.reservation.size(); ++i) {
        if (!std::isfinite(limits.reservation[i])) {
            fail("reservation", static_cast<std::int64_t>(i), std::to_string(limits.reservation[i]),
                 "it is not a finite number", "correct it");
        }
    }
    const std::size_t known = std::min(limits.demand.size(), limits.reservation.size());
    for (std::size_t i = 0; i < known; ++i) {
        if (limits.demand[i] > 1 && limits.reservation[i] != 0) {
            fail("demand", static_cast<std::int64_t>(i), std::to_string(limits.demand[i]),
                 "demands above 1 are not supported together with reservation",
                 "use a demand of 1, or a reservation of 0");
        }
    }
}

/// Faults of an earlier assignment and of what is asked about it.
inline void check_previous(const AssignmentLimits& limits, std::size_t n, std::size_t m,
                           std::vector<Fault>& faults) {
    const auto fail = [&](const char* table, std::int64_t row, std::string value,
                          std::string problem, std::string remedy) {
        faults.push_back({Fault::Severity::error, table, row, "", std::move(value),
                          std::move(problem), std::move(remedy)});
    };
    for (std::size_t k = 0; k < limits.previous.size(); ++k) {
        const Pair& p = limits.previous[k];
        const auto row = static_cast<std::int64_t>(k);
        const std::string text =
            std::to_string(p.firm.value) + ", " + std::to_string(p.adviser.value);
        if (p.firm >= n || p.adviser >= m) {
            fail("previous", row, text,
                 "the pair lies outside the " + std::to_string(n) + " x " + std::to_string(m) +
                     " problem",
                 "number its firm and adviser as in this problem, or drop it");
        } else if (k > 0 && !(limits.previous[k - 1].firm < p.firm)) {
            fail("previous", row, text, "the firm has a pair before, or the pairs are not sorted",
                 "sort them and keep one per firm");
        }
    }
    if (limits.max_changes && *limits.max_changes < 0) {
        fail("max_changes", -1, std::to_string(*limits.max_changes), "it is negative",
             "use 0 or more");
    }
    const bool asked = limits.max_changes.has_value();
    const auto refuse = [&](const char* table, std::size_t row, std::int64_t value,
                            const char* remedy) {
        fail(table, static_cast<std::int64_t>(row), std::to_string(value),
             "max_changes is supported with demands of 1 and without minimums", remedy);
    };
    for (std::size_t i = 0; asked && i < limits.min_demand.size(); ++i) {
        if (limits.min_demand[i] > 0)
            refuse("min_demand", i, limits.min_demand[i], "use 0, or leave max_changes out");
    }
    for (std::size_t j = 0; asked && j < limits.min_load.size(); ++j) {
        if (limits.min_load[j] > 0)
            refuse("min_load", j, limits.min_load[j], "use 0, or leave max_changes out");
    }
    if (asked && !limits.hours.empty()) {
        fail("hours", -1, std::to_string(limits.hours.size()) + " entries",
             "max_changes is not supported with capacities in hours", "leave one of the two out");
    }
    if (asked && !limits.quotas.empty()) {
        fail("quotas", -1, "", "max_changes is not supported with quotas",
             "leave one of the two out");
    }
    for (std::size_t i = 0; !limits.previous.empty() && i < limits.demand.size(); ++i) {
        if (limits.demand[i] > 1) {
            fail("demand", static_cast<std::int64_t>(i), std::to_string(limits.demand[i]),
                 "previous pairs are supported with demands of 0 and 1",
                 "use 0 or 1, or leave previous out");
        }
    }
}

}  // namespace detail

/// Faults of what the options ask of these limits.
[[nodiscard]] inline std::vector<Fault> start_faults(const AssignmentOptions& options,
                                                     const AssignmentLimits& limits,
                                                     std::size_t m) {
    std::vector<Fault> faults;
    const std::vector<double>& prices = options.start_prices;
    const auto fail = [&](const char* table, std::int64_t row, std::string value,
                          std::string problem, std::string remedy) {
        faults.push_back({Fault::Severity::error, table, row, "", std::move(value),
                          std::move(problem), std::move(remedy)});
    };
    if (options.exact && limits.max_changes) {
        fail("exact", -1, "", "it is not supported with max_changes: no prices may close the gap",
             "leave one of the two out");
    }
    if (options.exact && !limits.hours.empty()) {
        fail("exact", -1, "true", "no prices prove an exact answer where capacity is hours",
             "leave it out and give the gap to reach");
    }
    if (options.exact && !limits.quotas.empty()) {
        fail("exact", -1, "true", "no prices prove an exact answer where there are quotas",
             "leave it out and give the gap to reach");
    }
    if (options.exact && limits.team) {
        fail("exact", -1, "true",
             "no prices prove an exact answer where advisers cover needs together (team)",
             "leave it out and give the gap to reach");
    }
    if (prices.empty()) return faults;
    if (limits.team) {
        fail("prices", -1, std::to_string(prices.size()) + " entries",
             "prices to begin at are not supported where advisers cover needs together (team)",
             "leave prices out");
    }
    if (prices.size() != m) {
        fail("prices", -1, std::to_string(prices.size()) + " entries",
             std::to_string(m) + " entries are expected", "give one per adviser");
    }
    for (std::size_t j = 0; j < prices.size(); ++j) {
        if (!(std::isfinite(prices[j]) && prices[j] >= 0)) {
            fail("prices", static_cast<std::int64_t>(j), std::to_string(prices[j]),
                 "it is not a finite number from 0", "use 0 for an adviser without a price");
        }
    }
    const auto unsupported = [&](const char* table, std::size_t row, std::int64_t value) {
        fail(table, static_cast<std::int64_t>(row), std::to_string(value),
             "prices to begin at are supported with demands of 1 and without minimums",
             "leave prices out");
    };
    for (std::size_t i = 0; i < limits.demand.size(); ++i)
        if (limits.demand[i] > 1) unsupported("demand", i, limits.demand[i]);
    for (std::size_t i = 0; i < limits.min_demand.size(); ++i)
        if (limits.min_demand[i] > 0) unsupported("min_demand", i, limits.min_demand[i]);
    for (std::size_t j = 0; j < limits.min_load.size(); ++j)
        if (limits.min_load[j] > 0) unsupported("min_load", j, limits.min_load[j]);
    if (!limits.hours.empty()) {
        fail("hours", -1, std::to_string(limits.hours.size()) + " entries",
             "prices to begin at are not supported with capacities in hours", "leave prices out");
    }
    return faults;
}

/// Every fault of the limits of a problem of n firms and m advisers.
[[nodiscard]] inline std::vector<Fault> faults_of(const AssignmentLimits& limits, std::size_t n,
                                                  std::size_t m) {
    std::vector<Fault> faults;
    const auto fail = [&](const char* table, std::size_t row, std::string value,
                          std::string problem, std::string remedy) {
        faults.push_back({Fault::Severity::error, table, static_cast<std::int64_t>(row), "",
                          std::move(value), std::move(problem), std::move(remedy)});
    };
    const auto check_length = [&](const char* table, std::size_t length, std::size_t wanted,
                                  bool optional) {
        if (length == wanted || (optional && length == 0)) return true;
        faults.push_back(
            {Fault::Severity::error, table, -1, "", std::to_string(length) + " entries",
             std::to_string(wanted) + " entries are expected", "give one per firm or adviser"});
        return false;
    };
    if (!limits.hours.empty()) {
        detail::check_hours(limits, m, faults);
    } else if (check_length("capacity", limits.capacity.size(), m, false)) {
        for (std::size_t j = 0; j < m; ++j) {
            if (limits.capacity[j] < 0) {
                fail("capacity", j, std::to_string(limits.capacity[j]), "it is negative",
                     "use 0 or more");
            }
        }
        if (check_length("min_load", limits.min_load.size(), m, true)) {
            for (std::size_t j = 0; j < limits.min_load.size(); ++j) {
                if (limits.min_load[j] < 0 || limits.min_load[j] > limits.capacity[j]) {
                    fail("min_load", j, std::to_string(limits.min_load[j]),
                         "it is not between 0 and the capacity " +
                             std::to_string(limits.capacity[j]),
                         "correct one of the two");
                }
            }
        }
    }
    const bool demand_fits = check_length("demand", limits.demand.size(), n, true);
    for (std::size_t i = 0; demand_fits && i < limits.demand.size(); ++i) {
        if (limits.demand[i] < 0)
            fail("demand", i, std::to_string(limits.demand[i]), "it is negative", "use 0 or more");
    }
    if (check_length("min_demand", limits.min_demand.size(), n, true) && demand_fits) {
        for (std::size_t i = 0; i < limits.min_demand.size(); ++i) {
            const auto most = limits.demand_of(FirmId(i));
            if (limits.min_demand[i] < 0 || limits.min_demand[i] > most) {
                fail("min_demand", i, std::to_string(limits.min_demand[i]),
                     "it is not between 0 and the demand " + std::to_string(most),
                     "correct one of the two");
            }
        }
    }
    for (std::size_t k = 0; k < limits.pinned.size(); ++k) {
        const Pair& p = limits.pinned[k];
        const std::string text =
            std::to_string(p.firm.value) + ", " + std::to_string(p.adviser.value);
        if (p.firm >= n || p.adviser >= m) {
            fail("pinned", k, text,
                 "the pair lies outside the " + std::to_string(n) + " x " + std::to_string(m) +
                     " problem",
                 "count firms and advisers from 0");
        } else if (k > 0 && !(limits.pinned[k - 1] < p)) {
            fail("pinned", k, text, "the pairs are not sorted and distinct",
                 "sort them and drop duplicates");
        }
    }
    detail::check_quotas(limits, n, m, faults);
    detail::check_reservation(limits, n, faults);
    detail::check_previous(limits, n, m, faults);
    detail::check_team(limits, n, m, faults);
    return faults;
}

}  // namespace libmatch
