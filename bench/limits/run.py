"""Minimum loads, minimum demands, larger demands and quotas at scale: usage FIRMS ADVISERS.

Each line is one problem with seconds (wall, processor), status, claimed and judged gap. Minimum
loads are 80 % of what an answer without them holds, or as much as fits of all seats ("tight").
Quotas bound 40 overlapping groups around an answer to other utilities; utilities are continuous or
have few levels, so that many are equal. Every answer is judged before it is printed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from scipy import sparse

import libmatch as lm

GAP = 1e-3


def row(name: str, solve: Callable[[], Any], judge: Callable[[Any], tuple[bool, float]]) -> None:
    wall, used = time.perf_counter(), time.process_time()
    answer, status, gap = solve()
    wall, used = time.perf_counter() - wall, time.process_time() - used
    ok, judged = judge(answer)
    print(
        f"{name:<44} {wall:7.1f} s {used:7.1f} s cpu  {status:<11} gap {gap:.1e}"
        f"  judged {judged:.1e} {'ok' if ok else 'REFUSED'}",
        flush=True,
    )


def market_row(name: str, tables: dict[str, Any], exact: bool = False) -> None:
    market = lm.Market(**tables)
    market.programmes  # noqa: B018  (compiles the market)

    def solve() -> tuple[Any, str, float]:
        plan = lm.solve(market, gap=GAP, exact=exact, stages=["assign"])
        worst = max(plan.certificates.values(), key=lambda c: c.gap)
        return plan, worst.status, worst.gap

    def judge(plan: Any) -> tuple[bool, float]:
        verdict = lm.verify(market, plan)
        return verdict.ok, max(stage.gap for stage in verdict.stages.values())

    row(name, solve, judge)


def minimum_loads(firms: int, advisers: int) -> None:
    tables = dict(lm.demo_market(firms=firms, advisers=advisers, seed=1).tables)
    table = tables["advisers"]
    place = {name: k for k, name in enumerate(table["adviser_id"])}

    def with_minimum(load: np.ndarray) -> dict[str, Any]:
        return tables | {"advisers": table.with_columns(pl.Series("min_load", load))}

    plan = lm.solve(lm.Market(**tables), gap=GAP, stages=["assign"])
    held = np.zeros(len(table), np.int64)
    np.add.at(held, [place[name] for name in plan.assignments["adviser_id"]], 1)
    loose = with_minimum((0.8 * held).astype(np.int64))
    tight = table["capacity"].to_numpy() // 2
    plan = lm.solve(lm.Market(**with_minimum(tight)), gap=GAP, stages=["assign"])
    for change in plan.relaxations.iter_rows(named=True):
        tight[place[change["adviser_id"]]] = change["units_after"]
    rng = np.random.default_rng(0)
    demand = np.where(rng.random(firms) < 0.2, rng.integers(2, 6, firms), 1)
    many = {"firms": tables["firms"].with_columns(pl.Series("demand", demand))}
    market_row("minimum loads", loose)
    market_row("minimum loads, tight", with_minimum(tight))
    market_row("minimum loads, tight, exact", with_minimum(tight), exact=True)
    market_row("minimum loads, demands of 2 to 5", loose | many)


def array_row(name: str, assign: Callable[[], Any]) -> None:
    def solve() -> tuple[Any, str, float]:
        r = assign()
        return r, r.status, r.gap

    def judge(r: Any) -> tuple[bool, float]:
        verdict = lm.verify(r)
        return verdict.ok, verdict.gap

    row(name, solve, judge)


def rows_of_pairs(firms: int, advisers: int) -> None:
    rng = np.random.default_rng(1)
    region, trade = rng.integers(0, 12, firms), rng.integers(0, 20, firms)
    of_adviser, network = rng.integers(0, 12, advisers), rng.integers(0, 3, advisers)
    near = [np.flatnonzero(of_adviser == k) for k in range(12)]
    rows, columns = [], []
    for i in range(firms):
        far = rng.integers(0, advisers, 60)
        both = np.unique(np.concatenate([near[region[i]], far]))
        rows.append(np.full(len(both), i))
        columns.append(both)
    i, j = np.concatenate(rows), np.concatenate(columns)
    shape = (firms, advisers)
    u = 0.5 + 0.25 * (of_adviser[j] == region[i]) + 0.5 * rng.random(len(i))
    capacity = int(0.9 * firms / advisers)
    other = sparse.csr_array((u + 0.5 * rng.random(len(i)), (i, j)), shape=shape)
    base = lm.assign(other, capacity=capacity, gap=1e-2).pairs
    must = np.zeros(firms, np.int64)
    must[rng.choice(base[:, 0], firms // 10, replace=False)] = 1
    load = np.bincount(base[:, 1], minlength=advisers)
    array_row(
        "minimum loads, a tenth must be served",
        lambda: lm.assign(
            sparse.csr_array((u, (i, j)), shape=shape),
            capacity=capacity,
            min_demand=must,
            min_load=load // 2 * (of_adviser < 6) + load * (of_adviser >= 6),
            gap=GAP,
        ),
    )
    limits = []
    for k in range(40):
        a, b, t = rng.integers(0, 20), rng.integers(0, 12), rng.integers(0, 3)
        mask = [trade == a, region == b, (trade % 5 == a % 5) & (region % 3 == b % 3)][k % 3]
        group = network == t if k % 3 < 2 else (of_adviser == b) | (network == t)
        held = int((mask[base[:, 0]] & group[base[:, 1]]).sum())
        limits.append(
            lm.Quota(mask, group, held if k % 3 != 1 else 0, held + 2 if k % 3 != 0 else None)
        )
    for levels in (0, 4, 2):
        worth = np.ceil(u * levels) / levels if levels else u
        utility = sparse.csr_array((worth, (i, j)), shape=shape)
        array_row(
            f"40 quotas, {f'{levels} levels per unit' if levels else 'continuous'}",
            lambda utility=utility: lm.assign(
                utility, capacity=capacity, quotas=limits, gap=GAP, time_limit=600
            ),
        )


if __name__ == "__main__":
    size = [int(x) for x in sys.argv[1:3]] or [100_000, 1_000]
    minimum_loads(*size)
    rows_of_pairs(*size)
