"""Training on finer and finer grids in one call of `fit`."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, replace
from typing import Any

from ._architecture import Core
from ._choice import choose, second_order_work
from ._fit import Run, Stage
from ._fit_options import FitOptions
from ._grids import refined
from ._history import History
from ._initial import initialize
from ._problem import Problem

__all__ = ["Schedule"]

# Random starts of a network that was never trained, and the steps after which they are compared:
# what is a poor local minimum shows by then. Bold first steps find the better ones of some
# problems, careful ones those of others: the starts take them in turns.
STARTS, START_STEPS = 8, 20

# Multiply-adds for all of them together, a second or two; costly networks get fewer.
MOST_START_WORK = 1e10
FIRST_DAMPINGS = (1.0, 100.0)

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
        self.start = self.model._start
        self.stage = Stage(last=len(self.grids) == 1)
        self.first = self._run(self._on_grid(self.grids[0]), self.stage)

    def go(self) -> History:
        """Train; on any exception the model keeps its last whole step."""
        began = time.perf_counter()
        history = History()
        best: Run | None = None
        run = self.first
        if self.start is not None:
            network: Any = run.network
            network.assign(self._best_start(network))
            run = self._run(network, self.stage)
        for number, intervals in enumerate(self.grids):
            if number:
                last = number + 1 == len(self.grids)
                run = self._run(self._on_grid(intervals), _next_stage(run, last))
            self.model._network = run.network
            history.append(run.go(), intervals)
            if best is not None and self._brought_nothing(best, run):
                self.model._network = best.network
                history.stopped = "validation"
                break
            best = run
            if history.stopped not in MAY_GO_ON:
                break
        history.seconds = time.perf_counter() - began
        return history

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

    def _best_start(self, own: Core) -> Core:
        """Return the best of several networks after a few quiet steps; the first is the own one."""
        if choose(own, self.problem, self.options).opt != "LM" or len(own.layers) == 1:
            return own
        work = START_STEPS * second_order_work(own, self.problem.train.count)
        runs = [self._try_start(own.copy(), 0)]
        for number in range(1, min(STARTS, int(MOST_START_WORK / work))):
            other: Any = own.copy()
            initialize(other, self.start, 1000 * (self.model.seed + 1) + number, other.dtype)
            runs.append(self._try_start(other, number))
        best: Core = min(runs, key=lambda run: run.value).network
        return best

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
            run.go()
        return run


def _next_stage(run: Run, last: bool) -> Stage:
    """Return what the run on a finer grid takes over from this one."""
    damping = run.damping
    if damping is not None:
        damping = min(max(damping, LEAST_DAMPING), MOST_DAMPING)
    return Stage(first=False, last=last, damping=damping)
