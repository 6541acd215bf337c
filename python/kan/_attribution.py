"""How much each edge and node matters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _core
from ._architecture import flag
from ._arrays import Array, as_vector
from ._connections import connection_cost
from ._edge import position
from ._measures import Measured
from ._scores import handed_back, scores_of

__all__ = ["Attribution"]


class Attribution(Measured):
    """Scores of edges, nodes and inputs, on the training inputs of the last `fit`.

    Those of `get_act` take their place. Several outputs share the score 1, as in pykan.
    """

    @property
    def feature_score(self) -> Array:
        """Scores of the inputs (n_in,)."""
        return self.node_scores[0]

    @property
    def node_scores(self) -> list[Array]:
        """Scores of the inputs, then of the nodes of each layer."""
        return scores_of(self._network, self._reference_inputs()).nodes

    @property
    def subnode_scores(self) -> list[Array]:
        """Scores of the sums of each layer: of its sum nodes and of all factors."""
        return scores_of(self._network, self._reference_inputs()).subnodes

    @property
    def edge_scores(self) -> list[Array]:
        """Scores of the edges of each layer: ``edge_scores[l][j, i]`` from input i to sum j."""
        return [one.T for one in scores_of(self._network, self._reference_inputs()).edges]

    @property
    def edge_actscale(self) -> list[Array]:
        """Deviation of the output of each edge, ``edge_actscale[l][j, i]``."""
        statistics = _core.statistics(self._network, self._reference_inputs())
        return [layer.edge.T for layer in statistics]

    @property
    def connection_cost(self) -> float:
        """How long the edges of the picture are: sum of their scores times how far they lean."""
        return connection_cost(scores_of(self._network, self._reference_inputs()).edges)

    def attribute(
        self,
        l: int | None = None,  # noqa: E741 - pykan's (l, i)
        i: int | None = None,
        out_score: ArrayLike | None = None,
        plot: bool = False,
        *,
        X: ArrayLike | None = None,
        normalize: bool = False,
    ) -> Any:
        """Return how much each node matters to the output, or each input to a node.

        Parameters
        ----------
        l, i : int, optional
            Level of nodes (0: inputs, depth: outputs), and a node of it. Without them: every node
            matters by its share of the output.
        out_score : array-like, optional
            What the outputs, or the nodes of level l, matter by themselves; by default 1 divided
            by the number of outputs, or their scores.
        plot : bool, default False
            Draw the scores of the inputs in node i as bars with pyplot.
        X : array-like, optional
            Inputs (N, n_in) to score with instead of those of the last `fit`.
        normalize : bool, default False
            Let every output have the score 1, so that thresholds mean the same for any number.

        Returns
        -------
        list of ndarray
            Without `l`: the scores of the nodes of each level, inputs first.
        ndarray
            With `l`: the shares of the inputs in the nodes, (n_l, n_in); with `i`: (n_in,).

        Raises
        ------
        IndexError
            If there is no such level or node.
        """
        network, x = self._network, self._reference_inputs(X)
        statistics = _core.statistics(network, x)
        depth = len(network.layers)
        level = depth if l is None else position(l, "l", depth + 1)
        if l is None and i is not None:
            raise TypeError("attribute() needs the level l of node i")
        scores = scores_of(network, x, flag(normalize, "normalize")).nodes
        own = scores[level]
        if out_score is not None:
            own = as_vector(out_score, "out_score", own.size, "float64")
        if l is None:
            return handed_back(network, statistics, own).nodes
        nodes = range(own.size) if i is None else [position(i, "i", own.size)]
        shares = np.diag(own)[list(nodes)]
        if level > 0:
            below = statistics[:level]
            shares = np.array([handed_back(network, below, row).nodes[0] for row in shares])
        if i is None:
            return shares
        if flag(plot, "plot"):
            _draw_bars(shares[0])
        return shares[0]


def _draw_bars(scores: Array) -> None:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError('drawing needs matplotlib: pip install "kan-core[plot]"') from error
    _, axes = pyplot.subplots(figsize=(max(2.0, 0.5 * scores.size), 2.0))
    axes.bar(range(scores.size), scores)
    axes.set_xticks(range(scores.size))
    axes.set(xlabel="input", ylabel="score")
