"""Grants against mixed-integer programmes solved by HiGHS, on seeded small markets.

Three schemes or four, a dozen firms, tight budgets, floors, stacking groups, ceilings of schemes,
de minimis aid received. All figures are whole euros, so the best grants are whole euros too.
"""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
import pytest

import libmatch as lm

COMMUNES = [
    {"commune": "C", "region": "R", "departement": "D", "epci": "E", "lat": 45.0, "lon": 4.0}
]
ADVISERS = [
    {"adviser_id": "a", "network": "n", "commune": "C", "capacity": 1, "skill_web": 4},
]
INTENSITY, CEILING = 0.6, 300_000


def tables(seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    random = np.random.default_rng(seed)
    n, m = int(random.integers(8, 14)), int(random.integers(3, 5))
    firms: list[dict[str, Any]] = [
        {
            "firm_id": f"f{i:02d}",
            "commune": "C",
            "need_web": 1,
            "cost_eur": 1_000.0 * int(random.integers(8, 30)),
            "own_funds_eur": 100.0 * int(random.integers(0, 40)),
            "aid_received_eur": float(CEILING - 100 * int(random.integers(5, 60)))
            if random.random() < 0.3
            else 0.0,
        }
        for i in range(n)
    ]
    schemes: list[dict[str, Any]] = []
    for s in range(m):
        rate = 0.1 * int(random.integers(1, 6))
        cap = 500.0 * int(random.integers(4, 20))
        asked = sum(min(rate * f["cost_eur"], cap) for f in firms)
        schemes.append(
            {
                "scheme_id": f"s{s}",
                "funder": "state",
                "rate": rate,
                "cap_eur": cap,
                "floor_eur": 100.0 * int(random.integers(0, 15)),
                "budget_eur": float(int(asked * random.uniform(0.2, 0.8))),
                "stacking_group": random.choice(["", "g"]),
                "intensity_max": random.choice([0.4, 1.0]),
                "de_minimis": bool(random.random() < 0.7),
            }
        )
    return firms, schemes


def best_by_highs(firms: list[dict[str, Any]], schemes: list[dict[str, Any]]) -> float:
    h = highspy.Highs()
    h.setOptionValue("output_flag", False)
    h.setOptionValue("mip_rel_gap", 0.0)
    h.setOptionValue("mip_abs_gap", 0.1)
    h.changeObjectiveSense(highspy.ObjSense.kMaximize)
    spent: list[list[Any]] = [[] for _ in schemes]
    for firm in firms:
        cost = firm["cost_eur"]
        every, small, group = [], [], []
        limit = min(INTENSITY * cost, cost - firm["own_funds_eur"])
        for s, scheme in enumerate(schemes):
            most = min(round(scheme["rate"] * cost, 2), scheme["cap_eur"], scheme["budget_eur"])
            if most < max(scheme["floor_eur"], 0.01):
                continue
            amount, takes = h.addVariable(0, most, 1.0), h.addIntegral(0, 1)
            h.addConstr(amount <= most * takes)
            h.addConstr(amount >= scheme["floor_eur"] * takes)
            spent[s].append(amount)
            every.append((scheme, amount, takes))
            if scheme["de_minimis"]:
                small.append(amount)
            if scheme["stacking_group"]:
                group.append(takes)
        if not every:
            continue
        in_all = sum(amount for _, amount, _ in every)
        h.addConstr(in_all <= limit)
        for scheme, _, takes in every:
            ceiling = scheme["intensity_max"] * cost
            if ceiling < limit:
                h.addConstr(in_all + (limit - ceiling) * takes <= limit)
        if small:
            h.addConstr(sum(small) <= CEILING - firm["aid_received_eur"])
        if group:
            h.addConstr(sum(group) <= 1)
    for scheme, amounts in zip(schemes, spent, strict=True):
        if amounts:
            h.addConstr(sum(amounts) <= scheme["budget_eur"])
    h.run()
    return float(h.getInfo().objective_function_value)


@pytest.mark.parametrize("seed", range(40))
def test_grants_are_the_best_of_all(seed: int) -> None:
    firms, schemes = tables(seed)
    market = lm.Market(
        firms=firms,
        advisers=ADVISERS,
        schemes=schemes,
        communes=COMMUNES,
        settings={"aid_intensity_max": INTENSITY, "de_minimis_ceiling_eur": CEILING},
    )
    plan = lm.solve(market, gap=0.0, stages=["fund"])
    best, proof = best_by_highs(firms, schemes), plan.certificates["fund"]
    assert lm.verify(market, plan).ok
    assert proof.objective == pytest.approx(best, abs=0.02)
    assert proof.bound >= best - 0.02
    assert proof.unit == 0.01


def test_budgets_that_do_not_suffice_are_told() -> None:
    firms, schemes = tables(3)
    market = lm.Market(firms=firms, advisers=ADVISERS, schemes=schemes, communes=COMMUNES)
    plan = lm.solve(market, stages=["fund"])
    rows = plan.budgets.to_dicts()
    assert [row["scheme_id"] for row in rows] == [s["scheme_id"] for s in schemes]
    scarce = [row for row in rows if row["marginal_eur"] > 0]
    assert scarce
    assert all(row["firms_served"] <= row["firms_open"] for row in rows)
    assert all(row["granted_eur"] <= row["asked_eur"] for row in rows)
    assert "one euro more is worth" in plan.summary()
    told = "\n".join(plan.explain(firm["firm_id"]) for firm in firms)
    assert "its budget does not suffice" in told


def test_priority_then_id_decide_between_equals() -> None:
    firms = [
        {
            "firm_id": f"f{i}",
            "commune": "C",
            "need_web": 1,
            "cost_eur": 10_000.0,
            "priority": float(i == 4),
        }
        for i in range(6)
    ]
    scheme = {"scheme_id": "s", "funder": "eu", "rate": 0.5, "budget_eur": 12_000.0}
    market = lm.Market(firms=firms, advisers=ADVISERS, schemes=[scheme], communes=COMMUNES)
    grants = lm.solve(market, stages=["fund"]).grants.to_dicts()
    assert {g["firm_id"]: g["amount_eur"] for g in grants} == {
        "f4": 5_000.0,
        "f0": 5_000.0,
        "f1": 2_000.0,
    }
