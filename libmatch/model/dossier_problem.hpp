// The pooling problem of a market's dossier rules, for some firms and their amounts.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include <libmatch/model/market.hpp>
#include <libmatch/model/pooling.hpp>

namespace libmatch {

/// Text of one key of a firm; empty = unknown, and then the firm is not under the rule.
[[nodiscard]] inline std::string key_text(const Market& market, FirmId i, KeyedRule::Key key) {
    const std::size_t commune = market.places[market.firms.place[i]].commune;
    const std::string_view naf = market.firms.naf[i].view();
    switch (key) {
        case KeyedRule::Key::naf:
            return std::string(naf);
        case KeyedRule::Key::naf_division:
            return std::string(naf.substr(0, 2));
        case KeyedRule::Key::commune:
            return market.geography.code(commune, TerritoryLevel::commune);
        case KeyedRule::Key::epci:
            return market.geography.code(commune, TerritoryLevel::epci);
        case KeyedRule::Key::departement:
            return market.geography.code(commune, TerritoryLevel::departement);
        case KeyedRule::Key::region:
            return market.geography.code(commune, TerritoryLevel::region);
    }
    return {};
}

/// Firm k of the problem is firms[k] of the market. Value 1 per firm: the objective counts firms,
/// less costs.
[[nodiscard]] inline PoolProblem dossier_problem(const Market& market,
                                                 const std::vector<FirmId>& firms,
                                                 std::vector<double> amounts) {
    PoolProblem problem;
    problem.amount = std::move(amounts);
    problem.metric = Metric::sphere;
    for (const FirmId i : firms) {
        const LatLon at = market.places[market.firms.place[i]].at;
        problem.place.push_back({at.lat, at.lon});
    }
    for (const KeyedRule& keyed : market.dossier_rules) {
        PoolRule rule{keyed.rule, {}};
        std::unordered_map<std::string, std::uint32_t> cells;
        for (const FirmId i : firms) {
            std::string text = "cell";
            bool known = true;
            for (const KeyedRule::Key key : keyed.keys) {
                const std::string part = key_text(market, i, key);
                known = known && !part.empty();
                text += '\n' + part;
            }
            rule.cell.push_back(
                known ? cells.try_emplace(text, static_cast<std::uint32_t>(cells.size()))
                            .first->second
                      : PoolRule::no_cell);
        }
        problem.rules.push_back(std::move(rule));
    }
    return problem;
}

}  // namespace libmatch
