// Who may lead a dossier, assist it or lend to it, and what each is worth.
//
// The members of a dossier need together what one of them needs most of, skill by skill:
//
//   need_k = max over members of need_ik,   weight_k = sum_i w_ik need_ik / need_k / sum_ik w_ik
//   need_ik,
//
// so that everything covered counts 1. Then
//
//   lead:  0.4 coverage of these needs + 0.2 share of members that the adviser already accompanies
//          + 0.2 proximity to the seat + 0.2 trust
//   specialists beside the lead: what they cover together (model/team.hpp), and for each of them
//          0.1 proximity + 0.1 trust - 0.25
//   lend:  1 - interest rate
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <Eigen/Core>

#include <libmatch/model/market.hpp>
#include <libmatch/model/plan.hpp>
#include <libmatch/model/team.hpp>
#include <libmatch/score/trust.hpp>

namespace libmatch {

inline constexpr double lead_weight_coverage = 0.4;
inline constexpr double lead_weight_known = 0.2;
inline constexpr double lead_weight_proximity = 0.2;
inline constexpr double lead_weight_trust = 0.2;
inline constexpr double lead_remote_proximity = 0.5;
inline constexpr double specialist_weight_proximity = 0.1;
inline constexpr double specialist_weight_trust = 0.1;
inline constexpr double specialist_cost = 0.25;

/// What the members of a dossier need together; by skill.
struct DossierNeeds {
    Eigen::ArrayXd need, weight;
};

[[nodiscard]] inline DossierNeeds needs_of(const Market& market, const Dossier& dossier) {
    const auto skills = static_cast<Eigen::Index>(market.skills.size());
    DossierNeeds out{Eigen::ArrayXd::Zero(skills), Eigen::ArrayXd::Zero(skills)};
    for (const DossierMember& m : dossier.members) {
        const auto k = static_cast<Eigen::Index>(m.firm.value);
        const auto need = market.firms.need.col(k).cast<double>();
        const auto w =
            market.firms.weight.col(market.firms.weight.cols() == 1 ? 0 : k).cast<double>();
        out.need = out.need.max(need);
        out.weight += w * need;
    }
    const double all = out.weight.sum();
    for (Eigen::Index k = 0; k < skills; ++k)
        out.weight[k] = out.weight[k] > 0 ? out.weight[k] / out.need[k] / all : 0;
    return out;
}

/// Share of the needs that one adviser covers, in [0, 1].
[[nodiscard]] inline double covered_by(const Market& market, const DossierNeeds& needs,
                                       AdviserId j) {
    const auto skill = market.advisers.skill.col(static_cast<Eigen::Index>(j.value)).cast<double>();
    return (needs.weight * needs.need.min(skill)).sum();
}

/// Hours that it takes to write a dossier.
[[nodiscard]] inline double writing_hours(const Market& market, const Dossier& dossier) {
    const Settings& s = market.settings;
    return s.lead_hours_per_dossier +
           s.lead_hours_per_member * static_cast<double>(dossier.members.size());
}

/// In the network that leads, with the labels required.
[[nodiscard]] inline bool helps(const Market& market, AdviserId j) {
    const Advisers& a = market.advisers;
    const WordSet labels = market.settings.lead_labels_required;
    return a.network[j] == market.settings.lead_network && (a.labels[j] & labels) == labels;
}

/// Whether an adviser has time to write dossiers.
[[nodiscard]] inline bool writes(const Market& market, AdviserId j) {
    const Advisers& a = market.advisers;
    return a.dossier_hours.empty() ? a.dossier_capacity[j] > 0 : a.dossier_hours[j] > 0;
}

/// Helps dossiers, and is allowed to work at the seat.
[[nodiscard]] inline bool may_assist(const Market& market, PlaceId seat, AdviserId j) {
    return helps(market, j) &&
           market.geography.contains(market.advisers.zone[j], market.places[seat].commune);
}

[[nodiscard]] inline bool may_lead(const Market& market, PlaceId seat, AdviserId j) {
    return writes(market, j) && may_assist(market, seat, j);
}

[[nodiscard]] inline double proximity_to_seat(const Market& market, PlaceId seat, AdviserId j) {
    const Advisers& a = market.advisers;
    return a.remote[j] != 0
               ? lead_remote_proximity
               : std::max(0.0, 1 - market.distance_km(seat, a.place[j]) / a.range_km[j]);
}

/// Trust in each adviser of the network that leads, 0 for the others; to be worked out once, since
/// each takes a microsecond or more.
[[nodiscard]] inline std::vector<double> trust_in_helpers(const Market& market) {
    const Advisers& a = market.advisers;
    std::vector<double> of(a.size(), 0.0);
    for (std::size_t k = 0; k < of.size(); ++k) {
        const AdviserId j(k);
        if (a.network[j] == market.settings.lead_network)
            of[k] = trust(a.successes[j], a.failures[j], a.labels[j] != 0, market.settings);
    }
    return of;
}

/// At most 1. `known`: share of the members that the adviser serves in some programme, in [0, 1].
[[nodiscard]] inline double lead_utility(double coverage, double known, double proximity,
                                         double trust) {
    return lead_weight_coverage * coverage + lead_weight_known * known +
           lead_weight_proximity * proximity + lead_weight_trust * trust;
}

/// `trust`: of trust_in_helpers().
[[nodiscard]] inline double lead_utility(const Market& market, const DossierNeeds& needs,
                                         PlaceId seat, double known_share,
                                         const std::vector<double>& trust, AdviserId j) {
    return lead_utility(covered_by(market, needs, j), known_share,
                        proximity_to_seat(market, seat, j), trust[j]);
}

/// What an adviser counts alone beside a lead; negative, so it is asked only for what it adds.
[[nodiscard]] inline double specialist_utility(double proximity, double trust) {
    return specialist_weight_proximity * proximity + specialist_weight_trust * trust -
           specialist_cost;
}
[[nodiscard]] inline double specialist_utility(const Market& market, PlaceId seat,
                                               const std::vector<double>& trust, AdviserId j) {
    return specialist_utility(proximity_to_seat(market, seat, j), trust[j]);
}

/// Share of the needs that a specialist covers beyond the lead.
[[nodiscard]] inline double beyond_lead(const Market& market, const DossierNeeds& needs,
                                        AdviserId lead, AdviserId j) {
    const auto skill = [&](AdviserId a) {
        return market.advisers.skill.col(static_cast<Eigen::Index>(a.value)).cast<double>();
    };
    return (needs.weight * (needs.need.min(skill(j)) - needs.need.min(skill(lead))).max(0.0)).sum();
}

/// The skills of all advisers, by adviser, then skill.
[[nodiscard]] inline std::vector<double> skills_by_adviser(const Market& market) {
    const auto& skill = market.advisers.skill;
    std::vector<double> all;
    all.reserve(static_cast<std::size_t>(skill.size()));
    for (Eigen::Index j = 0; j < skill.cols(); ++j) {
        for (Eigen::Index k = 0; k < skill.rows(); ++k)
            all.push_back(static_cast<double>(skill(k, j)));
    }
    return all;
}

/// The dossiers as firms and the advisers as members of teams.
[[nodiscard]] inline Team dossier_team(const Market& market, const std::vector<Dossier>& dossiers) {
    Team team;
    team.skills = market.skills.size();
    for (const Dossier& d : dossiers) {
        const DossierNeeds needs = needs_of(market, d);
        team.need.insert(team.need.end(), needs.need.begin(), needs.need.end());
        team.weight.insert(team.weight.end(), needs.weight.begin(), needs.weight.end());
    }
    team.skill = skills_by_adviser(market);
    return team;
}

/// Seats of each adviser in teams: the dossiers that it leads, and those that it assists at most.
[[nodiscard]] inline std::vector<std::int64_t> specialist_seats(
    const Market& market, const std::vector<Dossier>& dossiers) {
    std::vector<std::int64_t> seats = market.advisers.specialist_capacity;
    for (const Dossier& d : dossiers) {
        if (d.lead.known()) ++seats[d.lead];
    }
    return seats;
}

/// Whether a lender finances this trade.
[[nodiscard]] inline bool finances_trade(const Lender& lender, const NafCode& naf) {
    const auto starts = [&](const NafCode& prefix) { return naf.starts_with(prefix); };
    if (!lender.naf_in.empty() && std::none_of(lender.naf_in.begin(), lender.naf_in.end(), starts))
        return false;
    return std::none_of(lender.naf_out.begin(), lender.naf_out.end(), starts);
}

/// By ticket, zone of the seat, and the trades of all borrowers.
template <class FirmRange>
[[nodiscard]] bool may_lend(const Market& market, PlaceId seat, double amount_eur,
                            const FirmRange& borrowers, const Lender& lender) {
    // Sums of euros carry rounding; a cent decides nothing.
    constexpr double cent = 0.01;
    return amount_eur >= lender.min_ticket_eur - cent &&
           amount_eur <= lender.max_ticket_eur + cent &&
           market.geography.contains(lender.zone, market.places[seat].commune) &&
           std::all_of(borrowers.begin(), borrowers.end(),
                       [&](FirmId i) { return finances_trade(lender, market.firms.naf[i]); });
}

[[nodiscard]] inline double lend_utility(const Lender& lender) { return 1 - lender.interest_rate; }

}  // namespace libmatch
