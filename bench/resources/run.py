"""Recommended resources beside the most popular ones: `python bench/resources/run.py`.

Each firm of a demo market gets its list from the plan, or the most popular resources of the centres
that serve its territory, where popularity is the number of firms that a resource would help at all.
Both are measured by the share of the needed levels, weighted by skill, that the firm's advisers
leave unmet and the list answers. The plan is judged. Lines of JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np
import pyarrow as pa

import libmatch as lm


def levels(table: pa.Table, prefix: str, skills: list[str]) -> Any:
    """Rows x skills; 0 where the column is absent."""
    return np.stack(
        [
            table[prefix + s].to_numpy().astype(np.float32)
            if prefix + s in table.column_names
            else np.zeros(len(table), np.float32)
            for s in skills
        ],
        axis=1,
    )


def unmet(tables: dict[str, pa.Table], plan: lm.Plan, skills: list[str]) -> tuple[Any, Any]:
    """What each firm needs, and what of it its advisers leave."""
    need = levels(tables["firms"], "need_", skills)
    skill = levels(tables["advisers"], "skill_", skills)
    firm = {f: k for k, f in enumerate(tables["firms"]["firm_id"].to_pylist())}
    adviser = {a: k for k, a in enumerate(tables["advisers"]["adviser_id"].to_pylist())}
    left = need.copy()
    pairs = plan._tables["assignments"]
    i = np.array([firm[f] for f in pairs["firm_id"].to_pylist()], dtype=np.int64)
    j = np.array([adviser[a] for a in pairs["adviser_id"].to_pylist()], dtype=np.int64)
    np.minimum.at(left, i, np.maximum(0, need[i] - skill[j]))
    return need, left


def answered(left: Any, weight: Any, lists: Any, taught: Any) -> Any:
    """Share of the unmet levels that each firm's list answers; -1 in a list is nothing."""
    best = np.zeros_like(left)
    for column in lists.T:
        level = np.where(column[:, None] >= 0, taught[column], 0)
        best = np.maximum(best, np.minimum(left, level))
    return (best * weight).sum(axis=1) / np.maximum((left * weight).sum(axis=1), 1e-12)


def popular(tables: dict[str, pa.Table], left: Any, taught: Any, most: int) -> Any:
    """Per firm the `most` resources of its territory that would help most firms."""
    communes = {row["commune"]: row for row in tables["communes"].to_pylist()}
    zones = tables["resources"]["zones"].to_pylist()
    homes = tables["firms"]["commune"].to_pylist()
    spoken = tables["firms"]["languages"].to_pylist()
    given = tables["resources"]["languages"].to_pylist()
    helps = np.array([(np.minimum(left, t) > 0).any(axis=1).sum() for t in taught])
    order = np.argsort(-helps, kind="stable")
    found: dict[tuple[str, str], list[int]] = {}
    lists = np.full((len(homes), most), -1)
    for i, (home, speaks) in enumerate(zip(homes, spoken, strict=True)):
        key = (home, speaks or "")
        if key not in found:
            row = communes[home]
            around = {"FR", ""} | {f"{k}:{row[k]}" for k in ("region", "departement", "epci")}
            found[key] = [
                int(r)
                for r in order
                if (zones[r] or "") in around
                and (
                    not key[1] or not given[r] or set(key[1].split(";")) & set(given[r].split(";"))
                )
            ][:most]
        lists[i, : len(found[key])] = found[key]
    return lists


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--firms", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    market = lm.demo_market(firms=asked.firms, advisers=asked.firms // 100, seed=asked.seed)
    tables = market._filled()
    skills = tables["skills"]["skill"].to_pylist()
    weight = tables["skills"]["weight"].to_numpy().astype(np.float32)
    most = 5
    begun = time.perf_counter()
    plan = lm.solve(market, stages=["assign", "resources"])
    seconds = time.perf_counter() - begun
    verdict = lm.verify(market, plan)
    _, left = unmet(tables, plan, skills)
    taught = levels(tables["resources"], "skill_", skills)
    rows = plan._tables["resources"]
    firm = {f: k for k, f in enumerate(tables["firms"]["firm_id"].to_pylist())}
    index = {r: k for k, r in enumerate(tables["resources"]["resource_id"].to_pylist())}
    recommended = np.full((asked.firms, most), -1)
    i = np.array([firm[f] for f in rows["firm_id"].to_pylist()])
    recommended[i, rows["rank"].to_numpy() - 1] = [
        index[r] for r in rows["resource_id"].to_pylist()
    ]
    lacks = (left * weight).sum(axis=1) > 0
    certificate = plan.certificates["resources"]
    for name, lists in (
        ("recommended", recommended),
        ("most popular", popular(tables, left, taught, most)),
    ):
        share = answered(left, weight, lists, taught)[lacks]
        print(
            json.dumps(
                {
                    "lists": name,
                    "firms": int(lacks.sum()),
                    "mean_share_answered": float(share.mean()),
                    "median_share_answered": float(np.median(share)),
                    "resources_per_firm": float((lists[lacks] >= 0).sum(axis=1).mean()),
                    "gap": certificate.gap if name == "recommended" else None,
                    "stage_seconds": certificate.seconds if name == "recommended" else None,
                    "solve_seconds": seconds,
                    "judged": verdict.ok,
                }
            )
        )


if __name__ == "__main__":
    main()
