"""A condition on the jets of a model: a residual that should vanish at some points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ._architecture import Core
from ._arrays import Array
from ._jet import Jet, MissingDerivative, core_jets, places_of
from ._tensor import Tensor
from ._tensor_graph import leaves_of, with_grad

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

    def find_order(self, network: Core, columns: list[int], known: Sequence[Tensor]) -> None:
        """Find which derivatives the residual uses, by calling it.

        Raises if the splines of the network do not have them, or if the residual depends on
        anything that might move but jets and the `known` tensors.
        """
        while True:
            try:
                numbers = self.numbers(network, None)
                with with_grad():
                    residuals = self.residuals(numbers, columns)
                break
            except MissingDerivative as error:
                self.order, self._jets = error.needed, None
        if not residuals or not all(one.requires_grad for one in residuals):
            raise ValueError(
                f"the residual of {self.name!r} must depend on u, or on parameters of the problem"
            )
        self._require_smooth(network)
        self._require_known(residuals, [numbers, *known])

    def _require_smooth(self, network: Core) -> None:
        splines = [layer for at, layer in enumerate(network.layers) if network.edge_mask(at).any()]
        degree = min((layer.degree for layer in splines), default=self.order)
        if degree < self.order:
            raise ValueError(
                f"the residual of {self.name!r} has derivatives of order {self.order}, which "
                f"splines of degree {degree} do not have: take a model with k={self.order + 2}"
            )

    def _require_known(self, residuals: list[Tensor], known: list[Tensor]) -> None:
        for leaf in leaves_of(residuals):
            if not any(leaf is one for one in known):
                raise ValueError(
                    f"the residual of {self.name!r} depends on {leaf!r}, which the problem does "
                    "not know: Problem(model, parameters=[...]) finds it, detach() keeps it fixed"
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
