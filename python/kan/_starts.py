"""Training from several random starts in one call of `fit`."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._architecture import Core
from ._choice import choose, first_order_work, second_order_work
from ._fit import Run
from ._fit_options import FitOptions
from ._history import History
from ._initial import Start, initialize
from ._problem import Problem

__all__ = ["Starts", "redrawn", "rescue"]

# A fit that leaves more than this share of the targets' variance after so many steps looks like one
# that is stuck.
STUCK, ENOUGH_STEPS = 0.02, 10

# Starts of a network that gets stuck, and the multiply-adds that all of them may take.
MOST_STARTS, MOST_WORK = 8, 1e10


def redrawn(network: Core, start: Start, seed: int, number: int) -> Core:
    """Return a copy of a network with the starting values that another seed draws."""
    other: Any = network.copy()
    initialize(other, start, 1000 * (seed + 1) + number, other.dtype)
    return other  # type: ignore[no-any-return]


def rescue(model: Any, problem: Problem, options: FitOptions) -> Starts | None:
    """Return the starts of a new network that may get stuck, or None if one has to do.

    One has to do where starts again would not go unnoticed (batches, callbacks, metrics) or would
    take long, and where a regulariser, the user's loss or few steps leave open what stuck means.
    """
    settled = choose(model._network, problem, options)
    targets = problem.train.some_targets(problem.loss)
    plain = targets is not None and targets[0] == "mse" and settled.opt in ("LM", "LBFGS")
    watched = options.callbacks or options.named_metrics
    adds = options.regulariser.lamb or options.alpha or options.batch > 0
    fresh = model._start is not None and len(model._network.layers) > 1
    fresh = fresh and bool(model._network.trainable().all())
    if not (plain and fresh) or watched or adds or options.steps < ENOUGH_STEPS:
        return None
    work = second_order_work if settled.opt == "LM" else first_order_work
    each = work(model._network, problem.train.count) * options.steps
    count = min(MOST_STARTS, int(MOST_WORK / max(each, 1.0)))
    assert targets is not None
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(np.var(targets[1].astype(np.float64), axis=0).mean())
    return Starts(model, problem, options, count, STUCK * spread) if count > 1 else None


@dataclass
class Starts:
    """Trains a new network from `count` random starts; the one with the lowest value remains.

    A start that ends at a value of at most `enough` is the last.
    """

    model: Any
    problem: Problem
    options: FitOptions
    count: int
    enough: float = -math.inf
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
            if self.runs[-1].value <= self.enough or self._must_end():
                break
        best = min(self.runs, key=lambda run: run.value)
        self.model._network = best.network
        best.history.seconds = time.perf_counter() - began
        if len(self.runs) > 1:
            best.history.reason += f"; the best of {len(self.runs)} starts"
        return best.history

    def _must_end(self) -> bool:
        """Whether the last run did not end by itself."""
        return self.runs[-1].history.stopped in ("callback", "not finite")

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
