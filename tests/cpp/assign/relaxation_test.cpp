#include <gtest/gtest.h>

#include <cpp/support/relaxed.hpp>
#include <libmatch/assign/feasibility.hpp>
#include <libmatch/assign/relaxation.hpp>
#include <numeric>

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
constexpr double no = -HUGE_VAL;

std::int64_t units_of(const std::vector<Relaxation>& changes) {
    return std::accumulate(changes.begin(), changes.end(), std::int64_t{0},
                           [](std::int64_t sum, const Relaxation& r) { return sum + r.units(); });
}

SmallestRelaxation smallest(const SmallProblem& p, RelaxationSearch::Options options = {}) {
    const DenseSource source(p.utility);
    return RelaxationSearch(source, p.limits, options).run(Control()).value();
}

/// Everything that holds of an infeasible answer.
void expect_proven(const SmallProblem& p, const AssignmentResult& r) {
    ASSERT_EQ(r.certificate.status, Status::infeasible);
    const auto verdict = judge(p, r);
    EXPECT_TRUE(verdict.ok()) << (verdict.ok() ? "" : verdict.violations[0].problem);
    const SmallProblem eased = relaxed(p, r.relaxation);
    EXPECT_EQ(eased.broken_limit(r.relaxed_pairs), "");
    EXPECT_NE(solve(eased).certificate.status, Status::infeasible);
}

TEST(Relaxation, IsEmptyWhereAnAssignmentExists) {
    auto p = of({{1, 1}, {1, no}}, {1, 1});
    p.limits.min_load = {1, 1};
    const auto a = smallest(p);
    EXPECT_EQ(a.units, 0);
    EXPECT_TRUE(a.changes.empty());
    EXPECT_EQ(a.pairs,
              (std::vector<Pair>{{FirmId(0U), AdviserId(1U)}, {FirmId(1U), AdviserId(0U)}}));
}

TEST(Relaxation, LowersAMinimumLoadByWhatIsMissing) {
    auto p = of({{1, no}, {1, no}}, {2, 3});
    p.limits.min_load = {0, 3};
    const auto r = solve(p);
    expect_proven(p, r);
    ASSERT_EQ(r.relaxation.size(), 1U);
    EXPECT_EQ(r.relaxation[0].limit, Relaxation::Limit::min_load);
    EXPECT_EQ(r.relaxation[0].adviser, AdviserId(1U));
    EXPECT_EQ(r.relaxation[0].before, 3);
    EXPECT_EQ(r.relaxation[0].after, 0);
}

TEST(Relaxation, AFirmAndAnAdviserWithoutPairsCostBothTheirMinimums) {
    // One unit missing on either side of a flow network is still two units of relaxation.
    auto p = of({{no}}, {1});
    p.limits.min_load = {1};
    p.limits.min_demand = {1};
    const auto r = solve(p);
    expect_proven(p, r);
    EXPECT_EQ(units_of(r.relaxation), 2);
    EXPECT_EQ(r.blockers.size(), 2U);
}

TEST(Relaxation, OnePinDroppedCanServeTwoMinimums) {
    // Firm 0 is pinned to adviser 0, whose one seat firm 1 needs; adviser 1 needs firm 0.
    auto p = of({{1, 1}, {1, no}}, {1, 1});
    p.limits.min_load = {0, 1};
    p.limits.min_demand = {0, 1};
    p.limits.pinned = {{FirmId(0U), AdviserId(0U)}};
    const auto r = solve(p);
    expect_proven(p, r);
    ASSERT_EQ(r.relaxation.size(), 1U);
    EXPECT_EQ(r.relaxation[0].limit, Relaxation::Limit::pin);
    EXPECT_EQ(r.relaxation[0].firm, FirmId(0U));
    ASSERT_EQ(r.blockers.size(), 1U);
    EXPECT_EQ(r.blockers[0].kind, Blocker::Kind::firm);
    EXPECT_EQ(r.blockers[0].pins, p.limits.pinned);
    EXPECT_EQ(r.blockers[0].reason,
              "2 firms need 2 places (1 pin among them) with 1 adviser, which has only 1; lower "
              "min_demand, drop pins or raise capacity by 1 in all");
}

TEST(Relaxation, IndependentPartsAreBlockersOfTheirOwn) {
    const auto p = [] {
        auto q = of({{1, no, no}, {no, 1, no}, {1, 1, 1}}, {3, 3, 3});
        q.limits.min_load = {3, 3, 0};
        q.limits.pinned = {{FirmId(2U), AdviserId(2U)}};
        return q;
    }();
    const auto r = solve(p);
    expect_proven(p, r);
    ASSERT_EQ(r.blockers.size(), 2U);
    for (std::uint32_t k = 0; k < 2; ++k) {
        const Blocker& b = r.blockers[k];
        EXPECT_EQ(b.kind, Blocker::Kind::adviser);
        EXPECT_EQ(b.advisers, std::vector<AdviserId>{AdviserId(k)});
        EXPECT_EQ(b.firms, std::vector<FirmId>{FirmId(k)});
        EXPECT_EQ(b.needed, 3);
        EXPECT_EQ(b.reachable, 1);
        EXPECT_EQ(b.shortfall, 2);
        EXPECT_EQ(b.reason,
                  "1 adviser needs 3 firms at least, but only 1 is eligible for it and free; lower "
                  "min_load by 2 or widen eligibility");
    }
}

TEST(Relaxation, AdvisersThatNobodyCanReachAreOneBlocker) {
    auto p = of({{1, no, no}}, {3, 3, 3});
    p.limits.min_load = {1, 2, 3};
    const auto r = solve(p);
    expect_proven(p, r);
    ASSERT_EQ(r.blockers.size(), 1U);
    EXPECT_EQ(r.blockers[0].advisers, (std::vector<AdviserId>{AdviserId(1U), AdviserId(2U)}));
    EXPECT_EQ(r.blockers[0].needed, 5);
}

TEST(Relaxation, PlacesThatOnlyPinsNeedAreTheBlockerOfPins) {
    auto p = of({{1}, {1}, {1}}, {2});
    p.limits.min_demand = {1, 1, 1};
    p.limits.pinned = {
        {FirmId(0U), AdviserId(0U)}, {FirmId(1U), AdviserId(0U)}, {FirmId(2U), AdviserId(0U)}};
    const auto r = solve(p);
    expect_proven(p, r);
    ASSERT_EQ(r.blockers.size(), 1U);
    EXPECT_EQ(r.blockers[0].kind, Blocker::Kind::pin);
    EXPECT_EQ(r.blockers[0].reason,
              "3 firms need 3 places by pins with 1 adviser, which has only 2; drop pins or raise "
              "capacity by 1 in all");
}

TEST(Relaxation, SaysWhichPlacesAreShort) {
    auto p = of({{1, 1}, {1, 1}, {1, 1}, {1, 1}}, {1, 1});
    p.limits.min_demand = {1, 1, 1, 1};
    const auto r = solve(p);
    expect_proven(p, r);
    ASSERT_EQ(r.blockers.size(), 1U);
    EXPECT_EQ(r.blockers[0].reason,
              "4 firms need 4 places with 2 advisers, which have only 2; lower min_demand or raise "
              "capacity by 2 in all");
    EXPECT_EQ(units_of(r.relaxation), 2);
}

TEST(Relaxation, PinsThatAreNotEligibleAreOneBlockerPerReason) {
    auto p = of({{no, 1}, {no, 1}}, {1, 2});
    p.limits.pinned = {{FirmId(0U), AdviserId(0U)}, {FirmId(1U), AdviserId(0U)}};
    const auto r = solve(p);
    expect_proven(p, r);
    ASSERT_EQ(r.blockers.size(), 1U);
    EXPECT_EQ(r.blockers[0].needed, 2);
    EXPECT_EQ(r.blockers[0].reachable, 0);
    EXPECT_EQ(units_of(r.relaxation), 2);
}

TEST(Relaxation, IsTheSameWhereverItsPairsComeFrom) {
    int infeasible = 0, parts = 0;
    for (std::uint64_t seed = 0; seed < 600; ++seed) {
        SCOPED_TRACE(seed);
        const auto p = contradictory_problem(seed);
        const auto all = smallest(p);
        for (const std::size_t width : {1U, 2U}) {
            RelaxationSearch::Options few;
            few.all_pairs_up_to = 0;
            few.width = width;
            few.threads = 1 + static_cast<unsigned>(width);
            EXPECT_EQ(smallest(p, few).units, all.units);
        }
        const auto r = solve(p);
        if (all.units == 0) {
            EXPECT_NE(r.certificate.status, Status::infeasible);
            continue;
        }
        ++infeasible;
        parts += r.blockers.size() > 1 ? 1 : 0;
        expect_proven(p, r);
        EXPECT_EQ(units_of(r.relaxation), all.units);
        std::int64_t shortfall = 0;
        for (const Blocker& b : r.blockers) {
            EXPECT_FALSE(b.reason.empty());
            EXPECT_GT(b.shortfall, 0);
            shortfall += b.shortfall;
        }
        EXPECT_EQ(shortfall, all.units);
        if (HasFailure()) return;
    }
    EXPECT_GT(infeasible, 200);
    EXPECT_GT(parts, 50);
}

TEST(Relaxation, HasTheSameBitsOnAnyNumberOfThreads) {
    ProblemShape shape;
    shape.most_firms = 5'000;
    shape.most_advisers = 60;
    shape.density = 0.3;
    shape.most_capacity = 40;
    auto p = random_problem(shape, 3);
    ASSERT_GT(p.firms(), 2'000U);  // several chunks
    for (std::size_t j = 0; j < p.advisers(); ++j) {
        p.limits.capacity[j] = 400;
        p.limits.min_load[j] = static_cast<std::int64_t>(j % 7) * 60;
    }
    const DenseSource source(p.utility);
    const auto with = [&](unsigned threads) {
        RelaxationSearch::Options few;
        few.all_pairs_up_to = 0;
        few.width = 2;
        few.threads = threads;
        auto a = smallest(p, few);
        AssignmentResult r;
        r.blockers = detail::BlockerFinder(source, p.limits, a.price, threads).run();
        return std::pair(std::move(a), std::move(r.blockers));
    };
    const auto [one, blockers] = with(1);
    ASSERT_GT(one.units, 0);
    for (const unsigned threads : {2U, 5U}) {
        const auto [many, again] = with(threads);
        EXPECT_EQ(many.price, one.price);
        EXPECT_EQ(many.pairs, one.pairs);
        ASSERT_EQ(again.size(), blockers.size());
        for (std::size_t b = 0; b < again.size(); ++b) {
            EXPECT_EQ(again[b].reason, blockers[b].reason);
            EXPECT_EQ(again[b].firms, blockers[b].firms);
            EXPECT_EQ(again[b].advisers, blockers[b].advisers);
        }
    }
}

TEST(Relaxation, StopsWhenAsked) {
    auto p = of({{1}}, {1});
    p.limits.min_load = {1};
    const DenseSource source(p.utility);
    const Control stopped(0.0);
    EXPECT_FALSE(RelaxationSearch(source, p.limits).run(stopped).has_value());
}

}  // namespace
}  // namespace libmatch
