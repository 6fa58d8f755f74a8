// Answers from stored prices and pairs: as proven as new ones, whatever the start was.
#include <gtest/gtest.h>

#include <cpp/support/small_problem.hpp>
#include <libmatch/assign/exchange.hpp>
#include <libmatch/assign/repair.hpp>
#include <libmatch/assign/warm_start.hpp>
#include <numeric>

#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

SmallProblem uniform_problem(std::size_t firms, std::size_t advisers, std::uint64_t seed) {
    Random random(seed);
    SmallProblem p;
    p.utility.resize(static_cast<Eigen::Index>(firms), static_cast<Eigen::Index>(advisers));
    for (Eigen::Index i = 0; i < p.utility.rows(); ++i) {
        for (Eigen::Index j = 0; j < p.utility.cols(); ++j) p.utility(i, j) = random.uniform();
    }
    p.limits.capacity.assign(advisers, static_cast<std::int64_t>(firms / advisers * 9 / 10));
    return p;
}

/// The problem after every `each`-th firm got other utilities.
SmallProblem changed(SmallProblem p, Eigen::Index each) {
    Random random(77);
    for (Eigen::Index i = 0; i < p.utility.rows(); i += each) {
        for (Eigen::Index j = 0; j < p.utility.cols(); ++j) p.utility(i, j) = random.uniform();
    }
    return p;
}

void expect_proven(const SmallProblem& p, const AssignmentResult& r, double gap) {
    EXPECT_EQ(p.broken_limit(r.pairs), "");
    EXPECT_NEAR(r.certificate.objective, p.objective_of(r.pairs), 1e-9 * (1 + r.certificate.bound));
    EXPECT_NEAR(r.certificate.bound, p.bound_at(r.prices), 1e-9 * (1 + r.certificate.bound));
    EXPECT_LE(r.certificate.gap(), gap);
    EXPECT_GE(r.certificate.gap(), -1e-12);
}

TEST(WarmStart, AloneClosesTheGapAfterFewChanges) {
    const auto before = uniform_problem(5'000, 50, 1);
    const auto old = solve(before);
    const auto now = changed(before, 100);
    const DenseSource source(now.utility);
    Control control;
    detail::WarmStart warm(source, now.limits, 0, control);
    EXPECT_TRUE(warm.run(old.prices, old.pairs, 1e-4));
    EXPECT_EQ(now.broken_limit(warm.pairs()), "");
    EXPECT_NEAR(warm.objective(), now.objective_of(warm.pairs()), 1e-8);
    EXPECT_NEAR(warm.bound(), now.bound_at(warm.prices()), 1e-8);
    EXPECT_LE(warm.bound() - warm.objective(), 1e-4 * warm.bound());
    // Hardly anybody else had to move.
    std::size_t moved = 0;
    for (const Pair& p : old.pairs)
        moved += std::binary_search(warm.pairs().begin(), warm.pairs().end(), p) ? 0 : 1;
    EXPECT_LT(moved, 500U);
}

TEST(WarmStart, AnyPricesAndPairsEndProven) {
    const auto p = changed(uniform_problem(600, 12, 2), 50);
    const auto good = solve(p);
    Random random(9);
    std::vector<double> wild(12);
    for (double& x : wild) x = 3 * random.uniform();
    std::vector<Pair> crowd;
    for (std::size_t i = 0; i < 600; ++i) crowd.push_back({FirmId(i), AdviserId(0U)});
    for (const auto& prices :
         {std::vector<double>(12, 0.0), std::vector<double>(12, 50.0), wild, good.prices}) {
        for (const auto& previous : {std::vector<Pair>{}, crowd, good.pairs}) {
            SmallProblem q = p;
            q.limits.previous = previous;
            const auto r = solve(q, {.start_prices = prices});
            expect_proven(q, r, 1e-4);
            const auto exact = solve(q, {.exact = true, .start_prices = prices});
            EXPECT_EQ(exact.certificate.gap(), 0);
            EXPECT_NEAR(exact.certificate.objective, good.certificate.objective, 1e-2);
        }
    }
}

TEST(WarmStart, SmallProblemsOfEveryKindEqualTheExactAnswer) {
    for (const ProblemShape& shape :
         {ProblemShape{}, ProblemShape{.density = 0.3}, ProblemShape{.low = -60, .high = 40},
          ProblemShape{.low = 0, .high = 2}, ProblemShape{.most_capacity = 1},
          ProblemShape{.pins = 0.2}}) {
        for (std::uint64_t seed = 0; seed < 30; ++seed) {
            SCOPED_TRACE("seed " + std::to_string(seed));
            SmallProblem p = random_problem(shape, seed);
            const auto cold = solve(p, {.exact = true});
            if (cold.certificate.status == Status::infeasible) continue;
            Random random(seed);
            std::vector<double> prices(p.advisers());
            for (double& x : prices) x = 100 * random.uniform();
            for (std::size_t i = 0; i < p.firms(); ++i) {
                p.limits.previous.push_back(
                    {FirmId(i), AdviserId(static_cast<std::uint32_t>(random.below(p.advisers())))});
            }
            const auto exact = solve(p, {.exact = true, .start_prices = prices});
            EXPECT_EQ(exact.certificate.objective, cold.certificate.objective);
            EXPECT_EQ(exact.certificate.bound, cold.certificate.bound);
            const auto near = solve(p, {.gap = 1e-3, .start_prices = prices});
            EXPECT_EQ(p.broken_limit(near.pairs), "");
            EXPECT_LE(near.certificate.objective, cold.certificate.objective + 1e-9);
            EXPECT_GE(near.certificate.bound, cold.certificate.objective - 1e-9);
            EXPECT_LE(near.certificate.gap(), 1e-3);
        }
    }
}

TEST(WarmStart, AdvisersWithoutSeatsCostNothing) {
    auto p = uniform_problem(400, 10, 4);
    p.limits.capacity[3] = 0;
    p.limits.capacity[5] = 1;
    p.limits.pinned = {{FirmId(8U), AdviserId(5U)}};
    auto prices = solve(p).prices;
    prices[3] = prices[5] = 0;
    p.limits.previous = {{FirmId(8U), AdviserId(2U)}, {FirmId(9U), AdviserId(3U)}};
    const auto r = solve(p, {.start_prices = prices});
    expect_proven(p, r, 1e-4);
    EXPECT_EQ(r.forced_changes, 2);
    EXPECT_EQ(r.changes, 0);
}

TEST(WarmStart, ThreadsGiveTheSameBits) {
    const auto before = uniform_problem(3'000, 40, 5);
    const auto old = solve(before);
    auto now = changed(before, 60);
    now.limits.previous = old.pairs;
    const auto one = solve(now, {.threads = 1, .start_prices = old.prices});
    expect_proven(now, one, 1e-4);
    for (const unsigned threads : {2U, 4U}) {
        const auto more = solve(now, {.threads = threads, .start_prices = old.prices});
        EXPECT_EQ(more.pairs, one.pairs);
        EXPECT_EQ(more.prices, one.prices);
        EXPECT_EQ(more.certificate.bound, one.certificate.bound);
        EXPECT_EQ(more.certificate.objective, one.certificate.objective);
    }
}

TEST(WarmStart, SparseRowsAreListedInPart) {
    // Enough firms that only some of them are listed.
    constexpr std::size_t firms = 60'000, advisers = 60, each = 6;
    Random random(6);
    std::vector<std::int64_t> begin{0};
    std::vector<std::uint32_t> column;
    std::vector<double> value;
    for (std::size_t i = 0; i < firms; ++i) {
        const auto first = static_cast<std::uint32_t>(random.below(10));
        for (std::uint32_t k = 0; k < each; ++k) {
            column.push_back(first + 10 * k);
            value.push_back(random.uniform());
        }
        begin.push_back(static_cast<std::int64_t>(column.size()));
    }
    AssignmentLimits limits;
    limits.capacity.assign(advisers, 900);
    const SparseSource before(advisers, begin, column, value);
    Control control;
    const auto old = testing::assign(before, limits, {}, control);
    for (std::size_t e = 0; e < value.size(); ++e) {
        if (e / each % 100 == 3) value[e] = random.uniform();
    }
    const SparseSource now(advisers, begin, column, value);
    detail::WarmStart warm(now, limits, 0, control);
    EXPECT_TRUE(warm.run(old.prices, old.pairs, 1e-4));
    EXPECT_NEAR(warm.bound(), bound_of(now, limits, warm.prices(), {}, 0, 0, control), 1e-6);
    EXPECT_NEAR(warm.objective(), objective_of(now, warm.pairs(), 0), 1e-6);
    std::vector<std::int64_t> load(advisers, 0);
    for (const Pair& p : warm.pairs()) EXPECT_LE(++load[p.adviser], 900);
}

TEST(WarmStart, LeavesNoSeatWithAPriceEmptyThatAFirmOutsideCouldTake) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto before = uniform_problem(400, 40, seed);
        const auto old = solve(before);
        auto now = changed(before, 15);
        // The last advisers are nobody's first choices.
        now.utility.rightCols(8).array() -= 0.4;
        now.utility = (now.utility.array() < 0).select(-HUGE_VAL, now.utility);
        const DenseSource source(now.utility);
        Control control;
        detail::WarmStart warm(source, now.limits, 0, control);
        std::vector<Pair> previous;
        for (const Pair& p : old.pairs) {
            if (now.eligible(p.firm, p.adviser)) previous.push_back(p);
        }
        (void)warm.run(old.prices, previous, 1e-12, 1);
        EXPECT_EQ(now.broken_limit(warm.pairs()), "");
        std::vector<std::int64_t> left = now.limits.capacity;
        std::vector<char> served(now.firms(), 0);
        for (const Pair& p : warm.pairs()) {
            --left[p.adviser];
            served[p.firm] = 1;
        }
        for (std::size_t i = 0; i < now.firms(); ++i) {
            double best = -HUGE_VAL;
            for (std::size_t j = 0; j < now.advisers(); ++j)
                best = std::max(best, now.at(FirmId(i), AdviserId(j)) - old.prices[j]);
            if (served[i] != 0 || best < -0.01) continue;  // too far from any adviser
            for (std::size_t j = 0; j < now.advisers(); ++j) {
                EXPECT_FALSE(left[j] > 0 && old.prices[j] > 0 &&
                             now.eligible(FirmId(i), AdviserId(j)))
                    << "seed " << seed << " firm " << i << " adviser " << j;
            }
        }
    }
}

TEST(WarmStart, StoppedIsLawfulAndBounded) {
    const auto before = uniform_problem(2'000, 30, 7);
    const auto old = solve(before);
    auto now = changed(before, 20);
    now.limits.previous = old.pairs;
    const auto best = solve(now, {.exact = true});
    const DenseSource source(now.utility);
    for (const double limit : {0.0, 1e-4, 1e-3, 3e-3}) {
        Control control(limit);
        const auto r =
            testing::assign(source, now.limits, {.gap = 0, .start_prices = old.prices}, control);
        EXPECT_EQ(now.broken_limit(r.pairs), "");
        EXPECT_GE(r.certificate.bound, best.certificate.objective - 1e-2);
        EXPECT_LE(r.certificate.objective, best.certificate.objective + 1e-2);
        EXPECT_NEAR(r.certificate.objective, now.objective_of(r.pairs), 2e-3);
    }
}

// ---- repair ----

/// Lists of all pairs of a small problem at prices, best first.
CandidateLists all_listed(const SmallProblem& p, const std::vector<double>& prices) {
    CandidateLists lists(p.firms(), p.advisers());
    const DenseSource source(p.utility);
    const Control control;
    source.best(detail::all_firms(p.firms()), prices, lists, 1, control);
    return lists;
}

TEST(Repair, MendsAtTheLeastLossWhenAllPairsAreListed) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const SmallProblem p = random_problem({.density = 0.8, .low = -20}, seed);
        Random random(seed);
        std::vector<double> prices(p.advisers());
        for (double& x : prices) x = std::floor(60 * random.uniform());
        const auto lists = all_listed(p, prices);
        Repair repair(lists, p.limits.capacity, prices);
        for (std::size_t i = 0; i < p.firms(); ++i) {
            const FirmId f(i);
            const auto list = lists.of(f);
            if (list.empty() || static_cast<double>(list[0].value) <= prices[list[0].adviser])
                continue;
            repair.hold(f, list[0].adviser, static_cast<double>(list[0].value));
        }
        Control control;
        repair.run(HUGE_VAL, 0, 1'000'000, control);
        std::vector<Pair> pairs;
        for (std::size_t i = 0; i < p.firms(); ++i) {
            if (repair.held(FirmId(i)).known())
                pairs.push_back({FirmId(i), repair.held(FirmId(i))});
        }
        EXPECT_EQ(p.broken_limit(pairs), "");
        EXPECT_EQ(p.objective_of(pairs), solve(p, {.exact = true}).certificate.objective);
        EXPECT_NEAR(p.bound_at(repair.prices()), p.objective_of(pairs), 1e-6);
    }
}

TEST(Repair, WithoutAnyLookTheWorstOffLeave) {
    SmallProblem p = uniform_problem(5, 1, 1);
    p.limits.capacity = {2};
    const std::vector<double> prices{0};
    const auto lists = all_listed(p, prices);
    Repair repair(lists, p.limits.capacity, prices);
    for (std::size_t i = 0; i < 5; ++i)
        repair.hold(FirmId(i), AdviserId(0U), static_cast<double>(i));
    Control control;
    repair.run(HUGE_VAL, 0, 0, control);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(repair.held(FirmId(i)).known(), i >= 3);
}

// ---- exchange ----

TEST(Exchange, AnyPartsTakenOverKeepTheCapacities) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Random random(seed);
        const std::size_t n = 1 + random.below(12), m = 1 + random.below(5);
        std::vector<std::int64_t> capacity(m);
        for (auto& c : capacity) c = static_cast<std::int64_t>(random.below(4));
        const auto any = [&] {
            std::vector<AdviserId> held(n);
            std::vector<std::int64_t> room = capacity;
            for (AdviserId& h : held) {
                const AdviserId j(static_cast<std::uint32_t>(random.below(m)));
                if (random.uniform() < 0.8 && room[j] > 0) {
                    --room[j];
                    h = j;
                }
            }
            return held;
        };
        const auto here = any(), there = any();
        const detail::Exchange exchange(here, there, m);
        std::size_t moved = 0;
        for (const auto& part : exchange.parts()) moved += part.size();
        std::size_t differ = 0;
        for (std::size_t i = 0; i < n; ++i) differ += here[i] == there[i] ? 0 : 1;
        EXPECT_EQ(moved, differ);
        const std::size_t parts = std::min<std::size_t>(exchange.parts().size(), 10);
        for (std::size_t choice = 0; choice < (std::size_t{1} << parts); ++choice) {
            std::vector<AdviserId> held = here;
            for (std::size_t k = 0; k < parts; ++k) {
                if ((choice >> k & 1) == 0) continue;
                for (const FirmId i : exchange.parts()[k]) held[i] = there[i];
            }
            std::vector<std::int64_t> load(m, 0);
            for (const AdviserId h : held) {
                if (h.known()) ++load[h];
            }
            for (std::size_t j = 0; j < m; ++j) EXPECT_LE(load[j], capacity[j]);
        }
    }
}

}  // namespace
}  // namespace libmatch
