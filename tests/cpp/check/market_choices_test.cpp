// The judge's way place by place against its way through every pair.
#include <gtest/gtest.h>

#include <cpp/support/small_market.hpp>
#include <libmatch/check/assignment.hpp>
#include <libmatch/check/market_choices.hpp>

namespace libmatch::check {
namespace {

TEST(MarketChoices, EqualTheLoopOverAllPairs) {
    std::size_t above_zero = 0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        const Market market = random_market(seed, 90, 20);
        Random random(seed, 3);
        AssignmentLimits limits;
        limits.capacity = market.advisers.capacity;
        for (std::size_t i = 0; i < market.firms.size(); ++i) {
            limits.demand.push_back(static_cast<std::int32_t>(random.below(4)));
            limits.min_demand.push_back(
                random.below(3) == 0 ? static_cast<std::int32_t>(random.below(
                                           static_cast<std::uint64_t>(limits.demand.back()) + 1))
                                     : 0);
        }
        std::vector<double> prices;
        for (std::size_t j = 0; j < market.advisers.size(); ++j)
            prices.push_back(random.below(3) == 0 ? 0 : random.uniform());
        for (const std::uint32_t programme : {0U, 1U}) {
            const Scorer scorer(market, ProgrammeId(programme));
            AssignmentCase problem;
            problem.firms = market.firms.size();
            problem.advisers = market.advisers.size();
            problem.eligible = [&](FirmId i, AdviserId j) {
                return scorer.exclusion(i, j) == Exclusion::none;
            };
            problem.utility = [&](FirmId i, AdviserId j) { return scorer.score(i, j); };
            std::vector<std::vector<AdviserId>> pins(market.firms.size());
            for (std::size_t i = 0; i < pins.size(); i += 7) {
                const AdviserId j(random.below(market.advisers.size()));
                if (limits.demand[i] > 0 && problem.eligible(FirmId(i), j)) pins[i].push_back(j);
            }
            // Pairs that are worth more because they are kept.
            std::vector<AdviserId> kept(market.firms.size());
            for (std::size_t i = 0; i < kept.size(); i += 2) {
                const AdviserId j(random.below(market.advisers.size()));
                if (problem.eligible(FirmId(i), j)) kept[i] = j;
            }
            const double more = seed % 2 == 0 ? 0.4 : 0;
            for (const double unit : {0.0, 1e-6, 1e-2}) {
                // Exact sums: not a bit may differ.
                ExactSum expected;
                const auto seen = [&](AdviserId j) {
                    return TwoDoubles{in_unit(prices[j], unit), 0};
                };
                for (std::size_t i = 0; i < market.firms.size(); ++i) {
                    ExactSum of_firm;
                    detail::add_best_choice(problem, limits, FirmId(i), seen, pins[i], unit,
                                            kept[i], more, of_firm);
                    above_zero += of_firm.down() > 0 ? 1 : 0;
                    expected.add(of_firm);
                }
                const ExactSum found =
                    market_choices(scorer, limits, prices, pins, unit, 2, kept, more);
                EXPECT_EQ(found.down(), expected.down()) << "seed " << seed;
                EXPECT_EQ(found.up(), expected.up()) << "seed " << seed;
            }
        }
    }
    EXPECT_GT(above_zero, 500U);
}

}  // namespace
}  // namespace libmatch::check
