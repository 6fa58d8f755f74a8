// The judge of plans: recomputes every stage of a plan from the market.
//
// For each stage with a certificate it checks every rule of that stage, recomputes objective, bound
// and gap from the plan's prices, and compares with what the plan claims. Straightforward loops
// over all pairs; no solver header. Complexity: O(firms x advisers x skills) per programme, O(firms
// x seats) for dossiers. Deterministic.
#pragma once

#include <set>
#include <string>
#include <utility>

#include <libmatch/check/plan_assignments.hpp>
#include <libmatch/check/plan_case.hpp>
#include <libmatch/check/plan_dossiers.hpp>
#include <libmatch/check/plan_grants.hpp>
#include <libmatch/check/plan_paths.hpp>
#include <libmatch/check/plan_people.hpp>
#include <libmatch/check/plan_resources.hpp>
#include <libmatch/check/plan_services.hpp>
#include <libmatch/check/plan_visits.hpp>
#include <libmatch/check/verdict.hpp>
#include <libmatch/model/plan.hpp>

namespace libmatch::check {
namespace detail {

/// Every stage of the plan must be one of the market's, once.
inline void check_names(PlanCase& c) {
    std::set<std::string> known{stage::fund,        stage::pool, stage::lead,
                                stage::specialists, stage::lend, stage::resources};
    if (!c.market.workshops.empty()) known.insert(stage::workshops);
    if (!c.market.shared_staff.empty()) known.insert(stage::shared_staff);
    if (c.market.visits) known.insert({stage::visits, stage::visit_choices});
    for (const Programme& p : c.market.programmes) known.insert(stage::assign(p));
    for (const auto& [name, claimed] : c.plan.certificates) {
        if (known.erase(name) == 0)
            c.verdict.fail(name, "certificate", "the stage is unknown or listed twice");
    }
    const auto need = [&](bool present, const std::string& name) {
        if (present && c.plan.certificate(name) == nullptr) {
            c.verdict.fail(name, "certificate",
                           "the plan has rows of this stage but no certificate");
        }
    };
    for (const Assigned& a : c.plan.assignments)
        need(true, stage::assign(c.market.programmes[a.programme]));
    for (const auto& [name, churn] : c.plan.churn) need(true, name);
    for (const auto& [name, used] : c.plan.quotas) need(true, name);
    need(!c.plan.grants.empty(), stage::fund);
    need(!c.plan.dossiers.empty(), stage::pool);
    need(!c.plan.specialists.empty(), stage::specialists);
    need(!c.plan.loans.empty(), stage::lend);
    need(!c.plan.resources.empty(), stage::resources);
    need(!c.plan.workshops.empty(), stage::workshops);
    need(!c.plan.shared_staff.empty(), stage::shared_staff);
    need(!c.plan.visits.empty(), stage::visits);
    need(!c.plan.visit_choices.empty(), stage::visit_choices);
}

}  // namespace detail

/// Judges a whole plan.
[[nodiscard]] inline Verdict verify(const Market& market, const Plan& plan, unsigned threads = 0) {
    detail::PlanCase c{market, plan, threads, {}};
    for (const Fault& f : plan.unreadable) c.verdict.fail("read", f.table, f.text());
    detail::check_names(c);
    if (!c.verdict.ok()) return std::move(c.verdict);
    for (std::size_t p = 0; p < market.programmes.size(); ++p)
        detail::judge_programme(c, ProgrammeId(p));
    const auto judge = [&](const std::string& name, void (*judge_stage)(detail::PlanCase&)) {
        if (plan.certificate(name) != nullptr) judge_stage(c);
    };
    judge(stage::fund, detail::judge_grants);
    judge(stage::pool, detail::judge_dossiers);
    judge(stage::lead, detail::judge_leads);
    judge(stage::specialists, detail::judge_specialists);
    judge(stage::lend, detail::judge_loans);
    // Plans of earlier versions compare no paths.
    if (!plan.paths.empty()) judge(stage::lend, detail::judge_paths);
    judge(stage::resources, detail::judge_resources);
    judge(stage::workshops, detail::judge_workshops);
    judge(stage::visit_choices, detail::judge_visit_choices);
    judge(stage::visits, detail::judge_visits);
    judge(stage::shared_staff, detail::judge_shared_staff);
    return std::move(c.verdict);
}

}  // namespace libmatch::check
