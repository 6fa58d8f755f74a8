// The slow, obvious solver that assignments are compared with: Boost.Graph's successive shortest
// paths.
//
// Pins are taken out of the problem beforehand. Every unit of demand flows from the origin through
// its firm to an adviser or, above the minimum demand, to "nobody"; a unit that fills a minimum
// load saves a cost larger than all utilities together. Whole-number utilities only.
#pragma once

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/successive_shortest_path_nonnegative_weights.hpp>

#include <boost/graph/find_flow_cost.hpp>  // relies on what the others include
#include <cmath>
#include <cpp/support/small_problem.hpp>
#include <cstdint>
#include <cstdlib>
#include <optional>

namespace libmatch::oracle {

class FlowNetwork {
  public:
    explicit FlowNetwork(std::size_t nodes) : graph_(nodes) {}

    void connect(std::size_t from, std::size_t to, std::int64_t units, std::int64_t cost) {
        if (units <= 0) return;
        const auto forth = boost::add_edge(from, to, graph_).first;
        const auto back = boost::add_edge(to, from, graph_).first;
        boost::put(boost::edge_capacity, graph_, forth, units);
        boost::put(boost::edge_capacity, graph_, back, std::int64_t{0});
        boost::put(boost::edge_weight, graph_, forth, static_cast<double>(cost));
        boost::put(boost::edge_weight, graph_, back, static_cast<double>(-cost));
        boost::put(boost::edge_reverse, graph_, forth, back);
        boost::put(boost::edge_reverse, graph_, back, forth);
    }

    struct Flow {
        std::int64_t units = 0;
        std::int64_t cost = 0;
    };
    Flow cheapest_maximum_flow(std::size_t origin, std::size_t sink) {
        boost::successive_shortest_path_nonnegative_weights(graph_, origin, sink);
        Flow flow;
        for (auto [e, end] = boost::edges(graph_); e != end; ++e) {
            const std::int64_t capacity = boost::get(boost::edge_capacity, graph_, *e);
            const std::int64_t used =
                capacity - boost::get(boost::edge_residual_capacity, graph_, *e);
            if (capacity == 0) continue;
            flow.cost += used * std::llround(boost::get(boost::edge_weight, graph_, *e));
            if (boost::source(*e, graph_) == origin) flow.units += used;
        }
        return flow;
    }

  private:
    // Weights are whole, but doubles: Boost adds the infinite distances of nodes that it cannot
    // reach.
    using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
    using EdgeProperties = boost::property<
        boost::edge_capacity_t, std::int64_t,
        boost::property<boost::edge_residual_capacity_t, std::int64_t,
                        boost::property<boost::edge_reverse_t, Traits::edge_descriptor,
                                        boost::property<boost::edge_weight_t, double>>>>;
    boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property,
                          EdgeProperties>
        graph_;
};

/// The optimum, or nothing when no assignment meets the limits.
inline std::optional<std::int64_t> optimum(const SmallProblem& p) {
    const std::size_t n = p.firms(), m = p.advisers();
    std::vector<std::int64_t> capacity = p.limits.capacity, min_load(m, 0);
    std::vector<std::int64_t> demand(n), min_demand(n);
    for (std::size_t i = 0; i < n; ++i) {
        demand[i] = p.limits.demand_of(FirmId(i));
        min_demand[i] = p.limits.min_demand_of(FirmId(i));
    }
    for (std::size_t j = 0; j < m; ++j) min_load[j] = p.limits.min_load_of(AdviserId(j));
    std::int64_t gained = 0;
    for (const Pair& pin : p.limits.pinned) {
        if (!p.eligible(pin.firm, pin.adviser)) return std::nullopt;
        --demand[pin.firm];
        --min_demand[pin.firm];
        --capacity[pin.adviser];
        --min_load[pin.adviser];
        gained += p.value(pin.firm, pin.adviser);
    }
    if (std::any_of(demand.begin(), demand.end(), [](auto d) { return d < 0; }) ||
        std::any_of(capacity.begin(), capacity.end(), [](auto c) { return c < 0; })) {
        return std::nullopt;
    }

    std::int64_t base = 1, units = 0, loads = 0;
    for (std::size_t i = 0; i < n; ++i) {
        units += demand[i];
        for (std::size_t j = 0; j < m; ++j) {
            if (p.eligible(FirmId(i), AdviserId(j))) {
                base = std::max(base, std::abs(p.value(FirmId(i), AdviserId(j))));
            }
        }
    }
    const std::int64_t beyond_minimum = 4 * base * (units + 1);
    const std::size_t nobody = n + m, origin = nobody + 1, sink = origin + 1;
    FlowNetwork network(n + m + 3);
    for (std::size_t i = 0; i < n; ++i) {
        network.connect(origin, i, demand[i], 0);
        network.connect(i, nobody, demand[i] - std::max<std::int64_t>(0, min_demand[i]), base);
        for (std::size_t j = 0; j < m; ++j) {
            const Pair pair{FirmId(i), AdviserId(j)};
            if (!p.eligible(pair.firm, pair.adviser) || p.pinned(pair)) continue;
            network.connect(i, n + j, 1, base - p.value(pair.firm, pair.adviser));
        }
    }
    for (std::size_t j = 0; j < m; ++j) {
        const std::int64_t low = std::max<std::int64_t>(0, min_load[j]);
        loads += low;
        network.connect(n + j, sink, low, 0);
        network.connect(n + j, sink, capacity[j] - low, beyond_minimum);
    }
    network.connect(nobody, sink, units, beyond_minimum);
    if (units == 0) return loads == 0 ? std::optional(gained) : std::nullopt;
    const auto flow = network.cheapest_maximum_flow(origin, sink);
    if (flow.units < units) return std::nullopt;
    // What is left once the units beyond the minimum loads are paid; too much if a minimum load was
    // missed.
    const std::int64_t rest = flow.cost - beyond_minimum * (units - loads);
    if (rest > 2 * base * units || rest < 0) return std::nullopt;
    return gained + base * units - rest;
}

/// The same by trying every set of pairs: at most 2^pairs of them.
inline std::optional<std::int64_t> optimum_by_enumeration(const SmallProblem& p) {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < p.firms(); ++i) {
        for (std::size_t j = 0; j < p.advisers(); ++j) {
            if (p.eligible(FirmId(i), AdviserId(j))) pairs.push_back({FirmId(i), AdviserId(j)});
        }
    }
    std::optional<std::int64_t> best;
    for (std::uint64_t chosen = 0; chosen < (std::uint64_t{1} << pairs.size()); ++chosen) {
        std::vector<Pair> answer;
        std::int64_t sum = 0;
        for (std::size_t k = 0; k < pairs.size(); ++k) {
            if ((chosen >> k & 1) == 0) continue;
            answer.push_back(pairs[k]);
            sum += p.value(pairs[k].firm, pairs[k].adviser);
        }
        if (p.broken_limit(answer).empty() && (!best || sum > *best)) best = sum;
    }
    return best;
}

}  // namespace libmatch::oracle
