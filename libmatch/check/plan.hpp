// The judge of plans: recomputes every stage of a plan from the market.
//
// For each stage with a certificate it checks every rule of that stage, recomputes objective, bound
// and gap from the plan's prices, and compares with what the plan claims. Straightforward loops
// over all pairs; no solver header. Complexity: O(firms x advisers x skills) per programme, O(firms
// x seats) for dossiers. Deterministic.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/check/assignment.hpp>
#include <libmatch/check/market_choices.hpp>
#include <libmatch/check/pooling.hpp>
#include <libmatch/check/verdict.hpp>
#include <libmatch/model/dossier_problem.hpp>
#include <libmatch/model/plan.hpp>
#include <libmatch/score/dossiers.hpp>
#include <libmatch/score/funding.hpp>
#include <libmatch/score/resources.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch::check {
namespace detail {

class PlanJudge {
  public:
    PlanJudge(const Market& market, const Plan& plan, unsigned threads)
        : market_(market), plan_(plan), threads_(threads) {}

    Verdict judge() {
        for (const Fault& f : plan_.unreadable) verdict_.fail("read", f.table, f.text());
        check_names();
        if (!verdict_.ok()) return std::move(verdict_);
        for (std::size_t p = 0; p < market_.programmes.size(); ++p) judge_programme(ProgrammeId(p));
        if (plan_.certificate(stage::fund) != nullptr) judge_grants();
        if (plan_.certificate(stage::pool) != nullptr) judge_dossiers();
        if (plan_.certificate(stage::lead) != nullptr) judge_leads();
        if (plan_.certificate(stage::lend) != nullptr) judge_loans();
        if (plan_.certificate(stage::resources) != nullptr) judge_resources();
        return std::move(verdict_);
    }

  private:
    static constexpr double cent = 0.01;

    [[nodiscard]] std::string firm(FirmId i) const { return "firm " + market_.firms.id[i]; }
    [[nodiscard]] static std::string dossier(std::size_t d) {
        return "dossier " + std::to_string(d + 1);
    }

    /// Every stage of the plan must be one of the market's, once.
    void check_names() {
        std::set<std::string> known{stage::fund, stage::pool, stage::lead, stage::lend,
                                    stage::resources};
        for (const Programme& p : market_.programmes) known.insert(stage::assign(p));
        for (const auto& [name, c] : plan_.certificates) {
            if (known.erase(name) == 0)
                verdict_.fail(name, "certificate", "the stage is unknown or listed twice");
        }
        const auto need = [&](bool present, const std::string& name) {
            if (present && plan_.certificate(name) == nullptr) {
                verdict_.fail(name, "certificate",
                              "the plan has rows of this stage but no certificate");
            }
        };
        for (const Assigned& a : plan_.assignments)
            need(true, stage::assign(market_.programmes[a.programme]));
        need(!plan_.grants.empty(), stage::fund);
        need(!plan_.dossiers.empty(), stage::pool);
        need(!plan_.loans.empty(), stage::lend);
        need(!plan_.resources.empty(), stage::resources);
    }

    void compare(const std::string& name, const StageVerdict& found) {
        const Certificate& c = *plan_.certificate(name);
        if (!close(c.objective, found.objective)) {
            verdict_.fail(
                name, "objective",
                "claimed " + figure(c.objective) + ", recomputed " + figure(found.objective));
        }
        if (!close(c.bound, found.bound)) {
            verdict_.fail(name, "bound",
                          "claimed " + figure(c.bound) + ", recomputed " + figure(found.bound));
        }
        if (c.status == Status::optimal && !close(found.bound, found.objective)) {
            verdict_.fail(name, "status",
                          "optimal is claimed, yet the gap is " + figure(found.gap()));
        }
        verdict_.stages.push_back(found);
    }
    [[nodiscard]] const std::vector<double>& prices(const std::string& name) const {
        static const std::vector<double> none;
        const auto at = plan_.prices.find(name);
        return at == plan_.prices.end() ? none : at->second;
    }

    // ---- assignments ----

    void judge_programme(ProgrammeId p) {
        const Programme& programme = market_.programmes[p];
        const std::string name = stage::assign(programme);
        const Certificate* c = plan_.certificate(name);
        if (c == nullptr) return;
        const Scorer scorer(market_, p,
                            programme.after.known() ? reached_by(market_, plan_, programme.after)
                                                    : std::vector<std::uint8_t>{});
        AssignmentLimits limits;
        limits.demand = market_.firms.demand;
        for (std::size_t j = 0; j < market_.advisers.size(); ++j) {
            const bool ours = market_.advisers.network[j] == programme.network;
            limits.capacity.push_back(ours ? market_.advisers.capacity[j] : 0);
            limits.min_load.push_back(ours ? market_.advisers.min_load[j] : 0);
        }
        std::set<Pair> pins;
        for (const PairNote& note : market_.notes) {
            if (note.kind != PairKind::pinned || (note.programme.known() && !(note.programme == p)))
                continue;
            if (market_.advisers.network[note.adviser] != programme.network) continue;
            if (scorer.firm_rule(note.firm) != Exclusion::none) continue;
            pins.insert({note.firm, note.adviser});
        }
        limits.pinned.assign(pins.begin(), pins.end());

        AssignmentResult claim;
        claim.certificate = *c;
        claim.prices = prices(name);
        const auto take = [&](const auto& of_stage, auto& out) {
            if (const auto at = of_stage.find(name); at != of_stage.end()) out = at->second;
        };
        take(plan_.blockers, claim.blockers);
        take(plan_.relaxations, claim.relaxation);
        take(plan_.relaxed_pairs, claim.relaxed_pairs);
        for (const Assigned& a : plan_.assignments) {
            if (!(a.programme == p)) continue;
            claim.pairs.push_back({a.firm, a.adviser});
            const double score = scorer.score(a.firm, a.adviser);
            if (!close(score, a.score)) {
                verdict_.fail(name, firm(a.firm),
                              "claimed score " + figure(a.score) + ", recomputed " + figure(score));
            }
        }
        AssignmentCase problem;
        problem.stage = name;
        problem.firms = market_.firms.size();
        problem.advisers = market_.advisers.size();
        problem.eligible = [&](FirmId i, AdviserId j) {
            return scorer.exclusion(i, j) == Exclusion::none;
        };
        problem.utility = [&](FirmId i, AdviserId j) { return scorer.score(i, j); };
        problem.firm_name = [&](FirmId i) { return firm(i); };
        problem.adviser_name = [&](AdviserId j) { return "adviser " + market_.advisers.id[j]; };
        problem.reason = [&](FirmId i, AdviserId j) {
            return std::string(libmatch::name(scorer.exclusion(i, j)));
        };
        problem.best_choices = [&](const std::vector<std::vector<AdviserId>>& pins_of_firm) {
            return market_choices(scorer, limits, claim.prices, pins_of_firm,
                                  claim.certificate.unit, threads_);
        };
        judge_assignment(problem, limits, claim, verdict_, threads_);
    }

    // ---- grants ----

    /// Firms that may seek funds.
    [[nodiscard]] std::vector<FirmId> seekers() const {
        std::vector<FirmId> out;
        const auto after = market_.settings.funding_after;
        const auto reached = after.known() ? reached_by(market_, plan_, after)
                                           : std::vector<std::uint8_t>(market_.firms.size(), 1);
        for (std::size_t i = 0; i < market_.firms.size(); ++i) {
            if (reached[i] != 0 && market_.firms.cost_eur[i] > 0) out.emplace_back(i);
        }
        return out;
    }

    void judge_grants() {
        std::vector<WordSet> labels(market_.firms.size(), 0);
        for (const Assigned& a : plan_.assignments)
            labels[a.firm] |= market_.advisers.labels[a.adviser];
        std::vector<std::uint8_t> seeks(market_.firms.size(), 0), pooled(market_.firms.size(), 0);
        for (const FirmId i : seekers()) seeks[i] = 1;
        for (const Dossier& d : plan_.dossiers) {
            for (const DossierMember& m : d.members) pooled[m.firm] = 1;
        }
        std::vector<double> aid(market_.firms.size(), 0.0), spent(market_.schemes.size(), 0.0);
        std::set<std::pair<std::uint32_t, std::string>> stacked;
        Account objective;
        for (const Grant& g : plan_.grants) {
            const Scheme& s = market_.schemes[g.scheme];
            const std::string who = firm(g.firm) + ", scheme " + s.id;
            const auto fail = [&](std::string text) {
                verdict_.fail(stage::fund, who, std::move(text));
            };
            if (seeks[g.firm] == 0) fail("the firm is not among those that seek funds");
            const auto rule = scheme_exclusion(market_, s, g.firm, labels[g.firm]);
            if (!rule.empty()) fail(std::string(rule));
            if (s.collective_only && plan_.certificate(stage::pool) != nullptr &&
                pooled[g.firm] == 0) {
                fail("the scheme is collective and the firm is in no dossier");
            }
            const double most = largest_grant(market_, s, g.firm);
            if (!(g.amount_eur > 0) || g.amount_eur > most + cent || g.amount_eur < s.floor_eur) {
                fail("the grant of " + figure(g.amount_eur) + " EUR is not between the floor and " +
                     figure(most));
            }
            const std::string group =
                s.stacking_group.empty() ? "alone " + s.id : "group " + s.stacking_group;
            if (!stacked.insert({g.firm.value, group}).second)
                fail("another grant excludes this one");
            aid[g.firm] += g.amount_eur;
            spent[g.scheme] += g.amount_eur;
            objective.add(g.amount_eur);
        }
        for (std::size_t i = 0; i < aid.size(); ++i) {
            if (aid[i] > 0 && aid[i] > aid_limit(market_, FirmId(i)) + cent) {
                verdict_.fail(stage::fund, firm(FirmId(i)),
                              "aid of " + figure(aid[i]) + " EUR passes the limit of " +
                                  figure(aid_limit(market_, FirmId(i))));
            }
        }
        const auto& price = prices(stage::fund);
        Account bound;
        for (std::size_t s = 0; s < spent.size(); ++s) {
            const Scheme& scheme = market_.schemes[s];
            if (spent[s] > scheme.budget_eur + cent) {
                verdict_.fail(stage::fund, "scheme " + scheme.id,
                              "grants of " + figure(spent[s]) + " EUR pass the budget of " +
                                  figure(scheme.budget_eur));
            }
            if (!(price[s] >= 0) || (price[s] > 0 && !std::isfinite(scheme.budget_eur))) {
                verdict_.fail(stage::fund, "scheme " + scheme.id,
                              "its price " + figure(price[s]) + " proves nothing");
                continue;
            }
            if (price[s] > 0) bound.add_product(price[s], scheme.budget_eur);
        }
        for (const FirmId i : seekers()) bound.add(most_worth(i, labels[i], price));
        judge_claims(stage::fund, *plan_.certificate(stage::fund), objective, bound, verdict_);
    }

    /// The most that one firm adds to the dual value, from below: every subset of schemes is tried,
    /// and what rounding can have added is taken off.
    [[nodiscard]] double most_worth(FirmId i, WordSet labels,
                                    const std::vector<double>& price) const {
        std::vector<std::size_t> open;
        for (std::size_t s = 0; s < market_.schemes.size(); ++s) {
            if (price[s] < 1 && largest_grant(market_, market_.schemes[s], i) > 0 &&
                scheme_exclusion(market_, market_.schemes[s], i, labels).empty()) {
                open.push_back(s);
            }
        }
        std::sort(open.begin(), open.end(), [&](auto a, auto b) { return price[a] < price[b]; });
        double best = 0;
        for (std::uint64_t subset = 1; subset < (std::uint64_t{1} << open.size()); ++subset) {
            std::set<std::string> groups;
            bool lawful = true;
            double left = aid_limit(market_, i), worth = 0;
            for (std::size_t k = 0; k < open.size(); ++k) {
                if ((subset >> k & 1) == 0) continue;
                const Scheme& s = market_.schemes[open[k]];
                if (!s.stacking_group.empty())
                    lawful = lawful && groups.insert(s.stacking_group).second;
                const double amount = std::min(left, largest_grant(market_, s, i));
                left -= amount;
                worth += (1 - price[open[k]]) * amount;
            }
            if (lawful) best = std::max(best, worth);
        }
        return std::max(0.0, best - 0x1p-45 * aid_limit(market_, i));
    }

    // ---- dossiers ----

    [[nodiscard]] std::vector<double> residuals() const {
        std::vector<double> residual(market_.firms.size(), 0.0);
        for (const FirmId i : seekers())
            residual[i] = market_.firms.cost_eur[i] - market_.firms.own_funds_eur[i];
        for (const Grant& g : plan_.grants) residual[g.firm] -= g.amount_eur;
        return residual;
    }
    [[nodiscard]] double smallest_ticket() const {
        double ticket = HUGE_VAL;
        for (const Lender& l : market_.lenders) ticket = std::min(ticket, l.min_ticket_eur);
        return ticket;
    }

    void judge_dossiers() {
        const auto residual = residuals();
        // Whoever could pool must be either in a dossier or named as left out, with the amount that
        // was sought.
        std::map<std::uint32_t, double> sought;
        for (const Dossier& d : plan_.dossiers) {
            for (const DossierMember& m : d.members) {
                if (!sought.emplace(m.firm.value, m.amount_eur).second) {
                    verdict_.fail(stage::pool, firm(m.firm), "the firm is in two dossiers");
                }
                if (std::fabs(m.amount_eur - residual[m.firm]) > cent) {
                    verdict_.fail(stage::pool, firm(m.firm),
                                  "its amount is " + figure(m.amount_eur) + " EUR, its residual " +
                                      figure(residual[m.firm]));
                }
                if (market_.firms.consents_pooling[m.firm] == 0) {
                    verdict_.fail(stage::pool, firm(m.firm),
                                  "the firm does not consent to pooling");
                }
            }
        }
        for (const Unserved& u : plan_.unserved) {
            if (u.stage != stage::pool || u.amount_eur <= 0) continue;
            if (u.amount_eur > residual[u.firm] + cent) {
                verdict_.fail(stage::pool, firm(u.firm),
                              "the amount left out exceeds its residual");
            }
            if (!sought.emplace(u.firm.value, u.amount_eur).second) {
                verdict_.fail(stage::pool, firm(u.firm),
                              "the firm is listed both in a dossier and left out");
            }
        }
        const double ticket = smallest_ticket();
        for (const FirmId i : seekers()) {
            const bool could = residual[i] >= cent && residual[i] < ticket &&
                               market_.firms.consents_pooling[i] != 0;
            if (could && sought.count(i.value) == 0) {
                verdict_.fail(stage::pool, firm(i),
                              "it could pool, yet is neither in a dossier nor named as left out");
            }
        }

        std::vector<FirmId> firms;
        std::vector<double> amounts;
        std::vector<std::uint32_t> position(market_.firms.size(), 0);
        for (const auto& [i, amount] : sought) {
            position[i] = static_cast<std::uint32_t>(firms.size());
            firms.emplace_back(i);
            amounts.push_back(amount);
        }
        PoolResult claim;
        claim.certificate = *plan_.certificate(stage::pool);
        for (const FirmId i : firms) claim.prices.push_back(prices(stage::pool)[i]);
        for (std::size_t d = 0; d < plan_.dossiers.size(); ++d) {
            const Dossier& x = plan_.dossiers[d];
            PoolGroup g{x.rule.value, position[x.seat], {}};
            Sum sum;
            Account value;
            const DossierRule& rule = market_.dossier_rules[x.rule].rule;
            value.add(-rule.opening_cost);
            bool seat_inside = false;
            for (const DossierMember& m : x.members) {
                g.members.emplace_back(position[m.firm]);
                const double away =
                    market_.distance_km(market_.firms.place[m.firm], market_.firms.place[x.seat]);
                sum.add(m.amount_eur);
                value.add(1);
                value.add_product(-rule.cost_per_km, away);
                seat_inside = seat_inside || m.firm == x.seat;
                if (std::fabs(away - m.distance_km) > 1e-6) {
                    verdict_.fail(stage::pool, dossier(d),
                                  firm(m.firm) + ": claimed distance " + figure(m.distance_km) +
                                      " km, recomputed " + figure(away));
                }
            }
            std::sort(g.members.begin(), g.members.end());
            if (!seat_inside) verdict_.fail(stage::pool, dossier(d), "its seat is not at a member");
            if (std::fabs(sum.value() - x.sum_eur) > cent) {
                verdict_.fail(
                    stage::pool, dossier(d),
                    "claimed sum " + figure(x.sum_eur) + " EUR, recomputed " + figure(sum.value()));
            }
            if (!(std::fabs(value.sum.down() - x.value) <= 1e-9 * value.size)) {
                verdict_.fail(stage::pool, dossier(d),
                              "claimed value " + figure(x.value) + ", recomputed " +
                                  figure(value.sum.down()));
            }
            claim.groups.push_back(std::move(g));
        }
        if (firms.empty()) {
            compare(stage::pool, {stage::pool, 0, 0});
            return;
        }
        if (market_.dossier_rules.empty()) {
            compare(stage::pool, {stage::pool, 0, 0});
            return;
        }
        Verdict pooling = verify(dossier_problem(market_, firms, amounts), claim);
        for (Violation& v : pooling.violations) {
            verdict_.fail(stage::pool, std::move(v.subject), std::move(v.problem));
        }
        for (StageVerdict& s : pooling.stages) verdict_.stages.push_back(std::move(s));
    }

    // ---- leads and loans ----

    void judge_leads() {
        const auto served = advisers_of_firms(market_, plan_);
        AssignmentCase problem;
        problem.stage = stage::lead;
        problem.firms = plan_.dossiers.size();
        problem.advisers = market_.advisers.size();
        problem.eligible = [&](FirmId d, AdviserId j) {
            return may_lead(market_, market_.firms.place[plan_.dossiers[d].seat], j);
        };
        problem.utility = [&](FirmId d, AdviserId j) {
            const Dossier& x = plan_.dossiers[d];
            double known = 0;
            for (const DossierMember& m : x.members) {
                const auto& list = served[m.firm];
                if (std::find(list.begin(), list.end(), j) != list.end()) known += 1;
            }
            return lead_utility(market_, market_.firms.place[x.seat],
                                known / static_cast<double>(x.members.size()), j);
        };
        problem.firm_name = [](FirmId d) { return dossier(d); };
        problem.adviser_name = [&](AdviserId j) { return "adviser " + market_.advisers.id[j]; };
        AssignmentLimits limits;
        limits.capacity = market_.advisers.dossier_capacity;
        AssignmentResult claim;
        claim.certificate = *plan_.certificate(stage::lead);
        claim.prices = prices(stage::lead);
        for (std::size_t d = 0; d < plan_.dossiers.size(); ++d) {
            if (plan_.dossiers[d].lead.known())
                claim.pairs.push_back({FirmId(d), plan_.dossiers[d].lead});
        }
        judge_assignment(problem, limits, claim, verdict_, threads_);
    }

    void judge_loans() {
        // What seeks a lender: every dossier, then every firm whose residual reaches the ticket
        // alone.
        struct Request {
            FirmId at;
            double amount;
        };
        std::vector<Request> requests;
        std::vector<std::uint8_t> pooled(market_.firms.size(), 0);
        std::map<std::uint32_t, std::size_t> solo;
        for (const Dossier& d : plan_.dossiers) {
            requests.push_back({d.seat, d.sum_eur});
            for (const DossierMember& m : d.members) pooled[m.firm] = 1;
        }
        const auto residual = residuals();
        for (const FirmId i : seekers()) {
            if (pooled[i] != 0 || residual[i] < smallest_ticket()) continue;
            solo.emplace(i.value, requests.size());
            requests.push_back({i, residual[i]});
        }
        AssignmentCase problem;
        problem.stage = stage::lend;
        problem.firms = requests.size();
        problem.advisers = market_.lenders.size();
        problem.eligible = [&](FirmId r, AdviserId l) {
            return may_lend(market_, market_.firms.place[requests[r].at], requests[r].amount,
                            market_.lenders[l]);
        };
        problem.utility = [&](FirmId, AdviserId l) { return lend_utility(market_.lenders[l]); };
        problem.firm_name = [&](FirmId r) {
            return r < plan_.dossiers.size() ? dossier(r) : "loan of " + firm(requests[r].at);
        };
        problem.adviser_name = [&](AdviserId l) { return "lender " + market_.lenders[l].id; };
        AssignmentLimits limits;
        for (const Lender& l : market_.lenders) limits.capacity.push_back(l.capacity);
        AssignmentResult claim;
        claim.certificate = *plan_.certificate(stage::lend);
        claim.prices = prices(stage::lend);
        std::set<std::size_t> lent;
        for (std::size_t k = 0; k < plan_.loans.size(); ++k) {
            const Loan& loan = plan_.loans[k];
            const std::string who = "loan " + std::to_string(k + 1);
            std::size_t request = loan.dossier;
            if (!loan.dossier.known()) {
                const auto at = solo.find(loan.firm.value);
                if (at == solo.end()) {
                    verdict_.fail(stage::lend, who,
                                  firm(loan.firm) + " has no residual for a loan of its own");
                    continue;
                }
                request = at->second;
            } else if (!(plan_.dossiers[loan.dossier].lender == loan.lender)) {
                verdict_.fail(stage::lend, who, "its lender differs from the dossier's");
            }
            if (std::fabs(loan.amount_eur - requests[request].amount) > cent) {
                verdict_.fail(stage::lend, who,
                              "claimed amount " + figure(loan.amount_eur) + " EUR, recomputed " +
                                  figure(requests[request].amount));
            }
            lent.insert(request);
            claim.pairs.push_back({FirmId(request), AdviserId(loan.lender.value)});
        }
        for (std::size_t d = 0; d < plan_.dossiers.size(); ++d) {
            if (plan_.dossiers[d].lender.known() && lent.count(d) == 0) {
                verdict_.fail(stage::lend, dossier(d), "it names a lender without a loan");
            }
        }
        judge_assignment(problem, limits, claim, verdict_, threads_);
    }

    // ---- resources ----

    void judge_resources() {
        const auto served = advisers_of_firms(market_, plan_);
        const std::size_t n = market_.firms.size();
        const auto most = static_cast<std::size_t>(market_.settings.resources_per_firm);
        std::vector<std::vector<const Recommendation*>> given(n);
        for (const Recommendation& r : plan_.resources) given[r.firm].push_back(&r);
        std::vector<double> best(n, 0.0), got(n, 0.0);
        std::vector<std::string> wrong(n);
        parallel_chunks(n, 256, threads_, [&](std::size_t begin, std::size_t end) {
            std::vector<double> scores;
            for (std::size_t i = begin; i < end; ++i) {
                const FirmId who(i);
                const Eigen::ArrayXf unmet = unmet_need(market_, who, served[i]);
                scores.clear();
                for (std::size_t r = 0; r < market_.resources.size(); ++r) {
                    if (serves(market_, ResourceId(r), who))
                        scores.push_back(usefulness(market_, who, unmet, ResourceId(r)));
                }
                std::sort(scores.begin(), scores.end(), std::greater<>());
                for (std::size_t k = 0; k < std::min(most, scores.size()); ++k)
                    best[i] += scores[k];
                std::set<std::uint32_t> distinct;
                for (const Recommendation* r : given[i]) {
                    const double score = usefulness(market_, who, unmet, r->resource);
                    got[i] += score;
                    if (!close(score, r->score)) {
                        wrong[i] = "claimed usefulness " + figure(r->score) + ", recomputed " +
                                   figure(score);
                    }
                    if (!serves(market_, r->resource, who))
                        wrong[i] = "a centre does not serve its territory or language";
                    if (!distinct.insert(r->resource.value).second)
                        wrong[i] = "a resource is listed twice";
                }
                if (given[i].size() > most) wrong[i] = "more resources than the settings allow";
            }
        });
        Sum objective, bound;
        for (std::size_t i = 0; i < n; ++i) {
            if (!wrong[i].empty()) verdict_.fail(stage::resources, firm(FirmId(i)), wrong[i]);
            objective.add(got[i]);
            bound.add(best[i]);
        }
        const StageVerdict found{stage::resources, objective.value(), bound.value()};
        const Certificate& c = *plan_.certificate(stage::resources);
        if (c.status == Status::optimal) {
            compare(stage::resources, found);
            return;
        }
        // A stopped stage claims a weaker bound than the judge's own.
        if (c.bound < found.bound)
            verdict_.fail(stage::resources, "bound", "claimed less than the best possible");
        verdict_.stages.push_back(found);
    }

    const Market& market_;
    const Plan& plan_;
    unsigned threads_;
    Verdict verdict_;
};

}  // namespace detail

/// Judges a whole plan.
[[nodiscard]] inline Verdict verify(const Market& market, const Plan& plan, unsigned threads = 0) {
    return detail::PlanJudge(market, plan, threads).judge();
}

}  // namespace libmatch::check
