"""The mathematics of grids in NumPy: knots from points, exact refinement, least squares."""

from __future__ import annotations

import numpy as np

from . import _core
from ._arrays import Array

__all__ = [
    "basis_values",
    "extend",
    "fit_splines",
    "insert_knots",
    "interpolate",
    "is_nested",
    "refined_points",
    "sample_points",
    "solve_banded",
]

# Multiply-adds of a product that BLAS leaves to the thread that calls it. Its own threads would
# spin beside those of the core, which on a busy machine can take a thousand times as long.
SERIAL_WORK = 2**18

# Weight of the old function at points that no sample reaches, against 1 for a sample: enough to
# make every least-squares problem well posed (condition 1e8 at most), too little to be felt.
MEMORY_WEIGHT = 1e-6


def extend(points: Array, degree: int) -> Array:
    """Add `degree` ghost knots on each side, at the mean spacing; points (I, G+1)."""
    spacing = (points[:, -1:] - points[:, :1]) / (points.shape[1] - 1)
    steps = np.arange(1, degree + 1)
    before = points[:, :1] - steps[::-1] * spacing
    after = points[:, -1:] + steps * spacing
    return np.concatenate([before, points, after], axis=1)


def basis_values(knots: Array, degree: int, x: Array) -> tuple[Array, Array]:
    """Return cells (N,) and the values (N, k+1) of the basis functions cell .. cell + k there.

    `knots` (G+1+2k,), points x (N,) inside the grid.
    """
    cells, values = _core.basis64(
        np.ascontiguousarray(knots, dtype=np.float64),
        degree,
        np.ascontiguousarray(x, dtype=np.float64),
        0,
    )
    return cells, values[:, 0, :]


def refined_points(points: Array, intervals: int) -> Array:
    """Return `intervals` + 1 points with the shape of the grid `points` (I, G+1).

    The grid is a function of its index, interpolated linearly. If G divides `intervals`, all the
    old points are among the new ones, to the last bit.
    """
    old = points.shape[1] - 1
    index = np.arange(intervals + 1) * old / intervals
    return np.stack([np.interp(index, np.arange(old + 1), own) for own in points])


def is_nested(points: Array, finer: Array) -> bool:
    """Whether every point of each grid is a point of the finer grid."""
    return all(bool(np.isin(own, fine).all()) for own, fine in zip(points, finer, strict=True))


def insert_knots(knots: Array, degree: int, coefficients: Array, finer: Array) -> Array:
    """Return the coefficients (M', S) of the same splines on a grid that contains the old one.

    Coefficient m of a spline is its blossom at the knots t'_{m+1} .. t'_{m+k}, which de Boor's
    recursion evaluates on any interval in the support of the function.

    Parameters
    ----------
    knots, finer : ndarray
        Old and new knots, ghosts included, (G+1+2k,) and (G'+1+2k,).
    degree : int
        Degree k.
    coefficients : ndarray
        Old coefficients (M, S).

    References
    ----------
    L. Ramshaw: Blossoms are polar forms. CAGD 6 (1989) 323-358.
    """
    points = finer[degree : finer.size - degree]
    old_points = knots[degree : knots.size - degree]
    lengths, centers = np.diff(points), (points[:-1] + points[1:]) / 2
    m = np.arange(lengths.size + degree)
    padded = np.pad(lengths, degree, constant_values=-1.0)
    support = np.lib.stride_tricks.sliding_window_view(padded, degree + 1)
    longest = m - degree + support.argmax(axis=1)
    cells = np.searchsorted(old_points, centers[longest], side="right") - 1
    arguments = finer[m[:, np.newaxis] + 1 + np.arange(degree)]
    return _blossoms(knots, degree, coefficients, cells, arguments)


def _blossoms(knots: Array, degree: int, coefficients: Array, cells: Array, at: Array) -> Array:
    """De Boor's recursion with another argument at each level; cells (M',), at (M', k)."""
    d = coefficients[cells[:, np.newaxis] + np.arange(degree + 1)].astype(np.float64)
    for level in range(1, degree + 1):
        for j in range(degree, level - 1, -1):
            left = knots[cells + j]
            right = knots[cells + j + degree + 1 - level]
            share = ((at[:, level - 1] - left) / (right - left))[:, np.newaxis]
            d[:, j] = (1 - share) * d[:, j - 1] + share * d[:, j]
    result: Array = d[:, degree]
    return result


def interpolate(knots: Array, degree: int, values: Array) -> Array:
    """Return the smallest coefficients (M, S) of splines with these values at the grid points.

    `values` (G+1, S). Smallest in norm, c = B^T (B B^T)^-1 v. In degree 0 the last point shares
    its cell with the one before, and the spline takes their mean there.
    """
    grid = knots[degree : knots.size - degree]
    if degree == 0:
        return solve_banded(*_normal_equations(knots, degree, grid, values))
    _, rows = basis_values(knots, degree, grid)
    rows[-1] = np.append(rows[-1, 1:], 0.0)  # the last point as the first one of a further cell
    count, width = rows.shape
    gram = np.zeros((count, width))
    for d in range(min(width, count)):
        gram[: count - d, d] = (rows[: count - d, d:] * rows[d:, : width - d]).sum(axis=1)
    multipliers = solve_banded(gram, values)
    coefficients = np.zeros((count + degree, values.shape[1]))
    for r in range(width):
        coefficients[r : r + count] += rows[:, r, np.newaxis] * multipliers
    return coefficients[:-1]


def sample_points(knots: Array, degree: int) -> Array:
    """Return k + 1 points inside every interval of positive length: they determine any spline."""
    grid = knots[degree : knots.size - degree]
    fractions = (np.arange(degree + 1) + 0.5) / (degree + 1)
    points: Array = (grid[:-1, np.newaxis] + np.diff(grid)[:, np.newaxis] * fractions).ravel()
    return points


def fit_splines(knots: Array, degree: int, x: Array, y: Array, memory: Array) -> Array:
    """Fit splines to samples, held up by a known function where samples are missing.

    Parameters
    ----------
    knots : ndarray
        (G+1+2k,).
    degree : int
        Degree k.
    x, y : ndarray
        Samples (N,), increasing, and values (N, S).
    memory : ndarray
        Values (P, S) at `sample_points`, which count a millionth of the samples.

    Returns
    -------
    ndarray
        Coefficients (G+k, S).
    """
    points = sample_points(knots, degree)
    weight = MEMORY_WEIGHT * max(x.size, 1) / points.size
    band, moments = _normal_equations(knots, degree, x, y)
    anchored, anchors = _normal_equations(knots, degree, points, memory)
    return solve_banded(band + weight * anchored, moments + weight * anchors)


def _normal_equations(knots: Array, degree: int, x: Array, y: Array) -> tuple[Array, Array]:
    """Return B^T B, its entries (m, m + d) at [m, d], (M, k+1), and B^T y (M, S); x increases.

    Only k + 1 basis functions meet in a cell, so the samples are summed cell by cell.
    """
    cells, values = basis_values(knots, degree, x)
    functions, width = knots.size - degree - 1, degree + 1
    band, moments = np.zeros((functions, width)), np.zeros((functions, y.shape[1]))
    for begin, end in _runs(cells, SERIAL_WORK // (width * y.shape[1])):
        first, here = cells[begin], values[begin:end]
        gram = here.T @ here
        for r in range(width):
            band[first + r, : width - r] += gram[r, r:]
        moments[first : first + width] += here.T @ y[begin:end]
    return band, moments


def _runs(cells: Array, most: int) -> list[tuple[int, int]]:
    """Return begin and end of runs of one cell each and of at most about `most` rows."""
    changes = np.flatnonzero(np.diff(cells)) + 1
    pieces = np.arange(0, cells.size, max(8, most))
    begins = np.union1d(changes, pieces)
    ends = np.append(begins[1:], cells.size)
    return list(zip(begins.tolist(), ends.tolist(), strict=True)) if cells.size else []


def solve_banded(band: Array, right: Array) -> Array:
    """Solve A x = right for a symmetric, positive definite band matrix.

    Parameters
    ----------
    band : ndarray
        Entries (m, m + d) of A at [m, d], (M, width).
    right : ndarray
        Right-hand sides (M, S).

    Returns
    -------
    ndarray
        x (M, S), by A = L D L^T without pivots.
    """
    size, reach = band.shape[0], band.shape[1] - 1
    upper = np.concatenate([band, np.zeros((reach, reach + 1))])
    x = np.concatenate([right, np.zeros((reach, right.shape[1]))])
    for m in range(size):
        pivot, row = upper[m, 0], upper[m, 1:]
        factors = row / pivot
        for d in range(reach):
            upper[m + 1 + d, : reach - d] -= factors[d] * row[d:]
        x[m + 1 : m + 1 + reach] -= factors[:, np.newaxis] * x[m]
        x[m] /= pivot
        upper[m, 1:] = factors
    for m in range(size - 1, -1, -1):
        x[m] -= upper[m, 1:] @ x[m + 1 : m + 1 + reach]
    return x[:size]
