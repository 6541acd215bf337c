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

# How much a formula may add to the unexplained variance: a share of it, or of the targets' variance
# what splines miss; and to a sum of cross-entropies.
ALLOWED, MISSED_BY_FINE_SPLINES, MISSED_BY_SPLINES = 1.1, 1e-8, 1e-4
NOT_SIGNIFICANT = 2.0

# A variance that is rounding, relative to that of the targets.
ROUNDING = 1e-26


@dataclass(frozen=True)
class Observations:
    """Rows, what a network should say of them, and how errors count; float64.

    `measured`: y is data, and not what a network says of x, with what its splines miss of a law.
    """

    x: Array
    y: Array
    loss: str = "mse"
    weight: Array | None = None
    measured: bool = True

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

    def is_missed_by_splines(self, loss: float) -> bool:
        """Whether splines on grids as fine as these leave no less of a law without noise."""
        missed = MISSED_BY_FINE_SPLINES if self.measured else MISSED_BY_SPLINES
        return self.loss == "mse" and loss <= missed * self.scale

    def allowed(self, level: float) -> float:
        """Return up to what unexplained loss a formula is as good as splines at `level`.

        For squares a tenth more, and what fine splines miss; for cross-entropy what a likelihood
        ratio calls nothing.
        """
        if self.loss == "cross_entropy":
            return level + NOT_SIGNIFICANT / len(self.x)
        missed = MISSED_BY_FINE_SPLINES if self.measured else MISSED_BY_SPLINES
        return max(ALLOWED * level, missed * self.scale)


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
    """Return the loss as it would be on fresh rows, roughly: by generalised cross-validation.

    Where more numbers train than there are rows, as if one were left. Nothing is below rounding.
    Cross-entropy rises by a row's share of every number that trains, as Akaike has it.
    """
    numbers = int(network.trainable().sum())
    if not math.isfinite(loss):
        return math.inf
    if observations.loss == "cross_entropy":
        return loss + numbers / len(observations.x)
    rows = len(observations.x) * network.layers[-1].nodes
    left = max(1, rows - numbers)
    fresh: float = loss * (rows / left) ** 2
    return max(fresh, ROUNDING * observations.scale)
