"""The symbolic edges of a layer as ONNX operators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array
from ._onnx_functions import ONNX_FUNCTIONS
from ._onnx_graph import Value
from ._onnx_looked_up import powers_by_input, rows_and_ways
from ._onnx_pieces import pieces_of_table
from ._onnx_sum import Sum

__all__ = ["add_functions"]


def add_functions(
    x: Value, network: Core, index: int, arranged: Callable[[Array], Array], total: Sum
) -> Array:
    """Add gamma f(alpha x + beta) + delta of the edges; what is linear in x is returned instead.

    `arranged` turns weights (..., subnodes) into those of the columns of the sums. The functions
    are of numbers in double precision, as in the core.
    """
    layer = network.layers[index]
    numbers = network.symbolic(index).astype(np.float64)
    linear = np.zeros((layer.inputs, layer.subnodes))
    constant = np.zeros(layer.subnodes)
    others = []
    for place, edge in enumerate(layer.symbolic):
        alpha, beta, gamma, delta = numbers[place]
        constant[edge.sum] += delta
        if edge.function == "x":
            constant[edge.sum] += gamma * beta
            linear[edge.input, edge.sum] += gamma * alpha
        elif edge.function != "0":
            others.append(place)
    total.bias = total.bias + arranged(constant)
    if others:
        others.sort(key=lambda place: _name(layer.symbolic[place]))
        edges = [layer.symbolic[place] for place in others]
        weights = np.zeros((len(edges), layer.subnodes))
        weights[np.arange(len(edges)), [edge.sum for edge in edges]] = numbers[others, 2]
        own = numbers[others, :2].T
        total.add(_values(x, edges, own, network.tables), arranged(weights))
    return arranged(linear)


def _name(edge: _core.SymbolicEdge) -> tuple[str, int]:
    return edge.function, edge.table


def _values(
    x: Value, edges: Sequence[_core.SymbolicEdge], numbers: Array, tables: Sequence[_core.Table]
) -> Value:
    """Return f(alpha x + beta) of edges that are sorted by their functions, (N, edges)."""
    alpha, beta = numbers
    u = (x.columns([edge.input for edge in edges]) * alpha + beta).cast(np.float64)
    groups = [(name, len(list(group))) for name, group in groupby(edges, key=_name)]
    parts = [u]
    if len(groups) > 1:
        lengths = [count for _, count in groups]
        parts = u.graph.split("Split", len(groups), u, u.graph.whole(lengths), axis=1)
    values = [
        _looked_up(part, tables[table], count) if name == "table" else ONNX_FUNCTIONS[name](part)
        for part, ((name, table), count) in zip(parts, groups, strict=True)
    ]
    result: Value = u.graph.joined(values).cast(x.dtype)
    return result


def _looked_up(u: Value, table: _core.Table, count: int) -> Value:
    """Return a function of the user's at u (N, count)."""
    pieces = pieces_of_table(table)
    rows, t, polynomials = rows_and_ways(u.reshape(-1, 1), pieces)
    own = u.graph.add("Gather", u.graph.constant(polynomials[:, :, 0]), rows)
    products = own * powers_by_input(t, pieces)
    summed = products.then("ReduceSum", u.graph.whole([1, 2]), keepdims=0)
    return summed.reshape(-1, count)
