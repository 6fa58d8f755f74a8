// The judge of assignments: recomputes feasibility, objective, bound and gap with plain loops over
// all pairs.
//
// A problem is given by two questions, `eligible(i, j)` and `utility(i, j)`; the judge asks both
// for every pair, and `load(i, j)` where capacities are hours: a price is then per hour. With
// quotas a firm pays for a pair the prices of the adviser and of all quotas that hold it. Where
// advisers cover needs together, a firm's best choice is its best team (teams.hpp).
//
// Rounding is nobody's friend: the judge compares net values and adds figures exactly
// (core/exact_sum.hpp), accepts no claimed bound below the dual value of the prices and no claimed
// objective above that of the pairs, by however little, and none that is off on the other side by
// more than 1e-9 of the figures that were added. In units the claim must be the whole number
// itself. With hours a net value is taken from below, by 1e-30 of its parts at most.
//
// Complexity: O(n m) questions. It shares no code with any solver. Deterministic for any number of
// threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <libmatch/check/assignment_case.hpp>
#include <libmatch/check/choice.hpp>
#include <libmatch/check/infeasible.hpp>
#include <libmatch/check/previous.hpp>
#include <libmatch/check/quotas.hpp>
#include <libmatch/check/teams.hpp>
#include <libmatch/check/verdict.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/assignment.hpp>

namespace libmatch::check {

namespace detail {

inline std::string figure(double x) {
    std::ostringstream out;
    out.precision(12);
    out << x;
    return out.str();
}

/// How far apart two figures are that may look the same.
inline std::string difference(double claim, double found) {
    return " (difference " + figure(claim - found) + ")";
}

/// Equal up to rounding: 1e-9 of the larger. For figures with terms of one sign only.
inline bool close(double a, double b) {
    return a == b || std::fabs(a - b) <= 1e-9 * std::max(std::fabs(a), std::fabs(b));
}

/// A sum beside what rounding is measured by: the sum of its terms in size.
struct Account {
    ExactSum sum;
    double size = 0;
    void add(double x) {
        sum.add(x);
        size += std::fabs(x);
    }
    void add_multiple(double x, std::int64_t count) {
        sum.add_multiple(x, count);
        size += std::fabs(x) * std::fabs(static_cast<double>(count));
    }
    void add_product(double x, double y) {
        sum.add_product(x, y);
        size += std::fabs(x * y);
    }
};

/// True if whole units are what the claim says. Up to 2^50 units only the number itself is.
inline bool same_units(double claim, const ExactSum& units, double unit) {
    const double q = claim / unit;
    const double slack = std::max(0.25, std::fabs(q) * 0x1p-50);
    return q >= units.down() - slack && q <= units.up() + slack;
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

/// Adds the most that one firm can bring to the dual value when it sees these prices. A firm
/// without pins may stay out at its own value, and takes no pair for less. The pair with `kept`, if
/// any, counts as kept_value: the price of a change.
template <class Seen>
void add_best_choice(const AssignmentCase& problem, const AssignmentLimits& limits, FirmId i,
                     const Seen& seen, const std::vector<AdviserId>& pins, double unit,
                     AdviserId kept, double more, ExactSum& sum) {
    const auto net = [&](AdviserId j) {
        const double worth = problem.utility(i, j);
        const double u = in_unit(j == kept ? kept_value(worth, more) : worth, unit);
        return limits.hours.empty() ? net_value(u, seen(j))
                                    : net_value(u, seen(j).high, hours_of(problem, limits, i, j));
    };
    Choice choice(limits, i, pins.size(), in_unit(limits.reservation_of(i), unit));
    for (const AdviserId j : pins) choice.pin(net(j));
    for (std::size_t j = 0; choice.open() && j < problem.advisers; ++j) {
        const AdviserId adviser(j);
        if (!problem.eligible(i, adviser)) continue;
        if (std::find(pins.begin(), pins.end(), adviser) != pins.end()) continue;
        choice.offer(net(adviser));
    }
    choice.add_to(sum);
}

/// What a dual value counts beside prices of advisers.
struct Terms {
    const QuotaLedger& quotas;
    const std::vector<std::vector<AdviserId>>& pins;  ///< of each firm
    const Previous& previous;
    double change_price = 0;
};

/// The dual value of the claimed prices: every price, every firm, every pair. Nothing when prices
/// are missing or no numbers, which the verdict then says.
inline std::optional<Account> dual_value(const AssignmentCase& problem,
                                         const AssignmentLimits& limits,
                                         const AssignmentResult& claim, const Terms& terms,
                                         double unit, Verdict& verdict, unsigned threads) {
    const auto fail = [&](std::string subject, std::string text) {
        verdict.fail(problem.stage, std::move(subject), std::move(text));
    };
    if (claim.prices.size() != problem.advisers) {
        fail("prices", std::to_string(claim.prices.size()) + " prices for " +
                           std::to_string(problem.advisers) + " advisers");
        return std::nullopt;
    }
    const bool in_hours = !limits.hours.empty();
    Account bound;
    if (terms.change_price > 0 && limits.max_changes) {
        const Previous& previous = terms.previous;
        bound.add_multiple(terms.change_price,
                           *limits.max_changes + previous.beyond_seats - previous.counting);
    }
    for (std::size_t j = 0; j < problem.advisers; ++j) {
        const double price = claim.prices[j];
        if (!std::isfinite(price)) {
            fail(problem.adviser_name(AdviserId(j)), "the price is not a finite number");
            continue;
        }
        const std::int64_t least = limits.min_load_of(AdviserId(j));
        if (price < 0 && least == 0) {
            fail(problem.adviser_name(AdviserId(j)),
                 "the price " + figure(price) + " is negative without a minimum load");
        }
        const double p = in_unit(price, unit);
        if (in_hours && price > 0) {
            bound.add_product(p, limits.hours[j]);
        } else {
            bound.add_multiple(p, price > 0 ? limits.capacity[j] : least);
        }
    }
    if (!terms.quotas.add_cost(problem.stage, claim.quota_prices, unit, bound, verdict))
        return std::nullopt;
    if (problem.best_choices && !limits.team) {
        bound.sum.add(problem.best_choices(terms.pins));
    } else {
        const std::size_t chunk = std::max<std::size_t>(64, problem.firms / 1'024);
        std::vector<ExactSum> parts((problem.firms + chunk - 1) / chunk);
        parallel_chunks(problem.firms, chunk, threads, [&](std::size_t begin, std::size_t end) {
            if (limits.team) {
                TeamJudge teams(problem, limits, claim.prices);
                for (std::size_t i = begin; i < end; ++i)
                    teams.add_best_team(FirmId(i), terms.pins[i], parts[begin / chunk]);
                return;
            }
            QuotaLedger::Seen seen(terms.quotas, claim.prices, claim.quota_prices, unit);
            for (std::size_t i = begin; i < end; ++i) {
                seen.look_as(FirmId(i));
                add_best_choice(problem, limits, FirmId(i), seen, terms.pins[i], unit,
                                terms.previous.adviser[i], terms.change_price,
                                parts[begin / chunk]);
            }
        });
        for (const ExactSum& part : parts) bound.sum.add(part);
    }
    bound.size += std::fabs(bound.sum.up());
    return bound;
}

/// What the teams of these pairs, sorted, cover together.
inline void add_covered(const AssignmentCase& problem, const Team& team,
                        const std::vector<Pair>& pairs, Account& sum) {
    std::vector<std::vector<AdviserId>> members(problem.firms);
    for (const Pair& p : pairs) {
        if (p.firm < problem.firms && p.adviser < problem.advisers &&
            problem.eligible(p.firm, p.adviser)) {
            members[p.firm].push_back(p.adviser);
        }
    }
    for (std::size_t i = 0; i < problem.firms; ++i) {
        for_each_covered(team, FirmId(i), members[i],
                         [&](double weight, double level) { sum.add_product(weight, level); });
    }
}

/// Quotas: a pin or a forced firm that cannot be, or prices at which the dual value, with all
/// utilities 0, is negative; an assignment would be worth 0.
inline void judge_infeasible_quotas(const AssignmentCase& problem, const AssignmentLimits& limits,
                                    const AssignmentResult& claim, const QuotaLedger& quotas,
                                    const std::vector<std::vector<AdviserId>>& pins,
                                    Verdict& verdict, unsigned threads) {
    if (claim.blockers.empty())
        verdict.fail(problem.stage, "status", "infeasible is claimed without any blocker");
    if (!claim.relaxation.empty() || !claim.relaxed_pairs.empty())
        verdict.fail(problem.stage, "relaxation", "none is proven where there are quotas");
    if (pins_contradict(problem, limits) || some_firm_fits_nowhere(problem, limits)) return;
    AssignmentCase worthless = problem;
    worthless.utility = [](FirmId, AdviserId) { return 0.0; };
    worthless.best_choices = nullptr;
    AssignmentLimits bare = limits;
    bare.reservation.clear();
    const auto value =
        dual_value(worthless, bare, claim,
                   {quotas, pins, {bare, problem.firms, problem.eligible}, 0}, 0, verdict, threads);
    if (value && !(value->sum.up() < 0)) {
        verdict.fail(
            problem.stage, "status",
            "infeasible is claimed, yet the prices of advisers and quotas do not prove it");
    }
}

/// Compares claims with what was found. `optimal` may be claimed only where the two are equal.
/// `modest`: the bound may be claimed higher than it was found, as by work that was stopped.
inline void judge_claims(const std::string& stage, const Certificate& claim,
                         const Account& objective, const Account& bound, Verdict& verdict,
                         bool modest = false) {
    const bool units = claim.unit > 0;
    const double scale = units ? claim.unit : 1;
    const StageVerdict found{stage, objective.sum.down() * scale, bound.sum.up() * scale};
    // Work that was stopped may claim a bound that is easier to prove than the best of its prices.
    const bool stopped =
        modest || claim.status == Status::time_limit || claim.status == Status::cancelled;
    const double slack = 1e-9 * std::max(objective.size, bound.size);
    const bool objective_holds =
        units ? same_units(claim.objective, objective.sum, scale)
              : claim.objective <= found.objective && claim.objective >= found.objective - slack;
    if (!objective_holds) {
        verdict.fail(stage, "objective",
                     "claimed " + figure(claim.objective) + ", recomputed " +
                         figure(found.objective) + difference(claim.objective, found.objective));
    }
    const bool bound_holds =
        units ? same_units(claim.bound, bound.sum, scale) || (stopped && claim.bound > found.bound)
              : claim.bound >= found.bound && (stopped || claim.bound <= found.bound + slack);
    if (!bound_holds) {
        verdict.fail(stage, "bound",
                     "claimed " + figure(claim.bound) + ", recomputed from the prices " +
                         figure(found.bound) + difference(claim.bound, found.bound));
    }
    ExactSum open = bound.sum;
    open.subtract(objective.sum);
    if (claim.status == Status::optimal && open.up() > 0)
        verdict.fail(stage, "status", "optimal is claimed, yet the gap is " + figure(found.gap()));
    verdict.stages.push_back(found);
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
    const QuotaLedger quotas(limits.quotas, problem.firms);
    std::vector<std::vector<AdviserId>> pins(problem.firms);
    for (const Pair& p : limits.pinned) pins[p.firm].push_back(p.adviser);
    if (claim.certificate.status == Status::infeasible) {
        if (!claim.pairs.empty())
            fail("status", "infeasible is claimed, yet there are assignments");
        if (limits.quotas.empty()) {
            judge_infeasible(problem, limits, claim, verdict, threads);
        } else {
            detail::judge_infeasible_quotas(problem, limits, claim, quotas, pins, verdict, threads);
        }
        verdict.stages.push_back(found);
        return;
    }

    // Feasibility and objective.
    std::vector<std::int64_t> load(problem.advisers, 0);
    std::vector<int> held(problem.firms, 0);
    std::vector<Pair> seen = claim.pairs;
    std::sort(seen.begin(), seen.end());
    detail::Account objective;
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
    for (std::size_t i = 0; i < problem.firms; ++i) {
        if (held[i] == 0) objective.add(in_unit(limits.reservation_of(FirmId(i)), unit));
    }
    if (limits.team) {
        if (unit > 0) fail("unit", "there is none where advisers cover needs together");
        detail::add_covered(problem, *limits.team, seen, objective);
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
    if (!limits.quotas.empty()) {
        std::vector<Pair> lawful;
        for (const Pair& p : seen) {
            const bool inside = p.firm < problem.firms && p.adviser < problem.advisers;
            if (inside && (lawful.empty() || !(lawful.back() == p))) lawful.push_back(p);
        }
        quotas.judge_counts(problem.stage, lawful, verdict);
    }
    for (const Pair& p : limits.pinned) {
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

    const auto bound = detail::dual_value(problem, limits, claim,
                                          {quotas, pins, previous, priced ? change_price : 0}, unit,
                                          verdict, threads);
    if (!bound) {
        verdict.stages.push_back(found);
        return;
    }
    // Where a firm has too many teams that may be best, a solver may claim more than the best.
    detail::judge_claims(problem.stage, claim.certificate, objective, *bound, verdict,
                         limits.team.has_value());
}

}  // namespace libmatch::check
