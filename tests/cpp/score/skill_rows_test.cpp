// What advisers add over thresholds, beside the formula.
#include <gtest/gtest.h>

#include <algorithm>
#include <libmatch/core/random.hpp>
#include <libmatch/score/skill_rows.hpp>

namespace libmatch {
namespace {

TEST(SkillRows, AddWhatTheFormulaSays) {
    Random random(5);
    for (const std::size_t skills : {1U, 3U, 4U, 5U, 16U}) {
        constexpr std::size_t advisers = 40;
        std::vector<double> skill;
        for (std::size_t k = 0; k < skills * advisers; ++k) skill.push_back(4 * random.uniform());
        const detail::SkillRows rows(skills, skill);
        EXPECT_EQ(rows.width() % 4, 0U);
        EXPECT_GE(rows.width(), skills);
        detail::SkillRows::Wanted firm;
        firm.clear(rows.width());
        for (std::size_t k = 0; k < skills; ++k) {
            if (random.below(4) == 0) continue;  // needs nothing
            firm.need[k] = 4 * random.uniform();
            firm.weight[k] = random.uniform();
            firm.base[k] = random.below(2) == 0 ? 0 : random.uniform();
            firm.threshold[k] = random.below(2) == 0 ? 0 : random.uniform();
        }
        std::vector<std::uint32_t> asked;
        std::vector<double> sum;
        for (std::uint32_t j = 0; j < advisers; j += 3) {
            asked.push_back(j);
            sum.push_back(random.uniform());
        }
        std::vector<double> found = sum;
        rows.add_gains(firm, asked, found.data());
        std::vector<double> plain = sum;
        rows.add_gains_plain(firm, asked, plain.data());
        EXPECT_EQ(found, plain);
        for (std::size_t x = 0; x < asked.size(); ++x) {
            double expected = sum[x];
            for (std::size_t k = 0; k < skills; ++k) {
                EXPECT_EQ(rows.skill(asked[x], k), skill[asked[x] * skills + k]);
                const double level = std::max(
                    0.0, firm.weight[k] * std::min(firm.need[k], skill[asked[x] * skills + k]) -
                             firm.base[k]);
                expected += std::max(0.0, level - firm.threshold[k]);
            }
            EXPECT_NEAR(found[x], expected, 1e-13);
        }
    }
}

}  // namespace
}  // namespace libmatch
