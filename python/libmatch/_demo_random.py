"""Random numbers of the demo market.

Only uniform numbers and table look-ups are used: no sampling routine whose stream may change with
the version of numpy, and no vectorised logarithm whose last digit may change with the processor.
So a market is the same everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# Quantiles per look-up table: fine enough that a histogram shows no steps.
QUANTILES = 4096


def stream(seed: int, table: str) -> np.random.Generator:
    """One independent stream per table, so that a change of one table leaves the others alone."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *table.encode()])))


def choose(rng: np.random.Generator, n: int, shares: npt.ArrayLike) -> Ints:
    """n indices, each drawn with probability proportional to its share. O(n log k)."""
    cumulated = np.cumsum(np.asarray(shares, dtype=np.float64))
    return rows_at(cumulated, rng.random(n) * cumulated[-1])


def rows_at(cumulated: Floats | Ints, at: Floats) -> Ints:
    """The rows whose stretch of a cumulated sum holds these points."""
    row = np.searchsorted(cumulated, at, side="right").astype(np.int64)
    return np.minimum(row, len(cumulated) - 1)


def look_up(rng: np.random.Generator, n: int, table: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """n items of the table, each as likely as any other."""
    return table[(rng.random(n) * len(table)).astype(np.intp)]


def between(rng: np.random.Generator, n: int, low: int, high: int, step: int = 1) -> Ints:
    """n of low, low + step, ..., high."""
    return np.asarray(look_up(rng, n, np.arange(low, high + 1, step)), dtype=np.int64)


def log_normal_quantiles(median: float, sigma: float) -> Floats:
    normal = NormalDist()
    levels = ((i + 0.5) / QUANTILES for i in range(QUANTILES))
    return np.array([round(median * math.exp(sigma * normal.inv_cdf(u)), 3) for u in levels])


def exponential_quantiles(mean: float, most: float) -> Floats:
    levels = ((i + 0.5) / QUANTILES for i in range(QUANTILES))
    return np.array([min(most, round(-mean * math.log(1 - u), 3)) for u in levels])


def share_out(total: int, weights: npt.ArrayLike) -> Ints:
    """Whole parts of a total, proportional to the weights; the largest remainders get the rest."""
    w = np.asarray(weights, dtype=np.float64)
    if len(w) == 0:
        return np.zeros(0, dtype=np.int64)
    exact = total * w / w.sum()
    parts: Ints = np.floor(exact).astype(np.int64)
    rest = total - int(parts.sum())
    parts[np.argsort(parts - exact, kind="stable")[:rest]] += 1
    return parts


def ids(prefix: str, n: int) -> pa.Array:
    """Prefix and number from 1, padded to equal length: F0000001. No Python loop."""
    width = max(4, len(str(n)))
    text = np.empty((n, 1 + width), dtype=np.uint8)
    text[:, 0] = ord(prefix)
    number = np.arange(1, n + 1, dtype=np.int64)
    for position in range(width, 0, -1):
        text[:, position] = number % 10 + ord("0")
        number //= 10
    offsets = np.arange(n + 1, dtype=np.int64) * (1 + width)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.large_string(), n, buffers)


def pick_text(values: Sequence[str] | pa.Array, index: Ints) -> pa.Array:
    """The values at these indices, as text."""
    source = pa.array(values, pa.large_string()) if not isinstance(values, pa.Array) else values
    return source.cast(pa.large_string()).take(pa.array(index))
