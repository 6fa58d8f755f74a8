"""A market and a plan for tests of what only reads plans: right in form, not solved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from libmatch._demo import demo_tables

Tables = dict[str, pa.Table]


@dataclass(frozen=True)
class Proof:
    """As a Certificate."""

    status: str
    objective: float
    bound: float
    gap: float
    unit: float
    seconds: float


PROOFS = {
    "assign:volunteers": Proof("within_gap", 1043.52, 1043.55, 2.87e-5, 0.0, 0.41),
    "assign:professionals": Proof("optimal", 512.25, 512.25, 0.0, 1e-6, 0.22),
    "fund": Proof("within_gap", 4_318_250.0, 4_320_011.0, 4.08e-4, 0.0, 0.05),
    "pool": Proof("time_limit", 311.4, 318.2, 0.02137, 0.0, 12.3),
    "lead": Proof("optimal", 0.0, 0.0, 0.0, 1e-6, 0.01),
    "lend": Proof("infeasible", 0.0, 1.0, 1.0, 0.0, 0.01),
    "resources": Proof("optimal", 6021.0, 6021.0, 0.0, 0.0, 0.08),
}

SETTINGS = {
    "gap": 1e-4,
    "exact": False,
    "time_limit": None,
    "threads": 0,
    "seed": 7,
    "stages": [],
    "version": "1.2.3",
}


def made_market(firms: int = 2_000, advisers: int = 120) -> Tables:
    return demo_tables(firms, advisers, 1)


def made_plan(market: Tables, seed: int = 1) -> Tables:
    """Half of the firms served, six in ten of these by both networks, funded and pooled."""
    rng = np.random.default_rng(seed)
    firms = np.array(market["firms"]["firm_id"].to_pylist(), object)
    cost = market["firms"]["cost_eur"].to_numpy()
    own = market["firms"]["own_funds_eur"].to_numpy()
    network = np.array(market["advisers"]["network"].to_pylist(), object)
    adviser = np.array(market["advisers"]["adviser_id"].to_pylist(), object)
    region = dict(
        zip(
            market["communes"]["commune"].to_pylist(),
            market["communes"]["region"].to_pylist(),
            strict=True,
        )
    )
    regions = np.array([region[c] for c in market["firms"]["commune"].to_pylist()], object)
    n = len(firms)

    eager = 0.4 + 0.5 * rng.random(100)
    served = rng.random(n) < eager[np.array([int(r) for r in regions])]
    second = served & (rng.random(n) < 0.6)
    assignments: list[dict[str, object]] = []
    unserved: list[dict[str, object]] = []
    for name, kind, who, open_to in (
        ("volunteers", "volunteer", served, np.ones(n, bool)),
        ("professionals", "professional", second, served),
    ):
        choice = rng.choice(adviser[network == kind], n)
        for i in np.flatnonzero(who):
            terms = rng.random(3).round(3)
            assignments.append(
                {
                    "programme": name,
                    "firm_id": firms[i],
                    "adviser_id": choice[i],
                    "score": float(terms.mean()),
                    "coverage": terms[0],
                    "proximity": terms[1],
                    "trust": terms[2],
                    "bonus": 0.0,
                    "distance_km": float(rng.exponential(18)),
                    "pinned": False,
                }
            )
        for i in np.flatnonzero(open_to & ~who):
            reason = "no adviser is eligible"
            if rng.random() < 0.8:
                reason = "every eligible adviser is fully used by firms that gain more; the best, "
                reason += choice[i]
            unserved.append(
                {
                    "stage": f"assign:{name}",
                    "firm_id": firms[i],
                    "reason": reason,
                    "amount_eur": 0.0,
                }
            )

    of_region = {r: f"REGION-{r}" for r in set(regions)}
    grants = []
    need = np.maximum(cost - own, 0)
    for i in np.flatnonzero(served):
        for scheme, rate, cap in (
            ("EU-DIGITAL", 0.35, 10_000),
            ("STATE-BRICK", 0.1, 3_000),
            (of_region[regions[i]], 0.12, 2_500),
        ):
            if rng.random() < 0.7:
                amount = round(min(rate * cost[i], cap, need[i]), 2)
                need[i] -= amount
                grants.append({"firm_id": firms[i], "scheme_id": scheme, "amount_eur": amount})

    dossiers, members, loans = [], [], []
    waiting = [int(i) for i in np.flatnonzero(served & (need > 100))]
    lenders = market["lenders"]["lender_id"].to_pylist()
    while len(waiting) > 12:
        size = int(np.clip(rng.poisson(4), 2, 12))
        group, waiting = waiting[:size], waiting[size:]
        if rng.random() < 0.15:
            unserved += [
                {
                    "stage": "pool",
                    "firm_id": firms[i],
                    "reason": "too little within reach to make the ticket; missing 1200 EUR",
                    "amount_eur": float(need[i]),
                }
                for i in group
            ]
            continue
        name = f"D{len(dossiers) + 1:06d}"
        dossiers.append(
            {
                "dossier_id": name,
                "rule": str(rng.choice(["same trade", "same place"])),
                "seat_firm_id": firms[group[0]],
                "members": size,
                "sum_eur": float(need[group].sum()),
                "value": size - 1.2,
                "lead_adviser_id": adviser[-1],
                "lender_id": lenders[0],
            }
        )
        members += [
            {
                "dossier_id": name,
                "firm_id": firms[i],
                "amount_eur": float(need[i]),
                "distance_km": 3.0,
            }
            for i in group
        ]
        loans.append(
            {
                "loan_id": f"L{len(loans) + 1:06d}",
                "kind": "pooled",
                "dossier_id": name,
                "firm_id": "",
                "lender_id": lenders[len(loans) % len(lenders)],
                "amount_eur": float(need[group].sum()),
            }
        )
    proofs = [{"stage": stage, **proof.__dict__} for stage, proof in PROOFS.items()]
    tables = {
        "assignments": assignments,
        "dossiers": dossiers,
        "dossier_members": members,
        "grants": grants,
        "loans": loans,
        "unserved": unserved,
        "certificates": proofs,
    }
    return {name: pa.Table.from_pylist(rows) for name, rows in tables.items()}
