// What funding rules mean: who may have a grant, how large, and how much aid a firm may have in
// all.
#pragma once

#include <algorithm>
#include <string_view>

#include <libmatch/model/market.hpp>

namespace libmatch {

/// The first rule that keeps a firm from a scheme, or empty. `labels`: labels of the advisers that
/// serve the firm.
[[nodiscard]] inline std::string_view scheme_exclusion(const Market& market, const Scheme& s,
                                                       FirmId i, WordSet labels) {
    const Firms& f = market.firms;
    if (!market.geography.contains(s.zone, market.places[f.place[i]].commune))
        return "outside the scheme's territory";
    const auto matches = [&](const NafCode& prefix) { return f.naf[i].starts_with(prefix); };
    if (!s.naf_in.empty() && std::none_of(s.naf_in.begin(), s.naf_in.end(), matches)) {
        return "the scheme does not serve the firm's trade";
    }
    if (f.headcount[i] < s.headcount_min || f.headcount[i] > s.headcount_max) {
        return "the scheme does not serve firms of this headcount";
    }
    if ((labels & s.label_required) != s.label_required)
        return "no adviser of the firm holds the required label";
    if (s.collective_only && f.consents_pooling[i] == 0)
        return "the scheme is collective and the firm does not consent";
    return {};
}

/// The most that the scheme alone may grant, EUR; 0 when that is under the scheme's floor.
[[nodiscard]] inline double largest_grant(const Market& market, const Scheme& s, FirmId i) {
    const double amount = std::min(s.rate * market.firms.cost_eur[i], s.cap_eur);
    return amount >= s.floor_eur ? amount : 0;
}

/// The most aid that all schemes together may bring to the firm, EUR: intensity, de minimis, and
/// what it lacks.
[[nodiscard]] inline double aid_limit(const Market& market, FirmId i) {
    const Firms& f = market.firms;
    const Settings& s = market.settings;
    return std::max(0.0, std::min({s.aid_intensity_max * f.cost_eur[i],
                                   s.de_minimis_ceiling_eur - f.aid_received_eur[i],
                                   f.cost_eur[i] - f.own_funds_eur[i]}));
}

}  // namespace libmatch
