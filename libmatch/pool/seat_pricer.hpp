// What the best group at one seat is worth at given offers, from above.
//
// A firm of a kind *offers* q: the part of its value that it gives to opening and travel; its price
// is what it keeps, max(0, v - q). A group is worth more than its members' prices where
// sum(q - cost_per_km d) exceeds the opening cost.
//
// Problem: max sum(q_i - cost_per_km d_i) over groups with a member at the seat's own spot, `least`
// to `most` members and a sum of amounts within limits. Method: the sum limit is priced by one
// multiplier mu of either sign; what remains is to take the best firms by score q - cost d + mu a.
// The least value over mu is found by intersecting supporting lines. Kinds count with their largest
// amount where amounts help and with their least where they harm, so the value is a bound.
// Complexity: O(kinds in reach) per mu, a few mu per seat. Ties go to the nearer, then the lower
// index.
//
// Source: M. L. Fisher, "The Lagrangian relaxation method for solving integer programming
// problems", 1981.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/pool/ground.hpp>

namespace libmatch::detail {

class SeatPricer {
  public:
    struct Item {
        double worth = 0;  ///< offer less travel
        double low = 0, high = 0;
        std::uint32_t kind = 0;
        std::uint32_t count = 0;
        bool home = false;
    };
    struct Taken {
        double score = 0;
        std::uint32_t item = 0;
        std::uint32_t count = 0;
    };
    /// The best set at one multiplier.
    struct Set {
        std::vector<Taken> taken;  ///< by falling score, but for a home firm put last
        std::uint32_t members = 0;
        double worth = 0, low = 0, high = 0;
        /// Scores up to which a firm may rise without a change of the value: anywhere, at home.
        double free = 0, free_home = 0;
    };

    explicit SeatPricer(const Ground& ground) : ground_(&ground) {}

    /// Takes the near kinds of a seat of a rule at these offers, count(kind) firms of each.
    template <class Count>
    void load(const Ground::Rule& rule, std::uint32_t seat, const std::vector<double>& offer,
              const Count& count) {
        rule_ = &rule;
        items_.clear();
        added_.clear();
        in_reach_ = 0;
        for (const Ground::Near& near : rule.near(seat)) {
            add_spot(near.spot, near.km, seat, offer, count);
        }
    }

    /// Takes the kinds of a spot beyond the near ones.
    template <class Count>
    void add_far(std::uint32_t spot, double km, std::uint32_t seat,
                 const std::vector<double>& offer, const Count& count) {
        add_spot(spot, km, seat, offer, count);
        added_.push_back(spot);
    }
    [[nodiscard]] bool has_far(std::uint32_t spot) const {
        return std::find(added_.begin(), added_.end(), spot) != added_.end();
    }

    [[nodiscard]] const std::vector<Item>& items() const { return items_; }
    [[nodiscard]] std::size_t in_reach() const { return in_reach_; }

  private:
    template <class Count>
    void add_spot(std::uint32_t spot, double km, std::uint32_t seat,
                  const std::vector<double>& offer, const Count& count) {
        const double travel = rule_->per_km * km;
        for (const std::uint32_t c : rule_->kinds_at(spot)) {
            const std::uint32_t firms = count(c);
            if (firms == 0) continue;
            items_.push_back(
                {offer[c] - travel, ground_->low(c), ground_->high(c), c, firms, spot == seat});
            in_reach_ += firms;
        }
    }

  public:
    /// Least upper bound found of the worth of a group, less the opening cost. `mu` is where to
    /// start, and where it was found. Values below `enough` need not be told apart.
    double upper(double& mu, double enough) {
        two_sets_ = false;
        share_ = 1;
        if (!take(0, left_)) return -HUGE_VAL;
        const double start = mu;
        mu = 0;
        const double opening = rule_->opening;
        const bool few = left_.high<rule_->lowest, many = left_.low> rule_->highest;
        double best = left_.worth - opening;
        if ((!few && !many) || best <= enough) return best;
        const double sign = few ? 1 : -1;
        const double target = few ? rule_->lowest : rule_->highest;
        const auto sum = [&](const Set& set) { return few ? set.high : set.low; };
        const auto value = [&](const Set& set, double m) {
            return set.worth + m * (sum(set) - target) - opening;
        };
        const auto reaches = [&](const Set& set) { return sign * (sum(set) - target) >= 0; };
        double size =
            start * sign > 0 ? start * sign : std::max(std::fabs(left_.worth), 1e-9) / target;
        bool bracketed = false;
        for (int step = 0; step < 60; ++step) {
            if (!take(sign * size, right_)) return -HUGE_VAL;
            const double v = value(right_, sign * size);
            if (v < best) {
                best = v;
                mu = sign * size;
            }
            if (reaches(right_)) {
                bracketed = true;
                break;
            }
            if (best <= enough) return best;
            std::swap(left_, right_);
            size *= 4;
        }
        if (!bracketed) return best;  // no set reaches the limit: the value falls without end
        for (int step = 0; step < 40 && best > enough; ++step) {
            const double m = (left_.worth - right_.worth) / (sum(right_) - sum(left_));
            const double line = value(left_, m);
            if (!(line < best - 1e-12 * (1 + std::fabs(best)))) break;
            take(m, middle_);
            const double v = value(middle_, m);
            if (v < best) {
                best = v;
                mu = m;
            }
            if (v <= line + 1e-12 * (1 + std::fabs(line))) break;
            std::swap(reaches(middle_) ? right_ : left_, middle_);
        }
        two_sets_ = true;
        share_ = std::clamp((sum(right_) - target) / (sum(right_) - sum(left_)), 0.0, 1.0);
        return best;
    }

    /// Calls visit(item, firms) for the members of the relaxed best group of the last upper().
    template <class Visit>
    void each_member(const Visit& visit) const {
        for (const Taken& t : left_.taken) visit(items_[t.item], share_ * t.count);
        if (!two_sets_) return;
        for (const Taken& t : right_.taken) visit(items_[t.item], (1 - share_) * t.count);
    }

    /// The best set by worth + mu a; false if there is no lawful number of members.
    bool take(double mu, Set& set) {
        const std::uint32_t most = rule_->most;
        taken_.clear();
        std::uint32_t total = 0;
        double best_home = -HUGE_VAL;
        std::uint32_t home = 0;
        const std::size_t shift_limit = 64;
        const bool shift = most <= shift_limit;
        const auto score_of = [&](const Item& item) {
            return mu == 0 ? item.worth : item.worth + mu * (mu > 0 ? item.high : item.low);
        };
        for (std::uint32_t k = 0; k < items_.size(); ++k) {
            const Item& item = items_[k];
            const double score = score_of(item);
            if (item.home && score > best_home) {
                best_home = score;
                home = k;
            }
            if (score <= 0) continue;
            if (!shift) {
                taken_.push_back({score, k, item.count});
                total += item.count;
                continue;
            }
            if (total >= most && score <= taken_.back().score) continue;
            std::size_t at = taken_.size();
            taken_.push_back({score, k, item.count});
            for (; at > 0 && taken_[at - 1].score < score; --at) taken_[at] = taken_[at - 1];
            taken_[at] = {score, k, item.count};
            total += item.count;
            while (total - taken_.back().count >= most) {
                total -= taken_.back().count;
                taken_.pop_back();
            }
        }
        if (!shift && total > most) {
            std::sort(taken_.begin(), taken_.end(), [](const Taken& p, const Taken& q) {
                return p.score > q.score || (p.score == q.score && p.item < q.item);
            });
            while (total - taken_.back().count >= most) {
                total -= taken_.back().count;
                taken_.pop_back();
            }
        }
        if (total > most) {
            taken_.back().count -= total - most;
            total = most;
        }
        set.free = total < most ? 0 : taken_.back().score;
        set.free_home = set.free;
        if (best_home == -HUGE_VAL) return false;
        const bool at_home = std::any_of(taken_.begin(), taken_.end(),
                                         [&](const Taken& t) { return items_[t.item].home; });
        if (!at_home) {
            if (total == most) {
                --total;
                if (--taken_.back().count == 0) taken_.pop_back();
            }
            set.free = total + 1 < most || taken_.empty() ? 0 : taken_.back().score;
            set.free_home = best_home;
            taken_.push_back({best_home, home, 1});
            ++total;
        }
        if (total < rule_->least) {
            if (in_reach_ < rule_->least) return false;
            fill_up(score_of, at_home ? none_forced : home, total);
            set.free = taken_.back().score;
            set.free_home = std::max(set.free, std::min(set.free_home, best_home));
        }
        set.taken = taken_;
        set.members = total;
        set.worth = set.low = set.high = 0;
        for (const Taken& t : set.taken) {
            const Item& item = items_[t.item];
            set.worth += t.count * item.worth;
            set.low += t.count * item.low;
            set.high += t.count * item.high;
        }
        return true;
    }

  private:
    static constexpr std::uint32_t none_forced = Ground::none;

    /// Takes firms that cost, the cheapest first, until there are enough members. One firm of
    /// `forced` is taken already.
    template <class Score>
    void fill_up(const Score& score_of, std::uint32_t forced, std::uint32_t& total) {
        std::vector<Taken> rest;
        for (std::uint32_t k = 0; k < items_.size(); ++k) {
            const double score = score_of(items_[k]);
            const std::uint32_t left = items_[k].count - (k == forced ? 1 : 0);
            if (score <= 0 && left > 0) rest.push_back({score, k, left});
        }
        std::sort(rest.begin(), rest.end(), [](const Taken& p, const Taken& q) {
            return p.score > q.score || (p.score == q.score && p.item < q.item);
        });
        for (Taken t : rest) {
            if (total >= rule_->least) break;
            t.count = std::min(t.count, rule_->least - total);
            total += t.count;
            taken_.push_back(t);
        }
    }

    const Ground* ground_;
    const Ground::Rule* rule_ = nullptr;
    std::vector<Item> items_;
    std::vector<std::uint32_t> added_;
    std::size_t in_reach_ = 0;
    std::vector<Taken> taken_;
    Set left_, right_, middle_;
    bool two_sets_ = false;
    double share_ = 1;
};

}  // namespace libmatch::detail
