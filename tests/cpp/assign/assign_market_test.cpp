// Assignment of a programme of a market: against the dense matrix of the same scores.
#include <gtest/gtest.h>

#include <cpp/support/small_market.hpp>
#include <cpp/support/small_problem.hpp>
#include <libmatch/retrieve/market_source.hpp>

#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

/// The programme with every score written out.
SmallProblem written_out(const PairSource& source, AssignmentLimits limits) {
    SmallProblem p;
    p.utility.resize(static_cast<Eigen::Index>(source.firms()),
                     static_cast<Eigen::Index>(source.advisers()));
    for (std::size_t i = 0; i < source.firms(); ++i) {
        for (std::size_t j = 0; j < source.advisers(); ++j) {
            const FirmId f(i);
            const AdviserId a(j);
            p.utility(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
                source.eligible(f, a) ? source.utility(f, a) : -HUGE_VAL;
        }
    }
    p.limits = std::move(limits);
    return p;
}

AssignmentLimits limits_of(const Market& market) {
    AssignmentLimits limits;
    limits.capacity = market.advisers.capacity;
    limits.demand = market.firms.demand;
    return limits;
}

TEST(AssignMarket, ExactEqualsTheDenseProblem) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const Market market = random_market(seed, 120, 25);
        for (const std::uint32_t programme : {0U, 1U}) {
            const Scorer scorer(market, ProgrammeId(programme));
            const MarketSource source(scorer);
            const auto dense = written_out(source, limits_of(market));
            const auto expected = solve(dense, {.exact = true});
            Control control;
            const auto exact =
                testing::assign(source, dense.limits, {.exact = true, .candidates = 4}, control);
            EXPECT_EQ(dense.broken_limit(exact.pairs), "");
            EXPECT_EQ(exact.certificate.objective, expected.certificate.objective);
            EXPECT_EQ(exact.certificate.bound, exact.certificate.objective);

            const auto fast = testing::assign(source, dense.limits, {.candidates = 4}, control);
            EXPECT_EQ(dense.broken_limit(fast.pairs), "");
            EXPECT_LE(fast.certificate.gap(), 1e-4);
            EXPECT_NEAR(fast.certificate.bound, dense.bound_at(fast.prices), 1e-4);
            EXPECT_GE(fast.certificate.bound, expected.certificate.objective - 1e-4);
            EXPECT_LE(fast.certificate.objective, expected.certificate.objective + 1e-4);
        }
    }
}

TEST(AssignMarket, ThreadsGiveTheSameBits) {
    Tables tables = random_market_tables(9, 900, 40);
    Random random(9);
    std::vector<double> lat(900), lon(900);
    for (std::size_t i = 0; i < 900; ++i) {
        lat[i] = 45 + random.uniform();
        lon[i] = 4 + random.uniform();
    }
    put(tables, "firms", "lat", numbers(lat));
    put(tables, "firms", "lon", numbers(lon));
    const Market market = testing::build_market(tables);
    const Scorer scorer(market, ProgrammeId(0U));
    const MarketSource source(scorer);
    const AssignmentLimits limits = limits_of(market);
    for (const bool exact : {false, true}) {
        Control control;
        const auto one = testing::assign(source, limits, {.exact = exact, .threads = 1}, control);
        EXPECT_GT(one.pairs.size(), 10U);
        for (const unsigned threads : {2U, 3U}) {
            const auto more =
                testing::assign(source, limits, {.exact = exact, .threads = threads}, control);
            EXPECT_EQ(more.pairs, one.pairs);
            EXPECT_EQ(more.prices, one.prices);
            EXPECT_EQ(more.certificate.bound, one.certificate.bound);
        }
    }
}

}  // namespace
}  // namespace libmatch
