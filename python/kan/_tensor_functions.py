"""NumPy's functions of tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import _tensor_rules as rules
from ._tensor import Tensor, as_tensor, as_tensors, operation, plain

__all__ = ["FUNCTIONS", "compute_loss", "concatenate", "stack", "where"]


def where(condition: Any, x: Any, y: Any) -> Tensor:
    return _joined("where", rules.chosen, (x, y), plain(condition))


def concatenate(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    return _joined("concatenate", rules.concatenated, tensors, axis)


def stack(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    return _joined("stack", rules.stacked, tensors, axis)


def compute_loss(y_hat: Any, y: Any) -> Tensor:
    """Return the mean squared difference of predictions and targets, a tensor without axes.

    Parameters
    ----------
    y_hat : Tensor or array-like
        Predictions of any shape.
    y : Tensor or array-like
        Targets: one number, or as many as there are predictions, in the same shape. For
        predictions (N, 1) they may be (N,).

    Examples
    --------
    >>> from kan import Tensor, compute_loss
    >>> compute_loss(Tensor([1.0, 2.0]), [1.0, 4.0]).item()
    2.0
    """
    prediction, target = as_tensors([y_hat, y])
    if prediction.shape == (*target.shape, 1):
        target = target.reshape(prediction.shape)
    if target.ndim and target.shape != prediction.shape:
        raise ValueError(f"y must have shape {prediction.shape}, got {target.shape}")
    squares = (prediction - target).square()
    return squares.mean() if squares.ndim else squares


def _joined(
    name: str, rule: Callable[..., rules.Traced], values: Sequence[Any], option: Any
) -> Tensor:
    tensors = as_tensors(values)
    data, pull = rule([one.data for one in tensors], option)
    return operation(name, data, tensors, pull)


def _as_columns(value: Any) -> Tensor:
    tensor = as_tensor(value)
    return tensor if tensor.ndim > 1 else tensor.reshape(-1, 1)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: lambda a, *options, **named: as_tensor(a).sum(*options, **named),
    np.mean: lambda a, *options, **named: as_tensor(a).mean(*options, **named),
    np.clip: lambda a, *options, **named: as_tensor(a).clip(*options, **named),
    np.reshape: lambda a, shape: a.reshape(shape),
    np.ravel: lambda a: a.reshape(-1),
    np.transpose: lambda a, axes=None: a.transpose() if axes is None else a.transpose(axes),
    np.where: where,
    np.concatenate: concatenate,
    np.stack: stack,
    np.column_stack: lambda tup: concatenate([_as_columns(one) for one in tup], axis=1),
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a: a.size,
}
