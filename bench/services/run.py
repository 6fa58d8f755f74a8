"""Workshops, visit rounds and shared staff at growing sizes: `python bench/services/run.py`.

Each size is a market of `lm.demo_market`, with one adviser for 50 firms. Its advisers are assigned
first, since visits are made by them; then the three stages are solved, judged, and printed with
their own gaps. One line of JSON per stage.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import libmatch as lm

STAGES = ("workshops", "visits", "shared_staff")


def measured(firms: int, threads: int) -> list[dict[str, Any]]:
    market = lm.demo_market(firms=firms, advisers=max(10, firms // 50), seed=1)
    plan = lm.solve(market, stages=["assign", *STAGES], threads=threads)
    begun = time.perf_counter()
    verdict = lm.verify(market, plan)
    judged = time.perf_counter() - begun
    if not verdict.ok:
        raise SystemExit(f"the judge refuses the plan of {firms} firms: {verdict.violations[:3]}")
    return [
        {
            "firms": firms,
            "stage": stage,
            "objective": certificate.objective,
            "gap": certificate.gap,
            "status": certificate.status,
            "seconds": certificate.seconds,
            "judge_s_of_all": judged,
        }
        for stage, certificate in plan.certificates.items()
        if stage.split(":")[0] in STAGES
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--firms", type=int, nargs="+", default=[1_000, 5_000, 20_000, 100_000])
    options.add_argument("--threads", type=int, default=0)
    asked = options.parse_args()
    for firms in asked.firms:
        for line in measured(firms, asked.threads):
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
