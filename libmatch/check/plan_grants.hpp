// The judge of grants: rules, stacks, budgets, and the dual value of the budgets' prices.
//
// Complexity: O(firms x 2^schemes).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/check/plan_case.hpp>
#include <libmatch/score/funding.hpp>

namespace libmatch::check::detail {

/// The most that one firm adds to the dual value, from below: every subset of schemes is tried,
/// and what rounding can have added is taken off.
[[nodiscard]] inline double most_worth(const PlanCase& c, FirmId i, WordSet labels,
                                       const std::vector<double>& price) {
    std::vector<std::size_t> open;
    for (std::size_t s = 0; s < c.market.schemes.size(); ++s) {
        if (price[s] < 1 && largest_grant(c.market, c.market.schemes[s], i) > 0 &&
            scheme_exclusion(c.market, c.market.schemes[s], i, labels).empty()) {
            open.push_back(s);
        }
    }
    std::sort(open.begin(), open.end(), [&](auto a, auto b) { return price[a] < price[b]; });
    double best = 0;
    for (std::uint64_t subset = 1; subset < (std::uint64_t{1} << open.size()); ++subset) {
        std::set<std::string> groups;
        bool lawful = true;
        double left = aid_limit(c.market, i), worth = 0;
        for (std::size_t k = 0; k < open.size(); ++k) {
            if ((subset >> k & 1) == 0) continue;
            const Scheme& s = c.market.schemes[open[k]];
            if (!s.stacking_group.empty())
                lawful = lawful && groups.insert(s.stacking_group).second;
            const double amount = std::min(left, largest_grant(c.market, s, i));
            left -= amount;
            worth += (1 - price[open[k]]) * amount;
        }
        if (lawful) best = std::max(best, worth);
    }
    return std::max(0.0, best - 0x1p-45 * aid_limit(c.market, i));
}

inline void judge_grants(PlanCase& c) {
    std::vector<WordSet> labels(c.market.firms.size(), 0);
    for (const Assigned& a : c.plan.assignments)
        labels[a.firm] |= c.market.advisers.labels[a.adviser];
    std::vector<std::uint8_t> seeks(c.market.firms.size(), 0), pooled(c.market.firms.size(), 0);
    for (const FirmId i : seekers(c)) seeks[i] = 1;
    for (const Dossier& d : c.plan.dossiers) {
        for (const DossierMember& m : d.members) pooled[m.firm] = 1;
    }
    std::vector<double> aid(c.market.firms.size(), 0.0), spent(c.market.schemes.size(), 0.0);
    std::set<std::pair<std::uint32_t, std::string>> stacked;
    Account objective;
    for (const Grant& g : c.plan.grants) {
        const Scheme& s = c.market.schemes[g.scheme];
        const std::string who = c.firm(g.firm) + ", scheme " + s.id;
        const auto fail = [&](std::string text) {
            c.verdict.fail(stage::fund, who, std::move(text));
        };
        if (seeks[g.firm] == 0) fail("the firm is not among those that seek funds");
        const auto rule = scheme_exclusion(c.market, s, g.firm, labels[g.firm]);
        if (!rule.empty()) fail(std::string(rule));
        if (s.collective_only && c.plan.certificate(stage::pool) != nullptr &&
            pooled[g.firm] == 0) {
            fail("the scheme is collective and the firm is in no dossier");
        }
        const double most = largest_grant(c.market, s, g.firm);
        if (!(g.amount_eur > 0) || g.amount_eur > most + PlanCase::cent ||
            g.amount_eur < s.floor_eur) {
            fail("the grant of " + figure(g.amount_eur) + " EUR is not between the floor and " +
                 figure(most));
        }
        const std::string group =
            s.stacking_group.empty() ? "alone " + s.id : "group " + s.stacking_group;
        if (!stacked.insert({g.firm.value, group}).second) fail("another grant excludes this one");
        aid[g.firm] += g.amount_eur;
        spent[g.scheme] += g.amount_eur;
        objective.add(g.amount_eur);
    }
    for (std::size_t i = 0; i < aid.size(); ++i) {
        if (aid[i] > 0 && aid[i] > aid_limit(c.market, FirmId(i)) + PlanCase::cent) {
            c.verdict.fail(stage::fund, c.firm(FirmId(i)),
                           "aid of " + figure(aid[i]) + " EUR passes the limit of " +
                               figure(aid_limit(c.market, FirmId(i))));
        }
    }
    const auto& price = c.prices(stage::fund);
    Account bound;
    for (std::size_t s = 0; s < spent.size(); ++s) {
        const Scheme& scheme = c.market.schemes[s];
        if (spent[s] > scheme.budget_eur + PlanCase::cent) {
            c.verdict.fail(stage::fund, "scheme " + scheme.id,
                           "grants of " + figure(spent[s]) + " EUR pass the budget of " +
                               figure(scheme.budget_eur));
        }
        if (!(price[s] >= 0) || (price[s] > 0 && !std::isfinite(scheme.budget_eur))) {
            c.verdict.fail(stage::fund, "scheme " + scheme.id,
                           "its price " + figure(price[s]) + " proves nothing");
            continue;
        }
        if (price[s] > 0) bound.add_product(price[s], scheme.budget_eur);
    }
    for (const FirmId i : seekers(c)) bound.add(most_worth(c, i, labels[i], price));
    judge_claims(stage::fund, *c.plan.certificate(stage::fund), objective, bound, c.verdict);
}

}  // namespace libmatch::check::detail
