// Stage pool: dossiers for the firms whose residual is under the ticket of every lender.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/model/dossier_problem.hpp>
#include <libmatch/model/pool_words.hpp>
#include <libmatch/model/table_reader.hpp>
#include <libmatch/plan/fund_stage.hpp>
#include <libmatch/plan/run.hpp>
#include <libmatch/pool/pool.hpp>

namespace libmatch::detail {

/// A country of dossiers in seconds: later rounds bring little.
inline constexpr int pool_rounds = 60;

inline void add_dossier(Run& run, const PoolProblem& problem, const PoolGroup& g,
                        const std::vector<FirmId>& firms) {
    Dossier d;
    d.rule = RuleId(g.rule);
    if (problem.at_sites(g.rule)) {
        d.site = SiteId(g.seat);
    } else {
        d.seat = firms[g.seat];
    }
    const PlaceId seat = seat_place(run.market, d);
    const DossierRule& rule = problem.rules[g.rule].rule;
    Sum sum, value;
    value.add(-rule.opening_cost);
    for (const FirmId k : g.members) {
        const double away = run.market.distance_km(run.market.firms.place[firms[k]], seat);
        d.members.push_back({firms[k], problem.amount[k], away});
        sum.add(problem.amount[k]);
        value.add(problem.value_of(k) - rule.cost_per_km * away);
    }
    d.sum_eur = sum.value();
    d.value = value.value();
    run.plan.dossiers.push_back(std::move(d));
}

/// Names the firms that no dossier takes, with all that the answer says of them.
inline void name_left_out(Run& run, const std::vector<FirmId>& firms,
                          const std::vector<double>& amounts, const PoolResult& result) {
    for (std::size_t k = 0; k < firms.size(); ++k) {
        if (result.reasons[k] == PoolReason::pooled) continue;
        std::string reason = name(result.reasons[k]);
        if (result.missing[k] > 0) {
            reason += "; missing " + number_text(std::ceil(result.missing[k])) + " EUR";
        }
        run.left_out(stage::pool, firms[k], std::move(reason), amounts[k]);
        Unserved& answer = run.plan.unserved.back();
        answer.missing_eur = result.missing[k];
        const NearestGroup& near = result.nearest[k];
        if (near.group == NearestGroup::none) continue;
        answer.nearest = DossierId(near.group);
        answer.needs = needs_text(near);
    }
}

/// Where members lack less since money was granted again, the answers to others follow.
inline void answer_again(Run& run, const std::vector<FirmId>& firms,
                         const std::vector<double>& amounts, PoolProblem& problem,
                         PoolResult& result) {
    const std::vector<double> residual = residuals(run);
    bool changed = false;
    for (std::size_t k = 0; k < firms.size(); ++k) {
        if (result.reasons[k] != PoolReason::pooled || problem.amount[k] == residual[firms[k]])
            continue;
        problem.amount[k] = residual[firms[k]];
        changed = true;
    }
    if (!changed) return;
    answer_left_out(problem, result, run.options.threads, run.control);
    std::erase_if(run.plan.unserved,
                  [](const Unserved& u) { return u.stage == stage::pool && u.amount_eur > 0; });
    name_left_out(run, firms, amounts, result);
}

inline void pool_stage(Run& run) {
    const double started = run.begin(stage::pool);
    constexpr double cent = 0.01;
    const std::vector<double> residual = residuals(run);
    std::vector<FirmId> firms;
    std::vector<double> amounts;
    for (const FirmId i : run.seekers) {
        if (residual[i] < cent || residual[i] >= solo_ticket(run)) continue;
        if (run.market.firms.consents_pooling[i] == 0) {
            run.left_out(stage::pool, i, "the firm does not consent to pooling");
            continue;
        }
        firms.push_back(i);
        amounts.push_back(residual[i]);
    }
    const std::size_t all_firms = run.market.firms.size();
    std::vector<double> prices(all_firms + run.market.sites.size(), 0.0);  // firms, then sites
    Certificate c;
    if (!run.market.dossier_rules.empty() && !firms.empty()) {
        PoolProblem problem = dossier_problem(run.market, firms, amounts);
        PoolOptions options;
        options.gap = run.options.pool_gap;
        options.seed = run.options.seed;
        options.max_rounds = pool_rounds;
        options.threads = run.options.threads;
        PoolResult result = libmatch::pool(problem, options, run.control);
        for (const PoolGroup& g : result.groups) add_dossier(run, problem, g, firms);
        for (std::size_t k = 0; k < firms.size(); ++k) prices[firms[k]] = result.prices[k];
        for (std::size_t s = 0; s < result.site_prices.size(); ++s)
            prices[all_firms + s] = result.site_prices[s];
        c = result.certificate;
        name_left_out(run, firms, amounts, result);
        fund_again(run);
        answer_again(run, firms, amounts, problem, result);
    } else {
        for (std::size_t k = 0; k < firms.size(); ++k) {
            run.left_out(stage::pool, firms[k], "there is no dossier rule", amounts[k]);
        }
        fund_again(run);
    }
    run.plan.prices[stage::pool] = std::move(prices);
    run.certify(stage::pool, c, started);
}

}  // namespace libmatch::detail
