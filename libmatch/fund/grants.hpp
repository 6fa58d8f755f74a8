// Grants: the lawful stack of each firm, under budgets that couple the firms.
//
// Problem: max sum of granted euros; per firm at most one scheme of a stacking group, each grant at
// most its rate and cap, all together at most the firm's aid limit (intensity, de minimis, need);
// per scheme at most its budget. Method: Lagrangian relaxation of the budgets. At budget prices
// lambda_s in [0, 1] each firm takes its best stack alone (by enumeration of the choices per
// stacking group, filled by falling net worth), which gives the bound sum_s lambda_s B_s + sum_i
// best_i(lambda). Prices move by Polyak's subgradient steps; each round also fills a lawful plan in
// order of priority under the remaining budgets. The best plan and the best bound are kept.
// Floors are respected by the plan and relaxed in the bound, which stays valid. Sums are exact and
// rounded to the safe side; what each firm's fill lost to rounding is tracked and added.
// Complexity: O(rounds n 2^g) for g eligible schemes per firm (a handful). Deterministic: one
// thread, ties by index. Source: M. L. Fisher, "The Lagrangian relaxation method for solving
// integer programming problems", Management Science 27, 1981.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/plan.hpp>
#include <libmatch/score/funding.hpp>

namespace libmatch {

struct GrantResult {
    std::vector<Grant> grants;   ///< sorted by firm, then scheme
    std::vector<double> prices;  ///< lambda_s, EUR of objective per EUR of budget
    Certificate certificate;
};

namespace detail {

class GrantSolver {
  public:
    GrantSolver(const Market& market, const std::vector<FirmId>& firms,
                const std::vector<WordSet>& labels, const AssignmentOptions& options,
                Control& control)
        : market_(market), gap_(options.gap), control_(control) {
        for (const FirmId i : firms) {
            Seeker seeker{i, aid_limit(market, i), {}};
            for (std::size_t s = 0; s < market.schemes.size(); ++s) {
                const Scheme& scheme = market.schemes[s];
                const double most = largest_grant(market, scheme, i);
                if (most > 0 && scheme_exclusion(market, scheme, i, labels[i]).empty()) {
                    seeker.offers.push_back({SchemeId(s), most});
                }
            }
            if (seeker.limit > 0 && !seeker.offers.empty()) seekers_.push_back(std::move(seeker));
        }
        by_priority_.resize(seekers_.size());
        std::iota(by_priority_.begin(), by_priority_.end(), std::size_t{0});
        std::stable_sort(by_priority_.begin(), by_priority_.end(), [&](auto a, auto b) {
            return market.firms.priority[seekers_[a].firm] >
                   market.firms.priority[seekers_[b].firm];
        });
    }

    GrantResult solve() {
        const std::size_t schemes = market_.schemes.size();
        std::vector<double> price(schemes, 0.0), demand(schemes);
        GrantResult best;
        best.certificate.bound = HUGE_VAL;
        best.certificate.objective = -1;
        best.prices = price;
        double damping = 1;
        int idle = 0;
        for (int round = 0; round < most_rounds; ++round) {
            if (round > 0 && control_.stop()) break;
            control_.report(stage::fund, static_cast<double>(round) / most_rounds);
            const double bound = dual_value(price, demand);
            if (bound < best.certificate.bound) {
                best.certificate.bound = bound;
                best.prices = price;
                idle = 0;
            } else if (++idle == patience) {
                damping /= 2;
                price = best.prices;
                idle = 0;
                continue;
            }
            auto grants = fill(price);
            ExactSum total;
            for (const Grant& g : grants) total.add(g.amount_eur);
            if (total.down() > best.certificate.objective) {
                best.certificate.objective = total.down();
                best.grants = std::move(grants);
            }
            if (best.certificate.gap() <= gap_) break;
            move(price, demand, bound - best.certificate.objective, damping, round);
        }
        std::sort(best.grants.begin(), best.grants.end(), [](const Grant& a, const Grant& b) {
            return a.firm == b.firm ? a.scheme < b.scheme : a.firm < b.firm;
        });
        return best;
    }

  private:
    struct Offer {
        SchemeId scheme;
        double most = 0;
    };
    struct Seeker {
        FirmId firm;
        double limit = 0;
        std::vector<Offer> offers;
    };

    /// Walks all lawful stacks of offers (at most one per stacking group), as positions in
    /// `offers`.
    template <class Visit>
    void each_stack(const std::vector<Offer>& offers, std::size_t at,
                    std::vector<std::size_t>& stack, const Visit& visit) const {
        if (at == offers.size()) {
            visit(stack);
            return;
        }
        const std::string& group = market_.schemes[offers[at].scheme].stacking_group;
        const bool taken =
            !group.empty() && std::any_of(stack.begin(), stack.end(), [&](std::size_t k) {
                return market_.schemes[offers[k].scheme].stacking_group == group;
            });
        if (!taken) {
            stack.push_back(at);
            each_stack(offers, at + 1, stack, visit);
            stack.pop_back();
        }
        // Leaving out an offer helps only when it could block another of its group.
        const bool rival = !group.empty() &&
                           std::any_of(offers.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                                       offers.end(), [&](const Offer& o) {
                                           return market_.schemes[o.scheme].stacking_group == group;
                                       });
        if (taken || rival) each_stack(offers, at + 1, stack, visit);
    }

    /// The best fill of one firm: amounts per offer, by net worth 1 - price, within `room` per
    /// scheme. `worth`: at least what any fill is worth in the dual.
    std::vector<double> best_fill(const Seeker& seeker, const std::vector<double>& price,
                                  const std::vector<double>* room, double& worth) const {
        std::vector<double> best(seeker.offers.size(), 0.0);
        worth = 0;
        std::vector<std::size_t> stack;
        each_stack(seeker.offers, 0, stack, [&](std::vector<std::size_t> chosen) {
            std::stable_sort(chosen.begin(), chosen.end(), [&](auto a, auto b) {
                return price[seeker.offers[a].scheme] < price[seeker.offers[b].scheme];
            });
            double left = seeker.limit, sum = 0, lost = 0;
            std::vector<double> amounts(seeker.offers.size(), 0.0);
            for (const std::size_t k : chosen) {
                const Offer& offer = seeker.offers[k];
                double amount = std::min(offer.most, left);
                if (room != nullptr) {
                    amount = std::min(amount, (*room)[offer.scheme]);
                    if (amount < market_.schemes[offer.scheme].floor_eur) continue;
                }
                if (amount <= 0) continue;
                // In a plan every euro counts; in the dual only its worth beyond the price does.
                const TwoDoubles net =
                    exact_difference(1, (room != nullptr ? 1e-6 : 1) * price[offer.scheme]);
                if (net.high <= 0) continue;
                amounts[k] = amount;
                const TwoDoubles rest = exact_difference(left, amount);
                const double gain = net.high * amount;
                const TwoDoubles total = exact_difference(sum, -gain);
                lost += std::fabs(rest.low) + std::fabs(net.low) * amount +
                        std::fabs(std::fma(net.high, amount, -gain)) + std::fabs(total.low);
                left = rest.high;
                sum = total.high;
            }
            // An amount that is off by what was lost before it is off by no more than that.
            lost *= static_cast<double>(1 + chosen.size());
            const double most = lost > 0 ? std::nextafter(sum + 2 * lost, HUGE_VAL) : sum;
            if (most > worth) {
                worth = most;
                best = amounts;
            }
        });
        return best;
    }

    /// The next prices to try. Money is worth money, so a budget that everybody wants in full has
    /// price 1: that is the first guess. Then Polyak's steps: as long as the gap asks for, shorter
    /// when they bring nothing.
    void move(std::vector<double>& price, const std::vector<double>& demand, double gap_eur,
              double damping, int round) const {
        std::vector<double> excess(price.size(), 0.0);
        double square = 0;
        for (std::size_t s = 0; s < price.size(); ++s) {
            const double budget = market_.schemes[s].budget_eur;
            if (!std::isfinite(budget)) continue;
            excess[s] = demand[s] - budget;
            // A price at its end that would pass it does not take part in the step.
            if ((price[s] <= 0 && excess[s] < 0) || (price[s] >= 1 && excess[s] > 0)) excess[s] = 0;
            square += excess[s] * excess[s];
        }
        if (square <= 0) return;
        for (std::size_t s = 0; s < price.size(); ++s) {
            if (round == 0) {
                price[s] = excess[s] > 0 ? 1.0 : 0.0;
            } else {
                price[s] = std::clamp(price[s] + damping * gap_eur / square * excess[s], 0.0, 1.0);
            }
        }
    }

    double dual_value(const std::vector<double>& price, std::vector<double>& demand) const {
        ExactSum bound;
        std::fill(demand.begin(), demand.end(), 0.0);
        for (std::size_t s = 0; s < price.size(); ++s) {
            if (price[s] > 0) bound.add_product(price[s], market_.schemes[s].budget_eur);
        }
        for (const Seeker& seeker : seekers_) {
            double worth = 0;
            const auto amounts = best_fill(seeker, price, nullptr, worth);
            for (std::size_t k = 0; k < amounts.size(); ++k)
                demand[seeker.offers[k].scheme] += amounts[k];
            bound.add(worth);
        }
        return bound.up();
    }

    std::vector<Grant> fill(const std::vector<double>& price) const {
        std::vector<double> room;
        for (const Scheme& s : market_.schemes) room.push_back(s.budget_eur);
        std::vector<Grant> grants;
        for (const std::size_t at : by_priority_) {
            const Seeker& seeker = seekers_[at];
            double worth = 0;
            const auto amounts = best_fill(seeker, price, &room, worth);
            for (std::size_t k = 0; k < amounts.size(); ++k) {
                // Whole cents, rounded down, so that no limit is passed by rounding.
                const double amount = std::floor(amounts[k] * 100) / 100;
                const Offer& offer = seeker.offers[k];
                if (amount <= 0 || amount < market_.schemes[offer.scheme].floor_eur) continue;
                room[offer.scheme] -= amount;
                grants.push_back({seeker.firm, offer.scheme, amount});
            }
        }
        return grants;
    }

    static constexpr int most_rounds = 200;
    static constexpr int patience = 6;
    const Market& market_;
    double gap_;
    Control& control_;
    std::vector<Seeker> seekers_;
    std::vector<std::size_t> by_priority_;
};

}  // namespace detail

/// `firms` seek funds; `labels[i]`: labels of the advisers that serve firm i (indexed by FirmId
/// over all firms).
[[nodiscard]] inline GrantResult grant(const Market& market, const std::vector<FirmId>& firms,
                                       const std::vector<WordSet>& labels,
                                       const AssignmentOptions& options, Control& control) {
    return detail::GrantSolver(market, firms, labels, options, control).solve();
}

}  // namespace libmatch
