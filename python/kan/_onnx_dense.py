"""Splines of few pieces in ONNX: every piece has columns of its own in one matrix product.

With u_p the way through piece p, cut off to [0, 1], a continuous piecewise polynomial is

    S(x) = S(first) + sum_p ( P_p(u_p) - P_p(0) ),

since u_p is 1 behind a piece and 0 before it. What goes on before the first and behind the last
piece is cut off on one side alone; where S jumps there is a step.
"""

from __future__ import annotations

import numpy as np

from ._arrays import Array
from ._onnx_graph import Value
from ._onnx_pieces import Pieces
from ._onnx_sum import Sum

__all__ = ["add_dense"]

# Inputs up to which one product with a matrix, most of it 0, is the fastest way in ONNX Runtime to
# shift and scale copies of them.
FEW_INPUTS = 24


class Copies:
    """Copies of inputs x (N, I), in blocks of the C inputs that have splines."""

    def __init__(self, x: Value, inputs: int, pieces: Pieces) -> None:
        self._x, self._inputs, self._chosen = x, inputs, list(pieces.inputs)
        # A product rounds both terms of x / h - start / h. Far from 0 that costs digits which
        # (x - start) / h keeps.
        reach = np.maximum(np.abs(pieces.first), np.abs(pieces.last))
        near = bool((reach <= 2 * (pieces.last - pieces.first)).all())
        self._by_product = inputs <= FEW_INPUTS and near

    def positions(self, origins: Array, scales: Array) -> Value:
        """Return (x - origin) * scale, (N, R * C), for blocks (R, C) of both."""
        if not self._by_product:
            return (self.blocks(len(origins)) - origins.ravel()) * scales.ravel()
        matrix = np.zeros((self._inputs, *origins.shape))
        matrix[self._chosen, :, np.arange(len(self._chosen))] = scales.T
        graph = self._x.graph
        shift = graph.number(-(origins * scales).ravel())
        return graph.add("Gemm", self._x, graph.number(matrix.reshape(self._inputs, -1)), shift)

    def blocks(self, count: int) -> Value:
        """Return the inputs side by side, `count` times over."""
        every = self._chosen == list(range(self._inputs))
        chosen = self._x if every else self._x.columns(self._chosen)
        return self._x.graph.joined([chosen] * count)


def add_dense(x: Value, inputs: int, pieces: Pieces, total: Sum) -> None:
    """Add the splines of x (N, inputs) to the sums of their layer."""
    copies = Copies(x, inputs, pieces)
    total.bias = total.bias + pieces.before[:, 0].sum(axis=0)
    if pieces.inside[:, :, 1:].any():
        real = pieces.lengths > 0
        scales = np.where(real, 1 / np.where(real, pieces.lengths, 1), 0)
        _add_powers(
            copies.positions(pieces.starts, scales).then("Clip", 0, 1), pieces.inside, total
        )
    if pieces.before[:, 1:].any() or pieces.behind[:, 1:].any():
        _add_ends(copies, pieces, total)
    jumps = pieces.jumps()
    steps = jumps.any(axis=(1, 2))
    if steps.any():
        thresholds = pieces.thresholds(total.graph.dtype)[steps]
        passed = copies.blocks(len(thresholds)) >= thresholds.ravel()
        total.add(passed.cast(total.graph.dtype), jumps[steps].reshape(-1, jumps.shape[2]))


def _add_ends(copies: Copies, pieces: Pieces, total: Sum) -> None:
    """Add what goes on before the first and behind the last piece, in units of the grid."""
    units = pieces.last - pieces.first
    signed = np.stack([-units, units])
    powers = signed[:, :, np.newaxis, np.newaxis] ** np.arange(pieces.degree + 1)[:, np.newaxis]
    away = copies.positions(np.stack([pieces.first, pieces.last]), 1 / signed).at_least_0()
    _add_powers(away, np.stack([pieces.before, pieces.behind]) * powers, total)


def _add_powers(u: Value, polynomials: Array, total: Sum) -> None:
    """Add polynomials (R, C, k+1, S) of u (N, R * C), but for their constants."""
    power = u
    degree = int(np.flatnonzero(polynomials.any(axis=(0, 1, 3))).max(initial=0))
    for n in range(1, degree + 1):
        power = u if n == 1 else power * u
        total.add(power, polynomials[:, :, n].reshape(-1, polynomials.shape[3]))
