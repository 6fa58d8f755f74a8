"""The legal figures that defaults are taken from: one dated file with its sources."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa

FIRMS_SETTINGS = ("de_minimis_ceiling_eur", "aid_intensity_max")


@dataclass(frozen=True)
class LegalFigure:
    """A figure (EUR or a share), what it is, since and until when it holds, and its source."""

    name: str
    value: float
    meaning: str
    since: date
    until: date | None
    source: str


@cache
def _file() -> tuple[date, dict[str, LegalFigure]]:
    text = (files("libmatch") / "data" / "legal_figures.toml").read_text(encoding="utf-8")
    given: dict[str, Any] = tomllib.loads(text)
    day = given.pop("as_of")
    return day, {
        name: LegalFigure(
            name, float(x["value"]), x["meaning"], x["since"], x.get("until"), x["source"]
        )
        for name, x in given.items()
    }


def legal_figures() -> dict[str, LegalFigure]:
    """The legal and customary figures that a market's defaults are taken from, by name.

    Returns
    -------
    dict of str to LegalFigure
        `de_minimis_ceiling_eur`, `aid_intensity_max`, `eu_grant_cap_eur`, `lender_ticket_eur`, each
        with `value` (EUR or a share), `meaning`, `since`, `until` and `source`. Read from
        `libmatch/data/legal_figures.toml`, which is dated; a market's own tables and settings win.

    Examples
    --------
    >>> import libmatch as lm
    >>> lm.legal_figures()["de_minimis_ceiling_eur"].value
    300000.0
    """
    return dict(_file()[1])


def figure(name: str) -> float:
    """The value of one figure."""
    return _file()[1][name].value


def as_of() -> date:
    """The day as of which the file was written."""
    return _file()[0]


def with_defaults(tables: dict[str, pa.Table]) -> None:
    """Fill what the settings and dossier rules leave open from the file."""
    settings = tables.get("settings")
    if settings is None:
        tables["settings"] = pa.table({name: [figure(name)] for name in FIRMS_SETTINGS})
    elif settings.num_rows == 1:
        for name in FIRMS_SETTINGS:
            tables["settings"] = _filled(tables["settings"], name, figure(name))
    if "dossier_rules" in tables:
        ticket = figure("lender_ticket_eur")
        tables["dossier_rules"] = _filled(tables["dossier_rules"], "min_sum", ticket)


def _filled(table: pa.Table, name: str, value: float) -> pa.Table:
    if name not in table.column_names:
        return table.append_column(name, pa.array([value] * table.num_rows, pa.float64()))
    column = table.column(name)
    if column.null_count == 0:
        return table
    known = [value if x is None else x for x in column.to_pylist()]
    return table.set_column(table.column_names.index(name), name, pa.array(known))
