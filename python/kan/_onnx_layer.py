"""One layer of a network as ONNX operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array
from ._onnx_dense import add_dense
from ._onnx_graph import Value
from ._onnx_looked_up import add_looked_up
from ._onnx_pieces import pieces_of
from ._onnx_sum import Sum
from ._onnx_symbolic import add_functions

__all__ = ["layer_values"]

# Columns of an input up to which the dense way is the faster one in ONNX Runtime, for layers with
# 1 to 64 outputs.
MOST_COLUMNS = 60


@dataclass(frozen=True)
class Arrangement:
    """The columns of a layer's sums, in blocks that are nodes once they are multiplied.

    First its plain sums, then the first factor of each product, then the second factors, and so on.
    A product of fewer factors than others has 1 in their place.

    Affines act on the weights: those of subnodes, and those of nodes but for the bias of products.
    """

    subnodes: Array  # (S,), -1 for a factor that is not there
    scale: Array  # (S,)
    bias: Array  # (S,)
    product_bias: Array  # (products,)

    def of(self, weights: Array) -> Array:
        """Return weights (..., subnodes) as those of the columns, scaled."""
        chosen = weights[..., np.maximum(self.subnodes, 0)].astype(np.float64)
        result: Array = np.where(self.subnodes < 0, 0.0, chosen * self.scale)
        return result


def layer_values(x: Value, network: Core, index: int, guard: Value | None) -> Value:
    """Return the nodes (N, nodes) of a layer for its inputs x; 0 in `guard` changes nothing."""
    layer = network.layers[index]
    arrangement = _arrangement(network, index)
    total = Sum(x.graph, arrangement.bias)
    weights = arrangement.of(network.coefficients(index))
    pieces = pieces_of(network, index, weights[:, :-1])
    if pieces is not None:
        columns = len(pieces.starts) * max(layer.degree, 1)
        add = add_dense if columns <= MOST_COLUMNS else add_looked_up
        add(x, layer.inputs, pieces, total)
    linear = _add_base(x, network, index, weights[:, -1], total)
    linear = linear + add_functions(x, network, index, arrangement.of, total)
    if linear.any() or not total.columns:
        total.add(x, linear)
    if guard is not None:
        total.add(guard, np.ones((network.layers[0].inputs, total.bias.size)))
    return _nodes(total.value(), layer, arrangement.product_bias)


def _arrangement(network: Core, index: int) -> Arrangement:
    layer = network.layers[index]
    first = layer.sums + np.concatenate([[0], np.cumsum(layer.arities)[:-1]])
    factors = [
        start + place if place < arity else -1
        for place in range(max(layer.arities, default=0))
        for start, arity in zip(first, layer.arities, strict=False)
    ]
    subnodes = np.array([*range(layer.sums), *factors], dtype=int)
    scale = np.ones(subnodes.size)
    bias = np.where(subnodes < 0, 1.0, 0.0)
    product_bias = np.zeros(len(layer.arities))
    if network.affine_enabled:
        real = subnodes >= 0
        scale[real] = network.affine(index, "subnode_scale")[subnodes[real]]
        bias[real] = network.affine(index, "subnode_bias")[subnodes[real]]
        nodes = network.affine(index, "node_scale").astype(np.float64)
        scale[: nodes.size] *= nodes
        bias[: nodes.size] *= nodes
        node_bias = network.affine(index, "node_bias").astype(np.float64)
        bias[: layer.sums] += node_bias[: layer.sums]
        product_bias = node_bias[layer.sums :]
    return Arrangement(subnodes, scale, bias, product_bias)


def _add_base(x: Value, network: Core, index: int, weights: Array, total: Sum) -> Array:
    """Add the base functions with weights (I, S); what is linear in x is returned instead."""
    if network.base == _core.Base.zero or not weights.any():
        return np.zeros_like(weights)
    clamped = network.extrapolation == _core.Extrapolation.clamp
    if network.base == _core.Base.identity and not clamped:
        return weights
    if clamped:
        layer, knots = network.layers[index], network.knots(index)
        low, high = knots[:, layer.degree], knots[:, layer.degree + layer.intervals]
        x = x.then("Max", low).then("Min", high)
    total.add(x.silu() if network.base == _core.Base.silu else x, weights)
    return np.zeros_like(weights)


def _nodes(sums: Value, layer: Any, product_bias: Array) -> Value:
    """Return the nodes of a layer: its plain sums and the products of the others."""
    if not layer.arities:
        return sums
    lengths = [layer.sums] * bool(layer.sums) + [len(layer.arities)] * max(layer.arities)
    parts = sums.graph.split("Split", len(lengths), sums, sums.graph.whole(lengths), axis=1)
    plain = parts[: bool(layer.sums)]
    product, *others = parts[bool(layer.sums) :]
    for factor in others:
        product = product * factor
    if product_bias.any():
        product = product + product_bias
    return sums.graph.joined([*plain, product])
