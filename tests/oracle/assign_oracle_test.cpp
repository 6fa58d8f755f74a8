// Assignments against min-cost flow and enumeration, on seeded problems of every shape.
#include <gtest/gtest.h>

#include <cpp/support/small_problem.hpp>
#include <oracle/min_cost_flow.hpp>
#include <ostream>

namespace libmatch {
namespace {

struct Named {
    const char* name;
    ProblemShape shape;
    friend void PrintTo(const Named& n, std::ostream* out) { *out << n.name; }
};

/// Everything that holds of an answer, whatever the mode.
void expect_lawful_and_bounded(const SmallProblem& p, const AssignmentResult& r,
                               std::int64_t optimum) {
    EXPECT_EQ(p.broken_limit(r.pairs), "");
    ASSERT_EQ(r.prices.size(), p.advisers());
    for (std::size_t j = 0; j < p.advisers(); ++j) {
        if (p.limits.min_load_of(AdviserId(j)) == 0) {
            EXPECT_GE(r.prices[j], 0) << "of adviser " << j;
        }
    }
    const Certificate& c = r.certificate;
    const double tolerance = 1e-9 * std::max(1.0, std::fabs(c.bound));
    EXPECT_NEAR(c.objective, p.objective_of(r.pairs), tolerance);
    EXPECT_NEAR(c.bound, p.bound_at(r.prices), tolerance);
    EXPECT_LE(c.objective, static_cast<double>(optimum) + tolerance);
    EXPECT_GE(c.bound, static_cast<double>(optimum) - tolerance);
    EXPECT_TRUE(r.blockers.empty());
}

void expect_infeasible(const AssignmentResult& r) {
    EXPECT_EQ(r.certificate.status, Status::infeasible);
    EXPECT_TRUE(r.pairs.empty());
    EXPECT_FALSE(r.blockers.empty());
    for (const Blocker& b : r.blockers) {
        EXPECT_GE(b.shortfall, 1);
        EXPECT_FALSE(b.reason.empty());
    }
}

void expect_exact(const SmallProblem& p, const std::optional<std::int64_t>& optimum,
                  int candidates) {
    const AssignmentResult r = solve(p, {.exact = true, .candidates = candidates});
    if (!optimum) return expect_infeasible(r);
    ASSERT_NE(r.certificate.status, Status::infeasible);
    expect_lawful_and_bounded(p, r, *optimum);
    EXPECT_EQ(r.certificate.status, Status::optimal);
    EXPECT_EQ(r.certificate.objective, static_cast<double>(*optimum));
    EXPECT_EQ(r.certificate.bound, r.certificate.objective);
    EXPECT_EQ(r.certificate.gap(), 0);
}

void expect_within_gap(const SmallProblem& p, const std::optional<std::int64_t>& optimum,
                       int candidates) {
    const AssignmentResult r = solve(p, {.candidates = candidates});
    if (!optimum) return expect_infeasible(r);
    ASSERT_NE(r.certificate.status, Status::infeasible);
    expect_lawful_and_bounded(p, r, *optimum);
    EXPECT_LE(r.certificate.gap(), 1e-4);
    EXPECT_TRUE(r.certificate.status == Status::optimal ||
                r.certificate.status == Status::within_gap);
}

class AssignOracle : public ::testing::TestWithParam<Named> {};

TEST_P(AssignOracle, AgreesWithMinCostFlow) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const SmallProblem p = random_problem(GetParam().shape, seed);
        const auto best = oracle::optimum(p);
        for (const int candidates : {32, 2}) {  // all pairs, and lists that are soon left
            SCOPED_TRACE("candidates " + std::to_string(candidates));
            expect_exact(p, best, candidates);
            expect_within_gap(p, best, candidates);
        }
        if (::testing::Test::HasFailure()) return;
    }
}

TEST_P(AssignOracle, AgreesWithEnumeration) {
    ProblemShape tiny = GetParam().shape;
    tiny.most_firms = 4;
    tiny.most_advisers = 3;
    tiny.most_capacity = std::min<std::int64_t>(tiny.most_capacity, 2);
    for (std::uint64_t seed = 1000; seed < 1040; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const SmallProblem p = random_problem(tiny, seed);
        const auto best = oracle::optimum_by_enumeration(p);
        EXPECT_EQ(oracle::optimum(p), best) << "the two oracles disagree";
        for (const int candidates : {32, 2}) {  // all pairs, and lists that are soon left
            SCOPED_TRACE("candidates " + std::to_string(candidates));
            expect_exact(p, best, candidates);
            expect_within_gap(p, best, candidates);
        }
        if (::testing::Test::HasFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, AssignOracle,
    ::testing::Values(
        Named{"dense", {}}, Named{"sparse", {.density = 0.3}},
        Named{"negative", {.low = -60, .high = 40}},
        Named{"all_negative", {.low = -60, .high = -1}},
        Named{"ties", {.low = 0, .high = 2, .most_capacity = 3}},
        Named{"all_equal", {.low = 7, .high = 7}}, Named{"no_capacity", {.most_capacity = 0}},
        Named{"short_of_capacity", {.most_firms = 40, .most_advisers = 3, .most_capacity = 2}},
        Named{"plenty_of_capacity", {.most_capacity = 50}}, Named{"one_firm", {.most_firms = 1}},
        Named{"one_adviser", {.most_advisers = 1}}, Named{"nothing_eligible", {.density = 0}},
        Named{"pins", {.density = 0.8, .low = -20, .most_capacity = 6, .pins = 0.2}},
        Named{"demand", {.low = -20, .most_capacity = 8, .most_demand = 3}},
        Named{"demand_with_ties", {.low = 0, .high = 2, .most_capacity = 8, .most_demand = 4}},
        Named{"minimums", {.low = -40, .most_capacity = 8, .most_demand = 3, .minimums = 0.3}},
        Named{"sparse_minimums",
              {.density = 0.4, .low = -40, .most_capacity = 8, .most_demand = 3, .minimums = 0.15}},
        Named{"minimums_and_pins",
              {.density = 0.7,
               .low = -40,
               .most_capacity = 8,
               .most_demand = 3,
               .minimums = 0.15,
               .pins = 0.1}},
        Named{"one_seat_each", {.most_firms = 40, .most_advisers = 40, .most_capacity = 1}},
        Named{"one_seat_each_with_ties",
              {.most_firms = 30, .most_advisers = 30, .low = 0, .high = 3, .most_capacity = 1}},
        Named{"minimums_with_ties",
              {.low = -1, .high = 1, .most_capacity = 8, .most_demand = 3, .minimums = 0.15}},
        Named{"minimums_at_a_loss",
              {.low = -60, .high = -1, .most_capacity = 9, .most_demand = 3, .minimums = 0.2}},
        Named{"many_firms_with_pins",
              {.most_firms = 60,
               .most_advisers = 5,
               .density = 0.5,
               .low = -20,
               .most_capacity = 15,
               .most_demand = 2,
               .minimums = 0.05,
               .pins = 0.05}},
        Named{"large_values", {.low = -1'000'000, .high = 1'000'000}}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(AssignOracleShapes, HoldFeasibleAndInfeasibleProblems) {
    const ProblemShape shape{.density = 0.7,
                             .low = -40,
                             .most_capacity = 8,
                             .most_demand = 3,
                             .minimums = 0.15,
                             .pins = 0.1};
    int feasible = 0, infeasible = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        ++(oracle::optimum(random_problem(shape, seed)) ? feasible : infeasible);
    }
    EXPECT_GE(feasible, 15);
    EXPECT_GE(infeasible, 15);
}

}  // namespace
}  // namespace libmatch
