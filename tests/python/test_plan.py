"""Plans: made, proven, explained; and a corrupted one is caught and named."""

from __future__ import annotations

import math
import os
import signal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from markets import ADVISERS, demo, demo_plan, small_market

import libmatch as lm

SOLVED = {"optimal", "within_gap", "time_limit"}


def test_every_stage_is_there_with_its_proof() -> None:
    plan = demo_plan()
    assert [*plan.certificates] == [
        *("assign:volunteers", "assign:professionals", "fund", "pool", "lead", "specialists"),
        *("lend", "resources"),
        *("workshops", "visits", "shared_staff"),
    ]
    for stage, c in plan.certificates.items():
        assert c.status in SOLVED, stage
        assert c.bound >= c.objective - 1e-9 * abs(c.objective), stage
        assert c.gap == pytest.approx((c.bound - c.objective) / (abs(c.bound) or 1))
        assert c.seconds >= 0
    assert all(c.gap <= 1e-4 for stage, c in plan.certificates.items() if "assign" in stage)
    for name in (
        *("assignments", "dossiers", "dossier_members", "grants", "loans", "resources"),
        *("workshops", "workshop_members", "visits", "shared_staff", "shared_staff_members"),
    ):
        assert len(getattr(plan, name)) > 0, name
    assert plan.assignments.schema["pinned"] == pl.Boolean
    assert plan.dossiers.schema["members"] == pl.Int64


def test_what_was_seen_is_counted(tmp_path: Path) -> None:
    plan = demo_plan()
    assert {*plan.seen} == {s for s in plan.certificates if s.startswith("assign:")}
    for counts in plan.seen.values():
        assert counts["lists"] > 0
        assert 0 < counts["scored"] < counts["filtered"]
    plan.save(tmp_path)
    assert lm.read_plan(tmp_path).seen == {}


def test_the_judge_agrees() -> None:
    verdict = lm.verify(demo(), demo_plan())
    assert verdict, verdict
    assert verdict.ok
    assert not verdict.violations
    certificates = demo_plan().certificates
    for stage, found in verdict.stages.items():
        assert found.objective == pytest.approx(certificates[stage].objective, abs=1e-6), stage
        assert found.bound == pytest.approx(certificates[stage].bound, abs=1e-6), stage
    assert verdict.gap == max(s.gap for s in verdict.stages.values())
    assert verdict.objective == pytest.approx(math.fsum(c.objective for c in certificates.values()))
    assert verdict.bound >= verdict.objective
    assert repr(verdict).startswith("Verdict: ok")


def test_stages_and_settings() -> None:
    plan = lm.solve(demo(), stages=["assign"], exact=True, seed=7, threads=1)
    assert {stage.split(":")[0] for stage in plan.certificates} == {"assign"}
    assert all(c.status == "optimal" and c.gap == 0 for c in plan.certificates.values())
    assert len(plan.dossiers) == 0
    assert dict(plan.settings) == {
        "version": lm.__version__,
        "gap": 1e-4,
        "exact": True,
        "time_limit": None,
        "threads": 1,
        "seed": 7,
        "stages": ["assign"],
        "max_changes": None,
    }
    assert lm.verify(demo(), plan).ok


def test_the_same_plan_on_any_number_of_threads() -> None:
    again = lm.solve(demo(), threads=3)
    for name in ("assignments", "dossier_members", "grants", "loans", "resources", "prices"):
        assert getattr(again, name).equals(getattr(demo_plan(), name)), name


# ---- progress and cancelling ----


def test_progress_is_told() -> None:
    told: list[tuple[str, float, float, float]] = []
    lm.solve(demo(), progress=lambda *report: told.append(report))
    assert {report[0] for report in told} >= {*demo_plan().certificates}
    assert all(0 <= done <= 1 and elapsed >= 0 for _, done, elapsed, _ in told)


def test_progress_bars_go_to_the_error_stream(capfd: pytest.CaptureFixture[str]) -> None:
    lm.solve(small_market(), progress=True)
    shown = capfd.readouterr()
    assert not shown.out
    assert "assign:volunteers" in shown.err


def test_false_cancels() -> None:
    plan = lm.solve(demo(), progress=lambda *_: False)
    assert "cancelled" in {c.status for c in plan.certificates.values()}
    verdict = lm.verify(demo(), plan)
    assert verdict.ok, verdict


@pytest.mark.parametrize(
    "last",
    ["assign:volunteers", "fund", "pool", "lead", "specialists", "lend", "resources", "workshops"],
)
def test_a_cancel_ends_its_stage_and_leaves_out_those_after_it(last: str) -> None:
    plan = lm.solve(demo(), progress=lambda stage, *_: stage != last)
    whole = [*demo_plan().certificates]
    assert [*plan.certificates] == whole[: whole.index(last) + 1]
    assert plan.certificates[last].status == "cancelled"
    verdict = lm.verify(demo(), plan)
    assert verdict.ok, verdict


def test_a_stage_that_ended_is_not_called_cancelled() -> None:
    plan = lm.solve(demo(), stages=["assign"], progress=lambda _, done, *rest: done < 1)
    *others, last = plan.certificates
    assert last == "assign:volunteers"
    assert not others
    whole = lm.solve(demo(), stages=["fund"], progress=lambda _, done, *rest: done < 1)
    assert whole.certificates["fund"].status != "cancelled"


def test_an_infeasible_programme_stays_infeasible_when_cancelled() -> None:
    advisers = [{**adviser, "capacity": 9, "min_load": 9} for adviser in ADVISERS]
    market = small_market(advisers=advisers)
    plan = lm.solve(market, progress=lambda _, done, *rest: done < 1)
    first, *others = plan.certificates.values()
    assert first.status == "infeasible"
    assert not others
    verdict = lm.verify(market, plan)
    assert verdict.ok, verdict


def test_an_error_in_the_callback_comes_back() -> None:
    def tell(*_: Any) -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        lm.solve(demo(), progress=tell)


@pytest.mark.parametrize("listening", [True, False])
def test_interrupt_gives_the_best_plan_so_far(listening: bool) -> None:
    market = lm.demo_market(firms=4000, advisers=100, seed=1)
    lm.check(market)
    market.programmes  # noqa: B018  compiled before the clock starts

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        if not listening:
            signal.setitimer(signal.ITIMER_REAL, 0.02)
        tell = (lambda *_: os.kill(os.getpid(), signal.SIGALRM)) if listening else None
        plan = lm.solve(market, progress=tell)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert "cancelled" in {c.status for c in plan.certificates.values()}
    assert lm.verify(market, plan).ok


def test_time_limit_gives_the_best_plan_so_far() -> None:
    plan = lm.solve(demo(), time_limit=0)
    assert "time_limit" in {c.status for c in plan.certificates.values()}
    verdict = lm.verify(demo(), plan)
    assert verdict.ok, verdict


# ---- explanations ----


def test_explain_and_why_not() -> None:
    plan = demo_plan()
    row = plan.assignments.row(0, named=True)
    assert row["adviser_id"] in plan.explain(row["firm_id"])
    others = demo().tables["advisers"]["adviser_id"].to_list()
    other = next(a for a in others if a != row["adviser_id"])
    assert plan.why_not(row["firm_id"], other)


@pytest.mark.parametrize("ids", [("nobody", "A0001"), ("F0001", "nobody")])
def test_an_unknown_id_is_named(ids: tuple[str, str]) -> None:
    firm = demo().tables["firms"]["firm_id"][0]
    adviser = demo().tables["advisers"]["adviser_id"][0]
    given = (ids[0] if ids[0] == "nobody" else firm, ids[1] if ids[1] == "nobody" else adviser)
    with pytest.raises(lm.InputError, match="nobody"):
        demo_plan().why_not(*given)


def test_a_plan_without_market_says_so(tmp_path: Path) -> None:
    demo_plan().save(tmp_path / "plan")
    plan = lm.read_plan(tmp_path / "plan")
    assert plan.market is None
    for ask in (lambda: plan.explain("x"), lambda: plan.report(tmp_path / "r.html")):
        with pytest.raises(lm.InputError, match="without its market"):
            ask()
    assert "served by volunteers" in plan.summary()


# ---- showing ----


def test_summary() -> None:
    text = demo_plan().summary()
    for part in (
        "served by volunteers",
        "of 600",
        "grants, EU",
        "loans",
        "assign:volunteers",
        "gap",
    ):
        assert part in text
    html = demo_plan()._repr_html_()
    assert html.startswith("<table>")
    assert "grants, EU" in html
    assert repr(demo_plan()).startswith("Plan: ")


def test_report_is_written(tmp_path: Path) -> None:
    demo_plan().report(tmp_path / "report.html", lang="en")
    assert "<html" in (tmp_path / "report.html").read_text()
    with pytest.raises(lm.InputError, match="lang is 'de'"):
        demo_plan().report(tmp_path / "x.html", lang="de")


def test_compare() -> None:
    quick = lm.solve(demo(), stages=["assign"])
    table = lm.compare(whole=demo_plan(), quick=quick)
    assert table.columns == ["stage", "plan", "status", "objective", "bound", "gap", "seconds"]
    assert table.filter(pl.col("stage") == "fund")["plan"].to_list() == ["whole"]
    assert len(table) == len(demo_plan().certificates) + len(quick.certificates)


def test_an_infeasible_market_is_an_answer() -> None:
    advisers = [
        {"adviser_id": "a1", "network": "n", "commune": "69123", "capacity": 9, "min_load": 9}
    ]
    plan = lm.solve(small_market(advisers=advisers), stages=["assign"])
    assert [c.status for c in plan.certificates.values()] == ["infeasible"]


# ---- corrupted plans ----


def changed(table: str, row: int = 0, **cells: Any) -> lm.Plan:
    """The plan with some cells of one row changed; a function changes what is there."""
    frame = demo_plan().tables[table]
    rows = frame.to_dicts()
    for name, value in cells.items():
        rows[row][name] = value(rows[row][name]) if callable(value) else value
    return demo_plan().replace(**{table: pl.from_dicts(rows, schema=frame.schema)})


def other_adviser() -> str:
    mine = demo_plan().assignments["adviser_id"][0]
    network = dict(demo().tables["advisers"].select("adviser_id", "network").iter_rows())
    return next(a for a, n in network.items() if n == network[mine] and a != mine)


def free_firm() -> str:
    inside = set(demo_plan().dossier_members["firm_id"])
    return next(f for f in demo().tables["firms"]["firm_id"] if f not in inside)


def price_of(stage: str) -> int:
    prices = demo_plan().prices
    return next(k for k, s in enumerate(prices["stage"]) if s.startswith(stage))


CORRUPTIONS = {
    "an adviser of an assignment": (
        lambda: changed("assignments", adviser_id=other_adviser()),
        "assign:volunteers",
    ),
    "a score": (lambda: changed("assignments", score=lambda x: x + 0.01), "assign:volunteers"),
    "a price of an adviser": (
        lambda: changed("prices", price_of("assign"), price=lambda x: x + 0.5),
        "assign:",
    ),
    "a price of a firm": (lambda: changed("prices", price_of("pool"), price=0.0), "pool"),
    "a dossier member": (lambda: changed("dossier_members", firm_id=free_firm()), "pool"),
    "a member's amount": (
        lambda: changed("dossier_members", amount_eur=lambda x: x + 100),
        "pool",
    ),
    "a dossier's sum": (lambda: changed("dossiers", sum_eur=lambda x: x + 100), "pool"),
    "a lead": (lambda: changed("dossiers", lead_adviser_id=None), "lead"),
    "a grant": (lambda: changed("grants", amount_eur=lambda x: x + 20_000), "fund"),
    "a loan": (lambda: changed("loans", amount_eur=lambda x: x + 500), "lend"),
    "a leader's workshop": (
        lambda: changed("workshop_members", distance_km=lambda x: x + 1),
        "workshops",
    ),
    "a session's site": (lambda: changed("workshops", site_id="S-unknown"), "S-unknown"),
    "a price of a leader": (
        lambda: changed("prices", price_of("workshops"), price=0.0),
        "workshops",
    ),
    "days of a job": (
        lambda: changed("shared_staff_members", days=lambda x: x + 1),
        "shared_staff",
    ),
    "a visit's day": (lambda: changed("visits", day=lambda x: x + 100), "visits"),
    "a visit's adviser": (lambda: changed("visits", adviser_id="A-unknown"), "A-unknown"),
    "a price of a day": (
        lambda: changed(
            "prices",
            demo_plan().prices["kind"].to_list().index("adviser_day"),
            price=lambda x: x * 0.9,
        ),
        "visits",
    ),
    "a price of no kind": (lambda: changed("prices", price_of("visits"), kind="hat"), "hat"),
    "a resource": (lambda: changed("resources", score=lambda x: x + 0.1), "resources"),
    "an objective": (
        lambda: changed("certificates", objective=lambda x: x + 1),
        "assign:volunteers",
    ),
    "a bound": (lambda: changed("certificates", bound=lambda x: x - 1), "assign:volunteers"),
    "a firm's id": (lambda: changed("assignments", firm_id="F-unknown"), "F-unknown"),
    "a dossier's id": (lambda: changed("dossiers", dossier_id="D-unknown"), "D000001"),
    "a scheme's id": (lambda: changed("grants", scheme_id="S-unknown"), "S-unknown"),
    "a reason left out": (
        lambda: demo_plan().replace(unserved=demo_plan().unserved.head(0)),
        "pool",
    ),
}


@pytest.mark.parametrize("corruption", CORRUPTIONS)
@pytest.mark.parametrize("way", ["in memory", "in files"])
def test_a_corrupted_plan_is_caught_and_named(corruption: str, way: str, tmp_path: Path) -> None:
    make, named = CORRUPTIONS[corruption]
    plan = make()
    if way == "in files":
        plan.save(tmp_path / "plan")
        plan = lm.read_plan(tmp_path / "plan")
    verdict = lm.verify(demo(), plan)
    assert not verdict.ok
    assert any(named in str(violation) for violation in verdict.violations), verdict
    assert "violation" in repr(verdict)
