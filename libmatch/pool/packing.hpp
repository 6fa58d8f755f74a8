// Disjoint lawful groups, and the moves that better them.
//
// Method: first-improvement sweeps, in the order of firms and groups: insert a firm that is out,
// move a firm to another group, swap two firms, dissolve a group into its neighbours, open a group
// of firms that are out, put a group's seat where it is worth most. Each move is tested with the
// seats as they are, in constant time; groups that changed are seated anew. Where no sweep gains
// any more, swaps that cost nothing bring what groups hold above their minimum together, and then
// to the firms that are out, until these make another group. Complexity of a sweep: O(firms x
// groups in reach x members). Serial, deterministic.
//
// Bonds (bonds.hpp): a firm that moves with others enters as a unit, and stays in its group until
// this is dissolved; enemies never meet. Sites of limited sessions: no move opens a group, or seats
// one anew, where no session is left.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/pool/columns.hpp>
#include <libmatch/pool/pricing.hpp>

namespace libmatch::detail {

/// Scratch by firm and seat of the whole problem, shared by all components: each touches its own
/// entries only.
struct Workspace {
    explicit Workspace(const Board& board)
        : prices(board.price_rows(), 0),
          zeros(board.price_rows(), 0),
          active(board.firms(), 0),
          row_of(board.price_rows(), Board::none),
          group_of(board.firms(), Board::none),
          at_seat(board.seats().size()),
          changes(board.seats().size(), 0) {
        for (std::size_t s = 0; s < board.problem().sites.size(); ++s)
            room.push_back(board.problem().sessions_at(s));
    }

    std::vector<double> prices;  ///< of firms, then of sites
    const std::vector<double> zeros;
    std::vector<char> active;  ///< firms that pricing may use
    std::vector<std::uint32_t> row_of;
    std::vector<double> room;  ///< sessions of each site that the component at work may use
    std::vector<std::uint32_t> group_of;              ///< of the packing at work; none = out
    std::vector<std::vector<std::uint32_t>> at_seat;  ///< groups of the packing at work
    std::vector<std::uint64_t> changes;               ///< of the groups at each seat, so far
};

class Packing {
  public:
    struct Group {
        std::uint32_t seat = Board::none;  ///< in the board's seats; none = dissolved
        double sum = 0;
        double value = 0;
        std::vector<FirmId> members;  ///< sorted
    };

    Packing(const Board& board, Workspace& space)
        : board_(&board), space_(&space), limits_sessions_(board.limits_sessions()) {
        if (limits_sessions_) used_.assign(board.problem().sites.size(), 0);
    }
    Packing(const Packing&) = delete;
    Packing& operator=(const Packing&) = delete;
    ~Packing() { clear(); }

    void clear() {
        for (std::uint32_t g = 0; g < groups_.size(); ++g) {
            if (groups_[g].seat != Board::none) dissolve(g);
        }
        groups_.clear();
        back_.clear();
    }

    [[nodiscard]] const std::vector<Group>& groups() const { return groups_; }
    [[nodiscard]] std::uint32_t group_of(FirmId i) const { return space_->group_of[i]; }
    [[nodiscard]] const std::vector<std::uint32_t>& groups_at(std::uint32_t seat) const {
        return space_->at_seat[seat];
    }
    [[nodiscard]] bool is_out(FirmId i) const { return space_->group_of[i] == Board::none; }

    /// Groups that meet at a site of limited sessions.
    [[nodiscard]] double used(std::uint32_t site) const { return used_[site]; }
    [[nodiscard]] bool has_session(std::uint32_t seat) const {
        const std::uint32_t site = board_->seats()[seat].site;
        return !limits_sessions_ || site == Board::none || used_[site] < space_->room[site];
    }

    [[nodiscard]] double value() const {
        Sum total;
        for (const Group& g : groups_) {
            if (g.seat != Board::none) total.add(g.value);
        }
        return total.value();
    }

    void open(std::uint32_t seat, std::span<const FirmId> members) {
        const auto index = static_cast<std::uint32_t>(groups_.size());
        groups_.push_back({seat, 0, 0, {members.begin(), members.end()}});
        for (const FirmId i : members) space_->group_of[i] = index;
        enter(index, seat);
        refresh(index, !limits_sessions_);  // groups still to come may count on the other sites
    }

    void dissolve(std::uint32_t index) {
        Group& g = groups_[index];
        for (const FirmId i : g.members) space_->group_of[i] = Board::none;
        leave(index, g.seat);
        g = Group{};
    }

    /// Sweeps over these firms and seats until nothing improves, at most `sweeps` times.
    void improve(std::span<const FirmId> firms, std::span<const std::uint32_t> seats, int sweeps,
                 unsigned threads, const Control& control) {
        for (int sweep = 0; sweep < sweeps && !control.stop(); ++sweep) {
            bool changed = false;
            for (std::size_t k = 0; k < firms.size(); ++k) {
                if ((k & 31) == 0 && control.stop()) return;
                changed |= is_out(firms[k]) ? insert(firms[k]) : transfer(firms[k]);
            }
            const std::size_t count = groups_.size();
            for (std::uint32_t g = 0; g < count; ++g) {
                if ((g & 31) == 0 && control.stop()) return;
                if (groups_[g].seat == Board::none) continue;
                changed |= spread(g);
            }
            changed |= open_from_outside(firms, seats, threads, control);
            if (changed) continue;
            while (free_amounts(firms, control) &&
                   open_from_outside(firms, seats, threads, control))
                changed = true;
            if (!changed) return;
        }
    }

    /// Opens groups of firms that are out, those worth most first. Leaves Workspace::active true
    /// for all the firms.
    bool open_from_outside(std::span<const FirmId> firms, std::span<const std::uint32_t> seats,
                           unsigned threads, const Control& control) {
        bool changed = false;
        std::vector<char>& out = space_->active;
        std::vector<FirmId> outside;
        for (const FirmId i : firms) {
            out[i] = is_out(i);
            if (out[i]) outside.push_back(i);
        }
        std::size_t left = outside.size();
        const std::vector<double>& free = space_->zeros;
        // A heap of what each seat offered when it was last priced; offers only fall as firms
        // leave.
        std::vector<Violation> offers =
            violations(*board_, seats, free, out, outside, worth, greedy_nodes, threads, control);
        const auto worse = [](const Violation& a, const Violation& b) {
            return a.best < b.best || (a.best == b.best && a.seat > b.seat);
        };
        std::erase_if(offers, [](const Violation& v) { return v.members.empty(); });
        std::make_heap(offers.begin(), offers.end(), worse);
        Pricer pricer(*board_);
        while (!offers.empty() && !control.stop()) {
            std::pop_heap(offers.begin(), offers.end(), worse);
            Violation offer = std::move(offers.back());
            offers.pop_back();
            const bool free_all = std::all_of(offer.members.begin(), offer.members.end(),
                                              [&](FirmId i) { return out[i] != 0; });
            if (!has_session(offer.seat)) continue;
            if (free_all) {
                open(offer.seat, offer.members);
                for (const FirmId i : offer.members) out[i] = 0;
                left -= offer.members.size();
                changed = true;
            }
            if (2 * left < outside.size())
                std::erase_if(outside, [&](FirmId i) { return !out[i]; });
            pricer.load(offer.seat, free, out, outside);
            const Pricer::Answer answer = pricer.search(worth, greedy_nodes);
            if (answer.best <= worth) continue;
            offers.push_back({offer.seat, answer.upper, answer.best, pricer.members()});
            std::push_heap(offers.begin(), offers.end(), worse);
        }
        for (const FirmId i : firms) out[i] = 1;
        return changed;
    }

  private:
    struct Back {
        std::uint64_t changes = 0;  ///< at the seat from which a firm would come
        double most = -HUGE_VAL;
    };

    static constexpr double worth = 1e-9;          ///< gains below are rounding
    static constexpr std::size_t many_groups = 4;  ///< at a seat: a bound is worth keeping
    static constexpr std::size_t most_known = std::size_t{1} << 20;  ///< bounds
    static constexpr long greedy_nodes = 3;  ///< per seat: a good group, not the best

    [[nodiscard]] const Board::Rule& rule_of(const Group& g) const {
        return board_->rule_of(g.seat);
    }

    void enter(std::uint32_t index, std::uint32_t seat) {
        ++space_->changes[seat];
        space_->at_seat[seat].push_back(index);
        if (limits_sessions_ && board_->seats()[seat].site != Board::none)
            used_[board_->seats()[seat].site] += 1;
    }

    void leave(std::uint32_t index, std::uint32_t seat) {
        std::erase(space_->at_seat[seat], index);
        if (limits_sessions_ && board_->seats()[seat].site != Board::none)
            used_[board_->seats()[seat].site] -= 1;
    }

    /// Whether no enemy of firm i is in the group, once `leaving` has left it.
    [[nodiscard]] bool keeps_apart(FirmId i, const Group& g, FirmId leaving = FirmId()) const {
        const Bonds& bonds = board_->bonds();
        const std::uint32_t unit = bonds.unit_of(i);
        if (unit == Bonds::none || bonds.enemies(unit).empty()) return true;
        return std::none_of(g.members.begin(), g.members.end(), [&](FirmId j) {
            return !(j == leaving) && bonds.unit_of(j) != Bonds::none &&
                   bonds.enemies(unit, bonds.unit_of(j));
        });
    }

    /// What firm i brings at a seat; -infinity beyond the radius or outside the cell.
    [[nodiscard]] double gain_at(FirmId i, std::uint32_t seat) const {
        const Board::Rule& rule = board_->rule_of(seat);
        const std::uint32_t spot = rule.spot_of[i];
        if (spot == Board::none || rule.cell_of_spot[spot] != board_->seats()[seat].cell ||
            board_->is_far(i, seat))
            return -HUGE_VAL;
        const double km = board_->km(i, seat);
        if (km > rule.radius) return -HUGE_VAL;
        return board_->problem().value_of(i) - rule.cost_per_km * km;
    }

    /// Whether somebody else than i keeps the seat.
    [[nodiscard]] bool seat_stays_without(const Group& g, FirmId i) const {
        const std::uint32_t home = board_->seats()[g.seat].spot;
        if (home == Board::none) return true;
        const Board::Rule& rule = rule_of(g);
        if (rule.spot_of[i] != home) return true;
        return std::any_of(g.members.begin(), g.members.end(),
                           [&](FirmId j) { return !(j == i) && rule.spot_of[j] == home; });
    }

    [[nodiscard]] double amount(FirmId i) const { return board_->problem().amount[i]; }

    [[nodiscard]] bool lawful(std::uint32_t seat, double sum, std::size_t members) const {
        const Board::Rule& rule = board_->rule_of(seat);
        return sum >= rule.lowest && sum <= rule.highest && members >= rule.least &&
               members <= board_->most_at(seat);
    }

    void refresh(std::uint32_t index, bool may_move = true) {
        Group& g = groups_[index];
        ++space_->changes[g.seat];
        std::sort(g.members.begin(), g.members.end());
        g.sum = 0;
        for (const FirmId i : g.members) g.sum += amount(i);
        if (may_move) {
            reseat(index);
        } else {
            g.value = group_value(*board_, g.seat, g.members);
        }
    }

    /// Puts the group where it is worth most among its members' places (or all sites in reach).
    void reseat(std::uint32_t index) {
        Group& g = groups_[index];
        const Board::Rule& rule = rule_of(g);
        std::uint32_t best = g.seat;
        double best_value = group_value(*board_, g.seat, g.members);
        const auto consider = [&](std::uint32_t seat) {
            if (seat == g.seat || g.members.size() > board_->most_at(seat) || !has_session(seat))
                return;
            double total = -rule.opening;
            for (const FirmId i : g.members) {
                const double km = board_->km(i, seat);
                if (km > rule.radius) return;
                total += board_->problem().value_of(i) - rule.cost_per_km * km;
            }
            if (total > best_value + worth) {
                best = seat;
                best_value = total;
            }
        };
        if (board_->seats()[g.seat].site != Board::none) {
            const auto sites = static_cast<std::uint32_t>(board_->problem().sites.size());
            const std::uint32_t first = g.seat - board_->seats()[g.seat].site;
            for (std::uint32_t s = 0; s < sites; ++s) consider(first + s);
        } else if (board_->seats()[g.seat].spot != Board::none) {
            for (const FirmId i : g.members) consider(rule.first_seat + rule.spot_of[i]);
        }
        if (best != g.seat) {
            leave(index, g.seat);
            enter(index, best);
            g.seat = best;
        }
        g.value = best_value;
    }

    /// Calls visit(seat) for every seat with groups in the reach of firm i, under any rule.
    template <class Visit>
    void each_seat_near(FirmId i, const Visit& visit) const {
        for (std::uint32_t k = 0; k < board_->rules().size(); ++k) {
            board_->each_seat_near(k, i, [&](std::uint32_t seat, double) {
                if (!space_->at_seat[seat].empty()) visit(seat);
            });
        }
    }
    /// Calls visit(group) for every group seated there.
    template <class Visit>
    void each_group_near(FirmId i, const Visit& visit) const {
        each_seat_near(i, [&](std::uint32_t seat) {
            for (const std::uint32_t g : space_->at_seat[seat]) visit(g);
        });
    }

    /// The most that a firm seated at `from` would gain at `to`; worked out again only when groups
    /// at `from` have changed.
    [[nodiscard]] double most_back(std::uint32_t to, std::uint32_t from) {
        if (back_.size() >= most_known) back_.clear();
        Back& known = back_[std::uint64_t{to} << 32 | from];
        const std::uint64_t now = space_->changes[from];
        if (known.changes == now) return known.most;
        known = {now, -HUGE_VAL};
        for (const std::uint32_t g : space_->at_seat[from]) {
            for (const FirmId j : groups_[g].members)
                known.most = std::max(known.most, gain_at(j, to) - gain_at(j, from));
        }
        return known.most;
    }

    void put(FirmId i, std::uint32_t g) {
        groups_[g].members.push_back(i);
        space_->group_of[i] = g;
        refresh(g);
    }

    void take(FirmId i) {
        const std::uint32_t g = space_->group_of[i];
        std::erase(groups_[g].members, i);
        space_->group_of[i] = Board::none;
        refresh(g);
    }

    bool insert(FirmId i) {
        if (board_->bonds().moves_with_others(i)) return insert_unit(i);
        double best = worth;
        std::uint32_t where = Board::none;
        each_group_near(i, [&](std::uint32_t g) {
            const Group& group = groups_[g];
            if (!lawful(group.seat, group.sum + amount(i), group.members.size() + 1)) return;
            const double gain = gain_at(i, group.seat);
            if (gain > best && keeps_apart(i, group)) {
                best = gain;
                where = g;
            }
        });
        if (where == Board::none) return false;
        put(i, where);
        return true;
    }

    /// The same for all firms that stay together with firm i.
    bool insert_unit(FirmId i) {
        const std::vector<FirmId>& unit = board_->bonds().firms(board_->bonds().unit_of(i));
        double best = worth, sum = 0;
        for (const FirmId j : unit) sum += amount(j);
        std::uint32_t where = Board::none;
        each_group_near(i, [&](std::uint32_t g) {
            const Group& group = groups_[g];
            double gain = 0;
            for (const FirmId j : unit) gain += gain_at(j, group.seat);
            if (gain > best &&
                lawful(group.seat, group.sum + sum, group.members.size() + unit.size()) &&
                keeps_apart(i, group)) {
                best = gain;
                where = g;
            }
        });
        if (where == Board::none) return false;
        for (const FirmId j : unit) {
            groups_[where].members.push_back(j);
            space_->group_of[j] = where;
        }
        refresh(where);
        return true;
    }

    /// Moves firm i to another group, swaps it with a member there, or leaves it out: the best that
    /// gains.
    bool transfer(FirmId i) {
        const std::uint32_t from = space_->group_of[i];
        const Group& g = groups_[from];
        if (board_->bonds().moves_with_others(i) || !seat_stays_without(g, i)) return false;
        const double here = gain_at(i, g.seat);
        const bool may_leave = lawful(g.seat, g.sum - amount(i), g.members.size() - 1);
        double best = worth;
        std::uint32_t where = Board::none;
        FirmId other;
        bool drop = false;
        if (may_leave && -here > best) {
            best = -here;
            drop = true;
        }
        each_seat_near(i, [&](std::uint32_t seat) {
            if (seat == g.seat) return;  // no firm gains anything there
            const double there = gain_at(i, seat) - here;
            const bool joins = may_leave && there > best;
            if (!joins && space_->at_seat[seat].size() >= many_groups &&
                there + most_back(g.seat, seat) <= best)
                return;
            for (const std::uint32_t to : space_->at_seat[seat]) {
                const Group& h = groups_[to];
                if (may_leave && there > best &&
                    lawful(seat, h.sum + amount(i), h.members.size() + 1) && keeps_apart(i, h)) {
                    best = there;
                    where = to;
                    other = FirmId();
                }
                for (const FirmId j : h.members) {
                    const double back = gain_at(j, g.seat);
                    if (!(there + back - gain_at(j, seat) > best) || !seat_stays_without(h, j))
                        continue;
                    const double shift = amount(i) - amount(j);
                    if (!lawful(g.seat, g.sum - shift, g.members.size()) ||
                        !lawful(seat, h.sum + shift, h.members.size()) ||
                        board_->bonds().moves_with_others(j) || !keeps_apart(i, h, j) ||
                        !keeps_apart(j, g, i)) {
                        continue;
                    }
                    best = there + back - gain_at(j, seat);
                    where = to;
                    other = j;
                }
            }
        });
        if (where == Board::none && !drop) return false;
        if (where == Board::none) {
            take(i);
            return true;
        }
        if (!other.known()) {
            take(i);
            put(i, where);
            return true;
        }
        exchange(i, other);
        return true;
    }

    void exchange(FirmId i, FirmId j) {
        const std::uint32_t g = space_->group_of[i], h = space_->group_of[j];
        std::erase(groups_[g].members, i);
        std::erase(groups_[h].members, j);
        groups_[g].members.push_back(j);
        groups_[h].members.push_back(i);
        space_->group_of[i] = h;
        space_->group_of[j] = g;
        refresh(g);
        refresh(h);
    }

    /// Moves that leave the total value as it is: members that bring nothing leave, firms that are
    /// out are swapped for larger ones, and the fuller one of two groups gets more. Each makes the
    /// amounts out, or the sum of squares of the groups' sums, grow, so that this ends. Whether
    /// amounts out grew.
    bool free_amounts(std::span<const FirmId> firms, const Control& control) {
        constexpr int most_rounds = 50;
        bool freed = false;
        for (int round = 0; round < most_rounds; ++round) {
            bool changed = false;
            for (std::size_t k = 0; k < firms.size(); ++k) {
                if ((k & 31) == 0 && control.stop()) return freed;
                changed |= is_out(firms[k]) ? trade_out(firms[k]) : release(firms[k]);
            }
            freed |= changed;
            for (std::size_t k = 0; k < firms.size(); ++k) {
                if ((k & 31) == 0 && control.stop()) return freed;
                if (!is_out(firms[k])) changed |= fill_fuller(firms[k]);
            }
            if (!changed) break;
        }
        return freed;
    }

    /// Lets a member go that brings nothing and that its group can spare, at once or after a swap
    /// with a group that has more than it needs.
    bool release(FirmId i) {
        const std::uint32_t from = space_->group_of[i];
        const Group& g = groups_[from];
        const double here = gain_at(i, g.seat);
        if (here > 0 || board_->bonds().moves_with_others(i) || !seat_stays_without(g, i))
            return false;
        const double left = g.sum - amount(i);
        if (lawful(g.seat, left, g.members.size() - 1)) {
            take(i);
            return true;
        }
        if (board_->bonds().any() || g.members.size() <= rule_of(g).least) return false;
        FirmId gone, come;
        each_group_near(i, [&](std::uint32_t to) {
            const Group& h = groups_[to];
            const double spare = h.sum - rule_of(h).lowest;
            if (come.known() || to == from || !(spare > 0)) return;
            for (const FirmId x : h.members) {
                const double there = gain_at(x, g.seat) - gain_at(x, h.seat) - here;
                for (const FirmId y : g.members) {
                    const double shift = amount(x) - amount(y);
                    if (y == i || shift > spare ||
                        !lawful(g.seat, left + shift, g.members.size() - 1) ||
                        !lawful(h.seat, h.sum - shift, h.members.size()) ||
                        there + gain_at(y, h.seat) < gain_at(y, g.seat) ||
                        !seat_stays_without(g, y) || !seat_stays_without(h, x)) {
                        continue;
                    }
                    come = x;
                    gone = y;
                    return;
                }
            }
        });
        if (!come.known()) return false;
        std::erase(groups_[from].members, i);
        space_->group_of[i] = Board::none;
        exchange(come, gone);
        return true;
    }

    /// Swaps firm j, which is out, for the member with the largest amount that its group can spare.
    bool trade_out(FirmId j) {
        if (board_->bonds().moves_with_others(j)) return false;
        double best = 0;
        FirmId other;
        each_group_near(j, [&](std::uint32_t to) {
            const Group& g = groups_[to];
            const double spare = g.sum - rule_of(g).lowest;
            const double gain = gain_at(j, g.seat);
            if (spare <= best) return;
            for (const FirmId i : g.members) {
                const double shift = amount(i) - amount(j);
                if (shift <= best || shift > spare || gain < gain_at(i, g.seat) ||
                    !seat_stays_without(g, i) || board_->bonds().moves_with_others(i) ||
                    !keeps_apart(j, g, i)) {
                    continue;
                }
                best = shift;
                other = i;
            }
        });
        if (!other.known()) return false;
        const std::uint32_t g = space_->group_of[other];
        std::erase(groups_[g].members, other);
        space_->group_of[other] = Board::none;
        put(j, g);
        return true;
    }

    /// Swaps firm i for a smaller member of a fuller group, if both then keep their minimum.
    bool fill_fuller(FirmId i) {
        const std::uint32_t from = space_->group_of[i];
        const Group& g = groups_[from];
        if (board_->bonds().moves_with_others(i) || !seat_stays_without(g, i)) return false;
        const double spare = g.sum - rule_of(g).lowest;
        if (!(spare > 0)) return false;
        const double here = gain_at(i, g.seat);
        double best = 0;
        FirmId other;
        each_group_near(i, [&](std::uint32_t to) {
            const Group& h = groups_[to];
            if (to == from || h.sum - rule_of(h).lowest < spare) return;
            const double there = gain_at(i, h.seat) - here;
            for (const FirmId j : h.members) {
                const double shift = amount(i) - amount(j);
                if (shift <= best || shift > spare ||
                    !lawful(h.seat, h.sum + shift, h.members.size()) ||
                    there + gain_at(j, g.seat) < gain_at(j, h.seat) || !seat_stays_without(h, j) ||
                    board_->bonds().moves_with_others(j) || !keeps_apart(i, h, j) ||
                    !keeps_apart(j, g, i)) {
                    continue;
                }
                best = shift;
                other = j;
            }
        });
        if (!other.known()) return false;
        exchange(i, other);
        return true;
    }

    /// Dissolves a group when its members bring more elsewhere.
    bool spread(std::uint32_t index) {
        const Group old = groups_[index];
        const Bonds& bonds = board_->bonds();
        if (bonds.any() && std::any_of(old.members.begin(), old.members.end(),
                                       [&](FirmId i) { return bonds.moves_with_others(i); }))
            return false;
        struct Step {
            FirmId firm;
            std::uint32_t to;
        };
        std::vector<Step> steps;
        std::vector<std::pair<std::uint32_t, std::pair<double, std::size_t>>> extra;
        double gain = -old.value;
        double hope = gain;
        for (const FirmId i : old.members) hope += std::max(0.0, board_->problem().value_of(i));
        if (hope <= worth) return false;
        for (const FirmId i : old.members) {
            double best = 0;
            std::uint32_t where = Board::none;
            each_group_near(i, [&](std::uint32_t to) {
                const Group& h = groups_[to];
                if (to == index || h.members.size() >= board_->most_at(h.seat)) return;
                double sum = h.sum + amount(i);
                std::size_t members = h.members.size() + 1;
                for (const auto& [g, added] : extra) {
                    if (g == to) {
                        sum += added.first;
                        members += added.second;
                    }
                }
                const double there = gain_at(i, h.seat);
                if (there > best && lawful(h.seat, sum, members) && keeps_apart(i, h)) {
                    best = there;
                    where = to;
                }
            });
            gain += best;
            hope += best - std::max(0.0, board_->problem().value_of(i));
            if (hope <= worth) return false;
            if (where != Board::none) {
                steps.push_back({i, where});
                extra.push_back({where, {amount(i), 1}});
            }
        }
        if (gain <= worth) return false;
        dissolve(index);
        for (const Step& s : steps) put(s.firm, s.to);
        return true;
    }

    const Board* board_;
    Workspace* space_;
    bool limits_sessions_;
    std::vector<double> used_;  ///< groups at each site; unused where no sessions are limited
    std::vector<Group> groups_;
    std::unordered_map<std::uint64_t, Back> back_;  ///< of two seats: to, from
};

}  // namespace libmatch::detail
