// Exact assignment in whole units, with every kind of limit, from any prices.
//
// Problem: max sum v_ij x_ij over the given arcs, v whole numbers; demand, minimum demand,
// capacity, minimum load, pins. Method: successive shortest paths in the condensed residual graph,
// begun at given prices. Its nodes are the advisers and one node for "nobody"; the arc j -> k is
// the best move of a firm from j to k. At the start each firm takes its best choice at the prices,
// so no move has a positive gain, but some advisers hold too many firms and others too few. Each
// unit too much goes along the shortest path (least loss) to an adviser that lacks one or to
// nobody, each unit that lacks is fetched along one, and prices of the nodes nearer than the end of
// the path rise or fall by the difference, which keeps every move without gain (R. G. Busacker, P.
// J. Gowen; Dijkstra's method with the potentials of J. Edmonds, R. M. Karp). When no unit is
// misplaced, answer and prices are both optimal. Good prices leave few units, and their paths are
// short: a search ends at the first node that can take the unit. Complexity: U searches for U
// misplaced units, each O(A log m) for the A arcs near its path; A is at most all arcs, and where
// advisers are few at most m^2 (best_moves.hpp). Memory O(arcs + m), and there O(arcs x demand).
// Preconditions: arcs sorted by firm; |v| (m + 2) fits 60 bits. Deterministic: one thread, ties to
// the node that was reached first. Sources: R. K. Ahuja, T. L. Magnanti, J. B. Orlin, "Network
// Flows", 1993, section 9.7; J. Edmonds, R. M. Karp, "Theoretical improvements in algorithmic
// efficiency for network flow problems", Journal of the ACM 19, 1972.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/assign/best_moves.hpp>
#include <libmatch/assign/exact_problem.hpp>
#include <libmatch/core/control.hpp>
#include <libmatch/core/types.hpp>

namespace libmatch {

class ExactAssignment {
  public:
    enum class Outcome {
        optimal,
        moved,  ///< a price moved by more than the limit
        stuck,  ///< a unit has no path: there is no answer on these arcs
        stopped
    };

    /// `prices` in units, negative only where there is a minimum load. The problem must outlive
    /// this object.
    ExactAssignment(const ExactProblem& problem, std::vector<std::int64_t> prices)
        : problem_(&problem),
          nobody_(problem.advisers()),
          price_(std::move(prices)),
          firm_of_(problem.choices.size()),
          held_(problem.choices.size(), 0),
          place_(problem.choices.size(), 0),
          degree_(problem.firms(), 0),
          members_(problem.advisers()),
          column_begin_(problem.advisers() + 1, 0),
          column_(problem.choices.size()),
          target_(problem.advisers()),
          reached_(problem.advisers()) {
        for (std::size_t i = 0; i < problem.firms(); ++i) {
            for (std::size_t e = problem.begin[i]; e < problem.begin[i + 1]; ++e)
                firm_of_[e] = static_cast<std::uint32_t>(i);
        }
        for (const auto& c : problem.choices) ++column_begin_[c.adviser + 1];
        std::partial_sum(column_begin_.begin(), column_begin_.end(), column_begin_.begin());
        std::vector<std::size_t> at(column_begin_.begin(), column_begin_.end() - 1);
        for (std::size_t e = 0; e < problem.choices.size(); ++e)
            column_[at[problem.choices[e].adviser]++] = static_cast<std::uint32_t>(e);
    }
    ExactAssignment(const ExactAssignment&) = delete;
    ExactAssignment& operator=(const ExactAssignment&) = delete;

    /// Ends early once a price has moved by more than `limit` units: arcs that were left out may
    /// matter by then.
    Outcome run(std::int64_t limit, Control& control) {
        limit_ = limit;
        start_ = price_;
        for (std::size_t i = 0; i < problem_->firms(); ++i) {
            if (!choose(i)) return Outcome::stuck;
        }
        if (detail::BestMoves::fits(*problem_)) moves_.emplace(*problem_, held_, degree_, firm_of_);
        std::int64_t misplaced = 0;
        for (std::size_t j = 0; j < nobody_; ++j) {
            target_[j] = wanted_load(j);
            misplaced += std::abs(excess(j));
        }
        const auto watch = [&] {
            const double done = static_cast<double>(paths_) / static_cast<double>(misplaced);
            control.report("assign", 0.5 + 0.4 * std::min(1.0, done));
            return control.stop();
        };
        for (std::size_t j = 0; j < nobody_; ++j) {
            while (excess(j) > 0) {
                if (watch()) return Outcome::stopped;
                if (!push_from(j)) return limited() ? Outcome::moved : Outcome::stuck;
                if (moved_) return Outcome::moved;
            }
        }
        for (std::size_t j = 0; j < nobody_; ++j) {
            while (excess(j) < 0) {
                if (watch()) return Outcome::stopped;
                if (!pull_to(j)) return limited() ? Outcome::moved : Outcome::stuck;
                if (moved_) return Outcome::moved;
            }
        }
        return Outcome::optimal;
    }

    static constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

    [[nodiscard]] bool held(std::size_t choice) const { return held_[choice] != 0; }
    /// Optimal when run() ended so; else prices on the way.
    [[nodiscard]] const std::vector<std::int64_t>& prices() const { return price_; }
    /// Paths that were needed.
    [[nodiscard]] std::size_t paths() const { return paths_; }

  private:
    using Choice = ExactProblem::Choice;
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

    /// How a search reached a node, or nobody: the node before it, the choice that is given up on
    /// the way, and the one that is taken; none, none: a seat opens or closes.
    struct Step {
        std::size_t from = 0;
        std::uint32_t leaves = none;
        std::uint32_t takes = none;
    };
    struct Reached {
        std::int64_t loss = unlimited;
        Step step;
        bool seen = false;
    };

    [[nodiscard]] const Choice& choice(std::size_t e) const { return problem_->choices[e]; }
    [[nodiscard]] std::int64_t net(std::size_t e) const {
        return choice(e).value - price_[choice(e).adviser];
    }
    [[nodiscard]] std::int64_t price_of(std::size_t j) const {
        return j == nobody_ ? 0 : price_[j];
    }
    [[nodiscard]] std::int64_t load(std::size_t j) const {
        return static_cast<std::int64_t>(members_[j].size());
    }
    [[nodiscard]] std::int64_t excess(std::size_t j) const { return load(j) - target_[j]; }
    /// What the price asks for: all seats, the minimum only, or either.
    [[nodiscard]] std::int64_t wanted_load(std::size_t j) const {
        const std::int64_t low = problem_->min_load[j], high = problem_->capacity[j];
        return price_[j] > 0 ? high : price_[j] < 0 ? low : std::clamp(load(j), low, high);
    }

    void hold(std::size_t e) {
        held_[e] = 1;
        ++degree_[firm_of_[e]];
        auto& members = members_[choice(e).adviser];
        place_[e] = static_cast<std::uint32_t>(members.size());
        members.push_back(static_cast<std::uint32_t>(e));
    }
    void release(std::size_t e) {
        held_[e] = 0;
        --degree_[firm_of_[e]];
        auto& members = members_[choice(e).adviser];
        members[place_[e]] = members.back();
        place_[members.back()] = place_[e];
        members.pop_back();
    }

    /// The firm's best choice at the prices. False when it has too few choices.
    bool choose(std::size_t i) {
        order_.clear();
        for (std::size_t e = problem_->begin[i]; e < problem_->begin[i + 1]; ++e) {
            if (choice(e).pinned) {
                hold(e);
            } else {
                order_.push_back(e);
            }
        }
        const std::int32_t most = problem_->demand[i], least = problem_->min_demand[i];
        const auto better = [&](std::size_t a, std::size_t b) {
            if (net(a) != net(b)) return net(a) > net(b);
            if (choice(a).preferred != choice(b).preferred) return choice(a).preferred;
            return a < b;
        };
        const auto kept = std::min(
            order_.size(), static_cast<std::size_t>(std::max<std::int32_t>(0, most - degree_[i])));
        std::partial_sort(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(kept),
                          order_.end(), better);
        for (std::size_t k = 0; k < kept; ++k) {
            const std::size_t e = order_[k];
            const bool worth = net(e) > 0 || (net(e) == 0 && choice(e).preferred);
            if (!worth && degree_[i] >= least) break;
            hold(e);
        }
        return degree_[i] >= least;
    }

    // ---- searches ----

    struct Open {
        std::int64_t loss = 0;
        std::uint32_t node = 0;
        friend bool operator<(const Open& a, const Open& b) {  // the heap's top is the nearest
            return a.loss != b.loss ? a.loss > b.loss : a.node > b.node;
        }
    };

    void begin_search(std::size_t root) {
        for (const std::uint32_t j : seen_) reached_[j] = Reached{};
        seen_.clear();
        open_.clear();
        end_ = limit_;
        end_node_ = nowhere;
        reach(root, 0, {});
    }
    void reach(std::size_t j, std::int64_t loss, Step step) {
        Reached& r = reached_[j];
        if (!r.seen) seen_.push_back(static_cast<std::uint32_t>(j));
        r = {loss, step, true};
        open_.push_back({loss, static_cast<std::uint32_t>(j)});
        std::push_heap(open_.begin(), open_.end());
    }
    void end_at(std::size_t node, std::int64_t loss, Step step) {
        if (loss >= end_) return;
        end_ = loss;
        end_node_ = node;
        end_step_ = step;
    }
    /// The nearest node that is still to be looked at, or nobody.
    std::size_t next_node() {
        while (!open_.empty()) {
            std::pop_heap(open_.begin(), open_.end());
            const Open o = open_.back();
            open_.pop_back();
            if (o.loss >= end_) break;
            if (o.loss == reached_[o.node].loss) return o.node;
        }
        return nobody_;
    }

    /// Moves one unit that is too much at `root` to where it costs least.
    bool push_from(std::size_t root) {
        begin_search(root);
        for (std::size_t j = next_node(); j != nobody_; j = next_node()) look_ahead(j);
        return settle(root, +1);
    }

    void look_ahead(std::size_t j) {
        const std::int64_t here = reached_[j].loss;
        if (target_[j] < problem_->capacity[j]) end_at(nobody_, here - price_[j], {j, none, none});
        if (moves_) {
            for (std::size_t k = 0; k <= nobody_; ++k) {
                const auto* move = k == j ? nullptr : moves_->best(j, k);
                if (move == nullptr) continue;
                const Step step{j, move->leaves, move->takes};
                const std::int64_t loss = here - move->gain - price_[j] + price_of(k);
                if (k == nobody_) end_at(nobody_, loss, step);
                if (k == nobody_ || loss >= end_ || loss >= reached_[k].loss) continue;
                reach(k, loss, step);
                if (excess(k) < 0) end_at(k, loss, step);
            }
            return;
        }
        for (const std::uint32_t e : members_[j]) {
            if (end_ <= here) return;  // nothing can be nearer
            if (choice(e).pinned) continue;
            const std::uint32_t i = firm_of_[e];
            const std::int64_t kept = net(e) + here;
            if (degree_[i] > problem_->min_demand[i]) end_at(nobody_, kept, {j, e, none});
            for (std::size_t f = problem_->begin[i]; f < problem_->begin[i + 1]; ++f) {
                const std::size_t k = choice(f).adviser;
                const std::int64_t loss = kept - choice(f).value + price_[k];
                if (loss >= end_ || held_[f] != 0 || loss >= reached_[k].loss) continue;
                const Step step{j, e, static_cast<std::uint32_t>(f)};
                reach(k, loss, step);
                if (excess(k) < 0) end_at(k, loss, step);
            }
        }
    }

    /// Fetches one unit that `root` lacks from where it costs least.
    bool pull_to(std::size_t root) {
        begin_search(root);
        for (std::size_t j = next_node(); j != nobody_; j = next_node()) look_back(j);
        return settle(root, -1);
    }

    void look_back(std::size_t k) {
        const std::int64_t here = reached_[k].loss;
        if (target_[k] > problem_->min_load[k]) end_at(nobody_, here + price_[k], {k, none, none});
        if (moves_) {
            for (std::size_t j = 0; j <= nobody_; ++j) {
                const auto* move = j == k ? nullptr : moves_->best(j, k);
                if (move == nullptr) continue;
                const Step step{k, move->leaves, move->takes};
                const std::int64_t loss = here - move->gain + price_[k] - price_of(j);
                if (j == nobody_) end_at(nobody_, loss, step);
                if (j == nobody_ || loss >= end_ || loss >= reached_[j].loss) continue;
                reach(j, loss, step);
            }
            return;
        }
        for (std::size_t at = column_begin_[k]; at < column_begin_[k + 1]; ++at) {
            const std::uint32_t f = column_[at];
            if (end_ <= here) return;  // nothing can be nearer
            if (held_[f] != 0) continue;
            const std::uint32_t i = firm_of_[f];
            const std::int64_t gained = here - net(f);
            if (degree_[i] < problem_->demand[i]) end_at(nobody_, gained, {k, none, f});
            std::int32_t to_find = degree_[i];
            for (std::size_t e = problem_->begin[i]; to_find > 0; ++e) {
                if (held_[e] == 0) continue;
                --to_find;
                if (choice(e).pinned) continue;
                const std::size_t j = choice(e).adviser;
                const std::int64_t loss = gained + net(e);
                if (loss >= end_ || loss >= reached_[j].loss) continue;
                reach(j, loss, {k, static_cast<std::uint32_t>(e), f});
            }
        }
    }

    /// Moves the prices of all nodes nearer than the end, and the unit along the path. False when
    /// there is no path within the limit.
    bool settle(std::size_t root, int sign) {
        if (end_ == unlimited) return false;
        for (const std::uint32_t j : seen_) {
            if (reached_[j].loss >= end_) continue;
            price_[j] += sign * (end_ - reached_[j].loss);
            moved_ = moved_ || (limited() && std::abs(price_[j] - start_[j]) > limit_);
        }
        if (end_node_ == nowhere) return false;
        apply(root, sign);
        return true;
    }
    [[nodiscard]] bool limited() const { return limit_ != unlimited; }

    /// Follows the path from its end back to the root.
    void apply(std::size_t root, int seats) {
        ++paths_;
        Step step = end_step_;
        std::size_t at = end_node_;
        std::vector<Step>& path = path_;
        path.clear();
        while (true) {
            path.push_back(step);
            at = step.from;
            if (at == root) break;
            step = reached_[at].step;
        }
        for (const Step& s : path) {
            if (s.leaves != none) release(s.leaves);
        }
        for (const Step& s : path) {
            if (s.takes != none) hold(s.takes);
            if (s.leaves == none && s.takes == none) target_[s.from] += seats;
        }
        if (!moves_) return;
        for (const Step& s : path) {
            if (s.leaves != none || s.takes != none)
                moves_->offer(firm_of_[s.leaves != none ? s.leaves : s.takes]);
        }
    }

    const ExactProblem* problem_;
    std::size_t nobody_;
    std::vector<std::int64_t> price_;
    std::vector<std::uint32_t> firm_of_;
    std::vector<char> held_;
    std::vector<std::uint32_t> place_;  ///< of a held choice among the members of its adviser
    std::vector<std::int32_t> degree_;
    std::vector<std::vector<std::uint32_t>> members_;  ///< choices held at each adviser
    std::vector<std::size_t> column_begin_;            ///< choices by adviser
    std::vector<std::uint32_t> column_;
    std::vector<std::int64_t> target_;  ///< the load that the adviser shall have
    std::optional<detail::BestMoves> moves_;
    std::size_t paths_ = 0;
    std::int64_t limit_ = unlimited;
    std::vector<std::int64_t> start_;  ///< prices that run() began with
    bool moved_ = false;

    // One search.
    std::vector<Reached> reached_;
    std::vector<std::uint32_t> seen_;
    std::vector<Open> open_;
    std::int64_t end_ = unlimited;
    std::size_t end_node_ = 0;
    Step end_step_;
    std::vector<std::size_t> order_;
    std::vector<Step> path_;
};

}  // namespace libmatch
