// Problems large enough for samples, and what is said when such work is stopped.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <libmatch/core/random.hpp>
#include <libmatch/retrieve/matrix_source.hpp>
#include <vector>

#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

struct SparseProblem {
    std::size_t firms = 0, advisers = 0;
    std::vector<std::int64_t> begin{0};
    std::vector<std::uint32_t> column;
    std::vector<double> value;
    AssignmentLimits limits;

    [[nodiscard]] SparseSource source() const { return {advisers, begin, column, value}; }
};

/// Every firm likes a few advisers of its own neighbourhood; seats for `seats` of the firms.
SparseProblem random_sparse(std::size_t firms, std::size_t advisers, double seats) {
    Random random(5);
    SparseProblem p;
    p.firms = firms;
    p.advisers = advisers;
    for (std::size_t i = 0; i < firms; ++i) {
        const std::size_t home = random.below(advisers);
        std::vector<std::uint32_t> near;
        for (int k = 0; k < 8; ++k)
            near.push_back(static_cast<std::uint32_t>((home + random.below(20)) % advisers));
        std::sort(near.begin(), near.end());
        near.erase(std::unique(near.begin(), near.end()), near.end());
        for (const std::uint32_t j : near) {
            p.column.push_back(j);
            p.value.push_back(0.2 + 0.8 * random.uniform());
        }
        p.begin.push_back(static_cast<std::int64_t>(p.column.size()));
    }
    p.limits.capacity.assign(advisers,
                             static_cast<std::int64_t>(seats * static_cast<double>(firms) /
                                                       static_cast<double>(advisers)));
    for (std::size_t j = 0; j < advisers; j += 17) p.limits.capacity[j] = 0;
    return p;
}

check::Verdict judged(const SparseProblem& p, const AssignmentResult& r) {
    const SparseSource source = p.source();
    check::AssignmentCase problem;
    problem.stage = "assign";
    problem.firms = p.firms;
    problem.advisers = p.advisers;
    problem.eligible = [&](FirmId i, AdviserId j) { return source.eligible(i, j); };
    problem.utility = [&](FirmId i, AdviserId j) { return source.utility(i, j); };
    problem.firm_name = [](FirmId i) { return "firm " + std::to_string(i.value); };
    problem.adviser_name = [](AdviserId j) { return "adviser " + std::to_string(j.value); };
    check::Verdict verdict;
    testing::judge_assignment(problem, p.limits, r, verdict);
    return verdict;
}

TEST(AuctionSearch, LargeProblemsReachTheGapWhereSeatsAreShortAndWhereTheyAreNot) {
    for (const double seats : {0.6, 1.3}) {
        const SparseProblem p = random_sparse(60'000, 300, seats);
        Control control;
        const auto r = testing::assign(p.source(), p.limits, {.gap = 1e-4}, control);
        EXPECT_NE(r.certificate.status, Status::time_limit);
        EXPECT_LE(r.certificate.gap(), 1e-4);
        const auto verdict = judged(p, r);
        EXPECT_TRUE(verdict.ok()) << verdict.violations.front().problem;
    }
}

TEST(AuctionSearch, LargeProblemsGiveTheSameBitsOnAnyNumberOfThreads) {
    const SparseProblem p = random_sparse(60'000, 300, 0.7);
    Control control;
    const auto one = testing::assign(p.source(), p.limits, {.gap = 1e-4, .threads = 1}, control);
    for (const unsigned threads : {2U, 4U}) {
        const auto r =
            testing::assign(p.source(), p.limits, {.gap = 1e-4, .threads = threads}, control);
        EXPECT_EQ(r.pairs, one.pairs);
        EXPECT_EQ(r.prices, one.prices);
        EXPECT_EQ(r.certificate.bound, one.certificate.bound);
    }
}

/// Its rough lists hold values rounded to a grid, and it counts which lists it is asked for.
class RoughSource final : public PairSource {
  public:
    RoughSource(const SparseProblem& p, double grid)
        : coarse_(p), pairs_(p.source()), error_(grid / 2) {
        for (double& v : coarse_.value) v = std::round(v / grid) * grid;
    }
    [[nodiscard]] std::size_t firms() const override { return pairs_.firms(); }
    [[nodiscard]] std::size_t advisers() const override { return pairs_.advisers(); }
    [[nodiscard]] bool eligible(FirmId i, AdviserId j) const override {
        return pairs_.eligible(i, j);
    }
    [[nodiscard]] double utility(FirmId i, AdviserId j) const override {
        return pairs_.utility(i, j);
    }
    [[nodiscard]] double utility_limit() const override { return pairs_.utility_limit(); }
    void best(std::span<const FirmId> who, std::span<const double> prices, CandidateLists& lists,
              unsigned threads, const Control& control, double least) const override {
        pairs_.best(who, prices, lists, threads, control, least);
    }
    void best_spread(std::span<const FirmId> who, std::span<const double> prices,
                     CandidateLists& lists, unsigned threads, const Control& control,
                     double least) const override {
        ++true_lists;
        pairs_.best_spread(who, prices, lists, threads, control, least);
    }
    void best_roughly(std::span<const FirmId> who, std::span<const double> prices,
                      CandidateLists& lists, unsigned threads, const Control& control,
                      double least) const override {
        ++rough_lists;
        coarse_.source().best(who, prices, lists, threads, control, least);
    }
    [[nodiscard]] double rough_error() const override { return error_; }
    [[nodiscard]] double rough_error_of(FirmId) const override { return error_ * (1 + 1e-9); }
    [[nodiscard]] std::vector<ValuedPair> above(std::span<const FirmId> who,
                                                std::span<const double> prices,
                                                std::span<const double> threshold, unsigned threads,
                                                const Control& control) const override {
        return pairs_.above(who, prices, threshold, threads, control);
    }

    mutable int rough_lists = 0, true_lists = 0;

  private:
    SparseProblem coarse_;
    SparseSource pairs_;
    double error_;
};

TEST(AuctionSearch, RoughListsServeAsLongAsTheStepIsLargeBesideTheirError) {
    const SparseProblem p = random_sparse(60'000, 300, 0.7);
    struct Use {
        double grid, gap;
        bool rough, fine;
    };
    for (const Use& use :
         {Use{1e-4, 1e-3, true, false}, Use{2e-3, 1e-5, true, true}, Use{0.5, 1e-3, true, true}}) {
        const RoughSource source(p, use.grid);
        Control control;
        const auto r = testing::assign(source, p.limits, {.gap = use.gap}, control);
        EXPECT_LE(r.certificate.gap(), use.gap);
        EXPECT_EQ(source.rough_lists > 0, use.rough);
        EXPECT_EQ(source.true_lists > 0, use.fine) << use.grid;
        const auto verdict = judged(p, r);
        EXPECT_TRUE(verdict.ok()) << verdict.violations.front().problem;
    }
}

TEST(AuctionSearch, StoppedAtOnceALargeProblemClaimsABoundThatNeedsNoProof) {
    const SparseProblem p =
        random_sparse(80'000, 300, 0.7);  // too many pairs to prove on the way out
    Control control;
    const auto best = testing::assign(p.source(), p.limits, {.gap = 1e-4}, control);
    Control at_once(0.0);
    const auto r = testing::assign(p.source(), p.limits, {.gap = 1e-4}, at_once);
    EXPECT_EQ(r.certificate.status, Status::time_limit);
    EXPECT_GE(r.certificate.bound, best.certificate.objective);
    EXPECT_GE(r.certificate.bound, r.certificate.objective);
    const auto verdict = judged(p, r);
    EXPECT_TRUE(verdict.ok()) << verdict.violations.front().problem;
}

}  // namespace
}  // namespace libmatch
