"""No certificate looks better than it is: everything is recomputed in fractions."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import libmatch as lm

Matrix = np.ndarray[Any, np.dtype[np.float64]]


def in_unit(x: float, unit: float) -> Fraction:
    """The whole number of units that the library makes of x: halves away from 0."""
    if unit == 0:
        return Fraction(x)
    q = Fraction(x / unit) if math.isfinite(x / unit) else Fraction(x) / Fraction(unit)
    size = math.floor(abs(q) + Fraction(1, 2))
    return Fraction(size if q > 0 else -size)


def exact_dual(
    utility: Matrix,
    prices: Matrix,
    capacity: list[int],
    demand: list[int],
    min_load: list[int],
    min_demand: list[int],
    pinned: set[tuple[int, int]],
    unit: float = 0,
) -> Fraction:
    """The dual value at the prices in exact arithmetic, pair by pair."""

    p = [in_unit(float(x), unit) for x in prices]
    total = sum((max(x, Fraction(0)) * c for x, c in zip(p, capacity, strict=True)), Fraction(0))
    total += sum((min(x, Fraction(0)) * c for x, c in zip(p, min_load, strict=True)), Fraction(0))
    for i, row in enumerate(utility):
        own = [j for j in range(len(row)) if (i, j) in pinned]
        total += sum((in_unit(float(row[j]), unit) - p[j] for j in own), Fraction(0))
        nets = sorted(
            (
                in_unit(float(row[j]), unit) - p[j]
                for j in range(len(row))
                if row[j] != -np.inf and j not in own
            ),
            reverse=True,
        )
        for k, net in enumerate(nets[: max(0, demand[i] - len(own))]):
            if net <= 0 and k >= min_demand[i] - len(own):
                break
            total += net
    return total


def exact_objective(utility: Matrix, pairs: Any) -> Fraction:
    return sum((Fraction(float(utility[i, j])) for i, j in pairs.tolist()), Fraction(0))


def as_input(utility: Matrix, sparse: bool) -> Any:
    if not sparse:
        return utility
    i, j = np.nonzero(utility != -np.inf)
    return scipy.sparse.coo_array((utility[i, j], (i, j)), shape=utility.shape)


def prove(utility: Matrix, r: lm.AssignResult, **limits: Any) -> None:
    """Everything that a result claims, against fractions and against the judge."""
    n, m = utility.shape
    full = {
        name: np.broadcast_to(limits.get(name, default), (size,)).tolist()
        for name, default, size in (
            ("capacity", 1, m),
            ("demand", 1, n),
            ("min_load", 0, m),
            ("min_demand", 0, n),
        )
    }
    pinned = {(int(i), int(j)) for i, j in limits.get("pinned", [])}
    assert lm.verify(r).ok, lm.verify(r).violations
    dual = exact_dual(utility, r.prices, **full, pinned=pinned, unit=r.unit)
    if r.unit == 0:
        objective = exact_objective(utility, r.pairs)
        assert Fraction(r.objective) <= objective
        assert Fraction(r.bound) >= dual or r.status in ("time_limit", "cancelled")
        if r.status == "optimal":
            assert objective == dual
        if 0 < r.gap < np.inf:
            assert Fraction(r.gap) >= (dual - objective) / abs(Fraction(r.bound))
    else:
        whole = sum(
            (in_unit(float(utility[i, j]), r.unit) for i, j in r.pairs.tolist()), Fraction(0)
        )
        assert r.status == "optimal"
        assert whole == dual
        assert whole == round(Fraction(r.bound / r.unit)) == round(Fraction(r.objective / r.unit))


WILD = st.one_of(
    st.floats(-1e15, 1e15, allow_nan=False),
    st.floats(-1e-290, 1e-290, allow_nan=False),
    st.sampled_from(
        [0.0, 1.0, 1 / 3, 0.1, 0.7, 1e9, 1e-9, 1e15, 1e-300, 5e-324, -1.0, -1e9, 0.1 + 0.2, 0.3]
    ),
    st.just(-np.inf),
)


@st.composite
def problems(draw: st.DrawFn) -> tuple[Matrix, dict[str, Any]]:
    n, m = draw(st.integers(1, 7)), draw(st.integers(1, 5))
    few = draw(st.lists(WILD, min_size=1, max_size=4))
    cell = draw(st.sampled_from([WILD, st.sampled_from(few)]))  # the second makes ties
    utility = np.array(draw(st.lists(cell, min_size=n * m, max_size=n * m)), float).reshape(n, m)
    limits: dict[str, Any] = {
        "capacity": draw(st.lists(st.integers(0, 3), min_size=m, max_size=m)),
    }
    if draw(st.booleans()):
        limits["demand"] = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
        limits["min_demand"] = [min(d, draw(st.integers(0, 1))) for d in limits["demand"]]
    if draw(st.booleans()):
        limits["min_load"] = [min(c, draw(st.integers(0, 1))) for c in limits["capacity"]]
    return utility, limits


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems(), st.booleans(), st.sampled_from([1e-2, 1e-4, 1e-9]))
def test_no_claim_is_better_than_the_truth(
    problem: tuple[Matrix, dict[str, Any]], sparse: bool, gap: float
) -> None:
    utility, limits = problem
    r = lm.assign(as_input(utility, sparse), gap=gap, threads=1, **limits)
    if r.status != "infeasible":
        prove(utility, r, **limits)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems(), st.booleans(), st.sampled_from([1e-6, 0.25, 1e3, 1e-300]))
def test_exact_answers_are_exact_in_their_unit_or_refused(
    problem: tuple[Matrix, dict[str, Any]], sparse: bool, unit: float
) -> None:
    utility, limits = problem
    try:
        r = lm.assign(as_input(utility, sparse), exact=True, unit=unit, threads=1, **limits)
    except lm.InputError as refused:
        sizes = np.abs(utility[utility != -np.inf])
        assume(len(sizes) > 0)
        text = str(refused)
        assert "unit" in text
        assert "utility" in text
        assert sizes.max() > 2**40 * unit / 2 or sizes.max() < unit
        return
    if r.status != "infeasible":
        assert r.unit == unit
        prove(utility, r, **limits)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("limits", [{}, {"demand": 2}, {"min_load": 1}])
@pytest.mark.parametrize(
    "name",
    ["huge beside tiny", "all equal", "one best for all", "zero or one", "decimals", "tiny"],
)
def test_adversarial(name: str, limits: dict[str, Any], sparse: bool) -> None:
    random = np.random.default_rng(1)
    n = m = 24
    utility = {
        "huge beside tiny": random.choice([1e9, 1e-9, 1.0], (n, m)),
        "all equal": np.full((n, m), 0.7),
        "one best for all": 0.1 * random.random((n, m)) + (np.arange(m) == 3),
        "zero or one": random.integers(0, 2, (n, m)).astype(float),
        "decimals": random.integers(0, 10, (n, m)) / 10,
        "tiny": 1e-300 * random.random((n, m)),
    }[name]
    for options in ({}, {"gap": 1e-8}, {"exact": True, "unit": 1e-2}):
        if "exact" in options and name == "tiny":
            with pytest.raises(lm.InputError, match="round to 0"):
                lm.assign(as_input(utility, sparse), 1, **limits, **options)
            continue
        r = lm.assign(as_input(utility, sparse), 1, **limits, **options)
        assert r.status in ("optimal", "within_gap"), (r, options)
        prove(utility, r, capacity=1, **limits)


def test_sizes_that_no_list_holds_are_named() -> None:
    with pytest.raises(lm.InputError, match=r"utility row 1 column 0 value '1e\+300'.*scale"):
        lm.assign([[1.0, 2.0], [1e300, 3.0]], 1)
    with pytest.raises(lm.InputError, match=r"row 0 column 1 value '-1e\+300'"):
        lm.assign([[1.0, -1e300]], 1)


def test_units_that_do_not_fit_are_named_with_what_to_do() -> None:
    with pytest.raises(lm.InputError, match=r"row 0 column 0 value '1e\+09'.*unit of 0\.000909"):
        lm.assign([[1e9]], 1, exact=True)
    assert lm.assign([[1e9]], 1, exact=True, unit=1e-3).objective == 1e9
    with pytest.raises(lm.InputError, match=r"value '1e-09'.*round to 0.*smaller unit"):
        lm.assign([[1e-9]], 1, exact=True)
    assert lm.assign([[1e-9]], 1, exact=True, unit=1e-12).objective == pytest.approx(1e-9)
    for unit in (0.0, -1.0, float("nan")):
        with pytest.raises(lm.InputError, match="unit"):
            lm.assign([[1.0]], 1, exact=True, unit=unit)


def test_small_scores_are_judged_like_large_ones() -> None:
    """A lie in the seventh digit is a lie at any scale."""
    random = np.random.default_rng(2)
    utility = random.random((20, 6))
    for scale in (1e-12, 1.0, 1e12):
        r = lm.assign(scale * utility, 3, threads=1)
        assert lm.verify(r).ok
        for change in ({"objective": r.objective * (1 + 1e-7)}, {"bound": r.bound * (1 - 1e-7)}):
            lie = replace(r, **change)
            assert not lm.verify(lie).ok, (scale, change)


def test_one_unit_in_the_last_place_is_a_lie() -> None:
    random = np.random.default_rng(3)
    r = lm.assign(random.random((30, 5)), 4, threads=1)
    assert lm.verify(r).ok
    for change in (
        {"objective": np.nextafter(r.objective, np.inf)},
        {"bound": np.nextafter(float(lm.verify(r).bound), -np.inf)},
        {"status": "optimal"},
    ):
        lie = replace(r, **change)
        assert not lm.verify(lie).ok, change
