// Stage fund: the grants of the firms that seek funds, under budgets.
//
// Grants of collective schemes need a dossier, and dossiers need the grants: what a firm lacks is
// what it brings to one. So grants come first, as if every firm that consents found a dossier; once
// dossiers stand, the grants of firms without one are withdrawn, and the money set free is granted
// again to whom it still helps, as long as every dossier and every loan of its own keeps its
// ticket. The certificate is then about all grants that leave the dossiers standing
// (docs/model.md).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/fund/grants.hpp>
#include <libmatch/plan/run.hpp>

namespace libmatch::detail {

/// How far each budget goes.
inline void count_budgets(Run& run, const std::vector<Asked>& asked) {
    const Market& market = run.market;
    std::vector<Cents> granted(market.schemes.size(), 0);
    run.plan.budgets.assign(market.schemes.size(), {});
    for (const Grant& g : run.plan.grants) {
        run.plan.budgets[g.scheme.value].firms_served += 1;
        granted[g.scheme.value] += static_cast<Cents>(std::llround(g.amount_eur * 100));
    }
    for (std::size_t s = 0; s < granted.size(); ++s) {
        BudgetUse& use = run.plan.budgets[s];
        use.scheme = SchemeId(s);
        use.firms_open = static_cast<double>(asked[s].firms);
        use.asked_eur = eur(asked[s].most);
        use.granted_eur = eur(granted[s]);
        use.left_eur = market.schemes[s].budget_eur - eur(granted[s]);
        use.marginal_eur = run.plan.prices[stage::fund][s];
    }
}

inline void take_grants(Run& run, GrantResult result, double started, double spent) {
    run.plan.grants = std::move(result.grants);
    run.plan.prices[stage::fund] = std::move(result.prices);
    Certificate c = result.certificate;
    // Stopped work that reached the gap all the same reached it.
    if (run.control.stop() && c.status == Status::time_limit) c.status = run.control.stop_status();
    c.seconds = spent + run.control.elapsed() - started;
    for (auto& [name, claimed] : run.plan.certificates) {
        if (name == stage::fund) claimed = c;
    }
    count_budgets(run, result.asked);
}

inline void fund_stage(Run& run) {
    const double started = run.begin(stage::fund);
    const Settings& s = run.market.settings;
    const auto reached = s.funding_after.known()
                             ? reached_by(run.market, run.plan, s.funding_after)
                             : std::vector<std::uint8_t>(run.market.firms.size(), 1);
    for (std::size_t i = 0; i < run.market.firms.size(); ++i) {
        if (reached[i] != 0 && run.market.firms.cost_eur[i] > 0) run.seekers.emplace_back(i);
    }
    run.plan.certificates.emplace_back(stage::fund, Certificate{});
    const std::vector<Backing> backing = backing_of_firms(run.market, run.plan);
    take_grants(run, grant(run.market, run.seekers, backing, run.assign, run.control), started, 0);
    run.control.report(stage::fund, 1);
}

/// What the plan's dossiers ask of grants.
[[nodiscard]] inline Standing standing_dossiers(const Run& run) {
    const Market& market = run.market;
    const std::size_t n = market.firms.size();
    Standing out{std::vector<std::uint32_t>(n, Standing::alone), std::vector<Cents>(n, 0), {}};
    std::vector<Cents> aid(n, 0);
    for (const Grant& g : run.plan.grants)
        aid[g.firm] += static_cast<Cents>(std::llround(g.amount_eur * 100));
    const auto lacks = [&](FirmId i) {
        return cents_down(market.firms.cost_eur[i] - market.firms.own_funds_eur[i]);
    };
    // Where a rule has a largest sum, smaller amounts could make other dossiers lawful, and the
    // certificate of dossiers would be about amounts that nobody seeks.
    const bool bounded =
        std::any_of(market.dossier_rules.begin(), market.dossier_rules.end(),
                    [](const KeyedRule& r) { return std::isfinite(r.rule.max_sum); });
    constexpr double cent = 0.01;
    for (std::size_t d = 0; d < run.plan.dossiers.size(); ++d) {
        const Dossier& x = run.plan.dossiers[d];
        double threshold = market.dossier_rules[x.rule].rule.min_sum;
        for (const Lender& l : market.lenders) {
            if (l.min_ticket_eur <= x.sum_eur + cent)
                threshold = std::max(threshold, l.min_ticket_eur);
        }
        Cents room = -cents_up(threshold), granted = 0;
        for (const DossierMember& m : x.members) {
            out.dossier[m.firm] = static_cast<std::uint32_t>(d);
            out.kept[m.firm] = 1;  // a member lacks something
            room += lacks(m.firm);
            granted += aid[m.firm];
        }
        out.room.push_back(bounded ? granted : std::max(room, granted));
    }
    std::vector<std::uint8_t> named(n, 0);
    for (const Unserved& u : run.plan.unserved) {
        if (u.stage == stage::pool) named[u.firm] = 1;
    }
    const std::vector<double> residual = residuals(run);
    for (const FirmId i : run.seekers) {
        if (out.dossier[i] == Standing::alone && named[i] == 0 && residual[i] >= solo_ticket(run))
            out.kept[i] = cents_up(solo_ticket(run));
    }
    return out;
}

/// Withdraws the collective grants of firms without a dossier, and grants what they set free again.
/// Members' amounts follow their grants.
inline void fund_again(Run& run) {
    const Certificate* before = run.plan.certificate(stage::fund);
    if (before == nullptr) return;
    const double started = run.control.elapsed(), spent = before->seconds;
    GrantResult first{std::move(run.plan.grants), run.plan.prices[stage::fund], {}, {}};
    run.plan.grants = first.grants;
    const Standing standing = standing_dossiers(run);
    const std::vector<Backing> backing = backing_of_firms(run.market, run.plan);
    take_grants(
        run,
        grant_again(run.market, run.seekers, backing, standing, first, run.assign, run.control),
        started, spent);
    const std::vector<double> residual = residuals(run);
    for (Dossier& d : run.plan.dossiers) {
        Sum sum;
        for (DossierMember& m : d.members) {
            m.amount_eur = residual[m.firm];
            sum.add(m.amount_eur);
        }
        d.sum_eur = sum.value();
    }
    constexpr double cent = 0.01;
    std::vector<std::uint8_t> named(run.market.firms.size(), 0);
    for (const Unserved& u : run.plan.unserved) {
        if (u.stage == stage::pool) named[u.firm] = 1;
    }
    for (const FirmId i : run.seekers) {
        if (standing.dossier[i] != Standing::alone || named[i] != 0 || residual[i] < cent ||
            standing.kept[i] > 0)
            continue;
        run.left_out(stage::pool, i, "it lacked nothing before its collective grant was withdrawn");
    }
}

}  // namespace libmatch::detail
