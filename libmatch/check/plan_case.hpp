// A plan before its judge: what the judges of all stages share, and what they recompute from market
// and plan alone.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/check/assignment.hpp>
#include <libmatch/check/verdict.hpp>
#include <libmatch/model/plan.hpp>

namespace libmatch::check::detail {

/// What the judges of all stages share.
struct PlanCase {
    static constexpr double cent = 0.01;

    const Market& market;
    const Plan& plan;
    unsigned threads;
    Verdict verdict;

    [[nodiscard]] std::string firm(FirmId i) const { return "firm " + market.firms.id[i]; }
    [[nodiscard]] static std::string dossier(std::size_t d) {
        return "dossier " + std::to_string(d + 1);
    }

    void compare(const std::string& name, const StageVerdict& found) {
        const Certificate& c = *plan.certificate(name);
        if (!close(c.objective, found.objective)) {
            verdict.fail(
                name, "objective",
                "claimed " + figure(c.objective) + ", recomputed " + figure(found.objective));
        }
        if (!close(c.bound, found.bound)) {
            verdict.fail(name, "bound",
                         "claimed " + figure(c.bound) + ", recomputed " + figure(found.bound));
        }
        if (c.status == Status::optimal && !close(found.bound, found.objective)) {
            verdict.fail(name, "status",
                         "optimal is claimed, yet the gap is " + figure(found.gap()));
        }
        verdict.stages.push_back(found);
    }
    [[nodiscard]] const std::vector<double>& prices(const std::string& name) const {
        static const std::vector<double> none;
        const auto at = plan.prices.find(name);
        return at == plan.prices.end() ? none : at->second;
    }
};

/// Firms that may seek funds.
[[nodiscard]] inline std::vector<FirmId> seekers(const PlanCase& c) {
    std::vector<FirmId> out;
    const auto after = c.market.settings.funding_after;
    const auto reached = after.known() ? reached_by(c.market, c.plan, after)
                                       : std::vector<std::uint8_t>(c.market.firms.size(), 1);
    for (std::size_t i = 0; i < c.market.firms.size(); ++i) {
        if (reached[i] != 0 && c.market.firms.cost_eur[i] > 0) out.emplace_back(i);
    }
    return out;
}

[[nodiscard]] inline std::vector<double> residuals(const PlanCase& c) {
    std::vector<double> residual(c.market.firms.size(), 0.0);
    for (const FirmId i : seekers(c))
        residual[i] = c.market.firms.cost_eur[i] - c.market.firms.own_funds_eur[i];
    for (const Grant& g : c.plan.grants) residual[g.firm] -= g.amount_eur;
    return residual;
}
[[nodiscard]] inline double smallest_ticket(const PlanCase& c) {
    double ticket = HUGE_VAL;
    for (const Lender& l : c.market.lenders) ticket = std::min(ticket, l.min_ticket_eur);
    return ticket;
}

}  // namespace libmatch::check::detail
