"""The regulariser that makes networks sparse: its settings, checked, and its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import _core
from ._architecture import Core, finite, one_of
from ._arrays import Array

__all__ = ["METRICS", "Regulariser"]

METRICS = (
    "edge_forward_spline_n",
    "edge_forward_spline_u",
    "edge_forward_sum",
    "edge_backward",
    "node_backward",
)


@dataclass
class Regulariser:
    """``lamb * (l1 * sizes + entropy * entropies + coef * |c| + coefdiff * |dc|)``.

    `metric` says what the size of an edge is. See `Sparsity` of the core for the formula.
    """

    lamb: float = 0.0
    l1: float = 1.0
    entropy: float = 2.0
    coef: float = 0.0
    coefdiff: float = 0.0
    metric: str = METRICS[0]

    def __post_init__(self) -> None:
        self.lamb = finite(self.lamb, "lamb", 0.0)
        for name in ("l1", "entropy", "coef", "coefdiff"):
            setattr(self, name, finite(getattr(self, name), f"lamb_{name}", 0.0))
        one_of(self.metric, "reg_metric", METRICS)

    @property
    def of_core(self) -> _core.Sparsity | None:
        """What the core knows it as; None if there is nothing to add."""
        if not self.lamb:
            return None
        return _core.Sparsity(
            self.metric, self.lamb, self.l1, self.entropy, self.coef, self.coefdiff
        )

    def penalty(self, network: Core, x: Array) -> float:
        """Return what is added to a loss on rows x, `lamb` included."""
        if self.of_core is None:
            return 0.0
        return self.lamb * float(_core.regularity(network, _unlabelled(network, x), self.of_core))

    def penalty_and_gradient(self, network: Core, x: Array) -> tuple[float, Array]:
        """Return the same and its gradient by the parameters (P,)."""
        # Where the targets are the predictions, nothing is left of the squared error.
        added: Any = self.of_core
        rows = _unlabelled(network, x)
        value, gradient = _core.sparse_loss_and_gradient(network, rows, "mse", added)
        return float(value), gradient


def _unlabelled(network: Core, x: Array) -> Any:
    """Return rows as samples whose targets are what the network predicts."""
    kind: Any = _core.Samples32 if network.dtype == "float32" else _core.Samples64
    return kind(x, _core.predict(network, x), None, network.layers[-1].nodes, None, None)
