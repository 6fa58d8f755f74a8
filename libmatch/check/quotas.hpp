// The judge's part about quotas: are they kept, what do their prices cost, and what does a firm
// see.
//
// Method: each quota is counted by going through the pairs; a firm sees an adviser at its price
// plus those of every quota that holds both, summed adviser by adviser. Complexity: O(pairs x
// quotas of a firm x log advisers), and O(advisers of its quotas) per firm. Deterministic.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <libmatch/check/choice.hpp>
#include <libmatch/check/verdict.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/model/assignment.hpp>

namespace libmatch::check {

class QuotaLedger {
  public:
    QuotaLedger(const std::vector<Quota>& quotas, std::size_t firms) : quotas_(quotas), of_(firms) {
        for (std::size_t q = 0; q < quotas.size(); ++q) {
            if (!quotas[q].firms) {
                for (auto& own : of_) own.push_back(q);
            } else {
                for (const FirmId i : *quotas[q].firms) of_[i].push_back(q);
            }
        }
    }

    /// What the prices below 0 of a firm's quotas can give back at most.
    [[nodiscard]] double relief(FirmId i, const std::vector<double>& prices) const {
        double sum = 0;
        for (const std::size_t q : of_[i]) sum += std::max(0.0, -prices[q]);
        return sum;
    }

    [[nodiscard]] static std::string name_of(const Quota& quota, std::size_t q) {
        return "quota " + (quota.name.empty() ? std::to_string(q) : quota.name);
    }

    /// Counts the pairs, which lie within the problem and are distinct, against every quota.
    void judge_counts(const std::string& stage, const std::vector<Pair>& pairs,
                      Verdict& verdict) const {
        std::vector<std::int64_t> count(quotas_.size(), 0);
        for (const Pair& p : pairs) {
            for (const std::size_t q : of_[p.firm]) count[q] += holds(q, p.adviser) ? 1 : 0;
        }
        for (std::size_t q = 0; q < quotas_.size(); ++q) {
            const std::string held = std::to_string(count[q]) + " pairs for ";
            if (count[q] > quotas_[q].at_most) {
                verdict.fail(stage, name_of(quotas_[q], q),
                             held + "at most " + std::to_string(quotas_[q].at_most));
            }
            if (count[q] < quotas_[q].at_least) {
                verdict.fail(stage, name_of(quotas_[q], q),
                             held + "at least " + std::to_string(quotas_[q].at_least));
            }
        }
    }

    /// What the prices of the quotas add to the bound: at_most of those above 0, at_least of those
    /// below. False when they prove nothing. `bound` is an account with exact sums.
    template <class Account>
    [[nodiscard]] bool add_cost(const std::string& stage, const std::vector<double>& prices,
                                double unit, Account& bound, Verdict& verdict) const {
        if (prices.size() != quotas_.size()) {
            verdict.fail(stage, "quota prices",
                         std::to_string(prices.size()) + " prices for " +
                             std::to_string(quotas_.size()) + " quotas");
            return false;
        }
        bool valid = true;
        for (std::size_t q = 0; q < quotas_.size(); ++q) {
            const bool no_end = prices[q] > 0 && quotas_[q].at_most == Quota::no_limit;
            if (!std::isfinite(prices[q]) || no_end) {
                verdict.fail(stage, name_of(quotas_[q], q),
                             no_end ? "the price is above 0 without a largest count"
                                    : "the price is not a finite number");
                valid = false;
                continue;
            }
            const auto end = prices[q] > 0 ? quotas_[q].at_most : quotas_[q].at_least;
            bound.add_multiple(in_unit(prices[q], unit), end);
        }
        return valid;
    }

    /// The price of every adviser as one firm after the other sees it. Two doubles hold the sum of
    /// prices; exactly, where it has no more digits.
    class Seen {
      public:
        Seen(const QuotaLedger& ledger, const std::vector<double>& prices,
             const std::vector<double>& quota_prices, double unit)
            : ledger_(ledger), prices_(prices), quota_prices_(quota_prices), unit_(unit) {}

        void look_as(FirmId i) {
            if (ledger_.quotas_.empty()) return;
            if (last_ != nullptr && *last_ == ledger_.of_[i]) return;
            last_ = &ledger_.of_[i];
            added_.assign(prices_.size(), {});
            for (const std::size_t q : ledger_.of_[i]) {
                const double price = in_unit(quota_prices_[q], unit_);
                if (price == 0) continue;
                if (!ledger_.quotas_[q].advisers) {
                    for (TwoDoubles& p : added_) add(p, price);
                } else {
                    for (const AdviserId j : *ledger_.quotas_[q].advisers) add(added_[j], price);
                }
            }
        }
        [[nodiscard]] TwoDoubles operator()(AdviserId j) const {
            const double price = in_unit(prices_[j], unit_);
            if (added_.empty()) return {price, 0};
            TwoDoubles sum = added_[j];
            add(sum, price);
            return sum;
        }

      private:
        static void add(TwoDoubles& sum, double x) {
            const TwoDoubles t = exact_difference(sum.high, -x);
            sum = exact_difference(t.high, -(t.low + sum.low));
        }
        const QuotaLedger& ledger_;
        const std::vector<double>& prices_;
        const std::vector<double>& quota_prices_;
        double unit_;
        std::vector<TwoDoubles> added_;  ///< prices of the quotas; empty without quotas
        const std::vector<std::size_t>* last_ = nullptr;  ///< quotas of the firm looked at
    };

  private:
    [[nodiscard]] bool holds(std::size_t q, AdviserId j) const {
        const auto& advisers = quotas_[q].advisers;
        return !advisers || std::binary_search(advisers->begin(), advisers->end(), j);
    }
    const std::vector<Quota>& quotas_;
    std::vector<std::vector<std::size_t>> of_;  ///< quotas of each firm
};

}  // namespace libmatch::check
