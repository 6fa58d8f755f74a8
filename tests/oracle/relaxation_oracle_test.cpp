// Smallest relaxations against a minimum cost flow with soft limits, by Boost.Graph.
#include <gtest/gtest.h>

#include <cpp/support/relaxed.hpp>
#include <oracle/min_cost_flow.hpp>

namespace libmatch {
namespace {

/// Every unit of demand goes to an adviser or to nobody and costs 2 where it breaks no limit. A
/// pin, and a seat under the minimum load, save 1; a seat over the capacity, and a unit under the
/// minimum demand that goes to nobody, cost 1 more.
std::int64_t smallest_units(const SmallProblem& p) {
    const std::size_t n = p.firms(), m = p.advisers();
    const std::size_t nobody = n + m, origin = nobody + 1, sink = origin + 1;
    oracle::FlowNetwork network(n + m + 3);
    std::int64_t units = 0, saved = static_cast<std::int64_t>(p.limits.pinned.size());
    for (std::size_t i = 0; i < n; ++i) {
        const std::int64_t most = p.limits.demand_of(FirmId(i)),
                           least = p.limits.min_demand_of(FirmId(i));
        units += most;
        network.connect(origin, i, most, 0);
        network.connect(i, nobody, most - least, 1);
        network.connect(i, nobody, least, 2);
        for (std::size_t j = 0; j < m; ++j) {
            const Pair pair{FirmId(i), AdviserId(j)};
            if (p.eligible(pair.firm, pair.adviser))
                network.connect(i, n + j, 1, p.pinned(pair) ? 0 : 1);
        }
    }
    if (units == 0) {
        for (const std::int64_t l : p.limits.min_load) saved += l;
        return saved;
    }
    for (std::size_t j = 0; j < m; ++j) {
        const std::int64_t least = p.limits.min_load_of(AdviserId(j));
        saved += least;
        network.connect(n + j, sink, least, 0);
        network.connect(n + j, sink, p.limits.capacity[j] - least, 1);
        network.connect(n + j, sink, units, 2);
    }
    network.connect(nobody, sink, units, 1);
    return network.cheapest_maximum_flow(origin, sink).cost - 2 * units + saved;
}

TEST(RelaxationOracle, AgreesWithMinimumCostFlow) {
    int infeasible = 0;
    for (std::uint64_t seed = 1'000; seed < 5'000; ++seed) {
        const auto p = contradictory_problem(seed);
        const std::int64_t wanted = smallest_units(p);
        const auto r = solve(p);
        ASSERT_EQ(r.certificate.status == Status::infeasible, wanted > 0) << seed;
        std::int64_t units = 0;
        for (const Relaxation& change : r.relaxation) units += change.units();
        ASSERT_EQ(units, wanted) << seed;
        if (wanted == 0) continue;
        ++infeasible;
        ASSERT_TRUE(judge(p, r).ok()) << seed;
        ASSERT_EQ(smallest_units(relaxed(p, r.relaxation)), 0) << seed;
    }
    EXPECT_GT(infeasible, 1'500);
}

}  // namespace
}  // namespace libmatch
