"""The functions that symbolic edges may have: what they compute, how sympy calls them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _core
from ._architecture import finite
from ._arrays import Array

__all__ = ["SYMBOLIC_LIB", "Freedom", "add_symbolic", "core_name", "freedom_of", "names_to_try"]

Entry = tuple[Callable[[Any], Any], Callable[[Any], Any], float, Callable[..., Any]]


@dataclass(frozen=True)
class Freedom:
    """Which of alpha and beta in gamma f(alpha x + beta) + delta say something of their own.

    `alpha` is "free", "sign" (1 or -1: its size is in gamma) or "one". The rest is redundant: of
    ``exp(a x + b)`` b is in gamma, of ``log(a x + b)`` a in delta. Redundant ones are 1 and 0.
    """

    alpha: str
    beta: bool

    @property
    def count(self) -> int:
        """How many of the two are free."""
        return (self.alpha == "free") + self.beta


LINE = Freedom("one", False)
SHIFT = Freedom("one", True)
MIRRORED = Freedom("sign", True)
SCALE = Freedom("free", False)
BOTH = Freedom("free", True)


def _sympy(name: str) -> Callable[[Any], Any]:
    def call(x: Any) -> Any:
        import sympy

        return getattr(sympy, name)(x)

    return call


def _guarded(name: str) -> Callable[..., Any]:
    """Return the core's version, which goes on across singularities: (x, y_th) -> (None, y)."""

    def call(x: Any, y_th: float = 0.0) -> tuple[None, Array]:
        u = np.ascontiguousarray(x, dtype=np.float64)
        return None, _core.function_values(name, u.reshape(-1))[0].reshape(u.shape)

    return call


def _power(p: float) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    if p == 1.5:
        return (lambda x: np.sqrt(x) ** 3), (lambda x: _sympy("sqrt")(x) ** 3)
    if p in (0.5, -0.5):
        inverse = p < 0
        return (
            (lambda x: 1 / np.sqrt(x)) if inverse else np.sqrt,
            (lambda x: 1 / _sympy("sqrt")(x)) if inverse else _sympy("sqrt"),
        )
    whole = int(p)
    if whole > 0:
        return (lambda x: x**whole), (lambda x: x**whole)
    return (lambda x: 1 / x**-whole), (lambda x: 1 / x**-whole)


# Name: (NumPy function, sympy function, complexity, core's name, freedom).
_KNOWN: dict[str, tuple[Any, Any, float, str, Freedom]] = {
    "x": (*_power(1), 1, "x", LINE),
    "x^2": (*_power(2), 2, "x^2", SHIFT),
    "x^3": (*_power(3), 3, "x^3", SHIFT),
    "x^4": (*_power(4), 3, "x^4", SHIFT),
    "x^5": (*_power(5), 3, "x^5", SHIFT),
    "1/x": (*_power(-1), 2, "1/x", SHIFT),
    "1/x^2": (*_power(-2), 2, "1/x^2", SHIFT),
    "1/x^3": (*_power(-3), 3, "1/x^3", SHIFT),
    "1/x^4": (*_power(-4), 4, "1/x^4", SHIFT),
    "1/x^5": (*_power(-5), 5, "1/x^5", SHIFT),
    "sqrt": (*_power(0.5), 2, "sqrt", MIRRORED),
    "x^0.5": (*_power(0.5), 2, "sqrt", MIRRORED),
    "x^1.5": (*_power(1.5), 4, "x^1.5", MIRRORED),
    "1/sqrt(x)": (*_power(-0.5), 2, "1/sqrt(x)", MIRRORED),
    "1/x^0.5": (*_power(-0.5), 2, "1/sqrt(x)", MIRRORED),
    "exp": (np.exp, _sympy("exp"), 2, "exp", SCALE),
    "log": (np.log, _sympy("log"), 2, "log", MIRRORED),
    "abs": (np.abs, _sympy("Abs"), 3, "abs", SHIFT),
    "sin": (np.sin, _sympy("sin"), 2, "sin", BOTH),
    "cos": (np.cos, _sympy("cos"), 2, "cos", BOTH),
    "tan": (np.tan, _sympy("tan"), 3, "tan", BOTH),
    "tanh": (np.tanh, _sympy("tanh"), 3, "tanh", BOTH),
    "sgn": (np.sign, _sympy("sign"), 3, "sgn", SHIFT),
    "arcsin": (np.arcsin, _sympy("asin"), 4, "arcsin", BOTH),
    "arccos": (np.arccos, _sympy("acos"), 4, "arccos", BOTH),
    "arctan": (np.arctan, _sympy("atan"), 4, "arctan", BOTH),
    "arctanh": (np.arctanh, _sympy("atanh"), 4, "arctanh", BOTH),
    "0": (np.zeros_like, lambda x: 0 * x, 0, "0", LINE),
    "gaussian": (
        lambda x: np.exp(-(x**2)),
        lambda x: _sympy("exp")(-(x**2)),
        3,
        "gaussian",
        BOTH,
    ),
    "cosh": (np.cosh, _sympy("cosh"), 3, "cosh", BOTH),
}

SYMBOLIC_LIB: dict[str, Entry] = {
    name: (numeric, symbolic, complexity, _guarded(core))
    for name, (numeric, symbolic, complexity, core, _) in _KNOWN.items()
}

# What a search need not try beside another: the same functions in other words.
_DOUBLES = {"x^0.5", "1/x^0.5", "cos", "arccos"}


def core_name(name: str) -> str | None:
    """Return what the core calls a function; None for a user's, which becomes a table."""
    known = _KNOWN.get(name)
    if known is None or SYMBOLIC_LIB[name][0] is not known[0]:
        return None
    return known[3]


def freedom_of(name: str) -> Freedom:
    """Return which of alpha and beta are not redundant."""
    return BOTH if core_name(name) is None else _KNOWN[name][4]


def names_to_try(lib: Any = None) -> list[str]:
    """Return the functions of a search: those named, or all that differ."""
    if lib is None:
        return [name for name in SYMBOLIC_LIB if name not in _DOUBLES]
    if isinstance(lib, str):
        raise TypeError(f"lib must be a list of names, got {lib!r}")
    names = list(lib)
    if not names:
        raise ValueError("lib must name at least one function, got none")
    for name in names:
        if not isinstance(name, str) or name not in SYMBOLIC_LIB:
            raise ValueError(
                f"lib must hold names of SYMBOLIC_LIB ({', '.join(SYMBOLIC_LIB)}), got {name!r}"
            )
    return names


def add_symbolic(
    name: str,
    fun: Callable[[Any], Any],
    c: float = 1,
    fun_singularity: Callable[..., Any] | None = None,
) -> None:
    """Add a function of one variable to :data:`SYMBOLIC_LIB`.

    Parameters
    ----------
    name : str
        Its name, in formulas too; none of those that the library begins with.
    fun : callable
        Maps an array to an array of its shape: of NumPy, or of torch if that is installed.
    c : float, default 1
        Its complexity, by which `suggest_symbolic` prefers simple ones.
    fun_singularity : callable, optional
        Accepted for pykan's sake.
    """
    if not isinstance(name, str) or not name:
        raise TypeError(f"name must be a string, got {name!r}")
    if name in _KNOWN:  # networks that have it would change
        raise ValueError(f"name must be another than those of the library itself, got {name!r}")
    if not callable(fun):
        raise TypeError(f"fun must be a function, got {fun!r}")

    def symbolic(x: Any) -> Any:
        import sympy

        return sympy.Function(name)(x)

    numeric = _on_arrays(fun)
    SYMBOLIC_LIB[name] = (
        numeric,
        symbolic,
        finite(c, "c", 0.0),
        lambda x, y_th=0.0: (None, numeric(x)),
    )


def _on_arrays(fun: Callable[[Any], Any]) -> Callable[[Any], Array]:
    """Return a function that takes and gives float64 arrays, whatever `fun` works with."""

    def call(x: Any) -> Array:
        values = np.array(x, dtype=np.float64)  # a copy: `fun` may work in place
        try:
            result = fun(values)
        except TypeError:
            import sys

            torch: Any = sys.modules.get("torch")
            if torch is None:
                raise
            result = fun(torch.from_numpy(np.array(x, dtype=np.float64))).detach().cpu().numpy()
        array = np.asarray(result, dtype=np.float64)
        if array.shape != values.shape:
            raise ValueError(
                f"a function of SYMBOLIC_LIB must keep the shape {values.shape}, got {array.shape}"
            )
        return array

    return call
