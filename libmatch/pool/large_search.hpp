// One large component of a pooling problem: near-optimal proven prices, and groups that come near
// their bound.
//
// Method: column generation with a first-order master. Each round's prices are made feasible, which
// bounds every plan, and the groups met on the way teach the master what its next prices must
// respect. When the bound settles, a dive gives groups, and blocks around the largest losses
// against the bound are packed anew until the gap is closed or the work is spent.
//
// Complexity: rounds x (steps x members of all columns + one pricing of all seats). Anytime.
// Deterministic.
//
// Source: L. A. Wolsey, "Integer Programming", 1998, ch. 11.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/pool/block_improver.hpp>
#include <libmatch/pool/first_order_master.hpp>
#include <libmatch/pool/search_base.hpp>

namespace libmatch::detail {

class LargeSearch : public SearchBase {
  public:
    using SearchBase::SearchBase;

    /// tick(done in [0, 1]) is called between steps.
    template <class Tick>
    ComponentAnswer run(std::uint64_t seed, const Tick& tick) {
        begin();
        settings_.search_nodes = 10;
        settings_.floor =
            std::max(settings_.floor, 1e-5 * best_.bound / static_cast<double>(part_.firms.size()));
        start(3);
        tick(0.05);
        FirstOrderMaster master(rows_for(part_.firms), columns_);
        master.start_at(prices_of(part_.firms));
        prove(rough_nodes, &columns_);
        BlockImprover improver(board_, part_, settings_, seed, control_);
        Packing packing(board_, space_);
        int round = 0;
        bool pays = true;  // to pack blocks anew before the prices have settled
        for (bool first = true; !control_.stop() && !closed(settings_.gap); first = false) {
            const int spell = first ? first_rounds : pays ? later_rounds : settings_.max_rounds;
            const int until = std::min(settings_.max_rounds, round + spell);
            const bool settled = generate(master, round, until, tick);
            if (control_.stop() || closed(settings_.gap)) break;
            if (first) {
                dive(master, DivePace{0.7, 0.05, 2}, packing);
                packing.improve(part_.firms, part_.seats, 6, settings_.threads, control_);
                number_rows(part_.firms);
                keep(packing);
                if (closed(settings_.gap)) break;
                if (packing.value() < best_.objective) go_back_to_best(packing);
            }
            set_prices(part_.firms, best_.prices);
            const double enough = best_.bound - settings_.gap * std::fabs(best_.bound);
            const double before = best_.objective;
            const bool left =
                improver.run(packing, space_.prices, enough, 1 + part_.firms.size() / 20);
            keep(packing);
            pays = best_.objective - before > little * (enough - before);
            tick(std::min(0.95, 0.5 + 0.5 * static_cast<double>(round) / settings_.max_rounds));
            if ((!left && settled) || round >= settings_.max_rounds) break;
        }
        tick(1.0);
        return std::move(best_);
    }

  private:
    static constexpr int first_rounds = 16;
    static constexpr int later_rounds = 8;
    static constexpr long rough_nodes = 10;  ///< per seat, in rounds
    static constexpr double little = 0.02;   ///< of the way that is left

    /// Rounds of master, pricing and proof, and some more as long as a few such spells will close
    /// the gap: better prices cost less than better groups. True once the proven bound is as good
    /// as the master's own value.
    template <class Tick>
    bool generate(FirstOrderMaster& master, int& round, int until, const Tick& tick) {
        constexpr double few = 4;
        const double near = 0.1 * std::max(settings_.gap, 1e-4);
        for (double before = best_.bound;; before = best_.bound) {
            while (round < until && !control_.stop()) {
                ++round;
                if (!master.solve(control_)) return false;
                set_prices(part_.firms, master.prices());
                const double hoped = total(master.prices());
                thin_out(master);
                prove(rough_nodes, &columns_);
                tick(
                    std::min(0.95, 0.05 + 0.9 * static_cast<double>(round) / settings_.max_rounds));
                if (best_.bound - hoped <= near * std::fabs(hoped)) return true;
            }
            const double open =
                best_.bound - settings_.gap * std::fabs(best_.bound) - best_.objective;
            until = std::min(settings_.max_rounds, round + later_rounds);
            if (control_.stop() || round == until || open <= 0 ||
                few * (before - best_.bound) < open)
                return false;
        }
    }

    void go_back_to_best(Packing& packing) const {
        for (std::uint32_t g = 0; g < packing.groups().size(); ++g) {
            if (packing.groups()[g].seat != Board::none) packing.dissolve(g);
        }
        for (std::size_t g = 0; g < best_.plan.size(); ++g)
            packing.open(best_.plan.seat(g), best_.plan.members(g));
    }

    /// Drops columns that neither carry a share nor come near their members' prices.
    void thin_out(FirstOrderMaster& master) {
        const double far = 2 * best_.bound / static_cast<double>(part_.firms.size());
        std::vector<char> keep(columns_.size());
        for (std::size_t g = 0; g < keep.size(); ++g) {
            keep[g] =
                master.share(g) > 1e-6 || reduced_value(board_, columns_, g, space_.prices) > -far;
        }
        const auto kept = [&](std::size_t g) { return keep[g] != 0; };
        master.filter(kept);
        columns_.filter(kept);
    }
};

}  // namespace libmatch::detail
