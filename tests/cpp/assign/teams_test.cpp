// Advisers that cover needs together, against all answers of small problems; larger ones judged.
#include <gtest/gtest.h>

#include <cpp/support/judge.hpp>
#include <cpp/support/small_problem.hpp>
#include <cpp/support/small_team.hpp>

namespace libmatch {
namespace {

std::string first_violation(const check::Verdict& verdict) {
    return verdict.ok() ? "" : verdict.violations[0].subject + ": " + verdict.violations[0].problem;
}

TEST(Teams, AgainstAllAnswersOfSmallProblems) {
    int closed = 0, best_found = 0, count = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const auto p = random_team_problem({.pins = seed % 4 == 0 ? 0.3 : 0.0}, seed);
        const double best = best_of_all(p);
        const auto r = solve(p, {.gap = 0});
        ASSERT_EQ(first_violation(judge(p, r)), "");
        EXPECT_LE(r.certificate.objective, best);
        EXPECT_GE(r.certificate.bound, best);
        EXPECT_NEAR(r.certificate.bound, team_bound(p, r.prices), 1e-9);
        EXPECT_EQ(r.certificate.status == Status::optimal, r.certificate.gap() == 0);
        ++count;
        best_found += r.certificate.objective == best ? 1 : 0;
        closed += r.certificate.gap() < 1e-12 ? 1 : 0;
    }
    EXPECT_GT(best_found, count * 98 / 100);
    EXPECT_GT(closed, count * 95 / 100);
}

/// Few seats for many members, so that firms give way to each other.
TEST(Teams, ScarceSeats) {
    int best_found = 0, count = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        auto p = random_team_problem({.most_firms = 12,
                                      .most_advisers = 7,
                                      .most_skills = 6,
                                      .cost = 3,
                                      .whole = seed % 2 == 0},
                                     seed);
        Random random(seed);
        for (auto& seats : p.limits.capacity)
            seats = 1 + static_cast<std::int64_t>(random.below(2));
        const double best = best_of_all(p);
        const auto r = solve(p, {.gap = 1e-9});
        ASSERT_EQ(first_violation(judge(p, r)), "");
        EXPECT_GE(r.certificate.bound, best * (1 - 1e-12));
        EXPECT_LE(r.certificate.objective, best * (1 + 1e-12));
        ++count;
        best_found += r.certificate.objective >= best * (1 - 1e-12) ? 1 : 0;
    }
    EXPECT_GT(best_found, count * 95 / 100);
}

TEST(Teams, SecondMemberAddsWhatTheFirstLacks) {
    SmallProblem p;
    p.utility = DenseSource::Matrix::Constant(1, 3, -1);
    p.limits.capacity = {1, 1, 1};
    p.limits.demand = {3};
    p.limits.team = Team{2, {4, 2}, {1, 1}, {4, 0, 1, 3, 2, 1}};
    const auto r = solve(p);
    EXPECT_EQ(r.certificate.status, Status::optimal);
    EXPECT_EQ(r.certificate.objective, 4 + 2 - 2);  // a third would add nothing and cost 1
    EXPECT_EQ(r.pairs,
              (std::vector<Pair>{{FirmId(0U), AdviserId(0U)}, {FirmId(0U), AdviserId(1U)}}));
}

/// Without skills, a team is the sum of its members: the plain problem.
TEST(Teams, WithoutSkillsItIsThePlainProblem) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        auto p = random_problem({.low = -30, .most_demand = 3, .pins = 0.05}, seed);
        const auto plain = solve(p, {.exact = true});
        p.limits.team = Team{};
        const auto r = solve(p, {.gap = 0});
        if (plain.certificate.status == Status::infeasible) {
            EXPECT_EQ(r.certificate.status, Status::infeasible);
            EXPECT_EQ(r.blockers.size(), plain.blockers.size());
        } else {
            EXPECT_GE(r.certificate.bound, plain.certificate.objective);
            EXPECT_NEAR(r.certificate.objective, plain.certificate.objective,
                        1e-3 * plain.certificate.objective + 1e-9);
        }
        EXPECT_EQ(first_violation(judge(p, r)), "");
    }
}

SmallProblem larger(std::size_t n, std::size_t m, std::int32_t demand) {
    Random random(3);
    SmallProblem p;
    p.utility.resize(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(m));
    for (double& u : p.utility.reshaped())
        u = random.uniform() < 0.2 ? -HUGE_VAL : 0.3 * random.uniform() - 0.25;
    Team team{8, {}, {}, {}};
    for (std::size_t x = 0; x < 8 * n; ++x) {
        team.need.push_back(static_cast<double>(random.below(5)));
        team.weight.push_back(random.uniform() / 8);
    }
    for (std::size_t x = 0; x < 8 * m; ++x)
        team.skill.push_back(static_cast<double>(random.below(5)));
    p.limits.team = team;
    p.limits.demand.assign(n, demand);
    for (std::size_t j = 0; j < m; ++j)
        p.limits.capacity.push_back(static_cast<std::int64_t>(random.below(2 * n / m + 1)));
    return p;
}

TEST(Teams, LargerOnesAreWithinTheGapAndJudged) {
    for (const std::int32_t demand : {1, 2, 4, 8}) {
        SCOPED_TRACE("demand " + std::to_string(demand));
        const auto p = larger(800, 30, demand);
        const auto r = solve(p, {.gap = 4e-3});
        EXPECT_EQ(r.certificate.status, Status::within_gap);
        EXPECT_LE(r.certificate.gap(), 4e-3);
        EXPECT_EQ(p.broken_limit(r.pairs), "");
        EXPECT_EQ(first_violation(judge(p, r)), "");
    }
}

/// Shorter lists than rows: what lies outside is looked at all the same.
TEST(Teams, BoundsAreAboutAllPairs) {
    const auto p = larger(150, 40, 2);
    const auto narrow = solve(p, {.gap = 1e-2, .candidates = 2});
    EXPECT_EQ(first_violation(judge(p, narrow)), "");
    EXPECT_GE(narrow.certificate.bound, solve(p, {.gap = 1e-2}).certificate.objective);
}

TEST(Teams, SameBitsForAnyNumberOfThreads) {
    const auto p = larger(300, 20, 3);
    const auto one = solve(p, {.gap = 5e-3, .threads = 1});
    for (const unsigned threads : {2U, 5U}) {
        const auto r = solve(p, {.gap = 5e-3, .threads = threads});
        EXPECT_EQ(r.pairs, one.pairs);
        EXPECT_EQ(r.prices, one.prices);
        EXPECT_EQ(r.certificate.objective, one.certificate.objective);
        EXPECT_EQ(r.certificate.bound, one.certificate.bound);
    }
}

TEST(Teams, AnyScale) {
    for (const double scale : {0x1p-60, 0x1p60}) {
        auto p = larger(150, 12, 2);
        const auto plain = solve(p, {.gap = 5e-3});
        p.utility *= scale;
        for (double& w : p.limits.team->weight) w *= scale;
        if (scale > 1) {  // weights up to 1e15 only
            for (double& w : p.limits.team->weight) w *= 0x1p-20;
            for (double& x : p.limits.team->need) x *= 0x1p20;
            for (double& x : p.limits.team->skill) x *= 0x1p20;
        }
        const auto r = solve(p, {.gap = 5e-3});
        EXPECT_EQ(first_violation(judge(p, r)), "");
        EXPECT_LE(r.certificate.gap(), 5e-3);
        EXPECT_NEAR(r.certificate.bound / scale, plain.certificate.bound,
                    5e-3 * plain.certificate.bound);
    }
}

TEST(TeamsJudge, SeesWhatWasChanged) {
    const auto p = larger(150, 12, 2);
    const auto r = solve(p, {.gap = 5e-3});
    ASSERT_TRUE(judge(p, r).ok());
    const auto refused = [&](const SmallProblem& problem, const AssignmentResult& claim) {
        return !judge(problem, claim).ok();
    };
    auto claim = r;
    claim.certificate.objective = std::nextafter(r.certificate.objective, HUGE_VAL);
    EXPECT_TRUE(refused(p, claim));
    claim = r;
    claim.certificate.bound = r.certificate.bound * (1 - 1e-12);
    EXPECT_TRUE(refused(p, claim));
    claim = r;
    claim.pairs.pop_back();
    EXPECT_TRUE(refused(p, claim));
    claim = r;
    claim.pairs[0].adviser = AdviserId((claim.pairs[0].adviser.value + 1U) % 12U);
    EXPECT_TRUE(refused(p, claim));
    claim = r;
    claim.prices[3] = -1e-9;
    EXPECT_TRUE(refused(p, claim));
    claim = r;
    for (double& price : claim.prices) price += 1;
    EXPECT_TRUE(refused(p, claim));
    claim = r;
    claim.certificate.status = Status::optimal;
    EXPECT_TRUE(refused(p, claim));
    claim = r;
    claim.certificate.unit = 1e-6;
    EXPECT_TRUE(refused(p, claim));
    auto other = p;
    for (double& w : other.limits.team->weight) w *= 1.001;  // objective and bound
    EXPECT_TRUE(refused(other, r));
    other = p;
    other.limits.team->skill[0] += 4;  // what one adviser could cover
    EXPECT_TRUE(refused(other, r));
    other = p;
    other.limits.team.reset();
    EXPECT_TRUE(refused(other, r));
    other = p;
    other.limits.demand.assign(p.firms(), 1);
    EXPECT_TRUE(refused(other, r));
}

TEST(TeamFaults, AreNamed) {
    auto p = larger(4, 3, 2);
    p.limits.team->need[9] = -1;
    p.limits.team->skill.pop_back();
    p.limits.team->weight[0] = std::nan("");
    p.limits.demand[2] = 9;
    p.limits.min_demand.assign(4, 1);
    p.limits.min_load.assign(3, 1);
    p.limits.reservation.assign(4, 1.0);
    p.limits.quotas.push_back({});
    p.limits.previous = {{FirmId(0U), AdviserId(0U)}};
    p.limits.max_changes = 1;
    try {
        (void)solve(p, {.exact = true, .start_prices = {0, 0, 0}});
        FAIL() << "no InputError";
    } catch (const InputError& error) {
        for (const std::string_view table :
             {"team.need", "team.skill", "team.weight", "demand", "min_demand", "min_load",
              "reservation", "quotas", "previous", "max_changes", "exact", "prices"}) {
            EXPECT_TRUE(
                std::any_of(error.faults().begin(), error.faults().end(),
                            [&](const Fault& f) { return f.table == table && !f.remedy.empty(); }))
                << table;
        }
    }
    auto large = larger(4, 3, 2);
    large.utility(1, 2) = 1e31;
    EXPECT_THROW((void)solve(large), InputError);
}

}  // namespace
}  // namespace libmatch
