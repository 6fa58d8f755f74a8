// Why no assignment meets the minimums: a minimum cut.
//
// Problem: minimum demands, minimum loads, pins and capacities can contradict each other; the user
// needs to know which firms and advisers block, and by how many units. Method: the
// feasible-circulation network with lower bounds; a maximum flow that does not saturate the lower
// bounds leaves a minimum cut, and each minimum on the wrong side of it is named with its
// shortfall. Complexity: push-relabel, O(V^3) at worst. Deterministic. Source: R. K. Ahuja, T. L.
// Magnanti, J. B. Orlin, "Network Flows", 1993, section 6.7; Boost.Graph push-relabel.
#pragma once

#include <string>
#include <vector>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>

#include <libmatch/assign/exact.hpp>
#include <libmatch/model/assignment.hpp>

namespace libmatch {

/// Blockers of an infeasible problem; empty if the minimums can be met. `arcs`: all eligible pairs.
[[nodiscard]] inline std::vector<Blocker> find_blockers(const AssignmentLimits& limits,
                                                        std::size_t firms,
                                                        const std::vector<Arc>& arcs) {
    using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
    using Graph = boost::adjacency_list<
        boost::vecS, boost::vecS, boost::directedS, boost::no_property,
        boost::property<
            boost::edge_capacity_t, std::int64_t,
            boost::property<boost::edge_residual_capacity_t, std::int64_t,
                            boost::property<boost::edge_reverse_t, Traits::edge_descriptor>>>>;
    const std::size_t advisers = limits.capacity.size();
    const std::size_t origin = firms + advisers, sink = origin + 1, surplus = origin + 2,
                      deficit = origin + 3;
    Graph graph(firms + advisers + 4);
    auto capacity = boost::get(boost::edge_capacity, graph);
    auto residual = boost::get(boost::edge_residual_capacity, graph);
    auto reverse = boost::get(boost::edge_reverse, graph);
    const auto connect = [&](std::size_t from, std::size_t to, std::int64_t units) {
        const auto forth = boost::add_edge(from, to, graph).first;
        const auto back = boost::add_edge(to, from, graph).first;
        capacity[forth] = units;
        capacity[back] = 0;
        reverse[forth] = back;
        reverse[back] = forth;
        return forth;
    };

    // An edge with lower bound l and capacity c: l is forced (surplus -> to, from -> deficit), c -
    // l is free.
    std::vector<std::pair<Blocker, Traits::edge_descriptor>> forced;
    std::int64_t from_origin = 0, into_sink = 0;
    for (std::size_t i = 0; i < firms; ++i) {
        const std::int64_t low = limits.min_demand_of(FirmId(i));
        connect(origin, i, limits.demand_of(FirmId(i)) - low);
        if (low == 0) continue;
        forced.push_back({{Blocker::Kind::firm, static_cast<std::uint32_t>(i), 0, ""},
                          connect(surplus, i, low)});
        from_origin += low;
    }
    for (std::size_t j = 0; j < advisers; ++j) {
        const std::int64_t low = limits.min_load_of(AdviserId(j));
        connect(firms + j, sink, limits.capacity[j] - low);
        if (low == 0) continue;
        forced.push_back({{Blocker::Kind::adviser, static_cast<std::uint32_t>(j), 0, ""},
                          connect(firms + j, deficit, low)});
        into_sink += low;
    }
    connect(origin, deficit, from_origin);
    connect(surplus, sink, into_sink);
    std::int64_t everything = from_origin + into_sink;
    std::size_t pin = 0;
    for (const Arc& a : arcs) {
        const bool pinned =
            pin < limits.pinned.size() && limits.pinned[pin] == Pair{a.firm, a.adviser};
        if (!pinned) {
            connect(a.firm, firms + a.adviser, 1);
            continue;
        }
        forced.push_back({{Blocker::Kind::pin, static_cast<std::uint32_t>(pin), 0, ""},
                          connect(surplus, firms + a.adviser, 1)});
        connect(a.firm, deficit, 1);
        ++everything;
        ++pin;
    }
    connect(sink, origin, everything + static_cast<std::int64_t>(arcs.size()));

    const std::int64_t met = boost::push_relabel_max_flow(graph, surplus, deficit);
    std::vector<Blocker> blockers;
    if (met == everything) return blockers;
    for (auto& [blocker, edge] : forced) {
        blocker.shortfall = residual[edge];
        if (blocker.shortfall == 0) continue;
        const std::string units = std::to_string(blocker.shortfall);
        switch (blocker.kind) {
            case Blocker::Kind::firm:
                blocker.reason =
                    "the firm's minimum demand lacks " + units +
                    " eligible advisers with room; lower min_demand or raise capacities";
                break;
            case Blocker::Kind::adviser:
                blocker.reason =
                    "the adviser's minimum load lacks " + units +
                    " eligible firms that are free; lower min_load or widen eligibility";
                break;
            case Blocker::Kind::pin:
                blocker.reason = "the pin exceeds the adviser's capacity or the firm's demand";
                break;
            case Blocker::Kind::quota:
                break;  // no part of this network
        }
        blockers.push_back(std::move(blocker));
    }
    return blockers;
}

}  // namespace libmatch
