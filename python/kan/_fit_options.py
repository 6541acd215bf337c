"""The keywords of `KAN.fit`, and what callbacks are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ._architecture import finite, integer, is_sequence, one_of
from ._history import History

__all__ = ["OPTIMIZERS", "FitOptions", "Progress"]

OPTIMIZERS = {"LBFGS": 1.0, "Adam": 1e-3}  # with their learning rates


@dataclass
class FitOptions:
    """The keywords of `fit`, checked."""

    opt: str = "LBFGS"
    steps: int = 100
    log: int = 1
    lr: float | None = None
    batch: int = -1
    weight_decay: float = 0.0
    update_grid: bool = True
    grid_update_num: int = 10
    start_grid_update_step: int = -1
    stop_grid_update_step: int = 50
    validation_fraction: float = 0.0
    patience: int | None = None
    min_delta: float = 0.0
    metrics: Sequence[Callable[[], Any]] | None = None
    callbacks: Sequence[Callable[[Progress], Any]] | None = None
    verbose: bool | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        one_of(self.opt, "opt", list(OPTIMIZERS))
        self.steps = integer(self.steps, "steps", 0)
        self.log = integer(self.log, "log", 1)
        rate = OPTIMIZERS[self.opt] if self.lr is None else self.lr
        self.lr = finite(rate, "lr", 0.0, open_end=True)
        self.batch = integer(self.batch, "batch", -1)
        if self.batch == 0:
            raise ValueError("batch must be a number of rows, or -1 for all of them, got 0")
        self.weight_decay = finite(self.weight_decay, "weight_decay", 0.0)
        if self.weight_decay and self.opt != "Adam":
            raise ValueError(f"weight_decay works with opt='Adam', got opt={self.opt!r}")
        self.grid_update_num = integer(self.grid_update_num, "grid_update_num", 1)
        self.start_grid_update_step = integer(
            self.start_grid_update_step, "start_grid_update_step", -1
        )
        self.stop_grid_update_step = integer(self.stop_grid_update_step, "stop_grid_update_step", 0)
        self.validation_fraction = finite(self.validation_fraction, "validation_fraction", 0.0)
        if self.validation_fraction >= 1.0:
            raise ValueError(f"validation_fraction must be < 1, got {self.validation_fraction}")
        if self.patience is not None:
            self.patience = integer(self.patience, "patience", 1)
        self.min_delta = finite(self.min_delta, "min_delta", 0.0)
        self.metrics = _callables(self.metrics, "metrics")
        self.callbacks = _callables(self.callbacks, "callbacks")

    def moves_grid(self, step: int) -> bool:
        """Whether `step` begins by moving the grid; pykan's rule."""
        every = max(1, self.stop_grid_update_step // self.grid_update_num)
        inside = self.start_grid_update_step <= step < self.stop_grid_update_step
        return self.update_grid and inside and step % every == 0


def _callables(given: Any, name: str) -> list[Callable[..., Any]]:
    listed = [given] if callable(given) else [] if given is None else given
    if not is_sequence(listed) or not all(callable(one) for one in listed):
        raise TypeError(f"{name} must be a list of functions, got {given!r}")
    return list(listed)


@dataclass(frozen=True)
class Progress:
    """What callbacks see after each step: the model as it is and the curves so far.

    A callback that returns True ends the training.
    """

    model: Any
    step: int
    steps: int
    history: History

    @property
    def train_loss(self) -> float:
        """Training loss of this step, as in the history."""
        return self.history["train_loss"][-1]
