"""The command line: what it prints, writes and answers."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest
from markets import FIRMS, demo, demo_plan, small_market

import libmatch as lm
from libmatch import cli


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run a command line; its exit code, output and error output."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["libmatch", *map(str, words)])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as left:
            code = int(left.code or 0)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    demo().save(folder / "market")
    demo_plan().save(folder / "plan")
    return folder


def test_demo(run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, shown, _ = run("demo", "--firms", 300, "--advisers", 20, "--seed", 1, "--out", out)
    assert code == 0, shown
    for part in ("served by volunteers", "dossiers", "grants, EU", "assign:volunteers", "lawful"):
        assert part in shown
    assert "Total time" in shown
    assert "\u2026" not in shown  # nothing is cut off
    assert (out / "report.html").stat().st_size > 10_000
    assert lm.verify(lm.read_market(out / "market"), lm.read_plan(out / "plan")).ok
    code, _, _ = run("demo", "--firms", 300, "--advisers", 20, "--seed", 1, "--out", out)
    assert code == 0  # a second time, over the first


def test_the_help_names_every_stage(run) -> None:
    _, shown, _ = run("solve", "--help")
    for stage in lm._plan.STAGES:
        assert stage in shown


def test_generate_check_solve_verify_explain_report_compare(run, tmp_path: Path) -> None:
    market, plan = tmp_path / "m.duckdb", tmp_path / "plan"
    code, shown, _ = run("generate", "--firms", 200, "--advisers", 20, "--out", market)
    assert (code, "200 firms" in shown) == (0, True)
    assert run("check", market)[0] == 0
    code, shown, _ = run("solve", market, "--out", plan, "--stage", "assign", "--exact")
    assert (code, "optimal" in shown) == (0, True)
    assert run("verify", market, plan)[0] == 0
    row = lm.read_plan(plan).assignments.row(0, named=True)
    code, shown, _ = run("explain", market, plan, row["firm_id"])
    assert (code, row["adviser_id"] in shown) == (0, True)
    code, shown, _ = run("explain", market, plan, row["firm_id"], "A0001")
    assert (code, bool(shown)) == (0, True)
    page = tmp_path / "page.html"
    assert run("report", market, plan, "--out", page, "--lang", "en")[0] == 0
    assert page.exists()
    code, shown, _ = run("compare", plan, plan)
    assert code == 0
    assert shown.count("assign:volunteers") == 2
    assert "\u2026" not in shown


def test_a_violation_is_exit_code_1(run, saved: Path, tmp_path: Path) -> None:
    plan = demo_plan()
    wrong = plan.replace(grants=plan.grants.with_columns(pl.col("amount_eur") + 1))
    wrong.save(tmp_path / "plan")
    code, shown, _ = run("verify", saved / "market", tmp_path / "plan")
    assert code == 1
    assert "violations" in shown


def test_bad_input_is_exit_code_2(run, saved: Path, tmp_path: Path) -> None:
    code, shown, said = run("check", tmp_path / "nothing")
    assert (code, shown) == (2, "")
    assert "there is no market at" in said
    small_market(firms=[{**FIRMS[0], "need_website": 9}, *FIRMS[1:]]).save(tmp_path / "bad")
    for command in (
        ("check", tmp_path / "bad"),
        ("solve", tmp_path / "bad", "--out", tmp_path / "p"),
    ):
        code, _, said = run(*command)
        assert code == 2
        assert "firms row 0 column need_website value '9'" in said
    assert run("explain", saved / "market", saved / "plan", "nobody")[0] == 2
    assert run("solve", saved / "market")[0] == 2  # --out is missing
    assert run("dance")[0] == 2


def test_help_and_version(run) -> None:
    code, shown, _ = run("--version")
    assert (code, shown.strip()) == (0, lm.__version__)
    code, shown, _ = run("--help")
    for command in ("demo", "generate", "check", "solve", "verify", "explain", "report", "compare"):
        assert command in shown
