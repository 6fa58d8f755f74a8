"""Assignments against linear programmes solved by HiGHS, on seeded small problems.

The constraint matrix is totally unimodular, so the linear programme has a whole optimum: with whole
utilities both sides must agree to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import pytest
import scipy.sparse as sp

import libmatch as lm

INF = float("inf")


@dataclass(frozen=True)
class Problem:
    utility: Any
    capacity: Any
    demand: Any
    min_demand: Any
    min_load: Any
    pinned: Any

    def assign(self, utility: Any = None, **options: Any) -> lm.AssignResult:
        return lm.assign(
            self.utility if utility is None else utility,
            self.capacity,
            demand=self.demand,
            min_demand=self.min_demand,
            min_load=self.min_load,
            pinned=self.pinned if len(self.pinned) else None,
            **options,
        )


def random_problem(seed: int, kind: str) -> Problem:
    random = np.random.default_rng(seed)
    n, m = int(random.integers(1, 20)), int(random.integers(1, 9))
    if kind == "one_firm":
        n = 1
    if kind == "one_adviser":
        m = 1
    low, high = {"ties": (0, 2), "negative": (-60, 40), "minimums": (-40, 60)}.get(kind, (1, 100))
    utility = random.integers(low, high, (n, m), endpoint=True).astype(float)
    density = {"sparse": 0.3, "nothing_eligible": 0.0, "minimums": 0.6}.get(kind, 1.0)
    utility[random.random((n, m)) >= density] = -INF
    most = {"no_capacity": 0, "demand": 8, "minimums": 8}.get(kind, 4)
    capacity = random.integers(0, most, m, endpoint=True)
    demand = np.ones(n, np.int64)
    min_demand, min_load = np.zeros(n, np.int64), np.zeros(m, np.int64)
    if kind in ("demand", "minimums"):
        demand = random.integers(0, 3, n, endpoint=True)
    if kind == "minimums":
        min_demand = np.where(random.random(n) < 0.15, random.integers(0, demand, endpoint=True), 0)
        least = np.minimum(capacity, 2)
        min_load = np.where(random.random(m) < 0.15, random.integers(0, least, endpoint=True), 0)
    pinned = np.empty((0, 2), np.int64)
    if kind == "pins":
        rows = np.flatnonzero(random.random(n) < 0.15)
        pinned = np.column_stack([rows, random.integers(0, m, len(rows))])
    return Problem(utility, capacity, demand, min_demand, min_load, pinned)


def optimum(problem: Problem) -> float | None:
    """The optimum by HiGHS, or None when no assignment meets the limits."""
    n, m = problem.utility.shape
    eligible = np.isfinite(problem.utility)
    if not all(eligible[i, j] for i, j in problem.pinned):
        return None
    rows, columns = np.nonzero(eligible)
    count = len(rows)
    if count == 0:
        return None if problem.min_demand.any() or problem.min_load.any() else 0.0
    pins = {(int(i), int(j)) for i, j in problem.pinned}
    lower = np.array([float((i, j) in pins) for i, j in zip(rows, columns, strict=True)])
    matrix = sp.csc_array(
        (
            np.ones(2 * count),
            (np.concatenate([rows, n + columns]), np.concatenate([np.arange(count)] * 2)),
        ),
        shape=(n + m, count),
    )
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = count, n + m
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = problem.utility[rows, columns]
    lp.col_lower_, lp.col_upper_ = lower, np.ones(count)
    lp.row_lower_ = np.concatenate([problem.min_demand, problem.min_load]).astype(float)
    lp.row_upper_ = np.concatenate([problem.demand, problem.capacity]).astype(float)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = matrix.indptr
    lp.a_matrix_.index_ = matrix.indices
    lp.a_matrix_.value_ = matrix.data
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.passModel(lp)
    highs.run()
    status = highs.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    assert status == highspy.HighsModelStatus.kOptimal
    value = highs.getInfo().objective_function_value
    assert abs(value - round(value)) < 1e-6
    return float(round(value))


KINDS = [
    "dense",
    "sparse",
    "ties",
    "negative",
    "no_capacity",
    "one_firm",
    "one_adviser",
    "nothing_eligible",
    "demand",
    "pins",
    "minimums",
]


@pytest.mark.parametrize("kind", KINDS)
def test_exact_mode_reaches_the_optimum_of_the_linear_programme(kind: str) -> None:
    found = {"feasible": 0, "infeasible": 0}
    for seed in range(25):
        problem = random_problem(seed, kind)
        best = optimum(problem)
        exact, near = problem.assign(exact=True), problem.assign()
        assert lm.verify(exact).ok, (seed, lm.verify(exact))
        assert lm.verify(near).ok, (seed, lm.verify(near))
        if best is None:
            found["infeasible"] += 1
            for r in (exact, near):
                assert r.status == "infeasible", seed
                assert r.blockers, seed
            continue
        found["feasible"] += 1
        assert exact.status == "optimal", seed
        assert (exact.objective, exact.bound, exact.gap) == (best, best, 0), seed
        assert near.gap <= 1e-4, seed
        assert near.objective <= best + 1e-9, seed
        assert near.bound >= best - 1e-9, seed
        stored = np.isfinite(problem.utility)
        sparse = sp.coo_array(
            (problem.utility[stored], np.nonzero(stored)), shape=problem.utility.shape
        )
        assert problem.assign(sparse, exact=True).objective == best, seed
    if kind == "minimums":
        assert min(found.values()) >= 3, found
