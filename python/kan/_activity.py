"""What flows through the edges of a network, and how much of the output each of them carries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array
from ._networks import input_alone

__all__ = ["Activity", "edge_outputs", "observe", "symbolic_outputs"]


@dataclass(frozen=True)
class Activity:
    """Inputs, outputs and scores of the edges of every layer on some rows.

    `inputs[l]` (N, I); `outputs[l]` (N, I, S); the scores are (I, S):
    `deviation` E = std of an edge's output, `relative` E / (std of its input + 0.1), and
    `backward` the share of the network's output that comes through it.
    """

    inputs: list[Array]
    outputs: list[Array]
    deviation: list[Array]
    relative: list[Array]
    backward: list[Array]


@np.errstate(over="ignore", invalid="ignore")  # what is too large has no score
def observe(network: Core, x: Array) -> Activity:
    """Run rows through a network and look at every edge."""
    layers = range(len(network.layers))
    inputs = [_core.activations(network, x, index).astype(np.float64) for index in layers]
    outputs = [edge_outputs(network, index, inputs[index]) for index in layers]
    deviation = [_deviation(values) for values in outputs]
    relative = [
        e / (_deviation(values)[:, np.newaxis] + 0.1)
        for e, values in zip(deviation, inputs, strict=True)
    ]
    return Activity(inputs, outputs, deviation, relative, _backward(network, outputs, deviation))


def edge_outputs(network: Core, index: int, inputs: Array) -> Array:
    """Return the outputs of all edges of layer `index` at its inputs (N, I): (N, I, S)."""
    layer = network.layers[index]
    result = np.empty((len(inputs), layer.inputs, layer.subnodes))
    for i in range(layer.inputs):
        alone = input_alone(network, index, i, network.base)
        column = np.ascontiguousarray(inputs[:, i : i + 1], dtype=network.dtype)
        result[:, i, :] = _core.predict(alone, column)
    for place, edge in enumerate(layer.symbolic):
        result[:, edge.input, edge.sum] += symbolic_outputs(
            network, index, place, inputs[:, edge.input]
        )
    return result


def symbolic_outputs(network: Core, index: int, place: int, x: Array) -> Array:
    """Return gamma f(alpha x + beta) + delta of one symbolic edge of a layer at x (N,)."""
    edge = network.layers[index].symbolic[place]
    alpha, beta, gamma, delta = network.symbolic(index)[place].astype(np.float64)
    u = np.ascontiguousarray(alpha * x + beta, dtype=np.float64)
    if edge.function == "table":
        values = network.tables[edge.table].values(u)[0]
    else:
        values = _core.function_values(edge.function, u)[0]
    result: Array = gamma * values + delta
    return result


def _deviation(values: Array) -> Array:
    """Return the standard deviation over the rows, 0 for a single one."""
    if len(values) < 2:
        return np.zeros(values.shape[1:])
    # Divided by a power of two, which rounds nothing, so that no square overflows.
    _, exponent = np.frexp(np.abs(values).max(initial=0.0))
    deviation: Array = np.ldexp(np.ldexp(values, -exponent).std(axis=0, ddof=1), exponent)
    return deviation


def _backward(network: Core, outputs: list[Array], deviation: list[Array]) -> list[Array]:
    """Hand importance back from the outputs, pykan's rule, averaged over the outputs.

    Each sum passes its score on to its edges in proportion to their deviation; every factor of a
    product has the score of the product.
    """
    layers = network.layers
    node_scores = np.full(layers[-1].nodes, 1.0 / layers[-1].nodes)
    scores: list[Array] = []
    for layer, values, e in zip(
        reversed(layers), reversed(outputs), reversed(deviation), strict=True
    ):
        arities = np.array([1] * layer.sums + layer.arities)
        subnode_scores = np.repeat(node_scores, arities)
        total = _deviation(values.sum(axis=1))
        share = e * (subnode_scores / (total + 1e-4))
        scores.insert(0, share)
        node_scores = share.sum(axis=1)
    return scores
