"""How much of a network's output each of its edges and nodes carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array

__all__ = ["Scores", "handed_back", "scores_of"]


@dataclass(frozen=True)
class Scores:
    """Shares of the output: `edges[l]` (I, S), `subnodes[l]` (S,), `nodes[l]` (nodes,).

    The nodes begin with the inputs, so that there is one list more of them.
    """

    edges: list[Array]
    subnodes: list[Array]
    nodes: list[Array]


def scores_of(network: Core, x: Array, normalize: bool = False) -> Scores:
    """Return the scores of a network on rows x (N, I), averaged over the outputs.

    Every output hands importance 1 back; each sum passes its score on to its edges in proportion
    to their deviation, and every factor of a product has the score of the product. With
    `normalize` the scores of several outputs are added up instead.

    References
    ----------
    Z. Liu et al.: KAN 2.0, arXiv 2408.10205, section 4.1.
    """
    outputs = network.layers[-1].nodes
    begin = np.full(outputs, 1.0 if normalize else 1.0 / outputs)
    return handed_back(network, _core.statistics(network, x), begin)


def handed_back(
    network: Core, statistics: Sequence[_core.LayerStatistics], scores: Array
) -> Scores:
    """Return what the nodes of a level hand back; the statistics are of the layers below it."""
    return Scores(*_core.edge_scores(network, statistics, scores.tolist()))
