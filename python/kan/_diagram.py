"""The drawing of a network: what is drawn. Where and how: `_arrangement` and `_drawing`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLORS", "Diagram", "EdgeCurve", "draw", "names_of"]

Array = NDArray[Any]

COLORS = {"numeric": "black", "symbolic": "red", "both": "purple", "off": "none"}


@dataclass(eq=False)
class EdgeCurve:
    """One edge: where it leads and the curve of its function.

    `target` counts the subnodes of layer + 1: its sum nodes, then the factors of each product.
    `x` is sorted; `samples` are points (x, y) to be marked on the curve.
    """

    layer: int
    source: int
    target: int
    x: Array
    y: Array
    kind: Literal["numeric", "symbolic", "both", "off"]
    score: float
    samples: tuple[Array, Array] | None = None


@dataclass(eq=False)
class Diagram:
    """A network to draw.

    `nodes` counts the nodes of every layer, sums and products together; `arities[l]` holds the
    number of factors of each product of layer l, which stand after its sums (layer 0: none).
    """

    nodes: list[int]
    arities: list[list[int]]
    edges: list[EdgeCurve]

    def sums(self, layer: int) -> int:
        return self.nodes[layer] - len(self.arities[layer])

    def subnodes(self, layer: int) -> int:
        return self.sums(layer) + sum(self.arities[layer])


def draw(
    diagram: Diagram,
    *,
    ax: Axes | None = None,
    beta: float = 3.0,
    scale: float = 0.5,
    tick: bool = False,
    sample: bool = False,
    in_vars: Sequence[object] | None = None,
    out_vars: Sequence[object] | None = None,
    title: str | None = None,
    varscale: float = 1.0,
) -> Figure:
    """Draw a network with inputs at the bottom and outputs on top.

    Edges are black (numeric), red (symbolic), purple (both) or not drawn (off), and as opaque as
    ``tanh(beta * score)``. Everything is in one axes with x from 0 to 1.

    Parameters
    ----------
    diagram : Diagram
        The network.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure, 10 * scale inches wide, that pyplot does not
        manage. To use ``plt.show()``, pass an axes of a pyplot figure.
    beta : float, default 3.0
        How fast edges become opaque with their score.
    scale : float, default 0.5
        Size of the new figure; without effect when `ax` is given.
    tick, sample : bool, default False
        Whether to write the ranges of the curves, and to mark the samples on them.
    in_vars, out_vars : sequence, optional
        Names of the inputs and outputs: strings (mathtext between dollar signs), SymPy
        expressions, or anything with a ``str()``.
    title : str, optional
        Written above the outputs.
    varscale : float, default 1.0
        Factor for the size of the names.

    Returns
    -------
    matplotlib Figure
        The figure; ``figure.axes[0]`` has the data coordinates for further text.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError, ValueError
        If the names do not fit the network, a size is not positive, or the diagram contradicts
        itself.
    """
    for name, size in (("beta", beta), ("scale", scale), ("varscale", varscale)):
        if not (size > 0 and np.isfinite(size)):
            raise ValueError(f"{name} must be a positive number, got {size!r}")
    _check(diagram)
    inputs = names_of(in_vars, "in_vars", diagram.nodes[0], "inputs")
    outputs = names_of(out_vars, "out_vars", diagram.nodes[-1], "outputs")
    from . import _figures
    from ._arrangement import arrange
    from ._drawing import Canvas, Names

    _figures.require_axes(ax)
    picture = arrange(diagram)
    below = Names(inputs, picture.inputs[:, 0], varscale)
    above = Names(outputs, picture.outputs[:, 0], varscale)
    headline = Names([title] if title else [], np.array([0.5]))
    canvas = Canvas(picture, below, above, headline)
    canvas.open(
        ax if ax is not None else _figures.bare_axes(10.0 * scale, 10.0 * scale * canvas.height)
    )
    canvas.draw_edges(beta, sample, tick)
    canvas.draw_nodes()
    canvas.write_names()
    return canvas.figure


def names_of(given: Sequence[object] | None, option: str, count: int, things: str) -> list[str]:
    if given is None:
        return []
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise TypeError(f"{option} must be a list of names, got {given!r}")
    names = [_as_text(name) for name in given]
    if len(names) != count:
        raise ValueError(f"{option} has {len(names)} names, but the network has {count} {things}")
    return names


def _as_text(name: object) -> str:
    sympy = sys.modules.get("sympy")
    if sympy is not None and isinstance(name, sympy.Basic):
        return f"${sympy.latex(name)}$"
    return str(name)


def _check(diagram: Diagram) -> None:
    """Refuse a diagram whose parts contradict each other."""
    depth = len(diagram.nodes)
    if depth < 2 or min(diagram.nodes) < 1:
        raise ValueError(f"nodes must hold two or more positive counts, got {diagram.nodes}")
    if len(diagram.arities) != depth or diagram.arities[0]:
        raise ValueError(
            f"arities must hold {depth} lists, the first one empty, got {diagram.arities}"
        )
    for layer, arities in enumerate(diagram.arities):
        if len(arities) > diagram.nodes[layer] or any(arity < 1 for arity in arities):
            raise ValueError(
                f"layer {layer} has {diagram.nodes[layer]} nodes, so its arities must be at most "
                f"as many positive numbers, got {arities}"
            )
    for edge in diagram.edges:
        _check_edge(edge, diagram)


def _check_edge(edge: EdgeCurve, diagram: Diagram) -> None:
    place = f"edge ({edge.layer}, {edge.source}, {edge.target})"
    if not (
        0 <= edge.layer < len(diagram.nodes) - 1
        and 0 <= edge.source < diagram.nodes[edge.layer]
        and 0 <= edge.target < diagram.subnodes(edge.layer + 1)
    ):
        raise ValueError(f"{place} is not in the network with nodes {diagram.nodes}")
    if edge.kind not in COLORS:
        raise ValueError(f"{place}: kind must be one of {list(COLORS)}, got {edge.kind!r}")
    for x, y in ((edge.x, edge.y), *([edge.samples] if edge.samples else [])):
        if np.ndim(x) != 1 or np.shape(x) != np.shape(y):
            raise ValueError(
                f"{place}: x and y must have one shape (N,), got {np.shape(x)} and {np.shape(y)}"
            )
