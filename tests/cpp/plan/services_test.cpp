// Workshops, visits and shared staff of a whole plan: lawful, proven, told, and left out where the
// market has no rule of them.
#include <gtest/gtest.h>

#include "cpp/support/services_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

Plan solved(const Market& market, std::vector<std::string> stages = {}, unsigned threads = 1,
            std::optional<double> limit = {}) {
    SolveOptions options;
    options.threads = threads;
    options.stages = std::move(stages);
    Control control(limit);
    return testing::solve(market, options, control);
}

TEST(Services, EveryStageIsLawfulAndProven) {
    std::size_t sessions = 0, jobs = 0, visits = 0;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        const Market market = testing::build_market(testing::services_tables(seed));
        const Plan plan = solved(market);
        for (const auto& name : {stage::workshops, stage::visits, stage::shared_staff}) {
            ASSERT_NE(plan.certificate(name), nullptr) << name;
            EXPECT_LE(plan.certificate(name)->gap(), 0.25) << name << " " << seed;
        }
        EXPECT_EQ(plan.certificate(stage::visit_choices), nullptr);
        const auto verdict = testing::verify(market, plan);
        EXPECT_TRUE(verdict.ok()) << seed << "\n" << testing::complaints(verdict);
        sessions += plan.workshops.size();
        jobs += plan.shared_staff.size();
        visits += plan.visits.size();
    }
    EXPECT_GT(sessions, 5U);
    EXPECT_GT(jobs, 10U);
    EXPECT_GT(visits, 50U);
}

TEST(Services, FirmsChooseWhoseVisitTheyWaitForWhereNobodyAssignedThem) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        const Market market = testing::build_market(testing::services_tables(seed));
        const Plan plan = solved(market, {"visits"});
        ASSERT_NE(plan.certificate(stage::visit_choices), nullptr);
        EXPECT_FALSE(plan.visit_choices.empty());
        EXPECT_FALSE(plan.visits.empty());
        const auto verdict = testing::verify(market, plan);
        EXPECT_TRUE(verdict.ok()) << seed << "\n" << testing::complaints(verdict);
    }
}

TEST(Services, WithoutRulesTheStagesLeaveNothing) {
    const Market market = testing::build_market(testing::full_tables(1));
    const Plan plan = solved(market, {"workshops", "visits", "shared_staff"});
    EXPECT_TRUE(plan.certificates.empty());
    EXPECT_TRUE(plan.unserved.empty());
    EXPECT_TRUE(plan.prices.empty());
    EXPECT_TRUE(testing::verify(market, plan).ok());
}

TEST(Services, APlanReadBackIsTheSameOnAnyNumberOfThreads) {
    const Market market = testing::build_market(testing::services_tables(3, 60, 12));
    for (const std::vector<std::string>& stages :
         {std::vector<std::string>{}, std::vector<std::string>{"workshops", "visits"}}) {
        const Plan plan = solved(market, stages);
        EXPECT_EQ(testing::bits(market, plan), testing::bits(market, solved(market, stages, 3)));
        const Plan back = testing::plan_from_tables(market, testing::plan_tables(market, plan));
        EXPECT_TRUE(back.unreadable.empty());
        EXPECT_EQ(testing::bits(market, plan), testing::bits(market, back));
        const auto verdict = testing::verify(market, back);
        EXPECT_TRUE(verdict.ok()) << testing::complaints(verdict);
    }
}

TEST(Services, StoppedAtOnceIsLawfulWithATrueBound) {
    const Market market = testing::build_market(testing::services_tables(2));
    for (const std::vector<std::string>& stages :
         {std::vector<std::string>{}, std::vector<std::string>{"workshops", "visits"}}) {
        const Plan plan = solved(market, stages, 1, 0.0);
        const auto verdict = testing::verify(market, plan);
        EXPECT_TRUE(verdict.ok()) << testing::complaints(verdict);
    }
}

TEST(Services, ThePlanTellsThemToEachFirm) {
    const Market market = testing::build_market(testing::services_tables(4));
    const Plan plan = solved(market);
    const auto told = [&](FirmId i) {
        std::string text;
        for (const auto& line : testing::explain(market, plan, i)) text += line + "\n";
        return text;
    };
    const Group& session = plan.workshops.at(0);
    EXPECT_NE(
        told(session.members[0].firm).find("workshop " + market.workshops[session.rule].rule.name),
        std::string::npos);
    EXPECT_NE(told(session.members[0].firm).find(market.sites[session.seat].name),
              std::string::npos);
    EXPECT_NE(told(plan.shared_staff.at(0).members[0].firm).find("shared job"), std::string::npos);
    EXPECT_NE(told(plan.visits.at(0).firm).find("visit: adviser"), std::string::npos);
    for (const Unserved& u : plan.unserved) {
        if (u.stage != stage::visits) continue;
        EXPECT_NE(told(u.firm).find("visits: left out, because"), std::string::npos);
        break;
    }
}

}  // namespace
}  // namespace libmatch
