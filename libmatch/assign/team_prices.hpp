// Prices of seats at which teams ask for little more than there is.
//
// Problem: prices p >= 0 that make the dual of assignment with teams (team_problem.hpp) small.
// Method: the dual is convex and piecewise linear, with the free seats as its subgradient. Where
// firms are many it is nearly smooth, and each price moves by a step of its own towards demand
// equal to seats: the step grows while it goes one way and is halved when it turns (Rprop). The
// height of the prices is found on a sample of firms against a share of the seats, over all pairs;
// then all firms are asked, mostly on their lists, which are renewed over all pairs. Subgradient
// steps of Polyak's length, towards the worth of the best answer known, go on once there is one.
// Nothing here proves anything: every bound comes from a look over all pairs. Complexity: a bounded
// number of glances and looks. Deterministic. Source: M. Riedmiller, H. Braun, "A direct adaptive
// method for faster backpropagation learning", 1993; B. T. Polyak, "Minimization of unsmooth
// functionals", 1969; M. L. Fisher, Management Science 27, 1981.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <libmatch/assign/team_problem.hpp>

namespace libmatch::detail {

class TeamPrices {
  public:
    TeamPrices(TeamProblem& problem, double closed, const TeamWatch& watch)
        : p_(problem),
          watch_(watch),
          m_(problem.advisers()),
          prices_(m_, 0.0),
          step_(m_, 0.0),
          slope_(m_, 0.0) {
        for (std::size_t j = 0; j < m_; ++j)
            if (p_.room(AdviserId(j)) <= 0) prices_[j] = closed;
    }

    [[nodiscard]] const std::vector<double>& prices() const { return prices_; }

    /// From 0 to about their height, on a sample, and then on one four times as large.
    void rise() {
        const std::size_t sample = std::max<std::size_t>(2'000, m_);
        const std::size_t stride = std::max<std::size_t>(1, p_.firms() / sample);
        // One number for all advisers needs few firms.
        const std::size_t few = std::max(4 * stride, p_.firms() / 2'000);
        if (!find_level(few) || !climb(stride, 60)) return;
        std::fill(step_.begin(), step_.end(), 0.02 * scale_);
        if (stride >= 8 && !climb(stride / 4, 20)) return;
        std::fill(step_.begin(), step_.end(), 0.005 * scale_);
    }

    /// Single steps on the lists; ends at the best prices found.
    void settle(int glances) {
        Best best;
        for (int k = 0; k <= glances && !watch_.stop(); ++k) {
            const auto answer = p_.glance(prices_, 1, watch_);
            if (!answer.whole) break;
            best.offer(answer.value + seats(), prices_);
            if (k < glances) move(1);
        }
        best.take(prices_);
    }

    /// Steps of Polyak's length on the lists, towards `target`; ends at the best prices found.
    void polish(int glances, double target) {
        Best best;
        double factor = 1;
        int since = 0;
        for (int k = 0; k <= glances && !watch_.stop(); ++k) {
            const auto answer = p_.glance(prices_, 1, watch_);
            if (!answer.whole) break;
            const double value = answer.value + seats();
            if (best.offer(value, prices_)) {
                since = 0;
            } else if (++since == 8) {
                factor *= 0.6;
                since = 0;
                best.take(prices_);
                continue;
            }
            const std::vector<std::int64_t> load = p_.load(1);
            double length = 0;
            for (std::size_t j = 0; j < m_; ++j) {
                const double over = excess(j, load[j], 1);
                if (over > 0 || prices_[j] > 0) length += over * over;
            }
            if (length == 0 || !(value > target)) break;
            const double step = factor * (value - target) / length;
            for (std::size_t j = 0; j < m_; ++j) {
                if (p_.room(AdviserId(j)) > 0)
                    prices_[j] = std::max(0.0, prices_[j] + step * excess(j, load[j], 1));
            }
        }
        best.take(prices_);
    }

  private:
    struct Best {
        double value = HUGE_VAL;
        std::vector<double> prices;
        bool offer(double found, const std::vector<double>& at) {
            if (!(found < value)) return false;
            value = found;
            prices = at;
            return true;
        }
        void take(std::vector<double>& to) const {
            if (!prices.empty()) to = prices;
        }
    };

    /// One price for all at which about as many seats are asked for as there are. False when it
    /// was stopped.
    bool find_level(std::size_t stride) {
        double seats = 0;
        for (std::size_t j = 0; j < m_; ++j)
            seats += static_cast<double>(std::max<std::int64_t>(0, p_.room(AdviserId(j))));
        seats /= static_cast<double>(stride);
        std::vector<double> level = prices_;
        double low = 0, high = 0;
        constexpr int halvings = 6;
        for (int k = 0, halved = 0; halved < halvings; ++k) {
            const double at = high > 0 ? 0.5 * (low + high) : 2 * low;
            for (std::size_t j = 0; j < m_; ++j)
                if (p_.room(AdviserId(j)) > 0) level[j] = at;
            const auto answer = p_.look(level, stride, watch_);
            if (!answer.whole) return false;
            const std::vector<std::int64_t> load = p_.load(stride);
            const auto asked =
                static_cast<double>(std::accumulate(load.begin(), load.end(), std::int64_t{0}));
            if (k == 0) {
                if (asked == 0) return stride == 1 || find_level(1);
                scale_ = std::fabs(answer.value) / asked;
                low = 0.25 * scale_;
                if (asked <= seats || scale_ == 0) break;
                continue;
            }
            if (asked > seats) {
                low = at;
                prices_ = level;
            } else {
                high = at;
            }
            if (high > 0) ++halved;
        }
        std::fill(step_.begin(), step_.end(), 0.1 * scale_);
        return true;
    }

    /// Rounds on every `stride`-th firm, until they bring little; all pairs are looked at again
    /// where prices have moved away from those at which the lists were made. False when it was
    /// stopped.
    bool climb(std::size_t stride, int most) {
        constexpr int spell = 8;
        std::vector<double> listed;
        double before = HUGE_VAL;
        for (int round = 0; round < most; ++round) {
            const bool all = round % spell == 0 || moved(listed) > 0.03 * scale_;
            if (all) listed = prices_;
            const auto answer =
                all ? p_.look(prices_, stride, watch_) : p_.glance(prices_, stride, watch_);
            if (!answer.whole) return false;
            if (round % spell == 0) {
                const double value = answer.value + seats() / static_cast<double>(stride);
                if (before - value < 2e-3 * std::fabs(value)) break;
                before = value;
            }
            move(stride);
        }
        return true;
    }
    /// Mean distance of prices from others.
    [[nodiscard]] double moved(const std::vector<double>& from) const {
        double sum = 0;
        for (std::size_t j = 0; j < m_; ++j) sum += std::fabs(prices_[j] - from[j]);
        return sum / static_cast<double>(std::max<std::size_t>(1, m_));
    }

    /// What all seats cost, those of pins too: firms pay for their pins.
    [[nodiscard]] double seats() const {
        double sum = 0;
        for (std::size_t j = 0; j < m_; ++j)
            sum += prices_[j] * static_cast<double>(p_.seats(AdviserId(j)));
        return sum;
    }
    [[nodiscard]] double excess(std::size_t j, std::int64_t load, std::size_t stride) const {
        const auto room = static_cast<double>(p_.room(AdviserId(j)));
        return room > 0 ? static_cast<double>(load) - room / static_cast<double>(stride) : 0;
    }

    void move(std::size_t stride) {
        const std::vector<std::int64_t> load = p_.load(stride);
        for (std::size_t j = 0; j < m_; ++j) {
            const auto room = static_cast<double>(p_.room(AdviserId(j)));
            if (room <= 0) continue;
            const double seats = std::max(1.0, room / static_cast<double>(stride));
            const double slope = std::clamp(excess(j, load[j], stride) / seats, -1.0, 1.0);
            if (slope * slope_[j] > 0) step_[j] = std::min(0.3 * scale_, 1.2 * step_[j]);
            if (slope * slope_[j] < 0) step_[j] *= 0.5;
            slope_[j] = slope;
            prices_[j] = std::max(0.0, prices_[j] + step_[j] * slope);
        }
    }

    TeamProblem& p_;
    const TeamWatch& watch_;
    std::size_t m_;
    std::vector<double> prices_, step_, slope_;
    double scale_ = 0;  ///< what a member is worth
};

}  // namespace libmatch::detail
