"""Numbers of a symbolic network that say the same thing twice, said once."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ._architecture import Core
from ._symbolic_edges import Place, SymbolicPart, changed, parts_of, spline_places

__all__ = ["without_redundancy"]

# gamma (alpha y + beta)^p: what a factor of y does to gamma.
POWERS = {
    "x": 1.0,
    "x^2": 2.0,
    "x^3": 3.0,
    "x^4": 4.0,
    "x^5": 5.0,
    "1/x": -1.0,
    "1/x^2": -2.0,
    "1/x^3": -3.0,
    "1/x^4": -4.0,
    "1/x^5": -5.0,
    "sqrt": 0.5,
    "x^1.5": 1.5,
    "1/sqrt(x)": -0.5,
    "abs": 1.0,
}
ALPHA, BETA, GAMMA, DELTA = range(4)


def without_redundancy(network: Core) -> Core:
    """Return the same network with fewer numbers that train.

    Of the constants of edges into one sum only the first stays. A sum that goes on into a single
    edge hands its scale and its constant over where they are one with numbers of that edge:
    ``f(a (g1 x + g2 y + d) + b)`` keeps g1, g2 and b. Networks with splines or affines stay as
    they are.
    """
    if spline_places(network) or network.affine_enabled:
        return network
    parts = parts_of(network)
    for index, layer in enumerate(network.layers):
        for j in range(layer.subnodes):
            _gather_constants(parts, index, j)
        if index + 1 < len(network.layers):
            for node in range(layer.nodes):
                _hand_over(parts, network, index, node)
    return changed(network, parts)


def _into(parts: dict[Place, SymbolicPart], index: int, j: int) -> list[Place]:
    return sorted(place for place in parts if (place[0], place[2]) == (index, j))


def _set(part: SymbolicPart, which: int, value: float, trains: bool | None = None) -> SymbolicPart:
    numbers, flags = list(part.parameters), list(part.trains)
    numbers[which] = value
    if trains is not None:
        flags[which] = trains
    changed_numbers: Any = tuple(numbers)
    changed_flags: Any = tuple(flags)
    return replace(part, parameters=changed_numbers, trains=changed_flags)


def _gather_constants(parts: dict[Place, SymbolicPart], index: int, j: int) -> None:
    """Move the constants of a sum to its first edge."""
    edges = _into(parts, index, j)
    if len(edges) < 2:
        return
    total = math.fsum(parts[place].parameters[DELTA] for place in edges)
    for place in edges[1:]:
        parts[place] = _set(parts[place], DELTA, 0.0, False)
    parts[edges[0]] = _set(parts[edges[0]], DELTA, total, True)


def _hand_over(parts: dict[Place, SymbolicPart], network: Core, index: int, node: int) -> None:
    """Let the only edge that a node goes on into carry its scale and its constant."""
    layer = network.layers[index]
    out = [place for place in parts if place[:2] == (index + 1, node)]
    if len(out) != 1 or node >= layer.sums:
        return
    edges = _into(parts, index, node)
    if edges:
        _scale(parts, edges, out[0])
        _shift(parts, edges, out[0])


def _times(parts: dict[Place, SymbolicPart], edges: list[Place], factor: float) -> None:
    for place in edges:
        gamma, delta = parts[place].parameters[GAMMA], parts[place].parameters[DELTA]
        parts[place] = _set(_set(parts[place], GAMMA, factor * gamma), DELTA, factor * delta)


def _scale(parts: dict[Place, SymbolicPart], edges: list[Place], out: Place) -> None:
    """Give the scale of a sum to its edges, so that the edge after it has alpha or gamma 1."""
    part = parts[out]
    alpha, beta, gamma, _ = part.parameters
    if part.trains[ALPHA]:
        if alpha != 0.0:
            _times(parts, edges, alpha)
            parts[out] = _set(part, ALPHA, 1.0, False)
        return
    if part.name == "log":
        _scale_logarithm(parts, edges, out)
        return
    power = POWERS.get(part.name)
    if power is None or gamma == 0.0 or not part.trains[GAMMA]:
        return
    if part.name == "x":
        _times(parts, edges, gamma)
        parts[out] = _set(part, GAMMA, 1.0, False)
        return
    factor = abs(gamma) ** (1.0 / power)
    if math.isfinite(factor) and factor > 0.0:
        _times(parts, edges, factor)
        part = _set(part, GAMMA, math.copysign(1.0, gamma), False)
        parts[out] = _set(part, BETA, factor * beta)


def _scale_logarithm(parts: dict[Place, SymbolicPart], edges: list[Place], out: Place) -> None:
    """``log(s y)`` has its s in the constant: the first edge of the sum has gamma 1 or -1."""
    part, first = parts[out], edges[0]
    _, beta, gamma, delta = part.parameters
    size = abs(parts[first].parameters[GAMMA])
    if size == 0.0 or not parts[first].trains[GAMMA]:
        return
    _times(parts, edges, 1.0 / size)
    parts[first] = _set(
        parts[first], GAMMA, math.copysign(1.0, parts[first].parameters[GAMMA]), False
    )
    parts[out] = _set(_set(part, BETA, beta / size), DELTA, delta + gamma * math.log(size))


def _shift(parts: dict[Place, SymbolicPart], edges: list[Place], out: Place) -> None:
    """Give the constant of a sum to the edge after it."""
    part = parts[out]
    alpha, beta, gamma, delta = part.parameters
    constant = math.fsum(parts[place].parameters[DELTA] for place in edges)
    if part.name == "x":
        part = _set(part, DELTA, delta + gamma * alpha * constant)
    elif part.name == "exp" and part.trains[GAMMA]:
        factor = math.exp(min(max(alpha * constant, -700.0), 700.0))
        part = _set(part, GAMMA, gamma * factor)
    elif part.trains[BETA]:
        part = _set(part, BETA, beta + alpha * constant)
    else:
        return
    parts[out] = part
    for place in edges:
        parts[place] = _set(parts[place], DELTA, 0.0, False)
