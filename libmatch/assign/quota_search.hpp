// Whole assignments that keep capacities and quotas, guided by the prices of these limits.
//
// Problem: one adviser or none per firm, every limit within its ends (NP-hard once quotas overlap
// both ways). At prices p of the limits, the bound minus the value of an answer is
//     sum_i (best net value of i - net value of its choice)
//       + sum over limits with p_r > 0 of p_r (most_r - count_r)
//       + sum over limits with p_r < 0 of |p_r| (count_r - least_r),
// so a good answer chooses near the best net values and uses the priced limits up. Method: an
// auction fills the advisers, with quotas at their prices; then simulated annealing on this
// distance. A firm moves to another of its options; where a limit breaks, the move goes on: a firm
// that counts for it leaves, or one that does not joins, whichever of a few costs least, up to a
// depth (an ejection chain). Broken limits cost more and more, each by its own weight, which grows
// while it stays broken. The temperature is steered by the share of uphill moves that are taken,
// and then falls. Complexity: time by the number of moves, each O(options of a firm x quotas of a
// pair); memory O(firms x options). Preconditions: finite prices. Deterministic: one thread, random
// numbers by the seed. Source: S. Kirkpatrick et al., "Optimization by simulated annealing",
// Science 220, 1983; M. Yagiura, T. Ibaraki, F. Glover, "An ejection chain approach for the
// generalized assignment problem", INFORMS J. on Computing 16, 2004.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/assign/auction.hpp>
#include <libmatch/assign/quota_problem.hpp>
#include <libmatch/core/control.hpp>
#include <libmatch/core/random.hpp>

namespace libmatch::detail {

/// The best options of each firm at given prices, and who can join or is counted where.
class QuotaOptions {
  public:
    struct Option {
        std::uint32_t adviser;  ///< the number of advisers: staying out
        std::uint32_t mix;
        float regret;  ///< net value below the firm's best
        std::uint32_t firm;
    };

    QuotaOptions(const QuotaProblem& problem, std::span<const double> prices, std::size_t width)
        : begin_(problem.firms() + 1, 0) {
        const auto out = static_cast<std::uint32_t>(problem.advisers());
        const std::vector<double> of_mix = problem.mix_prices(prices);
        std::vector<Option> row;
        std::vector<std::uint32_t> seen_at(problem.groups().mixes(), no_group);  // firm, by mix
        for (std::uint32_t i = 0; i < problem.firms(); ++i) {
            begin_[i + 1] = option_.size();
            const std::size_t first = problem.begin(i), last = problem.end(i);
            if (first == last) continue;
            row.clear();
            double best = problem.forced(i) ? -HUGE_VAL : 0;
            const auto net = [&](std::size_t e) {
                return problem.worth(e) - prices[problem.adviser(e)] - of_mix[problem.mix(e)];
            };
            for (std::size_t e = first; e < last; ++e) best = std::max(best, net(e));
            for (std::size_t e = first; e < last; ++e) {
                row.push_back(
                    {problem.adviser(e), problem.mix(e), static_cast<float>(best - net(e)), i});
            }
            const auto better = [](const Option& a, const Option& b) {
                return a.regret != b.regret ? a.regret < b.regret : a.adviser < b.adviser;
            };
            std::sort(row.begin(), row.end(), better);
            // Beside its best options, a firm keeps its best for each mix: a quota may need it
            // there.
            std::size_t kept = 0;
            for (std::size_t k = 0; k < row.size(); ++k) {
                const bool new_mix = std::exchange(seen_at[row[k].mix], i) != i;
                if (k < width || new_mix) row[kept++] = row[k];
            }
            row.resize(kept);
            if (!problem.forced(i)) row.push_back({out, 0, static_cast<float>(best), i});
            std::sort(row.begin(), row.end(), better);
            option_.insert(option_.end(), row.begin(), row.end());
            begin_[i + 1] = option_.size();
            if (row.size() >= 2) movable_.push_back(i);
        }
        std::stable_sort(movable_.begin(), movable_.end(), [&](std::uint32_t a, std::uint32_t b) {
            return option_[begin_[a] + 1].regret < option_[begin_[b] + 1].regret;
        });
        by_mix_ = grouped(problem.groups().mixes(),
                          [&](const Option& o) { return o.adviser == out ? no_group : o.mix; });
        by_adviser_ = grouped(problem.advisers(), [&](const Option& o) {
            return o.adviser == out ? no_group : o.adviser;
        });
    }

    [[nodiscard]] std::size_t firms() const { return begin_.size() - 1; }
    [[nodiscard]] std::size_t begin(std::size_t i) const { return begin_[i]; }
    [[nodiscard]] std::size_t end(std::size_t i) const { return begin_[i + 1]; }
    [[nodiscard]] const Option& at(std::size_t o) const { return option_[o]; }
    /// Firms with several options, the least decided first.
    [[nodiscard]] const std::vector<std::uint32_t>& movable() const { return movable_; }
    [[nodiscard]] std::span<const std::uint32_t> of_mix(std::size_t x) const {
        return by_mix_.of(x);
    }
    [[nodiscard]] std::span<const std::uint32_t> of_adviser(std::size_t j) const {
        return by_adviser_.of(j);
    }

  private:
    static constexpr std::uint32_t no_group = std::numeric_limits<std::uint32_t>::max();
    struct Groups {
        std::vector<std::size_t> begin;
        std::vector<std::uint32_t> member;
        [[nodiscard]] std::span<const std::uint32_t> of(std::size_t g) const {
            return std::span(member).subspan(begin[g], begin[g + 1] - begin[g]);
        }
    };
    template <class Key>
    [[nodiscard]] Groups grouped(std::size_t groups, const Key& key) const {
        Groups g{std::vector<std::size_t>(groups + 1, 0), {}};
        for (const Option& o : option_) {
            if (key(o) != no_group) ++g.begin[key(o) + 1];
        }
        for (std::size_t k = 0; k < groups; ++k) g.begin[k + 1] += g.begin[k];
        g.member.resize(g.begin[groups]);
        std::vector<std::size_t> next = g.begin;
        for (std::size_t o = 0; o < option_.size(); ++o) {
            if (key(option_[o]) != no_group)
                g.member[next[key(option_[o])]++] = static_cast<std::uint32_t>(o);
        }
        // Who would join for little comes first; most firms have their best option already.
        const auto loss = [&](std::uint32_t o) {
            return option_[o].regret > 0 ? option_[o].regret : std::numeric_limits<float>::max();
        };
        for (std::size_t k = 0; k < groups; ++k) {
            std::stable_sort(g.member.begin() + static_cast<std::ptrdiff_t>(g.begin[k]),
                             g.member.begin() + static_cast<std::ptrdiff_t>(g.begin[k + 1]),
                             [&](std::uint32_t a, std::uint32_t b) { return loss(a) < loss(b); });
        }
        return g;
    }

    std::vector<std::size_t> begin_;
    std::vector<Option> option_;
    std::vector<std::uint32_t> movable_;
    Groups by_mix_, by_adviser_;
};

/// Some of the limits, to draw from.
class LimitSet {
  public:
    explicit LimitSet(std::size_t limits) : place_(limits, outside) {}
    [[nodiscard]] bool empty() const { return members_.empty(); }
    [[nodiscard]] std::size_t size() const { return members_.size(); }
    [[nodiscard]] std::size_t at(std::size_t k) const { return members_[k]; }
    [[nodiscard]] auto begin() const { return members_.begin(); }
    [[nodiscard]] auto end() const { return members_.end(); }
    void set(std::size_t r, bool inside) {
        if (inside == (place_[r] != outside)) return;
        if (inside) {
            place_[r] = static_cast<std::uint32_t>(members_.size());
            members_.push_back(static_cast<std::uint32_t>(r));
            return;
        }
        place_[members_.back()] = place_[r];
        members_[place_[r]] = members_.back();
        members_.pop_back();
        place_[r] = outside;
    }

  private:
    static constexpr std::uint32_t outside = std::numeric_limits<std::uint32_t>::max();
    std::vector<std::uint32_t> members_, place_;
};

class QuotaSearch {
  public:
    QuotaSearch(const QuotaProblem& problem, std::span<const double> prices, std::uint64_t seed,
                Control& control)
        : problem_(problem),
          options_(problem, prices, width_for(problem.firms())),
          control_(control),
          random_(seed),
          price_(prices.begin(), prices.end()),
          count_(problem.limits(), 0),
          weight_(problem.limits(), 1.0),
          choice_(problem.firms(), nobody),
          slot_(problem.firms(), 0),
          at_adviser_(problem.advisers()),
          broken_(problem.limits()),
          loose_(problem.limits()) {
        mixes_of_.resize(problem.limits() - problem.advisers());
        for (std::uint32_t x = 0; x < problem.groups().mixes(); ++x) {
            for (const std::uint32_t q : problem.groups().quotas(x)) {
                if (!options_.of_mix(x).empty()) mixes_of_[q].push_back(x);
            }
        }
        set_units();
    }

    /// Improves until the distance to the bound at these prices is at most `wanted`, the moves are
    /// spent, or the control stops.
    void run(double wanted) {
        place_by_auction(wanted);
        place_in_turn();
        keep_if_better();
        if (options_.movable().empty()) return;
        const auto n = static_cast<double>(options_.movable().size());
        double length = std::max(least_moves, moves_per_firm * n);
        const double all = length * ((1 << rounds) - 1);
        double spent = 0;
        for (int round = 0; round < rounds && !done(wanted); ++round, length *= 2) {
            if (round > 0 && lawful()) go_to(best_);
            anneal(static_cast<std::size_t>(length), round == 0, wanted, spent, all);
            spent += length;
        }
        if (lawful()) go_to(best_);
    }

    [[nodiscard]] bool lawful() const { return best_distance_ < HUGE_VAL; }
    /// The adviser of a firm in the best lawful answer, or in the last one; or none.
    [[nodiscard]] AdviserId adviser(std::size_t i) const {
        if (choice_[i] == nobody) return {};
        const std::uint32_t j = options_.at(choice_[i]).adviser;
        return j == problem_.advisers() ? AdviserId() : AdviserId(j);
    }
    /// Pairs that count for a limit in that answer.
    [[nodiscard]] std::int64_t count(std::size_t r) const { return count_[r]; }

  private:
    using Choice = std::vector<std::uint32_t>;  ///< option of each firm, or `nobody`
    static constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();
    struct Step {
        std::uint32_t firm = nobody, from = 0, to = 0;
    };

    static std::size_t width_for(std::size_t firms) {
        return firms > 20'000 ? 14 : firms > 200 ? 24 : 64;
    }
    [[nodiscard]] bool done(double wanted) const {
        return best_distance_ <= wanted || control_.stop();
    }

    // ---- what limits cost ----

    void set_units() {
        Sum regrets, prices;
        double priced = 0;
        for (const std::uint32_t i : options_.movable()) {
            const std::size_t last = std::min(options_.end(i), options_.begin(i) + 4) - 1;
            regrets.add(static_cast<double>(options_.at(last).regret));
        }
        for (const double p : price_) {
            prices.add(std::fabs(p));
            priced += p != 0 ? 1 : 0;
        }
        const double count = static_cast<double>(options_.movable().size());
        regret_ = count > 0 ? regrets.value() / count : 0;
        double base = std::max(regret_, priced > 0 ? 0.5 * prices.value() / priced : 0);
        if (!(base > 0)) base = 1;
        if (!(regret_ > 0)) regret_ = base;
        for (const double p : price_) unit_.push_back(std::max(std::fabs(p), base));
        temperature_ = 0.1 * regret_;
    }
    [[nodiscard]] std::int64_t broken(std::size_t r, std::int64_t count) const {
        return std::max<std::int64_t>({0, count - problem_.most(r), problem_.least(r) - count});
    }
    [[nodiscard]] double cost(std::size_t r, std::int64_t count) const {
        const auto over = static_cast<double>(broken(r, count));
        double total = over > 0 ? over * unit_[r] * weight_[r] * penalty_ : 0;
        if (price_[r] > 0 && count < problem_.most(r)) {
            total += price_[r] * static_cast<double>(problem_.most(r) - count);
        } else if (price_[r] < 0 && count > problem_.least(r)) {
            total -= price_[r] * static_cast<double>(count - problem_.least(r));
        }
        return total;
    }
    [[nodiscard]] double change(std::size_t r, int by) const {
        return cost(r, count_[r] + by) - cost(r, count_[r]);
    }
    /// Where the count of a limit should go: 1 or -1 while it is broken or, at a price, not used
    /// up.
    [[nodiscard]] int wish(std::size_t r) const {
        if (count_[r] > problem_.most(r)) return -1;
        if (count_[r] < problem_.least(r)) return 1;
        if (price_[r] > 0 && count_[r] < problem_.most(r)) return 1;
        return price_[r] < 0 && count_[r] > problem_.least(r) ? -1 : 0;
    }
    void count(std::size_t r, int by) {
        count_[r] += by;
        broken_.set(r, broken(r, count_[r]) > 0);
        loose_.set(r, wish(r) != 0);
    }
    /// Calls `each(limit, -1 or 1)` for what changes when a firm goes from one option to another.
    template <class Each>
    void for_each_change(std::uint32_t from, std::uint32_t to, const Each& each) const {
        const auto &a = options_.at(from), &b = options_.at(to);
        const std::size_t m = problem_.advisers();
        if (a.adviser != b.adviser) {
            if (a.adviser != m) each(std::size_t{a.adviser}, -1);
            if (b.adviser != m) each(std::size_t{b.adviser}, 1);
        }
        if (a.mix == b.mix) return;
        const auto old = problem_.groups().quotas(a.mix), now = problem_.groups().quotas(b.mix);
        std::size_t k = 0, l = 0;
        while (k < old.size() || l < now.size()) {
            if (l == now.size() || (k < old.size() && old[k] < now[l])) {
                each(m + old[k++], -1);
            } else if (k == old.size() || now[l] < old[k]) {
                each(m + now[l++], 1);
            } else {
                ++k;
                ++l;
            }
        }
    }
    [[nodiscard]] double change_of(std::uint32_t from, std::uint32_t to) const {
        double total = static_cast<double>(options_.at(to).regret) -
                       static_cast<double>(options_.at(from).regret);
        for_each_change(from, to, [&](std::size_t r, int by) { total += change(r, by); });
        return total;
    }

    // ---- answers ----

    void enter(std::uint32_t firm, std::uint32_t option) {
        choice_[firm] = option;
        const std::uint32_t j = options_.at(option).adviser;
        if (j == problem_.advisers()) return;
        slot_[firm] = static_cast<std::uint32_t>(at_adviser_[j].size());
        at_adviser_[j].push_back(firm);
    }
    void leave(std::uint32_t firm) {
        const std::uint32_t j = options_.at(choice_[firm]).adviser;
        if (j == problem_.advisers()) return;
        auto& members = at_adviser_[j];
        const std::uint32_t last = members.back();
        members[slot_[firm]] = last;
        slot_[last] = slot_[firm];
        members.pop_back();
    }

    /// A first answer for capacities alone, with quotas at their prices: an auction on the options,
    /// from a little under the prices of the advisers.
    void place_by_auction(double wanted) {
        const std::size_t n = options_.firms(), m = problem_.advisers();
        std::size_t width = 1;
        for (std::size_t i = 0; i < n; ++i)
            width = std::max(width, options_.end(i) - options_.begin(i));
        CandidateLists lists(n, width);
        std::vector<FirmId> queue;
        double highest = 0;
        for (std::uint32_t i = 0; i < n; ++i) {
            std::size_t count = 0;
            // Staying out tells the best net value; a firm that must be served has none to lose.
            double best = 8 * regret_;
            for (std::size_t o = options_.begin(i); o < options_.end(i); ++o) {
                const auto& option = options_.at(o);
                if (option.adviser == m) best = static_cast<double>(option.regret);
            }
            for (std::size_t o = options_.begin(i); o < options_.end(i); ++o) {
                const auto& option = options_.at(o);
                if (option.adviser == m) continue;
                const double value = best - static_cast<double>(option.regret) +
                                     std::max(0.0, price_[option.adviser]);
                highest = std::max(highest, value);
                lists.slots(FirmId(i))[count++] = {AdviserId(option.adviser),
                                                   static_cast<float>(value)};
            }
            lists.finish(FirmId(i), count, -HUGE_VAL);
            if (count > 0) queue.emplace_back(i);
        }
        if (queue.empty()) return;
        const double epsilon = std::clamp(0.2 * wanted / static_cast<double>(queue.size()),
                                          1e-4 * regret_, 0.1 * regret_);
        std::vector<std::int64_t> seats(m);
        std::vector<double> start(m);
        for (std::size_t j = 0; j < m; ++j) {
            seats[j] = std::max<std::int64_t>(0, problem_.most(j));
            start[j] = std::max(0.0, price_[j] - 2 * epsilon);
        }
        Auction auction(lists, seats, start, highest * (1 + 1e-6) + epsilon,
                        10'000 + bids_per_firm * queue.size());
        auction.enqueue(queue);
        auction.run(queue.size(), epsilon, control_);
        for (const FirmId i : queue) {
            const AdviserId j = auction.held(i);
            for (std::size_t o = options_.begin(i); j.known() && o < options_.end(i); ++o) {
                if (options_.at(o).adviser == j.value)
                    enter(i.value, static_cast<std::uint32_t>(o));
            }
            // Who may stay out and won nothing does.
            for (std::size_t o = options_.begin(i); !j.known() && o < options_.end(i); ++o) {
                if (options_.at(o).adviser == m) enter(i.value, static_cast<std::uint32_t>(o));
            }
        }
        for (const FirmId i : queue) {
            if (choice_[i] == nobody) continue;
            const auto& option = options_.at(choice_[i]);
            if (option.adviser == m) continue;
            problem_.for_each_limit(option.adviser, option.mix,
                                    [&](std::size_t r) { ++count_[r]; });
        }
    }

    /// Whoever has no place yet, the most decided first: each takes its best option that breaks no
    /// upper end, or the one that breaks them least.
    void place_in_turn() {
        const std::size_t m = problem_.advisers();
        const auto place = [&](std::uint32_t i) {
            if (choice_[i] != nobody) return;
            std::uint32_t best = nobody;
            double least = HUGE_VAL;
            for (std::size_t o = options_.begin(i); o < options_.end(i); ++o) {
                const auto& option = options_.at(o);
                double total = static_cast<double>(option.regret);
                if (option.adviser != m) {
                    problem_.for_each_limit(option.adviser, option.mix, [&](std::size_t r) {
                        if (count_[r] >= problem_.most(r)) total += 1e3 * unit_[r];
                        if (count_[r] < problem_.least(r)) total -= 1e-3 * unit_[r];
                    });
                }
                if (total < least) {
                    least = total;
                    best = static_cast<std::uint32_t>(o);
                }
            }
            if (best == nobody) return;
            enter(i, best);
            const auto& option = options_.at(best);
            if (option.adviser == m) return;
            problem_.for_each_limit(option.adviser, option.mix,
                                    [&](std::size_t r) { ++count_[r]; });
        };
        std::vector<char> moves(options_.firms(), 0);
        for (const std::uint32_t i : options_.movable()) moves[i] = 1;
        for (std::uint32_t i = 0; i < options_.firms(); ++i) {
            if (moves[i] == 0) place(i);
        }
        const auto& movable = options_.movable();
        for (std::size_t k = movable.size(); k-- > 0;) place(movable[k]);
        for (std::size_t r = 0; r < count_.size(); ++r) count(r, 0);
    }
    void go_to(const Choice& target) {
        for (std::uint32_t i = 0; i < target.size(); ++i) {
            if (target[i] == choice_[i]) continue;
            for_each_change(choice_[i], target[i], [&](std::size_t r, int by) { count(r, by); });
            leave(i);
            enter(i, target[i]);
        }
    }
    /// Distance of the present answer to the bound at these prices; +inf when it is not lawful.
    [[nodiscard]] double distance() const {
        if (!broken_.empty()) return HUGE_VAL;
        Sum total;
        for (std::size_t i = 0; i < choice_.size(); ++i) {
            if (choice_[i] != nobody) {
                total.add(static_cast<double>(options_.at(choice_[i]).regret));
            } else if (problem_.forced(i)) {
                return HUGE_VAL;  // stopped before its pairs were known
            }
        }
        for (std::size_t r = 0; r < count_.size(); ++r) {
            if (problem_.most(r) > 0) total.add(cost(r, count_[r]));
        }
        return total.value();
    }
    void keep_if_better() {
        const double now = distance();
        if (!(now < best_distance_)) return;
        best_distance_ = now;
        best_ = choice_;
    }

    // ---- moves ----

    void anneal(std::size_t length, bool first, double wanted, double spent, double all) {
        const std::size_t slices = std::max<std::size_t>(levels, length / most_slice + 1);
        const std::size_t moves = length / slices + 1;
        const double factor = std::pow(last_heat, 1 / static_cast<double>(slices));
        penalty_ = first_penalty;
        if (!first) temperature_ *= reheat;
        for (std::size_t s = 0; s < slices && !done(wanted); ++s) {
            const double t = static_cast<double>(s) / static_cast<double>(slices);
            if (first && t < 0.1) {
                calibrate(moves);
            } else {
                for (std::size_t k = 0; k < moves; ++k) move();
                temperature_ *= factor;
            }
            keep_if_better();
            for (const std::uint32_t r : broken_) weight_[r] = std::min(1e3, weight_[r] * 1.2);
            for (double& w : weight_) w = std::max(1.0, w * 0.97);
            penalty_ *= std::pow(last_penalty / first_penalty, 1 / static_cast<double>(slices));
            control_.report("assign", 0.3 + 0.7 * (spent + t * static_cast<double>(length)) / all);
        }
        // What is left to gain without any loss.
        const double cold = std::exchange(temperature_, 0.0);
        for (std::size_t k = 0; k < length / 20 && !done(wanted); ++k) {
            move();
            if (k % most_slice == 0) keep_if_better();
        }
        keep_if_better();
        temperature_ = cold;
    }
    /// Moves while it looks for the temperature at which few uphill moves are taken.
    void calibrate(std::size_t moves) {
        constexpr std::size_t batches = 16;
        for (std::size_t batch = 0; batch < batches; ++batch) {
            uphill_ = taken_ = 0;
            for (std::size_t k = 0; k <= moves / batches; ++k) move();
            const bool hot =
                static_cast<double>(taken_) > first_taken * static_cast<double>(uphill_);
            temperature_ *= hot || uphill_ == 0 ? 0.85 : 1 / 0.85;
        }
    }

    void move() {
        steps_ = 0;
        Step next;
        const double kind = random_.uniform();
        if (kind < 0.3 && !broken_.empty()) {
            next = mend(broken_.at(random_.below(broken_.size())));
        } else if (kind < 0.5 && !loose_.empty()) {
            next = mend(loose_.at(random_.below(loose_.size())));
        } else {
            const auto& movable = options_.movable();
            const double r = random_.uniform();
            const std::uint32_t firm = movable[static_cast<std::size_t>(
                r * (0.5 + 0.5 * r) * static_cast<double>(movable.size()))];
            const double q = random_.uniform();
            const auto options = static_cast<double>(options_.end(firm) - options_.begin(firm));
            next = {firm, choice_[firm],
                    static_cast<std::uint32_t>(options_.begin(firm) +
                                               static_cast<std::size_t>(q * q * q * options))};
        }
        if (next.firm == nobody || next.from == next.to) return;
        const double allowed =
            temperature_ > 0 ? -temperature_ * std::log(1 - random_.uniform()) : 0;
        double total = take(next);
        while (total > allowed && steps_ < depth) {
            const std::size_t worst = worst_of_last_step();
            if (worst == count_.size()) break;
            next = mend(worst);
            if (next.firm == nobody) break;
            total += take(next);
        }
        uphill_ += total > 0 ? 1 : 0;
        taken_ += total > 0 && total <= allowed ? 1 : 0;
        if (total <= allowed) return;
        while (steps_ > 0) {
            const Step& s = step_[--steps_];
            for_each_change(s.to, s.from, [&](std::size_t r, int by) { count(r, by); });
            leave(s.firm);
            enter(s.firm, s.from);
        }
    }
    double take(const Step& s) {
        const double total = change_of(s.from, s.to);
        for_each_change(s.from, s.to, [&](std::size_t r, int by) { count(r, by); });
        leave(s.firm);
        enter(s.firm, s.to);
        step_[steps_++] = s;
        return total;
    }
    [[nodiscard]] bool moved(std::uint32_t firm) const {
        for (std::size_t k = 0; k < steps_; ++k) {
            if (step_[k].firm == firm) return true;
        }
        return false;
    }
    /// Of the limits that the last step touched and left broken, else of those that it left less
    /// used up, the one that costs most; the number of limits if there is none.
    [[nodiscard]] std::size_t worst_of_last_step() const {
        std::size_t worst = count_.size();
        double most = 0;
        const Step& s = step_[steps_ - 1];
        for_each_change(s.from, s.to, [&](std::size_t r, int by) {
            const std::int64_t units = broken(r, count_[r]);
            // Broken limits first: a price never reaches a thousand units.
            const double now = units > 0          ? 1e3 * cost(r, count_[r])
                               : wish(r) * by < 0 ? std::fabs(price_[r])
                                                  : 0;
            if (now > most) {
                most = now;
                worst = r;
            }
        });
        return worst;
    }

    /// The step of least cost, of a few, that brings a limit by one where it should go.
    Step mend(std::size_t r) { return wish(r) < 0 ? least_leaver(r) : least_joiner(r); }
    [[nodiscard]] bool counts(std::uint32_t option, std::size_t r) const {
        const auto& o = options_.at(option);
        if (r < problem_.advisers()) return o.adviser == r;
        const auto quotas = problem_.groups().quotas(o.mix);
        return std::binary_search(quotas.begin(), quotas.end(),
                                  static_cast<std::uint32_t>(r - problem_.advisers()));
    }
    Step least_leaver(std::size_t r) {
        Step best;
        double least = HUGE_VAL;
        for (std::size_t k = 0; k < leavers; ++k) {
            const std::uint32_t firm = member(r);
            if (firm == nobody || moved(firm)) continue;
            const std::uint32_t from = choice_[firm];
            const std::size_t last = std::min(options_.end(firm), options_.begin(firm) + looked_at);
            for (std::size_t o = options_.begin(firm); o < options_.end(firm); ++o) {
                const auto to = static_cast<std::uint32_t>(o);
                // Far options only where no near one leaves the limit.
                if (o >= last && best.firm == firm) break;
                if (to == from || counts(to, r)) continue;
                const double total = change_of(from, to);
                if (total >= least) continue;
                least = total;
                best = {firm, from, to};
            }
        }
        return best;
    }
    Step least_joiner(std::size_t r) {
        Step best;
        double least = HUGE_VAL;
        for (std::size_t k = 0; k < joiners; ++k) {
            const std::uint32_t to = entry(r);
            if (to == nobody) break;
            const std::uint32_t firm = options_.at(to).firm, from = choice_[firm];
            if (from == to || counts(from, r) || moved(firm)) continue;
            const double total = change_of(from, to);
            if (total >= least) continue;
            least = total;
            best = {firm, from, to};
        }
        return best;
    }
    /// Some firm that counts for a limit now.
    std::uint32_t member(std::size_t r) {
        if (r < problem_.advisers()) {
            const auto& members = at_adviser_[r];
            return members.empty() ? nobody : members[random_.below(members.size())];
        }
        // Some option in the quota that its firm has taken.
        for (std::size_t k = 0; k < draws; ++k) {
            const std::uint32_t option = entry(r);
            if (option == nobody) return nobody;
            // The firms at this adviser are likelier to count than the firm drawn.
            const auto& members = at_adviser_[options_.at(option).adviser];
            if (members.empty()) continue;
            const std::uint32_t firm = members[random_.below(members.size())];
            if (counts(choice_[firm], r)) return firm;
        }
        return nobody;
    }
    /// Some option that counts for a limit.
    std::uint32_t entry(std::size_t r) {
        if (r < problem_.advisers()) {
            const auto all = options_.of_adviser(r);
            return all.empty() ? nobody : draw(all);
        }
        const auto& mixes = mixes_of_[r - problem_.advisers()];
        if (mixes.empty()) return nobody;
        const auto all = options_.of_mix(mixes[random_.below(mixes.size())]);
        return draw(all);
    }
    /// Any of the options, those in front more often.
    std::uint32_t draw(std::span<const std::uint32_t> all) {
        const double u = random_.uniform();
        const double place = u < 0.5 ? 2 * u : 8 * (u - 0.5) * (u - 0.5) * (u - 0.5);
        return all[static_cast<std::size_t>(place * static_cast<double>(all.size()))];
    }

    static constexpr int rounds = 4;
    static constexpr double least_moves = 1e5, moves_per_firm = 60;
    static constexpr std::uint64_t bids_per_firm = 50;
    static constexpr std::size_t levels = 60;          ///< of temperature in a round, at least
    static constexpr std::size_t most_slice = 50'000;  ///< moves between two looks at the control
    static constexpr double first_taken = 1e-3;  ///< share of uphill moves at the first temperature
    static constexpr double last_heat = 0.05;    ///< last temperature of a round, times the first
    static constexpr double reheat = 10;         ///< between two rounds
    static constexpr double first_penalty = 1.5, last_penalty = 10;  ///< of a unit broken, in units
    static constexpr std::size_t depth = 6;                 ///< firms that one move shifts at most
    static constexpr std::size_t leavers = 2, joiners = 6;  ///< that are asked
    static constexpr std::size_t looked_at = 6;             ///< options of each leaver
    static constexpr std::size_t draws = 16;                ///< to find a firm that counts

    const QuotaProblem& problem_;
    QuotaOptions options_;
    Control& control_;
    Random random_;
    std::vector<double> price_, unit_;  ///< of the limits; unit: what a broken unit costs at least
    std::vector<std::int64_t> count_;
    std::vector<double> weight_;
    Choice choice_, best_;
    std::vector<std::uint32_t> slot_;
    std::vector<std::vector<std::uint32_t>> at_adviser_;  ///< firms
    LimitSet broken_, loose_;  ///< loose: broken, or priced and not used up
    std::vector<std::vector<std::uint32_t>> mixes_of_;  ///< by quota, with options
    std::array<Step, depth> step_;
    std::size_t steps_ = 0, uphill_ = 0, taken_ = 0;
    double regret_ = 0, temperature_ = 0, penalty_ = first_penalty;
    double best_distance_ = HUGE_VAL;
};

}  // namespace libmatch::detail
