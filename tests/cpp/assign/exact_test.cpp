// The parts of the exact mode, and the exact mode on sizes where sampling and several turns begin.
#include <gtest/gtest.h>

#include <cpp/support/small_problem.hpp>
#include <libmatch/assign/exact.hpp>
#include <libmatch/assign/units.hpp>
#include <limits>

#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

// ---- whole units ----

TEST(WholeUnits, RoundLikeTheStandardLibrary) {
    for (const double x : {0.0, 0.5, -0.5, 0.49999999999999994, -0.49999999999999994, 1.5, -2.5,
                           1e15 + 0.5, -1e15 - 0.5, 4503599627370497.5, 9e17, -9e17, 1e-300}) {
        EXPECT_EQ(to_units(x, 1), std::llround(x)) << x;
    }
    Random random(1);
    for (int k = 0; k < 10'000; ++k) {
        const double x = 20 * random.uniform() - 10;
        EXPECT_EQ(to_units(x, 1e-6), std::llround(x / 1e-6));
    }
}

TEST(WholeUnits, RefuseWhatSumsCannotHold) {
    const WholeUnits units(1e-6, 100);
    EXPECT_EQ(units.of(FirmId(0U), AdviserId(0U), 1e6), 1'000'000'000'000);
    EXPECT_THROW((void)units.of(FirmId(0U), AdviserId(0U), 1e9), InputError);
    EXPECT_THROW((void)units.of(FirmId(0U), AdviserId(0U), std::nan("")), InputError);
}

TEST(WholeUnits, HugeBesideTinyIsRefusedOrExact) {
    SmallProblem p;
    p.utility.resize(2, 2);
    p.utility << 1e9, 1e-9, 1e-9, 1e9;
    p.limits.capacity = {1, 1};
    EXPECT_THROW((void)solve(p, {.exact = true}), InputError);
    const auto r = solve(p, {.exact = true, .unit = 1e-2});
    EXPECT_EQ(r.certificate.objective, 2e9);
    EXPECT_EQ(r.certificate.bound, 2e9);
}

// ---- shortest paths ----

/// Firms that all want the first adviser, the next by `step` less, and so on.
ExactProblem all_want_the_first(std::size_t firms, std::size_t advisers, std::int64_t step) {
    ExactProblem p;
    for (std::size_t i = 0; i < firms; ++i) {
        for (std::size_t j = 0; j < advisers; ++j) {
            p.choices.push_back(
                {AdviserId(j), false, false, 100 - step * static_cast<std::int64_t>(j)});
        }
        p.begin.push_back(p.choices.size());
    }
    p.demand.assign(firms, 1);
    p.min_demand.assign(firms, 0);
    p.capacity.assign(advisers, 1);
    p.min_load.assign(advisers, 0);
    return p;
}

TEST(ShortestPaths, SpreadFirmsAndFindTheirPrices) {
    const ExactProblem p = all_want_the_first(4, 3, 10);
    ExactAssignment engine(p, {0, 0, 0});
    Control control;
    ASSERT_EQ(engine.run(ExactAssignment::unlimited, control), ExactAssignment::Outcome::optimal);
    std::int64_t value = 0;
    for (std::size_t e = 0; e < p.choices.size(); ++e) {
        if (engine.held(e)) value += p.choices[e].value;
    }
    EXPECT_EQ(value, 100 + 90 + 80);
    // Four firms for three seats: nobody gains, whoever stays out.
    EXPECT_EQ(engine.prices(), (std::vector<std::int64_t>{100, 90, 80}));
}

TEST(ShortestPaths, LowerPricesOfEmptySeats) {
    const ExactProblem p = all_want_the_first(1, 3, 10);
    ExactAssignment engine(p, {50, 50, 50});
    Control control;
    ASSERT_EQ(engine.run(ExactAssignment::unlimited, control), ExactAssignment::Outcome::optimal);
    EXPECT_TRUE(engine.held(0));
    EXPECT_LE(engine.prices()[0], 10);
    EXPECT_EQ(engine.prices()[1], 0);
    EXPECT_EQ(engine.prices()[2], 0);
}

TEST(ShortestPaths, EndWhenAPriceMovesTooFar) {
    const ExactProblem p = all_want_the_first(4, 3, 10);
    ExactAssignment engine(p, {0, 0, 0});
    Control control;
    EXPECT_EQ(engine.run(5, control), ExactAssignment::Outcome::moved);
    for (const std::int64_t price : engine.prices()) EXPECT_LE(price, 10);
}

TEST(ShortestPaths, SayWhenThereIsNoAnswer) {
    ExactProblem p = all_want_the_first(4, 3, 10);
    p.min_demand.assign(4, 1);
    ExactAssignment engine(p, {0, 0, 0});
    Control control;
    EXPECT_EQ(engine.run(ExactAssignment::unlimited, control), ExactAssignment::Outcome::stuck);
}

// ---- larger problems ----

struct Rows {
    std::vector<std::int64_t> begin{0};
    std::vector<std::uint32_t> column;
    std::vector<double> value;
    std::size_t advisers = 0;

    [[nodiscard]] SparseSource source() const { return {advisers, begin, column, value}; }
    /// The same pairs as a dense problem.
    [[nodiscard]] SmallProblem written_out(AssignmentLimits limits) const {
        SmallProblem p;
        p.utility.resize(static_cast<Eigen::Index>(begin.size() - 1),
                         static_cast<Eigen::Index>(advisers));
        p.utility.setConstant(-HUGE_VAL);
        for (std::size_t i = 0; i + 1 < begin.size(); ++i) {
            for (auto e = static_cast<std::size_t>(begin[i]);
                 e < static_cast<std::size_t>(begin[i + 1]); ++e) {
                p.utility(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(column[e])) =
                    value[e];
            }
        }
        p.limits = std::move(limits);
        return p;
    }
};

Rows random_rows(std::size_t firms, std::size_t advisers, std::uint64_t seed) {
    Random random(seed);
    Rows rows;
    rows.advisers = advisers;
    for (std::size_t i = 0; i < firms; ++i) {
        for (std::size_t j = 0; j < advisers; ++j) {
            if (random.below(4) != 0) continue;
            rows.column.push_back(static_cast<std::uint32_t>(j));
            rows.value.push_back(random.uniform());
        }
        rows.begin.push_back(static_cast<std::int64_t>(rows.column.size()));
    }
    return rows;
}

void expect_proven(const SmallProblem& p, const AssignmentResult& r) {
    EXPECT_EQ(p.broken_limit(r.pairs), "");
    EXPECT_EQ(r.certificate.status, Status::optimal);
    EXPECT_EQ(r.certificate.objective, r.certificate.bound);
    const double rounding = static_cast<double>(r.pairs.size() + p.firms()) * 1e-6;
    EXPECT_NEAR(r.certificate.objective, p.objective_of(r.pairs), rounding);
    EXPECT_NEAR(r.certificate.bound, p.bound_at(r.prices), rounding);
}

struct LargeLimits {
    const char* name;
    double seats;        ///< per firm
    double minimum = 0;  ///< share of seats
    std::int32_t demand = 1;
    bool must = false;  ///< every third firm must be served
    friend void PrintTo(const LargeLimits& l, std::ostream* out) { *out << l.name; }
};

class ExactRows : public ::testing::TestWithParam<LargeLimits> {};

TEST_P(ExactRows, LargeAreProvenAndTheSameForAnyThreads) {
    constexpr std::size_t firms = 5'000, advisers = 40;
    const Rows rows = random_rows(firms, advisers, 3);
    const LargeLimits& shape = GetParam();
    AssignmentLimits limits;
    Random random(8);
    for (std::size_t j = 0; j < advisers; ++j) {
        const double seats = shape.seats * firms / advisers * (0.5 + random.uniform());
        limits.capacity.push_back(static_cast<std::int64_t>(seats));
        limits.min_load.push_back(static_cast<std::int64_t>(shape.minimum * seats));
    }
    for (std::size_t i = 0; i < firms; ++i) {
        limits.demand.push_back(
            1 + static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(shape.demand))));
        limits.min_demand.push_back(shape.must && i % 3 == 0 && rows.begin[i] < rows.begin[i + 1]);
    }
    const SmallProblem p = rows.written_out(limits);
    const SparseSource source = rows.source();
    Control control;
    const auto one = testing::assign(source, limits, {.exact = true, .threads = 1}, control);
    expect_proven(p, one);
    const auto three = testing::assign(source, limits, {.exact = true, .threads = 3}, control);
    EXPECT_EQ(three.pairs, one.pairs);
    EXPECT_EQ(three.prices, one.prices);
    const auto dense = solve(p, {.exact = true, .candidates = 6});
    expect_proven(p, dense);
    EXPECT_EQ(dense.certificate.objective, one.certificate.objective);
}
INSTANTIATE_TEST_SUITE_P(Limits, ExactRows,
                         ::testing::Values(LargeLimits{"too_few_seats", 0.9},
                                           LargeLimits{"seats_to_spare", 3},
                                           LargeLimits{"minimum_loads", 3, 0.3},
                                           LargeLimits{"demands", 2, 0, 4},
                                           LargeLimits{"minimum_demands", 0.6, 0, 1, true},
                                           LargeLimits{"all", 2.5, 0.5, 3, true}),
                         [](const auto& i) { return std::string(i.param.name); });

TEST(ExactRows, StoppedAnyTimeAreLawfulAndBounded) {
    const Rows rows = random_rows(5'000, 40, 4);
    AssignmentLimits limits;
    limits.capacity.assign(40, 100);
    const SmallProblem p = rows.written_out(limits);
    const SparseSource source = rows.source();
    Control whole;
    const auto best = testing::assign(source, limits, {.exact = true}, whole);
    for (const double limit : {0.0, 1e-4, 1e-3, 3e-3, 1e-2}) {
        Control control(limit);
        const auto r = testing::assign(source, limits, {.exact = true}, control);
        EXPECT_EQ(p.broken_limit(r.pairs), "");
        EXPECT_NEAR(r.certificate.bound, p.bound_at(r.prices), 1e-2);
        EXPECT_GE(r.certificate.bound, best.certificate.objective);
        EXPECT_LE(r.certificate.objective, best.certificate.objective);
    }
}

TEST(ExactRows, ListenersAreAskedAndCanCancel) {
    const Rows rows = random_rows(5'000, 40, 4);
    AssignmentLimits limits;
    limits.capacity.assign(40, 100);
    int asked = 0;
    Control control(std::nullopt, [&](const Progress&) { return ++asked == 0; });
    const auto r = testing::assign(rows.source(), limits, {.exact = true}, control);
    EXPECT_GT(asked, 0);
    EXPECT_EQ(r.certificate.status, Status::cancelled);
    EXPECT_EQ(rows.written_out(limits).broken_limit(r.pairs), "");
}

}  // namespace
}  // namespace libmatch
