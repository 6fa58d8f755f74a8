// Rounds of visits at array level, and their answer.
//
// Traveller r has a home, some days, and a number of stops per day. Each firm waits for one
// traveller; a visit is worth v_i >= 0. A round is one day of one traveller: from home over at most
// stops_per_day firms and back, at most max_km_per_day long. It is worth the values of its firms
// less cost_per_km times its length. Every firm is visited at most once, and a traveller makes at
// most `days` rounds. Distances are great circles.
#pragma once

#include <cstdint>
#include <vector>

#include <libmatch/core/geo.hpp>
#include <libmatch/core/types.hpp>
#include <libmatch/model/certificate.hpp>

namespace libmatch {

struct Traveller {
    LatLon home;
    std::int32_t days = 0;
    std::int32_t stops_per_day = 1;
};

struct RoundsProblem {
    std::vector<Traveller> travellers;
    std::vector<LatLon> place;             ///< of each firm
    std::vector<double> value;             ///< of a visit; at least 0
    std::vector<std::uint32_t> traveller;  ///< whose visit each firm waits for
    double max_km_per_day = 200;
    double cost_per_km = 0;
};

struct Round {
    std::uint32_t traveller = 0;
    std::vector<FirmId> stops;  ///< in the order of the day
};

/// Prices prove the bound: no round of traveller r is worth more than the prices of its firms, its
/// day's price, and km_price for each km that it stays under the limit, taken off.
struct RoundsResult {
    std::vector<Round> rounds;       ///< by traveller, then by first stop
    std::vector<double> firm_price;  ///< pi_i >= 0
    std::vector<double> day_price;   ///< sigma_r >= 0, per traveller
    std::vector<double> km_price;    ///< mu_r >= 0, per traveller
    Certificate certificate;
};

}  // namespace libmatch
