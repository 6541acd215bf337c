"""Numbers that remember what they were made from, and can say how they depend on it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from . import _tensor_rules as rules
from ._arrays import Array, real_numbers
from ._tensor_graph import Node, Piece, Pull, backpropagate, is_recording, no_grad
from ._tensor_rules import RULES, Axis, Rule

__all__ = ["Piece", "Tensor", "as_tensor", "as_tensors", "no_grad", "operation", "plain"]

BinaryMethod = Callable[[Any, Any], "Tensor"]


def _elementwise(ufunc: np.ufunc) -> Callable[[Tensor], Tensor]:
    rule = RULES[ufunc]

    def method(self: Tensor) -> Tensor:
        return _unary(rule, self)

    method.__doc__ = f"Return the {ufunc.__name__} of every entry."
    return method


def _both_ways(ufunc: np.ufunc) -> tuple[BinaryMethod, BinaryMethod]:
    """Return an operator's method, and the one for a tensor that stands on the right."""
    rule = RULES[ufunc]
    return lambda self, other: _binary(rule, self, other), lambda self, other: _binary(
        rule, other, self
    )


def _compared(compare: Callable[[Any, Any], Any]) -> Callable[[Tensor, Any], Any]:
    return lambda self, other: compare(self.data, plain(other))


class Tensor(Node):
    """An array that keeps the graph of what is calculated with it, for gradients.

    Operators and NumPy's functions work on tensors, alone or with arrays and numbers, and give
    tensors: ``np.exp(t)``, ``2 * t @ w``, ``np.where(c, t, 0)``. What has no derivative here raises
    a TypeError. Comparisons give plain arrays of booleans, ``np.asarray(t)`` plain numbers.

    Parameters
    ----------
    data : array-like
        Real numbers of any shape, which are copied. float32 and float64 stay, all else becomes
        float64. A tensor gives a new one that knows nothing of its past.
    requires_grad : bool, default True
        Whether `backward` gives it a gradient. Arrays and numbers met in operations have none.
    name : str, default ""
        What pictures call it.

    Attributes
    ----------
    data : ndarray or NumPy scalar
        The numbers, shared with those that look at the same ones. Changing them between an
        operation and `backward` makes gradients wrong.
    requires_grad : bool
        Whether it is, or depends on, something that `backward` gives a gradient.
    operation : str
        What it was made by; empty for one that was not calculated.

    Notes
    -----
    The derivative of ``abs`` at 0 is 0; two equal numbers have half each of that of ``maximum``.

    Examples
    --------
    >>> from kan import Tensor
    >>> x = Tensor([1.0, 2.0])
    >>> (x**2).sum().backward()
    >>> x.grad
    array([2., 4.])
    """

    __slots__ = ()

    def __init__(self, data: ArrayLike, requires_grad: bool = True, name: str = "") -> None:
        self.data = np.array(_floats(data))
        self.requires_grad = bool(requires_grad)
        self.name = str(name)
        self.operation, self.inside = "", None
        self._grad, self._parents, self._pull = None, (), None

    # ---- gradients ----------------------------------------------------------------------------

    @property
    def grad(self) -> Array | None:
        """The gradient that `backward` left, in the shape of the tensor, or None.

        It adds up over calls of `backward` until it is set to None. Set by hand on the result of
        a calculation, it is what `backward` begins with.
        """
        if self._grad is not None and not isinstance(self._grad, np.ndarray):
            self._grad = np.array(self._grad)
        gradient: Array | None = self._grad
        return gradient

    @grad.setter
    def grad(self, value: ArrayLike | None) -> None:
        self._grad = None if value is None else self._as_gradient(value, "grad")

    def backward(self, gradient: ArrayLike | None = None) -> None:
        """Add the gradients of this tensor to all that it depends on, and release its graph.

        Tensors that were calculated on the way have their gradients too, afterwards.

        Parameters
        ----------
        gradient : array-like, optional
            The gradient of the tensor itself, in its shape; by default its `grad` if that was
            set, or else 1 if it has one entry.

        Raises
        ------
        TypeError, ValueError
            If the gradient does not fit, or if there is none and the tensor has several entries.
        RuntimeError
            If it depends on nothing that requires a gradient, or if a part of the graph was
            released by an earlier `backward`.
        """
        if not self.requires_grad:
            raise RuntimeError(
                "nothing that this tensor was calculated from requires a gradient (nothing does "
                "under no_grad)"
            )
        if gradient is not None:
            seed = self._as_gradient(gradient, "gradient")
        elif self._grad is not None and self._parents:
            seed = self._grad
        elif self.data.size == 1:
            seed = np.ones(self.data.shape, self.data.dtype)
        else:
            raise ValueError(
                f"backward() needs a tensor with one entry, or a gradient of shape {self.shape}"
            )
        backpropagate(self, seed)

    def detach(self) -> Tensor:
        """Return a constant tensor that shares the numbers."""
        return operation("", self.data, (), _no_way_back)

    def _allowed(self, move: Array) -> Array:
        """Return what an optimizer may do of a move."""
        return move

    def _as_gradient(self, value: ArrayLike, name: str) -> Array:
        gradient = real_numbers(value, name)
        if gradient.shape != self.shape:
            raise ValueError(f"{name} must have shape {self.shape}, got {gradient.shape}")
        return np.array(gradient, dtype=self.data.dtype)

    # ---- as numbers ---------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        shape: tuple[int, ...] = self.data.shape
        return shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of entries."""
        return int(self.data.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float64 or float32."""
        dtype: np.dtype[Any] = self.data.dtype
        return dtype

    def numpy(self) -> Array:
        """Return the numbers as an array, without a copy where they are in one."""
        return np.asarray(self.data)

    def item(self) -> float:
        """Return the only entry as a float."""
        return float(self.data.item())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.data, dtype=dtype) if copy else np.asarray(self.data, dtype=dtype)

    def __float__(self) -> float:
        return self.item()

    def __bool__(self) -> bool:
        return bool(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[index] for index in range(len(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        return Tensor, (self.data, self.requires_grad, self.name)

    def __repr__(self) -> str:
        numbers = np.array2string(np.asarray(self.data), separator=", ", prefix="Tensor(")
        dtype = "" if self.data.dtype == np.float64 else f", dtype={self.data.dtype}"
        constant = "" if self.requires_grad else ", requires_grad=False"
        made_by = f", operation={self.operation!r}" if self.operation else ""
        return f"Tensor({numbers}{dtype}{constant}{made_by})"

    # ---- arithmetic ---------------------------------------------------------------------------

    __add__, __radd__ = _both_ways(np.add)
    __sub__, __rsub__ = _both_ways(np.subtract)
    __mul__, __rmul__ = _both_ways(np.multiply)
    __truediv__, __rtruediv__ = _both_ways(np.divide)
    __pow__, __rpow__ = _both_ways(np.power)
    __matmul__, __rmatmul__ = _both_ways(np.matmul)
    __neg__ = _elementwise(np.negative)
    __abs__ = abs = _elementwise(np.absolute)
    square = _elementwise(np.square)
    sqrt = _elementwise(np.sqrt)
    exp = _elementwise(np.exp)
    log = _elementwise(np.log)
    sin = _elementwise(np.sin)
    cos = _elementwise(np.cos)
    tan = _elementwise(np.tan)
    arctan = _elementwise(np.arctan)
    sinh = _elementwise(np.sinh)
    cosh = _elementwise(np.cosh)
    tanh = _elementwise(np.tanh)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        """Return the numbers brought into min..max; those outside have no derivative."""
        if isinstance(min, Tensor) or isinstance(max, Tensor):
            raise TypeError("clip has no derivative by its bounds: use np.minimum and np.maximum")
        return _derived("clip", rules.clipped, self, min, max)

    # ---- comparisons --------------------------------------------------------------------------

    __hash__ = Node.__hash__

    __eq__ = _compared(operator.eq)
    __ne__ = _compared(operator.ne)
    __lt__ = _compared(operator.lt)
    __le__ = _compared(operator.le)
    __gt__ = _compared(operator.gt)
    __ge__ = _compared(operator.ge)

    # ---- axes ---------------------------------------------------------------------------------

    def sum(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """Return the sum over an axis, several, or all of them."""
        return _derived("sum", rules.total, self, axis, keepdims)

    def mean(self, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
        """Return the mean over an axis, several, or all of them."""
        return _derived("mean", rules.mean, self, axis, keepdims)

    def reshape(self, *shape: Any) -> Tensor:
        """Return the entries in another shape, given as integers or as one tuple."""
        return _derived("reshape", rules.reshaped, self, _one_tuple(shape))

    def transpose(self, *axes: Any) -> Tensor:
        """Return it with its axes in another order; without `axes`, reversed."""
        return _derived("transpose", rules.transposed, self, _one_tuple(axes) if axes else None)

    @property
    def T(self) -> Tensor:
        """The tensor with its axes reversed."""
        return self.transpose()

    def __getitem__(self, index: Any) -> Tensor:
        return _derived("part", rules.part, self, plain(index))

    # ---- NumPy's functions --------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        name = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
        if method != "__call__" or options:
            given = f" with {', '.join(options)}=" if options else ""
            raise TypeError(f"{name}{given} is not defined for a Tensor, only plain calls are")
        if ufunc in PLAIN:
            return ufunc(*map(plain, inputs))
        if ufunc not in RULES:
            raise TypeError(f"{name} has no derivative here; t.numpy() gives its plain numbers")
        rule = RULES[ufunc]
        return _unary(rule, *inputs) if len(inputs) == 1 else _binary(rule, *inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        from ._tensor_functions import FUNCTIONS  # which needs this class

        if function not in FUNCTIONS:
            name = f"{function.__module__}.{function.__name__}".replace("numpy", "np")
            raise TypeError(f"{name} has no derivative here; t.numpy() gives its plain numbers")
        return FUNCTIONS[function](*args, **options)


def operation(
    name: str, data: Any, parents: Sequence[Tensor], pull: Pull, inside: Any = None
) -> Tensor:
    """Return the result of an operation, as a node of the graph if that is wanted.

    Parameters
    ----------
    name : str
        What pictures call the operation.
    data : ndarray or NumPy scalar
        Its result, float64 or float32.
    parents : sequence of Tensor
        What it was made from.
    pull : callable
        From the gradient of the result, in its shape and dtype, to one gradient per parent, each
        None, a :class:`Piece`, or an array of the shape of the parent (or of one that the parent
        is broadcast to: it is summed, or repeated). It may return the array that it was given,
        and must not change it. Nobody asks where nothing requires a gradient.
    inside : optional
        What a picture may open the operation into.
    """
    node = Tensor.__new__(Tensor)
    node.data, node.operation, node.inside = data, name, inside
    node.name = ""
    node._grad = None
    if is_recording():
        for parent in parents:
            if parent.requires_grad:
                node.requires_grad = True
                node._parents, node._pull = tuple(parents), pull
                return node
    node.requires_grad, node._parents, node._pull = False, (), None
    return node


def as_tensor(value: Any, name: str = "data") -> Tensor:
    """Return a tensor as it is, and numbers as a constant one that shares them."""
    if isinstance(value, Tensor):
        return value
    return operation("", _floats(value, name), (), _no_way_back)


def as_tensors(values: Sequence[Any], name: str = "data") -> list[Tensor]:
    """Return operands as tensors; plain numbers take the dtype of the first tensor among them."""
    dtype = next((one.dtype for one in values if isinstance(one, Tensor)), np.dtype(np.float64))
    return [as_tensor(dtype.type(one) if _is_plain_number(one) else one, name) for one in values]


def _unary(rule: Rule, a: Tensor) -> Tensor:
    x = a.data
    z = rule.forward(x)
    (slope,) = rule.slopes
    return operation(rule.sign, z, (a,), lambda g: (slope(g, x, z),))


def _binary(rule: Rule, a: Any, b: Any) -> Tensor:
    """Return the result for two operands, one of them a tensor at least."""
    if not isinstance(b, Tensor):
        b = _constant(b, a.data.dtype)
    elif not isinstance(a, Tensor):
        a = _constant(a, b.data.dtype)
    if a is None or b is None:
        return NotImplemented  # type: ignore[no-any-return]
    x, y = a.data, b.data
    z = rule.forward(x, y)
    by_first, by_second = rule.slopes
    if not b.requires_grad:
        return operation(rule.sign, z, (a, b), lambda g: (by_first(g, x, y, z), None))
    if not a.requires_grad:
        return operation(rule.sign, z, (a, b), lambda g: (None, by_second(g, x, y, z)))
    return operation(rule.sign, z, (a, b), lambda g: (by_first(g, x, y, z), by_second(g, x, y, z)))


def _derived(name: str, rule: Callable[..., rules.Traced], a: Tensor, *options: Any) -> Tensor:
    data, pull = rule(a.data, *options)
    return operation(name, data, (a,), pull)


def _constant(value: Any, dtype: np.dtype[Any]) -> Tensor | None:
    """Return an operand as a tensor, a plain number in the given dtype; None if it is none."""
    if _is_plain_number(value):
        return operation("", dtype.type(value), (), _no_way_back)
    if isinstance(value, (np.ndarray, np.generic, list, tuple)):
        return as_tensor(value)
    return None


def _is_plain_number(value: Any) -> bool:
    return isinstance(value, (float, int)) and not isinstance(value, np.generic)


def _floats(values: Any, name: str = "data") -> Any:
    """Return numbers as float32 if they are that, and else as float64."""
    if type(values) is not np.ndarray or values.dtype.kind not in "biuf":
        values = real_numbers(values, name)
    return values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)


def plain(value: Any) -> Any:
    return value.data if isinstance(value, Tensor) else value


def _one_tuple(given: tuple[Any, ...]) -> Any:
    """Return what came as one tuple or list, or number by number, as a tuple."""
    return tuple(given[0]) if len(given) == 1 and isinstance(given[0], (tuple, list)) else given


def _no_way_back(gradient: Any) -> Sequence[Any]:
    return ()


# What has booleans for results, and so no derivative.
PLAIN = {
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.isfinite, np.isinf, np.isnan, np.signbit, np.logical_and, np.logical_or, np.logical_not,
}  # fmt: skip
