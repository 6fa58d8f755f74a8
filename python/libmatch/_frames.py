"""Frames of any library to the compiled module's columns, and back, by block copies.

A column of the compiled module is text in the layout of Arrow's large strings (int64 offsets and
bytes; missing = empty) or float64 (missing = NaN). Dates are days since 1970-01-01, booleans are 0
and 1, and a list in one cell is text joined by ";".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from narwhals.exceptions import NarwhalsError

from ._errors import Fault, error, input_error
from ._types import ColumnIn, ColumnOut, Text

Frame: TypeAlias = Any
"""A data frame of any library that narwhals knows (polars, pandas, pyarrow, duckdb, ...)."""

# Columns that hold text even when they look like numbers.
TEXT = frozenset(
    {
        *("firm_id", "adviser_id", "scheme_id", "lender_id", "resource_id", "centre_id", "site_id"),
        *("other_firm_id", "seat", "seat_site_id", "nearest_dossier_id", "needs"),
        *("dossier_id", "seat_firm_id", "loan_id", "id", "lead_adviser_id", "commune"),
        *("name", "epci", "departement", "region", "skill", "label"),
        *("programme", "network", "after", "labels_required", "legal_forms", "rule"),
        *("keys", "naf", "legal_form", "languages", "labels", "zones"),
        *(
            "naf_in",
            "naf_out",
            "funding_after",
            "lead_network",
            "lead_labels_required",
            "funder",
            "label_required",
            "network_required",
        ),
        *("stacking_group", "source", "centre", "title", "kind", "reason"),
        *("stage", "status", "workshop", "session_id", "job_id", "path"),
        *("firm_column", "firm_value"),
    }
)
DATES = frozenset({"created", "absent_from", "absent_until", "dated", "date"})


def library_of(frame: Frame) -> str:
    """The library to give results back in: polars, pandas, pyarrow or duckdb."""
    name = str(nw.from_native(frame).implementation.name).lower()
    return name if name in ("pandas", "pyarrow", "duckdb") else "polars"


def to_arrow(frame: Frame, table: str) -> pa.Table:
    """Any frame, or a list of dicts, as an Arrow table."""
    if isinstance(frame, pa.Table):
        return _unique(frame, table)
    if isinstance(frame, Mapping):
        frame = [frame]
    if isinstance(frame, list):
        return from_rows(frame, table)
    try:
        known = nw.from_native(frame)
    except NarwhalsError as wrong:
        raise input_error(error(table, f"the frame cannot be read: {wrong}")) from None
    except TypeError:
        raise input_error(
            error(
                table,
                f"a {type(frame).__name__} is no data frame",
                "pass a polars, pandas, pyarrow or duckdb table",
            )
        ) from None
    try:
        if isinstance(known, nw.LazyFrame):
            known = known.collect(backend="pyarrow")
        return _unique(known.to_arrow(), table)
    except (NarwhalsError, pa.ArrowInvalid, pa.ArrowTypeError) as wrong:
        raise input_error(error(table, f"the frame cannot be read: {wrong}")) from None


def _unique(table: pa.Table, name: str) -> pa.Table:
    seen: set[str] = set()
    for column in table.column_names:
        if column in seen:
            raise input_error(error(name, "the column is there twice", "drop one", column=column))
        seen.add(column)
    return table


def from_rows(rows: Sequence[Mapping[str, Any]], table: str) -> pa.Table:
    """Rows whose keys may differ; a key that a row lacks is a missing value."""
    names = list(dict.fromkeys(key for row in rows for key in row))
    columns = {}
    for name in names:
        cells = [_cell(row.get(name)) for row in rows]
        try:
            columns[name] = pa.array(cells)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            columns[name] = pa.array([None if c is None else str(c) for c in cells])
    return pa.table(columns)


def _cell(value: Any) -> Any:
    return ";".join(map(str, value)) if isinstance(value, list | tuple) else value


def from_arrow(table: pa.Table, library: str) -> Frame:
    """An Arrow table in one of the libraries that `library_of` names."""
    if library == "pyarrow":
        return table
    if library == "pandas":
        return table.to_pandas()
    if library == "duckdb":
        import duckdb

        return duckdb.from_arrow(table)
    import polars

    return polars.from_arrow(table)


def to_core(table: pa.Table, name: str, faults: list[Fault]) -> dict[str, ColumnIn]:
    """The columns of an Arrow table, ready for the compiled module. Cells that cannot be read are
    appended to `faults` and become missing."""
    columns: dict[str, ColumnIn] = {}
    for column in table.column_names:
        data = table.column(column)
        data = data.combine_chunks() if isinstance(data, pa.ChunkedArray) else data
        try:
            columns[column] = _column(data, name, column, faults)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            faults.append(
                error(
                    name,
                    f"a column of type {data.type} cannot be read",
                    "convert it to text or numbers",
                    column=column,
                )
            )
    return columns


def _column(data: Any, table: str, column: str, faults: list[Fault]) -> ColumnIn:
    kind = data.type
    if pa.types.is_dictionary(kind):
        data = data.dictionary_decode()
        kind = data.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        items = data.cast(pa.list_(pa.string()))
        return _text(pc.binary_join(items, ";"))
    if pa.types.is_null(kind):
        return _text(data.cast(pa.large_string()))
    if _is_text(kind):
        if column in DATES:
            return _numbers(_dates(data, table, column, faults))
        return _text(data)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _numbers(data.cast(pa.date32(), safe=False).cast(pa.int32()))
    if column in TEXT:
        return _text(_number_text(data))
    return _numbers(data)


def _is_text(kind: Any) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _number_text(data: Any) -> Any:
    """Numbers where text belongs: 84 and 84.0 both read "84"."""
    if pa.types.is_floating(data.type):
        whole = pc.all(pc.equal(pc.floor(data), data), min_count=0).as_py()
        if whole:
            data = data.cast(pa.int64())
    return data.cast(pa.large_string())


def _dates(data: Any, table: str, column: str, faults: list[Fault]) -> Any:
    data = data.cast(pa.string())
    try:
        return pc.if_else(pc.equal(data, ""), None, data).cast(pa.date32()).cast(pa.int32())
    except pa.ArrowInvalid:
        pass
    days: list[int | None] = []
    for row, cell in enumerate(data.to_pylist()):
        day = None
        if cell:
            try:
                day = int(np.datetime64(cell, "D").astype(np.int64))
            except ValueError:
                faults.append(
                    error(
                        table,
                        "this is no date",
                        "write it like 2026-01-31",
                        row=row,
                        column=column,
                        value=cell,
                    )
                )
        days.append(day)
    return pa.array(days, pa.int32())


def _text(data: Any) -> Text:
    data = data.cast(pa.large_string())
    if data.null_count:
        data = pc.fill_null(data, "")
    _, offsets, content = data.buffers()
    n = len(data)
    if n == 0:
        return np.zeros(1, np.int64), b""
    at = np.frombuffer(offsets, np.int64)[data.offset : data.offset + n + 1]
    first, last = int(at[0]), int(at[-1])
    raw = b"" if content is None else content.slice(first, last - first).to_pybytes()
    return np.ascontiguousarray(at - first), raw


def _numbers(data: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    if pa.types.is_boolean(data.type):
        data = data.cast(pa.uint8())
    data = data.cast(pa.float64(), safe=False)
    if data.null_count:
        data = pc.fill_null(data, float("nan"))
    return np.ascontiguousarray(data.to_numpy(zero_copy_only=False), np.float64)


_KINDS = {"integer": pa.int64(), "boolean": pa.bool_(), "date": pa.int32()}


def from_core(columns: Mapping[str, ColumnOut]) -> pa.Table:
    """The compiled module's columns as an Arrow table; empty text and NaN become missing."""
    return pa.table({name: _arrow_column(column) for name, column in columns.items()})


def _arrow_column(column: ColumnOut) -> Any:
    if isinstance(column[1], bytes):
        offsets, raw = column
        n = len(offsets) - 1
        text = pa.LargeStringArray.from_buffers(
            n, pa.py_buffer(np.ascontiguousarray(offsets)), pa.py_buffer(raw)
        )
        empty = offsets[1:] == offsets[:-1]
        return pc.if_else(pa.array(~empty), text, None) if empty.any() else text
    values, kind = column
    numbers = pa.array(values, pa.float64(), from_pandas=True)
    if kind in _KINDS:
        numbers = numbers.cast(_KINDS[kind])
    return numbers.cast(pa.date32()) if kind == "date" else numbers
