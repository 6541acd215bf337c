"""Names that notebooks expect from ``from kan import *``; each is imported when it is first used.

`torch` is the installed one, or else the stand-in of `_stand_in`.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

__all__ = ["np", "nsimplify", "plt", "sympy", "torch"]

# Dunder names that tools look up on anything they meet, and that are no reason to import it.
ASKED_FOR = ("__version__", "__file__", "__all__")


class Later(ModuleType):
    """A module that is imported when something of it is first used."""

    def __init__(self, name: str, load: Callable[[], ModuleType], text: str) -> None:
        super().__init__(name, text)
        self._load = load

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ASKED_FOR:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(self._load(), name)

    def __dir__(self) -> list[str]:
        return dir(self._load())

    def __repr__(self) -> str:
        return f"<module {self.__name__!r}, imported when first used>"


def _torch() -> ModuleType:
    found = importlib.util.find_spec("torch") is not None
    return importlib.import_module("torch" if found else f"{__package__}._stand_in")


def _extra(name: str, extra: str) -> Callable[[], ModuleType]:
    def load() -> ModuleType:
        try:
            return importlib.import_module(name)
        except ImportError as error:
            package = name.partition(".")[0]
            hint = f"{package} is not installed: pip install 'kan-core[{extra}]'"
            raise ImportError(hint) from error

    return load


torch = Later("torch", _torch, "torch if it is installed, else a small stand-in on NumPy.")
plt = Later(
    "matplotlib.pyplot", _extra("matplotlib.pyplot", "plot"), "matplotlib.pyplot, when used."
)
sympy = Later("sympy", _extra("sympy", "symbolic"), "sympy, when used.")


def nsimplify(expr: Any, *arguments: Any, **options: Any) -> Any:
    """Return ``sympy.nsimplify(expr, ...)``: floats become fractions and known constants."""
    return sympy.nsimplify(expr, *arguments, **options)
