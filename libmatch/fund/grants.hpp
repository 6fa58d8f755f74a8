// Grants: the lawful stack of each firm, under budgets that couple the firms.
//
// Problem: max sum of granted cents; per firm a lawful stack (score/funding.hpp); per scheme at
// most its budget; and, once dossiers stand, per dossier at most its room, so that its members
// still lack its ticket together. Method: prices of budgets from the Lagrangian dual, whose inner
// problem is exact, floors included (fund/grant_dual.hpp); lawful grants from these prices by
// filling and exchange (fund/grant_fill.hpp), each time at prices nearer to what the plan used up;
// for few firms branch and bound (fund/grant_search.hpp). Where a budget does not suffice and firms
// are worth the same to it, the higher priority comes first, then the smaller id.
//
// The certificate is exact in cents: the bound is the dual value, rounded down to a whole cent
// since every plan is one. Complexity: O(rounds x firms x stacks), bounds in parallel over firms.
// Deterministic for any number of threads. Source: M. L. Fisher, "The Lagrangian relaxation method
// for solving integer programming problems", Management Science 27, 1981.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/fund/grant_search.hpp>
#include <libmatch/model/plan.hpp>

namespace libmatch {

struct GrantResult {
    std::vector<Grant> grants;   ///< sorted by firm, then scheme
    std::vector<double> prices;  ///< by scheme, then by dossier: EUR of objective per EUR
    std::vector<Asked> asked;    ///< by scheme
    Certificate certificate;     ///< in whole cents
};

namespace detail {

class GrantSolver {
  public:
    GrantSolver(const Market& market, GrantProblem problem, const AssignmentOptions& options,
                Control& control)
        : problem_(std::move(problem)), options_(options), control_(control) {
        order_.resize(problem_.seekers.size());
        std::iota(order_.begin(), order_.end(), 0U);
        std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
            const FirmId i = problem_.seekers[a].firm, j = problem_.seekers[b].firm;
            const double p = market.firms.priority[i], q = market.firms.priority[j];
            return p != q ? p > q : i < j;
        });
    }

    /// `start`: prices to begin with, by scheme; empty = none known. `held`: grants whose firms
    /// must not lose aid, as far as the problem still allows them.
    GrantResult solve(const std::vector<double>& start = {},
                      const std::vector<Grant>* held = nullptr) {
        control_.report(stage::fund, 0);
        const GrantDual dual(problem_, options_.threads);
        GrantDual::Prices price(problem_.budget.size(), 0);
        for (const std::size_t s : dual.limited())
            price[s] = s < start.size() ? std::llround(start[s] * price_one) : 0;
        if (start.empty()) price = first_guess(dual);
        const double wanted = options_.gap / 4;
        const std::size_t step = dual.units() / sample;
        GrantDual::Guide guide;
        if (step > 1) {
            const GrantDual part(problem_, options_.threads, step);
            auto found = part.improve(std::move(price), wanted / 4, most_rounds, control_);
            price = std::move(found.price);
            guide = std::move(found.guide);
        }
        control_.report(stage::fund, 0.3);
        auto found =
            dual.improve(std::move(price), wanted, step > 1 ? few_rounds : most_rounds, control_);
        price = std::move(found.price);
        if (step <= 1) guide = std::move(found.guide);
        control_.report(stage::fund, 0.6);
        GrantDual::Prices shared;
        const Cents bound = dual.ask(price, &shared).cents();
        GrantFill fill(problem_, order_);
        if (held != nullptr) {
            GrantBook book = book_of(*held);
            fill.exchange(book, control_, enough(bound), false);
            return result(book, price, shared, bound);
        }
        GrantBook best = plans(fill, dual, guide, price, shared, bound);
        if (!within(best.total(), bound) && problem_.seekers.size() <= GrantSearch::most_firms &&
            problem_.room.empty()) {
            (void)GrantSearch(problem_, fill, control_).improve(best, price);
        }
        if (!within(best.total(), bound) && problem_.seekers.size() > GrantSearch::most_firms) {
            GrantRepair(problem_, order_, control_).improve(best, price, enough(bound));
        }
        control_.report(stage::fund, 0.95);
        return result(best, price, shared, bound);
    }

  private:
    static constexpr std::size_t sample = 20'000;  ///< firms whose answers find prices first
    static constexpr int most_rounds = 150, few_rounds = 12, most_plans = 8;

    [[nodiscard]] bool within(Cents total, Cents bound) const {
        return static_cast<double>(bound - total) <= options_.gap * static_cast<double>(bound);
    }

    /// A total within the gap asked; all of the bound for gap 0.
    [[nodiscard]] Cents enough(Cents bound) const {
        return bound - static_cast<Cents>(options_.gap * static_cast<double>(bound));
    }

    /// The grants that the problem still allows.
    [[nodiscard]] GrantBook book_of(const std::vector<Grant>& grants) const {
        std::vector<const Seeker*> of_firm;
        for (const Seeker& s : problem_.seekers) {
            if (s.firm.value >= of_firm.size()) of_firm.resize(s.firm.value + std::size_t{1});
            of_firm[s.firm] = &s;
        }
        GrantBook book(problem_);
        for (const Grant& g : grants) {
            if (g.firm.value >= of_firm.size() || of_firm[g.firm] == nullptr) continue;
            const Seeker& seeker = *of_firm[g.firm];
            const auto& kind = problem_.kinds[seeker.kind];
            const auto k = std::lower_bound(kind.begin(), kind.end(), g.scheme.value);
            if (k == kind.end() || *k != g.scheme.value) continue;
            book.change(seeker, static_cast<std::size_t>(k - kind.begin()),
                        static_cast<Cents>(std::llround(g.amount_eur * 100)));
        }
        return book;
    }

    /// Money is worth money, so a budget that everybody wants in full has price 1.
    [[nodiscard]] GrantDual::Prices first_guess(const GrantDual& dual) const {
        GrantDual::Prices price(problem_.budget.size(), 0);
        const DualAnswer wanted = dual.ask(price);
        for (const std::size_t s : dual.limited())
            price[s] = wanted.taken[s] > problem_.budget[s] ? price_one : 0;
        return price;
    }

    /// Plans at the prices, and at prices nearby: dearer where a plan ran out, cheaper where it
    /// left something.
    GrantBook plans(GrantFill& fill, const GrantDual& dual, const GrantDual::Guide& guide,
                    const GrantDual::Prices& price, const GrantDual::Prices& shared, Cents bound) {
        GrantBook best = fill.fill(price, shared);
        if (within(best.total(), bound)) return best;
        GrantBook guided = fill.fill(dual, guide, price, shared);
        // Exchanges look at every firm: of many firms only the better plan is worth it.
        const bool many = problem_.seekers.size() > 50'000;
        if (!many || best.total() > guided.total()) fill.exchange(best, control_, enough(bound));
        if (!many || guided.total() > best.total()) fill.exchange(guided, control_, enough(bound));
        if (guided.total() > best.total()) best = std::move(guided);
        if (many) return best;
        std::int64_t step = price_one / 64;
        GrantDual::Prices trial = price;
        GrantBook last = best;
        for (int k = 0; k < most_plans && !within(best.total(), bound) && !control_.stop(); ++k) {
            for (std::size_t s = 0; s < trial.size(); ++s) {
                if (problem_.budget[s] >= no_limit) continue;
                const bool over = last.left(s) > 0;
                trial[s] =
                    std::clamp<std::int64_t>(trial[s] + (over ? -step : step / 2), 0, price_one);
            }
            last = fill.fill(trial, shared);
            fill.exchange(last, control_, enough(bound));
            if (last.total() > best.total()) best = last;
            if (k % 2 == 1) step /= 2;
        }
        return best;
    }

    GrantResult result(const GrantBook& book, const GrantDual::Prices& price,
                       const GrantDual::Prices& shared, Cents bound) const {
        GrantResult out;
        out.asked = problem_.asked;
        for (const Seeker& s : problem_.seekers) {
            for (std::size_t k = 0; k < problem_.offers(s); ++k) {
                const Cents amount = book.given(s, k);
                if (amount > 0)
                    out.grants.push_back(
                        {s.firm, SchemeId(problem_.kinds[s.kind][k]), eur(amount)});
            }
        }
        std::sort(out.grants.begin(), out.grants.end(), [](const Grant& a, const Grant& b) {
            return a.firm == b.firm ? a.scheme < b.scheme : a.firm < b.firm;
        });
        for (const std::int64_t p : price) out.prices.push_back(price_eur(p));
        for (const std::int64_t p : shared) out.prices.push_back(price_eur(p));
        Certificate& c = out.certificate;
        c.unit = 0.01;
        c.objective = static_cast<double>(book.total()) * c.unit;
        c.bound = static_cast<double>(bound) * c.unit;
        c.status = status_for(c.gap(), options_.gap);
        return out;
    }

    GrantProblem problem_;
    AssignmentOptions options_;
    Control& control_;
    std::vector<std::uint32_t> order_;
};

}  // namespace detail

/// `firms` seek funds; `backing[i]`: what the advisers of firm i bring (by FirmId, over all firms).
[[nodiscard]] inline GrantResult grant(const Market& market, const std::vector<FirmId>& firms,
                                       const std::vector<Backing>& backing,
                                       const AssignmentOptions& options, Control& control) {
    return detail::GrantSolver(market,
                               detail::grant_problem(market, firms, backing, {}, options.threads),
                               options, control)
        .solve();
}

/// Once dossiers stand: grants that they exclude are withdrawn, and what these set free is granted
/// again. No other firm loses aid, and the certificate is about all grants that leave the dossiers
/// standing.
[[nodiscard]] inline GrantResult grant_again(const Market& market, const std::vector<FirmId>& firms,
                                             const std::vector<Backing>& backing,
                                             const Standing& standing, const GrantResult& before,
                                             const AssignmentOptions& options, Control& control) {
    return detail::GrantSolver(
               market, detail::grant_problem(market, firms, backing, standing, options.threads),
               options, control)
        .solve(before.prices, &before.grants);
}

}  // namespace libmatch
