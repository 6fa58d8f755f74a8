"""Infeasible answers: the smallest relaxation against a mixed-integer programme, and the judge."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import demo, small_market

import libmatch as lm

INF = float("inf")
Limits = dict[str, Any]


def random_problem(seed: int) -> tuple[Any, Limits]:
    """Small problems of every kind of contradiction."""
    random = np.random.default_rng(seed)
    n, m = int(random.integers(1, 12)), int(random.integers(1, 7))
    utility = random.integers(-5, 9, (n, m)).astype(float)
    utility[random.random((n, m)) >= random.uniform(0.2, 1)] = -INF
    capacity = random.integers(0, 4, m, endpoint=True)
    demand = random.integers(0, 3, n, endpoint=True)
    share = random.uniform(0, 0.9)
    least = np.where(random.random(n) < share, random.integers(0, demand, endpoint=True), 0)
    load = np.where(random.random(m) < share, random.integers(0, capacity, endpoint=True), 0)
    pinned = np.argwhere(random.random((n, m)) < random.choice([0, 0.05, 0.2]))
    limits = {"capacity": capacity, "demand": demand, "min_demand": least, "min_load": load}
    return utility, {**limits, "pinned": pinned if len(pinned) else None}


def smallest(utility: Any, limits: Limits) -> int:
    """The least units by which capacities, minimums and pins must change, by HiGHS."""
    n, m = utility.shape
    pins = set() if limits["pinned"] is None else {(int(i), int(j)) for i, j in limits["pinned"]}
    pairs = [(int(i), int(j)) for i, j in np.argwhere(np.isfinite(utility))]
    lost = len(pins - set(pairs))
    kept = [k for k, pair in enumerate(pairs) if pair in pins]
    x, capacity, load, least = 0, len(pairs), len(pairs) + m, len(pairs) + 2 * m
    drop = least + n
    count = drop + len(kept)
    rows: list[tuple[float, float, list[int], list[float]]] = []
    for j in range(m):
        own = [k for k, pair in enumerate(pairs) if pair[1] == j]
        rows.append((-INF, limits["capacity"][j], [*own, capacity + j], [1] * len(own) + [-1]))
        rows.append((limits["min_load"][j], INF, [*own, load + j], [1] * (len(own) + 1)))
    for i in range(n):
        own = [k for k, pair in enumerate(pairs) if pair[0] == i]
        rows.append((-INF, limits["demand"][i], own, [1] * len(own)))
        rows.append((limits["min_demand"][i], INF, [*own, least + i], [1] * (len(own) + 1)))
    rows += [(1, INF, [x + k, drop + at], [1, 1]) for at, k in enumerate(kept)]
    matrix = sp.csr_array(
        (
            [value for row in rows for value in row[3]],
            [column for row in rows for column in row[2]],
            np.cumsum([0, *(len(row[2]) for row in rows)]),
        ),
        shape=(len(rows), count),
    )
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = count, len(rows)
    lp.col_cost_ = np.concatenate([np.zeros(len(pairs)), np.ones(count - len(pairs))])
    lp.col_lower_ = np.zeros(count)
    lp.col_upper_ = np.concatenate([np.ones(len(pairs)), np.full(count - len(pairs), 100.0)])
    lp.row_lower_ = np.array([float(row[0]) for row in rows])
    lp.row_upper_ = np.array([float(row[1]) for row in rows])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data.astype(float)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * count
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.passModel(lp)
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return lost + round(highs.getInfo().objective_function_value)


def check_against_the_oracle(utility: Any, limits: Limits) -> bool:
    """True if the problem is infeasible."""
    wanted = smallest(utility, limits)
    r = lm.assign(utility, **limits)
    assert (r.status == "infeasible") == (wanted > 0)
    assert lm.verify(r).ok, lm.verify(r)
    if wanted == 0:
        assert r.blockers == r.relaxation == ()
        return False
    assert sum(change.units for change in r.relaxation) == wanted
    assert sum(b.shortfall for b in r.blockers) == wanted
    assert all(b.shortfall == b.needed - b.reachable > 0 and b.reason for b in r.blockers)
    assert f"by {wanted} units in all" in r.guarantees[1]
    relaxed = r.relaxed_limits
    assert smallest(utility, relaxed) == 0
    again = lm.assign(utility, **relaxed)
    assert again.status != "infeasible"
    assert lm.verify(again).ok
    stored = np.isfinite(utility)
    sparse = sp.coo_array((utility[stored], np.nonzero(stored)), shape=utility.shape)
    assert lm.assign(sparse, **limits).relaxation == r.relaxation
    return True


def test_the_relaxation_is_the_smallest_by_mixed_integer_programming() -> None:
    infeasible = sum(check_against_the_oracle(*random_problem(seed)) for seed in range(250))
    assert 100 < infeasible < 240


@given(st.integers(1_000, 2**32))
@settings(max_examples=60, deadline=None)
def test_no_smaller_relaxation_exists(seed: int) -> None:
    check_against_the_oracle(*random_problem(seed))


def contradiction() -> lm.AssignResult:
    """Adviser 1 needs 3 firms and one is eligible; firm 0 is pinned where it is not eligible."""
    return lm.assign(
        [[1.0, -INF, 1.0], [1.0, 1.0, -INF]], [2, 3, 1], min_load=[0, 3, 0], pinned=[[0, 1]]
    )


def test_what_an_infeasible_answer_says() -> None:
    r = contradiction()
    pin, load = r.blockers
    assert (pin.kind, pin.pins, pin.needed, pin.reachable) == ("pin", ((0, 1),), 1, 0)
    assert (load.kind, load.index, load.advisers, load.firms) == ("adviser", 1, (1,), (1,))
    assert load.reason == (
        "1 adviser needs 3 firms at least, but only 1 is eligible for it and free; "
        "lower min_load by 2 or widen eligibility"
    )
    assert [str(change) for change in r.relaxation] == [
        "min_load[1] from 3 to 1",
        "drop the pin (0, 1)",
    ]
    assert r.guarantees[1].startswith("One exists once the limits change by 3 units in all")
    assert r.prices.tolist() == [0, -1, 0]
    assert [1, 1] in r.relaxed_pairs.tolist()
    assert r.relaxed_limits["pinned"] is None


def replaced(**fields: Any) -> Callable[[lm.AssignResult], lm.AssignResult]:
    return lambda r: dataclasses.replace(r, **fields)


def load_blocker(r: lm.AssignResult, **fields: Any) -> lm.AssignResult:
    changed = dataclasses.replace(r.blockers[1], **fields)
    return dataclasses.replace(r, blockers=(r.blockers[0], changed))


FALSE_CLAIMS: dict[str, Callable[[lm.AssignResult], lm.AssignResult]] = {
    "without prices": replaced(prices=np.zeros(3)),
    "without blockers": replaced(blockers=()),
    "without a relaxation": replaced(relaxation=()),
    "without relaxed pairs": replaced(relaxed_pairs=np.empty((0, 2), np.int64)),
    "with assignments": replaced(pairs=np.array([[1, 1]])),
    "units needed": lambda r: load_blocker(r, needed=4, shortfall=3),
    "other firms": lambda r: load_blocker(r, firms=(0,)),
    "other advisers": lambda r: load_blocker(r, advisers=(2,)),
    "a firm that is none": lambda r: load_blocker(r, firms=(-5,)),
    "a larger relaxation": lambda r: dataclasses.replace(
        r, relaxation=(*r.relaxation, lm.Relaxation("capacity", None, 0, 2, 3))
    ),
    "a relaxation of another limit": lambda r: dataclasses.replace(
        r, relaxation=(lm.Relaxation("min_load", None, 0, 3, 1), r.relaxation[1])
    ),
}


@pytest.mark.parametrize("claim", FALSE_CLAIMS)
def test_the_judge_rejects_a_false_claim(claim: str) -> None:
    r = contradiction()
    assert lm.verify(r).ok
    assert not lm.verify(FALSE_CLAIMS[claim](r)).ok


def test_the_judge_rejects_infeasible_where_an_assignment_exists() -> None:
    feasible = lm.assign(np.ones((3, 2)), 2, min_load=1)
    assert not lm.verify(dataclasses.replace(feasible, status="infeasible")).ok


def test_there_are_no_relaxed_limits_of_hours() -> None:
    r = lm.assign(np.ones((4, 2)), 3.0, load=4.0, min_demand=1)
    assert r.relaxation == ()
    assert lm.verify(r).ok
    assert not lm.verify(
        dataclasses.replace(lm.assign(np.ones((4, 2)), 9.0, load=4.0), status="infeasible")
    ).ok
    with pytest.raises(lm.InputError, match="hours"):
        _ = r.relaxed_limits


# ---- markets ----


def crowded_market() -> lm.Market:
    """Two advisers of departement 69 need 12 firms, and the one firm there is in another."""
    firms = [
        {
            "firm_id": f"F{k}",
            "commune": "69123" if k < 3 else "75056",
            "naf": "62.01Z",
            "need_website": 2,
        }
        for k in range(20)
    ]
    advisers = [
        {
            "adviser_id": name,
            "network": "volunteer",
            "commune": "69123",
            "zones": "departement:69",
            "skill_website": 3,
            "capacity": 9,
            "min_load": 6,
        }
        for name in ("A-one", "A-two")
    ]
    return small_market(firms=firms, advisers=advisers)


SENTENCE = (
    "2 advisers of departement 69 (A-one, A-two) need 12 firms at least, but only 3 are eligible "
    "for them and free; other firms are excluded mainly because the firm lies outside the "
    "adviser's territory (100 %); lower min_load by 9 in all or widen eligibility"
)


def test_a_market_says_it_in_its_own_names(tmp_path: Path) -> None:
    market = crowded_market()
    r = lm.assign(market)
    assert [b.reason for b in r.blockers] == [SENTENCE]
    assert lm.verify(r).ok
    with pytest.raises(lm.InputError, match="tables"):
        _ = r.relaxed_limits

    plan = lm.solve(market, stages=["assign"])
    row = pl.DataFrame(plan.blockers).row(0, named=True)
    assert (row["kind"], row["needed"], row["reachable"], row["shortfall"]) == ("adviser", 12, 3, 9)
    assert row["reason"] == SENTENCE
    changes = pl.DataFrame(plan.relaxations)
    assert set(changes["limit"]) == {"min_load"}
    assert (changes["units_before"] - changes["units_after"]).sum() == 9
    assert lm.verify(market, plan).ok
    assert "F0" in plan.blocker_members["firm_id"].to_list()
    assert SENTENCE in plan.summary()
    assert SENTENCE in plan.explain("F0")
    assert SENTENCE in plan.why_not("F0", "A-one")

    plan.save(tmp_path / "plan")
    back = lm.read_plan(tmp_path / "plan", market=market)
    assert lm.verify(market, back).ok
    assert back.blockers.equals(plan.blockers)

    for lang, words in (("en", "smallest relaxation"), ("fr", "plus petit assouplissement")):
        plan.report(tmp_path / "report.html", lang=lang)
        assert words in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_relaxed_market_has_a_plan() -> None:
    market = crowded_market()
    changes = pl.DataFrame(lm.solve(market, stages=["assign"]).relaxations)
    after = dict(zip(changes["adviser_id"], changes["units_after"], strict=True))
    advisers = pl.DataFrame(market.tables["advisers"])
    eased = advisers.with_columns(
        pl.Series(
            "min_load",
            [
                after.get(name, least)
                for name, least in advisers.select("adviser_id", "min_load").iter_rows()
            ],
        )
    )
    plan = lm.solve(lm.Market(**{**market.tables, "advisers": eased}), stages=["assign"])
    assert [c.status for c in plan.certificates.values()] != ["infeasible"]
    assert len(plan.blockers) == 0


def test_the_check_before_solving_says_the_same() -> None:
    texts = [str(issue) for issue in lm.check(crowded_market())]
    assert any(SENTENCE in text for text in texts), texts
    assert not any("limits" in str(issue) for issue in lm.check(demo()))


PLAN_CHANGES: dict[str, tuple[str, Callable[[pl.DataFrame], pl.DataFrame]]] = {
    "a blocker's figures": ("blockers", lambda t: t.with_columns(needed=pl.col("needed") + 1)),
    "no blockers": ("blockers", lambda t: t.head(0)),
    "a member less": ("blocker_members", lambda t: t.tail(-1)),
    "a change more": (
        "relaxations",
        lambda t: t.with_columns(units_after=pl.col("units_after") - 1),
    ),
    "no changes": ("relaxations", lambda t: t.head(0)),
    "pairs less": ("relaxed_assignments", lambda t: t.head(0)),
    "no prices": ("prices", lambda t: t.head(0)),
    "another limit": ("relaxations", lambda t: t.with_columns(limit=pl.lit("seats"))),
}


@pytest.mark.parametrize("change", PLAN_CHANGES)
def test_a_changed_infeasible_plan_is_seen(change: str) -> None:
    market = crowded_market()
    plan = lm.solve(market, stages=["assign"])
    table, changed = PLAN_CHANGES[change]
    assert lm.verify(market, plan).ok
    assert not lm.verify(market, plan.replace(**{table: changed(plan.tables[table])})).ok


def test_a_plan_without_the_tables_is_read(tmp_path: Path) -> None:
    market = lm.demo_market(firms=60, advisers=8, seed=2)
    lm.solve(market, stages=["assign"]).save(tmp_path / "plan")
    for name in ("blockers", "blocker_members", "relaxations", "relaxed_assignments"):
        (tmp_path / "plan" / f"{name}.parquet").unlink()
    plan = lm.read_plan(tmp_path / "plan", market=market)
    assert len(plan.blockers) == 0
    assert lm.verify(market, plan).ok
