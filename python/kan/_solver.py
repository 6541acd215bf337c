"""Training on conditions: what `Problem.solve` does between its arguments and its history."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _core
from ._architecture import Core, finite, flag, integer, one_of
from ._arrays import Array
from ._fit_options import OPTIMIZERS, Progress, callables
from ._grids import refined, update_grid
from ._history import History
from ._progress import Bar
from ._residuals import SquareSum
from ._rows import Rows

if TYPE_CHECKING:
    from .pde import Problem

__all__ = ["Solver", "SolverOptions"]

# Steps after which a coarse grid ends if the loss has not fallen to this share in so many.
LOOK, STILL_FALLS = 5, 0.97

# Damping that Levenberg-Marquardt starts with, relative to the mean curvature; on a finer grid it
# goes on with its own, in these bounds.
FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 1.0, 1e-8, 1e-3

# Steps on a grid that begin by moving the grids: what flows through the network changes most in
# the beginning.
MOVES = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96)


@dataclass
class SolverOptions:
    """The keywords of `solve`, checked."""

    opt: str
    steps: int
    lr: float | None
    update_grid: bool
    stop_grid_update_step: int
    log: int
    callbacks: Sequence[Callable[[Progress], Any]] | None
    verbose: bool | None

    def __post_init__(self) -> None:
        one_of(self.opt, "opt", list(OPTIMIZERS))
        self.steps = integer(self.steps, "steps", 0)
        if self.opt == "LM" and self.lr is not None:
            raise ValueError(f"lr has no meaning with opt='LM', got {self.lr}")
        if self.lr is not None:
            self.lr = finite(self.lr, "lr", 0.0, open_end=True)
        self.update_grid = flag(self.update_grid, "update_grid")
        self.stop_grid_update_step = integer(self.stop_grid_update_step, "stop_grid_update_step", 0)
        self.log = integer(self.log, "log", 1)
        self.callbacks = callables(self.callbacks, "callbacks")
        if self.verbose is not None:
            self.verbose = flag(self.verbose, "verbose")

    def moves_grid(self, step: int) -> bool:
        """Whether a step, counted on its grid, begins by moving the grids."""
        return self.update_grid and step < self.stop_grid_update_step and step in MOVES


class Solver:
    """Trains the model of a problem on one grid after the other."""

    def __init__(
        self,
        problem: Problem,
        options: SolverOptions,
        resample: int | None,
        draw: Callable[[], None],
    ) -> None:
        self.problem, self.options = problem, options
        self.resample, self.draw = resample, draw
        self.history = History()
        self.steps = 0

    def solve(self, stages: Sequence[list[int] | None]) -> History:
        """Train; on any exception the model keeps its last whole step."""
        began = time.perf_counter()
        self._check_start()
        history = self.history
        history.optimizer, history.reason = self.options.opt, "as asked"
        self.steps = self.options.steps * len(stages)
        damping = FIRST_DAMPING
        with Bar(self.steps, self.options.verbose, self.options.log, what="solve") as bar:
            try:
                for number, intervals in enumerate(stages):
                    stage = _Stage(self, bar, self._network_on(intervals), damping)
                    stage.run(last=number + 1 == len(stages))
                    damping = stage.next_damping()
                    if history.stopped not in ("steps", "plateau", "converged"):
                        break
            except BaseException:
                history.stopped = "interrupted"
                raise
            finally:
                history.seconds = time.perf_counter() - began
        if history.stopped == "not finite":
            warnings.warn(
                f"solve ended after step {history.steps}: the loss or its gradient is not finite",
                RuntimeWarning,
                stacklevel=3,
            )
        return history

    def _check_start(self) -> None:
        """Raise if training cannot begin where the model is."""
        square_sum = self.problem._square_sum()
        value = square_sum.value()
        if not math.isfinite(value):
            raise ValueError(f"solve() needs a loss that is finite at the start, got {value}")
        if self.options.opt == "LM":
            square_sum.require_pointwise()

    def _network_on(self, intervals: list[int] | None) -> Core:
        """Let the model have a grid, and return its network."""
        network = self.problem.model._network
        if intervals is not None:
            if [layer.intervals for layer in network.layers] != intervals:
                self.problem.model._network = network = refined(network, intervals)
            self.history.refinements.append((self.history.steps, intervals[0]))
        return network


@dataclass
class Kept:
    """The best point so far: its loss, network and unknown numbers."""

    value: float = math.inf
    network: Any = None
    unknowns: Any = None


class _Stage:
    """Steps on one grid."""

    def __init__(self, solver: Solver, bar: Bar, network: Core, damping: float) -> None:
        self.solver, self.bar, self.network = solver, bar, network
        self.options, self.history = solver.options, solver.history
        self.model = solver.problem.model
        self.square_sum: SquareSum = solver.problem._square_sum()
        self.suffix = "32" if network.dtype == "float32" else "64"
        self.objective = self._core("ResidualObjective")(
            network,
            self.square_sum.unknowns.count,
            self.square_sum.value_and_gradient,
            self.square_sum.value,
            self.square_sum.linearised,
        )
        self.optimizer = self._make_optimizer(damping)
        self.core_best = self._core("Best")()
        self.is_stale = False
        self.losses: list[float] = []
        self.kept = Kept()

    def run(self, last: bool) -> None:
        """Take the steps of this grid; at the end the best parameters are the model's."""
        self.history.stopped = "steps"
        self._keep(self.square_sum.value(), self.square_sum.parameters())
        if self.options.steps == 0:
            return
        try:
            for step in range(self.options.steps):
                self._prepare(step)
                if not self._step(last):
                    break
        except BaseException:
            self.square_sum.set_parameters(self.optimizer.parameters)
            raise
        self._take_best()

    def _prepare(self, step: int) -> None:
        """Draw points and move grids where this step begins with that."""
        every = self.solver.resample
        draws = every is not None and self.history.steps % every == 0
        if draws:
            self.solver.draw()
            # Losses at other points do not compare.
            self.kept, self.core_best = Kept(), self._core("Best")()
        moved = self.options.moves_grid(step) and self._move_grid()
        # What Adam averages over steps is worth as much at other points, but not its last value.
        self.is_stale = draws and not moved and self.options.opt == "Adam"
        if draws and not moved and not self.is_stale:
            self.optimizer.reset(self.square_sum.parameters())
        if moved:
            self.core_best = self._core("Best")()

    def _step(self, last: bool) -> bool:
        """Take one step; False if this grid has given what it can."""
        best = self._core("Best")() if self.is_stale else self.core_best
        values, more = _core.run(self.optimizer, self.objective, 1, best)
        at = self.optimizer.parameters
        self.square_sum.set_parameters(at)
        self._record(float(values[0]) if len(values) else self.optimizer.value, at)
        called_off = self._hand_over()
        if not more:
            self.history.stopped = "converged" if self._is_finite(at) else "not finite"
        elif called_off:
            self.history.stopped = "callback"
        elif not last and self._is_on_plateau():
            self.history.stopped = "plateau"
        return self.history.stopped == "steps"

    def _is_finite(self, at: Array) -> bool:
        """Whether the loss and its gradient are finite; the optimizer does not say."""
        value, gradient = self.square_sum.value_and_gradient(at)
        return math.isfinite(value) and bool(np.isfinite(gradient).all())

    def _record(self, loss: float, at: Array) -> None:
        history = self.history
        self.losses.append(loss)
        history["train_loss"].append(loss)
        for condition, part in zip(
            self.square_sum.conditions, self.square_sum.parts(at), strict=True
        ):
            history.setdefault(condition.name, []).append(part)
        history.steps += 1

    def _hand_over(self) -> bool:
        """Call the callbacks: whether they end the run."""
        self.bar.advance(1, self.history)
        if not self.options.callbacks:
            return False
        progress = Progress(
            self.model, self.history.steps, self.solver.steps, self.history, self.losses[-1]
        )
        answers = [callback(progress) for callback in self.options.callbacks]
        if self.model._network is not self.network:
            raise ValueError("callbacks of solve may look at the model, but not change it")
        return any(isinstance(one, (bool, np.bool_)) and one for one in answers)

    def _is_on_plateau(self) -> bool:
        if len(self.losses) < 2 * LOOK or len(self.losses) % LOOK or self.options.opt == "Adam":
            return False
        return self.losses[-1] > STILL_FALLS * self.losses[-1 - LOOK]

    def _move_grid(self) -> bool:
        points = np.concatenate([one.points for one in self.square_sum.conditions])
        moved: Any = self.network.copy()
        rows = Rows(points)
        if not update_grid(moved, rows, self.model.grid_eps, outgrown_only=self.history.steps == 0):
            return False
        network: Any = self.network
        before = network.copy()
        network.assign(moved)
        try:
            accepted = math.isfinite(self.square_sum.value())
        except BaseException:  # the optimizer's parameters are those of the former grid
            network.assign(before)
            raise
        if not accepted:
            network.assign(before)
            return False
        self._keep(self.core_best.value, self.core_best.parameters, before)
        self.optimizer.reset(self.square_sum.parameters())
        self.history.grid_updates.append(self.history.steps)
        return True

    def _keep(self, value: float, parameters: Array, network: Any = None) -> None:
        """Keep a point, on the grids of `network` or those of now, if it is the best so far."""
        if not value < self.kept.value:
            return
        own = (self.network if network is None else network).copy()
        own.set_parameters(np.ascontiguousarray(parameters[: own.parameter_count]))
        self.kept = Kept(value, own, np.array(parameters[own.parameter_count :]))

    def _take_best(self) -> None:
        self._keep(self.core_best.value, self.core_best.parameters)
        if self.kept.network is not None:
            self.network.assign(self.kept.network)
            self.square_sum.unknowns.move(self.kept.unknowns)

    def next_damping(self) -> float:
        """Return the damping to begin with on a finer grid."""
        own = self.optimizer.damping if self.options.opt == "LM" else FIRST_DAMPING
        return float(min(max(own, LEAST_DAMPING), MOST_DAMPING))

    def _make_optimizer(self, damping: float) -> Any:
        start = self.square_sum.parameters()
        rate = OPTIMIZERS[self.options.opt] if self.options.lr is None else self.options.lr
        if self.options.opt == "Adam":
            return self._core("Adam")(start, rate, 0.0)
        if self.options.opt == "LM":
            return self._core("LevenbergMarquardt")(start, damping, 0.0)
        return self._core("Lbfgs")(start, rate)

    def _core(self, name: str) -> Any:
        return getattr(_core, name + self.suffix)
