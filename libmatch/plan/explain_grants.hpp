// Why a firm has the grants that it has, in sentences.
#pragma once

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include <libmatch/model/plan.hpp>
#include <libmatch/score/funding.hpp>

namespace libmatch::detail {

inline std::string rounded(double x, int digits = 3) {
    std::ostringstream out;
    out.setf(std::ios::fixed);
    out.precision(digits);
    out << x;
    return out.str();
}

/// What a euro more in a budget would bring, or that there is no need.
inline std::string worth_of_budget(const BudgetUse& use) {
    if (use.marginal_eur <= 0) return "its budget suffices";
    return "its budget does not suffice (" + rounded(use.firms_served, 0) + " of " +
           rounded(use.firms_open, 0) + " firms served; one euro more is worth " +
           rounded(use.marginal_eur, 2) + " EUR of grants)";
}

/// Why a scheme that admits the firm grants it nothing.
inline std::string no_grant_reason(const Market& market, const Plan& plan, FirmId i, SchemeId s,
                                   Cents aid, Cents small) {
    const Scheme& scheme = market.schemes[s];
    const Cents floor = std::max<Cents>(1, cents_up(scheme.floor_eur));
    for (const Grant& g : plan.grants) {
        if (g.firm == i && !scheme.stacking_group.empty() &&
            market.schemes[g.scheme].stacking_group == scheme.stacking_group)
            return "it does not stack with " + market.schemes[g.scheme].name;
    }
    if (aid_limit(market, i) - aid < floor)
        return "the firm's aid already reaches what its cost and its funds allow";
    if (stack_limit(market, scheme, i) - aid < floor)
        return "the firm's aid already passes what the scheme allows beside it";
    if (scheme.de_minimis && de_minimis_room(market, i) - small < floor)
        return "the firm's de minimis ceiling is reached";
    for (const BudgetUse& use : plan.budgets) {
        if (use.scheme == s && use.left_eur * 100 < static_cast<double>(floor))
            return worth_of_budget(use) +
                   "; those served come first by what they are worth at this price, then by "
                   "priority, then by id";
    }
    return "its dossier needs what the grant would replace";
}

inline void explain_grants(const Market& market, const Plan& plan, FirmId i,
                           std::vector<std::string>& lines) {
    if (plan.certificate(stage::fund) == nullptr || market.firms.cost_eur[i] <= 0) return;
    Cents aid = 0, small = 0;
    std::vector<std::uint8_t> granted(market.schemes.size(), 0);
    for (const Grant& g : plan.grants) {
        if (!(g.firm == i)) continue;
        const Scheme& scheme = market.schemes[g.scheme];
        const auto amount = static_cast<Cents>(std::llround(g.amount_eur * 100));
        granted[g.scheme] = 1;
        aid += amount;
        small += scheme.de_minimis ? amount : 0;
        std::string line = "grant: " + rounded(g.amount_eur, 2) + " EUR from " + scheme.name +
                           ", of " + rounded(eur(largest_grant(market, scheme, i)), 2) +
                           " EUR at most";
        for (const BudgetUse& use : plan.budgets) {
            if (use.scheme == g.scheme) line += "; " + worth_of_budget(use);
        }
        lines.push_back(line + ".");
    }
    const auto after = market.settings.funding_after;
    if (after.known() && reached_by(market, plan, after)[i] == 0) return;
    const Backing backing = backing_of_firms(market, plan)[i];
    bool pooled = plan.certificate(stage::pool) == nullptr;
    for (const Dossier& d : plan.dossiers) {
        for (const DossierMember& m : d.members) pooled = pooled || m.firm == i;
    }
    for (std::size_t s = 0; s < market.schemes.size(); ++s) {
        const Scheme& scheme = market.schemes[s];
        if (granted[s] != 0 || largest_grant(market, scheme, i) <= 0) continue;
        std::string reason(scheme_exclusion(market, scheme, i, backing));
        if (reason == "outside the scheme's territory") continue;
        if (reason.empty() && scheme.collective_only && !pooled)
            reason = "the scheme is collective and the firm is in no dossier";
        if (reason.empty()) reason = no_grant_reason(market, plan, i, SchemeId(s), aid, small);
        lines.push_back("no grant from " + scheme.name + ", because " + reason + ".");
    }
}

/// Where a loan of its own and a dossier are both open, what each costs.
inline void explain_paths(const Market& market, const Plan& plan, FirmId i,
                          std::vector<std::string>& lines) {
    const FundingPath *solo = nullptr, *pooled = nullptr;
    for (const FundingPath& p : plan.paths) {
        if (!(p.firm == i)) continue;
        if (p.kind == FundingPath::Kind::solo) solo = &p;
        if (p.kind == FundingPath::Kind::pooled) pooled = &p;
    }
    if (solo == nullptr) return;
    const auto interest = [&](const FundingPath& p) {
        return p.lender.known() ? rounded(p.interest_eur, 2) + " EUR of interest a year at " +
                                      market.lenders[p.lender].name
                                : std::string("no lender");
    };
    std::string line = "paths: alone, " + rounded(solo->loan_eur, 2) + " EUR with " +
                       interest(*solo) + (solo->chosen ? " (chosen)" : "");
    if (pooled != nullptr) {
        line += "; in dossier " + std::to_string(pooled->dossier.value + 1) + ", " +
                rounded(pooled->distance_km, 1) + " km away, " + interest(*pooled) +
                (pooled->chosen ? " (chosen)" : "");
    } else {
        line += "; no dossier is open to the firm";
    }
    lines.push_back(line + ".");
}

}  // namespace libmatch::detail
