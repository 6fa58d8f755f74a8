// The judge of infeasible answers accepts true ones and sees each kind of false claim.
#include <gtest/gtest.h>

#include <cpp/support/relaxed.hpp>
#include <functional>

namespace libmatch {
namespace {

/// Two firms, three advisers: a minimum load of 3 that one firm can reach, and a pin that is not
/// eligible.
SmallProblem contradiction() {
    SmallProblem p;
    p.utility = DenseSource::Matrix{{1, -HUGE_VAL, 1}, {1, 1, -HUGE_VAL}};
    p.limits.capacity = {2, 3, 1};
    p.limits.min_load = {0, 3, 0};
    p.limits.min_demand = {0, 0};
    p.limits.demand = {1, 1};
    p.limits.pinned = {{FirmId(0U), AdviserId(1U)}};
    return p;
}

/// What the judge says once the claim was changed.
check::Verdict after(const std::function<void(AssignmentResult&)>& change) {
    const auto p = contradiction();
    auto claim = solve(p);
    EXPECT_TRUE(judge(p, claim).ok());
    change(claim);
    return judge(p, claim);
}
void expect_seen(const std::function<void(AssignmentResult&)>& change, const std::string& words) {
    const auto verdict = after(change);
    ASSERT_FALSE(verdict.ok()) << words;
    bool found = false;
    for (const auto& v : verdict.violations)
        found = found || (v.subject + ": " + v.problem).find(words) != std::string::npos;
    EXPECT_TRUE(found) << verdict.violations[0].subject << ": " << verdict.violations[0].problem;
}

TEST(InfeasibleJudge, RejectsAFalseClaim) {
    auto p = contradiction();
    const auto claim = solve(p);
    p.limits.min_load = {0, 1, 0};
    p.limits.pinned.clear();
    const auto verdict = judge(p, claim);
    ASSERT_FALSE(verdict.ok());
    EXPECT_NE(verdict.violations[0].problem.find("prove only"), std::string::npos);
}

TEST(InfeasibleJudge, RejectsAClaimWithoutProof) {
    const auto p = contradiction();
    AssignmentResult claim;
    claim.certificate.status = Status::infeasible;
    claim.blockers.push_back({});
    EXPECT_FALSE(judge(p, claim).ok());
    claim.prices.assign(3, 0.0);
    EXPECT_FALSE(judge(p, claim).ok());
}

TEST(InfeasibleJudge, SeesChangedPrices) {
    expect_seen([](auto& c) { c.prices[1] = 0.5; }, "-1, 0 or 1");
    expect_seen([](auto& c) { c.prices[1] = 0; }, "has no price");
    expect_seen([](auto& c) { c.prices[0] = 1; }, "no blocker names it");
    expect_seen([](auto& c) { c.prices.pop_back(); }, "2 prices for 3 advisers");
}

TEST(InfeasibleJudge, SeesChangedBlockers) {
    expect_seen([](auto& c) { c.blockers.clear(); }, "without any blocker");
    expect_seen([](auto& c) { c.blockers.pop_back(); }, "no blocker names it");
    expect_seen([](auto& c) { ++c.blockers.back().needed; }, "units needed");
    expect_seen([](auto& c) { ++c.blockers.back().shortfall; }, "together");
    expect_seen([](auto& c) { c.blockers.back().firms = {FirmId(0U)}; }, "its firms are not");
    expect_seen([](auto& c) { c.blockers.back().advisers.push_back(AdviserId(1U)); },
                "named twice");
    expect_seen(
        [](auto& c) {
            c.blockers.front().pins = {{FirmId(1U), AdviserId(1U)}};
        },
        "a pin that does not exist");
}

TEST(InfeasibleJudge, SeesARelaxationThatIsNotTheSmallest) {
    expect_seen(
        [](auto& c) {
            c.relaxation.push_back({Relaxation::Limit::capacity, {}, AdviserId(0U), 2, 3});
        },
        "the smallest has 3");
}

TEST(InfeasibleJudge, SeesARelaxationOfOtherLimits) {
    expect_seen([](auto& c) { c.relaxation[0].before = 4; }, "does not change a limit");
    expect_seen([](auto& c) { c.relaxation[0].after = 5; }, "does not change a limit");
    expect_seen([](auto& c) { c.relaxation[0].adviser = AdviserId(7U); }, "does not change");
    expect_seen([](auto& c) { c.relaxation.back().firm = FirmId(1U); }, "does not change");
    expect_seen([](auto& c) { c.relaxation.push_back(c.relaxation.back()); }, "does not change");
}

TEST(InfeasibleJudge, SeesARelaxationThatIsNotEnough) {
    expect_seen([](auto& c) { c.relaxation.pop_back(); }, "a pin is not kept");
    expect_seen(
        [](auto& c) {
            ++c.relaxation[0].after;  // one unit less on one adviser, one more on another
            c.relaxation.push_back({Relaxation::Limit::capacity, {}, AdviserId(0U), 2, 3});
        },
        "does not meet the relaxed limits: adviser 1");
    expect_seen([](auto& c) { c.relaxed_pairs.clear(); }, "does not meet the relaxed limits");
    expect_seen(
        [](auto& c) {
            c.relaxed_pairs.push_back({FirmId(0U), AdviserId(1U)});
        },
        "not eligible, or not in order");
}

TEST(InfeasibleJudge, SeesAssignments) {
    expect_seen([](auto& c) { c.pairs = {{FirmId(1U), AdviserId(1U)}}; }, "there are assignments");
}

}  // namespace
}  // namespace libmatch
