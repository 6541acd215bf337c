"""Grids that move with the data, and grids that get finer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array
from ._networks import AFFINES, input_alone, rebuilt, with_layer
from ._rows import Rows
from ._splines import (
    extend,
    fit_splines,
    insert_knots,
    is_nested,
    refined_points,
    sample_points,
)

__all__ = ["refined", "respline", "update_grid"]

# How far a grid that moves reaches beyond the data on either side, relative to their range: what
# comes later may lie there, and splines bend on where a straight line would not.
MARGIN = 0.03


@np.errstate(over="ignore", invalid="ignore")  # what overflows is not finite: nothing changes
def update_grid(
    network: Core,
    data: Rows,
    grid_eps: float,
    *,
    outgrown_only: bool = False,
    also_held: Rows | None = None,
) -> bool:
    """Move the grid of every layer to where its inputs are, layer by layer.

    The points are ``grid_eps * uniform + (1 - grid_eps) * quantiles`` of the inputs, as in pykan,
    or uniform where those are too close to each other; the splines are refitted to their old
    values at the inputs. An input that does not vary keeps its grid, shifted if it lies outside;
    with `outgrown_only`, so does one that lies inside its grid. With `also_held`, the grids of
    the network's inputs hold these rows too, and they never shrink. If a refit is not finite,
    nothing changes. Returns whether anything moved.
    """
    if not data.count:
        return False
    rows = data.some()
    any_moved = False
    for index, layer in enumerate(network.layers):
        grows = index == 0 and also_held is not None
        low, high = _ranges(network, [data, also_held] if grows else [data], index)
        inputs = _core.activations(network, rows, index).astype(np.float64)
        knots = network.knots(index).astype(np.float64)
        old = network.coefficients(index)
        moved = knots.copy()
        refitted = old[:, :-1, :].astype(np.float64)
        for i in range(layer.inputs):
            ends = (float(low[i]), float(high[i]))
            current = knots[i, layer.degree : layer.degree + layer.intervals + 1]
            if outgrown_only and current[0] <= ends[0] and ends[1] <= current[-1]:
                continue
            points = _new_points(inputs[:, i], ends, current, grid_eps, network.dtype, grows=grows)
            if points is not None:
                moved[i] = extend(points[np.newaxis], layer.degree)[0]
                refitted[i] = _refit(network, index, i, inputs[:, i], moved[i])
        if np.isfinite(refitted).all() and np.isfinite(moved).all():
            moved = moved.astype(network.dtype)
            any_moved = any_moved or not np.array_equal(moved, network.knots(index))
            network.set_knots(index, moved)
            old[:, :-1, :] = refitted
    return any_moved


def _ranges(network: Core, parts: Iterable[Rows | None], index: int) -> tuple[Array, Array]:
    """Return the smallest and largest value of each input of a layer over all rows."""
    blocks = (block for rows in parts if rows is not None for block in rows.blocks())
    found = [_core.activation_range(network, block, index) for block in blocks]
    low = np.min([low for low, _ in found], axis=0)
    high = np.max([high for _, high in found], axis=0)
    return low, high


def _new_points(
    x: Array,
    ends: tuple[float, float],
    current: Array,
    grid_eps: float,
    dtype: str,
    *,
    grows: bool,
) -> Array | None:
    """Return the grid points for one input, or None if its grid should stay."""
    intervals = current.size - 1
    if not np.isfinite(ends).all():
        return None
    if not _usable(np.linspace(*ends, intervals + 1), dtype):  # the input hardly varies
        if current[0] <= ends[0] and ends[1] <= current[-1]:
            return None
        return _shifted(current, sum(ends) / 2, dtype)
    margin = MARGIN * (ends[1] - ends[0])
    if grid_eps == 1.0 and _is_tight(current, ends, margin, dtype):
        return None
    ends = (ends[0] - margin, ends[1] + margin)
    if grows:
        ends = (min(ends[0], current[0]), max(ends[1], current[-1]))
    for share in (grid_eps, 1.0):
        points = _points(x, *ends, intervals, share)
        if _usable(points, dtype):
            return points
    return None


def _is_tight(current: Array, ends: tuple[float, float], margin: float, dtype: str) -> bool:
    """Whether a uniform grid holds its inputs, with no more room at either end than `margin`."""
    room = ends[0] - current[0], current[-1] - ends[1]
    spread = np.ptp(np.diff(current))
    slack = max(1e-6 * np.ptp(current) / (current.size - 1), _least_cell(current, dtype) / 4)
    return min(room) >= 0.0 and max(room) <= margin + slack and bool(spread <= slack)


def _points(x: Array, low: float, high: float, intervals: int, uniform_share: float) -> Array:
    quantiles = np.sort(x)[np.arange(intervals) * x.size // intervals]
    adaptive = np.append(quantiles, high)
    adaptive[0] = low
    uniform = np.linspace(low, high, intervals + 1)
    points = uniform_share * uniform + (1.0 - uniform_share) * adaptive
    points[0], points[-1] = low, high  # exactly: no sample may lie outside by a rounding
    return points


def _shifted(current: Array, center: float, dtype: str) -> Array | None:
    """Return the grid around another center, wider if the precision there demands it."""
    offsets = current - (current[0] + current[-1]) / 2
    needed = 2 * _least_cell(center + offsets, dtype)
    shifted: Array = center + offsets * max(1.0, needed / np.diff(offsets).min())
    return shifted if _usable(shifted, dtype) else None


def _usable(points: Array, dtype: str) -> bool:
    """Whether the grid spans an interval and no cell is lost to rounding."""
    return bool(np.isfinite(points).all() and np.diff(points).min() > _least_cell(points, dtype))


def _least_cell(points: Array, dtype: str) -> float:
    """Return how far apart grid points must be to stay distinct and evaluate well."""
    return float(16 * np.finfo(dtype).eps * np.abs(points[[0, -1]]).max())


def _refit(network: Core, index: int, i: int, x: Array, knots: Array) -> Array:
    """Return the splines of input i on new knots, (M, S), fitted to their values at x."""
    layer, x = network.layers[index], np.sort(x)
    values = spline_values(network, index, i, np.append(x, sample_points(knots, layer.degree)))
    return fit_splines(knots, layer.degree, x, values[: x.size], values[x.size :])


def respline(network: Core, index: int, i: int, x: Array, y: Array) -> Array:
    """Return weights (G+k+1,), base 0, of an edge from input i that is like y (N,) at x (N,)."""
    degree = network.layers[index].degree
    knots = network.knots(index)[i].astype(np.float64)
    order = np.argsort(x, kind="stable")
    low, high = knots[degree], knots[-1 - degree]
    inside = order[(x[order] >= low) & (x[order] <= high)]
    at = sample_points(knots, degree)
    between = np.interp(at, x[order], y[order])[:, np.newaxis]
    fitted = fit_splines(knots, degree, x[inside], y[inside][:, np.newaxis], between)
    return np.append(fitted[:, 0], 0.0)


def spline_values(network: Core, index: int, i: int, x: Array) -> Array:
    """Return the splines of input i of a layer, without base, at x (N,): (N, S).

    The policy outside the grid holds here too.
    """
    alone = input_alone(network, index, i, _core.Base.zero)
    points = np.ascontiguousarray(x[:, np.newaxis], dtype=network.dtype)
    values: Array = _core.predict(alone, points).astype(np.float64)
    return values


@np.errstate(over="ignore", invalid="ignore")  # what overflows is not finite, and refused
def refined(network: Core, intervals: list[int]) -> Core:
    """Return a network with finer (or coarser) grids that computes the same function inside them.

    Nested grids: exactly, by knot insertion. Otherwise: by least squares over the grid.
    """
    layers = [
        with_layer(layer, intervals=g) for layer, g in zip(network.layers, intervals, strict=True)
    ]
    finer: Any = rebuilt(network, layers)
    for index in range(len(layers)):
        _refine_layer(network, finer, index)
        finer.set_edge_mask(index, network.edge_mask(index))
        if network.affine_enabled:
            for which in AFFINES:
                finer.affine(index, which)[:] = network.affine(index, which)
        finer.symbolic(index)[:] = network.symbolic(index)
        finer.set_symbolic_trainable(index, network.symbolic_trainable(index))
    if not np.isfinite(finer.parameters()).all():
        largest = np.abs(network.parameters()).max()
        raise ValueError(
            f"refine() cannot keep a function with parameters as large as {largest:.0e}: on the "
            f"new grid they do not fit {network.dtype}"
        )
    return finer  # type: ignore[no-any-return]


def _refine_layer(network: Core, finer: Core, index: int) -> None:
    """Set knots, splines and base weights of one layer of `finer`."""
    layer, intervals = network.layers[index], finer.layers[index].intervals
    degree = layer.degree
    knots = network.knots(index).astype(np.float64)
    points = knots[:, degree : degree + layer.intervals + 1]
    new_points = refined_points(points, intervals).astype(network.dtype)
    new_knots = knots if intervals == layer.intervals else extend(new_points.astype(float), degree)
    finer.set_knots(index, new_knots.astype(network.dtype))
    new_knots = finer.knots(index).astype(np.float64)
    nested = is_nested(points, new_points)
    target, old = finer.coefficients(index), network.coefficients(index)
    target[:, -1, :] = old[:, -1, :]
    for i in range(layer.inputs):
        if nested:
            target[i, :-1] = insert_knots(knots[i], degree, old[i, :-1], new_knots[i])
        else:
            target[i, :-1] = _refit(network, index, i, np.empty(0), new_knots[i])
