"""A demonstration market on real French places, the same for the same arguments everywhere.

Firms, advisers, funders, lenders and centres are invented; communes, territories, trade codes and
skill names are real (data/ATTRIBUTION.md).
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from libmatch import _demo_random as draw
from libmatch import _demo_services as services
from libmatch._demo_advisers import (
    NETWORKS,
    PROFESSIONAL,
    REQUIRED_LABEL,
    VOLUNTEER,
    VOLUNTEER_REACH,
    Advisers,
    advisers,
)
from libmatch._demo_firms import Firms, Places, firms
from libmatch._demo_random import Floats
from libmatch._geography import (
    load_communes,
    load_departements,
    load_naf,
    load_regions,
    load_skills,
)
from libmatch._legal import figure

MARKET_DATE = date(2026, 1, 15)
TICKET_EUR = figure("lender_ticket_eur")
EU_CAP_EUR = figure("eu_grant_cap_eur")

DEMO_FIGURE = "figure of the demonstration market, not a legal text"
EU_CAP = (
    f"cap of {EU_CAP_EUR:,.0f} EUR per firm as in the problem that libmatch was written for; "
    + DEMO_FIGURE
)

# Loans that all lenders together can grant, per firm of the market.
LOANS_PER_FIRM = 0.08
# Departements, most populous first, that have a centre beside the one of their region.
LOCAL_CENTRES = 20

# Title, languages, and the level taught by skill.
COURSES: tuple[tuple[str, str, dict[str, int]], ...] = (
    ("Faire le point sur ses besoins", "fr", {"identify_needs": 4}),
    ("Ouvrir et tenir son site", "fr", {"website": 3, "search_visibility": 2}),
    ("Être trouvé sur internet", "fr", {"search_visibility": 4, "digital_marketing": 2}),
    ("Les réseaux sociaux pour son commerce", "fr", {"social_media": 4, "digital_marketing": 3}),
    ("Vendre et encaisser en ligne", "fr", {"online_sales": 3, "digital_payment": 3}),
    ("Suivre ses clients", "fr", {"customer_relations": 3, "data_use": 2}),
    ("Choisir son logiciel de gestion", "fr", {"business_management": 3, "identify_needs": 2}),
    ("Facture électronique et démarches", "fr", {"e_services": 4, "business_management": 2}),
    ("Se protéger des attaques", "fr", {"cyber_security": 4, "personal_data": 2}),
    ("Données personnelles : ses obligations", "fr", {"personal_data": 4}),
    (
        "L'intelligence artificielle au quotidien",
        "fr",
        {"artificial_intelligence": 3, "data_use": 3},
    ),
    (
        "Travailler à plusieurs, vendre à l'étranger",
        "fr;en",
        {"collaboration": 3, "e_internationalisation": 2},
    ),
)
# How courses are given, in turn.
FORMATS = ("workshop", "video", "guide")


def demo_tables(firms: int = 20_000, advisers: int = 400, seed: int = 1) -> dict[str, pa.Table]:
    """All tables of a market: communes, skills, programmes, dossier_rules, settings, workshops,
    visits, shared_staff, firms, advisers, schemes, lenders, resources, sites and pairs.

    The same for the same (firms, advisers, seed); each table has a random stream of its own.
    O(firms + advisers) time; about 250 bytes per firm.

    Raises ValueError when a count is below 1 or the seed is negative.
    """
    for name, value, least in (("firms", firms, 1), ("advisers", advisers, 1), ("seed", seed, 0)):
        if value < least:
            raise ValueError(f"{name} is {value}: give at least {least}")
    communes, skills = load_communes(), load_skills()
    places = Places.of(communes)
    day = (MARKET_DATE - date(1970, 1, 1)).days
    demand = _firms(firms, seed, day, places, load_naf(), skills)
    supply = _advisers(advisers, firms, seed, day, places, skills)
    weight = _region_weights(places)
    return {
        "communes": communes.drop_columns(["coord_source", "parent"]),
        "skills": skills.select(["skill", "label", "weight"]),
        "programmes": _programmes(),
        "dossier_rules": _dossier_rules(),
        "settings": _settings(),
        "workshops": pa.Table.from_pylist(services.workshops()),
        "visits": pa.Table.from_pylist([services.visits()]),
        "shared_staff": pa.Table.from_pylist(services.shared_staff()),
        "firms": demand.table.append_column(
            "it_days_per_month", services.it_days(seed, demand.table["headcount"].to_numpy())
        ),
        "advisers": supply.table,
        "schemes": _schemes(firms, seed, weight),
        "lenders": _lenders(firms, seed, weight),
        "resources": _resources(seed, places, skills),
        "sites": pa.Table.from_pylist(services.sites(firms, seed, places)),
        "pairs": _pairs(seed, communes, demand, supply),
    }


# The parameters of demo_tables are called like the functions that draw them.
_firms, _advisers = firms, advisers


def _rows(rows: list[dict[str, Any]], **types: pa.DataType) -> pa.Table:
    """A small table; text unless a type is given, None is missing."""
    names = list(rows[0]) if rows else list(types)
    return pa.table(
        {
            name: pa.array([row[name] for row in rows], types.get(name, pa.large_string()))
            for name in names
        }
    )


_REAL, _WHOLE, _YES_NO, _DAY = pa.float64(), pa.int64(), pa.bool_(), pa.date32()


def _programmes() -> pa.Table:
    common = {
        "coverage": 0.6,
        "proximity": 0.25,
        "trust": 0.15,
        "remote_proximity": 0.5,
    }
    return _rows(
        [
            {
                "programme": "volunteers",
                "network": NETWORKS[VOLUNTEER],
                "after": "",
                **common,
                "labels_required": "",
                "headcount_max": 29.0,
            },
            {
                "programme": "professionals",
                "network": NETWORKS[PROFESSIONAL],
                "after": "volunteers",
                **common,
                "labels_required": REQUIRED_LABEL,
                "headcount_max": 29.0,
            },
        ],
        **dict.fromkeys([*common, "headcount_max"], _REAL),
    )


def _dossier_rules() -> pa.Table:
    common = {"min_sum": TICKET_EUR, "max_members": 12}
    cost = {"opening_cost": 1.0, "cost_per_km": 0.02}
    return _rows(
        [
            {"rule": "same trade", "keys": "naf_division", **common, "max_radius_km": 60.0, **cost},
            {"rule": "same place", "keys": "epci", **common, "max_radius_km": 30.0, **cost},
        ],
        min_sum=_REAL,
        max_members=_WHOLE,
        max_radius_km=_REAL,
        opening_cost=_REAL,
        cost_per_km=_REAL,
    )


def _settings() -> pa.Table:
    numbers = {
        "trust_prior_successes": 1.0,
        "trust_prior_failures": 1.0,
        "trust_confidence": 0.9,
        "trust_label_bonus": 0.1,
        "aid_intensity_max": figure("aid_intensity_max"),
        "de_minimis_ceiling_eur": figure("de_minimis_ceiling_eur"),
    }
    row = {
        "date": MARKET_DATE,
        **numbers,
        "funding_after": "volunteers",
        "lead_network": NETWORKS[PROFESSIONAL],
        "resources_per_firm": 5,
    }
    return _rows([row], date=_DAY, resources_per_firm=_WHOLE, **dict.fromkeys(numbers, _REAL))


def _region_weights(places: Places) -> dict[str, float]:
    """Each region's part of the population."""
    region = places.communes["region"].to_numpy(zero_copy_only=False)
    code, of = np.unique(region, return_inverse=True)
    part: Floats = np.bincount(of, places.population) / places.population.sum()
    return dict(zip(code.tolist(), part.tolist(), strict=True))


def _names(territories: pa.Table) -> dict[str, str]:
    """Names by code, of a table whose first two columns they are."""
    code, name = (territories.column(k).to_pylist() for k in (0, 1))
    return dict(zip(code, name, strict=True))


def _schemes(firms: int, seed: int, weight: dict[str, float]) -> pa.Table:
    """Grants pay for about three quarters of what the firms reached by volunteers could ask."""
    rng = draw.stream(seed, "schemes")
    funded = firms * VOLUNTEER_REACH
    usual: dict[str, Any] = {
        "funder": "",
        "floor_eur": 500.0,
        "zones": "FR",
        "naf_in": "",
        "naf_out": "",
        "headcount_min": 0,
        "headcount_max": 29,
        "intensity_max": 1.0,
        "collective_only": False,
        "de_minimis": True,
        "label_required": "",
        "network_required": "",
        "stacking_group": "",
        "dated": MARKET_DATE,
        "source": DEMO_FIGURE,
    }

    def scheme(
        scheme_id: str, name: str, *, rate: float, cap: float, per_firm: float, **other: Any
    ) -> dict[str, Any]:
        budget = float(round(funded * per_firm))
        amounts = {"rate": rate, "cap_eur": cap, "budget_eur": budget}
        return {"scheme_id": scheme_id, "name": name, **amounts, **usual, **other}

    eu = scheme(
        "EU-DIGITAL", "Fonds européen, volet numérique", rate=0.35, cap=EU_CAP_EUR, per_firm=5_200
    )
    brick = scheme(
        "STATE-BRICK", "État, première brique numérique", rate=0.10, cap=3_000.0, per_firm=1_300
    )
    cyber = scheme(
        "STATE-CYBER",
        "État, numérique sûr des métiers d'accueil",
        rate=0.15,
        cap=3_500.0,
        per_firm=400,
    )
    together = scheme(
        "STATE-TOGETHER", "État, prime au dossier collectif", rate=0.05, cap=1_500.0, per_firm=700
    )
    # A firm takes one of the first two State lines.
    one_of_two = {"funder": "state", "stacking_group": "state_first_brick"}
    rows = [
        eu | {"funder": "eu", "source": EU_CAP},
        brick | one_of_two,
        # Safety needs somebody who knows it: a professional of the firm.
        cyber
        | one_of_two
        | {"naf_in": "47;55;56;69;86", "network_required": NETWORKS[PROFESSIONAL]},
        together | {"funder": "state", "collective_only": True},
    ]
    names = _names(load_regions())
    for region, part in weight.items():
        line = scheme(
            f"REGION-{region}",
            f"Région {names[region]}, chèque numérique",
            rate=(8 + 2 * int(rng.random() * 5)) / 100,
            cap=2_000.0 + 500 * int(rng.random() * 5),
            per_firm=part * (1_000 + 100 * int(rng.random() * 10)),
        )
        # Regions top up what the others give, and no further.
        tops_up = {"funder": "region", "zones": f"region:{region}", "intensity_max": 0.7}
        rows.append(line | tops_up)
    money = dict.fromkeys(["rate", "cap_eur", "budget_eur", "floor_eur", "intensity_max"], _REAL)
    bands = {"headcount_min": _WHOLE, "headcount_max": _WHOLE}
    rules = {"collective_only": _YES_NO, "de_minimis": _YES_NO}
    return _rows(rows, **money, **bands, **rules, dated=_DAY)


def _lenders(firms: int, seed: int, weight: dict[str, float]) -> pa.Table:
    rng = draw.stream(seed, "lenders")
    names = _names(load_regions())
    national = (
        "Banque nationale des projets",
        "Crédit des artisans réunis",
        "Fonds d'avance solidaire",
    )
    places = [(f"L-FR{k + 1}", name, 300_000.0, "FR", 0.5 / 3) for k, name in enumerate(national)]
    places += [
        (f"L-{region}", f"Fonds de prêt {names[region]}", 150_000.0, f"region:{region}", part / 2)
        for region, part in weight.items()
    ]
    loans = draw.share_out(max(1, round(firms * LOANS_PER_FIRM)), [place[4] for place in places])
    rows = [
        {
            "lender_id": lender_id,
            "name": name,
            "min_ticket_eur": TICKET_EUR,
            "max_ticket_eur": largest,
            "zones": zones,
            "capacity": int(capacity),
            "interest_rate": round(0.025 + 0.0025 * int(rng.random() * 9), 4),
        }
        for (lender_id, name, largest, zones, _), capacity in zip(places, loans, strict=True)
    ]
    real = dict.fromkeys(["min_ticket_eur", "max_ticket_eur", "interest_rate"], _REAL)
    return _rows(rows, **real, capacity=_WHOLE)


def _resources(seed: int, places: Places, skills: pa.Table) -> pa.Table:
    """Each centre offers the courses, some a level deeper than others."""
    rng = draw.stream(seed, "resources")
    regions = _names(load_regions()).items()
    centres = [(f"C-R{r}", f"Centre de ressources {name}", f"region:{r}") for r, name in regions]
    names = _names(load_departements())
    code, of = np.unique(
        places.communes["departement"].to_numpy(zero_copy_only=False), return_inverse=True
    )
    largest = np.argsort(-np.bincount(of, places.population), kind="stable")[:LOCAL_CENTRES]
    centres += [
        (f"C-D{d}", f"Maison du numérique {names[d]}", f"departement:{d}") for d in code[largest]
    ]
    rows = []
    for centre_id, centre, zones in centres:
        for number, (title, languages, taught) in enumerate(COURSES, start=1):
            deeper = int(rng.random() < 0.3)
            levels = {
                f"skill_{s}": min(4, taught[s] + deeper) if s in taught else 0
                for s in skills["skill"].to_pylist()
            }
            rows.append(
                {
                    "resource_id": f"{centre_id}-{number:02d}",
                    "centre_id": centre_id,
                    "centre": centre,
                    "title": title,
                    "zones": zones,
                    "languages": languages,
                    "format": FORMATS[number % len(FORMATS)],
                    **levels,
                }
            )
    return _rows(rows, **{f"skill_{s}": pa.int8() for s in skills["skill"].to_pylist()})


def _pairs(seed: int, communes: pa.Table, demand: Firms, supply: Advisers) -> pa.Table:
    """Acquainted firms and volunteers of one departement: pins, conflicts and bonuses.

    Only volunteers without restriction are drawn and only French-speaking firms, so a pin breaks no
    rule; no firm and no adviser has two pins, so each fits any capacity of at least one.
    """
    rng = draw.stream(seed, "pairs")
    n = len(demand.commune)
    departement = np.unique(
        communes["departement"].to_numpy(zero_copy_only=False), return_inverse=True
    )[1]
    capacity = supply.table["capacity"].to_numpy()
    known = np.flatnonzero(supply.unrestricted & (supply.network == VOLUNTEER) & (capacity > 0))
    wanted = min(2_000, n // 100)
    # A random pair shares its departement about once in a hundred.
    drawn = min(400 * wanted, 1_000_000) if len(known) else 0
    firm = (rng.random(drawn) * n).astype(np.int64)
    adviser = known[(rng.random(drawn) * len(known)).astype(np.int64)]
    near = departement[demand.commune[firm]] == departement[supply.commune[adviser]]
    near &= demand.french[firm]
    firm, adviser = firm[near], adviser[near]
    _, first = np.unique(firm, return_index=True)
    first = np.sort(first)[:wanted]
    firm, adviser = firm[first], adviser[first]
    firm_id = demand.table["firm_id"].take(pa.array(firm)).to_pylist()
    adviser_id = supply.table["adviser_id"].take(pa.array(adviser)).to_pylist()
    pins_left = max(1, wanted // 20)
    pinned: set[str] = set()
    rows: list[dict[str, Any]] = []
    for k, (i, j) in enumerate(zip(firm_id, adviser_id, strict=True)):
        row = {"firm_id": i, "adviser_id": j, "programme": "volunteers", "value": None}
        if pins_left and j not in pinned:
            pins_left -= 1
            pinned.add(j)
            rows.append({**row, "kind": "pinned"})
        elif k % 3 == 0:
            rows.append({**row, "kind": "bonus", "value": 0.05 * (1 + k % 4)})
        else:
            rows.append({**row, "programme": "", "kind": "forbidden"})
    text = dict.fromkeys(["firm_id", "adviser_id", "programme", "kind"], pa.large_string())
    return _rows(rows, **text, value=_REAL)
