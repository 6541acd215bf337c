"""Which nodes and edges lead from the inputs of a network to its outputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array
from ._networks import active_edges
from ._rearranged import subnode_counts
from ._scores import Scores

__all__ = ["connected"]


def connected(
    network: Core, nodes: Sequence[Array], edges: Sequence[Array], scores: Scores
) -> tuple[list[Array], list[Array]]:
    """Return which nodes of each level and edges of each layer remain of those that are wanted.

    What no input reaches, or what reaches no output, does not remain, wanted or not. Outputs do,
    where inputs reach them at all. A sum node, or a factor of a product, that would be left
    without any edge keeps its best one: that of the path from the inputs whose weakest node or
    edge has the highest score. So no output is cut off, and no product becomes 0.

    Shapes: nodes[l] bool (nodes of level l,), edges[l] bool (I, S).
    """
    strengths = _strengths(network, scores)
    alive: Array = strengths[-1] > -np.inf
    kept_nodes, kept_edges = [alive], list[Array]()
    for index in reversed(range(len(network.layers))):
        layer = network.layers[index]
        paths = _paths(network, index, strengths[index], scores)
        wanted = edges[index] & nodes[index][:, np.newaxis] & (paths > -np.inf)
        needed = np.repeat(alive, subnode_counts(layer))
        lacking = np.flatnonzero(needed & ~wanted.any(axis=0) & (paths > -np.inf).any(axis=0))
        wanted[np.argmax(paths[:, lacking], axis=0), lacking] = True
        kept = wanted & needed
        alive = kept.any(axis=1)
        kept_edges.insert(0, kept)
        kept_nodes.insert(0, alive)
    return kept_nodes, kept_edges


def _strengths(network: Core, scores: Scores) -> list[Array]:
    """Return of each node the weakest score on the best way from the inputs; -inf without any."""
    strengths = [np.nan_to_num(scores.nodes[0])]
    for index, layer in enumerate(network.layers):
        sums = _paths(network, index, strengths[index], scores).max(axis=0)
        sums[_constant_factors(network, index)] = np.inf
        starts = np.cumsum([0, *subnode_counts(layer)])[:-1]
        weakest = np.minimum.reduceat(sums, starts)
        strengths.append(np.minimum(weakest, np.nan_to_num(scores.nodes[index + 1])))
    return strengths


def _paths(network: Core, index: int, strengths: Array, scores: Scores) -> Array:
    """Return the weakest score on the best way over each edge of a layer (I, S)."""
    own = np.minimum(strengths[:, np.newaxis], np.nan_to_num(scores.edges[index]))
    return np.where(active_edges(network, index), own, -np.inf)


def _constant_factors(network: Core, index: int) -> Array:
    """Return which sums (S,) are factors that need no edge, since a bias keeps them from 0."""
    layer: _core.Layer = network.layers[index]
    is_factor = np.arange(layer.subnodes) >= layer.sums
    if not network.affine_enabled:
        return np.zeros(layer.subnodes, dtype=bool)
    free = ~active_edges(network, index).any(axis=0)
    constant: Array = is_factor & free & (network.affine(index, "subnode_bias") != 0)
    return constant
