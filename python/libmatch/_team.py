"""What several advisers of one firm cover together, coerced and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._errors import input_error
from ._types import TeamArrays

_MOST = 1e15  # products and sums stay far from overflow


@dataclass(frozen=True, eq=False)
class Team:
    """Needs of firms and skills of advisers, covered together by the advisers that a firm gets.

    A firm with the advisers S is worth the sum of their utilities plus
    ``sum_k weight[i, k] * min(need[i, k], max of skill[j, k] over S)``: each skill counts for the
    member who has most of it, up to the need. So a second adviser adds what the first lacks, and
    the utilities say what a member is worth or costs alone.

    Parameters
    ----------
    need : (n, K) array
        Level of each skill that a firm needs, from 0 to 1e15.
    skill : (m, K) array
        Level of each skill that an adviser has, from 0 to 1e15.
    weight : number, (K,) array, or (n, K) array, optional
        Worth of one covered level, from 0 to 1e15, in the unit of the utilities. Default: one over
        the sum of the firm's needs, so that all needs covered are worth 1. For skills of unequal
        weights w, ``w / (w * need).sum(axis=1, keepdims=True)`` keeps that.

    Raises
    ------
    InputError
        By `assign`: a shape, type or value is wrong; values are named by row and column.

    Examples
    --------
    >>> import libmatch as lm
    >>> team = lm.Team(need=[[4, 2], [4, 0]], skill=[[4, 0], [1, 3], [2, 1]], weight=1)
    >>> r = lm.assign([[-1.0] * 3] * 2, capacity=[2, 1, 1], demand=2, team=team)
    >>> r.pairs.tolist(), r.objective, r.status
    ([[0, 0], [0, 1], [1, 0]], 7.0, 'optimal')
    >>> lm.verify(r).ok
    True
    """

    need: ArrayLike
    skill: ArrayLike
    weight: ArrayLike | None = None


def team_arrays(team: Any, n: int, m: int) -> TeamArrays | None:
    """A team as the compiled module takes it."""
    if team is None:
        return None
    if not isinstance(team, Team):
        raise input_error(f"team holds {type(team).__name__}; a Team is expected")
    need = _levels("team.need", team.need, n, None, "firms")
    skills = need.shape[1]
    skill = _levels("team.skill", team.skill, m, skills, "advisers")
    if team.weight is None:
        total = need.sum(axis=1, keepdims=True)
        weight = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    else:
        weight = _numbers("team.weight", team.weight)
        if weight.shape not in ((), (skills,), (n, skills)):
            raise input_error(
                f"team.weight has shape {weight.shape}; "
                f"one number, ({skills},) or ({n}, {skills}) is expected"
            )
        _check_range("team.weight", weight)
    return need, np.ascontiguousarray(np.broadcast_to(weight, (n, skills))), skill


def _numbers(name: str, given: ArrayLike) -> NDArray[np.float64]:
    try:
        array = np.asarray(given)
        if array.dtype.kind not in "biuf":
            raise TypeError
        return np.asarray(array, np.float64, order="C")
    except (TypeError, ValueError):
        kind = getattr(given, "dtype", type(given).__name__)
        raise input_error(f"{name} holds {kind}; real numbers are expected") from None


def _levels(
    name: str, given: ArrayLike, rows: int, skills: int | None, of: str
) -> NDArray[np.float64]:
    array = _numbers(name, given)
    if array.ndim != 2 or array.shape[0] != rows or skills not in (None, array.shape[1]):
        wanted = f"({rows}, {'skills' if skills is None else skills})"
        raise input_error(
            f"{name} has shape {array.shape}; {wanted} is expected: {of} by rows, skills by columns"
        )
    _check_range(name, array)
    return array


def _check_range(name: str, array: NDArray[np.float64]) -> None:
    wrong = ~((array >= 0) & (array <= _MOST))
    if not wrong.any():
        return
    at = tuple(int(x) for x in np.argwhere(wrong)[0])
    where = ["", " column {}", " row {} column {}"][len(at)].format(*at)
    more = f" (and {int(wrong.sum()) - 1} more)" if wrong.sum() > 1 else ""
    raise input_error(
        f"{name}{where} is {array[at]:g}{more}; a number from 0 to 1e15 is expected "
        "(0 = not needed, or no such skill)"
    )
