"""From a model to the diagram that is drawn of it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ._activity import Activity, observe
from ._architecture import Core, one_of
from ._arrays import Array
from ._diagram import Diagram, EdgeCurve
from ._networks import symbolic_place

__all__ = ["METRICS", "diagram_of"]

METRICS = {"backward": "backward", "forward_n": "relative", "forward_u": "deviation"}

# Rows that a picture is made of; more would not be seen.
MOST_ROWS = 1000

# Samples that are marked on a curve; more would hide it.
MOST_SAMPLES = 50


def diagram_of(network: Core, x: Array, metric: str) -> Diagram:
    """Return the diagram of a network on inputs x (N, I), edges scored by `metric`."""
    one_of(metric, "metric", list(METRICS))
    rows = x[np.linspace(0, len(x) - 1, min(len(x), MOST_ROWS)).astype(np.intp)]
    activity = observe(network, np.ascontiguousarray(rows))
    layers = network.layers
    edges = [
        _curve(network, activity, metric, index, i, j)
        for index, layer in enumerate(layers)
        for i in range(layer.inputs)
        for j in range(layer.subnodes)
    ]
    nodes = [layers[0].inputs] + [layer.nodes for layer in layers]
    return Diagram(nodes, [[]] + [layer.arities for layer in layers], edges)


def _curve(network: Core, activity: Activity, metric: str, index: int, i: int, j: int) -> EdgeCurve:
    order = np.argsort(activity.inputs[index][:, i], kind="stable")
    x = activity.inputs[index][order, i]
    y = activity.outputs[index][order, i, j]
    score = float(getattr(activity, METRICS[metric])[index][i, j])
    kind = _kind(network, index, i, j)
    marked = np.linspace(0, len(x) - 1, min(len(x), MOST_SAMPLES)).astype(np.intp)
    samples = activity.inputs[index][marked, i], activity.outputs[index][marked, i, j]
    return EdgeCurve(index, i, j, x, y, kind, score, samples)


def _kind(
    network: Core, index: int, i: int, j: int
) -> Literal["numeric", "symbolic", "both", "off"]:
    place = symbolic_place(network.layers[index], i, j)
    has_spline = bool(network.edge_mask(index)[i, j])
    has_function = place is not None and network.layers[index].symbolic[place].function != "0"
    if has_function:
        return "both" if has_spline else "symbolic"
    return "numeric" if has_spline else "off"
