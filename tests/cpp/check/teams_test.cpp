// The judge's best team of a firm, against all teams.
#include <gtest/gtest.h>

#include <cpp/support/judge.hpp>
#include <cpp/support/small_team.hpp>
#include <libmatch/check/teams.hpp>

namespace libmatch {
namespace {

TEST(TeamJudge, FindsTheBestTeamOfAFirm) {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const auto p = random_team_problem(
            {.most_firms = 3, .most_advisers = 9, .most_skills = 6, .most_demand = 5, .pins = 0.4},
            seed);
        Random random(seed);
        std::vector<double> prices;
        for (std::size_t j = 0; j < p.advisers(); ++j)
            prices.push_back(static_cast<double>(random.below(5)));
        const auto problem = case_of(p);
        check::TeamJudge teams(problem, p.limits, prices);
        ExactSum sum;
        for (std::size_t j = 0; j < p.advisers(); ++j)
            sum.add_multiple(prices[j], p.limits.capacity[j]);
        for (std::size_t i = 0; i < p.firms(); ++i) {
            std::vector<AdviserId> pins;
            for (const Pair& pin : p.limits.pinned)
                if (pin.firm == FirmId(i)) pins.push_back(pin.adviser);
            teams.add_best_team(FirmId(i), pins, sum);
        }
        EXPECT_EQ(sum.up(), team_bound(p, prices));  // whole numbers
        EXPECT_EQ(sum.down(), sum.up());
    }
}

TEST(TeamJudge, CoverageIsOfTheBestMemberUpToTheNeed) {
    const Team team{3, {4, 2, 0}, {1, 0.5, 9}, {4, 0, 1, 3, 3, 4}};
    ExactSum sum;
    const std::vector<AdviserId> both{AdviserId(0U), AdviserId(1U)};
    check::for_each_covered(team, FirmId(0U), both,
                            [&](double weight, double level) { sum.add_product(weight, level); });
    EXPECT_EQ(sum.up(), 4 + 0.5 * 2);
}

}  // namespace
}  // namespace libmatch
