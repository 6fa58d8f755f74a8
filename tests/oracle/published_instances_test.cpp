// Published instances whose optimum is known.
#include <gtest/gtest.h>

#include <cpp/support/small_problem.hpp>
#include <fstream>
#include <oracle/shared_data.hpp>
#include <ostream>

namespace libmatch {
namespace {

DenseSource::Matrix read_matrix(std::ifstream& in, Eigen::Index rows, Eigen::Index columns) {
    DenseSource::Matrix matrix(rows, columns);
    for (Eigen::Index i = 0; i < rows; ++i) {
        for (Eigen::Index j = 0; j < columns; ++j) in >> matrix(i, j);
    }
    EXPECT_TRUE(in) << "the file ended early";
    return matrix;
}

struct Conference {
    const char* name;
    std::int64_t papers_per_reviewer;
    double maximum;
    friend void PrintTo(const Conference& c, std::ostream* out) { *out << c.name; }
};

/// Similarities of papers and reviewers (perturbed maximization, arXiv 2310.05995): 3 reviewers per
/// paper.
class ConferenceOptimum : public ::testing::TestWithParam<Conference> {};

TEST_P(ConferenceOptimum, IsReachedExactly) {
    const auto file =
        oracle::shared_data() / "A1-perturbed-max" / (std::string(GetParam().name) + ".in");
    std::ifstream in(file);
    if (!in) GTEST_SKIP() << "NOT CHECKED: there is no " << file << "; set LIBMATCH_SHARED_DATA";
    Eigen::Index papers = 0, reviewers = 0;
    in >> papers >> reviewers;
    SmallProblem p;
    p.utility = read_matrix(in, papers, reviewers);
    p.limits.capacity.assign(p.advisers(), GetParam().papers_per_reviewer);
    p.limits.demand.assign(p.firms(), 3);
    for (const bool all_papers_get_three : {false, true}) {
        if (all_papers_get_three) p.limits.min_demand.assign(p.firms(), 3);
        const auto r = solve(p, {.exact = true});
        EXPECT_EQ(p.broken_limit(r.pairs), "");
        EXPECT_EQ(r.certificate.objective, GetParam().maximum);
        EXPECT_EQ(r.certificate.bound, GetParam().maximum);
        EXPECT_EQ(r.certificate.status, Status::optimal);
        EXPECT_NEAR(p.bound_at(r.prices), GetParam().maximum, 1e-6);
        RecordProperty(all_papers_get_three ? "seconds_with_minimums" : "seconds",
                       std::to_string(r.certificate.seconds));
    }
}
INSTANTIATE_TEST_SUITE_P(PerturbedMax, ConferenceOptimum,
                         ::testing::Values(Conference{"preflib1", 6, 124.25},
                                           Conference{"preflib2", 7, 141.5},
                                           Conference{"aamas2015", 12, 1406.25}),
                         [](const auto& i) { return std::string(i.param.name); });

struct SquareCosts {
    const char* name;
    double minimum;
    friend void PrintTo(const SquareCosts& c, std::ostream* out) { *out << c.name; }
};

/// Square cost matrices of the OR-Library (J. E. Beasley): every row takes one column.
class OrLibraryOptimum : public ::testing::TestWithParam<SquareCosts> {
  protected:
    /// False when the file is absent.
    bool read(DenseSource::Matrix& costs) {
        const auto file =
            oracle::shared_data() / "B2-orlib-assign" / (std::string(GetParam().name) + ".txt");
        std::ifstream in(file);
        missing_ = file.string();
        if (!in) return false;
        Eigen::Index n = 0;
        in >> n;
        costs = read_matrix(in, n, n);
        return true;
    }
    std::string missing_;
};

TEST_P(OrLibraryOptimum, IsReachedWithMinimumDemands) {
    DenseSource::Matrix costs;
    if (!read(costs)) GTEST_SKIP() << "NOT CHECKED: there is no " << missing_;
    SmallProblem p;
    p.utility = -costs;
    p.limits.capacity.assign(p.advisers(), 1);
    p.limits.min_demand.assign(p.firms(), 1);
    const auto r = solve(p, {.exact = true});
    EXPECT_EQ(p.broken_limit(r.pairs), "");
    EXPECT_EQ(r.certificate.objective, -GetParam().minimum);
    EXPECT_EQ(r.certificate.bound, -GetParam().minimum);
    EXPECT_EQ(r.certificate.status, Status::optimal);
    RecordProperty("seconds", std::to_string(r.certificate.seconds));
}

TEST_P(OrLibraryOptimum, IsReachedFromTheAuction) {
    DenseSource::Matrix costs;
    if (!read(costs)) GTEST_SKIP() << "NOT CHECKED: there is no " << missing_;
    SmallProblem p;
    p.utility = 1000 - costs.array();
    p.limits.capacity.assign(p.advisers(), 1);
    const auto r = solve(p, {.exact = true});
    EXPECT_EQ(p.broken_limit(r.pairs), "");
    EXPECT_EQ(r.pairs.size(), p.firms());
    const double maximum = 1000 * static_cast<double>(p.firms()) - GetParam().minimum;
    EXPECT_EQ(r.certificate.objective, maximum);
    EXPECT_EQ(r.certificate.bound, maximum);
    RecordProperty("seconds", std::to_string(r.certificate.seconds));
}
INSTANTIATE_TEST_SUITE_P(OrLibrary, OrLibraryOptimum,
                         ::testing::Values(SquareCosts{"assign500", 991},
                                           SquareCosts{"assign600", 1176},
                                           SquareCosts{"assign700", 1362}),
                         [](const auto& i) { return std::string(i.param.name); });

}  // namespace
}  // namespace libmatch
