"""Warm start beside cold solve after 1 % of the firms changed: `python bench/warm/run.py`.

A third of these firms got other needs, a third are gone, a third are new. Sparse rows (100,000 x
1,000, 32 pairs a firm), and plans and every programme of markets of `lm.demo_market`. Both answers
are judged first; then medians of three solves each, in turns, of the seconds that the results
report (the solver's own, without the conversion of arrays and tables). Prints lines of JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp

import libmatch as lm

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "assignment"))
import graph

SHARE = 0.01
GAP = 1e-4
REPEATS = 3


def churn(firms: int, seed: int) -> tuple[Any, Any, Any]:
    """Firms whose needs change, whether a firm stays, and its number afterwards."""
    k = int(firms * SHARE / 3)
    who = np.random.default_rng(seed).permutation(firms)
    stays = np.ones(firms, bool)
    stays[who[k : 2 * k]] = False
    return who[:k], stays, np.cumsum(stays) - 1


def carried(pairs: Any, stays: Any, number: Any) -> Any:
    """The earlier pairs, numbered as in the new problem."""
    kept = pairs[stays[pairs[:, 0]]].copy()
    kept[:, 0] = number[kept[:, 0]]
    return kept


def compare(name: str, cold: Any, warm: Any) -> None:
    for r in (cold(), warm()):
        verdict = lm.verify(r)
        if not verdict.ok or r.gap > GAP:
            raise SystemExit(f"{name}: not proven: {r} {verdict.violations}")
    times: dict[str, list[float]] = {"cold": [], "warm": []}
    for _ in range(REPEATS):
        times["cold"].append(cold().seconds)
        times["warm"].append(warm().seconds)
    c, w = (statistics.median(times[k]) for k in ("cold", "warm"))
    r = warm()
    print(
        json.dumps(
            {
                "problem": name,
                "cold_s": round(c, 4),
                "warm_s": round(w, 4),
                "ratio": round(w / c, 4),
                "cold_gap": cold().gap,
                "warm_gap": r.gap,
                "changes": r.changes,
                "samples": times,
            }
        ),
        flush=True,
    )


def rows(threads: int) -> None:
    def array(column: Any, value: Any) -> Any:
        begin = np.arange(0, column.size + 1, column.shape[1])
        return sp.csr_array(
            (value.ravel() * graph.UNIT, column.ravel(), begin), shape=(len(column), g.advisers)
        )

    g = graph.make(100_000, 1_000, 32, 1)
    first = lm.assign(array(g.column, g.value), g.capacity, gap=GAP, threads=threads)
    changed, stays, number = churn(g.firms, 5)
    new = graph.make(2 * len(changed), g.advisers, 32, 6)
    column, value = g.column.copy(), g.value.copy()
    value[changed] = new.value[: len(changed)]
    utility = array(
        np.vstack([column[stays], new.column[len(changed) :]]),
        np.vstack([value[stays], new.value[len(changed) :]]),
    )
    previous = carried(first.pairs, stays, number)
    options: dict[str, Any] = {"gap": GAP, "threads": threads}
    compare(
        "rows 100000 x 1000 x 32",
        lambda: lm.assign(utility, g.capacity, **options),
        lambda: lm.assign(utility, g.capacity, prices=first.prices, previous=previous, **options),
    )


def plans(before: Any, after: Any, threads: int) -> None:
    """Whole plans of the stage assign: anew, and from the plan before."""
    options: dict[str, Any] = {"stages": ["assign"], "gap": GAP, "threads": threads}
    first = lm.solve(before, **options)
    ways = {"cold": {}, "warm": {"previous": first}}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for name, more in ways.items():
        plan = lm.solve(after, **more, **options)
        verdict = lm.verify(after, plan)
        if not verdict.ok or verdict.gap > GAP:
            raise SystemExit(f"plan, {name}: not proven: {plan} {verdict.violations}")
    for _ in range(REPEATS):
        for name, more in ways.items():
            plan = lm.solve(after, **more, **options)
            times[name].append(sum(c.seconds for c in plan.certificates.values()))
    c, w = (statistics.median(times[name]) for name in ("cold", "warm"))
    figures = {"problem": "plan", "cold_s": round(c, 4), "warm_s": round(w, 4)}
    print(json.dumps({**figures, "ratio": round(w / c, 4), "samples": times}), flush=True)


def market(firms: int, advisers: int, threads: int) -> None:
    before = lm.demo_market(firms=firms, advisers=advisers, seed=1)
    changed, stays, number = churn(firms, 3)
    tables = dict(before.tables)
    table = tables["firms"]
    source = np.arange(firms)
    source[changed] = np.flatnonzero(~stays)  # the needs of those who are gone
    needs = [c for c in table.columns if c.startswith("need_")]
    table = table.with_columns([table[c].gather(source).alias(c) for c in needs])
    new = lm.demo_market(firms=len(changed), advisers=10, seed=2).tables["firms"]
    new = new.with_columns(("new-" + pl.col("firm_id")).alias("firm_id"))
    staying = table.filter(pl.Series(stays))
    tables["firms"] = pl.concat([staying, new.select(table.columns)], how="vertical_relaxed")
    if "pairs" in tables:
        tables["pairs"] = tables["pairs"].filter(
            pl.col("firm_id").is_in(staying["firm_id"].implode())
        )
    after = lm.Market(**tables)
    plans(before, after, threads)
    for programme in after.programmes:
        options: dict[str, Any] = {"programme": programme, "gap": GAP, "threads": threads}
        first = lm.assign(before, **options)
        start = {"prices": first.prices, "previous": carried(first.pairs, stays, number)}
        compare(
            f"market {firms} x {advisers} {programme}",
            lambda options=options: lm.assign(after, **options),
            lambda options=options, start=start: lm.assign(after, **start, **options),
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--threads", type=int, default=0)
    options.add_argument("--firms", type=int, nargs="*", default=[100_000, 300_000])
    asked = options.parse_args()
    rows(asked.threads)
    for firms in asked.firms:
        market(firms, firms // 100, asked.threads)


if __name__ == "__main__":
    main()
