"""Splines that are switched on where a network has none, to let it learn more."""

from __future__ import annotations

import numpy as np

from ._architecture import Core
from ._arrays import Array
from ._initial import Start, initialize
from ._networks import active_edges, rebuilt
from ._rearranged import node_arities

__all__ = ["MODES", "perturbed"]

MODES = ("non-intrusive", "minimal", "all")


def perturbed(network: Core, mag: float, mode: str, seed: int) -> Core:
    """Return a copy with more splines on: `mag` times as large as those of a new network.

    "all" switches all on that are off, "minimal" those of symbolic edges. "non-intrusive" keeps
    the outputs as they are: it switches on what leads to nodes that lead nowhere, and in the last
    layer everything, with splines of 0.
    """
    drawn = rebuilt(network, network.layers)
    initialize(drawn, Start(), seed, network.dtype)
    made = network.copy()
    active = [active_edges(network, index) for index in range(len(network.layers))]
    for index in range(len(network.layers)):
        mask = network.edge_mask(index).astype(bool)
        opened = ~mask
        last = index + 1 == len(network.layers)
        if mode == "minimal":
            opened &= active[index]
        elif mode == "non-intrusive" and not last:
            opened &= _idle(network, index, active)
        made.set_edge_mask(index, (mask | opened).astype(np.uint8))
        if mode == "non-intrusive" and last:
            continue
        weights = made.coefficients(index).transpose(0, 2, 1)
        weights[opened] = mag * drawn.coefficients(index).transpose(0, 2, 1)[opened]
    return made


def _idle(network: Core, index: int, active: list[Array]) -> Array:
    """Return which sums (S,) of a hidden layer no edge enters, of nodes that no edge leaves."""
    arities = node_arities(network)[index + 1]
    leads_on = np.repeat(active[index + 1].any(axis=1), arities)
    idle: Array = ~active[index].any(axis=0) & ~leads_on
    return idle
