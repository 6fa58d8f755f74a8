"""The plan: what was decided, with its proof."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from os import PathLike
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

if TYPE_CHECKING:
    from ._place import Placement

from . import _core, _frames
from ._errors import error, input_error
from ._frames import Frame
from ._market import Market
from ._progress import Listener, Progress, bars
from ._verdict import Certificate

if TYPE_CHECKING:
    from ._coincidence import Coincidence

STAGES = (
    *("assign", "fund", "pool", "lead", "specialists", "lend", "resources"),
    *("workshops", "visits", "shared_staff"),
)
TABLES = (
    *("assignments", "dossiers", "dossier_members", "dossier_specialists", "grants", "loans"),
    *("resources", "workshops", "workshop_members", "visits", "visit_choices"),
    *("shared_staff", "shared_staff_members"),
    *("unserved", "certificates", "prices", "budgets", "paths"),
    *("blockers", "blocker_members", "relaxations", "relaxed_assignments"),
    *("quotas", "changes", "previous_assignments", "unlimited_assignments"),
)
# Plans saved before there were these tables lack them.
LATER_TABLES = {
    "dossier_specialists": pa.schema(
        [("dossier_id", pa.string()), ("adviser_id", pa.string()), ("adds", pa.float64())]
    ),
    "workshops": pa.schema(
        [
            *((name, pa.string()) for name in ("session_id", "workshop", "site_id")),
            *(("members", pa.int64()), ("attendance", pa.float64()), ("value", pa.float64())),
        ]
    ),
    "workshop_members": pa.schema(
        [
            *((name, pa.string()) for name in ("session_id", "firm_id")),
            ("distance_km", pa.float64()),
        ]
    ),
    "visits": pa.schema(
        [
            *(("adviser_id", pa.string()), ("day", pa.int64()), ("position", pa.int64())),
            *(("firm_id", pa.string()), ("leg_km", pa.float64()), ("home_km", pa.float64())),
        ]
    ),
    "visit_choices": pa.schema([(name, pa.string()) for name in ("firm_id", "adviser_id")]),
    "shared_staff": pa.schema(
        [
            *((name, pa.string()) for name in ("job_id", "rule", "seat_firm_id")),
            *(("members", pa.int64()), ("days", pa.float64()), ("value", pa.float64())),
        ]
    ),
    "shared_staff_members": pa.schema(
        [
            *((name, pa.string()) for name in ("job_id", "firm_id")),
            *((name, pa.float64()) for name in ("days", "distance_km")),
        ]
    ),
    "paths": pa.schema(
        [
            *(("firm_id", pa.string()), ("path", pa.string()), ("chosen", pa.bool_())),
            *((name, pa.float64()) for name in ("residual_eur", "grants_eur", "loan_eur")),
            ("interest_eur", pa.float64()),
            *(("lender_id", pa.string()), ("dossier_id", pa.string())),
            ("distance_km", pa.float64()),
        ]
    ),
    "budgets": pa.schema(
        [
            ("scheme_id", pa.string()),
            *((name, pa.int64()) for name in ("firms_open", "firms_served")),
            *((name, pa.float64()) for name in ("asked_eur", "granted_eur", "left_eur")),
            ("marginal_eur", pa.float64()),
        ]
    ),
    # what an infeasible stage says
    "blockers": pa.schema(
        [
            *(("stage", pa.string()), ("blocker", pa.int64()), ("kind", pa.string())),
            *((name, pa.int64()) for name in ("needed", "reachable", "shortfall")),
            ("reason", pa.string()),
        ]
    ),
    "blocker_members": pa.schema(
        [
            *(("stage", pa.string()), ("blocker", pa.int64())),
            *(("firm_id", pa.string()), ("adviser_id", pa.string())),
        ]
    ),
    "relaxations": pa.schema(
        [
            *((name, pa.string()) for name in ("stage", "limit", "firm_id", "adviser_id")),
            *(("units_before", pa.int64()), ("units_after", pa.int64())),
        ]
    ),
    **{
        table: pa.schema([(name, pa.string()) for name in ("stage", "firm_id", "adviser_id")])
        for table in ("relaxed_assignments", "previous_assignments", "unlimited_assignments")
    },
    "quotas": pa.schema(
        [
            *((name, pa.string()) for name in ("stage", "name")),
            *((name, pa.int64()) for name in ("lower", "upper", "pairs")),
        ]
    ),
    "changes": pa.schema(
        [
            ("stage", pa.string()),
            *((name, pa.int64()) for name in ("changes", "forced_changes", "max_changes")),
            *(("change_price", pa.float64()), ("unlimited_status", pa.string())),
            *((f"unlimited_{name}", pa.float64()) for name in ("objective", "bound", "unit")),
            ("unlimited_changes", pa.int64()),
        ]
    ),
}


def solve(
    market: Market,
    gap: float = 1e-4,
    exact: bool = False,
    time_limit: float | None = None,
    threads: int = 0,
    seed: int = 0,
    progress: Progress | Literal[True] | None = None,
    stages: Sequence[str] | None = None,
    *,
    previous: Plan | None = None,
    max_changes: int | None = None,
) -> Plan:
    """Make the plan of a market: assign, fund, pool, find lead professionals and lenders,
    recommend, hold workshops, visit, share staff.

    Parameters
    ----------
    market : Market
    gap : float
        Relative gap to prove for each assignment, over all eligible pairs; from 0.
    exact : bool
        Assign with gap exactly 0, in multiples of 1e-6 of the score.
    time_limit : float, optional
        Seconds for all stages together; then the best plan so far comes back with its true gap.
    threads : int
        0 = all cores. Never changes the answer.
    seed : int
        From 0. Same market, seed and version: same plan.
    progress : True or function, optional
        True shows a bar for each stage. A function is called with (stage, done in [0, 1], seconds
        since the start, seconds to go or -1); if it returns False the work is cancelled.
    stages : sequence of str, optional
        Some of assign, fund, pool, lead, specialists, lend, resources, workshops, visits,
        shared_staff; all of them by default. The last three have nothing to do without the market's
        tables of their name, and then leave neither rows nor certificate.
    previous : Plan, optional
        An earlier plan, of this market or of one whose firms and advisers have changed since; they
        are matched by id. Each programme's assignment begins with its prices and pairs, which
        saves most of the time where little has changed and nothing about what is proven. Without
        it, the market's own table `previous` (`firm_id, adviser_id`, perhaps `programme`) counts
        as the earlier assignment. The plan's table `changes` counts how many firms lost their
        adviser. Firms that want several advisers have no earlier one.
    max_changes : int, optional
        How many firms of each programme may lose the adviser that they had, for another one or for
        none, beyond those who must: whose adviser is gone, has fewer seats or may not serve them
        any more. `changes` says what that costs. Not with `exact`, minimum loads, minimum
        demands, quotas or demands above 1.

    Returns
    -------
    Plan
        Also after Ctrl-C (the stage in which it came has status cancelled, and those after it are
        left out), at the time limit, and when no answer exists (status infeasible, with what stands
        in the way in `blockers` and what would help in `relaxations`).

    Raises
    ------
    InputError
        The market has errors (all are listed), or an argument is out of range.

    Notes
    -----
    Capacitated auction over lists that are regenerated at the prices until the certificate over
    all pairs closes (D. Bertsekas, *Network Optimization*, 1998, chapter 7); time grows with firms
    x advisers at worst, and in practice with firms x list length. No firms x advisers matrix is
    formed.

    Examples
    --------
    >>> import libmatch as lm
    >>> plan = lm.solve(lm.demo_market(firms=200, advisers=20, seed=1), stages=["assign"])
    >>> all(c.gap <= 1e-4 for c in plan.certificates.values())
    True
    """
    wanted = _stages(stages)
    gap = _real("gap", gap)
    if time_limit is not None:
        time_limit = _real("time_limit", time_limit)
    threads, seed = _whole("threads", threads), _whole("seed", seed)
    if max_changes is not None:
        max_changes = min(_whole("max_changes", max_changes), 2**52)
    compiled = market._core()
    earlier = None if previous is None else _earlier(previous)
    with bars() if progress is True else nullcontext(progress) as tell:
        listener = None if tell is None else Listener(tell)
        core = _core.solve(
            compiled,
            gap=gap,
            exact=bool(exact),
            time_limit=time_limit,
            threads=threads,
            seed=seed,
            stages=wanted,
            progress=listener,
            previous=earlier,
            max_changes=max_changes,
        )
    if listener is not None and listener.failed is not None:
        raise listener.failed
    settings = {
        "version": _core.version,
        "gap": gap,
        "exact": bool(exact),
        "time_limit": time_limit,
        "threads": threads,
        "seed": seed,
        "stages": wanted or list(STAGES),
        "max_changes": max_changes,
    }
    plan = Plan._of(market, settings, market._library)
    plan._compiled = core
    return plan


def _earlier(previous: Plan) -> dict[str, Any]:
    """What of an earlier plan a new one begins with."""
    if not isinstance(previous, Plan):
        raise input_error(f"previous is {type(previous).__name__}; a Plan is expected")
    faults: list[Any] = []
    columns: dict[str, Any] = {
        name: _frames.to_core(previous._tables[name], name, faults)
        for name in ("assignments", "certificates", "prices")
        if name in previous._tables
    }
    if faults:
        raise input_error(*faults)
    return columns


def _stages(stages: Sequence[str] | None) -> list[str]:
    if stages is None:
        return []
    wanted = [stages] if isinstance(stages, str) else list(stages)
    unknown = [str(name) for name in wanted if name not in STAGES]
    if unknown or not wanted:
        raise input_error(
            f"stages has {', '.join(unknown) or 'no entry'}; the stages are {', '.join(STAGES)}"
        )
    return wanted


def _real(name: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise input_error(f"{name} is {value!r}; a finite number from 0 is expected")
    return number


def _whole(name: str, value: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if not 0 <= number < 2 ** (32 if name == "threads" else 64):
        raise input_error(f"{name} is {value!r}; a whole number from 0 is expected")
    return number


class Plan:
    """What was decided for a market, with certificates, prices and the settings that made it.

    Tables come in the frame library of the market's firms: `assignments`, `dossiers`,
    `dossier_members`, `dossier_specialists`, `grants`, `budgets`, `loans`, `paths`,
    `resources`, `workshops`,
    `workshop_members`, `visits`, `visit_choices`, `shared_staff`, `shared_staff_members`,
    `unserved` and `prices`; of infeasible stages `blockers`, `blocker_members`, `relaxations` and
    `relaxed_assignments`. Amounts are in EUR, distances in km, scores and prices in the unit of
    their stage.
    """

    def __init__(
        self,
        tables: Mapping[str, Frame],
        *,
        settings: Mapping[str, Any] | None = None,
        market: Market | None = None,
    ) -> None:
        for name in tables:
            if name not in TABLES:
                raise input_error(
                    error(name, "this is no table of a plan", f"the tables are {', '.join(TABLES)}")
                )
        self._market = market
        self._settings = dict(settings or {})
        self._compiled: _core.Plan | None = None
        self._placer: tuple[Market, _core.Placer] | None = None
        self._arrow: dict[str, pa.Table] | None = {
            name: _frames.to_arrow(frame, name) for name, frame in tables.items()
        }
        first = next(iter(tables.values()), None)
        self._library = "polars" if first is None else _frames.library_of(first)

    @classmethod
    def _of(cls, market: Market | None, settings: Mapping[str, Any], library: str) -> Plan:
        plan = cls({}, settings=settings, market=market)
        plan._arrow = None
        plan._library = library
        return plan

    @property
    def _tables(self) -> dict[str, pa.Table]:
        if self._arrow is None:
            assert self._compiled is not None
            out = self._compiled.tables()
            self._arrow = {name: _frames.from_core(out[name]) for name in TABLES}
        return self._arrow

    def _frame(self, name: str) -> Frame:
        if name not in self._tables:
            raise input_error(error(name, "the plan has no such table"))
        return _frames.from_arrow(self._tables[name], self._library)

    @property
    def tables(self) -> dict[str, Frame]:
        """All tables, the certificates and prices too."""
        return {name: self._frame(name) for name in self._tables}

    @property
    def assignments(self) -> Frame:
        """`programme, firm_id, adviser_id, score`, the score's terms, `distance_km`, `pinned`."""
        return self._frame("assignments")

    @property
    def dossiers(self) -> Frame:
        """`dossier_id, rule, seat_firm_id` or `seat_site_id` (where it meets)`, members, sum_eur,
        value, lead_adviser_id, lender_id`.
        """
        return self._frame("dossiers")

    @property
    def dossier_members(self) -> Frame:
        """`dossier_id, firm_id, amount_eur, distance_km` (to the seat)."""
        return self._frame("dossier_members")

    @property
    def dossier_specialists(self) -> Frame:
        """`dossier_id, adviser_id, adds`: advisers beside the lead, and the share of the members'
        needs that each covers beyond it.
        """
        return self._frame("dossier_specialists")

    @property
    def grants(self) -> Frame:
        """`firm_id, scheme_id, amount_eur`."""
        return self._frame("grants")

    @property
    def budgets(self) -> Frame:
        """`scheme_id, firms_open` (seekers that its rules admit)`, firms_served, asked_eur` (what
        it would grant to all of them, each alone)`, granted_eur, left_eur` (missing without a
        budget)`, marginal_eur`: by how much one euro more raises the bound on all grants. Where it
        is above 0 the budget does not suffice: it serves first whom it is worth most to at this
        price, then by priority, then by id.
        """
        return self._frame("budgets")

    @property
    def paths(self) -> Frame:
        """`firm_id, path` (solo, pooled or none)`, chosen, residual_eur, grants_eur, loan_eur,
        interest_eur` (of one year)`, lender_id, dossier_id, distance_km` (to its seat)`: the ways
        to the money that each firm still lacks. A firm whose residual alone reaches a ticket has
        its own loan compared with the nearest dossier that is open to it.
        """
        return self._frame("paths")

    @property
    def loans(self) -> Frame:
        """`loan_id, kind` (pooled or solo)`, dossier_id, firm_id, lender_id, amount_eur`."""
        return self._frame("loans")

    @property
    def resources(self) -> Frame:
        """`firm_id, rank` (from 1)`, resource_id, score` (share of the firm's needs that it answers
        alone)`, adds` (the share beyond the ranks before it)`, neighbour` (its centre serves a
        neighbouring territory).
        """
        return self._frame("resources")

    @property
    def workshops(self) -> Frame:
        """`session_id, workshop, site_id, members, attendance, value`."""
        return self._frame("workshops")

    @property
    def workshop_members(self) -> Frame:
        """`session_id, firm_id, distance_km` (to the site)."""
        return self._frame("workshop_members")

    @property
    def visits(self) -> Frame:
        """`adviser_id, day` (from 1)`, position` (in the day, from 1)`, firm_id, leg_km` (from the
        stop before, or from home)`, home_km` (back home from here).
        """
        return self._frame("visits")

    @property
    def visit_choices(self) -> Frame:
        """`firm_id, adviser_id`: whose visit each firm waits for, where the plan does not assign
        the network that visits.
        """
        return self._frame("visit_choices")

    @property
    def shared_staff(self) -> Frame:
        """`job_id, rule, seat_firm_id, members, days` (per month)`, value`."""
        return self._frame("shared_staff")

    @property
    def shared_staff_members(self) -> Frame:
        """`job_id, firm_id, days` (per month)`, distance_km` (to the seat)."""
        return self._frame("shared_staff_members")

    @property
    def unserved(self) -> Frame:
        """`stage, firm_id, reason, amount_eur`: whom a stage leaves out, and why. Of stage pool
        also `missing_eur` (to the ticket, within reach), `nearest_dossier_id` (of those whose keys
        the firm shares) and `needs` (all that it lacks to be taken there).
        """
        return self._frame("unserved")

    @property
    def prices(self) -> Frame:
        """`stage, kind` (adviser, firm, scheme, dossier, lender, site, quota, adviser_unlimited,
        adviser_day or adviser_km)`, id, price`; who is not listed has price 0.
        """
        return self._frame("prices")

    @property
    def blockers(self) -> Frame:
        """`stage, blocker` (from 1)`, kind` (firm, adviser, pin or quota)`, needed, reachable,
        shortfall` (units)`, reason`: why a stage has no assignment, part by part.
        """
        return self._frame("blockers")

    @property
    def blocker_members(self) -> Frame:
        """`stage, blocker, firm_id, adviser_id`: a firm, an adviser, or a pin of both."""
        return self._frame("blocker_members")

    @property
    def relaxations(self) -> Frame:
        """`stage, limit` (capacity, min_load, min_demand or pin)`, firm_id, adviser_id,
        units_before, units_after`: the smallest changes with which a stage has an assignment.
        """
        return self._frame("relaxations")

    @property
    def relaxed_assignments(self) -> Frame:
        """`stage, firm_id, adviser_id`: an assignment that the relaxed limits allow, the best one
        or not; it proves that the changes are enough.
        """
        return self._frame("relaxed_assignments")

    @property
    def quotas(self) -> Frame:
        """`stage, name, lower, upper, pairs`: how many pairs of each quota a programme holds. What
        its ends cost is in `prices`, of kind quota: above 0 for upper, below 0 for lower.
        """
        return self._frame("quotas")

    @property
    def changes(self) -> Frame:
        """`stage, changes, forced_changes, max_changes, change_price`: how many firms lost the
        adviser of an earlier plan, by choice and because they had to; what one more change would
        bring at most. `unlimited_status, unlimited_objective, unlimited_bound, unlimited_unit,
        unlimited_changes`: the assignment without the limit, where that is another one. The limit
        costs between ``unlimited_objective - bound`` and ``unlimited_bound - objective``.
        """
        return self._frame("changes")

    @property
    def previous_assignments(self) -> Frame:
        """`stage, firm_id, adviser_id`: the earlier pairs from which changes are counted."""
        return self._frame("previous_assignments")

    @property
    def unlimited_assignments(self) -> Frame:
        """`stage, firm_id, adviser_id`: the assignment without a limit on changes. Its prices are
        of kind adviser_unlimited in `prices`.
        """
        return self._frame("unlimited_assignments")

    @property
    def certificates(self) -> dict[str, Certificate]:
        """The certificate of each stage; each programme's assignment is a stage
        "assign:<programme>".
        """
        rows = self._tables["certificates"].to_pylist() if "certificates" in self._tables else []
        return {row.pop("stage"): Certificate(**_numbers(row)) for row in rows}

    @property
    def seen(self) -> dict[str, dict[str, int]]:
        """How much each programme's assignment looked at, its proof included: `lists` (firms asked
        for their best advisers, each time anew), `filtered` (pairs valued in whole steps) and
        `scored` (pairs scored in full). Empty for plans that were read or changed.
        """
        return {} if self._compiled is None else self._compiled.seen

    @property
    def settings(self) -> Mapping[str, Any]:
        """What made it: version of libmatch, gap, exact, time_limit, threads, seed, stages,
        max_changes.
        """
        return MappingProxyType(self._settings)

    @property
    def market(self) -> Market | None:
        """The market it was made for; none for a plan that was read without one."""
        return self._market

    def replace(self, **tables: Frame) -> Plan:
        """A copy with some tables replaced, for instance to ask the judge about a change by
        hand.
        """
        changed = Plan({**self._tables, **tables}, settings=self._settings, market=self._market)
        changed._library = self._library
        return changed

    def _core_for(self, market: Market) -> _core.Plan:
        if self._compiled is not None and market is self._market:
            return self._compiled
        faults: list[Any] = []
        columns = {
            name: _frames.to_core(table, name, faults) for name, table in self._tables.items()
        }
        if faults:
            raise input_error(*faults)
        core = _core.plan_from_tables(market._core(), columns)
        if market is self._market:
            self._compiled = core
        return core

    def _known_market(self) -> Market:
        if self._market is None:
            raise input_error(
                "the plan was read without its market; use lm.read_plan(path, market=market)"
            )
        return self._market

    def explain(self, firm: str) -> str:
        """What the plan does for a firm and why, in plain sentences, one per line.

        Raises InputError if the market has no such firm.
        """
        market = self._known_market()
        return "\n".join(_core.explain(market._core(), self._core_for(market), str(firm)))

    def why_not(self, firm: str, adviser: str) -> str:
        """Why a firm is not with an adviser: the rule that excludes the pair, or the price that
        does.

        Raises InputError if the market has no such firm or adviser.
        """
        market = self._known_market()
        core = self._core_for(market)
        return "\n".join(_core.why_not(market._core(), core, str(firm), str(adviser)))

    def place(self, firm: Mapping[str, Any]) -> tuple[Placement, ...]:
        """Where a firm that arrives now would go; see `libmatch.place`."""
        from ._place import place

        return place(self._known_market(), self, firm)

    def save(self, path: str | PathLike[str]) -> None:
        """Write a folder of Parquet files with plan.json, or one DuckDB database if the name ends
        in ``.duckdb``. Written under another name and then renamed, so that a reader never sees
        half of it.
        """
        from ._io import write_plan

        write_plan(self._tables, self._settings, path)

    def report(
        self,
        path: str | PathLike[str],
        lang: str = "fr",
        coincidence: Coincidence | None = None,
    ) -> None:
        """Write one self-contained HTML page (map, charts, figures) in French ("fr") or English
        ("en"); with what `coincidence` found, it says what one grouping for aid and loans costs.
        """
        if lang not in ("fr", "en"):
            raise input_error(f"lang is {lang!r}; 'fr' or 'en' is expected")

        from .report import write_report

        tables = self._known_market()._filled()
        language: Literal["fr", "en"] = "fr" if lang == "fr" else "en"
        price = None if coincidence is None else (coincidence.price_firms, coincidence.price_eur)
        write_report(
            *(tables, self._tables, self.certificates, self._settings, path, language),
            coincidence=price,
        )

    def summary(self) -> str:
        """The plan in figures that a manager reads: who is served, money by source, proof of each
        stage.
        """
        from ._summary import summary_text

        return summary_text(self)

    def __repr__(self) -> str:
        counts = [
            f"{self._tables[name].num_rows:,} {name.replace('_', ' ')}"
            for name in ("assignments", "dossiers", "grants", "loans")
            if name in self._tables
        ]
        largest = max((c.gap for c in self.certificates.values()), default=0.0)
        return f"Plan: {', '.join(counts)}; largest gap {largest:.2g}"

    def _repr_html_(self) -> str:
        from ._summary import summary_html

        return summary_html(self)


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: math.nan if value is None and key != "status" else value for key, value in row.items()
    }


def read_plan(path: str | PathLike[str], market: Market | None = None) -> Plan:
    """Read a plan that `Plan.save` wrote.

    Parameters
    ----------
    path : path
        The folder or the DuckDB database.
    market : Market, optional
        The market it was made for; `explain`, `why_not` and `report` need it, `verify` is given it.

    Returns
    -------
    Plan
        Its frames are those of the market's library, or polars.

    Raises
    ------
    InputError
        There is no plan, or a table is missing or cannot be read.

    Examples
    --------
    >>> import libmatch as lm, tempfile, pathlib
    >>> market = lm.demo_market(firms=100, advisers=10, seed=1)
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "plan"
    >>> lm.solve(market, stages=["assign"]).save(folder)
    >>> lm.verify(market, lm.read_plan(folder)).ok
    True
    """
    from ._io import load_plan

    tables, settings = load_plan(path, TABLES, LATER_TABLES)
    plan = Plan(tables, settings=settings, market=market)
    plan._library = "polars" if market is None else market._library
    return plan


def compare(**plans: Plan) -> Frame:
    """Put plans side by side, stage by stage.

    Parameters
    ----------
    **plans : Plan
        At least one, each under the name it shall have in the table.

    Returns
    -------
    frame, one row per stage and plan
        `stage, plan, status, objective, bound, gap, seconds`, in the library of the first plan.

    Examples
    --------
    >>> import libmatch as lm
    >>> market = lm.demo_market(firms=100, advisers=10, seed=1)
    >>> quick, best = (lm.solve(market, exact=exact, stages=["assign"]) for exact in (False, True))
    >>> sorted(set(lm.compare(quick=quick, best=best)["plan"]))
    ['best', 'quick']
    """
    if not plans:
        raise input_error("compare needs at least one plan, as in lm.compare(a=plan_a, b=plan_b)")
    found = {name: plan.certificates for name, plan in plans.items()}
    stages = list(dict.fromkeys(stage for each in found.values() for stage in each))
    rows: list[Mapping[str, Any]] = [
        {
            "stage": stage,
            "plan": name,
            "status": each[stage].status,
            "objective": each[stage].objective,
            "bound": each[stage].bound,
            "gap": each[stage].gap,
            "seconds": each[stage].seconds,
        }
        for stage in stages
        for name, each in found.items()
        if stage in each
    ]
    return _frames.from_arrow(
        _frames.from_rows(rows, "compare"), next(iter(plans.values()))._library
    )
