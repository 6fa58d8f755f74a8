"""Cells of 30 to 250 firms: libmatch beside other ways to make groups, judged by one rule."""

from __future__ import annotations

import importlib.util
import statistics
import time
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import libmatch as lm

Groups = list[Any]


def make(seed: int) -> tuple[Any, Any, lm.DossierRule]:
    """Firms around a few towns of one region; every second cell has an upper limit of sums."""
    random = np.random.default_rng(seed)
    n = int(random.integers(30, 251))
    towns = random.uniform(0, 120, (int(random.integers(4, 20)), 2))
    size = random.pareto(1.2, len(towns)) + 0.2
    at = towns[random.choice(len(towns), n, p=size / size.sum())]
    rule = lm.DossierRule(
        min_sum=20_000,
        max_sum=40_000 if seed % 2 else None,
        max_members=12,
        max_radius_km=60,
        opening_cost=1.0,
        cost_per_km=0.02,
    )
    return random.uniform(3_000, 15_000, n), at + random.normal(0, 3, (n, 2)), rule


def value(amount: Any, place: Any, rule: lm.DossierRule, groups: Iterable[Any]) -> dict[str, Any]:
    """What the lawful ones of these groups are worth, each at its best seat."""
    total, firms, dossiers = 0.0, 0, 0
    most = np.inf if rule.max_sum is None else rule.max_sum
    for group in groups:
        members = np.asarray(group)
        if not rule.min_sum <= amount[members].sum() <= most or len(members) > rule.max_members:
            continue
        km = np.hypot(*(place[members][:, None] - place[members][None]).transpose(2, 0, 1))
        near = np.all(km <= rule.max_radius_km, axis=0)
        if not near.any():
            continue
        worth = len(members) - rule.cost_per_km * km.sum(axis=0)[near].min() - rule.opening_cost
        if worth > 0:
            total, firms, dossiers = total + worth, firms + len(members), dossiers + 1
    return {"value": total, "firms": firms, "dossiers": dossiers}


def by_label(labels: Any) -> Groups:
    labels = np.asarray(labels)
    return [np.flatnonzero(labels == k) for k in np.unique(labels[labels >= 0])]


def ours(amount: Any, place: Any, rule: lm.DossierRule) -> tuple[Groups, dict[str, Any]]:
    g = lm.pool(amount, place, rule=rule, metric="plane")
    if not lm.verify(g).ok:
        raise SystemExit("the judge refuses an answer of libmatch")
    return by_label(g.group), {"bound": g.bound, "gap": g.gap}


def nearest(amount: Any, place: Any, rule: lm.DossierRule) -> tuple[Groups, dict[str, Any]]:
    """Each firm in turn takes its nearest free neighbours until the ticket is reached."""
    free = np.ones(len(amount), bool)
    groups: Groups = []
    for first in range(len(amount)):
        if not free[first]:
            continue
        order = np.argsort(np.hypot(*(place - place[first]).T), kind="stable")
        members, total = [], 0.0
        for i in order[free[order]]:
            if total >= rule.min_sum or len(members) == rule.max_members:
                break
            members.append(int(i))
            total += amount[i]
        if total >= rule.min_sum:
            free[members] = False
            groups.append(members)
    return groups, {}


def k_means(amount: Any, place: Any, rule: lm.DossierRule) -> tuple[Groups, dict[str, Any]]:
    """Sizes that the mean amount needs; k-means-constrained knows no sums."""
    from k_means_constrained import KMeansConstrained

    n = len(amount)
    upper = rule.max_members
    if rule.max_sum is not None:
        upper = min(upper, int(rule.max_sum / amount.mean()))
    least = min(upper, int(np.ceil(rule.min_sum / amount.mean())))
    clusters = max(1, n // max(least, (least + upper) // 2))
    least, upper = min(least, n // clusters), max(upper, -(-n // clusters))
    model = KMeansConstrained(clusters, size_min=least, size_max=upper, random_state=0, n_init=1)
    return by_label(model.fit_predict(place)), {}


def max_p(amount: Any, place: Any, rule: lm.DossierRule) -> tuple[Groups, dict[str, Any]]:
    """Regions of neighbouring firms that reach the ticket, as many as can be."""
    import geopandas
    import libpysal
    from spopt.region import MaxPHeuristic

    frame = geopandas.GeoDataFrame(
        {"amount": amount, "x": place[:, 0], "y": place[:, 1]},
        geometry=geopandas.points_from_xy(*place.T),
    )
    weights = libpysal.weights.KNN.from_array(place, k=min(6, len(amount) - 1))
    weights = libpysal.weights.attach_islands(weights, weights) if weights.islands else weights
    np.random.seed(0)
    model = MaxPHeuristic(frame, weights, ["x", "y"], "amount", rule.min_sum, top_n=2)
    model.solve()
    return by_label(np.asarray(model.labels_)), {}


SOLVERS: dict[str, tuple[str | None, Callable[..., tuple[Groups, dict[str, Any]]]]] = {
    "libmatch": (None, ours),
    "greedy nearest neighbours": (None, nearest),
    "k-means-constrained": ("k_means_constrained", k_means),
    "spopt max-p": ("spopt", max_p),
}


def run(cells: int) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    for name, (package, solve) in SOLVERS.items():
        if package is not None and importlib.util.find_spec(package) is None:
            print(f"NOT COMPARED: {name} is not installed; `pip install libmatch[bench]`")
            continue
        for seed in range(cells):
            amount, place, rule = make(seed)
            begun = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                groups, more = solve(amount, place, rule)
            seconds = time.perf_counter() - begun
            found = value(amount, place, rule, groups)
            kept.append(
                {"solver": name, "seed": seed, "n": len(amount), "seconds": seconds}
                | {"max_sum": rule.max_sum}
                | found
                | more
            )
    table(kept)
    return kept


def table(kept: list[dict[str, Any]]) -> None:
    bound = {s["seed"]: s["bound"] for s in kept if "bound" in s}
    print(
        "\n| solver | upper limit | cells | dossiers | firms in them | value of bound "
        "| least | largest own gap | s per cell |\n|---|---|---:|---:|---:|---:|---:|---:|---:|"
    )
    for name in SOLVERS:
        for limit in (None, 40_000):
            mine = [s for s in kept if s["solver"] == name and s["max_sum"] == limit]
            if not mine:
                continue
            shares = [s["value"] / bound[s["seed"]] for s in mine]
            gaps = [s["gap"] for s in mine if "gap" in s]
            print(
                f"| {name} | {limit or 'none'} | {len(mine)} | {sum(s['dossiers'] for s in mine)} "
                f"| {sum(s['firms'] for s in mine) / sum(s['n'] for s in mine):.1%} "
                f"| {statistics.mean(shares):.2%} | {min(shares):.2%} "
                f"| {f'{max(gaps):.2%}' if gaps else ''} "
                f"| {statistics.mean(s['seconds'] for s in mine):.2f} |"
            )
