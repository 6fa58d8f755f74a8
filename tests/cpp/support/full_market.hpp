// A seeded market with every table, small enough for brute force and rich enough that every stage
// has work.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <libmatch/core/random.hpp>
#include <libmatch/model/table.hpp>

namespace libmatch::testing {

inline TextColumn texts(const std::vector<std::string>& values) {
    TextColumn column;
    for (const auto& v : values) column.push_back(v);
    return column;
}
inline NumberColumn numbers(std::vector<double> values) {
    return {std::move(values), NumberKind::real};
}

/// Tables of a market of `firms` firms in 12 communes of 2 regions, with both networks.
inline Tables full_tables(std::uint64_t seed, std::size_t firms = 60, std::size_t advisers = 10) {
    Random random(seed);
    Tables t;
    const auto pick = [&](const std::vector<std::string>& words) {
        return words[random.below(words.size())];
    };

    std::vector<std::string> commune, epci, departement, region;
    std::vector<double> lat, lon;
    for (int c = 0; c < 12; ++c) {
        commune.push_back("C" + std::to_string(c));
        epci.push_back("E" + std::to_string(c / 2));
        departement.push_back("D" + std::to_string(c / 3));
        region.push_back("R" + std::to_string(c / 6));
        lat.push_back(45 + 0.05 * static_cast<double>(random.below(20)));
        lon.push_back(4 + 0.05 * static_cast<double>(random.below(20)));
    }
    t["communes"].add("commune", texts(commune));
    t["communes"].add("epci", texts(epci));
    t["communes"].add("departement", texts(departement));
    t["communes"].add("region", texts(region));
    t["communes"].add("lat", numbers(lat));
    t["communes"].add("lon", numbers(lon));

    t["skills"].add("skill", texts({"web", "safety", "books"}));
    t["skills"].add("weight", numbers({1, 0.8, 0.5}));
    t["programmes"].add("programme", texts({"volunteers", "professionals"}));
    t["programmes"].add("network", texts({"volunteer", "professional"}));
    t["programmes"].add("after", texts({"", "volunteers"}));
    t["settings"].add("date", numbers({20'000}));
    t["settings"].add("funding_after", texts({"volunteers"}));
    t["settings"].add("lead_network", texts({"professional"}));
    t["dossier_rules"].add("rule", texts({"same trade", "same place"}));
    t["dossier_rules"].add("keys", texts({"naf_division", "departement"}));
    t["dossier_rules"].add("min_sum", numbers({20'000, 20'000}));
    t["dossier_rules"].add("max_members", numbers({6, 6}));
    t["dossier_rules"].add("max_radius_km", numbers({80, 60}));
    t["dossier_rules"].add("opening_cost", numbers({1, 1}));
    t["dossier_rules"].add("cost_per_km", numbers({0.005, 0.005}));

    const auto levels = [&](Table& table, const std::string& prefix, std::size_t rows) {
        for (const char* skill : {"web", "safety", "books"}) {
            std::vector<double> column;
            for (std::size_t r = 0; r < rows; ++r)
                column.push_back(static_cast<double>(random.below(5)));
            table.add(prefix + skill, numbers(column));
        }
    };
    std::vector<std::string> id, place, naf;
    std::vector<double> headcount, cost, own;
    for (std::size_t i = 0; i < firms; ++i) {
        id.push_back("F" + std::to_string(i));
        place.push_back(pick(commune));
        naf.push_back(pick({"47.11A", "47.22Z", "56.10A", "43.21A"}));
        headcount.push_back(static_cast<double>(random.below(20)));
        cost.push_back(std::round(12'000 + 14'000 * random.uniform()));
        own.push_back(std::round(3'000 * random.uniform()));
    }
    t["firms"].add("firm_id", texts(id));
    t["firms"].add("commune", texts(place));
    t["firms"].add("naf", texts(naf));
    t["firms"].add("headcount", numbers(headcount));
    t["firms"].add("cost_eur", numbers(cost));
    t["firms"].add("own_funds_eur", numbers(own));
    levels(t["firms"], "need_", firms);

    id.clear();
    place.clear();
    std::vector<std::string> network;
    std::vector<double> capacity, successes, failures, leads, range;
    for (std::size_t j = 0; j < advisers; ++j) {
        id.push_back("A" + std::to_string(j));
        network.push_back(j % 2 == 0 ? "volunteer" : "professional");
        place.push_back(pick(commune));
        capacity.push_back(static_cast<double>(2 + random.below(2 * firms / advisers + 1)));
        successes.push_back(static_cast<double>(random.below(30)));
        failures.push_back(static_cast<double>(random.below(10)));
        leads.push_back(j % 2 == 0 ? 0 : 3);
        range.push_back(40 + 60 * random.uniform());
    }
    t["advisers"].add("adviser_id", texts(id));
    t["advisers"].add("network", texts(network));
    t["advisers"].add("commune", texts(place));
    t["advisers"].add("capacity", numbers(capacity));
    t["advisers"].add("range_km", numbers(range));
    t["advisers"].add("successes", numbers(successes));
    t["advisers"].add("failures", numbers(failures));
    t["advisers"].add("dossier_capacity", numbers(leads));
    levels(t["advisers"], "skill_", advisers);

    t["schemes"].add("scheme_id", texts({"EU", "STATE", "STATE2", "REGION0"}));
    t["schemes"].add("funder", texts({"eu", "state", "state", "region"}));
    t["schemes"].add("rate", numbers({0.4, 0.2, 0.15, 0.2}));
    t["schemes"].add("cap_eur", numbers({10'000, 4'000, 3'000, 2'500}));
    t["schemes"].add("floor_eur", numbers({500, 0, 0, 0}));
    t["schemes"].add("budget_eur", numbers({150'000, 40'000, 60'000, std::nan("")}));
    t["schemes"].add("zones", texts({"FR", "", "", "region:R0"}));
    t["schemes"].add("stacking_group", texts({"", "state", "state", ""}));
    t["schemes"].add("collective_only", numbers({0, 0, 1, 0}));

    t["lenders"].add("lender_id", texts({"BANK", "COOP"}));
    t["lenders"].add("min_ticket_eur", numbers({20'000, 20'000}));
    t["lenders"].add("zones", texts({"", "region:R1"}));
    t["lenders"].add("capacity", numbers({3, 4}));
    t["lenders"].add("interest_rate", numbers({0.04, 0.03}));

    id.clear();
    std::vector<std::string> zone, centre;
    for (std::size_t r = 0; r < 14; ++r) {
        id.push_back("X" + std::to_string(r));
        centre.push_back(r % 2 == 0 ? "centre 0" : "centre 1");
        zone.push_back(r % 2 == 0 ? "region:R0" : "region:R1");
    }
    t["resources"].add("resource_id", texts(id));
    t["resources"].add("centre_id", texts(centre));
    t["resources"].add("zones", texts(zone));
    levels(t["resources"], "skill_", id.size());
    return t;
}

}  // namespace libmatch::testing
