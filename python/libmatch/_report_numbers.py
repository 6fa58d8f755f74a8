"""The facts that a report shows, counted from the tables of a market and of its plan.

Rows that name what the market lacks are left out of the counts: naming them is the judge's work.
O(rows) time and memory; ids are matched in bulk, never one by one.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from libmatch._geography import load_departements, load_regions

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Tables = Mapping[str, pa.Table]

FUNDERS = ("eu", "state", "region")
# A sum in EUR that is only short of this by rounding counts as reached.
HALF_EURO = 0.5


@dataclass(frozen=True)
class Programme:
    """One network's work. Eligible = served, or left out with a reason."""

    name: str
    network: str
    advisers: int
    busy_advisers: int
    served: Mask
    eligible: Mask
    mean_distance_km: float


@dataclass(frozen=True)
class Place:
    """A region or departement: firms, per programme the served and the eligible, and the money."""

    code: str
    name: str
    firms: int
    served: list[int]
    eligible: list[int]
    dossiers: int
    grants_eur: float
    loans_eur: float


@dataclass(frozen=True)
class SchemeUse:
    """budget_eur is NaN for a scheme without limit; marginal_eur is what one euro more is worth,
    NaN where the plan does not say.
    """

    scheme_id: str
    name: str
    funder: str
    budget_eur: float
    granted_eur: float
    firms: int
    marginal_eur: float


@dataclass(frozen=True)
class LeftOut:
    """Firms left out of one stage for one reason; amount_eur is 0 where no money is at stake."""

    stage: str
    reason: str
    firms: int
    amount_eur: float


@dataclass(frozen=True)
class Meeting:
    """The dossiers whose seats lie in one group of communes, named after the busiest commune."""

    name: str
    lat: float
    lon: float
    dossiers: int
    members: int
    sum_eur: float


@dataclass(frozen=True)
class Service:
    """Workshops or shared jobs of one rule, or the rounds of visits.

    mean_km: from members to where they meet; for visits, of a round.
    """

    table: str
    rule: str
    count: int
    firms: int
    mean_km: float


def text(table: pa.Table | None, column: str) -> pa.ChunkedArray:
    """A column as large_string, "" where it is missing."""
    if table is None or column not in table.column_names:
        rows = 0 if table is None else table.num_rows
        return pa.chunked_array([pa.array([""] * rows, pa.large_string())])
    return pc.fill_null(table[column].cast(pa.large_string()), "")


def numbers(table: pa.Table | None, column: str, missing: float = np.nan) -> Floats:
    """A column as floats, `missing` where it is null or NaN."""
    rows = 0 if table is None else table.num_rows
    if table is None or column not in table.column_names:
        return np.full(rows, missing)
    array = table[column].cast(pa.float64()).to_numpy().astype(np.float64)
    return np.where(np.isnan(array), missing, array)


def find(ids: pa.ChunkedArray, among: pa.ChunkedArray) -> Ints:
    """The row of each id in `among`, -1 where there is none."""
    if not len(among):
        return np.full(len(ids), -1, np.int64)
    at = pc.index_in(ids, value_set=among.combine_chunks())
    rows: Ints = pc.fill_null(at, -1).to_numpy().astype(np.int64)
    return rows


def _plain(name: str) -> str:
    """A name without accents, for the order of the alphabet."""
    return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))


def equal(column: pa.ChunkedArray, word: str) -> Mask:
    same: Mask = pc.equal(column, word).to_numpy()
    return same


def _names(table: pa.Table, code: str) -> dict[str, str]:
    return dict(zip(table[code].to_pylist(), table["name"].to_pylist(), strict=True))


class Numbers:
    """Everything that is counted, each on first use."""

    def __init__(self, market: Tables, plan: Tables) -> None:
        self.market = market
        self.plan = plan
        self.firms = market["firms"]
        self.firm_count = self.firms.num_rows
        self.firm_ids = text(self.firms, "firm_id")
        self.communes = market.get("communes")
        self.commune = find(text(self.firms, "commune"), text(self.communes, "commune"))

    def _firm(self, table: str, column: str = "firm_id") -> Ints:
        return find(text(self.plan.get(table), column), self.firm_ids)

    def _per_firm(self, rows: Ints, values: Floats | None = None) -> Floats:
        """Sums of values (or counts) over the rows of each firm."""
        known = rows >= 0
        weights = None if values is None else np.nan_to_num(values)[known]
        return np.bincount(rows[known], weights, minlength=self.firm_count).astype(np.float64)

    # ---- places ----

    @cached_property
    def commune_places(self) -> tuple[Floats, Floats]:
        return numbers(self.communes, "lat"), numbers(self.communes, "lon")

    @cached_property
    def firm_places(self) -> tuple[Floats, Floats]:
        """Latitudes and longitudes: the firm's own, or those of its commune."""
        return self._own_or_commune("lat", 0), self._own_or_commune("lon", 1)

    def _own_or_commune(self, column: str, which: int) -> Floats:
        own = numbers(self.firms, column)
        of_commune = np.append(self.commune_places[which], np.nan)[self.commune]
        return np.where(np.isnan(own), of_commune, own)

    def _territory(self, column: str) -> tuple[list[str], Ints]:
        """The codes of a territory and, per firm, which one; -1 where it is not known."""
        encoded = text(self.communes, column).combine_chunks().dictionary_encode()
        codes: list[str] = encoded.dictionary.to_pylist()
        of = np.append(encoded.indices.to_numpy().astype(np.int64), -1)[self.commune]
        return codes, of

    # ---- who serves whom ----

    @cached_property
    def programmes(self) -> list[Programme]:
        table = self.market.get("programmes")
        names: list[str] = text(table, "programme").to_pylist()
        networks: list[str] = text(table, "network").to_pylist()
        assigned = self.plan.get("assignments")
        of = text(assigned, "programme")
        firm = self._firm("assignments")
        distance = numbers(assigned, "distance_km")
        advisers = self.market.get("advisers")
        adviser = find(text(assigned, "adviser_id"), text(advisers, "adviser_id"))
        network_of = text(advisers, "network")
        stage = text(self.plan.get("unserved"), "stage")
        left_out = self._firm("unserved")
        found = []
        for name, network in zip(names, networks, strict=True):
            mine = equal(of, name) & (firm >= 0) & (adviser >= 0)
            served = self._per_firm(firm[mine]) > 0
            refused = self._per_firm(left_out[equal(stage, f"assign:{name}")]) > 0
            km = distance[mine & ~np.isnan(distance)]
            found.append(
                Programme(
                    name=name,
                    network=network,
                    advisers=int(np.sum(equal(network_of, network))),
                    busy_advisers=len(np.unique(adviser[mine])),
                    served=served,
                    eligible=served | refused,
                    mean_distance_km=float(km.mean()) if len(km) else np.nan,
                )
            )
        return found

    @cached_property
    def served(self) -> Mask:
        """Firms with an adviser of any network."""
        return self._per_firm(self._firm("assignments")) > 0

    # ---- money ----

    @cached_property
    def granted(self) -> Floats:
        return self._per_firm(
            self._firm("grants"), numbers(self.plan.get("grants"), "amount_eur", 0)
        )

    @cached_property
    def lent(self) -> Floats:
        """EUR lent per firm: its loan alone and its part of the loan of its dossier."""
        loans = self.plan.get("loans")
        alone = self._per_firm(self._firm("loans"), numbers(loans, "amount_eur", 0))
        members = self.plan.get("dossier_members")
        has_loan = find(text(members, "dossier_id"), text(loans, "dossier_id")) >= 0
        part = np.where(has_loan, numbers(members, "amount_eur", 0), 0.0)
        return alone + self._per_firm(self._firm("dossier_members"), part)

    @cached_property
    def funded(self) -> Mask:
        return (self.granted + self.lent) > 0

    @cached_property
    def fully_funded(self) -> Mask:
        """Funded firms whose project is paid for: own funds, grants and loans reach the cost."""
        cost = numbers(self.firms, "cost_eur", 0)
        own = numbers(self.firms, "own_funds_eur", 0)
        return self.funded & (own + self.granted + self.lent >= cost - HALF_EURO)

    @cached_property
    def schemes(self) -> list[SchemeUse]:
        table = self.market.get("schemes")
        grants = self.plan.get("grants")
        ids = text(table, "scheme_id")
        at = find(text(grants, "scheme_id"), ids)
        known = at >= 0
        amount = numbers(grants, "amount_eur", 0)
        granted = np.bincount(at[known], amount[known], minlength=len(ids))
        firms = np.bincount(at[known], minlength=len(ids))
        budget = numbers(table, "budget_eur")
        rows = zip(
            *(ids.to_pylist(), text(table, "name").to_pylist(), text(table, "funder").to_pylist()),
            *(budget.tolist(), granted.tolist(), firms.tolist()),
            strict=True,
        )
        table = self.plan.get("budgets")
        known_ids = text(table, "scheme_id").to_pylist()
        marginal = dict(zip(known_ids, numbers(table, "marginal_eur", 0).tolist(), strict=True))
        found = [
            SchemeUse(i, name or i, f, b, g, n, marginal.get(i, math.nan))
            for i, name, f, b, g, n in rows
        ]
        order = {funder: k for k, funder in enumerate(FUNDERS)}
        return sorted(found, key=lambda s: (order.get(s.funder, len(order)), -s.granted_eur))

    @cached_property
    def scheme_sources(self) -> list[str]:
        """Where the figures of the schemes come from, as the market says."""
        found = pc.unique(text(self.market.get("schemes"), "source")).to_pylist()
        return [source for source in found if source]

    @cached_property
    def money(self) -> dict[str, float]:
        """EUR by source: each funder and "loans"."""
        total = dict.fromkeys(FUNDERS, 0.0)
        for scheme in self.schemes:
            total[scheme.funder] = total.get(scheme.funder, 0.0) + scheme.granted_eur
        total["loans"] = float(np.nansum(numbers(self.plan.get("loans"), "amount_eur", 0)))
        return total

    # ---- dossiers ----

    @cached_property
    def dossier_count(self) -> int:
        table = self.plan.get("dossiers")
        return 0 if table is None else int(table.num_rows)

    @cached_property
    def pooled_firms(self) -> int:
        return int(np.sum(self._per_firm(self._firm("dossier_members")) > 0))

    @cached_property
    def dossier_sizes(self) -> list[tuple[str, int, int]]:
        """(rule, members, how many dossiers), sorted."""
        table = self.plan.get("dossiers")
        members = pa.array(numbers(table, "members", 0).astype(np.int64))
        rows = pa.table({"rule": text(table, "rule"), "members": members})
        counted = rows.group_by(["rule", "members"]).aggregate([([], "count_all")])
        return sorted(
            zip(*(counted[c].to_pylist() for c in ("rule", "members", "count_all")), strict=True)
        )

    @cached_property
    def seats(self) -> Ints:
        """The firm at whose place each dossier meets; at a site, its first member stands for it."""
        seats = self._firm("dossiers", "seat_firm_id")
        members = self.plan.get("dossier_members")
        if members is None or not members.num_rows or (seats >= 0).all():
            return seats
        of = find(text(self.plan["dossiers"], "dossier_id"), text(members, "dossier_id"))
        first = np.where(of >= 0, self._firm("dossier_members")[of], -1)
        return np.where(seats >= 0, seats, first)

    @cached_property
    def meetings(self) -> list[Meeting]:
        """Dossiers by the EPCI of their seats (by commune where there is none), largest first."""
        if not self.dossier_count or self.communes is None:
            return []
        table = self.plan["dossiers"]
        lat, lon = (place[self.seats] for place in self.firm_places)
        commune = self.commune[self.seats]
        usable = (self.seats >= 0) & (commune >= 0) & ~np.isnan(lat) & ~np.isnan(lon)
        commune, lat, lon = commune[usable], lat[usable], lon[usable]
        members = numbers(table, "members", 0)[usable]
        euros = numbers(table, "sum_eur", 0)[usable]
        code = text(self.communes, "commune")
        epci = text(self.communes, "epci")
        group = pc.if_else(pc.equal(epci, ""), code, epci)
        key = group.take(pa.array(commune)).combine_chunks().dictionary_encode()
        which = key.indices.to_numpy().astype(np.int64)
        count = np.bincount(which)
        # the commune with most seats gives its name
        pair, seats = np.unique(which * (len(code) + 1) + commune, return_counts=True)
        best: dict[int, tuple[int, int]] = {}
        for packed, n in zip(pair.tolist(), seats.tolist(), strict=True):
            g, c = divmod(packed, len(code) + 1)
            best[g] = max(best.get(g, (0, 0)), (n, -c))
        name = text(self.communes, "name")
        north, east = np.bincount(which, lat) / count, np.bincount(which, lon) / count
        firms, total = np.bincount(which, members), np.bincount(which, euros)
        found = [
            Meeting(
                name=name[-best[g][1]].as_py() or code[-best[g][1]].as_py(),
                lat=float(north[g]),
                lon=float(east[g]),
                dossiers=int(count[g]),
                members=int(firms[g]),
                sum_eur=float(total[g]),
            )
            for g in range(len(count))
        ]
        return sorted(found, key=lambda m: (-m.dossiers, m.name))

    # ---- workshops, visits, shared staff ----

    @cached_property
    def services(self) -> list[Service]:
        """What the plan holds of each kind, by rule, in alphabetical order."""
        found = []
        for table, members, key, rule in (
            ("workshops", "workshop_members", "session_id", "workshop"),
            ("shared_staff", "shared_staff_members", "job_id", "rule"),
        ):
            groups, rows = self.plan.get(table), self.plan.get(members)
            names = text(groups, rule)
            of = find(text(rows, key), text(groups, key))
            km = numbers(rows, "distance_km", 0)
            for name in sorted(set(names.to_pylist())):
                mine = equal(names, name)
                inside = (of >= 0) & np.append(mine, False)[of]
                mean = float(km[inside].mean()) if inside.any() else np.nan
                found.append(Service(table, name, int(mine.sum()), int(inside.sum()), mean))
        visits = self.plan.get("visits")
        if visits is not None and visits.num_rows:
            day = numbers(visits, "day", 0).astype(np.int64)
            adviser = text(visits, "adviser_id").combine_chunks().dictionary_encode()
            which = adviser.indices.to_numpy().astype(np.int64) * (1 + day.max()) + day
            _, last = np.unique(which[::-1], return_index=True)
            home = numbers(visits, "home_km", 0)[::-1][last]
            km_all = numbers(visits, "leg_km", 0).sum() + home.sum()
            found.append(
                Service("visits", "", len(last), visits.num_rows, float(km_all / len(last)))
            )
        return found

    # ---- territories ----

    @cached_property
    def regions(self) -> list[Place]:
        return self._places("region", _names(load_regions(), "region"))

    @cached_property
    def overseas(self) -> list[Place]:
        names = _names(load_departements(), "departement")
        return [p for p in self._places("departement", names) if p.code.startswith(("97", "98"))]

    def _places(self, column: str, names: dict[str, str]) -> list[Place]:
        codes, of = self._territory(column)
        of = np.where(of < 0, len(codes), of)

        def total(values: npt.ArrayLike) -> Floats:
            weights = np.asarray(values, np.float64)
            return np.bincount(of, weights, minlength=len(codes) + 1).astype(np.float64)

        firms = total(np.ones(self.firm_count))
        served = [total(p.served) for p in self.programmes]
        eligible = [total(p.eligible) for p in self.programmes]
        dossiers = total(self._per_firm(self.seats))
        grants, loans = total(self.granted), total(self.lent)
        found = [
            Place(
                code=code,
                name=names.get(code, code),
                firms=int(firms[k]),
                served=[int(s[k]) for s in served],
                eligible=[int(e[k]) for e in eligible],
                dossiers=int(dossiers[k]),
                grants_eur=float(grants[k]),
                loans_eur=float(loans[k]),
            )
            for k, code in enumerate([*codes, ""])
        ]
        return sorted((p for p in found if p.firms), key=lambda p: (p.name == "", _plain(p.name)))

    # ---- what is left out ----

    @cached_property
    def left_out(self) -> list[LeftOut]:
        """Reasons by stage, in the order of the plan, most firms first.

        What follows ";" in a reason is about one firm only, and is dropped here.
        """
        table = self.plan.get("unserved")
        stages = text(table, "stage")
        rows = pa.table(
            {
                "stage": stages,
                "reason": pc.replace_substring_regex(text(table, "reason"), r"(?s)\s*;.*$", ""),
                "amount": numbers(table, "amount_eur", 0),
            }
        )
        counted = rows.group_by(["stage", "reason"]).aggregate(
            [([], "count_all"), ("amount", "sum")]
        )
        columns = ("stage", "reason", "count_all", "amount_sum")
        found = [
            LeftOut(*row) for row in zip(*(counted[c].to_pylist() for c in columns), strict=True)
        ]
        order = {stage: k for k, stage in enumerate(pc.unique(stages).to_pylist())}
        return sorted(found, key=lambda x: (order[x.stage], -x.firms, x.reason))
