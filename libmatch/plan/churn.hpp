// A programme's assignment from an earlier plan: what it begins with, and what is kept of the
// answer about changes.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/core/error.hpp>
#include <libmatch/model/assignment_faults.hpp>
#include <libmatch/model/previous.hpp>
#include <libmatch/plan/run.hpp>

namespace libmatch::detail {

/// Puts the earlier pairs, the limit on changes and prices to begin at, as far as these limits
/// allow them, where they belong. Firms with several advisers have no earlier one that counts: such
/// programmes are solved anew, and their changes are not counted.
inline void begin_from(const PreviousPlan& previous, std::optional<std::int64_t> max_changes,
                       const std::string& name, AssignmentLimits& limits,
                       AssignmentOptions& options) {
    const auto pairs = previous.pairs.find(name);
    if (pairs == previous.pairs.end()) return;
    limits.previous = pairs->second;
    limits.max_changes = max_changes;
    std::vector<Fault> faults;
    check_previous(limits, limits.demand.size(), limits.capacity.size(), faults);
    if (!faults.empty() && !max_changes) limits.previous.clear();
    const auto prices = previous.prices.find(name);
    if (prices == previous.prices.end() || limits.previous.empty()) return;
    options.start_prices = prices->second;
    const auto unsupported = start_faults(options, limits, limits.capacity.size());
    if (std::any_of(unsupported.begin(), unsupported.end(),
                    [](const Fault& f) { return f.table != "exact"; }))
        options.start_prices.clear();
}

/// What in the limits of a programme does not go with max_changes, in the market's words.
inline void churn_faults(const std::string& name, const AssignmentLimits& limits,
                         const AssignmentOptions& options, std::vector<Fault>& faults) {
    std::vector<Fault> found;
    check_previous(limits, limits.demand.size(), limits.capacity.size(), found);
    const auto more = start_faults(options, limits, limits.capacity.size());
    found.insert(found.end(), more.begin(), more.end());
    std::string last;
    for (Fault& f : found) {  // the first of each kind says enough
        if (f.table == last) continue;
        last = f.table;
        f.column = f.table;
        f.table = name;
        f.row = -1;
        faults.push_back(std::move(f));
    }
}

inline Churn churn_of(const AssignmentLimits& limits, const AssignmentResult& result) {
    Churn churn{limits.previous,       limits.max_changes,  result.changes,
                result.forced_changes, result.change_price, nullptr};
    const auto& free = result.unlimited;
    if (free && limits.max_changes && free->changes > *limits.max_changes) churn.unlimited = free;
    return churn;
}

}  // namespace libmatch::detail
