// The best packing of the groups at hand, by branching.
//
// Problem: set packing over given groups: max c x, each firm in at most one, and no site of limited
// sessions in more than it has.
//
// Method: depth first; a node's bound is the relaxed optimum over its groups; groups that cannot be
// part of anything better (by reduced value) are dropped. A node splits on two firms that the
// relaxed optimum puts together in part: always together, or never. Where sessions are limited, it
// splits on one group in part instead: taken, or not.
//
// Complexity: one small simplex per node, up to a limit of nodes. Deterministic.
//
// Source: D. M. Ryan, B. A. Foster, "An integer programming approach to scheduling", 1981.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/pool/columns.hpp>
#include <libmatch/pool/simplex_master.hpp>

namespace libmatch::detail {

class Branching {
  public:
    /// `rows` hold the firms of all groups.
    Branching(MasterRows rows, const Control& control)
        : rows_(std::move(rows)),
          limits_sessions_(rows_.board->limits_sessions()),
          control_(control) {}

    /// Looks for a packing worth more than `objective`; found() holds it if there is one.
    void run(const Columns& groups, double objective, int nodes) {
        objective_ = objective;
        nodes_ = nodes;
        node(groups);
    }

    [[nodiscard]] const Columns& found() const { return found_; }

  private:
    static constexpr double worth = 1e-9;

    void node(const Columns& groups) {
        if (nodes_-- <= 0 || control_.stop()) return;
        if (groups.size() == 0 && taken_.empty()) return;
        SimplexMaster master(rows_, groups);
        if (!master.solve(control_)) return;
        std::vector<std::pair<std::uint32_t, double>> shares;
        master.each_share([&](std::uint32_t g, double share) { shares.emplace_back(g, share); });
        double bound = 0;
        for (const Taken& t : taken_) bound += t.value;
        for (std::size_t r = 0; r < master.prices().size(); ++r)
            bound += std::max(0.0, master.prices()[r]) * rows_.room[r];
        if (bound <= objective_ + worth) return;
        const bool whole = std::all_of(shares.begin(), shares.end(),
                                       [](const auto& s) { return s.second > 0.999; });
        if (whole) {
            Columns packing;
            double value = 0;
            for (const Taken& t : taken_) {
                value += t.value;
                packing.add(t.seat, t.value, t.members);
            }
            for (const auto& [g, share] : shares) {
                value += groups.value(g);
                packing.add(groups.seat(g), groups.value(g), groups.members(g));
            }
            if (value > objective_ + worth) {
                objective_ = value;
                found_ = std::move(packing);
            }
            return;
        }
        const double room = bound - objective_;
        const auto useful = [&](std::size_t g) {
            double reduced = groups.value(g);
            rows_.each_row(groups, g, [&](std::uint32_t r) { reduced -= master.prices()[r]; });
            return reduced > -room;
        };
        if (limits_sessions_) {
            split_on_group(groups.subset(useful), shares, groups);
            return;
        }
        const auto doubt = pair_in_doubt(groups, shares);
        if (!doubt.first.known())
            return;  // groups of one firm only; the relaxed optimum is whole then
        const FirmId i = doubt.first, j = doubt.second;
        const auto holds = [&](std::size_t g, FirmId k) {
            const auto members = groups.members(g);
            return std::binary_search(members.begin(), members.end(), k);
        };
        node(groups.subset([&](std::size_t g) { return useful(g) && holds(g, i) == holds(g, j); }));
        node(groups.subset(
            [&](std::size_t g) { return useful(g) && !(holds(g, i) && holds(g, j)); }));
    }

    /// Takes the group that is most in doubt, then does without it.
    /// `shares` are about `all`, of which the useful groups are looked at further.
    void split_on_group(const Columns& useful,
                        const std::vector<std::pair<std::uint32_t, double>>& shares,
                        const Columns& all) {
        std::uint32_t doubt = Board::none;
        double distance = HUGE_VAL;
        for (const auto& [g, share] : shares) {
            if (share <= 0.999 && std::fabs(share - 0.6) < distance) {
                distance = std::fabs(share - 0.6);
                doubt = g;
            }
        }
        const auto members = all.members(doubt);
        const std::uint32_t seat = all.seat(doubt);
        const auto clear = [&](std::size_t g) {
            const auto others = useful.members(g);
            return std::none_of(others.begin(), others.end(), [&](FirmId i) {
                return std::binary_search(members.begin(), members.end(), i);
            });
        };
        taken_.push_back({seat, all.value(doubt), {members.begin(), members.end()}});
        const std::uint32_t site = rows_.board->site_row(seat);
        double* room = site == Board::none ? nullptr : &rows_.room[(*rows_.row_of)[site]];
        if (room != nullptr) *room -= 1;
        const bool full = room != nullptr && *room < 1;
        node(useful.subset([&](std::size_t g) {
            return clear(g) && !(full && rows_.board->site_row(useful.seat(g)) == site);
        }));
        if (room != nullptr) *room += 1;
        taken_.pop_back();
        node(useful.subset([&](std::size_t g) {
            return useful.seat(g) != seat || !std::ranges::equal(useful.members(g), members);
        }));
    }

    /// Two firms whose being together is most in doubt; of a relaxed optimum that is not whole.
    [[nodiscard]] static std::pair<FirmId, FirmId> pair_in_doubt(
        const Columns& groups, const std::vector<std::pair<std::uint32_t, double>>& shares) {
        std::map<std::pair<std::uint32_t, std::uint32_t>, double> together;
        for (const auto& [g, share] : shares) {
            if (share > 0.999) continue;
            const auto members = groups.members(g);
            for (std::size_t a = 0; a < members.size(); ++a) {
                for (std::size_t b = a + 1; b < members.size(); ++b) {
                    together[{members[a].value, members[b].value}] += share;
                }
            }
        }
        std::pair<FirmId, FirmId> best;
        double doubt = HUGE_VAL;
        for (const auto& [firms, share] : together) {
            const double distance = std::fabs(share - 0.6);
            if (share < 0.999 && distance < doubt) {
                doubt = distance;
                best = {FirmId(firms.first), FirmId(firms.second)};
            }
        }
        return best;
    }

    struct Taken {
        std::uint32_t seat = 0;
        double value = 0;
        std::vector<FirmId> members;
    };

    MasterRows rows_;  ///< with the sessions that the groups taken leave
    bool limits_sessions_;
    std::vector<Taken> taken_;
    const Control& control_;
    double objective_ = 0;
    int nodes_ = 0;
    Columns found_;
};

}  // namespace libmatch::detail
