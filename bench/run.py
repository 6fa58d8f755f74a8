"""All benchmarks: `make bench`, or `.venv/bin/python bench/run.py --build build/release`.

The kernels prove their answers before they time them. The side by side solves the same restricted
graphs with libmatch, LEMON, OR-Tools and HiGHS, each as a program of its own on one thread, and the
same dense matrices with libmatch, SciPy and lapx. It checks that the objectives agree within the
gaps, prints tables and ratios, and keeps the raw samples as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "assignment"))

sys.path.insert(0, str(HERE / "dense"))

import graph as graphs  # noqa: E402  (beside the competitors, which are programs)
import matrix as matrices  # noqa: E402

SIZES = [(20_000, 300, 32), (100_000, 1_000, 32), (300_000, 3_000, 32)]
LEMON_LARGEST = 5_000_000  # pairs; beyond, one run is enough: it takes a minute
DENSE_SIZE = 5_000
DENSE_KINDS = {"uniform": 3, "rank 10": 1, "rank 5": 1}  # and runs of the competitors
EXACT = "libmatch, exact"
HIGHS_LIMIT = 120  # seconds
HIGHS_LARGEST = 1_000_000  # pairs; beyond, one run takes minutes


def competitors(build: Path, path: Path, runs: int, pairs: int) -> dict[str, list[str]]:
    """Name and command of every competitor that is installed."""
    ours, lemon = build / "bench/bench_libmatch", build / "bench/bench_lemon"
    found = {
        f"libmatch, gap {gap}": [str(ours), str(path), str(runs), gap] for gap in ("1e-4", "1e-5")
    }
    found[EXACT] = [str(ours), str(path), str(runs), "0"]
    if lemon.exists():
        lemon_runs = 1 if pairs > LEMON_LARGEST else max(1, runs // 2)
        found["LEMON CostScaling"] = [str(lemon), str(path), str(lemon_runs)]
    script = [sys.executable, str(HERE / "assignment/ortools_flow.py"), str(path), str(runs)]
    found["OR-Tools SimpleMinCostFlow"] = script
    if pairs <= HIGHS_LARGEST:
        for solver in ("simplex", "ipm"):
            command = [sys.executable, str(HERE / "assignment/highs_lp.py"), str(path), "1"]
            found[f"HiGHS {solver}"] = [*command, solver, str(HIGHS_LIMIT)]
    return found


def run(command: list[str]) -> list[dict[str, Any]]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def check(samples: dict[str, list[dict[str, Any]]], tolerance: float = 1e-7) -> None:
    """Every bound is above every objective; every stopped run says so."""
    ended = [s for runs in samples.values() for s in runs if "stopped" not in s]
    lowest_bound = min(s["bound"] for s in ended)
    best = max(s["objective"] for s in ended)
    if best > lowest_bound * (1 + tolerance):
        raise SystemExit(f"an objective of {best} is above a bound of {lowest_bound}")


def median(runs: list[dict[str, Any]], key: str) -> float:
    return statistics.median(s[key] for s in runs)


def table(samples: dict[str, list[dict[str, Any]]], reference: str) -> str:
    lines = [
        "| solver | objective | gap | build s | solve s | times ours | runs |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    ours = median(samples[reference], "solve_s")
    for name, runs in samples.items():
        solve = median(runs, "solve_s")
        times = f"{median(runs, 'build_s'):.3f} | {solve:.3f} | {solve / ours:.1f} | {len(runs)}"
        if any("stopped" in s for s in runs):
            lines.append(f"| {name} | stopped: {runs[0]['stopped']} | | {times} |")
            continue
        first = runs[0]
        gap = (first["bound"] - first["objective"]) / abs(first["bound"])
        lines.append(f"| {name} | {first['objective']:.6f} | {gap:.1e} | {times} |")
    return "\n".join(lines)


def ratios(samples: dict[str, list[dict[str, Any]]]) -> str:
    """How many times longer than our exact mode each other solver takes."""
    ours = median(samples[EXACT], "solve_s")
    others = {n: r for n, r in samples.items() if "libmatch" not in n}
    text = ", ".join(f"{n} {median(r, 'solve_s') / ours:.1f}" for n, r in others.items())
    return f"times {EXACT}: {text}"


def run_graphs(build: Path, runs: int, seed: int) -> list[dict[str, Any]]:
    kept = []
    for firms, advisers, listed in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "graph.bin"
            graphs.write(graphs.make(firms, advisers, listed, seed), path)
            commands = competitors(build, path, runs, firms * listed)
            samples = {name: run(command) for name, command in commands.items()}
        check(samples)
        print(f"\n{firms:,} firms x {advisers:,} advisers, {listed} pairs per firm\n")
        print(table(samples, "libmatch, gap 1e-5"))
        print(f"\n{ratios(samples)}")
        size = {"firms": firms, "advisers": advisers, "listed": listed}
        kept.append(size | {"samples": samples})
    return kept


def run_dense(build: Path, runs: int, seed: int) -> list[dict[str, Any]]:
    kept = []
    for kind, slow_runs in DENSE_KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "matrix.bin"
            matrices.write(matrices.make(kind, DENSE_SIZE, seed), path)
            ours = [str(build / "bench/bench_dense"), str(path), str(DENSE_SIZE), str(runs)]
            script = [sys.executable, str(HERE / "dense/linear_assignment.py"), str(path)]
            few = str(min(runs, slow_runs))
            samples = {
                EXACT: run([*ours, "0"]),
                f"{EXACT}, one thread": run([*ours, "1"]),
                "SciPy linear_sum_assignment": run([*script, few, "scipy"]),
                "lapx lapjvs": run([*script, few, "lapx"]),
            }
        # Ours is exact in its unit: each rounded utility is off by half of it at most.
        best = samples["SciPy linear_sum_assignment"][0]["objective"]
        check(samples, tolerance=DENSE_SIZE * matrices.UNIT / best)
        print(f"\n{DENSE_SIZE:,} x {DENSE_SIZE:,} matrix, {kind}, one seat each\n")
        print(table(samples, EXACT))
        print(f"\n{ratios(samples)}")
        kept.append({"size": DENSE_SIZE, "kind": kind, "samples": samples})
    return kept


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--build", type=Path, default=HERE.parent / "build/release")
    options.add_argument("--runs", type=int, default=5, help="runs of each quick competitor")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=Path, default=HERE / "results/assignment.json")
    options.add_argument("--skip-kernels", action="store_true")
    options.add_argument("--only", choices=["graphs", "dense"], help="one side by side alone")
    asked = options.parse_args()

    kernels = asked.build / "bench/bench_kernels"
    if not asked.skip_kernels and kernels.exists():
        subprocess.run([str(kernels), "--benchmark_min_time=0.2"], check=True)
    kept: dict[str, Any] = {"machine": platform.machine(), "cores": os.cpu_count()}
    if asked.only in (None, "graphs"):
        kept["graphs"] = run_graphs(asked.build, asked.runs, asked.seed)
    if asked.only in (None, "dense"):
        kept["dense"] = run_dense(asked.build, asked.runs, asked.seed)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(kept, indent=1) + "\n")
    print(f"\nraw samples: {asked.out}")


if __name__ == "__main__":
    main()
