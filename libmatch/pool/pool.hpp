// Pooling: disjoint lawful groups of the largest total value, with prices that bound every possible
// plan.
//
// Problem: see model/pooling.hpp.
//
// Certificate: prices pi_i >= 0 of firms and sigma_s >= 0 of sites with limited sessions such that
// no lawful group is worth more than the prices of its members and of its site; then every plan is
// worth at most sum pi_i + sum sessions_s sigma_s.
//
// Method: thousands of firms and more are first priced and packed all at once, in time that grows
// with the firms alone (wide_search.hpp). Where that leaves more than the gap asked, and firms are
// not too many, the problem falls into components that never meet; small ones are solved
// by column generation with an exact master (small_search.hpp), large ones with a first-order
// master and improvement block by block (large_search.hpp). The better groups and the better prices
// are kept.
//
// Complexity: O(n log n) for many firms; else rounds x pairs of firms and seats in reach. Memory:
// linear in firms, columns and (up to a limit) reach. Fewer firms are solved by components first;
// what leaves a gap is then searched as a whole too.
//
// Preconditions: faults_of(problem) is empty, else InputError.
//
// Determinism: the same bits for any number of threads.
//
// Source: L. S. Lasdon, "Optimization Theory for Large Systems", 1970 (pricing and Lagrangian
// bounds).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include <libmatch/core/error.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/pooling.hpp>
#include <libmatch/model/pooling_faults.hpp>
#include <libmatch/pool/large_search.hpp>
#include <libmatch/pool/left_out.hpp>
#include <libmatch/pool/reach.hpp>
#include <libmatch/pool/small_search.hpp>
#include <libmatch/pool/wide_explain.hpp>
#include <libmatch/pool/wide_search.hpp>

namespace libmatch {

namespace detail {

[[nodiscard]] inline PoolGroup as_group(const Board& board, std::uint32_t seat,
                                        std::span<const FirmId> members) {
    const Board::Seat& at = board.seats()[seat];
    const Board::Rule& rule = board.rule_of(seat);
    PoolGroup group{at.rule, members.front().value, {members.begin(), members.end()}};
    if (at.site != Board::none) {
        group.seat = at.site;
    } else if (at.spot != Board::none) {
        for (const FirmId i : members) {
            if (rule.spot_of[i] == at.spot) {
                group.seat = i.value;
                break;
            }
        }
    }
    return group;
}

/// The largest value or opening cost in size: what rounding is measured by.
[[nodiscard]] inline double value_scale(const PoolProblem& problem) {
    double scale = problem.value.empty() ? 1 : 0;
    for (const double v : problem.value) scale = std::max(scale, std::fabs(v));
    for (const PoolRule& keyed : problem.rules)
        scale = std::max(scale, std::fabs(keyed.rule.opening_cost));
    return scale > 0 ? scale : 1;
}

[[nodiscard]] inline double km_between(const PoolProblem& problem, PoolPlace p, PoolPlace q) {
    return problem.metric == Metric::plane ? std::hypot(p.a - q.a, p.b - q.b)
                                           : distance_km(LatLon{p.a, p.b}, LatLon{q.a, q.b});
}

/// The problem with values and costs times 2^shift: the same groups are best.
[[nodiscard]] inline PoolProblem at_scale(const PoolProblem& problem, int shift) {
    PoolProblem scaled = problem;
    if (scaled.value.empty()) scaled.value.assign(problem.amount.size(), 1.0);
    for (double& v : scaled.value) v = std::ldexp(v, shift);
    for (PoolRule& keyed : scaled.rules) {
        keyed.rule.opening_cost = std::ldexp(keyed.rule.opening_cost, shift);
        keyed.rule.cost_per_km = std::ldexp(keyed.rule.cost_per_km, shift);
    }
    return scaled;
}

/// What the prices bound: those of firms, and those of sites for each of their sessions.
inline void add_prices(const PoolProblem& problem, const PoolResult& result, ExactSum& bound) {
    for (const double p : result.prices) bound.add(p);
    for (std::size_t s = 0; s < result.site_prices.size(); ++s) {
        if (result.site_prices[s] > 0)
            bound.add_product(result.site_prices[s], problem.sessions_at(s));
    }
}

/// x times 2^shift, rounded up where the result has fewer digits than x.
[[nodiscard]] inline double shifted_up(double x, int shift) {
    const double y = std::ldexp(x, shift);
    return std::ldexp(y, -shift) < x ? std::nextafter(y, HUGE_VAL) : y;
}

/// Adds up what groups and prices claim.
inline void certify(const PoolProblem& problem, const PoolOptions& options, double begun,
                    const Control& control, PoolResult& result) {
    ExactSum objective, bound;
    for (const PoolGroup& g : result.groups) {
        const DossierRule& rule = problem.rules[g.rule].rule;
        objective.add(-rule.opening_cost);
        const PoolPlace seat = problem.metric == Metric::none ? PoolPlace{}
                               : problem.at_sites(g.rule)     ? problem.sites[g.seat]
                                                              : problem.place[g.seat];
        for (const FirmId i : g.members) {
            objective.add(problem.value_of(i));
            if (problem.metric == Metric::none) continue;
            objective.add_product(-rule.cost_per_km, km_between(problem, problem.place[i], seat));
        }
    }
    add_prices(problem, result, bound);
    std::sort(result.groups.begin(), result.groups.end(),
              [](const PoolGroup& a, const PoolGroup& b) {
                  return a.members.front() < b.members.front();
              });
    Certificate& certificate = result.certificate;
    certificate.objective = objective.down();
    certificate.bound = bound.up();
    certificate.seconds = control.elapsed() - begun;
    const double distance = certificate.bound - certificate.objective;
    const double scale = value_scale(problem);
    const bool equal = distance <= 1e-9 * std::max(scale, std::fabs(certificate.bound));
    certificate.status = control.cancelled() ? Status::cancelled
                         : equal             ? Status::optimal
                                             : status_for(certificate.gap(), options.gap);
}

/// Answers firms left out from the seats of the board.
inline void explain(const Board& board, const Reach& reach, unsigned threads, PoolResult& result) {
    LeftOut(board.problem(), board.bonds(), &board, result)
        .answer(threads, [&](FirmId i, double& missing) {
            missing = reach.missing[i];
            return !reach.complete || reach.can_join[i] != 0;
        });
}

/// Column generation, component by component.
[[nodiscard]] inline PoolResult pool_by_components(const PoolProblem& problem,
                                                   const PoolOptions& options, Control& control) {
    const double begun = control.elapsed();
    const Board board(problem, options.threads);
    ReachFinder finder(board);
    Reach reach = finder.find(control);
    if (!reach.complete) {  // stopped at once: safe prices for all, and no group
        reach.components.emplace_back();
        for (std::size_t i = 0; i < board.firms(); ++i) reach.components[0].firms.emplace_back(i);
    }
    const double scale = value_scale(problem);

    SearchSettings settings;
    settings.gap = options.gap;
    settings.max_rounds = options.max_rounds;
    settings.branch_gap = 0.5 * options.gap;
    settings.floor = 1e-10 * scale;
    Workspace space(board);
    std::vector<ComponentAnswer> answers(reach.components.size());
    std::vector<std::size_t> small, large;
    for (std::size_t c = 0; c < answers.size(); ++c) {
        (reach.components[c].firms.size() <= simplex_limit ? small : large).push_back(c);
    }
    control.report("pool", 0);
    std::size_t large_firms = 0;
    for (const std::size_t c : large) large_firms += reach.components[c].firms.size();
    const double small_part = 1 - static_cast<double>(large_firms) /
                                      static_cast<double>(std::max<std::size_t>(1, board.firms()));
    // Batches, so that the calling thread can report between them.
    constexpr std::size_t batch = 256;
    for (std::size_t at = 0; at < small.size(); at += batch) {
        const std::size_t count = std::min(batch, small.size() - at);
        parallel_chunks(count, 1, options.threads, [&](std::size_t k, std::size_t) {
            const std::size_t c = small[at + k];
            SmallSearch search(board, reach.components[c], settings, space, control);
            answers[c] = search.run();
        });
        control.report("pool", small_part * static_cast<double>(at + count) /
                                   static_cast<double>(small.size()));
    }
    settings.threads = options.threads;
    double done = small_part;
    for (const std::size_t c : large) {
        const double part = static_cast<double>(reach.components[c].firms.size()) /
                            static_cast<double>(board.firms());
        LargeSearch search(board, reach.components[c], settings, space, control);
        answers[c] = search.run(
            options.seed, [&](double fraction) { control.report("pool", done + part * fraction); });
        done += part;
    }

    PoolResult result;
    result.prices.assign(board.firms(), 0);
    result.site_prices.assign(problem.sites.size(), 0);
    for (std::size_t c = 0; c < answers.size(); ++c) {
        const ComponentAnswer& answer = answers[c];
        for (std::size_t g = 0; g < answer.plan.size(); ++g) {
            result.groups.push_back(as_group(board, answer.plan.seat(g), answer.plan.members(g)));
        }
        const Component& part = reach.components[c];
        for (std::size_t k = 0; k < part.firms.size(); ++k)
            result.prices[part.firms[k]] = answer.prices[k];
        for (std::size_t k = 0; k < part.sites.size(); ++k)
            result.site_prices[part.sites[k]] = answer.prices[part.firms.size() + k];
    }
    certify(problem, options, begun, control, result);
    explain(board, reach, options.threads, result);
    return result;
}

/// Takes another answer's prices and groups where they are better; whether the groups were.
inline bool keep_better(PoolResult& result, PoolResult& other) {
    if (other.certificate.bound < result.certificate.bound) result.prices.swap(other.prices);
    if (!(other.certificate.objective > result.certificate.objective)) return false;
    result.groups.swap(other.groups);
    return true;
}

/// Firms from which the whole is priced and packed at once.
inline constexpr std::size_t wide_from = 2000;
/// Firms up to which column generation is worth its time.
inline constexpr std::size_t components_to = 20'000;

/// Whether every group meets at a member, and no firms are bound together or kept apart.
[[nodiscard]] inline bool free_of_sites_and_bonds(const PoolProblem& problem) {
    for (std::size_t k = 0; k < problem.rules.size(); ++k) {
        if (problem.at_sites(k)) return false;
    }
    return problem.together.empty() && problem.apart.empty();
}

[[nodiscard]] inline PoolResult pool_near_one(const PoolProblem& problem,
                                              const PoolOptions& options, Control& control) {
    const std::size_t n = problem.amount.size();
    const double begun = control.elapsed();
    const auto open = [&](const PoolResult& result) {
        return result.certificate.gap() > options.gap && !control.stop();
    };
    PoolResult result;
    const bool free = free_of_sites_and_bonds(problem);
    if (n < wide_from || !free) {
        result = pool_by_components(problem, options, control);
        if (free && open(result)) {
            WideSearch search(problem, options, value_scale(problem), control);
            PoolResult other = search.run();
            certify(problem, options, begun, control, other);
            if (keep_better(result, other)) {
                explain(search.ground(), options.threads, control, result);
            }
            certify(problem, options, begun, control, result);
        }
    } else {
        control.report("pool", 0);
        WideSearch search(problem, options, value_scale(problem), control);
        result = search.run();
        certify(problem, options, begun, control, result);
        if (n <= components_to && open(result)) {
            PoolResult other = pool_by_components(problem, options, control);
            keep_better(result, other);
            certify(problem, options, begun, control, result);
        }
        explain(search.ground(), options.threads, control, result);
    }
    result.certificate.seconds = control.elapsed() - begun;
    control.report("pool", 1);
    return result;
}

}  // namespace detail

/// Solves the problem; stopped work returns its best groups with their true bound.
[[nodiscard]] inline PoolResult pool(const PoolProblem& problem, const PoolOptions& options,
                                     Control& control) {
    if (std::vector<Fault> faults = faults_of(problem); !faults.empty())
        throw InputError(std::move(faults));
    // The search compares with small numbers of its own, so values come near 1 first: times a power
    // of 2, which takes no digit away.
    const int exponent = std::ilogb(detail::value_scale(problem));
    constexpr int near = 10;
    if (std::abs(exponent) <= near) return detail::pool_near_one(problem, options, control);
    PoolResult result =
        detail::pool_near_one(detail::at_scale(problem, -exponent), options, control);
    ExactSum bound;
    for (double& price : result.prices) price = detail::shifted_up(price, exponent);
    for (double& price : result.site_prices) price = detail::shifted_up(price, exponent);
    for (NearestGroup& at : result.nearest) at.more_value = std::ldexp(at.more_value, exponent);
    detail::add_prices(problem, result, bound);
    result.certificate.bound = bound.up();
    result.certificate.objective = -detail::shifted_up(-result.certificate.objective, exponent);
    return result;
}

/// Says again why firms are in no group, what is missing and where the nearest group is, for
/// amounts that changed since. Stopped work looks for no missing amounts.
inline void answer_left_out(const PoolProblem& problem, PoolResult& result, unsigned threads,
                            const Control& control) {
    if (problem.amount.size() >= detail::wide_from && detail::free_of_sites_and_bonds(problem)) {
        detail::explain(detail::Ground(problem, threads, control), threads, control, result);
        return;
    }
    const detail::Board board(problem, threads);
    detail::explain(board, detail::ReachFinder(board).find(control), threads, result);
}

}  // namespace libmatch
