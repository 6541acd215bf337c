"""Jets: what a model gives, with its derivatives along the inputs, as tensors."""

from __future__ import annotations

import operator
from itertools import permutations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _core
from ._architecture import integer
from ._arrays import Array
from ._differences import central_difference
from ._differentiable import Differentiable, gathered, holds_tensor, like
from ._domain import grid_ends
from ._tensor import Tensor, operation

__all__ = ["MOST_ORDER", "Jet", "Jetted", "MissingDerivative", "core_jets", "places_of"]

# Highest derivative along the inputs.
MOST_ORDER = 3

# Most inputs of a network whose second derivatives come from jets, and most numbers of a jet:
# memory grows with the numbers times the inputs.
MOST_INPUTS, MOST_PLACES = 32, 4096


class MissingDerivative(ValueError):
    """A derivative of higher order than the jet has, but not than jets can have."""

    def __init__(self, needed: int, order: int) -> None:
        super().__init__(
            f"a derivative of order {needed} needs order={needed} or more, the jet has {order}"
        )
        self.needed = needed


class Jet:
    """Values of a function of several variables with their partial derivatives.

    Made by :meth:`kan.KAN.jet`. Of a model with one output, `value` and `d` have shape (N,); with
    several, (N, n_out), and ``u[j]`` is the jet of output j, again with (N,).
    """

    def __init__(
        self,
        numbers: Tensor,
        places: dict[tuple[int, ...], int],
        inputs: int,
        output: int | None = None,
    ) -> None:
        self._numbers = numbers  # (places, N, n_out)
        self._places = places
        self._inputs = inputs
        self._output = 0 if output is None and numbers.shape[2] == 1 else output

    @property
    def order(self) -> int:
        """The highest derivative that is there."""
        return max(map(len, self._places))

    @property
    def value(self) -> Tensor:
        """The values."""
        return self._at(0)

    def d(self, *inputs: int) -> Tensor:
        """Return a partial derivative: ``u.d(0)`` is u_x, ``u.d(0, 1)`` u_xy for inputs x, y.

        Parameters
        ----------
        *inputs : int
            The inputs along which is differentiated, in any order.

        Raises
        ------
        TypeError
            If an input is no integer.
        IndexError
            If there is no such input.
        ValueError
            If the jet has no derivatives of this order.
        """
        chosen = tuple(sorted(_place(one, "input", self._inputs) for one in inputs))
        if len(chosen) > MOST_ORDER:
            raise ValueError(
                f"a jet has derivatives up to order {MOST_ORDER}, got one of order {len(chosen)}"
            )
        if len(chosen) > self.order:
            raise MissingDerivative(len(chosen), self.order)
        if chosen in self._places:
            return self._at(self._places[chosen])
        return 0.0 * self.value  # along an input that the network leaves out

    def __getitem__(self, output: int) -> Jet:
        outputs = self._numbers.shape[2]
        if self._output is not None and outputs > 1:
            raise IndexError(f"this is the jet of output {self._output} alone, got [{output!r}]")
        chosen = _place(output, "output", outputs)
        return Jet(self._numbers, self._places, self._inputs, chosen)

    def _at(self, place: int) -> Tensor:
        if self._output is None:
            return self._numbers[place]
        return self._numbers[place, :, self._output]

    def __repr__(self) -> str:
        shape = tuple(self.value.shape)
        return f"Jet(order={self.order}, inputs={self._inputs}, value of shape {shape})"


class Jetted(Differentiable):
    """Exact derivatives of a model along its inputs."""

    def jet(self, x: ArrayLike | Tensor, order: int = 2) -> Jet:
        """Return the outputs with all their partial derivatives up to an order.

        All come from one pass through the network, by the chain rule in every layer. They are
        tensors whose gradients reach :meth:`parameters`, and x if it is a tensor.

        Parameters
        ----------
        x : array-like or Tensor
            Points, shape (N, n_in).
        order : int, default 2
            Highest derivative, 0 to 3.

        Returns
        -------
        Jet
            ``u.value``, ``u.d(0)``, ``u.d(0, 1)``, ...

        Raises
        ------
        TypeError, ValueError
            If x or the order do not fit, or if x is not finite.

        Notes
        -----
        Splines of degree k have k - 1 continuous derivatives: for second derivatives without
        jumps take k of 3 and more, and k of 4 where they are differentiated again, as residuals
        of second order are.

        References
        ----------
        Constantine and Savits, Trans. AMS 348 (1996) 503-520, for the chain rule.
        """
        order = integer(order, "order", 0, MOST_ORDER)
        given = x if isinstance(x, Tensor) else gathered(x) if holds_tensor(x) else None
        if isinstance(given, list):
            raise ValueError(f"x must have shape (N, {self._given_inputs}), got one row")
        points = self._inputs(x if given is None else given.data, "x")
        network, leaves = self._learnt
        core = core_jets(network, order)

        def pull(gradient: Any) -> list[Any]:
            flat, by_columns = core.pullback(points, np.ascontiguousarray(gradient))
            own = like(leaves, flat * network.trainable())
            if given is None:
                return own
            return [self._on_all_columns(by_columns), *own]

        parents = [*([] if given is None else [given]), *leaves]
        numbers = operation("KAN", core.jets(points), parents, pull, self._learnt)
        return Jet(numbers, places_of(core, self._columns), self._given_inputs)

    def jacobian(self, X: ArrayLike) -> Array:
        """Return the derivatives of the outputs along the inputs, (N, n_out, n_in)."""
        return self._slopes(self._inputs(X))

    def hessian(self, X: ArrayLike) -> Array:
        """Return the second derivatives of the outputs along the inputs, (N, n_out, n_in, n_in).

        For networks of more than 32 inputs they are central differences of exact first ones.
        """
        points = self._inputs(X)
        if points.shape[1] <= MOST_INPUTS:
            return self._derivative_array(points, 2)
        low, high = grid_ends(self._network)
        steps = np.finfo(points.dtype).eps ** (1 / 3) * (high - low) / 2
        count = self._given_inputs
        shape = (len(points), self._network.layers[-1].nodes, count, count)
        result = np.zeros(shape, points.dtype)
        for own, (column, step) in enumerate(zip(self._columns, steps, strict=True)):
            result[..., column] = central_difference(self._slopes, points, own, step)
        symmetric: Array = (result + np.swapaxes(result, 2, 3)) / 2
        return symmetric

    def _slopes(self, points: Array, outputs: int | None = None) -> Array:
        """Return the derivatives of the first outputs, (N, outputs, n_in): of all for None.

        Jets take a pass for each input, the way back one for each output.
        """
        count = self._network.layers[-1].nodes
        if self._network.layers[0].inputs <= min(count, MOST_PLACES - 1):
            return self._derivative_array(points, 1)[:, :outputs]
        wanted = range(count if outputs is None else outputs)
        return np.stack([self._slope(points, output) for output in wanted], axis=1)

    def _slope(self, points: Array, output: int) -> Array:
        seeds = np.zeros((len(points), self._network.layers[-1].nodes), points.dtype)
        seeds[:, output] = 1.0
        return self._on_all_columns(_core.pullback(self._network, points, seeds)[1])

    def _derivative_array(self, points: Array, order: int) -> Array:
        core = core_jets(self._network, order)
        jets = core.jets(points)
        result = np.zeros((*jets.shape[1:], *[self._given_inputs] * order), jets.dtype)
        for place, inputs in enumerate(core.derivatives):
            if len(inputs) == order:
                for along in permutations([self._columns[one] for one in inputs]):
                    index = (..., *along)
                    result[index] = jets[place]
        return result


def _place(value: Any, name: str, count: int) -> int:
    """Return `value` as an int in 0..count-1."""
    try:
        place = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    if not 0 <= place < count:
        raise IndexError(f"{name} must be in 0..{count - 1}, got {place}")
    return place


def core_jets(network: Any, order: int) -> Any:
    """Return the core's evaluator of jets.

    Raises
    ------
    ValueError
        If they have too many numbers.
    """
    inputs = network.layers[0].inputs
    places = comb(inputs + order, order)
    if places > MOST_PLACES:
        raise ValueError(
            f"a jet of order {order} along {inputs} inputs has {places} numbers, at most "
            f"{MOST_PLACES} are possible: jacobian() and hessian() work for more inputs"
        )
    kind = _core.Jets32 if network.dtype == "float32" else _core.Jets64
    return kind(network, order)


def places_of(core: Any, columns: list[int]) -> dict[tuple[int, ...], int]:
    """Return where each derivative along columns of X is among the core's."""
    return {
        tuple(sorted(columns[i] for i in one)): place for place, one in enumerate(core.derivatives)
    }
