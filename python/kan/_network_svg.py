"""A network as a fragment of SVG, from left to right, with the function of each edge on it."""

from __future__ import annotations

import numpy as np

from ._architecture import Core
from ._arrangement import Box, Picture, arrange
from ._arrays import Array
from ._diagram import COLORS, Diagram
from ._domain import grid_ends
from ._networks import active_edges
from ._plot import diagram_of

__all__ = ["MOST_EDGES", "NetworkDrawing", "count_of_edges"]

# Curves of more edges would be too small to see.
MOST_EDGES = 150

SMALLEST_BOX = 22.0
LEAST_HEIGHT = 110.0
OPACITY_GROWTH = 3.0
LEAST_OPACITY = 0.08
POINTS = 120


def count_of_edges(network: Core) -> int:
    """Count the edges that are not cut."""
    return sum(int(active_edges(network, index).sum()) for index in range(len(network.layers)))


class NetworkDrawing:
    """The ink of a network, and how much room it takes.

    It is the picture of `KAN.plot`, lying on its side; curves are those over the whole grid.
    """

    def __init__(self, network: Core) -> None:
        self.picture = _arranged(network)
        least = min((box.half for box in self.picture.boxes), default=0.5)
        self.scale = max(LEAST_HEIGHT, SMALLEST_BOX / (2 * least))
        self.width = self.scale * float(self.picture.outputs[0, 1])
        self.height = self.scale

    def svg(self, left: float, top: float) -> str:
        """Return the elements, for a place in the picture."""
        return "".join([f'<g transform="translate({left:.1f} {top:.1f})">', *self._parts(), "</g>"])

    def _parts(self) -> list[str]:
        picture = self.picture
        links = [self._line(start, end) for start, end in picture.links]
        boxes = [self._box(box) for box in picture.boxes]
        dots = [self._dot(point) for point in picture.dots]
        signs = [
            self._sign(point, sign)
            for points, sign in ((picture.sums, "+"), (picture.products, "×"))
            for point in points
        ]
        return links + boxes + dots + signs

    def _at(self, point: Array | tuple[float, float]) -> tuple[float, float]:
        return self.scale * float(point[1]), self.scale * float(point[0])

    def _line(self, start: Array, end: Array) -> str:
        (x1, y1), (x2, y2) = self._at(start), self._at(end)
        return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="#000" fill="none"/>'

    def _dot(self, point: Array) -> str:
        x, y = self._at(point)
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>'

    def _sign(self, point: Array, sign: str) -> str:
        x, y = self._at(point)
        return (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="#fff" stroke="#000"/>'
            f'<text x="{x:.1f}" y="{y + 3.8:.1f}" class="sign">{sign}</text>'
        )

    def _box(self, box: Box) -> str:
        x, y = self._at(box.center)
        half = self.scale * box.half
        opacity = max(LEAST_OPACITY, float(np.nan_to_num(np.tanh(OPACITY_GROWTH * box.edge.score))))
        (x1, y1), (x2, y2) = self._at(box.source), self._at(box.target)
        ink = COLORS[box.edge.kind]
        return (
            f'<g stroke="{ink}" stroke-opacity="{opacity:.2f}" fill="none">'
            f'<path d="M{x1:.1f} {y1:.1f}L{x - half:.1f} {y:.1f}'
            f'M{x + half:.1f} {y:.1f}L{x2:.1f} {y2:.1f}"/>'
            f'<rect x="{x - half:.1f}" y="{y - half:.1f}" width="{2 * half:.1f}" '
            f'height="{2 * half:.1f}" fill="#fff"/>'
            f'<path d="{_curve(box.edge.x, box.edge.y, (x, y), 0.8 * half)}" stroke-width="1.5"/>'
            "</g>"
        )


def _arranged(network: Core) -> Picture:
    low, high = grid_ends(network)
    unit = np.random.default_rng(0).random((POINTS, network.layers[0].inputs))
    rows = (low + unit * (high - low)).astype(network.dtype)
    diagram: Diagram = diagram_of(network, rows, "backward")
    return arrange(diagram)


@np.errstate(over="ignore", invalid="ignore")  # what is not finite is not drawn
def _curve(x: Array, y: Array, center: tuple[float, float], half: float) -> str:
    """Return the path of a curve in a square around a point."""
    seen = np.isfinite(x) & np.isfinite(y)
    across, up = _to_unit(x[seen]), _to_unit(y[seen])
    points = zip(center[0] + half * across, center[1] - half * up, strict=True)
    return "M" + "L".join(f"{right:.1f} {down:.1f}" for right, down in points) if seen.any() else ""


def _to_unit(numbers: Array) -> Array:
    """Map the range of numbers to -1..1, or all to 0 if they are as good as equal."""
    middle = (numbers.max() + numbers.min()) / 2
    half = (numbers.max() - numbers.min()) / 2
    flat = half <= 1e-12 * abs(middle) or not np.isfinite(half)
    unit: Array = (numbers - middle) / (np.inf if flat else half)
    return unit
