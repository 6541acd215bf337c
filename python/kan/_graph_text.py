"""A picture of a graph as text in DOT, the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ._architecture import Core
from ._graph_picture import Picture
from ._networks import active_edges, symbolic_place

__all__ = ["dot_text"]

LOOKS = {
    "leaf": 'fillcolor="#e6effb", color="#4472b8"',
    "constant": 'fillcolor="#f2f2f2", color="#8c8c8c"',
    "operation": 'fillcolor="#ffffff", color="#555555"',
    "model": 'fillcolor="#fff5d9", color="#bd8f1d"',
    "fold": 'fillcolor="#ffffff", color="#8c8c8c", style="dashed"',
}


def dot_text(picture: Picture) -> str:
    """Return the picture in DOT; networks of boxes are clusters that lead to their box."""
    lines = [
        "digraph {",
        "  rankdir=LR;",
        '  node [shape=box, style="rounded,filled", fontname="sans-serif", fontsize=11];',
        '  edge [color="#777777"];',
    ]
    for number, box in enumerate(picture.boxes):
        label = r"\n".join(map(_escaped, (box.title, *box.lines)))
        lines.append(f'  box{number} [label="{label}", {LOOKS[box.kind]}];')
        if box.network is not None:
            lines += [f"  {line}" for line in _cluster(number, box.network)]
    for target, sources in _sources(picture):
        lines += [
            f"  box{source} -> {_end(picture, target, place, len(sources))};"
            for place, source in enumerate(sources)
        ]
    return "\n".join([*lines, "}", ""])


def _sources(picture: Picture) -> Iterator[tuple[int, list[int]]]:
    for target in range(len(picture.boxes)):
        yield target, [source for source, end in picture.links if end == target]


def _end(picture: Picture, target: int, place: int, count: int) -> str:
    """Return where a link ends: at its own input of an open network if there is one for each."""
    network = picture.boxes[target].network
    if network is None:
        return f"box{target}"
    return f"net{target}_0_{place if count == network.layers[0].inputs else 0}"


def _cluster(number: int, network: Core) -> Iterator[str]:
    layers = network.layers
    yield f"subgraph cluster{number} {{"
    yield '  label="KAN"; color="#bd8f1d";'
    yield '  node [shape=circle, label="", width=0.12, fillcolor="#000000"];'
    for index, layer in enumerate(layers):
        group_of = np.repeat(np.arange(layer.nodes), [1] * layer.sums + layer.arities)
        for i, j in np.argwhere(active_edges(network, index)):
            place = symbolic_place(layer, i, j)
            word = "" if place is None else f' [label="{_escaped(layer.symbolic[place].function)}"]'
            yield f"  net{number}_{index}_{i} -> net{number}_{index + 1}_{group_of[j]}{word};"
    yield "}"
    for node in range(layers[-1].nodes):
        yield f"net{number}_{len(layers)}_{node} -> box{number};"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", " ").replace("\r", " ")
