// The best team of one firm at prices, against all teams.
#include <gtest/gtest.h>

#include <cpp/support/small_team.hpp>
#include <libmatch/assign/team_choice.hpp>
#include <libmatch/assign/team_problem.hpp>

namespace libmatch::detail {
namespace {

struct Found {
    double value = 0;
    ExactSum most;
    std::uint32_t set = 0;
};

/// The firm's best team by TeamChoice, from these thresholds.
Found choose(const SmallProblem& p, FirmId i, const std::vector<double>& prices,
             std::vector<float> thresholds, int steps) {
    const DenseSource source(p.utility);
    const TeamProblem problem(source, p.limits, 32, 1);
    TeamChoice choice = problem.chooser();
    problem.begin(choice, i, prices);
    Found found;
    for (const Pair& pin : problem.pins(i)) found.set |= 1U << pin.adviser.value;
    for (std::size_t j = 0; j < p.advisers(); ++j) {
        const AdviserId at(j);
        if (p.eligible(i, at) && !p.pinned({i, at})) choice.offer(at, p.at(i, at), prices[j]);
    }
    choice.solve(thresholds, steps);
    found.value = choice.value();
    choice.add_most(found.most);
    for (const AdviserId j : choice.members())
        if (j.known()) found.set |= 1U << j.value;
    return found;
}

double net_worth(const SmallProblem& p, FirmId i, std::uint32_t set,
                 const std::vector<double>& prices) {
    double net = team_worth(p, i, set);
    for (std::size_t j = 0; j < p.advisers(); ++j)
        if ((set >> j & 1) != 0) net -= prices[j];
    return net;
}

TEST(TeamChoice, AgainstAllTeamsFromAnyThresholds) {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const auto p = random_team_problem({.most_firms = 3,
                                            .most_advisers = 9,
                                            .most_skills = 6,
                                            .most_demand = 6,
                                            .pins = 0.3,
                                            .cost = 4},
                                           seed);
        Random random(seed);
        std::vector<double> prices;
        for (std::size_t j = 0; j < p.advisers(); ++j)
            prices.push_back(static_cast<double>(random.below(6)));
        for (std::size_t i = 0; i < p.firms(); ++i) {
            const FirmId f(i);
            double best = -HUGE_VAL;
            for (const std::uint32_t set : lawful_teams(p, f))
                best = std::max(best, net_worth(p, f, set, prices));
            std::vector<float> thresholds;
            for (std::size_t k = 0; k < p.limits.team->skills; ++k)
                thresholds.push_back(20 * static_cast<float>(random.uniform()));
            for (const int steps : {0, 3, 24}) {
                const auto found = choose(p, f, prices, thresholds, steps);
                EXPECT_EQ(found.value, best);  // whole numbers
                EXPECT_EQ(found.most.up(), best);
                EXPECT_EQ(found.most.down(), best);
                EXPECT_EQ(net_worth(p, f, found.set, prices), best);
            }
        }
    }
}

/// Teams that differ by less than rounding does: the exact best counts.
TEST(TeamChoice, TiesAreComparedExactly) {
    SmallProblem p;
    p.utility = DenseSource::Matrix{{1, 1 + 0x1p-52, 1}};
    p.limits.capacity = {1, 1, 1};
    p.limits.demand = {1};
    p.limits.team = Team{1, {3}, {0.1}, {3, 3, 3}};
    const auto found = choose(p, FirmId(0U), {0.3, 0.3, 0.3}, {0.0F}, 4);
    ExactSum wanted;
    wanted.add(1 + 0x1p-52);
    wanted.add(-0.3);
    wanted.add_product(0.1, 3);
    EXPECT_EQ(found.most.up(), wanted.up());
    EXPECT_EQ(found.most.down(), wanted.down());
    EXPECT_EQ(found.set, 2U);
}

TEST(PositionsOfLargest, KeepsTheFirstOfEqualOnes) {
    std::vector<std::uint32_t> out;
    positions_of_largest({1, 5, 3, 5, 5, 0, 4, 3}, 3, out);
    EXPECT_EQ(out, (std::vector<std::uint32_t>{1, 3, 4}));
    positions_of_largest({1, 2}, 5, out);
    EXPECT_EQ(out, (std::vector<std::uint32_t>{0, 1}));
    std::vector<double> many(1'000);
    Random random(3);
    for (double& x : many) x = static_cast<double>(random.below(50));
    for (const std::size_t wanted : {1U, 7U, 48U, 999U}) {
        positions_of_largest(many, wanted, out);
        std::vector<std::uint32_t> sorted(many.size());
        for (std::size_t x = 0; x < sorted.size(); ++x) sorted[x] = static_cast<std::uint32_t>(x);
        std::stable_sort(sorted.begin(), sorted.end(),
                         [&](auto a, auto b) { return many[a] > many[b]; });
        sorted.resize(wanted);
        std::sort(sorted.begin(), sorted.end());
        EXPECT_EQ(out, sorted) << wanted;
    }
}

}  // namespace
}  // namespace libmatch::detail
