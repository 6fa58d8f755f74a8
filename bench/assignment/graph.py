"""The restricted graph that every competitor solves: firms, advisers, K listed pairs per firm.

Each firm lists K distinct advisers drawn at random; utilities are uniform in [0, 1), in whole
multiples of 1e-6, so that solvers in whole numbers and solvers in reals see the same problem.
Capacities vary threefold and add up to about nine tenths of the firms.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

UNIT = 1e-6  # score units in one unit of the integer utilities
MAGIC = 0x6C6D6772  # "lmgr"


@dataclass(frozen=True)
class Graph:
    capacity: np.ndarray[Any, Any]  # (m,) int64
    column: np.ndarray[Any, Any]  # (n, K) uint32, ascending in each row
    value: np.ndarray[Any, Any]  # (n, K) int64, units

    @property
    def firms(self) -> int:
        return int(self.column.shape[0])

    @property
    def advisers(self) -> int:
        return int(self.capacity.shape[0])


def make(firms: int, advisers: int, listed: int, seed: int) -> Graph:
    random = np.random.default_rng(seed)
    column = np.empty((firms, listed), np.uint32)
    for begin in range(0, firms, 5000):
        block = column[begin : begin + 5000]
        draw = random.random((len(block), advisers))
        block[:] = np.sort(np.argpartition(draw, listed, axis=1)[:, :listed], axis=1)
    value = random.integers(0, 1_000_000, (firms, listed))
    share = random.random(advisers) + 0.5
    capacity = np.maximum(1, np.floor(0.9 * firms * share / share.sum())).astype(np.int64)
    return Graph(capacity, column, value)


def write(graph: Graph, path: Path) -> None:
    """Magic, n, m, K, capacities, columns, values; little endian, 64-bit but the columns."""
    head = np.array([MAGIC, graph.firms, graph.advisers, graph.column.shape[1]], "<i8")
    with path.open("wb") as file:
        for part in (head, graph.capacity, graph.column, graph.value):
            file.write(np.ascontiguousarray(part).tobytes())


def read(path: Path) -> Graph:
    data = path.read_bytes()
    magic, firms, advisers, listed = (int(x) for x in np.frombuffer(data, "<i8", 4))
    if magic != MAGIC:
        raise ValueError(f"{path} is no graph of this benchmark")
    at = 32 + 8 * advisers
    column = np.frombuffer(data, "<u4", firms * listed, at).reshape(firms, listed)
    value = np.frombuffer(data, "<i8", firms * listed, at + 4 * firms * listed)
    capacity = np.frombuffer(data, "<i8", advisers, 32)
    return Graph(capacity, column, value.reshape(firms, listed))
