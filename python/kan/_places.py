"""Where the search for alpha and beta in gamma f(alpha x + beta) + delta looks first."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ._arrays import Array
from ._library import Freedom

__all__ = ["places"]

# Where alpha and beta of a function that nothing is known of may lie, of x in -1..1.
USERS_LOW, USERS_HIGH = -10.0, 10.0


def places(
    core: str | None, freedom: Freedom, ends: tuple[float, float], a_range: Any, b_range: Any
) -> tuple[Array, Array]:
    """Return (alpha, beta) to scan that make sense for x between two ends and lie in the ranges.

    `core` is what the core calls the function, None for a user's. Ranges that hold none of the
    places are looked at all over if both numbers are free, else ignored.
    """
    if core is None and (a_range is not None or b_range is not None):
        return _user_places(a_range, b_range)
    alpha, beta = _all_places(core, freedom, ends)
    inside = _inside(alpha, a_range) & _inside(beta, b_range)
    if inside.any():
        return alpha[inside], beta[inside]
    both_free = freedom.alpha == "free" and freedom.beta
    return _user_places(a_range, b_range) if both_free else (alpha, beta)


def _all_places(
    core: str | None, freedom: Freedom, ends: tuple[float, float]
) -> tuple[Array, Array]:
    low, high = ends
    z_places = _user_places(None, None) if core is None else _known_places(core, freedom)
    alpha = 2.0 * z_places[0] / ((high - low) or 2.0)
    beta = z_places[1] - alpha * (low + high) / 2
    if not freedom.beta:
        beta = np.zeros_like(beta)
    if freedom.alpha != "free":  # the scan's own scale is in gamma
        size = np.abs(alpha)
        return alpha / size, beta / size
    return alpha, beta


def _inside(values: Array, limits: Any) -> Array:
    """Return where values lie within (low, high); everywhere without limits."""
    if limits is None:
        return np.ones(values.size, dtype=bool)
    low, high = limits
    inside: Array = (values >= low) & (values <= high)
    return inside


def _user_places(a_range: Any, b_range: Any) -> tuple[Array, Array]:
    """Return (alpha, beta) to scan for a function that nothing is known of."""
    ends = [
        (USERS_LOW, USERS_HIGH) if limits is None else tuple(limits)
        for limits in (a_range, b_range)
    ]
    return _grid(np.linspace(ends[0][0], ends[0][1], 401), np.linspace(ends[1][0], ends[1][1], 41))


@cache
def _known_places(core: str, freedom: Freedom) -> tuple[Array, Array]:
    """Return (A, B) to scan in f(A z + B), z in -1..1."""
    outside = 1.0 + np.geomspace(1e-4, 10.0, 24)
    if core == "x":
        return np.ones(1), np.zeros(1)
    if core == "sgn":  # has no slope to follow
        b = np.linspace(-1.0, 1.0, 801)
        return np.ones(b.size), b
    if core in ("x^2", "x^3", "x^4", "x^5", "abs"):
        b = np.linspace(-3.0, 3.0, 61)
        return np.ones(b.size), b
    if core.startswith("1/x"):
        return np.ones(2 * outside.size), np.concatenate([outside, -outside])
    if freedom.alpha == "sign":
        return np.repeat([1.0, -1.0], outside.size), np.tile(outside, 2)
    if core == "exp":
        a = np.geomspace(0.03, 30.0, 40)
        return np.concatenate([a, -a]), np.zeros(2 * a.size)
    if core in ("sin", "cos"):
        return _grid(np.linspace(0.2, 40.0, 160), np.linspace(0.0, np.pi, 9)[:-1])
    if core == "tan":
        return _grid(np.linspace(0.05, 1.55, 30), np.linspace(-1.5, 1.5, 21))
    if core in ("arcsin", "arccos", "arctanh"):
        return _grid(np.linspace(0.05, 0.999, 30), np.linspace(-0.95, 0.95, 21))
    a, center = _grid(np.geomspace(0.1, 30.0, 30), np.linspace(-2.0, 2.0, 25))
    return a, -a * center


def _grid(a: Array, b: Array) -> tuple[Array, Array]:
    both = np.meshgrid(a, b)
    return both[0].ravel(), both[1].ravel()
