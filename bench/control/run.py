"""How long a cancelled solve takes to come back: `python bench/control/run.py`.

A market of `lm.demo_market` (300,000 x 3,000) is solved once, and the stages are timed. Then it is
solved again and again, each time cancelled at another moment: some in each stage, spread evenly
over it. The progress function asks for the cancel as soon as the moment is over, as a user's would;
the latency is from that moment to the return of `solve`, so it has the time until the next report
in it. Prints a line of JSON per stage with the largest and the median latency in seconds, and the
largest time of all processors from the "no" of that function on, which other work on the machine
does not change; every plan that came back is judged with `--judge`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import Any

import libmatch as lm


def timed(market: Any, threads: int) -> tuple[list[tuple[str, float]], float]:
    """When each stage began, and the end, in seconds from the start."""
    began: dict[str, float] = {}

    def tell(stage: str, done: float, elapsed: float, eta: float) -> None:
        began.setdefault(stage, time.perf_counter() - start)

    start = time.perf_counter()
    lm.solve(market, threads=threads, progress=tell)
    return [*began.items()], time.perf_counter() - start


def cancelled(market: Any, moment: float, threads: int) -> tuple[Any, float, float]:
    """The plan, the latency, and the seconds of all processors from the answer on."""
    start = time.perf_counter()
    told: list[float] = []

    def go_on(stage: str, done: float, elapsed: float, eta: float) -> bool:
        if time.perf_counter() - start < moment:
            return True
        told.append(time.process_time())
        return False

    plan = lm.solve(market, threads=threads, progress=go_on)
    used = time.process_time() - told[0] if told else 0.0
    return plan, time.perf_counter() - start - moment, used


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--firms", type=int, default=300_000)
    options.add_argument("--advisers", type=int, default=3_000)
    options.add_argument("--moments", type=int, default=3, help="in each stage")
    options.add_argument("--threads", type=int, default=0)
    options.add_argument("--judge", action="store_true")
    asked = options.parse_args()
    market = lm.demo_market(firms=asked.firms, advisers=asked.advisers, seed=1)
    market.programmes  # noqa: B018  compiled before the clock starts
    stages, end = timed(market, asked.threads)
    ends = [begin for _, begin in stages[1:]] + [end]
    print(json.dumps({"solve_s": round(end, 3), "began_s": {s: round(b, 3) for s, b in stages}}))
    for (stage, begin), stop in zip(stages, ends, strict=True):
        latency, used = [], []
        for k in range(asked.moments):
            moment = begin + (k + 0.5) / asked.moments * (stop - begin)
            plan, late, cpu = cancelled(market, moment, asked.threads)
            if late > 0:  # else it had ended before
                latency.append(late)
                used.append(cpu)
            if asked.judge and not lm.verify(market, plan).ok:
                raise SystemExit(f"cancelled in {stage}: not lawful: {lm.verify(market, plan)}")
        print(
            json.dumps(
                {
                    "stage": stage,
                    "largest_s": round(max(latency, default=0.0), 3),
                    "median_s": round(statistics.median(latency or [0.0]), 3),
                    "largest_cpu_s": round(max(used, default=0.0), 3),
                    "samples": [round(x, 3) for x in latency],
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
