"""Quotas on groups of pairs, coerced and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._errors import input_error
from ._types import QuotaRow


@dataclass(frozen=True, eq=False)
class Quota:
    """How many pairs between some firms and some advisers an assignment holds.

    Parameters
    ----------
    firms, advisers : mask, indices or None
        The group: a boolean array of all firms (advisers), whole numbers from 0, or None = all.
    at_least : int
        The fewest pairs of the group, from 0. Pins count.
    at_most : int or None
        The most pairs of the group; None = no limit.
    name : str or None
        For people: blockers and verdicts say it.

    Raises
    ------
    InputError
        A bound is no whole number from 0, or at_most is below at_least. Members are checked by
        `assign`, which knows how many firms and advisers there are.

    Examples
    --------
    >>> import libmatch as lm
    >>> rural = [True, True, False]
    >>> r = lm.assign(
    ...     [[9, 8], [7, 5], [6, 1]],
    ...     capacity=3,
    ...     quotas=[lm.Quota(firms=rural, advisers=[1], at_least=1, name="volunteers, rural")],
    ... )
    >>> r.pairs.tolist(), r.objective
    ([[0, 1], [1, 0], [2, 0]], 21.0)
    >>> lm.verify(r).ok
    True
    """

    firms: ArrayLike | None = None
    advisers: ArrayLike | None = None
    at_least: int = 0
    at_most: int | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        for field in ("at_least", "at_most"):
            value = getattr(self, field)
            if value is None and field == "at_most":
                continue
            whole = isinstance(value, int | np.integer) or (
                isinstance(value, float) and value.is_integer()
            )
            if not whole or not 0 <= value < 2**62:
                raise input_error(f"{field} is {value!r}; a whole number from 0 is expected")
        if self.at_most is not None and self.at_most < self.at_least:
            raise input_error(f"at_most is {self.at_most}, below at_least {self.at_least}")


def quota_rows(quotas: Sequence[Quota] | None, n: int, m: int) -> list[QuotaRow]:
    """Quotas as the compiled module takes them."""
    if quotas is None:
        return []
    if isinstance(quotas, Quota) or not isinstance(quotas, Sequence):
        raise input_error(f"quotas holds {type(quotas).__name__}; a list of Quota is expected")
    rows: list[QuotaRow] = []
    for k, quota in enumerate(quotas):
        if not isinstance(quota, Quota):
            raise input_error(f"quotas[{k}] is {type(quota).__name__}; a Quota is expected")
        rows.append(
            (
                _members(f"quotas[{k}].firms", quota.firms, n),
                _members(f"quotas[{k}].advisers", quota.advisers, m),
                int(quota.at_least),
                None if quota.at_most is None else int(quota.at_most),
                quota.name or "",
            )
        )
    return rows


def _members(what: str, given: Any, size: int) -> NDArray[np.uint32] | None:
    if given is None:
        return None
    array = np.asarray(given)
    if array.dtype == np.bool_:
        if array.shape != (size,):
            raise input_error(
                f"{what} has shape {array.shape}; a mask of shape ({size},) is expected"
            )
        return np.flatnonzero(array).astype(np.uint32)
    if array.size == 0:
        return np.zeros(0, np.uint32)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise input_error(
            f"{what} has shape {array.shape} and holds {array.dtype}; "
            f"a mask of shape ({size},), whole numbers or None are expected"
        )
    outside = np.flatnonzero((array < 0) | (array >= size))
    if len(outside):
        k = int(outside[0])
        raise input_error(f"{what}[{k}] is {array[k]}; a number from 0 to {size - 1} is expected")
    return np.unique(array).astype(np.uint32)
