"""What if: a market with other figures, plans by what they bring, and a grid of scenarios."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from . import _frames
from ._errors import error, input_error
from ._frames import Frame
from ._plan import Plan, _real, solve
from ._progress import Progress, bars

if TYPE_CHECKING:
    from ._market import Market

LEVERS = ("ticket_eur", "eu_cap_eur", "radius_km", "budget")
# From best to worst.
_STATUSES = ("optimal", "within_gap", "time_limit", "cancelled", "infeasible")


def adjusted(market: Market, values: Mapping[str, float | None]) -> dict[str, pa.Table]:
    """The market's tables with the levers that are given set; see Market.adjust."""
    tables = dict(market._tables)
    set_to = {name: _real(name, v) for name, v in values.items() if v is not None}
    if "ticket_eur" in set_to:
        ticket = set_to["ticket_eur"]
        if "lenders" not in tables and "dossier_rules" not in tables:
            raise _absent("lenders", "ticket_eur")
        if "lenders" in tables:
            tables["lenders"] = _with(tables["lenders"], "min_ticket_eur", ticket)
        if "dossier_rules" in tables:
            tables["dossier_rules"] = _with(tables["dossier_rules"], "min_sum", ticket)
    if "eu_cap_eur" in set_to:
        schemes = _table(tables, "schemes", "eu_cap_eur")
        funders = _texts(schemes, "funder")
        european = [f.lower() == "eu" for f in funders]
        if not any(european):
            raise input_error(
                error(
                    "schemes",
                    "no scheme has the funder eu, so eu_cap_eur changes nothing",
                    "name the funder of the European line eu",
                    column="funder",
                )
            )
        caps = _reals(schemes, "cap_eur", math.inf)
        cap = set_to["eu_cap_eur"]
        new = [cap if eu else old for eu, old in zip(european, caps, strict=True)]
        tables["schemes"] = _with(schemes, "cap_eur", new)
    if "radius_km" in set_to:
        rules = _table(tables, "dossier_rules", "radius_km")
        radii = _reals(rules, "max_radius_km", math.inf)
        largest = max((r for r in radii if math.isfinite(r)), default=math.inf)
        share = [r / largest if math.isfinite(r) else 1.0 for r in radii]
        new = [set_to["radius_km"] * s for s in share]
        tables["dossier_rules"] = _with(rules, "max_radius_km", new)
    if "budget" in set_to:
        schemes = _table(tables, "schemes", "budget")
        budgets = _reals(schemes, "budget_eur", math.inf)
        new = [set_to["budget"] * b if math.isfinite(b) else b for b in budgets]
        tables["schemes"] = _with(schemes, "budget_eur", new)
    return tables


def _absent(table: str, lever: str) -> Exception:
    return input_error(
        error(
            table,
            f"the market has no such table, so {lever} changes nothing",
            f"add it, or leave {lever} out",
        )
    )


def _table(tables: Mapping[str, pa.Table], name: str, lever: str) -> pa.Table:
    if name not in tables or tables[name].num_rows == 0:
        raise _absent(name, lever)
    return tables[name]


def _reals(table: pa.Table, column: str, default: float) -> list[float]:
    """A column of numbers; the default where it is absent or empty."""
    if column not in table.column_names:
        return [default] * table.num_rows
    values = table.column(column).to_pylist()
    return [default if v is None or math.isnan(v) else float(v) for v in values]


def _texts(table: pa.Table, column: str) -> list[str]:
    if column not in table.column_names:
        return [""] * table.num_rows
    return [v or "" for v in table.column(column).cast("string").to_pylist()]


def _with(table: pa.Table, column: str, values: float | list[float]) -> pa.Table:
    """The table with a column of numbers set; infinite = empty."""
    numbers = values if isinstance(values, list) else [values] * table.num_rows
    array = pa.array([v if math.isfinite(v) else None for v in numbers], pa.float64())
    if column in table.column_names:
        return table.set_column(table.column_names.index(column), column, array)
    return table.append_column(column, array)


def figures(plan: Plan) -> dict[str, Any]:
    """What one plan brings, as one row of `outcomes`."""
    tables = plan._tables

    def column(table: str, name: str) -> list[Any]:
        found = tables.get(table)
        if found is None or name not in found.column_names:
            return []
        return list(found.column(name).to_pylist())

    def mean(table: str, name: str) -> float:
        found = tables.get(table)
        if found is None or found.num_rows == 0:
            return math.nan
        return float(pc.mean(found.column(name)).as_py())

    lent = {d for d in column("loans", "dossier_id") if d}
    members = zip(
        column("dossier_members", "dossier_id"), column("dossier_members", "firm_id"), strict=True
    )
    pooled_and_funded = {firm for dossier, firm in members if dossier in lent}
    alone = {firm for firm in column("loans", "firm_id") if firm}
    granted = column("grants", "firm_id")
    by_funder = _by_funder(plan, column("grants", "scheme_id"), column("grants", "amount_eur"))
    certificates = plan.certificates.values()
    worst = max((c.status for c in certificates), key=_STATUSES.index, default="optimal")
    return {
        "served_firms": len(set(column("assignments", "firm_id"))),
        "dossiers": len(column("dossiers", "dossier_id")),
        "pooled_firms": len(column("dossier_members", "firm_id")),
        "lent_firms": len(pooled_and_funded | alone),
        "granted_firms": len(set(granted)),
        "funded_firms": len(pooled_and_funded | alone | set(granted)),
        **by_funder,
        "grants_eur": math.fsum(by_funder.values()),
        "loans_eur": math.fsum(column("loans", "amount_eur")),
        "adviser_km": mean("assignments", "distance_km"),
        "seat_km": mean("dossier_members", "distance_km"),
        "status": worst,
        "largest_gap": max((c.gap for c in certificates), default=0.0),
        "seconds": math.fsum(c.seconds for c in certificates),
    }


def _by_funder(plan: Plan, schemes: list[str], amounts: list[float]) -> dict[str, float]:
    """EUR of grants per funder, in the order of the market's schemes."""
    table = None if plan.market is None else plan.market._tables.get("schemes")
    funder: dict[str, str] = {}
    if table is not None:
        funder = dict(zip(_texts(table, "scheme_id"), _texts(table, "funder"), strict=True))
    found: dict[str, float] = dict.fromkeys(funder.values(), 0.0)
    for scheme, amount in zip(schemes, amounts, strict=True):
        name = funder.get(scheme, scheme)
        found[name] = found.get(name, 0.0) + amount
    return {f"grants_{name or 'other'}_eur": amount for name, amount in found.items()}


def _frame(rows: list[dict[str, Any]], library: str) -> Frame:
    names = dict.fromkeys(name for row in rows for name in row)
    whole: list[Mapping[str, Any]] = [{name: row.get(name, 0.0) for name in names} for row in rows]
    return _frames.from_arrow(_frames.from_rows(whole, "outcomes"), library)


def outcomes(**plans: Plan) -> Frame:
    """Put plans side by side by what they bring.

    Parameters
    ----------
    **plans : Plan
        At least one, each under the name it shall have in the table.

    Returns
    -------
    frame, one row per plan
        `plan, served_firms, dossiers, pooled_firms, lent_firms, granted_firms, funded_firms`
        (firms), `grants_<funder>_eur` for each funder, `grants_eur, loans_eur` (EUR),
        `adviser_km, seat_km` (mean distances to the adviser and to the dossier's seat), `status`
        (the worst of all stages), `largest_gap, seconds`. Plans that were read without their
        market name schemes instead of funders.

    Raises
    ------
    InputError
        No plan is given.

    See Also
    --------
    compare : the certificates, stage by stage.

    Examples
    --------
    >>> import libmatch as lm
    >>> market = lm.demo_market(firms=200, advisers=20, seed=1)
    >>> now, half = lm.solve(market), lm.solve(market.adjust(budget=0.5))
    >>> table = lm.outcomes(now=now, half=half)
    >>> bool(table["grants_eur"][0] > table["grants_eur"][1])
    True
    """
    if not plans:
        raise input_error("outcomes needs at least one plan, as in lm.outcomes(a=plan_a, b=plan_b)")
    rows = [{"plan": name, **figures(plan)} for name, plan in plans.items()]
    return _frame(rows, next(iter(plans.values()))._library)


def scenarios(
    market: Market,
    *,
    ticket_eur: Iterable[float] | None = None,
    eu_cap_eur: Iterable[float] | None = None,
    radius_km: Iterable[float] | None = None,
    budget: Iterable[float] | None = None,
    time_limit: float | None = None,
    progress: Progress | Literal[True] | None = None,
    **options: Any,
) -> Frame:
    """Solve the market under every combination of the levers given: a decision-maker's grid.

    Parameters
    ----------
    market : Market
    ticket_eur, eu_cap_eur, radius_km, budget : sequence of float, optional
        Values to try, as in `Market.adjust`; a lever that is left out stays as it is.
    time_limit : float, optional
        Seconds for each scenario.
    progress : True or function, optional
        As in `solve`; all scenarios together are one stage, "scenarios".
    **options
        `gap, exact, threads, seed, stages`, as in `solve`.

    Returns
    -------
    frame, one row per scenario
        The levers given, then the columns of `outcomes`; in the library of the market. After
        Ctrl-C the rows of the scenarios that were begun, the last of status cancelled.

    Raises
    ------
    InputError
        A value is out of range, or the market lacks what a lever would change.

    Notes
    -----
    One whole solve per scenario, so every row has a certificate for each of its stages, and its
    largest gap is given.

    Examples
    --------
    >>> import libmatch as lm
    >>> market = lm.demo_market(firms=200, advisers=20, seed=1)
    >>> grid = lm.scenarios(market, ticket_eur=[15_000, 25_000], budget=[1, 2])
    >>> grid[["ticket_eur", "budget"]].rows()
    [(15000.0, 1.0), (15000.0, 2.0), (25000.0, 1.0), (25000.0, 2.0)]
    """
    given = {"ticket_eur": ticket_eur, "eu_cap_eur": eu_cap_eur, "radius_km": radius_km}
    given["budget"] = budget
    levers = {
        name: [_real(name, value) for value in _listed(name, values)]
        for name, values in given.items()
        if values is not None
    }
    if not levers:
        raise input_error(f"scenarios needs at least one lever; they are {', '.join(LEVERS)}")
    for name, values in levers.items():
        if not values:
            raise input_error(f"{name} has no value; give at least one")
    combinations = [
        dict(zip(levers, values, strict=True)) for values in itertools.product(*levers.values())
    ]
    markets = [market.adjust(**values) for values in combinations]
    if progress is True:
        with bars() as tell:
            return _solve_all(market, combinations, markets, time_limit, tell, options)
    return _solve_all(market, combinations, markets, time_limit, progress, options)


def _listed(name: str, values: Iterable[float]) -> list[float]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise input_error(f"{name} is {values!r}; a list of values is expected")
    return list(values)


def _solve_all(
    market: Market,
    combinations: list[dict[str, float]],
    markets: list[Market],
    time_limit: float | None,
    tell: Progress | None,
    options: Mapping[str, Any],
) -> Frame:
    rows: list[dict[str, Any]] = []
    begun = time.perf_counter()

    def told(*_: Any) -> Any:
        assert tell is not None
        done = len(rows) / len(markets)
        elapsed = time.perf_counter() - begun
        return tell("scenarios", done, elapsed, elapsed * (1 - done) / done if done else -1.0)

    for values, changed in zip(combinations, markets, strict=True):
        plan = solve(
            changed, time_limit=time_limit, progress=None if tell is None else told, **options
        )
        row = figures(plan)
        rows.append({**values, **row})
        if row["status"] == "cancelled":
            break
    return _frame(rows, market._library)
