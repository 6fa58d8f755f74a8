// Dense one-to-one problems, and dense problems with few seats, against the Hungarian method.
#include <gtest/gtest.h>

#include <cpp/support/small_problem.hpp>
#include <oracle/hungarian.hpp>
#include <oracle/min_cost_flow.hpp>
#include <ostream>

namespace libmatch {
namespace {

enum class Kind { uniform, low_rank, ties, all_equal, mixed_signs, holes, large };

struct DenseShape {
    const char* name;
    Kind kind;
    std::size_t firms, advisers;
    std::int64_t capacity = 1;
    friend void PrintTo(const DenseShape& s, std::ostream* out) { *out << s.name; }
};

double entry(Kind kind, Random& random, double common) {
    const auto below = [&](std::uint64_t k) { return static_cast<double>(random.below(k)); };
    switch (kind) {
        case Kind::uniform:
            return below(1'000'000);
        case Kind::low_rank:
            return common;
        case Kind::ties:
            return below(3);
        case Kind::all_equal:
            return 7;
        case Kind::mixed_signs:
            return below(2'000) - 1'500;
        case Kind::holes:
            return random.uniform() < 0.3 ? below(1'000) : -HUGE_VAL;
        case Kind::large:
            return below(1'000'000) * 1'000 - 5e8;
    }
    return 0;
}

/// Whole-number utilities, so that the sums of oracle and solver are the same numbers.
SmallProblem dense_problem(const DenseShape& shape, std::uint64_t seed) {
    Random random(seed);
    SmallProblem p;
    p.utility.resize(static_cast<Eigen::Index>(shape.firms),
                     static_cast<Eigen::Index>(shape.advisers));
    constexpr Eigen::Index rank = 3;
    Eigen::MatrixXd left(p.utility.rows(), rank), right(rank, p.utility.cols());
    for (double& x : left.reshaped()) x = 100 * random.uniform();
    for (double& x : right.reshaped()) x = 100 * random.uniform();
    for (Eigen::Index i = 0; i < p.utility.rows(); ++i) {
        for (Eigen::Index j = 0; j < p.utility.cols(); ++j) {
            p.utility(i, j) = entry(shape.kind, random, std::round(left.row(i).dot(right.col(j))));
        }
    }
    p.limits.capacity.assign(shape.advisers, shape.capacity);
    return p;
}

class DenseOracle : public ::testing::TestWithParam<DenseShape> {
  protected:
    static void expect_exact(const SmallProblem& p, int candidates) {
        const AssignmentOptions options{.exact = true, .unit = 1e-3, .candidates = candidates};
        const auto optimum = static_cast<double>(oracle::hungarian_optimum(p));
        const AssignmentResult r = solve(p, options);
        EXPECT_EQ(p.broken_limit(r.pairs), "");
        EXPECT_EQ(r.certificate.status, Status::optimal);
        const double tolerance = 1e-9 * std::max(1.0, std::fabs(optimum));
        EXPECT_NEAR(r.certificate.objective, optimum, tolerance);
        EXPECT_EQ(r.certificate.bound, r.certificate.objective);
        EXPECT_NEAR(p.bound_at(r.prices), optimum, tolerance);
    }
};

TEST_P(DenseOracle, AgreesWithTheHungarianMethod) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const SmallProblem p = dense_problem(GetParam(), seed);
        for (const int candidates : {3, 32}) expect_exact(p, candidates);
        if (::testing::Test::HasFailure()) return;
    }
}

TEST_P(DenseOracle, LargeAgreesWithTheHungarianMethod) {
    DenseShape shape = GetParam();
    shape.firms *= 5;
    shape.advisers *= 5;
    expect_exact(dense_problem(shape, 77), 32);
}

INSTANTIATE_TEST_SUITE_P(Shapes, DenseOracle,
                         ::testing::Values(DenseShape{"uniform", Kind::uniform, 60, 60},
                                           DenseShape{"low_rank", Kind::low_rank, 60, 60},
                                           DenseShape{"ties", Kind::ties, 60, 60},
                                           DenseShape{"all_equal", Kind::all_equal, 60, 60},
                                           DenseShape{"mixed_signs", Kind::mixed_signs, 60, 60},
                                           DenseShape{"holes", Kind::holes, 60, 60},
                                           DenseShape{"large_values", Kind::large, 60, 60},
                                           DenseShape{"more_firms", Kind::uniform, 60, 24},
                                           DenseShape{"more_firms_with_ties", Kind::ties, 60, 24},
                                           DenseShape{"more_advisers", Kind::low_rank, 24, 60},
                                           DenseShape{"two_seats_each", Kind::low_rank, 60, 20, 2},
                                           DenseShape{"seats_to_spare", Kind::uniform, 60, 20, 4}),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST(HungarianOracle, AgreesWithMinCostFlow) {
    for (const ProblemShape& shape :
         {ProblemShape{}, ProblemShape{.density = 0.5, .low = -30, .most_capacity = 2}}) {
        for (std::uint64_t seed = 0; seed < 30; ++seed) {
            SmallProblem p = random_problem(shape, seed);
            p.limits.demand.clear();
            p.limits.min_load.clear();
            EXPECT_EQ(oracle::hungarian_optimum(p), oracle::optimum(p)) << "seed " << seed;
        }
    }
}

}  // namespace
}  // namespace libmatch
