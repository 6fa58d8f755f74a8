// One run over the stages of a market: what was asked for, and the plan as it grows.
//
// Each stage is a function of its own (plan/*_stage.hpp) that reads what the stages before it left
// in the plan and adds its tables, prices and certificate.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/model/plan.hpp>
#include <libmatch/model/previous.hpp>

namespace libmatch {

struct SolveOptions {
    double gap = 1e-4;       ///< relative gap of assignments and grants
    double pool_gap = 0.02;  ///< relative gap of dossiers
    bool exact = false;      ///< assignments with gap 0 in units of 1e-6
    unsigned threads = 0;    ///< 0 = all cores; never changes the plan
    std::uint64_t seed = 0;
    /// An earlier plan to begin with; none = the market's own table `previous`, if it has rows.
    std::optional<PreviousPlan> previous;
    /// How many firms of each programme may lose their earlier adviser, beyond those that must.
    std::optional<std::int64_t> max_changes;
    std::vector<std::string> stages;  ///< of stage_names() (plan/solve.hpp); empty = all
};

namespace detail {

struct Run {
    const Market& market;
    const SolveOptions& options;
    Control& control;
    AssignmentOptions assign;  ///< of every assignment in the run
    PreviousPlan previous;     ///< what programmes begin with
    Plan plan;
    std::vector<FirmId> seekers;  ///< firms that seek funds; filled by the stage fund

    /// Whether a cancel ended the run, though more is to come; the stage that ended last then says
    /// so, unless it has no answer anyway.
    [[nodiscard]] bool over() {
        if (!control.cancelled() || plan.certificates.empty()) return false;
        Status& last = plan.certificates.back().second.status;
        if (last != Status::infeasible) last = Status::cancelled;
        return true;
    }
    /// Time at which the stage starts; all progress is reported under its name.
    double begin(const std::string& name) {
        control.enter(name);
        control.report(name, 0);
        return control.elapsed();
    }
    void certify(const std::string& name, Certificate c, double started) {
        c.seconds = control.elapsed() - started;
        plan.certificates.emplace_back(name, c);
        control.report(name, 1);
    }
    void left_out(const std::string& name, FirmId i, std::string reason, double amount = 0) {
        plan.unserved.push_back({name, i, std::move(reason), amount});
    }
};

/// What each seeker still lacks after its own funds and grants, EUR; 0 for firms that seek nothing.
[[nodiscard]] inline std::vector<double> residuals(const Run& run) {
    std::vector<double> residual(run.market.firms.size(), 0.0);
    for (const FirmId i : run.seekers)
        residual[i] = run.market.firms.cost_eur[i] - run.market.firms.own_funds_eur[i];
    for (const Grant& g : run.plan.grants) residual[g.firm] -= g.amount_eur;
    return residual;
}

/// The smallest amount that a lender takes from one firm alone.
[[nodiscard]] inline double solo_ticket(const Run& run) {
    double ticket = HUGE_VAL;
    for (const Lender& l : run.market.lenders) ticket = std::min(ticket, l.min_ticket_eur);
    return ticket;
}

}  // namespace detail
}  // namespace libmatch
