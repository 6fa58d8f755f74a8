"""Tables in: any frame gives the same market, and every fault is named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import ADVISERS, FIRMS, small_market

import libmatch as lm
from libmatch import _frames


def columns_of(frame: Any, table: str = "firms") -> dict[str, Any]:
    faults: list[lm.Fault] = []
    columns = _frames.to_core(_frames.to_arrow(frame, table), table, faults)
    assert not faults
    return {
        name: (c[0].tolist(), c[1]) if isinstance(c, tuple) else c.tolist()
        for name, c in columns.items()
    }


TABLE = pa.table(
    {
        "firm_id": ["a", "b", "c"],
        "headcount": [1, 2, 30],
        "cost_eur": [1.5, 2.5, 0.0],
        "consents_pooling": [True, False, True],
        "created": [date(2020, 1, 1), date(1970, 1, 1), date(1969, 12, 31)],
        "languages": ["fr", "", "fr;en"],
    }
)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (pl.from_arrow, pl.DataFrame),
        (lambda table: pl.from_arrow(table).lazy(), pl.DataFrame),
        (pa.Table.to_pandas, pd.DataFrame),
        (lambda table: table, pa.Table),
        (duckdb.from_arrow, duckdb.DuckDBPyRelation),
        (pa.Table.to_pylist, None),
    ],
)
def test_every_frame_library_gives_the_same_columns(
    make: Callable[[pa.Table], Any], kind: type | None
) -> None:
    frame = make(TABLE)
    assert columns_of(frame) == {
        "firm_id": ([0, 1, 2, 3], b"abc"),
        "headcount": [1.0, 2.0, 30.0],
        "cost_eur": [1.5, 2.5, 0.0],
        "consents_pooling": [1.0, 0.0, 1.0],
        "created": [18262.0, 0.0, -1.0],
        "languages": ([0, 2, 2, 7], b"frfr;en"),
    }
    if kind is not None:
        assert isinstance(_frames.from_arrow(TABLE, _frames.library_of(frame)), kind)


@pytest.mark.parametrize(
    ("column", "cells", "expected"),
    [
        ("created", ["2020-01-01", None, ""], [18262.0, None, None]),
        ("created", [datetime(2020, 1, 1, 23, 59), None, None], [18262.0, None, None]),
        ("created", pa.array([0, None, None], pa.timestamp("s", "UTC")), [0.0, None, None]),
        ("languages", [["fr", "en"], [], None], ([0, 5, 5, 5], b"fr;en")),
        ("zones", [None, None, None], ([0, 0, 0, 0], b"")),
        ("departement", [1, 69, None], ([0, 1, 3, 3], b"169")),
        ("region", [84.0, None, 11.0], ([0, 2, 2, 4], b"8411")),
        ("naf", pa.array(["a", None, "a"]).dictionary_encode(), ([0, 1, 1, 2], b"aa")),
        ("headcount", pa.array([1, None, 3], pa.decimal128(5, 2)), [1.0, None, 3.0]),
        ("name", pa.array(["é", "x", ""], pa.string_view()), ([0, 2, 3, 3], "éx".encode())),
        ("headcount", [np.nan, 1.0, None], [None, 1.0, None]),
    ],
)
def test_kinds_of_cells(column: str, cells: Any, expected: Any) -> None:
    found = columns_of(pa.table({column: cells}))[column]
    if isinstance(found, list):
        found = [None if np.isnan(x) else x for x in found]
    assert found == expected


def test_a_slice_of_a_table_is_read_where_it_lies() -> None:
    assert columns_of(TABLE.slice(1, 1))["firm_id"] == ([0, 1], b"b")
    assert columns_of(TABLE.slice(1, 1))["headcount"] == [2.0]
    assert columns_of(TABLE.slice(3))["firm_id"] == ([0], b"")


@given(st.lists(st.one_of(st.none(), st.text(max_size=5)), max_size=20))
def test_text_goes_in_and_comes_out(cells: list[str | None]) -> None:
    column = _frames.to_core(pa.table({"name": pa.array(cells, pa.string())}), "x", [])["name"]
    assert isinstance(column, tuple)
    back = _frames.from_core({"name": column}).column("name").to_pylist()
    assert back == [cell or None for cell in cells]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("real", [1.0, None]),
        ("integer", [1, None]),
        ("boolean", [True, None]),
        ("date", [date(1970, 1, 2), None]),
    ],
)
def test_kinds_of_numbers_that_come_out(kind: str, expected: list[Any]) -> None:
    assert _frames.from_core({"x": (np.array([1.0, np.nan]), kind)}).column("x").to_pylist() == (
        expected
    )


@pytest.mark.parametrize("library", ["polars", "pandas", "pyarrow", "duckdb"])
def test_results_come_in_the_library_of_the_firms(library: str) -> None:
    firms = _frames.from_arrow(pa.Table.from_pylist(FIRMS), library)
    plan = lm.solve(small_market(firms=firms))
    for frame in (plan.assignments, plan.prices, lm.compare(a=plan)):
        assert _frames.library_of(frame) == library


def test_all_faults_are_listed_at_once() -> None:
    firms = [{**f, "created": "2020-01-01"} for f in FIRMS]
    firms[0] |= {"need_website": 9}
    firms[1] |= {"commune": "99999", "created": "soon"}
    advisers = [*ADVISERS, ADVISERS[0]]
    market = small_market(firms=firms, advisers=advisers)  # can be made all the same
    found = {(f.table, f.row, f.column, f.value) for f in lm.check(market)}
    assert found == {
        ("firms", 0, "need_website", "9"),
        ("firms", 1, "commune", "99999"),
        ("firms", 1, "created", "soon"),
        ("advisers", 2, "adviser_id", "a1"),
    }
    with pytest.raises(lm.InputError) as raised:
        lm.solve(market)
    assert {(f.table, f.row, f.column, f.value) for f in raised.value.faults} == found
    for part in ("firms row 1 column created value 'soon': this is no date", "4 faults"):
        assert part in str(raised.value)


def test_a_fault_shows_itself() -> None:
    (fault,) = lm.check(small_market(settings={"date": "2026-01-01", "trust_confidence": 7}))
    assert fault.severity == "error"
    assert repr(fault).startswith("<error: settings row 0 column trust_confidence value '7': ")
    assert fault.remedy


def test_settings_may_be_a_whole_market_file() -> None:
    rules = [{"rule": "same place", "keys": ["departement"], "min_sum": 20_000}]
    market = small_market(
        settings={
            "settings": {"date": date(2026, 1, 1)},
            "programmes": [{"programme": "visits", "network": "volunteers"}],
            "dossier_rules": rules,
        }
    )
    assert market.programmes == ["visits"]
    assert market.tables["dossier_rules"]["keys"].to_list() == ["departement"]
    assert not [f for f in lm.check(market) if f.severity == "error"]


def test_skills_and_programmes_have_defaults() -> None:
    market = small_market()
    assert market.programmes == ["volunteers"]
    assert "skills" not in market.tables
    assert len(lm.solve(market).assignments) == 3


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"firms": 3}, "firms: a int is no data frame"),
        ({"firms": pa.table([[1], [2]], ["x", "x"])}, "firms column x: the column is there twice"),
        ({"firms": pd.DataFrame([[1, 2]], columns=["x", "x"])}, "firms: .*unique"),
        ({"settings": {"skills": []}, "skills": [{"skill": "x"}]}, "skills: the table is there"),
        ({"settings": {"fees": {"a": 1}}}, "settings column fees: this is no setting"),
    ],
)
def test_what_is_no_table_is_refused(tables: dict[str, Any], message: str) -> None:
    with pytest.raises(lm.InputError, match=message):
        small_market(**tables)


def test_a_column_that_cannot_be_read_is_a_fault() -> None:
    firms = pa.Table.from_pylist(FIRMS).append_column("odd", pa.array([{"x": 1}] * 3))
    (fault,) = lm.check(small_market(firms=firms))
    assert (fault.table, fault.column) == ("firms", "odd")


def test_demo_is_the_same_for_the_same_numbers() -> None:
    a, b, c = (lm.demo_market(firms=40, advisers=6, seed=seed) for seed in (1, 1, 2))
    assert a._tables == b._tables
    assert a._tables != c._tables
    assert repr(a).startswith("Market: 40 firms, 6 advisers, ")


@pytest.mark.parametrize("wrong", [{"firms": 0}, {"advisers": 0}, {"seed": -1}])
def test_demo_refuses(wrong: dict[str, int]) -> None:
    with pytest.raises(lm.InputError, match=f"{next(iter(wrong))} is "):
        lm.demo_market(**wrong)


def test_import_is_light() -> None:
    code = "import sys, libmatch; print({'polars', 'pandas', 'typer', 'duckdb'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_dossiers_of_a_market_with_sites_pairs_and_keys_of_its_own(tmp_path: Path) -> None:
    firms = [
        {
            "firm_id": f"f{k}",
            "commune": "69123",
            "filiere": "wood" if k < 8 else None,
            "cost_eur": 11_000,
            "priority": 2.0 if k == 0 else 1.0,
        }
        for k in range(10)
    ]
    market = lm.Market(
        firms=firms,
        advisers=[{"adviser_id": "a1", "network": "v", "commune": "69123", "capacity": 5}],
        skills=[{"skill": "website"}],
        lenders=[{"lender_id": "bank", "min_ticket_eur": 20_000, "capacity": 9}],
        sites=[{"site_id": "hall", "commune": "69123", "sessions": 2, "seats": 3}],
        firm_pairs=[{"firm_id": "f0", "other_firm_id": "f1", "kind": "apart"}],
        dossier_rules=[{"rule": "chain", "keys": "filiere", "seat": "site", "opening_cost": 0.5}],
    )
    plan = lm.solve(market, stages=["fund", "pool", "lead", "lend"])
    assert lm.verify(market, plan).ok
    assert plan.dossiers["seat_site_id"].to_list() == ["hall", "hall"]
    assert plan.dossiers["members"].to_list() == [3, 3]
    assert plan.certificates["pool"].objective == pytest.approx(6)
    left = {row["firm_id"]: row for row in plan.unserved.to_dicts() if row["stage"] == "pool"}
    assert len(left) == 4
    assert left["f9"]["reason"] == "no rule covers the firm"
    assert left["f9"]["nearest_dossier_id"] in (None, "")
    wood = next(row for name, row in left.items() if name < "f8")
    assert wood["nearest_dossier_id"] == "D000001"
    assert "1 more place for a member" in wood["needs"]
    assert wood["needs"] in plan.explain(wood["firm_id"])
    market.save(tmp_path / "market")
    again = lm.read_market(tmp_path / "market")
    assert lm.verify(again, plan).ok
    plan.save(tmp_path / "plan")
    assert lm.verify(again, lm.read_plan(tmp_path / "plan", market=again)).ok
    wrong = lm.Market(**{**again.tables, "dossier_rules": [{"rule": "chain", "keys": "colour"}]})
    assert [f.value for f in lm.check(wrong)] == ["colour"]
