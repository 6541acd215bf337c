"""What can be done with tensors, and the derivatives of it: mathematics on plain arrays.

In every rule x and y are operands, z is the result and g the gradient of z. Gradients may come in
the shape of z, or in one that broadcasts to it; the graph sums and repeats.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._tensor_graph import Piece, Pull

__all__ = ["RULES", "Rule"]


@dataclass(frozen=True)
class Rule:
    """An operation entry by entry (or a matrix product), with a slope for each operand.

    `forward` is (x) -> z or (x, y) -> z, a slope is (g, x, z) or (g, x, y, z) -> gradient.
    """

    sign: str
    forward: Callable[..., Any]
    slopes: tuple[Callable[..., Any], ...]


# Of two equal numbers, each has half of the derivative of their maximum or minimum.
def _share(x: Any, y: Any, is_taken: Any) -> Any:
    return np.where(x == y, 0.5, is_taken)


def _power_by_base(g: Any, x: Any, y: Any, z: Any) -> Any:
    return g * y * x ** np.where(y == 0, 1, y - 1)  # x ** 0 is flat, at 0 too


def _power_by_exponent(g: Any, x: Any, y: Any, z: Any) -> Any:
    return g * z * np.log(np.where(z == 0, 1, x))  # 0 ** y is flat


def _matrices(g: Any, x: Any, y: Any) -> tuple[Any, Any, Any]:
    """Return g, x and y of a matrix product with vectors as matrices of one row or column."""
    if y.ndim == 1:
        y, g = y[:, np.newaxis], np.expand_dims(g, -1)
    if x.ndim == 1:
        x, g = x[np.newaxis], np.expand_dims(g, -2)
    return g, x, y


def _matmul_by_left(g: Any, x: Any, y: Any, z: Any) -> Any:
    wide, _, right = _matrices(g, x, y)
    slope = wide @ np.swapaxes(right, -1, -2)
    return slope[..., 0, :] if x.ndim == 1 else slope


def _matmul_by_right(g: Any, x: Any, y: Any, z: Any) -> Any:
    wide, left, _ = _matrices(g, x, y)
    slope = np.swapaxes(left, -1, -2) @ wide
    return slope[..., 0] if y.ndim == 1 else slope


RULES: dict[np.ufunc, Rule] = {
    np.add: Rule("+", operator.add, (lambda g, x, y, z: g, lambda g, x, y, z: g)),
    np.subtract: Rule("-", operator.sub, (lambda g, x, y, z: g, lambda g, x, y, z: -g)),
    np.multiply: Rule("*", operator.mul, (lambda g, x, y, z: g * y, lambda g, x, y, z: g * x)),
    np.divide: Rule(
        "/", operator.truediv, (lambda g, x, y, z: g / y, lambda g, x, y, z: -g * z / y)
    ),
    np.power: Rule("**", operator.pow, (_power_by_base, _power_by_exponent)),
    np.matmul: Rule("@", operator.matmul, (_matmul_by_left, _matmul_by_right)),
    np.maximum: Rule(
        "maximum",
        np.maximum,
        (lambda g, x, y, z: g * _share(x, y, x > y), lambda g, x, y, z: g * _share(x, y, y > x)),
    ),
    np.minimum: Rule(
        "minimum",
        np.minimum,
        (lambda g, x, y, z: g * _share(x, y, x < y), lambda g, x, y, z: g * _share(x, y, y < x)),
    ),
    np.negative: Rule("-", operator.neg, (lambda g, x, z: -g,)),
    np.absolute: Rule("abs", abs, (lambda g, x, z: g * np.sign(x),)),
    np.square: Rule("square", lambda x: x * x, (lambda g, x, z: g * (x + x),)),
    np.sqrt: Rule("sqrt", np.sqrt, (lambda g, x, z: g / (z + z),)),
    np.exp: Rule("exp", np.exp, (lambda g, x, z: g * z,)),
    np.log: Rule("log", np.log, (lambda g, x, z: g / x,)),
    np.sin: Rule("sin", np.sin, (lambda g, x, z: g * np.cos(x),)),
    np.cos: Rule("cos", np.cos, (lambda g, x, z: -g * np.sin(x),)),
    np.tan: Rule("tan", np.tan, (lambda g, x, z: g * (1 + z * z),)),
    np.arctan: Rule("arctan", np.arctan, (lambda g, x, z: g / (1 + x * x),)),
    np.sinh: Rule("sinh", np.sinh, (lambda g, x, z: g * np.cosh(x),)),
    np.cosh: Rule("cosh", np.cosh, (lambda g, x, z: g * np.sinh(x),)),
    np.tanh: Rule("tanh", np.tanh, (lambda g, x, z: g * (1 - z * z),)),
}

# ---- operations with options: each returns its result and the way back from it ------------------

Axis = int | tuple[int, ...] | None
Traced = tuple[Any, Pull]


def total(x: Any, axis: Axis, keepdims: bool) -> Traced:
    """Sum over axes, or over all."""
    return x.sum(axis=axis, keepdims=keepdims), lambda g: (_along(g, axis, keepdims),)


def mean(x: Any, axis: Axis, keepdims: bool) -> Traced:
    """Mean over axes, or over all."""
    z = x.mean(axis=axis, keepdims=keepdims)
    count = x.size // max(z.size, 1)
    return z, lambda g: (_along(g, axis, keepdims) / count,)


def _along(g: Any, axis: Axis, keepdims: bool) -> Any:
    return g if axis is None or keepdims else np.expand_dims(g, axis)


def reshaped(x: Any, shape: tuple[int, ...]) -> Traced:
    return x.reshape(shape), lambda g: (g.reshape(x.shape),)


def transposed(x: Any, axes: tuple[int, ...] | None) -> Traced:
    back = None if axes is None else np.argsort([axis % x.ndim for axis in axes])
    return x.transpose(axes), lambda g: (np.transpose(g, back),)


def part(x: Any, index: Any) -> Traced:
    """What an index selects, basic or advanced; what comes twice has the sum of its gradients."""
    return x[index], lambda g: (Piece(index, g),)


def clipped(x: Any, low: Any, high: Any) -> Traced:
    """Numbers brought into low..high; only those outside have no derivative."""
    z = np.clip(x, low, high)
    return z, lambda g: (g * (z == x),)


def chosen(pair: Sequence[Any], condition: Any) -> Traced:
    """The first of two where a condition holds, the second elsewhere."""
    return np.where(condition, *pair), lambda g: (
        np.where(condition, g, 0),
        np.where(condition, 0, g),
    )


def concatenated(arrays: Sequence[Any], axis: int) -> Traced:
    ends = np.cumsum([one.shape[axis] for one in arrays if one.ndim])[:-1]
    return np.concatenate(arrays, axis), lambda g: np.split(g, ends, axis)


def stacked(arrays: Sequence[Any], axis: int) -> Traced:
    return np.stack(arrays, axis), lambda g: tuple(np.moveaxis(g, axis, 0))
