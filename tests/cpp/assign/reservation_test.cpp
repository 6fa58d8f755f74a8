// Firms that stay out at values of their own: beside the same problem with one more adviser per
// firm, which is worth as much to it alone.
#include <gtest/gtest.h>

#include <cpp/support/judge.hpp>
#include <cpp/support/small_problem.hpp>
#include <functional>

namespace libmatch {
namespace {

SmallProblem random_reservations(std::uint64_t seed) {
    ProblemShape shape;
    shape.low = -40;
    shape.high = 60;
    shape.density = seed % 3 == 0 ? 0.6 : 1.0;
    shape.pins = seed % 4 == 0 ? 0.1 : 0;
    auto p = random_problem(shape, seed);
    Random random(seed, 9);
    for (std::size_t i = 0; i < p.firms(); ++i)
        p.limits.reservation.push_back(static_cast<double>(random.below(80)) - 40);
    return p;
}

/// Staying out as a pair: adviser m + i takes firm i alone, at its reservation. A firm that may
/// then not take it is worth less than 0 nowhere: the firm must be served.
SmallProblem with_own_advisers(const SmallProblem& p) {
    SmallProblem q = p;
    const auto n = static_cast<Eigen::Index>(p.firms()), m = p.utility.cols();
    q.utility.conservativeResize(n, m + n);
    q.utility.rightCols(n).setConstant(-HUGE_VAL);
    for (Eigen::Index i = 0; i < n; ++i) {
        q.utility(i, m + i) = p.limits.reservation[static_cast<std::size_t>(i)];
        q.limits.capacity.push_back(1);
        q.limits.min_load.push_back(0);
    }
    q.limits.min_demand.assign(p.firms(), 1);
    q.limits.reservation.clear();
    return q;
}

TEST(Reservation, EveryModeReachesTheProblemWithOwnAdvisers) {
    int solved = 0;
    for (std::uint64_t seed = 0; seed < 120; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const auto p = random_reservations(seed);
        const auto wanted = solve(with_own_advisers(p), {.exact = true});
        const auto exact = solve(p, {.exact = true}), near = solve(p);
        ASSERT_EQ(exact.certificate.status, wanted.certificate.status);
        if (wanted.certificate.status == Status::infeasible) continue;
        ++solved;
        EXPECT_NEAR(exact.certificate.objective, wanted.certificate.objective, 1e-9);
        EXPECT_EQ(exact.certificate.objective, exact.certificate.bound);
        EXPECT_TRUE(judge(p, exact).ok());
        EXPECT_TRUE(judge(p, near).ok());
        EXPECT_LE(near.certificate.gap(), 1e-4);
        EXPECT_GE(near.certificate.bound, wanted.certificate.objective - 1e-9);

        auto quota = p;  // a quota that never binds: the other solver
        quota.limits.quotas.push_back(
            {std::nullopt, std::nullopt, 0, static_cast<std::int64_t>(p.firms()), ""});
        const auto other = solve(quota);
        EXPECT_TRUE(judge(quota, other).ok());
        EXPECT_NEAR(other.certificate.objective, wanted.certificate.objective,
                    1e-4 * std::fabs(wanted.certificate.objective) + 1e-9);
    }
    EXPECT_GT(solved, 100);
}

TEST(Reservation, FractionsStayExactInUnits) {
    Random random(4);
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        auto p = random_reservations(seed);
        for (double& r : p.limits.reservation) r += random.uniform();
        for (double& u : p.utility.reshaped()) u += random.uniform();
        const auto r = solve(p, {.exact = true});
        if (r.certificate.status == Status::infeasible) continue;
        EXPECT_EQ(r.certificate.gap(), 0);
        EXPECT_TRUE(judge(p, r).ok());
        const auto q = with_own_advisers(p);
        EXPECT_NEAR(solve(q, {.exact = true}).certificate.objective, r.certificate.objective, 1e-9);
        // A gap that only the exact mode closes, in figures that nobody asked to round.
        const auto near = solve(p, {.gap = 1e-12});
        EXPECT_EQ(near.certificate.unit, 0);
        EXPECT_TRUE(judge(p, near).ok());
    }
}

/// Worths that lose the digits of the utilities: the claims are still no better than the truth.
TEST(Reservation, RoundedWorthsAreProvenToTheSafeSide) {
    Random random(5);
    int judged = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        auto p = random_reservations(seed);
        for (double& u : p.utility.reshaped()) u += random.uniform();
        for (double& r : p.limits.reservation)
            r = (seed % 2 == 0 ? -1e9 : 1e-9) * (1 + random.uniform());
        for (const bool quotas : {false, true}) {
            if (quotas) p.limits.quotas.push_back({std::nullopt, std::nullopt, 0, 100, ""});
            const auto r = solve(p);
            if (r.certificate.status == Status::infeasible) continue;
            const auto verdict = judge(p, r);
            EXPECT_TRUE(verdict.ok()) << verdict.violations[0].problem;
            auto lie = r;
            lie.certificate.objective = std::nextafter(r.certificate.objective, HUGE_VAL);
            lie.certificate.objective = std::nextafter(lie.certificate.objective, HUGE_VAL);
            EXPECT_FALSE(judge(p, lie).ok());
            ++judged;
        }
    }
    EXPECT_GT(judged, 80);
}

TEST(Reservation, NoPairIsTakenForLess) {
    SmallProblem p;
    p.utility = DenseSource::Matrix{{3}, {5}, {-2}};
    p.limits.capacity = {3};
    p.limits.reservation = {4, 1, -3};
    const auto r = solve(p, {.exact = true});
    EXPECT_EQ(r.certificate.objective, 4 + 5 - 2);
    EXPECT_EQ(r.pairs.size(), 2U);
    EXPECT_TRUE(judge(p, r).ok());
    p.limits.demand = {0, 1, 1};  // a firm that wants nobody counts nothing
    EXPECT_EQ(solve(p, {.exact = true}).certificate.objective, 5 - 2);
}

TEST(ReservationJudge, SeesWhatWasChanged) {
    SmallProblem p;
    p.utility = DenseSource::Matrix{{3}, {5}, {-2}};
    p.limits.capacity = {3};
    p.limits.reservation = {4, 1, -3};
    const auto r = solve(p);
    ASSERT_TRUE(judge(p, r).ok());
    p.limits.reservation[0] = 4.5;  // of the firm that stays out: objective and bound
    EXPECT_FALSE(judge(p, r).ok());
    p.limits.reservation[0] = 4;
    p.limits.reservation[1] = 6;  // of a served firm: the bound
    EXPECT_FALSE(judge(p, r).ok());
    p.limits.reservation.clear();
    EXPECT_FALSE(judge(p, r).ok());
}

TEST(Reservation, OfAFirmThatMustBeServedCountsNothing) {
    std::size_t solved = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        auto p = random_reservations(seed);
        p.limits.min_demand.assign(p.firms(), 0);
        for (std::size_t i = 0; i < p.firms(); i += 2)
            p.limits.min_demand[i] = p.limits.demand_of(FirmId(i));
        auto zero = p;
        for (std::size_t i = 0; i < p.firms(); i += 2) zero.limits.reservation[i] = 0;
        const auto exact = solve(p, {.exact = true}), near = solve(p);
        EXPECT_TRUE(judge(p, near).ok());
        EXPECT_TRUE(judge(p, exact).ok());
        const auto same = solve(zero, {.exact = true});
        ASSERT_EQ(exact.certificate.status, same.certificate.status);
        if (same.certificate.status == Status::infeasible) continue;
        ++solved;
        EXPECT_EQ(exact.certificate.objective, same.certificate.objective);
        EXPECT_LE(near.certificate.gap(), 1e-4);
        const auto wanted = solve(with_own_advisers(zero), {.exact = true});
        EXPECT_GE(wanted.certificate.objective, same.certificate.objective - 1e-9);
    }
    EXPECT_GT(solved, 10U);
}

TEST(ReservationFaults, AreNamed) {
    auto p = random_reservations(2);
    p.limits.reservation[0] = HUGE_VAL;
    p.limits.demand.assign(p.firms(), 2);
    try {
        (void)solve(p);
        FAIL() << "no InputError";
    } catch (const InputError& error) {
        for (const std::string_view table : {"reservation", "demand"}) {
            EXPECT_TRUE(std::any_of(error.faults().begin(), error.faults().end(),
                                    [&](const Fault& f) { return f.table == table; }))
                << table;
        }
    }
}

}  // namespace
}  // namespace libmatch
