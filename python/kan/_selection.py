"""Parts of a network: some of its nodes, or some of its edges, with all that belongs to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array
from ._edge import Edge
from ._networks import AFFINES, rebuilt, with_layer

__all__ = ["renumbered", "selected", "subnode_counts", "subnodes_of", "with_edges"]

Nodes = Sequence[Sequence[int]]  # chosen nodes of each level, inputs first
Splines = dict[tuple[int, int, int], Edge]


def subnode_counts(layer: _core.Layer) -> list[int]:
    """Return how many sums each node of a layer has: one, or the factors of a product."""
    return [1] * layer.sums + layer.arities


def subnodes_of(layer: _core.Layer, nodes: Iterable[int]) -> list[int]:
    """Return the sums of some nodes of a layer, in the order of the nodes."""
    ends = np.cumsum([0, *subnode_counts(layer)])
    return [sub for node in nodes for sub in range(ends[node], ends[node + 1])]


def selected(network: Core, nodes: Nodes) -> Core:
    """Return a network of these nodes of each level, in this order, with the edges between them.

    Every level keeps at least one node; sum nodes stand before products.
    """
    layers = [
        _layer_of(layer, *chosen)
        for layer, chosen in zip(network.layers, pairwise(nodes), strict=True)
    ]
    made: Any = rebuilt(network, layers)
    for index, (inputs, outputs) in enumerate(pairwise(nodes)):
        subnodes = subnodes_of(network.layers[index], outputs)
        made.set_knots(index, np.ascontiguousarray(network.knots(index)[list(inputs)]))
        made.coefficients(index)[:] = network.coefficients(index)[list(inputs)][:, :, subnodes]
        mask = network.edge_mask(index)[np.ix_(inputs, subnodes)]
        made.set_edge_mask(index, np.ascontiguousarray(mask))
        if network.affine_enabled:
            for which in AFFINES:
                of_these = subnodes if which.startswith("sub") else list(outputs)
                made.affine(index, which)[:] = network.affine(index, which)[of_these]
        _copy_functions(network, made, index, _places(network.layers[index], inputs, subnodes))
    return made  # type: ignore[no-any-return]


def _layer_of(layer: _core.Layer, inputs: Sequence[int], nodes: Sequence[int]) -> _core.Layer:
    """Return a layer with the symbolic edges that remain."""
    subnodes = subnodes_of(layer, nodes)
    remaining = [layer.symbolic[place] for place in _places(layer, inputs, subnodes)]
    return with_layer(
        layer,
        inputs=len(inputs),
        sums=sum(node < layer.sums for node in nodes),
        arities=[layer.arities[node - layer.sums] for node in nodes if node >= layer.sums],
        symbolic=[
            _core.SymbolicEdge(
                inputs.index(one.input), subnodes.index(one.sum), one.function, one.table
            )
            for one in remaining
        ],
    )


def _places(layer: _core.Layer, inputs: Sequence[int], subnodes: Sequence[int]) -> list[int]:
    """Return which symbolic edges lead from these inputs to these sums, sorted as these are."""
    found = [
        (inputs.index(one.input), subnodes.index(one.sum), place)
        for place, one in enumerate(layer.symbolic)
        if one.input in inputs and one.sum in subnodes
    ]
    return [place for _, _, place in sorted(found)]


def _copy_functions(network: Core, made: Any, index: int, places: list[int]) -> None:
    """Give a layer the numbers of the symbolic edges at `places` of the same layer of another."""
    if places:
        made.symbolic(index)[:] = network.symbolic(index)[places]
        trains = np.ascontiguousarray(network.symbolic_trainable(index)[places])
        made.set_symbolic_trainable(index, trains)


def with_edges(network: Core, kept: Sequence[Array]) -> Core:
    """Return a network with these edges only, (I, S) of each layer: splines and functions."""
    places = [
        [place for place, one in enumerate(layer.symbolic) if edges[one.input, one.sum]]
        for layer, edges in zip(network.layers, kept, strict=True)
    ]
    layers = [
        with_layer(layer, symbolic=[layer.symbolic[place] for place in own])
        for layer, own in zip(network.layers, places, strict=True)
    ]
    made: Any = rebuilt(network, layers)
    for index, (edges, own) in enumerate(zip(kept, places, strict=True)):
        made.set_knots(index, network.knots(index))
        made.coefficients(index)[:] = network.coefficients(index)
        made.set_edge_mask(index, network.edge_mask(index) * edges.astype(np.uint8))
        if network.affine_enabled:
            for which in AFFINES:
                made.affine(index, which)[:] = network.affine(index, which)
        _copy_functions(network, made, index, own)
    return made  # type: ignore[no-any-return]


def renumbered(splines: Splines, network: Core, nodes: Nodes) -> Splines:
    """Return what symbolic edges were before, for the network of these nodes."""
    made: Splines = {}
    for index, (inputs, outputs) in enumerate(pairwise(nodes)):
        subnodes = subnodes_of(network.layers[index], outputs)
        for i, source in enumerate(inputs):
            for j, target in enumerate(subnodes):
                if (index, source, target) in splines:
                    old = splines[index, source, target]
                    made[index, i, j] = replace(old, layer=index, source=i, target=j)
    return made
