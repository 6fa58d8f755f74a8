// Prices of capacities and quotas that make the Lagrangian bound least.
//
// Problem: min of L(z) = sum_r (most_r up_r - least_r low_r) + sum_i max(0 unless forced, max over
// the pairs at hand of u_ij - price of the pair), where a limit r costs up_r - low_r, both >= 0,
// and a pair the sum over its adviser and its quotas. The minimum is the value of the linear
// relaxation on the pairs at hand. Method: as for hours (hours_dual.hpp): soft inner maxima,
// projected Newton steps by conjugate gradients, while tau falls, once the counts of priced limits
// are what the soft choices make of them; steps stay within a box around the start, since prices
// far away are about pairs that are not at hand yet. With the aim to prove, utilities count as 0,
// and the descent looks for prices at which the least limits cost more than all answers can pay:
// these prove that no answer exists (Farkas). Complexity: O(pairs at hand) per step, some 40 to 100
// steps. Deterministic for any number of threads. Source: Y. Nesterov, "Smooth minimization of
// non-smooth functions", Math. Programming 103, 2005; D. P. Bertsekas, "Projected Newton methods",
// SIAM J. Control and Optimization 20, 1982.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/assign/quota_problem.hpp>
#include <libmatch/core/control.hpp>
#include <libmatch/core/parallel.hpp>

namespace libmatch::detail {

class QuotaDual {
  public:
    enum class Aim { least_bound, prove_infeasible };

    QuotaDual(const QuotaProblem& problem, Aim aim, unsigned threads, Control& control)
        : problem_(problem), aim_(aim), threads_(threads), control_(control) {
        for (std::size_t r = 0; r < problem.limits(); ++r) {
            const std::int64_t most = problem.most(r), least = problem.least(r);
            if (most <= 0) continue;  // closed; none of its pairs is at hand
            const auto index = static_cast<std::uint32_t>(r);
            if (most < problem.reachable(r)) ends_.push_back({index, 1, static_cast<double>(most)});
            if (least > 0) ends_.push_back({index, -1, -static_cast<double>(least)});
        }
        cut();
        set_scale();
    }

    /// Descends from these prices of the limits, with steps within `box` utilities' ranges, until
    /// the bound at hand falls by less than `tolerance` (relative) from one tau to the next, the
    /// control stops, or nothing can be gained. `first`: the first tau, in utilities' ranges.
    void run(std::vector<double> start, double first, double box, double tolerance) {
        const std::size_t size = ends_.size();
        Point now;
        now.z.assign(size, 0.0);
        for (std::size_t v = 0; v < size; ++v)
            now.z[v] = std::max(0.0, ends_[v].sign * start[ends_[v].limit]);
        low_.assign(size, 0.0);
        high_.assign(size, HUGE_VAL);
        for (std::size_t v = 0; v < size; ++v) {
            low_[v] = std::max(0.0, now.z[v] - box * scale_);
            high_[v] = now.z[v] + box * scale_;
        }
        best_bound_ = HUGE_VAL;
        best_prices_ = start;  // a stop may come before the first bound
        farkas_.clear();
        double tau = scale_ * first;
        damping_ = first_damping;
        if (!evaluate(now, tau)) return;
        int at_level = 0;
        double best_before = HUGE_VAL;  // at the end of the level before
        for (int step = 0; step < max_steps; ++step) {
            control_.report("assign", 0.3 * step / max_steps);
            if (control_.stop() || proves_infeasible()) return;
            const std::vector<double> direction = newton(now, tau);
            double promised = 0;
            for (std::size_t v = 0; v < size; ++v) promised -= now.gradient[v] * direction[v];
            bool moved = false;
            if (promised > 1e-3 * now.spread) moved = line_search(now, direction, tau);
            if (!moved) {
                if (!evaluate(now, tau)) return;
                ++at_level;
            }
            // Where many choices tie, their entropy alone says nothing about the counts of limits.
            const bool settled =
                !moved || ++at_level >= steps_per_level ||
                (promised <= settled_share * now.spread && now.misplaced <= now.spread);
            if (!settled) continue;
            const double little = tolerance * std::fabs(best_bound_);
            if (tau <= scale_ * last_tau ||
                (now.spread <= little && best_before - best_bound_ <= little &&
                 std::fabs(now.slackness) <= 10 * little))
                return;
            best_before = best_bound_;
            tau *= tau_step;
            at_level = 0;
            if (!evaluate(now, tau)) return;
        }
    }

    /// Of all limits, at the least bound that was met.
    [[nodiscard]] const std::vector<double>& prices() const { return best_prices_; }
    [[nodiscard]] double bound() const { return best_bound_; }
    /// Some price ended at the edge of the box.
    [[nodiscard]] bool at_edge() const {
        for (std::size_t v = 0; v < ends_.size(); ++v) {
            const double z = ends_[v].sign * best_prices_[ends_[v].limit];
            if (z >= high_[v] * (1 - 1e-9)) return true;
        }
        return false;
    }
    /// Prices at which, among the pairs at hand, the least limits cost more than answers can pay.
    [[nodiscard]] bool proves_infeasible() const { return !farkas_.empty(); }
    [[nodiscard]] const std::vector<double>& farkas() const { return farkas_; }
    /// Mean range of a firm's utilities.
    [[nodiscard]] double scale() const { return scale_; }

  private:
    /// A price >= 0: what one end of a limit costs. Price of limit = sum of sign x z.
    struct End {
        std::uint32_t limit;
        double sign, cost;
    };
    /// A pair that the soft choice uses.
    struct Active {
        std::uint32_t adviser, mix;
        double share;
    };
    struct Point {
        std::vector<double> z;
        double smooth = 0;     ///< the smooth bound
        double spread = 0;     ///< tau x entropy of the soft choices
        double slackness = 0;  ///< sum of z x gradient
        double misplaced = 0;  ///< sum of |z x gradient|
        std::vector<double> gradient;
    };
    /// What a chunk of firms adds: by adviser, and by mix.
    struct Part {
        std::vector<double> adviser, mix, bend_adviser, bend_mix;
        std::vector<Active> active;
        std::vector<std::size_t> row_end;
        Sum smooth, bound, spread, least_cost;
    };

    void cut() {
        constexpr std::size_t pairs_per_chunk = 200'000, most_chunks = 32;
        const std::size_t chunks =
            std::clamp<std::size_t>(problem_.pairs() / pairs_per_chunk, 1, most_chunks);
        chunk_ = std::max<std::size_t>(1, (problem_.firms() + chunks - 1) / chunks);
        parts_.resize((problem_.firms() + chunk_ - 1) / chunk_);
    }

    void set_scale() {
        Sum range;
        std::size_t firms = 0;
        for (std::size_t i = 0; i < problem_.firms(); ++i) {
            if (problem_.begin(i) == problem_.end(i)) continue;
            double high = -HUGE_VAL, low = problem_.forced(i) ? HUGE_VAL : 0;
            for (std::size_t e = problem_.begin(i); e < problem_.end(i); ++e) {
                high = std::max(high, problem_.worth(e));
                low = std::min(low, problem_.worth(e));
            }
            range.add(std::max(0.0, high - low));
            ++firms;
        }
        const double mean = range.value() / static_cast<double>(std::max<std::size_t>(firms, 1));
        scale_ = mean > 0 ? mean : 1;
    }

    [[nodiscard]] std::vector<double> limit_prices(const std::vector<double>& z) const {
        std::vector<double> prices(problem_.limits(), 0.0);
        for (std::size_t v = 0; v < z.size(); ++v) prices[ends_[v].limit] += ends_[v].sign * z[v];
        return prices;
    }

    /// All about a point at one tau. False when the control stopped it.
    bool evaluate(Point& at, double tau) {
        const std::vector<double> prices = limit_prices(at.z);
        const std::vector<double> of_mix = problem_.mix_prices(prices);
        for (std::size_t first = 0; first < parts_.size(); first += group) {
            const std::size_t last = std::min(parts_.size(), first + group);
            parallel_chunks(last - first, 1, threads_, [&](std::size_t begin, std::size_t) {
                add_up(parts_[first + begin], (first + begin) * chunk_, prices, of_mix, tau);
            });
            if (control_.stop()) return false;
        }
        Sum smooth, bound, spread, least, cost, slack, misplaced;
        std::vector<double> adviser(problem_.advisers(), 0.0), mix(of_mix.size(), 0.0);
        for (const Part& part : parts_) {
            smooth.add(part.smooth.value());
            bound.add(part.bound.value());
            spread.add(part.spread.value());
            least.add(part.least_cost.value());
            for (std::size_t j = 0; j < adviser.size(); ++j) adviser[j] += part.adviser[j];
            for (std::size_t x = 0; x < mix.size(); ++x) mix[x] += part.mix[x];
        }
        at.gradient = by_end(adviser, mix);
        double sizes = 0;
        for (std::size_t v = 0; v < ends_.size(); ++v) {
            at.gradient[v] = ends_[v].cost - at.gradient[v];
            cost.add(ends_[v].cost * at.z[v]);
            sizes += std::fabs(ends_[v].cost) * at.z[v];
            slack.add(at.z[v] * at.gradient[v]);
            misplaced.add(std::fabs(at.z[v] * at.gradient[v]));
        }
        at.smooth = smooth.value() + cost.value();
        at.spread = spread.value();
        at.slackness = slack.value();
        at.misplaced = misplaced.value();
        const double reached = bound.value() + cost.value();
        if (reached < best_bound_) {
            best_bound_ = reached;
            best_prices_ = prices;
        }
        const double without_utilities = cost.value() - least.value();
        if (without_utilities < -1e-7 * (1e-300 + sizes + std::fabs(least.value())))
            farkas_ = prices;
        return true;
    }

    /// Sums over pairs of each end's limit, with the sign of the end.
    [[nodiscard]] std::vector<double> by_end(const std::vector<double>& adviser,
                                             const std::vector<double>& mix) const {
        std::vector<double> sums(problem_.limits(), 0.0);
        const std::size_t m = problem_.advisers();
        for (std::size_t j = 0; j < m; ++j) sums[j] = adviser[j];
        for (std::uint32_t x = 0; x < mix.size(); ++x) {
            for (const std::uint32_t q : problem_.groups().quotas(x)) sums[m + q] += mix[x];
        }
        std::vector<double> ends(ends_.size());
        for (std::size_t v = 0; v < ends.size(); ++v)
            ends[v] = ends_[v].sign * sums[ends_[v].limit];
        return ends;
    }

    void add_up(Part& part, std::size_t first, const std::vector<double>& prices,
                const std::vector<double>& of_mix, double tau) {
        part.adviser.assign(problem_.advisers(), 0.0);
        part.mix.assign(of_mix.size(), 0.0);
        part.active.clear();
        part.row_end.clear();
        part.smooth = part.bound = part.spread = part.least_cost = Sum();
        std::vector<double> nets;
        const std::size_t end = std::min(problem_.firms(), first + chunk_);
        const double inverse = 1 / tau;
        const bool utilities = aim_ == Aim::least_bound;
        for (std::size_t i = first; i < end; ++i) {
            const std::size_t row = problem_.begin(i), count = problem_.end(i) - row;
            if (count == 0) continue;
            const bool forced = problem_.forced(i);
            nets.resize(count);
            double best = forced ? -HUGE_VAL : 0;
            double cheapest = forced ? HUGE_VAL : 0;
            for (std::size_t k = 0; k < count; ++k) {
                const double cost =
                    prices[problem_.adviser(row + k)] + of_mix[problem_.mix(row + k)];
                nets[k] = (utilities ? problem_.worth(row + k) : 0.0) - cost;
                best = std::max(best, nets[k]);
                cheapest = std::min(cheapest, cost);
            }
            part.least_cost.add(cheapest);
            const double floor = best - reach * tau;
            const double out = !forced && floor < 0 ? std::exp(-best * inverse) : 0;
            double total = out;
            for (std::size_t k = 0; k < count; ++k) {
                if (nets[k] <= floor) {
                    nets[k] = -1;
                    continue;
                }
                nets[k] = std::exp((nets[k] - best) * inverse);
                total += nets[k];
            }
            double mean_loss = out > 0 ? out / total * best * inverse : 0;
            for (std::size_t k = 0; k < count; ++k) {
                if (nets[k] <= 0) continue;
                const double share = nets[k] / total;
                const std::uint32_t j = problem_.adviser(row + k), x = problem_.mix(row + k);
                part.adviser[j] += share;
                part.mix[x] += share;
                mean_loss -= share * std::log(nets[k]);
                if (share > least_share && share < 1 - least_share)
                    part.active.push_back({j, x, share});
            }
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
        const std::vector<double> step = limit_prices(v);
        const std::vector<double> of_mix = problem_.mix_prices(step);
        parallel_chunks(
            parts_.size(), 1, active_ > 100'000 ? threads_ : 1, [&](std::size_t c, std::size_t) {
                Part& part = parts_[c];
                part.bend_adviser.assign(problem_.advisers(), 0.0);
                part.bend_mix.assign(of_mix.size(), 0.0);
                std::size_t k = 0;
                for (const std::size_t end : part.row_end) {
                    double mean = 0;
                    for (std::size_t e = k; e < end; ++e) {
                        const Active& a = part.active[e];
                        mean += a.share * (step[a.adviser] + of_mix[a.mix]);
                    }
                    for (; k < end; ++k) {
                        const Active& a = part.active[k];
                        const double bend = a.share * (step[a.adviser] + of_mix[a.mix] - mean);
                        part.bend_adviser[a.adviser] += bend;
                        part.bend_mix[a.mix] += bend;
                    }
                }
            });
        std::vector<double> adviser(problem_.advisers(), 0.0), mix(of_mix.size(), 0.0);
        for (const Part& part : parts_) {
            for (std::size_t j = 0; j < adviser.size(); ++j) adviser[j] += part.bend_adviser[j];
            for (std::size_t x = 0; x < mix.size(); ++x) mix[x] += part.bend_mix[x];
        }
        out = by_end(adviser, mix);
        for (std::size_t k = 0; k < out.size(); ++k) out[k] = out[k] / tau + damping[k] * v[k];
    }

    /// The second derivatives' diagonal, where a quota is taken as if a firm's pairs in different
    /// mixes had nothing to do with each other.
    [[nodiscard]] std::vector<double> diagonal(double tau) {
        std::vector<double> adviser(problem_.advisers(), 0.0), mix(problem_.groups().mixes(), 0.0);
        std::vector<double> of_firm(mix.size(), 0.0);
        active_ = 0;
        for (const Part& part : parts_) {
            active_ += part.active.size();
            std::size_t k = 0;
            for (const std::size_t end : part.row_end) {
                for (std::size_t e = k; e < end; ++e)
                    of_firm[part.active[e].mix] += part.active[e].share;
                for (std::size_t e = k; e < end; ++e) {
                    const Active& a = part.active[e];
                    const auto share = a.share;
                    adviser[a.adviser] += share * (1 - share) / tau;
                    mix[a.mix] += share * std::max(0.0, 1 - of_firm[a.mix]) / tau;
                }
                for (; k < end; ++k) of_firm[part.active[k].mix] = 0;
            }
        }
        std::vector<double> ends = by_end(adviser, mix);
        for (double& d : ends) d = std::fabs(d);
        return ends;
    }

    /// The projected Newton direction by conjugate gradients, no longer than the soft choice is
    /// trusted.
    std::vector<double> newton(const Point& at, double tau) {
        const std::size_t size = ends_.size();
        std::vector<double> bend = diagonal(tau), damping(size);
        std::vector<char> fixed(size, 0);
        for (std::size_t v = 0; v < size; ++v) {
            fixed[v] = (at.z[v] <= low_[v] && at.gradient[v] >= 0) ||
                               (at.z[v] >= high_[v] && at.gradient[v] <= 0)
                           ? 1
                           : 0;
            damping[v] = damping_ * bend[v] + std::fabs(at.gradient[v]) / (trust_ * tau) +
                         1e-9 * std::fabs(ends_[v].cost) / scale_ + 1e-12;
            bend[v] += damping[v];
        }
        std::vector<double> d(size, 0.0), r(size), z(size), q, hq(size);
        double rz = 0;
        for (std::size_t v = 0; v < size; ++v) {
            r[v] = fixed[v] != 0 ? 0.0 : -at.gradient[v];
            z[v] = r[v] / bend[v];
            rz += r[v] * z[v];
        }
        q = z;
        const double first = rz;
        for (int k = 0; k < cg_steps && rz > 1e-2 * first && rz > 0; ++k) {
            curve(q, hq, tau, damping);
            double along = 0;
            for (std::size_t v = 0; v < size; ++v) {
                if (fixed[v] != 0) hq[v] = 0;
                along += q[v] * hq[v];
            }
            if (!(along > 0)) break;
            const double step = rz / along;
            double next = 0;
            for (std::size_t v = 0; v < size; ++v) {
                d[v] += step * q[v];
                r[v] -= step * hq[v];
                z[v] = r[v] / bend[v];
                next += r[v] * z[v];
            }
            const double beta = next / rz;
            rz = next;
            for (std::size_t v = 0; v < size; ++v) q[v] = z[v] + beta * q[v];
            if (control_.stop()) break;
        }
        return d;
    }

    /// Moves to a lower smooth bound along the direction. The parts then belong to the point.
    bool line_search(Point& now, const std::vector<double>& direction, double tau) {
        Point next;
        next.z.resize(now.z.size());
        double length = 1;
        for (int k = 0; k < halvings; ++k, length *= 0.4) {
            double promised = 0;
            for (std::size_t v = 0; v < now.z.size(); ++v) {
                next.z[v] = std::clamp(now.z[v] + length * direction[v], low_[v], high_[v]);
                promised += now.gradient[v] * (now.z[v] - next.z[v]);
            }
            if (!(promised > 0)) return false;
            if (!evaluate(next, tau)) return false;
            if (next.smooth <= now.smooth - 1e-3 * promised) {
                now = std::move(next);
                // Prices that make up for each other may go far without a choice that changes.
                trust_ = k == 0 ? std::min(most_trust, 2 * trust_) : std::max(trust, trust_ / 4);
                damping_ =
                    k == 0 ? std::max(least_damping, damping_ / 4) : std::min(1.0, damping_ * 4);
                return true;
            }
        }
        damping_ = std::min(1.0, damping_ * 16);
        trust_ = trust;
        return false;
    }

    static constexpr double first_damping = 0.1, least_damping = 1e-6;
    static constexpr double last_tau = 1e-9;  ///< times the mean range of a firm's utilities
    static constexpr double tau_step = 0.35;
    static constexpr double settled_share = 0.3;
    static constexpr int steps_per_level = 15;
    static constexpr int max_steps = 300;
    static constexpr int cg_steps = 40;
    static constexpr int halvings = 8;
    static constexpr double trust = 20;  ///< longest price step at first, in taus
    static constexpr double most_trust = 1e9;
    static constexpr double reach = 30;          ///< taus below the best that still count
    static constexpr double least_share = 1e-6;  ///< smaller shares bend nothing
    static constexpr std::size_t group = 8;      ///< chunks between two looks at the control

    const QuotaProblem& problem_;
    Aim aim_;
    unsigned threads_;
    Control& control_;
    std::vector<End> ends_;
    std::vector<double> low_, high_;  ///< the box
    double trust_ = trust;            ///< grows with steps that succeed
    double damping_ = 0;  ///< of steps, in second derivatives; falls with steps that succeed
    std::size_t chunk_ = 1;
    std::vector<Part> parts_;
    double scale_ = 1;
    std::size_t active_ = 0;
    double best_bound_ = HUGE_VAL;
    std::vector<double> best_prices_, farkas_;
};

}  // namespace libmatch::detail
