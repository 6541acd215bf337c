"""Networks of the nodes and edges of others: some of them, in any order, with new ones between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from . import _core
from ._architecture import Core
from ._edge import Edge
from ._networks import AFFINES, rebuilt, with_layer
from ._symbolic_edges import SymbolicPart

__all__ = [
    "NewNode",
    "Node",
    "Rearrangement",
    "deepened",
    "every_edge",
    "every_node",
    "node_arities",
    "rearranged",
    "subnode_counts",
    "subnodes_of",
]

Places = NDArray[np.intp]
Kept = NDArray[np.bool_]
Splines = dict[tuple[int, int, int], Edge]

NEW = -1


@dataclass(frozen=True)
class NewNode:
    """A node that was not there: a sum, or with an arity above 1 a product, without edges."""

    arity: int = 1


Node = int | NewNode


@dataclass(frozen=True)
class Rearrangement:
    """A new network, and where its parts were in the old one (-1: nowhere).

    `inputs[l]` (I,) and `sums[l]` (S,) tell it of the inputs and subnodes of layer l; `kept[l]`
    says which of the old edges (I, S) were wanted.
    """

    network: Core
    inputs: list[Places]
    sums: list[Places]
    kept: Sequence[Kept]

    def splines(self, old: Splines) -> Splines:
        """Return what symbolic edges (l, i, j) were before, by where they are now."""
        moved: Splines = {}
        for (index, i, j), spline in old.items():
            sources = np.flatnonzero(self.inputs[index] == i).tolist()
            targets = np.flatnonzero(self.sums[index] == j).tolist()
            if sources and targets and self.kept[index][i, j]:
                source, target = sources[0], targets[0]
                moved[index, source, target] = replace(spline, source=source, target=target)
        return moved


def subnode_counts(layer: _core.Layer) -> list[int]:
    """Return how many sums each node of a layer has: one, or the factors of a product."""
    return [1] * layer.sums + layer.arities


def subnodes_of(layer: _core.Layer, nodes: Iterable[int]) -> list[int]:
    """Return the sums of some nodes of a layer, in the order of the nodes."""
    places = _subnode_places(subnode_counts(layer), list(nodes))
    return [int(place) for place in places]


def node_arities(network: Core) -> list[list[int]]:
    """Return, for the inputs and then the nodes of each layer, of how many sums each is."""
    layers = network.layers
    return [[1] * layers[0].inputs] + [subnode_counts(layer) for layer in layers]


def every_node(network: Core) -> list[list[Node]]:
    """Return the nodes as they are, which `rearranged` leaves where they are."""
    return [list(range(len(arities))) for arities in node_arities(network)]


def rearranged(
    network: Core,
    nodes: Sequence[Sequence[Node]],
    kept: Sequence[Kept] | None = None,
) -> Rearrangement:
    """Return a network of chosen nodes.

    `nodes` lists the inputs and then the nodes of each layer: old ones by their index, each with
    its edges to other old ones, and new ones; in every layer sums stand before products. `kept`
    says for each layer of `network` which of its edges (I, S) are not lost on the way.
    """
    kept = [every_edge(layer) for layer in network.layers] if kept is None else kept
    old_arities = node_arities(network)
    inputs, sums, layers = [], [], []
    for index, layer in enumerate(network.layers):
        old, chosen = old_arities[index + 1], nodes[index + 1]
        arities = [one.arity if isinstance(one, NewNode) else old[one] for one in chosen]
        inputs.append(_node_places(nodes[index]))
        sums.append(_subnode_places(old, chosen))
        layers.append(
            with_layer(
                layer,
                inputs=len(nodes[index]),
                sums=arities.count(1),
                arities=[arity for arity in arities if arity > 1],
                symbolic=[
                    edge for edge, _ in _symbolic_edges(layer, inputs[-1], sums[-1], kept[index])
                ],
            )
        )
    made = Rearrangement(rebuilt(network, layers), inputs, sums, kept)
    for index in range(len(layers)):
        _copy_edges(network, made, index)
        _copy_affines(network, made, index, nodes[index + 1])
    return made


def deepened(network: Core) -> Core:
    """Return the network with one more layer, whose symbolic edges hand its outputs on."""
    last = network.layers[-1]
    identity = [_core.SymbolicEdge(node, node, "x") for node in range(last.nodes)]
    added = with_layer(last, inputs=last.nodes, sums=last.nodes, arities=[], symbolic=identity)
    made = rebuilt(network, [*network.layers, added])
    same = rearranged(network, every_node(network))
    copied = replace(same, network=made)
    for index, layer in enumerate(network.layers):
        _copy_edges(network, copied, index)
        _copy_affines(network, copied, index, range(layer.nodes))
    top = len(network.layers)
    made.set_edge_mask(top, np.zeros((last.nodes, last.nodes), dtype=np.uint8))
    trains = SymbolicPart.canonical("x", (1.0, 0.0, 1.0, 0.0)).trains
    made.set_symbolic_trainable(top, np.array([trains] * last.nodes, dtype=np.uint8))
    return made


def every_edge(layer: _core.Layer) -> Kept:
    """Return (I, S) true."""
    return np.ones((layer.inputs, layer.subnodes), dtype=np.bool_)


def _node_places(chosen: Sequence[Node]) -> Places:
    return np.array([NEW if isinstance(one, NewNode) else one for one in chosen], dtype=np.intp)


def _subnode_places(arities: Sequence[int], chosen: Sequence[Node]) -> Places:
    """Return the old subnodes that the chosen nodes are made of."""
    first = np.cumsum([0, *arities])
    places: list[int] = []
    for node in chosen:
        if isinstance(node, NewNode):
            places += [NEW] * node.arity
        else:
            places += range(first[node], first[node + 1])
    return np.array(places, dtype=np.intp)


def _symbolic_edges(
    layer: _core.Layer, inputs: Places, sums: Places, kept: Kept
) -> list[tuple[_core.SymbolicEdge, int]]:
    """Return the symbolic edges between places, and which of the layer's they were."""
    source = {old: new for new, old in enumerate(inputs.tolist())}
    target = {old: new for new, old in enumerate(sums.tolist())}
    found = sorted(
        (source[edge.input], target[edge.sum], place)
        for place, edge in enumerate(layer.symbolic)
        if edge.input in source and edge.sum in target and kept[edge.input, edge.sum]
    )
    return [
        (
            _core.SymbolicEdge(i, j, layer.symbolic[place].function, layer.symbolic[place].table),
            place,
        )
        for i, j, place in found
    ]


def _copy_edges(network: Core, made: Rearrangement, index: int) -> None:
    """Give a layer of the new network the grids and edges that it had; other edges are off."""
    inputs, sums, kept = made.inputs[index], made.sums[index], made.kept[index]
    new = made.network
    old_inputs, old_sums = inputs != NEW, sums != NEW
    knots = new.knots(index).copy()
    knots[old_inputs] = network.knots(index)[inputs[old_inputs]]
    new.set_knots(index, knots)
    here, there = np.ix_(old_inputs, old_sums), np.ix_(inputs[old_inputs], sums[old_sums])
    weights = new.coefficients(index).transpose(0, 2, 1)
    weights[here] = network.coefficients(index).transpose(0, 2, 1)[there]
    mask = np.zeros((inputs.size, sums.size), dtype=np.uint8)
    mask[here] = network.edge_mask(index)[there] & kept[there]
    new.set_edge_mask(index, mask)
    places = [place for _, place in _symbolic_edges(network.layers[index], inputs, sums, kept)]
    new.symbolic(index)[:] = network.symbolic(index)[places]
    trainable = np.ascontiguousarray(network.symbolic_trainable(index)[places])
    new.set_symbolic_trainable(index, trainable)


def _copy_affines(network: Core, made: Rearrangement, index: int, chosen: Sequence[Node]) -> None:
    if not network.affine_enabled:
        return
    for which in AFFINES:
        places = made.sums[index] if which.startswith("subnode") else _node_places(chosen)
        kept = places != NEW
        made.network.affine(index, which)[kept] = network.affine(index, which)[places[kept]]
