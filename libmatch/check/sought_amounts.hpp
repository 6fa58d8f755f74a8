// The amounts with which firms sought a dossier, before the money of withdrawn grants was granted
// again.
//
// A firm that was left out lost its collective grants, and may have been granted something since.
// So it sought at most its cost less its own funds, and at least what it lacks now less the largest
// collective grants that it can have had.
#pragma once

#include <algorithm>

#include <libmatch/check/plan_case.hpp>
#include <libmatch/score/funding.hpp>

namespace libmatch::check::detail {

/// The largest grants that a firm loses without a dossier, EUR.
[[nodiscard]] inline double collective_aid(const PlanCase& c, FirmId i) {
    if (c.market.firms.consents_pooling[i] == 0) return 0;
    Cents sum = 0;
    for (const Scheme& s : c.market.schemes) {
        if (s.collective_only) sum += largest_grant(c.market, s, i);
    }
    return eur(std::min(sum, aid_limit(c.market, i)));
}

/// Whether a firm that could pool now lacked nothing while it held collective grants.
[[nodiscard]] inline bool lacked_nothing(const PlanCase& c, FirmId i, double residual) {
    return residual <= collective_aid(c, i) + PlanCase::cent;
}

inline void judge_sought_amount(PlanCase& c, const Unserved& u, double residual) {
    const double most = c.market.firms.cost_eur[u.firm] - c.market.firms.own_funds_eur[u.firm];
    if (u.amount_eur > most + PlanCase::cent)
        c.verdict.fail(stage::pool, c.firm(u.firm), "the amount left out exceeds what it lacks");
    if (u.amount_eur < residual - collective_aid(c, u.firm) - PlanCase::cent) {
        c.verdict.fail(stage::pool, c.firm(u.firm),
                       "the amount left out is below its residual without collective grants");
    }
}

}  // namespace libmatch::check::detail
