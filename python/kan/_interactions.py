"""Which inputs of a network work together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ._architecture import finite, integer
from ._attribution import Attribution

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Interactions"]


class Interactions(Attribution):
    """What a network tells of the structure of its function."""

    def feature_interaction(
        self,
        l: int,  # noqa: E741 - pykan's letter
        neuron_th: float = 1e-2,
        feature_th: float = 1e-2,
    ) -> dict[tuple[int, ...], int]:
        """Count the sets of inputs that nodes of layer `l` depend on.

        Parameters
        ----------
        l : int
            1 for the nodes of the first layer, ..., `depth` for the outputs.
        neuron_th : float, default 1e-2
            Nodes count if the score of some input through them is larger.
        feature_th : float, default 1e-2
            Inputs count if their score through the node is larger than this share of the largest.

        Returns
        -------
        dict
            From tuples of increasing input indices to the number of nodes that depend on them.
        """
        level = integer(l, "l", 1, len(self._network.layers))
        least_node = finite(neuron_th, "neuron_th", 0.0)
        least_share = finite(feature_th, "feature_th", 0.0)
        sets: Counter[tuple[int, ...]] = Counter()
        for scores in self.attribute(level):
            if scores.max() > least_node:
                inputs = np.flatnonzero(scores > least_share * scores.max())
                sets[tuple(inputs.tolist())] += 1
        return dict(sets)

    def tree(
        self,
        x: ArrayLike | None = None,
        in_var: Sequence[object] | None = None,
        style: str = "tree",
        sym_th: float = 1e-3,
        sep_th: float = 1e-1,
        skip_sep_test: bool = False,
        verbose: bool = False,
    ) -> Figure:
        """Draw how the inputs join, found by tests: see :func:`kan.hypothesis.plot_tree`.

        `x` (N, n_in) defaults to the inputs of the last `fit` or `get_act`.
        """
        from .hypothesis import plot_tree

        model: Any = self
        if x is None:
            x = self._reference_inputs()
            model = self.copy()
            model._input_id, model._given_inputs = None, x.shape[1]
        return plot_tree(model, x, in_var, style, sym_th, sep_th, skip_sep_test, verbose)
