"""Where the parts of a network drawing stand.

Lengths are in units of the width of the picture: x runs from 0 to 1, one layer is 0.4 high unless
its boxes need several rows. These are pykan's proportions, so its annotations still hit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._diagram import Diagram, EdgeCurve

__all__ = ["Box", "Picture", "arrange"]

Array = NDArray[Any]
Point = tuple[float, float]

SUBNODE_HEIGHT = 0.3
NODE_HEIGHT = 0.1
ROOM_FOR_BOXES = 0.3
ROOM_FOR_LINES = 0.2
BOXES_IN_A_ROW = 20


@dataclass(eq=False)
class Box:
    """The square that holds the curve of one edge, between its source and its subnode."""

    edge: EdgeCurve
    center: Point
    half: float
    source: Point
    target: Point


@dataclass(eq=False)
class Picture:
    """Where everything stands, in data coordinates."""

    inputs: Array
    outputs: Array
    dots: Array
    sums: Array
    products: Array
    links: Array
    boxes: list[Box]
    dot_size: float
    symbol_size: float


def arrange(diagram: Diagram) -> Picture:
    """Find the place of every node, symbol, link and box."""
    nodes = _row(diagram.nodes[0], 0.0)
    dots, sums, products, links, boxes = [*nodes], [], [], [], []
    for layer in range(1, len(diagram.nodes)):
        bottom = nodes[0][1]
        edges = _visible_edges(diagram, layer - 1)
        rows, pitch = _rows_of_boxes(len(edges))
        height = SUBNODE_HEIGHT if rows == 1 else rows * pitch + ROOM_FOR_LINES
        subnodes = _row(diagram.subnodes(layer), bottom + height)
        boxes += _boxes(edges, nodes, subnodes, bottom + height / 2, rows, pitch)
        groups = _factors(diagram, layer, subnodes)
        nodes = [(_mean(x for x, _ in group), bottom + height + NODE_HEIGHT) for group in groups]
        links += [
            (factor, node) for group, node in zip(groups, nodes, strict=True) for factor in group
        ]
        sums += subnodes
        dots += nodes[: diagram.sums(layer)]
        products += nodes[diagram.sums(layer) :]
    most = max(5, *(diagram.subnodes(layer) for layer in range(len(diagram.nodes))))
    return Picture(
        inputs=np.array(dots[: diagram.nodes[0]]),
        outputs=np.array(nodes),
        dots=np.array(dots).reshape(-1, 2),
        sums=np.array(sums).reshape(-1, 2),
        products=np.array(products).reshape(-1, 2),
        links=np.array(links).reshape(-1, 2, 2),
        boxes=boxes,
        dot_size=min(0.026, 0.21 / most),
        symbol_size=min(0.052, 0.4 / most),
    )


def _row(count: int, height: float) -> list[Point]:
    return [((number + 0.5) / count, height) for number in range(count)]


def _mean(numbers: Iterable[float]) -> float:
    return float(np.mean(list(numbers)))


def _visible_edges(diagram: Diagram, layer: int) -> list[EdgeCurve]:
    edges = [edge for edge in diagram.edges if edge.layer == layer and edge.kind != "off"]
    return sorted(edges, key=lambda edge: (edge.source, edge.target))


def _rows_of_boxes(count: int) -> tuple[int, float]:
    """Return how many rows keep the boxes large, and the distance between boxes in a row."""
    wanted, possible = np.ceil(count / BOXES_IN_A_ROW), np.sqrt(ROOM_FOR_BOXES * count)
    rows = max(1, int(min(wanted, possible)))
    return rows, min(rows / max(1, count), 0.2)


def _boxes(
    edges: list[EdgeCurve],
    nodes: list[Point],
    subnodes: list[Point],
    middle: float,
    rows: int,
    pitch: float,
) -> list[Box]:
    """Set edges side by side in the order of their sources, from row to row in turn."""
    half = 0.4 * pitch
    room = min(1.0, 0.99 - 2 * half + 1 / max(1, len(edges)))
    boxes = []
    for slot, edge in enumerate(edges):
        x = 0.5 + room * ((slot + 0.5) / len(edges) - 0.5)
        y = middle + pitch * (slot % rows - (rows - 1) / 2)
        boxes.append(Box(edge, (x, y), half, nodes[edge.source], subnodes[edge.target]))
    return boxes


def _factors(diagram: Diagram, layer: int, subnodes: list[Point]) -> list[list[Point]]:
    """Group the subnodes of a layer by the node that they enter."""
    sizes = [1] * diagram.sums(layer) + diagram.arities[layer]
    ends = np.cumsum(sizes)
    return [subnodes[end - size : end] for size, end in zip(sizes, ends, strict=True)]
