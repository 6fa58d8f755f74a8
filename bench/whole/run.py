"""All stages of a market, from firms to plan: `python bench/whole/run.py --firms 300000`.

Each size is a market of `lm.demo_market` with one adviser for 100 firms, compiled before the clock
starts, solved with the default options and judged. One line of JSON per size: seconds of the whole
and of each stage, the gap of each stage, seconds of the judge, and the largest memory of the
process in GiB so far (sizes grow, so it is that of the size).
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from typing import Any

import libmatch as lm

SIZES = (10_000, 30_000, 100_000, 300_000)


def measured(firms: int, threads: int, judge: bool) -> dict[str, Any]:
    market = lm.demo_market(firms=firms, advisers=max(10, firms // 100), seed=1)
    market.programmes  # noqa: B018  compiled before the clock starts
    begun = time.perf_counter()
    plan = lm.solve(market, threads=threads)
    found: dict[str, Any] = {"firms": firms, "solve_s": round(time.perf_counter() - begun, 3)}
    if judge:
        begun = time.perf_counter()
        verdict = lm.verify(market, plan)
        found["judge_s"] = round(time.perf_counter() - begun, 3)
        if not verdict.ok:
            raise SystemExit(f"the judge refuses {firms} firms: {verdict.violations[:3]}")
    found["peak_gib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20), 3)
    certificates = plan.certificates.items()
    found["seconds"] = {stage: round(c.seconds, 3) for stage, c in certificates}
    found["gap"] = {stage: c.gap for stage, c in certificates}
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--firms", type=int, nargs="+", default=SIZES)
    options.add_argument("--threads", type=int, default=0)
    options.add_argument("--no-judge", dest="judge", action="store_false")
    asked = options.parse_args()
    for firms in sorted(asked.firms):
        print(json.dumps(measured(firms, asked.threads, asked.judge)), flush=True)


if __name__ == "__main__":
    main()
