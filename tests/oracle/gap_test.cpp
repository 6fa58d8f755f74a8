// Published instances of the generalised assignment problem: close to the best known values, and no
// bound crosses them. All of them: bench/gap.
#include <gtest/gtest.h>

#include <fstream>
#include <libmatch/retrieve/hours_source.hpp>
#include <libmatch/retrieve/matrix_source.hpp>
#include <oracle/shared_data.hpp>
#include <ostream>

#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

struct Instance {
    const char* name;
    double least_cost;  ///< optimum
    friend void PrintTo(const Instance& i, std::ostream* out) { *out << i.name; }
};

/// Jobs are firms and agents advisers; every job needs one, and cost is least.
class GapOptimum : public ::testing::TestWithParam<Instance> {};

TEST_P(GapOptimum, IsNearAndNeverCrossed) {
    const auto file = oracle::shared_data() / "B1-gap" / GetParam().name;
    std::ifstream in(file);
    if (!in) GTEST_SKIP() << "NOT CHECKED: there is no " << file << "; set LIBMATCH_SHARED_DATA";
    Eigen::Index agents = 0, jobs = 0;
    in >> agents >> jobs;
    DenseSource::Matrix utility(jobs, agents), use(jobs, agents);
    for (DenseSource::Matrix* matrix : {&utility, &use}) {
        for (Eigen::Index j = 0; j < agents; ++j) {
            for (Eigen::Index i = 0; i < jobs; ++i) in >> (*matrix)(i, j);
        }
    }
    utility = -utility;
    AssignmentLimits limits;
    limits.hours.resize(static_cast<std::size_t>(agents));
    for (double& c : limits.hours) in >> c;
    limits.min_demand.assign(static_cast<std::size_t>(jobs), 1);
    ASSERT_TRUE(in) << "the file ended early";

    const DenseSource pairs(utility);
    const auto hours = [&](FirmId i, AdviserId j) {
        return use(static_cast<Eigen::Index>(i.value), static_cast<Eigen::Index>(j.value));
    };
    const HoursSource source(pairs, hours);
    Control control;
    const auto r = testing::assign(source, limits, {}, control);

    ASSERT_EQ(r.pairs.size(), static_cast<std::size_t>(jobs));
    std::vector<double> load(limits.hours.size(), 0.0);
    double cost = 0;
    for (std::size_t k = 0; k < r.pairs.size(); ++k) {
        EXPECT_EQ(r.pairs[k].firm, FirmId(k));
        load[r.pairs[k].adviser] += hours(r.pairs[k].firm, r.pairs[k].adviser);
        cost -= source.utility(r.pairs[k].firm, r.pairs[k].adviser);
    }
    for (std::size_t j = 0; j < load.size(); ++j) EXPECT_LE(load[j], limits.hours[j]);
    EXPECT_EQ(cost, -r.certificate.objective);
    EXPECT_GE(cost, GetParam().least_cost);
    EXPECT_LE(cost, 1.005 * GetParam().least_cost);
    EXPECT_LE(-r.certificate.bound, GetParam().least_cost);
    RecordProperty("cost", std::to_string(cost));
    RecordProperty("bound", std::to_string(-r.certificate.bound));
}
INSTANTIATE_TEST_SUITE_P(
    Published, GapOptimum,
    ::testing::Values(Instance{"cattrysse1994/gap1-0", 261}, Instance{"cattrysse1994/gap4-2", 426},
                      Instance{"chu1997/a10100", 1360}, Instance{"chu1997/b05100", 1843},
                      Instance{"chu1997/c05100", 1931}, Instance{"yagiura2004/e10400", 45746}),
    [](const auto& i) {
        std::string name = i.param.name;
        name = name.substr(name.find('/') + 1);
        std::erase(name, '-');
        return name;
    });

}  // namespace
}  // namespace libmatch
