"""The report: its numbers, its words, its form, and that it is written whole or not at all."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from made_plan import PROOFS, SETTINGS, Tables, made_market, made_plan

from libmatch import _report_map as maps
from libmatch import _texts, report
from libmatch._report_numbers import Numbers
from libmatch._texts import Texts
from libmatch.report import write_report

ROOT = Path(__file__).resolve().parents[2]
VOID = {"meta", "link", "br", "use", "path", "rect", "line", "circle", "img"}


class Page(HTMLParser):
    """The elements of a page, and faults of nesting."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.faults: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.faults += [f"<{tag}> is never closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self._open[-1:]}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="module")
def market() -> Tables:
    return made_market()


@pytest.fixture(scope="module")
def plan(market: Tables) -> Tables:
    return made_plan(market)


@pytest.fixture(scope="module")
def sources(
    market: Tables, plan: Tables, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("report")
    found = {}
    for lang in ("fr", "en"):
        path = folder / f"{lang}.html"
        write_report(market, plan, PROOFS, SETTINGS, path, "fr" if lang == "fr" else "en")
        found[lang] = path.read_text(encoding="utf-8")
    return found


def written(market: Tables, plan: Tables, path: Path) -> str:
    write_report(market, plan, None, {}, path, "en")
    return path.read_text(encoding="utf-8")


# ---- form ----


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_page_is_well_formed_and_accessible(sources: dict[str, str], lang: str) -> None:
    page = Page(sources[lang])
    assert not page.faults
    assert page.all("html") == [{"lang": lang}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    assert all(head.get("scope") for head in page.all("th"))
    pictures = [a for _, a in page.elements if a.get("role") == "img"]
    assert len(pictures) == 5  # money, two maps, two charts
    assert all(a.get("aria-label") for a in pictures)
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    named = [a[k] for _, a in page.elements for k in ("aria-labelledby",) if k in a]
    assert set(named) <= set(ids)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_page_needs_nothing_from_elsewhere(sources: dict[str, str], lang: str) -> None:
    page = Page(sources[lang])
    for tag, attrs in page.elements:
        for name in ("src", "href", "xlink:href", "srcset", "data", "action"):
            link = attrs.get(name)
            assert not link or link.startswith(("#", "data:")), (tag, name, link)
    assert not re.search(r"@import|url\((?!#)", sources[lang])
    addresses = set(re.findall(r"https?://[^\s\"'<>]+", sources[lang]))
    assert addresses <= {
        "http://www.w3.org/2000/svg",  # names of formats, never opened
        "http://www.w3.org/1999/xlink",
    }
    assert "default-src 'none'" in sources[lang]


def test_page_is_small_whatever_the_market(sources: dict[str, str]) -> None:
    assert all(len(source.encode()) < 1_000_000 for source in sources.values())


def test_words_of_the_market_are_only_words(market: Tables, plan: Tables, tmp_path: Path) -> None:
    evil = '</script><script>alert("x")</script>'
    schemes = market["schemes"]
    where = schemes.column_names.index("name")
    names = pa.array([evil] * schemes.num_rows)
    rules = plan["dossiers"].num_rows
    dossiers = plan["dossiers"].set_column(
        plan["dossiers"].column_names.index("rule"), "rule", pa.array(['"><b x="'] * rules)
    )
    page = written(
        {**market, "schemes": schemes.set_column(where, "name", names)},
        {**plan, "dossiers": dossiers},
        tmp_path / "r.html",
    )
    assert evil not in page
    assert page.count("<script>") == 1
    assert "b" not in {tag for tag, a in Page(page).elements if "x" in a}


# ---- numbers ----


def test_headline_numbers_are_those_of_the_tables(
    market: Tables, plan: Tables, sources: dict[str, str]
) -> None:
    words = Texts("en")
    rows = plan["assignments"].to_pylist()
    page = sources["en"]
    for name in ("volunteers", "professionals"):
        served = {row["firm_id"] for row in rows if row["programme"] == name}
        assert f"<b>{words.whole(len(served))}</b><span>served by {name}" in page
    assert f"<b>{words.whole(plan['dossiers'].num_rows)}</b><span>collective dossiers" in page
    paid = set(plan["grants"]["firm_id"].to_pylist()) | set(
        plan["dossier_members"]["firm_id"].to_pylist()
    )
    assert f"<b>{words.whole(len(paid))}</b><span>firms funded" in page
    total = (
        pc.sum(plan["grants"]["amount_eur"]).as_py() + pc.sum(plan["loans"]["amount_eur"]).as_py()
    )
    assert f"<b>{words.short_euros(total)}</b>" in page


def test_counts_by_region_add_up(market: Tables, plan: Tables) -> None:
    found = Numbers(market, plan)
    regions = found.regions
    assert sum(p.firms for p in regions) == market["firms"].num_rows
    for k, programme in enumerate(found.programmes):
        assert sum(p.served[k] for p in regions) == programme.served.sum()
        assert sum(p.eligible[k] for p in regions) == programme.eligible.sum()
    assert sum(p.dossiers for p in regions) == plan["dossiers"].num_rows
    money = sum(p.grants_eur + p.loans_eur for p in regions)
    assert money == pytest.approx(sum(found.money.values()))
    names = [p.name for p in regions]
    assert {"Bretagne", "La Réunion"} <= set(names)
    assert names.index("Île-de-France") < names.index("La Réunion")
    assert {p.code[:2] for p in found.overseas} == {"97"}
    assert sum(m.dossiers for m in found.meetings) == plan["dossiers"].num_rows
    assert sum(n for _, _, n in found.dossier_sizes) == plan["dossiers"].num_rows


def tiny() -> tuple[Tables, Tables]:
    """Four firms: A by grant and part of a dossier, B by the rest of it, C alone, D by nothing."""
    communes = {"commune": ["X", "Y"], "name": ["Ix", "Ygrec"], "region": ["84", "84"]}
    places = {
        "departement": ["01", "01"],
        "epci": ["", "e"],
        "lat": [46.0, 45.0],
        "lon": [5.0, 5.5],
    }
    market = {
        "communes": pa.table({**communes, **places}),
        "firms": pa.table(
            {
                "firm_id": ["A", "B", "C", "D"],
                "commune": ["X", "Y", "nowhere", None],
                "cost_eur": [20_000.0, 15_000.0, 30_000.0, None],
                "own_funds_eur": [1_000.0, 0.0, 0.0, None],
            }
        ),
        "schemes": pa.table({"scheme_id": ["S"], "funder": ["eu"], "rate": [0.5]}),
    }
    plan = {
        "dossiers": pa.table({"dossier_id": ["D1"], "seat_firm_id": ["B"], "members": [2.0]}),
        "dossier_members": pa.table(
            {
                "dossier_id": ["D1", "D1"],
                "firm_id": ["A", "B"],
                "amount_eur": [9_000.0, 15_000.0],
            }
        ),
        "grants": pa.table({"firm_id": ["A"], "scheme_id": ["S"], "amount_eur": [10_000.0]}),
        "loans": pa.table(
            {
                "dossier_id": ["D1", None],
                "firm_id": ["", "C"],
                "amount_eur": [24_000.0, 20_000.0],
            }
        ),
    }
    return market, plan


def test_money_of_each_firm() -> None:
    found = Numbers(*tiny())
    assert found.granted.tolist() == [10_000, 0, 0, 0]
    assert found.lent.tolist() == [9_000, 15_000, 20_000, 0]
    assert found.funded.tolist() == [True, True, True, False]
    assert found.fully_funded.tolist() == [True, True, False, False]
    assert found.money == {"eu": 10_000, "state": 0, "region": 0, "loans": 44_000}
    assert np.isnan(found.schemes[0].budget_eur)
    assert [m.name for m in found.meetings] == ["Ygrec"]


def test_firms_without_a_known_commune_are_counted_apart(tmp_path: Path) -> None:
    market, plan = tiny()
    assert [(p.name, p.firms) for p in Numbers(market, plan).regions] == [
        ("Auvergne-Rhône-Alpes", 2),
        ("", 2),
    ]
    assert "Place unknown" in written(market, plan, tmp_path / "r.html")


def test_a_dossier_without_loan_funds_nobody() -> None:
    market, plan = tiny()
    assert Numbers(market, {**plan, "loans": plan["loans"].slice(1)}).lent.tolist() == [
        *(0, 0, 20_000, 0)
    ]


def test_rows_that_name_nobody_do_not_count() -> None:
    market, plan = tiny()
    grants = pa.table({"firm_id": ["A", "?"], "scheme_id": ["?", "S"], "amount_eur": [1.0, 2.0]})
    found = Numbers(market, {**plan, "grants": grants})
    assert found.granted.tolist() == [1, 0, 0, 0]
    assert found.schemes[0].granted_eur == 2


def test_reasons_are_grouped_and_counted(plan: Tables, market: Tables) -> None:
    found = Numbers(market, plan).left_out
    full = [x for x in found if x.reason.startswith("every eligible")]
    assert [x.stage for x in full] == ["assign:volunteers", "assign:professionals"]
    assert sum(x.firms for x in found) == plan["unserved"].num_rows
    assert not any(";" in x.reason for x in found)


def test_workshops_visits_and_shared_staff_are_told(tmp_path: Path) -> None:
    market, plan = tiny()
    plan |= {
        "workshops": pa.table({"session_id": ["W1", "W2"], "workshop": ["web", "web"]}),
        "workshop_members": pa.table(
            {"session_id": ["W1", "W1", "W2", "?"], "distance_km": [3.0, 6.0, 0.0, 99.0]}
        ),
        "shared_staff": pa.table({"job_id": ["J1"], "rule": ["half job"]}),
        "shared_staff_members": pa.table({"job_id": ["J1", "J1"], "distance_km": [0.0, 5.0]}),
        "visits": pa.table(
            {
                "adviser_id": ["a", "a", "b"],
                "day": [1, 1, 1],
                "position": [1, 2, 1],
                "firm_id": ["A", "B", "C"],
                "leg_km": [10.0, 5.0, 7.0],
                "home_km": [10.0, 11.0, 7.0],
            }
        ),
    }
    assert [
        (s.table, s.rule, s.count, s.firms, s.mean_km) for s in Numbers(market, plan).services
    ] == [
        ("workshops", "web", 2, 3, 3.0),
        ("shared_staff", "half job", 1, 2, 2.5),
        ("visits", "", 2, 3, 20.0),
    ]
    page = written(market, plan, tmp_path / "r.html")
    assert not Page(page).faults
    assert "Rounds of visits" in page
    assert "Workshop: web" in page
    assert "Shared job: half job" in page
    assert "Rounds of visits" not in written(*tiny(), tmp_path / "r.html")


@pytest.mark.parametrize("missing", ["communes", "programmes", "advisers", "schemes", "settings"])
def test_tables_may_be_missing(market: Tables, plan: Tables, tmp_path: Path, missing: str) -> None:
    less = {name: table for name, table in market.items() if name != missing}
    assert not Page(written(less, plan, tmp_path / "r.html")).faults


@pytest.mark.parametrize("rows", [None, 0])
def test_a_plan_may_be_empty(
    market: Tables, plan: Tables, tmp_path: Path, rows: int | None
) -> None:
    empty = {} if rows is None else {name: table.slice(0, 0) for name, table in plan.items()}
    page = written(market, empty, tmp_path / "r.html")
    assert not Page(page).faults
    assert "This plan has no dossier." in page
    assert "No firm is left out." in page


# ---- proofs, settings ----


def test_each_stage_says_what_it_proves(sources: dict[str, str]) -> None:
    page = sources["en"]
    for sentence in (
        "No other choice does better.",
        "The best possible choice gains no more than 0.0029% over this one.",
        "The best possible choice gains no more than 2.2% over this one.",
        "Nothing to decide at this stage.",
        "The minimums asked for contradict each other: no plan meets them all.",
    ):
        assert sentence in page
    assert "€4,318,250" in page
    assert "Source of these figures: cap of 10,000 EUR per firm" in page
    assert ">Advisers: volunteers<" in page


def test_certificates_may_come_from_the_plan(
    market: Tables, plan: Tables, sources: dict[str, str], tmp_path: Path
) -> None:
    write_report(market, plan, None, SETTINGS, tmp_path / "r.html", "en")
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == sources["en"]


def test_settings_and_version_are_shown(sources: dict[str, str]) -> None:
    rows = re.findall(r'<th scope="row">([^<]*)</th><td class="n">([^<]*)</td></tr>', sources["en"])
    shown = dict(rows)
    assert shown["libmatch version"] == "1.2.3"
    assert shown["Seed"] == "7"
    assert shown["Gap asked for"] == "0.0001"
    assert shown["Time limit (s)"] == "none"
    assert shown["Stages"] == "all"
    assert shown["Date of the market"] == "January 15, 2026"


# ---- words ----


def test_numbers_are_written_as_people_do() -> None:
    fr, en = Texts("fr"), Texts("en")
    thin, hard = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
    assert fr.whole(1234567) == f"1{thin}234{thin}567"
    assert en.whole(1234567) == "1,234,567"
    assert fr.percent(0.625, 1) == f"62,5{hard}%"
    assert fr.euros(-1234.4) == f"\N{MINUS SIGN}1{thin}234{hard}€"
    assert en.euros(1234.6) == "€1,235"
    assert fr.short_euros(12_430_000) == f"12,4{hard}M{hard}€"
    assert [en.small_percent(x) for x in (0, 2.871e-5, 0.0211, 0.07, 0.98)] == [
        *("0%", "0.0029%", "2.2%", "7.0%", "98%")
    ]
    assert fr.percent(float("nan")) == fr.euros(float("inf")) == "\N{EN DASH}"


def test_both_languages_say_the_same_things() -> None:
    for key, both in _texts._WORDS.items():
        fields = [sorted(f for _, f, _, _ in Formatter().parse(words) if f) for words in both]
        assert fields[0] == fields[1], key
        assert all(both), key


def test_every_reason_of_the_library_has_its_french() -> None:
    stages = sorted((ROOT / "libmatch/plan").glob("*stage*.hpp"))
    solve = "".join(path.read_text() for path in stages)
    pool = (ROOT / "libmatch/model/pooling.hpp").read_text()
    said = re.findall(r'left_out\([^";]*?,\s*"([^"]+)"', solve)
    said += re.findall(r'\breason =\s*"([^"]+)"', solve)
    said += re.findall(r'case PoolReason::(?!pooled)\w+:\s*return "([^"]+)"', pool)
    assert len(said) >= 10, said
    assert {reason.partition(";")[0] for reason in said} <= set(_texts._REASONS_FR)


def test_other_languages_are_refused(market: Tables, plan: Tables, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lang is 'de': use 'fr' or 'en'"):
        write_report(market, plan, None, {}, tmp_path / "r.html", "de")  # type: ignore[arg-type]


def test_a_market_without_firms_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no table firms"):
        write_report({}, {}, None, {}, tmp_path / "r.html")


# ---- writing ----


def test_what_fails_leaves_the_old_report(
    market: Tables, plan: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.html"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_report(market, plan, None, {}, path)
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]
    assert path.read_text() == "old"


def test_the_same_plan_gives_the_same_page(market: Tables, plan: Tables, tmp_path: Path) -> None:
    pages = [written(market, plan, tmp_path / f"{k}.html") for k in range(2)]
    assert pages[0] == pages[1]
    assert report.__all__ == ["write_report"]


# ---- maps ----


@pytest.mark.parametrize(
    ("lat", "lon", "east", "north"),
    [  # the projection's origin, and points as PROJ places them
        (46.5, 3.0, 700_000.0, 6_600_000.0),
        (48.8583701, 2.2944813, 648_235.900, 6_862_268.369),
        (42.0, 9.0, 1_197_656.702, 6_118_854.942),
        (48.5, -4.5, 146_763.994, 6_848_487.703),
    ],
)
def test_projection_is_lambert_93(lat: float, lon: float, east: float, north: float) -> None:
    x, y = maps.lambert93(np.array([lat]), np.array([lon]))
    assert x[0] == pytest.approx(east, abs=0.002)
    assert y[0] == pytest.approx(north, abs=0.002)


def test_path_holds_every_point(market: Tables) -> None:
    lat, lon = (market["communes"][c].to_numpy() for c in ("lat", "lon"))
    frame = maps.Frame(lat, lon)
    path = frame.path(lat, lon)
    steps = np.array([[int(x), int(y)] for x, y in re.findall(r"[Mm](-?\d+)[ ]?(-?\d+)h0", path)])
    points = np.cumsum(steps, axis=0)
    expected = np.unique(frame.points(lat, lon), axis=0)
    assert np.array_equal(points[np.lexsort(points.T[::-1])], expected)
    assert points.min() >= 0
    assert (points.max(axis=0) <= [frame.width, frame.height]).all()
    assert len(path) < 300_000


def test_overseas_points_are_not_on_the_map() -> None:
    frame = maps.Frame(np.array([48.0, -21.0]), np.array([2.0, 55.5]))
    assert len(frame.points(np.array([-21.0]), np.array([55.5]))) == 0
    assert frame.path(np.array([np.nan]), np.array([2.0])) == ""
