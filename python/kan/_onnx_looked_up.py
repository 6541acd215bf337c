"""Splines of many pieces in ONNX: the polynomials of the piece that holds x are gathered.

That costs the same for any number of pieces, but for a search in steps of their square root where
they are not equally long.
"""

from __future__ import annotations

import math

import numpy as np

from ._arrays import Array
from ._onnx_graph import Value
from ._onnx_pieces import Pieces
from ._onnx_sum import Sum

__all__ = ["add_looked_up", "powers_by_input", "rows_and_ways"]

# Of the length of a piece: equal ones differ by less, for the rounding of their sums alone.
UNEVEN = 1e-9


def add_looked_up(x: Value, inputs: int, pieces: Pieces, total: Sum) -> None:
    """Add the splines of x (N, inputs) to the sums of their layer."""
    graph, sums = total.graph, pieces.inside.shape[3]
    if list(pieces.inputs) != list(range(inputs)):
        x = x.columns(pieces.inputs)
    rows, t, table = rows_and_ways(x, pieces)
    own = graph.add("Gather", x.graph.constant(table.astype(x.dtype)), rows)
    if pieces.degree == 0:
        total.others.append(own.then("ReduceSum", graph.whole([1]), keepdims=0).reshape(0, sums))
        return
    terms = len(pieces.inputs) * (pieces.degree + 1)
    powers = powers_by_input(t, pieces).reshape(0, 1, terms)
    total.others.append(powers.then("MatMul", own.reshape(0, terms, sums)).reshape(0, sums))


def rows_and_ways(x: Value, pieces: Pieces) -> tuple[Value, Value, Array]:
    """Return rows (N, C) of a table, the ways t (N, C) and the table: polynomials of t.

    The table is (C * (P + 2), k+1, S), an input after the other.
    """
    spacing = _common_spacing(pieces)
    if spacing is None:
        origins = np.concatenate([pieces.first[np.newaxis], pieces.starts, pieces.last[np.newaxis]])
        return _searched(x, pieces, origins)
    return _counted(x, pieces, spacing)


def powers_by_input(t: Value, pieces: Pieces) -> Value:
    """Return 1, t, ..., t^k of every input: (N, C, k+1).

    Powers that nothing outside the pieces has are those of t near [0, 1]: far away they would
    overflow, and 0 times infinity is no number.
    """
    ends = np.stack([pieces.before, pieces.behind]).any(axis=(0, 1, 3))
    outside = int(np.flatnonzero(ends).max(initial=0))
    bounded = outside < min(pieces.degree, 2)
    powers = [t.then("Clip", -1, 2) if bounded else t]
    for _ in range(1, pieces.degree):
        powers.append(powers[-1] * powers[0])
    if bounded and outside == 1:
        powers[0] = t
    every = t.graph.joined([t.then("Clip", 1, 1), *powers])
    by_power = every.reshape(0, pieces.degree + 1, len(pieces.inputs))
    return by_power.then("Transpose", perm=[0, 2, 1])


def _common_spacing(pieces: Pieces) -> Array | None:
    """Return the length (C,) of the pieces of each input, if they are equal and nothing jumps."""
    spacing = (pieces.last - pieces.first) / len(pieces.starts)
    steps = np.arange(len(pieces.starts))[:, np.newaxis]
    off = np.abs(pieces.starts - (pieces.first + steps * spacing)).max(axis=0)
    even = bool((off <= UNEVEN * spacing).all()) and pieces.degree > 0
    return spacing if even and not pieces.jumps().any() else None


def _counted(x: Value, pieces: Pieces, spacing: Array) -> tuple[Value, Value, Array]:
    """Pieces of equal length: piece -1 is what goes on before the first."""
    count = len(pieces.starts)
    place = (x - pieces.first) * (1 / spacing)
    piece = place.then("Clip", -1, count).then("Floor")
    # What is no number has no piece, but must not leave the table.
    index = piece.cast(np.int32).then("Clip", -1, count)
    rows = index + (1 + np.arange(len(spacing)) * (count + 2))
    units = spacing[:, np.newaxis] ** np.arange(pieces.degree + 1)
    before = _shifted(pieces.before * units[:, :, np.newaxis])
    behind = pieces.behind * units[:, :, np.newaxis]
    return rows, place - piece, _table(before, pieces.inside, behind)


def _shifted(polynomials: Array) -> Array:
    """Return polynomials (C, k+1, S) of t - 1 as polynomials of t: Horner's scheme, repeated."""
    shifted: Array = polynomials.copy()
    degree = shifted.shape[1] - 1
    for done in range(degree):
        for n in range(degree - 1, done - 1, -1):
            shifted[:, n] -= shifted[:, n + 1]
    return shifted


def _searched(x: Value, pieces: Pieces, origins: Array) -> tuple[Value, Value, Array]:
    """Any pieces: the number of thresholds that x has passed."""
    index = _passed(x, pieces.thresholds(x.dtype).T)
    rows = index + np.arange(len(pieces.inputs)) * len(origins)
    units = pieces.last - pieces.first
    lengths = np.concatenate([units[np.newaxis], pieces.lengths, units[np.newaxis]])
    scales = 1 / np.where(lengths > 0, lengths, 1)
    t = x - _own(x, origins, rows)
    ends = (units[:, np.newaxis] ** np.arange(pieces.degree + 1))[:, :, np.newaxis]
    table = _table(pieces.before * ends, pieces.inside, pieces.behind * ends)
    return rows, t * _own(x, scales, rows), table


def _passed(x: Value, thresholds: Array) -> Value:
    """Return how many of the thresholds (C, B), which increase, x (N, C) has passed.

    Counted in blocks of sqrt(B), and then in the block where they end. What fills the last block
    up is passed by nothing, infinity included.
    """
    inputs, count = thresholds.shape
    width = math.isqrt(count - 1) + 1
    blocks = -(-count // width)
    padded = np.full((inputs, blocks * width), np.nan, dtype=thresholds.dtype)
    padded[:, :count] = thresholds
    x = x.reshape(0, inputs, 1)
    block = _count(x >= padded[:, width::width])
    own = x.graph.constant(padded.reshape(inputs * blocks, width))
    within = x.graph.add("Gather", own, block + np.arange(inputs) * blocks)
    return block * width + _count(x >= within)


def _count(truths: Value) -> Value:
    """Return how many are true along the last of three axes."""
    return truths.cast(np.int32).then("ReduceSum", truths.graph.whole([2]), keepdims=0)


def _own(x: Value, numbers: Array, rows: Value) -> Value:
    """Return the numbers (P + 2, C) of the pieces in these rows."""
    listed = x.graph.constant(numbers.T.ravel().astype(x.dtype))
    return x.graph.add("Gather", listed, rows)


def _table(before: Array, inside: Array, behind: Array) -> Array:
    """Return the polynomials of an input after the other, (C * (P + 2), k+1, S)."""
    every = np.concatenate([before[np.newaxis], inside, behind[np.newaxis]])
    count, inputs, terms, sums = every.shape
    table: Array = every.transpose(1, 0, 2, 3).reshape(inputs * count, terms, sums)
    return table
