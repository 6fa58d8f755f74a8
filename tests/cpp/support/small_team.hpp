// Small problems whose advisers cover needs together, and all their answers by plain loops.
#pragma once

#include <algorithm>
#include <cmath>
#include <cpp/support/small_problem.hpp>
#include <cstdint>
#include <libmatch/core/random.hpp>
#include <map>
#include <vector>

namespace libmatch {

struct TeamShape {
    std::size_t most_firms = 5, most_advisers = 5, most_skills = 4;
    std::int32_t most_demand = 3;
    double density = 0.85;
    double pins = 0;
    double cost = 6;    ///< taken from utilities between 0 and 11
    bool whole = true;  ///< whole numbers: every sum is exact
};

inline SmallProblem random_team_problem(const TeamShape& shape, std::uint64_t seed) {
    Random random(seed, 77);
    const auto up_to = [&](std::size_t most) { return 1 + random.below(most); };
    const auto number = [&](std::uint64_t below, double scale) {
        return shape.whole ? static_cast<double>(random.below(below))
                           : scale * static_cast<double>(below) * random.uniform();
    };
    const std::size_t n = up_to(shape.most_firms), m = up_to(shape.most_advisers);
    SmallProblem p;
    p.utility.resize(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(m));
    for (double& u : p.utility.reshaped())
        u = random.uniform() < shape.density ? number(12, 0.9) - shape.cost : -HUGE_VAL;
    Team team;
    team.skills = random.below(shape.most_skills + 1);
    for (std::size_t x = 0; x < n * team.skills; ++x) {
        team.need.push_back(random.uniform() < 0.3 ? 0 : number(5, 0.9));
        team.weight.push_back(number(4, 0.9));
    }
    for (std::size_t x = 0; x < m * team.skills; ++x)
        team.skill.push_back(random.uniform() < 0.3 ? 0 : number(5, 0.9));
    p.limits.team = team;
    for (std::size_t j = 0; j < m; ++j)
        p.limits.capacity.push_back(static_cast<std::int64_t>(random.below(4)));
    for (std::size_t i = 0; i < n; ++i) {
        p.limits.demand.push_back(static_cast<std::int32_t>(
            random.below(static_cast<std::uint64_t>(shape.most_demand) + 1)));
    }
    std::vector<std::int64_t> room = p.limits.capacity;
    for (std::size_t i = 0; i < n; ++i) {
        if (!(random.uniform() < shape.pins)) continue;
        const AdviserId j(static_cast<std::uint32_t>(random.below(m)));
        if (p.eligible(FirmId(i), j) && room[j] > 0 && p.limits.demand[i] > 0) {
            --room[j];
            p.limits.pinned.push_back({FirmId(i), j});
        }
    }
    return p;
}

/// F_i of the advisers in the bit set.
inline double team_worth(const SmallProblem& p, FirmId i, std::uint32_t set) {
    const Team& team = *p.limits.team;
    double worth = 0;
    std::vector<double> level(team.skills, 0.0);
    for (std::size_t j = 0; j < p.advisers(); ++j) {
        if ((set >> j & 1) == 0) continue;
        worth += p.at(i, AdviserId(j));
        for (std::size_t k = 0; k < team.skills; ++k)
            level[k] = std::max(level[k], team.skill[j * team.skills + k]);
    }
    for (std::size_t k = 0; k < team.skills; ++k) {
        const std::size_t at = i * team.skills + k;
        worth += team.weight[at] * std::min(team.need[at], level[k]);
    }
    return worth;
}

/// Every set of advisers that the firm may have.
inline std::vector<std::uint32_t> lawful_teams(const SmallProblem& p, FirmId i) {
    std::vector<std::uint32_t> sets;
    for (std::uint32_t set = 0; set < (1U << p.advisers()); ++set) {
        std::int32_t size = 0;
        bool lawful = true;
        for (std::size_t j = 0; j < p.advisers(); ++j) {
            const bool in = (set >> j & 1) != 0;
            size += in ? 1 : 0;
            if (in && !p.eligible(i, AdviserId(j))) lawful = false;
            if (!in && p.pinned({i, AdviserId(j)})) lawful = false;
        }
        if (lawful && size <= p.limits.demand_of(i)) sets.push_back(set);
    }
    return sets;
}

/// The best of all answers, firm by firm over the loads that can be.
inline double best_of_all(const SmallProblem& p) {
    std::map<std::vector<std::int64_t>, double> best{
        {std::vector<std::int64_t>(p.advisers(), 0), 0.0}};
    for (std::size_t i = 0; i < p.firms(); ++i) {
        std::map<std::vector<std::int64_t>, double> next;
        for (const auto& [load, worth] : best) {
            for (const std::uint32_t set : lawful_teams(p, FirmId(i))) {
                auto loaded = load;
                bool fits = true;
                for (std::size_t j = 0; j < p.advisers(); ++j) {
                    loaded[j] += set >> j & 1;
                    fits = fits && loaded[j] <= p.limits.capacity[j];
                }
                if (!fits) continue;
                const double sum = worth + team_worth(p, FirmId(i), set);
                const auto [at, added] = next.try_emplace(loaded, sum);
                if (!added) at->second = std::max(at->second, sum);
            }
        }
        best = std::move(next);
    }
    double most = -HUGE_VAL;
    for (const auto& [load, worth] : best) most = std::max(most, worth);
    return most;
}

/// The dual value at these prices, by trying all teams of every firm.
inline double team_bound(const SmallProblem& p, const std::vector<double>& prices) {
    double bound = 0;
    for (std::size_t j = 0; j < p.advisers(); ++j)
        bound += prices[j] * static_cast<double>(p.limits.capacity[j]);
    for (std::size_t i = 0; i < p.firms(); ++i) {
        double most = -HUGE_VAL;
        for (const std::uint32_t set : lawful_teams(p, FirmId(i))) {
            double net = team_worth(p, FirmId(i), set);
            for (std::size_t j = 0; j < p.advisers(); ++j)
                if ((set >> j & 1) != 0) net -= prices[j];
            most = std::max(most, net);
        }
        bound += most;
    }
    return bound;
}

}  // namespace libmatch
