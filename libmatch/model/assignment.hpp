// The assignment problem at array level, and its answer.
//
//   max sum u_ij x_ij   over binary x on eligible pairs,
//   dmin_i <= sum_j x_ij <= d_i,   L_j <= sum_i x_ij <= C_j,   x_ij = 1 on pins.
//
// Capacities can be hours instead: sum_i h_ij x_ij <= C_j, with h_ij from the source of the pairs.
// A firm that stays out can be worth r_i instead of 0.
// Quotas bound groups of pairs: lo_q <= sum over (i, j) in F_q x A_q of x_ij <= hi_q.
// Several advisers of a firm can cover its needs together (team.hpp).
//
// An earlier assignment can be given, and how many firms may leave it. Changes are counted beyond
// those that the limits force whatever is decided, so every bound from 0 can be met: a pair counts
// where it is eligible, its firm has a demand and no pin elsewhere; where more pairs count at an
// adviser than it has seats, the surplus is forced.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/types.hpp>
#include <libmatch/model/certificate.hpp>
#include <libmatch/model/team.hpp>

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
    std::vector<Pair> previous{};          ///< an earlier answer: sorted, one pair per firm at most
    std::optional<std::int64_t> max_changes{};  ///< of `previous`, >= 0; none = any number
    std::vector<Quota> quotas{};                ///< may overlap; not with hours, demands above 1
    /// What an unserved firm is worth, of either sign; default 0. Not of firms with demands above
    /// 1; those with a minimum demand never stay out, so theirs is not read.
    std::vector<double> reservation{};
    /// What the advisers of one firm cover together, beside their utilities; nothing = nothing. Not
    /// with other limits than capacities, demands and pins.
    std::optional<Team> team{};

    [[nodiscard]] std::int32_t demand_of(FirmId i) const { return demand.empty() ? 1 : demand[i]; }
    /// Of one firm, at least 1.
    [[nodiscard]] std::int32_t most_demand() const {
        std::int32_t most = 1;
        for (const std::int32_t d : demand) most = std::max(most, d);
        return most;
    }
    [[nodiscard]] std::int64_t total_demand(std::size_t firms) const {
        std::int64_t total = 0;
        for (std::size_t i = 0; i < firms; ++i) total += demand_of(FirmId(i));
        return total;
    }
    [[nodiscard]] std::int32_t min_demand_of(FirmId i) const {
        return min_demand.empty() ? 0 : min_demand[i];
    }
    [[nodiscard]] double reservation_of(FirmId i) const {
        const bool may_choose = demand_of(i) > 0 && min_demand_of(i) == 0;
        return reservation.empty() || !may_choose ? 0 : reservation[i];
    }
    [[nodiscard]] std::int64_t min_load_of(AdviserId j) const {
        return min_load.empty() ? 0 : min_load[j];
    }
};

/// By how much a sum of hours may exceed a capacity because of rounding. The one place that says
/// so: solvers keep within a thousandth of it, the judge allows it.
[[nodiscard]] constexpr double hours_tolerance(double capacity) { return 1e-9 * capacity; }

/// What a previous pair counts at a price of a change: u + price, rounded up, so that a bound from
/// it holds. The one place that says so, for solvers and the judge.
[[nodiscard]] inline double kept_value(double u, double change_price) {
    const TwoDoubles sum = exact_difference(u, -change_price);
    return sum.low > 0 ? std::nextafter(sum.high, HUGE_VAL) : sum.high;
}

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
    std::int64_t changes = 0;            ///< firms that left their previous adviser, unforced
    std::int64_t forced_changes = 0;     ///< previous pairs that no answer could have kept
    /// What one more change would bring at most, score units, >= 0: the price of max_changes in
    /// the bound.
    double change_price = 0;
    /// The answer without max_changes, with its own proof; null where none was asked.
    std::shared_ptr<const AssignmentResult> unlimited{};
};

struct AssignmentOptions {
    double gap = 1e-4;       ///< relative gap to certify over all eligible pairs; 0 = exact
    bool exact = false;      ///< gap exactly 0 in multiples of `unit`
    double unit = 1e-6;      ///< unit of the integer scores of the exact mode
    int candidates = 32;     ///< length of each firm's list; speed only, never the answer's proof
    unsigned threads = 0;    ///< 0 = all cores; never changes the answer
    std::uint64_t seed = 0;  ///< of the searches with hours, quotas and teams; nothing else draws
    /// Prices of an earlier answer, >= 0, one per adviser, to begin at, with the previous pairs of
    /// the limits; empty = begin anew. Speed only, never the answer's proof.
    std::vector<double> start_prices{};
};

}  // namespace libmatch
