"""Rows in another order, the same plan: bit for bit, by id, on any number of threads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import demo, small_market

import libmatch as lm

KEEP_ORDER = ("programmes", "settings")  # programmes are solved in their order


def shuffled(market: lm.Market, seed: int) -> lm.Market:
    """The same rows of every table, in an order of its own."""
    random = np.random.default_rng(seed)
    tables = {}
    for name, frame in market.tables.items():
        table = frame if isinstance(frame, pa.Table) else frame.to_arrow()
        if name not in KEEP_ORDER:
            table = table.take(pa.array(random.permutation(table.num_rows)))
        tables[name] = table
    return lm.Market(**tables)


def column(market: lm.Market, table: str, name: str) -> list[Any]:
    frame = market.tables[table]
    cells = frame if isinstance(frame, pa.Table) else frame.to_arrow()
    found: list[Any] = cells.column(name).to_pylist()
    return found


def rows(frame: Any) -> list[tuple[Any, ...]]:
    table = frame if isinstance(frame, pa.Table) else frame.to_arrow()
    names = [name for name in table.column_names if name != "seconds"]
    return list(zip(*(table.column(name).to_pylist() for name in names), strict=True))


def assert_same(a: lm.Plan, b: lm.Plan) -> None:
    for name in a.tables:
        assert rows(a.tables[name]) == rows(b.tables[name]), name


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_all_stages_of_a_shuffled_market_are_the_same(
    seed: int, exact: bool, tmp_path: Path
) -> None:
    market, other = demo(), shuffled(demo(), seed)
    ids = column(other, "firms", "firm_id")
    assert ids != sorted(ids)
    plan = lm.solve(market, exact=exact, threads=1)
    for threads in (1, 2, 4):
        assert_same(plan, lm.solve(other, exact=exact, threads=threads))
    # A plan belongs to the ids, not to the rows.
    plan.save(tmp_path / "plan")
    back = lm.read_plan(tmp_path / "plan", other)
    for each in (market, other):
        verdict = lm.verify(each, back)
        assert verdict.ok, verdict.violations
    firm = plan.tables["assignments"]["firm_id"][0]
    assert plan.explain(firm) == back.explain(firm)


def test_a_large_market_with_samples_is_the_same() -> None:
    """From 40,000 firms the auction draws samples by index."""
    market = lm.demo_market(firms=45_000, advisers=60, seed=2)
    plans = [lm.solve(m, stages=["assign"], gap=1e-3) for m in (market, shuffled(market, 5))]
    assert_same(*plans)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_ties_go_to_ids(data: st.DataObject) -> None:
    """Firms and advisers that differ in nothing but their ids."""
    texts = st.text("ab01", min_size=1, max_size=4)
    firm_ids = data.draw(st.lists(texts, min_size=1, max_size=9, unique=True))
    adviser_ids = data.draw(st.lists(texts, min_size=1, max_size=4, unique=True))
    firms = [{"firm_id": i, "commune": "69123", "need_website": 2} for i in firm_ids]
    advisers = [
        {
            "adviser_id": j,
            "network": "volunteers",
            "commune": "69123",
            "capacity": 1,
            "skill_website": 2,
        }
        for j in adviser_ids
    ]
    pairs = [
        {"firm_id": i, "adviser_id": j, "kind": "bonus", "value": value}
        for i in firm_ids[:2]
        for j in adviser_ids[:2]
        for value in (0.1, 0.2, 0.3)  # whose sum depends on their order
    ]
    tables = {"firms": firms, "advisers": advisers, "pairs": pairs}
    mixed = {name: data.draw(st.permutations(given)) for name, given in tables.items()}
    a, b = (lm.solve(small_market(**each), stages=["assign"]) for each in (tables, mixed))
    assert_same(a, b)


def test_assign_speaks_of_rows() -> None:
    market = demo()
    other = shuffled(market, 3)
    name = market.programmes[0]
    a, b = (lm.assign(m, programme=name) for m in (market, other))
    assert a.objective == b.objective
    assert a.bound == b.bound

    def by_id(m: lm.Market, r: lm.AssignResult) -> tuple[Any, Any]:
        firm, adviser = (
            list(column(m, *where)) for where in (("firms", "firm_id"), ("advisers", "adviser_id"))
        )
        pairs = sorted((firm[i], adviser[j]) for i, j in r.pairs.tolist())
        return pairs, dict(zip(adviser, r.prices.tolist(), strict=True))

    assert by_id(market, a) == by_id(other, b)
    assert (np.diff(b.pairs[:, 0]) >= 0).all()
    for r in (a, b):
        assert lm.verify(r).ok, lm.verify(r).violations


def test_faults_name_the_rows_of_the_user() -> None:
    firms = [
        {"firm_id": "z", "commune": "69123", "need_website": 9},
        {"firm_id": "a", "commune": "69123", "need_website": 1},
        {"firm_id": "m", "commune": "nowhere", "need_website": 8},
        {"firm_id": "a", "commune": "69123", "need_website": 1},
    ]
    found = [(f.row, f.column, f.value) for f in lm.check(small_market(firms=firms))]
    assert (0, "need_website", "9") in found
    assert (2, "need_website", "8") in found
    assert (2, "commune", "nowhere") in found
    twice = [f for f in lm.check(small_market(firms=firms)) if f.column == "firm_id"]
    assert [(f.row, f.value) for f in twice] == [(3, "a")]
    assert "row 1" in twice[0].problem
    levels = [f.row for f in lm.check(small_market(firms=firms)) if f.column == "need_website"]
    assert levels == sorted(levels)
