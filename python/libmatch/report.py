"""A plan as one HTML page for people who decide: it needs no network, no script and no server."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Mapping
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2

from libmatch._report_charts import COLOURS, Maps, coverage, share, sizes
from libmatch._report_numbers import Numbers, Tables
from libmatch._texts import DASH, Lang, Texts

__all__ = ["write_report"]

# Reasons beyond these, per stage, are summed up by the table's total only.
MOST_REASONS = 12
# Blockers and changes of limits of an infeasible stage that are told.
MOST_BLOCKERS = 3
# Sources of schemes' figures that are named under the table.
MOST_SOURCES = 6
# A bound this close is equal: the difference is rounding of sums.
EQUAL = 1e-12


def write_report(
    market_tables: Tables,
    plan_tables: Tables,
    certificates: Mapping[str, Any] | None,
    settings: Mapping[str, Any],
    path: str | os.PathLike[str],
    lang: Lang = "fr",
    coincidence: tuple[int, float] | None = None,
) -> None:
    """Write the report of a plan as one self-contained HTML file.

    market_tables, plan_tables: name -> pyarrow table, as a market and its plan hold them; firms are
    required, the market's communes place them.
    certificates: stage -> object with status, objective, bound, gap, unit, seconds; None takes the
    plan's table `certificates`.
    settings: what the plan was made with (gap, seed, ..., version), shown at the end.
    lang: "fr" or "en".
    coincidence: what one grouping for aid and loans costs, in firms and EUR, to be told.

    The file appears whole or not at all. Raises ValueError for another language or a market without
    firms. O(rows) time; the file's size does not grow with the number of firms.
    """
    words = Texts(lang)
    if "firms" not in market_tables:
        raise ValueError("the market has no table firms: pass the tables that the plan was made of")
    found = Numbers(market_tables, plan_tables)
    proofs = _table_certificates(plan_tables) if certificates is None else dict(certificates)
    contents = _contents(found, proofs, settings, words)
    contents["coincidence"] = _coincidence(coincidence, words)
    page = _template().render(contents)
    _write_whole(Path(path), page)


def _template() -> jinja2.Template:
    source = (files("libmatch") / "templates" / "report.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source)


def _write_whole(path: Path, page: str) -> None:
    """Write beside the target, then rename: a reader never sees half a report."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as out:
            out.write(page)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class _Row:
    """One row of the table of certificates, with the attributes of a Certificate."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.status = str(row["status"])
        self.objective, self.bound, self.gap = row["objective"], row["bound"], row["gap"]
        self.unit, self.seconds = row["unit"], row["seconds"]


def _table_certificates(plan: Tables) -> dict[str, Any]:
    if "certificates" not in plan:
        return {}
    return {row["stage"]: _Row(row) for row in plan["certificates"].to_pylist()}


def _contents(
    found: Numbers, proofs: Mapping[str, Any], settings: Mapping[str, Any], words: Texts
) -> dict[str, Any]:
    drawn = Maps(found, words)
    return {
        "words": words,
        "lang": words.lang,
        "subtitle": _subtitle(found, words),
        "summary": _summary(found, words),
        "tiles": _tiles(found, words),
        "money": _money(found, words),
        "maps": drawn,
        "map_kinds": [
            (kind, words(kind), words("communes", n=words.whole(drawn.counts[kind])))
            for kind in ("all", "some", "none")
        ],
        "networks": [words.heading(p.network or p.name) for p in found.programmes],
        "overseas": found.overseas,
        "regions": found.regions,
        "coverage": coverage(found, words),
        "sizes": sizes(found, words),
        "dossier_sizes": _dossier_sizes(found),
        "proofs": [
            _proof(
                stage,
                proof,
                _contradiction(found.plan, stage, words),
                _notes(found.plan, stage, words),
                words,
            )
            for stage, proof in proofs.items()
        ],
        "schemes": _schemes(found, words),
        "scheme_sources": found.scheme_sources[:MOST_SOURCES],
        "granted": words.euros(sum(s.granted_eur for s in found.schemes)),
        "services": _services(found, words),
        "reasons": _reasons(found, words),
        "settings": _settings(found, settings, words),
        "version": settings.get("version") or _installed_version(),
    }


def _dossier_sizes(found: Numbers) -> tuple[list[str], list[tuple[int, list[int]]]]:
    """The rules, and per size the dossiers of each rule."""
    counted = {(rule, size): n for rule, size, n in found.dossier_sizes}
    rules = sorted({rule for rule, _ in counted})
    members = sorted({size for _, size in counted})
    return rules, [(size, [counted.get((rule, size), 0) for rule in rules]) for size in members]


def _market_settings(found: Numbers) -> dict[str, Any]:
    table = found.market.get("settings")
    return {} if table is None or table.num_rows == 0 else dict(table.slice(0, 1).to_pylist()[0])


def _subtitle(found: Numbers, words: Texts) -> str:
    advisers = found.market.get("advisers")
    counts = {
        "firms": words.whole(found.firm_count),
        "advisers": words.whole(0 if advisers is None else advisers.num_rows),
    }
    day = _market_settings(found).get("date")
    if isinstance(day, date):
        return words("market_line", **counts, date=words.day(day))
    return words("market_line_undated", **counts)


def _summary(found: Numbers, words: Texts) -> list[str]:
    lines = []
    if found.programmes:
        served = words.whole(found.served.sum())
        lines.append(words("summary_served", served=served, firms=words.whole(found.firm_count)))
    if found.funded.any():
        lines.append(
            words(
                "summary_funded",
                funded=words.whole(found.funded.sum()),
                money=words.short_euros(sum(found.money.values())),
                dossiers=words.whole(found.dossier_count),
                pooled=words.whole(found.pooled_firms),
            )
        )
    return [*lines, words("summary_proof")]


def _tiles(found: Numbers, words: Texts) -> list[tuple[str, str, str]]:
    """(number, what it counts, note)."""
    tiles = []
    for p in found.programmes:
        served, eligible = int(p.served.sum()), int(p.eligible.sum())
        note = words(
            "of_eligible",
            share=words.percent(share(served, eligible)),
            eligible=words.whole(eligible),
        )
        network = words.network(p.network or p.name)
        tiles.append((words.whole(served), words("served_by", network=network), note))
    tiles += [
        (
            words.whole(found.dossier_count),
            words("dossiers_tile"),
            words("dossiers_note", pooled=words.whole(found.pooled_firms)),
        ),
        (
            words.whole(found.funded.sum()),
            words("funded_tile"),
            words("funded_note", full=words.whole(found.fully_funded.sum())),
        ),
        (
            words.short_euros(sum(found.money.values())),
            words("money_tile"),
            words("money_note"),
        ),
    ]
    return tiles


def _money(found: Numbers, words: Texts) -> list[dict[str, Any]]:
    total = sum(found.money.values())
    return [
        {
            "label": words.funder(source),
            "euros": words.euros(euros),
            "share": words.percent(share(euros, total)),
            "part": round(100 * share(euros, total), 3) if total else 0,
            "colour": COLOURS[k % len(COLOURS)],
        }
        for k, (source, euros) in enumerate(found.money.items())
    ]


def _contradiction(plan: Tables, stage: str, words: Texts) -> str:
    """Who blocks an infeasible stage, and the smallest change that helps; sentences, or nothing."""
    tables = ("blockers", "blocker_members", "relaxations")
    blockers, members, changes = (
        [row for row in plan[name].to_pylist() if row["stage"] == stage] if name in plan else []
        for name in tables
    )
    sentences = []
    for b in blockers[:MOST_BLOCKERS]:
        if b["kind"] == "quota":
            name = b["reason"].partition(": ")[0].removeprefix("quota ")
            sentences.append(words("means_quota", name=name, shortfall=words.whole(b["shortfall"])))
            continue
        own = [m for m in members if m["blocker"] == b["blocker"]]
        counts = {
            "firms": words.whole(sum(not m["adviser_id"] for m in own)),
            "advisers": words.whole(sum(not m["firm_id"] for m in own)),
        }
        figures = {name: words.whole(b[name]) for name in ("needed", "reachable")}
        sentences.append(words("means_blocker", **counts, **figures))
    if changes:
        told = [
            words(
                f"change_{r['limit']}",
                firm=r["firm_id"],
                adviser=r["adviser_id"],
                before=words.whole(r["units_before"]),
                after=words.whole(r["units_after"]),
            )
            for r in changes[:MOST_BLOCKERS]
        ]
        if len(changes) > MOST_BLOCKERS:
            told.append(words("and_more", n=words.whole(len(changes) - MOST_BLOCKERS)))
        units = words.whole(sum(abs(r["units_after"] - r["units_before"]) for r in changes))
        sentences.append(words("means_relaxation", units=units, changes=", ".join(told)))
    return " ".join(sentences)


def _notes(plan: Tables, stage: str, words: Texts) -> str:
    """What quotas and an earlier plan did to a programme; sentences, or nothing."""
    prices, changes = (
        [row for row in plan[name].to_pylist() if row["stage"] == stage] if name in plan else []
        for name in ("prices", "changes")
    )
    names = [row["id"] for row in prices if row["kind"] == "quota"]
    sentences = [words("note_quotas", names=", ".join(names))] if names else []
    sentences += [
        words(
            "note_changes",
            changes=words.whole(row["changes"]),
            forced=words.whole(row["forced_changes"]),
        )
        for row in changes
    ]
    return " ".join(sentences)


def _proof(stage: str, proof: Any, contradiction: str, notes: str, words: Texts) -> dict[str, str]:
    kind = stage.partition(":")[0]
    status = str(getattr(proof.status, "value", proof.status))
    objective, bound, gap = float(proof.objective), float(proof.bound), float(proof.gap)
    as_money = kind == "fund"

    def amount(value: float) -> str:
        return words.euros(value) if as_money else words.decimal(value, 2)

    if status == "infeasible":
        means = f"{words('means_infeasible')} {contradiction}".rstrip()
    elif objective == 0 and bound == 0:
        means = words("means_empty")
    elif not math.isfinite(gap) or not math.isfinite(bound):
        means = words("means_open")
    elif gap <= EQUAL:
        means = words("means_optimal")
    else:
        # the gap is a share of the bound; what could be gained is told as a share of the plan
        above = (bound - objective) / abs(objective) if objective else math.inf
        means = (
            words("means_gap", gap=words.small_percent(above))
            if math.isfinite(above)
            else words("means_open")
        )
    return {
        "stage": words.stage(stage),
        "counts": words(f"counts_{kind}") if words.has(f"counts_{kind}") else "",
        "objective": amount(objective),
        "bound": amount(bound),
        "gap": words.small_percent(0.0 if abs(gap) <= EQUAL else gap),
        "status": words(f"status_{status}") if words.has(f"status_{status}") else status,
        "good": "good" if status in ("optimal", "within_gap") else "open",
        "seconds": words.seconds(float(proof.seconds)),
        "means": f"{means} {notes}".rstrip(),
    }


def _schemes(found: Numbers, words: Texts) -> list[dict[str, Any]]:
    rows = []
    for s in found.schemes:
        limited = math.isfinite(s.budget_eur)
        used = share(s.granted_eur, s.budget_eur) if limited else math.nan
        rows.append(
            {
                "name": s.name,
                "funder": words.funder(s.funder),
                "firms": words.whole(s.firms),
                "budget": words.euros(s.budget_eur) if limited else words("unlimited"),
                "granted": words.euros(s.granted_eur),
                "left": words.euros(s.budget_eur - s.granted_eur) if limited else DASH,
                "used": words.percent(used),
                "marginal": words.cents(s.marginal_eur) if s.marginal_eur >= 0 else DASH,
                "part": round(100 * min(1.0, used), 2) if math.isfinite(used) else 0,
            }
        )
    return rows


def _services(found: Numbers, words: Texts) -> list[dict[str, str]]:
    return [
        {
            "what": words(f"service_{s.table}", rule=words.rule(s.rule)),
            "count": words.whole(s.count),
            "firms": words.whole(s.firms),
            "per_group": words.decimal(s.firms / s.count, 1),
            "km": words.decimal(s.mean_km, 1),
        }
        for s in found.services
    ]


def _coincidence(price: tuple[int, float] | None, words: Texts) -> str:
    """One sentence, or none."""
    if price is None:
        return ""
    firms, eur = price
    return words("coincidence_costs", firms=words.whole(firms), eur=words.euros(eur))


def _reasons(found: Numbers, words: Texts) -> list[dict[str, Any]]:
    """One entry per stage with its rows."""
    stages: dict[str, list[dict[str, str]]] = {}
    for x in found.left_out:
        rows = stages.setdefault(x.stage, [])
        if len(rows) < MOST_REASONS:
            rows.append(
                {
                    "reason": words.reason(x.reason),
                    "firms": words.whole(x.firms),
                    "euros": words.euros(x.amount_eur) if x.amount_eur else DASH,
                }
            )
    return [{"stage": words.stage(stage), "rows": rows} for stage, rows in stages.items()]


def _settings(found: Numbers, settings: Mapping[str, Any], words: Texts) -> list[tuple[str, str]]:
    own = {name: value for name, value in settings.items() if name != "version"}
    both = {**own, **{k: v for k, v in _market_settings(found).items() if k not in own}}
    rows = []
    for name, value in both.items():
        label = words(f"set_{name}") if words.has(f"set_{name}") else name
        if name == "stages" and not value:
            shown = words("all_stages")
        elif isinstance(value, datetime):
            shown = words.day(value.date())
        else:
            shown = words.value(value)
        rows.append((label, shown))
    return rows


def _installed_version() -> str:
    try:
        return version("libmatch")
    except PackageNotFoundError:
        return DASH
