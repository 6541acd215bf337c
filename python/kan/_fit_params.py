"""pykan's way to fit a function to a curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._affine_fit import fit_function
from ._architecture import interval
from ._arrays import Array, as_vector, real_numbers
from ._library import SYMBOLIC_LIB

__all__ = ["fit_params"]


def fit_params(
    x: Any,
    y: Any,
    fun: Callable[[Any], Any] | str,
    a_range: Sequence[float] = (-10, 10),
    b_range: Sequence[float] = (-10, 10),
    grid_number: int = 101,
    iteration: int = 3,
    verbose: bool = True,
    device: object = "cpu",
) -> tuple[Array, float]:
    """Return ``[a, b, c, d]`` of the best ``c f(a x + b) + d`` and its r2, as pykan does.

    Parameters
    ----------
    x, y : array-like
        Points of the curve, as many of the one as of the other.
    fun : callable or str
        A function of arrays, or a name of :data:`SYMBOLIC_LIB`.
    a_range, b_range : (float, float)
        Where a and b may begin.
    grid_number, iteration, verbose, device : optional
        Accepted for pykan's sake: this scan has no need of them, and nothing is printed.

    Raises
    ------
    TypeError, ValueError
        If there are no points, or not as many of both, or no such function.
    """
    points = _points(x, "x")
    values = as_vector(_points(y, "y"), "y", points.size, "float64")
    if isinstance(fun, str):
        if fun not in SYMBOLIC_LIB:
            raise ValueError(f"fun must be a name of SYMBOLIC_LIB, got {fun!r}")
    elif not callable(fun):
        raise TypeError(f"fun must be a function or a name of SYMBOLIC_LIB, got {fun!r}")
    else:
        known = (name for name, entry in SYMBOLIC_LIB.items() if entry[0] is fun)
        fun = next(known, fun)
    begin = interval(a_range, "a_range"), interval(b_range, "b_range")
    fit = fit_function(fun, points, values, *begin)
    return np.array(fit.parameters), fit.r2


def _points(values: Any, name: str) -> Array:
    """Return finite numbers of any shape as a vector of at least one."""
    flat = real_numbers(values, name).reshape(-1)
    if not flat.size:
        raise ValueError(f"{name} must have at least one point")
    return as_vector(flat, name, flat.size, "float64")
