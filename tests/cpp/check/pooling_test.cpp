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
    keyed.rule.min_sum = 20'000;
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

/// The towns with a site each, and room for one group at each.
PoolProblem towns_with_sites() {
    PoolProblem problem = towns();
    problem.sites = {{0, 0}, {100, 0}};
    problem.sessions = {1, 1};
    problem.seats = {3, 3};
    return problem;
}

PoolResult truth_at_sites() {
    PoolResult result = truth();
    result.groups[1].seat = 1;
    result.site_prices = {0, 0};
    result.missing[5] = 0;  // no site is in its reach
    return result;
}

TEST(PoolJudge, SeesSitesThatAreOverrun) {
    PoolProblem problem = towns_with_sites();
    ASSERT_TRUE(check::verify(problem, truth_at_sites()).ok());
    problem.sessions = {1, 0};
    EXPECT_TRUE(
        says(problem, truth_at_sites(), "site 1", "1 groups meet there, it has 0 sessions"));
    problem = towns_with_sites();
    problem.seats = {2, 3};
    EXPECT_TRUE(says(problem, truth_at_sites(), "group 0", "3 members; site 0 has 2 seats"));
}

TEST(PoolJudge, CountsPricesOfSites) {
    const PoolProblem problem = towns_with_sites();
    PoolResult result = truth_at_sites();
    // A session may carry what its members' prices do not.
    result.prices[3] = result.prices[4] = 0.3;
    EXPECT_TRUE(
        says(problem, result, "site 1 for the cell of firm 0", "of its members and its site"));
    result.site_prices[1] = 0.35;
    const check::Verdict verdict = check::verify(problem, result);
    EXPECT_TRUE(verdict.ok()) << verdict.violations.front().problem;
    EXPECT_NEAR(verdict.stages[0].bound, 2.88, 1e-12);
    PoolProblem more = problem;
    more.sessions[1] = 2;
    EXPECT_TRUE(says(more, result, "bound", "2.88 is claimed, the prices sum to 3.23"));
    more.sessions[1] = HUGE_VAL;
    EXPECT_TRUE(says(more, result, "site 1", "its sessions have no limit"));
    result.site_prices[1] = -0.1;
    EXPECT_TRUE(says(problem, result, "site 1", "not a number of at least 0"));
    result.site_prices.pop_back();
    EXPECT_TRUE(says(problem, result, "prices of sites", "1 prices for 2 sites"));
}

TEST(PoolJudge, KnowsARuleThatMeetsAtMembersBesideSites) {
    PoolProblem problem = towns_with_sites();
    problem.rules[0].rule.seat = SeatKind::member;
    PoolResult result = truth();
    EXPECT_TRUE(check::verify(problem, result).ok());
    result.groups[1].seat = 1;
    EXPECT_TRUE(says(problem, result, "group 1", "firm 1, is no member"));
}

TEST(PoolJudge, SeesPairsThatAreBroken) {
    PoolProblem problem = towns();
    problem.together = {{FirmId(0U), FirmId(2U)}};
    problem.apart = {{FirmId(1U), FirmId(3U)}};
    ASSERT_TRUE(check::verify(problem, truth()).ok());
    problem.together.push_back({FirmId(3U), FirmId(5U)});
    EXPECT_TRUE(says(problem, truth(), "firms 3 and 5", "not in one group"));
    problem = towns();
    problem.apart = {{FirmId(4U), FirmId(3U)}};
    EXPECT_TRUE(says(problem, truth(), "firms 4 and 3", "both in group 1"));
}

TEST(PoolJudge, ProvesPricesByPairs) {
    // Without firm 1, the first town's group is worth nothing under a minimum of 20000.
    PoolProblem problem = towns();
    problem.apart = {{FirmId(0U), FirmId(1U)}};
    PoolResult result = truth();
    result.groups.erase(result.groups.begin());
    result.prices = {0, 0, 0, 0.475, 0.475, 0};
    result.reasons = {PoolReason::kept_apart, PoolReason::kept_apart, PoolReason::not_worth,
                      PoolReason::pooled,     PoolReason::pooled,     PoolReason::not_worth};
    result.missing.clear();
    result.reasons[0] = result.reasons[1] = PoolReason::not_worth;
    result.certificate.objective = result.certificate.bound = 0.95;
    const check::Verdict verdict = check::verify(problem, result);
    EXPECT_TRUE(verdict.ok()) << verdict.violations.front().problem;
    problem.apart.clear();
    EXPECT_TRUE(says(problem, result, "firm 0", "the lawful group {0, 1, 2} is worth"));
    // Together, the prices of both count, however they are shared.
    problem.together = {{FirmId(0U), FirmId(1U)}};
    result = truth();
    result.prices[0] = 0;
    result.prices[1] = 2 * 1.93 / 3;
    EXPECT_TRUE(check::verify(problem, result).ok());
    result.prices[1] -= 0.2;
    result.certificate.bound -= 0.2;
    EXPECT_TRUE(says(problem, result, "firm 0", "the lawful group {0, 1, 2} is worth 0.2 more"));
    // Together with a firm of another town, nobody there can pool.
    problem.together = {{FirmId(0U), FirmId(3U)}};
    result.groups.clear();
    result.prices.assign(6, 0);
    result.reasons.clear();
    result.missing.clear();
    result.certificate.objective = result.certificate.bound = 0;
    EXPECT_TRUE(check::verify(problem, result).ok());
}

TEST(PoolJudge, SeesFalseReasons) {
    const auto lie = [](PoolReason reason) {
        PoolResult result = truth();
        result.missing.clear();
        result.reasons[5] = reason;
        return result;
    };
    const PoolProblem problem = towns();
    EXPECT_TRUE(says(problem, lie(PoolReason::no_rule), "firm 5", "a rule covers it"));
    EXPECT_TRUE(says(problem, lie(PoolReason::amount_over_max), "firm 5", "takes its amount"));
    EXPECT_TRUE(says(problem, lie(PoolReason::bound_to_others), "firm 5", "share keys and a seat"));
    EXPECT_TRUE(says(problem, lie(PoolReason::kept_apart), "firm 5", "would take it but for that"));
    PoolResult result = truth();
    result.missing[5] = 14'000;
    EXPECT_TRUE(says(problem, result, "firm 5", "14000 is claimed, 14999.99998 is found"));
    result = truth();
    result.missing[4] = 1;
    EXPECT_TRUE(says(problem, result, "firm 4", "1 is claimed, 0 is found"));
    PoolProblem near = problem;
    near.place[5] = {10, 0};
    EXPECT_TRUE(says(near, truth(), "firm 5", "a lawful sum and number of firms is within reach"));
}

TEST(PoolJudge, SeesAFalseNearestGroup) {
    PoolProblem problem = towns();
    problem.place[5] = {60, 0};
    problem.rules[0].rule.max_members = 2;
    problem.rules[0].rule.min_sum = 17'000;
    PoolResult result;
    result.groups = {{0, 0, {FirmId(0U), FirmId(1U)}}, {0, 3, {FirmId(3U), FirmId(4U)}}};
    result.prices.assign(6, 1);
    result.certificate.status = Status::time_limit;
    result.certificate.objective = 0.97 + 0.95;
    result.certificate.bound = 6;
    result.nearest.resize(6);
    result.nearest[2] = {0, 4, 0, 0, 1, false, 0};
    result.nearest[5] = {1, 40, 20, 0, 1, false, 0};
    const check::Verdict verdict = check::verify(problem, result);
    ASSERT_TRUE(verdict.ok()) << verdict.violations.front().problem;
    const auto lie = [&](std::size_t i, auto change) {
        PoolResult copy = result;
        change(copy.nearest[i]);
        return copy;
    };
    EXPECT_TRUE(says(problem, lie(5, [](NearestGroup& at) { at = {0, 60, 40, 0, 1, false, 0}; }),
                     "firm 5", "group 1 is nearer than group 0"));
    EXPECT_TRUE(says(problem, lie(5, [](NearestGroup& at) { at = {}; }), "firm 5",
                     "no nearest group is named"));
    EXPECT_TRUE(
        says(problem, lie(5, [](NearestGroup& at) { at.group = 7; }), "firm 5", "does not exist"));
    EXPECT_TRUE(says(problem, lie(0, [](NearestGroup& at) { at.group = 1; }), "firm 0",
                     "yet it is in a group"));
    EXPECT_TRUE(
        says(problem, lie(5, [](NearestGroup& at) { at.km = 39; }), "firm 5", "a distance of 39"));
    EXPECT_TRUE(
        says(problem, lie(5, [](NearestGroup& at) { at.more_km = 0; }), "firm 5", "a need of km"));
    EXPECT_TRUE(says(problem, lie(5, [](NearestGroup& at) { at.places = 0; }), "firm 5",
                     "a need of places"));
    EXPECT_TRUE(says(problem, lie(2, [](NearestGroup& at) { at.more_eur = 5; }), "firm 2",
                     "a need of amount"));
    EXPECT_TRUE(says(problem, lie(2, [](NearestGroup& at) { at.more_value = 1; }), "firm 2",
                     "a need of value"));
    EXPECT_TRUE(
        says(problem, lie(2, [](NearestGroup& at) { at.apart = true; }), "firm 2", "kept apart"));
}

}  // namespace
