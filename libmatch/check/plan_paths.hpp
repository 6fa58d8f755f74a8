// The judge of paths: every seeker that lacks something has its ways to the money told, each
// lawful, with its figures recomputed.
//
// Complexity: O(paths + firms).
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/check/plan_case.hpp>
#include <libmatch/model/dossier_problem.hpp>
#include <libmatch/score/dossiers.hpp>

namespace libmatch::check::detail {

/// What the plan decided for each firm.
struct Decided {
    std::vector<DossierId> dossier;
    std::vector<LenderId> solo;
    std::vector<double> grants, residual;
};

[[nodiscard]] inline Decided decided(const PlanCase& c) {
    const std::size_t n = c.market.firms.size();
    Decided out{std::vector<DossierId>(n), std::vector<LenderId>(n), std::vector<double>(n, 0),
                residuals(c)};
    for (std::size_t d = 0; d < c.plan.dossiers.size(); ++d) {
        for (const DossierMember& m : c.plan.dossiers[d].members)
            out.dossier[m.firm] = DossierId(d);
    }
    for (const Loan& loan : c.plan.loans) {
        if (loan.firm.known()) out.solo[loan.firm] = loan.lender;
    }
    for (const Grant& g : c.plan.grants) out.grants[g.firm] += g.amount_eur;
    return out;
}

/// Why a firm could not join a dossier, or empty.
[[nodiscard]] inline std::string closed_to(const PlanCase& c, const Dossier& d, FirmId i,
                                           double amount) {
    const KeyedRule& keyed = c.market.dossier_rules[d.rule];
    if (c.market.firms.consents_pooling[i] == 0) return "the firm does not consent";
    for (const KeyedRule::Key& key : keyed.keys) {
        const std::string mine = key_text(c.market, i, key);
        if (mine.empty() || mine != key_text(c.market, d.members.front().firm, key))
            return "the firm does not share its keys";
    }
    if (static_cast<std::int64_t>(d.members.size()) >= keyed.rule.max_members) return "it is full";
    if (d.site.known() && static_cast<double>(d.members.size()) >= c.market.sites[d.site].seats)
        return "its site is full";
    for (const FirmPair& pair : c.market.firm_pairs) {
        if (pair.a == i || pair.b == i) return "pairs of firms decide for it";
    }
    if (d.sum_eur + amount > keyed.rule.max_sum) return "its sum would be too large";
    return {};
}

inline void judge_path(PlanCase& c, const Decided& plan, const FundingPath& p) {
    const auto fail = [&](const std::string& text) {
        c.verdict.fail(stage::lend, c.firm(p.firm) + ", path", text);
    };
    const auto same = [&](const char* what, double claimed, double found) {
        if (std::fabs(claimed - found) <= PlanCase::cent) return;
        fail(std::string("claimed ") + what + ' ' + figure(claimed) + ", recomputed " +
             figure(found));
    };
    const FirmId i = p.firm;
    const bool pooled = plan.dossier[i].known(), solo = plan.solo[i].known();
    same("residual", p.residual_eur, plan.residual[i]);
    same("grants", p.grants_eur, plan.grants[i]);
    same("loan", p.loan_eur, p.kind == FundingPath::Kind::none ? 0 : plan.residual[i]);
    const double rate = p.lender.known() ? c.market.lenders[p.lender].interest_rate : 0;
    same("interest", p.interest_eur, p.loan_eur * rate);
    if (p.kind == FundingPath::Kind::none) {
        if (pooled || solo) fail("none is claimed, yet the plan has a way");
        return;
    }
    if (p.kind == FundingPath::Kind::solo) {
        if (p.chosen != solo || (solo && !(p.lender == plan.solo[i])))
            fail("it is not what the loans say");
        if (p.lender.known() && !may_lend(c.market, c.market.firms.place[i], p.loan_eur,
                                          std::vector<FirmId>{i}, c.market.lenders[p.lender]))
            fail("its lender does not take the loan");
        return;
    }
    if (!p.dossier.known()) {
        fail("a pooled path names no dossier");
        return;
    }
    const Dossier& d = c.plan.dossiers[p.dossier];
    const double away = c.market.distance_km(c.market.firms.place[i], seat_place(c.market, d));
    same("distance", p.distance_km, away);
    if (!(p.lender == d.lender)) fail("its lender is not the dossier's");
    if (p.chosen != (p.dossier == plan.dossier[i])) fail("it is not what the dossiers say");
    if (p.chosen) return;
    const std::string reason = closed_to(c, d, i, plan.residual[i]);
    if (!reason.empty()) fail("the dossier is not open to it: " + reason);
    if (away > c.market.dossier_rules[d.rule].rule.max_radius_km)
        fail("the dossier is not open to it: it is too far away");
}

/// Every firm that lacks something has a chosen path, and a firm that reaches a ticket alone has
/// its loan of its own beside any other.
inline void judge_paths(PlanCase& c) {
    const Decided plan = decided(c);
    const std::size_t n = c.market.firms.size();
    std::vector<std::uint8_t> chosen(n, 0), alone(n, 0);
    for (const FundingPath& p : c.plan.paths) {
        judge_path(c, plan, p);
        chosen[p.firm] = static_cast<std::uint8_t>(chosen[p.firm] + (p.chosen ? 1 : 0));
        if (p.kind == FundingPath::Kind::solo) alone[p.firm] = 1;
    }
    const double ticket = smallest_ticket(c);
    for (const FirmId i : seekers(c)) {
        if (plan.residual[i] < PlanCase::cent) continue;
        if (chosen[i] != 1)
            c.verdict.fail(stage::lend, c.firm(i) + ", path", "not one path is the chosen one");
        if (plan.residual[i] >= ticket + PlanCase::cent && !plan.dossier[i].known() &&
            alone[i] == 0)
            c.verdict.fail(stage::lend, c.firm(i) + ", path",
                           "its residual reaches the ticket, yet its own loan is not compared");
    }
}

}  // namespace libmatch::check::detail
