"""HiGHS on the graph as a linear programme: usage GRAPH RUNS SOLVER SECONDS (simplex, ipm, pdlp).

The constraint matrix is totally unimodular, so the optimum of the relaxation is whole.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import highspy
import numpy as np
from graph import UNIT, read


def main(path: str, runs: str, solver: str, seconds: str) -> None:
    graph = read(Path(path))
    n, m = graph.firms, graph.advisers
    listed = graph.column.shape[1]
    arcs = n * listed
    for _ in range(int(runs)):
        start = time.perf_counter()
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = arcs, n + m
        model.sense_ = highspy.ObjSense.kMaximize
        model.col_cost_ = graph.value.ravel() * UNIT
        model.col_lower_, model.col_upper_ = np.zeros(arcs), np.ones(arcs)
        model.row_lower_ = np.full(n + m, -highspy.kHighsInf)
        model.row_upper_ = np.append(np.ones(n), graph.capacity.astype(float))
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_ = np.arange(0, 2 * arcs + 1, 2, dtype=np.int32)
        rows = np.stack([np.repeat(np.arange(n), listed), n + graph.column.ravel()], axis=1)
        model.a_matrix_.index_ = rows.ravel().astype(np.int32)
        model.a_matrix_.value_ = np.ones(2 * arcs)
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("solver", solver)
        highs.setOptionValue("threads", 1)
        highs.setOptionValue("time_limit", float(seconds))
        highs.passModel(model)
        built = time.perf_counter()
        highs.run()
        solved = time.perf_counter()
        run: dict[str, object] = {"build_s": built - start, "solve_s": solved - built}
        if highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            objective = highs.getInfo().objective_function_value
            run |= {"objective": objective, "bound": objective}
        else:
            run["stopped"] = highs.modelStatusToString(highs.getModelStatus())
        print(json.dumps(run), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
