// Pooling cells with proven bounds, and bin covering without places, in the folders
// P2-pooling-cells and E1-bin-covering of the shared data.
#include <gtest/gtest.h>

#define BOOST_BIND_GLOBAL_PLACEHOLDERS  // what Boost's own reader of JSON still asks for
#include <boost/property_tree/json_parser.hpp>
#include <boost/property_tree/ptree.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <oracle/shared_data.hpp>

#include <cpp/support/whole_run.hpp>
#include <libmatch/model/pooling.hpp>

namespace {

using namespace libmatch;
using Tree = boost::property_tree::ptree;

PoolProblem read_problem(const Tree& tree) {
    PoolProblem problem;
    problem.metric = Metric::plane;
    for (const auto& [key, item] : tree.get_child("amount"))
        problem.amount.push_back(item.get_value<double>());
    for (const auto& [key, item] : tree.get_child("value"))
        problem.value.push_back(item.get_value<double>());
    for (const auto& [key, item] : tree.get_child("xy_km")) {
        problem.place.push_back(
            {item.front().second.get_value<double>(), item.back().second.get_value<double>()});
    }
    PoolRule keyed;
    const Tree& rule = tree.get_child("rule");
    keyed.rule.min_sum = rule.get<double>("min_sum");
    keyed.rule.max_sum =
        rule.get<std::string>("max_sum") == "null" ? HUGE_VAL : rule.get<double>("max_sum");
    keyed.rule.min_members = rule.get<int>("min_members");
    keyed.rule.max_members = rule.get<int>("max_members");
    keyed.rule.max_radius_km = rule.get<double>("max_radius_km");
    keyed.rule.opening_cost = rule.get<double>("opening_cost");
    keyed.rule.cost_per_km = rule.get<double>("cost_per_km");
    problem.rules.push_back(keyed);
    return problem;
}

TEST(PoolData, StaysBetweenTheKnownValueAndTheKnownBound) {
    const std::filesystem::path folder = oracle::shared_data() / "P2-pooling-cells";
    if (!std::filesystem::exists(folder))
        GTEST_SKIP() << "NOT CHECKED: there is no " << folder << "; set LIBMATCH_SHARED_DATA";
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".json") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    ASSERT_FALSE(files.empty());
    for (const auto& file : files) {
        Tree tree;
        boost::property_tree::read_json(file.string(), tree);
        const PoolProblem problem = read_problem(tree);
        const double known_bound = tree.get<double>("upper_bound");
        const double known_value = tree.get<double>("best_value");
        Control control;
        PoolOptions options;
        options.gap = 0;
        const PoolResult result = libmatch::testing::pool(problem, options, control);
        const std::string name = file.stem().string();
        EXPECT_LE(result.certificate.objective, known_bound + 1e-6) << name;
        EXPECT_GE(result.certificate.bound, known_value - 1e-6) << name;
        EXPECT_GE(result.certificate.objective, 0.999 * known_value) << name;
        EXPECT_LE(result.certificate.bound, 1.0001 * known_bound) << name;
        EXPECT_TRUE(libmatch::testing::verify(problem, result).ok()) << name;
        RecordProperty(name, std::to_string(result.certificate.gap()));
        std::printf(
            "%-12s ours %.6f known value %.6f bound %.6f known bound %.6f gap %.4f%% %.2f s\n",
            name.c_str(), result.certificate.objective, known_value, result.certificate.bound,
            known_bound, 100 * result.certificate.gap(), result.certificate.seconds);
    }
}

/// As many groups as possible whose amounts reach a sum.
PoolProblem read_covering(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::size_t items = 0;
    PoolProblem problem;
    problem.rules.resize(1);
    DossierRule& rule = problem.rules[0].rule;
    in >> items >> rule.min_sum;
    rule.opening_cost = -1;
    problem.value.assign(items, 0);
    problem.amount.resize(items);
    for (double& a : problem.amount) in >> a;
    if (!in) throw std::runtime_error(file.string() + " is no instance of bin covering");
    return problem;
}

TEST(PoolData, LargeSetsOfTripletsAreNearlyAllFound) {
    const std::filesystem::path root = oracle::shared_data() / "E1-bin-covering";
    if (!std::filesystem::exists(root))
        GTEST_SKIP() << "NOT CHECKED: there is no " << root << "; set LIBMATCH_SHARED_DATA";
    for (const auto& [items, least] : {std::pair{"120", 38}, std::pair{"249", 78}}) {
        std::vector<std::filesystem::path> files;
        for (const auto& entry : std::filesystem::directory_iterator(root / items))
            files.push_back(entry.path());
        ASSERT_FALSE(files.empty());
        std::sort(files.begin(), files.end());
        std::vector<std::size_t> found;
        double seconds = 0;
        for (const auto& file : files) {
            const PoolProblem problem = read_covering(file);
            Control control;
            const PoolResult result = libmatch::testing::pool(problem, {}, control);
            const std::string name = file.stem().string();
            EXPECT_GE(result.groups.size(), least) << name;
            EXPECT_NEAR(result.certificate.bound, std::stod(items) / 3, 1e-5) << name;
            EXPECT_TRUE(libmatch::testing::verify(problem, result).ok()) << name;
            found.push_back(result.groups.size());
            seconds += result.certificate.seconds;
        }
        const auto [low, high] = std::minmax_element(found.begin(), found.end());
        std::printf("%zu triplets of %s: %zu to %zu groups of %d, mean %.2f s\n", files.size(),
                    items, *low, *high, std::stoi(items) / 3,
                    seconds / static_cast<double>(files.size()));
    }
}

}  // namespace
