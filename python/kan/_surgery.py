"""Networks that are cut, grown and rearranged by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._architecture import MOST_NODES, finite, flag, integer, one_of
from ._attribution import Attribution
from ._chain import links_of
from ._connections import shorter
from ._perturbed import MODES, perturbed
from ._rearranged import (
    NewNode,
    Node,
    deepened,
    every_edge,
    every_node,
    node_arities,
    rearranged,
    subnodes_of,
)
from ._scores import scores_of

__all__ = ["Surgery"]


class Surgery(Attribution):
    """Changes of a network's nodes and edges. All of them change the model itself."""

    # ---- growing ------------------------------------------------------------------------------

    def expand_depth(self) -> None:
        """Add a layer on top whose symbolic edges hand the outputs on; values stay as they are."""
        self._network = deepened(self._network)
        self._start = None

    def expand_width(
        self, layer_id: int, n_added_nodes: int, sum_bool: bool = True, mult_arity: int = 2
    ) -> None:
        """Add nodes without edges; everything else stays, and so do the values.

        :meth:`perturb` gives them edges. Other nodes keep their indices where they can: new sums
        stand after the old ones, before the products, and new products last. New inputs stand
        first, where `augment_input` puts their columns; what the network looks at itself with is
        then forgotten until the next `fit` or `get_act`.

        Parameters
        ----------
        layer_id : int
            0 for inputs, 1 for the nodes of the first layer, ..., `depth` for outputs.
        n_added_nodes : int
            How many.
        sum_bool : bool, default True
            Whether they are sums; else multiplication nodes.
        mult_arity : int, default 2
            Factors of each multiplication node.
        """
        level = integer(layer_id, "layer_id", 0, len(self._network.layers))
        count = integer(n_added_nodes, "n_added_nodes", 1, MOST_NODES)
        arity = integer(mult_arity, "mult_arity", 2, MOST_NODES)
        is_sum = flag(sum_bool, "sum_bool")
        if level == 0 and not is_sum:
            raise ValueError("sum_bool must be True for layer_id=0: inputs are not multiplied")
        nodes = every_node(self._network)
        arities = node_arities(self._network)[level]
        place = 0 if level == 0 else arities.count(1) if is_sum else len(arities)
        nodes[level][place:place] = [NewNode(1 if is_sum else arity)] * count
        self._become(rearranged(self._network, nodes))
        if level == 0:
            self._take_new_columns(count)
        if level in (0, len(self._network.layers)):
            self._training_targets = None

    def perturb(self, mag: float = 1.0, mode: str = "non-intrusive") -> None:
        """Switch splines on where there are none, so that training can go beyond the formula.

        Parameters
        ----------
        mag : float, default 1
            Size of the splines and base weights, in terms of those of a new network.
        mode : {"non-intrusive", "minimal", "all"}
            "non-intrusive" keeps the outputs as they are: it switches on what leads to nodes that
            lead nowhere yet, and in the last layer everything, with splines of 0. "minimal"
            switches on the splines of the symbolic edges, "all" those of all edges. What is on
            already stays as it is.
        """
        size = finite(mag, "mag", 0.0)
        chosen = one_of(mode, "mode", MODES)
        self._network.assign(perturbed(self._network, size, chosen, self.seed))  # type: ignore[arg-type]
        self._start = None

    # ---- rearranging --------------------------------------------------------------------------

    def swap(self, l: int, i1: int, i2: int) -> None:  # noqa: E741 - pykan's letters
        """Let two nodes of hidden layer `l` (1 ... depth - 1) change places.

        Both must be sums, or both products. Values stay as they are.
        """
        level = self._hidden_level(l)
        arities = node_arities(self._network)[level]
        first = integer(i1, "i1", 0, len(arities) - 1)
        second = integer(i2, "i2", 0, len(arities) - 1)
        if (arities[first] == 1) != (arities[second] == 1):
            raise ValueError(
                f"i1 and i2 must be two sums or two products, got {first} and {second}: the sums "
                f"are 0..{arities.count(1) - 1}"
            )
        nodes = every_node(self._network)
        nodes[level][first], nodes[level][second] = second, first
        self._become(rearranged(self._network, nodes))

    def auto_swap_l(self, l: int) -> None:  # noqa: E741
        """Swap nodes of hidden layer `l` while that lowers `connection_cost`."""
        self._shorten([self._hidden_level(l)])

    def auto_swap(self) -> None:
        """Swap nodes of all hidden layers while that lowers `connection_cost`.

        The best swap of two nodes of the same kind comes first; scores are computed once.
        """
        self._shorten(list(range(1, len(self._network.layers))))

    # ---- cutting ------------------------------------------------------------------------------

    def module(self, start_layer: int, chain: str | Sequence[Sequence[int]]) -> None:
        """Separate groups of nodes from the others by removing the edges between them.

        Parameters
        ----------
        start_layer : int
            Layer of edges that the chain begins with.
        chain : str or sequence of sequences of int
            For each layer in turn the group's input nodes and its sums: ``"[0,1]->[0]->[0]->[2]"``
            keeps inputs 0 and 1 and sum 0 of the first layer to themselves, and node 0 and sum 2
            of the second. Negative indices count from the end.
        """
        layers = self._network.layers
        start = integer(start_layer, "start_layer", 0, len(layers) - 1)
        kept = [every_edge(layer) for layer in layers]
        for index, (inputs, sums) in enumerate(links_of(chain, layers[start:]), start):
            kept[index] = inputs[:, np.newaxis] == sums
        self._become(rearranged(self._network, every_node(self._network), kept))

    # ---- helpers ------------------------------------------------------------------------------

    def _take_new_columns(self, count: int) -> None:
        """Expect `count` more columns of X, before the others."""
        if self._input_id is not None:
            self._input_id = [*range(count), *(count + column for column in self._input_id)]
        self._given_inputs += count
        self._training_inputs = None

    def _hidden_level(self, value: Any) -> int:
        depth = len(self._network.layers)
        if depth == 1:
            raise ValueError("l must be a hidden layer, and this network has none")
        return integer(value, "l", 1, depth - 1)

    def _shorten(self, levels: list[int]) -> None:
        """Bring the nodes of these levels into better orders until none of them improves."""
        scores = scores_of(self._network, self._reference_inputs()).edges
        arities = node_arities(self._network)
        nodes: list[list[Node]] = every_node(self._network)
        improves = True
        while improves:
            improves = False
            for level in levels:
                order = shorter(arities[level], scores[level - 1], scores[level])
                if order == list(range(len(order))):
                    continue
                improves = True
                nodes[level] = [nodes[level][node] for node in order]
                subnodes = subnodes_of(self._network.layers[level - 1], order)
                scores[level - 1] = scores[level - 1][:, subnodes]
                scores[level] = scores[level][order]
        self._become(rearranged(self._network, nodes))
