"""A network in whole numbers of 16 bits, with a bound of its error.

A number x of a layer is held as q in [-32768, 32767], x = offset + unit * q. Over all of these q,
every edge is a table: parabolas on 2^b equal cells. The distance between table and edge is known
for each q, and that between what the edge gives to q and to the network's own number from what it
can do between the q's, so that the bound holds for every input that can be said, up to rounding in
double precision.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._architecture import Core
from ._arrays import Array
from ._c_affines import folded_affines
from ._fixed_ranges import inputs_alone, ranges

__all__ = ["FixedEdge", "FixedLayer", "Numbers", "Products", "fixed_layers"]

HALF = 32768  # q is in [-HALF, HALF - 1]
SUM_BITS = 29  # a sum is a fraction of its range, in units of 2^-29
FINEST = 7  # at most 2^7 cells
COARSEST = 2
MARGIN = 1.001  # ranges are that much wider than what is reached
FINEST_RANGE = 2.0**-30  # of the offset, so that doubles tell all q apart
LEAST_RANGE, MOST_RANGE = 1e-280, 1e280
FINEST_SHIFT = 24
WANTED = 2.0  # units of its range that a sum may be off by its tables
NO_BETTER = 1.25  # finer tables that are better by no more are not worth their bytes


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
        with np.errstate(over="ignore", invalid="ignore"):
            numbers = layers[-1].nodes
        _check_size(index, HALF * numbers.unit + numbers.error)
    return unit, layers


def _fixed_layer(network: Core, index: int, x: Numbers) -> FixedLayer:
    layer, folded = network.layers[index], folded_affines(network, index)
    is_factor = np.arange(layer.subnodes) >= layer.sums
    shapes = _shapes(network, index, x, folded.scale, is_factor)
    constant, reach = folded.bias.copy(), np.zeros(layer.subnodes)
    with np.errstate(over="ignore", invalid="ignore"):
        for (_, j), shape in shapes.items():
            constant[j] += shape.middle
            reach[j] += shape.size
        reach += np.where(is_factor, np.abs(constant), 0.0)
    _check_size(index, reach + np.abs(constant))
    reach = np.maximum(MARGIN * reach, FINEST_RANGE * np.abs(constant))
    reach = np.where(reach > LEAST_RANGE, reach, 1.0)
    bits, edges, error = _best_tables(network, index, x, folded.scale, shapes, reach)
    for (_, j), shape in shapes.items():
        error[j] += shape.moved
    error += reach * 2.0**-SUM_BITS * (1 + len(edges))
    start = np.where(is_factor, constant, 0.0) / reach * 2.0**SUM_BITS
    sums = Numbers(np.where(is_factor, 0.0, constant), reach / HALF, error)
    products = Products(list(layer.arities), folded.product_bias)
    return FixedLayer(bits, edges, np.rint(start), sums, layer.sums, products)


def _check_size(index: int, sizes: Array) -> None:
    if not (sizes < MOST_RANGE).all():
        raise ValueError(f"layer {index} gives numbers that are too large on its inputs' range")


@dataclass(frozen=True)
class _Shape:
    """What an edge gives lies within `size` of `middle`; by its input's error it moves `moved`."""

    middle: float
    size: float
    moved: float


def _shapes(
    network: Core, index: int, x: Numbers, scale: Array, is_factor: Array
) -> dict[tuple[int, int], _Shape]:
    """Return the shapes of edges (i, j); factors have a range around 0, to be multiplied."""
    shapes = {}
    with np.errstate(over="ignore", invalid="ignore"):
        for alone in inputs_alone(network, index, scale):
            found = ranges(alone, x.values(alone.i), x.unit[alone.i], x.error[alone.i])
            for j, least, most, moved in zip(
                alone.ends, found.least, found.most, found.moved, strict=True
            ):
                middle = 0.0 if is_factor[j] else float(most / 2 + least / 2)
                size = float(max(most - middle, middle - least))
                shapes[alone.i, j] = _Shape(middle, size, float(moved))
    return shapes


def _best_tables(
    network: Core,
    index: int,
    x: Numbers,
    scale: Array,
    shapes: dict[tuple[int, int], _Shape],
    reach: Array,
) -> tuple[int, list[FixedEdge], Array]:
    """Return the bits of the coarsest tables that are as good as is wanted, or as can be."""
    tried = {}
    for bits in range(COARSEST, FINEST + 1):
        tried[bits] = _tables(network, index, x, scale, shapes, reach, bits)
        if (tried[bits][1] <= WANTED / HALF * reach).all():
            break
    good = np.maximum(WANTED / HALF * reach, NO_BETTER * tried[bits][1])
    coarsest = min(b for b, (_, error) in tried.items() if (error <= good).all())
    return coarsest, *tried[coarsest]


def _tables(
    network: Core,
    index: int,
    x: Numbers,
    scale: Array,
    shapes: dict[tuple[int, int], _Shape],
    reach: Array,
    bits: int,
) -> tuple[list[FixedEdge], Array]:
    """Return the tables of all edges, and how far off those of each sum are together at most.

    Parabolas through three points between -1 and 1 stay between -1.25 and 1.25, so that sums stay
    between -1.25 and 1.25 times 2^29.
    """
    edges, error = [], np.zeros(len(reach))
    for alone in inputs_alone(network, index, scale):
        values = alone.values(x.values(alone.i))
        for n, j in enumerate(alone.ends):
            shape = shapes[alone.i, j]
            phi = values[:, n] - shape.middle
            ratio = reach[j] / max(shape.size, reach[j] / 2.0**FINEST_SHIFT)
            shift = int(np.log2(ratio))
            table = _table(phi / (reach[j] / HALF / 2.0**shift), bits)
            edge = FixedEdge(alone.i, j, table, shift)
            said = table_values(edge, bits)
            error[j] += np.abs(said * (reach[j] * 2.0**-SUM_BITS) - phi[:-1]).max()
            edges.append(edge)
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
