"""Torch's side of derivatives: functions of tensors, and models as part of them."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ._arrays import Array
from ._containers import as_plain, given_back

__all__ = [
    "differentiable",
    "hessian_by_torch",
    "is_tensor",
    "jacobian_by_torch",
    "loss_and_slope",
    "wants_gradient",
]


def is_tensor(x: Any) -> bool:
    """Whether x is a tensor of torch itself."""
    kind = getattr(sys.modules.get("torch"), "Tensor", None)
    return isinstance(kind, type) and isinstance(x, kind)


def wants_gradient(x: Any) -> bool:
    """Whether x is a tensor along which torch is keeping gradients at the moment."""
    return is_tensor(x) and x.requires_grad and sys.modules["torch"].is_grad_enabled()


def differentiable(
    x: Any, values: Callable[[Any], Array], pullback: Callable[[Any, Array], Array]
) -> Any:
    """Return values(x) as a tensor whose gradient along x is pullback(x, gradient of values)."""
    return _node().apply(x, values, pullback)


@functools.cache
def _node() -> Any:
    import torch

    class Outputs(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any, values: Any, pullback: Any) -> Any:
            ctx.save_for_backward(x)
            ctx.pullback = pullback
            return given_back(values(as_plain(x)), x)

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            if torch.is_grad_enabled():  # with create_graph=True; the result would have no graph
                raise RuntimeError(
                    "torch can differentiate a kan model once: create_graph=True is not possible"
                )
            (x,) = ctx.saved_tensors
            return given_back(ctx.pullback(as_plain(x), as_plain(gradient)), x), None, None

    return Outputs


def jacobian_by_torch(
    func: Callable[[Any], Any], x: Any, outputs: int | None, create_graph: bool
) -> Any:
    """Return the derivatives (N, outputs, n_in) of a function of tensors, or None for others."""
    traced = _traced(func, x)
    return None if traced is None else _slopes(traced[1][:, :outputs], traced[0], create_graph)


def loss_and_slope(
    loss: Callable[[Any, Any], Any], prediction: Array, y: Array
) -> tuple[float, Array] | None:
    """Return the loss of torch's tensors and its gradient, or None if it is none of them."""
    torch: Any = sys.modules.get("torch")
    if not hasattr(torch, "autograd"):
        return None
    leaf = torch.from_numpy(prediction).requires_grad_()
    with torch.enable_grad():
        value = loss(leaf, torch.from_numpy(np.ascontiguousarray(y)))
        if not wants_gradient(value) or value.numel() != 1:
            return None
        (slope,) = torch.autograd.grad(value.sum(), leaf)
    return float(value.detach()), slope.numpy()


def hessian_by_torch(func: Callable[[Any], Any], x: Any, create_graph: bool) -> Any:
    """Return the second derivatives (N, n_in, n_in) of output 0, or None if torch cannot."""
    traced = _traced(func, x)
    if traced is None:
        return None
    leaf, y = traced
    first = _slopes(y[:, :1], leaf, create_graph=True)[:, 0]
    if not first.requires_grad:  # a linear function
        return sys.modules["torch"].zeros(*first.shape, first.shape[1]).to(first)
    return _slopes(first, leaf, create_graph)


def _traced(func: Callable[[Any], Any], x: Any) -> tuple[Any, Any] | None:
    """Return x as a leaf of torch's graph, and func(x) (N, n_out) if it is in the graph too."""
    if not is_tensor(x):
        return None
    leaf = x if x.requires_grad else x.detach().requires_grad_()
    with sys.modules["torch"].enable_grad():
        y = func(leaf)
        return (leaf, y.reshape(len(x), -1)) if wants_gradient(y) else None


def _slopes(y: Any, leaf: Any, create_graph: bool) -> Any:
    torch = sys.modules["torch"]
    along = [
        torch.autograd.grad(
            column.sum(), leaf, create_graph=create_graph, retain_graph=True, allow_unused=True
        )[0]
        for column in y.unbind(1)
    ]
    zero = torch.zeros_like(leaf)
    return torch.stack([zero if one is None else one for one in along], dim=1)
