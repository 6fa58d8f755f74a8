"""Pooling at every scale: `python bench/pool/run.py`, after `make bench` has built the programs.

Growth: firms at population-weighted French communes, 88 trades, pooled under one rule keyed by
trade, with and without an upper limit of sums, and under two rules that compete. Each size is a
process of its own (bench_pool); the judge verifies the answers up to --judge-to firms.

Cells: the cells of a few hundred firms beside other ways to group them, in this process: greedy
nearest neighbours, k-means-constrained and max-p regions (spopt), where they are installed. What
counts is what the rule allows: lawful dossiers, the firms in them, and their value. Prints tables
and keeps the raw samples as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000)
RULES = {
    "one rule, same trade": ("1", "0"),
    "one rule, sums up to 40,000": ("1", "40000"),
    "two rules, same trade or same district": ("2", "0"),
}


def write_places(path: Path) -> None:
    """Population, lat, lon and district (EPCI) of each commune."""
    communes = pl.read_parquet(ROOT / "python/libmatch/data/communes.parquet")
    kept = communes.filter((pl.col("population") > 0) & pl.col("lat").is_not_null())
    district = kept["epci"].fill_null("").rank("dense").cast(pl.Int64)
    frame = kept.select("population", "lat", "lon").with_columns(district)
    frame.write_csv(path, include_header=False)


def growth(program: Path, sizes: list[int], gap: float, judge_to: int) -> list[dict[str, Any]]:
    kept = []
    with tempfile.TemporaryDirectory() as folder:
        places = Path(folder) / "places.csv"
        write_places(places)
        for title, (kind, max_sum) in RULES.items():
            print(f"\n{title}\n\n{HEADER}", flush=True)
            for firms in sizes:
                judge = "1" if firms <= judge_to else "0"
                command = [str(program), str(places), str(firms), kind, max_sum, str(gap)]
                done = subprocess.run(
                    [*command, "0", judge], capture_output=True, text=True, check=False
                )
                if done.returncode != 0:
                    raise SystemExit(f"{title}, {firms} firms failed:\n{done.stderr}")
                kept.append({"rules": title, **json.loads(done.stdout)})
                print(line(kept[-1]), flush=True)
    return kept


HEADER = (
    "| firms | seconds | CPU s | CPU us per firm | GiB | pooled | of reachable | gap | judge s |\n"
    "|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def line(s: dict[str, Any]) -> str:
    judge = f"{s['judge_s']:.1f}" if s["judge_s"] >= 0 else "not judged"
    return (
        f"| {s['firms']:,} | {s['seconds']:.2f} | {s['cpu_s']:.2f} "
        f"| {1e6 * s['cpu_s'] / s['firms']:.1f} | {s['peak_gib']:.2f} "
        f"| {s['pooled'] / s['firms']:.2%} | {s['pooled'] / max(1, s['reachable']):.2%} "
        f"| {s['gap']:.2%} | {judge} |"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--build", type=Path, default=ROOT / "build/release")
    options.add_argument("--largest", type=int, default=SIZES[-1])
    options.add_argument("--gap", type=float, default=0.02, help="gap asked of the solver")
    options.add_argument("--judge-to", type=int, default=30_000, help="firms")
    options.add_argument("--part", choices=["growth", "cells", "all"], default="all")
    options.add_argument("--cells", type=int, default=30, help="generated cells")
    options.add_argument("--out", type=Path, default=HERE.parent / "results/pool.json")
    asked = options.parse_args()
    kept: dict[str, Any] = {"machine": platform.machine(), "cores": os.cpu_count()}
    if asked.part in ("growth", "all"):
        program = asked.build / "bench/bench_pool"
        sizes = [n for n in SIZES if n <= asked.largest]
        kept["growth"] = growth(program, sizes, asked.gap, asked.judge_to)
    if asked.part in ("cells", "all"):
        sys.path.insert(0, str(HERE))
        import cells  # (beside the competitors, which may be absent)

        kept["cells"] = cells.run(asked.cells)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
