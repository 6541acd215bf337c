"""A model in a few numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _core
from ._arrays import as_targets
from ._networks import active_edges
from ._observed import Observed
from ._regulariser import METRICS, Regulariser

__all__ = ["Measured"]


class Measured(Observed):
    """How large a network is, how exact, and how sparse."""

    @property
    def n_edge(self) -> int:
        """Number of edges that have a spline or a function, "0" aside."""
        depth = len(self._network.layers)
        return sum(int(active_edges(self._network, index).sum()) for index in range(depth))

    def evaluate(self, dataset: Mapping[str, ArrayLike]) -> dict[str, Any]:
        """Return the error on the test rows of a dataset, and the size of the network.

        Returns
        -------
        dict
            ``test_loss``, the RMSE; ``n_edge``, the number of active edges; ``n_grid``, the number
            of grid intervals, one or a list of one per layer.

        Raises
        ------
        TypeError, ValueError
            If `dataset` has no test_input and test_label that fit the network.
        """
        if not isinstance(dataset, Mapping):
            raise TypeError(f"dataset must be a dict, got {type(dataset).__name__}")
        if not {"test_input", "test_label"} <= set(dataset):
            raise ValueError(f"dataset must have test_input and test_label, got {list(dataset)}")
        x = self._checked_inputs(dataset["test_input"], "dataset['test_input']")
        layers, dtype = self._network.layers, self._network.dtype
        label = dataset["test_label"]
        y = as_targets(label, "dataset['test_label']", len(x), layers[-1].nodes, dtype)
        error = _core.predict(self._network, x).astype(np.float64) - y
        grids = [layer.intervals for layer in layers]
        return {
            "test_loss": float(np.sqrt(np.mean(error**2))),
            "n_edge": self.n_edge,
            "n_grid": grids[0] if len(set(grids)) == 1 else grids,
        }

    def get_reg(
        self,
        reg_metric: str = METRICS[0],
        lamb_l1: float = 1.0,
        lamb_entropy: float = 2.0,
        lamb_coef: float = 0.0,
        lamb_coefdiff: float = 0.0,
        *,
        X: ArrayLike | None = None,
    ) -> float:
        """Return the regulariser that `fit` adds with these weights, without its factor lamb.

        Of the training inputs of the last `fit`, or the inputs X (N, n_in).
        """
        weighed = Regulariser(1.0, lamb_l1, lamb_entropy, lamb_coef, lamb_coefdiff, reg_metric)
        return weighed.penalty(self._network, np.ascontiguousarray(self._reference_inputs(X)))
