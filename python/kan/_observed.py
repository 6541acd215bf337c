"""What a model looks at itself with: the inputs it was trained on, or others it is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Array, as_matrix
from ._copies import Copyable
from ._domain import grid_ends

__all__ = ["Observed"]

# Points spread over the grids where there are no inputs to look at.
SPREAD_POINTS = 1000


class Observed(Copyable):
    """The inputs that pictures, scores, pruning and the search for formulas are made of."""

    def get_act(self, x: ArrayLike | Mapping[str, ArrayLike] | None = None) -> None:
        """Look at the network with inputs x (N, n_in), or a dataset's train_input, from now on.

        Plots, scores, pruning and symbolic search use the training inputs of the last `fit`
        otherwise. Without x everything stays as it is.
        """
        if x is None:
            return
        given = x["train_input"] if isinstance(x, Mapping) else x
        self._training_inputs = self._checked_inputs(given, "x").copy()
        self._training_targets = None

    @property
    def _columns(self) -> list[int]:
        """The columns of X that the network takes."""
        return list(range(self._given_inputs)) if self._input_id is None else self._input_id

    def _chosen(self, X: Any, name: str) -> Any:
        """Return the columns that the network takes, where `prune_input` left some out."""
        if self._input_id is None:
            return X
        return as_matrix(X, name, self._given_inputs, str(self._network.dtype))[:, self._input_id]

    def _chosen_dataset(self, X: Any) -> Any:
        """Return inputs, or a dataset, with the columns that the network takes."""
        if self._input_id is None or not isinstance(X, Mapping):
            return self._chosen(X, "X")
        inputs = {"train_input", "test_input"} & set(X)
        return {**X, **{name: self._chosen(X[name], f"dataset['{name}']") for name in inputs}}

    def _chosen_names(self, names: Any) -> Any:
        """Return the names of the inputs that the network takes, given those or all of X."""
        if names is None or self._input_id is None or isinstance(names, str):
            return names
        listed = list(names)
        if len(listed) != self._given_inputs:
            return names
        return [listed[column] for column in self._input_id]

    def _checked_inputs(self, X: ArrayLike, name: str) -> Array:
        """Return checked inputs of the network, at least one row."""
        network = self._network
        x = as_matrix(self._chosen(X, name), name, network.layers[0].inputs, network.dtype)
        if not len(x):
            raise ValueError(f"{name} must have at least one row")
        return x

    def _reference_inputs(self, X: ArrayLike | None = None) -> Array:
        """Return the inputs to look with: X, else those of `get_act` or `fit`, else a spread."""
        if X is not None:
            return self._checked_inputs(X, "X")
        if self._training_inputs is not None:
            return self._training_inputs
        low, high = grid_ends(self._network)
        unit = np.random.default_rng(0).random((SPREAD_POINTS, self._network.layers[0].inputs))
        spread: Array = (low + unit * (high - low)).astype(self._network.dtype)
        return spread
