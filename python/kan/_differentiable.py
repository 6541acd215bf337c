"""A model as a part of calculations with tensors: what it gives, and what can be learnt of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array, as_matrix
from ._domain import refuse_outside
from ._networks import AFFINES
from ._observed import Observed
from ._rows import Rows
from ._tensor import Tensor, as_tensors, operation
from ._tensor_functions import stack

__all__ = ["Differentiable", "gathered", "holds_tensor", "like"]


class Learnt(NamedTuple):
    """A network and its parameters: what a picture finds inside a model."""

    network: Core
    parameters: list[Tensor]


def holds_tensor(X: Any) -> bool:
    """Whether X is a tensor, or a list of rows, or one row, with tensors in it."""
    if not isinstance(X, (list, tuple)):
        return isinstance(X, Tensor)
    return any(isinstance(one, Tensor) for one in X) or (len(X) > 0 and holds_tensor(X[0]))


class Parameter(Tensor):
    """Parameters of a network, which follow what it says may move."""

    __slots__ = ("_first", "_network")

    _network: Core
    _first: int

    def _allowed(self, move: Array) -> Array:
        flags = self._network.trainable()[self._first : self._first + self.size]
        allowed: Array = move * flags.reshape(self.shape)
        return allowed


class Differentiable(Observed):
    """What a model is to tensors: an operation, with parameters."""

    __slots__ = ("_leaves",)  # no part of `__dict__`, and so not of copies and pickles

    _leaves: Learnt

    def parameters(self) -> list[Tensor]:
        """Return the parameters as tensors that share the memory of the model.

        Layer by layer there are the coefficients (inputs, G + k + 1, sums), base weights in the
        last row of each input, then those of affines and of symbolic edges (edges, 4) if there
        are any. Gradients of what does not train are 0.

        The same tensors come back at every call until the model has another network, as after
        `fit` with several grids or after an edge became symbolic.
        """
        return list(self._learnt.parameters)

    @property
    def _learnt(self) -> Learnt:
        network = self._network
        if not hasattr(self, "_leaves") or self._leaves.network is not network:
            self._leaves = Learnt(network, list(_leaves_of(network)))
        return self._leaves

    def _inputs(self, X: Any, name: str = "X") -> Array:
        """Return inputs as the network takes them (N, n_in), checked."""
        x = as_matrix(
            self._chosen(X, name), name, self._network.layers[0].inputs, self._network.dtype
        )
        refuse_outside(self._network, Rows(x), name)
        return x

    def _on_all_columns(self, by_columns: Array) -> Array:
        """Return a gradient along the columns of the network as one along all, (N, n_in)."""
        every = np.zeros((len(by_columns), self._given_inputs), by_columns.dtype)
        every[:, self._columns] = by_columns
        return every

    def _input_gradient(self, X: Any, gradient: Any) -> Array:
        """Return the gradient along all inputs X (N, n_in), given that of the outputs."""
        x = self._checked_inputs(X, "X")
        slope = np.ascontiguousarray(gradient, dtype=x.dtype)
        return self._on_all_columns(_core.pullback(self._network, x, slope)[1])

    def _traced(self, X: Any) -> Tensor:
        """Return the outputs for a tensor, or for a list with tensors in it, as a tensor."""
        given = X if isinstance(X, Tensor) else gathered(X)
        parents = [given] if isinstance(given, Tensor) else given
        values = given.data if isinstance(given, Tensor) else np.array([one.data for one in given])
        is_row = values.ndim == 1
        if is_row and len(values) != self._given_inputs:
            raise ValueError(
                f"X must have shape (N, {self._given_inputs}), or be one row of "
                f"{self._given_inputs} numbers, got {values.shape}"
            )
        network, leaves = self._learnt
        x = self._inputs(values[np.newaxis] if is_row else values)
        y = _core.predict(network, x)

        def pull(gradient: Any) -> list[Any]:
            slope = np.ascontiguousarray(gradient).reshape(y.shape)
            flat, by_columns = _core.pullback(network, x, slope)
            by_inputs = self._on_all_columns(by_columns)
            along = by_inputs[0] if is_row else by_inputs
            own = like(leaves, flat * network.trainable())
            return [*(along if isinstance(given, list) else [along]), *own]

        outputs = y if not is_row else y[0] if y.shape[1] > 1 else y[0, 0]
        return operation("KAN", outputs, [*parents, *leaves], pull, self._learnt)


def gathered(X: Any) -> Tensor | list[Tensor]:
    """Return a list of numbers as one tensor for each, and a list of rows as one tensor."""
    rows = [gathered(one) if isinstance(one, (list, tuple)) else one for one in X]
    tensors = as_tensors([stack(one) if isinstance(one, list) else one for one in rows], "X")
    if not any(one.ndim for one in tensors):
        return tensors
    shapes = {one.shape for one in tensors}
    if len(shapes) > 1:
        raise ValueError(f"X must have rows of one length, got shapes {sorted(shapes)}")
    return stack(tensors)


def _leaves_of(network: Core) -> Iterator[Tensor]:
    """Yield the parameters of a network in the order of its flat buffer, without copies."""
    first = 0
    for view, name in _views_of(network):
        leaf = Parameter(0.0, name=name)
        leaf.data, leaf._network, leaf._first = view, network, first
        first += view.size
        yield leaf


def _views_of(network: Core) -> Iterator[tuple[Array, str]]:
    for index in range(len(network.layers)):
        yield network.coefficients(index), f"coefficients of layer {index}"
        for which in AFFINES if network.affine_enabled else ():
            yield network.affine(index, which), f"{which} of layer {index}"
        if network.layers[index].symbolic:
            yield network.symbolic(index), f"symbolic edges of layer {index}"


def like(leaves: list[Tensor], flat: Array) -> list[Array]:
    """Return the parts of a flat vector that belong to each parameter, in its shape."""
    parts, start = [], 0
    for leaf in leaves:
        end = start + leaf.size
        parts.append(flat[start:end].reshape(leaf.shape))
        start = end
    return parts
