// Stages lead, specialists and lend: who writes each dossier, who assists and who lends to it, on
// the engine of assignments.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/assign/assign.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/plan/paths.hpp>
#include <libmatch/plan/run.hpp>
#include <libmatch/retrieve/hours_source.hpp>
#include <libmatch/retrieve/matrix_source.hpp>
#include <libmatch/score/dossiers.hpp>

namespace libmatch::detail {

/// A sparse problem built row by row.
struct Rows {
    std::vector<std::int64_t> begin{0};
    std::vector<std::uint32_t> column;
    std::vector<double> value;
    void add(AdviserId j, double utility) {
        column.push_back(j.value);
        value.push_back(utility);
    }
    void end_row() { begin.push_back(static_cast<std::int64_t>(column.size())); }

    void append(const Rows& more) {
        const std::int64_t before = begin.back();
        for (std::size_t k = 1; k < more.begin.size(); ++k) begin.push_back(before + more.begin[k]);
        column.insert(column.end(), more.column.begin(), more.column.end());
        value.insert(value.end(), more.value.begin(), more.value.end());
    }
};

/// A row for each dossier, filled by fill(dossier index, rows) in parallel; rows that the run was
/// stopped before have none of their pairs, and are not filled.
template <class Fill>
[[nodiscard]] Rows rows_of_dossiers(Run& run, const std::string& name, const Fill& fill) {
    constexpr std::size_t chunk = 32, batch = 16 * chunk;
    const std::size_t n = run.plan.dossiers.size();
    Rows rows;
    for (std::size_t first = 0; first < n; first += batch) {
        std::vector<Rows> parts(batch / chunk);
        const std::size_t count = std::min(batch, n - first);
        parallel_chunks(count, chunk, run.options.threads, [&](std::size_t begin, std::size_t end) {
            Rows& part = parts[begin / chunk];
            for (std::size_t d = begin; d < end; ++d) {
                if (!run.control.stop()) fill(first + d, part);
                part.end_row();
            }
        });
        for (std::size_t k = 0; k * chunk < count; ++k) rows.append(parts[k]);
        run.control.report(name, 0);
    }
    return rows;
}

/// Assigns rows; `load`: what row i takes of a limit in `limits.hours`, if that is given. Rows
/// that are not complete bound nothing, but no choice of a dossier is worth more than 1.
inline AssignmentResult assign_rows(Run& run, const std::string& name, const Rows& rows,
                                    const AssignmentLimits& limits, const std::vector<double>& load,
                                    double started, bool complete = true) {
    const std::size_t columns = std::max(limits.capacity.size(), limits.hours.size());
    const SparseSource source(columns, rows.begin, rows.column, rows.value);
    const HoursSource with_hours(source, [&](FirmId i, AdviserId) { return load[i]; });
    AssignmentOptions options = run.assign;
    // These problems are small, so a gap would save nothing; no prices prove hours exactly.
    options.exact = limits.hours.empty() && !limits.team;
    const PairSource& pairs =
        limits.hours.empty() ? static_cast<const PairSource&>(source) : with_hours;
    AssignmentResult result = assign(pairs, limits, options, run.control);
    if (!complete) {
        result.certificate.unit = 0;
        result.certificate.bound = static_cast<double>(source.firms());
        if (result.certificate.status != Status::infeasible)
            result.certificate.status = run.control.stop_status();
    }
    run.plan.prices[name] = result.prices;
    run.certify(name, result.certificate, started);
    return result;
}

inline void lead_stage(Run& run) {
    const double started = run.begin(stage::lead);
    const Market& market = run.market;
    const auto advisers = advisers_of_firms(market, run.plan);
    const std::vector<double> trust = trust_in_helpers(market);
    const Rows rows = rows_of_dossiers(run, stage::lead, [&](std::size_t k, Rows& part) {
        const Dossier& d = run.plan.dossiers[k];
        const PlaceId seat = seat_place(market, d);
        const DossierNeeds needs = needs_of(market, d);
        std::vector<AdviserId> known;  // each once for every member it serves
        for (const DossierMember& m : d.members) {
            const auto& of_firm = advisers[m.firm];
            for (auto at = of_firm.begin(); at != of_firm.end(); ++at) {
                if (std::find(of_firm.begin(), at, *at) == at) known.push_back(*at);
            }
        }
        for (std::size_t j = 0; j < market.advisers.size(); ++j) {
            const AdviserId adviser(j);
            if (!may_lead(market, seat, adviser)) continue;
            const auto share =
                static_cast<double>(std::count(known.begin(), known.end(), adviser)) /
                static_cast<double>(d.members.size());
            part.add(adviser, lead_utility(market, needs, seat, share, trust, adviser));
        }
    });
    std::vector<double> hours;
    for (const Dossier& d : run.plan.dossiers) hours.push_back(writing_hours(market, d));
    AssignmentLimits limits;
    if (market.advisers.dossier_hours.empty()) {
        limits.capacity = market.advisers.dossier_capacity;
    } else {
        limits.hours = market.advisers.dossier_hours;
    }
    const auto result =
        assign_rows(run, stage::lead, rows, limits, hours, started, !run.control.stop());
    for (const Pair& p : result.pairs) run.plan.dossiers[p.firm].lead = p.adviser;
}

/// Advisers for what the lead of a dossier does not cover, as teams in which the leads are pinned.
inline void specialists_stage(Run& run) {
    const Market& market = run.market;
    const auto& capacity = market.advisers.specialist_capacity;
    if (market.settings.specialists_per_dossier == 0 ||
        std::all_of(capacity.begin(), capacity.end(), [](std::int64_t c) { return c == 0; })) {
        return;
    }
    const double started = run.begin(stage::specialists);
    std::vector<Dossier>& dossiers = run.plan.dossiers;
    AssignmentLimits limits;
    limits.team = dossier_team(market, dossiers);
    limits.capacity = specialist_seats(market, dossiers);
    for (std::size_t d = 0; d < dossiers.size(); ++d) {
        const AdviserId lead = dossiers[d].lead;
        limits.demand.push_back(lead.known() ? 1 + market.settings.specialists_per_dossier : 0);
        if (lead.known()) limits.pinned.push_back({FirmId(d), lead});
    }
    const std::vector<double> trust = trust_in_helpers(market);
    const auto fill = [&](std::size_t d, Rows& part) {
        const AdviserId lead = dossiers[d].lead;
        const PlaceId seat = seat_place(market, dossiers[d]);
        for (std::size_t j = 0; j < market.advisers.size() && lead.known(); ++j) {
            const AdviserId adviser(j);
            if (adviser == lead || (capacity[j] > 0 && may_assist(market, seat, adviser)))
                part.add(adviser, specialist_utility(market, seat, trust, adviser));
        }
    };
    Rows rows = rows_of_dossiers(run, stage::specialists, fill);
    if (run.control.stop()) {  // the leads alone
        rows = {};
        for (const Dossier& d : dossiers) {
            if (d.lead.known())
                rows.add(d.lead, specialist_utility(market, seat_place(market, d), trust, d.lead));
            rows.end_row();
        }
    }
    const auto result =
        assign_rows(run, stage::specialists, rows, limits, {}, started, !run.control.stop());
    for (const Pair& p : result.pairs) {
        const Dossier& d = dossiers[p.firm];
        if (p.adviser == d.lead) continue;
        run.plan.specialists.push_back(
            {DossierId(p.firm.value), p.adviser,
             beyond_lead(market, needs_of(market, d), d.lead, p.adviser)});
    }
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
    std::vector<double> amounts;
    for (const Loan& loan : wanted_loans) {
        const PlaceId at = loan.firm.known()
                               ? run.market.firms.place[loan.firm]
                               : seat_place(run.market, run.plan.dossiers[loan.dossier]);
        std::vector<FirmId> borrowers;
        if (loan.firm.known()) {
            borrowers.push_back(loan.firm);
        } else {
            for (const DossierMember& m : run.plan.dossiers[loan.dossier].members)
                borrowers.push_back(m.firm);
        }
        amounts.push_back(loan.amount_eur);
        for (std::size_t l = 0; l < run.market.lenders.size(); ++l) {
            if (!may_lend(run.market, at, loan.amount_eur, borrowers, run.market.lenders[l]))
                continue;
            rows.column.push_back(static_cast<std::uint32_t>(l));
            rows.value.push_back(lend_utility(run.market.lenders[l]));
        }
        rows.end_row();
    }
    AssignmentLimits limits;
    for (const Lender& l : run.market.lenders) {
        if (run.market.lenders_have_budgets) {
            limits.hours.push_back(l.budget_eur);
        } else {
            limits.capacity.push_back(l.capacity);
        }
    }
    const auto result = assign_rows(run, stage::lend, rows, limits, amounts, started);
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
    compare_paths(run);
}

}  // namespace libmatch::detail
