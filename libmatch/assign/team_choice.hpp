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
#include <libmatch/score/skill_rows.hpp>

namespace libmatch::detail {

/// Members in any order; the rest is missing.
using TeamMembers = std::array<AdviserId, Team::most_members>;

/// A member, its utility and its price.
struct PricedMember {
    AdviserId adviser;
    double utility = 0;
    double price = 0;
};

/// The positions of the `wanted` largest values, or of all, ascending; of equal ones the first.
inline void positions_of_largest(const std::vector<double>& values, std::size_t wanted,
                                 std::vector<std::uint32_t>& out) {
    out.clear();
    if (wanted == 0) return;
    const auto before = [&](std::uint32_t a, std::uint32_t b) {
        return values[a] != values[b] ? values[a] > values[b] : a < b;
    };
    double floor = -HUGE_VAL;
    const auto cut = [&] {
        const auto last = out.begin() + static_cast<std::ptrdiff_t>(wanted) - 1;
        std::nth_element(out.begin(), last, out.end(), before);
        floor = values[*last];
        out.resize(wanted);
    };
    for (std::size_t x = 0; x < values.size(); ++x) {
        if (out.size() >= wanted && values[x] <= floor) continue;
        out.push_back(static_cast<std::uint32_t>(x));
        if (out.size() == 2 * wanted) cut();
    }
    if (out.size() > wanted) cut();
    std::sort(out.begin(), out.end());
}

class TeamChoice {
  public:
    /// `rows`: the skills of the team.
    TeamChoice(const Team& team, const SkillRows& rows) : team_(team), rows_(rows) {}

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
        wanted_.clear(rows_.width());
        for (std::size_t k = 0; k < skill_.size(); ++k) {
            wanted_.need[skill_[k]] = need_[k];
            wanted_.weight[skill_[k]] = weight_[k];
            wanted_.base[skill_[k]] = base_[k];
        }
        addable_ = 0;
        for (std::size_t k = 0; k < skill_.size(); ++k) addable_ += most(k);
        addable_ += error(full_);
        offer_.clear();
        id_.clear();
    }

    /// False for whoever costs more than all needs that the pins leave, at any price from 0.
    [[nodiscard]] bool may_add(double utility) const { return utility >= -addable_; }
    /// A member that the firm may take; each adviser once, no pin.
    void offer(AdviserId j, double utility, double price) {
        if (room_ == 0) return;
        offer_.push_back({j, utility, price});
        id_.push_back(j.value);
    }

    /// `thresholds`: one per skill of the team, in and out: any give an answer, good ones soon.
    /// `steps`: subgradient steps at most.
    void solve(std::span<float> thresholds, int steps) {
        best_ = pinned_;
        floor_ = pinned_ - error(pinned_size_);
        best_count_ = 0;
        contenders_.clear();
        contenders_.push_back({pinned_, error(pinned_size_), {}, 0});
        beyond_ = -HUGE_VAL;
        teams_ = 0;
        bonus_.clear();
        if (room_ == 0 || offer_.empty()) return;
        read(thresholds);
        set_net();
        weigh();
        gather_near();
        take_greedily();
        if (lower(steps)) weigh();
        look();
        write(thresholds);
    }

    [[nodiscard]] std::size_t offers() const { return offer_.size(); }
    /// How much each offer can add at most over the thresholds; after solve.
    [[nodiscard]] const std::vector<double>& bonuses() const { return bonus_; }
    /// Whether offer x is in the best team.
    [[nodiscard]] bool taken(std::size_t x) const {
        const auto end = best_team_.begin() + static_cast<std::ptrdiff_t>(best_count_);
        return std::find(best_team_.begin(), end, x) != end;
    }
    [[nodiscard]] AdviserId adviser(std::size_t x) const { return offer_[x].adviser; }
    [[nodiscard]] double utility(std::size_t x) const { return offer_[x].utility; }

    /// The best team, without the pins, sorted; `value` is net and includes them.
    [[nodiscard]] TeamMembers members() const {
        TeamMembers team{};
        for (std::size_t x = 0; x < best_count_; ++x) {
            const AdviserId j = offer_[best_team_[x]].adviser;
            std::size_t at = x;
            for (; at > 0 && j < team[at - 1]; --at) team[at] = team[at - 1];
            team[at] = j;
        }
        return team;
    }
    [[nodiscard]] double value() const { return best_; }

    /// Adds what the best team is worth, or a little more: never less. Of teams that rounding
    /// cannot tell apart the best one is then exactly the best, if they are few.
    void add_most(ExactSum& sum) {
        std::erase_if(contenders_, [&](const Contender& c) { return c.value + c.error < floor_; });
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
    /// l_jk of an offer above the pins.
    [[nodiscard]] double level(std::size_t x, std::size_t k) const {
        const double skill = rows_.skill(id_[x], skill_[k]);
        return std::max(0.0, weight_[k] * std::min(need_[k], skill) - base_[k]);
    }

    void read(std::span<const float> thresholds) {
        threshold_.resize(skill_.size());
        for (std::size_t k = 0; k < skill_.size(); ++k)
            threshold_[k] = std::clamp(static_cast<double>(thresholds[skill_[k]]), 0.0, most(k));
    }
    void write(std::span<float> thresholds) const {
        for (std::size_t k = 0; k < skill_.size(); ++k)
            thresholds[skill_[k]] = static_cast<float>(threshold_[k]);
    }
    /// That members can add to skill k beside the pins.
    [[nodiscard]] double most(std::size_t k) const {
        return std::max(0.0, weight_[k] * need_[k] - base_[k]);
    }

    void set_net() {
        net_.resize(offer_.size());
        slack_.resize(offer_.size());
        const double part = error(1);
        for (std::size_t x = 0; x < offer_.size(); ++x) {
            net_[x] = offer_[x].utility - offer_[x].price;
            slack_[x] = part * size_of(x);
        }
    }

    /// r_j of every offer at the thresholds, from above.
    void weigh() {
        for (std::size_t k = 0; k < skill_.size(); ++k)
            wanted_.threshold[skill_[k]] = threshold_[k];
        bonus_ = net_;
        rows_.add_gains(wanted_, id_, bonus_.data());
        for (std::size_t x = 0; x < bonus_.size(); ++x) bonus_[x] += slack_[x];
        total_ = pinned_ + error(pinned_size_);
        for (const double t : threshold_) total_ += t + error(t);
    }

    // ---- the offers that count, close together ----

    void gather_near() {
        constexpr std::size_t most_near = 48;
        positions_of_largest(bonus_, most_near, near_);
        near_level_.resize(near_.size() * skill_.size());
        for (std::size_t k = 0; k < skill_.size(); ++k) {
            for (std::size_t y = 0; y < near_.size(); ++y)
                near_level_[k * near_.size() + y] = level(near_[y], k);
        }
    }
    /// What each of them adds over these levels.
    const std::vector<double>& gains_over(const std::vector<double>& levels) {
        const std::size_t count = near_.size();
        gain_.resize(count);
        for (std::size_t y = 0; y < count; ++y) gain_[y] = net_[near_[y]];
        double* sum = gain_.data();
        for (std::size_t k = 0; k < skill_.size(); ++k) {
            const double* from = near_level_.data() + k * count;
            const double t = levels[k];
            for (std::size_t y = 0; y < count; ++y) sum[y] += std::max(0.0, from[y] - t);
        }
        return gain_;
    }

    void take_greedily() {
        held_.assign(skill_.size(), 0.0);
        double value = pinned_, size = pinned_size_;
        Positions team{};
        for (std::size_t count = 0; count < room_; ++count) {
            const std::vector<double>& gain = gains_over(held_);
            double most = 0;
            std::size_t best = near_.size();
            const auto end = team.begin() + static_cast<std::ptrdiff_t>(count);
            for (std::size_t y = 0; y < near_.size(); ++y) {
                if (gain[y] > most && std::find(team.begin(), end, near_[y]) == end) {
                    most = gain[y];
                    best = y;
                }
            }
            if (best == near_.size()) return;
            for (std::size_t k = 0; k < skill_.size(); ++k)
                held_[k] = std::max(held_[k], near_level_[k * near_.size() + best]);
            team[count] = near_[best];
            value += most;
            size += size_of(near_[best]);
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
                          [&](const Contender& c) { return c.value + c.error < floor_; });
            if (contenders_.size() == many) {
                beyond_ = std::max(beyond_, value + 2 * off);
                return;
            }
        }
        contenders_.push_back({value, off, team, count});
    }

    /// Thresholds by subgradient steps of the length that would reach the best team if the dual
    /// were that simple (Polyak). True if they changed.
    bool lower(int steps) {
        const std::size_t skills = skill_.size(), width = near_.size();
        trial_ = threshold_;
        double least = HUGE_VAL;
        bool changed = false;
        const double enough = 1e-6 * full_;
        for (int step = 0; skills > 0; ++step) {
            const std::vector<double>& gain = gains_over(trial_);
            std::size_t count = 0;
            std::array<double, Team::most_members> value{};
            Positions team{};
            for (std::size_t y = 0; y < width; ++y) {
                const double sum = gain[y];
                if (!(sum > 0) || (count == room_ && !(sum > value[count - 1]))) continue;
                std::size_t at = count < room_ ? count++ : count - 1;
                for (; at > 0 && value[at - 1] < sum; --at) {
                    value[at] = value[at - 1];
                    team[at] = team[at - 1];
                }
                value[at] = sum;
                team[at] = static_cast<std::uint32_t>(y);
            }
            double bound = pinned_;
            for (const double t : trial_) bound += t;
            for (std::size_t x = 0; x < count; ++x) bound += value[x];
            if (bound < least) {
                least = bound;
                threshold_ = trial_;
                changed = step > 0;
            }
            const double distance = bound - best_;
            if (step >= steps || distance <= enough) break;
            double length = 0;
            slope_.assign(skills, 1.0);
            for (std::size_t k = 0; k < skills; ++k) {
                const double* from = near_level_.data() + k * width;
                for (std::size_t x = 0; x < count; ++x)
                    slope_[k] -= from[team[x]] > trial_[k] ? 1.0 : 0.0;
                if (slope_[k] > 0 && trial_[k] == 0) slope_[k] = 0;
                length += slope_[k] * slope_[k];
            }
            if (length == 0) break;
            for (std::size_t k = 0; k < skills; ++k)
                trial_[k] = std::clamp(trial_[k] - distance / length * slope_[k], 0.0, most(k));
        }
        return changed;
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
            double value = net + net_[x];
            for (std::size_t k = 0; k < skills; ++k)
                value += next[k] = std::max(held[k], level(x, k));
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
    [[nodiscard]] ExactSum best_of_contenders() {
        ExactSum best = exact(contenders_.front());
        std::size_t at = 0;
        for (std::size_t c = 1; c < contenders_.size(); ++c) {
            const ExactSum other = exact(contenders_[c]);
            ExactSum more = other;
            more.subtract(best);
            if (!(more.up() > 0)) continue;
            best = other;
            at = c;
        }
        best_ = contenders_[at].value;
        best_team_ = contenders_[at].team;
        best_count_ = contenders_[at].count;
        return best;
    }

    static constexpr std::int64_t most_teams = 200'000;

    const Team& team_;
    const SkillRows& rows_;
    SkillRows::Wanted wanted_;
    std::size_t room_ = 0;
    std::vector<PricedMember> pins_, offer_;
    std::vector<std::size_t> skill_;     ///< those that the firm needs
    std::vector<double> need_, weight_;  ///< of them
    std::vector<double> base_;           ///< covered by the pins
    std::vector<std::uint32_t> id_;      ///< advisers of the offers
    std::vector<double> net_, slack_;    ///< u - p of the offers, and what rounding can do to it
    std::vector<double> bonus_;          ///< r_j of the offers, from above
    std::vector<std::uint32_t> near_, kept_;
    std::vector<double> near_level_, gain_;
    std::vector<double> threshold_, trial_, slope_, held_, path_;
    std::array<double, Team::most_members> top_{};
    double pinned_ = 0, pinned_size_ = 0;  ///< net value of the pins alone
    double full_ = 0;                      ///< all needs covered
    double addable_ = 0;                   ///< what they leave of it, from above
    double total_ = 0;                     ///< the pins and all thresholds, from above
    double best_ = 0, floor_ = 0, beyond_ = -HUGE_VAL;
    Positions best_team_{};
    std::size_t best_count_ = 0;
    std::vector<Contender> contenders_;
    std::int64_t teams_ = 0;
};

}  // namespace libmatch::detail
