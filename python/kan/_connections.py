"""How far the connections of a network reach across its diagram, and orders that shorten them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from ._arrays import Array

__all__ = ["connection_cost", "shorter"]

# Relative gain below which a swap is a matter of rounding.
LEAST_GAIN = 1e-12


def connection_cost(scores: Sequence[Array]) -> float:
    """Return the sum of distance * score over all edges; `scores` holds an (I, S) per layer.

    The nodes of a row stand at (i + 1/2) / n.
    """
    return float(sum((_distances(*one.shape) * one).sum() for one in scores))


def shorter(arities: Sequence[int], below: Array, above: Array) -> list[int]:
    """Return an order of a layer's nodes that makes their connections shorter.

    Node `order[p]` is to stand at place p. The best swap is made until none helps; nodes of
    different arities never change places, so that no other node moves. Shapes: arities (n,),
    `below` (I, S) the scores of the edges into the nodes' subnodes, `above` (n, S') of those out.
    """
    ends = list(accumulate(arities, initial=0))
    order = list(range(len(arities)))
    for arity in sorted(set(arities)):
        group = [node for node, own in enumerate(arities) if own == arity]
        subnodes = np.array([range(ends[node], ends[node + 1]) for node in group])
        into = np.einsum("iaf,ipf->ap", below[:, subnodes], _distances(*below.shape)[:, subnodes])
        out = above[group] @ _distances(*above.shape)[group].T
        for place, node in zip(group, _lowered(into + out), strict=True):
            order[place] = group[node]
    return order


def _lowered(costs: Array) -> list[int]:
    """Return who stands where, given the cost (n, n) of each at each place."""
    order = np.arange(len(costs))
    while True:
        here = costs[order]  # by the place it has, the place it might have
        own = np.diagonal(here)
        gains = own[:, np.newaxis] + own - here - here.T
        first, second = np.unravel_index(gains.argmax(), gains.shape)
        if not gains[first, second] > LEAST_GAIN * own.sum():
            return [int(node) for node in order]
        order[[first, second]] = order[[second, first]]


def _distances(sources: int, targets: int) -> Array:
    """Return how far apart the nodes of two rows stand, (sources, targets)."""
    below = (np.arange(sources) + 0.5) / sources
    above = (np.arange(targets) + 0.5) / targets
    return np.abs(below[:, np.newaxis] - above)
