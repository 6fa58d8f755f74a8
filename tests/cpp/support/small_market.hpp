// Tables of small markets: a random one by seed, and a bare one to vary.
#pragma once

#include <cmath>
#include <cpp/support/whole_run.hpp>
#include <cstdint>
#include <initializer_list>
#include <libmatch/core/random.hpp>
#include <libmatch/model/market.hpp>
#include <libmatch/model/table.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace libmatch {

inline TextColumn texts(const std::vector<std::string>& cells) {
    TextColumn column;
    for (const auto& cell : cells) column.push_back(cell);
    return column;
}
inline NumberColumn numbers(std::vector<double> values, NumberKind kind = NumberKind::real) {
    return {std::move(values), kind};
}
inline Table table(std::initializer_list<std::pair<std::string, Column>> columns) {
    Table t;
    for (const auto& [name, column] : columns) t.add(name, column);
    return t;
}

/// The table with one column replaced or added.
inline void put(Tables& tables, std::string_view table_name, const std::string& column,
                Column cells) {
    Table changed;
    bool found = false;
    for (const auto& [name, old] : tables[std::string(table_name)].columns()) {
        changed.add(name, name == column ? cells : old);
        found = found || name == column;
    }
    if (!found) changed.add(column, std::move(cells));
    tables[std::string(table_name)] = std::move(changed);
}

/// Eight communes in two regions, three departements and four EPCI.
inline Table eight_communes() {
    return table({
        {"commune",
         texts({"69123", "69266", "69264", "42218", "42207", "75056", "92012", "92050"})},
        {"name", texts({"Lyon", "Villeurbanne", "Villefranche", "Saint-Etienne", "Saint-Chamond",
                        "Paris", "Boulogne", "Nanterre"})},
        {"epci", texts({"E1", "E1", "E2", "E3", "E3", "E4", "E4", "E4"})},
        {"departement", texts({"69", "69", "69", "42", "42", "75", "92", "92"})},
        {"region", texts({"84", "84", "84", "84", "84", "11", "11", "11"})},
        {"lat", numbers({45.764, 45.767, 45.987, 45.434, 45.477, 48.857, 48.835, 48.892})},
        {"lon", numbers({4.836, 4.880, 4.718, 4.390, 4.515, 2.352, 2.241, 2.207})},
    });
}

/// One firm and one adviser in Lyon, one skill, one programme; everything else by default.
inline Tables bare_market() {
    Tables t;
    t["communes"] = eight_communes();
    t["skills"] = table({{"skill", texts({"web"})}});
    t["programmes"] = table({{"programme", texts({"visit"})}, {"network", texts({"volunteers"})}});
    t["settings"] = table({{"date", numbers({20'000}, NumberKind::date)}});
    t["firms"] = table({{"firm_id", texts({"F1"})},
                        {"commune", texts({"69123"})},
                        {"naf", texts({"62.01Z"})},
                        {"headcount", numbers({5})},
                        {"need_web", numbers({4})}});
    t["advisers"] = table({{"adviser_id", texts({"A1"})},
                           {"network", texts({"volunteers"})},
                           {"commune", texts({"69123"})},
                           {"capacity", numbers({3})},
                           {"skill_web", numbers({3})}});
    return t;
}

/// Firms and advisers over the eight communes with every kind of rule, two programmes and pair
/// notes.
inline Tables random_market_tables(std::uint64_t seed, std::size_t firms, std::size_t advisers) {
    Random random(seed);
    const auto pick = [&](std::initializer_list<const char*> words) {
        return std::string(words.begin()[random.below(words.size())]);
    };
    const auto level = [&] { return static_cast<double>(random.below(5)); };
    const std::vector<std::string> communes{"69123", "69266", "69264", "42218",
                                            "42207", "75056", "92012", "92050"};
    const double none = std::nan("");

    Tables t;
    t["communes"] = eight_communes();
    t["skills"] =
        table({{"skill", texts({"web", "data", "security"})}, {"weight", numbers({1, 2, 0.5})}});
    t["programmes"] = table({{"programme", texts({"visit", "project"})},
                             {"network", texts({"volunteers", "professionals"})},
                             {"after", texts({"", "visit"})},
                             {"coverage", numbers({0.6, 0.7})},
                             {"proximity", numbers({0.25, 0.2})},
                             {"trust", numbers({0.15, 0.1})},
                             {"max_distance_km", numbers({none, 120})},
                             {"headcount_max", numbers({80, none})},
                             {"labels_required", texts({"", "expert"})},
                             {"age_min_years", numbers({0, 1})}});
    t["settings"] = table({{"date", numbers({20'000}, NumberKind::date)}});

    Table firm;
    TextColumn id, commune, naf, form, languages;
    std::vector<double> headcount, created, demand;
    std::vector<std::vector<double>> need(3), weight(3);
    for (std::size_t i = 0; i < firms; ++i) {
        id.push_back("F" + std::to_string(i));
        commune.push_back(communes[random.below(communes.size())]);
        naf.push_back(pick({"62.01Z", "47.11B", "43.21A", "10.71C", ""}));
        form.push_back(pick({"SARL", "EI", ""}));
        languages.push_back(pick({"", "fr", "fr;en", "de"}));
        headcount.push_back(random.below(8) == 0 ? none : static_cast<double>(random.below(100)));
        created.push_back(random.below(6) == 0 ? none
                                               : 20'000 - static_cast<double>(random.below(5'000)));
        demand.push_back(random.below(10) == 0 ? 0 : 1);
        for (std::size_t k = 0; k < 3; ++k) {
            need[k].push_back(level());
            weight[k].push_back(random.below(3) == 0 ? none : static_cast<double>(random.below(3)));
        }
    }
    firm.add("firm_id", id);
    firm.add("commune", commune);
    firm.add("naf", naf);
    firm.add("legal_form", form);
    firm.add("languages", languages);
    firm.add("headcount", numbers(headcount));
    firm.add("created", numbers(created, NumberKind::date));
    firm.add("demand", numbers(demand, NumberKind::integer));
    Table adviser;
    TextColumn adviser_id, network, labels, home, zones, naf_in, naf_out, spoken;
    std::vector<double> range, remote, low, high, capacity, wins, losses, from, until;
    std::vector<std::vector<double>> skill(3);
    for (std::size_t j = 0; j < advisers; ++j) {
        adviser_id.push_back("A" + std::to_string(j));
        network.push_back(pick({"volunteers", "professionals"}));
        labels.push_back(pick({"", "expert", "expert;green"}));
        home.push_back(communes[random.below(communes.size())]);
        zones.push_back(pick({"", "FR", "region:84", "departement:69;departement:75",
                              "region:11;epci:E3", "commune:69123"}));
        naf_in.push_back(pick({"", "", "62;47", "43.2"}));
        naf_out.push_back(pick({"", "", "10.71C"}));
        spoken.push_back(pick({"", "fr", "en;de"}));
        range.push_back(static_cast<double>(20 + random.below(600)));
        remote.push_back(random.below(4) == 0 ? 1 : 0);
        low.push_back(random.below(4) == 0 ? 3 : none);
        high.push_back(random.below(4) == 0 ? 40 : none);
        capacity.push_back(static_cast<double>(random.below(5)));
        wins.push_back(static_cast<double>(random.below(20)));
        losses.push_back(static_cast<double>(random.below(10)));
        from.push_back(random.below(8) == 0 ? 19'990 : none);
        until.push_back(random.below(8) == 0 ? 20'010 : none);
        for (auto& levels : skill) levels.push_back(level());
    }
    adviser.add("adviser_id", adviser_id);
    adviser.add("network", network);
    adviser.add("labels", labels);
    adviser.add("commune", home);
    adviser.add("zones", zones);
    adviser.add("naf_in", naf_in);
    adviser.add("naf_out", naf_out);
    adviser.add("languages", spoken);
    adviser.add("range_km", numbers(range));
    adviser.add("remote", numbers(remote, NumberKind::boolean));
    adviser.add("headcount_min", numbers(low));
    adviser.add("headcount_max", numbers(high));
    adviser.add("capacity", numbers(capacity, NumberKind::integer));
    adviser.add("successes", numbers(wins));
    adviser.add("failures", numbers(losses));
    adviser.add("absent_from", numbers(from, NumberKind::date));
    adviser.add("absent_until", numbers(until, NumberKind::date));
    const std::vector<std::string> skills{"web", "data", "security"};
    for (std::size_t k = 0; k < 3; ++k) {
        firm.add("need_" + skills[k], numbers(need[k]));
        firm.add("weight_" + skills[k], numbers(weight[k]));
        adviser.add("skill_" + skills[k], numbers(skill[k]));
    }
    t["firms"] = std::move(firm);
    t["advisers"] = std::move(adviser);

    TextColumn pair_firm, pair_adviser, kind, programme;
    std::vector<double> value;
    for (std::size_t i = 0; i < firms; i += 3) {
        pair_firm.push_back("F" + std::to_string(i));
        pair_adviser.push_back("A" + std::to_string(random.below(advisers)));
        kind.push_back(pick({"bonus", "bonus", "forbidden"}));
        programme.push_back(pick({"", "visit", "project"}));
        value.push_back(random.uniform() * 2 - 0.7);
    }
    t["pairs"] = table({{"firm_id", pair_firm},
                        {"adviser_id", pair_adviser},
                        {"kind", kind},
                        {"programme", programme},
                        {"value", numbers(value)}});
    return t;
}

inline Market random_market(std::uint64_t seed, std::size_t firms, std::size_t advisers) {
    return testing::build_market(random_market_tables(seed, firms, advisers));
}

}  // namespace libmatch
