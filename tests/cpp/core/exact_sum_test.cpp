#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include <cpp/support/exact_figures.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/random.hpp>

namespace libmatch {
namespace {

/// `times` = 2^1074 x the true sum; the two doubles must enclose it, and nothing between them.
void expect_tight(const ExactSum& sum, const Whole& times) {
    const double down = sum.down(), up = sum.up();
    EXPECT_LE(scaled(down), times);
    EXPECT_GE(scaled(up), times);
    EXPECT_TRUE(up == down ? scaled(up) == times : up == std::nextafter(down, HUGE_VAL));
}

/// Any sign, any exponent within `span` of the middle.
double wild(Random& random, int span) {
    const double x =
        std::ldexp(0.5 + 0.5 * random.uniform(),
                   static_cast<int>(random.below(2 * static_cast<std::uint64_t>(span) + 1)) - span);
    return random.below(2) == 0 ? x : -x;
}

TEST(ExactSum, OfNothingIsZero) {
    EXPECT_EQ(ExactSum().down(), 0);
    EXPECT_EQ(ExactSum().up(), 0);
}

TEST(ExactSum, KeepsWhatCompensationLoses) {
    ExactSum sum;
    for (const double x : {1e300, 1.0, 1e-300, -1e300, -1.0}) sum.add(x);
    EXPECT_EQ(sum.down(), 1e-300);
    EXPECT_EQ(sum.up(), 1e-300);
}

TEST(ExactSum, RoundsToEitherSide) {
    ExactSum sum;
    sum.add(1);
    sum.add(1e-30);
    EXPECT_EQ(sum.down(), 1);
    EXPECT_EQ(sum.up(), std::nextafter(1, 2));
    ExactSum below;
    below.add(-1);
    below.add(-1e-30);
    EXPECT_EQ(below.down(), -std::nextafter(1, 2));
    EXPECT_EQ(below.up(), -1);
}

TEST(ExactSum, AgreesWithWholeNumbersOfAnyLength) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        Random random(seed);
        const int span = seed % 3 == 0 ? 1'000 : seed % 3 == 1 ? 60 : 2;
        ExactSum sum;
        Whole times = 0;
        const std::uint64_t terms = 1 + random.below(200);
        for (std::uint64_t k = 0; k < terms; ++k) {
            const double x = wild(random, span);
            sum.add(x);
            times += scaled(x);
            if (random.below(4) == 0) {  // and away with it
                sum.add(-x);
                times -= scaled(x);
            }
        }
        expect_tight(sum, times);
    }
}

TEST(ExactSum, ProductsAreExact) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        Random random(seed);
        ExactSum sum;
        Whole times = 0;
        for (int k = 0; k < 50; ++k) {
            const double a = wild(random, 150), b = wild(random, 150);
            sum.add_product(a, b);
            // a's own multiple of 2^-537 times b's
            times += scaled(a) * scaled(b);
        }
        const Whole all = scaled(sum.down()) << 1074;
        EXPECT_LE(all, times);
        EXPECT_GE(scaled(sum.up()) << 1074, times);
        EXPECT_TRUE(sum.up() == sum.down() || sum.up() == std::nextafter(sum.down(), HUGE_VAL));
    }
}

TEST(ExactSum, ProductsBelowTheLeastDoubleCount) {
    const double least = std::numeric_limits<double>::denorm_min();
    ExactSum sum;
    sum.add_product(least, least);
    EXPECT_EQ(sum.down(), 0);
    EXPECT_EQ(sum.up(), least);
    sum.add_product(-least, least);
    EXPECT_EQ(sum.up(), 0);
    sum.add_product(-least, 0.25);
    EXPECT_EQ(sum.down(), -least);
    EXPECT_EQ(sum.up(), 0);
}

TEST(ExactSum, MultiplesOfCountsThatNoDoubleHolds) {
    const std::int64_t count = (std::int64_t{1} << 62) + 1;
    ExactSum sum;
    sum.add_multiple(3, count);
    sum.add_multiple(-3, count - 1);
    EXPECT_EQ(sum.down(), 3);
    EXPECT_EQ(sum.up(), 3);
}

TEST(ExactSum, BeyondTheLargestDoubleIsInfiniteOnOneSideOnly) {
    const double most = std::numeric_limits<double>::max();
    ExactSum sum;
    sum.add(most);
    sum.add(most);
    EXPECT_EQ(sum.down(), most);
    EXPECT_EQ(sum.up(), HUGE_VAL);
    sum.add(-most);
    EXPECT_EQ(sum.up(), most);
}

TEST(ExactSum, TermsThatAreNotFiniteProveNothing) {
    for (const double x : {HUGE_VAL, -HUGE_VAL, std::nan("")}) {
        ExactSum sum;
        sum.add(x);
        EXPECT_EQ(sum.down(), -HUGE_VAL);
        EXPECT_EQ(sum.up(), HUGE_VAL);
        ExactSum product;
        product.add_product(0, x);
        EXPECT_EQ(product.up(), HUGE_VAL);
    }
}

TEST(ExactSum, OrderAndPartsDoNotMatter) {
    Random random(5);
    std::vector<double> terms(1'000);
    for (double& x : terms) x = wild(random, 300);
    ExactSum forward, backward, odd, even;
    for (std::size_t k = 0; k < terms.size(); ++k) {
        forward.add(terms[k]);
        backward.add(terms[terms.size() - 1 - k]);
        (k % 2 == 0 ? even : odd).add(terms[k]);
    }
    ExactSum nothing = forward;
    nothing.subtract(backward);
    EXPECT_EQ(nothing.up(), 0);
    EXPECT_EQ(nothing.down(), 0);
    nothing.subtract(forward);
    EXPECT_EQ(nothing.up(), -forward.down());
    odd.add(even);
    EXPECT_EQ(forward.down(), backward.down());
    EXPECT_EQ(forward.down(), odd.down());
    EXPECT_EQ(forward.up(), odd.up());
}

TEST(ExactDifference, HighAndLowAreTheDifference) {
    for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
        Random random(seed);
        const double a = wild(random, 70), b = wild(random, 70);
        const TwoDoubles d = exact_difference(a, b);
        EXPECT_EQ(d.high, a - b);
        EXPECT_EQ(scaled(d.high) + scaled(d.low), scaled(a) - scaled(b));
    }
    EXPECT_LT(exact_difference(1, 1e-20), exact_difference(1, 1e-30));
}

}  // namespace
}  // namespace libmatch
