"""Quiet training of a network inside a search: Levenberg-Marquardt on all rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from . import _core
from ._architecture import Core
from ._arrays import Array

__all__ = ["ROUNDING", "Observations", "as_dtype", "refit", "unexplained"]

# Steps between two looks whether a refit still gets anywhere, and the share that a loss must fall
# below meanwhile to go on.
LOOK = 8
STILL_FALLS = 0.7

# A variance that is rounding, relative to that of the targets.
ROUNDING = 1e-26


@dataclass(frozen=True)
class Observations:
    """Rows, what a network should say of them, and how errors count; float64."""

    x: Array
    y: Array
    loss: str = "mse"
    weight: Array | None = None

    def samples(self, outputs: int) -> Any:
        """Return the rows as the core takes them."""
        labels = self.y if self.loss == "cross_entropy" else None
        targets = None if labels is not None else self.y
        return _core.Samples64(self.x, targets, labels, outputs, self.weight, None)

    @property
    def scale(self) -> float:
        """The loss of saying nothing: the mean square of the targets around their mean."""
        if self.loss == "cross_entropy":
            return 1.0
        return float(((self.y - self.y.mean(axis=0)) ** 2).mean()) or 1.0


def as_dtype(network: Core, dtype: str) -> Core:
    """Return a copy of a network in float64 or float32."""
    if network.dtype == dtype:
        twin: Core = network.copy()
        return twin
    kind: Any = _core.Network64 if dtype == "float64" else _core.Network32
    made = kind(
        network.layers,
        network.base,
        network.extrapolation,
        network.affine_enabled,
        network.tables,
    )
    for index in range(len(network.layers)):
        made.set_knots(index, network.knots(index).astype(dtype))
        made.set_symbolic_trainable(index, network.symbolic_trainable(index))
        made.set_edge_mask(index, network.edge_mask(index))
    made.set_parameters(network.parameters().astype(dtype))
    made.set_trainable(*network.trainable_groups())
    converted: Core = made
    return converted


def refit(
    network: Any,
    observations: Observations,
    steps: int,
    *,
    still_falls: float = STILL_FALLS,
    damping: float = 1e-3,
) -> float:
    """Train a float64 network in place; return its loss.

    Ends after `steps` steps, or when the loss is not below `still_falls` times that of before the
    last look.
    """
    samples = observations.samples(network.layers[-1].nodes)
    objective = _core.DataObjective64(network, samples, observations.loss, 0, 0, True)
    optimizer = _core.LevenbergMarquardt64(network.parameters(), damping, 0.0)
    best = _core.Best64()
    before = math.inf
    for done in range(0, steps, LOOK):
        values, more = _core.run(optimizer, objective, min(LOOK, steps - done), best)
        value = float(best.value)
        if not more or not values.size or value >= still_falls * before:
            break
        before = value
    if best.parameters.size:
        network.set_parameters(best.parameters)
    lowest: float = best.value
    return lowest


def unexplained(network: Core, observations: Observations, loss: float) -> float:
    """Return the loss as it would be on fresh rows, roughly: per degree of freedom that is left.

    Where more numbers train than there are rows, as if one were left. Nothing is below rounding.
    """
    rows = observations.x.shape[0] * (network.layers[-1].nodes if observations.loss == "mse" else 1)
    left = max(1, rows - int(network.trainable().sum()))
    if not math.isfinite(loss):
        return math.inf
    fresh: float = loss * rows / left
    return max(fresh, ROUNDING * observations.scale)
