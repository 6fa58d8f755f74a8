"""The square utility matrices that every dense competitor solves: firms x advisers, one seat each.

uniform: independent, uniform in [0, 1). rank R: the product of two uniform matrices of R columns,
so that all firms prefer the same advisers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

UNIT = 1e-6  # score units in one unit of libmatch's exact mode


def make(kind: str, size: int, seed: int) -> np.ndarray[Any, Any]:
    random = np.random.default_rng(seed)
    if kind == "uniform":
        return random.random((size, size))
    rank = int(kind.removeprefix("rank "))
    return random.random((size, rank)) @ random.random((rank, size))


def write(utility: np.ndarray[Any, Any], path: Path) -> None:
    """Rows of doubles, nothing else."""
    utility.tofile(path)


def read(path: Path) -> np.ndarray[Any, Any]:
    flat = np.fromfile(path)
    size = round(len(flat) ** 0.5)
    return flat.reshape(size, size)
