#include <gtest/gtest.h>

#include <cpp/support/small_market.hpp>
#include <libmatch/retrieve/steps.hpp>

namespace libmatch::detail {
namespace {

/// Steps of every pair of a firm against the score in full, at this price.
void expect_within_error(const Market& market, double price) {
    const Scorer scorer(market, ProgrammeId(0U));
    const Steps steps(scorer);
    const FirmKinds kinds(scorer);
    const FirmCodes codes(scorer, steps, kinds, 2);
    const auto skills = static_cast<std::size_t>(market.advisers.skill.rows());
    const double low = std::min(price, 0.0);
    for (std::size_t i = 0; i < market.firms.size(); ++i) {
        const FirmId firm(i);
        const NeedCode needs = codes.needs(firm);
        for (std::size_t j = 0; j < market.advisers.size(); ++j) {
            const AdviserId adviser(j);
            int sum = 0;
            for (std::size_t k = 0; k < skills; ++k) {
                const int n = needs.need[k / 2] >> (k % 2 * 8) & 0xff;
                const int w = needs.weight[k / 2] >> (k % 2 * 8) & 0xff;
                const auto level = market.advisers.skill(static_cast<Eigen::Index>(k),
                                                         static_cast<Eigen::Index>(j));
                EXPECT_LE(w, 127);
                sum += w * std::min<int>(n, steps.level(level));
            }
            ASSERT_LE(sum << needs.shift, 32'767);
            const double common = scorer.common(market.firms.place[i], adviser);
            const int net = steps.offset(common - price, low) +
                            ((((sum << needs.shift) * needs.scale >> 14) + 1) >> 1);
            const double exact =
                common + scorer.programme().coverage * scorer.coverage(firm, adviser) - price;
            const double error = static_cast<double>(codes.of(firm).error) * (1 + 1e-3);
            if (net > codes.of(firm).trusted) {
                EXPECT_NEAR(steps.value(net, low), exact, error)
                    << "firm " << i << " adviser " << j;
            } else {
                EXPECT_LE(exact, steps.value(net, low) + error);
            }
        }
    }
}

TEST(Steps, AreWithinTheErrorThatIsStated) {
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        for (const double price : {0.0, 0.4, -2.0, 5.0})
            expect_within_error(random_market(seed, 60, 20), price);
    }
}

TEST(Steps, AllowForLevelsAndWeightsOfAnySize) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        Tables tables = random_market_tables(seed, 60, 20);
        Random random(seed);
        for (const std::string skill : {"web", "data", "security"}) {
            std::vector<double> need, weight, level;
            for (int i = 0; i < 60; ++i) {
                need.push_back(random.below(3) == 0 ? 1e-3 : random.uniform() * 4);
                weight.push_back(std::pow(10, random.uniform() * 12 - 6));
            }
            for (int j = 0; j < 20; ++j) level.push_back(random.uniform() * 4);
            put(tables, "firms", "need_" + skill, numbers(need));
            put(tables, "firms", "weight_" + skill, numbers(weight));
            put(tables, "advisers", "skill_" + skill, numbers(level));
        }
        expect_within_error(testing::build_market(tables), 0.3);
    }
}

TEST(Steps, AreFineWhereLevelsAreWhole) {
    const Market market = random_market(3, 60, 20);
    const Scorer scorer(market, ProgrammeId(0U));
    const Steps steps(scorer);
    const FirmCodes codes(scorer, steps, FirmKinds(scorer), 1);
    for (std::size_t i = 0; i < 60; ++i)
        EXPECT_LT(codes.of(FirmId(i)).error, 5e-4) << "the filter would let too many through";
}

}  // namespace
}  // namespace libmatch::detail
