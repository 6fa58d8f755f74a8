// The judge of dossiers: members, sums, distances and consent, then prices by the judge of pooling.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/check/plan_case.hpp>
#include <libmatch/check/pooling.hpp>
#include <libmatch/check/sought_amounts.hpp>
#include <libmatch/model/dossier_problem.hpp>
#include <libmatch/model/pool_words.hpp>

namespace libmatch::check::detail {

/// Adds what the plan says of firms left out to the claim: reasons, missing amounts and nearest
/// dossiers. Plans of earlier versions say less.
inline void judge_answers(PlanCase& c, const PoolProblem& problem,
                          const std::vector<std::uint32_t>& position, PoolResult& claim) {
    const std::size_t n = problem.amount.size();
    constexpr PoolReason all[] = {
        PoolReason::no_rule,         PoolReason::amount_over_max, PoolReason::too_few_neighbours,
        PoolReason::bound_to_others, PoolReason::kept_apart,      PoolReason::not_worth};
    claim.reasons.assign(n, PoolReason::pooled);
    claim.missing.assign(n, 0);
    claim.nearest.assign(n, {});
    const PoolCase pool_case{problem};
    for (const Unserved& u : c.plan.unserved) {
        if (u.stage != stage::pool || u.amount_eur <= 0) continue;
        const FirmId k(position[u.firm]);
        const auto reason = std::find_if(std::begin(all), std::end(all), [&](PoolReason r) {
            return u.reason.rfind(name(r), 0) == 0;
        });
        if (reason == std::end(all) || std::isnan(u.missing_eur)) {
            claim.reasons.clear();
            claim.missing.clear();
            claim.nearest.clear();
            return;
        }
        claim.reasons[k] = *reason;
        claim.missing[k] = u.missing_eur;
        if (!u.nearest.known()) continue;
        NearestGroup& at = claim.nearest[k];
        at = needs_at(pool_case, claim.groups[u.nearest], k);
        at.group = u.nearest.value;
        // Figures in words are rounded: they may be those of a number next to the one found.
        const auto words = [&](double factor) {
            NearestGroup near = at;
            near.more_km *= factor;
            near.more_eur *= factor;
            near.more_value *= factor;
            return needs_text(near);
        };
        if (u.needs != words(1) && u.needs != words(1 - 1e-9) && u.needs != words(1 + 1e-9)) {
            c.verdict.fail(
                stage::pool, c.firm(u.firm),
                "at its nearest dossier it needs '" + words(1) + "', not '" + u.needs + "'");
        }
    }
}

/// Whether every dossier names a rule, and one seat, that the market has.
inline bool names_rules_and_seats(PlanCase& c) {
    for (std::size_t d = 0; d < c.plan.dossiers.size(); ++d) {
        const Dossier& x = c.plan.dossiers[d];
        const bool seat = x.seat.known() ? x.seat < c.market.firms.size() && !x.site.known()
                                         : x.site < c.market.sites.size();
        if (x.rule < c.market.dossier_rules.size() && seat) continue;
        c.verdict.fail(stage::pool, c.dossier(d), "it has no rule or not one seat of the market");
        return false;
    }
    return true;
}

inline void judge_dossiers(PlanCase& c) {
    if (!names_rules_and_seats(c)) return;
    const auto residual = residuals(c);
    // Whoever could pool must be either in a dossier or named as left out, with the amount that
    // was sought.
    std::map<std::uint32_t, double> sought;
    for (const Dossier& d : c.plan.dossiers) {
        for (const DossierMember& m : d.members) {
            if (!sought.emplace(m.firm.value, m.amount_eur).second) {
                c.verdict.fail(stage::pool, c.firm(m.firm), "the firm is in two dossiers");
            }
            if (std::fabs(m.amount_eur - residual[m.firm]) > PlanCase::cent) {
                c.verdict.fail(stage::pool, c.firm(m.firm),
                               "its amount is " + figure(m.amount_eur) + " EUR, its residual " +
                                   figure(residual[m.firm]));
            }
            if (c.market.firms.consents_pooling[m.firm] == 0) {
                c.verdict.fail(stage::pool, c.firm(m.firm), "the firm does not consent to pooling");
            }
        }
    }
    for (const Unserved& u : c.plan.unserved) {
        if (u.stage != stage::pool || u.amount_eur <= 0) continue;
        judge_sought_amount(c, u, residual[u.firm]);
        if (!sought.emplace(u.firm.value, u.amount_eur).second) {
            c.verdict.fail(stage::pool, c.firm(u.firm),
                           "the firm is listed both in a dossier and left out");
        }
    }
    const double ticket = smallest_ticket(c);
    for (const FirmId i : seekers(c)) {
        const bool could = residual[i] >= PlanCase::cent && residual[i] < ticket &&
                           c.market.firms.consents_pooling[i] != 0;
        if (could && sought.count(i.value) == 0 && !lacked_nothing(c, i, residual[i])) {
            c.verdict.fail(stage::pool, c.firm(i),
                           "it could pool, yet is neither in a dossier nor named as left out");
        }
    }

    std::vector<FirmId> firms;
    std::vector<double> amounts;
    std::vector<std::uint32_t> position(c.market.firms.size(), 0);
    for (const auto& [i, amount] : sought) {
        position[i] = static_cast<std::uint32_t>(firms.size());
        firms.emplace_back(i);
        amounts.push_back(amount);
    }
    PoolResult claim;
    claim.certificate = *c.plan.certificate(stage::pool);
    for (const FirmId i : firms) claim.prices.push_back(c.prices(stage::pool)[i]);
    for (std::size_t d = 0; d < c.plan.dossiers.size(); ++d) {
        const Dossier& x = c.plan.dossiers[d];
        PoolGroup g{x.rule.value, x.site.known() ? x.site.value : position[x.seat], {}};
        const PlaceId seat = seat_place(c.market, x);
        Sum sum;
        Account value;
        const DossierRule& rule = c.market.dossier_rules[x.rule].rule;
        value.add(-rule.opening_cost);
        const bool at_site = rule.seat == SeatKind::site;
        bool seat_inside = at_site;
        if (x.site.known() != at_site)
            c.verdict.fail(stage::pool, c.dossier(d),
                           at_site ? "its rule meets at sites" : "its rule meets at a member");
        for (const DossierMember& m : x.members) {
            g.members.emplace_back(position[m.firm]);
            const double away = c.market.distance_km(c.market.firms.place[m.firm], seat);
            sum.add(m.amount_eur);
            value.add(c.market.firms.priority[m.firm]);
            value.add_product(-rule.cost_per_km, away);
            seat_inside = seat_inside || m.firm == x.seat;
            if (std::fabs(away - m.distance_km) > 1e-6) {
                c.verdict.fail(stage::pool, c.dossier(d),
                               c.firm(m.firm) + ": claimed distance " + figure(m.distance_km) +
                                   " km, recomputed " + figure(away));
            }
        }
        std::sort(g.members.begin(), g.members.end());
        if (!seat_inside) c.verdict.fail(stage::pool, c.dossier(d), "its seat is not at a member");
        if (std::fabs(sum.value() - x.sum_eur) > PlanCase::cent) {
            c.verdict.fail(
                stage::pool, c.dossier(d),
                "claimed sum " + figure(x.sum_eur) + " EUR, recomputed " + figure(sum.value()));
        }
        if (!(std::fabs(value.sum.down() - x.value) <= 1e-9 * value.size)) {
            c.verdict.fail(
                stage::pool, c.dossier(d),
                "claimed value " + figure(x.value) + ", recomputed " + figure(value.sum.down()));
        }
        claim.groups.push_back(std::move(g));
    }
    if (firms.empty()) {
        c.compare(stage::pool, {stage::pool, 0, 0});
        return;
    }
    if (c.market.dossier_rules.empty()) {
        c.compare(stage::pool, {stage::pool, 0, 0});
        return;
    }
    const PoolProblem problem = dossier_problem(c.market, firms, amounts);
    const auto& prices = c.prices(stage::pool);
    for (std::size_t s = 0; s < problem.sites.size(); ++s)
        claim.site_prices.push_back(
            c.market.firms.size() + s < prices.size() ? prices[c.market.firms.size() + s] : 0.0);
    if (c.verdict.ok()) judge_answers(c, problem, position, claim);
    Verdict pooling = verify(problem, claim);
    for (Violation& v : pooling.violations) {
        c.verdict.fail(stage::pool, std::move(v.subject), std::move(v.problem));
    }
    for (StageVerdict& s : pooling.stages) c.verdict.stages.push_back(std::move(s));
}

}  // namespace libmatch::check::detail
