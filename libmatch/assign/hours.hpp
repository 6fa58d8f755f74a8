// Assignment whose capacities are hours: from a source of pairs and limits to a proven answer.
//
// Problem: max sum u_ij x_ij, sum_i h_ij x_ij <= C_j (hours), each firm with one adviser, or none
// where it may stay out (the generalised assignment problem, NP-hard). Method: prices per hour that
// make the Lagrangian bound least (hours_dual.hpp), then annealing around them (hours_search.hpp)
// until the gap asked is reached or its moves are spent. The bound is at least the value of the
// linear relaxation, so the gap can be closed to the distance between the two and no further; what
// remains is reported. Infeasibility is claimed where it is proven: a forced firm without a pair
// that fits, pins beyond a capacity, or prices at which the hours that forced firms need cost more
// than all hours there are. Complexity: O(eligible pairs) memory, some 100 passes over them, and a
// bounded number of moves. Preconditions: demands of at most 1, no minimum loads; else InputError.
// Deterministic for any number of threads, given the seed.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/assign/certify.hpp>
#include <libmatch/assign/hours_dual.hpp>
#include <libmatch/assign/hours_problem.hpp>
#include <libmatch/assign/hours_search.hpp>

namespace libmatch {
namespace detail {

class HoursAssigner {
  public:
    HoursAssigner(const PairSource& source, const AssignmentLimits& limits,
                  const AssignmentOptions& options, Control& control)
        : source_(source), limits_(limits), options_(options), control_(control) {}

    AssignmentResult solve() {
        if (!pins_hold()) return infeasible();
        const HoursProblem problem = gather_hours(source_, limits_, options_.threads);
        if (!forced_firms_fit(problem)) return infeasible();

        HoursDual dual(problem, HoursDual::Aim::least_bound, options_.threads, control_);
        dual.run(std::clamp(0.02 * options_.gap, 1e-7, 1e-4));
        if (dual.proves_infeasible()) return infeasible(problem, dual.farkas());
        result_.prices = dual.prices();
        const double bound = hours_bound(problem, limits_.hours, result_.prices);

        HoursSearch search(problem, result_.prices, options_.threads, options_.seed, control_);
        search.run(bound - options_.gap * std::fabs(bound) - problem.pinned_value);
        if (!search.lawful() && !control_.stop()) {
            HoursDual feasibility(problem, HoursDual::Aim::prove_infeasible, options_.threads,
                                  control_);
            feasibility.run(0);
            if (feasibility.proves_infeasible()) return infeasible(problem, feasibility.farkas());
        }
        take(problem, search);
        certify(bound, search.lawful());
        control_.report("assign", 1);
        return std::move(result_);
    }

  private:
    bool pins_hold() {
        std::vector<Sum> load(source_.advisers());
        std::vector<int> degree(source_.firms(), 0);
        for (std::size_t k = 0; k < limits_.pinned.size(); ++k) {
            const Pair& p = limits_.pinned[k];
            if (!source_.eligible(p.firm, p.adviser)) {
                block(Blocker::Kind::pin, k, 1,
                      source_.reason(p.firm, p.adviser) + "; drop the pin or change the rule");
                continue;
            }
            const double hours = source_.load(p.firm, p.adviser);
            if (!(std::isfinite(hours) && hours >= 0))
                throw InputError(load_fault(p.firm, p.adviser, hours));
            load[p.adviser].add(hours);
            const double capacity = limits_.hours[p.adviser];
            const double over = load[p.adviser].value() - capacity;
            if (over > hours_tolerance(capacity)) {
                block(Blocker::Kind::pin, k, whole_hours(over),
                      "the pins of the adviser take more hours than its capacity; drop pins or "
                      "raise it");
            } else if (++degree[p.firm] > limits_.demand_of(p.firm)) {
                block(
                    Blocker::Kind::pin, k, 1,
                    "more advisers are pinned to the firm than its demand; drop pins or raise it");
            }
        }
        return result_.blockers.empty();
    }

    /// Each forced firm needs a pair whose hours fit an empty adviser.
    bool forced_firms_fit(const HoursProblem& p) {
        for (std::size_t i = 0; i < p.firms(); ++i) {
            if (p.forced[i] == 0) continue;
            bool fits = false;
            for (std::size_t e = p.begin[i]; e < p.begin[i + 1] && !fits; ++e)
                fits = p.load[e] <= p.most(p.adviser[e]);
            if (!fits) {
                block(Blocker::Kind::firm, i, 1,
                      p.begin[i] == p.begin[i + 1]
                          ? "the firm's minimum demand lacks an eligible adviser; lower min_demand "
                            "or widen eligibility"
                          : "each eligible adviser has fewer hours than the firm takes; lower "
                            "min_demand or raise capacities");
            }
        }
        return result_.blockers.empty();
    }

    /// At these prices the cheapest way to serve all forced firms costs more than all hours.
    AssignmentResult infeasible(const HoursProblem& p, const std::vector<double>& prices) {
        std::vector<Sum> wanted(p.advisers());
        for (std::size_t i = 0; i < p.firms(); ++i) {
            if (p.forced[i] == 0) continue;
            std::size_t cheapest = p.begin[i];
            for (std::size_t e = p.begin[i]; e < p.begin[i + 1]; ++e) {
                if (p.load[e] * prices[p.adviser[e]] <
                    p.load[cheapest] * prices[p.adviser[cheapest]])
                    cheapest = e;
            }
            wanted[p.adviser[cheapest]].add(p.load[cheapest]);
        }
        for (std::size_t j = 0; j < p.advisers(); ++j) {
            const double over = wanted[j].value() - p.room[j];
            if (prices[j] <= 0 || over <= 0) continue;
            block(Blocker::Kind::adviser, j, whole_hours(over),
                  "the firms that must be served take more hours than there are; lower min_demand "
                  "or raise the hours");
        }
        result_.prices = prices;  // they prove it
        return infeasible();
    }

    void block(Blocker::Kind kind, std::size_t index, std::int64_t shortfall, std::string reason) {
        result_.blockers.push_back(
            {kind, static_cast<std::uint32_t>(index), shortfall, std::move(reason)});
    }
    static std::int64_t whole_hours(double hours) {
        return static_cast<std::int64_t>(std::ceil(std::min(hours, 0x1p62)));
    }

    void take(const HoursProblem& p, const HoursSearch& search) {
        result_.pairs = limits_.pinned;
        for (std::size_t i = 0; i < p.firms(); ++i) {
            if (const std::size_t e = search.pair(i); e != HoursOptions::nowhere)
                result_.pairs.push_back({FirmId(i), AdviserId(p.adviser[e])});
        }
        std::sort(result_.pairs.begin(), result_.pairs.end());
    }

    void certify(double bound, bool lawful) {
        Certificate& c = result_.certificate;
        c.objective = objective_of(source_, result_.pairs, options_.threads);
        c.bound = bound;
        // The bound is about exact capacities, and sums of hours may exceed these by the tolerance.
        if (lawful && c.bound < c.objective) c.bound = c.objective;
        c.seconds = control_.elapsed();
        const Status wanted = status_for(c.gap(), options_.gap);
        const bool reached = lawful && wanted != Status::time_limit;
        c.status = reached ? wanted : control_.stop_status();
    }

    AssignmentResult infeasible() {
        result_.pairs.clear();
        result_.prices.resize(source_.advisers(), 0.0);
        result_.certificate = {};
        result_.certificate.status = Status::infeasible;
        result_.certificate.seconds = control_.elapsed();
        return std::move(result_);
    }

    const PairSource& source_;
    const AssignmentLimits& limits_;
    const AssignmentOptions& options_;
    Control& control_;
    AssignmentResult result_;
};

}  // namespace detail

/// Solves an assignment whose capacities are hours. Throws InputError for faulty limits or hours;
/// everything else is a value of the result.
[[nodiscard]] inline AssignmentResult assign_hours(const PairSource& source,
                                                   const AssignmentLimits& limits,
                                                   const AssignmentOptions& options,
                                                   Control& control) {
    return detail::HoursAssigner(source, limits, options, control).solve();
}

}  // namespace libmatch
