#include <gtest/gtest.h>

#include <cmath>
#include <libmatch/score/trust.hpp>

namespace libmatch {
namespace {

// Beta(n, 1) has distribution x^n, and Beta(1, n) has 1 - (1 - x)^n: their quantiles are roots.

TEST(Trust, WithoutEvidenceIsTheQuantileOfThePrior) {
    EXPECT_NEAR(trust(0, 0, false, {}), 0.1, 1e-12);
}

TEST(Trust, SuccessesRaiseIt) {
    EXPECT_NEAR(trust(4, 0, false, {}), std::pow(0.1, 1.0 / 5), 1e-12);
    EXPECT_NEAR(trust(19, 0, false, {}), std::pow(0.1, 1.0 / 20), 1e-12);
}

TEST(Trust, FailuresLowerIt) {
    EXPECT_NEAR(trust(0, 3, false, {}), 1 - std::pow(0.9, 1.0 / 4), 1e-12);
}

TEST(Trust, TwoOutcomesOfEachKind) {
    // Beta(3, 3) has distribution 10 x^3 - 15 x^4 + 6 x^5.
    const double x = trust(2, 2, false, {});
    EXPECT_NEAR(10 * std::pow(x, 3) - 15 * std::pow(x, 4) + 6 * std::pow(x, 5), 0.1, 1e-12);
}

TEST(Trust, FollowsPriorAndConfidence) {
    Settings s;
    s.trust_prior_successes = 2;
    s.trust_prior_failures = 1;
    s.trust_confidence = 0.75;
    EXPECT_NEAR(trust(0, 0, false, s), 0.5, 1e-12);
}

TEST(Trust, LabelAddsItsBonusUpToOne) {
    EXPECT_NEAR(trust(0, 0, true, {}), 0.2, 1e-12);
    Settings generous;
    generous.trust_label_bonus = 1;
    EXPECT_EQ(trust(4, 0, true, generous), 1);
}

}  // namespace
}  // namespace libmatch
