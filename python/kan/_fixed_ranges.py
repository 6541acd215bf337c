"""What edges give between the numbers that are held, and how far they move with their input.

Between two neighbouring points at distance h an edge is a smooth function g, on which |g''| <= M,
plus one that only rises or only falls. The first is within M h^2 / 8 of its chord, the second
between its ends. Knots and turns are points too, and where there may be a jump those just before
and behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array
from ._fixed_bends import bend_of, is_smooth, turns_of
from ._networks import grid_points, with_layer
from ._piecewise import piecewise

__all__ = ["Alone", "Ranges", "inputs_alone", "ranges"]

SILU_BENDS = 0.5  # sup |silu''|, at 0


@dataclass(frozen=True)
class Alone:
    """Input i of a layer as a network of its own: the edges that lead to the sums `ends`."""

    i: int
    ends: list[int]
    network: Core
    scale: Array  # (n,), which the edges' affines multiply by

    def values(self, x: Array) -> Array:
        """Return what the edges give at points (P,), as (P, n)."""
        return _values(self.network, x) * self.scale


@dataclass(frozen=True)
class Ranges:
    """Of n edges: the least and the most, and how far they move as their input does."""

    least: Array  # (n,)
    most: Array
    moved: Array


def inputs_alone(network: Core, index: int, scale: Array) -> Iterator[Alone]:
    """Yield the inputs of a layer that have edges, in double precision."""
    layer = network.layers[index]
    weights = network.coefficients(index).astype(np.float64)
    mask = network.edge_mask(index)
    for i in range(layer.inputs):
        own = [n for n, edge in enumerate(layer.symbolic) if edge.input == i]
        ends = [layer.symbolic[n].sum for n in own]
        live = sorted({*(int(j) for j in np.flatnonzero(mask[i])), *ends})
        if not live:
            continue
        functions = [
            _core.SymbolicEdge(0, live.index(edge.sum), edge.function, edge.table)
            for edge in (layer.symbolic[n] for n in own)
        ]
        shape = with_layer(layer, inputs=1, sums=len(live), arities=[], symbolic=functions)
        alone = _core.Network64([shape], network.base, network.extrapolation, False, network.tables)
        alone.set_knots(0, network.knots(index)[i : i + 1].astype(np.float64))
        alone.coefficients(0)[0] = weights[i][:, live]
        if own:
            alone.symbolic(0)[:] = network.symbolic(index)[own].astype(np.float64)
        yield Alone(i, live, alone, scale[live])


def ranges(alone: Alone, x: Array, unit: float, error: float) -> Ranges:
    """Return the ranges over all inputs within x (P,), `unit` apart, which are off by `error`.

    Without an error the inputs are those of x, and nothing between.
    """
    if error == 0.0:
        at = alone.values(x)
        return Ranges(at.min(axis=0), at.max(axis=0), np.zeros(len(alone.ends)))
    points = _points(alone.network, x)
    first = np.searchsorted(points, x)
    smooth, steps = (values * alone.scale for values in _parts(alone.network, points))
    chords = np.diff(smooth, axis=0)
    length = np.diff(points)[:, np.newaxis]
    sag = _bends(alone.network, points) * np.abs(alone.scale) * length**2 / 8
    least, most = (
        reduced.reduceat(ends(smooth) + ends(steps) + sign * sag, first[:-1])
        for reduced, ends, sign in ((np.minimum, _lower, -1), (np.maximum, _upper, 1))
    )
    at = (smooth + steps)[first]
    cells = int(min(np.ceil(error / unit), len(x)))
    above = _slid(np.maximum, np.pad(most, ((cells,) * 2, (0, 0)), constant_values=-np.inf), cells)
    below = _slid(np.minimum, np.pad(least, ((cells,) * 2, (0, 0)), constant_values=np.inf), cells)
    moved = np.maximum(above - at, at - below).max(axis=0)
    steepest = ((np.abs(chords) + 4 * sag) / length).max(axis=0)
    bounded = np.where(steps.any(axis=0), np.inf, steepest * error)
    return Ranges(least.min(axis=0), most.max(axis=0), np.minimum(moved, bounded))


def _lower(values: Array) -> Array:
    lower: Array = np.minimum(values[:-1], values[1:])
    return lower


def _upper(values: Array) -> Array:
    upper: Array = np.maximum(values[:-1], values[1:])
    return upper


def _slid(extreme: np.ufunc, values: Array, cells: int) -> Array:
    """Return the extremes of any 2 * cells values that follow each other."""
    width = 1
    while 2 * width <= 2 * cells:
        values = extreme(values[:-width], values[width:])
        width *= 2
    rest = 2 * cells - width
    return extreme(values[:-rest], values[rest:]) if rest else values


def _values(network: Core, x: Array) -> Array:
    values: Array = _core.predict(network, x[:, np.newaxis])
    return values


def _points(network: Core, x: Array) -> Array:
    """Return x with the knots and turns within its range, all in order."""
    knots = grid_points(network, 0)[0]
    turns = [knots]
    if network.layers[0].degree == 0 or network.extrapolation.name == "zero":
        turns += [np.nextafter(knots, -np.inf), np.nextafter(knots, np.inf)]
    for edge, numbers in zip(network.layers[0].symbolic, _numbers(network), strict=True):
        if not is_smooth(edge):
            turns.append(turns_of(edge, numbers[0], numbers[1], x))
    more = np.concatenate(turns)
    return np.unique(np.concatenate([x, more[(more > x[0]) & (more < x[-1])]]))


def _numbers(network: Core) -> Array:
    """Return alpha, beta, gamma and delta of the symbolic edges, (E, 4)."""
    layer = network.layers[0]
    return network.symbolic(0) if layer.symbolic else np.empty((0, 4))


def _parts(network: Core, points: Array) -> tuple[Array, Array]:
    """Return the values of the smooth part and of the part that has turns, each (P, n)."""
    edges = network.layers[0].symbolic
    is_step = [not is_smooth(edge) for edge in edges]
    if not any(is_step):
        smooth = _values(network, points)
        return smooth, np.zeros_like(smooth)
    smooth = _values(_with_edges(network, [not step for step in is_step]), points)
    steps = _with_edges(network, is_step)
    steps.coefficients(0)[:] = 0.0
    return smooth, _values(steps, points)


def _with_edges(network: Core, kept: list[bool]) -> Any:
    """Return the same with some of the symbolic edges alone."""
    layer = network.layers[0]
    edges = [edge for edge, keep in zip(layer.symbolic, kept, strict=True) if keep]
    shape = with_layer(layer, symbolic=edges)
    made = _core.Network64([shape], network.base, network.extrapolation, False, network.tables)
    made.set_knots(0, network.knots(0))
    made.coefficients(0)[:] = network.coefficients(0)
    if edges:
        made.symbolic(0)[:] = network.symbolic(0)[kept]
    return made


def _bends(network: Core, points: Array) -> Array:
    """Return bounds of |g''| of the smooth parts between neighbouring points, (P - 1, n)."""
    layer = network.layers[0]
    weights = network.coefficients(0)[0]
    pieces = piecewise(network.knots(0)[0], layer.degree, weights[:-1], network.extrapolation.name)
    end = pieces.starts[-1] + pieces.lengths[-1]
    inside = _of_polynomials(pieces.inside, np.ones_like(pieces.lengths))
    inside /= pieces.lengths[:, np.newaxis] ** 2
    beyond = np.maximum([pieces.starts[0] - points[0], points[-1] - end], 0.0)
    outside = _of_polynomials(np.stack([pieces.before, pieces.behind]), beyond)
    by_piece = np.concatenate([outside[:1], inside, outside[1:]])
    middles = (points[1:] + points[:-1]) / 2
    piece = np.searchsorted(np.append(pieces.starts, end), middles, side="right")
    bends: Array = by_piece[piece]
    if network.base.name == "silu":
        bends = bends + SILU_BENDS * np.abs(weights[-1])
    for edge, (alpha, _, gamma, _) in zip(layer.symbolic, _numbers(network), strict=True):
        if is_smooth(edge):
            bends[:, edge.sum] += abs(gamma) * alpha**2 * bend_of(edge, network.tables)
    return bends


def _of_polynomials(coefficients: Array, reach: Array) -> Array:
    """Return bounds of |p''| on [-reach, reach], (P, n), of polynomials (P, k + 1, n)."""
    bound = np.zeros_like(coefficients[:, 0])
    for power in range(2, coefficients.shape[1]):
        factor = power * (power - 1) * reach[:, np.newaxis] ** (power - 2)
        bound += factor * np.abs(coefficients[:, power])
    return bound
