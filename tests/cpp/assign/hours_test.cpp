// Capacity in hours: against every possible answer of small problems, and the judge on changed
// ones.
#include <gtest/gtest.h>

#include <cpp/support/small_problem.hpp>
#include <functional>
#include <libmatch/retrieve/hours_source.hpp>

#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

struct HoursCase {
    DenseSource::Matrix utility, load;  ///< utility -inf = not eligible
    AssignmentLimits limits;

    [[nodiscard]] std::size_t firms() const { return static_cast<std::size_t>(utility.rows()); }
    [[nodiscard]] std::size_t advisers() const { return static_cast<std::size_t>(utility.cols()); }
    [[nodiscard]] double hours(FirmId i, AdviserId j) const {
        return load(static_cast<Eigen::Index>(i.value), static_cast<Eigen::Index>(j.value));
    }
    [[nodiscard]] bool pinned_elsewhere(FirmId i, AdviserId j) const {
        return std::any_of(limits.pinned.begin(), limits.pinned.end(),
                           [&](const Pair& p) { return p.firm == i && !(p.adviser == j); });
    }
    [[nodiscard]] bool pinned(FirmId i) const { return pinned_elsewhere(i, AdviserId{}); }

    /// The largest value over all lawful answers, -inf if there is none: depth first, all of them.
    [[nodiscard]] double best() const {
        std::vector<double> left = limits.hours;
        const std::function<double(std::size_t)> from = [&](std::size_t i) {
            if (i == firms()) return 0.0;
            const FirmId f(i);
            double most = -HUGE_VAL;
            if (limits.min_demand_of(f) == 0 && !pinned(f)) most = from(i + 1);
            for (std::size_t j = 0; j < advisers() && limits.demand_of(f) > 0; ++j) {
                const AdviserId a(j);
                const double u =
                    utility(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j));
                if (u == -HUGE_VAL || pinned_elsewhere(f, a)) continue;
                if (hours(f, a) > left[j] + 1e-9) continue;
                left[j] -= hours(f, a);
                most = std::max(most, u + from(i + 1));
                left[j] += hours(f, a);
            }
            return most;
        };
        return from(0);
    }

    [[nodiscard]] AssignmentResult solve(const AssignmentOptions& options, Control& control) const {
        const DenseSource pairs(utility);
        const HoursSource source(pairs, [this](FirmId i, AdviserId j) { return hours(i, j); });
        return testing::assign(source, limits, options, control);
    }
    [[nodiscard]] AssignmentResult solve(const AssignmentOptions& options = {}) const {
        Control control;
        return solve(options, control);
    }
    [[nodiscard]] check::Verdict judge(const AssignmentResult& claim) const {
        check::AssignmentCase problem;
        problem.stage = "hours";
        problem.firms = firms();
        problem.advisers = advisers();
        const DenseSource pairs(utility);
        problem.eligible = [&](FirmId i, AdviserId j) { return pairs.eligible(i, j); };
        problem.utility = [&](FirmId i, AdviserId j) { return pairs.utility(i, j); };
        problem.load = [&](FirmId i, AdviserId j) { return hours(i, j); };
        problem.firm_name = [](FirmId i) { return "firm " + std::to_string(i.value); };
        problem.adviser_name = [](AdviserId j) { return "adviser " + std::to_string(j.value); };
        check::Verdict verdict;
        testing::judge_assignment(problem, limits, claim, verdict);
        return verdict;
    }
};

HoursCase random_hours(std::uint64_t seed, std::size_t n, std::size_t m, double forced,
                       bool whole = true) {
    Random random(seed);
    HoursCase p;
    p.utility.resize(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(m));
    p.load.resizeLike(p.utility);
    double total = 0;
    for (Eigen::Index i = 0; i < p.utility.rows(); ++i) {
        for (Eigen::Index j = 0; j < p.utility.cols(); ++j) {
            const bool eligible = random.uniform() < 0.8;
            const double u = 20 * random.uniform() - 4, h = 8 * random.uniform();
            p.utility(i, j) = !eligible ? -HUGE_VAL : whole ? std::round(u) : u;
            p.load(i, j) = whole ? std::round(h) : h;
            total += p.load(i, j);
        }
    }
    const double share = 0.4 + 0.6 * random.uniform();
    for (std::size_t j = 0; j < m; ++j) {
        const double hours = share * total / static_cast<double>(m * m);
        p.limits.hours.push_back(whole ? std::floor(hours) : hours);
    }
    for (std::size_t i = 0; i < n; ++i)
        p.limits.min_demand.push_back(random.uniform() < forced ? 1 : 0);
    if (seed % 3 == 0) {
        const FirmId f(static_cast<std::uint32_t>(random.below(n)));
        const AdviserId a(static_cast<std::uint32_t>(random.below(m)));
        if (p.utility(static_cast<Eigen::Index>(f.value), static_cast<Eigen::Index>(a.value)) !=
            -HUGE_VAL)
            p.limits.pinned.push_back({f, a});
    }
    return p;
}

void expect_sandwich(const HoursCase& p, const AssignmentResult& r, double best) {
    const auto verdict = p.judge(r);
    EXPECT_TRUE(verdict.ok()) << verdict.violations[0].subject << ": "
                              << verdict.violations[0].problem;
    EXPECT_LE(r.certificate.objective, best + 1e-9);
    EXPECT_GE(r.certificate.bound, best - 1e-9);
    for (const double price : r.prices) EXPECT_GE(price, 0);
}

TEST(Hours, SmallProblemsReachTheBestOfAllAnswers) {
    int missed = 0, solved = 0;
    for (std::uint64_t seed = 0; seed < 120; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const double forced = seed % 4 == 0 ? 0.0 : seed % 4 == 1 ? 0.3 : 1.0;
        const auto p = random_hours(seed, 1 + seed % 8, 1 + seed % 4, forced, seed % 2 == 0);
        const double best = p.best();
        const auto r = p.solve();
        if (best == -HUGE_VAL) {
            EXPECT_FALSE(r.certificate.status == Status::optimal ||
                         r.certificate.status == Status::within_gap);
            continue;
        }
        ASSERT_NE(r.certificate.status, Status::infeasible);
        ++solved;
        expect_sandwich(p, r, best);
        missed += r.certificate.objective < best - 1e-9 ? 1 : 0;
    }
    EXPECT_GT(solved, 60);
    EXPECT_EQ(missed, 0);
}

TEST(Hours, PricesReachTheLinearRelaxation) {
    // One adviser of 4 hours: two thirds of 9 for 6 hours is worth more than 5 for 4.
    HoursCase p;
    p.utility = DenseSource::Matrix{{9}, {5}};
    p.load = DenseSource::Matrix{{6}, {4}};
    p.limits.hours = {4};
    const auto r = p.solve();
    EXPECT_NEAR(r.certificate.bound, 6, 1e-4);
    EXPECT_EQ(r.certificate.objective, 5);
    EXPECT_EQ(r.certificate.status, Status::time_limit);
    EXPECT_TRUE(p.judge(r).ok());
}

TEST(Hours, TenthsOfAnHourFillTheirSum) {
    HoursCase p;
    p.utility = DenseSource::Matrix::Constant(10, 1, 1.0);
    p.load = DenseSource::Matrix::Constant(10, 1, 0.1);
    p.limits.hours = {1.0};
    const auto r = p.solve();
    EXPECT_EQ(r.pairs.size(), 10U);
    EXPECT_EQ(r.certificate.status, Status::optimal);
    EXPECT_TRUE(p.judge(r).ok());
}

TEST(Hours, PairsWithoutHoursNeedNoRoom) {
    HoursCase p;
    p.utility = DenseSource::Matrix::Constant(3, 1, 2.0);
    p.load = DenseSource::Matrix{{0}, {1}, {0}};
    p.limits.hours = {0};
    const auto r = p.solve();
    EXPECT_EQ(r.certificate.objective, 4);
    EXPECT_LE(r.certificate.gap(), 1e-4);
    EXPECT_TRUE(p.judge(r).ok());
}

HoursCase large_hours(std::size_t n, std::size_t m) {
    auto p = random_hours(5, n, m, 0.0, false);
    p.limits.pinned.clear();
    return p;
}

TEST(Hours, ThreadsGiveTheSameBitsAndSeedsAreFree) {
    const auto p = large_hours(150, 8);
    const auto one = p.solve({.threads = 1});
    EXPECT_TRUE(p.judge(one).ok());
    for (const unsigned threads : {2U, 3U}) {
        const auto more = p.solve({.threads = threads});
        EXPECT_EQ(more.pairs, one.pairs);
        EXPECT_EQ(more.prices, one.prices);
        EXPECT_EQ(more.certificate.bound, one.certificate.bound);
    }
    EXPECT_TRUE(p.judge(p.solve({.seed = 7})).ok());
}

TEST(Hours, LargeScarceProblemClosesTheGap) {
    const auto p = large_hours(3000, 30);
    const auto r = p.solve({.gap = 1e-3});
    EXPECT_TRUE(p.judge(r).ok());
    EXPECT_LE(r.certificate.gap(), 1e-3);
    EXPECT_EQ(r.certificate.status, Status::within_gap);
}

// ---- stopped early ----

TEST(HoursStopped, AtAnyMomentIsLawfulAndBounded) {
    const auto p = large_hours(800, 20);
    const auto whole = p.solve();
    for (const double limit : {0.0, 1e-3, 1e-2, 0.1}) {
        Control control(limit);
        const auto r = p.solve({.gap = 0}, control);
        EXPECT_EQ(r.certificate.status, Status::time_limit);
        EXPECT_TRUE(p.judge(r).ok());
        EXPECT_GE(r.certificate.bound, whole.certificate.objective);
    }
}

TEST(HoursStopped, ByTheListener) {
    const auto p = large_hours(800, 20);
    int calls = 0;
    Control control(std::nullopt, [&](const Progress&) { return ++calls < 3; });
    const auto r = p.solve({.gap = 0}, control);
    EXPECT_EQ(r.certificate.status, Status::cancelled);
    EXPECT_TRUE(p.judge(r).ok());
}

// ---- what cannot be ----

TEST(HoursBlockers, AForcedFirmThatFitsNowhereIsNamed) {
    HoursCase p;
    p.utility = DenseSource::Matrix{{1, 1}, {1, -HUGE_VAL}};
    p.load = DenseSource::Matrix{{2, 2}, {5, 1}};
    p.limits.hours = {4, 4};
    p.limits.min_demand = {1, 1};
    const auto r = p.solve();
    ASSERT_EQ(r.certificate.status, Status::infeasible);
    ASSERT_EQ(r.blockers.size(), 1U);
    EXPECT_EQ(r.blockers[0].kind, Blocker::Kind::firm);
    EXPECT_EQ(r.blockers[0].index, 1U);
}

TEST(HoursBlockers, TooFewHoursForAllAreNamed) {
    auto p = large_hours(60, 4);
    p.utility = p.utility.cwiseMax(-4.0);
    p.load.setConstant(3);
    p.limits.hours.assign(4, 40);
    p.limits.min_demand.assign(60, 1);
    const auto r = p.solve();
    ASSERT_EQ(r.certificate.status, Status::infeasible);
    ASSERT_FALSE(r.blockers.empty());
    EXPECT_EQ(r.blockers[0].kind, Blocker::Kind::adviser);
    EXPECT_GT(r.blockers[0].shortfall, 0);
}

TEST(HoursBlockers, PinsBeyondTheHoursAreNamed) {
    HoursCase p;
    p.utility = DenseSource::Matrix{{1}, {1}};
    p.load = DenseSource::Matrix{{2}, {3}};
    p.limits.hours = {4};
    p.limits.pinned = {{FirmId(0U), AdviserId(0U)}, {FirmId(1U), AdviserId(0U)}};
    const auto r = p.solve();
    ASSERT_EQ(r.certificate.status, Status::infeasible);
    ASSERT_EQ(r.blockers.size(), 1U);
    EXPECT_EQ(r.blockers[0].index, 1U);
    EXPECT_EQ(r.blockers[0].shortfall, 1);
}

// ---- faults ----

TEST(HoursFaults, AreListedWithTableRowAndColumn) {
    HoursCase p;
    p.utility = DenseSource::Matrix{{1, 1}, {1, -HUGE_VAL}};
    p.load = DenseSource::Matrix{{2, -1}, {HUGE_VAL, -5}};  // the last pair is not eligible
    p.limits.hours = {4, 4};
    try {
        (void)p.solve();
        FAIL() << "no InputError";
    } catch (const InputError& error) {
        ASSERT_EQ(error.faults().size(), 2U);
        EXPECT_EQ(error.faults()[0].table, "load");
        EXPECT_EQ(error.faults()[0].row, 0);
        EXPECT_EQ(error.faults()[0].column, "1");
        EXPECT_EQ(error.faults()[1].row, 1);
        EXPECT_EQ(error.faults()[1].column, "0");
    }
}

TEST(HoursFaults, WhatIsNotSupportedIsRefused) {
    auto p = large_hours(10, 2);
    p.limits.capacity = {1, 1};
    p.limits.min_load = {1, 0};
    p.limits.demand.assign(10, 2);
    p.limits.hours[1] = -1;
    try {
        (void)p.solve({.exact = true});
        FAIL() << "no InputError";
    } catch (const InputError& error) {
        for (const std::string_view table : {"capacity", "min_load", "demand", "hours", "exact"}) {
            EXPECT_TRUE(std::any_of(error.faults().begin(), error.faults().end(),
                                    [&](const Fault& f) { return f.table == table; }))
                << table;
        }
    }
}

// ---- the judge sees what is wrong ----

TEST(HoursJudge, SeesWhatWasChanged) {
    const auto p = random_hours(1, 8, 3, 0.0);
    const auto r = p.solve();
    ASSERT_TRUE(p.judge(r).ok());
    ASSERT_GE(r.pairs.size(), 2U);
    const auto refused = [&](const std::function<void(AssignmentResult&)>& change) {
        AssignmentResult changed = r;
        change(changed);
        return !p.judge(changed).ok();
    };
    EXPECT_TRUE(refused([](auto& c) { c.certificate.objective += 1; }));
    EXPECT_TRUE(refused([](auto& c) { c.certificate.bound -= 1e-3; }));
    EXPECT_TRUE(refused([](auto& c) { c.prices[0] += 0.5; }));
    EXPECT_TRUE(refused([](auto& c) { c.prices[0] = -0.5; }));
    EXPECT_TRUE(refused([](auto& c) { c.pairs.pop_back(); }));
    HoursCase less = p;
    for (double& hours : less.limits.hours) hours = 0;
    EXPECT_FALSE(less.judge(r).ok());
}

TEST(HoursJudge, AllowsRoundingOnly) {
    HoursCase p;
    p.utility = DenseSource::Matrix{{1}};
    p.load = DenseSource::Matrix{{1}};
    p.limits.hours = {1};
    const auto r = p.solve();
    ASSERT_EQ(r.pairs.size(), 1U);
    p.load(0, 0) = 1 + 1e-6;
    EXPECT_FALSE(p.judge(r).ok());
}

}  // namespace
}  // namespace libmatch
