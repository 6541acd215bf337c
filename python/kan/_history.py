"""What `fit` returns: the curves of a training run and how it ended."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["OWN_CURVES", "History"]

# Metrics must have other names.
OWN_CURVES = ("train_loss", "test_loss", "validation_loss", "reg")


class History(dict[str, list[float]]):
    """The curves of a training run, one plain float per step, and how it ended.

    Reads like pykan's results: ``history["train_loss"]`` is a list. The keys ``train_loss``,
    ``test_loss`` and ``reg`` are always there; a list without values was not measured.

    Parameters
    ----------
    curves : mapping of str to iterable of float
        Losses (names that end in ``_loss``), the regulariser ``reg`` and metrics. Copied.
    optimizer : str
        Name of the optimizer that ran.
    stopped : str
        Why the run ended.
    seconds : float
        Wall time of the run.
    grid_updates : iterable of int
        Steps, counted from 0, that began by moving the grid.
    steps : int, optional
        Number of steps taken; by default as many as there are training losses.
    reason : str
        Why this optimizer ran.
    refinements : iterable of (int, int)
        Steps, counted from 0, at which a grid of so many intervals began.
    """

    def __init__(
        self,
        curves: Mapping[str, Iterable[float]] | None = None,
        *,
        optimizer: str = "",
        stopped: str = "",
        seconds: float = 0.0,
        grid_updates: Iterable[int] = (),
        steps: int | None = None,
        reason: str = "",
        refinements: Iterable[tuple[int, int]] = (),
    ) -> None:
        super().__init__(train_loss=[], test_loss=[], reg=[])
        for name, values in (curves or {}).items():
            self[name] = [float(value) for value in values]
        self.optimizer = optimizer
        self.stopped = stopped
        self.seconds = float(seconds)
        self.grid_updates = [int(step) for step in grid_updates]
        self.reason = reason
        self.refinements = [(int(step), int(intervals)) for step, intervals in refinements]
        self.steps = len(self["train_loss"]) if steps is None else int(steps)

    def copy(self) -> History:
        """Return a history with lists of its own."""
        return copy.deepcopy(self)

    def append(self, later: History, intervals: int) -> None:
        """Add a run that followed this one on a grid of so many intervals."""
        self.refinements.append((self.steps, intervals))
        self.grid_updates += [self.steps + step for step in later.grid_updates]
        for name, values in later.items():
            self.setdefault(name, []).extend(values)
        self.steps += later.steps
        self.seconds += later.seconds
        self.optimizer, self.reason = later.optimizer, later.reason
        self.stopped = later.stopped

    def plot(self, ax: Axes | None = None, *, log: bool = True) -> Figure:
        """Draw the loss curves; grid updates are marked by thin vertical lines.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; by default in a new figure that pyplot does not manage.
        log : bool, default True
            Logarithmic losses, where any loss is positive.

        Returns
        -------
        matplotlib Figure
            The figure of the axes. Nothing is shown and nothing is written.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `ax` is something else.
        """
        from ._figures import FreeFigure, require_axes

        require_axes(ax)
        if ax is None:
            ax = FreeFigure(figsize=(6.0, 3.5), layout="constrained").add_subplot()
        losses = {name: values for name, values in self._losses().items() if values}
        for name, values in losses.items():
            marker = "o" if len(values) == 1 else ""
            ax.plot(range(1, len(values) + 1), values, marker=marker, label=_readable(name))
        for number, step in enumerate(self.grid_updates):
            label = "" if number else "grid update"
            ax.axvline(step, color="0.85", linewidth=0.8, zorder=0, label=label)
        if log and any(value > 0 for values in losses.values() for value in values):
            ax.set_yscale("log")
        ax.set_xlabel("steps")
        ax.set_ylabel("loss")
        if losses:
            ax.legend(frameon=False)
        return cast("Figure", ax.figure)

    def _losses(self) -> dict[str, list[float]]:
        return {name: values for name, values in self.items() if name.endswith("_loss")}

    def __repr__(self) -> str:
        facts = [f"{self.steps} step" if self.steps == 1 else f"{self.steps} steps"]
        facts += [f"{name} {values[-1]:.1e}" for name, values in self._losses().items() if values]
        if self.optimizer:
            facts.append(self.optimizer)
        facts.append(f"{self.seconds:.2f} s")
        return f"History({', '.join(facts)})"


def _readable(name: str) -> str:
    """Return a key as words: ``train_loss`` is drawn as "train"."""
    return name.removesuffix("_loss").replace("_", " ")
