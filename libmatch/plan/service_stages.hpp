// Stages workshops and shared_staff: firms that meet for something else than money, on the engine
// of pooling.
//
// Each is skipped where the market has no rule of its kind.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/core/exact_sum.hpp>
#include <libmatch/model/service_pools.hpp>
#include <libmatch/model/table_reader.hpp>
#include <libmatch/plan/pool_stage.hpp>
#include <libmatch/plan/run.hpp>
#include <libmatch/pool/pool.hpp>

namespace libmatch::detail {

/// Why a firm is in no group, in the words of its stage.
struct ServiceReasons {
    const char *over_max, *too_few, *not_worth, *missing_unit;
};
inline constexpr ServiceReasons workshop_reasons{
    "", "too few leaders within reach of a site to open a workshop",
    "the workshops within reach are full or bring more with others", " leaders"};
inline constexpr ServiceReasons job_reasons{"it wants more days than a shared job has",
                                            "too few days within reach to make a job",
                                            "another sharing is worth more", " days per month"};

[[nodiscard]] inline std::string reason_text(PoolReason reason, const ServiceReasons& words) {
    switch (reason) {
        case PoolReason::amount_over_max:
            return words.over_max;
        case PoolReason::too_few_neighbours:
            return words.too_few;
        case PoolReason::not_worth:
            return words.not_worth;
        default:
            return name(reason);
    }
}

[[nodiscard]] inline Group as_plan_group(const Market& market, const ServicePool& pool,
                                         const PoolGroup& g) {
    const PoolProblem& problem = pool.problem;
    const DossierRule& rule = problem.rules[g.rule].rule;
    const bool sites = !problem.sites.empty();
    Group out;
    out.rule = RuleId(g.rule);
    out.seat = sites ? g.seat : pool.firms[g.seat].value;
    const PlaceId at = sites ? market.sites[g.seat].place : market.firms.place[pool.firms[g.seat]];
    ExactSum value;
    value.add(-rule.opening_cost);
    for (const FirmId k : g.members) {
        const FirmId i = pool.firms[k];
        const double away = market.distance_km(market.firms.place[i], at);
        out.members.push_back({i, problem.amount[k], away});
        value.add(problem.value_of(k));
        value.add_product(-rule.cost_per_km, away);
    }
    out.value = value.down();
    return out;
}

inline void service_stage(Run& run, const std::string& name, const ServicePool& pool,
                          const ServiceReasons& words, std::vector<Group>& groups) {
    const double started = run.begin(name);
    std::vector<double> prices(run.market.firms.size(), 0.0);
    Certificate c;
    if (!pool.firms.empty()) {
        PoolOptions options;
        options.gap = run.options.pool_gap;
        options.seed = run.options.seed;
        options.max_rounds = pool_rounds;
        options.threads = run.options.threads;
        const PoolResult result = libmatch::pool(pool.problem, options, run.control);
        for (const PoolGroup& g : result.groups)
            groups.push_back(as_plan_group(run.market, pool, g));
        for (std::size_t k = 0; k < pool.firms.size(); ++k) {
            prices[pool.firms[k]] = result.prices[k];
            if (result.reasons[k] == PoolReason::pooled) continue;
            std::string reason = reason_text(result.reasons[k], words);
            if (result.missing[k] > 0)
                reason += "; missing " + number_text(result.missing[k]) + words.missing_unit;
            run.left_out(name, pool.firms[k], std::move(reason));
        }
        prices.insert(prices.end(), result.site_prices.begin(), result.site_prices.end());
        c = result.certificate;
    }
    if (!pool.problem.sites.empty())
        prices.resize(run.market.firms.size() + run.market.sites.size());
    run.plan.prices[name] = std::move(prices);
    run.certify(name, c, started);
}

inline void workshops_stage(Run& run) {
    if (run.market.workshops.empty()) return;
    ServicePool pool = workshop_problem(run.market);
    service_stage(run, stage::workshops, pool, workshop_reasons, run.plan.workshops);
}

inline void shared_staff_stage(Run& run) {
    if (run.market.shared_staff.empty()) return;
    service_stage(run, stage::shared_staff, shared_staff_problem(run.market), job_reasons,
                  run.plan.shared_staff);
}

}  // namespace libmatch::detail
