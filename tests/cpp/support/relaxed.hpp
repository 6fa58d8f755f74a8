// Problems with a relaxation applied, and the judge on answers to small problems.
#pragma once

#include <algorithm>
#include <cpp/support/judge.hpp>
#include <cpp/support/small_problem.hpp>
#include <string>
#include <vector>

namespace libmatch {

/// The problem with its limits changed as the relaxation says.
inline SmallProblem relaxed(SmallProblem p, const std::vector<Relaxation>& changes) {
    p.limits.min_load.resize(p.advisers(), 0);
    p.limits.min_demand.resize(p.firms(), 0);
    for (const Relaxation& r : changes) {
        switch (r.limit) {
            case Relaxation::Limit::capacity:
                p.limits.capacity[r.adviser] = r.after;
                break;
            case Relaxation::Limit::min_load:
                p.limits.min_load[r.adviser] = r.after;
                break;
            case Relaxation::Limit::min_demand:
                p.limits.min_demand[r.firm] = static_cast<std::int32_t>(r.after);
                break;
            case Relaxation::Limit::pin:
                std::erase(p.limits.pinned, Pair{r.firm, r.adviser});
                break;
        }
    }
    return p;
}

/// A problem of every kind of contradiction, by seed: minimums, pins, several pins of one firm.
inline SmallProblem contradictory_problem(std::uint64_t seed) {
    ProblemShape shape;
    shape.most_firms = 1 + seed % 14;
    shape.most_advisers = 1 + seed % 7;
    shape.density = 0.2 + 0.1 * static_cast<double>(seed % 8);
    shape.most_capacity = 1 + static_cast<std::int64_t>(seed % 5);
    shape.most_demand = 1 + static_cast<std::int32_t>(seed % 3);
    shape.minimums = 0.1 * static_cast<double>(seed % 9);
    shape.pins = 0.15 * static_cast<double>(seed % 5);
    SmallProblem p = random_problem(shape, seed);
    Random random(seed + 1);
    for (std::size_t i = 0; i < p.firms(); ++i) {
        if (random.uniform() < 0.2) {
            p.limits.pinned.push_back(
                {FirmId(i), AdviserId(static_cast<std::uint32_t>(random.below(p.advisers())))});
        }
    }
    std::sort(p.limits.pinned.begin(), p.limits.pinned.end());
    p.limits.pinned.erase(std::unique(p.limits.pinned.begin(), p.limits.pinned.end()),
                          p.limits.pinned.end());
    return p;
}

}  // namespace libmatch
