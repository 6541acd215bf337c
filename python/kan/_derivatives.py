"""Derivatives along inputs: of models by the core, of any function by torch or by differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import _core
from ._architecture import flag, one_of
from ._arrays import Array, as_matrix, real_numbers
from ._containers import given_back
from ._domain import grid_ends, refuse_outside
from ._observed import Observed
from ._rows import Rows
from ._torch_graph import hessian_by_torch, jacobian_by_torch

__all__ = ["batch_hessian", "batch_jacobian", "input_gradient"]

Function = Callable[[Any], Any]


def batch_jacobian(func: Any, x: Any, create_graph: bool = False, mode: str = "scalar") -> Any:
    """Return the derivatives of the outputs of a function along its inputs, row by row.

    Those of a model are exact to rounding. Functions of torch tensors are differentiated by
    torch, and others by central differences: about ten digits in float64, four in float32.

    Parameters
    ----------
    func : callable
        A model, or a function from (N, n_in) to (N,) or (N, n_out) that treats each row alone.
    x : array-like or tensor
        Inputs (N, n_in).
    create_graph : bool, default False
        Whether torch can differentiate the result again; for functions of torch tensors only.
    mode : {"scalar", "vector"}
        Derivatives of the first output or of all.

    Returns
    -------
    ndarray or tensor
        (N, n_in), or (N, n_out, n_in) for "vector"; a tensor if x is one.
    """
    outputs = 1 if one_of(mode, "mode", ("scalar", "vector")) == "scalar" else None
    _refuse_graph(func, flag(create_graph, "create_graph"))
    if isinstance(func, Observed):
        every = given_back(_jacobian_of_model(func, x, outputs), x)
    else:
        every = jacobian_by_torch(func, x, outputs, create_graph)
        if every is None:
            _refuse_graph(None, create_graph)
            every = given_back(_jacobian_of_function(func, x)[:, :outputs], x)
    return every if mode == "vector" else every[:, 0]


def batch_hessian(model: Any, x: Any, create_graph: bool = False) -> Any:
    """Return the second derivatives of the first output along the inputs, row by row.

    Those of a model are central differences of its exact first derivatives: about ten digits in
    float64, fewer within a step (a millionth of the grid) of a knot of splines of degree 3 and
    less. Functions of torch tensors are differentiated by torch, and others by second
    differences: about seven digits in float64, three in float32.

    Parameters
    ----------
    model : callable
        A model, or a function from (N, n_in) to (N,) or (N, n_out) that treats each row alone.
    x : array-like or tensor
        Inputs (N, n_in).
    create_graph : bool, default False
        Whether torch can differentiate the result again; for functions of torch tensors only.

    Returns
    -------
    ndarray or tensor
        (N, n_in, n_in), symmetric; a tensor if x is one.
    """
    _refuse_graph(model, flag(create_graph, "create_graph"))
    if isinstance(model, Observed):
        return given_back(_hessian_of_model(model, x), x)
    by_torch = hessian_by_torch(model, x, create_graph)
    if by_torch is not None:
        return by_torch
    _refuse_graph(None, create_graph)
    return given_back(_hessian_of_function(model, x), x)


def input_gradient(model: Observed, X: Any, gradient: Any) -> Array:
    """Return the gradient along all inputs X (N, n_in) of a model, given that of its outputs."""
    x = model._checked_inputs(X, "X")
    slope = np.ascontiguousarray(gradient, dtype=x.dtype)
    every = np.zeros((len(x), model._given_inputs), dtype=x.dtype)
    every[:, model._columns] = _core.pullback(model._network, x, slope)[1]
    return every


def _refuse_graph(func: object, create_graph: bool) -> None:
    if create_graph and (func is None or isinstance(func, Observed)):
        raise ValueError(
            "create_graph=True needs a function of torch tensors; torch cannot differentiate the "
            "derivatives of a kan model or of NumPy functions"
        )


# ---- models -----------------------------------------------------------------------------------


def _jacobian_of_model(model: Observed, X: Any, outputs: int | None) -> Array:
    x = _inside(model, X)
    count = model._network.layers[-1].nodes if outputs is None else outputs
    return np.stack([_slope(model, x, output) for output in range(count)], axis=1)


def _slope(model: Observed, x: Array, output: int) -> Array:
    chosen = np.zeros((len(x), model._network.layers[-1].nodes), dtype=x.dtype)
    chosen[:, output] = 1.0
    return input_gradient(model, x, chosen)


def _hessian_of_model(model: Observed, X: Any) -> Array:
    x = _inside(model, X)
    low, high = grid_ends(model._network)
    steps = np.finfo(x.dtype).eps ** (1 / 3) * (high - low) / 2
    result = np.zeros((len(x), model._given_inputs, model._given_inputs), dtype=x.dtype)
    for column, step in zip(model._columns, steps, strict=True):
        result[:, column] = _difference(lambda at: _slope(model, at, 0), x, column, step)
    symmetric: Array = (result + result.transpose(0, 2, 1)) / 2
    return symmetric


def _inside(model: Observed, X: Any) -> Array:
    """Return X with all its columns, checked as `predict` does."""
    x = as_matrix(X, "x", model._given_inputs, str(model._network.dtype))
    refuse_outside(model._network, Rows(model._checked_inputs(x, "x")), "x")
    return x


# ---- any functions ----------------------------------------------------------------------------


def _jacobian_of_function(func: Function, x: Any) -> Array:
    values, points = _plain_function(func, x)
    steps = _scales(points) * np.finfo(points.dtype).eps ** (1 / 3)
    return np.stack([_difference(values, points, i, step) for i, step in enumerate(steps)], axis=-1)


def _hessian_of_function(func: Function, x: Any) -> Array:
    values, points = _plain_function(func, x)
    steps = _scales(points) * np.finfo(points.dtype).eps ** (1 / 4)
    count = len(steps)
    result = np.empty((len(points), count, count), dtype=points.dtype)
    for i in range(count):
        for j in range(i + 1):

            def slope(at: Array, j: int = j) -> Array:
                return _difference(lambda moved: values(moved)[:, 0], at, j, steps[j])

            result[:, i, j] = result[:, j, i] = _difference(slope, points, i, steps[i])
    return result


def _difference(values: Callable[[Array], Array], x: Array, i: int, step: float) -> Array:
    """Return the central difference of values (N, ...) along column i."""
    ahead, behind = x.copy(), x.copy()
    ahead[:, i] += step
    behind[:, i] -= step
    rise = values(ahead) - values(behind)
    run = (ahead[:, i] - behind[:, i]).reshape(-1, *[1] * (rise.ndim - 1))
    quotient: Array = rise / run
    return quotient


def _scales(points: Array) -> Array:
    """Return what size the values of each column have, 1 where all are 0."""
    sizes = np.abs(points).max(axis=0, initial=0.0)
    scales: Array = np.where(sizes > 0, sizes, 1.0)
    return scales


def _plain_function(func: Function, x: Any) -> tuple[Callable[[Array], Array], Array]:
    """Return the function from arrays to arrays (N, n_out), and x as an array of floats."""
    points = real_numbers(x, "x")
    if points.ndim != 2:
        raise ValueError(f"x must have shape (N, n_in), got {points.shape}")
    if points.dtype != np.float32:
        points = points.astype(np.float64)

    def values(at: Array) -> Array:
        result = real_numbers(func(given_back(at, x)), "what the function returns")
        if result.ndim not in (1, 2) or len(result) != len(at):
            raise ValueError(
                f"the function must return shape ({len(at)},) or ({len(at)}, n_out), "
                f"got {result.shape}"
            )
        return result.reshape(len(at), -1)

    return values, points
