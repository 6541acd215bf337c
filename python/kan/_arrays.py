"""What comes from the caller becomes arrays the core can take, or an error that says why not."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _core
from ._containers import as_plain

__all__ = [
    "Array",
    "as_labels",
    "as_matrix",
    "as_targets",
    "as_vector",
    "as_weights",
    "real_numbers",
]

Array = NDArray[Any]


def as_matrix(values: object, name: str, columns: int, dtype: str) -> Array:
    """Return `values` as a finite, C-contiguous (N, columns) array of `dtype`.

    Nothing is copied if it is one already.
    """
    array = real_numbers(values, name)
    if array.ndim != 2 or array.shape[1] != columns:
        raise ValueError(f"{name} must have shape (N, {columns}), got {array.shape}")
    return _finite(array, name, dtype)


def as_targets(values: object, name: str, rows: int, outputs: int, dtype: str) -> Array:
    """Return regression targets as (rows, outputs); one output may come as (rows,)."""
    array = real_numbers(values, name)
    if outputs == 1 and array.shape == (rows,):
        array = array[:, np.newaxis]
    if array.shape != (rows, outputs):
        flat = f" or ({rows},)" if outputs == 1 else ""
        hint = "; class labels go with loss_fn='cross_entropy'" if array.shape == (rows,) else ""
        raise ValueError(
            f"{name} must have shape ({rows}, {outputs}){flat}, got {array.shape}{hint}"
        )
    return _finite(array, name, dtype)


def as_labels(values: object, name: str, rows: int, classes: int) -> NDArray[np.int64]:
    """Return class labels 0..classes-1 of shape (rows,) as int64; (rows, 1) is flattened."""
    array = real_numbers(values, name)
    if array.shape == (rows, 1):
        array = array[:, 0]
    if array.shape != (rows,):
        hint = ": for one-hot labels pass labels.argmax(axis=1)" if array.ndim == 2 else ""
        raise ValueError(
            f"{name} must hold one class label per row, ({rows},), got {array.shape}{hint}"
        )
    with np.errstate(invalid="ignore"):
        labels = array.astype(np.int64)
    wrong = np.flatnonzero((labels != array) | (labels < 0) | (labels >= classes))
    if wrong.size:
        raise ValueError(
            f"{name} must hold class labels in 0..{classes - 1} (the network has {classes} "
            f"outputs), got {array[wrong[0]]} at row {wrong[0]}"
        )
    return np.ascontiguousarray(labels)


def as_weights(values: object, name: str, rows: int, dtype: str) -> Array:
    """Return sample weights (rows,), the largest of them 1: only their ratios count.

    They must be finite, not negative and not all zero; less than 1e-30 of the largest is 0.
    """
    weights = as_vector(values, name, rows, "float64", "row")
    if rows and weights.min() < 0:
        row = int(weights.argmin())
        raise ValueError(f"{name} must not be negative, got {weights[row]} at row {row}")
    largest = weights.max(initial=0.0)
    if largest == 0.0:
        raise ValueError(f"{name} must not all be zero, got {rows} weights of 0")
    ratios: Array = weights / largest
    ratios[ratios < 1e-30] = 0.0
    return ratios.astype(dtype)


def as_vector(values: object, name: str, size: int, dtype: str, place: str = "index") -> Array:
    """Return `values` as a finite, contiguous (size,) array of `dtype`."""
    array = real_numbers(values, name)
    if array.shape != (size,):
        raise ValueError(f"{name} must have shape ({size},), got {array.shape}")
    return _finite(array[:, np.newaxis], name, dtype, place)[:, 0]


def real_numbers(values: object, name: str) -> Array:
    """Return `values` as an array of any shape of booleans, integers or floats."""
    if np.ma.is_masked(values):
        raise ValueError(f"{name} must not have masked values")
    try:
        array: Array = np.asarray(as_plain(values))
    except ValueError as error:
        raise ValueError(f"{name} must be a rectangular array of numbers: {error}") from None
    except (RuntimeError, TypeError) as error:  # what an object with __array__ may raise
        raise TypeError(f"{name} must be an array of numbers: {error}") from error
    if array.dtype.kind == "O":
        array = _from_objects(array, name)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")
    return array


def _from_objects(array: Array, name: str) -> Array:
    """Convert an object array, such as a table of mixed columns becomes, if it holds numbers."""
    for value in array.flat:
        if not isinstance(value, (Real, Decimal, np.bool_)):
            kind = type(value).__name__
            raise TypeError(f"{name} must hold real numbers, got dtype object with a {kind}")
    try:
        return array.astype(np.float64)
    except OverflowError:
        raise ValueError(f"{name} must hold numbers that fit a float, got a larger one") from None


def _finite(array: Array, name: str, dtype: str, place_in_vector: str = "") -> Array:
    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(array, dtype=dtype)
    place = _core.first_nonfinite(converted)
    if place is not None:
        row, column = place
        value = array[row, column]
        beyond = f", which {dtype} cannot hold" if np.isfinite(value) else ""
        where = f"{place_in_vector} {row}" if place_in_vector else f"row {row}, column {column}"
        raise ValueError(f"{name} must be finite, got {value}{beyond} at {where}")
    return converted
