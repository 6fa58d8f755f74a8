// Betters a large packing block by block: a few neighbouring groups are taken apart and packed
// anew.
//
// Method: large neighbourhood search guided by prices. Against the bound the plan loses, in each
// group, the members' prices less the value, and for each firm that is out its price. Blocks grow
// around the largest losses: the nearest groups as a whole and firms that are out, up to a
// number that grows when nothing is left to try. Each block is a small component of its own. A seed
// is tried again only after a block around it has changed.
//
// Complexity: one small column generation per block. Serial, deterministic.
//
// Source: P. Shaw, "Using constraint programming and local search methods to solve vehicle routing
// problems", 1998.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/core/random.hpp>
#include <libmatch/pool/small_search.hpp>

namespace libmatch::detail {

class BlockImprover {
  public:
    /// `space` must not be the one of the packings that are improved.
    BlockImprover(const Board& board, const Component& part, const SearchSettings& settings,
                  std::uint64_t seed, Workspace& space, const Control& control)
        : board_(board),
          part_(part),
          settings_(settings),
          random_(seed),
          space_(space),
          control_(control),
          tried_(board.firms(), 0),
          in_block_(board.firms(), 0),
          seat_live_(board.seats().size(), 0) {
        for (const std::uint32_t seat : part.seats) seat_live_[seat] = 1;
        settings_.max_rounds = 40;
        settings_.threads = 1;
        settings_.proof_nodes = 0;
        settings_.branch_nodes = 20;
        settings_.walk_steps = 500;
        settings_.most_groups = 2000;
    }

    /// Tries up to `blocks` blocks; ends when value(packing) reaches `enough`. False when nothing
    /// is left to try.
    bool run(Packing& packing, const std::vector<double>& prices, double enough,
             std::size_t blocks) {
        double value = packing.value();
        while (blocks > 0) {
            bool tried = false;
            for (const FirmId seed : seeds(packing, prices)) {
                if (blocks == 0 || control_.stop() || value >= enough) return true;
                if (tried_[seed]) continue;
                tried_[seed] = 1;
                tried = true;
                --blocks;
                value += improve_around(packing, seed);
            }
            if (!tried) {
                if (block_firms_ >= largest_block) return false;
                block_firms_ = block_firms_ * 8 / 5;
                std::fill(tried_.begin(), tried_.end(), 0);
            }
        }
        return true;
    }

  private:
    static constexpr std::size_t first_block = 48;
    static constexpr std::size_t largest_block = 80;

    /// One firm of each group, and firms that are out, by what they lose against the bound; largest
    /// first.
    [[nodiscard]] std::vector<FirmId> seeds(const Packing& packing,
                                            const std::vector<double>& prices) const {
        std::vector<std::pair<double, FirmId>> losses;
        for (const Packing::Group& g : packing.groups()) {
            if (g.seat == Board::none) continue;
            double loss = -g.value;
            for (const FirmId i : g.members) loss += prices[i];
            losses.emplace_back(-loss, g.members.front());
        }
        for (const FirmId i : part_.firms) {
            if (packing.is_out(i)) losses.emplace_back(-prices[i], i);
        }
        std::sort(losses.begin(), losses.end());
        std::vector<FirmId> order;
        for (const auto& [loss, i] : losses) {
            if (-loss > 1e-6) order.push_back(i);
        }
        return order;
    }

    /// Packs a block around the seed anew; returns what was gained.
    double improve_around(Packing& packing, FirmId seed) {
        gather(packing, seed);
        double before = 0;
        Columns known;
        for (const std::uint32_t g : old_) {
            const Packing::Group& group = packing.groups()[g];
            before += group.value;
            known.add(group.seat, group.value, group.members);
        }
        SmallSearch search(board_, block_, settings_, space_, control_);
        const ComponentAnswer answer = search.improve(known);
        for (const FirmId i : block_.firms) space_.active[i] = in_block_[i] = 0;
        const double gain = answer.objective - before;
        if (gain <= 1e-9 || answer.plan.size() == 0) return 0;
        for (const std::uint32_t g : old_) packing.dissolve(g);
        for (std::size_t g = 0; g < answer.plan.size(); ++g) {
            packing.open(answer.plan.seat(g), answer.plan.members(g));
        }
        for (const FirmId i : block_.firms) tried_[i] = 0;
        return gain;
    }

    /// Fills block_ and old_ around a firm.
    void gather(const Packing& packing, FirmId seed) {
        struct Near {
            double km;
            std::uint64_t tie;
            std::uint32_t group;  ///< or none: the firm
            FirmId firm;
            bool operator<(const Near& other) const {
                return km < other.km || (km == other.km && tie < other.tie);
            }
        };
        block_.firms.clear();
        block_.seats.clear();
        old_.clear();
        std::vector<Near> near;
        const auto take_group = [&](std::uint32_t g) {
            if (std::find(old_.begin(), old_.end(), g) != old_.end()) return;
            old_.push_back(g);
            for (const FirmId i : packing.groups()[g].members) {
                in_block_[i] = 1;
                block_.firms.push_back(i);
            }
        };
        const auto take_firm = [&](FirmId i) {
            if (in_block_[i]) return;
            in_block_[i] = 1;
            block_.firms.push_back(i);
            if (!board_.bonds().moves_with_others(i)) return;
            for (const FirmId j : board_.bonds().firms(board_.bonds().unit_of(i))) {
                if (in_block_[j] || !belongs(j)) continue;
                in_block_[j] = 1;
                block_.firms.push_back(j);
            }
        };
        if (packing.is_out(seed)) {
            take_firm(seed);
        } else {
            take_group(packing.group_of(seed));
        }
        const std::vector<FirmId> middle = block_.firms;
        for (const FirmId i : middle) {
            for (std::uint32_t k = 0; k < board_.rules().size(); ++k) {
                const Board::Rule& rule = board_.rules()[k];
                board_.each_seat_near(k, i, [&](std::uint32_t seat, double km) {
                    for (const std::uint32_t g : packing.groups_at(seat)) {
                        near.push_back({km, random_.bits(), g, FirmId()});
                    }
                    const std::uint32_t spot = board_.spot_at(seat);
                    if (spot == Board::none) return;
                    for (std::uint32_t p = rule.spot_begin[spot]; p < rule.spot_begin[spot + 1];
                         ++p) {
                        if (packing.is_out(rule.firms[p])) {
                            near.push_back({km, random_.bits(), Board::none, rule.firms[p]});
                        }
                    }
                });
            }
        }
        std::sort(near.begin(), near.end());
        for (const Near& n : near) {
            if (block_.firms.size() >= block_firms_) break;
            if (n.group != Board::none) {
                take_group(n.group);
            } else if (belongs(n.firm)) {
                take_firm(n.firm);
            }
        }
        std::sort(block_.firms.begin(), block_.firms.end());
        for (const FirmId i : block_.firms) {
            for (std::uint32_t k = 0; k < board_.rules().size(); ++k) {
                board_.each_own_seat(k, i, [&](std::uint32_t seat) {
                    if (seat_live_[seat]) block_.seats.push_back(seat);
                });
            }
        }
        std::sort(block_.seats.begin(), block_.seats.end());
        block_.seats.erase(std::unique(block_.seats.begin(), block_.seats.end()),
                           block_.seats.end());
        if (part_.sites.empty()) return;
        // Sessions that groups outside the block leave.
        block_.sites.clear();
        for (const std::uint32_t seat : block_.seats) {
            if (board_.site_row(seat) != Board::none)
                block_.sites.push_back(board_.seats()[seat].site);
        }
        std::sort(block_.sites.begin(), block_.sites.end());
        block_.sites.erase(std::unique(block_.sites.begin(), block_.sites.end()),
                           block_.sites.end());
        for (const std::uint32_t s : block_.sites)
            space_.room[s] = board_.problem().sessions_at(s) - packing.used(s);
        for (const std::uint32_t g : old_) {
            const std::uint32_t seat = packing.groups()[g].seat;
            if (board_.site_row(seat) != Board::none) space_.room[board_.seats()[seat].site] += 1;
        }
    }

    [[nodiscard]] bool belongs(FirmId i) const {
        return std::binary_search(part_.firms.begin(), part_.firms.end(), i);
    }

    const Board& board_;
    const Component& part_;
    SearchSettings settings_;
    Random random_;
    Workspace& space_;
    const Control& control_;
    std::vector<char> tried_, in_block_, seat_live_;
    std::size_t block_firms_ = first_block;
    Component block_;
    std::vector<std::uint32_t> old_;  ///< groups of the packing that the block takes apart
};

}  // namespace libmatch::detail
