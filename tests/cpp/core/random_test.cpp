#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <libmatch/core/random.hpp>

namespace libmatch {
namespace {

TEST(Random, GivesTheSameNumbersForEver) {
    // Computed apart, with arbitrary-precision integers; a change would change every seeded plan.
    Random random(42, 3);
    EXPECT_EQ(random.bits(), 3676294358273406211ULL);
    EXPECT_EQ(random.bits(), 8857862703798441688ULL);
    EXPECT_EQ(random.bits(), 1204335706493366942ULL);
}

TEST(Random, IsKnownAtCompileTime) {
    static_assert(Random(7).bits() == Random(7, 0).bits());
    static_assert(Random(7).uniform() < 1);
}

TEST(Random, SeedsAndStreamsDiffer) {
    EXPECT_NE(Random(1).bits(), Random(2).bits());
    EXPECT_NE(Random(1, 0).bits(), Random(1, 1).bits());
    EXPECT_NE(Random(1, 1).bits(), Random(2, 0).bits());
}

TEST(Random, UniformCoversTheUnitInterval) {
    Random random(3);
    double sum = 0, low = 1, high = 0;
    constexpr int draws = 100'000;
    for (int k = 0; k < draws; ++k) {
        const double x = random.uniform();
        sum += x;
        low = std::min(low, x);
        high = std::max(high, x);
    }
    EXPECT_GE(low, 0);
    EXPECT_LT(high, 1);
    EXPECT_LT(low, 0.001);
    EXPECT_GT(high, 0.999);
    EXPECT_NEAR(sum / draws, 0.5, 0.005);
}

TEST(Random, BelowIsEven) {
    Random random(4);
    std::array<int, 7> count{};
    for (int k = 0; k < 70'000; ++k) ++count[random.below(7)];
    for (const int c : count) EXPECT_NEAR(c, 10'000, 500);
    EXPECT_EQ(random.below(1), 0U);
}

}  // namespace
}  // namespace libmatch
