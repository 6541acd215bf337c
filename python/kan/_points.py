"""Sets of points in a box: on a grid, at random, on its boundary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._architecture import integer, interval, is_sequence
from ._arrays import Array

__all__ = ["boundary_points", "grid_points", "random_points"]

Ranges = Sequence[Sequence[float]]


def grid_points(ranges: Ranges, count: int | Sequence[int]) -> Array:
    """Return a regular grid of points, ends included.

    Parameters
    ----------
    ranges : sequence of (float, float)
        Lowest and highest value of each input: ``[(0, 1), (-1, 1)]``.
    count : int or sequence of int
        Points along every input, or along each; 2 or more.

    Returns
    -------
    ndarray
        Points (N, len(ranges)), those of the last input one after the other.
    """
    box = _box(ranges)
    counts: Any = count if is_sequence(count) else [count] * len(box)
    if len(counts) != len(box):
        raise ValueError(f"count must have one number for each of {len(box)} ranges, got {count!r}")
    axes = [
        np.linspace(low, high, integer(number, "count", 2))
        for (low, high), number in zip(box, counts, strict=True)
    ]
    return np.stack([one.ravel() for one in np.meshgrid(*axes, indexing="ij")], axis=1)


def random_points(ranges: Ranges, count: int, rng: Any = None) -> Array:
    """Return uniformly drawn points.

    Parameters
    ----------
    ranges : sequence of (float, float)
        Lowest and highest value of each input.
    count : int
        Number of points.
    rng : int or numpy.random.Generator, optional
        Seed, or where the numbers come from; by default other ones at every call.

    Returns
    -------
    ndarray
        Points (count, len(ranges)).
    """
    low, high = np.array(_box(ranges)).T
    unit = np.random.default_rng(rng).random((integer(count, "count", 1), len(low)))
    drawn: Array = low + unit * (high - low)
    return drawn


def boundary_points(ranges: Ranges, count: int) -> Array:
    """Return points on all faces of a box, `count` along every input of a face.

    Parameters
    ----------
    ranges : sequence of (float, float)
        Lowest and highest value of each input.
    count : int
        Points along every input, 2 or more.

    Returns
    -------
    ndarray
        Points (N, len(ranges)), none twice.
    """
    box = _box(ranges)
    count = integer(count, "count", 2)
    faces = []
    for fixed, ends in enumerate(box):
        others = [one for i, one in enumerate(box) if i != fixed]
        free = grid_points(others, count) if others else np.zeros((1, 0))
        faces += [np.insert(free, fixed, end, axis=1) for end in ends]
    return np.unique(np.concatenate(faces), axis=0)


def _box(ranges: Any) -> list[tuple[float, float]]:
    if not is_sequence(ranges) or not len(ranges):
        raise TypeError(f"ranges must be a list of (low, high), one for each input, got {ranges!r}")
    return [interval(one, f"ranges[{i}]") for i, one in enumerate(ranges)]
