"""The sum of squares that the conditions of a problem make together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ._architecture import Core
from ._arrays import Array
from ._condition import Condition
from ._tensor import Tensor, no_grad
from ._unknowns import Unknowns, grad_of

__all__ = ["SquareSum"]


class SquareSum:
    """sum over conditions of weight * mean residual^2, at parameters of a network and unknowns.

    The flat parameters are those of the network (P,), and behind them those of the unknowns.
    """

    def __init__(
        self,
        network: Core,
        conditions: Sequence[Condition],
        unknowns: Sequence[Tensor],
        columns: list[int],
    ) -> None:
        self.network = network
        self.conditions = conditions
        self.unknowns = Unknowns(unknowns)
        self.columns = columns

    def parameters(self) -> Array:
        """Return the flat parameters where network and unknowns are."""
        own = self.network.parameters()
        return np.concatenate([own, self.unknowns.numbers()]).astype(own.dtype)

    def set_parameters(self, flat: Array) -> None:
        """Move network and unknowns."""
        self.network.set_parameters(self._move_unknowns(flat))

    def residuals(self, flat: Array | None = None) -> list[list[Array]]:
        """Return the residuals of each condition, (N,) each; without `flat` as it all stands."""
        own = None if flat is None else self._move_unknowns(flat)
        with no_grad():
            return [
                [one.numpy() for one in condition.residuals(numbers, self.columns)]
                for condition in self.conditions
                for numbers in [condition.numbers(self.network, own)]
            ]

    def parts(self, flat: Array | None = None) -> list[float]:
        """Return each condition's mean residual^2."""
        return [
            sum(float(np.mean(np.square(one, dtype=np.float64))) for one in residuals)
            for residuals in self.residuals(flat)
        ]

    def value(self, flat: Array | None = None) -> float:
        """Return the sum."""
        parts = zip(self.conditions, self.parts(flat), strict=True)
        return sum(condition.weight * part for condition, part in parts)

    def value_and_gradient(self, flat: Array) -> tuple[float, Array]:
        """Return the sum and its gradient (P + unknowns,), 0 for what does not train."""
        own = self._move_unknowns(flat)
        value, gradient = 0.0, np.zeros_like(flat)
        of_network = gradient[: len(own)]
        for condition in self.conditions:
            numbers = condition.numbers(self.network, own)
            first, *others = condition.residuals(numbers, self.columns)
            total = sum(((one * one).mean() for one in others), (first * first).mean())
            loss = condition.weight * total
            loss.backward()
            value += loss.item()
            jets = condition.jets_of(self.network)
            seeds = np.ascontiguousarray(grad_of(numbers))
            of_network += jets.pullback(condition.points, seeds, own)[0]
        of_network *= self.network.trainable()
        gradient[len(own) :] = self.unknowns.gradient()
        return value, gradient

    def linearised(self, flat: Array) -> list[tuple[Any, ...]]:
        """Return what the core needs to know of every residual for a quadratic model."""
        own = self._move_unknowns(flat)
        return [
            row for condition in self.conditions for row in self._linear_rows(condition, own, flat)
        ]

    def _linear_rows(
        self, condition: Condition, own: Array, flat: Array
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of one condition: each residual has its own way back."""
        rows = len(condition.points)
        jets, numbers = condition.jets_of(self.network), condition.numbers(self.network, own)
        place, count = 0, 1
        try:
            while place < count:
                self.unknowns.spread(flat[len(own) :], rows)
                residuals = condition.residuals(numbers, self.columns)
                count, one = len(residuals), residuals[place]
                values = np.ascontiguousarray(one.data, dtype=np.float64)
                seeds, of_unknowns = self._slopes(one, numbers, np.ones(rows))
                yield jets, condition.points, values, seeds, of_unknowns, condition.weight / rows
                place += 1
        finally:
            self.unknowns.move(flat[len(own) :])

    def _slopes(self, residual: Tensor, numbers: Tensor, factors: Array) -> tuple[Array, Array]:
        """Return the derivatives of sum(factors * residual) by the jets and by spread unknowns."""
        numbers.grad = None
        residual.backward(factors)
        seeds = np.ascontiguousarray(grad_of(numbers))
        return seeds, self.unknowns.gradients_of_points(len(factors))

    def require_pointwise(self) -> None:
        """Raise unless residuals at a point depend on jets and unknowns there alone."""
        unknowns = self.unknowns.numbers()
        for condition in self.conditions:
            condition.residuals(condition.numbers(self.network, None), self.columns)
            cause: Exception | None = None
            try:
                with self.unknowns.borrowed():
                    pointwise = self._is_pointwise(condition, unknowns)
            except (IndexError, TypeError, ValueError) as error:  # unknowns had another shape
                pointwise, cause = False, error
            if not pointwise:
                raise ValueError(
                    f"opt='LM' needs residuals that treat every point alone, unknown numbers as "
                    f"factors or terms there, which {condition.name!r} does not: use opt='LBFGS'"
                ) from cause

    def _is_pointwise(self, condition: Condition, unknowns: Array) -> bool:
        """Whether derivatives at a point scale with what goes back into the residual there."""
        factors = np.linspace(1.0, 2.0, len(condition.points))
        numbers = condition.numbers(self.network, None)
        for place, plain in enumerate(condition.residuals(numbers, self.columns)):
            found = []
            for own in (np.ones_like(factors), factors):
                self.unknowns.spread(unknowns, len(factors))
                one = condition.residuals(numbers, self.columns)[place]
                found.append(self._slopes(one, numbers, own))
            self.unknowns.move(unknowns)
            pairs = [
                (even * factors[:, np.newaxis], scaled) for even, scaled in zip(*found, strict=True)
            ]
            tolerance = np.sqrt(np.finfo(numbers.dtype).eps)
            if not all(_agree(*pair, tolerance) for pair in [(plain.data, one.data), *pairs]):
                return False
        return True

    def _move_unknowns(self, flat: Array) -> Array:
        """Move the unknowns, and return the parameters of the network."""
        first = self.network.parameter_count
        self.unknowns.move(flat[first:])
        return np.ascontiguousarray(flat[:first])


def _agree(one: Array, other: Array, tolerance: float) -> bool:
    """Whether arrays are equal where they are finite, up to a share of the largest entry."""
    if one.shape != other.shape:
        return False
    finite = np.isfinite(one) & np.isfinite(other)
    largest = np.abs(one[finite]).max(initial=0.0)
    return bool((np.abs(one - other)[finite] <= tolerance * largest).all())
