"""The ink of a network drawing. Importing this module needs matplotlib.

Sizes are in data units (1 is the width of the picture) until they become points, so that a
picture looks the same at every size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.textpath import TextPath
from numpy.typing import ArrayLike, NDArray

from ._arrangement import Box, Picture
from ._diagram import COLORS, EdgeCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Canvas", "Names"]

Array = NDArray[Any]

NAME_SIZE = 40 / 720
LINE = 1 / 360
MARGIN = 0.04
GAP_TO_NAMES = 0.05
GAP_AROUND = 0.02
POINTS_PER_CURVE = 256
PADDING = 0.16
PADDING_FOR_RANGES = 0.46


class Names:
    """A row of names at nodes: as large as their places allow, upright if that is much larger."""

    def __init__(self, names: list[str], centers: Array, varscale: float = 1.0) -> None:
        self.texts, self.centers = [_drawable(name) for name in names], centers
        extents = np.array([_extent(text) for text in self.texts]).reshape(-1, 3)
        width, descent, ascent = extents.max(axis=0, initial=0.1)
        borders = np.array([-centers[0], *centers, 2.0 - centers[-1]])
        place, wish = np.diff(borders).min(), NAME_SIZE * varscale
        level, upright = min(wish, 0.85 * place / width), min(wish, 0.65 * place, 0.5 / width)
        self.is_upright = upright > 1.6 * level
        self.size = upright if self.is_upright else level
        self.depth = 0.0 if self.is_upright else level * descent
        self.height = upright * width if self.is_upright else level * (descent + ascent)


class Canvas:
    """A picture with its names, and the axes that it is drawn on."""

    ax: Axes
    points_per_unit: float
    padding: float

    def __init__(self, picture: Picture, below: Names, above: Names, title: Names) -> None:
        self.picture, self.below, self.above, self.title = picture, below, above, title
        height = float(picture.outputs[0, 1])
        self.bottom, self.top = -MARGIN, height + MARGIN
        self.below_bottom = -GAP_TO_NAMES - below.height
        self.above_bottom = height + GAP_TO_NAMES
        self.title_bottom = self.above_bottom + (above.height + GAP_TO_NAMES if above.texts else 0)
        if below.texts:
            self.bottom = self.below_bottom - GAP_AROUND
        if above.texts:
            self.top = self.above_bottom + above.height + GAP_AROUND
        if title.texts:
            self.top = self.title_bottom + title.height + GAP_AROUND

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def figure(self) -> Figure:
        return cast("Figure", self.ax.figure)

    def open(self, ax: Axes) -> None:
        """Give the axes the coordinates of the picture."""
        self.ax = ax
        pixels = min(ax.bbox.width, ax.bbox.height / self.height)
        self.points_per_unit = 72.0 * pixels / ax.figure.dpi
        ax.set_axis_off()
        ax.set_aspect("equal")
        ax.set_xlim(0.0, 1.0)
        ax.set_ylim(self.bottom, self.top)

    def draw_edges(self, beta: float, sample: bool, tick: bool) -> None:
        """Draw the boxes, the curves in them, and the lines to and from them; faint ones first."""
        boxes = sorted(self.picture.boxes, key=lambda box: _opacity(box.edge, beta))
        if not boxes:
            return
        colors = np.array([to_rgba(COLORS[b.edge.kind], _opacity(b.edge, beta)) for b in boxes])
        sides = np.array([2 * box.half for box in boxes])
        self._add_lines_of(boxes, colors, np.clip(20 * sides, 0.3, 1.0))
        self._add_frames(boxes, colors, np.minimum(0.02 * sides, 0.8 * LINE))
        self.padding = PADDING_FOR_RANGES if tick else PADDING
        curves = [self._curve_in(box, box.edge.x, box.edge.y) for box in boxes]
        width = np.minimum(0.05 * sides, 2.0 * LINE)
        self._add_lines("curves", curves, colors, width, zorder=3)
        if sample:
            self._add_samples(boxes, colors, 2.0 * width)
        if tick:
            for box, color in zip(boxes, colors, strict=True):
                self._write_ranges(box, color)

    def draw_nodes(self) -> None:
        """Draw the dots, the plus and times signs, and the links between them."""
        picture, size = self.picture, self.picture.symbol_size
        self._add_lines("links", picture.links, "black", LINE, zorder=1)
        self._add_marks("nodes", picture.dots, "o", picture.dot_size, color="black")
        for gid, points, sign, reach in (
            ("sums", picture.sums, "+", 0.6),
            ("products", picture.products, "x", 0.42),
        ):
            self._add_marks(gid, points, "o", size, facecolors="white", edgecolors="black")
            self._add_marks(f"{gid}-signs", points, sign, reach * size, color="black")

    def write_names(self) -> None:
        """Write the names of inputs and outputs, and the title."""
        self._write_row(self.below, self.below_bottom, hanging=True)
        self._write_row(self.above, self.above_bottom)
        self._write_row(self.title, self.title_bottom)

    def _write_row(self, names: Names, bottom: float, hanging: bool = False) -> None:
        height, anchor = bottom + names.depth, "baseline"
        if names.is_upright:
            height, anchor = (bottom + names.height, "top") if hanging else (bottom, "bottom")
        for x, text in zip(names.centers, names.texts, strict=bool(names.texts)):
            self.ax.text(
                x,
                height,
                text,
                fontsize=names.size * self.points_per_unit,
                rotation=90 if names.is_upright else 0,
                horizontalalignment="center",
                verticalalignment=anchor,
            )

    def _curve_in(self, box: Box, x: Array, y: Array) -> Array:
        """Scale points into a box whose borders are the range of its edge's curve and samples."""
        sampled_x, sampled_y = box.edge.samples or ((), ())
        chosen = _spread(len(x), POINTS_PER_CURVE)
        unit_x = _to_unit(x, _range(box.edge.x, sampled_x))[chosen]
        unit_y = _to_unit(y, _range(box.edge.y, sampled_y))[chosen]
        left, right, reach = self.padding - 1, 1 - PADDING, 1 - PADDING
        inside = np.stack([left + (right - left) * unit_x, reach * (2 * unit_y - 1)], axis=1)
        return np.add(box.center, box.half * inside)

    def _write_ranges(self, box: Box, color: Array) -> None:
        """Write the ends of the x range under the corners of a box, those of y inside its left."""
        (x, y), half = box.center, box.half
        low_x, high_x = _short(*_range(box.edge.x))
        low_y, high_y = _short(*_range(box.edge.y))
        for text, right, up, rotation, sideways, upward in (
            (low_x, -0.98, -1.06, 0, "left", "top"),
            (high_x, 0.98, -1.06, 0, "right", "top"),
            (low_y, -0.92, -0.92, 90, "left", "bottom"),
            (high_y, -0.92, 0.92, 90, "left", "top"),
        ):
            self.ax.text(
                x + right * half,
                y + up * half,
                text,
                color=color,
                fontsize=float(self._points(0.28 * half, 1.0, 9.0)),
                rotation=rotation,
                horizontalalignment=sideways,
                verticalalignment=upward,
                zorder=5,
            )

    def _points(self, length: ArrayLike, least: float, most: float) -> Array:
        return np.asarray(np.clip(np.asarray(length) * self.points_per_unit, least, most))

    def _add_lines(
        self, gid: str, lines: Any, colors: Any, width: ArrayLike, *, zorder: int
    ) -> None:
        widths = np.atleast_1d(self._points(width, 0.3, 4.0))
        ink = LineCollection(
            lines, colors=colors, linewidths=widths, capstyle="round", gid=gid, zorder=zorder
        )
        self.ax.add_collection(ink, autolim=False)

    def _add_lines_of(self, boxes: list[Box], colors: Array, lightness: Array) -> None:
        """Add the lines of edges, thinner and lighter where they are many."""
        light = colors.copy()
        light[:, 3] *= lightness
        lines = [line for box in boxes for line in _lines_of(box)]
        widths = np.repeat(lightness * LINE, 2)
        self._add_lines("edges", lines, np.repeat(light, 2, axis=0), widths, zorder=1)

    def _add_frames(self, boxes: list[Box], colors: Array, width: Array) -> None:
        """Add the squares; their white hides what passes behind, the less the fainter they are."""
        white = colors.copy()
        white[:, :3] = 1.0
        widths = self._points(width, 0.3, 1.5)
        frames = PolyCollection(
            [_corners(box) for box in boxes],
            facecolors=white,
            edgecolors=colors,
            linewidths=widths,
            gid="boxes",
            zorder=2,
        )
        self.ax.add_collection(frames, autolim=False)

    def _add_samples(self, boxes: list[Box], colors: Array, sizes: Array) -> None:
        sampled = [number for number, box in enumerate(boxes) if box.edge.samples]
        points = [self._curve_in(boxes[n], *(boxes[n].edge.samples or ((), ()))) for n in sampled]
        if points:
            counts = [len(some) for some in points]
            size = np.repeat(sizes[sampled], counts)
            color = np.repeat(colors[sampled], counts, axis=0)
            self._add_marks("samples", np.concatenate(points), "o", size, color=color)

    def _add_marks(
        self, gid: str, points: Array, marker: str, size: ArrayLike, **colors: Any
    ) -> None:
        self.ax.scatter(
            points[:, 0],
            points[:, 1],
            s=self._points(size, 0.8, 100.0) ** 2,
            marker=marker,
            linewidths=float(self._points(LINE, 0.3, 4.0)),
            gid=gid,
            zorder=4,
            **colors,
        )


def _opacity(edge: EdgeCurve, beta: float) -> float:
    return max(0.0, float(np.nan_to_num(np.tanh(beta * edge.score))))


def _lines_of(box: Box) -> list[list[tuple[float, float]]]:
    """Return the line from the source to the box, and that from the box to its subnode."""
    x, y = box.center
    return [[box.source, (x, y - box.half)], [(x, y + box.half), box.target]]


def _corners(box: Box) -> Array:
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    return np.add(box.center, box.half * square)


def _spread(count: int, most: int) -> Array:
    """Return at most `most` indices below `count`, evenly spread, both ends among them."""
    places = np.linspace(0, count - 1, min(count, most))
    return np.asarray(places.round(), dtype=int)


def _range(*parts: ArrayLike) -> tuple[float, float]:
    numbers = np.concatenate([np.asarray(part, dtype=float) for part in parts])
    numbers = numbers[np.isfinite(numbers)]
    return (float(numbers.min()), float(numbers.max())) if numbers.size else (0.0, 0.0)


@np.errstate(over="ignore", invalid="ignore")  # what is not finite is not drawn
def _to_unit(values: ArrayLike, bounds: tuple[float, float]) -> Array:
    """Map the bounds to 0 and 1; a curve without height runs through the middle."""
    low, high = bounds
    span = high - low
    if span <= 1e-12 * max(abs(low), abs(high)):
        span = np.inf
    scaled = 0.5 + (np.asarray(values, dtype=float) - 0.5 * (low + high)) / span
    return np.where(np.isfinite(scaled), scaled, np.nan)


def _short(low: float, high: float) -> tuple[str, str]:
    """Write two bounds with two digits; what is nothing beside the other one is 0."""
    nothing = 0.005 * max(abs(low), abs(high))
    low, high = (0.0 if abs(bound) < nothing else bound for bound in (low, high))
    return f"{low:.2g}", f"{high:.2g}"


def _drawable(name: str) -> str:
    """Return the name, with its dollar signs made literal where it is not valid mathtext."""
    try:
        TextPath((0.0, 0.0), name)
    except ValueError:
        return name.replace("$", r"\$")
    return name


def _extent(text: str) -> tuple[float, float, float]:
    """Return width, depth below and height above the base line for a font of size 1."""
    outline = TextPath((0.0, 0.0), text, size=1.0)
    if len(outline.vertices) == 0:
        return 0.0, 0.0, 0.0
    box = outline.get_extents()
    return float(box.x1), max(0.0, -float(box.y0)), max(0.0, float(box.y1))
