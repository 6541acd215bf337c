"""The mathematics of grids in NumPy: knots from points, exact refinement, least squares."""

from __future__ import annotations

import numpy as np

from . import _core
from ._arrays import Array

__all__ = [
    "basis_matrix",
    "extend",
    "fit_splines",
    "insert_knots",
    "is_nested",
    "refined_points",
    "sample_points",
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


def basis_matrix(knots: Array, degree: int, x: Array) -> Array:
    """Return B (N, G+k): the basis on `knots` (G+1+2k,) at points x (N,) inside the grid."""
    cells, values = _core.basis64(
        np.ascontiguousarray(knots, dtype=np.float64),
        degree,
        np.ascontiguousarray(x, dtype=np.float64),
        0,
    )
    matrix = np.zeros((x.size, knots.size - degree - 1))
    columns = cells[:, np.newaxis] + np.arange(degree + 1)
    np.put_along_axis(matrix, columns, values[:, 0, :], axis=1)
    return matrix


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
    refined = np.empty((points.size - 1 + degree, coefficients.shape[1]))
    for m in range(len(refined)):
        support = np.arange(max(m - degree, 0), min(m, points.size - 2) + 1)
        cell = support[lengths[support].argmax()]
        old_cell = int(np.searchsorted(old_points, centers[cell], side="right")) - 1
        arguments = finer[m + 1 : m + 1 + degree]
        refined[m] = _blossom(knots, degree, coefficients, old_cell, arguments)
    return refined


def _blossom(knots: Array, degree: int, coefficients: Array, cell: int, at: Array) -> Array:
    """De Boor's recursion with another argument at each level."""
    d = coefficients[cell : cell + degree + 1].astype(np.float64)
    for level in range(1, degree + 1):
        u = at[level - 1]
        for j in range(degree, level - 1, -1):
            left = knots[cell + j]
            right = knots[cell + j + degree + 1 - level]
            share = (u - left) / (right - left)
            d[j] = (1 - share) * d[j - 1] + share * d[j]
    result: Array = d[degree]
    return result


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
        Samples (N,) and values (N, S).
    memory : ndarray
        Values (P, S) at `sample_points`, which count a millionth of the samples.

    Returns
    -------
    ndarray
        Coefficients (G+k, S).
    """
    design = basis_matrix(knots, degree, x)
    anchors = basis_matrix(knots, degree, sample_points(knots, degree))
    weight = MEMORY_WEIGHT * max(x.size, 1) / max(anchors.shape[0], 1)
    gram = _over_rows(design, design) + weight * _over_rows(anchors, anchors)
    moments = _over_rows(design, y) + weight * _over_rows(anchors, memory)
    solution: Array = np.linalg.solve(gram, moments)
    return solution


def _over_rows(a: Array, b: Array) -> Array:
    """Return a^T b, summed over blocks of rows."""
    rows = max(8, SERIAL_WORK // (a.shape[1] * b.shape[1]))
    total = np.zeros((a.shape[1], b.shape[1]))
    for begin in range(0, len(a), rows):
        total += a[begin : begin + rows].T @ b[begin : begin + rows]
    return total
