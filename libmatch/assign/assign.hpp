// The front door of assignment: from a source of pairs and limits to a proven answer.
//
// Method: lists of the best candidates -> capacitated auction with lists renewed at current prices
// until nobody is left to ask -> certificate over all pairs -> if the gap is still open, or an
// exact answer is asked, the exact mode from these prices (exact_mode.hpp): shortest paths in whole
// units on the pairs near each firm's choice, widened until no pair of the full problem objects.
// An exact answer is proven in the unit that was stated. Otherwise the solver picks the finest unit
// that fits, and the proof is in reals, as rounded to the safe side as any other (certify.hpp).
// Minimums and pins that contradict each other are found first (feasibility.hpp). Minimum loads,
// minimum demands and demands over 1, and exact answers on pairs that a source stores in rows,
// begin with an auction in whole units instead (exact_start.hpp); if its certificate closes the
// gap, that is the answer. From the prices and pairs of an
// earlier answer a warm start comes first (warm_start.hpp), and a limit on changes is priced around
// all of this (few_changes.hpp). Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/assign/auction_search.hpp>
#include <libmatch/assign/certify.hpp>
#include <libmatch/assign/exact_mode.hpp>
#include <libmatch/assign/exact_start.hpp>
#include <libmatch/assign/feasibility.hpp>
#include <libmatch/assign/few_changes.hpp>
#include <libmatch/assign/hours.hpp>
#include <libmatch/assign/previous_pairs.hpp>
#include <libmatch/assign/quotas.hpp>
#include <libmatch/assign/reservation.hpp>
#include <libmatch/assign/teams.hpp>
#include <libmatch/assign/units.hpp>
#include <libmatch/assign/utility_range.hpp>
#include <libmatch/assign/warm_start.hpp>
#include <libmatch/core/error.hpp>
#include <libmatch/model/assignment_faults.hpp>

namespace libmatch {
namespace detail {

class Assigner {
  public:
    Assigner(const PairSource& source, const AssignmentLimits& limits,
             const AssignmentOptions& options, Control& control)
        : source_(source),
          limits_(limits),
          options_(options),
          control_(control),
          n_(source.firms()),
          m_(source.advisers()),
          exact_(options.exact || options.gap <= 0),
          largest_(source.utility_size()),
          units_(exact_ ? options.unit : WholeUnits::finest(largest_, m_), m_,
                 exact_ ? WholeUnits::TooLarge::refused : WholeUnits::TooLarge::clamped) {}

    /// `previous`: eligible pairs to begin with, where the options have prices to begin at.
    AssignmentResult solve(std::span<const Pair> previous) {
        check_utilities();
        const auto found =
            decide_feasibility(source_, limits_, options_.threads, control_, result_);
        if (found == Feasibility::infeasible) return infeasible();
        if (found == Feasibility::unknown) return stopped_early();
        lawful_ = std::move(result_.pairs);

        bool proven = false;
        const bool begun = !options_.start_prices.empty();
        if (begun && warm_start(previous)) {
            proven = !exact_;
        } else if (begun && control_.stop()) {
            settle_for_best_bound();
        } else if (!only_capacities() || (exact_ && source_.stored())) {
            start_in_units();
            proven = !exact_ && prove_start();
        } else {
            auction();
            proven = !exact_ && gap() <= options_.gap;
        }
        if (!proven && !control_.stop()) proven = exact();
        if (!certified_) certify();  // a stop came before anything was proven
        if (!proven) keep_limits();
        if (!proven) keep_better_pairs();

        Certificate& c = result_.certificate;
        c.seconds = control_.elapsed();
        c.status = proven ? status_for(c.gap(), options_.gap) : control_.stop_status();
        control_.report("assign", 1);
        return std::move(result_);
    }

  private:
    // ---- what kind of problem this is ----

    /// Lists and prices hold utilities up to 1e30; a unit must tell some apart from 0.
    void check_utilities() const {
        if (!(std::isfinite(options_.unit) && options_.unit > 0)) {
            throw InputError({Fault::Severity::error, "unit", -1, "", figure(options_.unit),
                              "a finite number above 0 is expected", "give one, like 1e-6"});
        }
        check_utility_range(source_, largest_);
        if (exact_ && largest_ > 0 && largest_ < 0.5 * units_.unit()) {
            throw InputError({Fault::Severity::error, "utility", -1, "", figure(largest_),
                              "no utility is larger, so all of them round to 0 in the exact mode's "
                              "unit of " +
                                  figure(units_.unit()),
                              "scale the utilities up or give a smaller unit"});
        }
    }
    [[nodiscard]] bool only_capacities() const {
        const auto positive = [](auto x) { return x > 0; };
        return std::none_of(limits_.min_load.begin(), limits_.min_load.end(), positive) &&
               std::none_of(limits_.min_demand.begin(), limits_.min_demand.end(), positive) &&
               std::none_of(limits_.demand.begin(), limits_.demand.end(),
                            [](auto d) { return d > 1; });
    }

    // ---- from an earlier answer ----

    /// True when the gap is closed. If not, what was found and proven is kept for those who stop.
    bool warm_start(std::span<const Pair> previous) {
        WarmStart warm(source_, limits_, options_.threads, control_);
        const bool closed = warm.run(options_.start_prices, previous, options_.gap);
        result_.pairs = warm.pairs();
        result_.prices.assign(m_, 0.0);
        if (warm.proven()) {
            result_.prices = best_prices_ = warm.prices();
            result_.certificate.bound = best_bound_ = warm.bound();
        }
        result_.certificate.objective = warm.objective();
        reach_ = exact_steps * last_exact_step() * warm.mean();
        certified_ = closed;
        if (!closed) warm_ = result_;
        return closed;
    }
    /// Work that was stopped may have ended below what the warm start had.
    void keep_better_pairs() {
        Certificate& c = result_.certificate;
        if (warm_.pairs.empty() || c.unit > 0 || !keeps_minimums(warm_.pairs)) return;
        if (warm_.certificate.objective <= c.objective) return;
        c.objective = warm_.certificate.objective;
        result_.pairs = warm_.pairs;
    }

    /// Work that was stopped may have ended with pairs that miss a minimum.
    void keep_limits() {
        if (keeps_minimums(result_.pairs)) return;
        result_.pairs = lawful_;
        result_.certificate.unit = 0;
        result_.certificate.objective = objective_of(source_, result_.pairs, options_.threads);
    }

    // ---- the fast way ----

    void auction() {
        std::vector<std::int64_t> room = limits_.capacity;
        std::vector<char> pinned(n_, 0);
        for (const Pair& p : limits_.pinned) {
            --room[p.adviser];
            pinned[p.firm] = 1;
        }
        std::vector<FirmId> free;
        for (std::size_t i = n_; i-- > 0;) {
            if (pinned[i] == 0 && limits_.demand_of(FirmId(i)) > 0) free.emplace_back(i);
        }
        AuctionSearch search(source_, std::move(free), room,
                             std::clamp<std::size_t>(static_cast<std::size_t>(options_.candidates),
                                                     2, std::max<std::size_t>(m_, 2)),
                             options_.threads, control_);
        result_.prices.assign(m_, 0.0);
        result_.pairs = limits_.pinned;
        if (exact_) {
            search.run_to(last_exact_step());
            take(search);
            reach_ = exact_steps * search.last_epsilon();
            return;  // the exact mode goes on, and proves
        }
        const bool proven = search.run(std::max(options_.gap, 1e-9), [&] {
            take(search);
            certify(search.lists());
            if (gap() > options_.gap && gap() <= worth_mending * options_.gap) mend();
            return gap();
        });
        if (proven) return;
        take(search);
        reach_ = exact_steps * search.last_epsilon();
        if (search.mean() <= 0) close_empty_seats(room, search.highest());
        certify();
        if (search.mean() > 0 && result_.certificate.bound == 0) {
            close_empty_seats(room, search.highest());
            certify();
        }
    }

    /// What is nearly good enough is mended in less time than another auction takes.
    void mend() {
        WarmStart warm(source_, limits_, options_.threads, control_);
        if (!warm.run(result_.prices, result_.pairs, options_.gap, most_mends)) return;
        result_.pairs = warm.pairs();
        result_.prices = warm.prices();
        result_.certificate.objective = warm.objective();
        result_.certificate.bound = warm.bound();
        keep_best_bound();
    }

    /// Advisers without seats get a price that no firm would pay, so that the bound does not count
    /// them.
    void close_empty_seats(const std::vector<std::int64_t>& room, double highest) {
        for (std::size_t j = 0; j < m_; ++j) {
            if (room[j] == 0 && limits_.capacity[j] == 0) {
                result_.prices[j] = std::max(result_.prices[j], highest * (1 + 1e-6));
            }
        }
    }

    void take(const AuctionSearch& search) {
        result_.prices = search.prices();
        result_.pairs = limits_.pinned;
        for (std::size_t i = 0; i < n_; ++i) {
            if (search.held(FirmId(i)).known())
                result_.pairs.push_back({FirmId(i), search.held(FirmId(i))});
        }
        std::sort(result_.pairs.begin(), result_.pairs.end());
    }

    // ---- the exact way ----

    /// The auction's last step before shortest paths, of a mean utility: about the distance between
    /// the choices of a firm.
    [[nodiscard]] double last_exact_step() const {
        return std::min(3e-4, 0.1 / static_cast<double>(std::max<std::size_t>(m_, 1)));
    }

    void start_in_units() {
        control_.report("assign", 0);
        const auto candidates = static_cast<std::size_t>(std::max(options_.candidates, 2));
        const double last =
            exact_ ? last_exact_step() : std::clamp(usual_gain * options_.gap, 1e-6, 3e-4);
        const auto start =
            ExactStart(source_, limits_, units_, candidates, options_.threads).run(last, control_);
        result_.pairs = start.pairs;
        result_.prices.resize(m_);
        for (std::size_t j = 0; j < m_; ++j)
            result_.prices[j] = static_cast<double>(start.prices[j]) * units_.unit();
        reach_ = exact_steps * static_cast<double>(start.step) * units_.unit();
    }

    /// True when the start is within the gap asked already.
    bool prove_start() {
        if (control_.stop() || !keeps_minimums(result_.pairs)) return false;
        certify();
        return !control_.stop() && gap() <= options_.gap;
    }
    [[nodiscard]] bool keeps_minimums(const std::vector<Pair>& pairs) const {
        std::vector<std::int64_t> load(m_, 0);
        std::vector<std::int32_t> degree(n_, 0);
        for (const Pair& p : pairs) {
            ++load[p.adviser];
            ++degree[p.firm];
        }
        for (std::size_t j = 0; j < m_; ++j) {
            if (load[j] < limits_.min_load_of(AdviserId(j))) return false;
        }
        for (std::size_t i = 0; i < n_; ++i) {
            if (degree[i] < limits_.min_demand_of(FirmId(i))) return false;
        }
        return true;
    }

    bool exact() {
        certified_ = true;  // on every way out
        const double unit = units_.unit();
        WholeAnswer answer{result_.pairs, std::vector<std::int64_t>(m_)};
        for (std::size_t j = 0; j < m_; ++j) answer.prices[j] = to_units(result_.prices[j], unit);
        ExactMode mode(source_, limits_, units_, options_.threads);
        const auto outcome = mode.run(answer, exact_reach(), control_);
        assert(outcome != ExactMode::Outcome::infeasible);  // that was decided before
        if (outcome != ExactMode::Outcome::optimal) {
            certify();
            return false;
        }
        result_.pairs = std::move(answer.pairs);
        for (std::size_t j = 0; j < m_; ++j)
            result_.prices[j] = static_cast<double>(answer.prices[j]) * unit;
        if (!exact_) {
            certify();
            return !control_.stop();
        }
        result_.certificate.unit = unit;
        result_.certificate.objective = mode.objective() * unit;
        result_.certificate.bound = mode.bound() * unit;
        return true;
    }

    /// How far under a firm's choice a pair may lie and still matter, units. What the auction
    /// leaves open per firm is far less than its last step; prices move by a few of them.
    [[nodiscard]] std::int64_t exact_reach() const {
        return static_cast<std::int64_t>(std::min(1e15, reach_ / units_.unit())) + 4;
    }

    // ---- the proof ----

    /// So few pairs that looking at all of them delays nobody who asked to stop.
    [[nodiscard]] bool cheap_to_prove() const { return n_ * m_ <= 20'000'000; }

    void keep_best_bound() {
        if (!best_prices_.empty() && result_.certificate.bound >= best_bound_) return;
        best_bound_ = result_.certificate.bound;
        best_prices_ = result_.prices;
    }
    /// The answer at hand with the best bound that was proven before the work was stopped, else
    /// with the one that needs no proof: every firm at the most that a pair can be worth.
    void settle_for_best_bound() {
        certified_ = true;
        Certificate& c = result_.certificate;
        c.unit = 0;
        c.objective = objective_of(source_, result_.pairs, options_.threads);
        if (!best_prices_.empty()) {
            c.bound = best_bound_;
            result_.prices = best_prices_;
            return;
        }
        result_.prices.assign(m_, 0.0);
        const double most = std::max(0.0, source_.utility_limit());
        ExactSum bound;
        bound.add_multiple(most, limits_.total_demand(n_));
        c.bound = bound.up();
    }

    /// Objective and bound of the answer at hand, in reals. `known`: see prove.
    void certify(KnownLists known = {}) {
        certified_ = true;
        Certificate& c = result_.certificate;
        const bool wait = cheap_to_prove();
        if (wait || !control_.stop()) {
            c.unit = 0;
            const auto both = prove(source_, limits_, result_.prices, result_.pairs,
                                    options_.threads, wait ? never_stop_ : control_, known);
            c.objective = both.objective;
            c.bound = both.bound;
        }
        if (wait || !control_.stop()) {
            keep_best_bound();
        } else {
            settle_for_best_bound();
        }
    }
    [[nodiscard]] double gap() const { return result_.certificate.gap(); }

    AssignmentResult infeasible() {
        result_.certificate = {};
        result_.certificate.status = Status::infeasible;
        result_.certificate.seconds = control_.elapsed();
        return std::move(result_);
    }

    /// Nothing is known yet, not even whether an assignment exists: the pins, if they can be.
    AssignmentResult stopped_early() {
        if (pins_fit(source_, limits_)) {
            result_.prices.assign(m_, 0.0);
            result_.pairs = limits_.pinned;
            certify();
        } else {
            settle_for_best_bound();
        }
        result_.certificate.status = control_.stop_status();
        result_.certificate.seconds = control_.elapsed();
        return std::move(result_);
    }

    static constexpr double worth_mending = 4;  ///< times the gap that is asked
    static constexpr int most_mends = 2;
    /// The gap is usually this many times smaller than the last step, of a mean utility.
    static constexpr double usual_gain = 10;
    static constexpr double exact_steps = 16;  ///< last steps that a price moves in the exact mode
    const PairSource& source_;
    const AssignmentLimits& limits_;
    const AssignmentOptions& options_;
    Control& control_;
    std::size_t n_, m_;
    bool exact_;
    double largest_;  ///< utility in size
    WholeUnits units_;
    double reach_ = 0;  ///< see exact_reach, score units
    AssignmentResult result_;
    std::vector<Pair> lawful_;  ///< some pairs that keep all limits
    AssignmentResult warm_;     ///< of a warm start that did not close the gap
    const Control never_stop_;
    bool certified_ = false;  ///< the certificate is of the answer at hand
    double best_bound_ = 0;
    std::vector<double> best_prices_;  ///< that prove it; empty = nothing was proven yet
};

}  // namespace detail

/// Solves an assignment problem. Throws InputError for faulty limits; everything else is a value of
/// the result.
[[nodiscard]] inline AssignmentResult assign(const PairSource& source,
                                             const AssignmentLimits& limits,
                                             const AssignmentOptions& options, Control& control) {
    auto faults = faults_of(limits, source.firms(), source.advisers());
    const auto more = start_faults(options, limits, source.advisers());
    faults.insert(faults.end(), more.begin(), more.end());
    if (!faults.empty()) throw InputError(std::move(faults));

    if (limits.team) return assign_with_teams(source, limits, options, control);
    const auto solve = [](const PairSource& pairs, const AssignmentLimits& within,
                          const AssignmentOptions& how, std::span<const Pair> begin,
                          Control& watch) {
        const auto plain = [begin](auto&... problem) {
            return detail::Assigner(problem...).solve(begin);
        };
        const auto at_zero = [&plain](const PairSource& p, const AssignmentLimits& l,
                                      const AssignmentOptions& o, Control& w) {
            if (!l.hours.empty()) return assign_hours(p, l, o, w);
            return l.quotas.empty() ? plain(p, l, o, w) : assign_with_quotas(p, l, o, plain, w);
        };
        return within.reservation.empty()
                   ? at_zero(pairs, within, how, watch)
                   : assign_with_reservation(pairs, within, how, at_zero, watch);
    };
    if (limits.max_changes) {
        const auto few = [&solve](const PairSource& p, const AssignmentLimits& l,
                                  const AssignmentOptions& o, Control& w) {
            return detail::FewChanges(p, l, o, w, solve).run();
        };
        return limits.reservation.empty()
                   ? few(source, limits, options, control)
                   : assign_with_reservation(source, limits, options, few, control);
    }
    if (limits.previous.empty()) return solve(source, limits, options, {}, control);
    const detail::PreviousPairs previous(source, limits, options.threads);
    AssignmentResult result = solve(source, limits, options, previous.pairs(), control);
    if (result.certificate.status != Status::infeasible) {
        result.changes = previous.changes_in(result.pairs);
        result.forced_changes = previous.forced();
    }
    return result;
}

}  // namespace libmatch
