"""Networks made from others: one input alone, the same edges in other layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import _core
from ._architecture import Core
from ._arrays import Array

__all__ = [
    "AFFINES",
    "active_edges",
    "grid_points",
    "input_alone",
    "rebuilt",
    "symbolic_place",
    "with_layer",
]

AFFINES = ("subnode_scale", "subnode_bias", "node_scale", "node_bias")


def rebuilt(
    network: Core, layers: Sequence[_core.Layer], tables: Sequence[_core.Table] | None = None
) -> Core:
    """Return a new network with these layers and all else as in `network`, but for its numbers."""
    kept = network.tables if tables is None else list(tables)
    made: Any = type(network)(
        list(layers), network.base, network.extrapolation, network.affine_enabled, kept
    )
    made.set_trainable(*network.trainable_groups())
    return made  # type: ignore[no-any-return]


def with_layer(
    layer: _core.Layer,
    *,
    inputs: int | None = None,
    sums: int | None = None,
    arities: Sequence[int] | None = None,
    intervals: int | None = None,
    symbolic: Sequence[_core.SymbolicEdge] | None = None,
) -> _core.Layer:
    """Return a layer like another but for what is given."""
    return _core.Layer(
        layer.inputs if inputs is None else inputs,
        layer.sums if sums is None else sums,
        layer.arities if arities is None else list(arities),
        layer.intervals if intervals is None else intervals,
        layer.degree,
        layer.symbolic if symbolic is None else list(symbolic),
    )


def input_alone(network: Core, index: int, i: int, base: _core.Base) -> Core:
    """Return the splines from input i of a layer as a network of their own, with another base."""
    layer = network.layers[index]
    shape = _core.Layer(1, layer.subnodes, [], layer.intervals, layer.degree)
    alone: Any = type(network)([shape], base, network.extrapolation, False)
    alone.set_knots(0, network.knots(index)[i : i + 1])
    alone.coefficients(0)[0] = network.coefficients(index)[i]
    return alone  # type: ignore[no-any-return]


def symbolic_place(layer: _core.Layer, i: int, j: int) -> int | None:
    """Return which of the layer's symbolic edges leads from input i to sum j, if one does."""
    for place, edge in enumerate(layer.symbolic):
        if (edge.input, edge.sum) == (i, j):
            return place
    return None


def grid_points(network: Core, index: int) -> Array:
    """Return the ends of the grid intervals (I, G+1) of a layer, without the ghost knots."""
    layer = network.layers[index]
    points: Array = network.knots(index)[:, layer.degree : layer.degree + layer.intervals + 1]
    return points


def active_edges(network: Core, index: int) -> Array:
    """Return which edges of a layer (I, S) have a spline or a function other than "0"."""
    active: Array = network.edge_mask(index).astype(bool)
    for edge in network.layers[index].symbolic:
        active[edge.input, edge.sum] |= edge.function != "0"
    return active
