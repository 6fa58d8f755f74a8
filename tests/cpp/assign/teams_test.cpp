// Advisers that cover needs together, against all answers of small problems, and larger ones
// judged.
#include <gtest/gtest.h>

#include <cpp/support/judge.hpp>
#include <cpp/support/small_problem.hpp>
#include <cpp/support/small_team.hpp>
#include <libmatch/assign/assign.hpp>

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
        ++count;
        best_found += r.certificate.objective == best ? 1 : 0;
        closed += r.certificate.status == Status::optimal ? 1 : 0;
        EXPECT_EQ(r.certificate.status == Status::optimal, r.certificate.gap() == 0);
    }
    RecordProperty("closed", closed);
    EXPECT_GT(best_found, count * 95 / 100)
        << best_found << " of " << count << ", closed " << closed;
    EXPECT_GT(closed, count * 60 / 100) << best_found << " of " << count << ", closed " << closed;
}

}  // namespace
}  // namespace libmatch
