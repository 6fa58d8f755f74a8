// Prices of seats at which teams ask for little more than there is.
//
// Problem: prices p >= 0 that make the dual of assignment with teams (team_problem.hpp) small.
// Method: the dual is convex and piecewise linear, with the free seats as its subgradient. Where
// firms are many it is nearly smooth, and each price moves by a step of its own towards demand
// equal to seats: the step grows while it goes one way and is halved when it turns (Rprop). The
// height of the prices is found on a sample of firms against a share of the seats, over all pairs;
// then all firms are asked, mostly on their lists, which are renewed over all pairs. Subgradient
// steps of Polyak's length, towards the worth of the best answer known, go on where kinks stop the
// single steps. Nothing here proves anything: every bound comes from a look over all pairs.
// Complexity: a bounded number of glances and looks. Deterministic. Source: M. Riedmiller, H.
// Braun, "A direct adaptive method for faster backpropagation learning", 1993; B. T. Polyak,
// "Minimization of unsmooth functionals", 1969; M. L. Fisher, Management Science 27, 1981.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <libmatch/assign/team_problem.hpp>
#include <libmatch/core/control.hpp>

namespace libmatch::detail {

class TeamPrices {
  public:
    TeamPrices(TeamProblem& problem, double closed, Control& control)
        : p_(problem),
          control_(control),
          m_(problem.advisers()),
          prices_(m_, 0.0),
          step_(m_, 0.0),
          slope_(m_, 0.0) {
        for (std::size_t j = 0; j < m_; ++j)
            if (p_.room(AdviserId(j)) <= 0) prices_[j] = closed;
    }

    [[nodiscard]] const std::vector<double>& prices() const { return prices_; }

    /// From 0 to about their height, on a sample.
    void rise() {
        const std::size_t sample = std::max<std::size_t>(2'000, 8 * m_);
        const std::size_t stride = std::max<std::size_t>(1, p_.firms() / sample);
        constexpr int rounds = 40;
        for (int round = 0; round < rounds && !control_.stop(); ++round) {
            const bool all = round < 5 || round % 8 == 0;
            const auto answer =
                all ? p_.look(prices_, stride, control_) : p_.glance(prices_, stride, control_);
            if (!answer.whole) return;
            if (round == 0) {
                const auto asked = static_cast<double>((p_.firms() + stride - 1) / stride);
                scale_ = std::fabs(answer.value) / asked;
                std::fill(step_.begin(), step_.end(), 0.1 * scale_);
            }
            move(stride);
        }
        std::fill(step_.begin(), step_.end(), 0.01 * scale_);
    }

    /// Single steps on the lists; ends at the best prices found.
    void settle(int glances) {
        Best best;
        for (int k = 0; k <= glances && !control_.stop(); ++k) {
            const auto answer = p_.glance(prices_, 1, control_);
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
        for (int k = 0; k <= glances && !control_.stop(); ++k) {
            const auto answer = p_.glance(prices_, 1, control_);
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

    [[nodiscard]] double seats() const {
        double sum = 0;
        for (std::size_t j = 0; j < m_; ++j) {
            const std::int64_t room = p_.room(AdviserId(j));
            if (room > 0) sum += prices_[j] * static_cast<double>(room);
        }
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
    Control& control_;
    std::size_t m_;
    std::vector<double> prices_, step_, slope_;
    double scale_ = 0;  ///< what a firm is worth
};

}  // namespace libmatch::detail
