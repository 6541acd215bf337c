"""Derivatives along inputs: of models exactly, of any function by torch or by differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._architecture import flag, one_of
from ._arrays import Array, real_numbers
from ._containers import given_back
from ._differences import central_difference
from ._jet import Jetted
from ._torch_graph import hessian_by_torch, jacobian_by_torch

__all__ = ["batch_hessian", "batch_jacobian"]

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
    if isinstance(func, Jetted):
        every = given_back(func._slopes(func._inputs(x, "x"), outputs), x)
    else:
        every = jacobian_by_torch(func, x, outputs, create_graph)
        if every is None:
            _refuse_graph(None, create_graph)
            every = given_back(_jacobian_of_function(func, x)[:, :outputs], x)
    return every if mode == "vector" else every[:, 0]


def batch_hessian(model: Any, x: Any, create_graph: bool = False) -> Any:
    """Return the second derivatives of the first output along the inputs, row by row.

    Those of a model are those of its `hessian`: exact to rounding for up to 32 inputs, at knots of
    splines of degree 2 and less those of one side. Functions of torch tensors are differentiated
    by torch, and others by second differences: about seven digits in float64, three in float32.

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
    if isinstance(model, Jetted):
        return given_back(model._derivative_array(model._inputs(x, "x"), 2)[:, 0], x)
    by_torch = hessian_by_torch(model, x, create_graph)
    if by_torch is not None:
        return by_torch
    _refuse_graph(None, create_graph)
    return given_back(_hessian_of_function(model, x), x)


def _refuse_graph(func: object, create_graph: bool) -> None:
    if create_graph and (func is None or isinstance(func, Jetted)):
        raise ValueError(
            "create_graph=True needs a function of torch tensors; torch cannot differentiate the "
            "derivatives of a kan model or of NumPy functions"
        )


def _jacobian_of_function(func: Function, x: Any) -> Array:
    values, points = _plain_function(func, x)
    steps = _scales(points) * np.finfo(points.dtype).eps ** (1 / 3)
    return np.stack(
        [central_difference(values, points, i, step) for i, step in enumerate(steps)], axis=-1
    )


def _hessian_of_function(func: Function, x: Any) -> Array:
    values, points = _plain_function(func, x)
    steps = _scales(points) * np.finfo(points.dtype).eps ** (1 / 4)
    count = len(steps)
    result = np.empty((len(points), count, count), dtype=points.dtype)
    for i in range(count):
        for j in range(i + 1):

            def slope(at: Array, j: int = j) -> Array:
                return central_difference(lambda moved: values(moved)[:, 0], at, j, steps[j])

            result[:, i, j] = result[:, j, i] = central_difference(slope, points, i, steps[i])
    return result


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
