"""B-splines on arrays, with the names of pykan's module ``kan.spline``.

Arrays come back as arrays, torch tensors as tensors. Unlike the edges of a network, which go on
as straight lines, these splines are what the formula says outside the grid: 0 beyond the ghost
knots.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._architecture import integer
from ._arrays import Array, as_matrix, real_numbers
from ._containers import given_back
from ._splines import basis_values, extend

__all__ = ["B_batch", "coef2curve", "curve2coef", "extend_grid"]


def extend_grid(grid: Any, k_extend: int = 0) -> Any:
    """Add `k_extend` ghost knots on each side of grids (n_in, G+1), at their mean spacing.

    Returns
    -------
    ndarray or tensor
        (n_in, G+1+2*k_extend).
    """
    points = _increasing(grid, "grid", 2)
    ghosts = integer(k_extend, "k_extend", 0)
    return given_back(extend(points.astype(np.float64), ghosts).astype(points.dtype), grid)


def B_batch(x: Any, grid: Any, k: int = 0, extend: object = True, device: object = "cpu") -> Any:
    """Evaluate all B-splines of degree k on the knots `grid` at x.

    Parameters
    ----------
    x : array-like or tensor
        Points (N, n_in).
    grid : array-like or tensor
        Increasing knots (n_in, P), ghost knots included. One row serves all columns of x.
    k : int, default 0
        Degree, 0 to 5.
    extend, device : optional
        Accepted for pykan's sake; they change nothing, there either.

    Returns
    -------
    ndarray or tensor
        (N, n_in, P - k - 1), of the floating type of x.
    """
    knots = _increasing(grid, "grid", _degree(k) + 2)
    numbers = real_numbers(x, "x")
    if len(knots) == 1 and numbers.ndim == 2:
        knots = np.broadcast_to(knots, (numbers.shape[1], knots.shape[1]))
    return given_back(_basis(_points(numbers, len(knots)), knots, k), x)


def coef2curve(x_eval: Any, grid: Any, coef: Any, k: int, device: object = "cpu") -> Any:
    """Evaluate splines with coefficients (n_in, n_out, G+k) at x (N, n_in): (N, n_in, n_out).

    `grid` (n_in, G+1+2k) holds the knots, ghost knots included.
    """
    knots = _increasing(grid, "grid", _degree(k) + 2)
    points = _points(x_eval, len(knots))
    basis = _basis(points, knots, k)
    weights = real_numbers(coef, "coef")
    if weights.ndim != 3 or weights.shape[::2] != basis.shape[1:]:
        inputs, functions = basis.shape[1:]
        raise ValueError(
            f"coef must have shape ({inputs}, n_out, {functions}), got {weights.shape}"
        )
    return given_back(np.einsum("nim,iom->nio", basis, weights.astype(basis.dtype)), x_eval)


def curve2coef(x_eval: Any, y_eval: Any, grid: Any, k: int) -> Any:
    """Return the coefficients (n_in, n_out, G+k) of the splines nearest to the samples.

    Least squares; where the samples leave coefficients open, the smallest ones.

    Parameters
    ----------
    x_eval : array-like or tensor
        Points (N, n_in).
    y_eval : array-like or tensor
        Values there, (N, n_in, n_out).
    grid : array-like or tensor
        Knots (n_in, G+1+2k), ghost knots included.
    k : int
        Degree, 0 to 5.
    """
    knots = _increasing(grid, "grid", _degree(k) + 2)
    points = _points(x_eval, len(knots))
    values = real_numbers(y_eval, "y_eval")
    if values.ndim != 3 or values.shape[:2] != points.shape:
        raise ValueError(f"y_eval must have shape {(*points.shape, 'n_out')}, got {values.shape}")
    flat = as_matrix(values.reshape(len(values), -1), "y_eval", values[0].size, str(points.dtype))
    values = flat.reshape(values.shape)
    basis = _basis(points, knots, k)
    coefficients = [
        np.linalg.lstsq(basis[:, i], values[:, i], rcond=None)[0].T for i in range(len(knots))
    ]
    return given_back(np.stack(coefficients), x_eval)


def _degree(k: int) -> int:
    return integer(k, "k", 0, 5)


def _basis(x: Array, knots: Array, k: int) -> Array:
    """Return the basis functions (N, n_in, P - k - 1); x and knots have n_in columns and rows."""
    count = knots.shape[1] - k - 1
    result = np.zeros((*x.shape, count), dtype=x.dtype)
    for i, own in enumerate(knots.astype(np.float64)):
        # With k knots more on each side all functions are inside the grid, where they are computed.
        wider = extend(own[np.newaxis], k)[0]
        inside = np.flatnonzero((x[:, i] >= own[0]) & (x[:, i] < own[-1]))
        cells, values = basis_values(wider, k, x[inside, i])
        functions = cells[:, np.newaxis] + np.arange(k + 1) - k
        kept = (functions >= 0) & (functions < count)
        rows = np.broadcast_to(inside[:, np.newaxis], functions.shape)
        result[rows[kept], i, functions[kept]] = values[kept]
    return result


def _points(x: Any, columns: int) -> Array:
    numbers = real_numbers(x, "x")
    return as_matrix(numbers, "x", columns, "float32" if numbers.dtype == np.float32 else "float64")


def _increasing(grid: Any, name: str, least: int) -> Array:
    """Return increasing knots (n_in, P)."""
    numbers = real_numbers(grid, name)
    kind = "float32" if numbers.dtype == np.float32 else "float64"
    if numbers.ndim != 2 or numbers.shape[1] < least:
        raise ValueError(f"{name} must have shape (n_in, P) with P >= {least}, got {numbers.shape}")
    knots = as_matrix(numbers, name, numbers.shape[1], kind)
    if not (np.diff(knots) > 0).all():
        raise ValueError(f"{name} must increase along its rows, got {knots.tolist()}")
    return knots
