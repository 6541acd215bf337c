"""The layers of a model in pykan's words: what `model.act_fun[l]` and `symbolic_fun[l]` show."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._architecture import Core
from ._arrays import Array

__all__ = ["NumericLayer", "SymbolicLayer", "affine_of"]

# What nodes and subnodes are scaled by, and shifted by, where a network has no affines.
NEUTRAL = {"scale": 1.0, "bias": 0.0}


class _Layer:
    """What both views of a layer have."""

    def __init__(self, network: Core, index: int) -> None:
        self._network = network
        self._index = index
        self._shape = network.layers[index]

    @property
    def in_dim(self) -> int:
        """Number of inputs."""
        return int(self._shape.inputs)

    @property
    def out_dim(self) -> int:
        """Number of sums."""
        return int(self._shape.subnodes)


class NumericLayer(_Layer):
    """The splines of one layer; i counts its inputs and j its sums, factors of products included.

    All arrays are copies that cannot be written to: a model changes by its methods.
    """

    @property
    def num(self) -> int:
        """Number of grid intervals G."""
        return int(self._shape.intervals)

    @property
    def k(self) -> int:
        """Degree of the splines."""
        return int(self._shape.degree)

    @property
    def grid(self) -> Array:
        """Knots (in_dim, G+1+2k), k ghost knots on each side."""
        return _shown(self._network.knots(self._index))

    @property
    def coef(self) -> Array:
        """Coefficients (in_dim, out_dim, G+k), 0 where an edge is off."""
        return _shown(self._network.coefficients(self._index)[:, :-1, :].transpose(0, 2, 1))

    @property
    def scale_base(self) -> Array:
        """Weights of the base function (in_dim, out_dim)."""
        return _shown(self._network.coefficients(self._index)[:, -1, :])

    @property
    def scale_sp(self) -> Array:
        """Ones (in_dim, out_dim): the scale of a spline is part of its coefficients here."""
        return _shown(np.ones((self.in_dim, self.out_dim), dtype=self._network.dtype))

    @property
    def mask(self) -> Array:
        """1 for splines that are on, 0 for those that are off, (in_dim, out_dim)."""
        return _shown(self._network.edge_mask(self._index).astype(self._network.dtype))

    def __repr__(self) -> str:
        return f"NumericLayer({self.in_dim} -> {self.out_dim}, grid={self.num}, k={self.k})"


class SymbolicLayer(_Layer):
    """The symbolic edges of one layer, indexed [j][i]: sum first, as in pykan.

    All arrays are copies that cannot be written to: a model changes by its methods.
    """

    @property
    def mask(self) -> Array:
        """1 for symbolic edges, 0 for others, (out_dim, in_dim)."""
        mask = np.zeros((self.out_dim, self.in_dim), dtype=self._network.dtype)
        for edge in self._shape.symbolic:
            mask[edge.sum, edge.input] = 1.0
        return _shown(mask)

    @property
    def affine(self) -> Array:
        """a, b, c, d of c f(a x + b) + d, 0 for edges without, (out_dim, in_dim, 4)."""
        affine = np.zeros((self.out_dim, self.in_dim, 4), dtype=self._network.dtype)
        numbers = self._network.symbolic(self._index)
        for edge, own in zip(self._shape.symbolic, numbers, strict=True):
            affine[edge.sum, edge.input] = own
        return _shown(affine)

    @property
    def funs_name(self) -> list[list[str]]:
        """Names of the functions, "0" for edges without: [out_dim][in_dim]."""
        names = [["0"] * self.in_dim for _ in range(self.out_dim)]
        for edge in self._shape.symbolic:
            of_user = edge.function == "table"
            name = self._network.tables[edge.table].name if of_user else edge.function
            names[edge.sum][edge.input] = name
        return names

    def __repr__(self) -> str:
        count = len(self._shape.symbolic)
        return f"SymbolicLayer({self.in_dim} -> {self.out_dim}, {count} symbolic edges)"


def affine_of(network: Core, which: str) -> list[Array]:
    """Return one of the affines of each layer, such as "node_bias", as copies."""
    if network.affine_enabled:
        return [_shown(network.affine(index, which)) for index in range(len(network.layers))]
    neutral = NEUTRAL[which.partition("_")[2]]
    sizes = [one.subnodes if which.startswith("sub") else one.nodes for one in network.layers]
    return [_shown(np.full(size, neutral, dtype=network.dtype)) for size in sizes]


def _shown(values: Any) -> Array:
    copy: Array = np.array(values)
    copy.flags.writeable = False
    return copy
