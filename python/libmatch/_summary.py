"""The plan in figures that a manager reads."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

if TYPE_CHECKING:
    from ._plan import Plan

PROOF = "Proof by stage"
FUNDERS = {"eu": "EU", "state": "State", "region": "Regions"}


@dataclass(frozen=True)
class Section:
    """A heading and rows of (what, figure)."""

    title: str
    rows: tuple[tuple[str, str], ...]


def sections(plan: Plan) -> tuple[Section, ...]:
    """Served firms by programme, dossiers and loans, money by source, proof by stage, and what
    contradicts itself.
    """
    parts = (
        *(_firms(plan), _changes(plan), _quotas(plan), _dossiers(plan), _money(plan)),
        *(_budgets(plan), _services(plan)),
        *(_proof(plan), _contradictions(plan)),
    )
    return tuple(part for part in parts if part.rows)


def _column(plan: Plan, table: str, column: str) -> list[Any]:
    found = plan._tables.get(table)
    if found is None or column not in found.column_names:
        return []
    return list(found.column(column).to_pylist())


def _firms(plan: Plan) -> Section:
    served: defaultdict[str, set[str]] = defaultdict(set)
    for programme, firm in zip(
        _column(plan, "assignments", "programme"),
        _column(plan, "assignments", "firm_id"),
        strict=True,
    ):
        served[programme].add(firm)
    of = ""
    if plan.market is not None:
        of = f" of {plan.market._tables['firms'].num_rows:,}"
    rows = [(f"served by {name}", f"{len(firms):,}{of}") for name, firms in served.items()]
    return Section("Firms", tuple(rows))


def _changes(plan: Plan) -> Section:
    names = ("stage", "changes", "forced_changes", "max_changes", "unlimited_objective")
    objective = {stage: c.objective for stage, c in plan.certificates.items()}
    rows = []
    for stage, changes, forced, most, unlimited in zip(
        *(_column(plan, "changes", name) for name in names), strict=True
    ):
        limit = "" if most is None else f" of {most:,} allowed"
        rows.append((f"{stage}: by choice", f"{changes:,}{limit}"))
        rows.append((f"{stage}: forced", f"{forced:,}"))
        if unlimited is not None and stage in objective:
            cost = unlimited - objective[stage]
            rows.append((f"{stage}: what the limit costs", f"{cost:,.4f} of score"))
    return Section("Firms that lost their earlier adviser", tuple(rows))


def _quotas(plan: Plan) -> Section:
    keys = zip(
        *(_column(plan, "prices", name) for name in ("stage", "kind", "id", "price")), strict=True
    )
    price = {(stage, name): cost for stage, kind, name, cost in keys if kind == "quota"}
    rows = []
    for stage, name, lower, upper, pairs in zip(
        *(_column(plan, "quotas", name) for name in ("stage", "name", "lower", "upper", "pairs")),
        strict=True,
    ):
        ends = f"at least {lower:,}" if lower else ""
        if upper is not None:
            ends += f"{', ' if ends else ''}at most {upper:,}"
        cost = price.get((stage, name), 0.0)
        worth = f"; one more is worth {abs(cost):.4f}" if cost > 0 else ""
        worth = f"; one fewer is worth {abs(cost):.4f}" if cost < 0 else worth
        rows.append((f"{stage}: {name}", f"{pairs:,} ({ends or 'no limit'}){worth}"))
    return Section("Quotas", tuple(rows))


def _dossiers(plan: Plan) -> Section:
    dossiers = _column(plan, "dossiers", "dossier_id")
    lenders = _column(plan, "dossiers", "lender_id")
    leads = _column(plan, "dossiers", "lead_adviser_id")
    lent = {d for d, lender in zip(dossiers, lenders, strict=True) if lender}
    funded = {
        firm
        for d, firm in zip(
            _column(plan, "dossier_members", "dossier_id"),
            _column(plan, "dossier_members", "firm_id"),
            strict=True,
        )
        if d in lent
    }
    solo = {
        firm
        for kind, firm in zip(
            _column(plan, "loans", "kind"), _column(plan, "loans", "firm_id"), strict=True
        )
        if kind == "solo"
    }
    granted = set(_column(plan, "grants", "firm_id"))
    if not (dossiers or solo or granted):
        return Section("Dossiers and loans", ())
    members = len(_column(plan, "dossier_members", "firm_id"))
    rows = [
        ("dossiers", f"{len(dossiers):,}"),
        ("firms in dossiers", f"{members:,}"),
        ("dossiers with a lead professional", f"{sum(map(bool, leads)):,}"),
        ("dossiers with a lender", f"{len(lent):,}"),
        ("firms funded in a dossier", f"{len(funded - solo):,}"),
        ("firms funded by a loan of their own", f"{len(solo):,}"),
        ("firms with a grant", f"{len(granted):,}"),
    ]
    return Section("Dossiers and loans", tuple(rows))


def _money(plan: Plan) -> Section:
    amounts: Counter[str] = Counter()
    funder: dict[str, str] = {}
    schemes = None if plan.market is None else plan.market._tables.get("schemes")
    if schemes is not None:
        funder = dict(
            zip(
                schemes.column("scheme_id").cast("string").to_pylist(),
                schemes.column("funder").to_pylist(),
                strict=True,
            )
        )
    for scheme, amount in zip(
        _column(plan, "grants", "scheme_id"), _column(plan, "grants", "amount_eur"), strict=True
    ):
        source = funder.get(scheme, scheme)
        amounts[f"grants, {FUNDERS.get(source, source)}"] += amount or 0
    loans = plan._tables.get("loans")
    lent = 0.0 if loans is None else pc.sum(loans.column("amount_eur")).as_py() or 0.0
    rows = [(name, f"{amount:,.0f} EUR") for name, amount in sorted(amounts.items())]
    if lent:
        rows.append(("loans", f"{lent:,.0f} EUR"))
    if len(rows) > 1:
        rows.append(("in all", f"{sum(amounts.values()) + lent:,.0f} EUR"))
    return Section("Money by source", tuple(rows))


def _services(plan: Plan) -> Section:
    sessions = _column(plan, "workshops", "session_id")
    leaders = _column(plan, "workshop_members", "firm_id")
    days = zip(_column(plan, "visits", "adviser_id"), _column(plan, "visits", "day"), strict=True)
    visited = _column(plan, "visits", "firm_id")
    jobs = _column(plan, "shared_staff", "job_id")
    sharing = _column(plan, "shared_staff_members", "firm_id")
    rows: list[tuple[str, str]] = []
    if sessions:
        rows.append(("workshops", f"{len(sessions):,} for {len(leaders):,} leaders"))
    if visited:
        rounds = len(set(days))
        rows.append(
            ("firms visited", f"{len(visited):,} in {rounds:,} rounds of {_km(plan):,.0f} km")
        )
    if jobs:
        rows.append(("shared jobs", f"{len(jobs):,} for {len(sharing):,} firms"))
    return Section("Workshops, visits and shared staff", tuple(rows))


def _km(plan: Plan) -> float:
    """Km of all rounds together: every leg, and home from each last stop."""
    home: dict[tuple[str, int], float] = {}
    rows = zip(
        *(_column(plan, "visits", name) for name in ("adviser_id", "day", "home_km")), strict=True
    )
    for adviser, day, km in rows:
        home[adviser, day] = km
    return math.fsum(_column(plan, "visits", "leg_km")) + math.fsum(home.values())


def _budgets(plan: Plan) -> Section:
    """The budgets that do not suffice, and what one euro more in each is worth."""
    names = ("scheme_id", "firms_served", "firms_open", "marginal_eur")
    rows = [
        (
            scheme,
            f"{served:,} of {asked:,} firms served; one euro more is worth {marginal:.2f} EUR",
        )
        for scheme, served, asked, marginal in zip(
            *(_column(plan, "budgets", name) for name in names), strict=True
        )
        if marginal > 0
    ]
    return Section("Budgets that do not suffice", tuple(rows))


def _proof(plan: Plan) -> Section:
    rows = [
        (
            stage,
            f"{c.status:<11} objective {c.objective:,.2f}  bound {c.bound:,.2f}  "
            f"gap {c.gap:.2e}  {c.seconds:.2f} s",
        )
        for stage, c in plan.certificates.items()
    ]
    return Section(PROOF, tuple(rows))


def _contradictions(plan: Plan) -> Section:
    rows = list(
        zip(*(_column(plan, "blockers", name) for name in ("stage", "reason")), strict=True)
    )
    changes: Counter[str] = Counter()
    for stage, before, after in zip(
        *(_column(plan, "relaxations", name) for name in ("stage", "units_before", "units_after")),
        strict=True,
    ):
        changes[stage] += abs(after - before)
    rows += [
        (stage, f"the smallest relaxation changes {units:,} units; see relaxations")
        for stage, units in changes.items()
    ]
    return Section("Limits that contradict each other", tuple(rows))


def summary_text(plan: Plan) -> str:
    """The sections as plain text."""
    lines = []
    for section in sections(plan):
        lines.append(section.title)
        width = max(len(label) for label, _ in section.rows)
        lines += [f"  {label:<{width}}  {figure}" for label, figure in section.rows]
    return "\n".join(lines)


def summary_html(plan: Plan) -> str:
    """The sections as an HTML table, for notebooks."""
    rows = []
    for section in sections(plan):
        rows.append(
            f'<tr><th colspan="2" style="text-align:left">{escape(section.title)}</th></tr>'
        )
        rows += [
            f"<tr><td>{escape(label)}</td><td>{escape(figure)}</td></tr>"
            for label, figure in section.rows
        ]
    return f"<table>{''.join(rows)}</table>"
