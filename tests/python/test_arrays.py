"""Array-level calls, beside slow obvious answers, and judged."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import demo, small_market
from scipy.optimize import linear_sum_assignment

import libmatch as lm

INF = float("inf")


def best(utility: np.ndarray[Any, Any], capacity: Any) -> float:
    """The largest sum, by scipy: one column for each unit of capacity, and staying out at 0."""
    units = np.repeat(utility, capacity, axis=1)
    gain = np.hstack(
        [np.where(np.isfinite(units), units, -1e9), np.zeros((len(units), len(units)))]
    )
    return float(gain[linear_sum_assignment(gain, maximize=True)].sum())


PROBLEMS = st.tuples(st.integers(1, 8), st.integers(1, 5)).flatmap(
    lambda shape: st.tuples(
        st.lists(
            st.lists(
                st.integers(-3, 9).map(float) | st.just(-INF),
                min_size=shape[1],
                max_size=shape[1],
            ),
            min_size=shape[0],
            max_size=shape[0],
        ).map(np.array),
        st.lists(st.integers(0, 3), min_size=shape[1], max_size=shape[1]),
    )
)


@settings(max_examples=150, deadline=None)
@given(PROBLEMS)
def test_exact_is_exact_and_judged(problem: tuple[Any, list[int]]) -> None:
    utility, capacity = problem
    r = lm.assign(utility, capacity, exact=True)
    assert r.objective == best(utility, capacity)
    assert (r.status, r.gap) == ("optimal", 0)
    assert r.pairs.shape[1] == 2
    assert r.pairs.dtype == np.int64
    assert r.pairs.tolist() == sorted(r.pairs.tolist())
    assert r.prices.shape == (utility.shape[1],)
    assert (r.prices >= 0).all()
    verdict = lm.verify(r)
    assert verdict.ok, verdict
    assert verdict.objective == r.objective
    eligible = np.argwhere(np.isfinite(utility))
    sparse = sp.coo_array((utility[tuple(eligible.T)], tuple(eligible.T)), shape=utility.shape)
    again = lm.assign(sparse, capacity, exact=True)
    assert again.objective == r.objective
    assert lm.verify(again).ok


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int8, np.bool_])
@pytest.mark.parametrize("order", ["C", "F"])
def test_kinds_of_utility(dtype: Any, order: Any) -> None:
    utility = np.asarray([[1, 0], [1, 1], [0, 1]], dtype, order=order)
    r = lm.assign(utility, 1, exact=True)
    assert r.objective == 2
    assert lm.verify(r).ok


@pytest.mark.parametrize("kind", ["coo", "csr", "csc", "bsr"])
def test_stored_zeros_are_eligible(kind: str) -> None:
    stored = sp.csr_array((np.array([0.0, 2.0]), np.array([1, 0]), np.array([0, 1, 2, 2])))
    utility = stored.asformat(kind)
    r = lm.assign(utility, 1, demand=1, min_demand=[1, 0, 0], exact=True)
    assert r.pairs.tolist() == [[0, 1], [1, 0]]
    r = lm.assign(stored, 1, min_demand=[0, 0, 1])
    assert r.status == "infeasible"


def test_a_sparse_infinity_is_not_eligible() -> None:
    r = lm.assign(sp.csr_array(np.array([[-INF, 1.0]])), 1, exact=True)
    assert r.pairs.tolist() == [[0, 1]]


@pytest.mark.parametrize("kind", ["coo", "csr"])
def test_duplicates_are_refused(kind: str) -> None:
    if kind == "coo":
        utility: Any = sp.coo_array(([1.0, 2.0], ([1, 1], [0, 0])), shape=(2, 2))
    else:
        utility = sp.csr_array((np.ones(2), np.zeros(2, int), np.array([0, 0, 2])), shape=(2, 2))
    with pytest.raises(lm.InputError, match="row 1 column 0 is stored more than once"):
        lm.assign(utility, 1)


def test_limits() -> None:
    utility = np.array([[5.0, 1.0], [4.0, 1.0], [3.0, -1.0]])
    r = lm.assign(utility, [1, 2], demand=[2, 1, 1], pinned=[[1, 0]], min_load=[0, 2], exact=True)
    assert r.pairs.tolist() == [[0, 1], [1, 0], [2, 1]]
    assert lm.verify(r).ok
    assert r.guarantees[-1].startswith("No assignment is worth more")


def test_infeasible_names_its_blockers() -> None:
    r = lm.assign([[1.0, -INF], [1.0, -INF]], 1, min_demand=1)
    assert r.status == "infeasible"
    assert len(r.blockers) > 0
    assert r.blockers[0].reason
    assert "blockers" in r.guarantees[0]


def test_a_gap_is_said_in_words() -> None:
    utility = np.random.default_rng(1).random((300, 20))
    r = lm.assign(utility, 10, gap=0.2)
    assert 0 <= r.gap <= 0.2
    assert r.status in ("optimal", "within_gap")
    assert len(r.guarantees) == 2
    assert repr(r).startswith(f"AssignResult: {r.status}, ")
    verdict = lm.verify(r)
    assert verdict.ok, verdict


def test_a_programme_of_a_market() -> None:
    r = lm.assign(demo(), programme="volunteers", exact=True)
    assert lm.verify(r).ok
    assert r.status == "optimal"
    assert lm.assign(small_market()).objective > 0
    for wrong in ({}, {"programme": "x"}):
        with pytest.raises(lm.InputError, match="the market's are 'volunteers', 'professionals'"):
            lm.assign(demo(), **wrong)
    with pytest.raises(lm.InputError, match="capacity, demand cannot be given with a Market"):
        lm.assign(demo(), 3, demand=2, programme="volunteers")


@pytest.mark.parametrize(
    "change",
    [
        {"pairs": np.array([[0, 0], [1, 0], [2, 1]])},
        {"pairs": np.array([[0, 0], [1, 1]])},
        {"prices": np.array([9.0, 0.0])},
        {"objective": 9.0},
        {"bound": 7.0},
    ],
    ids=["capacity", "a pair less", "price", "objective", "bound"],
)
def test_a_changed_result_is_caught(change: dict[str, Any]) -> None:
    r = lm.assign([[3, 1], [2, 1], [5, 4]], [1, 2], exact=True)
    assert not lm.verify(dataclasses.replace(r, **change)).ok


# ---- pooling ----


def best_pool(amount: list[float], cell: list[int], rule: lm.DossierRule) -> float:
    """The largest value over all partitions, by brute force; no places."""
    n = len(amount)

    def lawful(group: tuple[int, ...]) -> bool:
        most = rule.max_members or n
        total = sum(amount[i] for i in group)
        return (
            len({cell[i] for i in group}) == 1
            and rule.min_members <= len(group) <= most
            and rule.min_sum <= total <= (rule.max_sum or INF)
        )

    value = {0: 0.0}
    groups = [
        (sum(1 << i for i in group), len(group) - rule.opening_cost)
        for size in range(1, n + 1)
        for group in itertools.combinations(range(n), size)
        if lawful(group)
    ]
    for used in range(1, 1 << n):
        value[used] = max(
            [value[used & ~(1 << (used.bit_length() - 1))]]
            + [value[used & ~g] + v for g, v in groups if g & used == g]
        )
    return value[(1 << n) - 1]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 20).map(lambda k: 1000.0 * k), st.integers(0, 1)),
        min_size=1,
        max_size=7,
    ),
    st.integers(1, 4),
)
def test_pool_keeps_its_bounds(firms: list[tuple[float, int]], most: int) -> None:
    amount, cell = [f[0] for f in firms], [f[1] for f in firms]
    rule = lm.DossierRule(min_sum=15_000, max_members=most, opening_cost=0.5)
    g = lm.pool(amount, rule=rule, keys=cell, gap=0)
    truth = best_pool(amount, cell, rule)
    assert g.objective <= truth + 1e-9
    assert g.bound >= truth - 1e-9
    verdict = lm.verify(g)
    assert verdict.ok, verdict


def test_keys_of_every_kind() -> None:
    rule = lm.DossierRule(min_sum=20)
    amount = [10.0] * 6
    names = ["a", "a", "b", "b", None, "a"]
    assert lm.pool(amount, rule=rule, keys=names).group.tolist() == [0, 0, 1, 1, -1, 0]
    numbers = [1.0, 1.0, 2.0, 2.0, np.nan, 1.0]
    assert lm.pool(amount, rule=rule, keys=np.array(numbers)).group[4] == -1
    both = lm.pool(amount, rule=rule, keys=[np.array(["x"] * 6), [1, 1, 2, 2, 3, 3]])
    assert both.group.tolist() == [0, 0, 1, 1, 2, 2]
    table = np.array([["x", "1"], ["x", "1"], ["x", "2"], ["x", "2"], ["y", "1"], ["y", "1"]])
    assert lm.pool(amount, rule=rule, keys=table).group.tolist() == [0, 0, 1, 1, 2, 2]


def test_rules_compete() -> None:
    rules = [lm.DossierRule(min_sum=20, name="trade"), lm.DossierRule(min_sum=30, name="place")]
    g = lm.pool([10.0] * 5, rule=rules, keys=[["a", "a", "b", "c", "d"], ["x", "y", "z", "z", "z"]])
    assert sorted(g.rule.tolist()) == [0, 1]
    assert g.group.tolist() == [0, 0, 1, 1, 1]
    assert lm.verify(g).ok
    assert repr(g).startswith("PoolResult: ")


def test_places_and_sites() -> None:
    rule = lm.DossierRule(min_sum=20, max_radius_km=5, cost_per_km=0.01)
    place = [[45.76, 4.84], [45.77, 4.85], [48.85, 2.35]]
    g = lm.pool([10.0, 10.0, 10.0], place, rule=rule)
    assert g.group.tolist() == [0, 0, -1]
    assert g.missing[2] == pytest.approx(10, rel=1e-3)
    assert g.reasons[2] != g.reasons[0]
    flat = lm.pool([10.0, 10.0, 10.0], [[0, 0], [3, 0], [90, 0]], rule=rule, metric="plane")
    assert flat.group.tolist() == [0, 0, -1]
    met = lm.pool([10.0] * 3, place, rule=rule, sites=[[48.8, 2.3], [45.765, 4.845]])
    assert met.seat.tolist() == [1]
    for result in (g, flat, met):
        verdict = lm.verify(result)
        assert verdict.ok, verdict


@pytest.mark.parametrize(
    "change",
    [
        {"group": np.array([0, -1, -1])},
        {"group": np.array([0, 0, 0])},
        {"prices": np.zeros(3)},
        {"objective": 3.0},
        {"bound": 1.0},
        {"seat": np.array([2])},
    ],
    ids=["sum", "keys", "prices", "objective", "bound", "seat"],
)
def test_changed_dossiers_are_caught(change: dict[str, Any]) -> None:
    rule = lm.DossierRule(min_sum=20)
    place = [[45.76, 4.84], [45.77, 4.85], [45.77, 4.84]]
    g = lm.pool([10.0, 10.0, 10.0], place, rule=rule, keys=["a", "a", "b"])
    assert lm.verify(g).ok
    assert not lm.verify(dataclasses.replace(g, **change)).ok


def test_sites_have_sessions_and_seats() -> None:
    rule = lm.DossierRule(min_sum=20, max_radius_km=30, cost_per_km=0.001)
    place = [[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]]
    at: dict[str, Any] = {"rule": rule, "sites": [[0, 0], [20, 0]], "metric": "plane", "gap": 0}
    free = lm.pool([10.0] * 6, place, **at)
    assert (free.group >= 0).all()
    g = lm.pool([10.0] * 6, place, sessions=[1, 0], seats=[4, np.inf], **at)
    assert g.seat.tolist() == [0]
    assert (g.group >= 0).sum() == 4
    assert g.status == "optimal"
    assert g.site_prices[0] > 0
    assert g.bound == pytest.approx(g.prices.sum() + g.site_prices[0])
    left = int(np.flatnonzero(g.group < 0)[0])
    assert g.nearest[left] == 0
    assert g.needs[left] == "1 more place for a member"
    assert lm.verify(g).ok
    assert not lm.verify(dataclasses.replace(g, site_prices=np.zeros(2))).ok
    assert not lm.verify(dataclasses.replace(g, seat=np.array([1]))).ok
    member = dataclasses.replace(rule, seat="member")
    beside = lm.pool([10.0] * 6, place, **{**at, "rule": member}, sessions=0)
    assert (beside.group >= 0).all()
    assert lm.verify(beside).ok


def test_firms_stay_together_and_apart() -> None:
    rule = lm.DossierRule(min_sum=20, max_members=2)
    g = lm.pool([10.0] * 4, rule=rule, together=[[0, 3]], apart=[[1, 2]], gap=0)
    assert g.group.tolist() == [0, -1, -1, 0]
    assert g.status == "optimal"
    assert lm.verify(g).ok
    assert not lm.verify(dataclasses.replace(g, group=np.array([0, 0, -1, -1]))).ok
    odd = lm.pool([10.0] * 3, rule=rule, together=[[0, 1], [1, 2]])
    assert odd.group.tolist() == [-1, -1, -1]
    assert set(odd.reasons) == {"the firms that it must stay together with fit no dossier with it"}
    assert lm.verify(odd).ok


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sessions": 1}, "sessions limits sites"),
        ({"sites": [[0, 0]], "sessions": [1, 2]}, "sessions has shape"),
        ({"sites": [[0, 0]], "seats": 0}, "seats[0] is 0"),
        ({"sites": [[0, 0]], "sessions": 1.5}, "sessions[0] is 1.5"),
        ({"together": [[0, 0]]}, "together[0] is (0, 0)"),
        ({"apart": [[0, 9]]}, "apart[0] is (0, 9)"),
        ({"apart": [0, 1]}, "apart has shape"),
    ],
)
def test_limits_that_cannot_be(change: dict[str, Any], words: str) -> None:
    rule = lm.DossierRule(min_sum=20)
    with pytest.raises(lm.InputError) as caught:
        lm.pool([10.0, 10.0], [[0, 0], [1, 1]], rule=rule, **change)
    assert words in str(caught.value)
    with pytest.raises(lm.InputError):
        lm.DossierRule(seat="town hall")
