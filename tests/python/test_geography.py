"""The shipped geography: whole, consistent, and close to an independent source."""

from __future__ import annotations

import csv
import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from libmatch._geography import (
    load_communes,
    load_departements,
    load_naf,
    load_naf_divisions,
    load_regions,
    load_skills,
)

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT.parent / "shared" / "data" / "F2-communes-coordonnees" / "communes-merged.csv"
NAF_REFERENCE = ROOT.parent / "shared" / "data" / "F3-naf" / "naf-rev2.json"


def test_communes_have_the_stated_columns() -> None:
    text = pa.string()
    assert load_communes().schema == pa.schema(
        {
            **dict.fromkeys(["commune", "name", "epci", "departement", "region"], text),
            "population": pa.int64(),
            "lat": pa.float64(),
            "lon": pa.float64(),
            "coord_source": text,
            "parent": text,
        }
    )
    assert all(column.null_count == 0 for column in load_communes().columns)


def test_communes_cover_france_once() -> None:
    communes = load_communes()
    codes = communes["commune"].to_pylist()
    assert codes == sorted(set(codes))
    arrondissements = [p for p in communes["parent"].to_pylist() if p]
    assert Counter(arrondissements) == {"75056": 20, "69123": 9, "13055": 16}
    assert 34_500 < len(codes) - len(arrondissements) < 35_500
    counted_once = communes.filter(pc.equal(communes["parent"], ""))
    assert 65e6 < pc.sum(counted_once["population"]).as_py() < 70e6
    assert len(set(communes["departement"].to_pylist())) == 101
    assert all(re.fullmatch(r"\d{5}|2[AB]\d{3}", code) for code in codes)


def test_arrondissements_sum_to_their_city() -> None:
    rows = {r["commune"]: r for r in load_communes().to_pylist()}
    for city in ("75056", "69123", "13055"):
        parts = [r for r in rows.values() if r["parent"] == city]
        assert sum(r["population"] for r in parts) == rows[city]["population"]
        for level in ("epci", "departement", "region"):
            assert {r[level] for r in parts} == {rows[city][level]}


def test_territories_are_nested() -> None:
    departements = {
        r["departement"]: (r["name"], r["region"]) for r in load_departements().to_pylist()
    }
    regions = {r["region"]: r["name"] for r in load_regions().to_pylist()}
    assert len(regions) == 18
    assert regions["11"] == "Île-de-France"
    assert departements["2A"] == ("Corse-du-Sud", "94")
    for row in load_communes().to_pylist():
        assert departements[row["departement"]][1] == row["region"]
        assert row["region"] in regions
        assert re.fullmatch(r"\d{9}|", row["epci"])
    without_epci = [r["name"] for r in load_communes().to_pylist() if not r["epci"]]
    assert without_epci == ["Île-de-Bréhat", "Île-de-Sein", "Ouessant", "L'Île-d'Yeu"]


def test_coordinates_lie_in_france_and_say_their_source() -> None:
    communes = load_communes()
    sources = Counter(communes["coord_source"].to_pylist())
    assert set(sources) <= {"town_hall", "contour", "epci", "departement"}
    assert sources["town_hall"] + sources["contour"] > 0.999 * communes.num_rows
    metropole = pc.greater(communes["lat"], 40)
    at_home = communes.filter(metropole)
    assert 41 < pc.min(at_home["lat"]).as_py() < pc.max(at_home["lat"]).as_py() < 51.2
    assert -5.2 < pc.min(at_home["lon"]).as_py() < pc.max(at_home["lon"]).as_py() < 9.6
    overseas = communes.filter(pc.invert(metropole))
    assert set(overseas["departement"].to_pylist()) == {"971", "972", "973", "974", "976"}


def test_communes_stay_small() -> None:
    assert len((files("libmatch") / "data" / "communes.parquet").read_bytes()) < 2_000_000


def distance_km(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Great-circle distance of rows (lat, lon) in degrees."""
    (lat_a, lon_a), (lat_b, lon_b) = np.radians(a).T, np.radians(b).T
    half = np.sin((lat_b - lat_a) / 2) ** 2
    half += np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    return np.asarray(2 * 6371.0 * np.arcsin(np.sqrt(half)))


def test_coordinates_agree_with_an_independent_source() -> None:
    """La Poste and the geolocated commune codes differ among themselves by 0.76 km (median)."""
    if not REFERENCE.exists():
        pytest.skip(
            f"NOT MEASURED: no reference coordinates at ../{REFERENCE.relative_to(ROOT.parent)}"
        )
    with REFERENCE.open(encoding="utf-8") as lines:
        reference = {
            r["code_insee"]: (float(r["lat"]), float(r["lon"]))
            for r in csv.DictReader(lines)
            if r["lat"]
        }
    ours = [r for r in load_communes().to_pylist() if r["commune"] in reference]
    assert len(ours) > 34_800
    km = distance_km(
        np.array([(r["lat"], r["lon"]) for r in ours]),
        np.array([reference[r["commune"]] for r in ours]),
    )
    assert np.median(km) < 1.0
    assert np.percentile(km, 99) < 6.0
    # The communes of Guyane are as large as departements: two centres may lie far apart there.
    metropole = np.array([len(r["departement"]) == 2 for r in ours])
    assert km[metropole].max() < 20.0


def test_trade_codes_are_valid_and_weighted() -> None:
    naf = load_naf()
    divisions = set(load_naf_divisions()["division"].to_pylist())
    assert len(divisions) == 88
    for row in naf.to_pylist():
        assert re.fullmatch(r"\d\d\.\d\d[A-Z]", row["naf"])
        assert row["naf"][:2] == row["division"]
        assert row["division"] in divisions
        assert row["share"] > 0
    assert len(set(naf["naf"].to_pylist())) == naf.num_rows
    if NAF_REFERENCE.exists():
        known = NAF_REFERENCE.read_text(encoding="utf-8")
        assert all(f'"{code}"' in known for code in naf["naf"].to_pylist())


def test_skills_are_named_in_two_languages() -> None:
    skills = load_skills()
    assert skills.num_rows >= 12
    for row in skills.to_pylist():
        assert row["skill"].isidentifier()
        assert row["label"]
        assert row["label_fr"]
        assert re.fullmatch(r"[1-5]\.[1-6]", row["digcomp"])
        assert row["esco_uri"].startswith("http://data.europa.eu/esco/skill/")
    weights = dict(zip(*(skills[c].to_pylist() for c in ("skill", "weight")), strict=True))
    assert min(weights, key=lambda s: weights[s]) == "e_internationalisation"


def test_every_shipped_file_names_its_source() -> None:
    data = files("libmatch") / "data"
    attribution = (data / "ATTRIBUTION.md").read_text(encoding="utf-8")
    shipped = [f.name for f in data.iterdir() if f.name.endswith((".csv", ".parquet"))]
    assert len(shipped) >= 6
    assert [name for name in shipped if name not in attribution] == []
    for source in ("INSEE", "DGCL", "Etalab", "DILA", "IGN", "ESCO", "DigComp", "Licence Ouverte"):
        assert source in attribution
    for coord_source in set(load_communes()["coord_source"].to_pylist()):
        assert f"`{coord_source}`" in attribution
