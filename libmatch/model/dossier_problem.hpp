// The pooling problem of a market's dossier rules, for some firms and their amounts.
#pragma once

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include <libmatch/model/market.hpp>
#include <libmatch/model/pooling.hpp>

namespace libmatch {

/// Text of one key of a firm; empty = unknown, and then the firm is not under the rule.
[[nodiscard]] inline std::string key_text(const Market& market, FirmId i,
                                          const KeyedRule::Key& key) {
    const std::size_t commune = market.places[market.firms.place[i]].commune;
    const std::string_view naf = market.firms.naf[i].view();
    switch (key.kind) {
        case KeyedRule::Kind::naf:
            return std::string(naf);
        case KeyedRule::Kind::naf_division:
            return std::string(naf.substr(0, 2));
        case KeyedRule::Kind::commune:
            return market.geography.code(commune, TerritoryLevel::commune);
        case KeyedRule::Kind::epci:
            return market.geography.code(commune, TerritoryLevel::epci);
        case KeyedRule::Kind::departement:
            return market.geography.code(commune, TerritoryLevel::departement);
        case KeyedRule::Kind::region:
            return market.geography.code(commune, TerritoryLevel::region);
        case KeyedRule::Kind::column: {
            const FirmColumn& column = market.firms.columns[key.column];
            return column.words[column.word[i]];
        }
    }
    return {};
}

/// The pairs of the market that are about these firms. A firm that must stay together with one that
/// is not among them stays out: it is to be kept apart from itself.
inline void add_firm_pairs(const Market& market, const std::vector<FirmId>& firms,
                           PoolProblem& problem) {
    if (market.firm_pairs.empty()) return;
    std::unordered_map<std::uint32_t, std::uint32_t> at;
    for (std::size_t k = 0; k < firms.size(); ++k)
        at.emplace(firms[k].value, static_cast<std::uint32_t>(k));
    for (const FirmPair& pair : market.firm_pairs) {
        const auto a = at.find(pair.a.value), b = at.find(pair.b.value);
        if (a != at.end() && b != at.end()) {
            (pair.together ? problem.together : problem.apart)
                .push_back({FirmId(a->second), FirmId(b->second)});
        } else if (pair.together && (a != at.end() || b != at.end())) {
            const FirmId left(a != at.end() ? a->second : b->second);
            problem.apart.push_back({left, left});
        }
    }
}

/// Firm k of the problem is firms[k] of the market. A firm is worth its priority: with 1 for all,
/// the objective counts firms, less costs.
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
    const auto usual = [&](FirmId i) { return market.firms.priority[i] == 1; };
    if (!std::all_of(firms.begin(), firms.end(), usual)) {
        for (const FirmId i : firms) problem.value.push_back(market.firms.priority[i]);
    }
    const auto at_site = [](const KeyedRule& k) { return k.rule.seat == SeatKind::site; };
    if (std::any_of(market.dossier_rules.begin(), market.dossier_rules.end(), at_site)) {
        for (const Site& site : market.sites) {
            const LatLon at = market.places[site.place].at;
            problem.sites.push_back({at.lat, at.lon});
            problem.sessions.push_back(site.sessions);
            problem.seats.push_back(site.seats);
        }
    }
    add_firm_pairs(market, firms, problem);
    for (const KeyedRule& keyed : market.dossier_rules) {
        PoolRule rule{keyed.rule, {}};
        std::unordered_map<std::string, std::uint32_t> cells;
        for (const FirmId i : firms) {
            std::string text = "cell";
            bool known = true;
            for (const KeyedRule::Key& key : keyed.keys) {
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
