"""One market, assigned and judged in a process of its own: usage FIRMS ADVISERS REMOTE_SHARE GAP.

Prints one line of JSON: seconds of each part, peak memory of the whole process, what the judge
recomputed, and the time that one float32 matrix product firms x advisers x 68 takes, from a slice
of its rows.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import numpy as np
import polars as pl

import libmatch as lm

WIDTH = 68  # numbers per firm and adviser in the product
SLICE = 2**31  # multiply-adds of the slice


def product_seconds(firms: int, advisers: int) -> float:
    """Seconds of the whole product, from the median of five slices."""
    rows = max(1, min(firms, SLICE // (advisers * WIDTH)))
    random = np.random.default_rng(0)
    left = random.random((rows, WIDTH), dtype=np.float32)
    right = random.random((WIDTH, advisers), dtype=np.float32)
    left @ right
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        left @ right
        taken.append(time.perf_counter() - start)
    return float(np.median(taken)) * firms / rows


def with_remote(market: lm.Market, share: float) -> lm.Market:
    """A share of the advisers, spread evenly, works remotely for the whole country."""
    tables = dict(market.tables)
    advisers = tables["advisers"]
    at = np.arange(len(advisers))
    remote = pl.Series(np.floor((at + 1) * share) > np.floor(at * share))
    tables["advisers"] = advisers.with_columns(
        pl.when(remote).then(True).otherwise(pl.col("remote")).alias("remote"),
        pl.when(remote).then(pl.lit("FR")).otherwise(pl.col("zones")).alias("zones"),
    )
    return lm.Market(**tables)


def main(firms: int, advisers: int, remote: float, gap: float) -> None:
    parts: dict[str, float] = {}
    at = time.perf_counter()

    def took(name: str) -> None:
        nonlocal at
        now = time.perf_counter()
        parts[name], at = now - at, now

    market = lm.demo_market(firms=firms, advisers=advisers, seed=1)
    if remote > 0:
        market = with_remote(market, remote)
    took("make_s")
    lm.check(market)
    took("check_s")
    market.programmes  # noqa: B018  (compiles the market, which a service does once)
    took("compile_s")
    plan = lm.solve(market, gap=gap, stages=["assign"])
    took("solve_s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    verdict = lm.verify(market, plan)
    took("judge_s")
    if not verdict.ok:
        raise SystemExit(f"the judge refuses the plan: {verdict.violations}")
    pairs = firms * advisers  # each adviser belongs to one programme
    proofs = {name: (c.objective, c.bound, c.gap) for name, c in plan.certificates.items()}
    print(
        json.dumps(
            {
                "firms": firms,
                "advisers": advisers,
                "remote": remote,
                **parts,
                "product_s": product_seconds(firms, advisers),
                "peak_gib": peak,
                "served": len(plan.assignments),
                "filtered": sum(s["filtered"] for s in plan.seen.values()) / pairs,
                "scored": sum(s["scored"] for s in plan.seen.values()) / pairs,
                "certificates": proofs,
                "judged_gap": max(stage.gap for stage in verdict.stages.values()),
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
