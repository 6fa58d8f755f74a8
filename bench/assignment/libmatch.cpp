// libmatch on the graph: usage GRAPH RUNS GAP (0 = exact), one thread.
#include <bench/assignment/graph.hpp>

#include <libmatch/retrieve/matrix_source.hpp>
#include <tests/cpp/support/whole_run.hpp>

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const bench::Graph graph = bench::read_graph(argv[1]);
    const double gap = std::atof(argv[3]);
    for (int run = std::atoi(argv[2]); run > 0; --run) {
        const bench::Stopwatch build;
        std::vector<std::int64_t> row_begin(graph.firms + 1);
        for (std::size_t i = 0; i <= graph.firms; ++i)
            row_begin[i] = static_cast<std::int64_t>(i * graph.listed);
        std::vector<double> value(graph.value.size());
        for (std::size_t e = 0; e < value.size(); ++e)
            value[e] = static_cast<double>(graph.value[e]) * bench::unit;
        const libmatch::SparseSource source(graph.advisers, row_begin, graph.column, value);
        libmatch::AssignmentLimits limits;
        limits.capacity = graph.capacity;
        libmatch::AssignmentOptions options;
        options.gap = gap;
        options.exact = gap == 0;
        options.unit = bench::unit;
        options.threads = 1;
        const double build_s = build.seconds();

        // Lists, auction and certificate: all that a user waits for.
        const bench::Stopwatch solve;
        libmatch::Control control;
        const auto result = libmatch::testing::assign(source, limits, options, control);
        const double solve_s = solve.seconds();
        bench::print_run(build_s, solve_s, result.certificate.objective, result.certificate.bound);
    }
}
