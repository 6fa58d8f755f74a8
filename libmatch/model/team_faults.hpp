// Checks of what the advisers of a firm cover together.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/core/error.hpp>
#include <libmatch/model/assignment.hpp>

namespace libmatch::detail {

/// Faults of a team's arrays.
inline void check_team_arrays(const Team& team, std::size_t n, std::size_t m,
                              std::vector<Fault>& faults) {
    const auto check = [&](const char* table, const std::vector<double>& values, std::size_t rows,
                           const char* whose) {
        if (values.size() != rows * team.skills) {
            faults.push_back({Fault::Severity::error, table, -1, "",
                              std::to_string(values.size()) + " entries",
                              std::to_string(rows) + " x " + std::to_string(team.skills) +
                                  " entries are expected",
                              std::string("give one per ") + whose + " and skill"});
            return;
        }
        constexpr double most = 1e15;  // products and sums stay far from overflow
        for (std::size_t x = 0; x < values.size(); ++x) {
            if (values[x] >= 0 && values[x] <= most) continue;
            faults.push_back({Fault::Severity::error, table,
                              static_cast<std::int64_t>(x / team.skills),
                              std::to_string(x % team.skills), std::to_string(values[x]),
                              "it is not a number from 0 to 1e15", "use 0 where there is none"});
        }
    };
    check("team.need", team.need, n, "firm");
    check("team.weight", team.weight, n, "firm");
    check("team.skill", team.skill, m, "adviser");
}

/// Faults of limits that a team does not go with.
inline void check_team(const AssignmentLimits& limits, std::size_t n, std::size_t m,
                       std::vector<Fault>& faults) {
    if (!limits.team) return;
    check_team_arrays(*limits.team, n, m, faults);
    const auto refuse = [&](const char* table, std::int64_t row, std::string value) {
        faults.push_back({Fault::Severity::error, table, row, "", std::move(value),
                          "it is not supported where advisers cover needs together (team)",
                          "leave it out, or leave team out"});
    };
    const auto entries = [](std::size_t count) { return std::to_string(count) + " entries"; };
    for (std::size_t i = 0; i < limits.demand.size(); ++i) {
        if (limits.demand[i] <= Team::most_members) continue;
        faults.push_back(
            {Fault::Severity::error, "demand", static_cast<std::int64_t>(i), "",
             std::to_string(limits.demand[i]),
             "teams of at most " + std::to_string(Team::most_members) + " advisers are supported",
             "use a smaller demand"});
    }
    for (std::size_t i = 0; i < limits.min_demand.size(); ++i) {
        if (limits.min_demand[i] > 0)
            refuse("min_demand", static_cast<std::int64_t>(i),
                   std::to_string(limits.min_demand[i]));
    }
    for (std::size_t j = 0; j < limits.min_load.size(); ++j) {
        if (limits.min_load[j] > 0)
            refuse("min_load", static_cast<std::int64_t>(j), std::to_string(limits.min_load[j]));
    }
    if (!limits.hours.empty()) refuse("hours", -1, entries(limits.hours.size()));
    if (!limits.quotas.empty()) refuse("quotas", -1, entries(limits.quotas.size()));
    if (!limits.reservation.empty()) refuse("reservation", -1, entries(limits.reservation.size()));
    if (!limits.previous.empty()) refuse("previous", -1, entries(limits.previous.size()));
    if (limits.max_changes) refuse("max_changes", -1, std::to_string(*limits.max_changes));
}

}  // namespace libmatch::detail
