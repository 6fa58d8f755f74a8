// Seeded pooling problems of every kind, and the slow obvious optimum of small ones.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <libmatch/core/geo.hpp>
#include <libmatch/core/random.hpp>
#include <libmatch/model/pooling.hpp>

namespace pooling_cases {

using libmatch::FirmId;
using libmatch::Metric;
using libmatch::PoolProblem;
using libmatch::PoolRule;
using libmatch::Random;

/// A random problem of at most `most` firms; kinds vary with the seed.
inline PoolProblem small_problem(std::uint64_t seed, std::size_t most) {
    Random random(seed);
    PoolProblem problem;
    const std::size_t n = 1 + random.below(most);
    for (std::size_t i = 0; i < n; ++i) {
        problem.amount.push_back(3000 + 14000 * random.uniform());
        if (seed % 5 == 0)
            problem.amount.back() = 1000.0 * static_cast<double>(4 + random.below(9));
    }
    if (seed % 3 == 1) {
        for (std::size_t i = 0; i < n; ++i) problem.value.push_back(2 * random.uniform());
    }
    if (seed % 11 == 7) problem.value.assign(n, 0);
    problem.metric = seed % 4 == 0 ? Metric::none : seed % 4 == 1 ? Metric::sphere : Metric::plane;
    if (problem.metric != Metric::none) {
        const bool sphere = problem.metric == Metric::sphere;
        for (std::size_t i = 0; i < n; ++i) {
            if (i > 0 && random.below(4) == 0) {
                problem.place.push_back(problem.place[random.below(i)]);
            } else if (sphere) {
                problem.place.push_back({45 + random.uniform(), 4 + random.uniform()});
            } else {
                problem.place.push_back({100 * random.uniform(), 100 * random.uniform()});
            }
        }
        for (std::uint64_t s = 0; seed % 7 == 3 && s < 1 + random.below(3); ++s) {
            problem.sites.push_back(
                sphere ? libmatch::PoolPlace{45.5, 4.2 + 0.3 * static_cast<double>(s)}
                       : libmatch::PoolPlace{50, 20 + 30 * static_cast<double>(s)});
        }
    }
    const std::size_t rules = 1 + random.below(3);
    for (std::size_t k = 0; k < rules; ++k) {
        PoolRule keyed;
        keyed.rule.name = "rule " + std::to_string(k);
        keyed.rule.min_sum = random.below(6) == 0 ? 0 : 12000 + 12000 * random.uniform();
        if (random.below(3) == 0)
            keyed.rule.max_sum = keyed.rule.min_sum + 15000 * random.uniform();
        keyed.rule.min_members = static_cast<std::int32_t>(1 + random.below(3));
        if (random.below(2) == 0) {
            keyed.rule.max_members =
                keyed.rule.min_members + static_cast<std::int32_t>(random.below(4));
        }
        if (random.below(2) == 0) keyed.rule.max_radius_km = 15 + 60 * random.uniform();
        keyed.rule.opening_cost = random.below(3) == 0 ? -random.uniform() : 1.5 * random.uniform();
        keyed.rule.cost_per_km = random.below(3) == 0 ? 0 : 0.03 * random.uniform();
        if (random.below(2) == 0) {
            for (std::size_t i = 0; i < n; ++i) {
                keyed.cell.push_back(random.below(10) == 0
                                         ? PoolRule::no_cell
                                         : static_cast<std::uint32_t>(random.below(2)));
            }
        }
        problem.rules.push_back(keyed);
    }
    return problem;
}

/// The optimum by trying every seat for every subset and every partition; for at most 12 firms.
inline double brute_force(const PoolProblem& problem) {
    const std::size_t n = problem.amount.size();
    const auto km = [&](libmatch::PoolPlace p, libmatch::PoolPlace q) {
        return problem.metric == Metric::plane
                   ? std::hypot(p.a - q.a, p.b - q.b)
                   : libmatch::distance_km(libmatch::LatLon{p.a, p.b}, libmatch::LatLon{q.a, q.b});
    };
    std::vector<double> worth(std::size_t{1} << n, -HUGE_VAL), best(std::size_t{1} << n, 0);
    for (std::size_t set = 1; set < worth.size(); ++set) {
        std::vector<FirmId> members;
        double sum = 0, value = 0;
        for (std::size_t i = 0; i < n; ++i) {
            if (!(set >> i & 1)) continue;
            members.emplace_back(i);
            sum += problem.amount[i];
            value += problem.value_of(FirmId(i));
        }
        for (const PoolRule& keyed : problem.rules) {
            const auto& rule = keyed.rule;
            const auto count = static_cast<std::int64_t>(members.size());
            if (sum < rule.lowest_sum() || sum > rule.highest_sum() || count < rule.min_members ||
                count > rule.max_members) {
                continue;
            }
            const std::uint32_t cell = keyed.cell_of(members.front());
            if (cell == PoolRule::no_cell ||
                std::any_of(members.begin(), members.end(),
                            [&](FirmId i) { return keyed.cell_of(i) != cell; })) {
                continue;
            }
            if (problem.metric == Metric::none) {
                worth[set] = std::max(worth[set], value - rule.opening_cost);
                continue;
            }
            std::vector<libmatch::PoolPlace> seats = problem.sites;
            if (seats.empty()) {
                for (const FirmId i : members) seats.push_back(problem.place[i]);
            }
            for (const auto& seat : seats) {
                double travel = 0;
                bool near = true;
                for (const FirmId i : members) {
                    const double far = km(problem.place[i], seat);
                    near = near && far <= rule.max_radius_km;
                    travel += far * rule.cost_per_km;
                }
                if (near) worth[set] = std::max(worth[set], value - travel - rule.opening_cost);
            }
        }
    }
    for (std::size_t set = 1; set < best.size(); ++set) {
        const std::size_t low = set & (0 - set);
        best[set] = best[set ^ low];
        for (std::size_t part = set; part != 0; part = (part - 1) & set) {
            if (part & low) best[set] = std::max(best[set], worth[part] + best[set ^ part]);
        }
    }
    return best.back();
}

/// Firms around towns of very different sizes, over an area of 900 x 900 km, with a trade and a
/// district each.
inline PoolProblem country(std::size_t n, std::uint64_t seed, std::size_t trades = 88,
                           std::size_t towns = 9000) {
    Random random(seed);
    PoolProblem problem;
    problem.metric = Metric::plane;
    std::vector<libmatch::PoolPlace> at;
    std::vector<double> until;
    double total = 0;
    for (std::size_t t = 0; t < towns; ++t) {
        at.push_back({900 * random.uniform(), 900 * random.uniform()});
        total += 1 / std::pow(static_cast<double>(t + 3), 0.9);
        until.push_back(total);
    }
    PoolRule trade, district;
    for (std::size_t i = 0; i < n; ++i) {
        const double draw = total * random.uniform();
        const auto town = static_cast<std::size_t>(
            std::lower_bound(until.begin(), until.end(), draw) - until.begin());
        problem.place.push_back(at[std::min(town, towns - 1)]);
        problem.amount.push_back(4000 + 12000 * random.uniform());
        const double share = random.uniform();
        trade.cell.push_back(
            static_cast<std::uint32_t>(static_cast<double>(trades) * share * share));
        const auto& p = problem.place.back();
        district.cell.push_back(static_cast<std::uint32_t>(p.a / 26) * 100 +
                                static_cast<std::uint32_t>(p.b / 26));
    }
    trade.rule = {"same trade", 20'000, HUGE_VAL, 2, 12, 60, 1.0, 0.02};
    district.rule = {"same place", 20'000, HUGE_VAL, 2, 12, 30, 1.0, 0.02};
    problem.rules = {trade, district};
    return problem;
}

}  // namespace pooling_cases
