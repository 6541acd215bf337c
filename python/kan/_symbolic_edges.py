"""Networks whose edges become functions, and splines again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _core
from ._architecture import Core
from ._library import core_name, freedom_of
from ._networks import AFFINES, rebuilt, symbolic_place, with_layer
from ._tables import same_table, table_of

__all__ = ["SymbolicPart", "active", "changed", "parts_of", "spline_places"]

Place = tuple[int, int, int]


@dataclass(frozen=True)
class SymbolicPart:
    """gamma f(alpha x + beta) + delta of one edge, and which of the four train."""

    name: str
    parameters: tuple[float, float, float, float]
    trains: tuple[bool, bool, bool, bool] = (True, True, True, True)

    @classmethod
    def canonical(cls, name: str, parameters: tuple[float, float, float, float]) -> SymbolicPart:
        """Return a part that trains what is not redundant."""
        freedom = freedom_of(name)
        moves = core_name(name) != "0"
        return cls(name, parameters, (freedom.alpha == "free", freedom.beta, moves, True))


def parts_of(network: Core) -> dict[Place, SymbolicPart]:
    """Return the symbolic parts of a network by (l, i, j)."""
    parts = {}
    for index, layer in enumerate(network.layers):
        trains = network.symbolic_trainable(index).astype(bool)
        for place, edge in enumerate(layer.symbolic):
            name = network.tables[edge.table].name if edge.function == "table" else edge.function
            numbers: Any = tuple(float(one) for one in network.symbolic(index)[place])
            moves: Any = tuple(bool(one) for one in trains[place])
            parts[index, edge.input, edge.sum] = SymbolicPart(name, numbers, moves)
    return parts


def spline_places(network: Core) -> list[Place]:
    """Return the edges that have a spline."""
    return [
        (index, int(i), int(j))
        for index in range(len(network.layers))
        for i, j in np.argwhere(network.edge_mask(index))
    ]


def active(network: Core, place: Place) -> tuple[bool, bool]:
    """Return whether an edge has a spline, and whether it has a function."""
    index, i, j = place
    return (
        bool(network.edge_mask(index)[i, j]),
        symbolic_place(network.layers[index], i, j) is not None,
    )


def changed(
    network: Core,
    parts: Mapping[Place, SymbolicPart | None] | None = None,
    splines: Mapping[Place, bool] | None = None,
) -> Core:
    """Return a network with other functions on some edges (None: no function any more).

    `splines` says of some edges whether they have a spline; one that is switched on is 0 before
    somebody sets its coefficients.
    """
    before = parts_of(network)
    given = {**before, **(parts or {})}
    own = {place: part for place, part in given.items() if part is not None}
    tables = _tables_for(network, before, own)
    names = [table.name for table in tables]
    layers = [
        with_layer(
            layer,
            symbolic=[
                _edge(i, j, own[place].name, names)
                for place in sorted(own)
                if place[0] == index
                for i, j in [place[1:]]
            ],
        )
        for index, layer in enumerate(network.layers)
    ]
    made: Any = rebuilt(network, layers, tables)
    for index in range(len(layers)):
        _copy_numbers(network, made, index, splines or {})
        here = [own[place] for place in sorted(own) if place[0] == index]
        if here:
            made.symbolic(index)[:] = [part.parameters for part in here]
            made.set_symbolic_trainable(index, np.array([p.trains for p in here], dtype=np.uint8))
    return made  # type: ignore[no-any-return]


def _edge(i: int, j: int, name: str, tables: list[str]) -> _core.SymbolicEdge:
    core = core_name(name)
    if core is not None:
        return _core.SymbolicEdge(i, j, core)
    return _core.SymbolicEdge(i, j, "table", tables.index(name))


def _tables_for(
    network: Core, before: Mapping[Place, SymbolicPart], parts: Mapping[Place, SymbolicPart]
) -> list[_core.Table]:
    """Return the tables that the parts need: those that are there, and new ones."""
    there = {table.name: table for table in network.tables}
    users = {place: part.name for place, part in parts.items() if core_name(part.name) is None}
    old = {name for place, name in users.items() if _name_at(before, place) == name}
    tables = {name: there[name] for name in old}
    for name in {name for place, name in users.items() if _name_at(before, place) != name}:
        table = table_of(name)
        if name in old and not same_table(table, there[name]):
            raise ValueError(
                f"function {name!r} is another one now than on other edges of this network: "
                "add_symbolic it under another name"
            )
        tables.setdefault(name, table)
    return [tables[name] for name in sorted(tables)]


def _name_at(parts: Mapping[Place, SymbolicPart], place: Place) -> str | None:
    return parts[place].name if place in parts else None


def _copy_numbers(network: Core, made: Any, index: int, splines: Mapping[Place, bool]) -> None:
    """Copy all of a layer but its symbolic numbers, some splines switched on or off."""
    made.set_knots(index, network.knots(index))
    made.coefficients(index)[:] = network.coefficients(index)
    mask = network.edge_mask(index).copy()
    for (layer, i, j), is_on in splines.items():
        if layer == index:
            mask[i, j] = is_on
    if not mask.all():
        made.set_edge_mask(index, mask)
    if network.affine_enabled:
        for which in AFFINES:
            made.affine(index, which)[:] = network.affine(index, which)
