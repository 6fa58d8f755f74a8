"""Firms of the demo market: where they are, what they do, what they need and what it costs.

The shares are assumptions of this package, modelled on published facts: 73 % of French legal units
have no employee, 22 % have 1 to 9, 2.5 % have 10 to 19; sectors follow data/naf.csv.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from libmatch import _demo_random as draw
from libmatch._demo_random import Floats, Ints
from libmatch._legal import figure

# Headcount and its share per mille. The programme is for firms under 30 employees.
HEADCOUNTS = (
    *((0, 735), (1, 80), (2, 50), (3, 27), (4, 21), (5, 16), (6, 11), (7, 9), (8, 7), (9, 6)),
    *((10, 7), (11, 5), (12, 4), (14, 5), (16, 4), (19, 4), (22, 4), (25, 3), (29, 2)),
)

LEGAL_FORMS = ("EI", "EURL", "SASU", "SARL", "SAS", "SCOP")
# Percent by legal form: without employees, with 1 to 9, with 10 or more.
LEGAL_FORM_SHARES = ((70, 8, 14, 5, 3, 0), (22, 14, 14, 31, 18, 1), (2, 3, 5, 42, 45, 3))

LANGUAGES = (
    *(("fr", 900), ("fr;en", 65), ("fr;es", 7), ("fr;de", 7), ("fr;pt", 6), ("fr;it", 4)),
    *(("en", 5), ("es", 2), ("de", 2), ("pt", 2)),
)

# What each sector cares for most, and what it hardly needs.
SECTOR_SKILLS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "agriculture": (("online_sales", "e_services", "social_media"), ("collaboration",)),
    "food": (("social_media", "online_sales", "digital_payment"), ("data_use",)),
    "industry": (("business_management", "data_use", "website"), ("digital_payment",)),
    "construction": (("e_services", "website", "search_visibility"), ("online_sales", "data_use")),
    "trade": (("online_sales", "digital_payment", "customer_relations"), ("collaboration",)),
    "hospitality": (("search_visibility", "social_media", "digital_payment"), ("data_use",)),
    "transport": (("e_services", "business_management"), ("social_media", "online_sales")),
    "information": (("cyber_security", "artificial_intelligence"), ("website", "e_services")),
    "finance": (("personal_data", "customer_relations", "cyber_security"), ("online_sales",)),
    "realestate": (("website", "customer_relations", "digital_marketing"), ("digital_payment",)),
    "business": (("collaboration", "artificial_intelligence", "personal_data"), ("online_sales",)),
    "personal": (("search_visibility", "e_services", "personal_data"), ("business_management",)),
}

# A first digital brick, in EUR: half of the projects cost 15,000 to 25,000.
COST_MEDIAN_EUR = 20_000
COST_SIGMA = 0.28

AGE_MEAN_YEARS = 8.0
AGE_MOST_YEARS = 40.0


@dataclass(frozen=True)
class Firms:
    """The table, and the columns that other tables are drawn from."""

    table: pa.Table
    commune: Ints  # row of the table of communes
    french: npt.NDArray[np.bool_]  # speaks French


def firms(n: int, seed: int, date: int, places: Places, naf: pa.Table, skills: pa.Table) -> Firms:
    """n firms at `date`, in days since 1970-01-01. O(n), no loop per firm."""
    rng = draw.stream(seed, "firms")
    commune = places.sample(rng, n)
    activity = draw.choose(rng, n, naf["share"].to_numpy())
    sector = _sectors(naf)[activity]
    headcount = np.array([h for h, _ in HEADCOUNTS])[
        draw.choose(rng, n, [share for _, share in HEADCOUNTS])
    ]
    size = np.searchsorted([1, 10], headcount, side="right")
    age = draw.look_up(rng, n, draw.exponential_quantiles(AGE_MEAN_YEARS, AGE_MOST_YEARS))
    language = draw.choose(rng, n, [share for _, share in LANGUAGES])
    cost = _cost(rng, headcount)
    columns: dict[str, pa.Array] = {
        "firm_id": draw.ids("F", n),
        "commune": draw.pick_text(places.code, commune),
        "naf": draw.pick_text(naf["naf"].combine_chunks(), activity),
        "headcount": pa.array(headcount.astype(np.int32)),
        "created": pa.array((date - 30 - (age * 365.25).astype(np.int32)).astype(np.int32)).cast(
            pa.date32()
        ),
        "legal_form": draw.pick_text(LEGAL_FORMS, _legal_form(rng, size)),
        "languages": draw.pick_text([name for name, _ in LANGUAGES], language),
    }
    columns |= _needs(rng, sector, headcount, skills)
    columns |= _weights(rng, sector, skills)
    columns |= {
        "cost_eur": pa.array(cost),
        "own_funds_eur": pa.array(_own_funds(rng, cost)),
        "aid_received_eur": pa.array(_aid_received(rng, n)),
        "consents_pooling": pa.array(rng.random(n) < 0.88),
        "priority": pa.array(np.array([1.0, 1.5, 2.0])[draw.choose(rng, n, (85, 10, 5))]),
        "demand": pa.array(np.ones(n, dtype=np.int32)),
    }
    speaks_french = np.array(["fr" in name.split(";") for name, _ in LANGUAGES])
    return Firms(pa.table(columns), commune, speaks_french[language])


@dataclass(frozen=True)
class Places:
    """The communes that people live in: an arrondissement counts, the city around it does not."""

    communes: pa.Table
    code: pa.Array
    population: Ints

    @staticmethod
    def of(communes: pa.Table) -> Places:
        cities = set(communes["parent"].to_pylist()) - {""}
        population = communes["population"].to_numpy().copy()
        population[[c in cities for c in communes["commune"].to_pylist()]] = 0
        return Places(communes, communes["commune"].combine_chunks(), population)

    def sample(self, rng: np.random.Generator, n: int) -> Ints:
        """Rows of communes, with probability proportional to population."""
        return draw.choose(rng, n, self.population)

    def spread(self, rng: np.random.Generator, n: int) -> Ints:
        """The same, one from each n-th of the population: small samples cover the whole country."""
        cumulated = np.cumsum(self.population)
        at = (np.arange(n) + rng.random(n)) / max(n, 1) * cumulated[-1]
        return draw.rows_at(cumulated, at)


def _sectors(naf: pa.Table) -> Ints:
    names = list(SECTOR_SKILLS)
    return np.array([names.index(sector) for sector in naf["sector"].to_pylist()])


def _legal_form(rng: np.random.Generator, size: Ints) -> Ints:
    u = rng.random(len(size)) * 100
    form = np.zeros(len(size), dtype=np.int64)
    for limit in np.cumsum(LEGAL_FORM_SHARES, axis=1).T[:-1]:
        form += u >= limit[size]
    return form


def _profile(skills: pa.Table, strong: float, usual: float, weak: float) -> Floats:
    """sectors x skills: the first figure where a sector cares, the last where it hardly needs."""
    names = skills["skill"].to_pylist()
    out = np.full((len(SECTOR_SKILLS), len(names)), usual)
    for row, (cares, hardly) in enumerate(SECTOR_SKILLS.values()):
        out[row, [names.index(s) for s in cares]] = strong
        out[row, [names.index(s) for s in hardly]] = weak
    return out


def _needs(
    rng: np.random.Generator, sector: Ints, headcount: Ints, skills: pa.Table
) -> dict[str, pa.Array]:
    """Levels 0-4. One latent maturity per firm lowers all its needs together."""
    n = len(sector)
    base = _profile(skills, strong=1.6, usual=0.6, weak=-0.6)
    unready = 2.5 * (1 - rng.random(n))
    out = {}
    for k, skill in enumerate(skills["skill"].to_pylist()):
        level = base[sector, k] + unready + 1.4 * rng.random(n) - 0.4
        if skill == "collaboration":
            level -= headcount == 0
        if skill == "e_internationalisation":
            level -= 1
        lowest = 1 if skill == "identify_needs" else 0
        out[f"need_{skill}"] = pa.array(np.clip(level, lowest, 4).astype(np.int8))
    return out


def _weights(rng: np.random.Generator, sector: Ints, skills: pa.Table) -> dict[str, pa.Array]:
    """Skill weight, doubled where the sector cares and again for the firm's own chief concern."""
    emphasis = _profile(skills, strong=2.0, usual=1.0, weak=0.5)
    concern = (rng.random(len(sector)) * skills.num_rows).astype(np.int64)
    out = {}
    for k, (skill, weight) in enumerate(
        zip(skills["skill"].to_pylist(), skills["weight"].to_pylist(), strict=True)
    ):
        w = (weight * emphasis[:, k]).astype(np.float32)[sector]
        w[concern == k] *= 2
        out[f"weight_{skill}"] = pa.array(w)
    return out


def _cost(rng: np.random.Generator, headcount: Ints) -> Floats:
    """Larger firms equip more places of work. Rounded to 10 EUR."""
    median = draw.look_up(
        rng, len(headcount), draw.log_normal_quantiles(COST_MEDIAN_EUR, COST_SIGMA)
    )
    cost: Floats = np.floor(median * (100 + headcount) / 1000) * 10
    return cost


def _own_funds(rng: np.random.Generator, cost: Floats) -> Floats:
    share = np.array([0, 4, 6, 8, 10, 12, 16])[
        draw.choose(rng, len(cost), (20, 12, 18, 20, 15, 10, 5))
    ]
    funds: Floats = np.floor(cost * share / 10_000) * 100
    return funds


def _aid_received(rng: np.random.Generator, n: int) -> Floats:
    """Mostly none; a few firms stand close to the ceiling of small aid."""
    kind = draw.choose(rng, n, (82, 16, 2))
    some = draw.between(rng, n, 500, 40_000, 100)
    ceiling = int(figure("de_minimis_ceiling_eur"))
    near_ceiling = draw.between(rng, n, ceiling - 15_000, ceiling, 500)
    return np.where(kind == 0, 0, np.where(kind == 1, some, near_ceiling)).astype(np.float64)
