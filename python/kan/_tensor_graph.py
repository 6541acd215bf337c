"""The graph of a calculation, and the way back through it.

A node knows its parents, never its children: there are no cycles, and a graph is freed as soon as
nobody holds its last node.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ContextDecorator
from typing import Any

import numpy as np

from ._arrays import Array

__all__ = [
    "Node",
    "Piece",
    "Pull",
    "backpropagate",
    "is_recording",
    "leaves_of",
    "no_grad",
]

# From the gradient of a node to those of its parents, None where there is none.
Pull = Callable[[Any], Sequence[Any]]


class _Thread(threading.local):
    pauses = 0


_thread = _Thread()


class no_grad(ContextDecorator):
    """A context, or a decorator, within which no graph is kept; for the current thread.

    >>> from kan import Tensor, no_grad
    >>> x = Tensor(2.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """

    def __enter__(self) -> None:
        _thread.pauses += 1

    def __exit__(self, *error: object) -> None:
        _thread.pauses -= 1


def is_recording() -> bool:
    """Whether operations of this thread become nodes of a graph."""
    return not _thread.pauses


class with_grad(no_grad):
    """A context within which a graph is kept, even inside `no_grad`."""

    def __enter__(self) -> None:
        self._pauses, _thread.pauses = _thread.pauses, 0

    def __exit__(self, *error: object) -> None:
        _thread.pauses = self._pauses


class Node:
    """A value, what it was made from, and its gradient.

    `_pull` is there until `backpropagate` has used it; parents, operation and values live as long
    as the node does, for pictures. `_grad` of a leaf belongs to it alone; that of another node may
    be shared with its neighbours. Values and gradients without axes may be NumPy scalars.
    """

    __slots__ = (
        "__weakref__", "_grad", "_parents", "_pull", "data", "inside", "name", "operation",
        "requires_grad",
    )  # fmt: skip

    data: Any
    requires_grad: bool
    operation: str
    name: str
    inside: Any
    _grad: Any
    _parents: tuple[Node, ...]
    _pull: Pull | None


class Piece:
    """A gradient of ``parent[index]`` alone, which a `Pull` may return for one of the parent.

    Pieces are added up in one array for the parent, so that many of them cost what they hold.
    """

    __slots__ = ("gradient", "index")

    def __init__(self, index: Any, gradient: Any) -> None:
        self.index = index
        self.gradient = gradient

    def add_to(self, whole: Array) -> None:
        """Add the piece to the gradient of the parent, in place."""
        if _names_no_entry_twice(self.index):
            whole[self.index] += self.gradient
        else:
            np.add.at(whole, self.index, self.gradient)


def _names_no_entry_twice(index: Any) -> bool:
    if isinstance(index, np.ndarray):
        return bool(index.dtype.kind == "b")
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        one is None or one is Ellipsis or isinstance(one, (int, np.integer, slice)) for one in parts
    )


def leaves_of(roots: Sequence[Node]) -> list[Node]:
    """Return what the roots depend on that was not calculated and requires a gradient."""
    seen: dict[int, Node] = {}
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node.requires_grad and id(node) not in seen:
            seen[id(node)] = node
            waiting.extend(node._parents)
    return [node for node in seen.values() if not node._parents]


def backpropagate(root: Node, seed: Any) -> None:
    """Send `seed`, the gradient of the root, through the graph, and release the graph.

    Gradients of leaves are added to; those of other nodes are set.
    """
    waiting = _uses(root)
    for node in waiting:
        if node._parents:
            node._grad = None
    owned = {node for node in waiting if node._grad is not None}
    _receive(root, seed, owned, root)
    ready = [root]
    while ready:
        node = ready.pop()
        if node._pull is None:  # a leaf
            continue
        gradients = _pulled(node)
        for parent, gradient in zip(node._parents, gradients, strict=True):
            if parent.requires_grad:
                if gradient is not None:
                    _receive(parent, gradient, owned, node)
                waiting[parent] -= 1
                if not waiting[parent]:
                    ready.append(parent)


def _uses(root: Node) -> dict[Node, int]:
    """Return how many times each node of the graph is used by others in it."""
    uses = {root: 0}
    stack = [root]
    while stack:
        node = stack.pop()
        if node._pull is None and node._parents:
            raise RuntimeError(
                "this graph was released by an earlier backward(); calculate the value again, or "
                "add up what shares a part of the graph and call backward() once"
            )
        for parent in node._parents:
            if parent.requires_grad:
                if parent in uses:
                    uses[parent] += 1
                else:
                    uses[parent] = 1
                    stack.append(parent)
    return uses


def _pulled(node: Node) -> Sequence[Any]:
    """Return the gradients of the parents, and release what they were made of."""
    pull, node._pull = node._pull, None
    assert pull is not None
    if node._grad is None:
        return (None,) * len(node._parents)
    gradients = pull(node._grad)
    if len(gradients) != len(node._parents):
        raise ValueError(
            f"the pull of {node.operation!r} must return {len(node._parents)} gradients, one per "
            f"parent, got {len(gradients)}"
        )
    return gradients


def _receive(node: Node, gradient: Any, owned: set[Node], sender: Node) -> None:
    """Add to the gradient of a node; `owned` are those whose arrays nobody shares."""
    former = node._grad
    if isinstance(gradient, Piece):
        if former is None:
            node._grad = np.zeros(node.data.shape, node.data.dtype)
        elif node not in owned or not isinstance(former, np.ndarray):
            node._grad = np.array(former)
        owned.add(node)
        gradient.add_to(node._grad)
        return
    gradient = _fitted(gradient, node, sender)
    if former is None and node._parents:
        node._grad = gradient
    elif former is None:
        node._grad = gradient.copy()
        owned.add(node)
    elif node in owned:
        former += gradient
        node._grad = former
    else:
        node._grad = former + gradient
        owned.add(node)


def _fitted(gradient: Any, node: Node, sender: Node) -> Any:
    """Return a gradient in the shape and dtype of a node, summed where the node was broadcast."""
    data = node.data
    if not isinstance(gradient, (np.ndarray, np.generic)):
        gradient = np.asarray(gradient)
    if gradient.dtype != data.dtype:
        gradient = gradient.astype(data.dtype)
    if gradient.shape == data.shape:
        return gradient
    try:
        return np.broadcast_to(_summed(gradient, data.shape), data.shape)
    except ValueError:
        raise ValueError(
            f"the gradient that {sender.operation!r} sends back must have shape {data.shape}, "
            f"got {gradient.shape}"
        ) from None


def _summed(gradient: Any, shape: tuple[int, ...]) -> Any:
    """Return a gradient summed over the axes along which an array of this shape was repeated."""
    if gradient.ndim > len(shape):
        gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    sizes = shape[len(shape) - gradient.ndim :]
    repeated = tuple(d for d, size in enumerate(sizes) if size == 1 != gradient.shape[d])
    return gradient.sum(axis=repeated, keepdims=True) if repeated else gradient
