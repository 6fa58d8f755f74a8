"""The demo market: the same everywhere, whole, and like the France it stands for."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from libmatch import _demo_random as draw
from libmatch._demo import MARKET_DATE, TICKET_EUR, demo_tables
from libmatch._geography import load_naf

TABLES = (
    *("communes", "skills", "programmes", "dossier_rules", "settings"),
    *("workshops", "visits", "shared_staff"),
    *("firms", "advisers", "schemes", "lenders", "resources", "sites", "pairs"),
)
FIRMS, ADVISERS = 20_000, 400


@pytest.fixture(scope="module")
def market() -> dict[str, pa.Table]:
    return demo_tables(FIRMS, ADVISERS, seed=1)


def texts(table: pa.Table, column: str) -> list[str]:
    values: list[str] = table[column].to_pylist()
    return values


def numbers(table: pa.Table, column: str) -> npt.NDArray[Any]:
    return np.asarray(table[column].to_numpy())


def fingerprint(tables: dict[str, pa.Table]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tables):
        digest.update(repr(tables[name].to_pylist()).encode())
    return digest.hexdigest()


# ---- determinism ----


def test_same_arguments_give_the_same_market() -> None:
    first, again = demo_tables(500, 30, seed=7), demo_tables(500, 30, seed=7)
    assert all(first[name].equals(again[name]) for name in TABLES)


def test_the_market_is_the_same_on_every_machine() -> None:
    """Changes only when the generator or the shipped data are changed on purpose."""
    assert (
        fingerprint(demo_tables(500, 30, seed=1))
        == "3b7dd553d4f85c01491174497d1e65ffdf8839441999316566a34e19c05f79aa"
    )


def test_another_seed_gives_another_market() -> None:
    first, other = demo_tables(500, 30, seed=1), demo_tables(500, 30, seed=2)
    assert not first["firms"].equals(other["firms"])
    assert not first["advisers"].equals(other["advisers"])


def test_tables_have_streams_of_their_own() -> None:
    few, many = demo_tables(500, 30, seed=1), demo_tables(500, 60, seed=1)
    assert few["firms"].equals(many["firms"])
    assert few["lenders"].equals(many["lenders"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"firms": 0}, "firms is 0"),
        ({"advisers": 0}, "advisers is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_impossible_arguments_are_refused(arguments: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        demo_tables(**arguments)


@pytest.mark.parametrize(("firms", "advisers"), [(1, 1), (2, 2), (99, 3), (150, 400)])
def test_small_markets_are_whole(firms: int, advisers: int) -> None:
    tables = demo_tables(firms, advisers)
    assert tables["firms"].num_rows == firms
    assert tables["advisers"].num_rows == advisers
    assert numbers(tables["advisers"], "capacity").min() >= 0


# ---- shapes and references ----


def test_all_tables_are_there(market: dict[str, pa.Table]) -> None:
    assert tuple(market) == TABLES
    assert market["firms"].num_rows == FIRMS
    assert market["advisers"].num_rows == ADVISERS
    assert market["settings"].num_rows == 1


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("firms", "firm_id"),
        ("advisers", "adviser_id"),
        ("schemes", "scheme_id"),
        ("lenders", "lender_id"),
        ("resources", "resource_id"),
        ("sites", "site_id"),
        ("workshops", "workshop"),
        ("shared_staff", "rule"),
        ("programmes", "programme"),
        ("skills", "skill"),
    ],
)
def test_ids_are_unique(market: dict[str, pa.Table], table: str, column: str) -> None:
    values = texts(market[table], column)
    assert len(set(values)) == len(values)
    assert all(values)


def test_skill_columns_match_the_skills(market: dict[str, pa.Table]) -> None:
    skills = texts(market["skills"], "skill")
    for table, prefixes in (
        ("firms", ("need_", "weight_")),
        ("advisers", ("skill_",)),
        ("resources", ("skill_",)),
    ):
        for prefix in prefixes:
            columns = [c for c in market[table].column_names if c.startswith(prefix)]
            assert columns == [prefix + s for s in skills]
            top = 4 if prefix != "weight_" else 8
            for column in columns:
                assert numbers(market[table], column).min() >= 0
                assert numbers(market[table], column).max() <= top


def test_places_and_zones_exist(market: dict[str, pa.Table]) -> None:
    known = {level: set(texts(market["communes"], level)) for level in ("commune", "departement")}
    known |= {level: set(texts(market["communes"], level)) for level in ("epci", "region")}
    for table in ("firms", "advisers", "sites"):
        assert set(texts(market[table], "commune")) <= known["commune"]
    for table in ("advisers", "schemes", "lenders", "resources"):
        for zones in set(texts(market[table], "zones")):
            if zones == "FR":
                continue
            levels = {zone.split(":")[0] for zone in zones.split(";")}
            assert len(levels) == 1
            assert all(z.split(":")[1] in known[levels.copy().pop()] for z in zones.split(";"))


def test_only_missing_values_that_mean_something(market: dict[str, pa.Table]) -> None:
    optional = {
        ("advisers", "headcount_max"),
        ("advisers", "absent_from"),
        ("advisers", "absent_until"),
        ("pairs", "value"),
    }
    for name, table in market.items():
        for column in table.column_names:
            if (name, column) not in optional:
                assert table[column].null_count == 0, (name, column)


def test_programmes_follow_each_other(market: dict[str, pa.Table]) -> None:
    volunteers, professionals = market["programmes"].to_pylist()
    assert (volunteers["programme"], volunteers["network"]) == ("volunteers", "volunteer")
    assert (professionals["programme"], professionals["after"]) == ("professionals", "volunteers")
    assert professionals["labels_required"]
    settings = market["settings"].to_pylist()[0]
    assert settings["funding_after"] == "volunteers"
    assert settings["lead_network"] == "professional"


# ---- likeness ----


def test_firms_live_where_people_live(market: dict[str, pa.Table]) -> None:
    communes = market["communes"].to_pylist()
    region_of = {r["commune"]: r["region"] for r in communes}
    people: Counter[str] = Counter()
    for row in communes:
        if row["commune"] not in {"75056", "69123", "13055"}:
            people[row["region"]] += row["population"]
    firms = Counter(region_of[c] for c in texts(market["firms"], "commune"))
    total = sum(people.values())
    for region, count in people.items():
        expected = FIRMS * count / total
        assert abs(firms[region] - expected) < 5 * np.sqrt(expected) + 1
    assert not {"75056", "69123", "13055"} & set(texts(market["firms"], "commune"))


def test_firms_are_very_small(market: dict[str, pa.Table]) -> None:
    headcount = numbers(market["firms"], "headcount")
    assert headcount.max() < 30
    assert 0.82 < (headcount <= 2).mean() < 0.90
    assert 0.02 < (headcount >= 10).mean() < 0.06


def test_trades_have_the_stated_shares(market: dict[str, pa.Table]) -> None:
    shares = dict(zip(*(load_naf()[c].to_pylist() for c in ("naf", "share")), strict=True))
    drawn = Counter(texts(market["firms"], "naf"))
    assert set(drawn) <= set(shares)
    for naf, share in shares.items():
        expected = FIRMS * share / sum(shares.values())
        assert abs(drawn[naf] - expected) < 5 * np.sqrt(expected) + 1


def test_needs_share_a_latent_maturity(market: dict[str, pa.Table]) -> None:
    needs = np.stack(
        [numbers(market["firms"], c) for c in market["firms"].column_names if "need_" in c]
    )
    assert needs.sum(axis=0).min() > 0
    correlation = np.corrcoef(needs)
    assert correlation[np.triu_indices(len(needs), 1)].mean() > 0.3
    assert needs.mean(axis=1).argmin() == len(needs) - 1  # selling abroad is wanted least


def test_dates_are_in_the_past(market: dict[str, pa.Table]) -> None:
    assert pc.max(market["firms"]["created"]).as_py() < MARKET_DATE
    assert pc.min(market["firms"]["created"]).as_py() > date(1980, 1, 1)


def test_networks_reach_what_they_should(market: dict[str, pa.Table]) -> None:
    advisers = market["advisers"].to_pylist()
    volunteers = [a for a in advisers if a["network"] == "volunteer"]
    professionals = [a for a in advisers if a["network"] == "professional"]
    assert len(volunteers) == 0.6 * ADVISERS
    assert sum(a["capacity"] for a in volunteers if present(a)) == 0.6 * FIRMS
    labelled = [a for a in professionals if "activateur" in a["labels"].split(";") and present(a)]
    assert sum(a["capacity"] for a in labelled) == 0.3 * FIRMS
    assert len(labelled) > 0.75 * len(professionals)
    assert sum(a["dossier_capacity"] for a in professionals) == round(0.6 * FIRMS / 6)
    assert all(a["dossier_capacity"] == a["day_rate_eur"] == 0 for a in volunteers)


def present(adviser: dict[str, Any]) -> bool:
    first, last = adviser["absent_from"], adviser["absent_until"]
    return first is None or not first <= MARKET_DATE <= last


def serves(adviser: dict[str, Any], commune: dict[str, Any]) -> bool:
    items = [zone.split(":") for zone in adviser["zones"].split(";")]
    return adviser["zones"] == "FR" or any(commune[level] == code for level, code in items)


@pytest.mark.parametrize("network", ["volunteer", "professional"])
def test_most_firms_have_a_choice_of_advisers(market: dict[str, pa.Table], network: str) -> None:
    label = "activateur" if network == "professional" else ""
    advisers = [
        a
        for a in market["advisers"].to_pylist()
        if a["network"] == network and label in a["labels"] and present(a)
    ]
    communes = {r["commune"]: r for r in market["communes"].to_pylist()}
    homes = texts(market["firms"], "commune")[:500]
    choice = [sum(serves(a, communes[home]) for a in advisers) for home in homes]
    assert np.mean(np.array(choice) >= 20) > 0.95


def test_residuals_need_pooling(market: dict[str, pa.Table]) -> None:
    """After the grants that a firm may stack, 4,000 to 15,000 EUR remain: under the ticket."""
    schemes = market["schemes"].to_pylist()
    cost, own = numbers(market["firms"], "cost_eur"), numbers(market["firms"], "own_funds_eur")
    grants = np.zeros(FIRMS)
    for scheme in schemes:
        if scheme["zones"] == "FR" and scheme["scheme_id"] != "STATE-CYBER":
            grants += np.minimum(scheme["rate"] * cost, scheme["cap_eur"])
    residual = cost - own - grants
    low, median, high = np.percentile(residual, (10, 50, 90))
    assert 4_000 < low < median < high < 15_000
    assert (residual < TICKET_EUR).mean() > 0.95
    assert 18_000 < np.median(cost) < 22_000


def test_schemes_have_each_kind(market: dict[str, pa.Table]) -> None:
    schemes = market["schemes"].to_pylist()
    assert Counter(s["funder"] for s in schemes) == {"eu": 1, "state": 3, "region": 18}
    assert [s["cap_eur"] for s in schemes if s["funder"] == "eu"] == [10_000.0]
    assert sum(s["collective_only"] for s in schemes) >= 1
    assert Counter(s["stacking_group"] for s in schemes)["state_first_brick"] == 2
    assert all(s["source"] and s["dated"] and s["budget_eur"] > 0 for s in schemes)
    regions = set(texts(market["communes"], "region"))
    assert {s["zones"] for s in schemes if s["funder"] == "region"} == {
        f"region:{r}" for r in regions
    }


def test_sites_grow_with_the_market(market: dict[str, pa.Table]) -> None:
    assert numbers(market["sites"], "sessions").sum() == FIRMS // 250
    assert len(set(texts(market["sites"], "commune"))) == market["sites"].num_rows
    assert set(texts(market["workshops"], "skill")) <= set(texts(market["skills"], "skill"))


def test_some_firms_with_employees_want_days_of_staff(market: dict[str, pa.Table]) -> None:
    days = numbers(market["firms"], "it_days_per_month")
    headcount = numbers(market["firms"], "headcount")
    assert np.all(days[headcount < 2] == 0)
    assert 0.3 < np.mean(days[headcount >= 2] > 0) < 0.4
    assert days.max() < numbers(market["shared_staff"], "max_days").min()


def test_lenders_ask_for_the_ticket(market: dict[str, pa.Table]) -> None:
    lenders = market["lenders"].to_pylist()
    assert all(x["min_ticket_eur"] == TICKET_EUR < x["max_ticket_eur"] for x in lenders)
    assert sum(x["zones"] == "FR" for x in lenders) >= 2
    assert sum(x["capacity"] for x in lenders) == round(0.08 * FIRMS)
    assert all(0 < x["interest_rate"] < 0.1 for x in lenders)


def test_every_region_has_a_centre_that_teaches(market: dict[str, pa.Table]) -> None:
    resources = market["resources"].to_pylist()
    regions = set(texts(market["communes"], "region"))
    assert {f"region:{r}" for r in regions} <= {r["zones"] for r in resources}
    assert any(r["zones"].startswith("departement:") for r in resources)
    for skill in texts(market["skills"], "skill"):
        assert any(r[f"skill_{skill}"] > 0 for r in resources), skill


def test_pins_break_no_rule(market: dict[str, pa.Table]) -> None:
    firms = {r["firm_id"]: r for r in market["firms"].to_pylist()}
    advisers = {r["adviser_id"]: r for r in market["advisers"].to_pylist()}
    communes = {r["commune"]: r for r in market["communes"].to_pylist()}
    pairs = market["pairs"].to_pylist()
    kinds = Counter(p["kind"] for p in pairs)
    assert set(kinds) == {"pinned", "forbidden", "bonus"}
    assert len({(p["firm_id"], p["adviser_id"]) for p in pairs}) == len(pairs)
    pins = [p for p in pairs if p["kind"] == "pinned"]
    assert len({p["firm_id"] for p in pins}) == len({p["adviser_id"] for p in pins}) == len(pins)
    for pin in pins:
        firm, adviser = firms[pin["firm_id"]], advisers[pin["adviser_id"]]
        assert pin["programme"] == "volunteers"
        assert adviser["network"] == "volunteer"
        assert present(adviser)
        assert adviser["capacity"] >= 1
        assert serves(adviser, communes[firm["commune"]])
        assert adviser["naf_in"] == adviser["naf_out"] == ""
        assert adviser["headcount_min"] == 0
        assert adviser["headcount_max"] is None
        assert set(firm["languages"].split(";")) & set(adviser["languages"].split(";"))
    assert all(p["value"] > 0 for p in pairs if p["kind"] == "bonus")


# ---- the pieces that it is drawn with ----


def test_share_out_keeps_the_total() -> None:
    parts = draw.share_out(10, [1.0, 1.0, 1.0])
    assert parts.tolist() == [4, 3, 3]
    assert draw.share_out(0, [1.0, 2.0]).tolist() == [0, 0]
    assert draw.share_out(5, []).tolist() == []


def test_ids_count_from_one() -> None:
    assert draw.ids("F", 3).to_pylist() == ["F0001", "F0002", "F0003"]
    assert draw.ids("A", 12_345)[-1].as_py() == "A12345"


def test_choose_never_draws_a_share_of_nothing() -> None:
    drawn = draw.choose(draw.stream(1, "test"), 10_000, [0, 3, 0, 1, 0])
    assert set(drawn.tolist()) == {1, 3}
    assert 0.72 < (drawn == 1).mean() < 0.78


@pytest.mark.slow
def test_a_million_firms() -> None:
    tables = demo_tables(1_000_000, 10_000)
    assert tables["firms"].num_rows == 1_000_000
    assert tables["firms"].nbytes < 250 * 1_000_000
    assert tables["firms"]["firm_id"][-1].as_py() == "F1000000"
