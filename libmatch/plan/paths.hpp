// The ways to the money that each seeker still lacks, side by side: a loan of its own where its
// residual alone reaches a lender's ticket, and a dossier, its own or the nearest that would be
// open to it. A firm with neither has the path none.
//
// A dossier is open to a firm that consents, shares its keys, lies within its radius, and leaves it
// within its limits of members and sum. Complexity: O(firms + solo firms x dossiers of their cells
// within reach in latitude). Deterministic: ties go to the earlier dossier.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <libmatch/core/parallel.hpp>
#include <libmatch/model/dossier_problem.hpp>
#include <libmatch/plan/run.hpp>
#include <libmatch/score/dossiers.hpp>

namespace libmatch::detail {

/// The dossiers of the plan by rule and keys, from south to north.
class OpenDossiers {
  public:
    explicit OpenDossiers(const Run& run) : market_(run.market), plan_(run.plan) {
        for (std::size_t d = 0; d < plan_.dossiers.size(); ++d) {
            const Dossier& x = plan_.dossiers[d];
            const std::string cell = cell_of(x.rule, x.members.front().firm);
            if (!cell.empty()) cells_[cell].push_back({latitude(seat(x)), d});
        }
        for (auto& [cell, list] : cells_) std::sort(list.begin(), list.end());
    }

    /// The nearest dossier that the firm could join with this amount, and its distance.
    [[nodiscard]] std::pair<DossierId, double> nearest(FirmId i, double amount) const {
        std::pair<DossierId, double> best{DossierId(), HUGE_VAL};
        // Firms bound together or kept apart are not compared: their pairs decide.
        if (std::any_of(market_.firm_pairs.begin(), market_.firm_pairs.end(),
                        [&](const FirmPair& p) { return p.a == i || p.b == i; }))
            return best;
        const PlaceId at = market_.firms.place[i];
        for (std::size_t r = 0; r < market_.dossier_rules.size(); ++r) {
            const DossierRule& rule = market_.dossier_rules[r].rule;
            const auto cell = cells_.find(cell_of(RuleId(r), i));
            if (cell == cells_.end()) continue;
            const double reach = std::min(rule.max_radius_km / km_per_degree, 360.0) + 1e-6;
            auto x = std::lower_bound(cell->second.begin(), cell->second.end(),
                                      std::pair{latitude(at) - reach, std::size_t{0}});
            for (; x != cell->second.end() && x->first <= latitude(at) + reach; ++x) {
                const Dossier& d = plan_.dossiers[x->second];
                const double seats = d.site.known() ? market_.sites[d.site].seats : HUGE_VAL;
                if (static_cast<std::int64_t>(d.members.size()) >= rule.max_members ||
                    static_cast<double>(d.members.size()) >= seats ||
                    d.sum_eur + amount > rule.max_sum)
                    continue;
                const double away = market_.distance_km(at, seat(d));
                if (away > rule.max_radius_km) continue;
                if (away < best.second || (away == best.second && x->second < best.first))
                    best = {DossierId(x->second), away};
            }
        }
        return best;
    }

  private:
    static constexpr double km_per_degree = earth_radius_km * 0.017453292519943295;

    [[nodiscard]] PlaceId seat(const Dossier& d) const { return seat_place(market_, d); }
    [[nodiscard]] double latitude(PlaceId p) const { return market_.places[p].at.lat; }
    /// Empty = some key is unknown.
    [[nodiscard]] std::string cell_of(RuleId r, FirmId i) const {
        std::string text = std::to_string(r.value);
        for (const KeyedRule::Key& key : market_.dossier_rules[r].keys) {
            const std::string part = key_text(market_, i, key);
            if (part.empty()) return {};
            text += '\n' + part;
        }
        return text;
    }

    const Market& market_;
    const Plan& plan_;
    std::unordered_map<std::string, std::vector<std::pair<double, std::size_t>>> cells_;
};

/// The lender that asks for the least interest among those that take the amount there; may be none.
[[nodiscard]] inline LenderId cheapest_lender(const Market& market, FirmId i, double amount) {
    const std::array<FirmId, 1> alone{i};
    LenderId best;
    for (std::size_t l = 0; l < market.lenders.size(); ++l) {
        if (may_lend(market, market.firms.place[i], amount, alone, market.lenders[l]) &&
            (!best.known() || market.lenders[l].interest_rate < market.lenders[best].interest_rate))
            best = LenderId(l);
    }
    return best;
}

inline void compare_paths(Run& run) {
    constexpr double cent = 0.01;
    const Market& market = run.market;
    const std::size_t n = market.firms.size();
    const std::vector<double> residual = residuals(run);
    std::vector<double> grants(n, 0);
    for (const Grant& g : run.plan.grants) grants[g.firm] += g.amount_eur;
    std::vector<DossierId> dossier(n);
    std::vector<double> away(n, 0);
    for (std::size_t d = 0; d < run.plan.dossiers.size(); ++d) {
        for (const DossierMember& m : run.plan.dossiers[d].members) {
            dossier[m.firm] = DossierId(d);
            away[m.firm] = m.distance_km;
        }
    }
    std::vector<LenderId> solo(n);
    for (const Loan& loan : run.plan.loans) {
        if (loan.firm.known()) solo[loan.firm] = loan.lender;
    }
    const OpenDossiers open(run);
    const double ticket = solo_ticket(run);
    std::vector<std::vector<FundingPath>> found((run.seekers.size() + 1023) / 1024);
    parallel_chunks(
        run.seekers.size(), 1024, run.options.threads, [&](std::size_t b, std::size_t e) {
            for (std::size_t k = b; k < e; ++k) {
                const FirmId i = run.seekers[k];
                if (residual[i] < cent) continue;
                const auto add = [&](FundingPath::Kind kind, bool chosen, LenderId lender,
                                     DossierId d = {}, double km = 0) {
                    const double rate = lender.known() ? market.lenders[lender].interest_rate : 0;
                    const double loan = kind == FundingPath::Kind::none ? 0 : residual[i];
                    found[b / 1024].push_back({i, kind, chosen, residual[i], grants[i], loan,
                                               loan * rate, lender, d, km});
                };
                const bool alone = residual[i] >= ticket, pooled = dossier[i].known();
                if (alone && !pooled) {
                    const LenderId lender =
                        solo[i].known() ? solo[i] : cheapest_lender(market, i, residual[i]);
                    add(FundingPath::Kind::solo, solo[i].known(), lender);
                }
                if (pooled) {
                    add(FundingPath::Kind::pooled, true, run.plan.dossiers[dossier[i]].lender,
                        dossier[i], away[i]);
                } else if (alone && market.firms.consents_pooling[i] != 0) {
                    const auto [d, km] = open.nearest(i, residual[i]);
                    if (d.known()) {
                        add(FundingPath::Kind::pooled, false, run.plan.dossiers[d].lender, d, km);
                    }
                }
                if (!pooled && !solo[i].known()) add(FundingPath::Kind::none, true, {});
            }
        });
    for (auto& part : found) run.plan.paths.insert(run.plan.paths.end(), part.begin(), part.end());
}

}  // namespace libmatch::detail
