"""French geography and trades shipped with the package.

Sources and licences: data/ATTRIBUTION.md. Made by tools/build_geography.py.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import BytesIO

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq


def load_communes() -> pa.Table:
    """All communes of France and the municipal arrondissements of Paris, Lyon and Marseille.

    Columns: commune, name, epci, departement, region (text), population (int64), lat, lon (float64,
    degrees), coord_source (town_hall | contour | epci | departement), parent (for an arrondissement
    the commune around it, else empty). Four islands belong to no EPCI: theirs is empty.
    Sum populations over the rows with an empty parent, so that the three cities count once.
    """
    return _parquet("communes.parquet")


def load_regions() -> pa.Table:
    """Columns: region, name."""
    return _csv("regions.csv")


def load_departements() -> pa.Table:
    """Columns: departement, name, region."""
    return _csv("departements.csv")


def load_naf_divisions() -> pa.Table:
    """The 88 divisions of NAF rev. 2. Columns: division, label (French)."""
    return _csv("naf_divisions.csv")


def load_naf() -> pa.Table:
    """The activities of the demo market.

    Columns: naf, division, sector, share (int64, any unit; an assumption), label (French).
    """
    return _csv("naf.csv", share=pa.int64())


def load_skills() -> pa.Table:
    """Sixteen digital skills of the European vocabulary.

    Columns: skill, label, label_fr, weight (float64), digcomp, esco_label, esco_uri.
    """
    return _csv("skills.csv", weight=pa.float64())


@cache
def _parquet(name: str) -> pa.Table:
    return pq.read_table(BytesIO(_bytes(name)))


@cache
def _csv(name: str, **numbers: pa.DataType) -> pa.Table:
    raw = _bytes(name)
    header = raw.split(b"\n", 1)[0].decode().split(",")
    # Codes like 01 are text; left alone they would be read as numbers.
    types = {column: numbers.get(column, pa.string()) for column in header}
    return pc.read_csv(BytesIO(raw), convert_options=pc.ConvertOptions(column_types=types))


def _bytes(name: str) -> bytes:
    return (files("libmatch") / "data" / name).read_bytes()
