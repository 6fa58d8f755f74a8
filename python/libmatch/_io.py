"""Folders of Parquet or CSV, and DuckDB databases."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from . import _frames
from ._errors import error, input_error
from ._market import SETTINGS_TABLES, TABLES, Market

MARKET_FILE = "market.toml"
PLAN_FILE = "plan.json"
FILES = tuple(name for name in TABLES if name not in SETTINGS_TABLES)


def read_market(path: str | PathLike[str]) -> Market:
    """Read a market from a folder or a database.

    Parameters
    ----------
    path : path
        A folder with one Parquet or CSV file per table (``firms.parquet``, ``advisers.csv``, ...)
        and ``market.toml`` (``[settings]``, ``[[skills]]``, ``[[programmes]]``,
        ``[[dossier_rules]]``), or one DuckDB database with a table each.

    Returns
    -------
    Market
        Its frames are polars. Faults inside the tables are for `check` to list.

    Raises
    ------
    InputError
        The path is no market, or a file cannot be read.

    Examples
    --------
    >>> import libmatch as lm, tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "market"
    >>> lm.demo_market(firms=20, advisers=5, seed=1).save(folder)
    >>> len(lm.read_market(folder).tables["advisers"])
    5
    """
    text = os.fspath(path)
    if "://" in text:
        scheme = text.split("://", 1)[0]
        raise input_error(
            f"reading a market from {scheme}:// is not supported yet; "
            "copy it to a folder of Parquet or CSV files, or to a DuckDB file"
        )
    place = Path(text)
    if place.is_dir():
        tables = _read_folder(place)
    elif place.is_file():
        tables = _read_duckdb(place, TABLES)
    else:
        raise input_error(f"there is no market at {text}; give a folder or a DuckDB file")
    for name in ("firms", "advisers"):
        if name not in tables:
            raise input_error(
                error(name, f"{text} has no such table", f"add {name}.parquet or {name}.csv")
            )
    return Market._from_arrow(tables, "polars")


def _read_folder(folder: Path) -> dict[str, pa.Table]:
    tables: dict[str, pa.Table] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix not in (".parquet", ".csv") or file.name.startswith("."):
            continue
        if file.stem not in TABLES:
            raise input_error(
                f"{file.name} is no table of a market; the tables are {', '.join(TABLES)}"
            )
        if file.stem in tables:
            raise input_error(error(file.stem, "it is there as Parquet and as CSV", "keep one"))
        tables[file.stem] = _read_file(file)
    toml = folder / MARKET_FILE
    if toml.exists():
        try:
            settings: dict[str, Any] = tomllib.loads(toml.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
            raise input_error(f"{MARKET_FILE} is no TOML: {wrong}") from None
        for name, content in settings.items():
            if name not in SETTINGS_TABLES:
                raise input_error(
                    f"{MARKET_FILE} has a section {name}; "
                    f"the sections are {', '.join(SETTINGS_TABLES)}"
                )
            if name in tables:
                raise input_error(error(name, f"it is in {MARKET_FILE} too", "keep one"))
            if not _fits(name, content):
                brackets = "[settings], once" if name == "settings" else f"[[{name}]] for each row"
                raise input_error(f"{MARKET_FILE}: write {brackets}")
            rows: list[Any] = [content] if isinstance(content, dict) else content
            tables[name] = _frames.from_rows(rows, name)
    return tables


def _fits(name: str, content: Any) -> bool:
    if name == "settings":
        return isinstance(content, dict)
    return isinstance(content, list) and all(isinstance(row, dict) for row in content)


def _read_file(file: Path) -> pa.Table:
    try:
        if file.suffix == ".parquet":
            return pa.parquet.read_table(file)
        return pa.csv.read_csv(
            file,
            parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(_frames.TEXT, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowException as wrong:
        raise input_error(f"{file.name} cannot be read: {wrong}") from None


def save_market(tables: Mapping[str, pa.Table], path: str | PathLike[str]) -> None:
    """Write a market's tables as a folder, or as a DuckDB database by the name's ending."""
    place = Path(path)
    if place.suffix == ".duckdb":
        _write_duckdb(place, tables)
        return
    with _new_folder(place, MARKET_FILE, FILES) as folder:
        for name, table in tables.items():
            if name not in SETTINGS_TABLES:
                pa.parquet.write_table(table, folder / f"{name}.parquet")
        (folder / MARKET_FILE).write_text(_toml(tables), encoding="utf-8")


def write_plan(
    tables: Mapping[str, pa.Table], settings: Mapping[str, Any], path: str | PathLike[str]
) -> None:
    """Write a plan's tables and settings as a folder, or as a DuckDB database by the name's
    ending.
    """
    place = Path(path)
    text = json.dumps(settings, indent=2) + "\n"
    if place.suffix == ".duckdb":
        _write_duckdb(place, {**tables, "plan": pa.table({"settings": [text]})})
        return
    with _new_folder(place, PLAN_FILE, tuple(tables)) as folder:
        for name, table in tables.items():
            pa.parquet.write_table(table, folder / f"{name}.parquet")
        (folder / PLAN_FILE).write_text(text, encoding="utf-8")


def load_plan(
    path: str | PathLike[str], names: tuple[str, ...], later: Mapping[str, pa.Schema]
) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """The tables and settings that `write_plan` wrote; a `later` table that is missing is empty."""
    place = Path(path)
    if place.is_file():
        tables = _read_duckdb(place, (*names, "plan"))
        if "plan" not in tables:
            raise input_error(f"{place} is no plan: it has no table plan")
        text = tables.pop("plan").column("settings")[0].as_py()
    elif (place / PLAN_FILE).is_file():
        text = (place / PLAN_FILE).read_text(encoding="utf-8")
        tables = {
            name: _read_file(file)
            for name in names
            if (file := place / f"{name}.parquet").is_file()
        }
    else:
        raise input_error(f"there is no plan at {place}: {PLAN_FILE} is missing")
    for name in names:
        if name not in tables and name in later:
            tables[name] = later[name].empty_table()
        elif name not in tables:
            raise input_error(error(name, f"the plan at {place} lacks this table", "save it again"))
    try:
        settings = json.loads(text)
    except json.JSONDecodeError as wrong:
        raise input_error(f"{PLAN_FILE} is no JSON: {wrong}") from None
    if not isinstance(settings, dict):
        raise input_error(f"{PLAN_FILE} holds no settings")
    return tables, settings


@contextmanager
def _new_folder(place: Path, marker: str, tables: tuple[str, ...]) -> Iterator[Path]:
    """A folder to fill, which takes the place's name when all went well.

    A folder of the same kind is replaced; files in it that are not ours move along. Any other is
    refused.
    """
    ours = {marker, *(f"{name}{end}" for name in tables for end in (".parquet", ".csv"))}
    if place.is_file() or (
        place.is_dir() and any(place.iterdir()) and not (place / marker).exists()
    ):
        raise input_error(
            f"{place} is there already and holds something else; give a new name or an empty folder"
        )
    place = place.absolute()
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        fresh.chmod(0o777 & ~_umask())
        yield fresh
        if place.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{place.name}-old-", dir=place.parent))
            for file in place.iterdir():
                if file.name not in ours:
                    os.replace(file, fresh / file.name)
            os.replace(place, old)
            os.replace(fresh, place)
            shutil.rmtree(old)
        else:
            os.replace(fresh, place)
    finally:
        if fresh.exists():
            shutil.rmtree(fresh)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise input_error(
            "a DuckDB file needs the package duckdb; install it with `pip install duckdb`"
        ) from None
    return duckdb


def _read_duckdb(file: Path, names: tuple[str, ...]) -> dict[str, pa.Table]:
    duckdb = _duckdb()
    try:
        with duckdb.connect(str(file), read_only=True) as database:
            there = {row[0] for row in database.execute("show tables").fetchall()}
            return {name: database.table(name).to_arrow_table() for name in names if name in there}
    except duckdb.Error as wrong:
        raise input_error(f"{file} cannot be read as a DuckDB database: {wrong}") from None


def _write_duckdb(file: Path, tables: Mapping[str, pa.Table]) -> None:
    duckdb = _duckdb()
    file = file.absolute()
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{file.name}-", dir=file.parent) as folder:
        fresh = Path(folder) / file.name
        with duckdb.connect(str(fresh)) as database:
            for name, table in tables.items():
                database.register("given", table)
                database.execute(f'create table "{name}" as select * from given')
                database.unregister("given")
        os.replace(fresh, file)


def _toml(tables: Mapping[str, pa.Table]) -> str:
    lines: list[str] = []
    for name in SETTINGS_TABLES:
        if name not in tables:
            continue
        for row in tables[name].to_pylist():
            lines.append(f"[{name}]" if name == "settings" else f"[[{name}]]")
            lines += [
                f"{_toml_key(key)} = {_toml_value(value, name, key)}"
                for key, value in row.items()
                if value is not None
            ]
            lines.append("")
    return "\n".join(lines)


def _toml_value(value: Any, table: str, column: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, date):  # datetime too
        return value.isoformat()
    if isinstance(value, str):
        return _toml_text(value)
    if isinstance(value, list):
        return "[" + ", ".join(_toml_value(v, table, column) for v in value) + "]"
    raise input_error(
        error(
            table,
            f"a {type(value).__name__} cannot be written to {MARKET_FILE}",
            "convert it to text or a number",
            column=column,
        )
    )


def _toml_key(key: str) -> str:
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else _toml_text(key)


def _toml_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
