"""The market: the tables that a plan is made from."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from . import _core, _frames
from ._errors import Fault, error, from_core, input_error
from ._frames import Frame
from ._legal import with_defaults
from ._types import ColumnIn

if TYPE_CHECKING:
    from typing import Self

TABLES = (
    *("firms", "advisers", "skills", "programmes", "dossier_rules", "settings"),
    *("workshops", "visits", "shared_staff"),
    *("schemes", "lenders", "resources", "sites", "pairs", "firm_pairs", "quotas", "previous"),
    "communes",
)
# What market.toml holds; the others are files of their own.
SETTINGS_TABLES = (
    *("settings", "skills", "programmes", "dossier_rules"),
    *("workshops", "visits", "shared_staff"),
)


class Market:
    """Firms, advisers and all that a plan is made from, as tables.

    Each table is a frame of any library that narwhals knows (polars, pandas, pyarrow, duckdb), or
    a list of dicts. Results come back in the library of `firms`. Nothing is checked here: `check`
    lists every fault, `solve` refuses a market that has errors.

    Parameters
    ----------
    firms : frame, one row per firm
        `firm_id`, then `commune` or `lat` and `lon` (degrees), `naf`, `headcount`, `created`,
        `legal_form`, `languages`, `need_<skill>` (0-4), `weight_<skill>`, `cost_eur`,
        `own_funds_eur`, `aid_received_eur`, `consents_pooling`, `priority`, `demand`,
        `min_demand` (advisers that each programme must give it), `reservation` (what it is worth,
        in the unit of scores, that a programme leaves it out; 0 by default), `it_days_per_month`.
    advisers : frame, one row per adviser
        `adviser_id`, `network`, `capacity` (firms), `commune` or `lat` and `lon`, `range_km`,
        `remote`, `zones`, `naf_in`, `naf_out`, `headcount_min`, `headcount_max`, `languages`,
        `labels`, `min_load`, `skill_<skill>` (0-4), `successes`, `failures`, `absent_from`,
        `absent_until`, `day_rate_eur`, `dossier_capacity` (dossiers led at most) or `dossier_hours`
        (of writing), `specialist_capacity` (dossiers assisted at most), `visit_days`,
        `visits_per_day`.
    settings : dict or frame, optional
        One row of settings (EUR, dates), or the whole of a market.toml as `tomllib` reads it.
        `de_minimis_ceiling_eur`, `aid_intensity_max` and the `min_sum` of dossier rules come from
        `legal_figures()` where they are absent.
    skills, programmes : frame, optional
        Without `skills`, every `need_` column of the firms names one. Without `programmes`, each
        network of the advisers is a programme, by name.
    schemes : frame, one row per grant line, optional
        `scheme_id`, `funder`, `rate` (of the cost), `cap_eur`, `floor_eur`, `budget_eur`,
        `stacking_group` (one of a group), `intensity_max` (share of the cost that all aid may reach
        beside it), `de_minimis` (counts under that ceiling; default true), `collective_only`,
        `label_required`, `network_required`, `zones`, `naf_in`, `naf_out`, `headcount_min`,
        `headcount_max`, `name`, `dated`, `source`.
    dossier_rules, lenders, resources, pairs : frame, optional
        What funding, pooling and training need; stages without their tables have nothing to do.
        The `keys` of a dossier rule are naf, naf_division, commune, epci, departement, region, or
        any text columns of `firms`, joined by ";"; a firm without one is not under the rule. A
        dossier counts the `priority` of each member (1 unless given).
    sites : frame, optional
        Places to meet: `site_id`, `name`, `commune` or `lat` and `lon`, `sessions` (groups that can
        meet there) and `seats` (members of one group); empty = no limit. Dossiers of a rule whose
        `seat` is "site" meet at them, others at the place of a member.
    firm_pairs : frame, optional
        `firm_id`, `other_firm_id` and `kind`: "together" (in one dossier, or both out) or "apart".
    workshops : frame, optional
        Trainings at the sites, one row each: `workshop`, `skill`, `min_need` (1), `headcount_under`
        (30), `min_attendance` (5), `max_attendance` (20), `max_radius_km` (30), `opening_cost` (1),
        `cost_per_km` (0.01). A leader attends at most one, which is worth the firm's `priority`.
    visits : frame, optional
        One row: `network` whose advisers visit firms, `days` (10) and `firms_per_day` (5) of
        advisers without `visit_days` and `visits_per_day` of their own, `max_km_per_day` (200),
        `cost_per_km` (0.01), `headcount_under` (30).
    shared_staff : frame, optional
        Jobs made of days of IT skill, one row per kind: `rule`, `min_days` (18), `max_days` (20),
        `min_members` (2), `max_members` (6), `max_radius_km` (30), `opening_cost` (0),
        `cost_per_km` (0.01). A day is worth 1.
    quotas : frame, optional
        How many pairs a group of firms and a group of advisers make in a programme: `name`, `lower`
        (0 by default), `upper` (empty = no limit), `programme` (empty = each of which it holds an
        adviser). Its firms: `zones`, `naf_in`, `headcount_min`, `headcount_max`, and `firm_value`
        in a column `firm_column` of the firms; its advisers: `network`, `labels`, `adviser_id`.
        What is empty, all meet. Not with demands above 1 or exact plans.
    previous : frame, optional
        An earlier assignment, `firm_id`, `adviser_id` and perhaps `programme`; see `solve`.
    communes : frame, optional
        Your own geography; without it the French communes that the package ships.

    Notes
    -----
    The order of rows means nothing, except in `programmes`, which are solved in theirs: the same
    rows in another order give the same plan, bit for bit. Ties go to the smaller id: the shorter
    one, and of equally long ones the one with the smaller bytes. Ids in this order (numbered ones
    are) cost one look at each; others are sorted when the market is first used.

    Examples
    --------
    >>> import libmatch as lm
    >>> market = lm.Market(
    ...     firms=[{"firm_id": "f1", "commune": "69123", "need_website": 3}],
    ...     advisers=[{"adviser_id": "a1", "network": "volunteers", "commune": "69123",
    ...                "capacity": 5, "skill_website": 4}],
    ...     settings={"date": "2026-01-01"})
    >>> market
    Market: 1 firm, 1 adviser
    >>> lm.solve(market, stages=["assign"]).assignments["adviser_id"].to_list()
    ['a1']
    """

    def __init__(
        self,
        *,
        firms: Frame,
        advisers: Frame,
        settings: Mapping[str, Any] | Frame | None = None,
        skills: Frame | None = None,
        programmes: Frame | None = None,
        dossier_rules: Frame | None = None,
        schemes: Frame | None = None,
        lenders: Frame | None = None,
        resources: Frame | None = None,
        sites: Frame | None = None,
        workshops: Frame | None = None,
        visits: Frame | None = None,
        shared_staff: Frame | None = None,
        pairs: Frame | None = None,
        firm_pairs: Frame | None = None,
        quotas: Frame | None = None,
        previous: Frame | None = None,
        communes: Frame | None = None,
    ) -> None:
        given = {
            "firms": firms,
            "advisers": advisers,
            "skills": skills,
            "programmes": programmes,
            "dossier_rules": dossier_rules,
            "schemes": schemes,
            "lenders": lenders,
            "resources": resources,
            "sites": sites,
            "workshops": workshops,
            "visits": visits,
            "shared_staff": shared_staff,
            "pairs": pairs,
            "firm_pairs": firm_pairs,
            "quotas": quotas,
            "previous": previous,
            "communes": communes,
        }
        given = {name: frame for name, frame in given.items() if frame is not None}
        if isinstance(settings, Mapping):
            self._take_settings(settings, given)
        elif settings is not None:
            given["settings"] = settings
        self._tables = {name: _frames.to_arrow(frame, name) for name, frame in given.items()}
        rows = isinstance(firms, list | Mapping)
        self._library = "polars" if rows else _frames.library_of(firms)
        self._columns: tuple[dict[str, dict[str, ColumnIn]], list[Fault]] | None = None
        self._compiled: _core.Market | None = None

    @staticmethod
    def _take_settings(settings: Mapping[str, Any], given: dict[str, Frame]) -> None:
        """Spread what market.toml holds over its tables."""
        scalars = dict(settings)
        nested = scalars.pop("settings", None)
        for name in SETTINGS_TABLES[1:]:
            rows = scalars.pop(name, None)
            if rows is None:
                continue
            if name in given:
                raise input_error(
                    error(
                        name, "the table is there twice", "give it once, beside settings or in it"
                    )
                )
            given[name] = rows
        if nested is not None:
            scalars.update(nested)
        for name, value in scalars.items():
            if isinstance(value, Mapping):
                raise input_error(
                    error(
                        "settings",
                        "this is no setting",
                        f"the tables are {', '.join(SETTINGS_TABLES)}",
                        column=name,
                    )
                )
        if scalars:
            given["settings"] = scalars

    @classmethod
    def _from_arrow(cls, tables: Mapping[str, pa.Table], library: str) -> Self:
        market = cls(**tables)
        market._library = library
        return market

    @property
    def tables(self) -> dict[str, Frame]:
        """The tables as given, in the library of `firms`."""
        return {name: _frames.from_arrow(t, self._library) for name, t in self._tables.items()}

    @property
    def programmes(self) -> list[str]:
        """Names of the programmes, in the order they are solved."""
        return self._core().programmes

    def save(self, path: str | PathLike[str]) -> None:
        """Write a folder of Parquet files with market.toml, or one DuckDB database if the name
        ends in ``.duckdb``. Written under another name and then renamed, so that a reader never
        sees half of it.
        """
        from ._io import save_market

        save_market(self._tables, path)

    def adjust(
        self,
        *,
        ticket_eur: float | None = None,
        eu_cap_eur: float | None = None,
        radius_km: float | None = None,
        budget: float | None = None,
    ) -> Self:
        """A copy of the market with other figures, to ask what if.

        Parameters
        ----------
        ticket_eur : float, optional
            EUR that lenders ask for at least: their `min_ticket_eur`, and the `min_sum` of all
            dossier rules.
        eu_cap_eur : float, optional
            EUR: the `cap_eur` of the schemes whose funder is eu.
        radius_km : float, optional
            km: the largest `max_radius_km` of the dossier rules; the others keep their proportion
            to it.
        budget : float, optional
            Factor on the `budget_eur` of all schemes.

        Raises
        ------
        InputError
            A value is negative or not finite, or the market lacks what it would change.

        Examples
        --------
        >>> import libmatch as lm
        >>> market = lm.demo_market(firms=50, advisers=8, seed=1).adjust(ticket_eur=15_000)
        >>> set(market.tables["lenders"]["min_ticket_eur"])
        {15000.0}
        """
        from ._scenarios import adjusted

        values = {"ticket_eur": ticket_eur, "eu_cap_eur": eu_cap_eur}
        values |= {"radius_km": radius_km, "budget": budget}
        return self._from_arrow(adjusted(self, values), self._library)

    def _filled(self) -> dict[str, pa.Table]:
        """The tables with defaults for those that are absent."""
        tables = dict(self._tables)
        if "communes" not in tables:
            from ._geography import load_communes

            tables["communes"] = load_communes()
        if "skills" not in tables:
            tables["skills"] = _skills_of(tables["firms"])
        if "programmes" not in tables:
            tables["programmes"] = _programmes_of(tables["advisers"])
        with_defaults(tables)
        return tables

    def _inputs(self) -> tuple[dict[str, dict[str, ColumnIn]], list[Fault]]:
        """All tables as columns, with the faults met on the way."""
        if self._columns is None:
            faults: list[Fault] = []
            columns = {
                name: _frames.to_core(table, name, faults) for name, table in self._filled().items()
            }
            self._columns = columns, faults
        return self._columns

    def _core(self) -> _core.Market:
        """The compiled market; raises InputError with every fault."""
        if self._compiled is None:
            columns, faults = self._inputs()
            if faults:
                errors = [f for f in check(self) if f.severity == "error"]
                raise input_error(*errors)
            self._compiled = _core.Market(columns)
            self._columns = None  # the compiled market has its own copy
        return self._compiled

    def __repr__(self) -> str:
        parts = []
        for name, table in self._tables.items():
            if name in SETTINGS_TABLES or name == "communes":
                continue
            n = table.num_rows
            plural = n != 1 or name == "previous"
            parts.append(f"{n:,} {name if plural else name[:-1]}")
        return "Market: " + ", ".join(parts)


def _skills_of(firms: pa.Table) -> pa.Table:
    names = [name.removeprefix("need_") for name in firms.column_names if name.startswith("need_")]
    return pa.table({"skill": pa.array(names, pa.string())})


def _programmes_of(advisers: pa.Table) -> pa.Table:
    networks: list[str] = []
    if "network" in advisers.column_names:
        found = advisers.column("network").to_pylist()
        networks = sorted({str(name) for name in found if name is not None})
    names = pa.array(networks, pa.string())
    return pa.table({"programme": names, "network": names})


def check(market: Market) -> list[Fault]:
    """List all that is wrong with a market or will get in the way of a plan.

    Parameters
    ----------
    market : Market

    Returns
    -------
    list of Fault
        Every error (table, row, column, value, what is wrong, what to do), all at once. Warnings
        on what will block are looked for once there is no error. Empty when all is well.

    Notes
    -----
    Linear in the size of the tables.

    Examples
    --------
    >>> import libmatch as lm
    >>> market = lm.Market(
    ...     firms=[{"firm_id": "f1", "commune": "69123", "need_website": 9}],
    ...     advisers=[{"adviser_id": "a1", "network": "volunteers", "commune": "69123",
    ...                "capacity": 5}])
    >>> [(f.table, f.row, f.column, f.value) for f in lm.check(market) if f.severity == "error"]
    [('firms', 0, 'need_website', '9')]
    """
    columns, faults = market._inputs()
    return [*faults, *from_core(_core.check(columns))]


def demo_market(firms: int = 20_000, advisers: int = 400, seed: int = 1) -> Market:
    """A made-up market on real French places; the same for the same three numbers.

    Parameters
    ----------
    firms, advisers : int
        How many of each, at least 1.
    seed : int
        Any whole number from 0.

    Returns
    -------
    Market
        Population-weighted communes, NAF divisions and headcounts with realistic shares, two
        networks of advisers, schemes of EU, State and regions, lenders with a ticket. Its frames
        are polars.

    Raises
    ------
    InputError
        A number is out of range.

    Examples
    --------
    >>> import libmatch as lm
    >>> len(lm.demo_market(firms=50, advisers=8, seed=1).tables["firms"])
    50
    """
    for name, value, low in (("firms", firms, 1), ("advisers", advisers, 1), ("seed", seed, 0)):
        if value < low:
            raise input_error(f"{name} is {value}; {low} or more is expected")
    from ._demo import demo_tables

    return Market._from_arrow(demo_tables(firms, advisers, seed), "polars")
