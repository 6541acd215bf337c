"""Slopes of functions of rows by central differences."""

from __future__ import annotations

from collections.abc import Callable

from ._arrays import Array

__all__ = ["central_difference"]


def central_difference(values: Callable[[Array], Array], x: Array, i: int, step: float) -> Array:
    """Return the central difference of values (N, ...) at x (N, n) along column i."""
    ahead, behind = x.copy(), x.copy()
    ahead[:, i] += step
    behind[:, i] -= step
    rise = values(ahead) - values(behind)
    run = (ahead[:, i] - behind[:, i]).reshape(-1, *[1] * (rise.ndim - 1))
    quotient: Array = rise / run
    return quotient
