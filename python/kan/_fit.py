"""Training: what `KAN.fit` does between its arguments and its history."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import _core
from ._architecture import Core
from ._fit_options import FitOptions, Progress
from ._grids import update_grid
from ._history import History
from ._problem import Problem
from ._progress import Bar

__all__ = ["Run"]

# Most steps in one call of the core, which has room for their values ready.
MOST_STEPS = 2**12


@dataclass
class Best:
    """The best network so far, by the loss that decides."""

    value: float = math.inf
    network: Any = None
    stale: int = 0

    def offer(self, value: float, network: Core, min_delta: float) -> None:
        """Take a network if it is better; count how often in a row none was."""
        self.stale = 0 if value < self.value - min_delta else self.stale + 1
        if value < self.value:
            self.value = value
            self.network = network.copy()


@dataclass
class Run:
    """One call of `fit`: stretches of steps in the core, and what happens between them."""

    model: Any
    network: Core
    problem: Problem
    options: FitOptions
    history: History = field(default_factory=History)
    best: Best = field(default_factory=Best)
    moving: Any = None  # the network on the grid that the optimizer does not know yet

    def __post_init__(self) -> None:
        self.suffix = "32" if self.network.dtype == "float32" else "64"
        options, data = self.options, self.problem.train
        self.batch = 0 if options.batch <= 0 or options.batch >= data.count else options.batch
        if self.batch and self.problem.loss.function is not None:
            raise ValueError("batch works with the named losses, not with a function as loss_fn")
        self.epoch = math.ceil(data.count / self.batch) if self.batch else 1
        self.objective = self.problem.loss.objective(self.network, data, self.batch, options.seed)
        self.optimizer = self._make_optimizer()
        self.core_best = self._core("Best")()
        self.history.optimizer = options.opt

    def _core(self, name: str) -> Any:
        return getattr(_core, name + self.suffix)

    def _make_optimizer(self) -> Any:
        start, rate = self.network.parameters(), self.options.lr
        if self.options.opt == "Adam":
            return self._core("Adam")(start, rate, self.options.weight_decay)
        return self._core("Lbfgs")(start, rate)

    def go(self) -> History:
        """Train; on any exception the model keeps its last whole step."""
        began = time.perf_counter()
        self.history.stopped = "steps"
        try:
            with Bar(self.options.steps, self.options.verbose, self.options.log) as bar:
                self.best.offer(self._deciding_value(), self.network, 0.0)
                while self.history.steps < self.options.steps and self._stretch(bar):
                    pass
        except BaseException:
            self.history.stopped = "interrupted"
            if self.moving is not None:
                self.network.assign(self.moving)
            else:
                self.network.set_parameters(self.optimizer.parameters)
            raise
        finally:
            self.history.seconds = time.perf_counter() - began
        self._take_core_best()
        if self.batch and self.history.stopped != "steps":  # in the middle of an epoch
            self.best.offer(self._deciding_value(), self.network, 0.0)
        if self.best.network is not None:
            self.network.assign(self.best.network)
        return self.history

    def _stretch(self, bar: Bar) -> bool:
        """Take steps up to the next event; False if the training is over."""
        step = self.history.steps
        if self.options.moves_grid(step):
            self._move_grid(step)
        values, more = _core.run(
            self.optimizer, self.objective, self._steps_until_event(bar), self.core_best
        )
        self.network.set_parameters(self.optimizer.parameters)
        report = self.problem.loss.report
        self.history["train_loss"].extend(report(value) for value in values)
        self.history["reg"].extend(0.0 for _ in values)
        self._record()
        bar.advance(len(values), self.history)
        called_off = self._called_off()
        if not more:
            self.history.stopped = "converged"
        elif self._out_of_patience():
            self.history.stopped = "patience"
        elif called_off:
            self.history.stopped = "callback"
        return self.history.stopped == "steps"

    def _steps_until_event(self, bar: Bar) -> int:
        step, options = self.history.steps, self.options
        watched = self.problem.test or self.problem.validation or options.patience
        if options.callbacks or options.metrics or (watched and not self.batch):
            return 1
        most = min(options.steps - step, bar.stretch, MOST_STEPS)
        if self.batch:
            most = min(most, self.epoch - step % self.epoch)
        if self.problem.test:
            most = 1
        ahead = range(step + 1, min(step + most, options.stop_grid_update_step))
        return next((s - step for s in ahead if options.moves_grid(s)), most)

    def _deciding_value(self) -> float:
        """Return the loss that decides which parameters are kept."""
        decider = self.problem.validation or self.problem.train
        value = self.problem.loss.value(self.network, decider)
        return value if math.isfinite(value) else math.inf

    def _record(self) -> None:
        """Losses and metrics after a stretch, and the best network."""
        report, step = self.problem.loss.report, self.history.steps
        at_epoch_end = not self.batch or step % self.epoch == 0 or step == self.options.steps
        if self.problem.test is not None:
            value = self.problem.loss.value(self.network, self.problem.test)
            self.history["test_loss"].append(report(value))
        if at_epoch_end and (self.batch or self.problem.validation is not None):
            value = self._deciding_value()
            self.best.offer(value, self.network, self.options.min_delta)
            if self.problem.validation is not None:
                self.history.setdefault("validation_loss", []).append(report(value))
        elif not self.batch and self.options.patience is not None:
            self.best.offer(self.optimizer.value, self.network, self.options.min_delta)
        for metric in self.options.metrics or ():
            name = getattr(metric, "__name__", type(metric).__name__)
            self.history.setdefault(name, []).append(float(metric()))

    def _out_of_patience(self) -> bool:
        return self.options.patience is not None and self.best.stale >= self.options.patience

    def _called_off(self) -> bool:
        progress = Progress(self.model, self.history.steps, self.options.steps, self.history)
        answers = [callback(progress) for callback in self.options.callbacks or ()]
        return any(isinstance(answer, (bool, np.bool_)) and answer for answer in answers)

    def _take_core_best(self) -> None:
        """Make the best point that the core saw on this grid the best of all, if it is."""
        if self.batch or self.problem.validation is not None:
            return  # values of batches do not compare, and validation decides by itself
        if self.core_best.value < self.best.value:
            better = self.network.copy()
            better.set_parameters(self.core_best.parameters)
            self.best.value, self.best.network = self.core_best.value, better

    def _move_grid(self, step: int) -> None:
        self._take_core_best()
        moved: Any = self.network.copy()
        # What flows through an untrained network says little: zooming in on it traps the training.
        any_moved = update_grid(
            moved,
            self.problem.train,
            self.model.grid_eps,
            outgrown_only=step == 0,
        )
        if not any_moved or not math.isfinite(self.problem.loss.value(moved, self.problem.train)):
            return
        self.moving = moved
        self.network.assign(moved)
        self.history.grid_updates.append(step)
        self.optimizer.reset(self.network.parameters())
        self.moving = None
        self.core_best = self._core("Best")()
