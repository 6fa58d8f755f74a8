// Prices of budgets, and the bound that they prove.
//
// Problem: min over prices lambda >= 0 of sum_s lambda_s B_s + sum_i best_i(lambda), where best_i
// is the best lawful stack of firm i (fund/stack.hpp) when a euro of scheme s is worth 1 -
// lambda_s. The members of a standing dossier share its room at a price mu of their own, which is
// found for each lambda by bisection, since a convex function of one number needs no more.
//
// Method: column generation over groups of firms of one kind (fund/price_master.hpp): the groups'
// answers at some prices are columns, whose master proposes the next prices; half of the time the
// middle between these and the best prices so far is tried, which calms them. Where firms are many,
// a sample of them with its share of the budgets comes first.
//
// Prices are whole multiples of 2^-24, amounts whole cents: the bound is exact, rounded to nothing.
// Complexity: O(rounds x firms x stacks), in parallel over firms. Deterministic for any number of
// threads: sums of whole numbers know no order. Sources: G. B. Dantzig, P. Wolfe, "Decomposition
// principle for linear programs", 1960; P. Wentges, "Weighted Dantzig-Wolfe decomposition for
// linear mixed-integer programming", 1997.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/fund/grant_problem.hpp>
#include <libmatch/fund/price_master.hpp>

namespace libmatch::detail {

/// A price of 1 EUR per EUR; prices are whole numbers of this size.
inline constexpr std::int64_t price_one = std::int64_t{1} << 24;

inline double price_eur(std::int64_t price) {
    return static_cast<double>(price) / static_cast<double>(price_one);
}

/// What firms answer to prices.
struct DualAnswer {
    Worth bound = 0;              ///< in cents times price_one
    std::vector<Cents> taken;     ///< by scheme
    std::vector<Cents> of_group;  ///< by group and scheme
    [[nodiscard]] Cents cents() const { return static_cast<Cents>(bound / price_one); }
};

class GrantDual {
  public:
    using Prices = std::vector<std::int64_t>;  ///< by scheme

    /// Every `step`-th seeker that stands alone, and every `step`-th dossier, with that share of
    /// the budgets.
    GrantDual(const GrantProblem& problem, unsigned threads, std::size_t step = 1)
        : problem_(problem), threads_(threads), step_(step) {
        units_ = problem.alone() + dossiers();
        asked_ = (units_ + step - 1) / step;
        groups_ = std::max<std::size_t>(
            1, units_ <= most_groups ? units_ : std::min(most_groups, 2 * problem.kinds.size()));
        for (std::size_t s = 0; s < problem.budget.size(); ++s) {
            if (problem.budget[s] < no_limit && problem.budget[s] > 0) limited_.push_back(s);
        }
    }

    /// The bound at these prices; `shared`: filled with the price of each dossier's room.
    [[nodiscard]] DualAnswer ask(const Prices& price, Prices* shared = nullptr,
                                 std::span<const Settled> part = {}) const {
        const std::size_t schemes = problem_.budget.size(), chunk = 2048;
        struct Slot {
            Worth worth = 0;
            std::vector<Cents> of_group;
        };
        std::vector<Slot> slots((asked_ + chunk - 1) / chunk);
        if (shared != nullptr) shared->assign(dossiers(), 0);
        parallel_chunks(asked_, chunk, threads_, [&](std::size_t begin, std::size_t end) {
            Slot& slot = slots[begin / chunk];
            slot.of_group.assign(groups_ * schemes, 0);
            Worker w{price, part, {}, {}, {}, {}, {}, {}};
            for (std::size_t a = begin; a < end; ++a) {
                const std::size_t u = a * step_;
                Cents* used = slot.of_group.data() + group_of(u) * schemes;
                if (u < problem_.alone()) {
                    slot.worth += seeker(w, problem_.seekers[u], 0, used, 1);
                } else {
                    const std::size_t d = u - problem_.alone();
                    const std::int64_t mu = dossier(w, d, used, slot.worth);
                    if (shared != nullptr) (*shared)[d] = mu;
                }
            }
        });
        DualAnswer out;
        out.taken.assign(schemes, 0);
        out.of_group.assign(groups_ * schemes, 0);
        for (const Slot& slot : slots) {
            out.bound += slot.worth;
            for (std::size_t k = 0; k < slot.of_group.size(); ++k) {
                out.of_group[k] += slot.of_group[k];
                out.taken[k % schemes] += slot.of_group[k];
            }
        }
        for (const std::size_t s : limited_) out.bound += static_cast<Worth>(price[s]) * budget(s);
        return out;
    }

    /// Whose mixture is the best of the master: by group, the prices at which its columns were
    /// answers, and their shares; the column that grants most comes first.
    struct Guide {
        struct Column {
            std::size_t trial = 0;
            double share = 0, value = 0;
        };
        std::vector<Prices> trials;
        std::vector<std::vector<Column>> of_group;
    };
    struct Found {
        Prices price;
        DualAnswer at_best;
        Guide guide;
    };

    /// Improves prices until the master proves that no others are better by more than `gap`.
    Found improve(Prices start, double gap, int rounds, const Control& control) const {
        Found best{start, ask(start), {}};
        best.guide.of_group.resize(groups_);
        std::vector<double> budgets;
        for (const std::size_t s : limited_) budgets.push_back(static_cast<double>(budget(s)));
        if (budgets.empty()) return best;
        PriceMaster master(budgets, groups_);
        std::vector<std::pair<std::size_t, Guide::Column>> columns;
        add_columns(master, best.at_best, 0, columns);
        best.guide.trials.push_back(start);
        bool middle = false;
        for (int round = 0; round < rounds && !control.stop(); ++round) {
            const std::vector<double> next = master.prices();
            const double bound = static_cast<double>(best.at_best.bound) / price_one;
            if (bound - master.value() <= gap * bound) break;
            Prices trial(start.size(), 0);
            for (std::size_t k = 0; k < limited_.size(); ++k) {
                const auto whole =
                    static_cast<std::int64_t>(std::llround(std::min(1.0, next[k]) * price_one));
                const std::int64_t old = best.price[limited_[k]];
                trial[limited_[k]] = middle ? old + (whole - old) / 2 : whole;
            }
            middle = !middle;
            DualAnswer answer = ask(trial);
            add_columns(master, answer, best.guide.trials.size(), columns);
            best.guide.trials.push_back(trial);
            if (answer.bound < best.at_best.bound) {
                best.price = std::move(trial);
                best.at_best = std::move(answer);
            }
        }
        for (const auto& [k, share] : master.shares()) {
            columns[k].second.share = share;
            best.guide.of_group[columns[k].first].push_back(columns[k].second);
        }
        for (auto& group : best.guide.of_group) {
            std::stable_sort(group.begin(), group.end(),
                             [](const auto& a, const auto& b) { return a.value > b.value; });
        }
        return best;
    }

    [[nodiscard]] std::size_t units() const { return units_; }
    [[nodiscard]] std::size_t groups() const { return groups_; }
    /// The group of a firm that stands alone, or of a dossier, which comes after them.
    [[nodiscard]] std::size_t group_of(std::size_t unit) const {
        if (units_ <= most_groups) return unit;
        const std::size_t first =
            unit < problem_.alone() ? unit : problem_.members[unit - problem_.alone()];
        if (first >= problem_.seekers.size()) return 0;
        const std::size_t kind = problem_.seekers[first].kind;
        return (2 * kind + (unit < problem_.alone() ? 0 : 1)) % groups_;
    }
    [[nodiscard]] const std::vector<std::size_t>& limited() const { return limited_; }

  private:
    static constexpr std::size_t most_groups = 64;

    struct Worker {
        const Prices& price;
        std::span<const Settled> part;
        StackChooser chooser;
        std::vector<Offer> offers;
        std::vector<std::int64_t> weight;
        std::vector<Cents> amounts;
        std::vector<Cents> low, high;  ///< taken by scheme on both sides of a dossier's price
    };

    [[nodiscard]] std::size_t dossiers() const {
        return problem_.members.empty() ? 0 : problem_.members.size() - 1;
    }
    [[nodiscard]] Cents budget(std::size_t s) const {
        if (step_ == 1) return problem_.budget[s];
        return static_cast<Cents>(static_cast<double>(problem_.budget[s]) *
                                  static_cast<double>(asked_) / static_cast<double>(units_));
    }
    Worth seeker(Worker& w, const Seeker& s, std::int64_t mu, Cents* used, Cents sign) const {
        problem_.load(s, w.offers);
        w.weight.resize(w.offers.size());
        for (std::size_t k = 0; k < w.offers.size(); ++k)
            w.weight[k] = price_one - w.price[w.offers[k].scheme] - mu;
        const auto part = w.part.empty() ? w.part : w.part.subspan(s.begin, w.offers.size());
        const Worth worth =
            w.chooser.best(w.offers, s.limit, s.de_minimis, w.weight, w.amounts, {}, part);
        for (std::size_t k = 0; k < w.offers.size(); ++k)
            used[w.offers[k].scheme] += sign * w.amounts[k];
        return worth;
    }

    /// Worth and grants in all of a dossier's members when its room has a price.
    Worth members(Worker& w, std::size_t d, std::int64_t mu, std::vector<Cents>& used,
                  Cents& in_all) const {
        used.assign(problem_.budget.size(), 0);
        Worth worth = static_cast<Worth>(mu) * problem_.room[d];
        for (std::size_t m = problem_.members[d]; m < problem_.members[d + 1]; ++m)
            worth += seeker(w, problem_.seekers[m], mu, used.data(), 1);
        in_all = 0;
        for (const Cents c : used) in_all += c;
        return worth;
    }

    /// Adds what a dossier is worth at the best price of its room, which is returned.
    std::int64_t dossier(Worker& w, std::size_t d, Cents* used, Worth& sum) const {
        Cents below = 0, above = 0;
        Worth worth = members(w, d, 0, w.low, below);
        if (below <= problem_.room[d]) {
            for (std::size_t s = 0; s < w.low.size(); ++s) used[s] += w.low[s];
            sum += worth;
            return 0;
        }
        std::int64_t low = 0, high = price_one;
        w.high.assign(w.low.size(), 0);
        while (high - low > 1) {
            const std::int64_t mu = (low + high) / 2;
            Cents in_all = 0;
            (void)members(w, d, mu, w.high, in_all);
            (in_all > problem_.room[d] ? low : high) = mu;
        }
        const Worth at_low = members(w, d, low, w.low, below);
        const Worth at_high = members(w, d, high, w.high, above);
        // Between the two answers lies the one that uses the room up.
        const double part = below > above ? static_cast<double>(problem_.room[d] - above) /
                                                static_cast<double>(below - above)
                                          : 0;
        for (std::size_t s = 0; s < w.low.size(); ++s) {
            used[s] +=
                w.high[s] + static_cast<Cents>(part * static_cast<double>(w.low[s] - w.high[s]));
        }
        sum += std::min(at_low, at_high);
        return at_low < at_high ? low : high;
    }

    void add_columns(PriceMaster& master, const DualAnswer& answer, std::size_t trial,
                     std::vector<std::pair<std::size_t, Guide::Column>>& columns) const {
        const std::size_t schemes = problem_.budget.size();
        std::vector<double> used(limited_.size());
        for (std::size_t g = 0; g < groups_; ++g) {
            double value = 0;
            for (std::size_t s = 0; s < schemes; ++s)
                value += static_cast<double>(answer.of_group[g * schemes + s]);
            if (value <= 0) continue;
            for (std::size_t k = 0; k < limited_.size(); ++k)
                used[k] = static_cast<double>(answer.of_group[g * schemes + limited_[k]]);
            master.add(g, value, used);
            columns.push_back({g, {trial, 0, value}});
        }
    }

    const GrantProblem& problem_;
    unsigned threads_;
    std::size_t step_, units_ = 0, asked_ = 0, groups_ = 1;
    std::vector<std::size_t> limited_;
};

}  // namespace libmatch::detail
