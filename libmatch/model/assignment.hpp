// The assignment problem at array level, and its answer.
//
//   max sum u_ij x_ij   over binary x on eligible pairs,
//   dmin_i <= sum_j x_ij <= d_i,   L_j <= sum_i x_ij <= C_j,   x_ij = 1 on pins.
//
// Capacities can be hours instead: sum_i h_ij x_ij <= C_j, with h_ij from the source of the pairs.
// A firm that stays out can be worth r_i instead of 0.
// Quotas bound groups of pairs: lo_q <= sum over (i, j) in F_q x A_q of x_ij <= hi_q.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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

/// How many pairs between some firms and some advisers an assignment holds, at least and at most.
/// Pins count.
struct Quota {
    static constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();
    std::optional<std::vector<FirmId>> firms;        ///< sorted, distinct; nothing = all firms
    std::optional<std::vector<AdviserId>> advisers;  ///< sorted, distinct; nothing = all advisers
    std::int64_t at_least = 0;
    std::int64_t at_most = no_limit;
    std::string name{};  ///< for people
};

/// The constraints around the pairs. An empty vector means its default for all.
struct AssignmentLimits {
    std::vector<std::int64_t> capacity;    ///< C_j >= 0, one per adviser; empty only with hours
    std::vector<double> hours;             ///< C_j >= 0 in hours, one per adviser; else empty
    std::vector<std::int64_t> min_load;    ///< L_j, 0 <= L_j <= C_j; default 0
    std::vector<std::int32_t> demand;      ///< d_i >= 0; default 1
    std::vector<std::int32_t> min_demand;  ///< dmin_i, 0 <= dmin_i <= d_i; default 0
    std::vector<Pair> pinned;              ///< sorted, distinct, eligible
    std::vector<Quota> quotas{};           ///< may overlap; not with hours or demands above 1
    /// What an unserved firm of demand 1 is worth, of either sign; default 0. Not with demands
    /// above 1 or minimum demands.
    std::vector<double> reservation{};

    [[nodiscard]] std::int32_t demand_of(FirmId i) const { return demand.empty() ? 1 : demand[i]; }
    [[nodiscard]] std::int32_t min_demand_of(FirmId i) const {
        return min_demand.empty() ? 0 : min_demand[i];
    }
    [[nodiscard]] double reservation_of(FirmId i) const {
        return reservation.empty() || demand_of(i) == 0 ? 0 : reservation[i];
    }
    [[nodiscard]] std::int64_t min_load_of(AdviserId j) const {
        return min_load.empty() ? 0 : min_load[j];
    }
};

/// By how much a sum of hours may exceed a capacity because of rounding. The one place that says
/// so: solvers keep within a thousandth of it, the judge allows it.
[[nodiscard]] constexpr double hours_tolerance(double capacity) { return 1e-9 * capacity; }

/// Why no assignment exists: one part of a minimum cut, whose members need more units than can
/// reach them; or a limit that belongs to the proof where there are quotas, without members. Each
/// entry can be read alone.
struct Blocker {
    enum class Kind { firm, adviser, pin, quota };  ///< whose need is not met
    Kind kind = Kind::firm;
    std::uint32_t index = 0;     ///< the first member of that kind; pins: position in `pinned`
    std::int64_t shortfall = 0;  ///< needed - reachable, units
    std::string reason;          ///< one sentence
    std::int64_t needed = 0;     ///< units that the minimums and pins of the members ask for
    std::int64_t reachable = 0;  ///< units that can reach them, over all eligible pairs
    /// Members, sorted: firms that need or give units, advisers whose seats or minimums count, and
    /// the pins that take part.
    std::vector<FirmId> firms{};
    std::vector<AdviserId> advisers{};
    std::vector<Pair> pins{};
};

/// One limit of a smallest relaxation: with all of them changed, an assignment exists.
struct Relaxation {
    enum class Limit { capacity, min_load, min_demand, pin };
    Limit limit = Limit::capacity;
    FirmId firm;                         ///< of min_demand and pin
    AdviserId adviser;                   ///< of capacity, min_load and pin
    std::int64_t before = 0, after = 0;  ///< units; a pin that is dropped goes from 1 to 0
    [[nodiscard]] std::int64_t units() const {
        return after > before ? after - before : before - after;
    }
};

[[nodiscard]] constexpr std::string_view name(Relaxation::Limit limit) {
    switch (limit) {
        case Relaxation::Limit::capacity:
            return "capacity";
        case Relaxation::Limit::min_load:
            return "min_load";
        case Relaxation::Limit::min_demand:
            return "min_demand";
        case Relaxation::Limit::pin:
            return "pin";
    }
    return "";
}

struct AssignmentResult {
    std::vector<Pair> pairs;     ///< sorted by firm, then adviser
    std::vector<double> prices;  ///< one per adviser, score units (per hour where capacity is
                                 ///< hours); negative only where there is a minimum load
    Certificate certificate;
    /// One per quota, score units; > 0 pays for at_most, < 0 for at_least.
    std::vector<double> quota_prices{};
    // Only when infeasible, but for blockers, which also name the limits that an unfinished answer
    // with quotas does not keep. The prices then prove it, in units of relaxation instead of score:
    // -1, 0 or 1 where capacity counts firms and there are no quotas (docs/model.md).
    std::vector<Blocker> blockers;
    std::vector<Relaxation> relaxation;  ///< the smallest; none with hours or quotas
    std::vector<Pair> relaxed_pairs;     ///< sorted; they meet the relaxed limits
};

struct AssignmentOptions {
    double gap = 1e-4;       ///< relative gap to certify over all eligible pairs; 0 = exact
    bool exact = false;      ///< gap exactly 0 in multiples of `unit`
    double unit = 1e-6;      ///< unit of the integer scores of the exact mode
    int candidates = 32;     ///< length of each firm's list; speed only, never the answer's proof
    unsigned threads = 0;    ///< 0 = all cores; never changes the answer
    std::uint64_t seed = 0;  ///< of the searches with hours and quotas; nothing else draws
};

}  // namespace libmatch
