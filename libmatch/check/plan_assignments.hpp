// The judge of one programme's assignment: every pair, score and price, over all eligible pairs.
//
// Complexity: O(firms x advisers x skills).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/check/assignment.hpp>
#include <libmatch/check/market_choices.hpp>
#include <libmatch/check/plan_case.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch::check::detail {

inline bool distinct_firms(const std::vector<Pair>& sorted) {
    for (std::size_t k = 1; k < sorted.size(); ++k) {
        if (!(sorted[k - 1].firm < sorted[k].firm)) return false;
    }
    return true;
}

/// Takes the prices of quotas into the claim, and counts the pairs of each.
inline void judge_quota_uses(PlanCase& c, const std::string& name, const std::vector<Quota>& quotas,
                             AssignmentResult& claim) {
    const auto at = c.plan.quotas.find(name);
    const std::size_t known = at == c.plan.quotas.end() ? 0 : at->second.size();
    if (known != quotas.size()) {
        c.verdict.fail(name, "quotas",
                       std::to_string(known) + " for " + std::to_string(quotas.size()));
        claim.quota_prices.assign(quotas.size(), 0.0);
        return;
    }
    for (std::size_t q = 0; q < known; ++q) {
        const QuotaUse& use = at->second[q];
        claim.quota_prices.push_back(use.price);
        if (const auto found = pairs_in(quotas[q], claim.pairs); found != use.pairs) {
            c.verdict.fail(name, "quota " + quotas[q].name,
                           "claimed " + std::to_string(use.pairs) + " pairs, recounted " +
                               std::to_string(found));
        }
    }
}

inline void judge_programme(PlanCase& c, ProgrammeId p) {
    const Programme& programme = c.market.programmes[p];
    const std::string name = stage::assign(programme);
    const Certificate* claimed = c.plan.certificate(name);
    if (claimed == nullptr) return;
    const Scorer scorer(c.market, p,
                        programme.after.known() ? reached_by(c.market, c.plan, programme.after)
                                                : std::vector<std::uint8_t>{});
    AssignmentLimits limits;
    limits.demand = c.market.firms.demand;
    for (std::size_t j = 0; j < c.market.advisers.size(); ++j) {
        const bool ours = c.market.advisers.network[j] == programme.network;
        limits.capacity.push_back(ours ? c.market.advisers.capacity[j] : 0);
        limits.min_load.push_back(ours ? c.market.advisers.min_load[j] : 0);
    }
    std::set<Pair> pins;
    for (const PairNote& note : c.market.notes) {
        if (note.kind != PairKind::pinned || (note.programme.known() && !(note.programme == p)))
            continue;
        if (c.market.advisers.network[note.adviser] != programme.network) continue;
        if (scorer.firm_rule(note.firm) != Exclusion::none) continue;
        pins.insert({note.firm, note.adviser});
    }
    limits.pinned.assign(pins.begin(), pins.end());

    for (std::size_t i = 0; i < c.market.firms.size(); ++i) {
        const bool ours = scorer.firm_rule(FirmId(i)) == Exclusion::none;
        limits.min_demand.push_back(ours ? c.market.firms.min_demand[i] : 0);
        limits.reservation.push_back(ours ? c.market.firms.reservation[i] : 0);
    }
    limits.quotas = programme_quotas(c.market, p);

    AssignmentResult claim;
    claim.certificate = *claimed;
    claim.prices = c.prices(name);
    const auto take = [&](const auto& of_stage, auto& out) {
        if (const auto at = of_stage.find(name); at != of_stage.end()) out = at->second;
    };
    take(c.plan.blockers, claim.blockers);
    take(c.plan.relaxations, claim.relaxation);
    take(c.plan.relaxed_pairs, claim.relaxed_pairs);
    for (const Assigned& a : c.plan.assignments) {
        if (!(a.programme == p)) continue;
        claim.pairs.push_back({a.firm, a.adviser});
        const double score = scorer.score(a.firm, a.adviser);
        if (!close(score, a.score)) {
            c.verdict.fail(name, c.firm(a.firm),
                           "claimed score " + figure(a.score) + ", recomputed " + figure(score));
        }
    }
    judge_quota_uses(c, name, limits.quotas, claim);
    std::vector<AdviserId> kept;  ///< of previous pairs that count, where a change has a price
    double change_price = 0;
    if (const auto at = c.plan.churn.find(name); at != c.plan.churn.end()) {
        const Churn& churn = at->second;
        if (!distinct_firms(churn.previous)) {
            c.verdict.fail(name, "previous", "a firm has several earlier advisers");
            return;
        }
        limits.previous = churn.previous;
        limits.max_changes = churn.max_changes;
        claim.changes = churn.changes;
        claim.forced_changes = churn.forced_changes;
        claim.change_price = change_price = churn.change_price;
    }
    AssignmentCase problem;
    problem.stage = name;
    problem.firms = c.market.firms.size();
    problem.advisers = c.market.advisers.size();
    problem.eligible = [&](FirmId i, AdviserId j) {
        return scorer.exclusion(i, j) == Exclusion::none;
    };
    problem.utility = [&](FirmId i, AdviserId j) { return scorer.score(i, j); };
    problem.firm_name = [&](FirmId i) { return c.firm(i); };
    problem.adviser_name = [&](AdviserId j) { return "adviser " + c.market.advisers.id[j]; };
    problem.reason = [&](FirmId i, AdviserId j) {
        return std::string(libmatch::name(scorer.exclusion(i, j)));
    };
    problem.best_choices = [&](const std::vector<std::vector<AdviserId>>& pins_of_firm) {
        return market_choices(scorer, limits, claim.prices, pins_of_firm, claim.certificate.unit,
                              c.threads, kept, change_price, claim.quota_prices);
    };
    if (change_price > 0) kept = Previous(limits, problem.firms, problem.eligible).adviser;
    judge_assignment(problem, limits, claim, c.verdict, c.threads);
    if (const auto at = c.plan.churn.find(name); at != c.plan.churn.end() && at->second.unlimited) {
        // The answer without a limit on changes has a proof of its own.
        claim = *at->second.unlimited;
        limits.max_changes.reset();
        kept.clear();
        change_price = 0;
        Verdict free;
        judge_assignment(problem, limits, claim, free, c.threads);
        for (const Violation& v : free.violations)
            c.verdict.fail(name, v.subject, "without a limit on changes: " + v.problem);
    }
}

}  // namespace libmatch::check::detail
