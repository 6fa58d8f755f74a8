// Limits on changes: against every assignment of tiny problems, and the rules of counting.
#include <gtest/gtest.h>

#include <cpp/support/judge.hpp>
#include <cpp/support/small_problem.hpp>
#include <libmatch/retrieve/kept_source.hpp>

#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

/// A random problem with an earlier assignment, of which some pairs may not be possible any more.
SmallProblem with_previous(std::uint64_t seed, ProblemShape shape) {
    SmallProblem p = random_problem(shape, seed);
    Random random(seed + 1'000);
    for (std::size_t i = 0; i < p.firms(); ++i) {
        if (random.uniform() < 0.2) continue;
        p.limits.previous.push_back(
            {FirmId(i), AdviserId(static_cast<std::uint32_t>(random.below(p.advisers())))});
    }
    return p;
}

/// Changes beyond the forced ones, by counting.
std::int64_t changes_of(const SmallProblem& p, const std::vector<Pair>& pairs) {
    std::vector<std::int64_t> seats = p.limits.capacity;
    std::vector<int> pinned(p.firms(), -1);
    for (const Pair& pin : p.limits.pinned) {
        pinned[pin.firm] = static_cast<int>(pin.adviser.value);
        --seats[pin.adviser];
    }
    std::int64_t changes = 0;
    for (const Pair& q : p.limits.previous) {
        const int pin = pinned[q.firm];
        if (!p.eligible(q.firm, q.adviser)) continue;
        if (pin >= 0) continue;  // pinned there: kept by every answer; elsewhere: forced
        const bool kept = std::find(pairs.begin(), pairs.end(), q) != pairs.end();
        changes += kept ? 0 : 1;
        if (--seats[q.adviser] < 0) --changes;
    }
    return changes;
}

/// Of these pairs, with the firms that stay out.
double worth_of(const SmallProblem& p, const std::vector<Pair>& pairs) {
    double sum = p.objective_of(pairs);
    for (std::size_t i = 0; i < p.firms(); ++i) {
        const bool served = std::any_of(pairs.begin(), pairs.end(),
                                        [&](const Pair& q) { return q.firm == FirmId(i); });
        if (!served) sum += p.limits.reservation_of(FirmId(i));
    }
    return sum;
}

/// The best objective with at most `most` changes, over every assignment there is.
double best_by_trying(const SmallProblem& p, std::int64_t most) {
    double best = -HUGE_VAL;
    std::vector<Pair> pairs;
    const std::function<void(std::size_t)> try_firm = [&](std::size_t i) {
        if (i == p.firms()) {
            if (p.broken_limit(pairs).empty() && changes_of(p, pairs) <= most)
                best = std::max(best, worth_of(p, pairs));
            return;
        }
        try_firm(i + 1);
        for (std::size_t j = 0; j < p.advisers(); ++j) {
            if (!p.eligible(FirmId(i), AdviserId(j))) continue;
            pairs.push_back({FirmId(i), AdviserId(j)});
            try_firm(i + 1);
            pairs.pop_back();
        }
    };
    try_firm(0);
    return best;
}

class FewChanges : public ::testing::TestWithParam<ProblemShape> {};

TEST_P(FewChanges, StandsBetweenItsBoundAndTheBestOfAllAssignments) {
    ProblemShape shape = GetParam();
    shape.most_firms = 6;
    shape.most_advisers = 3;
    std::size_t limited = 0, closed = 0, cases = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        SmallProblem p = with_previous(seed, shape);
        for (std::int64_t most = 0; most <= 3; ++most) {
            SCOPED_TRACE("seed " + std::to_string(seed) + ", changes " + std::to_string(most));
            p.limits.max_changes = most;
            const auto r = solve(p, {.gap = 1e-6});
            const double best = best_by_trying(p, most);
            if (r.certificate.status == Status::infeasible) {  // pins beyond a capacity
                EXPECT_EQ(best, -HUGE_VAL);
                continue;
            }
            ASSERT_EQ(p.broken_limit(r.pairs), "");
            EXPECT_EQ(r.changes, changes_of(p, r.pairs));
            EXPECT_LE(r.changes, most);
            EXPECT_NEAR(r.certificate.objective, p.objective_of(r.pairs), 1e-9);
            EXPECT_LE(r.certificate.objective, best + 1e-9);
            EXPECT_GE(r.certificate.bound, best - 1e-9);
            const auto verdict = judge(p, r);
            EXPECT_TRUE(verdict.ok()) << (verdict.ok() ? "" : verdict.violations[0].problem);
            ASSERT_NE(r.unlimited, nullptr);
            SmallProblem free = p;
            free.limits.max_changes.reset();
            EXPECT_TRUE(judge(free, *r.unlimited).ok());
            EXPECT_GE(r.unlimited->certificate.bound, r.certificate.objective - 1e-9);
            ++cases;
            limited += r.change_price > 0 ? 1 : 0;
            closed += r.certificate.objective > best - 1e-6 * std::fabs(best) - 1e-9 ? 1 : 0;
        }
    }
    EXPECT_GT(limited, cases / 20);     // the limit did matter
    EXPECT_GE(closed, cases * 9 / 10);  // and the best was found nearly always
}
INSTANTIATE_TEST_SUITE_P(Shapes, FewChanges,
                         ::testing::Values(ProblemShape{.density = 0.8},
                                           ProblemShape{.density = 0.9, .pins = 0.2},
                                           ProblemShape{.low = -60, .high = 40},
                                           ProblemShape{.low = 0, .high = 2},
                                           ProblemShape{.most_capacity = 1}),
                         [](const auto& i) { return "shape" + std::to_string(i.index); });

TEST(FewChanges, KnowsWhatFirmsAreWorthThatStayOut) {
    std::size_t limited = 0, closed = 0, cases = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        SmallProblem p = with_previous(seed, {.most_firms = 6, .most_advisers = 3, .density = 0.9});
        Random random(seed + 9);
        for (std::size_t i = 0; i < p.firms(); ++i)
            p.limits.reservation.push_back(std::round(80 * random.uniform() - 20));
        for (const std::int64_t most : {0, 1}) {
            SCOPED_TRACE("seed " + std::to_string(seed) + ", changes " + std::to_string(most));
            p.limits.max_changes = most;
            const auto r = solve(p, {.gap = 1e-6});
            const double best = best_by_trying(p, most);
            ASSERT_EQ(p.broken_limit(r.pairs), "");
            EXPECT_LE(r.changes, most);
            EXPECT_NEAR(r.certificate.objective, worth_of(p, r.pairs), 1e-9);
            EXPECT_LE(r.certificate.objective, best + 1e-9);
            EXPECT_GE(r.certificate.bound, best - 1e-9);
            const auto verdict = judge(p, r);
            EXPECT_TRUE(verdict.ok()) << (verdict.ok() ? "" : verdict.violations[0].problem);
            ASSERT_NE(r.unlimited, nullptr);
            SmallProblem free = p;
            free.limits.max_changes.reset();
            EXPECT_TRUE(judge(free, *r.unlimited).ok());
            ++cases;
            limited += r.change_price > 0 ? 1 : 0;
            closed += r.certificate.objective > best - 1e-6 * std::fabs(best) - 1e-9 ? 1 : 0;
        }
    }
    EXPECT_GT(limited, cases / 20);
    EXPECT_GE(closed, cases * 9 / 10);
}

TEST(FewChanges, CountsWhatIsForcedApart) {
    SmallProblem p;
    p.utility.resize(5, 2);
    p.utility << 5, 1, 4, 1, 3, 1, -HUGE_VAL, 1, 2, 1;
    p.limits.capacity = {2, 4};
    // Firms 0, 1, 2 had adviser 0, which has two seats now; 3 had it too and may not any more.
    p.limits.previous = {{FirmId(0U), AdviserId(0U)},
                         {FirmId(1U), AdviserId(0U)},
                         {FirmId(2U), AdviserId(0U)},
                         {FirmId(3U), AdviserId(0U)}};
    const auto r = solve(p);
    EXPECT_EQ(r.forced_changes, 2);
    EXPECT_EQ(r.changes, 0);
    EXPECT_EQ(r.unlimited, nullptr);
    p.limits.max_changes = 0;
    EXPECT_EQ(solve(p).certificate.objective, r.certificate.objective);
}

TEST(FewChanges, NoChangeAllowedKeepsEveryPair) {
    SmallProblem p;
    p.utility.resize(2, 2);
    p.utility << 1, 9, 9, 1;
    p.limits.capacity = {1, 1};
    p.limits.previous = {{FirmId(0U), AdviserId(0U)}, {FirmId(1U), AdviserId(1U)}};
    p.limits.max_changes = 0;
    const auto kept = solve(p);
    EXPECT_EQ(kept.pairs, p.limits.previous);
    EXPECT_EQ(kept.certificate.objective, 2);
    EXPECT_NEAR(kept.change_price, 8, 1e-2);  // a swap brings 16 for two changes
    EXPECT_EQ(kept.unlimited->certificate.objective, 18);
    p.limits.max_changes = 2;
    const auto swapped = solve(p);
    EXPECT_EQ(swapped.certificate.objective, 18);
    EXPECT_EQ(swapped.change_price, 0);
}

TEST(FewChanges, TheJudgeSeesWrongPricesAndCounts) {
    SmallProblem p;
    p.utility.resize(2, 2);
    p.utility << 1, 9, 9, 1;
    p.limits.capacity = {1, 1};
    p.limits.previous = {{FirmId(0U), AdviserId(0U)}, {FirmId(1U), AdviserId(1U)}};
    p.limits.max_changes = 0;
    const auto good = solve(p);
    ASSERT_TRUE(judge(p, good).ok());
    auto bad = good;
    bad.change_price = 0.5 * good.change_price;  // a price that proves less
    EXPECT_FALSE(judge(p, bad).ok());
    bad = good;
    bad.change_price = -1;
    EXPECT_FALSE(judge(p, bad).ok());
    bad = good;
    bad.changes = 1;
    EXPECT_FALSE(judge(p, bad).ok());
    bad = good;
    bad.pairs = {{FirmId(0U), AdviserId(1U)}, {FirmId(1U), AdviserId(0U)}};
    bad.changes = 2;
    bad.certificate.objective = 18;
    EXPECT_FALSE(judge(p, bad).ok());
    SmallProblem free = p;
    free.limits.max_changes.reset();
    EXPECT_FALSE(judge(free, good).ok());  // a price for no limit
}

TEST(FewChanges, ManyFirmsReachTheGapAskedForAnyThreads) {
    Random random(3);
    SmallProblem p;
    p.utility.resize(3'000, 40);
    for (Eigen::Index i = 0; i < p.utility.rows(); ++i) {
        for (Eigen::Index j = 0; j < p.utility.cols(); ++j) p.utility(i, j) = random.uniform();
    }
    p.limits.capacity.assign(40, 60);
    p.limits.previous = solve(p).pairs;
    for (Eigen::Index i = 0; i < 300; ++i) {
        for (Eigen::Index j = 0; j < p.utility.cols(); ++j) p.utility(7 * i, j) = random.uniform();
    }
    p.limits.max_changes = 100;
    const auto one = solve(p, {.threads = 1});
    EXPECT_GT(one.unlimited->changes, 100);
    EXPECT_LE(one.changes, 100);
    EXPECT_LE(one.certificate.gap(), 1e-4);
    EXPECT_GT(one.change_price, 0);
    EXPECT_LT(one.certificate.objective, one.unlimited->certificate.objective);
    EXPECT_TRUE(judge(p, one).ok());
    for (const unsigned threads : {2U, 4U}) {
        const auto more = solve(p, {.threads = threads});
        EXPECT_EQ(more.pairs, one.pairs);
        EXPECT_EQ(more.prices, one.prices);
        EXPECT_EQ(more.change_price, one.change_price);
        EXPECT_EQ(more.certificate.bound, one.certificate.bound);
    }
}

TEST(FewChanges, StoppedIsLawfulAndBounded) {
    SmallProblem p = with_previous(5, {.most_firms = 24});
    p.limits.max_changes = 1;
    const DenseSource source(p.utility);
    for (const double limit : {0.0, 1e-4, 1e-3}) {
        Control control(limit);
        const auto r = testing::assign(source, p.limits, {.gap = 0}, control);
        EXPECT_EQ(p.broken_limit(r.pairs), "");
        EXPECT_LE(r.changes, 1);
        EXPECT_GE(r.certificate.bound, solve(p).certificate.objective - 1e-9);
    }
}

TEST(FewChangesFaults, SayWhatIsWrong) {
    SmallProblem p;
    p.utility.resize(2, 2);
    p.utility << 1, 2, 3, 4;
    p.limits.capacity = {1, 1};
    p.limits.demand = {2, 1};
    p.limits.min_load = {0, 1};
    p.limits.previous = {
        {FirmId(0U), AdviserId(0U)}, {FirmId(0U), AdviserId(1U)}, {FirmId(1U), AdviserId(2U)}};
    p.limits.max_changes = -1;
    try {
        (void)solve(p, {.exact = true, .start_prices = {1, -2, 3}});
        FAIL() << "no InputError";
    } catch (const InputError& error) {
        const auto has = [&](std::string_view table, std::int64_t row) {
            return std::any_of(error.faults().begin(), error.faults().end(),
                               [&](const Fault& f) { return f.table == table && f.row == row; });
        };
        EXPECT_TRUE(has("previous", 1));  // a second pair of firm 0
        EXPECT_TRUE(has("previous", 2));  // no adviser 2
        EXPECT_TRUE(has("max_changes", -1));
        EXPECT_TRUE(has("demand", 0));
        EXPECT_TRUE(has("min_load", 1));
        EXPECT_TRUE(has("exact", -1));
        EXPECT_TRUE(has("prices", -1));  // three for two advisers
        EXPECT_TRUE(has("prices", 1));   // negative
    }
}

}  // namespace
}  // namespace libmatch
