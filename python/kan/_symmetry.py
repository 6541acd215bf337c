"""Groups of inputs that a function sees through one number only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._architecture import finite, flag, is_sequence
from ._arrays import Array
from ._containers import given_back
from ._molecules import members_of
from ._slopes import LEAST_GRADIENT, ScalarFunction, typical

__all__ = [
    "batch_grad_normgrad",
    "dependence",
    "get_dependence",
    "gradient_cosines",
    "is_symmetric",
]

Function = Callable[[Any], Any]

# Cosine above which two gradients count as parallel.
ALIGNED = 0.9


def batch_grad_normgrad(model: Function, x: Any, group: Sequence[int]) -> Any:
    """Return how the direction of the gradient within a group changes along the other inputs.

    Parameters
    ----------
    model : callable
        The function.
    x : array-like or tensor
        Inputs (N, n_in).
    group : sequence of int
        The inputs of the group.

    Returns
    -------
    ndarray or tensor
        Derivatives (N, len(group), n_in - len(group)) of ``g / |g|``, where g is the gradient
        along the group.
    """
    scalar = ScalarFunction(model, x)
    return given_back(_turning(scalar, members_of(group, scalar.count, "group")), x)


def get_dependence(model: Function, x: Any, group: Sequence[int]) -> Any:
    """Return the medians over the rows of what :func:`batch_grad_normgrad` returns.

    Absolute values, times the standard deviations of the other inputs:
    (len(group), n_in - len(group)).
    """
    scalar = ScalarFunction(model, x)
    return given_back(dependence(scalar, members_of(group, scalar.count, "group")), x)


def is_symmetric(
    model: Function, x: Any, group: Sequence[int], dependence_th: float = 1e-3
) -> bool:
    """Return whether a function sees a group of inputs through one number h(x_group) only.

    The direction of the gradient within the group must not depend on the other inputs: all of
    :func:`get_dependence` must be less than `dependence_th`.
    """
    scalar = ScalarFunction(model, x)
    found = dependence(scalar, members_of(group, scalar.count, "group"))
    return bool(found.max(initial=0.0) < finite(dependence_th, "dependence_th", 0.0))


def gradient_cosines(
    model: Function,
    x: Any,
    input_vars: Sequence[Any],
    symmetry_var: Any,
    verbose: bool = False,
) -> Any:
    """Return how parallel the gradients of a function and of a sympy expression are, row by row.

    If the function sees the variables of the expression through its value only, they are parallel.

    Parameters
    ----------
    model : callable
        The function.
    x : array-like or tensor
        Inputs (N, n_in).
    input_vars : sequence of sympy.Symbol
        The symbols of the inputs, (n_in,).
    symmetry_var : sympy expression
        An expression of some of them.
    verbose : bool, default False
        Print the share of rows with a cosine above 0.9, and whether it suggests a symmetry.

    Returns
    -------
    ndarray or tensor
        Absolute cosines (N,) of the angles between the gradients along the expression's symbols.
    """
    scalar = ScalarFunction(model, x)
    places, expected = _gradient_of_expression(input_vars, symmetry_var, scalar.x)
    own = scalar.gradient(scalar.x)[:, places]
    lengths = np.linalg.norm(own, axis=1) * np.linalg.norm(expected, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines = np.where(lengths > 0, np.abs((own * expected).sum(axis=1)) / lengths, 0.0)
    if flag(verbose, "verbose"):
        share = np.mean(cosines > ALIGNED)
        verdict = "suggesting symmetry" if share > ALIGNED else "not suggesting symmetry"
        print(f"{100 * share:.1f}% of the rows have a cosine above {ALIGNED}, {verdict}")
    return given_back(cosines, x)


def dependence(scalar: ScalarFunction, group: list[int]) -> Array:
    """Return what `get_dependence` returns, for a checked group."""
    others = [i for i in range(scalar.count) if i not in group]
    result: Array = typical(_turning(scalar, group)) * scalar.deviation[others]
    return result


def _turning(scalar: ScalarFunction, group: list[int]) -> Array:
    others = [i for i in range(scalar.count) if i not in group]
    whole = np.linalg.norm(scalar.gradient(scalar.x), axis=1)
    least = LEAST_GRADIENT * typical(whole) or 1.0

    def direction(at: Array) -> Array:
        along = scalar.gradient(at)[:, group]
        unit: Array = along / (np.linalg.norm(along, axis=1, keepdims=True) + least)
        return unit

    turning = np.empty((len(scalar.x), len(group), len(others)))
    for place, i in enumerate(others):
        turning[:, :, place] = scalar.along(direction, i)(scalar.x)
    return turning


def _gradient_of_expression(variables: Any, expression: Any, x: Array) -> tuple[list[int], Array]:
    """Return which inputs an expression has, and its gradients (N, their number) along them."""
    try:
        import sympy
    except ImportError as error:
        raise ImportError(
            'test_symmetry_var() needs SymPy: pip install "kan-core[symbolic]"'
        ) from error
    if not is_sequence(variables) or len(variables) != x.shape[1]:
        raise ValueError(f"input_vars must name the {x.shape[1]} inputs, got {variables!r}")
    if not isinstance(expression, sympy.Expr):
        raise TypeError(f"symmetry_var must be a SymPy expression, got {expression!r}")
    places = [place for place, one in enumerate(variables) if one in expression.free_symbols]
    if not places or len(places) < len(expression.free_symbols):
        raise ValueError(f"symmetry_var must be made of {list(variables)}, got {expression}")
    slopes = [sympy.diff(expression, variables[place]) for place in places]
    with np.errstate(all="ignore"):
        computed = [sympy.lambdify(variables, slope, "numpy")(*x.T) for slope in slopes]
    columns = [np.broadcast_to(np.asarray(one, dtype=np.float64), len(x)) for one in computed]
    gradients: Array = np.stack(columns, axis=1)
    return places, gradients
