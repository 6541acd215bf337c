"""The progress bar of a training run."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from tqdm.auto import tqdm

from ._history import History

__all__ = ["Bar"]


class Bar:
    """A tqdm bar that shows the latest losses; by default where somebody is watching."""

    def __init__(self, steps: int, verbose: bool | None, log: int) -> None:
        watched = sys.stderr is not None and sys.stderr.isatty()
        in_notebook = "ipykernel" in sys.modules
        shown = (watched or in_notebook) if verbose is None else bool(verbose)
        self._bar = tqdm(total=steps, disable=not shown, desc="fit", leave=True)
        self._shown = shown
        self._log = log
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

    def stretch(self, seconds: float) -> int:
        """How many steps to take before the bar wants to know, at the pace seen so far."""
        if not self._shown:
            return sys.maxsize
        return min(self._next_stretch, self._log) if self._log > 1 else self._next_stretch

    def advance(self, steps: int, history: History) -> None:
        """Show that `steps` more are done."""
        if not self._shown:
            return
        now = time.perf_counter()
        quick = now - self._last < 0.05
        self._next_stretch = self._next_stretch * 2 if quick else max(1, self._next_stretch // 2)
        self._last = now
        self._done += steps
        if self._done % self._log == 0 or self._done == self._bar.total:
            names = ("train_loss", "test_loss", "validation_loss")
            latest = {n: history[n][-1] for n in names if history.get(n)}
            self._bar.set_postfix_str(
                ", ".join(f"{name} {value:.2e}" for name, value in latest.items()), refresh=False
            )
        self._bar.update(steps)
