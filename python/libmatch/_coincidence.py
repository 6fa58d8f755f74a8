"""One grouping for aid and loans, or two: what coincidence costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from . import _frames
from ._errors import input_error
from ._frames import Frame
from ._judge import verify
from ._legal import with_defaults
from ._market import Market
from ._plan import Plan, solve
from ._verdict import Certificate, Verdict

AID_STAGES = ("assign", "fund", "pool")


@dataclass(frozen=True)
class Grouping:
    """What one way of grouping brings, in firms and EUR."""

    name: str
    aid_dossiers: int
    loan_dossiers: int
    firms_funded: int
    """Firms with a loan, pooled with others or of their own."""
    granted_eur: float
    lent_eur: float

    @property
    def eur(self) -> float:
        """Grants and loans, EUR."""
        return self.granted_eur + self.lent_eur


@dataclass(frozen=True)
class Coincidence:
    """The two ways side by side, each with the plans that prove it.

    `together`: one dossier serves both. `apart`: groups for collective grants (plan `aid` of
    `aid_market`) need not reach the ticket, then groups for loans (plan `loans` of `loan_market`)
    are made of what firms lack after these grants.
    """

    together: Grouping
    apart: Grouping
    plan: Plan
    aid: Plan
    loans: Plan
    market: Market
    aid_market: Market
    loan_market: Market

    @property
    def price_firms(self) -> int:
        """Firms with a loan that one common grouping costs; negative when it brings some."""
        return self.apart.firms_funded - self.together.firms_funded

    @property
    def price_eur(self) -> float:
        """Grants and loans that one common grouping costs, EUR; negative when it brings some."""
        return self.apart.eur - self.together.eur

    @property
    def table(self) -> Frame:
        """`grouping` (together or apart)`, aid_dossiers, loan_dossiers, firms_funded, granted_eur,
        lent_eur`.
        """
        rows: list[Mapping[str, Any]] = [
            {
                "grouping": g.name,
                "aid_dossiers": g.aid_dossiers,
                "loan_dossiers": g.loan_dossiers,
                "firms_funded": g.firms_funded,
                "granted_eur": g.granted_eur,
                "lent_eur": g.lent_eur,
            }
            for g in (self.together, self.apart)
        ]
        return _frames.from_arrow(_frames.from_rows(rows, "coincidence"), self.plan._library)

    @property
    def certificates(self) -> dict[str, Certificate]:
        """Those of grants, dossiers and loans, under "together:", "aid:" and "loans:"."""
        plans = {"together": self.plan, "aid": self.aid, "loans": self.loans}
        return {
            f"{name}:{stage}": proof
            for name, plan in plans.items()
            for stage, proof in plan.certificates.items()
            if stage in ("fund", "pool", "lend")
        }

    def verify(self) -> dict[str, Verdict]:
        """What the judge says of the three plans."""
        return {
            "together": verify(self.market, self.plan),
            "aid": verify(self.aid_market, self.aid),
            "loans": verify(self.loan_market, self.loans),
        }

    def __str__(self) -> str:
        firms, eur = self.price_firms, self.price_eur
        return (
            f"One grouping for aid and loans {'costs' if firms >= 0 else 'brings'} "
            f"{abs(firms):,} firms with a loan and {'costs' if eur >= 0 else 'brings'} "
            f"{abs(eur):,.0f} EUR of grants and loans, beside one grouping for each."
        )


def coincidence(
    market: Market,
    gap: float = 1e-4,
    time_limit: float | None = None,
    threads: int = 0,
    seed: int = 0,
    plan: Plan | None = None,
) -> Coincidence:
    """Compare one grouping that serves both collective grants and loans with one grouping for each.

    A collective grant needs a dossier, whatever its sum; a loan needs the lender's ticket. When one
    dossier serves both, firms that could share a dossier but not reach a ticket lose their
    collective grants. Apart, firms group for aid under the market's dossier rules without their
    sums, two members at least; then for loans with what they lack after these grants.

    Parameters
    ----------
    market : Market
    gap, time_limit, threads, seed
        As in `solve`, for each of the three plans.
    plan : Plan, optional
        The market's plan with one grouping for both, if it is at hand.

    Returns
    -------
    Coincidence
        `table`, `price_firms`, `price_eur`, the plans and their `certificates`; `verify()` asks the
        judge. The price compares two proven sequences of stages, each stage given those before it,
        so it can be negative: more grants leave less to pool.

    Raises
    ------
    InputError
        The market has errors, or the plan is of another market.

    Notes
    -----
    Three runs of `solve`, one if the plan is given: two of funding and pooling besides.

    Examples
    --------
    >>> import libmatch as lm
    >>> found = lm.coincidence(lm.demo_market(firms=400, advisers=20, seed=1))
    >>> found.together.granted_eur <= found.apart.granted_eur
    True
    >>> all(verdict.ok for verdict in found.verify().values())
    True
    """
    if plan is not None and plan.market is not market:
        raise input_error("the plan was made for another market")
    given: dict[str, Any] = {
        "gap": gap,
        "time_limit": time_limit,
        "threads": threads,
        "seed": seed,
    }
    whole = solve(market, **given) if plan is None else plan
    aid_market = Market._from_arrow(_aid_tables(market), market._library)
    aid = solve(aid_market, stages=AID_STAGES, **given)
    loan_market = Market._from_arrow(_loan_tables(market, aid), market._library)
    loans = solve(loan_market, stages=("fund", "pool", "lend"), **given)
    together = Grouping(
        "together",
        whole._tables["dossiers"].num_rows,
        whole._tables["dossiers"].num_rows,
        _with_loan(whole),
        _sum(whole, "grants"),
        _sum(whole, "loans"),
    )
    apart = Grouping(
        "apart",
        aid._tables["dossiers"].num_rows,
        loans._tables["dossiers"].num_rows,
        _with_loan(loans),
        _sum(aid, "grants"),
        _sum(loans, "loans"),
    )
    return Coincidence(together, apart, whole, aid, loans, market, aid_market, loan_market)


def _sum(plan: Plan, table: str) -> float:
    return float(pc.sum(plan._tables[table].column("amount_eur")).as_py() or 0.0)


def _with_loan(plan: Plan) -> int:
    kinds = plan._tables["loans"].column("kind").to_pylist()
    lent = set(plan._tables["loans"].column("dossier_id").to_pylist())
    members = plan._tables["dossier_members"].column("dossier_id").to_pylist()
    return int(sum(dossier in lent for dossier in members) + kinds.count("solo"))


def _aid_tables(market: Market) -> dict[str, pa.Table]:
    """Dossier rules without sums, and no lender: every firm that lacks something may group."""
    tables = dict(market._tables)
    tables.pop("lenders", None)
    if "dossier_rules" in tables:
        rules = tables["dossier_rules"]
        n = rules.num_rows
        least = (
            rules.column("min_members").to_pylist() if "min_members" in rules.column_names else []
        )
        for name, column in (
            ("min_sum", pa.array([0.0] * n)),
            ("max_sum", pa.array([None] * n, pa.float64())),
            ("min_members", pa.array([max(2, int(x or 2)) for x in least or [2] * n], pa.int64())),
        ):
            if name in rules.column_names:
                rules = rules.set_column(rules.column_names.index(name), name, column)
            else:
                rules = rules.append_column(name, column)
        tables["dossier_rules"] = rules
    return tables


def _loan_tables(market: Market, aid: Plan) -> dict[str, pa.Table]:
    """What firms lack after their grants. Firms that seek no funds lack nothing."""
    tables = dict(market._tables)
    tables.pop("schemes", None)
    with_defaults(tables)
    firms = tables["firms"]
    ids = firms.column("firm_id").cast("string").to_pylist()
    cost = _money(firms, "cost_eur")
    own = _money(firms, "own_funds_eur")
    settings = tables["settings"].to_pylist()[0]
    after = settings.pop("funding_after", None)
    tables["settings"] = _frames.from_rows([settings], "settings")
    place = {firm: k for k, firm in enumerate(ids)}
    if after:
        reached = aid._tables["assignments"]
        served = reached.filter(pc.equal(reached.column("programme"), after)).column("firm_id")
        seeks = np.zeros(len(ids), bool)
        seeks[[place[firm] for firm in served.to_pylist()]] = True
        own = np.where(seeks, own, cost)
    grants = aid._tables["grants"]
    at = [place[firm] for firm in grants.column("firm_id").to_pylist()]
    np.add.at(own, np.array(at, np.int64), grants.column("amount_eur").to_numpy())
    column = pa.array(own)
    if "own_funds_eur" in firms.column_names:
        firms = firms.set_column(firms.column_names.index("own_funds_eur"), "own_funds_eur", column)
    else:
        firms = firms.append_column("own_funds_eur", column)
    tables["firms"] = firms
    return tables


def _money(firms: pa.Table, name: str) -> Any:
    if name not in firms.column_names:
        return np.zeros(firms.num_rows)
    column = pc.fill_null(firms.column(name).cast(pa.float64()), 0.0)
    return column.to_numpy().copy()
