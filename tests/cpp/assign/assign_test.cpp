#include <gtest/gtest.h>

#include <cpp/support/counting_source.hpp>
#include <cpp/support/exact_figures.hpp>
#include <cpp/support/small_problem.hpp>
#include <limits>

#include "cpp/support/whole_run.hpp"

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

class AssignThreads : public ::testing::TestWithParam<bool> {};

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
INSTANTIATE_TEST_SUITE_P(Modes, AssignThreads, ::testing::Bool(),
                         [](const auto& i) { return i.param ? "exact" : "within_gap"; });

// ---- inputs made to hurt ----

struct Hurting {
    const char* name;
    std::function<double(Random&, Eigen::Index)> utility;
};
const Hurting hurting[] = {
    {"all_equal", [](Random&, Eigen::Index) { return 0.7; }},
    {"one_best_for_all", [](Random& r, Eigen::Index j) { return j == 3 ? 1 : 0.1 * r.uniform(); }},
    {"zero_or_one", [](Random& r, Eigen::Index) { return static_cast<double>(r.below(2)); }},
    {"huge_beside_tiny",
     [](Random& r, Eigen::Index) {
         constexpr double some[] = {1e9, 1e-9, 1};
         return some[r.below(3)];
     }},
    {"below_single_precision", [](Random& r, Eigen::Index) { return 1e-300 * r.uniform(); }},
};

class AssignHurting : public ::testing::TestWithParam<std::tuple<std::size_t, int, bool>> {};

TEST_P(AssignHurting, EndsWithATrueCertificateAfterFewQuestions) {
    const auto& [which, kind, exact] = GetParam();
    constexpr Eigen::Index n = 240;
    Random random(8);
    SmallProblem p;
    p.utility.resize(n, n);
    for (Eigen::Index i = 0; i < n; ++i) {
        for (Eigen::Index j = 0; j < n; ++j) p.utility(i, j) = hurting[which].utility(random, j);
    }
    p.limits.capacity.assign(n, 1);
    if (kind == 1) {
        p.limits.capacity.assign(n, 2);
        p.limits.demand.assign(n, 2);
    }
    if (kind == 2) p.limits.min_load.assign(n, 1);
    const double unit = p.utility.maxCoeff() > 1e8    ? 1e-2
                        : p.utility.maxCoeff() < 1e-8 ? 1e-309
                                                      : 1e-6;
    const DenseSource pairs(p.utility);
    const CountingSource source(pairs);
    Control control;
    const auto r = testing::assign(source, p.limits, {.exact = exact, .unit = unit}, control);
    EXPECT_EQ(p.broken_limit(r.pairs), "");
    EXPECT_LE(source.asked(), 25U * n);
    const Certificate& c = r.certificate;
    if (exact) {
        EXPECT_EQ(c.status, Status::optimal);
        EXPECT_EQ(c.objective, c.bound);
        return;
    }
    EXPECT_LE(c.gap(), 1e-4);
    EXPECT_GE(scaled(c.bound), exact_dual(source, p.limits, r.prices));
    EXPECT_LE(scaled(c.objective), exact_objective(source, r.pairs));
    EXPECT_EQ(c.unit, 0);
}
std::string hurting_name(const ::testing::TestParamInfo<AssignHurting::ParamType>& info) {
    constexpr const char* kinds[] = {"_alone", "_demand_2", "_min_load"};
    const auto& [which, kind, exact] = info.param;
    return std::string(hurting[which].name) + kinds[kind] + (exact ? "_exact" : "");
}
INSTANTIATE_TEST_SUITE_P(Inputs, AssignHurting,
                         ::testing::Combine(::testing::Range<std::size_t>(0, std::size(hurting)),
                                            ::testing::Range(0, 3), ::testing::Bool()),
                         hurting_name);

TEST(AssignHuge, CapacitiesBeyondAnyFirmDoNotOverflow) {
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const auto p = of({{3, 1}, {2, 1}, {5, 4}}, {most, most});
    for (const bool exact : {false, true}) {
        const auto r = solve(p, {.exact = exact});
        EXPECT_EQ(r.certificate.objective, 10);
        EXPECT_EQ(r.certificate.bound, 10);
        EXPECT_EQ(r.certificate.status, Status::optimal);
    }
}

TEST(AssignHuge, PricesTimesSeatsBeyond64BitsAreStillCounted) {
    // At most 2^40 units each, a million times: sums leave 53 bits, prices times seats 64.
    const double large = 0x1p40 * 1e-6;
    auto p = of({{large, large / 2}, {large, 0}}, {1, 1'000'000'000'000'000});
    const auto r = solve(p, {.exact = true});
    EXPECT_EQ(r.certificate.status, Status::optimal);
    EXPECT_EQ(r.certificate.bound, r.certificate.objective);
    EXPECT_NEAR(r.certificate.objective, 1.5 * large, 1e-3);
}

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
        const auto r = testing::assign(source, p.limits, {.exact = exact}, control);
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
    const auto r = testing::assign(source, p.limits, {}, control);
    EXPECT_EQ(r.certificate.status, Status::time_limit);
    EXPECT_EQ(r.pairs, p.limits.pinned);
    EXPECT_NEAR(r.certificate.bound, p.bound_at(r.prices), 1e-9);
    EXPECT_GE(r.certificate.bound, solve(p, {.exact = true}).certificate.objective);
}

TEST(AssignStopped, ByTheListenerAnyTimeIsLawfulAndBounded) {
    const auto p = large_problem(400, 20);
    const DenseSource source(p.utility);
    Control control(std::nullopt, [](const Progress&) { return false; });
    const auto r = testing::assign(source, p.limits, {.exact = true}, control);
    EXPECT_EQ(r.certificate.status, Status::cancelled);
    expect_true_bound(p, r);
}

TEST(AssignStopped, AfterMomentsIsLawfulAndBounded) {
    auto p = large_problem(400, 20);
    p.limits.demand.assign(400, 2);
    const DenseSource source(p.utility);
    for (const double limit : {1e-4, 1e-3, 4e-3, 1e-2}) {
        Control control(limit);
        const auto r = testing::assign(source, p.limits, {.exact = true}, control);
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

std::string fault_text(const SmallProblem& p, const AssignmentOptions& options) {
    try {
        (void)solve(p, options);
    } catch (const InputError& error) {
        return error.faults().front().text();
    }
    return "no InputError";
}

TEST(AssignFaults, UtilityTooLargeForTheUnitIsNamed) {
    const auto p = of({{1, 1e12}}, {1, 1});
    EXPECT_EQ(fault_text(p, {.exact = true}),
              "utility row 0 column 1 value '1e+12': it is too large for the exact mode's unit of "
              "1e-06: sums of whole units would leave 64 bits; scale the utilities down or give a "
              "unit of 0.909495 or more");
    EXPECT_EQ(solve(p, {.exact = true, .unit = 1}).certificate.objective, 1e12);
}

TEST(AssignFaults, UnitThatMakesNothingOfAllUtilitiesIsNamed) {
    const auto p = of({{1e-9, -2e-9}}, {1, 1});
    EXPECT_NE(fault_text(p, {.exact = true}).find("value '2e-09'"), std::string::npos);
    EXPECT_EQ(solve(of({{0, 0}}, {1, 1}), {.exact = true}).certificate.objective, 0);
}

TEST(AssignFaults, UtilitiesThatListsCannotHoldAreNamed) {
    EXPECT_NE(
        fault_text(of({{1, 2}, {3, -1e31}}, {1, 1}), {}).find("row 1 column 1 value '-1e+31'"),
        std::string::npos);
    EXPECT_EQ(solve(of({{1e30}}, {1})).certificate.objective, 1e30);
}

TEST(AssignFaults, UnitMustBeANumberAbove0) {
    for (const double unit : {0.0, -1.0, HUGE_VAL, std::nan("")})
        EXPECT_EQ(fault_text(of({{1}}, {1}), {.exact = true, .unit = unit}).substr(0, 4), "unit");
}

}  // namespace
}  // namespace libmatch
