// Prices per hour that make the Lagrangian bound of an assignment in hours least.
//
// Problem: min over p >= 0 of L(p) = sum_j C_j p_j + sum_i max(0 unless forced, max_j u_ij - h_ij
// p_j). The minimum equals the value of the linear relaxation. L is convex with kinks. Method: the
// inner maxima are replaced by soft ones, tau log sum exp(. / tau), which makes a smooth upper
// bound; projected Newton steps, their linear systems by conjugate gradients with a diagonal
// preconditioner, follow its minimum while tau falls. What the soft choice spreads over several
// pairs (tau times its entropy) bounds the distance to the least bound and ends the descent. With
// all utilities taken as 0 the same descent decides whether the linear relaxation has any solution:
// a negative value proves that it has none (Farkas).
// Complexity: O(eligible pairs) per step, some 40 to 80 steps; O(eligible pairs) memory.
// Preconditions: every forced firm has a pair. Deterministic for any number of threads.
// Source: Y. Nesterov, "Smooth minimization of non-smooth functions", Math. Programming 103, 2005;
// D. P. Bertsekas, "Projected Newton methods", SIAM J. Control and Optimization 20, 1982.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/assign/hours_problem.hpp>
#include <libmatch/core/control.hpp>
#include <libmatch/core/parallel.hpp>

namespace libmatch::detail {

class HoursDual {
  public:
    enum class Aim { least_bound, prove_infeasible };

    HoursDual(const HoursProblem& problem, Aim aim, unsigned threads, Control& control)
        : problem_(problem),
          aim_(aim),
          threads_(threads),
          control_(control),
          m_(problem.advisers()),
          chunk_(firms_per_chunk(problem.firms(), problem.pairs())),
          parts_((problem.firms() + chunk_ - 1) / std::max<std::size_t>(chunk_, 1)),
          best_prices_(m_, 0.0) {}

    /// Descends until the bound is within `tolerance` (relative) of the least one, the control
    /// stops, or nothing can be gained.
    void run(double tolerance) {
        set_scale();
        Point now;
        now.prices.assign(m_, 0.0);
        if (!evaluate(now, scale_ * first_tau)) return;
        double tau = scale_ * first_tau;
        int at_level = 0;
        for (int step = 0; step < max_steps; ++step) {
            done_ = 0.3 * step / max_steps;
            control_.report("assign", done_);
            if (control_.stop() || proves_infeasible()) return;
            if (now.spread + std::fabs(now.slackness) <= tolerance * std::fabs(best_bound_)) return;
            const std::vector<double> direction = newton(now, tau);
            double promised = 0;
            for (std::size_t j = 0; j < m_; ++j) promised -= now.gradient[j] * direction[j];
            bool moved = false;
            if (promised > 1e-3 * now.spread) moved = line_search(now, direction, tau);
            if (!moved) {
                refresh(now, tau);
                ++at_level;
            }
            const bool settled =
                !moved || promised <= settled_share * now.spread || ++at_level >= steps_per_level;
            if (!settled) continue;
            if (tau <= scale_ * last_tau) return;
            tau *= tau_step;
            at_level = 0;
            if (!evaluate(now, tau)) return;
        }
    }

    [[nodiscard]] const std::vector<double>& prices() const { return best_prices_; }
    /// The least value that was met, without the pins.
    [[nodiscard]] double bound() const { return best_bound_; }
    /// Prices at which the hours of forced firms cost more than all capacities do.
    [[nodiscard]] bool proves_infeasible() const { return !farkas_.empty(); }
    [[nodiscard]] const std::vector<double>& farkas() const { return farkas_; }

  private:
    /// A pair that the soft choice uses. Single precision: it only shapes the steps.
    struct Active {
        std::uint32_t adviser;
        float share;
        float load;
    };
    struct Point {
        std::vector<double> prices;
        double smooth = 0;     ///< the smooth bound
        double spread = 0;     ///< tau x entropy of the soft choices
        double slackness = 0;  ///< sum_j p_j (C_j - hours used)
        std::vector<double> gradient;
    };
    /// What a chunk of firms adds.
    struct Part {
        std::vector<double> used, scratch;
        std::vector<Active> active;
        std::vector<std::size_t> row_end;
        Sum smooth, bound, spread, least_hours_cost;
    };

    void set_scale() {
        Sum range, load;
        std::size_t firms = 0;
        for (std::size_t i = 0; i < problem_.firms(); ++i) {
            if (problem_.begin[i] == problem_.begin[i + 1]) continue;
            double high = -HUGE_VAL, low = problem_.forced[i] != 0 ? HUGE_VAL : 0;
            for (std::size_t e = problem_.begin[i]; e < problem_.begin[i + 1]; ++e) {
                high = std::max(high, value(e));
                low = std::min(low, value(e));
                load.add(problem_.load[e]);
            }
            range.add(std::max(0.0, high - low));
            ++firms;
        }
        const double mean = range.value() / static_cast<double>(std::max<std::size_t>(firms, 1));
        scale_ = mean > 0 ? mean : 1;
        const double mean_load =
            load.value() / static_cast<double>(std::max<std::size_t>(problem_.pairs(), 1));
        price_scale_ = mean_load > 0 ? scale_ / mean_load : scale_;
    }

    [[nodiscard]] double value(std::size_t e) const {
        return aim_ == Aim::least_bound ? problem_.value[e] : 0.0;
    }

    /// All about a point at one tau. False when the control stopped it.
    bool evaluate(Point& at, double tau) {
        for (std::size_t first = 0; first < parts_.size(); first += group) {
            const std::size_t last = std::min(parts_.size(), first + group);
            parallel_chunks(last - first, 1, threads_, [&](std::size_t begin, std::size_t) {
                add_up(parts_[first + begin], (first + begin) * chunk_, at.prices, tau);
            });
            control_.report("assign", done_);
            if (control_.stop()) return false;
        }
        Sum smooth, bound, spread, least, slack;
        at.gradient = problem_.room;
        for (const Part& part : parts_) {
            smooth.add(part.smooth.value());
            bound.add(part.bound.value());
            spread.add(part.spread.value());
            least.add(part.least_hours_cost.value());
            for (std::size_t j = 0; j < m_; ++j) at.gradient[j] -= part.used[j];
        }
        Sum capacity;
        for (std::size_t j = 0; j < m_; ++j) {
            capacity.add(problem_.room[j] * at.prices[j]);
            slack.add(at.prices[j] * at.gradient[j]);
        }
        at.smooth = smooth.value() + capacity.value();
        at.spread = spread.value();
        at.slackness = slack.value();
        const double reached = bound.value() + capacity.value();
        if (reached < best_bound_) {
            best_bound_ = reached;
            best_prices_ = at.prices;
        }
        if (capacity.value() - least.value() < -1e-7 * (1e-300 + least.value()))
            farkas_ = at.prices;
        return true;
    }

    void add_up(Part& part, std::size_t first, const std::vector<double>& prices, double tau) {
        part.used.assign(m_, 0.0);
        part.active.clear();
        part.row_end.clear();
        part.smooth = part.bound = part.spread = part.least_hours_cost = Sum();
        std::vector<double> nets;
        const std::size_t end = std::min(problem_.firms(), first + chunk_);
        for (std::size_t i = first; i < end; ++i) {
            const std::size_t row = problem_.begin[i], count = problem_.begin[i + 1] - row;
            if (count == 0) continue;
            nets.resize(count);
            double best = problem_.forced[i] != 0 ? -HUGE_VAL : 0;
            double cheapest = HUGE_VAL;
            for (std::size_t k = 0; k < count; ++k) {
                const double cost = problem_.load[row + k] * prices[problem_.adviser[row + k]];
                nets[k] = value(row + k) - cost;
                best = std::max(best, nets[k]);
                cheapest = std::min(cheapest, cost);
            }
            if (problem_.forced[i] != 0) part.least_hours_cost.add(cheapest);
            const double inverse = 1 / tau, floor = best - reach * tau;
            double total = problem_.forced[i] == 0 && floor < 0 ? std::exp(-best * inverse) : 0;
            for (std::size_t k = 0; k < count; ++k) {
                if (nets[k] <= floor) {
                    nets[k] = -1;
                    continue;
                }
                nets[k] = std::exp((nets[k] - best) * inverse);
                total += nets[k];
            }
            double mean_loss = 0;
            for (std::size_t k = 0; k < count; ++k) {
                if (nets[k] <= 0) continue;
                const double share = nets[k] / total;
                const std::uint32_t j = problem_.adviser[row + k];
                part.used[j] += share * problem_.load[row + k];
                mean_loss -= share * std::log(nets[k]);
                if (share > least_share && share < 1 - least_share) {
                    part.active.push_back(
                        {j, static_cast<float>(share), static_cast<float>(problem_.load[row + k])});
                }
            }
            if (problem_.forced[i] == 0 && floor < 0)
                mean_loss += std::exp(-best * inverse) / total * best * inverse;
            const double soft = tau * std::log(total);
            part.smooth.add(best + soft);
            part.bound.add(best);
            part.spread.add(soft + tau * mean_loss);
            if (part.active.size() > (part.row_end.empty() ? 0 : part.row_end.back()))
                part.row_end.push_back(part.active.size());
        }
    }

    /// (Second derivatives at the point last evaluated) x vector, plus damping.
    void curve(const std::vector<double>& v, std::vector<double>& out, double tau,
               const std::vector<double>& damping) {
        parallel_chunks(
            parts_.size(), 1, active_ > 100'000 ? threads_ : 1, [&](std::size_t c, std::size_t) {
                Part& part = parts_[c];
                part.scratch.assign(m_, 0.0);
                std::size_t k = 0;
                for (const std::size_t end : part.row_end) {
                    double mean = 0;
                    for (std::size_t e = k; e < end; ++e) {
                        const Active& a = part.active[e];
                        mean += static_cast<double>(a.share) * static_cast<double>(a.load) *
                                v[a.adviser];
                    }
                    for (; k < end; ++k) {
                        const Active& a = part.active[k];
                        const auto load = static_cast<double>(a.load);
                        part.scratch[a.adviser] +=
                            static_cast<double>(a.share) * load * (load * v[a.adviser] - mean);
                    }
                }
            });
        for (std::size_t j = 0; j < m_; ++j) out[j] = damping[j] * v[j];
        for (const Part& part : parts_) {
            for (std::size_t j = 0; j < m_; ++j) out[j] += part.scratch[j] / tau;
        }
    }

    /// The projected Newton direction by conjugate gradients, no longer than the soft choice is
    /// trusted.
    std::vector<double> newton(const Point& at, double tau) {
        std::vector<double> diagonal(m_, 0.0), damping(m_);
        active_ = 0;
        for (const Part& part : parts_) {
            active_ += part.active.size();
            for (const Active& a : part.active) {
                const double load = static_cast<double>(a.load);
                diagonal[a.adviser] += static_cast<double>(a.share) *
                                       (1 - static_cast<double>(a.share)) * load * load / tau;
            }
        }
        std::vector<char> fixed(m_, 0);
        for (std::size_t j = 0; j < m_; ++j) {
            fixed[j] = at.prices[j] <= 0 && at.gradient[j] >= 0 ? 1 : 0;
            damping[j] =
                (1e-6 * (problem_.room[j] + std::fabs(at.gradient[j])) + 1e-12) / price_scale_ +
                1e-6 * diagonal[j];
            diagonal[j] += damping[j];
        }
        std::vector<double> d(m_, 0.0), r(m_), z(m_), q(m_), hq(m_);
        double rz = 0, first = 0;
        for (std::size_t j = 0; j < m_; ++j) {
            r[j] = fixed[j] != 0 ? 0.0 : -at.gradient[j];
            z[j] = r[j] / diagonal[j];
            rz += r[j] * z[j];
        }
        q = z;
        first = rz;
        for (int k = 0; k < cg_steps && rz > 1e-4 * first && rz > 0; ++k) {
            curve(q, hq, tau, damping);
            double bend = 0;
            for (std::size_t j = 0; j < m_; ++j) {
                if (fixed[j] != 0) hq[j] = 0;
                bend += q[j] * hq[j];
            }
            if (!(bend > 0)) break;
            const double step = rz / bend;
            double next = 0;
            for (std::size_t j = 0; j < m_; ++j) {
                d[j] += step * q[j];
                r[j] -= step * hq[j];
                z[j] = r[j] / diagonal[j];
                next += r[j] * z[j];
            }
            const double beta = next / rz;
            rz = next;
            for (std::size_t j = 0; j < m_; ++j) q[j] = z[j] + beta * q[j];
            if (control_.stop()) break;
        }
        double longest = 0;
        for (const double x : d) longest = std::max(longest, std::fabs(x));
        const double trusted = trust * price_scale_ * tau / scale_;
        if (longest > trusted) {
            for (double& x : d) x *= trusted / longest;
        }
        return d;
    }

    /// Moves to a lower smooth bound along the direction. The parts then belong to the point.
    bool line_search(Point& now, const std::vector<double>& direction, double tau) {
        Point next;
        next.prices.resize(m_);
        double length = 1;
        for (int k = 0; k < halvings; ++k, length *= 0.4) {
            double promised = 0;
            for (std::size_t j = 0; j < m_; ++j) {
                next.prices[j] = std::max(0.0, now.prices[j] + length * direction[j]);
                promised += now.gradient[j] * (now.prices[j] - next.prices[j]);
            }
            if (!(promised > 0)) return false;
            if (!evaluate(next, tau)) return false;
            if (next.smooth <= now.smooth - 1e-3 * promised) {
                now = std::move(next);
                return true;
            }
        }
        return false;
    }

    void refresh(Point& at, double tau) { evaluate(at, tau); }

    static constexpr double first_tau = 0.3;  ///< times the mean range of a firm's utilities
    static constexpr double last_tau = 1e-9;
    static constexpr double tau_step = 0.35;
    static constexpr double settled_share = 0.3;
    static constexpr int steps_per_level = 8;
    static constexpr int max_steps = 200;
    static constexpr int cg_steps = 40;
    static constexpr int halvings = 8;
    static constexpr double trust = 20;          ///< longest price step, in taus per mean hour
    static constexpr double reach = 30;          ///< taus below the best that still count
    static constexpr double least_share = 1e-6;  ///< smaller shares bend nothing
    static constexpr std::size_t group = 8;      ///< chunks between two looks at the control

    const HoursProblem& problem_;
    Aim aim_;
    unsigned threads_;
    Control& control_;
    std::size_t m_, chunk_;
    std::vector<Part> parts_;
    double scale_ = 1, price_scale_ = 1;
    double done_ = 0;  ///< of all the work, as reported
    std::size_t active_ = 0;
    double best_bound_ = HUGE_VAL;
    std::vector<double> best_prices_, farkas_;
};

}  // namespace libmatch::detail
