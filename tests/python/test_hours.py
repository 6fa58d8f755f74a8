"""Capacity in hours, beside HiGHS as an integer programme on small problems, and judged."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import LinearConstraint, milp

import libmatch as lm

INF = float("inf")


def optimum(utility: Any, load: Any, hours: Any, min_demand: int) -> float | None:
    """The largest sum by HiGHS, or None when nothing is lawful."""
    rows, columns = np.nonzero(np.isfinite(utility))
    n, m = utility.shape
    count = len(rows)
    serve = sp.csr_array((np.ones(count), (rows, np.arange(count))), shape=(n, count))
    take = sp.csr_array((load[rows, columns], (columns, np.arange(count))), shape=(m, count))
    found = milp(
        -utility[rows, columns],
        integrality=np.ones(count),
        bounds=(0, 1),
        constraints=[
            LinearConstraint(serve, np.full(n, min_demand), np.ones(n)),
            LinearConstraint(take, np.full(m, -INF), hours),
        ],
        options={"mip_rel_gap": 0.0},
    )
    return None if found.x is None else -float(found.fun)


def random_problem(seed: int) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(seed)
    n, m = int(random.integers(4, 14)), int(random.integers(1, 5))
    utility = random.integers(-3, 20, (n, m)).astype(float)
    utility[random.random((n, m)) < 0.2] = -INF
    load = random.integers(0, 9, (n, m)).astype(float)
    hours = np.full(m, np.floor(random.uniform(0.5, 1.3) * load.mean() * n / m))
    return utility, load, hours


@pytest.mark.parametrize("seed", range(30))
def test_small_problems_beside_highs(seed: int) -> None:
    utility, load, hours = random_problem(seed)
    min_demand = seed % 2
    truth = optimum(utility, load, hours, min_demand)
    r = lm.assign(utility, hours, min_demand=min_demand, load=load)
    if truth is None:
        assert r.status in ("infeasible", "time_limit")
        return
    verdict = lm.verify(r)
    assert verdict.ok, verdict
    assert r.objective <= truth + 1e-6
    assert r.bound >= truth - 1e-6
    assert r.objective == pytest.approx(truth)
    assert (r.prices >= 0).all()


def test_forms_of_load_agree() -> None:
    random = np.random.default_rng(3)
    utility = random.random((30, 4))
    firm = random.integers(1, 5, 30).astype(float)
    wide = np.repeat(firm[:, None], 4, axis=1)
    stored = sp.csr_array(utility)
    r = lm.assign(utility, 12.5, load=firm)
    for utilities, load in [
        (utility, wide),
        (stored, firm),
        (stored, wide),
        (stored, sp.coo_array(wide)),
    ]:
        again = lm.assign(utilities, 12.5, load=load)
        assert again.pairs.tolist() == r.pairs.tolist()
        assert again.bound == r.bound
        assert lm.verify(again).ok
    one = lm.assign(utility, [2, 2, 2, 2.5], load=1)
    assert len(one.pairs) == 8
    assert lm.verify(one).ok


def test_price_per_hour_gives_the_bound() -> None:
    utility, load, hours = random_problem(8)
    r = lm.assign(utility, hours, load=load)
    net = np.where(np.isfinite(utility), utility - load * r.prices, -INF)
    assert r.bound == pytest.approx(hours @ r.prices + np.maximum(net.max(axis=1), 0).sum())


def test_pins_seed_and_threads() -> None:
    random = np.random.default_rng(5)
    utility, load = random.random((60, 5)), random.integers(1, 6, (60, 5))
    options: dict[str, Any] = {"load": load, "pinned": [[0, 1], [7, 2]]}
    r = lm.assign(utility, 15, **options, threads=1)
    assert {(0, 1), (7, 2)} <= {tuple(p) for p in r.pairs.tolist()}
    assert lm.assign(utility, 15, **options, threads=2).pairs.tolist() == r.pairs.tolist()
    assert lm.verify(lm.assign(utility, 15, **options, seed=4)).ok


@pytest.mark.parametrize(
    "change",
    [
        {"pairs": np.array([[0, 0], [1, 0], [2, 1]])},
        {"prices": np.array([1.5, 0.0])},
        {"objective": 9.0},
        {"bound": 7.0},
    ],
    ids=["hours", "price", "objective", "bound"],
)
def test_a_changed_result_is_caught(change: dict[str, Any]) -> None:
    r = lm.assign([[3, 1], [2, 1], [5, 4]], [3.5, 4], load=[[2, 1], [2, 1], [3, 2]])
    assert lm.verify(r).ok
    assert not lm.verify(dataclasses.replace(r, **change)).ok


@pytest.mark.parametrize(
    ("load", "text"),
    [
        ([[1, -1], [1, 1]], "load row 0 column 1 is -1"),
        ([[1, 1], [np.nan, 1]], "load row 1 column 0 is nan"),
        ([1, INF], r"load\[1\] is inf"),
        ([1, 2, 3], r"load has shape \(3,\)"),
        ("text", "load holds"),
        (sp.csr_array(np.ones((2, 2))), "load is sparse and utility is not"),
    ],
)
def test_faulty_loads_are_named(load: Any, text: str) -> None:
    with pytest.raises(lm.InputError, match=text):
        lm.assign([[1.0, 1.0], [1.0, 1.0]], 2, load=load)


def test_a_sparse_load_needs_the_pattern_of_utility() -> None:
    utility = sp.csr_array(np.array([[1.0, 2.0], [0.0, 3.0]]))
    load = sp.csr_array(np.array([[1.0, 0.0], [0.0, 3.0]]))
    with pytest.raises(lm.InputError, match="load row 0 column 1 is missing"):
        lm.assign(utility, 2, load=load)
    with pytest.raises(lm.InputError, match="load has shape"):
        lm.assign(utility, 2, load=sp.csr_array(np.ones((2, 3))))


@pytest.mark.parametrize("option", [{"min_load": 1}, {"demand": 2}, {"exact": True}])
def test_what_hours_do_not_support_is_refused(option: dict[str, Any]) -> None:
    with pytest.raises(lm.InputError, match="hours"):
        lm.assign([[1.0], [1.0]], 2.0, load=1.0, **option)


def test_hours_of_advisers_are_real_numbers() -> None:
    with pytest.raises(lm.InputError, match=r"capacity\[1\] is -1"):
        lm.assign([[1.0, 1.0]], [1, -1], load=1.0)
    with pytest.raises(lm.InputError, match="whole number"):
        lm.assign([[1.0, 1.0]], 1.5)


def test_too_few_hours_are_infeasible() -> None:
    r = lm.assign(np.ones((4, 2)), 3.0, load=2.0, min_demand=1)
    assert r.status in ("infeasible", "time_limit")
    r = lm.assign(np.ones((4, 2)), 3.0, load=4.0, min_demand=1)
    assert r.status == "infeasible"
    assert r.blockers[0].reason
