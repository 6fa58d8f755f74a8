"""Capacity in hours on published instances of the generalised assignment problem.

`.venv/bin/python bench/gap/gap.py DATA` runs the program `bench_gap` on every instance of data.csv
in the folder DATA, prints distances to the best known values, and fails when a bound crosses a best
known value.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("data", type=Path, help="folder with data.csv and the instances")
    options.add_argument("--program", type=Path)
    options.add_argument("--threads", type=int, default=0)
    options.add_argument("--only", default="", help="part of the names to run")
    options.add_argument("--out", type=Path, help="raw samples as JSON lines")
    asked = options.parse_args()
    program = asked.program or HERE.parents[1] / "build/release/bench/bench_gap"

    distances, seconds, crossed, absent, raw = [], [], [], 0, []
    with (asked.data / "data.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        path = asked.data / row["Path"]
        if asked.only not in row["Path"]:
            continue
        if not path.exists():
            absent += 1
            continue
        command = [str(program), str(asked.threads), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{row['Path']}: {done.stderr}")
        sample = json.loads(done.stdout)
        best = float(row["Best known solution value"])
        distance = (sample["cost"] - best) / best
        lp_gap = (best - sample["bound"]) / best
        if sample["bound"] > best * (1 + 1e-9):
            crossed.append(row["Path"])
        distances.append(distance)
        seconds.append(sample["seconds"])
        raw.append({**sample, "file": row["Path"], "best": best})
        print(
            f"{row['Path']:24} {sample['cost']:9.0f} best {best:7.0f} {distance:8.4%}  "
            f"bound {sample['bound']:10.2f} ({lp_gap:.4%} below)  {sample['seconds']:6.2f} s",
            flush=True,
        )
    if not distances:
        raise SystemExit(f"no instance in {asked.data}")
    print(
        f"{len(distances)} instances ({absent} files absent): distance mean "
        f"{statistics.mean(distances):.4%}, max {max(distances):.4%}; seconds mean "
        f"{statistics.mean(seconds):.2f}, max {max(seconds):.2f}"
    )
    if asked.out:
        asked.out.write_text("".join(json.dumps(sample) + "\n" for sample in raw))
    if crossed:
        raise SystemExit(f"the bound crosses the best known value: {crossed}")


if __name__ == "__main__":
    main()
