"""OR-Tools' SimpleMinCostFlow on the graph: usage GRAPH RUNS. A firm may stay out at cost 0."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from graph import UNIT, read
from ortools.graph.python import min_cost_flow


def main(path: str, runs: str) -> None:
    graph = read(Path(path))
    n, m = graph.firms, graph.advisers
    listed = graph.column.shape[1]
    for _ in range(int(runs)):
        start = time.perf_counter()
        flow = min_cost_flow.SimpleMinCostFlow()
        firm, sink = np.arange(n), n + m
        ones = np.ones(n * listed, np.int64)
        flow.add_arcs_with_capacity_and_unit_cost(
            np.repeat(firm, listed),
            n + graph.column.ravel().astype(int),
            ones,
            -graph.value.ravel(),
        )
        flow.add_arcs_with_capacity_and_unit_cost(firm, np.full(n, sink), ones[:n], 0 * ones[:n])
        flow.add_arcs_with_capacity_and_unit_cost(
            n + np.arange(m), np.full(m, sink), graph.capacity, np.zeros(m, int)
        )
        flow.set_nodes_supplies(np.append(firm, sink), np.append(np.ones(n, int), -n))
        built = time.perf_counter()
        if flow.solve() != flow.OPTIMAL:
            raise SystemExit("OR-Tools did not find the optimum")
        solved = time.perf_counter()
        objective = -flow.optimal_cost() * UNIT
        run = {"build_s": built - start, "solve_s": solved - built}
        print(json.dumps(run | {"objective": objective, "bound": objective}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
