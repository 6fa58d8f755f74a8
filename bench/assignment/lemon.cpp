// LEMON's CostScaling on the graph: usage GRAPH RUNS. A firm may stay out over an arc of cost 0.
#include <bench/assignment/graph.hpp>

#include <lemon/cost_scaling.h>
#include <lemon/smart_graph.h>

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const bench::Graph graph = bench::read_graph(argv[1]);
    for (int run = std::atoi(argv[2]); run > 0; --run) {
        using Digraph = lemon::SmartDigraph;
        const bench::Stopwatch build;
        const auto n = static_cast<int>(graph.firms), m = static_cast<int>(graph.advisers);
        Digraph digraph;
        digraph.reserveNode(n + m + 1);
        digraph.reserveArc(static_cast<int>(graph.value.size()) + n + m);
        for (int k = 0; k < n + m + 1; ++k) digraph.addNode();
        const Digraph::Node sink = Digraph::nodeFromId(n + m);
        Digraph::ArcMap<std::int64_t> capacity(digraph), cost(digraph);
        Digraph::NodeMap<std::int64_t> supply(digraph, 0);
        for (std::size_t i = 0; i < graph.firms; ++i) {
            const Digraph::Node firm = Digraph::nodeFromId(static_cast<int>(i));
            supply[firm] = 1;
            for (std::size_t e = i * graph.listed; e < (i + 1) * graph.listed; ++e) {
                const auto arc = digraph.addArc(
                    firm, Digraph::nodeFromId(n + static_cast<int>(graph.column[e])));
                cost[arc] = -graph.value[e];
                capacity[arc] = 1;
            }
            capacity[digraph.addArc(firm, sink)] = 1;
        }
        for (int j = 0; j < m; ++j) {
            const auto arc = digraph.addArc(Digraph::nodeFromId(n + j), sink);
            capacity[arc] = graph.capacity[static_cast<std::size_t>(j)];
        }
        supply[sink] = -n;
        using Solver = lemon::CostScaling<Digraph, std::int64_t, std::int64_t>;
        Solver solver(digraph);
        solver.upperMap(capacity).costMap(cost).supplyMap(supply);
        const double build_s = build.seconds();

        const bench::Stopwatch solve;
        if (solver.run() != Solver::OPTIMAL) return 1;
        const double solve_s = solve.seconds();
        const double objective = -static_cast<double>(solver.totalCost()) * bench::unit;
        bench::print_run(build_s, solve_s, objective, objective);
    }
}
