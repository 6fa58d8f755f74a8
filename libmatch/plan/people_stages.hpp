// Stages lead and lend: who writes each dossier and who lends to it, on the engine of assignments.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/assign/assign.hpp>
#include <libmatch/plan/run.hpp>
#include <libmatch/retrieve/matrix_source.hpp>
#include <libmatch/score/dossiers.hpp>

namespace libmatch::detail {

/// A sparse problem built row by row.
struct Rows {
    std::vector<std::int64_t> begin{0};
    std::vector<std::uint32_t> column;
    std::vector<double> value;
    void end_row() { begin.push_back(static_cast<std::int64_t>(column.size())); }
};

inline AssignmentResult assign_rows(Run& run, const std::string& name, const Rows& rows,
                                    std::vector<std::int64_t> capacity, double started) {
    AssignmentLimits limits;
    limits.capacity = std::move(capacity);
    const SparseSource source(limits.capacity.size(), rows.begin, rows.column, rows.value);
    AssignmentOptions options = run.assign;
    options.exact = true;  // these problems are small: a gap would save nothing
    AssignmentResult result = assign(source, limits, options, run.control);
    run.plan.prices[name] = result.prices;
    run.certify(name, result.certificate, started);
    return result;
}

[[nodiscard]] inline double known_share(const std::vector<std::vector<AdviserId>>& advisers,
                                        const Dossier& d, AdviserId j) {
    std::size_t known = 0;
    for (const DossierMember& m : d.members) {
        const auto& of_firm = advisers[m.firm];
        known += std::find(of_firm.begin(), of_firm.end(), j) != of_firm.end() ? 1 : 0;
    }
    return static_cast<double>(known) / static_cast<double>(d.members.size());
}

inline void lead_stage(Run& run) {
    const double started = run.begin(stage::lead);
    const auto advisers = advisers_of_firms(run.market, run.plan);
    Rows rows;
    for (const Dossier& d : run.plan.dossiers) {
        const PlaceId seat = run.market.firms.place[d.seat];
        for (std::size_t j = 0; j < run.market.advisers.size(); ++j) {
            const AdviserId adviser(j);
            if (!may_lead(run.market, seat, adviser)) continue;
            rows.column.push_back(adviser.value);
            rows.value.push_back(
                lead_utility(run.market, seat, known_share(advisers, d, adviser), adviser));
        }
        rows.end_row();
    }
    const auto result =
        assign_rows(run, stage::lead, rows, run.market.advisers.dossier_capacity, started);
    for (const Pair& p : result.pairs) run.plan.dossiers[p.firm].lead = p.adviser;
}

inline void lend_stage(Run& run) {
    const double started = run.begin(stage::lend);
    std::vector<Loan> wanted_loans;
    std::vector<std::uint8_t> pooled(run.market.firms.size(), 0);
    for (std::size_t d = 0; d < run.plan.dossiers.size(); ++d) {
        wanted_loans.push_back({DossierId(d), FirmId(), LenderId(), run.plan.dossiers[d].sum_eur});
        for (const DossierMember& m : run.plan.dossiers[d].members) pooled[m.firm] = 1;
    }
    const std::vector<double> residual = residuals(run);
    for (const FirmId i : run.seekers) {
        if (pooled[i] == 0 && residual[i] >= solo_ticket(run)) {
            wanted_loans.push_back({DossierId(), i, LenderId(), residual[i]});
        }
    }
    Rows rows;
    for (const Loan& loan : wanted_loans) {
        const FirmId at = loan.firm.known() ? loan.firm : run.plan.dossiers[loan.dossier].seat;
        for (std::size_t l = 0; l < run.market.lenders.size(); ++l) {
            if (!may_lend(run.market, run.market.firms.place[at], loan.amount_eur,
                          run.market.lenders[l]))
                continue;
            rows.column.push_back(static_cast<std::uint32_t>(l));
            rows.value.push_back(lend_utility(run.market.lenders[l]));
        }
        rows.end_row();
    }
    std::vector<std::int64_t> capacity;
    for (const Lender& l : run.market.lenders) capacity.push_back(l.capacity);
    const auto result = assign_rows(run, stage::lend, rows, std::move(capacity), started);
    for (const Pair& p : result.pairs) {
        Loan loan = wanted_loans[p.firm];
        loan.lender = LenderId(p.adviser.value);
        if (loan.dossier.known()) run.plan.dossiers[loan.dossier].lender = loan.lender;
        run.plan.loans.push_back(loan);
    }
    std::vector<std::uint8_t> lent(wanted_loans.size(), 0);
    for (const Pair& p : result.pairs) lent[p.firm] = 1;
    for (std::size_t k = 0; k < wanted_loans.size(); ++k) {
        const Loan& loan = wanted_loans[k];
        if (lent[k] == 0 && loan.firm.known()) {
            run.left_out(stage::lend, loan.firm, "no lender with room takes this amount here",
                         loan.amount_eur);
        }
    }
}

}  // namespace libmatch::detail
