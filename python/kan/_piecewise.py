"""Splines as polynomials between their knots, in double precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._arrays import Array

__all__ = ["Piecewise", "piecewise"]


@dataclass(frozen=True)
class Piecewise:
    """S functions of one input: polynomials, from the constant coefficient on, on P pieces."""

    starts: Array  # (P,)
    lengths: Array  # (P,)
    inside: Array  # (P, k+1, S) of (x - start) / length
    before: Array  # (k+1, S) of x - the first start
    behind: Array  # (k+1, S) of x - the last end

    def padded(self, count: int) -> Piecewise:
        """Return the same with further pieces of length 0 at the end, up to `count`."""
        missing = count - self.starts.size
        end = np.zeros_like(self.inside[-1:])
        end[:, 0] = self.inside[-1].sum(axis=0)
        return Piecewise(
            np.append(self.starts, [self.starts[-1] + self.lengths[-1]] * missing),
            np.append(self.lengths, [0.0] * missing),
            np.concatenate([self.inside, *[end] * missing]),
            self.before,
            self.behind,
        )


def piecewise(knots: Array, degree: int, coefficients: Array, policy: str) -> Piecewise:
    """Return splines with their policy outside the grid; empty intervals are left out.

    Parameters
    ----------
    knots : ndarray
        G + 1 grid points with k ghost knots on each side, (G + 1 + 2k,).
    degree : int
        Degree k.
    coefficients : ndarray
        (G + k, S).
    policy : str
        Name of the policy; "error" goes on linearly.
    """
    knots, coefficients = knots.astype(np.float64), coefficients.astype(np.float64)
    if policy == "zero":  # it goes on with further functions, whose coefficients are 0
        beyond = np.arange(1, degree + 1)
        knots = np.concatenate([knots[0] - beyond[::-1], knots, knots[-1] + beyond])
        coefficients = np.pad(coefficients, ((degree, degree), (0, 0)))
    points = knots[degree : knots.size - degree]
    cells = np.flatnonzero(np.diff(points) > 0)
    starts, lengths = points[cells], np.diff(points)[cells]
    at_start = _taylor(knots, degree, coefficients, cells, starts)
    at_end = _taylor(knots, degree, coefficients, cells[-1:], points[-1:])
    powers = np.arange(degree + 1)[:, np.newaxis]
    inside = at_start * lengths[:, np.newaxis, np.newaxis] ** powers
    kept = {"polynomial": degree + 1, "zero": 0, "clamp": 1}.get(policy, 2)
    before, behind = (np.where(powers < kept, one[0], 0.0) for one in (at_start, at_end))
    return Piecewise(starts, lengths, inside, before, behind)


def _taylor(knots: Array, degree: int, coefficients: Array, cells: Array, x: Array) -> Array:
    """Return the Taylor coefficients (P, k+1, S) at points x (P,) of the polynomials of cells.

    The n-th derivative is a spline of degree k - n, whose coefficients are divided differences of
    those before; de Boor's recursion evaluates it. All knots that are used stand around the cell.
    """
    near = knots[cells[:, np.newaxis] + 1 + np.arange(2 * degree)][:, :, np.newaxis]
    own = coefficients[cells[:, np.newaxis] + np.arange(degree + 1)]
    terms, factorial = [], 1.0
    for order in range(degree + 1):
        factorial *= max(order, 1)
        terms.append(_de_boor(near, own, x[:, np.newaxis, np.newaxis]) / factorial)
        k = degree - order
        own = k * np.diff(own, axis=1) / (near[:, k:] - near[:, :k])
        near = near[:, 1:-1]
    return np.stack(terms, axis=1)


def _de_boor(near: Array, own: Array, x: Array) -> Array:
    """Return the values (P, S) at x of splines with their 2k knots and k + 1 coefficients there."""
    k = own.shape[1] - 1
    for level in range(1, k + 1):
        left, right = near[:, level - 1 : k], near[:, k : 2 * k + 1 - level]
        own = ((right - x) * own[:, :-1] + (x - left) * own[:, 1:]) / (right - left)
    values: Array = own[:, 0]
    return values
