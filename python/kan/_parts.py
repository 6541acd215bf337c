"""What of an objective's value is the loss of the data, and what the regulariser's."""

from __future__ import annotations

import math
from typing import Any

from . import _core
from ._architecture import Core
from ._fit_options import FitOptions
from ._problem import Problem

__all__ = ["Parts"]


class Parts:
    """Divides the values that an optimizer lowers, step by step, where there is a regulariser.

    With batches a second objective draws the same ones and says what their rows alone would say.
    """

    def __init__(self, problem: Problem, network: Core, options: FitOptions, batch: int) -> None:
        self.problem, self.network, self.lamb = problem, network, options.regulariser.lamb
        self.same_batches: Any = None
        # A step of Adam ends with the value of where it began, as far as batches go.
        self.looks_back = options.opt == "Adam"
        self.point: Any = None
        if self.lamb and batch:
            suffix = "32" if network.dtype == "float32" else "64"
            self.same_batches = problem.loss.objective(
                network, problem.train, batch, options.seed, second_order=False
            )
            self.reader = getattr(_core, f"Adam{suffix}")(network.parameters(), 1.0, 0.0)
            self.no_best = getattr(_core, f"Best{suffix}")()

    def begin(self, optimizer: Any) -> None:
        """Before a step: remember where it began, if that is what its value will be of."""
        if self.same_batches is not None and self.looks_back:
            self.point = optimizer.parameters

    def of(self, value: float, optimizer: Any) -> tuple[float, float]:
        """After a step: return the loss of the data and the value of the regulariser."""
        if not self.lamb:
            return value, 0.0
        loss = self._loss(optimizer)
        if not math.isfinite(loss):  # of a point that was taken back
            return value, 0.0
        return loss, max(value - loss, 0.0) / self.lamb

    def _loss(self, optimizer: Any) -> float:
        if self.same_batches is None:
            return self.problem.loss.value(self.network, self.problem.train)
        self.reader.reset(self.point if self.looks_back else optimizer.parameters)
        values, _ = _core.run(self.reader, self.same_batches, 1, self.no_best)
        return float(values[0])
