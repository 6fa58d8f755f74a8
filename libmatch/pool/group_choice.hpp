// A good lawful group among a few dozen firms at one seat.
//
// Problem: max sum of worth less the opening cost over sets with a firm at home, `least` to `most`
// members and a sum of amounts within limits. Method: the sum limit is priced by a multiplier;
// firms are tried in the order of their scores worth + mu a, in and then out, with the scores that
// are left as a bound, for at most `most_steps` steps. Without a sum limit in the way the first
// set is the best. Not exact beyond the steps, nor beyond the `kept` best scores.
//
// Complexity: O(n log n) plus the steps. Deterministic: ties go to the earlier candidate.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/pool/ground.hpp>

namespace libmatch::detail {

class GroupChoice {
  public:
    struct Candidate {
        double worth = 0;
        double amount = 0;
        std::uint32_t id = 0;
        bool home = false;
    };

    std::vector<Candidate> candidates;

    /// The worth of the best group found, its members in chosen(); -infinity if there is none.
    /// Groups worth no more than `floor` need not be told apart.
    double choose(const Ground::Rule& rule, double floor) {
        rule_ = &rule;
        best_ = -HUGE_VAL;
        chosen_.clear();
        mu_ = 0;
        double all = 0;
        for (const Candidate& c : candidates) all += c.amount;
        if (all < rule.lowest) return best_;
        const Line line = line_at(0);
        if (!line.any || line.worth - rule.opening <= floor) return best_;
        if (line.amount >= rule.lowest && line.amount <= rule.highest) {
            for (const std::uint32_t k : set_) chosen_.push_back(candidates[k].id);
            return best_ = line.worth - rule.opening;
        }
        if (!find_multiplier(line)) return best_;
        arrange();
        floor_ = floor + rule.opening;
        steps_ = most_steps;
        taken_.clear();
        walk(0, 0, 0, 0, false);
        return best_;
    }

    [[nodiscard]] const std::vector<std::uint32_t>& chosen() const { return chosen_; }

  private:
    static constexpr int most_steps = 400;
    static constexpr std::size_t kept = 28;

    struct Line {
        double worth = 0, amount = 0;
        bool any = false;
    };

    [[nodiscard]] double score(const Candidate& c) const { return c.worth + mu_ * c.amount; }

    /// The best set at a multiplier.
    Line line_at(double mu) {
        mu_ = mu;
        scores_.clear();
        double home = -HUGE_VAL;
        std::uint32_t at_home = 0;
        for (std::uint32_t k = 0; k < candidates.size(); ++k) {
            const double s = score(candidates[k]);
            if (candidates[k].home && s > home) {
                home = s;
                at_home = k;
            }
            scores_.emplace_back(-s, k);
        }
        if (home == -HUGE_VAL || candidates.size() < rule_->least) return {};
        Line line{candidates[at_home].worth, candidates[at_home].amount, true};
        set_.assign(1, at_home);
        std::erase_if(scores_, [&](const auto& s) { return s.second == at_home; });
        const std::size_t room = rule_->most - 1;
        if (scores_.size() > room) {
            std::nth_element(scores_.begin(), scores_.begin() + static_cast<std::ptrdiff_t>(room),
                             scores_.end());
            scores_.resize(room);
        }
        if (rule_->least > 1) std::sort(scores_.begin(), scores_.end());
        std::size_t members = 1;
        for (const auto& [cost, k] : scores_) {
            if (cost >= 0 && members >= rule_->least) continue;
            line.worth += candidates[k].worth;
            line.amount += candidates[k].amount;
            set_.push_back(k);
            ++members;
        }
        return line;
    }

    /// Sets mu_ near the least bound; false if no set reaches the limit.
    bool find_multiplier(Line left) {
        const bool few = left.amount < rule_->lowest;
        const double sign = few ? 1 : -1;
        const double target = few ? rule_->lowest : rule_->highest;
        const auto reaches = [&](const Line& l) { return sign * (l.amount - target) >= 0; };
        double size = std::max(std::fabs(left.worth), 1e-9) / target;
        Line right;
        int step = 0;
        for (; step < 12; ++step, size *= 4) {
            right = line_at(sign * size);
            if (reaches(right)) break;
            left = right;
        }
        if (step == 12) return false;
        for (step = 0; step < 6; ++step) {
            const double m = (left.worth - right.worth) / (right.amount - left.amount);
            const Line middle = line_at(m);
            const double line = left.worth + m * (left.amount - target);
            if (middle.worth + m * (middle.amount - target) <= line + 1e-9 * std::fabs(line)) break;
            (reaches(middle) ? right : left) = middle;
        }
        return true;
    }

    /// The best scores in order, and a firm at home among them.
    void arrange() {
        order_.clear();
        for (std::uint32_t k = 0; k < candidates.size(); ++k) {
            order_.emplace_back(-score(candidates[k]), k);
        }
        std::sort(order_.begin(), order_.end());
        const std::size_t most =
            std::max<std::size_t>(kept, std::min<std::size_t>(rule_->most, order_.size()));
        if (order_.size() > most) {
            const auto home = std::find_if(order_.begin(), order_.end(), [&](const auto& o) {
                return candidates[o.second].home;
            });
            if (home - order_.begin() >= static_cast<std::ptrdiff_t>(most)) {
                std::swap(order_[most - 1], *home);
            }
            order_.resize(most);
        }
        prefix_.assign(1, 0);
        homes_after_.assign(order_.size() + 1, 0);
        for (std::size_t p = 0; p < order_.size(); ++p) {
            prefix_.push_back(prefix_.back() + std::max(0.0, -order_[p].first));
        }
        for (std::size_t p = order_.size(); p-- > 0;) {
            homes_after_[p] = homes_after_[p + 1] + (candidates[order_[p].second].home ? 1 : 0);
        }
    }

    [[nodiscard]] double target() const {
        return mu_ > 0 ? rule_->lowest : mu_ < 0 ? rule_->highest : 0;
    }

    void walk(std::size_t at, double worth, double amount, double scored, bool home) {
        if (steps_-- <= 0) return;
        const std::size_t members = taken_.size();
        if (home && members >= rule_->least && amount >= rule_->lowest &&
            worth > std::max(best_ + rule_->opening, floor_)) {
            best_ = worth - rule_->opening;
            chosen_.clear();
            for (const std::uint32_t k : taken_) chosen_.push_back(candidates[k].id);
        }
        if (at == order_.size() || members == rule_->most) return;
        if (!home && homes_after_[at] == 0) return;
        const std::size_t last = std::min(order_.size(), at + rule_->most - members);
        const double hope = scored + prefix_[last] - prefix_[at] - mu_ * target();
        if (hope <= std::max(best_ + rule_->opening, floor_) + 1e-12) return;
        const std::uint32_t k = order_[at].second;
        const Candidate& c = candidates[k];
        const bool last_place = members + 1 == rule_->most;
        const bool wanted =
            score(c) > 0 || (c.home && !home) || members < rule_->least || amount < rule_->lowest;
        if (wanted && amount + c.amount <= rule_->highest && (home || c.home || !last_place)) {
            taken_.push_back(k);
            walk(at + 1, worth + c.worth, amount + c.amount, scored + score(c), home || c.home);
            taken_.pop_back();
        }
        walk(at + 1, worth, amount, scored, home);
    }

    const Ground::Rule* rule_ = nullptr;
    double mu_ = 0, best_ = 0, floor_ = 0;
    int steps_ = 0;
    std::vector<std::uint32_t> set_, taken_, chosen_;  ///< set_: of the last line_at()
    std::vector<std::pair<double, std::uint32_t>> scores_, order_;
    std::vector<double> prefix_;
    std::vector<std::uint32_t> homes_after_;
};

}  // namespace libmatch::detail
