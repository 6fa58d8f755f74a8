// Objective and bound of an assignment at given prices, over all pairs of a source.
//
//   bound = sum_j (C_j p_j^+ - L_j p_j^-) + sum_i (best choice of firm i at u_ij - p_j)
//
// The best choice of a firm holds its pins, and between min_demand and demand advisers. The inner
// best is taken over all eligible pairs. In exact mode (unit > 0) every utility and price is a
// whole multiple of `unit`, and sums are exact integers. Complexity: one retrieval of the d best
// pairs per firm. Deterministic for any threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <libmatch/assign/units.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch {

namespace detail {

inline std::vector<FirmId> all_firms(std::size_t n) {
    std::vector<FirmId> who;
    who.reserve(n);
    for (std::size_t i = 0; i < n; ++i) who.emplace_back(i);
    return who;
}

/// Pins of each firm: begin offsets into the sorted list of pins.
inline std::vector<std::size_t> pin_offsets(const std::vector<Pair>& pins, std::size_t n) {
    std::vector<std::size_t> begin(n + 1, 0);
    for (const Pair& p : pins) ++begin[p.firm + 1];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    return begin;
}

}  // namespace detail

/// Sum of utilities of the pairs.
[[nodiscard]] inline double objective_of(const PairSource& source, std::span<const Pair> pairs,
                                         double unit, unsigned threads) {
    constexpr std::size_t chunk = 4'096;
    const std::size_t chunks = (pairs.size() + chunk - 1) / chunk;
    std::vector<std::int64_t> whole(chunks, 0);
    std::vector<Sum> real(chunks);
    parallel_chunks(pairs.size(), chunk, threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t k = begin; k < end; ++k) {
            const double u = source.utility(pairs[k].firm, pairs[k].adviser);
            if (unit > 0) {
                whole[begin / chunk] += to_units(u, unit);
            } else {
                real[begin / chunk].add(u);
            }
        }
    });
    if (unit > 0)
        return static_cast<double>(std::accumulate(whole.begin(), whole.end(), std::int64_t{0})) *
               unit;
    Sum sum;
    for (const Sum& part : real) sum.add(part.value());
    return sum.value();
}

/// `held`: pairs of an answer; with good prices they are close to each firm's best, which saves
/// time.
[[nodiscard]] inline double bound_of(const PairSource& source, const AssignmentLimits& limits,
                                     std::span<const double> prices, std::span<const Pair> held,
                                     double unit, unsigned threads, const Control& control) {
    const std::size_t n = source.firms();
    const auto firms = detail::all_firms(n);
    const auto pins = detail::pin_offsets(limits.pinned, n);
    std::int32_t widest = 1;
    for (std::size_t i = 0; i < n; ++i) widest = std::max(widest, limits.demand_of(FirmId(i)));
    const std::size_t width = std::min<std::size_t>(static_cast<std::size_t>(widest),
                                                    std::max<std::size_t>(source.advisers(), 1));
    CandidateLists lists(n, width);
    if (width == 1) {
        for (const Pair& p : held) {
            lists.slots(p.firm)[0] = {p.adviser,
                                      static_cast<float>(source.utility(p.firm, p.adviser))};
            lists.finish(p.firm, 1, HUGE_VAL);
        }
    }
    // A firm that may stay out needs no pair of negative net value.
    const bool forced = std::any_of(limits.min_demand.begin(), limits.min_demand.end(),
                                    [](auto d) { return d > 0; });
    source.best(firms, prices, lists, threads, control, unit > 0 || forced ? -HUGE_VAL : 0.0);

    // Net values in the certificate's own numbers: whole units, or reals as they are.
    const double scale = unit > 0 ? unit : 1;
    const auto number = [&](double x) {
        return unit > 0 ? static_cast<double>(to_units(x, unit)) : x;
    };
    std::vector<std::vector<double>> close(unit > 0 ? n : 0);
    if (unit > 0) {
        // Rounding may change the order of nearly equal pairs: look at all that can matter.
        std::vector<double> threshold(n);
        for (std::size_t i = 0; i < n; ++i) {
            const auto list = lists.of(FirmId(i));
            const std::size_t wanted = static_cast<std::size_t>(limits.demand_of(FirmId(i)));
            threshold[i] = -HUGE_VAL;
            if (wanted == 0) {
                threshold[i] = HUGE_VAL;
            } else if (list.size() >= wanted) {
                const Candidate& last = list[wanted - 1];
                threshold[i] =
                    source.utility(FirmId(i), last.adviser) - prices[last.adviser] - 2 * unit;
            }
        }
        const auto pairs = source.above(firms, prices, threshold, threads, control);
        for (const ValuedPair& p : pairs) {
            const auto own =
                std::span(limits.pinned).subspan(pins[p.firm], pins[p.firm + 1] - pins[p.firm]);
            if (std::any_of(own.begin(), own.end(),
                            [&](const Pair& q) { return q.adviser == p.adviser; })) {
                continue;
            }
            close[p.firm].push_back(number(p.value) - number(prices[p.adviser]));
        }
    }

    Sum bound;
    for (std::size_t j = 0; j < source.advisers(); ++j) {
        const double p = number(prices[j]);
        const auto units = p > 0 ? limits.capacity[j] : limits.min_load_of(AdviserId(j));
        if (units != 0) bound.add(p * static_cast<double>(units));
    }
    std::vector<double> nets;
    for (const FirmId i : firms) {
        const auto own = std::span(limits.pinned).subspan(pins[i], pins[i + 1] - pins[i]);
        nets.clear();
        if (unit > 0) {
            nets = close[i];
        } else {
            for (const Candidate& c : lists.of(i)) {
                if (std::any_of(own.begin(), own.end(),
                                [&](const Pair& q) { return q.adviser == c.adviser; })) {
                    continue;
                }
                nets.push_back(source.utility(i, c.adviser) - prices[c.adviser]);
            }
        }
        for (const Pair& p : own)
            bound.add(number(source.utility(p.firm, p.adviser)) - number(prices[p.adviser]));
        std::sort(nets.begin(), nets.end(), std::greater<>());
        const auto kept = static_cast<std::int32_t>(own.size());
        const auto most = static_cast<std::size_t>(std::max(0, limits.demand_of(i) - kept));
        const auto least = static_cast<std::size_t>(std::max(0, limits.min_demand_of(i) - kept));
        for (std::size_t k = 0; k < nets.size() && k < most; ++k) {
            if (k >= least && nets[k] <= 0) break;
            bound.add(nets[k]);
        }
    }
    return bound.value() * scale;
}

}  // namespace libmatch
