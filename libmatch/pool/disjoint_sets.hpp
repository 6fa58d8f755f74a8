// The best disjoint sets among given ones, exactly, for a few elements.
//
// Problem: max total worth over sets that are pairwise disjoint, sets being masks over elements 0
// to n - 1. Elements have prices >= 0 with which no set is worth more than its elements; where some
// set is, the answer is still disjoint, but not always the best.
//
// Method: what a choice loses against the prices is made least: the price of an element in no set,
// a set's prices less its worth. The lowest element that is left is in no set or in one that begins
// with it, the cheapest first, and only while the loss stays under that of the best choice known.
// What is found, or not found under a limit, is kept by the elements left.
//
// Complexity: O(2^n) memory; at worst exponential in n, few steps with good prices. Deterministic.
//
// Source: M. H. Rothkopf, A. Pekec, R. M. Harstad, "Computationally manageable combinational
// auctions", Management Science 44, 1998.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <libmatch/core/control.hpp>

namespace libmatch::detail {

class DisjointSets {
  public:
    struct Set {
        std::uint32_t mask = 0;
        double worth = 0;
        std::uint32_t rule = 0, seat = 0;
        double loss = 0;  ///< set by add()
    };

    /// Starts anew with elements of these prices; only what is worth more than `known` is looked
    /// for.
    void clear(const std::vector<double>& prices, double known) {
        const std::size_t n = prices.size();
        price_.resize(std::size_t{1} << n);
        price_[0] = 0;
        for (std::size_t s = 1; s < price_.size(); ++s) {
            price_[s] = price_[s & (s - 1)] + prices[static_cast<std::size_t>(std::countr_zero(s))];
        }
        budget_ = price_.back() - known;
        starting_.resize(n);
        for (auto& sets : starting_) sets.clear();
        best_.clear();
    }

    /// What a set with these elements must be worth at least to be part of anything better.
    [[nodiscard]] double wanted(std::uint32_t mask) const {
        return std::max(0.0, price_[mask] - budget_);
    }

    /// A set that is worth no more than is wanted is let go.
    void add(Set set) {
        if (!(set.worth > wanted(set.mask))) return;
        set.loss = std::max(0.0, price_[set.mask] - set.worth);
        starting_[static_cast<std::size_t>(std::countr_zero(set.mask))].push_back(set);
    }

    /// Finds the sets, in best(); false if stopped, or if nothing better than known is there.
    bool solve(const Control& control) {
        for (auto& sets : starting_) {
            std::sort(sets.begin(), sets.end(), [](const Set& a, const Set& b) {
                return a.loss < b.loss || (a.loss == b.loss && a.mask < b.mask);
            });
        }
        control_ = &control;
        stopped_ = false;
        answer_.assign(price_.size(), nothing_known);
        pick_.resize(price_.size());
        auto left = static_cast<std::uint32_t>(price_.size() - 1);
        if (!(loss(left, budget_) < budget_) || stopped_) return false;
        while (left != 0) {
            const std::uint32_t pick = pick_[left];
            if (pick == none) {
                left &= left - 1;
                continue;
            }
            best_.push_back(starting_[static_cast<std::size_t>(std::countr_zero(left))][pick]);
            left &= ~best_.back().mask;
        }
        return true;
    }

    [[nodiscard]] const std::vector<Set>& best() const { return best_; }

  private:
    static constexpr double nothing_known = -1e-300, rounding = 1e-12;
    static constexpr std::uint32_t none = 0xffffffff;

    /// The least loss on the elements left if it is under the budget, else at least that.
    double loss(std::uint32_t left, double budget) {
        if (left == 0) return 0;
        if (answer_[left] >= 0) return answer_[left];
        if (budget <= -answer_[left] || stopped_) return HUGE_VAL;
        if ((steps_++ & 1023) == 0 && control_->stop()) stopped_ = true;
        double best = budget;
        std::uint32_t pick = none;
        const auto& sets = starting_[static_cast<std::size_t>(std::countr_zero(left))];
        for (std::uint32_t k = 0; k < sets.size() && sets[k].loss < best - rounding; ++k) {
            if ((sets[k].mask & ~left) != 0) continue;
            const double with = sets[k].loss + loss(left & ~sets[k].mask, best - sets[k].loss);
            if (with < best - rounding) {
                best = with;
                pick = k;
            }
        }
        const std::uint32_t rest = left & (left - 1);
        const double alone = price_[left & ~rest];
        if (alone < best - rounding) {
            const double without = alone + loss(rest, best - alone);
            if (without < best - rounding) {
                best = without;
                pick = none;
            }
        }
        if (!(best < budget)) {
            answer_[left] = -budget;
            return HUGE_VAL;
        }
        pick_[left] = pick;
        return answer_[left] = best;
    }

    double budget_ = 0;
    std::vector<double> price_;               ///< by mask
    std::vector<std::vector<Set>> starting_;  ///< by the lowest element
    std::vector<double> answer_;  ///< by mask: the least loss, or less the budget it is not under
    std::vector<std::uint32_t> pick_;  ///< by mask: in `starting_` of its lowest element
    std::vector<Set> best_;
    const Control* control_ = nullptr;
    bool stopped_ = false;
    std::uint64_t steps_ = 0;
};

}  // namespace libmatch::detail
