"""Numbers of a formula that are nearly something simple."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from ._formula import require_sympy
from ._library import SYMBOLIC_LIB
from ._refit import Observations

__all__ = ["simplified", "value_of"]

# How near a number must be to a simple one, relative to it, or to 0.
NEAR = 1e-6

# Fractions p / q up to these are simple, alone and as factors of pi, e and roots.
MOST_P, MOST_Q = 100, 12
MOST_FACTOR_P, MOST_FACTOR_Q = 12, 6

# A loss that rises by less does not rise; below this share of the targets' variance it is rounding.
NO_RISE, ROUNDING = 1.001, 1e-24


def simplified(
    expressions: Sequence[Any], inputs: Sequence[Any], observations: Observations
) -> list[Any]:
    """Return expressions with simple numbers where the loss on the data does not rise.

    Numbers within 1e-6 of a small fraction, or of a simple multiple of pi, e or a root, are
    replaced: all together if that does no harm, else one by one.
    """
    tidy = [_gathered(one) for one in expressions]
    allowed = max(NO_RISE * _loss(tidy, inputs, observations), ROUNDING * observations.scale)
    for _ in range(2):  # simple numbers may meet in new ones
        tidy = _replaced(tidy, inputs, observations, allowed)
    return tidy


def _replaced(
    tidy: list[Any], inputs: Sequence[Any], observations: Observations, allowed: float
) -> list[Any]:
    """Return the expressions with as many offers taken as the loss allows."""
    offers = _offers(tidy)
    together = [_gathered(one.xreplace(offers)) for one in tidy]
    if _loss(together, inputs, observations) <= allowed:
        return together
    for number, simple in offers.items():
        trial = [one.xreplace({number: simple}) for one in tidy]
        if _loss(trial, inputs, observations) <= allowed:
            tidy = trial
    return [_gathered(one) for one in tidy]


def value_of(expressions: Sequence[Any], inputs: Sequence[Any], x: Any) -> Any:
    """Return the values (N, outputs) of expressions at inputs x (N, n)."""
    sympy = require_sympy()
    columns = list(np.asarray(x, dtype=np.float64).T)
    values = []
    for one in expressions:
        plain, own = _callable(one)
        values.append(sympy.lambdify(list(inputs), plain, [own, "numpy"])(*columns))
    return np.column_stack([np.broadcast_to(value, len(x)) for value in values])


def _callable(expression: Any) -> tuple[Any, dict[str, Any]]:
    """Return an expression whose functions of the user's have names for Python, and those."""
    from sympy.core.function import AppliedUndef, UndefinedFunction

    found = {part.func for part in expression.atoms(AppliedUndef)}
    names, own = {}, {}
    for number, function in enumerate(sorted(found, key=str)):
        if function.__name__ not in SYMBOLIC_LIB:
            raise ValueError(
                f"simplify=True needs functions that are known, got {function}: use add_symbolic "
                "or fix_symbolic first, or leave simplify=False"
            )
        names[function] = UndefinedFunction(f"own_{number}")
        own[f"own_{number}"] = SYMBOLIC_LIB[function.__name__][0]
    return expression.replace(
        lambda part: isinstance(part, AppliedUndef), lambda part: names[part.func](*part.args)
    ), own


def _loss(expressions: Sequence[Any], inputs: Sequence[Any], observations: Observations) -> float:
    with np.errstate(all="ignore"):
        y = value_of(expressions, inputs, observations.x)
    if np.iscomplexobj(y) or not np.isfinite(y).all():
        return float("inf")
    if observations.loss == "mse":
        return float(
            np.average(((y - observations.y) ** 2).mean(axis=1), weights=observations.weight)
        )
    own = y - y.max(axis=1, keepdims=True)
    logs = own - np.log(np.exp(own).sum(axis=1, keepdims=True))
    chosen = logs[np.arange(len(y)), observations.y]
    return float(-np.average(chosen, weights=observations.weight))


def _offers(expressions: Sequence[Any]) -> dict[Any, Any]:
    """Return what the numbers of some expressions might be, for those that are near something."""
    sympy = require_sympy()
    numbers = sorted(set().union(*(one.atoms(sympy.Float) for one in expressions)))
    found = {number: _simple(float(number)) for number in numbers}
    return {number: simple for number, simple in found.items() if simple is not None}


def _simple(value: float) -> Any:
    """Return the simple number next to a value, or None."""
    sympy = require_sympy()
    if abs(value) < NEAR:
        return sympy.Integer(0)
    fraction = _fraction(value, MOST_P, MOST_Q)
    if fraction is not None:
        return fraction
    for factor, size in _factors():
        share = _fraction(value / size, MOST_FACTOR_P, MOST_FACTOR_Q)
        if share is not None:
            return share * factor
    return None


def _fraction(value: float, most_p: int, most_q: int) -> Any:
    sympy = require_sympy()
    near = Fraction(value).limit_denominator(most_q)
    if near == 0 or abs(near.numerator) > most_p:
        return None
    if abs(value - float(near)) > NEAR * abs(value):
        return None
    return sympy.Rational(near.numerator, near.denominator)


@cache
def _factors() -> list[tuple[Any, float]]:
    """Return pi, e, roots and what often comes with them, with their values."""
    sympy = require_sympy()
    pi, root = sympy.pi, sympy.sqrt
    listed = [pi, sympy.E, root(2), root(3), root(5), 1 / pi, root(pi), 1 / root(pi)]
    listed += [root(2 * pi), 1 / root(2 * pi), root(2 / pi), pi**2, root(6), root(7), root(10)]
    listed += [1 / sympy.E, sympy.log(2), sympy.log(10)]
    return [(factor, float(factor)) for factor in listed]


def _gathered(expression: Any) -> Any:
    """Return an expression with its numbers drawn together.

    ``exp(x + 0.3)`` has its 0.3 in front, ``(2 x + 6)**p`` its 2.
    """
    sympy = require_sympy()
    expression = expression.replace(
        lambda part: part.func == sympy.exp and part.args[0].is_Add, _without_offset
    )
    return expression.replace(lambda part: part.is_Pow and part.base.is_Add, _without_factor)


def _without_offset(part: Any) -> Any:
    sympy = require_sympy()
    offset, rest = part.args[0].as_coeff_Add()
    return sympy.exp(offset).evalf(17) * sympy.exp(rest) if offset.is_Float else part


def _without_factor(part: Any) -> Any:
    """Return c**p (x + ...)**p in place of (c x + ...)**p, where that is the same."""
    factors = [term.as_coeff_Mul()[0] for term in part.base.args if not term.is_number]
    largest = max(factors, key=abs, default=None)
    if largest is None or not largest.is_Float or not part.exp.is_Number:
        return part
    if largest < 0 and not part.exp.is_Integer:
        largest = -largest
    rest = part.base.func(*(term / largest for term in part.base.args))
    return largest**part.exp * rest**part.exp
