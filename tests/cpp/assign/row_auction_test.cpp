// The auction on rows that are renewed: problems with minimums that reach far beyond a firm's list.
#include <gtest/gtest.h>

#include <cmath>
#include <cpp/support/judge.hpp>
#include <cpp/support/small_problem.hpp>
#include <libmatch/assign/exact_start.hpp>

#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

/// Firms crowd at the left of a square, and advisers lie everywhere: those at the right get nobody
/// unless they must.
SmallProblem crowded(std::size_t firms, std::size_t advisers, std::uint64_t seed) {
    Random random(seed);
    SmallProblem p;
    p.utility.resize(static_cast<Eigen::Index>(firms), static_cast<Eigen::Index>(advisers));
    std::vector<std::pair<double, double>> at(advisers);
    for (auto& [x, y] : at) x = random.uniform(), y = random.uniform();
    for (Eigen::Index i = 0; i < p.utility.rows(); ++i) {
        const double x = 0.6 * random.uniform() * random.uniform(), y = random.uniform();
        for (Eigen::Index j = 0; j < p.utility.cols(); ++j) {
            const auto& [ax, ay] = at[static_cast<std::size_t>(j)];
            const double away = std::hypot(ax - x, ay - y);
            const double skill = 0.3 * random.uniform();
            p.utility(i, j) = away < 0.8 ? 1 - away + skill : -HUGE_VAL;
        }
    }
    const auto seats = static_cast<std::int64_t>(firms / advisers);
    p.limits.capacity.assign(advisers, 2 * seats);
    for (const auto& [x, y] : at) p.limits.min_load.push_back(x < 0.8 ? seats / 2 : 0);
    return p;
}

/// The same with several advisers for some firms, and at least one for others.
SmallProblem with_demands(SmallProblem p) {
    p.limits.demand.assign(p.firms(), 1);
    p.limits.min_demand.assign(p.firms(), 0);
    for (std::size_t i = 0; i < p.firms(); i += 10) {
        p.limits.demand[i] = 2 + static_cast<std::int32_t>(i / 10 % 4);
        p.limits.min_demand[i + 3] = 1;
    }
    return p;
}

std::size_t below_0(const std::vector<double>& prices) {
    return static_cast<std::size_t>(
        std::count_if(prices.begin(), prices.end(), [](double p) { return p < 0; }));
}

class RowAuctionRenewed : public ::testing::TestWithParam<bool> {};

TEST_P(RowAuctionRenewed, ClosesTheGapOnShortListsForAnyThreads) {
    SmallProblem p = crowded(6'000, 100, 3);
    if (GetParam()) p = with_demands(std::move(p));
    const auto r = solve(p, {.candidates = 8, .threads = 1});
    EXPECT_EQ(p.broken_limit(r.pairs), "");
    EXPECT_LE(r.certificate.gap(), 1e-4);
    EXPECT_GT(below_0(r.prices), 3U);
    EXPECT_TRUE(judge(p, r).ok());
    const auto more = solve(p, {.candidates = 8, .threads = 3});
    EXPECT_EQ(more.pairs, r.pairs);
    EXPECT_EQ(more.prices, r.prices);

    const auto exact = solve(p, {.exact = true, .candidates = 8});
    EXPECT_EQ(exact.certificate.status, Status::optimal);
    EXPECT_EQ(p.broken_limit(exact.pairs), "");
    EXPECT_LE(r.certificate.objective, exact.certificate.bound + 0.01);
    EXPECT_GE(r.certificate.bound, exact.certificate.objective - 0.01);
}
INSTANTIATE_TEST_SUITE_P(Demands, RowAuctionRenewed, ::testing::Bool(),
                         [](const auto& i) { return i.param ? "of_several" : "of_one"; });

TEST(RowAuction, RenewedRowsComeAsNearAsRowsOfAllPairs) {
    const SmallProblem p = with_demands(crowded(5'000, 60, 5));
    const DenseSource source(p.utility);
    const WholeUnits units(1e-6, p.advisers());
    double all = 0, few = 0;
    for (const std::size_t candidates : {60, 12}) {
        Control control;
        const auto answer = ExactStart(source, p.limits, units, candidates, 1).run(1e-3, control);
        std::vector<double> prices;
        for (const std::int64_t units_of : answer.prices)
            prices.push_back(static_cast<double>(units_of) * 1e-6);
        (candidates == 60 ? all : few) = p.bound_at(prices);
        EXPECT_EQ(p.broken_limit(answer.pairs), "");
    }
    EXPECT_NEAR(few / all, 1, 1e-3);
}

TEST(RowAuction, StoppedKeepsMinimumsOnceTheyAreKnownToFit) {
    const SmallProblem p = with_demands(crowded(3'000, 50, 7));
    const DenseSource source(p.utility);
    const AssignmentOptions options{.exact = true, .threads = 1};
    Control free;
    free.stop_after(std::numeric_limits<std::int64_t>::max());
    const auto whole = testing::assign(source, p.limits, options, free);
    bool known = false;
    for (std::int64_t k = 1; k < free.asks(); k += 1 + free.asks() / 20) {
        SCOPED_TRACE("stopped at question " + std::to_string(k));
        Control control;
        control.stop_after(k);
        const auto r = testing::assign(source, p.limits, options, control);
        EXPECT_GE(r.certificate.bound, whole.certificate.objective - 0.01);
        const auto broken = p.broken_limit(r.pairs);
        EXPECT_TRUE(broken.empty() || !known) << broken;
        known = known || broken.empty();
        if (known) {
            EXPECT_TRUE(judge(p, r).ok());
        }
    }
    EXPECT_TRUE(known);
}

}  // namespace
}  // namespace libmatch
