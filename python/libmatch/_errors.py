"""Faults of the input, as values and as the error that lists them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ._core import InputError

InputError.__doc__ = (
    "Bad input; `faults` lists all that is wrong (table, row, column, value, remedy)."
)

_SHOWN = 20


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with the input, or that will get in the way.

    `row` counts from 0; -1 means the whole table or column. `severity` is "error" (the market
    cannot be solved) or "warning" (it can, and something will be missing).
    """

    severity: str
    table: str
    row: int
    column: str
    value: str
    problem: str
    remedy: str

    @property
    def text(self) -> str:
        """Where it is, what is wrong and what to do, in one line."""
        where = self.table
        if self.row >= 0:
            where += f" row {self.row}"
        if self.column:
            where += f" column {self.column}"
        if self.value:
            where += f" value '{self.value}'"
        said = f"{where}: {self.problem}" if where else self.problem
        return said + (f"; {self.remedy}" if self.remedy else "")

    def __str__(self) -> str:
        return f"{self.severity}: {self.text}"

    def __repr__(self) -> str:
        return f"<{self}>"


def error(
    table: str,
    problem: str,
    remedy: str = "",
    *,
    row: int = -1,
    column: str = "",
    value: str = "",
) -> Fault:
    """A fault of severity error."""
    return Fault("error", table, row, column, value, problem, remedy)


def from_core(found: Iterable[Any]) -> list[Fault]:
    """The compiled module's faults as ours."""
    return [
        Fault(
            str(getattr(f.severity, "name", f.severity)),
            f.table,
            f.row,
            f.column,
            f.value,
            f.problem,
            f.remedy,
        )
        for f in found
    ]


def input_error(*faults: Fault | str) -> InputError:
    """The error that lists the faults; a plain sentence is a fault of the call's arguments."""
    listed = [error("", f) if isinstance(f, str) else f for f in faults]
    if len(listed) == 1:
        text = listed[0].text
    else:
        lines = [f"{len(listed)} faults", *(f"  {f.text}" for f in listed[:_SHOWN])]
        if len(listed) > _SHOWN:
            lines.append(f"  and {len(listed) - _SHOWN} more")
        text = "\n".join(lines)
    raised = InputError(text)
    raised.faults = listed
    return raised
