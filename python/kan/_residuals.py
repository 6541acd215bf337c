"""Conditions on the jets of a model, and the sum of squares that they make together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ._architecture import Core
from ._arrays import Array
from ._jet import MOST_ORDER, Jet, MissingDerivative, core_jets, places_of
from ._tensor import Tensor, no_grad

__all__ = ["Condition", "SquareSum"]

Residual = Callable[[Array, Jet], Any]


class Condition:
    """A residual that should vanish at some points.

    `given` are the points with all columns of the caller, (N, n_in), and `points` those that the
    network takes. `order` is the highest derivative that the residual uses.
    """

    def __init__(
        self, residual: Residual, weight: float, name: str, given: Array, points: Array
    ) -> None:
        self.residual, self.weight, self.name = residual, weight, name
        self.order = 0
        self._jets: Any = None
        self.move(given, points)

    def move(self, given: Array, points: Array) -> None:
        """Take other points."""
        self.given, self.points = given, points

    def jets_of(self, network: Core) -> Any:
        """Return the core's jets of a network, kept between calls."""
        if self._jets is None or self._jets[0] is not network:
            self._jets = (network, core_jets(network, self.order))
        return self._jets[1]

    def find_order(self, network: Core, columns: list[int]) -> None:
        """Find which derivatives the residual uses, by calling it."""
        while True:
            try:
                with no_grad():
                    self.residuals(self.numbers(network, None), columns)
                return
            except MissingDerivative as error:
                if error.needed > MOST_ORDER:
                    raise
                self.order, self._jets = error.needed, None

    def numbers(self, network: Core, parameters: Array | None) -> Tensor:
        """Return the jets (places, N, n_out) as a tensor that gets a gradient."""
        return Tensor(self.jets_of(network).jets(self.points, parameters))

    def residuals(self, numbers: Tensor, columns: list[int]) -> list[Tensor]:
        """Return the residuals, (N,) each, at jets."""
        places = places_of(self._jets[1], columns)
        result = self.residual(self.given, Jet(numbers, places, self.given.shape[1]))
        listed = list(result) if isinstance(result, (list, tuple)) else [result]
        return [part for one in listed for part in self._parts(one)]

    def _parts(self, one: Any) -> Iterator[Tensor]:
        count = len(self.given)
        if not isinstance(one, Tensor):
            raise TypeError(
                f"the residual of {self.name!r} must return a tensor made of u, "
                f"got {type(one).__name__}"
            )
        if one.shape == (count,):
            yield one
        elif one.ndim == 2 and len(one) == count and one.shape[1] != count:
            yield from (one[:, column] for column in range(one.shape[1]))
        else:
            raise ValueError(
                f"the residual of {self.name!r} must have shape ({count},) or ({count}, n), got "
                f"{one.shape}: u.value and x[:, i] have shape ({count},)"
            )


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
        self.unknowns = unknowns
        self.columns = columns
        self._shapes = [one.shape for one in unknowns]

    @property
    def unknown_count(self) -> int:
        """How many numbers the unknowns are."""
        return sum(one.size for one in self.unknowns)

    def parameters(self) -> Array:
        """Return the flat parameters where network and unknowns are."""
        own = self.network.parameters()
        return np.concatenate([own, *(np.ravel(one.data) for one in self.unknowns)]).astype(
            own.dtype
        )

    def set_parameters(self, flat: Array) -> None:
        """Move network and unknowns."""
        self.network.set_parameters(np.ascontiguousarray(flat[: self.network.parameter_count]))
        self._set_unknowns(flat)

    def parts(self, flat: Array) -> list[float]:
        """Return each condition's mean residual^2."""
        own = self._split(flat)
        with no_grad():
            return [
                sum(float(np.mean(np.square(one.data, dtype=np.float64))) for one in residuals)
                for _, residuals in self._all(own)
            ]

    def value(self, flat: Array) -> float:
        """Return the sum."""
        parts = zip(self.conditions, self.parts(flat), strict=True)
        return sum(condition.weight * part for condition, part in parts)

    def value_and_gradient(self, flat: Array) -> tuple[float, Array]:
        """Return the sum and its gradient (P + unknowns,), 0 for what does not train."""
        own = self._split(flat)
        value, gradient = 0.0, np.zeros_like(flat)
        of_network = gradient[: self.network.parameter_count]
        for condition in self.conditions:
            numbers = condition.numbers(self.network, own)
            residuals = condition.residuals(numbers, self.columns)
            for unknown in self.unknowns:
                unknown.grad = None
            total = sum(((one * one).mean() for one in residuals[1:]), (residuals[0] ** 2).mean())
            loss = condition.weight * total
            loss.backward()
            value += loss.item()
            jets = condition.jets_of(self.network)
            seeds = np.ascontiguousarray(_grad_of(numbers))
            of_network += jets.pullback(condition.points, seeds, own)[0]
            gradient[len(own) :] += self._unknown_gradient()
        of_network *= self.network.trainable()
        return value, gradient

    def linearised(self, flat: Array) -> list[tuple[Any, ...]]:
        """Return what the core needs to know of every residual for a quadratic model."""
        own = self._split(flat)
        return [
            row for condition in self.conditions for row in self._linear_rows(condition, own, flat)
        ]

    def _linear_rows(
        self, condition: Condition, own: Array, flat: Array
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of one condition: each residual has its own way back."""
        rows = len(condition.points)
        weight = condition.weight / rows
        jets = condition.jets_of(self.network)
        numbers = condition.numbers(self.network, own)
        place, count = 0, 1
        try:
            while place < count:
                self._spread_unknowns(flat, rows)
                residuals = condition.residuals(numbers, self.columns)
                count, one = len(residuals), residuals[place]
                numbers.grad = None
                one.backward(np.ones(one.shape, one.dtype))
                seeds = np.ascontiguousarray(_grad_of(numbers))
                values = np.asarray(one.data, dtype=np.float64)
                yield jets, condition.points, values, seeds, self._unknown_rows(rows), weight
                place += 1
        finally:
            self._set_unknowns(flat)

    def check_unknowns(self) -> None:
        """Raise unless unknowns enter every residual point by point."""
        flat = self.parameters()
        for condition in self.conditions:
            with no_grad():
                numbers = condition.numbers(self.network, None)
                plain = [one.data for one in condition.residuals(numbers, self.columns)]
                try:
                    self._spread_unknowns(flat, len(condition.points))
                    spread = [one.data for one in condition.residuals(numbers, self.columns)]
                except ValueError:
                    spread = []
                finally:
                    self._set_unknowns(flat)
            if len(spread) != len(plain) or not all(map(np.allclose, plain, spread)):
                raise ValueError(
                    f"opt='LM' needs residuals in which the unknown numbers stand as factors or "
                    f"terms at every point, which {condition.name!r} does not: use opt='LBFGS'"
                )

    def _all(self, own: Array) -> Iterator[tuple[Condition, list[Tensor]]]:
        for condition in self.conditions:
            numbers = condition.numbers(self.network, own)
            yield condition, condition.residuals(numbers, self.columns)

    def _split(self, flat: Array) -> Array:
        """Move the unknowns, and return the parameters of the network."""
        self._set_unknowns(flat)
        return np.ascontiguousarray(flat[: self.network.parameter_count])

    def _set_unknowns(self, flat: Array) -> None:
        for unknown, values in self._unknown_values(flat):
            unknown.data = values
            unknown.grad = None

    def _spread_unknowns(self, flat: Array, rows: int) -> None:
        """Give each unknown a copy for every point, (..., rows), so that it has its own gradient."""
        for unknown, values in self._unknown_values(flat):
            unknown.data = np.repeat(values[..., np.newaxis], rows, axis=-1)
            unknown.grad = None

    def _unknown_values(self, flat: Array) -> Iterator[tuple[Tensor, Array]]:
        first = self.network.parameter_count
        for unknown, shape in zip(self.unknowns, self._shapes, strict=True):
            end = first + int(np.prod(shape, dtype=int))
            yield unknown, np.array(flat[first:end]).reshape(shape)
            first = end

    def _unknown_gradient(self) -> Array:
        parts = [np.ravel(_grad_of(one)) for one in self.unknowns]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _unknown_rows(self, rows: int) -> Array:
        parts = [_grad_of(one).reshape(-1, rows) for one in self.unknowns]
        joined = np.concatenate(parts) if parts else np.zeros((0, rows))
        return np.ascontiguousarray(joined.T, dtype=np.float64)


def _grad_of(tensor: Tensor) -> Array:
    """Return the gradient, 0 where the tensor was not used."""
    gradient = tensor.grad
    return np.zeros(tensor.shape, tensor.dtype) if gradient is None else gradient
