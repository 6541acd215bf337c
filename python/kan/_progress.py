"""The progress bar of a training run."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from types import TracebackType

from tqdm.auto import tqdm

from ._history import History

__all__ = ["Bar"]

# Curves whose latest values are shown.
USUAL = ("train_loss", "test_loss", "validation_loss")

# Stretches of steps that took less than so many seconds may be longer.
QUICK = 0.05


class Bar:
    """A tqdm bar that shows the latest losses; by default where somebody is watching."""

    def __init__(
        self,
        steps: int,
        verbose: bool | None,
        log: int,
        names: Sequence[str] | None = None,
        what: str = "fit",
    ) -> None:
        watched = sys.stderr is not None and sys.stderr.isatty()
        in_notebook = "ipykernel" in sys.modules
        shown = (watched or in_notebook) if verbose is None else bool(verbose)
        self._bar = tqdm(total=steps, disable=not shown, desc=what, leave=True)
        self._shown = shown
        self._log = log
        self._names = USUAL if names is None else names
        self._done = 0
        self._next_stretch = 1
        self._last = time.perf_counter()

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    @property
    def stretch(self) -> int:
        """How many steps to take before the bar wants to know, at the pace seen so far."""
        return self._next_stretch if self._shown else sys.maxsize

    def advance(self, steps: int, history: History) -> None:
        """Show that `steps` more are done."""
        if not self._shown:
            return
        now = time.perf_counter()
        quick = now - self._last < QUICK
        self._next_stretch = self._next_stretch * 2 if quick else max(1, self._next_stretch // 2)
        self._last = now
        news = (self._done + steps) // self._log > self._done // self._log
        self._done += steps
        if news or self._done == self._bar.total:
            latest = {name: history[name][-1] for name in self._names if history.get(name)}
            self._bar.set_postfix_str(
                ", ".join(f"{name} {value:.2e}" for name, value in latest.items()), refresh=False
            )
        self._bar.update(steps)
