"""Training: what `KAN.fit` does between its arguments and its history."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import _core
from ._architecture import Core
from ._choice import choose
from ._domain import has_borders, refuse_outside
from ._fit_options import FitOptions, Progress
from ._grids import update_grid
from ._history import History
from ._losses import Data
from ._parts import Parts
from ._problem import Problem
from ._progress import Bar

__all__ = ["Run", "Stage"]

# Most steps in one call of the core, which has room for their values ready.
MOST_STEPS = 2**12

# Most parameters of Levenberg-Marquardt.
MOST_SECOND_ORDER = 20_000

# A prediction that is right to so many units of its last place leaves nothing to learn.
LAST_DIGITS = 2.0

# Damping that Levenberg-Marquardt starts with, relative to the mean curvature.
FIRST_DAMPING = 1.0


@dataclass
class Best:
    """The best network so far, by the loss that decides."""

    value: float = math.inf
    network: Any = None
    stale: int = 0

    def take(self, value: float, network: Core) -> None:
        """Take a network if it is better."""
        if value < self.value:
            self.value = value
            self.network = network.copy()

    def offer(
        self, value: float, network: Core, report: Callable[[float], float], min_delta: float
    ) -> None:
        """Take a network if it is better; count how often in a row none was, by `min_delta`."""
        better = value < self.value and report(self.value) - report(value) >= min_delta
        self.stale = 0 if better else self.stale + 1
        self.take(value, network)


@dataclass(frozen=True)
class Stage:
    """A run among those on finer and finer grids.

    Its grids move at the beginning and once more, and it ends on a plateau.
    """

    first: bool = True
    last: bool = False
    damping: float | None = None

    # Steps that begin by moving the grid, and between two looks whether the loss still falls.
    MOVES = (0, 5)
    LOOK = 5
    STILL_FALLS, STILL_FALLS_LAST = 0.97, 0.999

    def is_on_plateau(self, losses: list[float]) -> bool:
        """Whether the grid has given what it can."""
        if len(losses) < 2 * self.LOOK or len(losses) % self.LOOK:
            return False
        share = self.STILL_FALLS_LAST if self.last else self.STILL_FALLS
        return losses[-1] > share * losses[-1 - self.LOOK]


@dataclass
class Run:
    """Training on one grid: stretches of steps in the core, and what happens between them."""

    model: Any
    network: Core
    problem: Problem
    options: FitOptions
    stage: Stage | None = None
    history: History = field(default_factory=History)
    best: Best = field(default_factory=Best)
    # What the model holds if an error ends the run just now; else the optimizer's parameters.
    whole: Any = None
    # What was lowered, the regulariser included, in the units of the reported losses.
    lowered: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.suffix = "32" if self.network.dtype == "float32" else "64"
        choice = choose(self.network, self.problem, self.options)
        self.options = options = self.options.decided(choice.opt, choice.batch)
        data = self.problem.train
        self.batch = 0 if options.batch <= 0 or options.batch >= data.count else options.batch
        if self.batch and self.problem.loss.function is not None:
            raise ValueError("batch works with the named losses, not with a function as loss_fn")
        if options.opt == "LM":
            self._require_least_squares()
        self.epoch = math.ceil(data.count / self.batch) if self.batch else 1
        self._refuse_outside()
        self.objective = self.problem.loss.objective(
            self.network, data, self.batch, options.seed, options.opt == "LM", options.regulariser
        )
        self.parts = Parts(self.problem, self.network, options, self.batch)
        self.optimizer = self._make_optimizer()
        self.core_best = self._core("Best")()
        self.rounding = self._rounding()
        self.history.optimizer, self.history.reason = options.opt, choice.reason

    @property
    def has_trained(self) -> bool:
        """Whether any step is done."""
        return self.history.steps > 0

    @property
    def value(self) -> float:
        """The loss of the best network, by which networks are compared."""
        return self.best.value

    @property
    def damping(self) -> float | None:
        """Damping of Levenberg-Marquardt, where it ran."""
        return float(self.optimizer.damping) if self.options.opt == "LM" else None

    @np.errstate(over="ignore")  # targets so large are refused when the training begins
    def _rounding(self) -> float:
        """Return the squared error of predictions that are right to the last digits."""
        targets = self.problem.train.some_targets(self.problem.loss)
        if targets is None or targets[0] != "mse" or self.batch:
            return 0.0
        digit = LAST_DIGITS * float(np.finfo(self.network.dtype).eps)
        with np.errstate(over="ignore"):
            square = float(np.mean(np.square(targets[1], dtype=np.float64)))
        return digit**2 * square if math.isfinite(square) else 0.0

    def _require_least_squares(self) -> None:
        """Raise unless Levenberg-Marquardt can take this loss, these rows and this network."""
        if self.batch:
            raise ValueError(f"opt='LM' needs all rows in every step, got batch={self.batch}")
        parameters = int(self.network.trainable().sum())
        if parameters > MOST_SECOND_ORDER:
            raise ValueError(
                f"opt='LM' works with up to {MOST_SECOND_ORDER} parameters, whose matrices take "
                f"gigabytes, got {parameters}: use opt='LBFGS'"
            )
        if self.problem.loss.function is not None:
            raise ValueError("opt='LM' works with the named losses, not with a function as loss_fn")

    def _core(self, name: str) -> Any:
        return getattr(_core, name + self.suffix)

    def _make_optimizer(self) -> Any:
        start, rate = self.network.parameters(), self.options.lr
        if self.options.opt == "Adam":
            return self._core("Adam")(start, rate, self.options.weight_decay)
        if self.options.opt == "LM":
            damping = FIRST_DAMPING
            if self.stage is not None and self.stage.damping is not None:
                damping = self.stage.damping
            return self._core("LevenbergMarquardt")(start, damping, self.options.alpha)
        return self._core("Lbfgs")(start, rate)

    def _refuse_outside(self) -> None:
        """Raise if rows will lie outside a grid that has borders: after step 0 these stay."""
        if not has_borders(self.network):
            return
        network = self._moved(0)[0] if self._moves_grid(0) else self.network
        refuse_outside(network, self.problem.given, self.problem.name)
        if self.problem.test is not None:
            refuse_outside(network, self.problem.test, "dataset['test_input']")

    def go(self) -> History:
        """Train; on any exception the model keeps its last whole step."""
        began = time.perf_counter()
        options, history = self.options, self.history
        history.stopped = "steps"
        try:
            with Bar(options.steps, options.verbose, options.log, options.display_metrics) as bar:
                self._begin()
                while history.steps < options.steps and self._stretch(bar):
                    pass
        except BaseException:
            history.stopped = "interrupted"
            if self.whole is not None:
                self.network.assign(self.whole)
            else:
                self.network.set_parameters(self.optimizer.parameters)
            raise
        finally:
            history.seconds = time.perf_counter() - began
        self._take_core_best(self.network)
        if self.batch and history.stopped != "steps":  # in the middle of an epoch
            self.best.take(self._deciding_value(), self.network)
        if self.best.network is not None:
            self.network.assign(self.best.network)
        if history.stopped == "not finite":
            cause = self.problem.loss.not_finite(self.network.dtype)
            warnings.warn(
                f"fit ended after step {history.steps}: {cause}",
                RuntimeWarning,
                stacklevel=3 if self.stage is None else 4,
            )
        return history

    def _begin(self) -> None:
        """Look at the start, and move grids that do not hold their inputs."""
        self.best.take(self._deciding_value(), self.network)
        if self.options.steps == 0:
            return
        if self._moves_grid(0):
            self._move_grid(0)
            if has_borders(self.network):  # the grids of before need not hold the rows
                self.best = Best()
                self.best.take(self._deciding_value(), self.network)
        if not math.isfinite(self.best.value):
            value = self.problem.loss.value(self.network, self.problem.train)
            if not math.isfinite(value):
                cause = self.problem.loss.not_finite(self.network.dtype)
                raise ValueError(f"fit cannot begin with a loss of {value}: {cause}")

    def _stretch(self, bar: Bar) -> bool:
        """Take steps up to the next event; False if the training is over."""
        step = self.history.steps
        if step and self._moves_grid(step):
            self._move_grid(step)
        steps = self._steps_until_event(bar)
        self.parts.begin(self.optimizer)
        values, more = _core.run(self.optimizer, self.objective, steps, self.core_best)
        self.network.set_parameters(self.optimizer.parameters)
        values = values.tolist()
        parts = [self.parts.of(value - self._ridge(), self.optimizer) for value in values]
        losses = [self.problem.loss.report(max(loss, 0.0)) for loss, _ in parts]
        self._append("train_loss", losses)
        self._append("reg", (reg for _, reg in parts))
        self.lowered.extend(self.problem.loss.report(max(value, 0.0)) for value in values)
        self.history.steps += len(losses)
        self._record()
        called_off, changed = self._hand_over(bar, losses)
        if not more and not changed:
            self.history.stopped = "converged" if self._is_finite() else "not finite"
        elif values and values[-1] <= self.rounding and not changed:
            self.history.stopped = "converged"
        elif self._out_of_patience():
            self.history.stopped = "patience"
        elif self._is_on_plateau():
            self.history.stopped = "plateau"
        elif called_off:
            self.history.stopped = "callback"
        return self.history.stopped == "steps"

    def _steps_until_event(self, bar: Bar) -> int:
        step, options = self.history.steps, self.options
        watched = self.problem.test or self.problem.validation or options.patience
        adds_something = options.alpha > 0.0 or options.regulariser.lamb > 0.0
        every_step = options.callbacks or options.named_metrics or adds_something
        if every_step or (watched and not self.batch):
            return 1
        most = min(options.steps - step, bar.stretch, MOST_STEPS)
        if self.batch:
            most = min(most, self.epoch - step % self.epoch)
        if self.problem.test:
            most = 1
        if self.stage is not None:
            most = min(most, Stage.LOOK - step % Stage.LOOK)
        ahead = range(step + 1, min(step + most, options.stop_grid_update_step))
        return next((s - step for s in ahead if self._moves_grid(s)), most)

    def _deciding_value(self) -> float:
        """Return what decides which parameters are kept: the loss, and what is added to it."""
        rows = self.problem.validation or self.problem.train
        value = self.problem.loss.value(self.network, rows) + self._penalty(rows)
        return value if math.isfinite(value) else math.inf

    def _penalty(self, rows: Data) -> float:
        """Return what the regulariser adds to the loss on some rows, and a ridge to the own."""
        if self.options.regulariser.lamb:
            return self.options.regulariser.penalty(self.network, rows.all())
        return 0.0 if rows is self.problem.validation else self._ridge()

    def _ridge(self) -> float:
        """Return what the ridge adds to the loss."""
        if not self.options.alpha:
            return 0.0
        moving = self.network.parameters()[self.network.trainable().astype(bool)]
        return float(self.options.alpha * np.sum(moving.astype(np.float64) ** 2))

    def _append(self, name: str, values: Iterable[float]) -> None:
        self.history.setdefault(name, []).extend(values)

    def _record(self) -> None:
        """Losses after a stretch, and the best network."""
        report, step = self.problem.loss.report, self.history.steps
        at_epoch_end = not self.batch or step % self.epoch == 0 or step == self.options.steps
        if self.problem.test is not None:
            value = self.problem.loss.value(self.network, self.problem.test)
            self._append("test_loss", [report(value)])
        if at_epoch_end and (self.batch or self.problem.validation is not None):
            value = self._deciding_value()
            self.best.offer(value, self.network, report, self.options.min_delta)
            if self.problem.validation is not None:
                loss = value - self._penalty(self.problem.validation)
                self._append("validation_loss", [report(max(loss, 0.0))])
        elif not self.batch and self.options.patience is not None:
            self.best.offer(self.optimizer.value, self.network, report, self.options.min_delta)

    def _hand_over(self, bar: Bar, losses: list[float]) -> tuple[bool, bool]:
        """Call metrics and callbacks: whether they end the run, whether they changed the model."""
        if not self.options.named_metrics and not self.options.callbacks:
            bar.advance(len(losses), self.history)
            return False, False
        self.whole = self.network.copy()
        for name, metric in self.options.named_metrics.items():
            self._append(name, [_number(metric(), name)])
        bar.advance(len(losses), self.history)
        progress = Progress(
            self.model, self.history.steps, self.options.steps, self.history, losses[-1]
        )
        answers = [callback(progress) for callback in self.options.callbacks or ()]
        if self.model._network is not self.network:
            raise ValueError(
                "callbacks may change parameters, grids and which splines there are, but not give "
                "the model other nodes or functions while it trains: return True, then do that"
            )
        changed = not _same(self.network, self.whole)
        if changed:
            self._take_core_best(self.whole)
            self._restart()
            self.best.take(self._deciding_value(), self.network)
        self.whole = None
        called_off = any(isinstance(one, (bool, np.bool_)) and one for one in answers)
        return called_off, changed

    def _restart(self) -> None:
        """Make the optimizer go on from the model as it is, without memories of another one."""
        self.optimizer.reset(self.network.parameters())
        self.core_best = self._core("Best")()

    def _is_finite(self) -> bool:
        """Whether the loss and its gradient are finite: Adam stops only where they are not."""
        if self.options.opt == "Adam" or not math.isfinite(self.optimizer.value):
            return False
        gradient = self.problem.loss.gradient(self.network, self.problem.train)
        return bool(np.isfinite(gradient).all())

    def _out_of_patience(self) -> bool:
        return self.options.patience is not None and self.best.stale >= self.options.patience

    def _take_core_best(self, network: Core) -> None:
        """Make the best point that the core saw on this network's grid the best, if it is."""
        if self.batch or self.problem.validation is not None:
            return  # values of batches do not compare, and validation decides by itself
        if self.core_best.value < self.best.value:
            better = network.copy()
            better.set_parameters(self.core_best.parameters)
            self.best.value, self.best.network = self.core_best.value, better

    def _is_on_plateau(self) -> bool:
        """Whether a finer grid may follow: losses of batches and steps of Adam say too little."""
        if self.stage is None or self.batch or self.options.opt == "Adam":
            return False
        return self.stage.is_on_plateau(self.lowered)

    def _moves_grid(self, step: int) -> bool:
        """Whether this step begins by moving the grid."""
        options = self.options
        if self.stage is None:
            return options.moves_grid(step)
        inside = options.start_grid_update_step <= step < options.stop_grid_update_step
        return options.update_grid and inside and step in Stage.MOVES

    def _move_grid(self, step: int) -> None:
        self._take_core_best(self.network)
        moved, any_moved = self._moved(step)
        if not any_moved or not math.isfinite(self.problem.loss.value(moved, self.problem.train)):
            return
        self.whole = moved
        self.network.assign(moved)
        self.history.grid_updates.append(step)
        self._restart()
        self.whole = None

    def _moved(self, step: int) -> tuple[Any, bool]:
        """Return a network whose grids follow the data as in this step, and whether any moved."""
        moved: Any = self.network.copy()
        # What flows through an untrained network says little: zooming in on it traps the training.
        untrained = step == 0 and (self.stage is None or self.stage.first)
        # And zooming in on what a regulariser makes smaller and smaller keeps it alive.
        grows_only = untrained or self.options.regulariser.lamb > 0.0
        any_moved = update_grid(
            moved,
            self.problem.train,
            self.model.grid_eps,
            outgrown_only=grows_only,
            also_held=self.problem.given if has_borders(self.network) else None,
        )
        return moved, any_moved


def _same(one: Core, other: Core) -> bool:
    """Whether parameters and grids are the same."""
    return np.array_equal(one.parameters(), other.parameters()) and all(
        np.array_equal(one.knots(index), other.knots(index)) for index in range(len(one.layers))
    )


def _number(value: Any, name: str) -> float:
    """Return what a metric returned as a float."""
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"metric {name} must return a number, got {value!r}") from None
