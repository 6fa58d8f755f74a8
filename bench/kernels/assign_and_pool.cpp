// Kernels of the two solvers: the assignment on a sparse matrix, and pooling on the plane.
#include <numeric>
#include <vector>

#include <benchmark/benchmark.h>

#include <libmatch/core/random.hpp>
#include <libmatch/retrieve/matrix_source.hpp>
#include <tests/cpp/support/whole_run.hpp>

namespace {

using namespace libmatch;

void assign_sparse(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    const std::size_t m = n / 50, listed = std::min<std::size_t>(32, m);
    Random random(3);
    std::vector<std::int64_t> row_begin{0};
    std::vector<std::uint32_t> column, all(m);
    std::vector<double> value;
    std::iota(all.begin(), all.end(), 0U);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < listed; ++k) std::swap(all[k], all[k + random.below(m - k)]);
        column.insert(column.end(), all.begin(), all.begin() + static_cast<std::ptrdiff_t>(listed));
        std::sort(column.end() - static_cast<std::ptrdiff_t>(listed), column.end());
        for (std::size_t k = 0; k < listed; ++k) value.push_back(random.uniform());
        row_begin.push_back(static_cast<std::int64_t>(column.size()));
    }
    const SparseSource source(m, row_begin, column, value);
    AssignmentLimits limits;
    limits.capacity.assign(m, 45);
    AssignmentOptions options;
    options.gap = 1e-5;
    options.threads = 1;
    for (auto _ : state) {
        Control control;
        const AssignmentResult result = testing::assign(source, limits, options, control);
        if (result.certificate.gap() > options.gap) {
            state.SkipWithError("the gap is not proven");
            return;
        }
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n));
}
BENCHMARK(assign_sparse)->Arg(2'000)->Arg(20'000)->Unit(benchmark::kMillisecond);

void pool_on_the_plane(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    Random random(5);
    PoolProblem problem;
    problem.metric = Metric::plane;
    const double side = 10 * std::sqrt(static_cast<double>(n) / 20);
    for (std::size_t i = 0; i < n; ++i) {
        problem.amount.push_back(5'000 + 10'000 * random.uniform());
        problem.place.push_back({side * random.uniform(), side * random.uniform()});
    }
    PoolRule keyed;
    keyed.rule.max_members = 6;
    keyed.rule.max_radius_km = 15;
    keyed.rule.opening_cost = 1;
    keyed.rule.cost_per_km = 0.02;
    problem.rules.push_back(keyed);
    PoolOptions options;
    options.threads = 1;
    Control proof;
    const PoolResult judged = testing::pool(problem, options, proof);
    if (!testing::verify(problem, judged).ok()) {
        state.SkipWithError("the judge does not accept the answer");
        return;
    }
    for (auto _ : state) {
        Control control;
        benchmark::DoNotOptimize(testing::pool(problem, options, control));
    }
    state.counters["gap"] = judged.certificate.gap();
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n));
}
BENCHMARK(pool_on_the_plane)->Arg(500)->Unit(benchmark::kMillisecond);

}  // namespace
