"""The splines of a layer as polynomials between points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array
from ._piecewise import piecewise

__all__ = ["Pieces", "pieces_of", "pieces_of_table"]

# Of the largest coefficient: what differs by less is continuous, but for rounding.
ROUNDING = 1e-13


@dataclass(frozen=True)
class Pieces:
    """Functions of C inputs as polynomials on at most P pieces, each with S sums.

    Polynomials have their coefficients from the constant one on. Pieces that an input does not
    have follow those it has, with length 0 and the value at the last end.
    """

    inputs: Sequence[int]  # which columns of x
    starts: Array  # (P, C)
    lengths: Array  # (P, C)
    inside: Array  # (P, C, k+1, S) of (x - start) / length
    before: Array  # (C, k+1, S) of x - first
    behind: Array  # (C, k+1, S) of x - last

    @property
    def first(self) -> Array:
        """Where the first pieces begin (C,)."""
        first: Array = self.starts[0]
        return first

    @property
    def last(self) -> Array:
        """Where the last pieces end (C,)."""
        ends: Array = (self.starts + self.lengths).max(axis=0)
        return ends

    @property
    def degree(self) -> int:
        """Degree k of the polynomials."""
        return int(self.inside.shape[2]) - 1

    def jumps(self) -> Array:
        """Return the change of value where pieces begin and where the last one ends."""
        ends = self.inside.sum(axis=2)
        before = np.concatenate([self.before[np.newaxis, :, 0], ends])
        behind = np.concatenate([self.inside[:, :, 0], self.behind[np.newaxis, :, 0]])
        jumps = behind - before
        least = ROUNDING * np.abs(self.inside).max(initial=0.0)
        result: Array = np.where(np.abs(jumps) > least, jumps, 0.0)  # (P + 1, C, S)
        return result

    def thresholds(self, dtype: np.dtype[Any]) -> Array:
        """Return the least x that has passed the starts and the last end, (P + 1, C).

        The last end belongs to the last piece, and so do the pieces that are not there.
        """
        beyond = np.nextafter(self.last.astype(dtype), dtype.type(np.inf))
        starts = np.where(self.lengths > 0, self.starts.astype(dtype), beyond)
        passed: Array = np.concatenate([starts, beyond[np.newaxis]])
        return passed


def pieces_of(network: Core, index: int, weights: Array) -> Pieces | None:
    """Return the splines of a layer with coefficients `weights` (I, M, S), None if it has none."""
    layer, knots = network.layers[index], network.knots(index)
    inputs = np.flatnonzero(network.edge_mask(index).any(axis=1)).tolist()
    if not inputs:
        return None
    policy = network.extrapolation.name
    even = {i: _evened(knots[i], layer.degree) for i in inputs}
    own = [piecewise(even[i], layer.degree, weights[i], policy) for i in inputs]
    most = max(one.lengths.size for one in own)
    every = [one.padded(most) for one in own]
    return Pieces(
        inputs,
        np.stack([one.starts for one in every], axis=1),
        np.stack([one.lengths for one in every], axis=1),
        np.stack([one.inside for one in every], axis=1),
        np.stack([one.before for one in every]),
        np.stack([one.behind for one in every]),
    )


def pieces_of_table(table: _core.Table) -> Pieces:
    """Return a function of the user's as pieces of one input with one sum."""
    degree = 5
    intervals = table.coefficients.size - degree
    steps = np.arange(-degree, intervals + degree + 1)
    knots = table.low + steps * (table.high - table.low) / intervals
    own = piecewise(knots, degree, table.coefficients[:, np.newaxis], "linear")
    starts, lengths, inside = (one[:, np.newaxis] for one in (own.starts, own.lengths, own.inside))
    return Pieces([0], starts, lengths, inside, own.before[np.newaxis], own.behind[np.newaxis])


def _evened(knots: Array, degree: int) -> Array:
    """Return knots in double precision, equally spaced where the core takes them so."""
    exact = knots.astype(np.float64)
    spacing = (exact[-1] - exact[0]) / (knots.size - 1)
    rounding = np.finfo(knots.dtype).eps * max(abs(exact[0]), abs(exact[-1]))
    off = np.abs(exact - (exact[0] + np.arange(knots.size) * spacing)).max()
    if degree == 0 or off > 2 * rounding or spacing <= 32768 * rounding:
        return exact
    even: Array = exact[degree] + (np.arange(knots.size) - degree) * spacing
    return even
