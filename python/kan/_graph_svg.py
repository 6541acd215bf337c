"""A picture of a graph as SVG, laid out and drawn without another program."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise

from ._graph_picture import Box, Picture
from ._layered import Layout, Point, layered
from ._network_svg import NetworkDrawing

__all__ = ["svg_text"]

MARGIN = 12.0
PADDING = 10.0
TITLE_HEIGHT = 18.0
LINE_HEIGHT = 14.0
TITLE_LETTER = 7.6  # widths of letters, on the safe side
LINE_LETTER = 6.7

COLORS = {
    "leaf": ("#e6effb", "#4472b8"),
    "constant": ("#f2f2f2", "#8c8c8c"),
    "operation": ("#ffffff", "#555555"),
    "model": ("#fff5d9", "#bd8f1d"),
    "fold": ("#ffffff", "#8c8c8c"),
}

STYLE = (
    "text{fill:#222;text-anchor:middle}"
    ".title{font:bold 13px sans-serif}"
    ".line{font:11px monospace}"
    ".sign{font:11px sans-serif}"
    ".link{fill:none;stroke:#777;marker-end:url(#tip)}"
)
TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto"><path d="M0 0L8 4L0 8z" fill="#777"/></marker>'
)


def svg_text(picture: Picture) -> str:
    """Return the picture as an SVG document; networks of boxes are opened."""
    drawings = [
        None if box.network is None else NetworkDrawing(box.network) for box in picture.boxes
    ]
    sizes = [_size(box, inner) for box, inner in zip(picture.boxes, drawings, strict=True)]
    layout = layered(sizes, picture.links)
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    boxes = [
        _box(box, inner, size, center)
        for box, inner, size, center in zip(
            picture.boxes, drawings, sizes, layout.centers, strict=True
        )
    ]
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.1f} {height:.1f}">',
            f"<style>{STYLE}</style><defs>{TIP}</defs>",
            '<rect width="100%" height="100%" fill="#fff"/>',
            f'<g transform="translate({MARGIN} {MARGIN})">',
            *_links(layout),
            *boxes,
            "</g></svg>",
        ]
    )


def _size(box: Box, inner: NetworkDrawing | None) -> tuple[float, float]:
    letters = max((len(line) for line in box.lines), default=0)
    width = max(TITLE_LETTER * len(box.title), LINE_LETTER * letters) + 2 * PADDING
    height = TITLE_HEIGHT + LINE_HEIGHT * len(box.lines) + PADDING
    if inner is None:
        return width, height
    return max(width, inner.width + 3 * PADDING), height + inner.height + 2 * PADDING


def _links(layout: Layout) -> Iterator[str]:
    for route in layout.routes:
        x, y = route[0]
        steps = "".join(_bend(*pair) for pair in pairwise(route))
        yield f'<path class="link" d="M{x:.1f} {y:.1f}{steps}"/>'


def _bend(start: Point, end: Point) -> str:
    """Return a curve that leaves and arrives level."""
    (x1, y1), (x2, y2) = start, end
    middle = (x1 + x2) / 2
    return f"C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"


def _box(box: Box, inner: NetworkDrawing | None, size: tuple[float, float], center: Point) -> str:
    (width, height), (x, y) = size, center
    left, top = x - width / 2, y - height / 2
    fill, ink = COLORS[box.kind]
    dashes = ' stroke-dasharray="4 3"' if box.kind == "fold" else ""
    parts = [
        f'<g class="{box.kind}"><rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="6" fill="{fill}" stroke="{ink}"{dashes}/>',
        _text("title", x, top + TITLE_HEIGHT, box.title),
    ]
    for number, line in enumerate(box.lines, start=1):
        parts.append(_text("line", x, top + TITLE_HEIGHT + number * LINE_HEIGHT, line))
    if inner is not None:
        room = top + TITLE_HEIGHT + LINE_HEIGHT * len(box.lines) + PADDING
        parts.append(inner.svg(x - inner.width / 2, room))
    return "".join([*parts, "</g>"])


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'
