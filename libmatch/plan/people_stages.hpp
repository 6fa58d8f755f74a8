// Stages lead, specialists and lend: who writes each dossier, who assists and who lends to it, on
// the engine of assignments.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/assign/assign.hpp>
#include <libmatch/plan/paths.hpp>
#include <libmatch/plan/run.hpp>
#include <libmatch/retrieve/dossier_source.hpp>
#include <libmatch/retrieve/hours_source.hpp>
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

/// Up to so many pairs a gap would save nothing.
inline constexpr std::size_t most_pairs_exactly = 100'000'000;

/// Assigns pairs; `load`: what row i takes of a limit in `limits.hours`, if that is given.
inline AssignmentResult assign_pairs(Run& run, const std::string& name, const PairSource& source,
                                     const AssignmentLimits& limits,
                                     const std::vector<double>& load, double started) {
    const HoursSource with_hours(source, [&](FirmId i, AdviserId) { return load[i]; });
    AssignmentOptions options = run.assign;
    // No prices prove hours exactly.
    const bool few = source.firms() * source.advisers() <= most_pairs_exactly;
    options.exact = limits.hours.empty() && !limits.team && (options.exact || few);
    const PairSource& pairs = limits.hours.empty() ? source : with_hours;
    AssignmentResult result = assign(pairs, limits, options, run.control);
    run.plan.prices[name] = result.prices;
    run.certify(name, result.certificate, started);
    return result;
}

/// The dossiers by the place where they meet, and where each of them stands in the plan.
struct BySeat {
    std::vector<Dossier> dossiers;
    std::vector<std::uint32_t> at;

    explicit BySeat(const Run& run) {
        const std::vector<Dossier>& all = run.plan.dossiers;
        std::vector<std::pair<std::uint32_t, std::uint32_t>> order;
        for (std::size_t d = 0; d < all.size(); ++d) {
            order.emplace_back(seat_place(run.market, all[d]).value, static_cast<std::uint32_t>(d));
        }
        std::sort(order.begin(), order.end());
        for (const auto& [place, d] : order) {
            dossiers.push_back(all[d]);
            at.push_back(d);
        }
    }
};

/// The advisers of a dossier's members, by id.
[[nodiscard]] inline std::vector<DossierSource::Known> known_to(
    const Dossier& dossier, const std::vector<std::vector<AdviserId>>& advisers) {
    std::vector<AdviserId> all;  // each once for every member it serves
    for (const DossierMember& m : dossier.members) {
        const auto& of_firm = advisers[m.firm];
        for (auto at = of_firm.begin(); at != of_firm.end(); ++at) {
            if (std::find(of_firm.begin(), at, *at) == at) all.push_back(*at);
        }
    }
    std::sort(all.begin(), all.end());
    std::vector<DossierSource::Known> known;
    for (auto at = all.begin(); at != all.end();) {
        const auto end = std::upper_bound(at, all.end(), *at);
        known.push_back(
            {*at, static_cast<double>(end - at) / static_cast<double>(dossier.members.size())});
        at = end;
    }
    return known;
}

inline void lead_stage(Run& run) {
    const double started = run.begin(stage::lead);
    const Market& market = run.market;
    const BySeat by_seat(run);
    const auto advisers = advisers_of_firms(market, run.plan);
    std::vector<std::vector<DossierSource::Known>> known;
    std::vector<double> hours;
    for (const Dossier& d : by_seat.dossiers) {
        known.push_back(known_to(d, advisers));
        hours.push_back(writing_hours(market, d));
    }
    const DossierSource source(market, by_seat.dossiers, DossierSource::Role::lead,
                               std::move(known));
    AssignmentLimits limits;
    if (market.advisers.dossier_hours.empty()) {
        limits.capacity = market.advisers.dossier_capacity;
    } else {
        limits.hours = market.advisers.dossier_hours;
    }
    const auto result = assign_pairs(run, stage::lead, source, limits, hours, started);
    for (const Pair& p : result.pairs) run.plan.dossiers[by_seat.at[p.firm]].lead = p.adviser;
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
    const BySeat by_seat(run);
    const std::vector<Dossier>& dossiers = by_seat.dossiers;
    AssignmentLimits limits;
    limits.team = dossier_team(market, dossiers);
    limits.capacity = specialist_seats(market, dossiers);
    for (std::size_t d = 0; d < dossiers.size(); ++d) {
        const AdviserId lead = dossiers[d].lead;
        limits.demand.push_back(lead.known() ? 1 + market.settings.specialists_per_dossier : 0);
        if (lead.known()) limits.pinned.push_back({FirmId(d), lead});
    }
    const DossierSource source(market, dossiers, DossierSource::Role::specialist, {});
    const auto result = assign_pairs(run, stage::specialists, source, limits, {}, started);
    for (const Pair& p : result.pairs) {
        const Dossier& d = dossiers[p.firm];
        if (p.adviser == d.lead) continue;
        run.plan.specialists.push_back(
            {DossierId(by_seat.at[p.firm]), p.adviser,
             beyond_lead(market, needs_of(market, d), d.lead, p.adviser)});
    }
    std::sort(run.plan.specialists.begin(), run.plan.specialists.end(),
              [](const Specialist& a, const Specialist& b) {
                  return a.dossier == b.dossier ? a.adviser < b.adviser : a.dossier < b.dossier;
              });
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
    const SparseSource source(run.market.lenders.size(), rows.begin, rows.column, rows.value);
    const auto result = assign_pairs(run, stage::lend, source, limits, amounts, started);
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
