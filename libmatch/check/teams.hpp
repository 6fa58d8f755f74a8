// The judge's part about teams: what advisers of one firm cover together, and the best team of a
// firm at prices.
//
// Method: the covered part is added skill by skill, exactly. For the best team, each adviser's
// worth over thresholds t_k of the skills is r_j = u_j - p_j + sum_k (w_k min(need_k, skill_jk) -
// t_k)^+. Whatever the thresholds, a team is worth at most sum_k t_k + sum of its r_j, since the
// largest of several levels is at most t_k plus what each of them has above t_k. So teams are tried
// in falling order of r_j, all but those that this keeps under the best one found; a few steps
// choose thresholds that keep many. Teams whose rounded worths cannot be told apart are compared
// as exact sums. Complexity: O(advisers x skills) per firm, and the teams tried. Deterministic.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <libmatch/check/assignment_case.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/model/team.hpp>

namespace libmatch::check {

/// Calls add(weight, level) for each skill of a firm that these advisers cover together.
template <class Add>
void for_each_covered(const Team& team, FirmId i, std::span<const AdviserId> members,
                      const Add& add) {
    for (std::size_t k = 0; k < team.skills; ++k) {
        double level = 0;
        for (const AdviserId j : members)
            level = std::max(level, std::min(team.need_of(i)[k], team.skill_of(j)[k]));
        if (level > 0) add(team.weight_of(i)[k], level);
    }
}

class TeamJudge {
  public:
    TeamJudge(const AssignmentCase& problem, const AssignmentLimits& limits,
              const std::vector<double>& prices)
        : problem_(problem), limits_(limits), team_(*limits.team), prices_(prices) {}

    /// Adds the most that a team of the firm, with its pins, is worth at the prices.
    void add_best_team(FirmId i, const std::vector<AdviserId>& pins, ExactSum& sum) {
        firm_ = i;
        pins_ = pins;
        room_ = static_cast<std::size_t>(
            std::max(0, limits_.demand_of(i) - static_cast<std::int32_t>(pins.size())));
        gather();
        const Tried alone = tried({});
        best_ = {alone};
        floor_ = alone.worth - alone.error;
        if (room_ > 0 && !advisers_.empty()) {
            threshold_.assign(skills_.size(), 0.0);
            const std::vector<std::size_t> first = greedy();
            keep(first);
            choose_thresholds();
            try_all();
        }
        add_exact_best(sum);
    }

  private:
    /// A team by its places among the advisers of the firm, and how far rounding may be off.
    struct Tried {
        std::vector<std::size_t> team;
        double worth = 0;
        double error = 0;
    };

    void gather() {
        skills_.clear();
        base_.clear();
        full_ = 0;
        for (std::size_t k = 0; k < team_.skills; ++k) {
            if (!(team_.need_of(firm_)[k] > 0 && team_.weight_of(firm_)[k] > 0)) continue;
            skills_.push_back(k);
            double level = 0;
            for (const AdviserId j : pins_) level = std::max(level, covered(j, k));
            base_.push_back(level);
            full_ += team_.weight_of(firm_)[k] * team_.need_of(firm_)[k];
        }
        advisers_.clear();
        net_.clear();
        size_.clear();
        level_.clear();
        if (room_ == 0) return;
        for (std::size_t x = 0; x < problem_.advisers; ++x) {
            const AdviserId j(x);
            if (!problem_.eligible(firm_, j)) continue;
            if (std::find(pins_.begin(), pins_.end(), j) != pins_.end()) continue;
            const double u = problem_.utility(firm_, j);
            advisers_.push_back(j);
            net_.push_back(u - prices_[j]);
            size_.push_back(std::fabs(u) + std::fabs(prices_[j]) + full_);
            for (const std::size_t k : skills_) level_.push_back(covered(j, k));
        }
    }
    [[nodiscard]] double covered(AdviserId j, std::size_t k) const {
        return team_.weight_of(firm_)[k] * std::min(team_.need_of(firm_)[k], team_.skill_of(j)[k]);
    }
    [[nodiscard]] const double* levels(std::size_t x) const {
        return level_.data() + x * skills_.size();
    }
    /// More than sums of terms of this size in all can be off.
    [[nodiscard]] double off(double size) const {
        return static_cast<double>(skills_.size() + Team::most_members + 16) * 0x1p-52 * size;
    }

    // ---- teams ----

    [[nodiscard]] Tried tried(const std::vector<std::size_t>& team) const {
        Tried t{team, 0, full_};
        for (const AdviserId j : pins_) {
            const double u = problem_.utility(firm_, j);
            t.worth += u - prices_[j];
            t.error += std::fabs(u) + std::fabs(prices_[j]);
        }
        for (const std::size_t x : team) {
            t.worth += net_[x];
            t.error += size_[x];
        }
        for (std::size_t k = 0; k < skills_.size(); ++k) {
            double most = base_[k];
            for (const std::size_t x : team) most = std::max(most, levels(x)[k]);
            t.worth += most;
        }
        t.error = off(t.error);
        return t;
    }
    /// Remembers a team that may be the best.
    void keep(const std::vector<std::size_t>& team) {
        Tried t = tried(team);
        if (!(t.worth + t.error > floor_)) return;
        floor_ = std::max(floor_, t.worth - t.error);
        best_.push_back(std::move(t));
        if (best_.size() > 1'000) best_ = {best_of_all()};
    }
    /// Member by member, each the one that adds most.
    [[nodiscard]] std::vector<std::size_t> greedy() const {
        std::vector<std::size_t> team;
        std::vector<double> held = base_;
        while (team.size() < room_) {
            double most = 0;
            std::size_t who = advisers_.size();
            for (std::size_t x = 0; x < advisers_.size(); ++x) {
                if (std::find(team.begin(), team.end(), x) != team.end()) continue;
                double gain = net_[x];
                for (std::size_t k = 0; k < held.size(); ++k)
                    gain += std::max(0.0, levels(x)[k] - held[k]);
                if (gain > most) {
                    most = gain;
                    who = x;
                }
            }
            if (who == advisers_.size()) break;
            for (std::size_t k = 0; k < held.size(); ++k)
                held[k] = std::max(held[k], levels(who)[k]);
            team.push_back(who);
        }
        return team;
    }

    // ---- thresholds, above what the pins cover ----

    [[nodiscard]] double over(std::size_t x, const std::vector<double>& threshold) const {
        double r = net_[x];
        for (std::size_t k = 0; k < threshold.size(); ++k)
            r += std::max(0.0, levels(x)[k] - base_[k] - threshold[k]);
        return r;
    }
    /// Steps against the skills that several members would cover, for those that none would.
    void choose_thresholds() {
        std::vector<double> t = threshold_;
        double least = HUGE_VAL;
        std::vector<double> r(advisers_.size());
        std::vector<std::size_t> order(advisers_.size());
        constexpr int steps = 16;
        for (int step = 0; step < steps; ++step) {
            for (std::size_t x = 0; x < r.size(); ++x) r[x] = over(x, t);
            std::iota(order.begin(), order.end(), std::size_t{0});
            const std::size_t count = std::min(room_, order.size());
            std::partial_sort(
                order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                [&](std::size_t a, std::size_t b) { return r[a] != r[b] ? r[a] > r[b] : a < b; });
            double most = best_.front().worth;
            for (const double x : t) most += x;
            std::vector<double> direction(t.size(), -1.0);
            for (std::size_t c = 0; c < count && r[order[c]] > 0; ++c) {
                most += r[order[c]];
                for (std::size_t k = 0; k < t.size(); ++k) {
                    if (levels(order[c])[k] - base_[k] > t[k]) direction[k] += 1;
                }
            }
            if (most < least) {
                least = most;
                threshold_ = t;
            }
            double length = 0;
            for (const double d : direction) length += d * d;
            if (!(length > 0) || !(most > floor_)) return;
            for (std::size_t k = 0; k < t.size(); ++k)
                t[k] = std::max(0.0, t[k] + direction[k] * (most - floor_) / length);
        }
    }

    // ---- all teams but those that cannot be better ----

    void try_all() {
        std::vector<double> r(advisers_.size());
        for (std::size_t x = 0; x < r.size(); ++x) r[x] = over(x, threshold_) + off(size_[x]);
        order_.resize(r.size());
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::sort(order_.begin(), order_.end(),
                  [&](std::size_t a, std::size_t b) { return r[a] != r[b] ? r[a] > r[b] : a < b; });
        r_.clear();
        for (const std::size_t x : order_) r_.push_back(r[x]);
        double start = best_.front().worth + best_.front().error;
        for (const double t : threshold_) start += t + off(t);
        std::vector<std::size_t> team;
        extend(team, 0, start);
    }
    /// All teams that add members from place `from` on to this one, which is worth `most` at most
    /// over the thresholds.
    void extend(std::vector<std::size_t>& team, std::size_t from, double most) {
        for (std::size_t at = from; at < order_.size(); ++at) {
            double possible = most + r_[at];
            const std::size_t more = room_ - team.size() - 1;
            for (std::size_t y = at + 1; y < order_.size() && y <= at + more; ++y)
                possible += std::max(0.0, r_[y]);
            if (!(possible > floor_)) return;  // nor is any later one
            team.push_back(order_[at]);
            keep(team);
            if (more > 0) extend(team, at + 1, most + r_[at]);
            team.pop_back();
        }
    }

    // ---- the best one, exactly ----

    [[nodiscard]] ExactSum exact(const Tried& t) const {
        std::vector<AdviserId> members = pins_;
        for (const std::size_t x : t.team) members.push_back(advisers_[x]);
        ExactSum sum;
        for (const AdviserId j : members) {
            sum.add(problem_.utility(firm_, j));
            sum.add(-prices_[j]);
        }
        for_each_covered(team_, firm_, members,
                         [&](double weight, double level) { sum.add_product(weight, level); });
        return sum;
    }
    [[nodiscard]] Tried best_of_all() const {
        std::size_t best = 0;
        ExactSum worth;
        bool first = true;
        for (std::size_t c = 0; c < best_.size(); ++c) {
            if (!(best_[c].worth + best_[c].error >= floor_)) continue;
            const ExactSum other = exact(best_[c]);
            ExactSum more = other;
            more.subtract(worth);
            if (!first && !(more.up() > 0)) continue;
            first = false;
            best = c;
            worth = other;
        }
        return best_[best];
    }
    void add_exact_best(ExactSum& sum) const { sum.add(exact(best_of_all())); }

    const AssignmentCase& problem_;
    const AssignmentLimits& limits_;
    const Team& team_;
    const std::vector<double>& prices_;
    FirmId firm_;
    std::vector<AdviserId> pins_, advisers_;  ///< of the firm; the latter may join
    std::size_t room_ = 0;
    std::vector<std::size_t> skills_;  ///< those that the firm needs
    std::vector<double> base_;         ///< covered by the pins
    std::vector<double> net_, size_, level_, threshold_;
    double full_ = 0;
    double floor_ = 0;  ///< the best team is worth at least this
    std::vector<Tried> best_;
    std::vector<std::size_t> order_;
    std::vector<double> r_;
};

}  // namespace libmatch::check
