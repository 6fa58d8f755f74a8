// The pooling problems of a market's workshops and shared staff.
//
// Only firms that a rule speaks of are in a problem: firm k of it is firms[k] of the market.
// Complexity: O(firms x rules).
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include <libmatch/model/market.hpp>
#include <libmatch/model/pooling.hpp>

namespace libmatch {

struct ServicePool {
    PoolProblem problem;
    std::vector<FirmId> firms;
};

namespace detail {

inline void add_to_pool(const Market& market, FirmId i, double amount, double value,
                        ServicePool& pool) {
    const LatLon at = market.places[market.firms.place[i]].at;
    pool.firms.push_back(i);
    pool.problem.amount.push_back(amount);
    pool.problem.value.push_back(value);
    pool.problem.place.push_back({at.lat, at.lon});
}

}  // namespace detail

/// True if the firm's leader is invited: few employees (or an unknown number), and the need.
[[nodiscard]] inline bool invited(const Market& market, const Workshop& w, FirmId i) {
    const auto need = static_cast<double>(
        market.firms.need(static_cast<Eigen::Index>(w.skill), static_cast<Eigen::Index>(i.value)));
    return !(market.firms.headcount[i] >= w.headcount_under) && need >= w.min_need;
}

/// Leaders of small firms in need of a skill, at listed sites. Each attends at most one workshop,
/// which is worth the firm's priority.
[[nodiscard]] inline ServicePool workshop_problem(const Market& market) {
    ServicePool pool;
    pool.problem.metric = Metric::sphere;
    for (const Workshop& w : market.workshops) pool.problem.rules.push_back({w.rule, {}});
    for (std::size_t k = 0; k < market.firms.size(); ++k) {
        const FirmId i(k);
        bool any = false;
        for (const Workshop& w : market.workshops) any = any || invited(market, w, i);
        if (!any) continue;
        detail::add_to_pool(market, i, 1, market.firms.priority[i], pool);
        for (std::size_t w = 0; w < market.workshops.size(); ++w) {
            pool.problem.rules[w].cell.push_back(
                invited(market, market.workshops[w], i) ? 0 : PoolRule::no_cell);
        }
    }
    for (const Site& s : market.sites) {
        const LatLon at = market.places[s.place].at;
        pool.problem.sites.push_back({at.lat, at.lon});
        pool.problem.sessions.push_back(s.sessions);
        pool.problem.seats.push_back(s.seats);
    }
    return pool;
}

/// Firms that want days of IT skill, under rules that make whole or half jobs of them. A day is
/// worth 1; the job is done at one member's place, from where the others are reached.
[[nodiscard]] inline ServicePool shared_staff_problem(const Market& market) {
    ServicePool pool;
    pool.problem.metric = Metric::sphere;
    for (const DossierRule& rule : market.shared_staff) pool.problem.rules.push_back({rule, {}});
    for (std::size_t k = 0; k < market.firms.size(); ++k) {
        const double days = market.firms.it_days[k];
        if (days > 0) detail::add_to_pool(market, FirmId(k), days, days, pool);
    }
    return pool;
}

}  // namespace libmatch
