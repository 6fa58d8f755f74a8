"""SciPy's linear_sum_assignment or lapx's lapjvs on a matrix: usage MATRIX RUNS (scipy | lapx)."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from matrix import read


def main(path: str, runs: str, solver: str) -> None:
    cost = -read(Path(path))
    for _ in range(int(runs)):
        start = time.perf_counter()
        if solver == "scipy":
            from scipy.optimize import linear_sum_assignment

            start = time.perf_counter()
            rows, columns = linear_sum_assignment(cost)
        else:
            from lap import lapjvs

            start = time.perf_counter()
            _, rows, columns = lapjvs(cost)
        solved = time.perf_counter()
        objective = -float(cost[rows, columns].sum())
        run = {"build_s": 0.0, "solve_s": solved - start}
        print(json.dumps(run | {"objective": objective, "bound": objective}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
