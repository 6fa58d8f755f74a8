// The classical Hungarian method, for dense problems that Boost's flows are too slow for.
//
// Every seat of an adviser is a column, and every firm has a column of its own for staying out.
// O(n^2 (n + seats)), with whole-number utilities. Source: H. W. Kuhn, "The Hungarian method for
// the assignment problem", Naval Research Logistics Quarterly 2, 1955, with the shortest
// augmenting paths of J. Munkres.
#pragma once

#include <cpp/support/small_problem.hpp>
#include <cstdint>
#include <limits>
#include <vector>

namespace libmatch::oracle {

/// The best sum for firms of demand 1 and capacities alone.
inline std::int64_t hungarian_optimum(const SmallProblem& p) {
    constexpr std::int64_t far = std::int64_t{1} << 50, none = 0;
    const std::size_t n = p.firms();
    std::vector<std::size_t> adviser_of{0};  // columns count from 1
    for (std::size_t j = 0; j < p.advisers(); ++j) {
        const std::int64_t seats =
            std::min<std::int64_t>(p.limits.capacity[j], static_cast<std::int64_t>(n));
        for (std::int64_t s = 0; s < seats; ++s) adviser_of.push_back(j);
    }
    const std::size_t seats = adviser_of.size() - 1, columns = seats + n;
    const auto cost = [&](std::size_t row, std::size_t column) {
        if (column > seats) return column - seats == row ? std::int64_t{0} : far;
        const FirmId i(row - 1);
        const AdviserId j(adviser_of[column]);
        return p.eligible(i, j) ? -p.value(i, j) : far;
    };
    std::vector<std::int64_t> row_price(n + 1, 0), column_price(columns + 1, 0);
    std::vector<std::size_t> holder(columns + 1, none), from(columns + 1, 0);
    for (std::size_t row = 1; row <= n; ++row) {
        holder[0] = row;
        std::size_t at = 0;
        std::vector<std::int64_t> least(columns + 1, std::numeric_limits<std::int64_t>::max());
        std::vector<char> used(columns + 1, 0);
        do {
            used[at] = 1;
            std::int64_t step = std::numeric_limits<std::int64_t>::max();
            std::size_t next = 0;
            for (std::size_t c = 1; c <= columns; ++c) {
                if (used[c] != 0) continue;
                const std::int64_t reduced =
                    cost(holder[at], c) - row_price[holder[at]] - column_price[c];
                if (reduced < least[c]) {
                    least[c] = reduced;
                    from[c] = at;
                }
                if (least[c] < step) {
                    step = least[c];
                    next = c;
                }
            }
            for (std::size_t c = 0; c <= columns; ++c) {
                if (used[c] != 0) {
                    row_price[holder[c]] += step;
                    column_price[c] -= step;
                } else {
                    least[c] -= step;
                }
            }
            at = next;
        } while (holder[at] != none);
        while (at != 0) {
            holder[at] = holder[from[at]];
            at = from[at];
        }
    }
    std::int64_t sum = 0;
    for (std::size_t c = 1; c <= columns; ++c) {
        if (holder[c] != none) sum -= cost(holder[c], c);
    }
    return sum;
}

}  // namespace libmatch::oracle
