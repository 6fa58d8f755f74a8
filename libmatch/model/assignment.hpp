// The assignment problem at array level, and its answer.
//
//   max sum u_ij x_ij   over binary x on eligible pairs,
//   dmin_i <= sum_j x_ij <= d_i,   L_j <= sum_i x_ij <= C_j,   x_ij = 1 on pins.
//
// Capacities can be hours instead: sum_i h_ij x_ij <= C_j, with h_ij from the source of the pairs.
//
// An earlier assignment can be given, and how many firms may leave it. Changes are counted beyond
// those that the limits force whatever is decided, so every bound from 0 can be met: a pair counts
// where it is eligible, its firm has a demand and no pin elsewhere; where more pairs count at an
// adviser than it has seats, the surplus is forced.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <libmatch/core/types.hpp>
#include <libmatch/model/certificate.hpp>

namespace libmatch {

struct Pair {
    FirmId firm;
    AdviserId adviser;
    friend constexpr bool operator==(Pair a, Pair b) = default;
    friend constexpr bool operator<(Pair a, Pair b) {
        return a.firm == b.firm ? a.adviser < b.adviser : a.firm < b.firm;
    }
};

/// The constraints around the pairs. An empty vector means its default for all.
struct AssignmentLimits {
    std::vector<std::int64_t> capacity;    ///< C_j >= 0, one per adviser; empty only with hours
    std::vector<double> hours;             ///< C_j >= 0 in hours, one per adviser; else empty
    std::vector<std::int64_t> min_load;    ///< L_j, 0 <= L_j <= C_j; default 0
    std::vector<std::int32_t> demand;      ///< d_i >= 0; default 1
    std::vector<std::int32_t> min_demand;  ///< dmin_i, 0 <= dmin_i <= d_i; default 0
    std::vector<Pair> pinned;              ///< sorted, distinct, eligible
    std::vector<Pair> previous;  ///< an earlier assignment: sorted, one pair per firm at most
    std::optional<std::int64_t> max_changes;  ///< of `previous`, >= 0; none = any number

    [[nodiscard]] std::int32_t demand_of(FirmId i) const { return demand.empty() ? 1 : demand[i]; }
    [[nodiscard]] std::int32_t min_demand_of(FirmId i) const {
        return min_demand.empty() ? 0 : min_demand[i];
    }
    [[nodiscard]] std::int64_t min_load_of(AdviserId j) const {
        return min_load.empty() ? 0 : min_load[j];
    }
};

/// By how much a sum of hours may exceed a capacity because of rounding. The one place that says
/// so: solvers keep within a thousandth of it, the judge allows it.
[[nodiscard]] constexpr double hours_tolerance(double capacity) {
    return 1e-9 * (capacity > 1 ? capacity : 1);
}

/// Why no assignment exists: a minimum cut. Each entry can be read alone.
struct Blocker {
    enum class Kind { firm, adviser, pin };
    Kind kind = Kind::firm;
    std::uint32_t index = 0;
    std::int64_t shortfall = 0;  ///< units by which the demand on it exceeds what can reach it
    std::string reason;
};

struct AssignmentResult {
    std::vector<Pair> pairs;     ///< sorted by firm, then adviser
    std::vector<double> prices;  ///< one per adviser, score units (per hour where capacity is
                                 ///< hours); negative only where there is a minimum load
    Certificate certificate;
    std::vector<Blocker> blockers;    ///< only when infeasible
    std::int64_t changes = 0;         ///< firms that left their previous adviser, unforced
    std::int64_t forced_changes = 0;  ///< previous pairs that no answer could have kept
    /// What one more change would bring at most, score units, >= 0: the price of max_changes in
    /// the bound.
    double change_price = 0;
    /// The answer without max_changes, with its own proof; null where none was asked.
    std::shared_ptr<const AssignmentResult> unlimited{};
};

struct AssignmentOptions {
    double gap = 1e-4;       ///< relative gap to certify over all eligible pairs
    bool exact = false;      ///< gap exactly 0 in multiples of `unit`
    double unit = 1e-6;      ///< unit of the integer scores of the exact mode
    int candidates = 32;     ///< length of each firm's list; speed only, never the answer's proof
    unsigned threads = 0;    ///< 0 = all cores; never changes the answer
    std::uint64_t seed = 0;  ///< of the search with hours; nothing else is drawn by chance
    /// Prices of an earlier answer, >= 0, one per adviser, to begin at, with the previous pairs of
    /// the limits; empty = begin anew. Speed only, never the answer's proof.
    std::vector<double> start_prices{};
};

}  // namespace libmatch
