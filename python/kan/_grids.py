"""Grids that move with the data, and grids that get finer."""

from __future__ import annotations

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array
from ._splines import (
    extend,
    fit_splines,
    insert_knots,
    is_nested,
    refined_points,
    sample_points,
)

__all__ = ["refined", "subsample", "update_grid"]

# Rows that quantiles and refits look at: the memory of an update does not grow with the data.
MOST_ROWS = 2**14


def subsample(x: Array) -> Array:
    """Return at most 2^14 rows, evenly spaced."""
    if len(x) <= MOST_ROWS:
        return x
    rows = np.linspace(0, len(x) - 1, MOST_ROWS).astype(np.intp)
    return np.ascontiguousarray(x[rows])


@np.errstate(over="ignore", invalid="ignore")  # what overflows is not finite: nothing changes
def update_grid(network: Core, x: Array, grid_eps: float, *, outgrown_only: bool = False) -> bool:
    """Move the grid of every layer to where its inputs are, layer by layer.

    The points are ``grid_eps * uniform + (1 - grid_eps) * quantiles`` of the inputs, as in pykan;
    the splines are refitted to their old values at the inputs. An input that does not vary keeps
    its grid, and so does, with `outgrown_only`, one that lies inside its grid. If a refit is not
    finite, nothing changes. Returns whether anything moved.
    """
    if not len(x):
        return False
    rows = subsample(x)
    any_moved = False
    for index, layer in enumerate(network.layers):
        low, high = _core.activation_range(network, x, index)
        inputs = _core.activations(network, rows, index).astype(np.float64)
        knots = network.knots(index).astype(np.float64)
        old = network.coefficients(index)
        moved = knots.copy()
        refitted = old[:, :-1, :].astype(np.float64)
        for i in range(layer.inputs):
            points = _points(inputs[:, i], float(low[i]), float(high[i]), layer.intervals, grid_eps)
            inside = knots[i, layer.degree] <= low[i] and high[i] <= knots[i, -1 - layer.degree]
            if (outgrown_only and inside) or not _usable(points, network.dtype):
                continue
            moved[i] = extend(points[np.newaxis], layer.degree)[0]
            refitted[i] = _refit(network, index, i, inputs[:, i], moved[i])
        if np.isfinite(refitted).all() and np.isfinite(moved).all():
            any_moved = any_moved or not np.array_equal(moved, knots)
            network.set_knots(index, moved.astype(network.dtype))
            old[:, :-1, :] = refitted
    return any_moved


def _points(x: Array, low: float, high: float, intervals: int, grid_eps: float) -> Array:
    quantiles = np.sort(x)[np.arange(intervals) * x.size // intervals]
    adaptive = np.append(quantiles, high)
    adaptive[0] = low
    uniform = np.linspace(low, high, intervals + 1)
    points = grid_eps * uniform + (1.0 - grid_eps) * adaptive
    points[0], points[-1] = low, high  # exactly: no sample may lie outside by a rounding
    return points


def _usable(points: Array, dtype: str) -> bool:
    """Whether the grid spans an interval and no cell is lost to rounding."""
    if not np.isfinite(points).all():
        return False
    scale = np.abs(points[[0, -1]]).max()
    least = 16 * np.finfo(dtype).eps * scale
    return bool(np.diff(points).min() > least)


def _refit(network: Core, index: int, i: int, x: Array, knots: Array) -> Array:
    """Return the splines of input i on new knots, (M, S), fitted to their values at x."""
    layer = network.layers[index]
    values = spline_values(network, index, i, np.append(x, sample_points(knots, layer.degree)))
    return fit_splines(knots, layer.degree, x, values[: x.size], values[x.size :])


def spline_values(network: Core, index: int, i: int, x: Array) -> Array:
    """Return the splines of input i of a layer, without base, at x (N,): (N, S).

    The policy outside the grid holds here too.
    """
    layer = network.layers[index]
    shape = _core.Layer(1, layer.subnodes, [], layer.intervals, layer.degree)
    alone = type(network)([shape], _core.Base.zero, network.extrapolation, False)
    alone.set_knots(0, network.knots(index)[i : i + 1])
    alone.coefficients(0)[0, :-1, :] = network.coefficients(index)[i, :-1, :]
    points = np.ascontiguousarray(x[:, np.newaxis], dtype=network.dtype)
    values: Array = _core.predict(alone, points).astype(np.float64)
    return values


def refined(network: Core, intervals: list[int], x: Array | None) -> Core:
    """Return a network with finer (or coarser) grids that computes the same function.

    Nested grids: exactly, by knot insertion. Otherwise: by least squares over the grid and, where
    given, the inputs that `x` causes.
    """
    layers = [
        _core.Layer(layer.inputs, layer.sums, layer.arities, g, layer.degree)
        for layer, g in zip(network.layers, intervals, strict=True)
    ]
    finer = type(network)(layers, network.base, network.extrapolation, network.affine_enabled)
    rows = None if x is None or not len(x) else subsample(x)
    for index, layer in enumerate(network.layers):
        degree = layer.degree
        knots = network.knots(index).astype(np.float64)
        points = knots[:, degree : degree + layer.intervals + 1]
        new_points = refined_points(points, intervals[index])
        exact = new_points.astype(network.dtype).astype(np.float64)
        new_knots = extend(exact, degree)
        nested = is_nested(points, exact)
        if intervals[index] == layer.intervals:
            new_knots = knots
        finer.set_knots(index, new_knots.astype(network.dtype))
        new_knots = finer.knots(index).astype(np.float64)
        target = finer.coefficients(index)
        old = network.coefficients(index)
        inputs = None if rows is None else _core.activations(network, rows, index)
        for i in range(layer.inputs):
            if nested:
                target[i, :-1] = insert_knots(knots[i], degree, old[i, :-1], new_knots[i])
            else:
                seen = np.empty(0) if inputs is None else inputs[:, i].astype(np.float64)
                target[i, :-1] = _refit(network, index, i, seen, new_knots[i])
        target[:, -1, :] = old[:, -1, :]
        finer.set_edge_mask(index, network.edge_mask(index))
        if network.affine_enabled:
            for which in ("subnode_scale", "subnode_bias", "node_scale", "node_bias"):
                finer.affine(index, which)[:] = network.affine(index, which)
    finer.set_trainable(*network.trainable_groups())
    return finer
