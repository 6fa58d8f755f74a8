// One small component of a pooling problem: the relaxed optimum exactly, and groups that come near
// it.
//
// Method: column generation with an exact master until no seat offers a group above its members'
// prices (then the prices bound every plan as well as any prices can), a dive with local search,
// and where a gap is left: for a dozen firms the exact optimum over all partitions, else branching
// over the groups at hand.
//
// Complexity: rounds x (pivots n^2 + one pricing of all seats). Anytime. Deterministic.
//
// Source: C. Barnhart et al., "Branch-and-price: column generation for solving huge integer
// programs", 1998.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <libmatch/pool/branching.hpp>
#include <libmatch/pool/partition.hpp>
#include <libmatch/pool/search_base.hpp>
#include <libmatch/pool/simplex_master.hpp>

namespace libmatch::detail {

/// Firms up to which the master is solved exactly.
inline constexpr std::size_t simplex_limit = 300;

class SmallSearch : public SearchBase {
  public:
    using SearchBase::SearchBase;

    /// The whole answer: plan, prices and bound.
    ComponentAnswer run() {
        begin();
        start(8);
        SimplexMaster master(rows_for(part_.firms), columns_);
        generate(master);
        prove(settings_.proof_nodes, nullptr);
        if (!closed(0) && !control_.stop()) plan(master);
        if (part_.firms.size() <= partition_limit && !closed(0)) finish();
        return std::move(best_);
    }

    /// A plan worth more than the known one, else an empty one. The bound is the relaxed optimum,
    /// not proven.
    ComponentAnswer improve(const Columns& known) {
        for (const FirmId i : part_.firms) {
            space_.active[i] = 1;
            space_.prices[i] = 0;
        }
        for (const std::uint32_t s : part_.sites) space_.prices[board_.firms() + s] = 0;
        for (std::size_t g = 0; g < known.size(); ++g) {
            columns_.add(known.seat(g), known.value(g), known.members(g));
            best_.objective += known.value(g);
        }
        SimplexMaster master(rows_for(part_.firms), columns_);
        generate(master);
        best_.prices = prices_of(part_.firms);
        best_.bound = total(best_.prices);
        if (!closed(0) && !control_.stop()) plan(master);
        return std::move(best_);
    }

  private:
    void plan(const SimplexMaster& master) {
        {
            Packing packing(board_, space_);
            dive(master, DivePace{}, packing);
            packing.improve(part_.firms, part_.seats, 20, settings_.threads, control_);
            keep(packing);
            for (const Packing::Group& g : packing.groups()) {
                if (g.seat != Board::none) columns_.add(g.seat, g.value, g.members);
            }
        }
        if (!closed(settings_.branch_gap) && !control_.stop()) branch();
    }

    void generate(SimplexMaster& master) {
        for (int round = 0; round < settings_.max_rounds; ++round) {
            if (!master.solve(control_)) break;
            set_prices(part_.firms, master.prices());
            bool unsettled = false;
            std::size_t added = price(columns_, settings_.search_nodes, unsettled);
            if (added == 0 && unsettled && settings_.proof_nodes > settings_.search_nodes) {
                added = price(columns_, settings_.proof_nodes, unsettled);
            }
            if (added == 0 || control_.stop()) break;
        }
    }

    /// Adds the groups that a better plan could hold: those worth at least their members' prices
    /// less the gap.
    void enrich() {
        set_prices(part_.firms, best_.prices);
        const double room = best_.bound - best_.objective;
        Pricer pricer(board_);
        for (const std::uint32_t seat : part_.seats) {
            if (columns_.size() > settings_.most_groups || control_.stop()) return;
            pricer.load(seat, space_.prices, space_.active, part_.firms);
            (void)pricer.search(-room, 0);
            (void)pricer.enumerate(
                -room, settings_.walk_steps, [&](const std::vector<FirmId>& members) {
                    columns_.add(seat, group_value(board_, seat, members), members);
                });
        }
    }

    /// Branches over the groups at hand.
    void branch() {
        enrich();
        Branching branching(rows_for(part_.firms), control_);
        branching.run(columns_, best_.objective, settings_.branch_nodes);
        if (branching.found().size() == 0) return;
        Packing packing(board_, space_);
        for (std::size_t g = 0; g < branching.found().size(); ++g) {
            packing.open(branching.found().seat(g), branching.found().members(g));
        }
        packing.improve(part_.firms, part_.seats, 20, settings_.threads, control_);
        keep(packing);
    }

    void finish() {
        Columns plan;
        if (!best_partition(board_, part_, best_.prices, best_.objective, control_, plan)) return;
        double value = 0;
        std::map<std::uint32_t, double> used;
        for (std::size_t g = 0; g < plan.size(); ++g) {
            value += plan.value(g);
            if (board_.site_row(plan.seat(g)) != Board::none)
                used[board_.seats()[plan.seat(g)].site] += 1;
        }
        const bool fits = std::all_of(used.begin(), used.end(), [&](const auto& site) {
            return site.second <= space_.room[site.first];
        });
        if (!fits || value <= best_.objective) return;
        best_.objective = value;
        best_.plan = std::move(plan);
    }
};

}  // namespace libmatch::detail
