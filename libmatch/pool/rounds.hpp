// Rounds of visits: which firms each traveller visits on which day and in which order, with prices
// that bound every possible plan.
//
// Problem: see model/rounds.hpp. It falls apart by traveller.
//
// Certificate: prices pi_i, sigma_r, mu_r >= 0 such that for every lawful round of traveller r over
// firms S of length l,
//     sum_{i in S} (v_i - pi_i) - (cost_per_km + mu_r) l + mu_r max_km <= sigma_r;
// then every plan is worth at most sum pi_i + sum_r days_r sigma_r (docs/model.md). The inequality
// is asked of relaxed rounds, which may visit a firm twice, by dynamic programming.
//
// Method: good rounds per traveller (round_search.hpp), then prices (round_prices.hpp); travellers
// in parallel.
//
// Complexity: O(sum over travellers of firms x stops of all days, plus turns x stops x places^2).
//
// Preconditions: values are finite and at least 0; every firm's traveller exists.
//
// Determinism: the same bits for any number of threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/rounds.hpp>
#include <libmatch/pool/round_prices.hpp>
#include <libmatch/pool/round_search.hpp>

namespace libmatch {

struct RoundsOptions {
    double gap = 0.01;
    std::uint64_t seed = 0;
    unsigned threads = 0;  ///< 0 = all cores; never changes the answer
};

namespace detail {

/// The length of a round, leg by leg.
template <class Stops, class PlaceOf>
[[nodiscard]] double length_km(const LatLon home, const Stops& stops, const PlaceOf& place_of) {
    double km = 0;
    LatLon at = home;
    for (const auto& stop : stops) {
        km += distance_km(at, place_of(stop));
        at = place_of(stop);
    }
    return km + distance_km(at, home);
}

}  // namespace detail

/// Solves the problem; stopped work returns its best rounds with their true bound.
[[nodiscard]] inline RoundsResult plan_rounds(const RoundsProblem& problem,
                                              const RoundsOptions& options, Control& control) {
    const double begun = control.elapsed();
    const std::size_t n = problem.value.size(), m = problem.travellers.size();
    std::vector<std::vector<FirmId>> firms(m);
    double scale = 0;
    for (std::size_t i = 0; i < n; ++i) {
        firms[problem.traveller[i]].emplace_back(i);
        scale = std::max(scale, problem.value[i]);
    }
    RoundsResult result;
    result.firm_price.assign(n, 0.0);
    result.day_price.assign(m, 0.0);
    result.km_price.assign(m, 0.0);
    std::vector<std::vector<Round>> rounds(m);
    const auto solve = [&](std::size_t r) {
        const detail::HomeArea area(problem, r, firms[r]);
        detail::RoundPrices prices = detail::safe_prices(area);
        if (!control.stop()) {
            detail::RoundSearch search(area, options.seed * 0x9e3779b97f4a7c15ULL + r);
            for (const auto& stops : search.run(control)) {
                Round round{static_cast<std::uint32_t>(r), {}};
                for (const std::uint32_t k : stops) round.stops.push_back(area.firm(k));
                const double km = detail::length_km(problem.travellers[r].home, round.stops,
                                                    [&](FirmId i) { return problem.place[i]; });
                if (km <= problem.max_km_per_day * (1 + 1e-12)) rounds[r].push_back(round);
            }
            prices = detail::price_rounds(area, search.value(), options.gap, control);
        }
        for (std::size_t k = 0; k < area.size(); ++k)
            result.firm_price[area.firm(k)] = prices.firm[k];
        // Distances and sums are rounded; what that can hide is paid for.
        const bool proven = prices.day > 0 || prices.km > 0;
        result.day_price[r] = prices.day + (proven ? 1e-10 * (scale + prices.day) : 0);
        result.km_price[r] = prices.km;
    };
    control.report("visits", 0);
    constexpr std::size_t batch = 64;  // so that the calling thread can report between them
    for (std::size_t at = 0; at < m; at += batch) {
        const std::size_t count = std::min(batch, m - at);
        parallel_chunks(count, 1, options.threads,
                        [&](std::size_t k, std::size_t) { solve(at + k); });
        control.report("visits", static_cast<double>(at + count) / static_cast<double>(m));
    }
    ExactSum objective, bound;
    for (std::size_t r = 0; r < m; ++r) {
        std::sort(rounds[r].begin(), rounds[r].end(),
                  [](const Round& a, const Round& b) { return a.stops.front() < b.stops.front(); });
        for (Round& round : rounds[r]) {
            LatLon at = problem.travellers[r].home;
            for (const FirmId i : round.stops) {
                objective.add(problem.value[i]);
                objective.add_product(-problem.cost_per_km, distance_km(at, problem.place[i]));
                at = problem.place[i];
            }
            objective.add_product(-problem.cost_per_km,
                                  distance_km(at, problem.travellers[r].home));
            result.rounds.push_back(std::move(round));
        }
        bound.add_product(result.day_price[r], static_cast<double>(problem.travellers[r].days));
    }
    for (const double p : result.firm_price) bound.add(p);
    Certificate& c = result.certificate;
    c.objective = objective.down();
    c.bound = bound.up();
    c.seconds = control.elapsed() - begun;
    c.status = control.cancelled() ? Status::cancelled : status_for(c.gap(), options.gap);
    control.report("visits", 1);
    return result;
}

}  // namespace libmatch
