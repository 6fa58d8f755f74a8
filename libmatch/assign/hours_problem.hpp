// The pairs of an assignment whose capacities are hours, gathered once.
//
// Problem: the price and the search methods pass over all eligible pairs many times. Method: the
// rows of the firms that are free to choose, in compressed form; pins are taken out and their hours
// subtracted. Complexity: one pass over the source, O(eligible pairs) memory. Preconditions: the
// limits have no faults. Faulty hours (not finite, negative) throw InputError with row and column.
// Deterministic.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <libmatch/core/error.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch::detail {

struct HoursProblem {
    std::vector<std::size_t> begin;      ///< row of firm i: [begin[i], begin[i + 1])
    std::vector<std::uint32_t> adviser;  ///< of each pair
    std::vector<double> value;           ///< utility of each pair
    std::vector<double> load;            ///< hours of each pair
    std::vector<double> room;            ///< hours of each adviser that pins leave
    std::vector<double> give;            ///< part of the tolerance of each adviser's sum of hours
    std::vector<char> forced;            ///< the firm may not stay out
    struct Pin {
        std::uint32_t adviser = 0;
        double value = 0, load = 0;
    };
    std::vector<Pin> pins;
    double pinned_value = 0;  ///< sum of utilities of the pins

    [[nodiscard]] std::size_t firms() const { return begin.size() - 1; }
    [[nodiscard]] std::size_t advisers() const { return room.size(); }
    [[nodiscard]] std::size_t pairs() const { return adviser.size(); }
    /// Hours that an adviser may hold, with a part of the tolerance of sums of hours.
    [[nodiscard]] double most(std::size_t j) const { return room[j] + give[j]; }
};

/// Chunks of firms with about the same number of pairs; the cut depends on the size alone.
[[nodiscard]] inline std::size_t firms_per_chunk(std::size_t firms, std::size_t pairs) {
    constexpr std::size_t pairs_per_chunk = 200'000, most_chunks = 64;
    const std::size_t chunks = std::clamp<std::size_t>(pairs / pairs_per_chunk, 1, most_chunks);
    return std::max<std::size_t>(1, (firms + chunks - 1) / chunks);
}

[[nodiscard]] inline Fault load_fault(FirmId i, AdviserId j, double hours) {
    return {Fault::Severity::error,
            "load",
            static_cast<std::int64_t>(i.value),
            std::to_string(j.value),
            std::to_string(hours),
            "the hours of a pair are a finite number from 0",
            "correct it, or make the pair not eligible"};
}

[[nodiscard]] inline HoursProblem gather_hours(const PairSource& source,
                                               const AssignmentLimits& limits, unsigned threads) {
    const std::size_t n = source.firms(), m = source.advisers();
    HoursProblem p;
    p.begin.assign(n + 1, 0);
    p.forced.assign(n, 0);
    p.room = limits.hours;
    for (const double hours : limits.hours) p.give.push_back(hours_tolerance(hours) / 1000);
    std::vector<Fault> faults;
    constexpr std::size_t most_faults = 100;
    const auto checked = [&](FirmId i, AdviserId j) {
        const double hours = source.load(i, j);
        if (!(std::isfinite(hours) && hours >= 0) && faults.size() < most_faults)
            faults.push_back(load_fault(i, j, hours));
        return hours;
    };

    std::vector<char> free(n, 1);
    std::vector<Sum> taken(m);
    Sum pinned_value;
    for (const Pair& pin : limits.pinned) {
        free[pin.firm] = 0;
        p.pins.push_back({pin.adviser.value, source.utility(pin.firm, pin.adviser),
                          checked(pin.firm, pin.adviser)});
        taken[pin.adviser].add(p.pins.back().load);
        pinned_value.add(p.pins.back().value);
    }
    p.pinned_value = pinned_value.value();
    for (std::size_t j = 0; j < m; ++j) p.room[j] = std::max(0.0, p.room[j] - taken[j].value());

    const std::vector<double> zero(m, 0.0), all(n, -HUGE_VAL);
    const Control gather_all;
    std::vector<FirmId> who;
    constexpr std::size_t block = 4096;
    for (std::size_t first = 0; first < n; first += block) {
        who.clear();
        for (std::size_t i = first; i < std::min(n, first + block); ++i) {
            if (free[i] == 0 || limits.demand_of(FirmId(i)) == 0) continue;
            p.forced[i] = limits.min_demand_of(FirmId(i)) > 0 ? 1 : 0;
            who.emplace_back(i);
        }
        for (const ValuedPair& pair : source.above(who, zero, all, threads, gather_all)) {
            ++p.begin[pair.firm + 1];
            p.adviser.push_back(pair.adviser.value);
            p.value.push_back(pair.value);
            p.load.push_back(checked(pair.firm, pair.adviser));
        }
    }
    if (!faults.empty()) throw InputError(std::move(faults));
    for (std::size_t i = 0; i < n; ++i) p.begin[i + 1] += p.begin[i];
    return p;
}

/// At least value - load * price: the rounded figure, raised by all that rounding can have taken.
[[nodiscard]] inline double net_from_above(double value, double load, double price) {
    const double cost = load * price;
    if (cost == 0 && (load == 0 || price == 0)) return value;
    const double net = value - cost;
    // Half a last place each for the product, the difference and this sum, and a little more.
    return net + ((std::fabs(cost) + std::fabs(net)) * 0x1.8p-52 +
                  std::numeric_limits<double>::denorm_min());
}

/// The least double that is not below the dual value at these prices per hour,
/// `sum_j C_j p_j + sum_i (best of u_ij - h_ij p_j)`, pins at their own pair. The second sum is
/// taken from above, all others are exact. `alone`: what each firm is worth that stays out, 0 for
/// firms with pins; empty = 0.
[[nodiscard]] inline double hours_bound(const HoursProblem& p, std::span<const double> hours,
                                        std::span<const double> prices,
                                        std::span<const double> alone = {}) {
    ExactSum bound;
    for (std::size_t j = 0; j < p.advisers(); ++j) bound.add_product(hours[j], prices[j]);
    for (const HoursProblem::Pin& pin : p.pins) {
        bound.add(pin.value);
        bound.add_product(-pin.load, prices[pin.adviser]);
    }
    for (std::size_t i = 0; i < p.firms(); ++i) {
        double best = p.forced[i] != 0 ? -HUGE_VAL : alone.empty() ? 0 : alone[i];
        for (std::size_t e = p.begin[i]; e < p.begin[i + 1]; ++e) {
            best = std::max(best, net_from_above(p.value[e], p.load[e], prices[p.adviser[e]]));
        }
        bound.add(best);
    }
    return bound.up();
}

}  // namespace libmatch::detail
