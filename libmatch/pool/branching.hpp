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
// Complexity: a node takes the few pivots from the optimum of the node above, O(n^2) each for n
// firms, and as much memory, up to a limit of nodes. Deterministic.
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
        groups_ = &groups;
        objective_ = objective;
        nodes_ = nodes;
        node(SimplexMaster(rows_, groups), 0);
    }

    [[nodiscard]] const Columns& found() const { return found_; }

  private:
    static constexpr double worth = 1e-9;

    /// `master` is the one of the node above, with what the split forbids or forces.
    void node(SimplexMaster master, int forced) {
        if (nodes_-- <= 0 || !master.solve(control_)) return;
        const Columns& groups = *groups_;
        std::vector<std::pair<std::uint32_t, double>> shares;
        master.each_share([&](std::uint32_t g, double share) { shares.emplace_back(g, share); });
        double bound = -forced * master.much();
        for (std::size_t r = 0; r < master.prices().size(); ++r)
            bound += std::max(0.0, master.prices()[r]) * rows_.room[r];
        if (bound <= objective_ + worth) return;
        if (std::all_of(shares.begin(), shares.end(),
                        [](const auto& s) { return s.second > 0.999; })) {
            Columns packing;
            double value = 0;
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
        master.restrict_to([&](std::uint32_t g) { return master.reduced_value(g) > -room; });
        if (limits_sessions_) {
            split_on_group(std::move(master), shares, forced);
            return;
        }
        const auto doubt = pair_in_doubt(groups, shares);
        if (!doubt.first.known())
            return;  // groups of one firm only; the relaxed optimum is whole then
        const FirmId i = doubt.first, j = doubt.second;
        const auto holds = [&](std::uint32_t g, FirmId k) {
            const auto members = groups.members(g);
            return std::binary_search(members.begin(), members.end(), k);
        };
        SimplexMaster together = master;
        together.restrict_to([&](std::uint32_t g) { return holds(g, i) == holds(g, j); });
        node(std::move(together), forced);
        master.restrict_to([&](std::uint32_t g) { return !(holds(g, i) && holds(g, j)); });
        node(std::move(master), forced);
    }

    /// Takes the group that is most in doubt, then does without it.
    void split_on_group(SimplexMaster master,
                        const std::vector<std::pair<std::uint32_t, double>>& shares, int forced) {
        std::uint32_t doubt = Board::none;
        double distance = HUGE_VAL;
        for (const auto& [g, share] : shares) {
            if (share <= 0.999 && std::fabs(share - 0.6) < distance) {
                distance = std::fabs(share - 0.6);
                doubt = g;
            }
        }
        SimplexMaster with = master;
        with.force(doubt);
        node(std::move(with), forced + 1);
        master.restrict_to([&](std::uint32_t g) { return g != doubt; });
        node(std::move(master), forced);
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

    MasterRows rows_;
    bool limits_sessions_;
    const Columns* groups_ = nullptr;
    const Control& control_;
    double objective_ = 0;
    int nodes_ = 0;
    Columns found_;
};

}  // namespace libmatch::detail
