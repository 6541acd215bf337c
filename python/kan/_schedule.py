"""Training on finer and finer grids in one call of `fit`."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, replace
from typing import Any

from ._architecture import Core
from ._choice import second_order_work
from ._fit import Run, Stage
from ._fit_options import FitOptions
from ._grids import refined
from ._history import History
from ._problem import Problem
from ._starts import redrawn

__all__ = ["Schedule"]

# Random starts of a network that was never trained, and the steps after which they are compared:
# what is a poor local minimum shows by then. Bold first steps find the better ones of some
# problems, careful ones those of others: the starts take them in turns.
STARTS, START_STEPS = 8, 20
FIRST_DAMPINGS = (1.0, 100.0)

# Multiply-adds for all of them together, a second or two; costly networks get fewer.
MOST_START_WORK = 1e10

# Between which the damping of one grid is taken over by the next.
LEAST_DAMPING, MOST_DAMPING = 1e-8, 1e-3

# A finer grid must bring the loss on held-out rows below this share of what it was.
WORTHWHILE = 0.99

# Ends of a run after which a finer grid makes sense.
MAY_GO_ON = ("steps", "converged", "plateau", "patience")


@dataclass
class Schedule:
    """Trains on each grid in turn, from what the one before learnt.

    A new network that Levenberg-Marquardt trains starts from the best of several random ones. A
    grid is left when it has given what it can. With held-out rows the best network on them is
    kept, whatever its grid, and a grid that brings nothing is the last.
    """

    model: Any
    problem: Problem
    options: FitOptions
    grids: list[int]

    def __post_init__(self) -> None:
        self.has_trained = False
        self.start = self.model._start
        self.stage = Stage(last=len(self.grids) == 1)
        self.first = self._run(self._on_grid(self.grids[0]), self.stage)

    def go(self) -> History:
        """Train; on any exception the model keeps its last whole step."""
        if self.options.steps == 0:
            return self._run(self.model._network, self.stage).go()
        began = time.perf_counter()
        history = History()
        best: Run | None = None
        run = self._from_best_start()
        for number, intervals in enumerate(self.grids):
            if number:
                last = number + 1 == len(self.grids)
                run = self._run(self._on_grid(intervals), _next_stage(run, last))
            history.append(self._train(run), intervals)
            may_go_on = history.stopped in MAY_GO_ON
            if may_go_on and best is not None and self._brought_nothing(best, run):
                history.stopped = "validation"
                break
            if best is None or run.value < best.value:
                best = run
            if not may_go_on:
                break
        assert best is not None
        self.model._network = best.network
        history.seconds = time.perf_counter() - began
        return history

    def _train(self, run: Run) -> History:
        """Let the model hold the network of a run while it trains; keep the former if it cannot."""
        former = self.model._network
        self.model._network = run.network
        try:
            return run.go()
        finally:
            self.has_trained = self.has_trained or run.has_trained
            if not run.has_trained:
                self.model._network = former

    def _brought_nothing(self, before: Run, finer: Run) -> bool:
        if self.problem.validation is None:
            return False
        return finer.value > WORTHWHILE * before.value

    def _run(self, network: Core, stage: Stage) -> Run:
        return Run(self.model, network, self.problem, self.options, stage)

    def _on_grid(self, intervals: int) -> Core:
        """Return the model's network on a grid, or the network itself if it is there already."""
        network: Core = self.model._network
        if all(layer.intervals == intervals for layer in network.layers):
            return network
        return refined(network, [intervals] * len(network.layers))

    def _from_best_start(self) -> Run:
        """Return the first run, from the best of several networks after a few quiet steps."""
        own = self.first.network
        costly = second_order_work(own, self.problem.train.count) * START_STEPS
        count = min(STARTS, int(MOST_START_WORK / max(costly, 1.0)))
        second_order = self.first.options.opt == "LM"
        if self.start is None or not second_order or len(own.layers) == 1 or count < 2:
            return self.first
        runs = [self._try_start(own.copy(), 0)]
        for number in range(1, count):
            runs.append(self._try_start(redrawn(own, self.start, self.model.seed, number), number))
        return self._run(min(runs, key=lambda run: run.value).network, self.stage)

    def _try_start(self, network: Any, number: int) -> Run:
        quiet = replace(
            self.options,
            steps=min(START_STEPS, self.options.steps),
            patience=None,
            metrics=None,
            display_metrics=None,
            callbacks=None,
            verbose=False,
        )
        problem = replace(self.problem, validation=None, test=None)
        damping = FIRST_DAMPINGS[number % len(FIRST_DAMPINGS)]
        run = Run(self.model, network, problem, quiet, Stage(damping=damping))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # another start may do better
            try:
                run.go()
            except ValueError:  # cannot begin there: its value is infinite
                if number == 0:
                    raise
        return run


def _next_stage(run: Run, last: bool) -> Stage:
    """Return what the run on a finer grid takes over from this one."""
    damping = run.damping
    if damping is not None:
        damping = min(max(damping, LEAST_DAMPING), MOST_DAMPING)
    return Stage(first=False, last=last, damping=damping)
