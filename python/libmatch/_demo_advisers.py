"""Advisers of the demo market: volunteers who win firms over, professionals who equip them.

Volunteers together can serve about 60 % of the firms, professionals with the label about 30 %; the
professionals can lead about one dossier per six funded firms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from libmatch import _demo_random as draw
from libmatch._demo_firms import Places
from libmatch._demo_random import Floats, Ints

VOLUNTEER, PROFESSIONAL = 0, 1
NETWORKS = ("volunteer", "professional")
# Of five neighbours three are volunteers: both networks cover the country.
NETWORK_PATTERN = (VOLUNTEER, PROFESSIONAL, VOLUNTEER, VOLUNTEER, PROFESSIONAL)

VOLUNTEER_REACH = 0.60
PROFESSIONAL_REACH = 0.30
FIRMS_PER_DOSSIER = 6

REQUIRED_LABEL = "activateur"

SCOPES = ("epci", "departement", "departements", "region", "country")
# Percent by scope: volunteers, professionals. Those who work for the whole country work remotely.
SCOPE_SHARES = ((5, 15, 22, 38, 20), (2, 8, 18, 45, 27))
# Range in km by scope: lowest, highest.
RANGES_KM = ((15, 40), (30, 70), (50, 100), (80, 160), (100, 200))
# How far the centre of another departement may lie to be served as well.
NEIGHBOUR_KM = 180

LANGUAGES = (
    *(("fr", 700), ("fr;en", 220), ("fr;en;es", 25), ("fr;en;de", 20), ("fr;pt", 15)),
    *(("fr;it", 10), ("fr;de", 10)),
)

# Trades that a specialist of trades serves.
TRADE_LISTS = (
    "47;46",
    "55;56",
    "41;43",
    "10;47;56",
    "69;70;71;73",
    "85;86;88;96",
    "01;10;11",
    "49;53",
)

# Profiles: percent among volunteers, among professionals, and the skills that they master.
PROFILES: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (40, 15, ()),
    (14, 15, ("website", "search_visibility", "social_media", "digital_marketing")),
    (10, 14, ("online_sales", "digital_payment", "customer_relations", "search_visibility")),
    (12, 14, ("business_management", "e_services", "collaboration", "data_use")),
    (8, 14, ("cyber_security", "personal_data", "e_services")),
    (6, 12, ("artificial_intelligence", "data_use", "customer_relations")),
    (8, 12, ("identify_needs", "business_management", "customer_relations", "website")),
    (2, 4, ("e_internationalisation", "online_sales", "digital_marketing")),
)


@dataclass(frozen=True)
class Advisers:
    """The table, and the columns that other tables are drawn from."""

    table: pa.Table
    commune: Ints  # row of the table of communes
    network: Ints
    unrestricted: npt.NDArray[np.bool_]  # present, any trade, any headcount, serves its departement


def advisers(
    n: int, firms: int, seed: int, date: int, places: Places, skills: pa.Table
) -> Advisers:
    """n advisers for a market of `firms` firms. O(n)."""
    rng = draw.stream(seed, "advisers")
    order = np.argsort(rng.random(n), kind="stable")
    commune = places.spread(rng, n)[order]
    network = np.resize(np.array(NETWORK_PATTERN), n)[order]
    professional = network == PROFESSIONAL
    scope = np.where(
        professional,
        draw.choose(rng, n, SCOPE_SHARES[PROFESSIONAL]),
        draw.choose(rng, n, SCOPE_SHARES[VOLUNTEER]),
    )
    low, high = np.array(RANGES_KM)[scope].T
    range_km = low + np.floor((high - low) * rng.random(n) / 5) * 5
    labelled = professional & (rng.random(n) < 0.85)
    leaves, returns = _absences(rng, n, date)
    absent = (leaves <= date) & (returns >= date)
    naf_in, naf_out = _trades(rng, n, professional)
    smallest, largest = _headcounts(rng, n, professional)
    serving = ~absent & (labelled | ~professional)
    outcomes = _outcomes(rng, professional)
    columns: dict[str, pa.Array] = {
        "adviser_id": draw.ids("A", n),
        "network": draw.pick_text(NETWORKS, network),
        "labels": _labels(rng, labelled, professional),
        "commune": draw.pick_text(places.code, commune),
        "range_km": pa.array(range_km),
        "remote": pa.array(scope == SCOPES.index("country")),
        "zones": pa.array(_zones(rng, places.communes, commune, scope), pa.large_string()),
        "naf_in": pa.array(naf_in, pa.large_string()),
        "naf_out": pa.array(naf_out, pa.large_string()),
        "headcount_min": pa.array(smallest),
        "headcount_max": pa.array(largest, mask=largest == 0),
        "languages": draw.pick_text(
            [name for name, _ in LANGUAGES], draw.choose(rng, n, [share for _, share in LANGUAGES])
        ),
        "capacity": pa.array(_capacities(rng, firms, professional, serving)),
        "min_load": pa.array(np.zeros(n, dtype=np.int64)),
    }
    columns |= _skills(rng, professional, skills)
    columns |= {
        "successes": pa.array(outcomes[0]),
        "failures": pa.array(outcomes[1]),
        "absent_from": _days(leaves, leaves > 0),
        "absent_until": _days(returns, leaves > 0),
        "day_rate_eur": pa.array(
            np.where(professional, draw.between(rng, n, 350, 900, 10), 0).astype(np.float64)
        ),
        "dossier_capacity": pa.array(leads := _dossier_capacities(rng, firms, professional)),
        "specialist_capacity": pa.array(leads),
    }
    unrestricted = ~absent & (smallest == 0) & (largest == 0) & (scope > SCOPES.index("epci"))
    unrestricted &= np.array([not i and not o for i, o in zip(naf_in, naf_out, strict=True)], bool)
    return Advisers(pa.table(columns), commune, network, unrestricted)


def _zones(rng: np.random.Generator, communes: pa.Table, home: Ints, scope: Ints) -> list[str]:
    home_rows = communes.select(["epci", "departement", "region"]).take(pa.array(home)).to_pylist()
    near = _neighbours(communes)
    extra = draw.between(rng, len(home), 1, 3)
    out = []
    for row, s, count in zip(home_rows, scope, extra, strict=True):
        match SCOPES[s]:
            case "country":
                out.append("FR")
            case "region":
                out.append(f"region:{row['region']}")
            case "departements":
                served = [row["departement"], *near[row["departement"]][:count]]
                out.append(";".join(f"departement:{d}" for d in served))
            case "epci" if row["epci"]:
                out.append(f"epci:{row['epci']}")
            case _:
                out.append(f"departement:{row['departement']}")
    return out


def _neighbours(communes: pa.Table) -> dict[str, list[str]]:
    """For each departement the others around it, nearest first, by their centres of population."""
    code, of = np.unique(
        communes["departement"].to_numpy(zero_copy_only=False), return_inverse=True
    )
    weight = communes["population"].to_numpy().astype(np.float64)
    total = np.bincount(of, weight)
    lat = np.bincount(of, weight * communes["lat"].to_numpy()) / total
    lon = np.bincount(of, weight * communes["lon"].to_numpy()) / total
    out = {}
    for k, name in enumerate(code.tolist()):
        # 111.2 km per degree; 0.69 shortens a degree of longitude at the latitude of France
        east = (lon - lon[k]) * (0.69 if lat[k] > 40 else 0.95)
        km = 111.2 * np.sqrt((lat - lat[k]) ** 2 + east**2)
        order = np.argsort(km, kind="stable")[1:]
        out[name] = [str(code[d]) for d in order if km[d] <= NEIGHBOUR_KM]
    return out


def _trades(
    rng: np.random.Generator, n: int, professional: npt.NDArray[np.bool_]
) -> tuple[list[str], list[str]]:
    """Trades served and trades refused; most advisers serve all."""
    u = rng.random(n)
    serves = u < np.where(professional, 0.18, 0.08)
    refuses = ~serves & (u > 0.96)
    lists = np.array(TRADE_LISTS)[(rng.random(n) * len(TRADE_LISTS)).astype(np.intp)].tolist()
    return (
        [names if yes else "" for names, yes in zip(lists, serves, strict=True)],
        [names if yes else "" for names, yes in zip(lists, refuses, strict=True)],
    )


def _headcounts(
    rng: np.random.Generator, n: int, professional: npt.NDArray[np.bool_]
) -> tuple[Ints, Ints]:
    """Smallest headcount served (0 = any) and largest (0 = any)."""
    u = rng.random(n)
    smallest = np.where(professional & (u < 0.06), 1, 0)
    largest = np.where(~professional & (u > 0.85), draw.between(rng, n, 9, 19, 10), 0)
    return smallest.astype(np.int64), largest.astype(np.int64)


def _absences(rng: np.random.Generator, n: int, date: int) -> tuple[Ints, Ints]:
    """First and last day away, 0 = none: 2 % are away on the market's day, 2 % will be later."""
    u = rng.random(n)
    length = draw.between(rng, n, 15, 120)
    leaves: Ints = np.where(u < 0.02, date - 10, np.where(u < 0.04, date + 60, 0))
    return leaves, leaves + length


def _days(days: Ints, known: npt.NDArray[np.bool_]) -> pa.Array:
    return pa.array(days.astype(np.int32), mask=~known).cast(pa.date32())


def _labels(
    rng: np.random.Generator,
    labelled: npt.NDArray[np.bool_],
    professional: npt.NDArray[np.bool_],
) -> pa.Array:
    second = rng.random(len(labelled))
    names = ("", REQUIRED_LABEL, f"{REQUIRED_LABEL};expert_cyber", "conseiller_numerique")
    label = np.where(labelled, 1 + (second < 0.1), np.where(~professional & (second > 0.7), 3, 0))
    return draw.pick_text(names, label)


def _capacities(
    rng: np.random.Generator,
    firms: int,
    professional: npt.NDArray[np.bool_],
    serving: npt.NDArray[np.bool_],
) -> Ints:
    """In firms. Those who cannot serve today get the average of their network beside the total."""
    weight = 0.5 + rng.random(len(professional))
    capacity = np.zeros(len(professional), dtype=np.int64)
    for members, reach in ((~professional, VOLUNTEER_REACH), (professional, PROFESSIONAL_REACH)):
        active = members & serving
        capacity[active] = draw.share_out(round(firms * reach), weight[active])
        capacity[members & ~serving] = capacity[active].sum() // max(1, active.sum())
    return capacity


def _dossier_capacities(
    rng: np.random.Generator, firms: int, professional: npt.NDArray[np.bool_]
) -> Ints:
    out = np.zeros(len(professional), dtype=np.int64)
    funded = firms * VOLUNTEER_REACH
    weight = 0.5 + rng.random(int(professional.sum()))
    out[professional] = draw.share_out(max(1, round(funded / FIRMS_PER_DOSSIER)), weight)
    return out


def _skills(
    rng: np.random.Generator, professional: npt.NDArray[np.bool_], skills: pa.Table
) -> dict[str, pa.Array]:
    """Levels 0-4: generalists know something of everything, specialists a lot of a few things."""
    n = len(professional)
    names = skills["skill"].to_pylist()
    level: Floats = np.full((len(PROFILES), len(names)), 1.0)
    level[0] = 2.4
    for row, (_, _, masters) in enumerate(PROFILES):
        level[row, [names.index(s) for s in masters]] = 3.6
    profile = np.where(
        professional,
        draw.choose(rng, n, [share for _, share, _ in PROFILES]),
        draw.choose(rng, n, [share for share, _, _ in PROFILES]),
    )
    out = {}
    for k, skill in enumerate(names):
        x = level[profile, k] + 1.6 * rng.random(n) - 0.6 + 0.3 * professional
        if skill == "identify_needs":
            x += ~professional
        out[f"skill_{skill}"] = pa.array(np.clip(x, 0, 4).astype(np.int8))
    return out


def _outcomes(rng: np.random.Generator, professional: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    n = len(professional)
    past = draw.look_up(rng, n, draw.exponential_quantiles(18, 150)) * (1 + professional)
    rate = 0.6 + 0.38 * rng.random(n)
    successes = np.floor(past * rate).astype(np.int64)
    return successes, np.floor(past).astype(np.int64) - successes
