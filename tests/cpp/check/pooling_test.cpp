// The judge of pooling: a true answer passes, and each kind of lie is caught and named.
#include <gtest/gtest.h>

#include <libmatch/check/pooling.hpp>

namespace {

using namespace libmatch;

/// Two towns 100 km apart; three firms in the first, two in the second, one alone in between.
PoolProblem towns() {
    PoolProblem problem;
    problem.amount = {9'000, 9'000, 8'000, 12'000, 12'000, 5'000};
    problem.metric = Metric::plane;
    problem.place = {{0, 0}, {3, 0}, {0, 4}, {100, 0}, {100, 5}, {50, 0}};
    PoolRule keyed;
    keyed.rule.name = "near";
    keyed.rule.max_radius_km = 20;
    keyed.rule.max_members = 4;
    keyed.rule.max_sum = 30'000;
    keyed.rule.opening_cost = 1;
    keyed.rule.cost_per_km = 0.01;
    keyed.cell = {0, 0, 0, 0, 0, 0};
    problem.rules = {keyed};
    return problem;
}

/// Seats at firms 0 and 3: 3 - 0.07 - 1 and 2 - 0.05 - 1.
PoolResult truth() {
    PoolResult result;
    result.groups = {{0, 0, {FirmId(0U), FirmId(1U), FirmId(2U)}},
                     {0, 3, {FirmId(3U), FirmId(4U)}}};
    result.prices = {1.93 / 3, 1.93 / 3, 1.93 / 3, 0.475, 0.475, 0};
    result.reasons.assign(6, PoolReason::pooled);
    result.reasons[5] = PoolReason::too_few_neighbours;
    result.missing = {0, 0, 0, 0, 0, 15'000};
    result.certificate.objective = 1.93 + 0.95;
    result.certificate.bound = 1.93 + 0.95;
    return result;
}

::testing::AssertionResult says(const PoolProblem& problem, const PoolResult& result,
                                const std::string& subject, const std::string& words) {
    std::string all;
    for (const auto& v : check::verify(problem, result).violations) {
        if (v.stage == "pool" && v.subject == subject &&
            v.problem.find(words) != std::string::npos) {
            return ::testing::AssertionSuccess();
        }
        all += v.subject + ": " + v.problem + "\n";
    }
    return ::testing::AssertionFailure() << "said instead:\n" << all;
}

TEST(PoolJudge, AcceptsTheTruth) {
    const check::Verdict verdict = check::verify(towns(), truth());
    EXPECT_TRUE(verdict.ok()) << verdict.violations.front().subject
                              << verdict.violations.front().problem;
    ASSERT_EQ(verdict.stages.size(), 1u);
    EXPECT_NEAR(verdict.stages[0].objective, 2.88, 1e-12);
    EXPECT_NEAR(verdict.stages[0].bound, 2.88, 1e-12);
}

TEST(PoolJudge, SeesAMemberThatMovedToAnotherGroup) {
    PoolResult lie = truth();
    lie.groups[0].members = {FirmId(0U), FirmId(1U)};
    lie.groups[1].members = {FirmId(2U), FirmId(3U), FirmId(4U)};
    EXPECT_TRUE(says(towns(), lie, "group 0", "under the minimum 20000"));
    EXPECT_TRUE(says(towns(), lie, "group 1", "firm 2 is 100.079"));
    EXPECT_TRUE(says(towns(), lie, "group 1", "over the maximum 30000"));
}

TEST(PoolJudge, SeesAMemberTwice) {
    PoolResult lie = truth();
    lie.groups[1].members = {FirmId(1U), FirmId(3U), FirmId(4U)};
    EXPECT_TRUE(says(towns(), lie, "group 1", "firm 1 is also in group 0"));
}

TEST(PoolJudge, SeesIdsOutOfRange) {
    PoolResult lie = truth();
    lie.groups[0].members[2] = FirmId(6U);
    EXPECT_TRUE(says(towns(), lie, "group 0", "member 6 does not exist"));
    lie = truth();
    lie.groups[1].rule = 1;
    EXPECT_TRUE(says(towns(), lie, "group 1", "rule 1 does not exist"));
}

TEST(PoolJudge, SeesASeatThatIsNoMember) {
    PoolResult lie = truth();
    lie.groups[0].seat = 3;
    EXPECT_TRUE(says(towns(), lie, "group 0", "firm 3, is no member"));
    lie.groups[0].seat = 99;
    EXPECT_TRUE(says(towns(), lie, "group 0", "firm 99, is no member"));
    PoolProblem problem = towns();
    problem.sites = {{0, 0}};
    EXPECT_TRUE(says(problem, truth(), "group 1", "site 3 does not exist"));
}

TEST(PoolJudge, SeesASeatThatCostsMoreThanClaimed) {
    PoolResult lie = truth();
    lie.groups[0].seat = 1;
    EXPECT_TRUE(says(towns(), lie, "objective", "2.88 is claimed, 2.87 is found"));
}

TEST(PoolJudge, SeesKeysThatDiffer) {
    PoolProblem problem = towns();
    problem.rules[0].cell[4] = 1;
    EXPECT_TRUE(says(problem, truth(), "group 1", "firm 4 does not share the keys of rule near"));
    problem.rules[0].cell[4] = PoolRule::no_cell;
    EXPECT_TRUE(says(problem, truth(), "group 1", "firm 4 is not under rule near"));
}

TEST(PoolJudge, SeesTooManyAndTooFewMembers) {
    PoolProblem problem = towns();
    problem.rules[0].rule.max_members = 2;
    EXPECT_TRUE(says(problem, truth(), "group 0", "3 members; rule near allows 1 to 2"));
    problem.rules[0].rule.max_members = 9;
    problem.rules[0].rule.min_members = 3;
    EXPECT_TRUE(says(problem, truth(), "group 1", "2 members; rule near allows 3 to 9"));
}

TEST(PoolJudge, SeesAPriceThatProvesTooMuch) {
    PoolResult lie = truth();
    lie.prices[2] -= 0.1;
    lie.certificate.bound -= 0.1;
    EXPECT_TRUE(says(towns(), lie, "firm 0", "the lawful group {0, 1, 2} is worth 0.1 more"));
    EXPECT_TRUE(says(towns(), lie, "bound", "is above the bound"));
    lie.prices[2] = -0.2;
    EXPECT_TRUE(says(towns(), lie, "firm 2", "not a number of at least 0"));
    lie.prices[2] = NAN;
    EXPECT_TRUE(says(towns(), lie, "firm 2", "not a number of at least 0"));
    lie.prices.pop_back();
    EXPECT_TRUE(says(towns(), lie, "prices", "5 prices for 6 firms"));
}

TEST(PoolJudge, SeesClaimsThatAreNotFound) {
    PoolResult lie = truth();
    lie.certificate.objective = 3;
    EXPECT_TRUE(says(towns(), lie, "objective", "3 is claimed, 2.88 is found"));
    lie = truth();
    lie.certificate.bound = 2.9;
    EXPECT_TRUE(says(towns(), lie, "bound", "2.9 is claimed, the prices sum to 2.88"));
    lie = truth();
    lie.prices[5] = 1;
    lie.certificate.bound += 1;
    EXPECT_TRUE(says(towns(), lie, "status", "optimal is claimed"));
    lie = truth();
    lie.certificate.status = Status::infeasible;
    EXPECT_TRUE(says(towns(), lie, "status", "infeasible is claimed"));
}

TEST(PoolJudge, SeesAReasonThatContradictsThePlan) {
    PoolResult lie = truth();
    lie.reasons[5] = PoolReason::pooled;
    EXPECT_TRUE(says(towns(), lie, "firm 5", "in no group"));
    lie.reasons[5] = PoolReason::not_worth;
    lie.reasons[0] = PoolReason::not_worth;
    EXPECT_TRUE(says(towns(), lie, "firm 0", "yet it is in a group"));
}

TEST(PoolJudge, AsksEverySeatOfEveryKind) {
    PoolProblem problem = towns();
    PoolResult nothing;
    nothing.prices.assign(6, 0);
    nothing.reasons.assign(6, PoolReason::not_worth);
    EXPECT_TRUE(says(problem, nothing, "firm 3", "the lawful group {3, 4}"));
    problem.sites = {{100, 2}};
    EXPECT_TRUE(says(problem, nothing, "site 0 for the cell of firm 0", "the lawful group {3, 4}"));
    problem.sites.clear();
    problem.place.clear();
    problem.metric = Metric::none;
    EXPECT_TRUE(says(problem, nothing, "the cell of firm 0", "lawful group"));
}

TEST(PoolJudge, TriesFirmsInAndOutWhereTheRelaxedBoundDoubts) {
    // Sums from 20 to 21 of 12s and 9s: {12, 9} only. Relaxed, one and two thirds of a 12 would do.
    PoolProblem problem;
    problem.amount = {12, 12, 9};
    problem.value = {1, 1, 0.2};
    problem.rules.emplace_back();
    problem.rules[0].rule.min_sum = 20;
    problem.rules[0].rule.max_sum = 21;
    PoolResult result;
    result.groups = {{0, 0, {FirmId(0U), FirmId(2U)}}};
    result.prices = {0.6, 0.6, 0.6};
    result.reasons = {PoolReason::pooled, PoolReason::not_worth, PoolReason::pooled};
    result.missing.assign(3, 0);
    result.certificate.status = Status::time_limit;
    result.certificate.objective = 1.2;
    result.certificate.bound = 1.8;
    EXPECT_TRUE(check::verify(problem, result).ok());
    result.prices[2] = 0.5;
    result.certificate.bound = 1.7;
    EXPECT_TRUE(says(problem, result, "the cell of firm 0", "is worth 0.1 more"));
}

}  // namespace
