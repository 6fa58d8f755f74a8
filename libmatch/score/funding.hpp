// What funding rules mean: who may have a grant, how large, and how much aid a firm may have in
// all.
//
// Grants are whole cents, so sums of them are exact and a plan keeps every limit to the cent.
//
//   each grant    0, or between the scheme's floor and min(rate x cost, cap, budget)
//   stacking      one scheme of a stacking group
//   total         what the firm lacks, the market's aid intensity x cost, and the intensity of
//                 every scheme that takes part x cost
//   de minimis    the ceiling less the aid received over three years; only schemes that are de
//                 minimis aid count
//   who           territory, trade, headcount, labels and network of the firm's advisers, consent
//                 to pooling where the scheme is collective
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include <libmatch/model/market.hpp>
#include <libmatch/model/plan.hpp>

namespace libmatch {

/// Whole cents of a euro.
using Cents = std::int64_t;
/// More than any market holds: no limit.
inline constexpr Cents no_limit = Cents{1} << 52;

/// The whole cents of an amount in EUR, rounded down. What a product of two decimal numbers lost
/// as doubles is given back first: 0.35 of 23,456 EUR is 8,209.60 EUR.
[[nodiscard]] inline Cents cents_down(double eur) {
    constexpr double given_back = 1 + 1e-14;
    const double cents = eur * 100;
    if (!(cents < static_cast<double>(no_limit))) return no_limit;
    const double wanted = cents > 0 ? cents * given_back : cents / given_back;
    const auto whole = static_cast<Cents>(wanted);  // towards 0: no call of a library
    return static_cast<double>(whole) > wanted ? whole - 1 : whole;
}
/// The same, rounded up: of floors.
[[nodiscard]] inline Cents cents_up(double eur) {
    return eur * 100 < static_cast<double>(no_limit) ? -cents_down(-eur) : no_limit;
}
[[nodiscard]] inline double eur(Cents cents) { return static_cast<double>(cents) / 100; }

/// What the advisers of a firm bring to its grants.
struct Backing {
    WordSet labels = 0;
    std::uint64_t networks = 0;  ///< bit k: network k
};

/// By FirmId, from the plan's assignments.
[[nodiscard]] inline std::vector<Backing> backing_of_firms(const Market& market, const Plan& plan) {
    std::vector<Backing> out(market.firms.size());
    for (const Assigned& a : plan.assignments) {
        out[a.firm].labels |= market.advisers.labels[a.adviser];
        const std::uint32_t network = market.advisers.network[a.adviser];
        if (network < 64) out[a.firm].networks |= std::uint64_t{1} << network;
    }
    return out;
}

/// The first rule that keeps a firm from a scheme, or empty.
[[nodiscard]] inline std::string_view scheme_exclusion(const Market& market, const Scheme& s,
                                                       FirmId i, const Backing& backing) {
    const Firms& f = market.firms;
    if (!market.geography.contains(s.zone, market.places[f.place[i]].commune))
        return "outside the scheme's territory";
    const auto matches = [&](const NafCode& prefix) { return f.naf[i].starts_with(prefix); };
    if ((!s.naf_in.empty() && std::none_of(s.naf_in.begin(), s.naf_in.end(), matches)) ||
        std::any_of(s.naf_out.begin(), s.naf_out.end(), matches)) {
        return "the scheme does not serve the firm's trade";
    }
    if (f.headcount[i] < s.headcount_min || f.headcount[i] > s.headcount_max) {
        return "the scheme does not serve firms of this headcount";
    }
    if ((backing.labels & s.label_required) != s.label_required)
        return "no adviser of the firm holds the required label";
    if ((backing.networks & s.networks_required) != s.networks_required)
        return "no adviser of the firm belongs to the required network";
    if (s.collective_only && f.consents_pooling[i] == 0)
        return "the scheme is collective and the firm does not consent";
    return {};
}

/// The most that the scheme alone may grant; 0 when that is under the scheme's floor.
[[nodiscard]] inline Cents largest_grant(const Market& market, const Scheme& s, FirmId i) {
    const Cents most = std::min({cents_down(s.rate * market.firms.cost_eur[i]),
                                 cents_down(s.cap_eur), cents_down(s.budget_eur)});
    return most >= cents_up(s.floor_eur) ? most : 0;
}

/// The most aid that all schemes together may bring to the firm: the market's intensity, and what
/// the firm lacks.
[[nodiscard]] inline Cents aid_limit(const Market& market, FirmId i) {
    const Firms& f = market.firms;
    return std::max<Cents>(0,
                           std::min(cents_down(market.settings.aid_intensity_max * f.cost_eur[i]),
                                    cents_down(f.cost_eur[i] - f.own_funds_eur[i])));
}

/// The most aid in all that a firm may have once this scheme takes part.
[[nodiscard]] inline Cents stack_limit(const Market& market, const Scheme& s, FirmId i) {
    return s.intensity_max < 1 ? cents_down(s.intensity_max * market.firms.cost_eur[i]) : no_limit;
}

/// What is left of the firm's de minimis ceiling.
[[nodiscard]] inline Cents de_minimis_room(const Market& market, FirmId i) {
    const double room = market.settings.de_minimis_ceiling_eur - market.firms.aid_received_eur[i];
    return std::max<Cents>(0, cents_down(room));
}

}  // namespace libmatch
