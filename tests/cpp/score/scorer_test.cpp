#include <gtest/gtest.h>

#include <cpp/support/small_market.hpp>
#include <libmatch/score/scorer.hpp>

namespace libmatch {
namespace {

constexpr FirmId firm{0U};
constexpr AdviserId adviser{0U};

/// The rule that excludes the only pair of a bare market after a change.
struct Rule {
    const char* name;
    const char* table;
    const char* column;
    Column cells;
    Exclusion expected;
};
void PrintTo(const Rule& r, std::ostream* out) { *out << r.name; }

Exclusion exclusion_in(const Tables& tables, std::vector<std::uint8_t> reached = {}) {
    const Market market = testing::build_market(tables);
    return Scorer(market, ProgrammeId(0U), std::move(reached)).exclusion(firm, adviser);
}

TEST(Exclusions, BarePairIsEligible) {
    EXPECT_EQ(exclusion_in(bare_market()), Exclusion::none);
    EXPECT_EQ(exclusion_in(bare_market(), {1}), Exclusion::none);
}

TEST(Exclusions, FirmThatIsNotReached) {
    EXPECT_EQ(exclusion_in(bare_market(), {0}), Exclusion::not_reached);
}

class ExclusionRule : public ::testing::TestWithParam<Rule> {};

TEST_P(ExclusionRule, AloneNamesItself) {
    Tables tables = bare_market();
    put(tables, GetParam().table, GetParam().column, GetParam().cells);
    EXPECT_EQ(exclusion_in(tables), GetParam().expected);
    EXPECT_FALSE(name(GetParam().expected).empty());
}

using enum Exclusion;
INSTANTIATE_TEST_SUITE_P(
    Excluded, ExclusionRule,
    ::testing::Values(Rule{"no_demand", "firms", "demand", numbers({0}), no_demand},
                      Rule{"programme_headcount", "programmes", "headcount_max", numbers({4}),
                           programme_headcount},
                      Rule{"zone_region", "advisers", "zones", texts({"region:11"}), territory},
                      Rule{"zone_departement", "advisers", "zones", texts({"departement:42"}),
                           territory},
                      Rule{"zone_epci", "advisers", "zones", texts({"epci:E2"}), territory},
                      Rule{"zone_finest_wins", "advisers", "zones",
                           texts({"region:84;commune:42218"}), territory},
                      Rule{"naf_in", "advisers", "naf_in", texts({"47;43.2"}), naf},
                      Rule{"naf_out", "advisers", "naf_out", texts({"62.0"}), naf},
                      Rule{"headcount_min", "advisers", "headcount_min", numbers({6}), headcount},
                      Rule{"headcount_max", "advisers", "headcount_max", numbers({4}), headcount},
                      Rule{"absent_from", "advisers", "absent_from", numbers({20'000}), absent},
                      Rule{"absent_until", "advisers", "absent_until", numbers({20'000}), absent},
                      Rule{"label", "programmes", "labels_required", texts({"expert"}), label}),
    [](const auto& i) { return std::string(i.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Allowed, ExclusionRule,
    ::testing::Values(
        Rule{"programme_headcount", "programmes", "headcount_max", numbers({5}), none},
        Rule{"zone_country", "advisers", "zones", texts({"FR"}), none},
        Rule{"zone_region", "advisers", "zones", texts({"region:84"}), none},
        Rule{"zone_departement", "advisers", "zones", texts({"departement:42;departement:69"}),
             none},
        Rule{"zone_epci", "advisers", "zones", texts({"epci:E1"}), none},
        Rule{"zone_finest_wins", "advisers", "zones", texts({"region:11;commune:69123"}), none},
        Rule{"naf_in", "advisers", "naf_in", texts({"47; 62"}), none},
        Rule{"naf_out", "advisers", "naf_out", texts({"62.02A"}), none},
        Rule{"headcount_min", "advisers", "headcount_min", numbers({5}), none},
        Rule{"headcount_max", "advisers", "headcount_max", numbers({5}), none},
        Rule{"absent_later", "advisers", "absent_from", numbers({20'001}), none},
        Rule{"absent_before", "advisers", "absent_until", numbers({19'999}), none},
        Rule{"firm_speaks", "firms", "languages", texts({"de"}), none},
        Rule{"adviser_speaks", "advisers", "languages", texts({"en"}), none},
        Rule{"unknown_headcount", "firms", "headcount", numbers({std::nan("")}), none}),
    [](const auto& i) { return std::string(i.param.name); });

TEST(Exclusions, Network) {
    Tables t = bare_market();
    t["programmes"] =
        table({{"programme", texts({"visit"})}, {"network", texts({"professionals"})}});
    EXPECT_EQ(exclusion_in(t), network);
}

TEST(Exclusions, LegalForm) {
    Tables t = bare_market();
    put(t, "firms", "legal_form", texts({"EI"}));
    put(t, "programmes", "legal_forms", texts({"SARL;SAS"}));
    EXPECT_EQ(exclusion_in(t), legal_form);
    put(t, "programmes", "legal_forms", texts({"SARL;EI"}));
    EXPECT_EQ(exclusion_in(t), none);
}

TEST(Exclusions, FirmAge) {
    Tables t = bare_market();
    put(t, "firms", "created", numbers({20'000 - 2 * 365.25}, NumberKind::date));
    for (const auto& [low, high, expected] :
         {std::tuple{2.5, 9.0, firm_age}, {0.0, 1.5, firm_age}, {1.5, 2.5, none}}) {
        put(t, "programmes", "age_min_years", numbers({low}));
        put(t, "programmes", "age_max_years", numbers({high}));
        EXPECT_EQ(exclusion_in(t), expected) << low << " to " << high;
    }
}

TEST(Exclusions, Label) {
    Tables t = bare_market();
    put(t, "programmes", "labels_required", texts({"expert;green"}));
    put(t, "advisers", "labels", texts({"expert"}));
    EXPECT_EQ(exclusion_in(t), label) << "both labels are required";
    put(t, "advisers", "labels", texts({"green;expert"}));
    EXPECT_EQ(exclusion_in(t), none);
}

TEST(Exclusions, Distance) {
    Tables t = bare_market();
    put(t, "advisers", "commune", texts({"75056"}));
    put(t, "programmes", "max_distance_km", numbers({300}));
    EXPECT_EQ(exclusion_in(t), distance);
    put(t, "advisers", "remote", numbers({1}));
    EXPECT_EQ(exclusion_in(t), none) << "who works remotely has no distance";
    put(t, "advisers", "remote", numbers({0}));
    put(t, "programmes", "max_distance_km", numbers({400}));
    EXPECT_EQ(exclusion_in(t), none);
}

TEST(Exclusions, Language) {
    Tables t = bare_market();
    put(t, "firms", "languages", texts({"de;it"}));
    put(t, "advisers", "languages", texts({"fr;en"}));
    EXPECT_EQ(exclusion_in(t), language);
    put(t, "advisers", "languages", texts({"fr;it"}));
    EXPECT_EQ(exclusion_in(t), none);
}

TEST(Exclusions, ConflictOfOneProgramme) {
    Tables t = bare_market();
    t["programmes"] = table({{"programme", texts({"visit", "second"})},
                             {"network", texts({"volunteers", "volunteers"})}});
    t["pairs"] = table({{"firm_id", texts({"F1"})},
                        {"adviser_id", texts({"A1"})},
                        {"programme", texts({"second"})},
                        {"kind", texts({"forbidden"})}});
    const Market market = testing::build_market(t);
    EXPECT_EQ(Scorer(market, ProgrammeId(0U)).exclusion(firm, adviser), none);
    EXPECT_EQ(Scorer(market, ProgrammeId(1U)).exclusion(firm, adviser), conflict);
    put(t, "pairs", "programme", texts({""}));
    EXPECT_EQ(exclusion_in(t), conflict);
}

// ---- figures ----

TEST(Score, CoverageIsTheWeightedShareOfNeedsMet) {
    Tables t = bare_market();
    t["skills"] = table({{"skill", texts({"web", "data"})}, {"weight", numbers({1, 2})}});
    put(t, "firms", "need_data", numbers({2}));
    put(t, "advisers", "skill_data", numbers({1}));
    {
        // (1 x min(4, 3) + 2 x min(2, 1)) / (1 x 4 + 2 x 2)
        const Market market = testing::build_market(t);
        EXPECT_DOUBLE_EQ(Scorer(market, ProgrammeId(0U)).coverage(firm, adviser), 5.0 / 8);
    }
    put(t, "firms", "weight_web", numbers({0}));
    {
        // a missing weight_data is the skill's own
        const Market market = testing::build_market(t);
        EXPECT_DOUBLE_EQ(Scorer(market, ProgrammeId(0U)).coverage(firm, adviser), 0.5);
    }
    put(t, "firms", "need_data", numbers({0}));
    {
        const Market market = testing::build_market(t);
        EXPECT_EQ(Scorer(market, ProgrammeId(0U)).coverage(firm, adviser), 0) << "no needs";
    }
}

TEST(Score, ProximityFallsToZeroAtTheRange) {
    Tables t = bare_market();
    put(t, "advisers", "commune", texts({"75056"}));
    put(t, "advisers", "range_km", numbers({1'000}));
    put(t, "programmes", "remote_proximity", numbers({0.3}));
    const auto proximity = [&] {
        const Market market = testing::build_market(t);
        return Scorer(market, ProgrammeId(0U)).proximity(market.firms.place[0], adviser);
    };
    EXPECT_NEAR(proximity(), 1 - 0.3915, 0.001);  // Paris is 391.5 km from Lyon
    put(t, "advisers", "range_km", numbers({300}));
    EXPECT_EQ(proximity(), 0);
    put(t, "advisers", "remote", numbers({1}));
    EXPECT_EQ(proximity(), 0.3);
    put(t, "advisers", "remote", numbers({0}));
    put(t, "advisers", "commune", texts({"69123"}));
    EXPECT_EQ(proximity(), 1);
}

TEST(Score, IsTheWeightedSumOfItsTerms) {
    Tables t = bare_market();
    put(t, "programmes", "coverage", numbers({0.5}));
    put(t, "programmes", "proximity", numbers({0.3}));
    put(t, "programmes", "trust", numbers({0.2}));
    t["pairs"] = table({{"firm_id", texts({"F1", "F1"})},
                        {"adviser_id", texts({"A1", "A1"})},
                        {"kind", texts({"bonus", "bonus"})},
                        {"value", numbers({0.25, -2})}});
    const Market market = testing::build_market(t);
    const ScoreTerms terms = Scorer(market, ProgrammeId(0U)).terms(firm, adviser);
    EXPECT_DOUBLE_EQ(terms.coverage, 0.75);
    EXPECT_DOUBLE_EQ(terms.proximity, 1);
    EXPECT_NEAR(terms.trust, 0.1, 1e-12);  // Beta(1, 1) is uniform: its 10 % quantile
    EXPECT_DOUBLE_EQ(terms.bonus, -1.75);
    EXPECT_NEAR(terms.score, 0.5 * 0.75 + 0.3 * 1 + 0.2 * 0.1 - 1.75, 1e-12);
}

}  // namespace
}  // namespace libmatch
