#include <gtest/gtest.h>

#include <cpp/support/small_problem.hpp>
#include <libmatch/assign/assign.hpp>

namespace libmatch {
namespace {

SmallProblem of(std::vector<std::vector<double>> utility, std::vector<std::int64_t> capacity) {
    SmallProblem p;
    p.utility.resize(static_cast<Eigen::Index>(utility.size()),
                     static_cast<Eigen::Index>(capacity.size()));
    for (std::size_t i = 0; i < utility.size(); ++i) {
        for (std::size_t j = 0; j < capacity.size(); ++j) {
            p.utility(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) = utility[i][j];
        }
    }
    p.limits.capacity = std::move(capacity);
    return p;
}

SmallProblem large_problem(std::size_t firms, std::size_t advisers) {
    Random random(11);
    SmallProblem p;
    p.utility.resize(static_cast<Eigen::Index>(firms), static_cast<Eigen::Index>(advisers));
    for (Eigen::Index i = 0; i < p.utility.rows(); ++i) {
        for (Eigen::Index j = 0; j < p.utility.cols(); ++j) p.utility(i, j) = random.uniform();
    }
    p.limits.capacity.assign(advisers, static_cast<std::int64_t>(firms / advisers * 3 / 4));
    return p;
}

TEST(Assign, TakesTheBestOfTwoByTwo) {
    const auto p = of({{9, 8}, {8, 1}}, {1, 1});
    const auto r = solve(p, {.exact = true});
    EXPECT_EQ(r.pairs,
              (std::vector<Pair>{{FirmId(0U), AdviserId(1U)}, {FirmId(1U), AdviserId(0U)}}));
    EXPECT_EQ(r.certificate.objective, 16);
    EXPECT_EQ(r.certificate.bound, 16);
    EXPECT_EQ(r.certificate.status, Status::optimal);
}

TEST(Assign, LeavesFirmsOutRatherThanLose) {
    const auto r = solve(of({{-1}, {-2}}, {5}), {.exact = true});
    EXPECT_TRUE(r.pairs.empty());
    EXPECT_EQ(r.certificate.bound, 0);
    EXPECT_EQ(r.certificate.status, Status::optimal);
}

TEST(Assign, MinimumLoadPaysWithANegativePrice) {
    auto p = of({{-3}, {-5}}, {2});
    p.limits.min_load = {1};
    const auto r = solve(p, {.exact = true});
    EXPECT_EQ(r.certificate.objective, -3);
    EXPECT_EQ(r.certificate.bound, -3);
    EXPECT_LE(r.prices[0], -3);
}

TEST(Assign, PinKeepsAPairThatLoses) {
    auto p = of({{-3, 4}}, {1, 1});
    p.limits.pinned = {{FirmId(0U), AdviserId(0U)}};
    for (const bool exact : {false, true}) {
        const auto r = solve(p, {.exact = exact});
        EXPECT_EQ(r.pairs, p.limits.pinned);
        EXPECT_EQ(r.certificate.objective, -3);
    }
}

TEST(Assign, EqualUtilitiesThatSinglePrecisionRoundsDownEnd) {
    SmallProblem p;
    p.utility.resize(50, 40);
    p.utility.setConstant(0.7);  // as a float it is less than 0.7
    p.limits.capacity.assign(40, 1);
    const auto r = solve(p, {.candidates = 8});
    EXPECT_EQ(r.pairs.size(), 40U);
    EXPECT_LE(r.certificate.gap(), 1e-4);
}

TEST(Assign, RealUtilitiesCloseTheGapOnShortLists) {
    const auto p = large_problem(1'000, 50);
    const auto r = solve(p, {.gap = 1e-4, .candidates = 4});
    EXPECT_EQ(p.broken_limit(r.pairs), "");
    EXPECT_NEAR(r.certificate.objective, p.objective_of(r.pairs), 1e-9);
    EXPECT_NEAR(r.certificate.bound, p.bound_at(r.prices), 1e-9);
    EXPECT_LE(r.certificate.gap(), 1e-4);
    EXPECT_GE(r.certificate.gap(), 0);
}

TEST(Assign, ExactModeEqualsTheBoundInItsUnit) {
    const auto p = large_problem(600, 30);
    const auto r = solve(p, {.exact = true, .unit = 1e-6});
    EXPECT_EQ(r.certificate.objective, r.certificate.bound);
    EXPECT_EQ(r.certificate.unit, 1e-6);
    EXPECT_EQ(r.certificate.status, Status::optimal);
    // Rounding every utility to a unit moves the sum by half a unit per firm at most.
    EXPECT_NEAR(r.certificate.objective, p.objective_of(r.pairs), 600 * 0.5e-6);
}

class AssignThreads : public testing::TestWithParam<bool> {};

TEST_P(AssignThreads, GiveTheSameBits) {
    auto p = large_problem(1'500, 40);
    const AssignmentOptions one{.exact = GetParam(), .candidates = 6, .threads = 1};
    const auto expected = solve(p, one);
    for (const unsigned threads : {2U, 3U}) {
        AssignmentOptions more = one;
        more.threads = threads;
        const auto r = solve(p, more);
        EXPECT_EQ(r.pairs, expected.pairs);
        EXPECT_EQ(r.prices, expected.prices);
        EXPECT_EQ(r.certificate.objective, expected.certificate.objective);
        EXPECT_EQ(r.certificate.bound, expected.certificate.bound);
    }
}
INSTANTIATE_TEST_SUITE_P(Modes, AssignThreads, testing::Bool(),
                         [](const auto& i) { return i.param ? "exact" : "within_gap"; });

// ---- stopped early ----

void expect_true_bound(const SmallProblem& p, const AssignmentResult& stopped) {
    const auto best = solve(p, {.exact = true});
    EXPECT_EQ(p.broken_limit(stopped.pairs), "");
    EXPECT_NEAR(stopped.certificate.bound, p.bound_at(stopped.prices), 1e-3);
    EXPECT_GE(stopped.certificate.bound, best.certificate.objective - 1e-3);
    EXPECT_LE(stopped.certificate.objective, best.certificate.objective + 1e-3);
}

TEST(AssignStopped, AtOnceIsLawfulAndBounded) {
    const auto p = large_problem(400, 20);
    const DenseSource source(p.utility);
    for (const bool exact : {false, true}) {
        Control control(0.0);
        const auto r = assign(source, p.limits, {.exact = exact}, control);
        EXPECT_EQ(r.certificate.status, Status::time_limit);
        expect_true_bound(p, r);
    }
}

TEST(AssignStopped, AtOnceWithMinimumsHasATrueBound) {
    auto p = large_problem(60, 5);
    p.limits.min_load.assign(5, 2);
    p.limits.pinned = {{FirmId(3U), AdviserId(1U)}};
    const DenseSource source(p.utility);
    Control control(0.0);
    const auto r = assign(source, p.limits, {}, control);
    EXPECT_EQ(r.certificate.status, Status::time_limit);
    EXPECT_EQ(r.pairs, p.limits.pinned);
    EXPECT_NEAR(r.certificate.bound, p.bound_at(r.prices), 1e-9);
    EXPECT_GE(r.certificate.bound, solve(p, {.exact = true}).certificate.objective);
}

TEST(AssignStopped, ByTheListenerAnyTimeIsLawfulAndBounded) {
    const auto p = large_problem(400, 20);
    const DenseSource source(p.utility);
    Control control(std::nullopt, [](const Progress&) { return false; });
    const auto r = assign(source, p.limits, {.exact = true}, control);
    EXPECT_EQ(r.certificate.status, Status::cancelled);
    expect_true_bound(p, r);
}

TEST(AssignStopped, AfterMomentsIsLawfulAndBounded) {
    auto p = large_problem(400, 20);
    p.limits.demand.assign(400, 2);
    const DenseSource source(p.utility);
    for (const double limit : {1e-4, 1e-3, 4e-3, 1e-2}) {
        Control control(limit);
        const auto r = assign(source, p.limits, {.exact = true}, control);
        expect_true_bound(p, r);
    }
}

// ---- what cannot be ----

TEST(AssignBlockers, PinBeyondCapacityIsNamed) {
    auto p = of({{1}, {1}}, {1});
    p.limits.pinned = {{FirmId(0U), AdviserId(0U)}, {FirmId(1U), AdviserId(0U)}};
    const auto r = solve(p);
    ASSERT_EQ(r.certificate.status, Status::infeasible);
    ASSERT_EQ(r.blockers.size(), 1U);
    EXPECT_EQ(r.blockers[0].kind, Blocker::Kind::pin);
    EXPECT_EQ(r.blockers[0].pins, p.limits.pinned);
    EXPECT_EQ(r.blockers[0].needed, 2);
    EXPECT_EQ(r.blockers[0].reachable, 1);
}

TEST(AssignBlockers, PinThatIsNotEligibleIsNamed) {
    auto p = of({{-HUGE_VAL, 1}}, {1, 1});
    p.limits.pinned = {{FirmId(0U), AdviserId(0U)}};
    const auto r = solve(p);
    ASSERT_EQ(r.certificate.status, Status::infeasible);
    EXPECT_NE(r.blockers[0].reason.find("not eligible"), std::string::npos);
}

TEST(AssignBlockers, MinimumLoadWithoutFirmsIsNamedWithItsShortfall) {
    auto p = of({{1, -HUGE_VAL}, {1, -HUGE_VAL}}, {2, 3});
    p.limits.min_load = {0, 3};
    const auto r = solve(p);
    ASSERT_EQ(r.certificate.status, Status::infeasible);
    ASSERT_EQ(r.blockers.size(), 1U);
    EXPECT_EQ(r.blockers[0].kind, Blocker::Kind::adviser);
    EXPECT_EQ(r.blockers[0].index, 1U);
    EXPECT_EQ(r.blockers[0].shortfall, 3);
}

TEST(AssignBlockers, MinimumDemandBeyondCapacityIsNamedWithItsShortfall) {
    auto p = of({{1}, {1}, {1}}, {1});
    p.limits.min_demand = {1, 1, 1};
    const auto r = solve(p);
    ASSERT_EQ(r.certificate.status, Status::infeasible);
    std::int64_t shortfall = 0;
    for (const Blocker& b : r.blockers) {
        EXPECT_EQ(b.kind, Blocker::Kind::firm);
        shortfall += b.shortfall;
    }
    EXPECT_EQ(shortfall, 2);
}

TEST(AssignFaults, AllAreListedAtOnce) {
    auto p = of({{1, 1}, {1, 1}, {1, 1}}, {1, -2});
    p.limits.min_load = {2, 0};       // above the capacity
    p.limits.demand = {1, -1, 1};     // negative
    p.limits.min_demand = {2, 0, 0};  // above the demand; -1 makes row 1 faulty too
    p.limits.pinned = {{FirmId(2U), AdviserId(0U)},
                       {FirmId(1U), AdviserId(0U)},   // not sorted
                       {FirmId(7U), AdviserId(0U)}};  // outside
    try {
        (void)solve(p);
        FAIL() << "no InputError";
    } catch (const InputError& error) {
        const auto has = [&](std::string_view table, std::int64_t row) {
            return std::any_of(error.faults().begin(), error.faults().end(),
                               [&](const Fault& f) { return f.table == table && f.row == row; });
        };
        EXPECT_TRUE(has("capacity", 1));
        EXPECT_TRUE(has("min_load", 0));
        EXPECT_TRUE(has("demand", 1));
        EXPECT_TRUE(has("min_demand", 0));
        EXPECT_TRUE(has("pinned", 1));
        EXPECT_TRUE(has("pinned", 2));
    }
}

TEST(AssignFaults, LengthsAreNamed) {
    auto p = of({{1, 1}}, {1, 1});
    p.limits.demand = {1, 1, 1};
    p.limits.capacity = {1};
    try {
        (void)solve(p);
        FAIL() << "no InputError";
    } catch (const InputError& error) {
        ASSERT_EQ(error.faults().size(), 2U);
        EXPECT_EQ(error.faults()[0].table, "capacity");
        EXPECT_EQ(error.faults()[0].value, "1 entries");
        EXPECT_EQ(error.faults()[1].table, "demand");
    }
}

TEST(AssignFaults, UtilityTooLargeForTheUnitIsNamed) {
    const auto p = of({{1, 1e12}}, {1, 1});
    EXPECT_THROW((void)solve(p, {.exact = true}), InputError);
}

}  // namespace
}  // namespace libmatch
