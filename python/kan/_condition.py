"""A condition on the jets of a model: a residual that should vanish at some points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ._architecture import Core
from ._arrays import Array
from ._jet import Jet, MissingDerivative, core_jets, places_of
from ._tensor import Tensor

__all__ = ["Condition", "Residual"]

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
                residuals = self.residuals(self.numbers(network, None), columns)
                break
            except MissingDerivative as error:
                self.order, self._jets = error.needed, None
        if not residuals or not all(one.requires_grad for one in residuals):
            raise ValueError(
                f"the residual of {self.name!r} must depend on u, or on parameters of the problem"
            )

    def numbers(self, network: Core, parameters: Array | None) -> Tensor:
        """Return the jets (places, N, n_out) as a tensor that gets a gradient."""
        return Tensor(self.jets_of(network).jets(self.points, parameters))

    def residuals(self, numbers: Tensor, columns: list[int]) -> list[Tensor]:
        """Return the residuals, (N,) each, at jets."""
        places = places_of(self._jets[1], columns)
        result = self.residual(self.given, Jet(numbers, places, self.given.shape[1]))
        listed = list(result) if isinstance(result, (list, tuple)) else [result]
        return [part for one in listed for part in self._parts(one, numbers.shape[2])]

    def _parts(self, one: Any, outputs: int) -> Iterator[Tensor]:
        count = len(self.given)
        if not isinstance(one, Tensor):
            raise TypeError(
                f"the residual of {self.name!r} must return a tensor made of u, "
                f"got {type(one).__name__}"
            )
        # As many columns as rows are mostly a column that met a row by mistake.
        is_square = one.shape == (count, count) and count not in (1, outputs)
        if one.shape == (count,):
            yield one
        elif one.ndim == 2 and len(one) == count and not is_square:
            yield from (one[:, column] for column in range(one.shape[1]))
        else:
            raise ValueError(
                f"the residual of {self.name!r} must have shape ({count},) or ({count}, n), got "
                f"{one.shape}: u.value and x[:, i] have shape ({count},)"
            )
