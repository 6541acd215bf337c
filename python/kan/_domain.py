"""Where a network whose policy outside the grid is "error" is defined."""

from __future__ import annotations

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array
from ._rows import Rows

__all__ = ["grid_ends", "has_borders", "refuse_outside"]


def has_borders(network: Core) -> bool:
    """Whether inputs outside the grid are errors."""
    return bool(network.extrapolation == _core.Extrapolation.error)


def grid_ends(network: Core) -> tuple[Array, Array]:
    """Return where the grids of the network's inputs begin and end, (I,) each."""
    layer, knots = network.layers[0], network.knots(0)
    return knots[:, layer.degree], knots[:, layer.degree + layer.intervals]


def refuse_outside(network: Core, rows: Rows, name: str) -> None:
    """Raise if the policy is "error" and an input is outside the grid."""
    if not has_borders(network) or not rows.count:
        return
    low, high = grid_ends(network)
    outside = (rows.x < low) | (rows.x > high)
    if rows.index is not None:
        chosen = np.zeros(len(outside), dtype=bool)
        chosen[rows.index] = True
        outside[~chosen] = False
    places = np.argwhere(outside)
    if len(places):
        row, column = places[0]
        raise ValueError(
            f"{name} must lie inside the grid (extrapolation='error'): got "
            f"{rows.x[row, column]:g} at row {row}, column {column}, whose grid is "
            f"[{low[column]:g}, {high[column]:g}]"
        )
