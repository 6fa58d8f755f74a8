// The judge of workshops and of shared staff: who takes part and who is named as left out, then
// groups and prices by the judge of pooling.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/check/plan_case.hpp>
#include <libmatch/check/pooling.hpp>
#include <libmatch/model/service_pools.hpp>

namespace libmatch::check::detail {

/// `group_name`: what a group is called in complaints. `sites`: whether seats are listed sites.
inline void judge_service(PlanCase& c, const std::string& name, const ServicePool& pool,
                          const std::vector<Group>& groups, const std::string& group_name,
                          bool sites) {
    const auto fail = [&](std::string who, std::string text) {
        c.verdict.fail(name, std::move(who), std::move(text));
    };
    constexpr auto none = PoolRule::no_cell;
    std::vector<std::uint32_t> position(c.market.firms.size(), none);
    for (std::size_t k = 0; k < pool.firms.size(); ++k)
        position[pool.firms[k]] = static_cast<std::uint32_t>(k);
    std::vector<std::uint8_t> seen(c.market.firms.size(), 0);  // 1 = in a group, 2 = left out
    PoolResult claim;
    claim.certificate = *c.plan.certificate(name);
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const Group& x = groups[g];
        const std::string who = group_name + " " + std::to_string(g + 1);
        const DossierRule& rule = pool.problem.rules[x.rule].rule;
        const PlaceId at =
            sites ? c.market.sites[x.seat].place : c.market.firms.place[FirmId(x.seat)];
        PoolGroup group{x.rule.value, sites ? x.seat : position[x.seat], {}};
        if (group.seat == none) {
            fail(who, c.firm(FirmId(x.seat)) + " is its seat and takes no part in this");
            continue;
        }
        Account value;
        value.add(-rule.opening_cost);
        for (const Group::Member& m : x.members) {
            const std::uint32_t k = position[m.firm];
            if (k == none) {
                fail(who, c.firm(m.firm) + " does not take part in this");
                continue;
            }
            if (seen[m.firm]++ != 0) fail(who, c.firm(m.firm) + " is a member twice");
            group.members.emplace_back(k);
            const double away = c.market.distance_km(c.market.firms.place[m.firm], at);
            value.add(pool.problem.value_of(FirmId(k)));
            value.add_product(-rule.cost_per_km, away);
            if (m.amount != pool.problem.amount[k]) {
                fail(who, c.firm(m.firm) + ": claimed amount " + figure(m.amount) +
                              ", recomputed " + figure(pool.problem.amount[k]));
            }
            if (!(std::fabs(away - m.distance_km) <= 1e-6)) {
                fail(who, c.firm(m.firm) + ": claimed distance " + figure(m.distance_km) +
                              " km, recomputed " + figure(away));
            }
        }
        if (!(std::fabs(value.sum.down() - x.value) <= 1e-9 * value.size)) {
            fail(who,
                 "claimed value " + figure(x.value) + ", recomputed " + figure(value.sum.down()));
        }
        std::sort(group.members.begin(), group.members.end());
        claim.groups.push_back(std::move(group));
    }
    for (const Unserved& u : c.plan.unserved) {
        if (u.stage != name) continue;
        if (position[u.firm] == none)
            fail(c.firm(u.firm), "it is left out of what it has no part in");
        if (seen[u.firm] == 1) fail(c.firm(u.firm), "it is both in a group and left out");
        seen[u.firm] = 2;
    }
    for (const FirmId i : pool.firms) {
        if (seen[i] == 0) fail(c.firm(i), "it is neither in a group nor named as left out");
    }
    if (pool.firms.empty()) {
        c.compare(name, {name, 0, 0});
        return;
    }
    const std::vector<double>& prices = c.prices(name);
    for (const FirmId i : pool.firms) claim.prices.push_back(prices[i]);
    claim.site_prices.assign(prices.begin() + static_cast<std::ptrdiff_t>(c.market.firms.size()),
                             prices.end());
    Verdict judged = verify(pool.problem, claim, 1e-9, name, c.threads);
    for (Violation& v : judged.violations) c.verdict.violations.push_back(std::move(v));
    for (StageVerdict& s : judged.stages) c.verdict.stages.push_back(std::move(s));
}

inline void judge_workshops(PlanCase& c) {
    judge_service(c, stage::workshops, workshop_problem(c.market), c.plan.workshops, "workshop",
                  true);
}

inline void judge_shared_staff(PlanCase& c) {
    judge_service(c, stage::shared_staff, shared_staff_problem(c.market), c.plan.shared_staff,
                  "job", false);
}

}  // namespace libmatch::check::detail
