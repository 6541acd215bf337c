"""A record of what pruning took from a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ._architecture import Core
from ._networks import active_edges
from ._rearranged import subnodes_of

__all__ = ["Pruned", "difference"]


@dataclass(frozen=True)
class Pruned:
    """What the last pruning took from a model, by the numbers that it had there.

    Attributes
    ----------
    inputs : list of int
        Inputs.
    nodes : list of list of int
        Nodes of each hidden level.
    edges : list of (int, int, int)
        Edges (l, i, j), those of the removed nodes among them.
    """

    inputs: list[int] = field(default_factory=list)
    nodes: list[list[int]] = field(default_factory=list)
    edges: list[tuple[int, int, int]] = field(default_factory=list)

    def __str__(self) -> str:
        count = sum(len(level) for level in self.nodes)
        return f"{len(self.inputs)} inputs, {count} hidden nodes, {len(self.edges)} edges"


def difference(network: Core, nodes: Sequence[Sequence[int]], rest: Core) -> Pruned:
    """Return what is left out where `rest` is what became of these nodes of a network."""
    counts = [network.layers[0].inputs] + [layer.nodes for layer in network.layers]
    gone = [sorted({*range(count)} - {*kept}) for count, kept in zip(counts, nodes, strict=True)]
    edges = []
    for index, (inputs, outputs) in enumerate(pairwise(nodes)):
        removed = active_edges(network, index)
        subnodes = subnodes_of(network.layers[index], outputs)
        removed[np.ix_(inputs, subnodes)] &= ~active_edges(rest, index)
        edges += [(index, int(i), int(j)) for i, j in np.argwhere(removed)]
    return Pruned(gone[0], gone[1:-1], edges)
