"""Formulas of sympy: their numbers rounded, and their values as more inputs of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ._architecture import integer, is_sequence
from ._arrays import Array, as_matrix, real_numbers
from ._containers import given_back

__all__ = ["augment_input", "ex_round"]

# Rounded numbers may be combined by sympy into new ones; each round leaves fewer.
MOST_ROUNDS = 20


def ex_round(expr: Any, n_digit: int) -> Any:
    """Return a sympy expression with all its floats rounded to `n_digit` decimals.

    Those in exponents and arguments of functions too. A float that rounds to 0 becomes 0, so that
    what it multiplies is gone.

    Parameters
    ----------
    expr : sympy expression or matrix, number
        What to round; it stays as it is.
    n_digit : int
        Decimals, at least 0.

    Raises
    ------
    TypeError
        If `expr` is no expression.
    ImportError
        If sympy is not installed.
    """
    sympy = _sympy("ex_round()")
    digits = integer(n_digit, "n_digit", 0)
    try:
        rounded = expr if hasattr(expr, "xreplace") else sympy.sympify(expr, strict=True)
    except (sympy.SympifyError, TypeError, ValueError):
        rounded = None
    if not hasattr(rounded, "xreplace"):
        raise TypeError(f"expr must be a sympy expression, got {type(expr).__name__}")
    for _ in range(MOST_ROUNDS):
        floats = rounded.atoms(sympy.Float)
        changes = {one: _rounded(one, digits, sympy) for one in floats}
        changes = {one: new for one, new in changes.items() if one != new or new.is_zero}
        if not changes:
            break
        rounded = rounded.xreplace(changes)
    return rounded


def _rounded(number: Any, digits: int, sympy: Any) -> Any:
    if not abs(number) < 2**53:  # a whole number already, or none
        return number
    near = round(float(number), digits)
    return sympy.Float(near) if near else sympy.Integer(0)


def augment_input(orig_vars: Sequence[Any], aux_vars: Sequence[Any], x: Any) -> Any:
    """Return inputs with the values of formulas in front of their own columns.

    Parameters
    ----------
    orig_vars : sequence of sympy symbols
        What the columns of x are called, (n_in,).
    aux_vars : sequence of sympy expressions
        Formulas of those symbols, (n_more,).
    x : array-like, tensor or dict
        Inputs (N, n_in), or a dataset with train_input and test_input.

    Returns
    -------
    ndarray, tensor or dict
        (N, n_more + n_in) of the kind that x is. A dataset comes back as a new dict, the caller's
        stays as it is.

    Raises
    ------
    TypeError, ValueError
        If the variables are no lists, a formula has other symbols, the shape of x is wrong or a
        value is not finite.
    """
    sympy = _sympy("augment_input()")
    for name, given in {"orig_vars": orig_vars, "aux_vars": aux_vars}.items():
        if not is_sequence(given):
            raise TypeError(f"{name} must be a list of sympy expressions, got {given!r}")
    symbols = [sympy.sympify(one) for one in orig_vars]
    formulas = [sympy.sympify(one) for one in aux_vars]
    unknown = set().union(*(one.free_symbols for one in formulas)) - set(symbols)
    if unknown:
        raise ValueError(f"aux_vars must be formulas of {symbols}, got {sorted(map(str, unknown))}")
    evaluate = sympy.lambdify(symbols, formulas, modules="numpy")
    if not isinstance(x, Mapping):
        return _augmented(evaluate, formulas, len(symbols), x, "x")
    augmented = {
        name: _augmented(evaluate, formulas, len(symbols), x[name], f"x['{name}']")
        for name in ("train_input", "test_input")
        if name in x
    }
    if not augmented:
        raise ValueError(f"x must have train_input or test_input, got {list(x)}")
    return {**x, **augmented}


def _augmented(evaluate: Any, formulas: list[Any], columns: int, x: Any, name: str) -> Any:
    plain = real_numbers(x, name)
    kind = "float32" if plain.dtype == np.float32 else "float64"
    own = as_matrix(plain, name, columns, kind)
    with np.errstate(all="ignore"):
        values = evaluate(*own.T)
    new: list[Array] = [np.broadcast_to(one, len(own)) for one in values]
    for formula, column in zip(formulas, new, strict=True):
        bad = np.flatnonzero(~np.isfinite(column))
        if bad.size:
            raise ValueError(f"aux_vars must be finite on {name}: {formula} is not in row {bad[0]}")
    return given_back(np.column_stack([*new, own]).astype(kind), x)


def _sympy(caller: str) -> Any:
    try:
        import sympy
    except ImportError as error:
        raise ImportError(f'{caller} needs sympy: pip install "kan-core[symbolic]"') from error
    return sympy
