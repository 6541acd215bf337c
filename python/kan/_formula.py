"""The formula of a network whose edges are functions, in sympy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ._architecture import Core, is_sequence, one_of
from ._arrays import Array
from ._library import SYMBOLIC_LIB
from ._refit import Observations
from ._symbolic_edges import Place, SymbolicPart, parts_of, spline_places

__all__ = [
    "formulas",
    "in_units",
    "means_and_deviations",
    "placeholders",
    "require_sympy",
    "variables",
]


def require_sympy() -> Any:
    """Return sympy, or say how to get it."""
    try:
        import sympy
    except ImportError as error:
        raise ImportError('formulas need sympy: pip install "kan-core[symbolic]"') from error
    return sympy


def variables(var: Any, inputs: int) -> list[Any]:
    """Return one sympy expression per input: those given, or x_1, x_2, ..."""
    sympy = require_sympy()
    if var is None:
        return [sympy.Symbol(f"x_{i + 1}") for i in range(inputs)]
    if isinstance(var, str) or not isinstance(var, Iterable) or len(list(var)) != inputs:
        raise ValueError(f"var must name {inputs} inputs, got {var!r}")
    return [sympy.Symbol(one) if isinstance(one, str) else sympy.sympify(one) for one in var]


def placeholders(inputs: int) -> list[Any]:
    """Return one symbol per input that is like no other."""
    sympy = require_sympy()
    return [sympy.Dummy(f"x_{i + 1}") for i in range(inputs)]


def formulas(
    network: Core,
    inputs: Sequence[Any],
    normalizer: Any = None,
    output_normalizer: Any = None,
    splines: str = "error",
) -> list[Any]:
    """Return the outputs of a network as expressions of its inputs.

    An edge that is still a spline raises a ValueError, or with ``splines="placeholder"`` becomes
    a function ``phi_l_i_j``.
    """
    sympy = require_sympy()
    one_of(splines, "splines", ["error", "placeholder"])
    parts = parts_of(network)
    if splines == "error":
        _refuse_splines(spline_places(network))
    values = _normalized(list(inputs), normalizer, "normalizer", before=True)
    for index, layer in enumerate(network.layers):
        sums = [sympy.Integer(0)] * layer.subnodes
        mask = network.edge_mask(index)
        for i in range(layer.inputs):
            for j in range(layer.subnodes):
                if mask[i, j]:
                    sums[j] += sympy.Function(f"phi_{index}_{i}_{j}")(values[i])
                if (index, i, j) in parts:
                    sums[j] += _edge(parts[index, i, j], values[i])
        values = _nodes(network, index, sums)
    return _normalized(values, output_normalizer, "output_normalizer", before=False)


def in_units(observations: Observations, normalizer: Any, output_normalizer: Any) -> Observations:
    """Return the rows in the units that they had before they were standardised."""
    x, y = observations.x, observations.y
    if normalizer is not None:
        mean, std = means_and_deviations(normalizer, "normalizer", x.shape[1])
        x = x * std + mean
    if output_normalizer is not None and observations.loss == "mse":
        mean, std = means_and_deviations(output_normalizer, "output_normalizer", y.shape[1])
        y = y * std + mean
    return replace(observations, x=x, y=y)


def _refuse_splines(numeric: Sequence[Place]) -> None:
    if numeric:
        shown = ", ".join(map(str, numeric[:5])) + (", ..." if len(numeric) > 5 else "")
        raise ValueError(
            f"the formula needs every edge symbolic, but {len(numeric)} are splines still: {shown}."
            " Use auto_symbolic(), fix_symbolic(l, i, j, name) or remove_edge(l, i, j), or"
            " splines='placeholder'"
        )


def _edge(part: SymbolicPart, x: Any) -> Any:
    """Return gamma f(alpha x + beta) + delta."""
    sympy = require_sympy()
    alpha, beta, gamma, delta = (_number(value) for value in part.parameters)
    if gamma == 0 or part.name == "0":
        return delta
    entry = SYMBOLIC_LIB.get(part.name)  # a file knows functions that nobody has added here
    function = sympy.Function(part.name) if entry is None else entry[1]
    return gamma * function(alpha * x + beta) + delta


def _number(value: float) -> Any:
    """Return an exact integer where there is one: 1 and 0 disappear from formulas."""
    sympy = require_sympy()
    return sympy.Integer(int(value)) if value in (0.0, 1.0, -1.0) else sympy.Float(value, 17)


def _nodes(network: Core, index: int, sums: list[Any]) -> list[Any]:
    """Return the nodes that a layer makes of its sums."""
    layer = network.layers[index]
    factors = _affine(network, index, "subnode", sums)
    nodes = factors[: layer.sums]
    first = layer.sums
    for arity in layer.arities:
        product = factors[first]
        for factor in factors[first + 1 : first + arity]:
            product *= factor
        nodes.append(product)
        first += arity
    return _affine(network, index, "node", nodes)


def _affine(network: Core, index: int, which: str, values: list[Any]) -> list[Any]:
    if not network.affine_enabled:
        return values
    scale = network.affine(index, f"{which}_scale")
    bias = network.affine(index, f"{which}_bias")
    return [
        _number(float(s)) * value + _number(float(b))
        for s, b, value in zip(scale, bias, values, strict=True)
    ]


def _normalized(values: list[Any], pair: Any, name: str, *, before: bool) -> list[Any]:
    """Return (x - mean) / std before the network, or y * std + mean after it."""
    if pair is None:
        return values
    mean, std = means_and_deviations(pair, name, len(values))
    if before:
        return [(v - float(m)) / float(s) for v, m, s in zip(values, mean, std, strict=True)]
    return [v * float(s) + float(m) for v, m, s in zip(values, mean, std, strict=True)]


def means_and_deviations(pair: Any, name: str, count: int) -> tuple[Array, Array]:
    """Return `count` means and deviations."""
    if not is_sequence(pair) or len(pair) != 2:
        raise ValueError(f"{name} must be [mean, std], got {pair!r}")
    mean, std = (np.asarray(one, dtype=np.float64).reshape(-1) for one in pair)
    if mean.size != count or std.size != count:
        raise ValueError(
            f"{name} must have {count} means and deviations, got {mean.size} and {std.size}"
        )
    if not (np.isfinite(mean).all() and np.isfinite(std).all() and std.all()):
        raise ValueError(f"{name} must be finite, its deviations not 0, got {pair!r}")
    return mean, std
