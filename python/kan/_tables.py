"""Functions of the user's as splines that the core can evaluate, train and save."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from . import _core
from ._arrays import Array
from ._library import SYMBOLIC_LIB
from ._splines import extend, fit_splines, sample_points

__all__ = ["same_table", "table_of", "tabulated"]

DEGREE = 5
INTERVALS = 4096

# Where a table ends; beyond, the function goes on as a line.
LOW, HIGH = -100.0, 100.0


def table_of(name: str) -> _core.Table:
    """Return the table of a function of :data:`SYMBOLIC_LIB`: a spline of degree 5 on [-100, 100].

    It misses a function as smooth as sin by some 1e-12. Where the function is not finite the table
    ends before.
    """
    return _table(name, SYMBOLIC_LIB[name][0])


@lru_cache(maxsize=32)
def _table(name: str, function: Callable[[Array], Array]) -> _core.Table:
    points = np.linspace(LOW, HIGH, 4 * INTERVALS + 1)
    with np.errstate(all="ignore"):
        values = np.asarray(function(points), dtype=np.float64)
    first, last = _finite_stretch(np.isfinite(values), name)
    low, high = float(points[first]), float(points[last])
    intervals = max(1, (last - first) // 4)
    knots = extend(np.linspace(low, high, intervals + 1)[np.newaxis], DEGREE)[0]
    at = sample_points(knots, DEGREE)
    with np.errstate(all="ignore"):
        exact = np.asarray(function(at), dtype=np.float64)[:, np.newaxis]
    coefficients = fit_splines(knots, DEGREE, np.empty(0), exact[:0], exact)
    return _core.Table(name, low, high, np.ascontiguousarray(coefficients[:, 0]))


def same_table(one: _core.Table, other: _core.Table) -> bool:
    """Whether two tables are of the same function, but for rounding."""
    ends = (one.low, one.high) == (other.low, other.high)
    return ends and np.allclose(one.coefficients, other.coefficients, rtol=1e-9, atol=1e-9)


def tabulated(name: str) -> Callable[[Array], Array]:
    """Return what a network makes of a function of :data:`SYMBOLIC_LIB`: its table.

    Not a number beyond the ends of the table.
    """
    table = table_of(name)

    def values(u: Array) -> Array:
        found = table.values(np.ascontiguousarray(u).reshape(-1)).reshape(u.shape)
        result: Array = np.where((u >= table.low) & (u <= table.high), found, np.nan)
        return result

    return values


def _finite_stretch(finite: Array, name: str) -> tuple[int, int]:
    """Return the ends of the longest stretch of finite values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], finite.astype(int), [0]])))
    begins, ends = edges[::2], edges[1::2] - 1
    if not begins.size:
        raise ValueError(f"function {name!r} must be finite somewhere in {LOW:g}..{HIGH:g}")
    longest = int(np.argmax(ends - begins))
    return int(begins[longest]), int(ends[longest])
