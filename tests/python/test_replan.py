"""Plans from earlier plans, one arrival, and what a market says about quotas and staying out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import ADVISERS, FIRMS, demo, demo_plan, small_market
from typer.testing import CliRunner

import libmatch as lm
from libmatch.cli import app


def changed_market() -> lm.Market:
    """The demo market with every fifth firm gone, new ones, and fewer seats."""
    tables = dict(demo().tables)
    firms = tables["firms"]
    gone = np.arange(len(firms)) % 5 == 0
    new = firms.filter(pl.Series(gone)).with_columns(("new-" + pl.col("firm_id")).alias("firm_id"))
    tables["firms"] = pl.concat([firms.filter(pl.Series(~gone)), new])
    tables.pop("pairs", None)
    tables["advisers"] = tables["advisers"].with_columns(
        (pl.col("capacity") - pl.int_range(pl.len()) % 2).clip(0).alias("capacity")
    )
    return lm.Market(**tables)


def test_a_plan_from_itself_changes_nothing() -> None:
    again = lm.solve(demo(), previous=demo_plan(), max_changes=0)
    assert lm.verify(demo(), again).ok
    changes = pl.DataFrame(again.changes)
    assert changes["stage"].to_list() == ["assign:professionals", "assign:volunteers"]
    assert changes["changes"].to_list() == changes["forced_changes"].to_list() == [0, 0]
    assert changes["unlimited_objective"].to_list() == [None, None]
    kept = demo_plan().assignments.select("programme", "firm_id", "adviser_id")
    assert again.assignments.select(kept.columns).equals(kept)
    assert "keeps its adviser" in again.explain(kept["firm_id"][0])
    assert again.settings["max_changes"] == 0


def test_a_limit_on_changes_is_kept_and_says_what_it_costs(tmp_path: Path) -> None:
    market = changed_market()
    demo_plan().save(tmp_path / "before")
    before = lm.read_plan(tmp_path / "before")
    free = lm.solve(market, stages=["assign"], previous=before)
    assert lm.verify(market, free).ok
    most = pl.DataFrame(free.changes)["changes"].max()
    assert isinstance(most, int)
    limit = max(most // 2, 1)
    plan = lm.solve(market, stages=["assign"], previous=before, max_changes=limit)
    verdict = lm.verify(market, plan)
    assert verdict.ok, verdict
    for row in pl.DataFrame(plan.changes).iter_rows(named=True):
        assert row["changes"] <= limit == row["max_changes"]
        c = plan.certificates[row["stage"]]
        if row["unlimited_bound"] is not None:
            assert row["unlimited_changes"] > limit
            assert row["unlimited_bound"] >= c.objective - 1e-9
            assert row["change_price"] >= 0
    assert "Firms that lost their earlier adviser" in plan.summary()
    plan.save(tmp_path / "after")
    back = lm.read_plan(tmp_path / "after", market=market)
    assert lm.verify(market, back).ok
    for name in ("changes", "previous_assignments", "unlimited_assignments", "prices"):
        assert getattr(back, name).equals(getattr(plan, name)), name
    wrong = plan.replace(changes=plan.changes.with_columns(pl.col("changes") + 1))
    assert "recounted" in str(lm.verify(market, wrong).violations)


def test_the_table_previous_counts() -> None:
    plan = demo_plan()
    tables = dict(demo().tables)
    tables["previous"] = plan.assignments.select("programme", "firm_id", "adviser_id")
    market = lm.Market(**tables)
    assert not [f for f in lm.check(market) if f.table == "previous"]
    again = lm.solve(market, stages=["assign"], max_changes=0)
    assert pl.DataFrame(again.changes)["changes"].to_list() == [0, 0]
    assert lm.verify(market, again).ok
    gone = pl.DataFrame({"programme": [None], "firm_id": ["nobody"], "adviser_id": ["no one"]})
    tables["previous"] = pl.concat([tables["previous"], gone], how="vertical_relaxed")
    faults = [f for f in lm.check(lm.Market(**tables)) if f.table == "previous"]
    assert [(f.severity, f.value) for f in faults] == [("warning", "nobody / no one")]


def test_the_command_line_takes_an_earlier_plan(tmp_path: Path) -> None:
    demo().save(tmp_path / "market")
    demo_plan().save(tmp_path / "plan")
    arguments = [
        *("solve", str(tmp_path / "market"), "--out", str(tmp_path / "again")),
        *("--stage", "assign", "--previous", str(tmp_path / "plan"), "--max-changes", "3"),
    ]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert pl.DataFrame(lm.read_plan(tmp_path / "again").changes)["max_changes"].to_list() == [3, 3]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"max_changes": 1}, "no earlier assignment to count changes from"),
        ({"previous": "plan"}, "previous is str; a Plan is expected"),
        ({"max_changes": -1}, "max_changes is -1"),
    ],
)
def test_faulty_arguments_are_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(lm.InputError, match=text):
        lm.solve(small_market(), **arguments)


# ---- one arrival ----


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 599))
def test_an_arrival_like_a_firm_keeps_what_a_firm_can_reach(row: int) -> None:
    firm = demo().tables["firms"].row(row, named=True)
    found = lm.place(demo(), demo_plan(), firm)
    assert [p.programme for p in found] == demo().programmes
    prices = demo_plan().prices
    for p in found:
        if p.outcome != "placed":
            continue
        stage = f"assign:{p.programme}"
        known = prices.filter((pl.col("stage") == stage) & (pl.col("id") == p.adviser_id))
        assert p.price == pytest.approx(known["price"].sum())
        assert p.net == pytest.approx(p.score - p.price)
        assert p.gain == max(0.0, p.net)
        assert p.adviser_id is not None
        assert p.adviser_id in p.reason == str(p)
        held = demo_plan().assignments.filter(
            (pl.col("firm_id") == firm["firm_id"]) & (pl.col("programme") == p.programme)
        )
        # The firm itself is within the gap of its best choice; a bonus is the firm's own.
        if len(held) and held["bonus"][0] == 0:
            paid = prices.filter(
                (pl.col("stage") == stage) & (pl.col("id") == held["adviser_id"][0])
            )
            assert p.net >= held["score"][0] - paid["price"].sum() - 0.02
        assert p.free_seat or p.displaced is not None


def test_an_arrival_is_told_why() -> None:
    market = small_market()
    plan = lm.solve(market)
    (p,) = plan.place({"commune": "69123", "need_website": 4})
    assert (p.outcome, p.adviser_id) == ("placed", "a1")  # who knows websites, and has one seat
    assert not p.free_seat
    assert p.displaced in {"f1", "f2", "f3"}
    assert f"firm {p.displaced} would give way" in p.reason
    with pytest.raises(lm.InputError, match="00000"):
        plan.place({"commune": "00000"})
    (p,) = plan.place({"commune": "69123", "demand": 0})
    assert (p.outcome, p.adviser_id) == ("excluded", None)
    assert "asks for no adviser" in p.reason
    (p,) = plan.place({"commune": "69123", "need_website": 4, "reservation": 2.0})
    assert p.outcome == "stays_out"
    assert p.gain == 0


# ---- quotas, minimum demands, values of staying out ----


def test_quotas_of_a_market() -> None:
    tables = dict(demo().tables)
    tables["quotas"] = pl.DataFrame(
        {
            "name": ["small", "paris"],
            "programme": ["volunteers", None],
            "lower": [None, 3],
            "upper": [40, None],
            "headcount_max": [4, None],
            "zones": [None, "region:11"],
            "network": [None, "volunteer"],
        }
    )
    market = lm.Market(**tables)
    plan = lm.solve(market, stages=["assign"], gap=1e-3)
    verdict = lm.verify(market, plan)
    assert verdict.ok, verdict
    quotas = pl.DataFrame(plan.quotas)
    assert quotas["name"].to_list() == ["small", "paris"]
    assert quotas["pairs"][0] <= 40
    assert quotas["pairs"][1] >= 3
    price = plan.prices.filter(pl.col("kind") == "quota")
    assert set(price["id"]) <= {"small", "paris"}
    assert (price.filter(pl.col("id") == "small")["price"] > 0).all()
    assert "Quotas" in plan.summary()
    again = lm.assign(market, programme="volunteers", gap=1e-3)
    assert lm.verify(again).ok
    assert len(again.quota_prices) == 2
    more = pl.DataFrame(plan.quotas).with_columns(pl.col("pairs") + 1)
    assert "recounted" in str(lm.verify(market, plan.replace(quotas=more)).violations)
    with pytest.raises(lm.InputError, match="exact plan"):
        lm.solve(market, exact=True)
    with pytest.raises(lm.InputError, match="not in the table programmes"):
        lm.solve(lm.Market(**{**tables, "quotas": [{"name": "x", "programme": "nobody"}]}))


def test_quotas_that_contradict_are_blockers() -> None:
    firms = [{**f, "min_demand": 1} for f in FIRMS[:2]]
    quotas = [{"name": "lyon", "zones": "commune:69123", "upper": 1}]
    market = small_market(firms=firms, quotas=quotas)
    plan = lm.solve(market, stages=["assign"])
    assert plan.certificates["assign:volunteers"].status == "infeasible"
    assert lm.verify(market, plan).ok
    reasons = pl.DataFrame(plan.blockers).filter(pl.col("kind") == "quota")["reason"].to_list()
    assert any("quota lyon" in reason for reason in reasons)


def test_reservations_and_minimum_demands_of_a_market() -> None:
    market = small_market(firms=[{**f, "reservation": 2.0} for f in FIRMS])
    plan = lm.solve(market)
    assert lm.verify(market, plan).ok
    assert len(plan.assignments) == 0
    assert plan.certificates["assign:volunteers"].objective == 6.0
    assert "than its reservation; it has 2 outside" in plan.explain("f1")
    assert "without adviser it keeps 2.000" in plan.why_not("f1", "a1")

    poor = [{**ADVISERS[0], "capacity": 2}]
    must = [{**f, "min_demand": 1} for f in FIRMS]
    plan = lm.solve(small_market(firms=must, advisers=poor), stages=["assign"])
    assert plan.certificates["assign:volunteers"].status == "infeasible"
    assert pl.DataFrame(plan.relaxations)["limit"].to_list() == ["capacity"]
    bare = small_market(advisers=poor)
    r = lm.assign(bare, min_demand=1)
    assert (r.status, r.blockers[0].shortfall) == ("infeasible", 1)
    assert lm.verify(r).ok
    r = lm.assign(bare, min_demand=[1, 0, 1], reservation=[0, 0.2, 0])
    assert r.pairs[:, 0].tolist() == [0, 2]
    assert lm.verify(r).ok
    faults = lm.check(small_market(firms=[{**f, "min_demand": 2} for f in FIRMS]))
    assert faults[0].problem == "it exceeds the demand 1"
