"""Warm starts and limits on changes, at array level and on a market, beside HiGHS."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import demo

import libmatch as lm

INF = float("inf")


def changes_of(
    utility: Any, capacity: Any, previous: dict[int, int], pairs: Any
) -> tuple[int, int]:
    """Changes, and forced ones, by counting."""
    counted = {i: j for i, j in previous.items() if utility[i, j] != -INF}
    now = {int(i): int(j) for i, j in pairs}
    left = sum(now.get(i) != j for i, j in counted.items())
    crowded = sum(
        max(0, list(counted.values()).count(j) - int(capacity[j])) for j in set(counted.values())
    )
    return left - crowded, len(previous) - len(counted) + crowded


def best_with_changes(utility: Any, capacity: Any, previous: dict[int, int], most: int) -> float:
    """The mixed integer programme, by HiGHS."""
    n, m = utility.shape
    rows, columns = np.nonzero(np.isfinite(utility))
    count = len(rows)
    counted = {i: j for i, j in previous.items() if utility[i, j] != -INF}
    crowded = changes_of(utility, capacity, previous, [])[1] - (len(previous) - len(counted))
    is_kept = np.array(
        [counted.get(int(i)) == int(j) for i, j in zip(rows, columns, strict=True)], float
    )
    matrix = sp.csc_array(
        np.vstack(
            [
                (rows == np.arange(n)[:, None]).astype(float),
                (columns == np.arange(m)[:, None]).astype(float),
                is_kept[None, :],
            ]
        )
    )
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = count, n + m + 1
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = utility[rows, columns]
    lp.col_lower_, lp.col_upper_ = np.zeros(count), np.ones(count)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * count
    lp.row_lower_ = np.concatenate([np.zeros(n + m), [len(counted) - crowded - most]])
    lp.row_upper_ = np.concatenate([np.ones(n), capacity, [count]]).astype(float)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.passModel(lp)
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(highs.getInfo().objective_function_value)


@pytest.mark.parametrize("kind", ["dense", "sparse", "ties", "negative"])
def test_few_changes_equal_the_integer_programme_within_the_gap(kind: str) -> None:
    reached = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        n, m = int(random.integers(2, 25)), int(random.integers(2, 7))
        low, high = {"ties": (0, 2), "negative": (-60, 40)}.get(kind, (1, 100))
        utility = random.integers(low, high, (n, m), endpoint=True).astype(float)
        utility[random.random((n, m)) >= (0.5 if kind == "sparse" else 0.95)] = -INF
        if not np.isfinite(utility).any():
            continue
        capacity = random.integers(0, max(2, 2 * n // m), m, endpoint=True)
        previous = {i: int(random.integers(m)) for i in range(n) if random.random() < 0.8}
        most = int(random.integers(0, 1 + n // 3))
        given_pairs = np.array(sorted(previous.items()), np.int64).reshape(-1, 2)
        r = lm.assign(utility, capacity, previous=given_pairs, max_changes=most, gap=1e-7)
        best = best_with_changes(utility, capacity, previous, most)
        assert (r.changes, r.forced_changes) == changes_of(utility, capacity, previous, r.pairs)
        assert r.changes <= most
        assert r.objective <= best + 1e-6, seed
        assert r.bound >= best - 1e-6, seed
        assert best - r.objective <= max(r.gap, 0) * abs(r.bound) + 1e-6, seed
        assert lm.verify(r).ok, (seed, lm.verify(r))
        assert r.unlimited is not None
        assert lm.verify(r.unlimited).ok
        assert r.cost_of_stability >= -1e-6
        assert f"at most {most:,} were allowed" in " ".join(r.guarantees)
        reached += r.objective >= best - 1e-6
    assert reached >= 17


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 8),
    st.integers(0, 2**32 - 1),
    st.floats(0, 3),
    st.sampled_from(["dense", "sparse"]),
)
def test_any_start_ends_proven(n: int, m: int, seed: int, height: float, kind: str) -> None:
    random = np.random.default_rng(seed)
    utility = random.random((n, m))
    if kind == "sparse":
        utility[random.random((n, m)) < 0.5] = -INF
    capacity = random.integers(0, 5, m)
    problem = utility
    if kind == "sparse":
        at = np.nonzero(np.isfinite(utility))
        problem = sp.csr_array((utility[at], at), shape=(n, m))
    who = np.flatnonzero(random.random(n) < 0.7)
    previous = np.column_stack([who, random.integers(0, m, len(who))])
    r = lm.assign(problem, capacity, prices=height * random.random(m), previous=previous)
    assert lm.verify(r).ok
    assert r.gap <= 1e-4
    cold = lm.assign(problem, capacity)
    assert abs(r.objective - cold.objective) <= 2e-4 * max(1.0, cold.bound)


def test_the_same_bits_for_any_threads_on_a_market() -> None:
    market = demo()
    programme = market.programmes[0]
    first = lm.assign(market, programme=programme)
    previous = first.pairs[::2].copy()
    previous[:, 1] = first.pairs[1::2, 1][: len(previous)]
    previous = previous[: len(previous) // 2]
    one, *others = [
        lm.assign(
            market,
            programme=programme,
            prices=first.prices,
            previous=previous,
            max_changes=most,
            threads=threads,
        )
        for most in (3,)
        for threads in (1, 2, 4)
    ]
    assert lm.verify(one).ok
    assert one.changes <= 3
    for other in others:
        assert np.array_equal(other.pairs, one.pairs)
        assert np.array_equal(other.prices, one.prices)
        assert (other.bound, other.change_price) == (one.bound, one.change_price)


def test_a_market_again_from_its_own_answer_changes_nothing() -> None:
    market = demo()
    for programme in market.programmes:
        first = lm.assign(market, programme=programme)
        again = lm.assign(market, programme=programme, prices=first.prices, previous=first.pairs)
        assert again.changes == again.forced_changes == 0
        assert again.objective == pytest.approx(first.objective, rel=1e-9)
        assert lm.verify(again).ok


def test_verify_sees_a_wrong_price_of_a_change() -> None:
    utility = np.array([[1.0, 9.0], [9.0, 1.0]])
    r = lm.assign(utility, 1, previous=[[0, 0], [1, 1]], max_changes=0)
    assert (r.objective, r.changes, r.cost_of_stability) == (2, 0, 16)
    assert lm.verify(r).ok
    wrong = {**r.__dict__, "change_price": r.change_price / 2}
    assert not lm.verify(lm.AssignResult(**wrong)).ok
    wrong = {**r.__dict__, "changes": 1}
    assert not lm.verify(lm.AssignResult(**wrong)).ok
