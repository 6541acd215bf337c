"""Ways to write one layer of a KAN in ONNX, for the comparison of onnx_runtime.py."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import kan._onnx_layer
from kan import KAN
from kan._onnx_graph import Graph, Value

__all__ = ["ENCODINGS"]


def exported(model: KAN) -> bytes:
    """What `model.export_onnx` writes."""
    return model._onnx_bytes()


def looked_up(model: KAN) -> bytes:
    """What it would write of more intervals: the polynomials of a cell are gathered."""
    most = kan._onnx_layer.MOST_COLUMNS
    kan._onnx_layer.MOST_COLUMNS = 0
    try:
        return model._onnx_bytes()
    finally:
        kan._onnx_layer.MOST_COLUMNS = most


def cox_de_boor(model: KAN) -> bytes:
    """All B-splines by the recursion of Cox and de Boor: what tracing efficient-kan makes."""
    network, layer = model._network, model._network.layers[0]
    graph = Graph(model.dtype, layer.inputs)
    x = graph.input
    knots = network.knots(0).astype(np.float64)
    basis = recursion(x.reshape(0, layer.inputs, 1), knots, layer.degree)
    weights = network.coefficients(0).astype(np.float64)
    count = layer.inputs * (weights.shape[1] - 1)
    columns = [basis.reshape(0, count), x * x.then("Sigmoid")]
    splines = weights[:, :-1].reshape(count, -1)
    matrix = graph.number(np.concatenate([splines, weights[:, -1]]))
    result = graph.joined(columns).then("MatMul", matrix)
    return bytes(graph.model(result, layer.nodes).SerializeToString())


def recursion(x: Value, knots: NDArray[np.float64], degree: int) -> Value:
    """B-splines (N, I, G+k) of x (N, I, 1) on knots (I, G+1+2k); 0 at the right end and outside."""
    begun, ended = x >= knots[:, :-1], x < knots[:, 1:]
    values = begun.then("And", ended).cast(x.dtype)
    for p in range(1, degree + 1):
        count = knots.shape[1] - 1 - p
        low, high = knots[:, :count], knots[:, p + 1 :]
        rising = (x - low) * (1 / (knots[:, p:-1] - low))
        falling = (high - x) * (1 / (high - knots[:, 1:-p]))
        values = rising * part(values, 0, count) + falling * part(values, 1, count + 1)
    return values


def part(values: Value, begin: int, end: int) -> Value:
    """Functions begin ... end - 1 of (N, I, functions)."""
    whole = values.graph.whole
    return values.graph.add("Slice", values, whole([begin]), whole([end]), whole([2]))


ENCODINGS: dict[str, Callable[[KAN], bytes]] = {
    "export_onnx": exported,
    "looked up": looked_up,
    "Cox-de Boor": cox_de_boor,
}
