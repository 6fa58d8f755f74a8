// The search for many firms: its proof on problems whose optimum is known, the judge's verdict on
// larger ones, the same bits on any number of threads, and stops at any moment.
#include <gtest/gtest.h>

#include <cpp/support/whole_run.hpp>
#include <libmatch/pool/pool.hpp>

#include "cases.hpp"

namespace {

using namespace libmatch;
using libmatch::testing::complaints;
using pooling_cases::brute_force;
using pooling_cases::country;
using pooling_cases::small_problem;

/// The search alone, whatever the size.
PoolResult search(const PoolProblem& problem, const PoolOptions& options, Control& control) {
    const double scale = detail::value_scale(problem);
    detail::WideSearch wide(problem, options, scale, control);
    PoolResult result = wide.run();
    detail::certify(problem, options, 0, control, result);
    detail::explain(wide.ground(), options.threads, control, result);
    return result;
}

TEST(WidePool, ProvesABoundAboveTheOptimumAndStaysLawful) {
    double found = 0, best = 0, bounds = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        PoolProblem problem = small_problem(seed, 10);
        problem.sites.clear();
        Control control;
        PoolOptions options;
        options.gap = 0;
        const PoolResult result = search(problem, options, control);
        const double optimum = brute_force(problem);
        EXPECT_GE(result.certificate.bound, optimum - 1e-8) << "seed " << seed;
        EXPECT_LE(result.certificate.objective, optimum + 1e-8) << "seed " << seed;
        const check::Verdict verdict = libmatch::testing::verify(problem, result);
        EXPECT_TRUE(verdict.ok()) << "seed " << seed << "\n" << complaints(verdict);
        found += result.certificate.objective;
        best += optimum;
        bounds += result.certificate.bound;
    }
    EXPECT_GE(found, 0.97 * best);
    EXPECT_LE(bounds, 1.15 * best);
}

TEST(WidePool, GivesTheReasonsOfTheComponents) {
    int checked = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        PoolProblem problem = small_problem(seed, 12);
        problem.sites.clear();
        Control control;
        const PoolResult wide = search(problem, {}, control);
        const PoolResult exact = libmatch::testing::pool(problem, {}, control);
        for (std::size_t i = 0; i < problem.amount.size(); ++i) {
            if (wide.reasons[i] == PoolReason::pooled || exact.reasons[i] == PoolReason::pooled) {
                continue;
            }
            EXPECT_EQ(wide.reasons[i], exact.reasons[i]) << "seed " << seed << " firm " << i;
            EXPECT_NEAR(wide.missing[i], exact.missing[i], 1e-6) << "seed " << seed;
            ++checked;
        }
    }
    EXPECT_GT(checked, 50);
}

/// A country with and without an upper limit, under one rule and under two.
PoolProblem variant(std::size_t n, int which) {
    PoolProblem problem = country(n, 7, 20, 900);
    if (which % 2 == 1) {
        for (PoolRule& keyed : problem.rules) keyed.rule.max_sum = 40'000;
    }
    if (which / 2 % 2 == 0) problem.rules.pop_back();
    return problem;
}

TEST(WidePool, IsJudgedAndTheSameOnAnyNumberOfThreads) {
    for (int which = 0; which < 4; ++which) {
        const PoolProblem problem = variant(4000, which);
        PoolOptions options;
        options.gap = 0.01;
        options.threads = 1;
        Control control;
        const PoolResult one = search(problem, options, control);
        const check::Verdict verdict = libmatch::testing::verify(problem, one);
        EXPECT_TRUE(verdict.ok()) << which << "\n" << complaints(verdict);
        EXPECT_LT(one.certificate.gap(), which % 2 == 1 ? 0.1 : 0.04) << which;
        for (const unsigned threads : {2U, 4U}) {
            options.threads = threads;
            const PoolResult other = search(problem, options, control);
            EXPECT_EQ(one.prices, other.prices) << which;
            EXPECT_EQ(one.certificate.objective, other.certificate.objective) << which;
            ASSERT_EQ(one.groups.size(), other.groups.size()) << which;
            for (std::size_t g = 0; g < one.groups.size(); ++g) {
                EXPECT_EQ(one.groups[g].seat, other.groups[g].seat);
                EXPECT_EQ(one.groups[g].members, other.groups[g].members);
            }
        }
    }
}

/// Firms that want days per month, to be made whole or half jobs.
PoolProblem jobs(std::size_t n) {
    const double days[] = {1, 1.5, 2, 2.5, 3, 4, 5, 6, 8};
    Random random(5);
    PoolProblem problem;
    problem.metric = Metric::plane;
    for (std::size_t i = 0; i < n; ++i) {
        problem.amount.push_back(days[random.bits() % 9]);
        problem.value.push_back(problem.amount.back());
        problem.place.push_back({300 * random.uniform(), 300 * random.uniform()});
    }
    PoolRule whole, half;
    whole.rule = {"whole", 18, 20, 2, 6, 30, 0.5, 0.02, SeatKind::member};
    half.rule = {"half", 9, 10, 2, 4, 30, 0.5, 0.02, SeatKind::member};
    problem.rules = {whole, half};
    return problem;
}

TEST(WidePool, FillsGroupsThatMayHoldLittleMoreThanTheyMust) {
    PoolOptions options;
    Control control;
    const PoolProblem problem = jobs(4000);
    const PoolResult result = search(problem, options, control);
    const check::Verdict verdict = libmatch::testing::verify(problem, result);
    EXPECT_TRUE(verdict.ok()) << complaints(verdict);
    EXPECT_LT(result.certificate.gap(), 0.025);
}

TEST(WidePool, StoppedAtAnyMomentItIsLawfulAndBounded) {
    const PoolProblem problem = variant(1500, 3);
    Control whole;
    whole.stop_after(std::int64_t{1} << 40);
    PoolOptions options;
    options.gap = 0;
    options.threads = 1;
    (void)search(problem, options, whole);
    const std::int64_t asks = whole.asks();
    ASSERT_GT(asks, 20);
    for (std::int64_t part = 0; part <= 16; ++part) {
        Control control;
        control.stop_after(asks * part / 16);
        const PoolResult result = search(problem, options, control);
        const check::Verdict verdict = libmatch::testing::verify(problem, result);
        EXPECT_TRUE(verdict.ok()) << part << "\n" << complaints(verdict);
    }
}

TEST(WidePool, PoolsFirmsWithoutPlaces) {
    Random random(3);
    PoolProblem problem;
    for (int i = 0; i < 3000; ++i) problem.amount.push_back(3000 + 12'000 * random.uniform());
    PoolRule keyed;
    keyed.rule = {"any", 20'000, 40'000, 1, 12, HUGE_VAL, 1.0, 0, SeatKind::any};
    problem.rules = {keyed};
    PoolOptions options;
    options.gap = 0.05;
    Control control;
    const PoolResult result = search(problem, options, control);
    const check::Verdict verdict = libmatch::testing::verify(problem, result);
    EXPECT_TRUE(verdict.ok()) << complaints(verdict);
    EXPECT_LT(result.certificate.gap(), 0.05);
}

}  // namespace
