// Figures without any rounding: doubles as whole numbers of the least double.
#pragma once

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include <libmatch/model/assignment.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch {

using Whole = boost::multiprecision::cpp_int;

/// x times 2^1074: whole for every finite double.
inline Whole scaled(double x) {
    int exponent = 0;
    const double part = std::frexp(x, &exponent);
    const auto mantissa = static_cast<std::int64_t>(std::ldexp(part, 53));
    const int shift = exponent - 53 + 1074;
    Whole w = mantissa < 0 ? -mantissa : mantissa;
    if (shift >= 0) {
        w <<= static_cast<unsigned>(shift);
    } else {
        w >>= static_cast<unsigned>(-shift);  // only zeros leave
    }
    return mantissa < 0 ? Whole(-w) : w;
}

/// The dual value at the prices, by sorting all pairs of every firm; times 2^1074.
inline Whole exact_dual(const PairSource& source, const AssignmentLimits& limits,
                        const std::vector<double>& prices) {
    Whole bound = 0;
    for (std::size_t j = 0; j < source.advisers(); ++j) {
        bound += scaled(prices[j]) *
                 (prices[j] > 0 ? limits.capacity[j] : limits.min_load_of(AdviserId(j)));
    }
    for (std::size_t i = 0; i < source.firms(); ++i) {
        const FirmId firm(i);
        std::vector<Whole> nets;
        int held = 0;
        for (std::size_t j = 0; j < source.advisers(); ++j) {
            const Pair p{firm, AdviserId(j)};
            if (!source.eligible(p.firm, p.adviser)) continue;
            const Whole net = scaled(source.utility(p.firm, p.adviser)) - scaled(prices[j]);
            if (std::find(limits.pinned.begin(), limits.pinned.end(), p) != limits.pinned.end()) {
                bound += net;
                ++held;
            } else {
                nets.push_back(net);
            }
        }
        std::sort(nets.begin(), nets.end(), std::greater<>());
        for (const Whole& net : nets) {
            if (held >= limits.demand_of(firm)) break;
            if (held >= limits.min_demand_of(firm) && net <= 0) break;
            bound += net;
            ++held;
        }
    }
    return bound;
}

/// The value of the pairs, times 2^1074.
inline Whole exact_objective(const PairSource& source, const std::vector<Pair>& pairs) {
    Whole sum = 0;
    for (const Pair& p : pairs) sum += scaled(source.utility(p.firm, p.adviser));
    return sum;
}

}  // namespace libmatch
