// What each firm can reach: live seats, the amount missing, and the components that never meet.
//
// Method: at each seat the largest lawful sum that holds a given firm is the firm, a firm of the
// seat's own spot and the largest others. Firms that share a live seat, or a site of limited
// sessions, are joined by union-find; components are solved apart.
//
// Complexity: O(pairs log). Serial, deterministic.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/pool/board.hpp>

namespace libmatch::detail {

struct Component {
    std::vector<FirmId> firms;         ///< sorted
    std::vector<std::uint32_t> seats;  ///< sorted; live ones
    std::vector<std::uint32_t> sites;  ///< sorted; those of limited sessions
};

struct Reach {
    std::vector<Component>
        components;  ///< by their first firm; firms without any live seat are in none
    std::vector<double>
        missing;  ///< per firm: the least that a sum it can join lacks; infinity = no seat
    std::vector<char> can_join;  ///< per firm: some seat may hold a lawful group with it
    bool complete = false;       ///< false: stopped first, and nothing here says anything
};

class ReachFinder {
  public:
    explicit ReachFinder(const Board& board) : board_(board), parent_(board.firms()) {
        std::iota(parent_.begin(), parent_.end(), 0U);
    }

    Reach find(const Control& control) {
        const std::size_t n = board_.firms();
        Reach reach{{}, std::vector<double>(n, HUGE_VAL), std::vector<char>(n, 0), false};
        std::vector<std::uint32_t> live;
        for (std::uint32_t seat = 0; seat < board_.seats().size(); ++seat) {
            if ((seat & 63) == 0 && control.stop()) return reach;
            if (look_at(seat, reach)) live.push_back(seat);
        }
        std::vector<FirmId> at_site(board_.problem().sites.size());  // one firm of each
        for (const std::uint32_t seat : live) {
            FirmId joined;
            const bool limited = board_.site_row(seat) != Board::none;
            if (limited) joined = at_site[board_.seats()[seat].site];
            board_.each_firm_near(seat, [&](FirmId i, double) {
                if (!reach.can_join[i]) return;
                if (joined.known()) parent_[root_of(i.value)] = root_of(joined.value);
                joined = i;
            });
            if (limited) at_site[board_.seats()[seat].site] = joined;
        }
        std::vector<std::uint32_t> component_of(n, Board::none);
        for (std::size_t i = 0; i < n; ++i) {
            if (!reach.can_join[i]) continue;
            const std::uint32_t root = root_of(static_cast<std::uint32_t>(i));
            if (component_of[root] == Board::none) {
                component_of[root] = static_cast<std::uint32_t>(reach.components.size());
                reach.components.emplace_back();
            }
            reach.components[component_of[root]].firms.emplace_back(i);
        }
        for (const std::uint32_t seat : live) {
            FirmId member;
            board_.each_firm_near(seat, [&](FirmId i, double) {
                if (reach.can_join[i]) member = i;
            });
            if (member.known()) {
                reach.components[component_of[root_of(member.value)]].seats.push_back(seat);
            }
        }
        for (std::uint32_t s = 0; s < at_site.size(); ++s) {
            if (!at_site[s].known()) continue;
            reach.components[component_of[root_of(at_site[s].value)]].sites.push_back(s);
        }
        reach.complete = true;
        return reach;
    }

  private:
    struct Item {
        double amount;
        FirmId firm;
        bool home;
    };

    std::uint32_t root_of(std::uint32_t i) {
        while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
        return i;
    }

    /// Sum of the largest `count` amounts outside one or two ranks.
    [[nodiscard]] double top_sum(std::size_t count, std::size_t skip,
                                 std::size_t other_skip) const {
        if (other_skip < skip) std::swap(skip, other_skip);
        std::size_t end = std::min(count, items_.size());
        double less = 0;
        if (skip < end) {
            less += items_[skip].amount;
            end = std::min(end + 1, items_.size());
        }
        if (other_skip != skip && other_skip < end) {
            less += items_[other_skip].amount;
            end = std::min(end + 1, items_.size());
        }
        return prefix_[end] - less;
    }

    /// Notes what the seat offers to each firm in reach; true if some lawful group may meet there.
    bool look_at(std::uint32_t seat, Reach& reach) {
        const Board::Rule& rule = board_.rule_of(seat);
        const std::uint32_t home = board_.seats()[seat].spot;
        const std::size_t at_most = board_.most_at(seat);
        items_.clear();
        board_.each_firm_near(seat, [&](FirmId i, double) {
            items_.push_back(
                {board_.problem().amount[i], i, home == Board::none || rule.spot_of[i] == home});
        });
        std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
            return a.amount > b.amount || (a.amount == b.amount && a.firm < b.firm);
        });
        prefix_.assign(1, 0);
        for (const Item& item : items_) prefix_.push_back(prefix_.back() + item.amount);
        const auto first_home = static_cast<std::size_t>(
            std::find_if(items_.begin(), items_.end(), [](const Item& item) { return item.home; }) -
            items_.begin());
        if (first_home == items_.size()) return false;
        bool live = false;
        for (std::size_t rank = 0; rank < items_.size(); ++rank) {
            const Item& item = items_[rank];
            const std::size_t host = item.home ? rank : first_home;
            const std::size_t fixed = host == rank ? 1 : 2;
            if (at_most < fixed) continue;
            const double own = item.amount + (host == rank ? 0 : items_[host].amount);
            const double most = own + top_sum(at_most - fixed, rank, host);
            reach.missing[item.firm] =
                std::min(reach.missing[item.firm], std::max(0.0, rule.lowest - most));
            if (most < rule.lowest || std::min(items_.size(), at_most) < rule.least ||
                !fits(rule, item))
                continue;
            reach.can_join[item.firm] = 1;
            live = true;
        }
        return live;
    }

    /// Whether the smallest sum of lawful size with this firm stays under the upper limit.
    [[nodiscard]] bool fits(const Board::Rule& rule, const Item& item) const {
        if (!std::isfinite(rule.highest)) return true;
        double sum = item.amount;
        std::size_t members = 1;
        for (std::size_t k = items_.size(); k-- > 0 && members < rule.least;) {
            if (items_[k].firm == item.firm) continue;
            sum += items_[k].amount;
            ++members;
        }
        return sum <= rule.highest;
    }

    const Board& board_;
    std::vector<std::uint32_t> parent_;
    std::vector<Item> items_;
    std::vector<double> prefix_;
};

}  // namespace libmatch::detail
