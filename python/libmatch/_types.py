"""Shapes of what goes into the compiled module and comes out of it."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Text: TypeAlias = tuple[NDArray[np.int64], bytes]
"""Offsets (n + 1) and bytes; missing = empty."""
ColumnIn: TypeAlias = NDArray[np.float64] | Text
"""Numbers (missing = NaN), or text."""
ColumnOut: TypeAlias = tuple[NDArray[np.float64], str] | Text
"""Numbers with what they are (real, integer, boolean or date), or text."""
TablesIn: TypeAlias = Mapping[str, Mapping[str, ColumnIn]]
TablesOut: TypeAlias = dict[str, dict[str, ColumnOut]]
Sparse: TypeAlias = tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.float64]]
"""Row starts (n + 1), columns and values, sorted by row and column."""
Rule: TypeAlias = tuple[Mapping[str, Any], NDArray[np.uint32] | None]
"""A dossier rule's fields, and the cell of each firm under it."""
QuotaRow: TypeAlias = tuple[
    NDArray[np.uint32] | None, NDArray[np.uint32] | None, int, int | None, str
]
"""Firms and advisers (None = all; sorted), at least, at most (None = no limit), name."""
TeamArrays: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Needs and weights (firms, skills), skills (advisers, skills)."""
BlockerRow: TypeAlias = tuple[
    str, int, int, str, int, int, list[int], list[int], list[tuple[int, int]]
]
"""Kind, index, shortfall, reason, needed, reachable, firms, advisers, pins."""
RelaxationRow: TypeAlias = tuple[str, int | None, int | None, int, int]
"""Limit, firm, adviser, before, after."""
Infeasible: TypeAlias = tuple[list[BlockerRow], list[RelaxationRow], NDArray[np.int64]]
"""What an infeasible answer claims: blockers, relaxation, pairs that meet the relaxed limits."""
PlacementRow: TypeAlias = tuple[
    *tuple[str, str, str],
    str | None,
    *tuple[float, float, float, float],
    str | None,
    float,
    bool,
    str | None,
    str | None,
    float,
]
"""See `Placement`: its fields in order."""
