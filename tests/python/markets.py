"""Markets that several test files use."""

from __future__ import annotations

from functools import cache
from typing import Any

import libmatch as lm

FIRMS: list[dict[str, Any]] = [
    {"firm_id": "f1", "commune": "69123", "naf": "62.01Z", "need_website": 3, "need_crm": 1},
    {"firm_id": "f2", "commune": "69123", "naf": "47.11A", "need_website": 1, "need_crm": 4},
    {"firm_id": "f3", "commune": "75056", "naf": "56.10A", "need_website": 2, "need_crm": 0},
]
ADVISERS: list[dict[str, Any]] = [
    {
        "adviser_id": "a1",
        "network": "volunteers",
        "commune": "69123",
        "capacity": 1,
        "skill_website": 4,
        "skill_crm": 0,
    },
    {
        "adviser_id": "a2",
        "network": "volunteers",
        "commune": "69123",
        "capacity": 2,
        "skill_website": 1,
        "skill_crm": 4,
    },
]


def small_market(**tables: Any) -> lm.Market:
    given = {"firms": FIRMS, "advisers": ADVISERS, "settings": {"date": "2026-01-01"}}
    return lm.Market(**{**given, **tables})


@cache
def demo() -> lm.Market:
    """Large enough for every stage to have something to do."""
    return lm.demo_market(firms=600, advisers=30, seed=3)


@cache
def demo_plan() -> lm.Plan:
    return lm.solve(demo())
