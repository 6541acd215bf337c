"""Derivatives of any order of a function along its inputs, by differences of its gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._arrays import Array, real_numbers
from ._containers import as_plain, given_back, library_of
from ._derivatives import batch_jacobian
from ._torch_graph import is_tensor

__all__ = ["LEAST_GRADIENT", "ScalarFunction", "typical"]

Field = Callable[[Array], Array]

# Gradients smaller than this share of typical ones tell nothing.
LEAST_GRADIENT = 1e-6


class ScalarFunction:
    """A function of rows x (N, n_in) with one output, and its derivatives around given inputs.

    Gradients are those of `batch_jacobian`. Further derivatives are five-point differences with
    steps of ``eps ** (1/5)`` standard deviations of the inputs, near the best for them; what each
    costs in accuracy is a factor of about ``eps ** (1/5)``.
    """

    def __init__(self, model: Callable[[Any], Any], x: Any) -> None:
        points = real_numbers(as_plain(x), "x")
        if points.ndim != 2 or not points.size:
            raise ValueError(f"x must have shape (N, n_in), got {points.shape}")
        if not callable(model):
            raise TypeError(f"model must be a function or a model, got {model!r}")
        self.model = model
        self.x: Array = points.astype(np.float64)
        self.example = _example(x)
        self.count = self.x.shape[1]
        values = real_numbers(as_plain(model(self._given(self.x))), "what the model returns")
        if values.shape not in ((len(points),), (len(points), 1)):
            raise ValueError(
                f"model must return one output, shape ({len(points)}, 1), got {values.shape}: "
                "choose one, as in lambda x: model(x)[:, [0]]"
            )
        finite = values[np.isfinite(values)]
        self.unit = (float(finite.std()) if finite.size else 0.0) or 1.0
        self.deviation = _spread(self.x)
        step = np.finfo(self.gradient(self.x).dtype).eps ** (1 / 5)
        self.steps = step * np.where(self.deviation > 0, self.deviation, 1.0)

    def _given(self, at: Array) -> Any:
        return given_back(at, self.example)

    def values(self, at: Array) -> Array:
        """Return the values (N,)."""
        result: Array = np.asarray(as_plain(self.model(self._given(at)))).reshape(len(at))
        return result

    def gradient(self, at: Array) -> Array:
        """Return the gradients (N, n_in)."""
        return np.asarray(as_plain(batch_jacobian(self.model, self._given(at))))

    def logarithmic_gradient(self, bias: float) -> Field:
        """Return the function that gives gradients of log |f + bias|."""
        return lambda at: self.gradient(at) / (self.values(at) + bias)[:, np.newaxis]

    def along(self, field: Field, i: int) -> Field:
        """Return the function that gives the derivatives along input i of what `field` gives."""

        @np.errstate(all="ignore")  # rows that are not finite do not count
        def derivative(at: Array) -> Array:
            def shifted(steps: int) -> Array:
                moved = at.copy()
                moved[:, i] += steps * self.steps[i]
                return field(moved)

            near, far = shifted(1) - shifted(-1), shifted(2) - shifted(-2)
            result: Array = (8 * near - far) / (12 * self.steps[i])
            return result

        return derivative

    def hessian(self, gradient: Field) -> Array:
        """Return the derivatives (N, n_in, n_in) of a gradient along all inputs, at x."""
        return np.stack([self.along(gradient, i)(self.x) for i in range(self.count)], axis=2)


def _example(x: Any) -> Any:
    """Return a tensor of the kind that the function takes, or None for arrays.

    Modules of torch want their own precision; other tensors are differentiated in double.
    """
    if library_of(x) is None:
        return None
    return x if is_tensor(x) else x.double()


def typical(values: Array) -> Array:
    """Return the medians over the rows of absolute values, without rows that are not finite."""
    finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if not finite.any():
        raise ValueError("model must be finite and smooth around some rows of x")
    medians: Array = np.median(np.abs(values[finite]), axis=0)
    return medians


def _spread(x: Array) -> Array:
    spread: Array = x.std(axis=0, ddof=1) if len(x) > 1 else np.zeros(x.shape[1])
    return spread
