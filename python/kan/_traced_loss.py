"""Loss functions that give a number alone: their gradient comes from the graph behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._arrays import Array
from ._tensor import Tensor
from ._torch_graph import loss_and_slope

__all__ = ["called"]

Function = Callable[[Any, Any], Any]


def called(loss: Function, prediction: Array, y: Array) -> Any:
    """Return what a loss function gives, and its gradient if it gives one number of tensors."""
    refusal, result = None, None
    try:
        result = loss(prediction, y)
    except (TypeError, AttributeError) as error:  # of a function of tensors alone
        refusal = error
    if isinstance(result, tuple):
        return result
    traced = _by_tensors(loss, prediction, y) or loss_and_slope(loss, prediction, y)
    if traced is None and refusal is not None:
        raise refusal
    return result if traced is None else traced


def _by_tensors(loss: Function, prediction: Array, y: Array) -> tuple[float, Array] | None:
    leaf = Tensor(prediction)
    try:
        value = loss(leaf, y)
    except (TypeError, AttributeError):  # of a function of torch's tensors
        return None
    if not isinstance(value, Tensor) or value.size != 1 or not value.requires_grad:
        return None
    value.backward()
    assert leaf.grad is not None
    return value.item(), leaf.grad
