// Checks of an assignment problem at array level.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <libmatch/core/error.hpp>
#include <libmatch/model/assignment.hpp>

namespace libmatch {

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
    if (check_length("capacity", limits.capacity.size(), m, false)) {
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
    return faults;
}

}  // namespace libmatch
