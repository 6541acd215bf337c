"""Threads, versions, and what the package knows about the machine."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from . import _core
from ._architecture import integer

__all__ = ["get_num_threads", "set_num_threads", "show_config", "threads"]


def set_num_threads(n: int | None = None) -> None:
    """Set how many threads one call may use, for the whole process.

    Results are the same bits for any number. None goes back to what the machine and
    ``OMP_NUM_THREADS`` allow.
    """
    count = _core.available_threads() if n is None else integer(n, "n", 1, 1024)
    _core.set_num_threads(count)


def get_num_threads() -> int:
    """Return how many threads one call may use."""
    return int(_core.num_threads())


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Use `n` threads inside a ``with`` block, and the former number after it."""
    before = get_num_threads()
    set_num_threads(n)
    try:
        yield
    finally:
        _core.set_num_threads(before)


def show_config() -> None:
    """Print versions, compiler, instruction set and threads, one per line."""
    rows = {
        "kan": _core.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "compiler": _core.compiler(),
        "instruction set": _core.instruction_set(),
        "openmp": "yes" if _core.has_openmp() else "no",
        "threads": f"{get_num_threads()} of {_core.available_threads()}",
    }
    width = max(map(len, rows)) + 2
    sys.stdout.write("".join(f"{name:<{width}}{value}\n" for name, value in rows.items()))
