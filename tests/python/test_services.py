"""Workshops, visits and shared staff: asked for by tables, judged, and old plans still read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import demo, demo_plan, small_market

import libmatch as lm
from libmatch import _core, _plan

NEW = (
    *("workshops", "workshop_members", "visits", "visit_choices"),
    *("shared_staff", "shared_staff_members"),
)
SITES = [{"site_id": "s1", "commune": "69123", "sessions": 1, "seats": 9}]
WORKSHOP = {"workshop": "web", "skill": "website", "min_attendance": 2}
VISITS = {"network": "volunteers"}
JOB = {"rule": "job", "min_days": 5, "max_days": 6}


def test_the_stages_are_the_same_everywhere() -> None:
    with pytest.raises(lm.InputError) as wrong:
        _core.solve(demo()._core(), stages=["lunch"])
    named = re.search(r"use some of ([\w, ]+)", str(wrong.value))
    assert named is not None
    assert tuple(named.group(1).split(", ")) == _plan.STAGES


def test_without_tables_there_is_nothing() -> None:
    plan = lm.solve(small_market())
    assert not {"workshops", "visits", "shared_staff"} & {*plan.certificates}
    assert all(len(plan.tables[name]) == 0 for name in NEW)


def test_a_plan_of_an_earlier_version_reads(tmp_path: Path) -> None:
    market = small_market()
    plan = lm.solve(market)
    plan.save(tmp_path / "plan")
    for name in NEW:
        (tmp_path / "plan" / f"{name}.parquet").unlink()
    back = lm.read_plan(tmp_path / "plan", market=market)
    assert lm.verify(market, back).ok
    for name in NEW:
        assert back.tables[name].schema == plan.tables[name].schema, name


def test_small_ones() -> None:
    firms = [
        {
            "firm_id": "f1",
            "commune": "69123",
            "need_website": 3,
            "need_crm": 0,
            "it_days_per_month": 2,
        },
        {"firm_id": "f2", "commune": "69123", "need_website": 1, "it_days_per_month": 3},
        {"firm_id": "f3", "commune": "69266", "need_website": 0, "it_days_per_month": 5},
        {"firm_id": "f4", "commune": "69266", "need_website": 4, "headcount": 30},
    ]
    settings_ = {"workshops": [WORKSHOP], "visits": [VISITS], "shared_staff": [JOB]}
    market = small_market(firms=firms, sites=SITES, settings=settings_)
    stages = ["workshops", "visits", "shared_staff"]
    plan = lm.solve(market, stages=stages)
    assert lm.verify(market, plan).ok
    assert plan.workshop_members["firm_id"].to_list() == ["f1", "f2"]
    assert plan.shared_staff["days"].to_list() == [5]
    assert sorted(plan.visits["firm_id"]) == ["f1", "f2", "f3"]
    assert sorted(plan.visit_choices["firm_id"]) == ["f1", "f2", "f3"]
    assert set(plan.certificates) == {"workshops", "visit_choices", "visits", "shared_staff"}
    assert "workshop web" in plan.explain("f1")
    assert "visit: adviser" in plan.explain("f3")
    assert "shared job (job)" in plan.explain("f1")
    assert "f4" not in {*plan.unserved["firm_id"]}
    assert "firms visited" in plan.summary()


@pytest.mark.parametrize(
    ("tables", "found"),
    [
        ({"workshops": [WORKSHOP]}, ("workshops", "")),
        ({"workshops": [WORKSHOP | {"skill": "cooking"}], "sites": SITES}, ("workshops", "skill")),
        ({"workshops": [WORKSHOP, WORKSHOP], "sites": SITES}, ("workshops", "workshop")),
        (
            {"workshops": [WORKSHOP | {"max_attendance": 1}], "sites": SITES},
            ("workshops", "max_attendance"),
        ),
        ({"workshops": [{"skill": "website"}], "sites": SITES}, ("workshops", "workshop")),
        ({"visits": [VISITS, VISITS]}, ("visits", "")),
        ({"visits": [{"network": "nobody"}]}, ("visits", "network")),
        ({"visits": [VISITS | {"days": -1}]}, ("visits", "days")),
        ({"visits": [VISITS | {"firms_per_day": 0}]}, ("visits", "firms_per_day")),
        ({"visits": [VISITS | {"max_km_per_day": -5}]}, ("visits", "max_km_per_day")),
        ({"shared_staff": [JOB | {"max_days": 4}]}, ("shared_staff", "max_days")),
        ({"shared_staff": [JOB | {"max_members": 1}]}, ("shared_staff", "max_members")),
        ({"shared_staff": [JOB, JOB]}, ("shared_staff", "rule")),
        ({"shared_staff": [JOB | {"min_days": 40}]}, ("shared_staff", "min_days")),
    ],
)
def test_faults_are_named(tables: dict[str, Any], found: tuple[str, str]) -> None:
    faults = lm.check(small_market(**tables))
    assert found in {(f.table, f.column) for f in faults if f.severity == "error"}
    with pytest.raises(lm.InputError):
        lm.solve(small_market(**tables))


def test_settings_are_saved_and_read(tmp_path: Path) -> None:
    demo().save(tmp_path / "market")
    back = lm.read_market(tmp_path / "market")
    for name in ("workshops", "visits", "shared_staff", "sites"):
        assert back.tables[name].to_dicts() == demo().tables[name].to_dicts(), name


def test_visits_go_to_the_advisers_of_the_plan() -> None:
    plan = demo_plan()
    assert len(plan.visit_choices) == 0
    mine = set(
        plan.assignments.filter(pl.col("programme") == "volunteers")
        .select("firm_id", "adviser_id")
        .iter_rows()
    )
    assert set(plan.visits.select("firm_id", "adviser_id").iter_rows()) <= mine
    kinds = set(plan.prices.filter(pl.col("stage") == "visits")["kind"])
    assert kinds <= {"firm", "adviser_day", "adviser_km"}
    assert "firm" in kinds


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_market_is_lawful_and_proven(data: st.DataObject) -> None:
    communes = st.sampled_from(["69123", "69266", "69264", "42218", "69029"])
    firms = [
        {
            "firm_id": f"f{k}",
            "commune": data.draw(communes),
            "need_website": data.draw(st.integers(0, 4)),
            "headcount": data.draw(st.integers(0, 40)),
            "priority": data.draw(st.sampled_from([0.0, 1.0, 2.5])),
            "it_days_per_month": data.draw(st.sampled_from([0, 1, 2.5, 4, 9])),
        }
        for k in range(data.draw(st.integers(1, 9)))
    ]
    advisers = [
        {
            "adviser_id": f"a{k}",
            "network": "volunteers",
            "commune": data.draw(communes),
            "capacity": 3,
            "skill_website": 3,
            "visit_days": data.draw(st.integers(0, 3)),
            "visits_per_day": data.draw(st.integers(1, 4)),
        }
        for k in range(data.draw(st.integers(1, 3)))
    ]
    tables = {
        "sites": [SITES[0] | {"sessions": data.draw(st.integers(0, 2))}],
        "workshops": [WORKSHOP | {"max_radius_km": data.draw(st.sampled_from([0, 10, 100]))}],
        "visits": [VISITS | {"max_km_per_day": data.draw(st.sampled_from([0, 15, 60, 200]))}],
        "shared_staff": [JOB, {"rule": "long", "min_days": 9, "max_days": 10}],
    }
    market = small_market(firms=firms, advisers=advisers, **tables)
    stages = data.draw(st.sampled_from([None, ["workshops", "visits", "shared_staff"]]))
    verdict = lm.verify(market, lm.solve(market, stages=stages))
    assert verdict.ok, verdict
