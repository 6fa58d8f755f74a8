"""Quotas, and values of staying out, beside HiGHS as an integer programme, on a market, judged."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import LinearConstraint, milp

import libmatch as lm

INF = float("inf")


def rows_of(quota: lm.Quota, n: int, m: int) -> Any:
    """The pairs of a quota, as a boolean (n, m) array."""
    firms, advisers = np.zeros(n, bool), np.zeros(m, bool)
    firms[slice(None) if quota.firms is None else quota.firms] = True
    advisers[slice(None) if quota.advisers is None else quota.advisers] = True
    return firms[:, None] & advisers[None, :]


def optimum(utility: Any, capacity: Any, quotas: list[lm.Quota], relaxed: bool) -> float | None:
    """The largest sum by HiGHS, whole or relaxed, or None when nothing is lawful."""
    rows, columns = np.nonzero(np.isfinite(utility))
    n, m = utility.shape
    count = len(rows)
    serve = sp.csr_array((np.ones(count), (rows, np.arange(count))), shape=(n, count))
    take = sp.csr_array((np.ones(count), (columns, np.arange(count))), shape=(m, count))
    limits = [LinearConstraint(serve, 0, np.ones(n)), LinearConstraint(take, 0, capacity)]
    for q in quotas:
        inside = rows_of(q, n, m)[rows, columns].astype(float)
        most = INF if q.at_most is None else q.at_most
        limits.append(LinearConstraint(inside[None, :], q.at_least, most))
    found = milp(
        -utility[rows, columns],
        integrality=np.full(count, 0 if relaxed else 1),
        bounds=(0, 1),
        constraints=limits,
        options={"mip_rel_gap": 0.0},
    )
    return None if found.x is None else -float(found.fun)


def random_problem(seed: int) -> tuple[Any, Any, list[lm.Quota]]:
    random = np.random.default_rng(seed)
    n, m = int(random.integers(5, 40)), int(random.integers(2, 9))
    low = -10 if seed % 3 == 0 else 1
    utility = random.integers(low, 4 if seed % 5 == 0 else 60, (n, m)).astype(float)
    utility[random.random((n, m)) < 0.15] = -INF
    capacity = random.integers(1, 2 + 2 * n // m, m)
    usual = lm.assign(utility, capacity).pairs
    quotas = []
    for k in range(int(random.integers(1, 9))):
        firms = random.random(n) < random.uniform(0.2, 1)
        advisers = np.flatnonzero(random.random(m) < random.uniform(0.2, 0.9))
        inside = rows_of(lm.Quota(firms, advisers), n, m)
        held = int(inside[usual[:, 0], usual[:, 1]].sum())
        least = max(0, held + int(random.integers(-1, 3))) if k % 2 else 0
        most = None if k % 3 == 1 else max(least, held + int(random.integers(-3, 1)))
        quotas.append(lm.Quota(firms, advisers, at_least=least, at_most=most))
    return utility, capacity, quotas


def test_small_problems_beside_highs() -> None:
    found = {"lawful": 0, "infeasible": 0, "proven": 0}
    for seed in range(80):
        utility, capacity, quotas = random_problem(seed)
        best = optimum(utility, capacity, quotas, relaxed=False)
        r = lm.assign(utility, capacity, quotas=quotas)
        if best is None:
            found["infeasible"] += 1
            found["proven"] += r.status == "infeasible"
            assert r.status in ("infeasible", "time_limit"), seed
            assert r.blockers, seed
            continue
        found["lawful"] += 1
        verdict = lm.verify(r)
        assert verdict.ok, (seed, verdict)
        relaxed = optimum(utility, capacity, quotas, relaxed=True)
        assert relaxed is not None
        assert r.bound == pytest.approx(relaxed, rel=1e-4, abs=1e-3), seed
        assert r.objective <= best + 1e-6, seed
        assert r.bound >= best - 1e-6, seed
        if r.status == "time_limit":  # the relaxation leaves a gap: the search went to its end
            assert r.objective == pytest.approx(best), seed
        else:
            assert r.objective >= best - 1e-4 * abs(r.bound) - 1e-9, seed
    assert found["lawful"] > 30, found
    assert found["infeasible"] > 5, found
    assert found["proven"] > 0.8 * found["infeasible"], found


def test_quota_prices_give_the_bound() -> None:
    utility, capacity, quotas = random_problem(7)
    n, m = utility.shape
    r = lm.assign(utility, capacity, quotas=quotas)
    assert r.quota_prices.shape == (len(quotas),)
    net = utility - r.prices
    bound = float(capacity @ r.prices)
    for q, mu in zip(quotas, r.quota_prices, strict=True):
        net = net - mu * rows_of(q, n, m)
        bound += mu * ((q.at_most if mu > 0 else q.at_least) or 0)
    assert r.bound == pytest.approx(bound + np.maximum(net.max(axis=1), 0).sum())


def test_forms_of_groups_agree() -> None:
    random = np.random.default_rng(2)
    utility = random.random((40, 5))
    mask = random.random(40) < 0.5
    one = lm.assign(utility, 9, quotas=[lm.Quota(mask, [3, 1], at_most=4)])
    chosen = [False, True, False, True, False]
    for firms, advisers in [(np.flatnonzero(mask), chosen), (list(mask), np.array([1, 3, 3]))]:
        again = lm.assign(utility, 9, quotas=[lm.Quota(firms, advisers, at_most=4)])
        assert again.pairs.tolist() == one.pairs.tolist()
    sparse = lm.assign(sp.csr_array(utility), 9, quotas=[lm.Quota(mask, [1, 3], at_most=4)])
    assert sparse.pairs.tolist() == one.pairs.tolist()
    assert lm.assign(utility, 9, quotas=[]).bound == lm.assign(utility, 9).bound


def test_a_market_keeps_quotas() -> None:
    market = lm.demo_market(firms=300, advisers=30, seed=1)
    name = market.programmes[0]
    plain = lm.assign(market, programme=name)
    busy = np.bincount(plain.pairs[:, 1], minlength=30)
    group = np.argsort(-busy)[:3]
    most = int(busy[group].sum()) - 3
    r = lm.assign(
        market, programme=name, gap=1e-3, quotas=[lm.Quota(None, group, at_most=most, name="busy")]
    )
    assert int(np.isin(r.pairs[:, 1], group).sum()) <= most
    assert r.gap <= 1e-3
    assert lm.verify(r).ok
    assert r.objective <= plain.bound


@pytest.mark.parametrize(
    "change",
    [
        {"pairs": np.array([[0, 0], [1, 0], [2, 1]])},
        {"quota_prices": np.array([0.3])},
        {"quota_prices": np.array([])},
        {"bound": 7.0},
    ],
    ids=["quota", "price", "prices", "bound"],
)
def test_a_changed_result_is_caught(change: dict[str, Any]) -> None:
    quotas = [lm.Quota(None, [0], at_most=1)]
    r = lm.assign([[3, 1], [2, 1], [5, 4]], 3, quotas=quotas)
    assert lm.verify(r).ok
    assert r.objective == 8
    assert not lm.verify(dataclasses.replace(r, **change)).ok


def test_an_impossible_quota_blocks() -> None:
    quotas = [lm.Quota([0, 1], [0], at_least=2, name="north"), lm.Quota(None, [0], at_most=1)]
    r = lm.assign(np.ones((3, 2)), 3, quotas=quotas)
    assert r.status == "infeasible"
    assert {b.kind for b in r.blockers} == {"quota"}
    assert any("north" in b.reason for b in r.blockers)


@pytest.mark.parametrize(
    ("quota", "text"),
    [
        ({"firms": [0, 3]}, r"quotas\[0\].firms\[1\] is 3; a number from 0 to 2"),
        ({"firms": [True]}, r"quotas\[0\].firms has shape \(1,\); a mask of shape \(3,\)"),
        ({"advisers": [0.5]}, r"quotas\[0\].advisers has shape \(1,\) and holds float64"),
        ({"at_least": -1}, "at_least is -1; a whole number from 0"),
        ({"at_least": 2, "at_most": 1}, "at_most is 1, below at_least 2"),
    ],
)
def test_faulty_quotas_are_named(quota: dict[str, Any], text: str) -> None:
    with pytest.raises(lm.InputError, match=text):
        lm.assign(np.ones((3, 2)), 1, quotas=[lm.Quota(**quota)])


@pytest.mark.parametrize("given", [lm.Quota(), 3, ["x"]])
def test_quotas_are_a_list_of_quota(given: Any) -> None:
    with pytest.raises(lm.InputError, match="quotas"):
        lm.assign(np.ones((3, 2)), 1, quotas=given)


@pytest.mark.parametrize("option", [{"demand": 2}, {"exact": True}, {"load": 1.0}])
def test_what_quotas_do_not_support_is_refused(option: dict[str, Any]) -> None:
    with pytest.raises(lm.InputError, match="quotas"):
        lm.assign([[1.0], [1.0]], 2, quotas=[lm.Quota(at_most=1)], **option)


# ---- firms that stay out at values of their own ----


@pytest.mark.parametrize("mode", ["near", "exact", "sparse", "quotas", "hours"])
def test_reservation_beside_highs(mode: str) -> None:
    for seed in range(12):
        utility, capacity, quotas = random_problem(seed)
        n = len(utility)
        worth = np.random.default_rng(seed).integers(-20, 50, n).astype(float)
        kept = quotas[:1] if mode == "quotas" else []
        shifted = optimum(utility - worth[:, None], capacity, kept, relaxed=False)
        if shifted is None:
            continue
        options: dict[str, Any] = {
            "exact": {"exact": True},
            "sparse": {"exact": True},
            "quotas": {"quotas": kept},
            "hours": {"load": 1.0},
        }.get(mode, {})
        given = utility
        if mode == "sparse":
            stored = np.isfinite(utility)
            given = sp.coo_array((utility[stored], np.nonzero(stored)), shape=utility.shape)
        r = lm.assign(given, capacity, reservation=worth, **options)
        best = shifted + worth.sum()
        assert lm.verify(r).ok, seed
        assert r.bound >= best - 1e-6, seed
        if mode in ("exact", "sparse"):
            assert (r.objective, r.gap) == (pytest.approx(best), 0), seed
        elif r.status != "time_limit":
            assert r.gap <= 1e-4, seed
        assert r.objective == pytest.approx(best, rel=1e-4), seed


def test_reservation_of_a_market() -> None:
    market = lm.demo_market(firms=200, advisers=20, seed=2)
    name = market.programmes[0]
    plain = lm.assign(market, programme=name)
    r = lm.assign(market, programme=name, reservation=0.5)
    assert lm.verify(r).ok
    assert r.gap <= 1e-4
    assert len(r.pairs) < len(plain.pairs)
    assert not lm.verify(dataclasses.replace(r, objective=r.objective - 0.5)).ok


def test_a_reservation_of_a_firm_that_must_be_served_counts_nothing() -> None:
    r = lm.assign([[1.0], [2.0], [3.0]], 2, reservation=[5, 1.5, 5], min_demand=[1, 0, 0])
    assert r.pairs.tolist() == [[0, 0], [1, 0]]
    assert r.objective == 1 + 2 + 5
    assert lm.verify(r).ok


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ({"reservation": [1.0, INF]}, r"reservation\[1\] is inf"),
        ({"reservation": [1.0]}, r"reservation has shape \(1,\); \(2,\) is expected"),
        ({"reservation": 1, "demand": 2}, "reservation"),
    ],
)
def test_faulty_reservations_are_named(option: dict[str, Any], text: str) -> None:
    with pytest.raises(lm.InputError, match=text):
        lm.assign([[1.0], [1.0]], 2, **option)
