#include <gtest/gtest.h>

#include <algorithm>
#include <cpp/support/small_market.hpp>
#include <libmatch/model/build_market.hpp>

namespace libmatch {
namespace {

struct Where {
    std::string table;
    std::int64_t row;
    std::string column;
    std::string value;
    friend bool operator==(const Where&, const Where&) = default;
    friend void PrintTo(const Where& p, std::ostream* out) {
        *out << p.table << " row " << p.row << " column " << p.column << " value '" << p.value
             << "'";
    }
};

std::vector<Fault> faults_in(const Tables& tables) {
    std::vector<Fault> faults;
    (void)testing::build_market(tables, faults);
    return faults;
}

bool names(const std::vector<Fault>& faults, const Where& place) {
    return std::any_of(faults.begin(), faults.end(), [&](const Fault& f) {
        return Where{f.table, f.row, f.column, f.value} == place && !f.problem.empty() &&
               !f.remedy.empty() && f.severity == Fault::Severity::error;
    });
}

std::string texts_of(const std::vector<Fault>& faults) {
    std::string all;
    for (const Fault& f : faults) all += "\n  " + f.text();
    return all;
}

TEST(BuildMarket, BareMarketHasDefaults) {
    const Market m = testing::build_market(bare_market());
    ASSERT_EQ(m.firms.size(), 1U);
    ASSERT_EQ(m.advisers.size(), 1U);
    EXPECT_EQ(m.firms.demand[0], 1);
    EXPECT_EQ(m.firms.priority[0], 1);
    EXPECT_EQ(m.firms.consents_pooling[0], 1);
    EXPECT_TRUE(std::isnan(m.firms.created[0]));
    EXPECT_EQ(m.advisers.min_load[0], 0);
    EXPECT_EQ(m.advisers.remote[0], 0);
    EXPECT_EQ(m.advisers.zone[0].level, TerritoryLevel::country);
    EXPECT_EQ(m.advisers.headcount_max[0], HUGE_VAL);
    EXPECT_EQ(m.advisers.dossier_capacity[0], 0);
    EXPECT_EQ(m.programmes[0].coverage, 0.6);
    EXPECT_EQ(m.programmes[0].proximity, 0.25);
    EXPECT_EQ(m.programmes[0].trust, 0.15);
    EXPECT_FALSE(m.programmes[0].after.known());
    EXPECT_EQ(m.settings.date, 20'000);
    EXPECT_EQ(m.settings.trust_confidence, 0.9);
    EXPECT_EQ(m.places.size(), 1U) << "one commune, one place";
    EXPECT_EQ(m.firm_index.at("F1"), 0U);
}

TEST(BuildMarket, RandomMarketsAreFaultless) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        EXPECT_EQ(texts_of(faults_in(random_market_tables(seed, 60, 12))), "");
    }
}

// ---- faults ----

struct Wrong {
    const char* name;
    const char* table;
    const char* column;
    Column cells;
    Where expected;
    friend void PrintTo(const Wrong& w, std::ostream* out) { *out << w.name; }
};

class FaultyColumn : public ::testing::TestWithParam<Wrong> {};

TEST_P(FaultyColumn, AloneIsNamedAlone) {
    const Wrong& w = GetParam();
    Tables tables = bare_market();
    if (std::string_view(w.table) == "firm_pairs") {
        tables["firms"] =
            table({{"firm_id", texts({"F1", "F2"})}, {"commune", texts({"69123", "69123"})}});
    }
    tables["schemes"] =
        table({{"scheme_id", texts({"S1"})}, {"funder", texts({"eu"})}, {"rate", numbers({0.5})}});
    tables["lenders"] = table({{"lender_id", texts({"L1"})},
                               {"min_ticket_eur", numbers({20'000})},
                               {"capacity", numbers({3})}});
    tables["resources"] = table({{"resource_id", texts({"R1"})}, {"centre_id", texts({"C1"})}});
    tables["dossier_rules"] = table(
        {{"rule", texts({"trade"})}, {"keys", texts({"naf"})}, {"min_sum", numbers({20'000})}});
    tables["sites"] = table({{"site_id", texts({"P1"})}, {"commune", texts({"69123"})}});
    if (std::string_view(w.table) == "firm_pairs")
        tables["firm_pairs"] = table({{"firm_id", texts({"F1"})},
                                      {"other_firm_id", texts({"F2"})},
                                      {"kind", texts({"together"})}});
    tables["pairs"] = table({{"firm_id", texts({"F1"})},
                             {"adviser_id", texts({"A1"})},
                             {"kind", texts({"bonus"})},
                             {"value", numbers({1})}});
    ASSERT_EQ(texts_of(faults_in(tables)), "");
    put(tables, w.table, w.column, w.cells);
    const auto faults = faults_in(tables);
    EXPECT_TRUE(names(faults, w.expected)) << texts_of(faults);
    EXPECT_EQ(faults.size(), 1U) << texts_of(faults);
    EXPECT_THROW((void)testing::build_market(tables), InputError);
}

const double infinity = HUGE_VAL;
INSTANTIATE_TEST_SUITE_P(
    Each, FaultyColumn,
    ::testing::Values(
        Wrong{"id_missing", "schemes", "scheme_id", texts({""}), {"schemes", 0, "scheme_id", ""}},
        Wrong{
            "id_as_number", "schemes", "scheme_id", numbers({7}), {"schemes", -1, "scheme_id", ""}},
        Wrong{"commune_unknown",
              "firms",
              "commune",
              texts({"99999"}),
              {"firms", 0, "commune", "99999"}},
        Wrong{"commune_missing", "firms", "commune", texts({""}), {"firms", 0, "commune", ""}},
        Wrong{"lat_too_large", "firms", "lat", numbers({91}), {"firms", 0, "lat", "91"}},
        Wrong{"naf", "firms", "naf", texts({"6X.01"}), {"firms", 0, "naf", "6X.01"}},
        Wrong{"naf_too_long", "firms", "naf", texts({"62.01ZZ"}), {"firms", 0, "naf", "62.01ZZ"}},
        Wrong{"headcount_negative",
              "firms",
              "headcount",
              numbers({-1}),
              {"firms", 0, "headcount", "-1"}},
        Wrong{"headcount_infinite",
              "firms",
              "headcount",
              numbers({infinity}),
              {"firms", 0, "headcount", "inf"}},
        Wrong{"headcount_as_text",
              "firms",
              "headcount",
              texts({"5 staff"}),
              {"firms", 0, "headcount", "5 staff"}},
        Wrong{"need_above_four",
              "firms",
              "need_web",
              numbers({4.5}),
              {"firms", 0, "need_web", "4.5"}},
        Wrong{"need_of_no_skill",
              "firms",
              "need_robots",
              numbers({1}),
              {"firms", -1, "need_robots", ""}},
        Wrong{"skill_of_no_skill",
              "advisers",
              "skill_robots",
              numbers({1}),
              {"advisers", -1, "skill_robots", ""}},
        Wrong{"weight_negative",
              "firms",
              "weight_web",
              numbers({-1}),
              {"firms", 0, "weight_web", "-1"}},
        Wrong{"demand_in_parts", "firms", "demand", numbers({1.5}), {"firms", 0, "demand", "1.5"}},
        Wrong{"consent",
              "firms",
              "consents_pooling",
              numbers({2}),
              {"firms", 0, "consents_pooling", "2"}},
        Wrong{"cost_negative", "firms", "cost_eur", numbers({-1}), {"firms", 0, "cost_eur", "-1"}},
        Wrong{
            "network_missing", "advisers", "network", texts({""}), {"advisers", 0, "network", ""}},
        Wrong{"zone_level",
              "advisers",
              "zones",
              texts({"country:FR"}),
              {"advisers", 0, "zones", "country:FR"}},
        Wrong{"zone_without_colon",
              "advisers",
              "zones",
              texts({"Lyon"}),
              {"advisers", 0, "zones", "Lyon"}},
        Wrong{"zone_code",
              "advisers",
              "zones",
              texts({"FR;region:12"}),
              {"advisers", 0, "zones", "region:12"}},
        Wrong{"range_zero", "advisers", "range_km", numbers({0}), {"advisers", 0, "range_km", "0"}},
        Wrong{"naf_prefix", "advisers", "naf_in", texts({"62;A"}), {"advisers", 0, "naf_in", "A"}},
        Wrong{"capacity_in_parts",
              "advisers",
              "capacity",
              numbers({2.5}),
              {"advisers", 0, "capacity", "2.5"}},
        Wrong{"min_load_above_capacity",
              "advisers",
              "min_load",
              numbers({4}),
              {"advisers", 0, "min_load", "4"}},
        Wrong{"programme_after",
              "programmes",
              "after",
              texts({"audit"}),
              {"programmes", 0, "after", "audit"}},
        Wrong{"programme_weight",
              "programmes",
              "trust",
              numbers({-0.1}),
              {"programmes", 0, "trust", "-0.1"}},
        Wrong{"confidence",
              "settings",
              "trust_confidence",
              numbers({1}),
              {"settings", 0, "trust_confidence", "1"}},
        Wrong{"funding_after",
              "settings",
              "funding_after",
              texts({"audit"}),
              {"settings", 0, "funding_after", "audit"}},
        Wrong{"lead_network",
              "settings",
              "lead_network",
              texts({"nobody"}),
              {"settings", 0, "lead_network", "nobody"}},
        Wrong{"rule_key",
              "dossier_rules",
              "keys",
              texts({"naf;colour"}),
              {"dossier_rules", 0, "keys", "colour"}},
        Wrong{"rule_sums",
              "dossier_rules",
              "max_sum",
              numbers({19'999}),
              {"dossier_rules", 0, "max_sum", "19999"}},
        Wrong{"rule_members",
              "dossier_rules",
              "min_members",
              numbers({0}),
              {"dossier_rules", 0, "min_members", "0"}},
        Wrong{"rate", "schemes", "rate", numbers({1.2}), {"schemes", 0, "rate", "1.2"}},
        Wrong{
            "rate_missing", "schemes", "rate", numbers({std::nan("")}), {"schemes", 0, "rate", ""}},
        Wrong{"ticket_missing",
              "lenders",
              "min_ticket_eur",
              numbers({std::nan("")}),
              {"lenders", 0, "min_ticket_eur", ""}},
        Wrong{"interest",
              "lenders",
              "interest_rate",
              numbers({3}),
              {"lenders", 0, "interest_rate", "3"}},
        Wrong{"centre_missing",
              "resources",
              "centre_id",
              texts({""}),
              {"resources", 0, "centre_id", ""}},
        Wrong{"site_id", "sites", "site_id", texts({""}), {"sites", 0, "site_id", ""}},
        Wrong{"site_commune", "sites", "commune", texts({"0"}), {"sites", 0, "commune", "0"}},
        Wrong{
            "site_sessions", "sites", "sessions", numbers({1.5}), {"sites", 0, "sessions", "1.5"}},
        Wrong{"site_seats", "sites", "seats", numbers({0}), {"sites", 0, "seats", "0"}},
        Wrong{"rule_seat",
              "dossier_rules",
              "seat",
              texts({"town hall"}),
              {"dossier_rules", 0, "seat", "town hall"}},
        Wrong{"rule_key_of_numbers",
              "dossier_rules",
              "keys",
              texts({"headcount"}),
              {"dossier_rules", 0, "keys", "headcount"}},
        Wrong{"firm_pair_unknown",
              "firm_pairs",
              "other_firm_id",
              texts({"F9"}),
              {"firm_pairs", 0, "other_firm_id", "F9"}},
        Wrong{"firm_pair_with_itself",
              "firm_pairs",
              "other_firm_id",
              texts({"F1"}),
              {"firm_pairs", 0, "other_firm_id", "F1"}},
        Wrong{"firm_pair_kind",
              "firm_pairs",
              "kind",
              texts({"near"}),
              {"firm_pairs", 0, "kind", "near"}},
        Wrong{"pair_firm", "pairs", "firm_id", texts({"F9"}), {"pairs", 0, "firm_id", "F9"}},
        Wrong{
            "pair_adviser", "pairs", "adviser_id", texts({"A9"}), {"pairs", 0, "adviser_id", "A9"}},
        Wrong{"pair_programme",
              "pairs",
              "programme",
              texts({"audit"}),
              {"pairs", 0, "programme", "audit"}},
        Wrong{"pair_kind", "pairs", "kind", texts({"liked"}), {"pairs", 0, "kind", "liked"}},
        Wrong{"pair_value", "pairs", "value", numbers({infinity}), {"pairs", 0, "value", "inf"}},
        Wrong{"rows_differ",
              "resources",
              "title",
              texts({"one", "two"}),
              {"resources", -1, "title", "2 rows"}}),
    [](const auto& i) { return std::string(i.param.name); });

TEST(BuildMarket, MissingColumnsAndTablesAreNamed) {
    const auto faults = faults_in({});
    for (const char* name : {"communes", "firms", "advisers"}) {
        EXPECT_TRUE(names(faults, {name, -1, "", ""})) << name << texts_of(faults);
    }
    EXPECT_TRUE(names(faults, {"skills", -1, "skill", ""})) << texts_of(faults);

    Tables tables = bare_market();
    tables["advisers"] = table({{"skill_web", numbers({1})}});
    const auto missing = faults_in(tables);
    for (const char* column : {"adviser_id", "network", "capacity", "commune"}) {
        EXPECT_TRUE(names(missing, {"advisers", -1, column, ""})) << column << texts_of(missing);
    }
}

TEST(BuildMarket, SitesAreReadInTheOrderOfTheirIds) {
    Tables tables = bare_market();
    tables["sites"] = table({{"site_id", texts({"P2", "P1"})},
                             {"commune", texts({"69123", "75056"})},
                             {"lat", numbers({45.7, std::nan("")})},
                             {"lon", numbers({4.8, std::nan("")})},
                             {"sessions", numbers({3, std::nan("")})},
                             {"seats", numbers({std::nan(""), 12})}});
    const Market m = testing::build_market(tables);
    ASSERT_EQ(m.sites.size(), 2U);
    EXPECT_EQ(m.sites[0].id, "P1");
    EXPECT_EQ(m.places[m.sites[0].place].at.lat, 48.857);
    EXPECT_EQ(m.sites[0].sessions, HUGE_VAL);
    EXPECT_EQ(m.sites[0].seats, 12);
    EXPECT_EQ(m.places[m.sites[1].place].at.lat, 45.7);
    EXPECT_EQ(m.sites[1].sessions, 3);
    EXPECT_EQ(m.sites[1].seats, HUGE_VAL);
}

TEST(BuildMarket, FirmPairsAreReadOnceAndContradictionsNamed) {
    Tables tables = bare_market();
    tables["firms"] = table(
        {{"firm_id", texts({"F1", "F2", "F3"})}, {"commune", texts({"69123", "69123", "69123"})}});
    tables["firm_pairs"] = table({{"firm_id", texts({"F2", "F3", "F1"})},
                                  {"other_firm_id", texts({"F1", "F1", "F2"})},
                                  {"kind", texts({"together", "apart", "together"})}});
    const Market m = testing::build_market(tables);
    ASSERT_EQ(m.firm_pairs.size(), 2U);
    EXPECT_EQ(m.firm_pairs[0].a, FirmId(0U));
    EXPECT_EQ(m.firm_pairs[0].b, FirmId(1U));
    EXPECT_TRUE(m.firm_pairs[0].together);
    EXPECT_EQ(m.firm_pairs[1].b, FirmId(2U));
    EXPECT_FALSE(m.firm_pairs[1].together);
    put(tables, "firm_pairs", "kind", texts({"together", "apart", "apart"}));
    const auto faults = faults_in(tables);
    ASSERT_EQ(faults.size(), 1U) << texts_of(faults);
    EXPECT_TRUE(names(faults, {"firm_pairs", 2, "kind", "apart"})) << texts_of(faults);
}

TEST(BuildMarket, RulesNameColumnsOfTheFirms) {
    Tables tables = bare_market();
    tables["firms"] = table({{"firm_id", texts({"F3", "F1", "F2"})},
                             {"commune", texts({"69123", "69123", "69123"})},
                             {"filiere", texts({"", "wood", "metal"})}});
    tables["dossier_rules"] = table({{"rule", texts({"chain", "chain and place"})},
                                     {"keys", texts({"filiere", "filiere;epci"})}});
    const Market m = testing::build_market(tables);
    ASSERT_EQ(m.firms.columns.size(), 1U);
    EXPECT_EQ(m.firms.columns[0].name, "filiere");
    EXPECT_EQ(m.firms.columns[0].words, (std::vector<std::string>{"", "wood", "metal"}));
    EXPECT_EQ(m.firms.columns[0].word, (std::vector<std::uint32_t>{1, 2, 0}));
    ASSERT_EQ(m.dossier_rules[1].keys.size(), 2U);
    EXPECT_EQ(m.dossier_rules[1].keys[0].kind, KeyedRule::Kind::column);
    EXPECT_EQ(m.dossier_rules[1].keys[1].kind, KeyedRule::Kind::epci);
}

TEST(BuildMarket, ARuleThatMeetsAtSitesNeedsSites) {
    Tables tables = bare_market();
    tables["dossier_rules"] = table({{"rule", texts({"chain"})}, {"seat", texts({"site"})}});
    EXPECT_TRUE(names(faults_in(tables), {"dossier_rules", 0, "seat", "site"}));
    tables["sites"] = table({{"site_id", texts({"P1"})}, {"commune", texts({"69123"})}});
    EXPECT_EQ(testing::build_market(tables).dossier_rules[0].rule.seat, SeatKind::site);
}

TEST(BuildMarket, RepeatedIdsAreNamed) {
    Tables tables = bare_market();
    tables["firms"] = table(
        {{"firm_id", texts({"F1", "F2", "F1"})}, {"commune", texts({"69123", "69123", "69123"})}});
    const auto faults = faults_in(tables);
    ASSERT_EQ(faults.size(), 1U) << texts_of(faults);
    EXPECT_TRUE(names(faults, {"firms", 2, "firm_id", "F1"}));
    EXPECT_NE(faults[0].problem.find("row 0"), std::string::npos);
}

TEST(BuildMarket, RepeatedCommunesSkillsAndProgrammesAreNamed) {
    Tables tables = bare_market();
    put(tables, "communes", "commune",
        texts({"69123", "69266", "69264", "42218", "42207", "75056", "92012", "69266"}));
    tables["skills"] = table({{"skill", texts({"web", "web"})}});
    tables["programmes"] = table({{"programme", texts({"visit", "visit"})},
                                  {"network", texts({"volunteers", "volunteers"})}});
    const auto faults = faults_in(tables);
    EXPECT_TRUE(names(faults, {"communes", 7, "commune", "69266"})) << texts_of(faults);
    EXPECT_TRUE(names(faults, {"skills", 1, "skill", "web"})) << texts_of(faults);
    EXPECT_TRUE(names(faults, {"programmes", 1, "programme", "visit"})) << texts_of(faults);
    EXPECT_EQ(faults.size(), 3U) << texts_of(faults);
}

TEST(BuildMarket, PairBothPinnedAndForbiddenIsNamed) {
    Tables tables = bare_market();
    tables["pairs"] = table({{"firm_id", texts({"F1", "F1"})},
                             {"adviser_id", texts({"A1", "A1"})},
                             {"programme", texts({"", "visit"})},
                             {"kind", texts({"pinned", "forbidden"})}});
    const auto faults = faults_in(tables);
    ASSERT_EQ(faults.size(), 1U) << texts_of(faults);
    EXPECT_NE(faults[0].problem.find("both pinned and forbidden"), std::string::npos);
    EXPECT_NE(faults[0].value.find("F1"), std::string::npos);
}

TEST(BuildMarket, PairBothPinnedAndForbiddenIsNamedBesideABonus) {
    Tables tables = bare_market();
    tables["pairs"] = table({{"firm_id", texts({"F1", "F1", "F1"})},
                             {"adviser_id", texts({"A1", "A1", "A1"})},
                             {"kind", texts({"pinned", "bonus", "forbidden"})},
                             {"value", numbers({0, 1, 0})}});
    const auto faults = faults_in(tables);
    ASSERT_EQ(faults.size(), 1U) << texts_of(faults);
    EXPECT_NE(faults[0].problem.find("both pinned and forbidden"), std::string::npos);
}

TEST(BuildMarket, SixtyFifthWordIsNamed) {
    std::string labels;
    for (int k = 0; k < 65; ++k) labels += "label" + std::to_string(k) + ";";
    Tables tables = bare_market();
    put(tables, "advisers", "labels", texts({labels}));
    const auto faults = faults_in(tables);
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_TRUE(names(faults, {"advisers", 0, "labels", "label64"}));
}

TEST(BuildMarket, EveryFaultOfEveryTableIsFoundAtOnce) {
    Tables t = bare_market();
    const double none = std::nan("");
    put(t, "communes", "lat",
        numbers({45.764, 945.767, 45.987, 45.434, 45.477, 48.857, 48.835, none}));
    t["skills"] = table({{"skill", texts({"web", "web"})}, {"weight", numbers({1, -1})}});
    put(t, "programmes", "after", texts({"audit"}));
    put(t, "settings", "aid_intensity_max", numbers({80}));
    t["dossier_rules"] = table({{"rule", texts({"trade"})},
                                {"keys", texts({"colour"})},
                                {"min_members", numbers({5})},
                                {"max_members", numbers({2})}});
    t["firms"] = table({{"firm_id", texts({"F1", "F1", ""})},
                        {"commune", texts({"69123", "00000", "69123"})},
                        {"naf", texts({"62.01Z", "62.01Z", "ZZ"})},
                        {"headcount", numbers({5, -3, 2})},
                        {"need_web", numbers({4, 1, 9})}});
    t["advisers"] = table({{"adviser_id", texts({"A1"})},
                           {"network", texts({"volunteers"})},
                           {"commune", texts({"69123"})},
                           {"zones", texts({"region:99;planet:mars"})},
                           {"capacity", numbers({2})},
                           {"min_load", numbers({3})},
                           {"skill_magic", numbers({1})}});
    t["schemes"] = table({{"scheme_id", texts({"S1"})}, {"rate", numbers({2})}});
    t["lenders"] = table({{"lender_id", texts({"L1"})},
                          {"min_ticket_eur", numbers({-1})},
                          {"capacity", numbers({1.5})}});
    t["pairs"] = table({{"firm_id", texts({"F1", "F8"})},
                        {"adviser_id", texts({"A8", "A1"})},
                        {"kind", texts({"pinned", "pinned"})}});
    const auto faults = faults_in(t);
    const std::vector<Where> expected{
        {"communes", 1, "lat", "945.767"},      {"communes", 7, "lat", ""},
        {"skills", 1, "weight", "-1"},          {"skills", 1, "skill", "web"},
        {"programmes", 0, "after", "audit"},    {"settings", 0, "aid_intensity_max", "80"},
        {"dossier_rules", 0, "keys", "colour"}, {"dossier_rules", 0, "max_members", "2"},
        {"firms", 1, "firm_id", "F1"},          {"firms", 2, "firm_id", ""},
        {"firms", 1, "commune", "00000"},       {"firms", 2, "naf", "ZZ"},
        {"firms", 1, "headcount", "-3"},        {"firms", 2, "need_web", "9"},
        {"advisers", 0, "zones", "region:99"},  {"advisers", 0, "zones", "planet:mars"},
        {"advisers", 0, "min_load", "3"},       {"advisers", -1, "skill_magic", ""},
        {"schemes", -1, "funder", ""},          {"schemes", 0, "rate", "2"},
        {"lenders", 0, "min_ticket_eur", "-1"}, {"lenders", 0, "capacity", "1.5"},
        {"pairs", 0, "adviser_id", "A8"},       {"pairs", 1, "firm_id", "F8"},
    };
    for (const Where& place : expected) {
        EXPECT_TRUE(names(faults, place)) << ::testing::PrintToString(place) << texts_of(faults);
    }
    EXPECT_EQ(faults.size(), expected.size()) << texts_of(faults);
    try {
        (void)testing::build_market(t);
        FAIL() << "no InputError";
    } catch (const InputError& error) {
        EXPECT_EQ(error.faults().size(), faults.size());
    }
}

// ---- what is read ----

TEST(BuildMarket, FinestZoneLevelWins) {
    Tables tables = bare_market();
    const auto zone_of = [&](const std::string& text) {
        put(tables, "advisers", "zones", texts({text}));
        const Market m = testing::build_market(tables);
        const Zone zone = m.advisers.zone[0];
        std::string codes;
        for (std::size_t c = 0; c < m.geography.at.size(); ++c) {
            if (m.geography.contains(zone, c)) codes += m.geography.name[c].substr(0, 3) + " ";
        }
        return codes;
    };
    // By code: 42218, 42500, 69123, ...
    const std::string everywhere = "Sai Sai Lyo Vil Vil Par Bou Nan ";
    EXPECT_EQ(zone_of(""), everywhere);
    EXPECT_EQ(zone_of("FR"), everywhere);
    EXPECT_EQ(zone_of("region:84"), "Sai Sai Lyo Vil Vil ");
    EXPECT_EQ(zone_of("region:84; departement:75"), "Par ");
    EXPECT_EQ(zone_of("departement:75;region:84;departement:42"), "Sai Sai Par ");
    EXPECT_EQ(zone_of("epci:E1;FR"), "Lyo Vil ");
    EXPECT_EQ(zone_of("commune:75056;epci:E1;commune:42218"), "Sai Par ");
}

TEST(BuildMarket, NafCodesAndPrefixes) {
    Tables tables = bare_market();
    for (const auto& [text, expected] :
         {std::pair{"62.01Z", "6201Z"}, {"6201Z", "6201Z"}, {"62.01z", "6201Z"}, {"", ""}}) {
        put(tables, "firms", "naf", texts({text}));
        EXPECT_EQ(testing::build_market(tables).firms.naf[0].view(), expected);
    }
    put(tables, "advisers", "naf_in", texts({"62; 47.1 ;43.21A;"}));
    const Market m = testing::build_market(tables);
    ASSERT_EQ(m.advisers.naf_in[0].size(), 3U);
    EXPECT_EQ(m.advisers.naf_in[0][0].view(), "62");
    EXPECT_EQ(m.advisers.naf_in[0][1].view(), "471");
    EXPECT_EQ(m.advisers.naf_in[0][2].view(), "4321A");
    put(tables, "firms", "naf", texts({"47.11F"}));
    const NafCode food = testing::build_market(tables).firms.naf[0];
    EXPECT_FALSE(food.starts_with(m.advisers.naf_in[0][0]));
    EXPECT_TRUE(food.starts_with(m.advisers.naf_in[0][1]));
}

TEST(BuildMarket, DatesAreDays) {
    Tables tables = bare_market();
    put(tables, "firms", "created", numbers({-365}, NumberKind::date));
    put(tables, "advisers", "absent_from", numbers({19'000}, NumberKind::date));
    const Market m = testing::build_market(tables);
    EXPECT_EQ(m.firms.created[0], -365) << "before 1970";
    EXPECT_EQ(m.advisers.absent_from[0], 19'000);
    EXPECT_TRUE(std::isnan(m.advisers.absent_until[0]));
}

TEST(BuildMarket, PointWithoutCommuneTakesTheNearest) {
    Tables tables = bare_market();
    put(tables, "firms", "commune", texts({""}));
    put(tables, "firms", "lat", numbers({48.85}));
    put(tables, "firms", "lon", numbers({2.25}));
    const Market m = testing::build_market(tables);
    const Place& place = m.places[m.firms.place[0]];
    EXPECT_EQ(m.geography.name[place.commune], "Boulogne");
    EXPECT_EQ(place.at, (LatLon{48.85, 2.25}));
}

TEST(BuildMarket, NearestCommuneAgreesWithALoop) {
    Random random(2);
    Geography g;
    for (int c = 0; c < 200; ++c) {
        g.at.push_back({42 + 9 * random.uniform(), -5 + 13 * random.uniform()});
    }
    g.at.push_back(g.at[7]);  // a tie: the first wins
    const detail::NearestCommune nearest(g);
    for (int k = 0; k < 500; ++k) {
        const LatLon p =
            k == 0 ? g.at[7] : LatLon{40 + 13 * random.uniform(), -7 + 17 * random.uniform()};
        std::uint32_t best = 0;
        for (std::uint32_t c = 1; c < g.at.size(); ++c) {
            if (distance_km(g.at[c], p) < distance_km(g.at[best], p)) best = c;
        }
        EXPECT_EQ(nearest(p), best);
    }
}

TEST(BuildMarket, NotesAreGroupedByFirm) {
    const Market m = random_market(3, 40, 8);
    ASSERT_EQ(m.notes_of_firm.size(), 41U);
    EXPECT_EQ(m.notes_of_firm.back(), m.notes.size());
    for (std::size_t i = 0; i < 40; ++i) {
        for (std::size_t k = m.notes_of_firm[i]; k < m.notes_of_firm[i + 1]; ++k) {
            EXPECT_EQ(m.notes[k].firm, FirmId(i));
        }
    }
    EXPECT_FALSE(m.notes.empty());
}

TEST(BuildMarket, MissingWeightIsTheSkillsOwn) {
    Tables tables = bare_market();
    tables["skills"] = table({{"skill", texts({"web"})}, {"weight", numbers({2.5})}});
    EXPECT_EQ(testing::build_market(tables).firms.weight(0, 0), 2.5F);
    put(tables, "firms", "weight_web", numbers({std::nan("")}));
    EXPECT_EQ(testing::build_market(tables).firms.weight(0, 0), 2.5F);
    put(tables, "firms", "weight_web", numbers({7}));
    EXPECT_EQ(testing::build_market(tables).firms.weight(0, 0), 7);
}

}  // namespace
}  // namespace libmatch
