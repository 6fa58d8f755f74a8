// The pooling engine against brute force, itself on other threads, and its own promises.
#include <gtest/gtest.h>

#include <cpp/support/whole_run.hpp>
#include <libmatch/core/random.hpp>
#include <libmatch/model/pooling.hpp>

#include "cases.hpp"

namespace {

using namespace libmatch;
using libmatch::testing::complaints;
using pooling_cases::brute_force;
using pooling_cases::country;
using pooling_cases::small_problem;

TEST(Pool, ReachesTheOptimumOfSmallProblems) {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        const PoolProblem problem = small_problem(seed, 10);
        Control control;
        const PoolResult result = libmatch::testing::pool(problem, {}, control);
        const double optimum = brute_force(problem);
        EXPECT_NEAR(result.certificate.objective, optimum, 1e-8) << "seed " << seed;
        EXPECT_GE(result.certificate.bound, optimum - 1e-8) << "seed " << seed;
        const check::Verdict verdict = libmatch::testing::verify(problem, result);
        EXPECT_TRUE(verdict.ok()) << "seed " << seed << "\n" << complaints(verdict);
    }
}

/// The same problem with every value and cost times a factor.
PoolProblem times(PoolProblem problem, double factor) {
    if (problem.value.empty()) problem.value.assign(problem.amount.size(), 1);
    for (double& v : problem.value) v *= factor;
    for (PoolRule& keyed : problem.rules) {
        keyed.rule.opening_cost *= factor;
        keyed.rule.cost_per_km *= factor;
    }
    return problem;
}

TEST(Pool, IsSolvedAndJudgedTheSameAtAnyScale) {
    std::size_t caught = 0;
    for (std::uint64_t seed = 0; seed < 120; ++seed) {
        for (const double factor : {0x1p-300, 0x1p-30, 0x1p30}) {
            SCOPED_TRACE("seed " + std::to_string(seed) + " factor " + std::to_string(factor));
            const PoolProblem problem = times(small_problem(seed, 10), factor);
            Control control;
            const PoolResult result = libmatch::testing::pool(problem, {}, control);
            const double optimum = brute_force(problem);
            EXPECT_NEAR(result.certificate.objective, optimum, 1e-8 * factor);
            EXPECT_GE(result.certificate.bound, optimum);
            const check::Verdict verdict = libmatch::testing::verify(problem, result);
            EXPECT_TRUE(verdict.ok()) << complaints(verdict);
            if (optimum < 1e-3 * factor) continue;
            PoolResult lie = result;
            lie.certificate.bound = std::nextafter(verdict.stages[0].bound, 0);
            EXPECT_FALSE(libmatch::testing::verify(problem, lie).ok());
            lie = result;
            lie.certificate.objective *= 1 + 1e-10;
            EXPECT_FALSE(libmatch::testing::verify(problem, lie).ok());
            // Prices that are too low for a group, with a bound to match.
            lie = result;
            ExactSum sum;
            for (double& price : lie.prices) {
                price *= 0.99;
                sum.add(price);
            }
            lie.certificate.bound = sum.up();
            lie.certificate.status = Status::time_limit;
            if (lie.certificate.bound < optimum) {
                EXPECT_FALSE(libmatch::testing::verify(problem, lie).ok());
                ++caught;
            }
        }
    }
    EXPECT_GT(caught, 100U);
}

TEST(Pool, IsLawfulAndBoundedOnMiddlingProblems) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        const PoolProblem problem = small_problem(seed, 40);
        Control control;
        const PoolResult result = libmatch::testing::pool(problem, {}, control);
        const check::Verdict verdict = libmatch::testing::verify(problem, result);
        EXPECT_TRUE(verdict.ok()) << "seed " << seed << "\n" << complaints(verdict);
        EXPECT_GE(result.certificate.bound, result.certificate.objective - 1e-8) << "seed " << seed;
    }
}

TEST(Pool, IsTheSameOnAnyNumberOfThreads) {
    for (const std::size_t n : {400, 2500}) {
        const PoolProblem problem = country(n, 5, 20, 400);
        PoolOptions options;
        options.max_rounds = 12;
        options.threads = 1;
        Control control;
        const PoolResult one = libmatch::testing::pool(problem, options, control);
        options.threads = 2;
        const PoolResult two = libmatch::testing::pool(problem, options, control);
        EXPECT_EQ(one.prices, two.prices);
        EXPECT_EQ(one.certificate.objective, two.certificate.objective);
        ASSERT_EQ(one.groups.size(), two.groups.size());
        for (std::size_t g = 0; g < one.groups.size(); ++g) {
            EXPECT_EQ(one.groups[g].seat, two.groups[g].seat);
            EXPECT_EQ(one.groups[g].members, two.groups[g].members);
        }
        EXPECT_TRUE(libmatch::testing::verify(problem, one).ok());
    }
}

TEST(Pool, StopsInTimeWithALawfulAnswerAndATrueBound) {
    const PoolProblem problem = country(5000, 3);
    for (const double limit : {0.0, 0.02, 0.3}) {
        Control control(limit);
        PoolOptions options;
        options.gap = 0;
        const PoolResult result = libmatch::testing::pool(problem, options, control);
        EXPECT_EQ(result.certificate.status, Status::time_limit);
        EXPECT_LT(result.certificate.seconds, limit + 2);
        const check::Verdict verdict = libmatch::testing::verify(problem, result);
        EXPECT_TRUE(verdict.ok()) << complaints(verdict);
    }
}

TEST(Pool, CancelsWhenTheListenerSaysSo) {
    Control control(std::nullopt, [](const Progress& p) { return p.done < 0.02; });
    PoolOptions options;
    options.gap = 0;
    const PoolProblem problem = country(3000, 3);
    const PoolResult result = libmatch::testing::pool(problem, options, control);
    EXPECT_EQ(result.certificate.status, Status::cancelled);
    EXPECT_TRUE(libmatch::testing::verify(problem, result).ok());
}

TEST(Pool, HasNoFirms) {
    PoolProblem problem;
    problem.rules.emplace_back();
    Control control;
    const PoolResult result = libmatch::testing::pool(problem, {}, control);
    EXPECT_EQ(result.certificate.status, Status::optimal);
    EXPECT_TRUE(result.groups.empty());
    EXPECT_TRUE(libmatch::testing::verify(problem, result).ok());
}

TEST(Pool, CountsDossiersWhenEachIsRewarded) {
    PoolProblem problem;
    problem.amount = {10'000, 10'000, 9'000, 11'000, 20'000, 5'000};
    problem.value.assign(6, 0);
    problem.rules.emplace_back();
    problem.rules[0].rule.min_sum = 20'000;
    problem.rules[0].rule.opening_cost = -1;
    Control control;
    const PoolResult result = libmatch::testing::pool(problem, {}, control);
    EXPECT_DOUBLE_EQ(result.certificate.objective, 3);
}

TEST(Pool, FindsNearlyAllGroupsThatNeedEveryEuro) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {  // three amounts make each sum exactly
        Random random(seed);
        PoolProblem problem;
        const std::size_t groups = 20 + random.below(60);
        for (std::size_t g = 0; g < groups; ++g) {
            const double a = static_cast<double>(380 + random.below(120));
            const double b = static_cast<double>(
                250 + random.below(static_cast<std::size_t>(500 - a / 2 - 250)));
            for (const double x : {a, b, 1000 - a - b}) problem.amount.push_back(x);
        }
        problem.value.assign(problem.amount.size(), 0);
        problem.rules.resize(1);
        problem.rules[0].rule.min_sum = 1000;
        problem.rules[0].rule.opening_cost = -1;
        Control control;
        const PoolResult result = libmatch::testing::pool(problem, {}, control);
        EXPECT_GE(static_cast<double>(result.groups.size()), 0.94 * static_cast<double>(groups));
        EXPECT_NEAR(result.certificate.bound, static_cast<double>(groups), 1e-5);
        const check::Verdict verdict = libmatch::testing::verify(problem, result);
        EXPECT_TRUE(verdict.ok()) << "seed " << seed << "\n" << complaints(verdict);
    }
}

TEST(Pool, SaysWhyAFirmIsLeftOut) {
    PoolProblem problem;
    problem.amount = {12'000, 9'000, 5'000, 90'000, 4'000, 12'000};
    problem.metric = Metric::plane;
    problem.place = {{0, 0}, {1, 0}, {500, 0}, {0, 0}, {500, 3}, {0, 1}};
    PoolRule keyed;
    keyed.rule.min_sum = 20'000;
    keyed.rule.max_sum = 22'000;
    keyed.rule.max_radius_km = 10;
    keyed.cell = {0, 0, 0, 0, 0, PoolRule::no_cell};
    problem.rules = {keyed};
    Control control;
    const PoolResult result = libmatch::testing::pool(problem, {}, control);
    EXPECT_EQ(result.reasons,
              (std::vector<PoolReason>{PoolReason::pooled, PoolReason::pooled,
                                       PoolReason::too_few_neighbours, PoolReason::amount_over_max,
                                       PoolReason::too_few_neighbours, PoolReason::no_rule}));
    EXPECT_NEAR(result.missing[2], 11'000, 0.01);
    EXPECT_NEAR(result.missing[4], 11'000, 0.01);
    EXPECT_EQ(result.missing[0], 0);
}

TEST(Pool, NamesEveryFaultAtOnce) {
    PoolProblem problem;
    problem.amount = {10, -1, NAN};
    problem.value = {1};
    problem.metric = Metric::sphere;
    problem.place = {{0, 0}, {100, 0}, {0, NAN}};
    problem.rules.emplace_back();
    problem.rules[0].rule.min_sum = 20'000;
    problem.rules[0].rule.max_sum = 5;
    problem.rules[0].rule.min_members = 0;
    problem.rules[0].cell = {1};
    Control control;
    try {
        (void)libmatch::testing::pool(problem, {}, control);
        FAIL() << "nothing was thrown";
    } catch (const InputError& error) {
        EXPECT_EQ(error.faults().size(), 8u) << error.what();
    }
}

}  // namespace
