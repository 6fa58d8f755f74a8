"""Files: what is written reads back the same, whole or not at all."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import ADVISERS, FIRMS, demo, demo_plan, small_market

import libmatch as lm
from libmatch import _io

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBER = st.floats(allow_nan=False, allow_infinity=False, width=32)


def columns(kinds: dict[str, st.SearchStrategy[Any]], rows: int) -> st.SearchStrategy[pa.Table]:
    return st.fixed_dictionaries(
        {
            name: st.lists(st.none() | cell, min_size=rows, max_size=rows)
            for name, cell in kinds.items()
        }
    ).map(pa.table)


MARKETS = st.fixed_dictionaries(
    {
        "firms": columns({"firm_id": TEXT, "cost_eur": NUMBER, "created": st.dates()}, 3),
        "advisers": columns({"adviser_id": TEXT, "remote": st.booleans()}, 2),
        "skills": columns({"skill": TEXT.map(lambda s: s + "x"), "weight": NUMBER}, 2),
        "settings": st.fixed_dictionaries(
            {
                "date": st.dates(),
                "trust_confidence": NUMBER,
                "resources_per_firm": st.integers(0, 8),
            }
        ).map(lambda row: pa.Table.from_pylist([row])),
    }
)


def core_of(market: lm.Market) -> dict[str, Any]:
    found, faults = market._inputs()
    assert not faults
    return {
        table: {
            name: (c[0].tolist(), c[1]) if isinstance(c, tuple) else c.tobytes()
            for name, c in cells.items()
            # a column without any value may be left out of market.toml
            if not (isinstance(c, tuple) and not c[1])
        }
        for table, cells in found.items()
        if table not in ("communes", "programmes")
    }


@settings(max_examples=25, deadline=None)
@given(tables=MARKETS, ending=st.sampled_from(["", ".duckdb"]))
def test_a_market_reads_back_the_same(tables: dict[str, pa.Table], ending: str) -> None:
    market = lm.Market(**tables)
    with tempfile.TemporaryDirectory() as folder:
        market.save(Path(folder) / f"market{ending}")
        back = lm.read_market(Path(folder) / f"market{ending}")
    before, after = core_of(market), core_of(back)
    for table in tables:
        assert {k: v for k, v in after[table].items() if k in before[table]} == before[table]


def test_the_demo_market_reads_back_the_same(tmp_path: Path) -> None:
    market = demo()
    market.save(tmp_path / "market")
    back = lm.read_market(tmp_path / "market")
    again = lm.solve(back)
    for name in ("assignments", "dossiers", "grants", "loans", "unserved", "prices"):
        assert getattr(again, name).equals(getattr(demo_plan(), name)), name


def test_csv_and_parquet_give_the_same_market(tmp_path: Path) -> None:
    firms = pa.Table.from_pylist([{**f, "created": date(2020, 1, 1)} for f in FIRMS])
    pa.csv.write_csv(firms, tmp_path / "firms.csv")
    pl.from_dicts(ADVISERS).write_parquet(tmp_path / "advisers.parquet")
    (tmp_path / "market.toml").write_text(
        '[settings]\ndate = 2026-01-01\n[[skills]]\nskill = "crm"\n'
    )
    market = lm.read_market(tmp_path)
    assert market.tables["firms"]["commune"].to_list() == ["69123", "69123", "75056"]
    assert market.tables["firms"]["created"].dtype == pl.Date
    assert market.tables["skills"]["skill"].to_list() == ["crm"]


@given(
    st.one_of(
        TEXT, NUMBER, st.booleans(), st.dates(), st.integers(-(2**63), 2**63 - 1), st.lists(TEXT)
    )
)
def test_settings_are_written_as_toml(value: Any) -> None:
    import tomllib

    text = _io._toml({"settings": pa.Table.from_pylist([{"a": value, "odd name": 1}])})
    assert tomllib.loads(text) == {"settings": {"a": value, "odd name": 1}}


def test_saving_again_replaces_and_keeps_what_is_not_ours(tmp_path: Path) -> None:
    place = tmp_path / "market"
    small_market(lenders=[{"lender_id": "l1", "min_ticket_eur": 1, "capacity": 1}]).save(place)
    (place / "notes.txt").write_text("mine")
    small_market().save(place)
    assert sorted(p.name for p in place.iterdir()) == [
        *("advisers.parquet", "firms.parquet", "market.toml", "notes.txt")
    ]
    assert [p.name for p in tmp_path.iterdir()] == ["market"]


def test_a_folder_that_is_no_market_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(lm.InputError, match="holds something else"):
        small_market().save(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]


def test_a_failed_save_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(_io, "_toml", full)
    with pytest.raises(OSError, match="disk full"):
        small_market().save(tmp_path / "market")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ["", ".duckdb"])
def test_a_plan_reads_back_the_same(tmp_path: Path, ending: str) -> None:
    plan = demo_plan()
    plan.save(tmp_path / f"plan{ending}")
    back = lm.read_plan(tmp_path / f"plan{ending}", market=demo())
    for name in ("assignments", "dossiers", "dossier_members", "grants", "loans", "unserved"):
        assert getattr(back, name).equals(getattr(plan, name)), name
    assert back.certificates == plan.certificates
    assert dict(back.settings) == dict(plan.settings)
    assert lm.verify(demo(), back).ok
    firm = plan.assignments["firm_id"][0]
    assert back.explain(firm) == plan.explain(firm)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "firms: .* has no such table"),
        ({"firms.csv": "firm_id\na\n"}, "advisers: .* has no such table"),
        ({"clients.csv": "a\n1\n"}, "clients.csv is no table of a market"),
        ({"firms.parquet": "no parquet"}, "firms.parquet cannot be read"),
        ({"firms.csv": 'a,b\n"1,2\n'}, "firms.csv cannot be read"),
        ({"market.toml": "a = "}, "market.toml is no TOML"),
        ({"market.toml": "[fees]"}, "market.toml has a section fees"),
        ({"market.toml": "[skills]"}, r"write \[\[skills\]\] for each row"),
        ({"market.toml": "[[settings]]"}, r"write \[settings\], once"),
        ({"firms.csv": "a\n", "firms.parquet": ""}, "firms"),
    ],
)
def test_a_folder_that_cannot_be_read(tmp_path: Path, files: dict[str, str], message: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(lm.InputError, match=message):
        lm.read_market(tmp_path)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("https://example.org/market", "https:// is not supported yet"),
        ("postgresql://host/market", "postgresql:// is not supported yet"),
        ("nowhere/at/all", "there is no market at nowhere/at/all"),
    ],
)
def test_a_path_that_is_no_market(path: str, message: str) -> None:
    with pytest.raises(lm.InputError, match=message):
        lm.read_market(path)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").write_text("no database at all, and long enough to be one" * 20)
    with pytest.raises(lm.InputError, match="cannot be read as a DuckDB database"):
        lm.read_market(tmp_path / "x.duckdb")


def test_a_plan_that_lacks_a_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(lm.InputError, match=r"plan.json is missing"):
        lm.read_plan(tmp_path)
    demo_plan().save(tmp_path / "plan")
    (tmp_path / "plan/grants.parquet").unlink()
    with pytest.raises(lm.InputError, match=r"grants: the plan at .* lacks this table"):
        lm.read_plan(tmp_path / "plan")
    (tmp_path / "plan/plan.json").write_text("{")
    with pytest.raises(lm.InputError, match=r"lacks this table|is no JSON"):
        lm.read_plan(tmp_path / "plan")
