// The judge's own count of changes against an earlier assignment.
//
// A previous pair counts if it is eligible and its firm has a demand and no pin elsewhere; of the
// pairs that count at an adviser, those beyond its seats are forced changes, as are all that do not
// count. Seats taken by pins of other firms are no seats for them. O(n + m).
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include <libmatch/model/assignment.hpp>

namespace libmatch::check {

struct Previous {
    std::vector<AdviserId> adviser;  ///< per firm, of pairs that count
    std::int64_t counting = 0;
    std::int64_t forced = 0;  ///< all previous pairs that no answer keeps
    std::int64_t beyond_seats = 0;

    Previous(const AssignmentLimits& limits, std::size_t firms,
             const std::function<bool(FirmId, AdviserId)>& eligible)
        : adviser(firms) {
        std::vector<bool> pinned_elsewhere(firms, false);
        std::map<std::uint32_t, std::int64_t> seats;
        for (const Pair& p : limits.previous) seats[p.adviser.value] = seats_of(limits, p.adviser);
        for (const Pair& pin : limits.pinned) {
            const bool same =
                std::binary_search(limits.previous.begin(), limits.previous.end(), pin);
            if (same) continue;
            pinned_elsewhere[pin.firm] = true;
            if (const auto at = seats.find(pin.adviser.value); at != seats.end()) --at->second;
        }
        for (const Pair& p : limits.previous) {
            if (pinned_elsewhere[p.firm] || limits.demand_of(p.firm) < 1 ||
                !eligible(p.firm, p.adviser)) {
                ++forced;
                continue;
            }
            adviser[p.firm] = p.adviser;
            ++counting;
            if (--seats[p.adviser.value] < 0) ++beyond_seats;
        }
        forced += beyond_seats;
    }

    [[nodiscard]] std::int64_t changes(const std::vector<Pair>& sorted) const {
        std::int64_t kept = 0;
        for (std::size_t i = 0; i < adviser.size(); ++i) {
            if (adviser[i].known() &&
                std::binary_search(sorted.begin(), sorted.end(), Pair{FirmId(i), adviser[i]}))
                ++kept;
        }
        return counting - kept - beyond_seats;
    }

  private:
    static std::int64_t seats_of(const AssignmentLimits& limits, AdviserId j) {
        return limits.capacity.empty() ? INT64_MAX : limits.capacity[j];
    }
};

}  // namespace libmatch::check
