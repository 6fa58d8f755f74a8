"""Workshops, visits and shared staff of the demo market: places to meet, days of work, rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from libmatch import _demo_random as draw
from libmatch._demo_advisers import NETWORKS, VOLUNTEER
from libmatch._demo_firms import Places
from libmatch._demo_random import Ints

# Seats of one session, and sessions in all for so many firms.
SEATS = (12, 16, 20)
FIRMS_PER_SESSION = 250

# Firms with employees that want days of IT skill, in percent, and the days per month they want.
WANT_STAFF = 35
DAYS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8)

# Name, skill, and the least need of who is invited.
WORKSHOPS = (
    ("cyber security", "cyber_security", 4),
    ("online sales", "online_sales", 3),
    ("artificial intelligence", "artificial_intelligence", 4),
)


def it_days(seed: int, headcount: Ints) -> pa.Array:
    """Days of IT skill per month that each firm wants to share. O(n)."""
    rng = draw.stream(seed, "it_days")
    wants = (rng.random(len(headcount)) * 100 < WANT_STAFF) & (headcount >= 2)
    days = draw.look_up(rng, len(headcount), np.array(DAYS))
    return pa.array(np.where(wants, days, 0.0))


def sites(firms: int, seed: int, places: Places) -> list[dict[str, Any]]:
    """The largest commune of each departement, with sessions in proportion to its people."""
    rng = draw.stream(seed, "sites")
    of_commune = places.communes["departement"].to_numpy(zero_copy_only=False)
    code, of = np.unique(of_commune, return_inverse=True)
    largest = np.full(len(code), -1)
    for row in np.argsort(-places.population, kind="stable").tolist():
        if largest[of[row]] < 0:
            largest[of[row]] = row
    people = np.bincount(of, places.population)
    sessions = draw.share_out(max(8, firms // FIRMS_PER_SESSION), people)
    seats = draw.look_up(rng, len(code), np.array(SEATS))
    names = places.communes["name"].to_pylist()
    return [
        {
            "site_id": f"S-{d}",
            "name": f"Maison des entreprises, {names[row]}",
            "commune": places.code[row].as_py(),
            "sessions": int(some),
            "seats": int(room),
        }
        for d, row, some, room in zip(
            code.tolist(), largest.tolist(), sessions.tolist(), seats.tolist(), strict=True
        )
        if some > 0
    ]


def workshops() -> list[dict[str, Any]]:
    return [
        {
            "workshop": name,
            "skill": skill,
            "min_need": need,
            "headcount_under": 30,
            "min_attendance": 5,
            "max_attendance": 20,
            "max_radius_km": 40.0,
            "opening_cost": 1.0,
            "cost_per_km": 0.01,
        }
        for name, skill, need in WORKSHOPS
    ]


def visits() -> dict[str, Any]:
    return {
        "network": NETWORKS[VOLUNTEER],
        "days": 8,
        "firms_per_day": 4,
        "max_km_per_day": 150.0,
        "cost_per_km": 0.005,
        "headcount_under": 30,
    }


def shared_staff() -> list[dict[str, Any]]:
    """Whole and half jobs of about 19 days per month."""
    common = {"min_members": 2, "max_radius_km": 30.0, "opening_cost": 0.5, "cost_per_km": 0.02}
    return [
        {"rule": "whole job", "min_days": 18.0, "max_days": 20.0, "max_members": 6, **common},
        {"rule": "half job", "min_days": 9.0, "max_days": 10.0, "max_members": 4, **common},
    ]
