// The judge of a dossier's people: its lead, its specialists and its lender, each as an
// assignment.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/check/assignment.hpp>
#include <libmatch/check/plan_case.hpp>
#include <libmatch/score/dossiers.hpp>

namespace libmatch::check::detail {

inline void judge_leads(PlanCase& c) {
    const auto served = advisers_of_firms(c.market, c.plan);
    AssignmentCase problem;
    problem.stage = stage::lead;
    problem.firms = c.plan.dossiers.size();
    problem.advisers = c.market.advisers.size();
    problem.eligible = [&](FirmId d, AdviserId j) {
        return may_lead(c.market, seat_place(c.market, c.plan.dossiers[d]), j);
    };
    const std::vector<double> trust = trust_in_helpers(c.market);
    std::vector<DossierNeeds> needs;
    for (const Dossier& d : c.plan.dossiers) needs.push_back(needs_of(c.market, d));
    problem.utility = [&](FirmId d, AdviserId j) {
        const Dossier& x = c.plan.dossiers[d];
        double known = 0;
        for (const DossierMember& m : x.members) {
            const auto& list = served[m.firm];
            if (std::find(list.begin(), list.end(), j) != list.end()) known += 1;
        }
        return lead_utility(c.market, needs[d], seat_place(c.market, x),
                            known / static_cast<double>(x.members.size()), trust, j);
    };
    problem.load = [&](FirmId d, AdviserId) { return writing_hours(c.market, c.plan.dossiers[d]); };
    problem.firm_name = [](FirmId d) { return PlanCase::dossier(d); };
    problem.adviser_name = [&](AdviserId j) { return "adviser " + c.market.advisers.id[j]; };
    AssignmentLimits limits;
    if (c.market.advisers.dossier_hours.empty()) {
        limits.capacity = c.market.advisers.dossier_capacity;
    } else {
        limits.hours = c.market.advisers.dossier_hours;
    }
    AssignmentResult claim;
    claim.certificate = *c.plan.certificate(stage::lead);
    claim.prices = c.prices(stage::lead);
    for (std::size_t d = 0; d < c.plan.dossiers.size(); ++d) {
        if (c.plan.dossiers[d].lead.known())
            claim.pairs.push_back({FirmId(d), c.plan.dossiers[d].lead});
    }
    judge_assignment(problem, limits, claim, c.verdict, c.threads);
}

inline void judge_specialists(PlanCase& c) {
    const Market& market = c.market;
    const auto& dossiers = c.plan.dossiers;
    AssignmentCase problem;
    problem.stage = stage::specialists;
    problem.firms = dossiers.size();
    problem.advisers = market.advisers.size();
    problem.eligible = [&](FirmId d, AdviserId j) {
        const Dossier& x = dossiers[d];
        if (!x.lead.known()) return false;
        return j == x.lead || (market.advisers.specialist_capacity[j] > 0 &&
                               may_assist(market, seat_place(market, x), j));
    };
    const std::vector<double> trust = trust_in_helpers(market);
    problem.utility = [&](FirmId d, AdviserId j) {
        return specialist_utility(market, seat_place(market, dossiers[d]), trust, j);
    };
    problem.firm_name = [](FirmId d) { return PlanCase::dossier(d); };
    problem.adviser_name = [&](AdviserId j) { return "adviser " + market.advisers.id[j]; };
    AssignmentLimits limits;
    limits.team = dossier_team(market, dossiers);
    limits.capacity = specialist_seats(market, dossiers);
    AssignmentResult claim;
    claim.certificate = *c.plan.certificate(stage::specialists);
    claim.prices = c.prices(stage::specialists);
    for (std::size_t d = 0; d < dossiers.size(); ++d) {
        const bool led = dossiers[d].lead.known();
        limits.demand.push_back(led ? 1 + market.settings.specialists_per_dossier : 0);
        if (!led) continue;
        limits.pinned.push_back({FirmId(d), dossiers[d].lead});
        claim.pairs.push_back({FirmId(d), dossiers[d].lead});
    }
    for (const Specialist& s : c.plan.specialists) {
        const Dossier& d = dossiers[s.dossier];
        if (!d.lead.known()) {
            c.verdict.fail(stage::specialists, c.dossier(s.dossier.value),
                           "it has a specialist and no lead");
            continue;
        }
        const double adds = beyond_lead(market, needs_of(market, d), d.lead, s.adviser);
        if (!(std::fabs(adds - s.adds) <= 1e-9)) {
            c.verdict.fail(stage::specialists, c.dossier(s.dossier.value),
                           "adviser " + market.advisers.id[s.adviser] + " is said to add " +
                               figure(s.adds) + ", recomputed " + figure(adds));
        }
        claim.pairs.push_back({FirmId(s.dossier.value), s.adviser});
    }
    std::sort(claim.pairs.begin(), claim.pairs.end());
    judge_assignment(problem, limits, claim, c.verdict, c.threads);
}

inline void judge_loans(PlanCase& c) {
    // What seeks a lender: every dossier, then every firm whose residual reaches the ticket
    // alone.
    struct Request {
        PlaceId at;
        double amount;
        std::vector<FirmId> borrowers;
    };
    std::vector<Request> requests;
    std::vector<std::uint8_t> pooled(c.market.firms.size(), 0);
    std::map<std::uint32_t, std::size_t> solo;
    for (const Dossier& d : c.plan.dossiers) {
        requests.push_back({seat_place(c.market, d), d.sum_eur, {}});
        for (const DossierMember& m : d.members) {
            pooled[m.firm] = 1;
            requests.back().borrowers.push_back(m.firm);
        }
    }
    const auto residual = residuals(c);
    for (const FirmId i : seekers(c)) {
        if (pooled[i] != 0 || residual[i] < smallest_ticket(c)) continue;
        solo.emplace(i.value, requests.size());
        requests.push_back({c.market.firms.place[i], residual[i], {i}});
    }
    AssignmentCase problem;
    problem.stage = stage::lend;
    problem.firms = requests.size();
    problem.advisers = c.market.lenders.size();
    problem.eligible = [&](FirmId r, AdviserId l) {
        return may_lend(c.market, requests[r].at, requests[r].amount, requests[r].borrowers,
                        c.market.lenders[l]);
    };
    problem.utility = [&](FirmId, AdviserId l) { return lend_utility(c.market.lenders[l]); };
    problem.firm_name = [&](FirmId r) {
        return r < c.plan.dossiers.size() ? c.dossier(r)
                                          : "loan of " + c.firm(requests[r].borrowers.front());
    };
    problem.adviser_name = [&](AdviserId l) { return "lender " + c.market.lenders[l].id; };
    AssignmentLimits limits;
    for (const Lender& l : c.market.lenders) {
        if (c.market.lenders_have_budgets) {
            limits.hours.push_back(l.budget_eur);
        } else {
            limits.capacity.push_back(l.capacity);
        }
    }
    problem.load = [&](FirmId r, AdviserId) { return requests[r].amount; };
    AssignmentResult claim;
    claim.certificate = *c.plan.certificate(stage::lend);
    claim.prices = c.prices(stage::lend);
    std::set<std::size_t> lent;
    for (std::size_t k = 0; k < c.plan.loans.size(); ++k) {
        const Loan& loan = c.plan.loans[k];
        const std::string who = "loan " + std::to_string(k + 1);
        std::size_t request = loan.dossier;
        if (!loan.dossier.known()) {
            const auto at = solo.find(loan.firm.value);
            if (at == solo.end()) {
                c.verdict.fail(stage::lend, who,
                               c.firm(loan.firm) + " has no residual for a loan of its own");
                continue;
            }
            request = at->second;
        } else if (!(c.plan.dossiers[loan.dossier].lender == loan.lender)) {
            c.verdict.fail(stage::lend, who, "its lender differs from the dossier's");
        }
        if (std::fabs(loan.amount_eur - requests[request].amount) > PlanCase::cent) {
            c.verdict.fail(stage::lend, who,
                           "claimed amount " + figure(loan.amount_eur) + " EUR, recomputed " +
                               figure(requests[request].amount));
        }
        lent.insert(request);
        claim.pairs.push_back({FirmId(request), AdviserId(loan.lender.value)});
    }
    for (std::size_t d = 0; d < c.plan.dossiers.size(); ++d) {
        if (c.plan.dossiers[d].lender.known() && lent.count(d) == 0) {
            c.verdict.fail(stage::lend, c.dossier(d), "it names a lender without a loan");
        }
    }
    judge_assignment(problem, limits, claim, c.verdict, c.threads);
}

}  // namespace libmatch::check::detail
