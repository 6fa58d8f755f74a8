#include <gtest/gtest.h>

#include "cpp/support/full_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

Plan solved(const Market& market, unsigned threads = 1, bool exact = false) {
    SolveOptions options;
    options.threads = threads;
    options.exact = exact;
    Control control;
    return testing::solve(market, options, control);
}

TEST(Solve, EveryStageIsLawfulAndProven) {
    for (std::uint64_t seed = 0; seed < 15; ++seed) {
        const Market market = testing::build_market(testing::full_tables(seed));
        const Plan plan = solved(market);
        EXPECT_EQ(plan.certificates.size(), 7U);
        const auto verdict = testing::verify(market, plan);
        EXPECT_TRUE(verdict.ok()) << seed << "\n" << testing::complaints(verdict);
        for (const auto& stage : verdict.stages)
            EXPECT_GE(stage.bound, stage.objective - 1e-6) << stage.stage;
        EXPECT_FALSE(plan.assignments.empty());
        EXPECT_FALSE(plan.grants.empty());
        EXPECT_FALSE(plan.resources.empty());
    }
}

TEST(Solve, DossiersFormAndFindLeadsAndLenders) {
    std::size_t dossiers = 0, led = 0, lent = 0;
    for (std::uint64_t seed = 0; seed < 15; ++seed) {
        const Market market = testing::build_market(testing::full_tables(seed));
        const Plan plan = solved(market);
        for (const Dossier& d : plan.dossiers) {
            ++dossiers;
            led += d.lead.known() ? 1 : 0;
            lent += d.lender.known() ? 1 : 0;
            EXPECT_GE(d.sum_eur, 20'000 - 0.01);
        }
    }
    EXPECT_GT(dossiers, 20U);
    EXPECT_GT(led, 20U);
    EXPECT_GT(lent, 20U);
}

TEST(Solve, ExactModeHasNoGapAndIsNeverWorse) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        const Market market = testing::build_market(testing::full_tables(seed));
        const Plan fast = solved(market), exact = solved(market, 1, true);
        const Certificate* c = exact.certificate("assign:volunteers");
        EXPECT_EQ(c->status, Status::optimal);
        EXPECT_EQ(c->gap(), 0);
        EXPECT_GE(c->objective, fast.certificate("assign:volunteers")->objective - 1e-6 * 60);
        const auto verdict = testing::verify(market, exact);
        EXPECT_TRUE(verdict.ok()) << testing::complaints(verdict);
    }
}

TEST(Solve, LargeMarketsAreTheSameOnAnyNumberOfThreads) {
    const Market market = testing::build_market(testing::full_tables(3, 400, 24));
    const std::string one = testing::bits(market, solved(market, 1));
    EXPECT_EQ(one, testing::bits(market, solved(market, 2)));
    EXPECT_EQ(one, testing::bits(market, solved(market, 3)));
}

TEST(Solve, LargeProgrammesSideBySideAreAssignedAsEachAlone) {
    Tables tables = testing::full_tables(3, 400, 24);
    Table programmes;
    for (const auto& [name, column] : tables["programmes"].columns()) {
        if (name != "after") programmes.add(name, column);
    }
    tables["programmes"] = programmes;
    const Market market = testing::build_market(tables);
    const Plan one = solved(market, 1);
    EXPECT_TRUE(testing::verify(market, one).ok());
    EXPECT_EQ(testing::bits(market, one), testing::bits(market, solved(market, 2)));
    SolveOptions options;
    options.threads = 2;
    options.stages = {"assign"};
    Control stopped(0.0);
    const Plan early = testing::solve(market, options, stopped);
    EXPECT_TRUE(testing::verify(market, early).ok());
    for (const auto& [stage, c] : early.certificates) EXPECT_EQ(c.status, Status::time_limit);
}

TEST(Solve, StagesCanBeChosenAndUnknownOnesAreNamed) {
    const Market market = testing::build_market(testing::full_tables(1));
    SolveOptions options;
    options.stages = {"assign"};
    Control control;
    const Plan plan = testing::solve(market, options, control);
    EXPECT_EQ(plan.certificates.size(), 2U);
    EXPECT_TRUE(plan.grants.empty());
    EXPECT_TRUE(testing::verify(market, plan).ok());
    options.stages = {"assign", "lunch"};
    try {
        (void)testing::solve(market, options, control);
        FAIL() << "an unknown stage was accepted";
    } catch (const InputError& e) {
        EXPECT_EQ(e.faults().at(0).value, "lunch");
    }
}

TEST(Solve, ATimeLimitOfZeroStillGivesALawfulPlanWithATrueBound) {
    const Market market = testing::build_market(testing::full_tables(2, 300, 20));
    Control control(0.0);
    const Plan plan = testing::solve(market, {}, control);
    const auto verdict = testing::verify(market, plan);
    EXPECT_TRUE(verdict.ok()) << testing::complaints(verdict);
    const double best = solved(market).certificate("assign:volunteers")->objective;
    EXPECT_GE(plan.certificate("assign:volunteers")->bound, best);
    EXPECT_EQ(plan.certificate("assign:volunteers")->status, Status::time_limit);
}

TEST(PlanTables, APlanReadBackIsTheSamePlan) {
    const Market market = testing::build_market(testing::full_tables(4));
    const Plan plan = solved(market);
    const Plan back = testing::plan_from_tables(market, testing::plan_tables(market, plan));
    EXPECT_TRUE(back.unreadable.empty());
    EXPECT_EQ(testing::bits(market, plan), testing::bits(market, back));
    EXPECT_TRUE(testing::verify(market, back).ok());
}

TEST(Explain, NamesTheAdviserTheRuleAndThePrice) {
    const Market market = testing::build_market(testing::full_tables(5));
    const Plan plan = solved(market);
    const Assigned& a = plan.assignments.front();
    const auto lines = testing::explain(market, plan, a.firm);
    ASSERT_FALSE(lines.empty());
    EXPECT_NE(lines[0].find(market.advisers.id[a.adviser]), std::string::npos);
    const auto why = testing::why_not(market, plan, a.firm, a.adviser);
    ASSERT_EQ(why.size(), 2U);
    EXPECT_NE(why[0].find("does have this adviser"), std::string::npos);
    EXPECT_NE(why[1].find("another network"), std::string::npos);
}

TEST(Blocking, WarnsBeforeTheWorkStarts) {
    Tables tables = testing::full_tables(6);
    EXPECT_TRUE(testing::blocking(testing::build_market(tables)).empty());
    tables["programmes"].add("labels_required", testing::texts({"", "diamond"}));
    const auto warnings = testing::blocking(testing::build_market(tables));
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_EQ(warnings[0].value, "professionals");
    EXPECT_EQ(warnings[0].severity, Fault::Severity::warning);
}

}  // namespace
}  // namespace libmatch
