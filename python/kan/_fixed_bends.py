"""How symbolic functions behave between two points: how much they bend, or where they turn."""

from __future__ import annotations

import math

import numpy as np

from . import _core
from ._arrays import Array
from ._c_functions import POLE, SMALLEST, WINDOW

__all__ = ["bend_of", "is_smooth", "turns_of"]

MOST_POLES = 1000

# sup |f''|, of functions without a kink.
BENDS = {
    "0": 0.0,
    "x": 0.0,
    "x^2": 2.0,
    "sin": 1.0,
    "cos": 1.0,
    "tanh": 0.77,  # 4 / 3^1.5
    "arctan": 0.65,  # 3^1.5 / 8
    "gaussian": 2.0,
}

# Between these arguments functions only rise or only fall; those of tan are counted by range.
TURNS = {
    "x^3": (),
    "x^4": (0.0,),
    "x^5": (),
    "1/x": (-POLE, POLE),
    "1/x^2": (-POLE, POLE),
    "1/x^3": (-POLE, POLE),
    "1/x^4": (-POLE, POLE),
    "1/x^5": (-POLE, POLE),
    "sqrt": (),
    "x^1.5": (0.0,),
    "1/sqrt(x)": (-SMALLEST, SMALLEST),
    "exp": (),
    "log": (-SMALLEST, SMALLEST),
    "abs": (0.0,),
    "sgn": (),
    "arcsin": (),
    "arccos": (),
    "arctanh": (),
    "cosh": (0.0,),
}


def is_smooth(edge: _core.SymbolicEdge) -> bool:
    """Whether the edge's function has a bend; others have turns."""
    return edge.function == "table" or edge.function in BENDS


def bend_of(edge: _core.SymbolicEdge, tables: list[_core.Table]) -> float:
    """Return sup |f''| of a smooth edge's function f."""
    if edge.function != "table":
        return BENDS[edge.function]
    table = tables[edge.table]
    coefficients = np.asarray(table.coefficients)
    spacing = (table.high - table.low) / (coefficients.size - 5)
    return float(np.abs(np.diff(coefficients, 2)).max()) / spacing**2


def turns_of(edge: _core.SymbolicEdge, alpha: float, beta: float, x: Array) -> Array:
    """Return where on the range of x the function of alpha * x + beta turns, and points beside.

    The points beside stand for the rounding of the argument: on one side or the other of a turn
    the function is what the core calculates there.
    """
    if alpha == 0.0:
        return np.empty(0)
    if edge.function == "tan":
        u = np.sort(alpha * x[[0, -1]] + beta)
        first, last = np.floor(u / math.pi - 0.5)
        if last - first > MOST_POLES:
            raise ValueError(
                f"a tangent of the model has more than {MOST_POLES} poles on its range"
            )
        poles = math.pi * (np.arange(first, last + 2) + 0.5)
        turns = np.concatenate([poles - WINDOW, poles + WINDOW])
    else:
        turns = np.array(TURNS[edge.function])
    beside = 4 * np.finfo(float).eps * (np.abs(turns) + abs(beta)) / abs(alpha)
    places = (turns - beta) / alpha
    return np.concatenate([places - beside, places, places + beside])
