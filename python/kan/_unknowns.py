"""Tensors that are found along with a network, as numbers behind its parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ._arrays import Array
from ._tensor import Tensor

__all__ = ["Unknowns", "checked_unknowns", "grad_of"]


class Unknowns:
    """Some tensors and their numbers, one tensor after the other.

    For methods that need the derivatives of every residual by itself, each tensor may stand for a
    while as one copy for every point: a factor or a term at a point has its own gradient then.
    """

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self.tensors = tensors
        self._shapes = [one.shape for one in tensors]

    @property
    def count(self) -> int:
        """How many numbers there are."""
        return sum(int(np.prod(shape, dtype=int)) for shape in self._shapes)

    def numbers(self) -> Array:
        """Return the numbers (count,)."""
        return np.concatenate([np.zeros(0), *(np.ravel(one.data) for one in self.tensors)])

    def move(self, numbers: Array) -> None:
        """Set the numbers, and forget gradients."""
        for tensor, values in self._split(numbers):
            tensor.data, tensor.grad = values, None

    def spread(self, numbers: Array, rows: int) -> None:
        """Give each tensor a copy for every point, (..., rows), until `move` is called."""
        for tensor, values in self._split(numbers):
            tensor.data, tensor.grad = np.repeat(values[..., np.newaxis], rows, axis=-1), None

    def gradient(self) -> Array:
        """Return the gradients that the tensors have, (count,)."""
        return np.concatenate([np.zeros(0), *(np.ravel(grad_of(one)) for one in self.tensors)])

    def gradients_of_points(self, rows: int) -> Array:
        """Return the gradients of spread tensors, (rows, count)."""
        parts = [grad_of(one).reshape(-1, rows) for one in self.tensors]
        joined = np.concatenate([np.zeros((0, rows)), *parts])
        return np.ascontiguousarray(joined.T, dtype=np.float64)

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        """Let numbers and gradients be, at the end, what they were."""
        kept = [(tensor, tensor.data, tensor.grad) for tensor in self.tensors]
        try:
            yield
        finally:
            for tensor, data, gradient in kept:
                tensor.data, tensor.grad = data, gradient

    def _split(self, numbers: Array) -> Iterator[tuple[Tensor, Array]]:
        first = 0
        for tensor, shape in zip(self.tensors, self._shapes, strict=True):
            end = first + int(np.prod(shape, dtype=int))
            yield tensor, np.array(numbers[first:end], dtype=tensor.dtype).reshape(shape)
            first = end


def grad_of(tensor: Tensor) -> Array:
    """Return the gradient, 0 where the tensor was not used."""
    gradient = tensor.grad
    return np.zeros(tensor.shape, tensor.dtype) if gradient is None else gradient


def checked_unknowns(parameters: Any) -> list[Tensor]:
    """Return a list of tensors that can be moved."""
    is_list = isinstance(parameters, (list, tuple))
    if not is_list or not all(isinstance(one, Tensor) for one in parameters):
        raise TypeError(f"parameters must be a list of tensors, got {parameters!r}")
    for index, one in enumerate(parameters):
        name = f"parameters[{index}]"
        if one.operation or not one.requires_grad:
            raise ValueError(f"{name} must not be calculated, and require a gradient, got {one!r}")
        if not np.isfinite(one.data).all():
            raise ValueError(f"{name} must be finite, got {one!r}")
        if any(one is other for other in parameters[:index]):
            raise ValueError(f"{name} must be new, got the same tensor again")
    return list(parameters)
