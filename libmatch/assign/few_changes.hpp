// An assignment that leaves few previous pairs: a limit on changes, with its price.
//
// Problem: max sum u_ij x_ij as in auction.hpp, and at most M of the firms with a previous pair
// that they could keep end with another one, or with none, beyond the changes that are forced
// (previous_pairs.hpp).
//
// Method: Lagrangian relaxation of the one limit. With a price mu >= 0 on a change, a firm's
// previous pair is worth mu more, and what is left is an assignment without the limit
// (kept_source.hpp), which is solved and proven as any other, from the prices and pairs of the one
// before. mu is searched between a price that leaves too many changes and one that leaves few
// enough. Every answer is turned into a lawful one: from the best lawful answer so far, the parts
// in which the two differ (exchange.hpp) are taken over by falling gain per change, as long as
// changes are left. The bound is the least of
//
//   sum_j C_j p_j + mu (M + forced - P) + sum_i max(best of u_ij - p_j + mu [j = previous], 0)
//
// over all prices met, with P previous pairs that count; docs/model.md has the proof. The limit
// breaks the total unimodularity of the rest: a whole answer may lie below the least bound by about
// the gain of one part. That is little beside the whole of a large problem; the true gap is
// reported.
//
// Complexity: one assignment without the limit, and about ten more from good prices. Deterministic
// for any number of threads.
//
// Source: M. L. Fisher, "The Lagrangian relaxation method for solving integer programming
// problems", Management Science 27, 1981.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/assign/certify.hpp>
#include <libmatch/assign/exchange.hpp>
#include <libmatch/assign/previous_pairs.hpp>
#include <libmatch/assign/warm_start.hpp>
#include <libmatch/core/control.hpp>
#include <libmatch/retrieve/kept_source.hpp>

namespace libmatch::detail {

/// `Solve`: (source, limits, options, pairs to begin with, control) -> AssignmentResult, without
/// any limit on changes.
template <class Solve>
class FewChanges {
  public:
    FewChanges(const PairSource& source, const AssignmentLimits& limits,
               const AssignmentOptions& options, Control& control, const Solve& solve)
        : source_(source),
          limits_(limits),
          options_(options),
          control_(control),
          solve_(solve),
          n_(source.firms()),
          m_(source.advisers()),
          previous_(source, limits, options.threads),
          // M + forced - P: what mu is multiplied with in the bound.
          free_changes_(*limits.max_changes + previous_.crowded() - previous_.count()) {}

    AssignmentResult run() {
        AssignmentResult first = solve_(source_, limits_, options_, previous_.pairs(), control_);
        if (first.certificate.status == Status::infeasible) return first;
        count(first);
        unlimited_ = std::make_shared<const AssignmentResult>(first);
        if (first.changes <= *limits_.max_changes) {
            first.unlimited = unlimited_;
            return first;
        }
        bound_ = true_bound(source_, first);
        if (control_.stop()) bound_ = easy_bound(first);
        prices_ = first.prices;
        start_ = {first.pairs, first.prices};
        consider(first.pairs);
        search(first_guess(first));
        return result();
    }

  private:
    static constexpr int max_steps = 60;
    /// A relaxed answer may take so many rounds from good prices before it is solved anew.
    static constexpr int patience = 8;
    /// Relative distance of two prices below which answers within their gaps tell nothing.
    static constexpr double least_move = 1e-3;
    /// Part of the distance allowed that each relaxed answer may have.
    static constexpr double relaxed_part = 0.4;
    static constexpr double exact_gap = 1e-12;  ///< an answer within it is the best there is

    void count(AssignmentResult& r) const {
        r.changes = previous_.changes_in(r.pairs);
        r.forced_changes = previous_.forced();
    }
    [[nodiscard]] bool closed() const {
        return bound_ - objective_ <= options_.gap * std::fabs(bound_);
    }

    // ---- the price of a change ----

    /// The gain that the last change allowed would have, if firms changed one by one.
    [[nodiscard]] double first_guess(const AssignmentResult& first) const {
        std::vector<double> gain;
        const auto now = adviser_of(first.pairs);
        for (std::size_t i = 0; i < n_; ++i) {
            const FirmId firm(i);
            const AdviserId j = previous_.kept()[i], k = now[i];
            if (!j.known() || j == k) continue;
            const double here = k.known() ? source_.utility(firm, k) - first.prices[k] : 0;
            gain.push_back(std::max(0.0, here - (source_.utility(firm, j) - first.prices[j])));
        }
        std::sort(gain.begin(), gain.end(), std::greater<>());
        const auto most = static_cast<std::size_t>(
            std::min<std::int64_t>(*limits_.max_changes, static_cast<std::int64_t>(gain.size())));
        return most < gain.size() ? gain[most] : 0;
    }

    /// A price of a change, and how many changes its answer had.
    struct Tried {
        double mu = 0;
        std::int64_t changes = 0;
    };

    /// Closes in on the price between one with too many changes and one with few enough. An answer
    /// near its bound is not the only one, and it leans to the one that it began with: when the two
    /// prices meet and the gap is still open, one of them gives way. All begin with the answer of
    /// the lower price, since a price that rises moves few firms, while one that falls frees many
    /// seats at once.
    void search(double guess) {
        const double scale = std::max(std::fabs(source_.utility_limit()), 1e-300);
        Tried low{0, unlimited_->changes}, high{HUGE_VAL, 0};
        double mu = guess > 0 ? guess : 1e-3 * scale;
        double away = least_move;
        for (int step = 0; step < max_steps && !closed() && !control_.stop(); ++step) {
            const Tried now{mu, relax(mu)};
            if (control_.stop()) return;
            const bool too_many = now.changes > *limits_.max_changes;
            (too_many ? low : high) = now;
            if (too_many) start_ = last_;
            if (high.mu == HUGE_VAL) {
                mu *= 2;
            } else if (high.mu - low.mu > least_move * high.mu) {
                mu = between(low, high);
            } else {
                // Where the last answer was exact there is nothing more to be found.
                if (exact_ && high.mu - low.mu <= 1e-12 * scale) return;
                if (exact_) {
                    mu = 0.5 * (low.mu + high.mu);
                } else {
                    Tried& other = too_many ? high : low;
                    other.mu *= too_many ? 1 + away : 1 - away;
                    mu = other.mu;
                    away *= 2;
                }
            }
        }
    }
    [[nodiscard]] double between(const Tried& low, const Tried& high) const {
        const auto over = static_cast<double>(low.changes - *limits_.max_changes);
        const auto range =
            static_cast<double>(std::max<std::int64_t>(1, low.changes - high.changes));
        const double share = std::clamp(over / range, 0.1, 0.9);
        return low.mu + (exact_ ? 0.5 : share) * (high.mu - low.mu);
    }

    /// Solves without the limit at the price mu. Returns the changes of its answer.
    std::int64_t relax(double mu) {
        const KeptSource kept(source_, previous_.kept(), mu);
        const double worth =
            std::fabs(bound_) + mu * static_cast<double>(std::max<std::int64_t>(1, -free_changes_));
        const double gap = options_.gap * std::fabs(bound_) / std::max(worth, 1e-300);
        WarmStart warm(kept, limits_, options_.threads, control_);
        const bool near = warm.run(start_.prices, start_.pairs, relaxed_part * gap, patience) ||
                          (warm.proven() && warm.bound() - warm.objective() <= gap * warm.bound());
        if (control_.stop()) return 0;
        exact_ = false;
        if (near) {
            lower_bound_to(warm.bound(), warm.prices(), mu);
            last_ = {warm.pairs(), warm.next_prices()};
        } else {
            AssignmentOptions options = options_;
            options.gap = relaxed_part * gap;
            options.start_prices.clear();
            AssignmentResult r = solve_(kept, limits_, options, std::span<const Pair>(), control_);
            const double bound = control_.stop() ? 0 : true_bound(kept, r);
            if (control_.stop()) return 0;
            exact_ = r.certificate.gap() < exact_gap;
            lower_bound_to(bound, r.prices, mu);
            last_ = {std::move(r.pairs), std::move(r.prices)};
        }
        consider(last_.pairs);
        return previous_.changes_in(last_.pairs);
    }
    /// `relaxed`: bound of the problem without the limit at the price mu.
    void lower_bound_to(double relaxed, const std::vector<double>& prices, double mu) {
        ExactSum sum;
        sum.add(relaxed);
        sum.add_multiple(mu, free_changes_);
        const double bound = sum.up();
        if (bound >= bound_) return;
        bound_ = bound;
        prices_ = prices;
        change_price_ = mu;
    }

    /// Bounds in whole units are about rounded utilities.
    [[nodiscard]] double true_bound(const PairSource& source, const AssignmentResult& r) const {
        if (r.certificate.unit == 0) return r.certificate.bound;
        return bound_of(source, limits_, r.prices, r.pairs, -HUGE_VAL, options_.threads, control_);
    }

    /// Without looking at any pair: rounding to whole units moved each by less than one.
    [[nodiscard]] double easy_bound(const AssignmentResult& r) const {
        ExactSum sum;
        sum.add(r.certificate.bound);
        sum.add_multiple(r.certificate.unit, limits_.total_demand(n_));
        return sum.up();
    }

    // ---- lawful answers ----

    [[nodiscard]] std::vector<AdviserId> adviser_of(std::span<const Pair> pairs) const {
        std::vector<AdviserId> held(n_);
        for (const Pair& p : pairs) held[p.firm] = p.adviser;
        return held;
    }
    [[nodiscard]] double value_of(FirmId i, AdviserId j) const {
        return j.known() ? source_.utility(i, j) : 0;
    }

    /// Keeps an answer if it is lawful and best, else what can be taken over from it.
    void consider(std::span<const Pair> pairs) {
        const std::vector<AdviserId> there = adviser_of(pairs);
        if (held_.empty()) set(all_kept(there));
        if (previous_.changes_in(pairs) <= *limits_.max_changes) {
            ExactSum worth;
            for (const Pair& p : pairs) worth.add(source_.utility(p.firm, p.adviser));
            if (worth.down() > objective_) set(there);
        }
        take_over(there);
    }
    void set(std::vector<AdviserId> held) {
        held_ = std::move(held);
        ExactSum worth;
        std::int64_t kept = 0;
        for (std::size_t i = 0; i < n_; ++i) {
            worth.add(value_of(FirmId(i), held_[i]));
            kept += held_[i].known() && held_[i] == previous_.kept()[i] ? 1 : 0;
        }
        objective_ = worth.down();
        changes_ = previous_.count() - kept - previous_.crowded();
    }

    /// The answer with every pair kept that can be, and of the other firms those for whom there is
    /// still a seat.
    [[nodiscard]] std::vector<AdviserId> all_kept(const std::vector<AdviserId>& there) const {
        std::vector<std::int64_t> room = limits_.capacity;
        std::vector<AdviserId> held(n_);
        const auto seat = [&](FirmId i, AdviserId j) {
            if (!j.known() || held[i].known() || room[j] == 0) return;
            --room[j];
            held[i] = j;
        };
        for (const Pair& p : limits_.pinned) seat(p.firm, p.adviser);
        for (const bool stays : {true, false}) {  // first those who stay anyway
            for (std::size_t i = 0; i < n_; ++i) {
                if ((previous_.kept()[i] == there[i]) == stays)
                    seat(FirmId(i), previous_.kept()[i]);
            }
        }
        for (std::size_t i = 0; i < n_; ++i) seat(FirmId(i), there[i]);
        return held;
    }

    /// What a part of an exchange brings.
    struct Gain {
        double worth = 0;
        std::int64_t changes = 0;
        std::size_t part = 0;
        /// Free gains first, then by gain per change.
        friend bool operator<(const Gain& a, const Gain& b) {
            const bool a_free = a.changes <= 0, b_free = b.changes <= 0;
            if (a_free != b_free) return a_free;
            const double x = a_free ? a.worth : a.worth / static_cast<double>(a.changes);
            const double y = b_free ? b.worth : b.worth / static_cast<double>(b.changes);
            return x != y ? x > y : a.part < b.part;
        }
    };
    void take_over(const std::vector<AdviserId>& there) {
        const Exchange exchange(held_, there, m_);
        std::vector<Gain> gains;
        for (std::size_t part = 0; part < exchange.parts().size(); ++part) {
            Gain g{0, 0, part};
            for (const FirmId i : exchange.parts()[part]) {
                g.worth += value_of(i, there[i]) - value_of(i, held_[i]);
                const AdviserId own = previous_.kept()[i];
                if (!own.known()) continue;
                g.changes += (held_[i] == own ? 1 : 0) - (there[i] == own ? 1 : 0);
            }
            if (g.worth > 0) gains.push_back(g);
        }
        std::sort(gains.begin(), gains.end());
        std::vector<AdviserId> next = held_;
        std::int64_t left = *limits_.max_changes - changes_;
        for (const Gain& g : gains) {
            if (g.changes > left) continue;
            left -= g.changes;
            for (const FirmId i : exchange.parts()[g.part]) next[i] = there[i];
        }
        set(std::move(next));
    }

    AssignmentResult result() {
        AssignmentResult r;
        for (std::size_t i = 0; i < n_; ++i) {
            if (held_[i].known()) r.pairs.push_back({FirmId(i), held_[i]});
        }
        r.prices = prices_;
        r.change_price = change_price_;
        Certificate& c = r.certificate;
        c.objective = objective_;
        c.bound = bound_;
        c.seconds = control_.elapsed();
        c.status = control_.stop() && !closed() ? control_.stop_status()
                                                : status_for(c.gap(), options_.gap);
        count(r);
        r.unlimited = unlimited_;
        return r;
    }

    const PairSource& source_;
    const AssignmentLimits& limits_;
    const AssignmentOptions& options_;
    Control& control_;
    const Solve& solve_;
    std::size_t n_, m_;
    PreviousPairs previous_;
    std::int64_t free_changes_;
    std::shared_ptr<const AssignmentResult> unlimited_;

    struct Answer {
        std::vector<Pair> pairs;
        std::vector<double> prices;
    };
    Answer start_, last_;  ///< relaxed ones: to begin with, and the last
    double bound_ = HUGE_VAL, change_price_ = 0;
    std::vector<double> prices_;   ///< that prove the bound
    std::vector<AdviserId> held_;  ///< of the best lawful answer
    double objective_ = -HUGE_VAL;
    std::int64_t changes_ = 0;
    bool exact_ = false;  ///< the last relaxed answer was the best there is, not one near it
};

}  // namespace libmatch::detail
