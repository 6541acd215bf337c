"""From the words of the constructor to the layers of the core, every argument checked."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from . import _core

__all__ = [
    "MOST_INTERVALS",
    "MOST_NODES",
    "MOST_SEED",
    "Core",
    "LayerWidth",
    "dtype_name",
    "finite",
    "flag",
    "fraction",
    "increasing",
    "integer",
    "interval",
    "is_sequence",
    "layers_of",
    "one_of",
    "parse_width",
    "per_layer",
    "require_cpu",
    "separate_sizes",
]

# One of the two; what takes several networks or samples takes those of one precision.
Core = _core.Network32 | _core.Network64

DEFAULT_INTERVALS = 3
MOST_INTERVALS = 2**20
MOST_NODES = 2**24
MOST_SEED = 2**64 - 1


@dataclass(frozen=True)
class LayerWidth:
    """The nodes of one layer: `sums` sum nodes, then one product per arity."""

    sums: int
    arities: tuple[int, ...] = ()

    @property
    def nodes(self) -> int:
        return self.sums + len(self.arities)


def integer(value: Any, name: str, least: int, most: int | None = None) -> int:
    """Return `value` as an int in least..most."""
    bounds = f"an integer >= {least}" if most is None else f"an integer in {least}..{most}"
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be {bounds}, got {value!r}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be {bounds}, got {value!r}") from None
    if number < least or (most is not None and number > most):
        raise ValueError(f"{name} must be {bounds}, got {number}")
    return number


def finite(value: Any, name: str, least: float | None = None, *, open_end: bool = False) -> float:
    """Return `value` as a finite float, at least (or, with `open_end`, above) `least`."""
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, got {value!r}") from None
    except OverflowError:
        raise ValueError(f"{name} must fit a float, got {value!r}") from None
    if not np.isfinite(number):
        raise ValueError(f"{name} must be finite, got {number}")
    if least is not None and (number < least or (open_end and number == least)):
        raise ValueError(f"{name} must be {'>' if open_end else '>='} {least}, got {number}")
    return number


def interval(value: Any, name: str) -> tuple[float, float]:
    """Return `value` as two finite floats that increase."""
    if not is_sequence(value) or len(value) != 2:
        raise ValueError(f"{name} must be two numbers, got {value!r}")
    low, high = (finite(end, name) for end in value)
    if not low < high:
        raise ValueError(f"{name} must increase, got {value!r}")
    return low, high


def flag(value: Any, name: str) -> bool:
    """Return `value` as a bool; 0 and 1 will do."""
    if not isinstance(value, (bool, np.bool_, int, np.integer)) or value not in (0, 1):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def require_cpu(device: object) -> None:
    """Accept what means the processor: "cpu", "CPU", "cpu:0", torch's device, None."""
    if device is not None and str(device).lower().partition(":")[0] != "cpu":
        raise ValueError(f"device must be 'cpu', got {str(device)!r}: kan computes on the CPU")


def fraction(value: Any, name: str) -> float:
    """Return `value` as a float in 0..1."""
    number = finite(value, name, 0.0)
    if number > 1.0:
        raise ValueError(f"{name} must be in 0..1, got {number}")
    return number


def dtype_name(dtype: Any) -> str:
    """Return "float32" or "float64", whichever way it was said."""
    try:
        name = np.dtype(dtype).name
    except TypeError:
        raise TypeError(f"dtype must be 'float64' or 'float32', got {dtype!r}") from None
    return one_of(name, "dtype", ["float32", "float64"])


def one_of(value: Any, name: str, choices: Sequence[str]) -> str:
    """Return `value` if it is one of `choices`."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")
    return value


def is_sequence(value: Any) -> bool:
    """Whether a value lists others: a list, a tuple, an array, but no string."""
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def parse_width(width: Any, mult_arity: Any) -> list[LayerWidth]:
    """Read pykan's `width`, each entry n or [n_sum, n_mult]; the caller's lists stay unchanged."""
    if not is_sequence(width):
        raise TypeError(f"width must be a list such as [2, 5, 1], got {width!r}")
    if len(width) < 2:
        raise ValueError(f"width must name at least inputs and outputs, got {list(width)!r}")
    parsed = []
    for position, entry in enumerate(width):
        name = f"width[{position}]"
        pair = list(entry) if is_sequence(entry) else [entry, 0]
        if len(pair) != 2:
            raise ValueError(f"{name} must be n or [n_sum, n_mult], got {entry!r}")
        sums, products = (integer(count, name, 0, MOST_NODES) for count in pair)
        if sums + products == 0:
            raise ValueError(f"{name} must be at least 1, got {entry!r}")
        arities = _arities(mult_arity, position, products, len(width))
        parsed.append(LayerWidth(sums, arities))
    if parsed[0].arities:
        raise ValueError(f"width[0] cannot have multiplication nodes, got {width[0]!r}")
    return parsed


def separate_sizes(width: Any, grid: Any) -> tuple[Any, Any]:
    """Return `width` and `grid`, where an integer and a list may be input size and layer sizes."""
    if is_sequence(width) or not is_sequence(grid):
        return width, grid
    return [integer(width, "width", 1, MOST_NODES), *grid], DEFAULT_INTERVALS


def _arities(mult_arity: Any, position: int, products: int, layers: int) -> tuple[int, ...]:
    """Arities of one layer: the same for all, or its own list from pykan's list of lists."""
    if not is_sequence(mult_arity):
        return (integer(mult_arity, "mult_arity", 2, MOST_NODES),) * products
    if len(mult_arity) != layers:
        raise ValueError(
            f"mult_arity must be an integer or one list per layer of width ({layers}), "
            f"got {len(mult_arity)} lists"
        )
    name = f"mult_arity[{position}]"
    if not is_sequence(mult_arity[position]):
        raise TypeError(f"{name} must be a list of arities, got {mult_arity[position]!r}")
    own = [integer(arity, name, 2, MOST_NODES) for arity in mult_arity[position]]
    if len(own) != products:
        raise ValueError(
            f"{name} must have one arity per multiplication node ({products}), got {own!r}"
        )
    return tuple(own)


def layers_of(widths: list[LayerWidth], grid: Any, k: Any) -> list[_core.Layer]:
    """Return the layers of the core; `grid` and `k` are integers or one integer per layer."""
    depth = len(widths) - 1
    intervals = per_layer(grid, "grid", depth, 1, MOST_INTERVALS)
    degrees = per_layer(k, "k", depth, 0, 5)
    return [
        _core.Layer(before.nodes, after.sums, list(after.arities), g, degree)
        for before, after, g, degree in zip(
            widths[:-1], widths[1:], intervals, degrees, strict=True
        )
    ]


def per_layer(value: Any, name: str, depth: int, least: int, most: int) -> list[int]:
    """Return `depth` integers in least..most, given as one for all or as one per layer."""
    if not is_sequence(value):
        return [integer(value, name, least, most)] * depth
    if len(value) != depth:
        raise ValueError(f"{name} must have one value per layer ({depth}), got {value!r}")
    return [integer(one, f"{name}[{i}]", least, most) for i, one in enumerate(value)]


def increasing(values: Any, name: str, least: int, most: int) -> list[int]:
    """Return increasing integers in least..most; None means none."""
    if values is None:
        return []
    if not is_sequence(values) or not len(values):
        raise TypeError(f"{name} must be a list of integers, got {values!r}")
    listed = [integer(one, f"{name}[{i}]", least, most) for i, one in enumerate(values)]
    if any(after <= before for before, after in pairwise(listed)):
        raise ValueError(f"{name} must increase, got {values!r}")
    return listed
