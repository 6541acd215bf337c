"""Sums of a layer in ONNX while they are gathered."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ._arrays import Array
from ._onnx_graph import Graph, Value

__all__ = ["Sum"]


@dataclass
class Sum:
    """Sums y (N, S) of a layer while they are gathered: columns times weights, and a bias."""

    graph: Graph
    bias: Array  # (S,)
    columns: list[Value] = field(default_factory=list)
    weights: list[Array] = field(default_factory=list)
    others: list[Value] = field(default_factory=list)  # (N, S) each

    def add(self, columns: Value, weights: Array) -> None:
        """Add columns (N, K) times weights (K, S)."""
        self.columns.append(columns)
        self.weights.append(weights)

    def value(self) -> Value:
        """Return the sums; some columns must be there, to say how many rows."""
        graph = self.graph
        weights = graph.number(np.concatenate(self.weights))
        columns = graph.joined(self.columns)
        if not self.others:
            return graph.add("Gemm", columns, weights, graph.number(self.bias))
        total = graph.add("Gemm", columns, weights, *self.others)
        return total + self.bias if self.bias.any() else total
