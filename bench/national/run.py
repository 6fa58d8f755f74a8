"""How assignment grows to the scale of a country: `make bench-national`.

Each market is made, assigned and judged in a process of its own (market.py), in the usual regime
and in the one where 60 % of the advisers work remotely, so that geography prunes little. Prints a
table, keeps the raw samples as JSON and writes docs/performance.md from them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000)
HEAD = """# Performance

Written by `make bench-national` from its raw samples; run it to see the figures of your machine.
These come from {cores} cores of a shared {machine} machine whose speed drifts, so compare the
columns of one row rather than rows.

`assign` is the whole of `lm.solve(market, stages=["assign"])` for both programmes: index, lists,
auctions and the certificate over all pairs. `product` is the time of one float32 matrix product
firms x advisers x 68 on the same cores in the same process, which merely scores every pair once.
`filtered` and `scored` are what all lists and proofs
together looked at, of all pairs: valued in whole steps of 16 bits, and scored in full.
`judge` recomputes everything with code of its own. Memory is the peak of the whole process, the
tables of the market included.
"""


def sample(firms: int, remote: float, gap: float) -> dict[str, Any]:
    command = [sys.executable, str(HERE / "market.py"), str(firms), str(firms // 100)]
    done = subprocess.run(
        [*command, str(remote), str(gap)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{firms} firms failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def table(samples: list[dict[str, Any]]) -> str:
    lines = [
        "| firms | advisers | assign s | per firm us | product s | assign / product | filtered "
        "| scored | gap, judged | judge s | memory GiB |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for s in samples:
        lines.append(
            f"| {s['firms']:,} | {s['advisers']:,} | {s['solve_s']:.2f} "
            f"| {1e6 * s['solve_s'] / s['firms']:.1f} | {s['product_s']:.2f} "
            f"| {s['solve_s'] / s['product_s']:.2f} | {s['filtered']:.1%} | {s['scored']:.2%} "
            f"| {s['judged_gap']:.1e} | {s['judge_s']:.1f} "
            f"| {s['peak_gib']:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--largest", type=int, default=SIZES[-1], help="firms of the largest")
    options.add_argument("--remote-largest", type=int, default=1_000_000)
    options.add_argument("--gap", type=float, default=1e-4)
    options.add_argument("--out", type=Path, default=HERE.parent / "results/national.json")
    options.add_argument("--page", type=Path, default=ROOT / "docs/performance.md")
    asked = options.parse_args()

    regimes = [
        ("Advisers mostly near", 0.0, asked.largest),
        ("60 % of the advisers remote", 0.6, asked.remote_largest),
    ]
    page = HEAD.format(cores=os.cpu_count(), machine=platform.machine())
    kept: dict[str, Any] = {"machine": platform.machine(), "cores": os.cpu_count()}
    for title, remote, largest in regimes:
        samples = []
        for firms in SIZES:
            if firms > largest:
                break
            samples.append(sample(firms, remote, asked.gap))
            print(json.dumps(samples[-1]), flush=True)
        kept[title] = samples
        page += f"\n## {title}\n\n{table(samples)}\n"
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(kept, indent=1) + "\n")
    asked.page.write_text(page)
    print(page)


if __name__ == "__main__":
    main()
