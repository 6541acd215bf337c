"""Steps down the gradients of tensors, for loops that people write themselves."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ._architecture import finite, one_of
from ._arrays import Array
from ._tensor import Tensor

__all__ = ["Optimizer"]

MOMENTUM = 0.9
DECAY = 0.999  # of the mean square that Adam divides by
TINY = 1e-8


class Optimizer:
    """Gradient descent on tensors, such as those of :meth:`KAN.parameters`.

    Parameters
    ----------
    lr : float, default 0.001
        The length of steps: a factor of the gradient, or for Adam about the step itself.
    method : {"adam", "sgd", "momentum"}
        Adam; plain gradient descent; or descent that keeps 0.9 of its speed from step to step.

    Notes
    -----
    What the optimizer remembers of a tensor goes when the tensor goes. `KAN.fit` is much faster
    than a loop of one's own.

    References
    ----------
    D. Kingma, J. Ba: Adam, arXiv 1412.6980.

    Examples
    --------
    >>> from kan import Optimizer, Tensor
    >>> x, optimizer = Tensor(1.0), Optimizer(lr=0.25, method="sgd")
    >>> (x * x).backward()
    >>> optimizer.step([x])
    >>> x
    Tensor(0.5)
    """

    def __init__(self, lr: float = 0.001, method: str = "adam") -> None:
        self.lr = finite(lr, "lr", 0.0, open_end=True)
        self.method = one_of(method, "method", list(MOVES))
        self._memories: dict[int, _Memory] = {}

    def zero_grad(self, parameters: Iterable[Tensor]) -> None:
        """Set the gradients of tensors to None."""
        for tensor in _checked(parameters):
            tensor.grad = None

    def step(self, parameters: Iterable[Tensor]) -> None:
        """Change the numbers of tensors in place; those without a gradient stay as they are."""
        for tensor in _checked(parameters):
            if tensor.grad is not None:
                move = MOVES[self.method](self._memory(tensor), tensor.grad)
                tensor.data -= self.lr * tensor._allowed(move)

    def __repr__(self) -> str:
        return f"Optimizer(lr={self.lr}, method={self.method!r})"

    def _memory(self, tensor: Tensor) -> _Memory:
        key, memories = id(tensor), self._memories
        if key not in memories:
            memories[key] = _Memory(tensor, lambda _: memories.pop(key, None))
        return memories[key]


class _Memory:
    """What is remembered of a tensor while it lives: steps, and means of its gradients."""

    def __init__(self, tensor: Tensor, forget: Callable[[Any], Any]) -> None:
        self.tensor = weakref.ref(tensor, forget)
        self.steps = 0
        self.speed: Array = np.zeros_like(tensor.data)
        self.square: Array = np.zeros_like(tensor.data)


def _sgd(memory: _Memory, gradient: Array) -> Array:
    return gradient


def _momentum(memory: _Memory, gradient: Array) -> Array:
    memory.speed = MOMENTUM * memory.speed + gradient
    return memory.speed


def _adam(memory: _Memory, gradient: Array) -> Array:
    memory.steps += 1
    memory.speed = MOMENTUM * memory.speed + (1 - MOMENTUM) * gradient
    memory.square = DECAY * memory.square + (1 - DECAY) * gradient * gradient
    speed = memory.speed / (1 - MOMENTUM**memory.steps)
    size = np.sqrt(memory.square / (1 - DECAY**memory.steps))
    move: Array = speed / (size + TINY)
    return move


MOVES: dict[str, Callable[[_Memory, Array], Array]] = {
    "adam": _adam,
    "sgd": _sgd,
    "momentum": _momentum,
}


def _checked(parameters: Iterable[Tensor]) -> list[Tensor]:
    """Return the tensors to be trained, which nobody may have calculated."""
    if isinstance(parameters, Tensor) or not isinstance(parameters, Iterable):
        raise TypeError(f"parameters must be a list of tensors, got {type(parameters).__name__}")
    listed = list(parameters)
    for place, one in enumerate(listed):
        if not isinstance(one, Tensor):
            raise TypeError(f"parameters[{place}] must be a Tensor, got {type(one).__name__}")
        if one.operation:
            raise ValueError(
                f"parameters[{place}] was calculated (by {one.operation!r}); only tensors that "
                "were not can be trained"
            )
    return listed
