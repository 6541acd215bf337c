"""A network in whole numbers of 16 bits, with a bound of its error.

A number x of a layer is held as q in [-32768, 32767], x = offset + unit * q. Over all of these q,
every edge is a table: parabolas on 2^b equal cells. The distance between table and edge is known
for each q, so that the bound is one for every input that can be said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array
from ._c_affines import Folded, folded_affines
from ._networks import with_layer

__all__ = ["FixedEdge", "FixedLayer", "Numbers", "Products", "fixed_layers"]

HALF = 32768  # q is in [-HALF, HALF - 1]
SUM_BITS = 29  # a sum is a fraction of its range, in units of 2^-29
FINEST = 7  # at most 2^7 cells
COARSEST = 2
MARGIN = 1.001  # ranges are that much wider than what is reached
FINEST_SHIFT = 24
STEEPER = 1.01  # slopes between neighbouring q may be that much steeper than those at them
WANTED = 2.0  # units of its range that a sum may be off by its tables


@dataclass(frozen=True)
class Numbers:
    """Numbers x = offset + unit * q, each within `error` of those of the network."""

    offset: Array
    unit: Array
    error: Array

    def values(self, i: int) -> Array:
        """All that number i can be, and one more: q from -32768 to 32768."""
        x: Array = self.offset[i] + self.unit[i] * np.arange(-HALF, HALF + 1)
        return x


@dataclass(frozen=True)
class FixedEdge:
    """An edge from one input to a sum: 2^b + 1 values and 2^b bulges, divided by 2^shift."""

    source: int
    target: int
    numbers: Array  # (2^(b+1) + 1,), whole
    shift: int


@dataclass(frozen=True)
class Products:
    """Sums as fractions of their ranges, and what they are multiplied to."""

    arities: list[int]
    bias: Array


@dataclass(frozen=True)
class FixedLayer:
    """A layer: its edges, what its sums begin with, and the range and error of each sum."""

    bits: int
    edges: list[FixedEdge]
    start: Array  # (S,), in units of 2^-29 of the range
    sums: Numbers  # (S,), unit: range / 32768
    plain: int  # how many sums are nodes
    products: Products

    @property
    def nodes(self) -> Numbers:
        """The nodes as 16-bit numbers, with the rounding that makes them."""
        parts = [
            (self.sums.offset[j], self.sums.unit[j], self.sums.error[j] + self.sums.unit[j])
            for j in range(self.plain)
        ]
        first = self.plain
        for arity, bias in zip(self.products.arities, self.products.bias, strict=True):
            parts.append(self._product(range(first, first + arity), bias))
            first += arity
        offset, unit, error = (np.array(column) for column in zip(*parts, strict=True))
        return Numbers(offset, unit, error)

    def _product(self, factors: range, bias: float) -> tuple[float, float, float]:
        """Offset, unit and error of a product, of which every step is rounded to 16 bits."""
        size, unit, error = 1.0, 1.0 / HALF, 0.0
        for j in factors:
            own = float(self.sums.unit[j])
            own_size, own_error = own * HALF, float(self.sums.error[j]) + own
            error = size * own_error + own_size * error + error * own_error
            size, unit = size * own_size, unit * own_size
            error += unit
        return float(bias), unit, error


def fixed_layers(network: Core) -> tuple[Array, list[FixedLayer]]:
    """Return the units of the inputs and the layers."""
    layer = network.layers[0]
    grid = network.knots(0)[:, layer.degree : layer.degree + layer.intervals + 1]
    unit = np.abs(grid.astype(np.float64)).max(axis=1) / (HALF - 1)
    numbers = Numbers(np.zeros(layer.inputs), unit, np.zeros(layer.inputs))
    layers = []
    for index in range(len(network.layers)):
        layers.append(_fixed_layer(network, index, numbers))
        numbers = layers[-1].nodes
    return unit, layers


def _fixed_layer(network: Core, index: int, x: Numbers) -> FixedLayer:
    layer, folded = network.layers[index], folded_affines(network, index)
    is_factor = np.arange(layer.subnodes) >= layer.sums
    shapes = {}
    for i, live, phi in _edge_values(network, index, x, folded):
        for n, j in enumerate(live):
            shapes[i, j] = _Shape.of(phi[:, n], x.unit[i], bool(is_factor[j]))
    constant, reach = folded.bias.copy(), np.zeros(layer.subnodes)
    with np.errstate(over="ignore", invalid="ignore"):
        for (_, j), shape in shapes.items():
            constant[j] += shape.middle
            reach[j] += shape.size
        reach += np.where(is_factor, np.abs(constant), 0.0)
    if not (reach < 1e300).all():
        raise ValueError(f"layer {index} gives numbers that are too large on its inputs' range")
    reach = np.where(reach > 0, MARGIN * reach, 1.0)
    for bits in range(COARSEST, FINEST + 1):
        edges, error = _tables(_edge_values(network, index, x, folded), shapes, reach, bits)
        if (error <= WANTED / HALF * reach).all():
            break
    for (i, j), shape in shapes.items():
        error[j] += STEEPER * shape.slope * x.error[i]
    error += reach * 2.0**-SUM_BITS * (1 + len(edges))
    start = np.where(is_factor, constant, 0.0) / reach * 2.0**SUM_BITS
    sums = Numbers(np.where(is_factor, 0.0, constant), reach / HALF, error)
    products = Products(list(layer.arities), folded.product_bias)
    return FixedLayer(bits, edges, np.rint(start), sums, layer.sums, products)


@dataclass(frozen=True)
class _Shape:
    """What an edge gives lies within `size` of `middle`; it is nowhere steeper than `slope`."""

    middle: float
    size: float
    slope: float

    @staticmethod
    def of(phi: Array, unit: float, is_factor: bool) -> _Shape:
        """Return it of the edge's values; a factor has its range around 0, to be multiplied."""
        with np.errstate(over="ignore", invalid="ignore"):
            middle = 0.0 if is_factor else float(phi.max() / 2 + phi.min() / 2)
            slope = float(np.abs(np.diff(phi)).max()) / unit
            return _Shape(middle, float(np.abs(phi - middle).max()), slope)


def _edge_values(
    network: Core, index: int, x: Numbers, folded: Folded
) -> Iterator[tuple[int, list[int], Array]]:
    """Yield inputs, the sums that their edges end in, and what those give for all q (65537, n)."""
    layer = network.layers[index]
    weights = network.coefficients(index).astype(np.float64)
    mask = network.edge_mask(index)
    for i in range(layer.inputs):
        own = [n for n, edge in enumerate(layer.symbolic) if edge.input == i]
        ends = [layer.symbolic[n].sum for n in own]
        live = sorted({*(int(j) for j in np.flatnonzero(mask[i])), *ends})
        if not live:
            continue
        functions = [
            _core.SymbolicEdge(0, live.index(edge.sum), edge.function, edge.table)
            for edge in (layer.symbolic[n] for n in own)
        ]
        shape = with_layer(layer, inputs=1, sums=len(live), arities=[], symbolic=functions)
        alone = _core.Network64([shape], network.base, network.extrapolation, False, network.tables)
        alone.set_knots(0, network.knots(index)[i : i + 1].astype(np.float64))
        alone.coefficients(0)[0] = weights[i][:, live]
        if own:
            alone.symbolic(0)[:] = network.symbolic(index)[own].astype(np.float64)
        yield i, live, _core.predict(alone, x.values(i)[:, np.newaxis]) * folded.scale[live]


def _tables(
    values: Iterator[tuple[int, list[int], Array]],
    shapes: dict[tuple[int, int], _Shape],
    reach: Array,
    bits: int,
) -> tuple[list[FixedEdge], Array]:
    """Return the tables of all edges, and how far off those of each sum are together at most."""
    edges, error, most = [], np.zeros(len(reach)), np.zeros(len(reach))
    for i, live, all_phi in values:
        for n, j in enumerate(live):
            shape, phi = shapes[i, j], all_phi[:, n] - shapes[i, j].middle
            ratio = reach[j] / shape.size if shape.size > 0 else 2.0**FINEST_SHIFT
            shift = int(min(np.floor(np.log2(ratio)), FINEST_SHIFT))
            edge = FixedEdge(i, j, _table(phi / (reach[j] / HALF / 2.0**shift), bits), shift)
            said = table_values(edge, bits)
            error[j] += np.abs(said * (reach[j] * 2.0**-SUM_BITS) - phi[:-1]).max()
            most[j] += np.abs(said).max()
            edges.append(edge)
    if (most >= 2.0**30).any():
        raise ValueError("an edge of the model is too rough for tables of 16 bits")
    return edges, error


def _table(phi: Array, bits: int) -> Array:
    """Return the ends and the bulges of parabolas through each cell's ends and middle."""
    width = 2 ** (16 - bits)
    ends = phi[::width]
    bulges = phi[width // 2 :: width] - (ends[1:] + ends[:-1]) / 2
    numbers = np.rint(np.concatenate([ends, bulges]))
    table: Array = np.clip(numbers, -HALF, HALF - 1).astype(np.int64)
    return table


def table_values(edge: FixedEdge, bits: int) -> Array:
    """Return what the C code calculates for every q, in units of 2^-29 of the sum's range."""
    place = np.arange(2 * HALF, dtype=np.int64)
    cell, f = place >> (16 - bits), (place & (2 ** (16 - bits) - 1)) << (bits - 2)
    bulge = f * (16384 - f) // 4096
    v = edge.numbers
    a, d = v[cell], v[cell + 1] - v[cell]
    w = a * 16384 + d * f + v[2**bits + 1 + cell] * bulge
    said: Array = (w + (1 << edge.shift >> 1)) >> edge.shift
    return said
