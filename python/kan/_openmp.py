"""How threads wait for each other, which OpenMP reads once, when the core is loaded."""

from __future__ import annotations

import importlib
import os

# A thread that has nothing to do spins for some microseconds, enough for the next loop to begin,
# and then sleeps. The runtimes' own defaults spin for milliseconds: fast on an idle machine, but
# ten times slower where other processes want the same processors.
SPIN_BRIEFLY = {"GOMP_SPINCOUNT": "2000", "KMP_BLOCKTIME": "0"}


def _load_core() -> None:
    """Import the compiled core with brief spinning, unless the user has chosen a way to wait.

    The environment is as it was afterwards.
    """
    if "OMP_WAIT_POLICY" in os.environ:
        return
    added = {name: value for name, value in SPIN_BRIEFLY.items() if name not in os.environ}
    os.environ.update(added)
    try:
        importlib.import_module("._core", __package__)
    finally:
        for name in added:
            del os.environ[name]


_load_core()
