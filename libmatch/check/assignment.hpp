// The judge of assignments: recomputes feasibility, objective, bound and gap with plain loops over
// all pairs.
//
// A problem is given by two questions, `eligible(i, j)` and `utility(i, j)`; the judge asks both
// for every pair, and `load(i, j)` where capacities are hours: a price is then per hour.
// Complexity: O(n m) questions. It shares no code with any solver. Deterministic for any number of
// threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include <libmatch/check/choice.hpp>
#include <libmatch/check/previous.hpp>
#include <libmatch/check/verdict.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/assignment.hpp>

namespace libmatch::check {

/// What the judge needs to know of a problem. The functions are called from several threads.
struct AssignmentCase {
    std::string stage;
    std::size_t firms = 0;
    std::size_t advisers = 0;
    std::function<bool(FirmId, AdviserId)> eligible;
    std::function<double(FirmId, AdviserId)> utility;  ///< of an eligible pair
    std::function<double(FirmId, AdviserId)> load{};   ///< its hours; empty = 1
    std::function<std::string(FirmId)> firm_name;
    std::function<std::string(AdviserId)> adviser_name;
    /// Why a pair is not eligible; may be empty.
    std::function<std::string(FirmId, AdviserId)> reason;
    /// A quicker way to every firm's best choice at the claimed prices, given the pins of each
    /// firm; empty = every pair is asked.
    std::function<std::vector<double>(const std::vector<std::vector<AdviserId>>&)> best_choices{};
};

namespace detail {

inline std::string figure(double x) {
    std::ostringstream out;
    out.precision(12);
    out << x;
    return out.str();
}

/// Equal up to rounding of sums: 1e-9 relative.
inline bool close(double a, double b) {
    return std::fabs(a - b) <= 1e-9 * std::max({1.0, std::fabs(a), std::fabs(b)});
}

/// Hours of an eligible pair; 1 where capacity counts firms.
inline double hours_of(const AssignmentCase& problem, const AssignmentLimits& limits, FirmId i,
                       AdviserId j) {
    return limits.hours.empty() || !problem.load ? 1.0 : problem.load(i, j);
}

/// The hours that the pairs take of each adviser, against its capacity.
inline void judge_hours(const AssignmentCase& problem, const AssignmentLimits& limits,
                        const std::vector<Pair>& pairs, Verdict& verdict) {
    std::vector<Sum> taken(problem.advisers);
    for (const Pair& p : pairs) {
        if (p.firm >= problem.firms || p.adviser >= problem.advisers) continue;
        if (!problem.eligible(p.firm, p.adviser)) continue;
        const double hours = hours_of(problem, limits, p.firm, p.adviser);
        if (!(std::isfinite(hours) && hours >= 0)) {
            verdict.fail(problem.stage, problem.firm_name(p.firm),
                         "the pair takes " + figure(hours) + " hours");
            continue;
        }
        taken[p.adviser].add(hours);
    }
    for (std::size_t j = 0; j < problem.advisers; ++j) {
        if (taken[j].value() > limits.hours[j] + hours_tolerance(limits.hours[j])) {
            verdict.fail(
                problem.stage, problem.adviser_name(AdviserId(j)),
                figure(taken[j].value()) + " hours for a capacity of " + figure(limits.hours[j]));
        }
    }
}

/// The most that one firm can add to the dual value at these prices. The pair with `kept`, if any,
/// counts `more` beyond its utility: the price of a change.
inline double best_choice(const AssignmentCase& problem, const AssignmentLimits& limits, FirmId i,
                          const std::vector<double>& prices, const std::vector<AdviserId>& pins,
                          double unit, AdviserId kept = {}, double more = 0) {
    const auto net = [&](AdviserId j) {
        return in_unit(problem.utility(i, j), unit) -
               in_unit(prices[j], unit) * hours_of(problem, limits, i, j) +
               (j == kept ? in_unit(more, unit) : 0.0);
    };
    Choice choice(limits, i, pins.size());
    for (const AdviserId j : pins) choice.pin(net(j));
    for (std::size_t j = 0; choice.open() && j < problem.advisers; ++j) {
        const AdviserId adviser(j);
        if (!problem.eligible(i, adviser)) continue;
        if (std::find(pins.begin(), pins.end(), adviser) != pins.end()) continue;
        choice.offer(net(adviser));
    }
    return choice.value();
}

}  // namespace detail

/// Judges pairs, prices and claims; adds what is wrong and the recomputed figures to the verdict.
inline void judge_assignment(const AssignmentCase& problem, const AssignmentLimits& limits,
                             const AssignmentResult& claim, Verdict& verdict,
                             unsigned threads = 0) {
    const auto fail = [&](std::string subject, std::string text) {
        verdict.fail(problem.stage, std::move(subject), std::move(text));
    };
    const auto pair_name = [&](const Pair& p) {
        return problem.firm_name(p.firm) + " - " + problem.adviser_name(p.adviser);
    };
    const double unit = claim.certificate.unit;
    StageVerdict found{problem.stage, 0, 0};
    if (claim.certificate.status == Status::infeasible) {
        if (claim.blockers.empty()) fail("status", "infeasible is claimed without any blocker");
        if (!claim.pairs.empty())
            fail("status", "infeasible is claimed, yet there are assignments");
        verdict.stages.push_back(found);
        return;
    }
    if (claim.prices.size() != problem.advisers) {
        fail("prices", std::to_string(claim.prices.size()) + " prices for " +
                           std::to_string(problem.advisers) + " advisers");
        verdict.stages.push_back(found);
        return;
    }

    // Feasibility and objective.
    std::vector<std::int64_t> load(problem.advisers, 0);
    std::vector<int> held(problem.firms, 0);
    std::vector<Pair> seen = claim.pairs;
    std::sort(seen.begin(), seen.end());
    Sum objective;
    for (std::size_t k = 0; k < seen.size(); ++k) {
        const Pair& p = seen[k];
        if (p.firm >= problem.firms || p.adviser >= problem.advisers) {
            fail("pair " + std::to_string(k), "it names a firm or adviser that does not exist");
            continue;
        }
        if (k > 0 && seen[k - 1] == p) {
            fail(pair_name(p), "the pair is assigned twice");
            continue;
        }
        ++load[p.adviser];
        ++held[p.firm];
        if (!problem.eligible(p.firm, p.adviser)) {
            fail(pair_name(p),
                 "the pair is not eligible" +
                     (problem.reason ? ": " + problem.reason(p.firm, p.adviser) : std::string()));
            continue;
        }
        objective.add(in_unit(problem.utility(p.firm, p.adviser), unit));
    }
    const bool in_hours = !limits.hours.empty();
    if (in_hours) {
        seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
        detail::judge_hours(problem, limits, seen, verdict);
    }
    for (std::size_t j = 0; j < problem.advisers; ++j) {
        const AdviserId adviser(j);
        if (!in_hours && load[j] > limits.capacity[j]) {
            fail(problem.adviser_name(adviser), std::to_string(load[j]) +
                                                    " firms for a capacity of " +
                                                    std::to_string(limits.capacity[j]));
        }
        if (load[j] < limits.min_load_of(adviser)) {
            fail(problem.adviser_name(adviser), std::to_string(load[j]) +
                                                    " firms for a minimum load of " +
                                                    std::to_string(limits.min_load_of(adviser)));
        }
    }
    for (std::size_t i = 0; i < problem.firms; ++i) {
        const FirmId firm(i);
        if (held[i] > limits.demand_of(firm)) {
            fail(problem.firm_name(firm), std::to_string(held[i]) + " advisers for a demand of " +
                                              std::to_string(limits.demand_of(firm)));
        }
        if (held[i] < limits.min_demand_of(firm)) {
            fail(problem.firm_name(firm), std::to_string(held[i]) +
                                              " advisers for a minimum demand of " +
                                              std::to_string(limits.min_demand_of(firm)));
        }
    }
    std::vector<std::vector<AdviserId>> pins(problem.firms);
    for (const Pair& p : limits.pinned) {
        pins[p.firm].push_back(p.adviser);
        if (!std::binary_search(seen.begin(), seen.end(), p))
            fail(pair_name(p), "the pin is not kept");
        if (!problem.eligible(p.firm, p.adviser)) fail(pair_name(p), "the pin is not eligible");
    }

    // Changes: their count, their limit, and their price.
    const Previous previous(limits, problem.firms, problem.eligible);
    const double change_price = claim.change_price;
    if (const auto changes = previous.changes(seen);
        claim.changes != changes || claim.forced_changes != previous.forced) {
        fail("changes", "claimed " + std::to_string(claim.changes) + " and " +
                            std::to_string(claim.forced_changes) + " forced, recounted " +
                            std::to_string(changes) + " and " + std::to_string(previous.forced));
    } else if (limits.max_changes && changes > *limits.max_changes) {
        fail("changes",
             std::to_string(changes) + " for a limit of " + std::to_string(*limits.max_changes));
    }
    const bool priced = std::isfinite(change_price) && change_price >= 0;
    if (!priced || (change_price > 0 && !limits.max_changes)) {
        fail("change price",
             detail::figure(change_price) + " is not from 0, or there is no limit on changes");
    }

    // Bound: every price, every firm, every pair.
    Sum bound;
    if (priced && change_price > 0 && limits.max_changes) {
        bound.add(
            in_unit(change_price, unit) *
            static_cast<double>(*limits.max_changes + previous.beyond_seats - previous.counting));
    }
    for (std::size_t j = 0; j < problem.advisers; ++j) {
        const double price = claim.prices[j];
        if (!std::isfinite(price)) {
            fail(problem.adviser_name(AdviserId(j)), "the price is not a finite number");
            continue;
        }
        if (price < 0 && limits.min_load_of(AdviserId(j)) == 0) {
            fail(problem.adviser_name(AdviserId(j)),
                 "the price " + detail::figure(price) + " is negative without a minimum load");
        }
        const double most = in_hours ? limits.hours[j] : static_cast<double>(limits.capacity[j]);
        const double seats =
            price > 0 ? most : static_cast<double>(limits.min_load_of(AdviserId(j)));
        bound.add(in_unit(price, unit) * seats);
    }
    std::vector<double> surplus(problem.firms);
    if (problem.best_choices) {
        surplus = problem.best_choices(pins);
    } else {
        parallel_chunks(problem.firms, 64, threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                surplus[i] = detail::best_choice(problem, limits, FirmId(i), claim.prices, pins[i],
                                                 unit, previous.adviser[i], change_price);
            }
        });
    }
    for (const double s : surplus) bound.add(s);

    const double scale = unit > 0 ? unit : 1;
    found.objective = objective.value() * scale;
    found.bound = bound.value() * scale;
    const Certificate& c = claim.certificate;
    if (!detail::close(found.objective, c.objective)) {
        fail("objective", "claimed " + detail::figure(c.objective) + ", recomputed " +
                              detail::figure(found.objective));
    }
    // Work that was stopped may claim a bound that is easier to prove than the best of its prices.
    const bool stopped = c.status == Status::time_limit || c.status == Status::cancelled;
    if (!detail::close(found.bound, c.bound) && !(stopped && c.bound > found.bound)) {
        fail("bound", "claimed " + detail::figure(c.bound) + ", recomputed from the prices " +
                          detail::figure(found.bound));
    }
    if (c.status == Status::optimal && !detail::close(found.bound, found.objective)) {
        fail("status", "optimal is claimed, yet the gap is " + detail::figure(found.gap()));
    }
    verdict.stages.push_back(found);
}

}  // namespace libmatch::check
