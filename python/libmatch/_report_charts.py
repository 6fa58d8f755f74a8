"""The charts of the report as drawings that need no script.

Altair describes a chart; vl-convert turns it into SVG here, without a browser and without network.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import altair as alt
import numpy as np
import vl_convert
from markupsafe import Markup, escape

from libmatch import _report_map as maps
from libmatch._report_numbers import Numbers, Place, numbers, text
from libmatch._texts import Texts

# Safe for the colour-blind (after Okabe and Ito), dark enough on white.
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
# Other colours than the networks', which a dossier has nothing to do with.
RULE_COLOURS = (*COLOURS[2:5:2], *COLOURS[3:6:2], *COLOURS[:2])
INK, MUTED, LINE = "#1d2733", "#5b6673", "#dfe3e8"
FONT = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
CHART_WIDTH = 520

# Diameter in km of a commune with at least so many firms, where very many communes have some.
DOT_SIZES = ((1, 3.4), (3, 5.4), (10, 9.0), (40, 15.0))
# With fewer communes than this the dots grow, up to so many times.
MANY_COMMUNES, MOST_GROWTH = 8_000, 2.4
LARGEST_BUBBLE_KM = 54.0
# More sizes of dossiers than this are grouped.
MOST_SIZES = 30


def _svg(chart: alt.Chart | alt.FacetChart | alt.LayerChart, words: Texts, about: str) -> Markup:
    chart = chart.configure(
        background="transparent",
        font=FONT,
        padding=2,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            domain=False,
            ticks=False,
            grid=False,
            labelColor=INK,
            labelFontSize=12.5,
            titleColor=MUTED,
            titleFontSize=12.5,
            titleFontWeight="normal",
            labelLimit=220,
            labelPadding=6,
        ),
        header=alt.HeaderConfig(
            labelColor=INK, labelFontSize=13, labelFontWeight="bold", labelPadding=4
        ),
        legend=alt.LegendConfig(
            labelColor=INK, labelFontSize=12.5, title=None, orient="top", symbolType="square"
        ),
    )
    locale: Literal["fr-FR", "en-US"] = "fr-FR" if words.lang == "fr" else "en-US"
    drawn = vl_convert.vegalite_to_svg(chart.to_dict(), format_locale=locale)
    # It fits its column, and is one picture with one description to who cannot see it.
    head = f'<svg role="img" aria-label="{escape(about)}" '
    inside = _TAG.sub(_without_parts, drawn.partition(">")[2])
    opening = re.sub(r' (width|height)="[^"]*"', "", drawn.partition(">")[0])
    return Markup(head + opening.removeprefix("<svg ") + ">" + inside)


_TAG = re.compile(r"<(?:g|path|text)\b[^>]*>")
_ARIA = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')


def _without_parts(tag: re.Match[str]) -> str:
    """A tag without its own description, which a bar keeps as its tooltip."""
    label = re.search(r' aria-label="([^"]*)"', tag[0])
    is_bar = 'aria-roledescription="bar"' in tag[0]
    bare = _ARIA.sub("", tag[0])
    if label and is_bar:
        return re.sub(r"^<\w+", lambda name: f'{name[0]} data-tip="{label[1]}"', bare)
    return bare


def share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def place_name(place: Place, words: Texts) -> str:
    return place.name or words("elsewhere")


def coverage(found: Numbers, words: Texts) -> Markup | None:
    """Share of eligible firms that are served, one column of bars for each programme."""
    rows: list[dict[str, Any]] = []
    extremes = []
    for k, programme in enumerate(found.programmes):
        network = words.heading(programme.network or programme.name)
        known = [
            (share(p.served[k], p.eligible[k]), place_name(p, words), p)
            for p in found.regions
            if p.eligible[k]
        ]
        if not known:
            continue
        low, high = min(known, key=lambda x: x[0]), max(known, key=lambda x: x[0])
        extremes.append(
            words(
                "extremes",
                network=network,
                low=words.percent(low[0]),
                lowest=low[1],
                high=words.percent(high[0]),
                highest=high[1],
            )
        )
        for part, name, place in known:
            counted = {
                "served": words.whole(place.served[k]),
                "eligible": words.whole(place.eligible[k]),
                "share": words.percent(part),
            }
            rows.append(
                {
                    "region": name,
                    "network": network,
                    "order": k,
                    "share": part,
                    "label": words.percent(part),
                    "tip": words("coverage_tip", region=name, **counted),
                }
            )
    if not rows:
        return None
    networks = list(dict.fromkeys(row["network"] for row in rows))
    ranked = sorted((r for r in rows if r["network"] == networks[0]), key=lambda r: -r["share"])
    order = [row["region"] for row in ranked]
    order += [name for name in dict.fromkeys(row["region"] for row in rows) if name not in order]
    base = alt.Chart().encode(
        y=alt.Y("region:N", sort=order, title=None),
        x=alt.X("share:Q", scale=alt.Scale(domain=[0, 1.18]), axis=None),
    )
    track = base.mark_bar(color=LINE, height=13, aria=False, opacity=0.55).encode(
        x=alt.X("full:Q", scale=alt.Scale(domain=[0, 1.18]), axis=None)
    )
    bars = base.mark_bar(height=13).encode(
        color=alt.Color(
            "network:N",
            legend=None,
            scale=alt.Scale(
                domain=networks, range=[COLOURS[k % len(COLOURS)] for k in range(len(networks))]
            ),
        ),
        description="tip:N",
    )
    labels = base.mark_text(align="left", dx=5, fontSize=12, color=INK, aria=False).encode(
        text="label:N"
    )
    chart = (
        alt.layer(
            track, bars, labels, data=alt.InlineData(values=[{**r, "full": 1.0} for r in rows])
        )
        .properties(width=(CHART_WIDTH - 170) / len(networks) - 12, height=alt.Step(24))
        .facet(column=alt.Column("network:N", sort=alt.SortField("order"), title=None), spacing=16)
    )
    return _svg(chart, words, words("coverage_alt", extremes=" ; ".join(extremes)))


def sizes(found: Numbers, words: Texts) -> Markup | None:
    """How many dossiers have how many members, by rule."""
    counted = found.dossier_sizes
    if not counted:
        return None
    largest = max(size for _, size, _ in counted)
    step = -(-largest // MOST_SIZES)
    binned: dict[tuple[str, int], int] = {}
    for rule, size, n in counted:
        key = (rule, (size - 1) // step)
        binned[key] = binned.get(key, 0) + n

    def label(b: int) -> str:
        return words.whole(b + 1) if step == 1 else f"{b * step + 1}-{(b + 1) * step}"

    bins = range(min(b for _, b in binned), max(b for _, b in binned) + 1)
    rows: list[dict[str, Any]] = [
        {
            "size": label(b),
            "dossiers": n,
            "rule": words.rule(rule),
            "tip": words("size_tip", size=label(b), n=words.whole(n), rule=words.rule(rule)),
        }
        for (rule, b), n in sorted(binned.items())
    ]
    rules = sorted({row["rule"] for row in rows})
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(stroke="white", strokeWidth=0.7)
        .encode(
            x=alt.X(
                "size:O",
                sort=None,
                title=words("members"),
                scale=alt.Scale(domain=[label(b) for b in bins], paddingInner=0.14),
                axis=alt.Axis(labelAngle=0, labelOverlap=True),
            ),
            y=alt.Y(
                "dossiers:Q",
                title=words("dossiers"),
                axis=alt.Axis(grid=True, gridColor=LINE, tickCount=5, format=",d", tickMinStep=1),
            ),
            color=alt.Color(
                "rule:N",
                scale=alt.Scale(
                    domain=rules,
                    range=[RULE_COLOURS[k % len(RULE_COLOURS)] for k in range(len(rules))],
                ),
            ),
            description="tip:N",
        )
        .properties(width=CHART_WIDTH - 60, height=300)
    )
    total = sum(n for _, _, n in counted)
    about = words(
        "sizes_alt",
        low=min(size for _, size, _ in counted),
        high=largest,
        mean=words.decimal(sum(size * n for _, size, n in counted) / total, 1),
    )
    return _svg(chart, words, about)


class Maps:
    """The two maps, in one frame, with the shape that they share."""

    def __init__(self, found: Numbers, words: Texts) -> None:
        self._found, self._words = found, words
        self._frame = maps.Frame(*found.commune_places)
        self._towns = self._frame.towns(
            text(found.communes, "name").to_pylist(),
            *found.commune_places,
            numbers(found.communes, "population", 0),
        )
        self.land = maps.land(self._frame)
        self.counts: dict[str, int] = {}
        self.served = self._served()
        self.dossiers = self._dossiers()

    def _served(self) -> Markup:
        """Communes by how many of their firms have an adviser; larger ones first."""
        found = self._found
        lat, lon = found.firm_places
        usable = ~np.isnan(lat) & ~np.isnan(lon)
        spot, of = np.unique(np.stack([lat[usable], lon[usable]]), axis=1, return_inverse=True)
        of = of.reshape(-1)
        firms = np.bincount(of, minlength=spot.shape[1])
        served = np.bincount(of, found.served[usable], minlength=spot.shape[1])
        kinds = {
            "none": served == 0,
            "some": (served > 0) & (served < firms),
            "all": (served == firms) & (firms > 0),
        }
        self.counts = {kind: int(mask.sum()) for kind, mask in kinds.items()}
        dots = []
        growth = min(MOST_GROWTH, (MANY_COMMUNES / max(1, len(firms))) ** 0.5)
        growth = max(1.0, growth)
        above = np.inf
        for least, width in reversed(DOT_SIZES):
            sized = (firms >= least) & (firms < above)
            above = least
            dots += [
                maps.Dots(kind, spot[0, sized & mask], spot[1, sized & mask], width * growth)
                for kind, mask in kinds.items()
            ]
        counts = {kind: self._words.whole(n) for kind, n in self.counts.items()}
        alt_text = self._words("map_served_alt", **counts)
        return maps.draw(self._frame, dots, [], self._towns, alt_text)

    def _dossiers(self) -> Markup:
        words, meetings = self._words, self._found.meetings
        most = max((m.dossiers for m in meetings), default=1)
        # The largest circle is large enough to hold the others' proportions, small markets too.
        largest = min(LARGEST_BUBBLE_KM, 9.0 * most**0.5)
        bubbles = [
            maps.Bubble(
                m.lat,
                m.lon,
                max(2.5, largest * (m.dossiers / most) ** 0.5),
                words(
                    "meeting_tip",
                    name=m.name,
                    dossiers=words("one_dossier")
                    if m.dossiers == 1
                    else words("many_dossiers", n=words.whole(m.dossiers)),
                    members=words.whole(m.members),
                    sum=words.euros(m.sum_eur),
                ),
            )
            for m in meetings
        ]
        alt_text = words(
            "map_dossiers_alt",
            dossiers=words.whole(self._found.dossier_count),
            places=words.whole(len(meetings)),
            top=", ".join(m.name for m in meetings[:5]) or "-",
        )
        return maps.draw(self._frame, [], bubbles, self._towns, alt_text)
