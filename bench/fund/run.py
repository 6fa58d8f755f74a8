"""Grants at scale: usage FIRMS [SCHEMES] [THREADS].

One market with many overlapping schemes, budgets for about half of what is asked, floors,
stacking groups, ceilings and de minimis aid. Making of the market, grants alone and the judge are
timed apart; the plan is judged before anything is printed.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import polars as pl

import libmatch as lm


def market(firms: int, schemes: int, seed: int = 1) -> lm.Market:
    rng = np.random.default_rng(seed)
    communes = [f"{d:02d}" for d in range(1, 19)]
    table = pl.DataFrame(
        {
            "commune": communes,
            "region": communes,
            "departement": communes,
            "epci": communes,
            "lat": np.linspace(43, 50, 18),
            "lon": np.linspace(-1, 6, 18),
        }
    )
    cost = np.round(np.exp(rng.normal(np.log(22_000), 0.35, firms)), -2)
    demand = pl.DataFrame(
        {
            "firm_id": [f"F{k}" for k in range(firms)],
            "commune": np.array(communes)[rng.integers(0, 18, firms)],
            "naf": np.array(["47.11A", "56.10A", "43.21A", "62.01Z"])[rng.integers(0, 4, firms)],
            "headcount": rng.integers(0, 30, firms).astype(float),
            "need_web": np.ones(firms),
            "cost_eur": cost,
            "own_funds_eur": np.round(cost * rng.uniform(0, 0.2, firms), -2),
            "aid_received_eur": np.where(rng.random(firms) < 0.05, 297_000.0, 0.0),
            "priority": rng.integers(0, 3, firms).astype(float),
        }
    )
    national = min(schemes, 12)
    rows = []
    for k in range(schemes):
        here = k < national
        rate = 0.05 * int(rng.integers(1, 8))
        cap = 500.0 * int(rng.integers(2, 16))
        asked = float(np.minimum(rate * cost, cap).sum()) / (1 if here else 18)
        rows.append(
            {
                "scheme_id": f"S{k:02d}",
                "funder": "state" if here else "region",
                "rate": rate,
                "cap_eur": cap,
                "floor_eur": 250.0 * int(rng.integers(0, 4)),
                "budget_eur": float(round(asked * rng.uniform(0.2, 0.9))),
                "zones": "FR" if here else f"region:{communes[(k - national) % 18]}",
                "naf_in": "" if k % 3 else "47;56",
                "headcount_max": 29.0 if k % 4 else 9.0,
                "stacking_group": f"g{k % 3}" if here and k % 2 else "",
                "intensity_max": 0.6 if k % 7 == 3 else 1.0,
                "de_minimis": bool(k % 5),
            }
        )
    advisers = pl.DataFrame(
        {
            "adviser_id": ["A1"],
            "network": ["n"],
            "commune": communes[:1],
            "capacity": [1],
            "skill_web": [4.0],
        }
    )
    return lm.Market(firms=demand, advisers=advisers, schemes=pl.DataFrame(rows), communes=table)


def main() -> None:
    firms = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000_000
    schemes = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    given = market(firms, schemes)
    started = time.perf_counter()
    given.programmes  # noqa: B018  (compiles the market)
    made = time.perf_counter() - started
    started, used = time.perf_counter(), time.process_time()
    plan = lm.solve(given, stages=["fund"], threads=threads)
    solved, used = time.perf_counter() - started, time.process_time() - used
    started = time.perf_counter()
    verdict = lm.verify(given, plan)
    judged = time.perf_counter() - started
    proof = plan.certificates["fund"]
    if not verdict.ok:
        raise SystemExit(f"REFUSED: {verdict.violations[:3]}")
    print(
        f"{firms:,} firms, {schemes} schemes: market {made:.1f} s, grants {solved:.1f} s "
        f"({used:.1f} s cpu), judge {judged:.1f} s; {proof.status}, gap {proof.gap:.1e}, "
        f"{proof.objective:,.0f} EUR of at most {proof.bound:,.0f}; "
        f"{int((plan.budgets['marginal_eur'] > 0).sum())} budgets do not suffice"
    )


if __name__ == "__main__":
    main()
