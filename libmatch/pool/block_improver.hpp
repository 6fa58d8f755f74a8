// Betters a large packing block by block: a few neighbouring groups are taken apart and packed
// anew.
//
// Method: large neighbourhood search guided by prices. Against the bound the plan loses, in each
// group, the members' prices less the value, and for each firm that is out its price. Blocks grow
// around the largest losses: the nearest groups as a whole and firms that are out, up to a
// number that grows when nothing is left to try. Each block is a small component of its own; some
// that share no firm are packed side by side, and those whose sites are full by then are let go. A
// seed is tried again only after a block around it has changed.
//
// Complexity: one small column generation per block. Deterministic for any number of threads.
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
#include <libmatch/core/parallel.hpp>
#include <libmatch/core/random.hpp>
#include <libmatch/pool/small_search.hpp>

namespace libmatch::detail {

class BlockImprover {
  public:
    BlockImprover(const Board& board, const Component& part, const SearchSettings& settings,
                  std::uint64_t seed, const Control& control)
        : board_(board),
          part_(part),
          settings_(settings),
          threads_(settings.threads),
          random_(seed),
          control_(control),
          tried_(board.firms(), 0),
          in_block_(board.firms(), 0),
          seat_live_(board.seats().size(), 0) {
        for (const std::uint32_t seat : part.seats) seat_live_[seat] = 1;
        blocks_.reserve(side_by_side);
        for (std::size_t k = 0; k < side_by_side; ++k) blocks_.emplace_back(board);
        settings_.max_rounds = 40;
        settings_.threads = 1;
        settings_.proof_nodes = 0;
        settings_.branch_nodes = 20;
        settings_.walk_steps = 500;
        settings_.most_groups = 2000;
    }

    /// Tries up to `blocks` blocks; ends when value(packing) reaches `enough`, or when all of them
    /// together would hardly bring it nearer. False when nothing is left to try.
    bool run(Packing& packing, const std::vector<double>& prices, double enough,
             std::size_t blocks) {
        double value = packing.value();
        const double start = value;
        const std::size_t most = blocks;
        const auto pays = [&] {
            const std::size_t done = most - blocks;
            return done < fair_trial || (value - start) * static_cast<double>(most) >=
                                            little * (enough - start) * static_cast<double>(done);
        };
        while (blocks > 0) {
            bool tried = false;
            const std::vector<FirmId> order = seeds(packing, prices);
            for (auto seed = order.begin(); seed != order.end();) {
                if (blocks == 0 || control_.stop() || value >= enough || !pays()) return true;
                std::size_t count = 0;
                for (; seed != order.end() && count < std::min(side_by_side, blocks); ++seed) {
                    if (tried_[*seed] || in_block_[*seed]) continue;
                    tried_[*seed] = 1;
                    gather(packing, *seed, blocks_[count++]);
                }
                if (count == 0) break;
                tried = true;
                blocks -= count;
                parallel_chunks(count, 1, threads_,
                                [&](std::size_t k, std::size_t) { solve(packing, blocks_[k]); });
                for (std::size_t k = 0; k < count; ++k) value += take(packing, blocks_[k]);
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
    static constexpr std::size_t side_by_side = 4;
    static constexpr std::size_t fair_trial = 256;  ///< blocks
    static constexpr double little = 0.05;          ///< of the way

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

    struct Block {
        explicit Block(const Board& board) : space(board) {}
        Component part;
        std::vector<std::uint32_t> old;  ///< groups of the packing that it takes apart
        Workspace space;
        double before = 0;  ///< worth of the old groups
        ComponentAnswer answer;
    };

    /// Packs a block anew.
    void solve(const Packing& packing, Block& block) const {
        block.before = 0;
        Columns known;
        for (const std::uint32_t g : block.old) {
            const Packing::Group& group = packing.groups()[g];
            block.before += group.value;
            known.add(group.seat, group.value, group.members);
        }
        SmallSearch search(board_, block.part, settings_, block.space, control_);
        block.answer = search.improve(known);
        for (const FirmId i : block.part.firms) block.space.active[i] = 0;
    }

    /// Puts what was found in place of the old groups, if it is worth more; returns what was
    /// gained.
    double take(Packing& packing, const Block& block) {
        const Columns& plan = block.answer.plan;
        for (const FirmId i : block.part.firms) in_block_[i] = 0;
        const double gain = block.answer.objective - block.before;
        if (gain <= 1e-9 || plan.size() == 0 || !has_room(packing, block)) return 0;
        for (const std::uint32_t g : block.old) packing.dissolve(g);
        for (std::size_t g = 0; g < plan.size(); ++g) {
            packing.open(plan.seat(g), plan.members(g));
        }
        for (const FirmId i : block.part.firms) tried_[i] = 0;
        return gain;
    }

    /// Whether the sites have the sessions still, which another block may have taken.
    [[nodiscard]] bool has_room(const Packing& packing, const Block& block) const {
        return std::all_of(block.part.sites.begin(), block.part.sites.end(), [&](std::uint32_t s) {
            double used = packing.used(s);
            const auto count = [&](std::uint32_t seat, double sessions) {
                if (board_.seats()[seat].site == s) used += sessions;
            };
            for (const std::uint32_t g : block.old) count(packing.groups()[g].seat, -1);
            for (std::size_t g = 0; g < block.answer.plan.size(); ++g)
                count(block.answer.plan.seat(g), 1);
            return used <= board_.problem().sessions_at(s);
        });
    }

    /// Fills a block around a firm.
    void gather(const Packing& packing, FirmId seed, Block& block) {
        struct Near {
            double km;
            std::uint64_t tie;
            std::uint32_t group;  ///< or none: the firm
            FirmId firm;
            bool operator<(const Near& other) const {
                return km < other.km || (km == other.km && tie < other.tie);
            }
        };
        Component& part = block.part;
        part.firms.clear();
        part.seats.clear();
        block.old.clear();
        std::vector<Near> near;
        const auto take_group = [&](std::uint32_t g) {
            if (in_block_[packing.groups()[g].members.front()]) return;
            block.old.push_back(g);
            for (const FirmId i : packing.groups()[g].members) {
                in_block_[i] = 1;
                part.firms.push_back(i);
            }
        };
        const auto take_firm = [&](FirmId i) {
            if (in_block_[i]) return;
            in_block_[i] = 1;
            part.firms.push_back(i);
            if (!board_.bonds().moves_with_others(i)) return;
            for (const FirmId j : board_.bonds().firms(board_.bonds().unit_of(i))) {
                if (in_block_[j] || !belongs(j)) continue;
                in_block_[j] = 1;
                part.firms.push_back(j);
            }
        };
        if (packing.is_out(seed)) {
            take_firm(seed);
        } else {
            take_group(packing.group_of(seed));
        }
        const std::vector<FirmId> middle = part.firms;
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
            if (part.firms.size() >= block_firms_) break;
            if (n.group != Board::none) {
                take_group(n.group);
            } else if (belongs(n.firm)) {
                take_firm(n.firm);
            }
        }
        std::sort(part.firms.begin(), part.firms.end());
        for (const FirmId i : part.firms) {
            for (std::uint32_t k = 0; k < board_.rules().size(); ++k) {
                board_.each_own_seat(k, i, [&](std::uint32_t seat) {
                    if (seat_live_[seat]) part.seats.push_back(seat);
                });
            }
        }
        std::sort(part.seats.begin(), part.seats.end());
        part.seats.erase(std::unique(part.seats.begin(), part.seats.end()), part.seats.end());
        if (part_.sites.empty()) return;
        // Sessions that groups outside the block leave.
        part.sites.clear();
        for (const std::uint32_t seat : part.seats) {
            if (board_.site_row(seat) != Board::none)
                part.sites.push_back(board_.seats()[seat].site);
        }
        std::sort(part.sites.begin(), part.sites.end());
        part.sites.erase(std::unique(part.sites.begin(), part.sites.end()), part.sites.end());
        for (const std::uint32_t s : part.sites)
            block.space.room[s] = board_.problem().sessions_at(s) - packing.used(s);
        for (const std::uint32_t g : block.old) {
            const std::uint32_t seat = packing.groups()[g].seat;
            if (board_.site_row(seat) != Board::none)
                block.space.room[board_.seats()[seat].site] += 1;
        }
    }

    [[nodiscard]] bool belongs(FirmId i) const {
        return std::binary_search(part_.firms.begin(), part_.firms.end(), i);
    }

    const Board& board_;
    const Component& part_;
    SearchSettings settings_;
    unsigned threads_;
    Random random_;
    const Control& control_;
    std::vector<char> tried_, in_block_, seat_live_;
    std::size_t block_firms_ = first_block;
    std::vector<Block> blocks_;
};

}  // namespace libmatch::detail
