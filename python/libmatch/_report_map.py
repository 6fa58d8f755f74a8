"""Maps of metropolitan France as small SVG drawings: points of one kind share one path.

A path per kind keeps a map of all 35,000 communes at some 250 kB and as quick to draw as a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup, escape

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Lambert-93 (EPSG:2154), a conic conformal projection with parallels 44 and 49 degrees north.
_CONE = 0.7256077650532670
_RADIUS_M = 11_754_255.4261
_EAST_M, _NORTH_M = 700_000.0, 12_655_612.0499
_MERIDIAN = 3.0
_ECCENTRICITY = 0.08181919106

# Metropolitan France with Corsica, in degrees.
_LAT, _LON = (41.0, 51.6), (-5.6, 10.0)
_UNIT_M = 500.0
_MARGIN = 24
_LABELS, _LABEL_SPACING = 11, 240


@dataclass(frozen=True)
class Dots:
    """Points drawn alike. Width is the diameter in km; label goes to the legend."""

    kind: str
    lat: Floats
    lon: Floats
    width_km: float


@dataclass(frozen=True)
class Bubble:
    lat: float
    lon: float
    radius_km: float
    tip: str


def lambert93(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    """Metres east and north of degrees. Source: IGN, note technique NT/G 71."""
    sine = np.sin(np.radians(lat))
    isometric = np.arctanh(sine) - _ECCENTRICITY * np.arctanh(_ECCENTRICITY * sine)
    radius = _RADIUS_M * np.exp(-_CONE * isometric)
    angle = _CONE * np.radians(lon - _MERIDIAN)
    return _EAST_M + radius * np.sin(angle), _NORTH_M - radius * np.cos(angle)


def in_metropole(lat: Floats, lon: Floats) -> npt.NDArray[np.bool_]:
    return (lat > _LAT[0]) & (lat < _LAT[1]) & (lon > _LON[0]) & (lon < _LON[1])


class Frame:
    """The common frame of all maps: the communes of metropolitan France."""

    def __init__(self, lat: Floats, lon: Floats) -> None:
        inside = in_metropole(lat, lon)
        east, north = lambert93(lat[inside], lon[inside])
        # without any commune: the country's own frame
        self._west = float(east.min()) if len(east) else 100_000.0
        self._top = float(north.max()) if len(north) else 7_110_000.0
        right = float(east.max()) if len(east) else 1_242_000.0
        bottom = float(north.min()) if len(north) else 6_047_000.0
        self.width = round((right - self._west) / _UNIT_M) + 2 * _MARGIN
        self.height = round((self._top - bottom) / _UNIT_M) + 2 * _MARGIN
        self.land = Dots("land", lat, lon, 0.0)

    def points(self, lat: Floats, lon: Floats) -> Ints:
        """Whole drawing units, one row per point; points abroad and overseas are left out."""
        inside = in_metropole(lat, lon)
        east, north = lambert93(lat[inside], lon[inside])
        drawn = np.stack([(east - self._west) / _UNIT_M, (self._top - north) / _UNIT_M], axis=1)
        return np.rint(drawn).astype(np.int64) + _MARGIN

    def path(self, lat: Floats, lon: Floats) -> str:
        """Path data of points: each a line of no length, which a round line cap makes a dot."""
        points = np.unique(self.points(lat, lon), axis=0)
        if not len(points):
            return ""
        # ordered in strips, so that the steps are short numbers
        points = points[np.lexsort((points[:, 1], points[:, 0] // 16))]
        steps = np.diff(points, axis=0).tolist()
        start = f"M{points[0, 0]} {points[0, 1]}h0"
        return start + "".join(f"m{x}{'' if y < 0 else ' '}{y}h0" for x, y in steps)

    def towns(self, name: Sequence[str], lat: Floats, lon: Floats, population: Floats) -> Markup:
        """Names of the largest towns that lie apart from each other."""
        order = np.argsort(-np.nan_to_num(population), kind="stable")[:400]
        order = order[in_metropole(lat[order], lon[order])]
        points = self.points(lat[order], lon[order])
        taken: list[int] = []
        for k in range(len(order)):
            far = [np.hypot(*(points[k] - points[t])) > _LABEL_SPACING for t in taken]
            if population[order[k]] > 0 and all(far):
                taken.append(k)
            if len(taken) == _LABELS:
                break
        labels = []
        for k in taken:
            x, y = points[k].tolist()
            right = x > self.width * 0.8
            anchor = ' text-anchor="end"' if right else ""
            word = escape(name[int(order[k])])
            labels.append(
                f'<text x="{x - 14 if right else x + 14}" y="{y + 10}"{anchor}>{word}</text>'
            )
        return Markup('<g class="towns" aria-hidden="true">' + "".join(labels) + "</g>")


def draw(
    frame: Frame, dots: Sequence[Dots], bubbles: Sequence[Bubble], towns: Markup, alt: str
) -> Markup:
    """One map. The land is drawn once per document and used by name: see `land`."""
    parts = [
        f'<svg class="map" role="img" aria-label="{escape(alt)}"'
        f' viewBox="0 0 {frame.width} {frame.height}" xmlns="http://www.w3.org/2000/svg">'
        '<use href="#land"/>'
    ]
    for d in dots:
        path = frame.path(d.lat, d.lon)
        if path:
            wide = d.width_km * 1000 / _UNIT_M
            parts.append(f'<path class="dots {d.kind}" stroke-width="{wide:g}" d="{path}"/>')
    for b in bubbles:
        point = frame.points(np.array([b.lat]), np.array([b.lon]))
        if len(point):
            radius = b.radius_km * 1000 / _UNIT_M
            parts.append(
                f'<circle class="bubble" cx="{point[0, 0]}" cy="{point[0, 1]}"'
                f' r="{radius:.1f}" data-tip="{escape(b.tip)}"/>'
            )
    return Markup("".join([*parts, towns, "</svg>"]))


def land(frame: Frame) -> Markup:
    """The country's shape, for `draw`: to stand once before the maps."""
    path = frame.path(frame.land.lat, frame.land.lon)
    return Markup(
        '<svg width="0" height="0" aria-hidden="true" class="hidden"><defs>'
        f'<path id="land" class="dots land" d="{path}"/></defs></svg>'
    )
