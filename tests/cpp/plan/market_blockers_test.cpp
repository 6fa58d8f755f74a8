// Contradictions of a market's limits, in its own names, judged, written and read.
#include <gtest/gtest.h>

#include "cpp/support/small_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

/// Six firms, of which the first three in departement 69; advisers as given.
Tables market_of(std::vector<std::string> zones, std::vector<double> capacity,
                 std::vector<double> min_load) {
    Tables t = bare_market();
    const std::size_t m = zones.size();
    t["firms"] =
        table({{"firm_id", texts({"F1", "F2", "F3", "F4", "F5", "F6"})},
               {"commune", texts({"69123", "69266", "69264", "42218", "75056", "92012"})},
               {"naf", texts({"62.01Z", "62.01Z", "47.11B", "62.01Z", "62.01Z", "62.01Z"})},
               {"headcount", numbers({5, 5, 5, 5, 5, 5})},
               {"need_web", numbers({4, 4, 4, 4, 4, 4})}});
    std::vector<std::string> ids, network(m, "volunteers"), commune(m, "69123");
    for (std::size_t j = 0; j < m; ++j) ids.push_back("A" + std::to_string(j + 1));
    t["advisers"] = table({{"adviser_id", texts(ids)},
                           {"network", texts(network)},
                           {"commune", texts(commune)},
                           {"zones", texts(zones)},
                           {"capacity", numbers(std::move(capacity))},
                           {"min_load", numbers(std::move(min_load))},
                           {"skill_web", numbers(std::vector<double>(m, 3))}});
    return t;
}

Plan assigned(const Market& market) {
    SolveOptions options;
    options.stages = {"assign"};
    Control control;
    return testing::solve(market, options, control);
}
const std::string visit = "assign:visit";

void expect_judged(const Market& market, const Plan& plan) {
    const auto verdict = testing::verify(market, plan);
    EXPECT_TRUE(verdict.ok()) << (verdict.ok() ? "" : verdict.violations[0].problem);
    const Plan back = testing::plan_from_tables(market, testing::plan_tables(market, plan));
    EXPECT_TRUE(testing::verify(market, back).ok());
    EXPECT_EQ(back.blockers.at(visit).size(), plan.blockers.at(visit).size());
}

TEST(MarketBlockers, NameTerritoryIdsAndTheRule) {
    const Market market = testing::build_market(
        market_of({"departement:69", "commune:69123;commune:69266", "FR"}, {5, 5, 5}, {4, 3, 0}));
    const Plan plan = assigned(market);
    ASSERT_EQ(plan.blockers.at(visit).size(), 1U);
    const Blocker& b = plan.blockers.at(visit)[0];
    EXPECT_EQ(b.reason,
              "2 advisers (A1, A2) need 7 firms at least, but only 3 are eligible for them and "
              "free; other firms are excluded mainly because the firm lies outside the adviser's "
              "territory (100 %); lower min_load by 4 in all or widen eligibility");
    expect_judged(market, plan);
    EXPECT_EQ(testing::blocking(market).back().problem,
              "no assignment meets its limits: " + b.reason);

    const Market local = testing::build_market(
        market_of({"departement:69", "commune:69264", "commune:69123", "departement:69"},
                  {5, 5, 5, 5}, {4, 1, 1, 0}));
    const Plan other = assigned(local);
    EXPECT_EQ(other.blockers.at(visit)[0].reason.find(
                  "3 advisers of departement 69 (A1, A2, A3) need 6 firms at least"),
              0U);
    expect_judged(local, other);
}

TEST(MarketBlockers, NameTheRuleOfAPin) {
    Tables t = market_of({"departement:69"}, {1}, {0});
    t["pairs"] = table({{"firm_id", texts({"F1", "F2", "F5"})},
                        {"adviser_id", texts({"A1", "A1", "A1"})},
                        {"kind", texts({"pinned", "pinned", "pinned"})}});
    const Market market = testing::build_market(t);
    const Plan plan = assigned(market);
    ASSERT_EQ(plan.blockers.at(visit).size(), 2U);
    EXPECT_EQ(plan.blockers.at(visit)[0].reason,
              "1 pin (F5 - A1) is not allowed: the firm lies outside the adviser's territory; drop "
              "the pin or change the rule");
    EXPECT_EQ(plan.blockers.at(visit)[1].reason,
              "2 firms of departement 69 (F1, F2) need 2 places by pins with 1 adviser of "
              "departement 69 (A1), which has only 1; drop pins or raise capacity by 1 in all");
    expect_judged(market, plan);
    const auto lines = testing::explain(market, plan, FirmId(market.firm_index.at("F1")));
    EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
        return line.find("takes part in what blocks it: 2 firms") != std::string::npos;
    }));
}

TEST(MarketBlockers, OfRandomMarketsAreJudged) {
    int infeasible = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        Tables t = random_market_tables(seed, 60, 12);
        Random random(seed);
        std::vector<double> least, most;
        for (std::size_t j = 0; j < 12; ++j) {
            least.push_back(static_cast<double>(random.below(4)));
            most.push_back(least.back() + static_cast<double>(random.below(3)));
        }
        put(t, "advisers", "min_load", numbers(least));
        put(t, "advisers", "capacity", numbers(most));
        if (seed % 2 == 0) put(t, "pairs", "kind", texts(std::vector<std::string>(20, "pinned")));
        const Market market = testing::build_market(t);
        const Plan plan = assigned(market);
        const auto verdict = testing::verify(market, plan);
        ASSERT_TRUE(verdict.ok()) << seed << verdict.violations[0].problem;
        infeasible += plan.blockers.empty() ? 0 : 1;
        for (const auto& [stage, changes] : plan.relaxations) {
            std::int64_t units = 0, lacking = 0;
            for (const Relaxation& r : changes) units += r.units();
            for (const Blocker& b : plan.blockers.at(stage)) lacking += b.shortfall;
            EXPECT_EQ(units, lacking);
        }
    }
    EXPECT_GT(infeasible, 20);
}

}  // namespace
}  // namespace libmatch
