"""Training from several random starts in one call of `fit`."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from ._architecture import Core
from ._fit import Run
from ._fit_options import FitOptions
from ._history import History
from ._initial import Start, initialize
from ._problem import Problem

__all__ = ["Starts", "redrawn"]


def redrawn(network: Core, start: Start, seed: int, number: int) -> Core:
    """Return a copy of a network with the starting values that another seed draws."""
    other: Any = network.copy()
    initialize(other, start, 1000 * (seed + 1) + number, other.dtype)
    return other  # type: ignore[no-any-return]


@dataclass
class Starts:
    """Trains a new network from `count` random starts; the one with the lowest value remains."""

    model: Any
    problem: Problem
    options: FitOptions
    count: int
    has_trained: bool = False
    runs: list[Run] = field(default_factory=list)

    def go(self) -> History:
        """Train from each start in turn; the history is that of the best, its seconds of all."""
        began = time.perf_counter()
        own, start, seed = self.model._network, self.model._start, self.model.seed
        untrained = own.copy()  # training moves grids, and starting values depend on them
        for number in range(self.count):
            network = own if number == 0 else redrawn(untrained, start, seed, number)
            self._train(Run(self.model, network, self.problem, self.options))
        best = min(self.runs, key=lambda run: run.value)
        self.model._network = best.network
        best.history.seconds = time.perf_counter() - began
        return best.history

    def _train(self, run: Run) -> None:
        """Let the model hold the network of a run; the best so far if the run does not end."""
        former = self.model._network
        self.model._network = run.network
        try:
            run.go()
            self.runs.append(run)
        except BaseException:
            if self.runs:
                self.model._network = min(self.runs, key=lambda one: one.value).network
            elif not run.has_trained:
                self.model._network = former
            raise
        finally:
            self.has_trained = self.has_trained or run.has_trained
