// The best disjoint groups of a few firms, exactly.
//
// Method: the worth of every subset as one group (all rules and seats), then the best disjoint ones
// (disjoint_sets.hpp). Limits of sessions are not looked at.
//
// Complexity: O(seats 2^n) and the search, n <= partition_limit firms. Deterministic.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/pool/columns.hpp>
#include <libmatch/pool/disjoint_sets.hpp>
#include <libmatch/pool/reach.hpp>

namespace libmatch::detail {

inline constexpr std::size_t partition_limit = 14;

/// By subset of the firms: whether it holds units whole and no enemies. Empty without bonds.
[[nodiscard]] inline std::vector<char> keeping_bonds(const Bonds& bonds,
                                                     const std::vector<FirmId>& firms) {
    if (!bonds.any()) return {};
    const std::size_t n = firms.size();
    std::vector<std::size_t> unit(n, 0), enemies(n, 0);
    std::vector<char> complete(n, 1);
    for (std::size_t a = 0; a < n; ++a) {
        const std::uint32_t of = bonds.unit_of(firms[a]);
        if (of == Bonds::none) continue;
        for (std::size_t b = 0; b < n; ++b) {
            const std::uint32_t other = bonds.unit_of(firms[b]);
            if (other == of) unit[a] |= std::size_t{1} << b;
            if (other != Bonds::none && bonds.enemies(of, other)) enemies[a] |= std::size_t{1} << b;
        }
        const auto found = static_cast<std::size_t>(std::popcount(unit[a]));
        complete[a] = found == bonds.firms(of).size();
    }
    std::vector<char> kept(std::size_t{1} << n, 1);
    for (std::size_t s = 1; s < kept.size(); ++s) {
        for (std::size_t a = 0; a < n && kept[s]; ++a) {
            if (s >> a & 1)
                kept[s] = complete[a] && (s & unit[a]) == unit[a] && (s & enemies[a]) == 0;
        }
    }
    return kept;
}

/// Adds the groups of the best plan of one small component to `plan`, if it is worth more than
/// `known`; false if not, or if stopped first. `prices`: proven ones, of the firms and then of the
/// sites.
[[nodiscard]] inline bool best_partition(const Board& board, const Component& part,
                                         const std::vector<double>& prices, double known,
                                         const Control& control, Columns& plan) {
    const std::size_t n = part.firms.size();
    const std::size_t subsets = std::size_t{1} << n;
    std::vector<double> worth(subsets, -HUGE_VAL), sum(subsets), gain(subsets);
    std::vector<std::uint32_t> seat_of(subsets, Board::none);
    for (std::size_t s = 1; s < subsets; ++s) {
        const auto low = static_cast<std::size_t>(std::countr_zero(s));
        sum[s] = sum[s & (s - 1)] + board.problem().amount[part.firms[low]];
    }
    const std::vector<char> lawful = keeping_bonds(board.bonds(), part.firms);
    for (const std::uint32_t seat : part.seats) {
        const Board::Rule& rule = board.rule_of(seat);
        const std::uint32_t home = board.seats()[seat].spot;
        std::vector<double> brings(n, 0);
        std::size_t near = 0, homes = 0;
        board.each_firm_near(seat, [&](FirmId i, double km) {
            const auto at = std::lower_bound(part.firms.begin(), part.firms.end(), i);
            if (at == part.firms.end() || !(*at == i)) return;
            const auto k = static_cast<std::size_t>(at - part.firms.begin());
            near |= std::size_t{1} << k;
            if (home == Board::none || rule.spot_of[i] == home) homes |= std::size_t{1} << k;
            brings[k] = board.problem().value_of(i) - rule.cost_per_km * km;
        });
        gain[0] = -rule.opening;
        // Subsets of `near` in increasing order: each follows the one without its lowest firm.
        for (std::size_t s = (0 - near) & near; s != 0; s = (s - near) & near) {
            gain[s] = gain[s & (s - 1)] + brings[static_cast<std::size_t>(std::countr_zero(s))];
            const auto members = static_cast<std::size_t>(std::popcount(s));
            if ((s & homes) == 0 || members < rule.least || members > board.most_at(seat) ||
                sum[s] < rule.lowest || sum[s] > rule.highest || gain[s] <= worth[s] ||
                (!lawful.empty() && !lawful[s])) {
                continue;
            }
            worth[s] = gain[s];
            seat_of[s] = seat;
        }
        if (control.stop()) return false;
    }
    // A group pays for one site; with the dearest one added to each firm, firms pay for it.
    double site = 0;
    for (std::size_t k = n; k < prices.size(); ++k) site = std::max(site, prices[k]);
    std::vector<double> of_firms(prices.begin(), prices.begin() + static_cast<std::ptrdiff_t>(n));
    for (double& p : of_firms) p += site;
    DisjointSets sets;
    sets.clear(of_firms, known);
    for (std::size_t s = 1; s < subsets; ++s) {
        sets.add({static_cast<std::uint32_t>(s), worth[s], 0, seat_of[s]});
    }
    if (!sets.solve(control)) return false;
    for (const DisjointSets::Set& set : sets.best()) {
        std::vector<FirmId> members;
        for (std::size_t k = 0; k < n; ++k) {
            if (set.mask >> k & 1) members.push_back(part.firms[k]);
        }
        plan.add(set.seat, set.worth, members);
    }
    return true;
}

}  // namespace libmatch::detail
