"""Graphs of ONNX operators, written as formulas: the one place that knows the package onnx."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import Array

__all__ = ["LARGEST_FILE", "OPSET", "Graph", "Value", "require_onnx"]

# The operators are those of this version, the file format is one that runtimes of 2021 read.
OPSET, FORMAT = 17, 8

# Bytes that a message of protobuf, and so a file, can hold.
LARGEST_FILE = 2**31 - 1

INPUT, OUTPUT, ROWS = "X", "y", "N"


def require_onnx() -> Any:
    """Return onnx, or say how to get it."""
    try:
        import onnx
    except ImportError as error:
        raise ImportError('export_onnx needs onnx: pip install "kan-core[onnx]"') from error
    return onnx


class Value:
    """What an operator gives: operators of Python and the methods here add further ones."""

    __array_ufunc__ = None  # an array on the left of an operator leaves it to us

    def __init__(self, graph: Graph, name: str, dtype: Any) -> None:
        self.graph, self.name, self.dtype = graph, name, np.dtype(dtype)

    def then(self, operator: str, *others: Value | ArrayLike, **attributes: Any) -> Value:
        """Apply an operator to this value and others; numbers become constants of its type."""
        return self.graph.add(operator, self, *map(self._value, others), **attributes)

    def __add__(self, other: Value | ArrayLike) -> Value:
        return self.then("Add", other)

    def __sub__(self, other: Value | ArrayLike) -> Value:
        return self.then("Sub", other)

    def __mul__(self, other: Value | ArrayLike) -> Value:
        return self.then("Mul", other)

    def __truediv__(self, other: Value | ArrayLike) -> Value:
        return self.then("Div", other)

    def __radd__(self, other: ArrayLike) -> Value:
        return self._value(other) + self

    def __rsub__(self, other: ArrayLike) -> Value:
        return self._value(other) - self

    def __rmul__(self, other: ArrayLike) -> Value:
        return self._value(other) * self

    def __rtruediv__(self, other: ArrayLike) -> Value:
        return self._value(other) / self

    def __lt__(self, other: Value | ArrayLike) -> Value:
        return self.then("Less", other)

    def __le__(self, other: Value | ArrayLike) -> Value:
        return self.then("LessOrEqual", other)

    def __ge__(self, other: Value | ArrayLike) -> Value:
        return self.then("GreaterOrEqual", other)

    def where(self, yes: Value, no: Value | ArrayLike) -> Value:
        """Return the elements of `yes` where this is true, those of `no` elsewhere."""
        return self.graph.add("Where", self, yes, yes._value(no))

    def at_least_0(self) -> Value:
        """Return max(x, 0).

        ONNX Runtime up to version 1.17 joins a product and Relu to an operator that it does not
        have in double precision.
        """
        return self.then("Relu") if self.dtype == np.float32 else self.then("Max", 0.0)

    def silu(self) -> Value:
        """Return x / (1 + e^-x).

        ONNX Runtime up to version 1.23 joins x and its Sigmoid to an operator that it does not
        have in double precision.
        """
        if self.dtype == np.float32:
            return self * self.then("Sigmoid")
        return self / (1.0 + self.then("Neg").then("Exp"))

    def cast(self, dtype: Any) -> Value:
        """Return the numbers in another type; nothing is added where it is the same."""
        if self.dtype == np.dtype(dtype):
            return self
        return self.graph.add("Cast", self, to=np.dtype(dtype))

    def columns(self, chosen: Sequence[int]) -> Value:
        """Return some of the columns of a matrix, in this order."""
        return self.graph.add("Gather", self, self.graph.whole(chosen), axis=1)

    def reshape(self, *shape: int) -> Value:
        """Return the same numbers in another shape: 0 is a length that stays, -1 the rest."""
        return self.graph.add("Reshape", self, self.graph.whole(shape))

    def _value(self, thing: Value | ArrayLike) -> Value:
        if isinstance(thing, Value):
            return thing
        return self.graph.constant(np.asarray(thing, dtype=self.dtype))


class Graph:
    """A graph that takes X (N, columns) and gives y (N, outputs).

    Parameters
    ----------
    dtype : str
        "float32" or "float64": the type of X, of y and of numbers without a type of their own.
    columns : int
        Columns of X.
    """

    def __init__(self, dtype: str, columns: int) -> None:
        self._onnx = require_onnx()
        self.dtype = np.dtype(dtype)
        self.input = Value(self, INPUT, self.dtype)
        self.size = 0  # bytes of the constants
        self._columns = columns
        self._nodes: list[Any] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], Value] = {}
        self._tensors: list[Any] = []

    def constant(self, values: Array) -> Value:
        """Return a constant; equal ones are kept once."""
        values = np.ascontiguousarray(values)
        key = (values.dtype.str, values.shape, values.tobytes())
        if key not in self._constants:
            name = f"constant_{len(self._constants)}"
            self.size += values.nbytes
            self._tensors.append(self._onnx.numpy_helper.from_array(values, name))
            self._constants[key] = Value(self, name, values.dtype)
        return self._constants[key]

    def number(self, values: ArrayLike) -> Value:
        """Return a constant of the type of the graph."""
        return self.constant(np.asarray(values, dtype=self.dtype))

    def whole(self, values: ArrayLike) -> Value:
        """Return a constant of indices or lengths."""
        return self.constant(np.asarray(values, dtype=np.int64))

    def add(self, operator: str, *inputs: Value, **attributes: Any) -> Value:
        """Add an operator with one output."""
        return self.split(operator, 1, *inputs, **attributes)[0]

    def split(self, operator: str, count: int, *inputs: Value, **attributes: Any) -> list[Value]:
        """Add an operator with several outputs."""
        place = len(self._nodes)
        names = [f"{operator}_{place}" + (f"_{n}" if n else "") for n in range(count)]
        dtype = _result_type(operator, inputs, attributes)
        if "to" in attributes:
            attributes["to"] = self._element(attributes["to"])
        self._nodes.append(
            self._onnx.helper.make_node(
                operator, [one.name for one in inputs], names, name=f"node_{place}", **attributes
            )
        )
        return [Value(self, name, dtype) for name in names]

    def joined(self, values: Sequence[Value]) -> Value:
        """Return matrices side by side."""
        return values[0] if len(values) == 1 else self.add("Concat", *values, axis=1)

    def model(self, result: Value, outputs: int, **properties: str) -> Any:
        """Return the checked model whose y (N, outputs) is `result`."""
        self._rename(result.name, OUTPUT)
        helper = self._onnx.helper
        element = self._element(self.dtype)
        made = helper.make_model(
            helper.make_graph(
                self._nodes,
                "kan",
                [helper.make_tensor_value_info(INPUT, element, [ROWS, self._columns])],
                [helper.make_tensor_value_info(OUTPUT, element, [ROWS, outputs])],
                self._tensors,
            ),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=FORMAT,
            **properties,
        )
        self._onnx.checker.check_model(made, full_check=True)
        return made

    def _rename(self, old: str, new: str) -> None:
        for node in self._nodes:
            for names in (node.input, node.output):
                names[:] = [new if name == old else name for name in names]

    def _element(self, dtype: Any) -> int:
        return int(self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


TRUTHS = {"Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal", "And", "Or", "Not"}


def _result_type(operator: str, inputs: Sequence[Value], attributes: dict[str, Any]) -> Any:
    if operator in TRUTHS:
        return np.dtype(bool)
    if operator == "Where":
        return inputs[1].dtype
    return attributes.get("to", inputs[0].dtype)
