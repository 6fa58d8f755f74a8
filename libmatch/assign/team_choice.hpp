// The best team of one firm at given prices, and a proof that no other is better.
//
// Problem: max over teams S of at most d of the advisers offered (beside the firm's pins, which
// are in every team) of
//
//   sum over S of (u_j - p_j) + sum_k max over S of l_jk,   l_jk = w_k min(need_k, skill_jk).
//
// Method: thresholds t_k >= 0, the prices of the firm's skills. As max over S of x_j is at most
// t + sum over S of (x_j - t)^+, every team is worth at most
//
//   sum_k t_k + sum over S of r_j,   r_j = u_j - p_j + sum_k (l_jk - t_k)^+
//
// (the dual of a facility location). Subgradient steps make this small for the best team known, and
// branch and bound in falling order of r_j looks at all teams that may still be better; few are.
// Rounding: r_j and t are taken from above and values from below where a team is let go, by more
// than the error of their sums; teams that rounding cannot tell apart are compared exactly.
// Complexity: O(offers x skills) and the teams looked at, which are bounded; beyond, the dual value
// stands for the best. Preconditions: d <= Team::most_members. Deterministic; ties go to the team
// found first. Source: G. Cornuejols, M. L. Fisher, G. L. Nemhauser, "Location of bank accounts to
// optimize float", Management Science 23, 1977; docs/model.md, Teams.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/types.hpp>
#include <libmatch/model/team.hpp>

namespace libmatch::detail {

/// Members in any order; the rest is missing.
using TeamMembers = std::array<AdviserId, Team::most_members>;

/// A member, its utility and its price.
struct PricedMember {
    AdviserId adviser;
    double utility = 0;
    double price = 0;
};

class TeamChoice {
  public:
    explicit TeamChoice(const Team& team) : team_(team) {}

    /// Another firm. `room`: members beside the pins, at most. Offers follow.
    void begin(FirmId i, std::size_t room, std::span<const PricedMember> pins) {
        const auto need = team_.need_of(i), weight = team_.weight_of(i);
        room_ = std::min(room, static_cast<std::size_t>(Team::most_members) - pins.size());
        pins_.assign(pins.begin(), pins.end());
        skill_.clear();
        need_.clear();
        weight_.clear();
        for (std::size_t k = 0; k < need.size(); ++k) {
            if (!(need[k] > 0 && weight[k] > 0)) continue;
            skill_.push_back(k);
            need_.push_back(need[k]);
            weight_.push_back(weight[k]);
        }
        base_.assign(skill_.size(), 0.0);
        pinned_ = pinned_size_ = full_ = 0;
        for (std::size_t k = 0; k < skill_.size(); ++k) full_ += weight_[k] * need_[k];
        for (const PricedMember& p : pins_) {
            const auto skill = team_.skill_of(p.adviser);
            for (std::size_t k = 0; k < skill_.size(); ++k)
                base_[k] = std::max(base_[k], weight_[k] * std::min(need_[k], skill[skill_[k]]));
            pinned_ += p.utility - p.price;
            pinned_size_ += std::fabs(p.utility) + std::fabs(p.price);
        }
        for (const double level : base_) pinned_ += level;
        pinned_size_ += full_;
        offer_.clear();
        net_.clear();
        level_.clear();
    }

    /// A member that the firm may take; each adviser once, no pin.
    void offer(AdviserId j, double utility, double price) {
        if (room_ == 0) return;
        offer_.push_back({j, utility, price});
        net_.push_back(utility - price);
        const std::size_t skills = skill_.size();
        const std::size_t at = level_.size();
        level_.resize(at + skills);
        const double* skill = team_.skill.data() + j.value * team_.skills;
        for (std::size_t k = 0; k < skills; ++k) {
            const double level = weight_[k] * std::min(need_[k], skill[skill_[k]]);
            level_[at + k] = std::max(0.0, level - base_[k]);
        }
    }

    /// `thresholds`: one per skill of the team, in and out: any give an answer, good ones soon.
    /// `steps`: subgradient steps at most.
    void solve(std::span<float> thresholds, int steps) {
        read(thresholds);
        best_ = pinned_;
        floor_ = pinned_ - error(pinned_size_);
        best_count_ = 0;
        contenders_.clear();
        contenders_.push_back({pinned_, error(pinned_size_), {}, 0});
        beyond_ = -HUGE_VAL;
        teams_ = 0;
        bonus_.clear();
        if (room_ == 0 || offer_.empty()) return;
        take_greedily();
        lower(steps);
        weigh(threshold_);
        look();
        write(thresholds);
    }

    [[nodiscard]] std::size_t offers() const { return offer_.size(); }
    /// How much offer x can add at most over the thresholds; after solve.
    [[nodiscard]] double bonus(std::size_t x) const { return bonus_[x]; }
    [[nodiscard]] AdviserId adviser(std::size_t x) const { return offer_[x].adviser; }
    [[nodiscard]] double utility(std::size_t x) const { return offer_[x].utility; }

    /// The best team, without the pins, sorted; `value` is net and includes them.
    [[nodiscard]] TeamMembers members() const {
        TeamMembers team{};
        for (std::size_t x = 0; x < best_count_; ++x) team[x] = offer_[best_team_[x]].adviser;
        std::sort(team.begin(), team.begin() + static_cast<std::ptrdiff_t>(best_count_));
        return team;
    }
    [[nodiscard]] double value() const { return best_; }

    /// Adds what the best team is worth, or a little more: never less.
    void add_most(ExactSum& sum) {
        std::erase_if(contenders_,
                      [&](const Contender& c) { return !(c.value + c.error > floor_); });
        double most = beyond_;
        constexpr std::size_t few = 64;
        if (most == -HUGE_VAL && contenders_.size() <= few) {
            sum.add(best_of_contenders());
            return;
        }
        for (const Contender& c : contenders_) most = std::max(most, c.value + 2 * c.error);
        sum.add(most);
    }

  private:
    using Positions = std::array<std::uint32_t, Team::most_members>;
    /// A team that rounding cannot tell from the best.
    struct Contender {
        double value = 0;
        double error = 0;
        Positions team{};
        std::size_t count = 0;
    };

    /// More than rounding can take from or add to a sum of terms of this size in all.
    [[nodiscard]] double error(double size) const {
        return static_cast<double>(skill_.size() + Team::most_members + 12) * 0x1p-52 * size;
    }
    [[nodiscard]] double size_of(std::size_t x) const {
        return std::fabs(offer_[x].utility) + std::fabs(offer_[x].price) + full_;
    }
    [[nodiscard]] const double* levels(std::size_t x) const {
        return level_.data() + x * skill_.size();
    }

    void read(std::span<const float> thresholds) {
        threshold_.resize(skill_.size());
        for (std::size_t k = 0; k < skill_.size(); ++k) {
            const double most = weight_[k] * need_[k] - base_[k];
            threshold_[k] =
                std::clamp(static_cast<double>(thresholds[skill_[k]]), 0.0, std::max(0.0, most));
        }
    }
    void write(std::span<float> thresholds) const {
        for (std::size_t k = 0; k < skill_.size(); ++k)
            thresholds[skill_[k]] = static_cast<float>(threshold_[k]);
    }

    // ---- a first team ----

    void take_greedily() {
        const std::size_t skills = skill_.size();
        held_.assign(skills, 0.0);
        double value = pinned_, size = pinned_size_;
        Positions team{};
        for (std::size_t count = 0; count < room_; ++count) {
            double most = 0;
            std::size_t best = offer_.size();
            for (std::size_t x = 0; x < offer_.size(); ++x) {
                const double* level = levels(x);
                double gain = net_[x];
                for (std::size_t k = 0; k < skills; ++k) gain += std::max(0.0, level[k] - held_[k]);
                const auto end = team.begin() + static_cast<std::ptrdiff_t>(count);
                if (gain > most && std::find(team.begin(), end, x) == end) {
                    most = gain;
                    best = x;
                }
            }
            if (best == offer_.size()) return;
            for (std::size_t k = 0; k < skills; ++k)
                held_[k] = std::max(held_[k], levels(best)[k]);
            team[count] = static_cast<std::uint32_t>(best);
            value += most;
            size += size_of(best);
            consider(value, size, team, count + 1);
        }
    }

    void consider(double value, double size, const Positions& team, std::size_t count) {
        const double off = error(size);
        if (!(value + off > floor_)) return;
        if (value > best_) {
            best_ = value;
            best_team_ = team;
            best_count_ = count;
        }
        floor_ = std::max(floor_, value - off);
        constexpr std::size_t many = 256;
        if (contenders_.size() == many) {
            std::erase_if(contenders_,
                          [&](const Contender& c) { return !(c.value + c.error > floor_); });
            if (contenders_.size() == many) {
                beyond_ = std::max(beyond_, value + 2 * off);
                return;
            }
        }
        contenders_.push_back({value, off, team, count});
    }

    // ---- thresholds ----

    /// r_j of every offer at these thresholds, from above.
    void weigh(const std::vector<double>& threshold) {
        const std::size_t skills = skill_.size();
        bonus_.resize(offer_.size());
        for (std::size_t x = 0; x < offer_.size(); ++x) {
            const double* level = levels(x);
            double sum = net_[x];
            for (std::size_t k = 0; k < skills; ++k) sum += std::max(0.0, level[k] - threshold[k]);
            bonus_[x] = sum + error(size_of(x));
        }
        total_ = pinned_ + error(pinned_size_);
        for (const double t : threshold) total_ += t + error(t);
    }

    /// Subgradient steps of the length that would reach the best team if it were that simple
    /// (Polyak), on the offers that count.
    void lower(int steps) {
        const std::size_t skills = skill_.size();
        if (steps <= 0 || skills == 0) return;
        weigh(threshold_);
        near_.resize(offer_.size());
        for (std::size_t x = 0; x < offer_.size(); ++x) near_[x] = static_cast<std::uint32_t>(x);
        constexpr std::size_t most_near = 48;
        if (near_.size() > most_near) {
            std::nth_element(near_.begin(), near_.begin() + most_near, near_.end(),
                             [&](auto a, auto b) {
                                 return bonus_[a] != bonus_[b] ? bonus_[a] > bonus_[b] : a < b;
                             });
            near_.resize(most_near);
        }
        std::vector<double>& trial = trial_;
        trial = threshold_;
        double least = HUGE_VAL;
        const double enough = 1e-6 * std::max(full_, 1e-300);
        for (int step = 0;; ++step) {
            // the best few of the near offers at the trial thresholds
            std::size_t count = 0;
            std::array<double, Team::most_members> value{};
            Positions team{};
            for (const std::uint32_t x : near_) {
                const double* level = levels(x);
                double sum = net_[x];
                for (std::size_t k = 0; k < skills; ++k) sum += std::max(0.0, level[k] - trial[k]);
                if (!(sum > 0) || (count == room_ && !(sum > value[count - 1]))) continue;
                std::size_t at = count < room_ ? count++ : count - 1;
                for (; at > 0 && value[at - 1] < sum; --at) {
                    value[at] = value[at - 1];
                    team[at] = team[at - 1];
                }
                value[at] = sum;
                team[at] = x;
            }
            double bound = pinned_;
            for (const double t : trial) bound += t;
            for (std::size_t x = 0; x < count; ++x) bound += value[x];
            if (bound < least) {
                least = bound;
                threshold_ = trial;
            }
            const double distance = bound - best_;
            if (step == steps || distance <= enough) return;
            slope_.assign(skills, 1.0);
            for (std::size_t x = 0; x < count; ++x) {
                const double* level = levels(team[x]);
                for (std::size_t k = 0; k < skills; ++k)
                    slope_[k] -= level[k] > trial[k] ? 1.0 : 0.0;
            }
            double length = 0;
            for (std::size_t k = 0; k < skills; ++k) {
                if (slope_[k] > 0 && trial[k] == 0) slope_[k] = 0;
                length += slope_[k] * slope_[k];
            }
            if (length == 0) return;
            for (std::size_t k = 0; k < skills; ++k) {
                const double most = std::max(0.0, weight_[k] * need_[k] - base_[k]);
                trial[k] = std::clamp(trial[k] - distance / length * slope_[k], 0.0, most);
            }
        }
    }

    // ---- all teams that may be better ----

    void look() {
        const std::size_t others = room_ - 1;
        top_.fill(0);
        for (const double bonus : bonus_) {
            if (!(bonus > top_[0])) continue;
            std::size_t at = 0;
            for (; at + 1 < others && bonus > top_[at + 1]; ++at) top_[at] = top_[at + 1];
            if (others > 0) top_[at] = bonus;
        }
        double most = total_;
        for (std::size_t x = 0; x < others; ++x) most += top_[x];
        kept_.clear();
        for (std::size_t x = 0; x < bonus_.size(); ++x) {
            if (most + bonus_[x] > floor_) kept_.push_back(static_cast<std::uint32_t>(x));
        }
        std::sort(kept_.begin(), kept_.end(), [&](auto a, auto b) {
            return bonus_[a] != bonus_[b] ? bonus_[a] > bonus_[b] : a < b;
        });
        path_.resize((room_ + 1) * skill_.size());
        std::fill(path_.begin(), path_.end(), 0.0);
        Positions team{};
        descend(0, 0, total_, pinned_, pinned_size_, team);
    }

    void descend(std::size_t depth, std::size_t from, double bound, double net, double size,
                 Positions& team) {
        const std::size_t skills = skill_.size(), left = room_ - depth;
        const double* held = path_.data() + depth * skills;
        double* next = path_.data() + (depth + 1) * skills;
        for (std::size_t at = from; at < kept_.size(); ++at) {
            const std::uint32_t x = kept_[at];
            double most = bound + bonus_[x];
            for (std::size_t y = at + 1; y < std::min(kept_.size(), at + left); ++y)
                most += std::max(0.0, bonus_[kept_[y]]);
            if (!(most > floor_)) return;
            if (++teams_ > most_teams) {  // the dual value is true for all that is left
                beyond_ = std::max(beyond_, most);
                return;
            }
            const double* level = levels(x);
            double value = net + net_[x];
            for (std::size_t k = 0; k < skills; ++k)
                value += next[k] = std::max(held[k], level[k]);
            team[depth] = x;
            const double grown = size + size_of(x);
            consider(value, grown, team, depth + 1);
            if (left > 1) descend(depth + 1, at + 1, bound + bonus_[x], net + net_[x], grown, team);
        }
    }

    // ---- the proof ----

    [[nodiscard]] ExactSum exact(const Contender& c) const {
        ExactSum sum;
        const auto add = [&](const PricedMember& p) {
            sum.add(p.utility);
            sum.add(-p.price);
        };
        for (const PricedMember& p : pins_) add(p);
        for (std::size_t x = 0; x < c.count; ++x) add(offer_[c.team[x]]);
        for (std::size_t k = 0; k < skill_.size(); ++k) {
            double most = 0;
            for (const PricedMember& p : pins_)
                most = std::max(most, team_.skill_of(p.adviser)[skill_[k]]);
            for (std::size_t x = 0; x < c.count; ++x)
                most = std::max(most, team_.skill_of(offer_[c.team[x]].adviser)[skill_[k]]);
            sum.add_product(weight_[k], std::min(need_[k], most));
        }
        return sum;
    }
    [[nodiscard]] ExactSum best_of_contenders() const {
        ExactSum best = exact(contenders_.front());
        for (std::size_t c = 1; c < contenders_.size(); ++c) {
            const ExactSum other = exact(contenders_[c]);
            ExactSum more = other;
            more.subtract(best);
            if (more.up() > 0) best = other;
        }
        return best;
    }

    static constexpr std::int64_t most_teams = 200'000;

    const Team& team_;
    std::size_t room_ = 0;
    std::vector<PricedMember> pins_, offer_;
    std::vector<std::size_t> skill_;      ///< those that the firm needs
    std::vector<double> need_, weight_;   ///< of them
    std::vector<double> base_;            ///< covered by the pins
    std::vector<double> net_;             ///< u - p of the offers
    std::vector<double> level_;           ///< l_jk above the pins, by offers
    std::vector<double> bonus_;           ///< r_j of the offers, from above
    std::vector<double> threshold_, trial_, slope_, held_, path_;
    std::vector<std::uint32_t> near_, kept_;
    std::array<double, Team::most_members> top_{};
    double pinned_ = 0, pinned_size_ = 0;  ///< net value of the pins alone
    double full_ = 0;                      ///< all needs covered
    double total_ = 0;                     ///< the pins and all thresholds, from above
    double best_ = 0, floor_ = 0, beyond_ = -HUGE_VAL;
    Positions best_team_{};
    std::size_t best_count_ = 0;
    std::vector<Contender> contenders_;
    std::int64_t teams_ = 0;
};

}  // namespace libmatch::detail
