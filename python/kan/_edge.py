"""One edge of a network, to look at and to take away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from . import _core
from ._architecture import Core, integer
from ._arrays import Array, as_matrix, real_numbers

if TYPE_CHECKING:
    from scipy.interpolate import BSpline

__all__ = ["Edge", "edge_of", "position"]


@dataclass(frozen=True, eq=False)
class Edge:
    """The function phi(x) = base_weight * b(x) + sum_m coefficients[m] * B_m(x) of one edge.

    Attributes
    ----------
    layer, source, target : int
        From input `source` of the layer to its sum `target`.
    knots : ndarray
        G + 1 grid points with k ghost knots on each side, (G + 1 + 2k,).
    coefficients : ndarray
        (G + k,).
    base_weight : float
        Weight of the base function.
    base : str
        Name of the base function b: ``"silu"``, ``"identity"`` or ``"zero"``.
    degree : int
        Degree k.
    extrapolation : str
        What the spline does outside the grid.

    A copy: changing its arrays changes no model. Calling the edge evaluates it.
    """

    layer: int
    source: int
    target: int
    knots: Array
    coefficients: Array
    base_weight: float
    base: str
    degree: int
    extrapolation: str

    @property
    def intervals(self) -> int:
        """Number G of grid intervals."""
        return int(self.knots.size - 1 - 2 * self.degree)

    def __call__(self, x: ArrayLike) -> Array:
        """Evaluate the edge at points of any shape; the result has the same shape."""
        points = real_numbers(x, "x")
        dtype = str(self.knots.dtype)
        column = as_matrix(points.reshape(-1, 1), "x", 1, dtype)
        values: Array = _core.predict(self._network(), column)
        return values.reshape(points.shape)

    def to_scipy(self) -> BSpline:
        """Return the spline part as a SciPy ``BSpline`` (needs SciPy); equal inside the grid."""
        try:
            from scipy.interpolate import BSpline
        except ImportError as error:
            raise ImportError("to_scipy() needs SciPy: pip install scipy") from error
        return BSpline(self.knots.copy(), self.coefficients.copy(), self.degree)

    def _network(self) -> Core:
        kind = _core.Network32 if self.knots.dtype == np.float32 else _core.Network64
        network = kind(
            [_core.Layer(1, 1, [], self.intervals, self.degree)],
            getattr(_core.Base, self.base),
            getattr(_core.Extrapolation, self.extrapolation),
            False,
        )
        network.set_knots(0, self.knots[np.newaxis])
        network.coefficients(0)[0, :-1, 0] = self.coefficients
        network.coefficients(0)[0, -1, 0] = self.base_weight
        return network

    def __repr__(self) -> str:
        return (
            f"Edge({self.layer}, {self.source}, {self.target}; grid={self.intervals}, "
            f"k={self.degree}, base_weight={self.base_weight:.4g})"
        )


def edge_of(network: Core, layer: Any, source: Any, target: Any) -> Edge:
    """Return edge (l, i, j) of a network, j counting the sums of the layer."""
    layers = network.layers
    index = position(layer, "l", len(layers))
    shape = layers[index]
    i = position(source, "i", shape.inputs)
    j = position(target, "j", shape.subnodes)
    weights = network.coefficients(index)[i, :, j].copy()
    return Edge(
        index,
        i,
        j,
        network.knots(index)[i],
        weights[:-1],
        float(weights[-1]),
        network.base.name,
        shape.degree,
        network.extrapolation.name,
    )


def position(value: Any, name: str, count: int) -> int:
    """Return `value` as an index of `count` things, counted from the end if it is negative."""
    try:
        place = integer(value, name, -(2**63))
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    if not -count <= place < count:
        raise IndexError(f"{name} must be in 0..{count - 1}, got {place}")
    return place % count
