// Quotas, minimum demands and values of staying out in a market: beside every assignment there is,
// judged, explained, and said by name where they contradict each other.
#include <gtest/gtest.h>

#include <functional>

#include <libmatch/plan/place.hpp>

#include "cpp/support/full_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

using testing::numbers;
using testing::texts;

const std::string volunteers = "assign:volunteers";

Plan solved(const Market& market, double gap = 1e-6, bool exact = false) {
    SolveOptions options;
    options.gap = gap;
    options.exact = exact;
    options.threads = 1;
    options.stages = {"assign"};
    Control control;
    return testing::solve(market, options, control);
}

/// Random tables with quotas by place and trade, and by headcount, values of staying out, and
/// minimum demands, each as asked.
Tables with_limits(std::uint64_t seed, std::size_t firms, std::size_t advisers, bool quotas,
                   bool reservation, bool min_demand) {
    Tables t = testing::full_tables(seed, firms, advisers);
    Random random(seed + 5);
    std::vector<double> outside, must;
    for (std::size_t i = 0; i < firms; ++i) {
        outside.push_back(std::round(10 * (random.uniform() - 0.2)) / 10);
        must.push_back(random.below(3) == 0 ? 1 : 0);
    }
    if (reservation) t["firms"].add("reservation", numbers(outside));
    if (min_demand) t["firms"].add("min_demand", numbers(must));
    if (!quotas) return t;
    const double none = std::nan("");
    t["quotas"].add("name", texts({"north", "retail", "small", "one"}));
    t["quotas"].add("programme", texts({"volunteers", "volunteers", "", ""}));
    t["quotas"].add("lower", numbers({1, none, none, none}));
    t["quotas"].add("upper", numbers({none, 2, 2, 1}));
    t["quotas"].add("zones", texts({"region:R0", "", "", ""}));
    t["quotas"].add("naf_in", texts({"", "47", "", ""}));
    t["quotas"].add("headcount_max", numbers({none, none, 9, none}));
    t["quotas"].add("adviser_id", texts({"", "", "", "A0"}));
    t["quotas"].add("network", texts({"", "", "volunteer", ""}));
    return t;
}

/// The best objective of the first programme over every assignment, or -inf.
double best_by_trying(const Market& market) {
    const Scorer scorer(market, ProgrammeId(0U));
    std::vector<std::int64_t> left = market.advisers.capacity;
    std::vector<Pair> pairs;
    double best = -HUGE_VAL;
    const std::function<void(std::size_t, double)> try_firm = [&](std::size_t i, double sum) {
        if (i == market.firms.size()) {
            for (const MarketQuota& q : market.quotas) {
                std::int64_t count = 0;
                for (const Pair& p : pairs) {
                    const auto& place = market.places[market.firms.place[p.firm]];
                    const bool holds =
                        q.holds(market.geography, place.commune, market.firms.naf[p.firm],
                                market.firms.headcount[p.firm]) &&
                        q.holds(p.adviser);
                    count += holds ? 1 : 0;
                }
                if (count < q.lower || count > q.upper) return;
            }
            best = std::max(best, sum);
            return;
        }
        const FirmId firm(i);
        if (market.firms.min_demand[i] == 0) try_firm(i + 1, sum + market.firms.reservation[i]);
        for (std::size_t j = 0; j < left.size(); ++j) {
            if (left[j] == 0 || scorer.exclusion(firm, AdviserId(j)) != Exclusion::none) continue;
            --left[j];
            pairs.push_back({firm, AdviserId(j)});
            try_firm(i + 1, sum + scorer.score(firm, AdviserId(j)));
            pairs.pop_back();
            ++left[j];
        }
    };
    try_firm(0, 0);
    return best;
}

TEST(MarketLimits, EveryKindStandsBetweenItsBoundAndTheBestOfAllAssignments) {
    std::size_t infeasible = 0, best_found = 0, cases = 0;
    for (std::uint64_t seed = 0; seed < 16; ++seed) {
        for (const int kind : {1, 2, 3, 4, 6, 7}) {
            const Market market = testing::build_market(
                with_limits(seed, 7, 6, (kind & 1) != 0, (kind & 2) != 0, (kind & 4) != 0));
            const double best = best_by_trying(market);
            const Plan plan = solved(market);
            const Certificate& c = *plan.certificate(volunteers);
            EXPECT_EQ(testing::complaints(market, plan), "") << seed << " " << kind;
            const Plan back = testing::plan_from_tables(market, testing::plan_tables(market, plan));
            EXPECT_TRUE(back.unreadable.empty());
            EXPECT_EQ(testing::complaints(market, back), "") << seed << " " << kind;
            if (c.status == Status::infeasible) {
                EXPECT_EQ(best, -HUGE_VAL) << seed << " " << kind;
                EXPECT_FALSE(plan.blockers.at(volunteers).empty());
                ++infeasible;
                continue;
            }
            EXPECT_LE(c.objective, best + 1e-9) << seed << " " << kind;
            EXPECT_GE(c.bound, best - 1e-9);
            ++cases;
            best_found += c.objective > best - 1e-5 ? 1 : 0;
        }
    }
    EXPECT_GT(infeasible, 3U);
    EXPECT_GT(cases, 60U);
    EXPECT_GE(best_found, cases * 9 / 10);
}

TEST(MarketLimits, ALargerMarketIsProvenWithPricesOfQuotas) {
    const Market market = testing::build_market(with_limits(3, 300, 20, true, true, false));
    const Plan plan = solved(market, 1e-3);
    EXPECT_EQ(testing::complaints(market, plan), "");
    ASSERT_EQ(plan.quotas.at(volunteers).size(), 4U);
    std::size_t priced = 0;
    for (const auto& use : plan.quotas.at(volunteers)) priced += use.price != 0 ? 1 : 0;
    EXPECT_GE(priced, 2U);
    const Plan back = testing::plan_from_tables(market, testing::plan_tables(market, plan));
    for (std::size_t q = 0; q < 4; ++q) {
        EXPECT_EQ(back.quotas.at(volunteers)[q].price, plan.quotas.at(volunteers)[q].price);
        EXPECT_EQ(back.quotas.at(volunteers)[q].pairs, plan.quotas.at(volunteers)[q].pairs);
    }
}

TEST(MarketLimits, TheJudgeSeesEveryLieAboutQuotas) {
    const Market market = testing::build_market(with_limits(3, 80, 10, true, true, false));
    const Plan plan = solved(market, 1e-3);
    ASSERT_EQ(testing::complaints(market, plan), "");
    const auto expect_named = [&](const std::string& words,
                                  const std::function<void(Plan&)>& harm) {
        Plan copy = plan;
        harm(copy);
        const std::string text = testing::complaints(market, copy);
        EXPECT_NE(text.find(words), std::string::npos) << words << "\n" << text;
    };
    expect_named("recounted", [](Plan& p) { ++p.quotas.at(volunteers)[1].pairs; });
    expect_named("0 for 4", [](Plan& p) { p.quotas.erase(volunteers); });
    expect_named("bound", [](Plan& p) { p.quotas.at(volunteers)[1].price += 0.5; });
    expect_named("without a largest count", [](Plan& p) { p.quotas.at(volunteers)[0].price = 1; });
    expect_named("for at least 1", [&](Plan& p) {  // nobody of the north any more
        std::erase_if(p.assignments, [&](const Assigned& a) {
            return market.geography.code(market.places[market.firms.place[a.firm]].commune,
                                         TerritoryLevel::region) == "R0";
        });
    });
    // A market that allows less than the plan holds.
    Tables tighter = with_limits(3, 80, 10, true, true, false);
    Table quotas;
    for (const auto& [name, column] : tighter["quotas"].columns())
        quotas.add(name, name == "upper" ? numbers({std::nan(""), 1, 2, 0}) : column);
    tighter["quotas"] = quotas;
    EXPECT_NE(testing::complaints(testing::build_market(tighter), plan).find("pairs for at most"),
              std::string::npos);
}

TEST(MarketLimits, TheJudgeSeesReservationsAndMinimumDemands) {
    const Market market = testing::build_market(with_limits(4, 40, 10, false, true, true));
    const Plan plan = solved(market);
    ASSERT_EQ(testing::complaints(market, plan), "");
    Tables other = with_limits(4, 40, 10, false, false, true);
    EXPECT_NE(testing::complaints(testing::build_market(other), plan).find("objective"),
              std::string::npos);
    Plan copy = plan;
    for (std::size_t k = 0; k < copy.assignments.size(); ++k) {
        if (market.firms.min_demand[copy.assignments[k].firm] == 0) continue;
        copy.assignments.erase(copy.assignments.begin() + static_cast<std::ptrdiff_t>(k));
        break;
    }
    EXPECT_NE(testing::complaints(market, copy).find("for a minimum demand of 1"),
              std::string::npos);
}

TEST(MarketLimits, ExactPlansKnowReservationsAndRefuseQuotas) {
    const Market market = testing::build_market(with_limits(5, 40, 10, false, true, true));
    const Plan plan = solved(market, 1e-4, true);
    EXPECT_EQ(testing::complaints(market, plan), "");
    const Status status = plan.certificate(volunteers)->status;
    EXPECT_TRUE(status == Status::optimal || status == Status::infeasible);
    try {
        (void)solved(testing::build_market(with_limits(5, 40, 10, true, false, false)), 1e-4, true);
        FAIL() << "an exact plan with quotas was accepted";
    } catch (const InputError& e) {
        EXPECT_EQ(e.faults().at(0).table, "exact");
    }
}

TEST(MarketLimits, WhatContradictsIsSaidByName) {
    Tables tables = with_limits(1, 40, 10, true, false, false);
    Table quotas;
    for (const auto& [name, column] : tables["quotas"].columns()) {
        quotas.add(name, name == "lower"   ? numbers({0, 0, 0, 0})
                         : name == "upper" ? numbers({1, 9, 9, 9})
                                           : column);
    }
    tables["quotas"] = quotas;
    // One firm of the north may be served, and all firms of it must be.
    const Market bare = testing::build_market(tables);
    std::vector<double> must(40, 0);
    for (std::size_t i = 0; i < 40; ++i) {
        const auto commune = bare.places[bare.firms.place[i]].commune;
        if (bare.geography.code(commune, TerritoryLevel::region) == "R0")
            must[bare.firms.row.empty() ? i : bare.firms.row[i]] = 1;
    }
    tables["firms"].add("min_demand", numbers(must));
    const Market market = testing::build_market(tables);
    const Plan plan = solved(market);
    ASSERT_EQ(plan.certificate(volunteers)->status, Status::infeasible);
    EXPECT_EQ(testing::complaints(market, plan), "");
    std::string reasons;
    for (const Blocker& b : plan.blockers.at(volunteers)) reasons += b.reason + "\n";
    EXPECT_NE(reasons.find("quota north"), std::string::npos) << reasons;
    const Plan back = testing::plan_from_tables(market, testing::plan_tables(market, plan));
    EXPECT_TRUE(back.unreadable.empty());
    EXPECT_EQ(testing::complaints(market, back), "");
    // The same quota with too high a lower end is said before.
    Tables high = with_limits(1, 40, 10, true, false, false);
    Table raised;
    for (const auto& [name, column] : high["quotas"].columns()) {
        raised.add(name, name == "lower" ? numbers({99, 0, 0, 0}) : column);
    }
    high["quotas"] = raised;
    const auto warnings = testing::blocking(testing::build_market(high));
    ASSERT_FALSE(warnings.empty());
    EXPECT_NE(warnings[0].problem.find("quota north"), std::string::npos);
}

TEST(MarketLimits, FaultsOfQuotasAreNamed) {
    const auto faults_with = [](const std::string& column, Column cells) {
        Tables tables = with_limits(1, 20, 6, true, false, false);
        Table quotas;
        bool found = false;
        for (const auto& [name, old] : tables["quotas"].columns()) {
            quotas.add(name, name == column ? cells : old);
            found = found || name == column;
        }
        if (!found) quotas.add(column, cells);
        tables["quotas"] = quotas;
        std::vector<Fault> faults;
        (void)testing::build_market(tables, faults);
        return faults;
    };
    const auto expect = [&](const std::string& column, Column cells, const std::string& words) {
        const auto faults = faults_with(column, std::move(cells));
        ASSERT_FALSE(faults.empty()) << words;
        EXPECT_EQ(faults[0].table, "quotas");
        EXPECT_NE(faults[0].text().find(words), std::string::npos) << faults[0].text();
    };
    expect("name", texts({"a", "a", "b", "c"}), "listed twice");
    expect("programme", texts({"nobody", "", "", ""}), "not in the table programmes");
    expect("upper", numbers({0, 2, 3, 1}), "below lower");
    expect("zones", texts({"region:R9", "", "", ""}), "no commune lies in");
    expect("naf_in", texts({"", "bakers", "", ""}), "no prefix of a NAF code");
    expect("adviser_id", texts({"", "", "", "A99"}), "not in the table advisers");
    expect("network", texts({"", "", "nobody", ""}), "not in the table advisers");
    expect("labels", texts({"gold", "", "", ""}), "not in the table advisers");
    expect("firm_column", texts({"naf", "", "", ""}), "belong together");
    expect("adviser_id", texts({"A1", "", "", ""}), "no adviser of the quota takes part");
    expect("headcount_max", numbers({-1, 0, 0, 0}), "from 0");
    EXPECT_TRUE(faults_with("headcount_max", numbers({9, 9, 9, 9})).empty());

    Tables tables = with_limits(1, 20, 6, true, true, true);
    std::vector<double> demand(20, 1), must(20, 2);
    demand[3] = 2;
    tables["firms"].add("demand", numbers(demand));
    Table firms;
    for (const auto& [name, column] : tables["firms"].columns())
        firms.add(name, name == "min_demand" ? numbers(must) : column);
    tables["firms"] = firms;
    std::vector<Fault> faults;
    (void)testing::build_market(tables, faults);
    std::string text;
    for (const Fault& f : faults) text += f.text() + "\n";
    EXPECT_NE(text.find("it exceeds the demand 1"), std::string::npos) << text;
    EXPECT_NE(text.find("has no value of staying out"), std::string::npos) << text;
    EXPECT_NE(text.find("quotas count firms with one"), std::string::npos) << text;
}

TEST(MarketLimits, AColumnOfFirmsMakesAGroup) {
    Tables tables = testing::full_tables(2, 30, 6);
    std::vector<std::string> form;
    for (std::size_t i = 0; i < 30; ++i) form.push_back(i % 3 == 0 ? "EI" : "SARL");
    tables["firms"].add("status", texts(form));
    tables["quotas"].add("name", texts({"sole traders"}));
    tables["quotas"].add("programme", texts({"volunteers"}));
    tables["quotas"].add("upper", numbers({2}));
    tables["quotas"].add("firm_column", texts({"status"}));
    tables["quotas"].add("firm_value", texts({"EI"}));
    const Market market = testing::build_market(tables);
    EXPECT_EQ(market.quotas.at(0).firms.size(), 10U);
    const Plan plan = solved(market);
    EXPECT_EQ(testing::complaints(market, plan), "");
    EXPECT_EQ(plan.quotas.at(volunteers)[0].pairs, 2);
    EXPECT_GT(plan.quotas.at(volunteers)[0].price, 0);
    EXPECT_EQ(plan.quotas.count("assign:professionals"), 0U);
    for (const Assigned& a : plan.assignments) {
        if (!(a.programme == ProgrammeId(0U)) || form[a.firm] != "EI") continue;
        const auto lines = testing::explain(market, plan, a.firm);
        EXPECT_NE(lines[0].find("its quotas (sole traders) cost"), std::string::npos) << lines[0];
    }
}

}  // namespace
}  // namespace libmatch
