// Capacity in hours on published instances of the generalised assignment problem: usage THREADS
// FILE..., where each file holds m agents, n jobs, m x n costs, m x n uses, m capacities. Every job
// needs an agent and cost is least. Prints a line of JSON per file. The answer is judged before it
// is printed.
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <libmatch/retrieve/hours_source.hpp>
#include <libmatch/retrieve/matrix_source.hpp>
#include <tests/cpp/support/whole_run.hpp>

namespace {

using Matrix = libmatch::DenseSource::Matrix;

struct Instance {
    Matrix cost, use;  ///< jobs x agents
    std::vector<double> capacity;
};

bool read(const char* path, Instance& out) {
    std::ifstream in(path);
    Eigen::Index agents = 0, jobs = 0;
    in >> agents >> jobs;
    if (!in) return false;
    for (Matrix* matrix : {&out.cost, &out.use}) {
        matrix->resize(jobs, agents);
        for (Eigen::Index j = 0; j < agents; ++j) {
            for (Eigen::Index i = 0; i < jobs; ++i) in >> (*matrix)(i, j);
        }
    }
    out.capacity.resize(static_cast<std::size_t>(agents));
    for (double& c : out.capacity) in >> c;
    return static_cast<bool>(in);
}

bool judged(const libmatch::PairSource& source, const libmatch::AssignmentLimits& limits,
            const libmatch::AssignmentResult& result) {
    libmatch::check::AssignmentCase problem;
    problem.stage = "gap";
    problem.firms = source.firms();
    problem.advisers = source.advisers();
    problem.eligible = [&](auto i, auto j) { return source.eligible(i, j); };
    problem.utility = [&](auto i, auto j) { return source.utility(i, j); };
    problem.load = [&](auto i, auto j) { return source.load(i, j); };
    problem.firm_name = [](auto i) { return "job " + std::to_string(i.value); };
    problem.adviser_name = [](auto j) { return "agent " + std::to_string(j.value); };
    libmatch::check::Verdict verdict;
    libmatch::testing::judge_assignment(problem, limits, result, verdict);
    for (const auto& v : verdict.violations)
        std::fprintf(stderr, "%s: %s\n", v.subject.c_str(), v.problem.c_str());
    return verdict.ok();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    for (int k = 2; k < argc; ++k) {
        Instance instance;
        if (!read(argv[k], instance)) {
            std::fprintf(stderr, "%s is no instance\n", argv[k]);
            return 2;
        }
        const Matrix utility = -instance.cost;
        const libmatch::DenseSource pairs(utility);
        const libmatch::HoursSource source(pairs, [&](auto i, auto j) {
            return instance.use(static_cast<Eigen::Index>(i.value),
                                static_cast<Eigen::Index>(j.value));
        });
        libmatch::AssignmentLimits limits;
        limits.hours = instance.capacity;
        limits.min_demand.assign(source.firms(), 1);
        libmatch::AssignmentOptions options;
        options.threads = static_cast<unsigned>(std::atoi(argv[1]));
        libmatch::Control control;
        const auto result = libmatch::testing::assign(source, limits, options, control);
        if (!judged(source, limits, result)) {
            std::fprintf(stderr, "%s: the judge refuses the answer\n", argv[k]);
            return 1;
        }
        std::printf(R"({"file": "%s", "jobs": %zu, "agents": %zu, "cost": %.9g, "bound": %.9g, )"
                    R"("seconds": %.3f})"
                    "\n",
                    argv[k], source.firms(), source.advisers(), -result.certificate.objective,
                    -result.certificate.bound, result.certificate.seconds);
        std::fflush(stdout);
    }
}
