"""The keywords of `KAN.fit`, and what callbacks are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ._architecture import finite, flag, integer, is_sequence, one_of
from ._history import OWN_CURVES, History
from ._regulariser import Regulariser

__all__ = ["OPTIMIZERS", "FitOptions", "Progress", "callables"]

OPTIMIZERS = {"LBFGS": 1.0, "LM": None, "Adam": 1e-3}  # with their learning rates


@dataclass
class FitOptions:
    """The keywords of `fit`, checked."""

    opt: str = "auto"
    steps: int = 100
    log: int = 1
    regulariser: Regulariser = field(default_factory=Regulariser)
    lr: float | None = None
    alpha: float = 0.0
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
    display_metrics: Sequence[str] | None = None
    callbacks: Sequence[Callable[[Progress], Any]] | None = None
    verbose: bool | None = None
    seed: int = 1
    named_metrics: dict[str, Callable[[], Any]] = field(init=False)

    def __post_init__(self) -> None:
        one_of(self.opt, "opt", ["auto", *OPTIMIZERS])
        self.steps = integer(self.steps, "steps", 0)
        self.log = integer(self.log, "log", 1)
        if self.lr is not None:
            self.lr = finite(self.lr, "lr", 0.0, open_end=True)
        self.batch = integer(self.batch, "batch", -1)
        if self.batch == 0:
            raise ValueError("batch must be a number of rows, or -1 for all of them, got 0")
        self.weight_decay = finite(self.weight_decay, "weight_decay", 0.0)
        self.alpha = finite(self.alpha, "alpha", 0.0)
        self._refuse_what_others_do()
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
        self.update_grid = flag(self.update_grid, "update_grid")
        if self.verbose is not None:
            self.verbose = flag(self.verbose, "verbose")
        self.named_metrics = _named(callables(self.metrics, "metrics"))
        self.display_metrics = _curves(self.display_metrics, [*OWN_CURVES, *self.named_metrics])
        self.callbacks = callables(self.callbacks, "callbacks")

    def _refuse_what_others_do(self) -> None:
        """Raise on options that the optimizer asked for does not have."""
        if self.opt == "LM" and self.lr is not None:
            raise ValueError(f"lr has no meaning with opt='LM', got {self.lr}")
        if self.regulariser.lamb and self.opt == "LM":
            raise ValueError(
                "lamb works with opt='LBFGS' and opt='Adam': what it adds is no sum of squares, "
                f"got opt='LM' with lamb={self.regulariser.lamb}"
            )
        if self.alpha and self.opt not in ("LM", "auto"):
            raise ValueError(f"alpha works with opt='LM', got opt={self.opt!r}")
        if self.weight_decay and self.opt not in ("Adam", "auto"):
            raise ValueError(f"weight_decay works with opt='Adam', got opt={self.opt!r}")
        others = [name for name in ("lr", "weight_decay") if getattr(self, name)]
        others += ["lamb"] if self.regulariser.lamb else []
        if self.alpha and (others or self.batch > 0):
            raise ValueError(f"alpha works with opt='LM', without {', '.join(others) or 'batch'}")

    def decided(self, opt: str, batch: int) -> FitOptions:
        """Return the same for one optimizer, with its learning rate."""
        rate = OPTIMIZERS[opt] if self.lr is None else self.lr
        return replace(self, opt=opt, batch=batch, lr=rate)

    def moves_grid(self, step: int) -> bool:
        """Whether `step` begins by moving the grid; pykan's rule."""
        every = max(1, self.stop_grid_update_step // self.grid_update_num)
        inside = self.start_grid_update_step <= step < self.stop_grid_update_step
        return self.update_grid and inside and step % every == 0


def _named(metrics: list[Callable[[], Any]]) -> dict[str, Callable[[], Any]]:
    """Return metrics by name; the second ``<lambda>`` is called ``<lambda>_2``."""
    named: dict[str, Callable[[], Any]] = {}
    for metric in metrics:
        name = unique = str(getattr(metric, "__name__", type(metric).__name__))
        if name in OWN_CURVES:
            raise ValueError(
                f"metrics must not be named {', '.join(OWN_CURVES)}, which the history has of "
                f"its own, got {name}: give the function another name"
            )
        number = 2
        while unique in named:
            unique, number = f"{name}_{number}", number + 1
        named[unique] = metric
    return named


def _curves(names: Any, known: list[str]) -> list[str] | None:
    """Return which curves the progress bar shows; None leaves it the choice."""
    if names is None:
        return None
    if not is_sequence(names):
        raise TypeError(f"display_metrics must be a list of names, got {names!r}")
    return [one_of(name, "display_metrics", known) for name in names]


def callables(given: Any, name: str) -> list[Callable[..., Any]]:
    listed = [given] if callable(given) else [] if given is None else given
    if not is_sequence(listed) or not all(callable(one) for one in listed):
        raise TypeError(f"{name} must be a list of functions, got {given!r}")
    return list(listed)


@dataclass(frozen=True)
class Progress:
    """What callbacks see after each step: the model as it is and the curves so far.

    A callback that returns True ends the training; one that changes the model makes it go on
    from there.
    """

    model: Any
    step: int
    steps: int
    history: History
    train_loss: float
