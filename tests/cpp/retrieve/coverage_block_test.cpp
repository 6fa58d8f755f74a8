#include <gtest/gtest.h>

#include <cmath>
#include <libmatch/core/random.hpp>
#include <libmatch/retrieve/coverage_block.hpp>
#include <vector>

namespace libmatch::detail {
namespace {

struct Block {
    std::size_t skills = 0;
    std::vector<float> weight, need, skill, offset;
};

Block random_block(std::uint64_t seed) {
    Random random(seed);
    Block b;
    b.skills = 1 + random.below(40);
    const auto number = [&] { return static_cast<float>(random.uniform() * 4); };
    for (std::size_t k = 0; k < b.skills; ++k) {
        b.weight.push_back(number());
        b.need.push_back(random.below(4) == 0 ? 0.0F : number());
    }
    for (std::size_t k = 0; k < b.skills * block_advisers; ++k) b.skill.push_back(number());
    for (std::size_t k = 0; k < block_advisers; ++k) b.offset.push_back(-number());
    return b;
}

TEST(CoverageBlock, IsTheSumOfWeightedLevelsMetAndTellsWhoReaches) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const Block b = random_block(seed);
        float sum[block_advisers];
        const float threshold = static_cast<float>(b.skills);
        const std::uint32_t reached =
            coverage_block()(b.weight.data(), b.need.data(), b.skill.data(), b.skills,
                             b.offset.data(), threshold, sum);
        for (std::size_t lane = 0; lane < block_advisers; ++lane) {
            double expected = 0;
            for (std::size_t k = 0; k < b.skills; ++k) {
                expected +=
                    static_cast<double>(b.weight[k]) *
                    static_cast<double>(std::fmin(b.need[k], b.skill[k * block_advisers + lane]));
            }
            EXPECT_NEAR(sum[lane], expected,
                        static_cast<double>(b.skills + 2) * 0x1p-23 * expected);
            EXPECT_EQ((reached >> lane & 1U) != 0, sum[lane] + b.offset[lane] >= threshold);
        }
    }
}

TEST(CoverageBlock, EveryVersionGivesTheSameBits) {
    for (std::uint64_t seed = 100; seed < 150; ++seed) {
        const Block b = random_block(seed);
        float widest[block_advisers], plain[block_advisers];
        const float threshold = static_cast<float>(b.skills);
        const auto one = coverage_block()(b.weight.data(), b.need.data(), b.skill.data(), b.skills,
                                          b.offset.data(), threshold, widest);
        const auto other = coverage_block_plain(b.weight.data(), b.need.data(), b.skill.data(),
                                                b.skills, b.offset.data(), threshold, plain);
        EXPECT_EQ(one, other);
        for (std::size_t lane = 0; lane < block_advisers; ++lane)
            EXPECT_EQ(widest[lane], plain[lane]);
    }
}

}  // namespace
}  // namespace libmatch::detail
