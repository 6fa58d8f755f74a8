// Who may lead a dossier, who may lend to it, and what each is worth.
//
//   lead: 0.4 share of members that the adviser already accompanies + 0.4 proximity to the seat +
//   0.2 trust lend: 1 - interest rate
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <libmatch/model/market.hpp>
#include <libmatch/score/trust.hpp>

namespace libmatch {

inline constexpr double lead_weight_known = 0.4;
inline constexpr double lead_weight_proximity = 0.4;
inline constexpr double lead_weight_trust = 0.2;
inline constexpr double lead_remote_proximity = 0.5;

[[nodiscard]] inline bool may_lead(const Market& market, PlaceId seat, AdviserId j) {
    const Advisers& a = market.advisers;
    return a.network[j] == market.settings.lead_network && a.dossier_capacity[j] > 0 &&
           market.geography.contains(a.zone[j], market.places[seat].commune);
}

/// `known_share`: share of the members that adviser j serves in some programme, in [0, 1].
[[nodiscard]] inline double lead_utility(const Market& market, PlaceId seat, double known_share,
                                         AdviserId j) {
    const Advisers& a = market.advisers;
    const double near =
        a.remote[j] != 0 ? lead_remote_proximity
                         : std::max(0.0, 1 - market.distance_km(seat, a.place[j]) / a.range_km[j]);
    return lead_weight_known * known_share + lead_weight_proximity * near +
           lead_weight_trust *
               trust(a.successes[j], a.failures[j], a.labels[j] != 0, market.settings);
}

[[nodiscard]] inline bool may_lend(const Market& market, PlaceId seat, double amount_eur,
                                   const Lender& lender) {
    // Sums of euros carry rounding; a cent decides nothing.
    constexpr double cent = 0.01;
    return amount_eur >= lender.min_ticket_eur - cent &&
           amount_eur <= lender.max_ticket_eur + cent &&
           market.geography.contains(lender.zone, market.places[seat].commune);
}

[[nodiscard]] inline double lend_utility(const Lender& lender) { return 1 - lender.interest_rate; }

}  // namespace libmatch
