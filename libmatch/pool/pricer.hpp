// The pricing problem of one seat: the lawful group worth most above the prices of its members.
//
// Problem: max sum r_i - f over sets g of the firms in reach, r_i = v_i - lambda d(i, seat) -
// price_i, with lowest <= sum a_i <= highest, least <= |g| <= most, and a member at the seat's own
// spot where seats are members' places. Where the sessions of a site are limited, f holds its
// price.
//
// Method: the sum limits are moved into the objective with one multiplier mu of either sign; what
// remains is to take the best firms by r_i + mu a_i. The bound is convex in mu and its minimum is
// found by intersecting supporting lines (each line is a set, so the walk is finite). Where the
// bound does not settle the seat, depth-first branch and bound on the firm by which the two best
// sets differ, up to a limit of nodes.
//
// Bonds (bonds.hpp): every lawful group holds a unit whole or not at all. So its firms count alike,
// each at the unit's mean amount and mean r, which changes the worth of no lawful group; the
// relaxation may split units and mix enemies, branching decides whole units and keeps enemies out.
//
// Complexity: O(n) per value of mu (selection), a handful of values per node. Ties go to the lower
// index. Any returned `upper` is valid, also after the limit of nodes.
//
// Source: M. L. Fisher, "The Lagrangian relaxation method for solving integer programming
// problems", 1981.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <unordered_map>
#include <vector>

#include <libmatch/pool/board.hpp>

namespace libmatch::detail {

class Pricer {
  public:
    /// What is known of the best reduced value at a seat.
    struct Answer {
        double upper = -HUGE_VAL;  ///< no lawful group is worth more, save that values <= the floor
                                   ///< are not told apart
        double best =
            -HUGE_VAL;  ///< of the best group found, members(); -infinity = none above the floor
    };

    explicit Pricer(const Board& board) : board_(&board) {}

    /// Takes the active firms in reach of a seat at these prices; `firms` has all that are active.
    void load(std::size_t seat, const std::vector<double>& prices, const std::vector<char>& active,
              std::span<const FirmId> firms) {
        const Board::Rule& rule = board_->rule_of(seat);
        rule_ = &rule;
        most_ = board_->most_at(seat);
        const std::uint32_t site_row = board_->site_row(seat);
        opening_ = rule.opening + (site_row == Board::none ? 0 : prices[site_row]);
        needs_home_ = board_->seats()[seat].spot != Board::none;
        firm_.clear();
        reduced_.clear();
        amount_.clear();
        home_.clear();
        const std::uint32_t home = board_->seats()[seat].spot;
        const PoolProblem& problem = board_->problem();
        const auto take_firm = [&](FirmId i, double km) {
            if (!active[i]) return;
            firm_.push_back(i);
            reduced_.push_back(problem.value_of(i) - rule.cost_per_km * km - prices[i]);
            amount_.push_back(problem.amount[i]);
            home_.push_back(rule.spot_of[i] == home);
        };
        if (firms.size() < board_->spots_near(seat)) {
            board_->each_of(firms, seat, take_firm);
        } else {
            board_->each_firm_near(seat, take_firm);
        }
        units_.clear();
        if (board_->bonds().any()) load_units();
        mark_.assign(firm_.size(), 0);
    }

    [[nodiscard]] const Board& board() const { return *board_; }
    [[nodiscard]] std::size_t size() const { return firm_.size(); }

    /// Proves that no group is worth more than `floor`, or finds one that is.
    Answer search(double floor, long nodes) {
        state_.assign(firm_.size(), State::open);
        open_.resize(firm_.size());
        std::iota(open_.begin(), open_.end(), 0U);
        best_ = -HUGE_VAL;
        chosen_.clear();
        floor_ = floor;
        nodes_ = nodes;
        weight_.clear();
        fixed_value_ = fixed_amount_ = 0;
        fixed_count_ = 0;
        homes_in_ = 0;
        trail_.clear();
        Answer answer;
        answer.upper = branch(true);
        answer.upper = std::max(answer.upper, best_);
        trim();
        answer.best = best_;
        return answer;
    }

    /// Calls visit(members) for the lawful groups worth at least `floor`, in at most `steps` steps
    /// of a depth-first walk. Bounds come from the multiplier of the last search. True if no group
    /// was left out.
    template <class Visit>
    bool enumerate(double floor, long steps, const Visit& visit) {
        const double target = multiplier_ > 0   ? rule_->lowest
                              : multiplier_ < 0 ? rule_->highest
                                                : 0;
        walk_.floor = floor + opening_ + multiplier_ * target;
        walk_.steps = steps;
        walk_.order.resize(firm_.size());
        std::iota(walk_.order.begin(), walk_.order.end(), 0U);
        const auto score = [&](std::uint32_t p) { return reduced_[p] + multiplier_ * amount_[p]; };
        std::sort(walk_.order.begin(), walk_.order.end(), [&](std::uint32_t p, std::uint32_t q) {
            return score(p) > score(q) || (score(p) == score(q) && p < q);
        });
        walk_.prefix.assign(1, 0);
        for (const std::uint32_t p : walk_.order)
            walk_.prefix.push_back(walk_.prefix.back() + score(p));
        walk_.positive = 0;
        while (walk_.positive < walk_.order.size() && score(walk_.order[walk_.positive]) > 0)
            ++walk_.positive;
        walk_.taken.clear();
        walk(0, 0, visit);
        return walk_.steps > 0;
    }

    /// Members of the best group of the last search, sorted.
    [[nodiscard]] std::vector<FirmId> members() const {
        std::vector<FirmId> found;
        for (const std::uint32_t p : chosen_) found.push_back(firm_[p]);
        std::sort(found.begin(), found.end());
        return found;
    }

    /// Firms of the relaxed optimum of the last search with their shares in it; what to raise when
    /// no lawful group is known.
    template <class Visit>
    void each_relaxed_member(const Visit& visit) const {
        for (std::size_t p = 0; p < weight_.size(); ++p) {
            if (weight_[p] > 0) visit(firm_[p], weight_[p]);
        }
    }

    /// Raises prices of the loaded firms so that the last search's multiplier proves the seat:
    /// scores r + mu a are cut at the level at which the best lawful number of them pays opening
    /// and limit.
    void cut(std::vector<double>& prices) {
        const double target = multiplier_ > 0   ? rule_->lowest
                              : multiplier_ < 0 ? rule_->highest
                                                : 0;
        const double budget = opening_ + multiplier_ * target;
        std::vector<double>& score = score_;
        score.resize(firm_.size());
        for (std::size_t p = 0; p < firm_.size(); ++p) {
            score[p] = reduced_[p] + multiplier_ * amount_[p];
        }
        double level = budget / static_cast<double>(rule_->least);
        if (budget >= 0) {
            std::vector<double> top(score);
            std::sort(top.begin(), top.end(), std::greater<>());
            top.resize(std::min(top.size(), most_));
            while (!top.empty() && top.back() <= 0) top.pop_back();
            // Scores under the level stay: take them off the budget from the smallest on.
            double rest = budget;
            std::size_t above = top.size();
            while (above > 0 && top[above - 1] * static_cast<double>(above) <= rest)
                rest -= top[--above];
            if (above == 0) return;
            level = rest / static_cast<double>(above);
        }
        for (std::size_t p = 0; p < firm_.size(); ++p) {
            prices[firm_[p]] += std::max(0.0, score[p] - level);
        }
    }

  private:
    enum class State : std::uint8_t { open, in, out };

    /// Firms that go together.
    struct Unit {
        std::uint32_t unit = 0;  ///< in the bonds
        std::vector<std::uint32_t> items;
        std::vector<std::uint32_t> enemies;  ///< units
    };

    struct Line {
        double value = 0;
        double amount = 0;
        std::vector<std::uint32_t> set;  ///< open items taken
        double yields = 0;  ///< score that another item must beat to be as good in the set
    };
    struct Scored {
        double score = 0;
        std::uint32_t item = 0;
    };
    static constexpr std::size_t few_members = 64;

    [[nodiscard]] bool lawful_sum(double amount) const {
        return amount >= rule_->lowest && amount <= rule_->highest;
    }

    /// The best set by r + mu a (or, with `by_amount`, by mu a alone, with as few members as
    /// lawful where that is best).
    bool take(double mu, bool by_amount, Line& line) {
        const std::size_t low = rule_->least > fixed_count_ ? rule_->least - fixed_count_ : 0;
        if (most_ < fixed_count_) return false;
        const std::size_t high = most_ - fixed_count_;
        const double own = by_amount ? 0 : 1;
        const auto score = [&](std::uint32_t p) { return own * reduced_[p] + mu * amount_[p]; };
        // Scores at 0 and below count only where there would be too few members.
        if (high <= few_members) {
            take_few(high, 0, score);
            if (top_.size() < low) take_few(low, -HUGE_VAL, score);
        } else {
            take_many(low, high, score);
        }
        if (top_.size() < low) return false;
        line.set.clear();
        line.value = fixed_value_;
        line.amount = fixed_amount_;
        line.yields = top_.size() < high ? 0 : HUGE_VAL;
        for (const Scored& t : top_) {
            line.set.push_back(t.item);
            line.value += reduced_[t.item];
            line.amount += amount_[t.item];
            line.yields = std::min(line.yields, t.score);
        }
        return true;
    }

    /// The `high` best open items with a score above `least` into top_, best first.
    template <class Score>
    void take_few(std::size_t high, double least, const Score& score) {
        top_.clear();
        if (high == 0) return;
        for (const std::uint32_t p : open_) {
            const double s = score(p);
            if (!(s > least) || state_[p] != State::open) continue;
            if (top_.size() == high) top_.pop_back();
            std::size_t at = top_.size();
            top_.push_back({s, p});
            for (; at > 0 && top_[at - 1].score < s; --at) top_[at] = top_[at - 1];
            top_[at] = {s, p};
            if (top_.size() == high) least = top_.back().score;
        }
    }

    /// The same for any number of members, and at least `low` of them, in no order.
    template <class Score>
    void take_many(std::size_t low, std::size_t high, const Score& score) {
        top_.clear();
        for (const std::uint32_t p : open_) {
            if (state_[p] == State::open) top_.push_back({score(p), p});
        }
        const auto better = [](const Scored& a, const Scored& b) {
            return a.score > b.score || (a.score == b.score && a.item < b.item);
        };
        const auto positive =
            std::partition(top_.begin(), top_.end(), [](const Scored& t) { return t.score > 0; });
        const auto count = static_cast<std::size_t>(positive - top_.begin());
        const auto at = [&](std::size_t k) {
            return top_.begin() + static_cast<std::ptrdiff_t>(k);
        };
        if (count > high) {
            std::nth_element(top_.begin(), at(high), positive, better);
            top_.resize(high);
        } else if (count >= low) {
            top_.resize(count);
        } else if (top_.size() > low) {
            std::nth_element(positive, at(low) - 1, top_.end(), better);
            top_.resize(low);
        }
    }

    /// Takes or leaves the firm at `at` in the order of scores; `sum` is the score taken so far.
    template <class Visit>
    void walk(std::size_t at, double sum, const Visit& visit) {
        if (walk_.steps-- <= 0) return;
        const std::size_t room = most_ - walk_.taken.size();
        const std::size_t need =
            rule_->least > walk_.taken.size() ? rule_->least - walk_.taken.size() : 0;
        std::size_t last = std::min(at + room, std::max(at, walk_.positive));
        last = std::max(last, at + need);
        if (last > walk_.order.size()) return;
        if (sum + walk_.prefix[last] - walk_.prefix[at] < walk_.floor) return;
        if (at == walk_.order.size() || room == 0) {
            report(visit);
            return;
        }
        walk_.taken.push_back(walk_.order[at]);
        walk(at + 1, sum + walk_.prefix[at + 1] - walk_.prefix[at], visit);
        walk_.taken.pop_back();
        walk(at + 1, sum, visit);
    }

    template <class Visit>
    void report(const Visit& visit) {
        double value = 0, amount = 0;
        bool home = !needs_home_;
        for (const std::uint32_t p : walk_.taken) {
            value += reduced_[p];
            amount += amount_[p];
            home = home || home_[p];
        }
        // walk_.floor counts the multiplier's share, which a sum off the limit does not pay back.
        const double paid = multiplier_ > 0   ? multiplier_ * rule_->lowest
                            : multiplier_ < 0 ? multiplier_ * rule_->highest
                                              : 0;
        if (!home || walk_.taken.size() < rule_->least || !lawful_sum(amount) ||
            value < walk_.floor - paid || !keeps_bonds(walk_.taken))
            return;
        std::vector<FirmId> found;
        for (const std::uint32_t p : walk_.taken) found.push_back(firm_[p]);
        std::sort(found.begin(), found.end());
        visit(found);
    }

    void consider(const Line& line) {
        const double value = line.value - opening_;
        if (!(value > std::max(best_, floor_)) || !lawful_sum(line.amount)) return;
        if (fixed_count_ + line.set.size() < rule_->least) return;
        if (needs_home_ && homes_in_ == 0 &&
            std::none_of(line.set.begin(), line.set.end(),
                         [&](std::uint32_t p) { return home_[p]; })) {
            return;
        }
        if (!keeps_bonds(line.set)) return;
        best_ = value;
        chosen_ = line.set;
        for (std::uint32_t p = 0; p < firm_.size(); ++p) {
            if (state_[p] == State::in) chosen_.push_back(p);
        }
    }

    /// Lets go of chosen firms that bring nothing and that no limit needs, largest amounts last.
    void trim() {
        if (best_ == -HUGE_VAL) return;
        double sum = 0;
        std::size_t homes = 0;
        for (const std::uint32_t p : chosen_) {
            sum += amount_[p];
            homes += home_[p] ? 1U : 0U;
        }
        std::sort(chosen_.begin(), chosen_.end(), [&](std::uint32_t p, std::uint32_t q) {
            return reduced_[p] < reduced_[q] ||
                   (reduced_[p] == reduced_[q] &&
                    (amount_[p] < amount_[q] || (amount_[p] == amount_[q] && p < q)));
        });
        std::size_t count = chosen_.size();
        std::erase_if(chosen_, [&](std::uint32_t p) {
            const bool needed = reduced_[p] > 0 || bound(p) || count <= rule_->least ||
                                sum - amount_[p] < rule_->lowest ||
                                (needs_home_ && home_[p] && homes == 1);
            if (needed) return false;
            best_ -= reduced_[p];
            sum -= amount_[p];
            --count;
            homes -= home_[p] ? 1U : 0U;
            return true;
        });
    }

    /// Decides a firm with its unit, and keeps the unit's enemies out. Undone by undo(mark), with
    /// the size of trail_ before.
    void decide(std::uint32_t p, State to) {
        const auto set = [&](std::uint32_t q, State state) {
            if (state_[q] != State::open) return;
            fix(q, state);
            trail_.push_back(q);
        };
        if (!bound(p)) {
            set(p, to);
            return;
        }
        const Unit& unit = units_[unit_of_[p]];
        for (const std::uint32_t q : unit.items) set(q, to);
        if (to != State::in) return;
        for (const std::uint32_t enemy : unit.enemies) {
            for (const std::uint32_t q : units_[enemy].items) set(q, State::out);
        }
    }

    void undo(std::size_t mark) {
        for (; trail_.size() > mark; trail_.pop_back()) fix(trail_.back(), State::open);
    }

    [[nodiscard]] bool bound(std::uint32_t p) const {
        return !units_.empty() && unit_of_[p] != Board::none;
    }

    /// Lets go of units that are not all here, and gives the firms of the others their means.
    void load_units() {
        const Bonds& bonds = board_->bonds();
        std::unordered_map<std::uint32_t, std::uint32_t> here;  // units of the bonds to units_
        std::unordered_map<std::uint32_t, std::size_t> present;
        for (const FirmId i : firm_) {
            if (bonds.unit_of(i) != Bonds::none) ++present[bonds.unit_of(i)];
        }
        if (present.empty()) return;
        std::size_t kept = 0;
        unit_of_.clear();
        for (std::uint32_t p = 0; p < firm_.size(); ++p) {
            const std::uint32_t unit = bonds.unit_of(firm_[p]);
            if (unit != Bonds::none && present[unit] < bonds.firms(unit).size()) continue;
            firm_[kept] = firm_[p];
            reduced_[kept] = reduced_[p];
            amount_[kept] = amount_[p];
            home_[kept] = home_[p];
            unit_of_.push_back(Board::none);
            if (unit != Bonds::none) {
                const auto [at, fresh] =
                    here.try_emplace(unit, static_cast<std::uint32_t>(units_.size()));
                if (fresh) units_.emplace_back().unit = unit;
                unit_of_.back() = at->second;
                units_[at->second].items.push_back(static_cast<std::uint32_t>(kept));
            }
            ++kept;
        }
        firm_.resize(kept);
        reduced_.resize(kept);
        amount_.resize(kept);
        home_.resize(kept);
        for (Unit& unit : units_) {
            for (const std::uint32_t enemy : bonds.enemies(unit.unit)) {
                const auto at = here.find(enemy);
                if (at != here.end()) unit.enemies.push_back(at->second);
            }
            double reduced = 0, amount = 0;
            for (const std::uint32_t p : unit.items) {
                reduced += reduced_[p];
                amount += amount_[p];
            }
            const auto size = static_cast<double>(unit.items.size());
            for (const std::uint32_t p : unit.items) {
                reduced_[p] = reduced / size;
                amount_[p] = amount / size;
            }
        }
    }

    /// Whether units are whole and without enemies in a set, together with what is decided to be
    /// in. If not, in_doubt_ is an open firm of the set to decide.
    bool keeps_bonds(const std::vector<std::uint32_t>& set) {
        if (units_.empty()) return true;
        taken_.assign(units_.size(), 0);
        for (const std::uint32_t p : set) {
            if (bound(p)) ++taken_[unit_of_[p]];
        }
        for (const std::uint32_t p : set) {
            if (!bound(p)) continue;
            const Unit& unit = units_[unit_of_[p]];
            const bool whole = taken_[unit_of_[p]] == unit.items.size();
            const bool alone = std::none_of(unit.enemies.begin(), unit.enemies.end(),
                                            [&](std::uint32_t e) { return taken_[e] > 0; });
            if (whole && alone) continue;
            in_doubt_ = p;
            return false;
        }
        return true;
    }

    void fix(std::uint32_t p, State to) {
        if (state_[p] == State::in) {
            fixed_value_ -= reduced_[p];
            fixed_amount_ -= amount_[p];
            --fixed_count_;
            if (home_[p]) --homes_in_;
        }
        state_[p] = to;
        if (to == State::in) {
            fixed_value_ += reduced_[p];
            fixed_amount_ += amount_[p];
            ++fixed_count_;
            if (home_[p]) ++homes_in_;
        }
    }

    /// Upper bound of the open node, its two best sets left in left_ and right_; `split` tells
    /// whether they differ.
    double relax(bool& split) {
        split = false;
        if (!take(0, false, left_)) return -HUGE_VAL;
        consider(left_);
        double upper = left_.value - opening_;
        last_multiplier_ = 0;
        if (lawful_sum(left_.amount) || upper <= std::max(best_, floor_)) return upper;
        const bool short_of = left_.amount < rule_->lowest;
        const double target = short_of ? rule_->lowest : rule_->highest;
        if (!take(short_of ? 1 : -1, true, right_)) return -HUGE_VAL;
        if (short_of ? right_.amount < target : right_.amount > target) return -HUGE_VAL;
        consider(right_);
        split = true;
        for (int step = 0; step < 60; ++step) {
            const double mu = (left_.value - right_.value) / (right_.amount - left_.amount);
            const double crossing = left_.value + mu * (left_.amount - target);
            take(mu, false, middle_);
            consider(middle_);
            const double value = middle_.value + mu * (middle_.amount - target);
            if (value - opening_ < upper) {
                upper = value - opening_;
                last_multiplier_ = mu;
            }
            if (upper <= std::max(best_, floor_)) break;
            if (value <= crossing + 1e-12 * (1 + std::fabs(crossing))) break;
            const bool outside = short_of ? middle_.amount < target : middle_.amount > target;
            std::swap(outside ? left_ : right_, middle_);
        }
        return upper;
    }

    /// Shares of the root's relaxed optimum: the mix of its two sets that meets the sum limit.
    void keep_weights(bool split) {
        weight_.assign(firm_.size(), 0);
        double share = 1;
        if (split && right_.amount != left_.amount) {
            const double target = left_.amount < right_.amount ? rule_->lowest : rule_->highest;
            share = std::clamp((right_.amount - target) / (right_.amount - left_.amount), 0.0, 1.0);
        }
        for (const std::uint32_t p : left_.set) weight_[p] += share;
        if (split) {
            for (const std::uint32_t p : right_.set) weight_[p] += 1 - share;
        }
    }

    /// The firm to branch on at this node.
    [[nodiscard]] std::uint32_t branching_item(bool split) {
        const auto best_of = [&](auto&& allowed, auto&& key) {
            std::uint32_t best = Board::none;
            for (const std::uint32_t p : open_) {
                if (state_[p] == State::open && allowed(p) &&
                    (best == Board::none || key(p) > key(best)))
                    best = p;
            }
            return best;
        };
        if (!units_.empty() && (!keeps_bonds(left_.set) || (split && !keeps_bonds(right_.set))))
            return in_doubt_;
        for (const std::uint32_t p : left_.set) mark_[p] = 0;
        if (split) {
            for (const std::uint32_t p : right_.set) mark_[p] = 0;
        }
        for (const std::uint32_t p : left_.set) mark_[p] ^= 1;
        bool home_taken = homes_in_ > 0;
        for (const std::uint32_t p : left_.set) home_taken = home_taken || home_[p];
        if (split) {
            for (const std::uint32_t p : right_.set) {
                mark_[p] ^= 1;
                home_taken = home_taken || home_[p];
            }
        }
        if (needs_home_ && !home_taken) {
            return best_of([&](std::uint32_t p) { return home_[p]; },
                           [&](std::uint32_t p) { return reduced_[p]; });
        }
        if (split) {
            const auto larger = [&](std::uint32_t p, std::uint32_t q) {
                return q == Board::none || amount_[p] > amount_[q] ||
                       (amount_[p] == amount_[q] && p < q);
            };
            std::uint32_t differing = Board::none;
            for (const auto* set : {&left_.set, &right_.set}) {
                for (const std::uint32_t p : *set) {
                    if (mark_[p] && larger(p, differing)) differing = p;
                }
            }
            if (differing != Board::none) return differing;
        }
        return best_of([](std::uint32_t) { return true; },
                       [&](std::uint32_t p) { return reduced_[p]; });
    }

    /// Lets go of open items that are in no set worth more than the best, by what the root's
    /// multiplier says of sets that hold them. False if there are none.
    bool narrow(double upper) {
        if (!units_.empty()) return false;
        take(multiplier_, false, middle_);
        for (const std::uint32_t p : middle_.set) mark_[p] = 2;
        const double enough = std::max(best_, floor_);
        const auto dropped = std::erase_if(open_, [&](std::uint32_t p) {
            const double score = reduced_[p] + multiplier_ * amount_[p];
            if (mark_[p] == 2 || state_[p] != State::open ||
                upper + (score - middle_.yields) > enough - 1e-12 * std::fabs(enough)) {
                return false;
            }
            state_[p] = State::out;
            return true;
        });
        for (const std::uint32_t p : middle_.set) mark_[p] = 0;
        return dropped > 0;
    }

    double branch(bool root) {
        std::uint32_t forced = Board::none;
        if (needs_home_ && homes_in_ == 0) {
            int open_homes = 0;
            for (const std::uint32_t p : open_) {
                if (home_[p] && state_[p] == State::open) {
                    ++open_homes;
                    forced = p;
                }
            }
            if (open_homes == 0) return -HUGE_VAL;
            if (open_homes > 1) forced = Board::none;
        }
        const std::size_t mark = trail_.size();
        if (forced != Board::none) decide(forced, State::in);
        bool split = false;
        double upper = relax(split);
        if (root) multiplier_ = last_multiplier_;
        if (root && upper > floor_) {
            keep_weights(split);
            for (std::size_t t = mark; t < trail_.size(); ++t) {
                if (state_[trail_[t]] == State::in) weight_[trail_[t]] += 1;
            }
        }
        if (upper > std::max(best_, floor_) && nodes_-- > 0) {
            if (root && narrow(upper)) {
                undo(mark);
                return std::min(upper, branch(false));
            }
            const std::uint32_t p = branching_item(split);
            if (p != Board::none) {
                const std::size_t before = trail_.size();
                decide(p, State::in);
                const double with = branch(false);
                undo(before);
                decide(p, State::out);
                const double without = branch(false);
                undo(before);
                upper = std::min(upper, std::max(with, without));
            }
        }
        undo(mark);
        return upper;
    }

    /// State of enumerate().
    struct Walk {
        double floor = 0;
        long steps = 0;
        std::size_t positive = 0;
        std::vector<std::uint32_t> order, taken;
        std::vector<double> prefix;
    };

    const Board* board_;
    const Board::Rule* rule_ = nullptr;
    std::size_t most_ = 1;  ///< members at the seat
    double opening_ = 0;    ///< with the price of the site
    bool needs_home_ = false;
    std::vector<Unit> units_;             ///< firms bound to others, and those to be kept apart
    std::vector<std::uint32_t> unit_of_;  ///< none = a firm without bonds; unused without units
    std::vector<std::size_t> taken_;
    std::vector<std::uint32_t> trail_;  ///< firms decided, in this order
    std::uint32_t in_doubt_ = Board::none;
    std::vector<FirmId> firm_;
    std::vector<double> reduced_, amount_, score_, weight_;
    std::vector<char> home_, mark_;
    std::vector<State> state_;
    std::vector<std::uint32_t> chosen_;
    std::vector<std::uint32_t> open_;  ///< what the search may still take, and what it has decided
    std::vector<Scored> top_;          ///< of the last take()
    Line left_, right_, middle_;
    double fixed_value_ = 0, fixed_amount_ = 0;
    std::size_t fixed_count_ = 0;
    std::size_t homes_in_ = 0;
    double best_ = -HUGE_VAL, floor_ = 0;
    long nodes_ = 0;
    double multiplier_ = 0,
           last_multiplier_ = 0;  ///< of the sum limit, at the root and the last node
    Walk walk_;
};

}  // namespace libmatch::detail
