"""Networks without what does not matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ._architecture import Core, finite, flag, integer, is_sequence, one_of
from ._arrays import Array
from ._attribution import Attribution
from ._connection import connected
from ._edge import position
from ._networks import active_edges
from ._pruned import Pruned, difference
from ._rearranged import every_edge, every_node, rearranged, subnodes_of
from ._scores import Scores, scores_of

__all__ = ["Pruning"]

Model = TypeVar("Model", bound="Pruning")


class Pruning(Attribution):
    """Pruned networks.

    Scores are those of :meth:`attribute`, on the training inputs of the last `fit` or on X.
    However high a threshold is, every output stays connected to the inputs, and every sum or
    factor that remains keeps its best edge. A product stays or goes as a whole.
    """

    _pruned: Pruned | None = None

    @property
    def pruned(self) -> Pruned | None:
        """What the last pruning took away to make this model; None if there was none."""
        return self._pruned

    def prune(
        self: Model,
        node_th: float = 1e-2,
        edge_th: float = 3e-2,
        *,
        X: ArrayLike | None = None,
        normalize: bool = False,
    ) -> Model:
        """Return a new model without the nodes and edges whose scores are low.

        First hidden nodes with scores up to `node_th` go, as in `prune_node`; then edges with
        scores up to `edge_th`, as in `prune_edge`; then nodes that this left without a way from
        the inputs or to the outputs. Every output keeps at least its best path. What goes takes
        its constants along: some steps of `fit` make up for them.

        Parameters
        ----------
        node_th, edge_th : float, default 1e-2 and 3e-2
            Highest scores of nodes and edges that go.
        X : array-like, optional
            Inputs (N, n_in) to score with.
        normalize : bool, default False
            Let every output have the score 1, so that thresholds mean the same for any number.
        """
        edge_th = finite(edge_th, "edge_th", 0.0)
        kept = self._nodes_above(finite(node_th, "node_th", 0.0), X, normalize)
        smaller = self._with_nodes(kept).prune_edge(edge_th, X=X, normalize=normalize)
        alive = smaller._nodes_above(None, X, normalize)
        result = smaller._with_nodes(alive)
        nodes = [[old[new] for new in now] for old, now in zip(kept, alive, strict=True)]
        result._pruned = difference(self._network, nodes, result._network)
        return result

    def prune_node(
        self: Model,
        threshold: float = 1e-2,
        mode: str = "auto",
        active_neurons_id: Sequence[Sequence[int]] | None = None,
        log_history: object = True,
        *,
        X: ArrayLike | None = None,
        normalize: bool = False,
    ) -> Model:
        """Return a new model without the hidden nodes whose scores are at most `threshold`.

        Parameters
        ----------
        threshold : float, default 1e-2
            Highest score of nodes that go.
        mode : {"auto", "manual"}
            "manual" keeps the nodes that `active_neurons_id` names, and no others.
        active_neurons_id : list of list of int, optional
            Nodes of each hidden level; they make the mode "manual".
        log_history : optional
            Accepted for pykan's sake.
        X, normalize : optional
            See :meth:`prune`.
        """
        threshold = finite(threshold, "threshold", 0.0)
        one_of(mode, "mode", ("auto", "manual"))
        if active_neurons_id is not None:
            nodes = self._hidden_nodes(active_neurons_id)
        elif mode == "manual":
            raise TypeError("mode='manual' needs active_neurons_id, the nodes of each hidden level")
        else:
            nodes = self._nodes_above(threshold, X, normalize)
        return self._with_nodes(nodes)

    def prune_edge(
        self: Model,
        threshold: float = 3e-2,
        log_history: object = True,
        *,
        X: ArrayLike | None = None,
        normalize: bool = False,
    ) -> Model:
        """Remove the edges whose scores are at most `threshold` from this model, and return it.

        It changes the model itself, as in pykan; :meth:`prune` leaves it as it is. Edges from or
        to nodes that this cuts off go too. For the parameters see :meth:`prune_node`.
        """
        threshold = finite(threshold, "threshold", 0.0)
        scores = self._scores(X, normalize)
        wanted = [one > threshold for one in scores.edges]
        _, edges = connected(self._network, _all_nodes(self._network), wanted, scores)
        for index, kept in enumerate(edges):
            kept |= ~active_edges(self._network, index)  # functions "0" carry a constant, and stay
        self._keep_edges(edges)
        return self

    def prune_input(
        self: Model,
        threshold: float = 1e-2,
        active_inputs: Sequence[int] | None = None,
        log_history: object = True,
        *,
        X: ArrayLike | None = None,
        normalize: bool = False,
    ) -> Model:
        """Return a new model without the inputs whose scores are at most `threshold`.

        It still takes all columns of X and chooses those it needs.

        Parameters
        ----------
        threshold : float, default 1e-2
            Highest score of inputs that go.
        active_inputs : list of int, optional
            The inputs to keep instead.
        log_history, X, normalize : optional
            See :meth:`prune_node`.
        """
        threshold = finite(threshold, "threshold", 0.0)
        nodes = [list(range(one.size)) for one in _all_nodes(self._network)]
        if active_inputs is not None:
            nodes[0] = _distinct(active_inputs, "active_inputs", len(nodes[0]))
        else:
            scores = self._scores(X, normalize)
            wanted = _all_nodes(self._network)
            wanted[0] = scores.nodes[0] > threshold
            nodes[0] = _remaining(self._network, wanted, scores)[0]
        return self._with_nodes(nodes)

    def remove_edge(self, l: int, i: int, j: int) -> None:  # noqa: E741 - pykan's (l, i, j)
        """Remove the edge from input `i` of layer `l` to its sum `j`, its function too."""
        kept = [every_edge(layer) for layer in self._network.layers]
        layer = kept[position(l, "l", len(kept))]
        layer[position(i, "i", layer.shape[0]), position(j, "j", layer.shape[1])] = False
        self._keep_edges(kept)

    def remove_node(self, l: int, i: int, mode: str = "all") -> None:  # noqa: E741
        """Remove the edges of node `i` of level `l` (0: inputs, depth: outputs).

        Parameters
        ----------
        mode : {"all", "up", "down"}
            "up" removes those that begin in the node, "down" those that end there.
        """
        one_of(mode, "mode", ("all", "up", "down"))
        layers = self._network.layers
        kept = [every_edge(layer) for layer in layers]
        level = position(l, "l", len(layers) + 1)
        node = position(i, "i", _all_nodes(self._network)[level].size)
        if mode != "down" and level < len(layers):
            kept[level][node] = False
        if mode != "up" and level > 0:
            kept[level - 1][:, subnodes_of(layers[level - 1], [node])] = False
        self._keep_edges(kept)

    def _scores(self, X: ArrayLike | None, normalize: bool) -> Scores:
        rows = self._reference_inputs(X)
        return scores_of(self._network, rows, flag(normalize, "normalize"))

    def _nodes_above(
        self, threshold: float | None, X: ArrayLike | None, normalize: bool
    ) -> list[list[int]]:
        """Return all inputs and outputs, and the hidden nodes that remain above a threshold."""
        scores, wanted = self._scores(X, normalize), _all_nodes(self._network)
        if threshold is not None:
            wanted[1:-1] = [one > threshold for one in scores.nodes[1:-1]]
        nodes = _remaining(self._network, wanted, scores)
        nodes[0], nodes[-1] = list(range(wanted[0].size)), list(range(wanted[-1].size))
        return nodes

    def _hidden_nodes(self, given: Any) -> list[list[int]]:
        counts = [one.size for one in _all_nodes(self._network)]
        if not is_sequence(given) or len(given) != len(counts) - 2:
            raise ValueError(
                f"active_neurons_id must list the nodes of {len(counts) - 2} hidden levels, "
                f"got {given!r}"
            )
        hidden = [
            sorted(_distinct(one, f"active_neurons_id[{level}]", counts[level + 1]))
            for level, one in enumerate(given)
        ]
        return [list(range(counts[0])), *hidden, list(range(counts[-1]))]

    def _with_nodes(self: Model, nodes: Sequence[Sequence[int]]) -> Model:
        """Return a new model of these nodes of each level."""
        made = self.copy()
        found = rearranged(self._network, nodes)
        made._network, made._splines = found.network, found.splines(self._splines)
        made._pruned = difference(self._network, nodes, made._network)
        made._start = None
        inputs = list(nodes[0])
        if inputs != list(range(self._network.layers[0].inputs)):
            old = range(self._given_inputs) if self._input_id is None else self._input_id
            made._input_id = [old[i] for i in inputs]
            if self._training_inputs is not None:
                made._training_inputs = np.ascontiguousarray(self._training_inputs[:, inputs])
        return made

    def _keep_edges(self, kept: list[Array]) -> None:
        """Remove the other edges from this model."""
        before = self._network.copy()
        smaller = rearranged(before, every_node(before), kept)
        counts = [one.size for one in _all_nodes(before)]
        self._pruned = difference(before, [range(count) for count in counts], smaller.network)
        self._become(smaller)


def _all_nodes(network: Core) -> list[Array]:
    counts = [network.layers[0].inputs] + [layer.nodes for layer in network.layers]
    return [np.ones(count, dtype=bool) for count in counts]


def _remaining(network: Core, wanted: list[Array], scores: Scores) -> list[list[int]]:
    """Return which of the wanted nodes of each level remain; of each level at least one does."""
    edges = [active_edges(network, index) for index in range(len(network.layers))]
    alive, _ = connected(network, wanted, edges, scores)
    return [
        [int(node) for node in np.flatnonzero(one)] or [int(np.argmax(own))]
        for one, own in zip(alive, scores.nodes, strict=True)
    ]


def _distinct(given: Any, name: str, count: int) -> list[int]:
    """Return a list of different indices of `count` things, at least one."""
    if not is_sequence(given):
        raise TypeError(f"{name} must be a list of integers, got {given!r}")
    listed = [integer(one, f"{name}[{place}]", 0, count - 1) for place, one in enumerate(given)]
    if not listed or len(set(listed)) < len(listed):
        raise ValueError(f"{name} must list different nodes, at least one, got {listed}")
    return listed
