"""pykan's way to write which nodes of several layers belong together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from . import _core
from ._architecture import integer, is_sequence
from ._arrays import Array

__all__ = ["links_of"]

GROUP = r"\s*\[\s*-?\d+\s*(?:,\s*-?\d+\s*)*,?\s*\]\s*"


def links_of(chain: Any, layers: Sequence[_core.Layer]) -> Iterator[tuple[Array, Array]]:
    """Return for each layer that a chain passes which inputs (I,) and sums (S,) it holds."""
    groups = _groups(chain)
    if not groups or len(groups) % 2 or len(groups) > 2 * len(layers):
        raise ValueError(
            f"chain must have two groups for each of at most {len(layers)} layers, its inputs and "
            f"its sums, got {len(groups)} groups"
        )
    members = [
        _members(group, layer.subnodes if place % 2 else layer.inputs, f"chain[{place}]")
        for place, (group, layer) in enumerate(
            zip(groups, (one for one in layers for _ in range(2)), strict=False)
        )
    ]
    return zip(members[::2], members[1::2], strict=True)


def _groups(chain: Any) -> list[Any]:
    if isinstance(chain, str):
        if not re.fullmatch(f"{GROUP}(->{GROUP})*", chain):
            raise ValueError(f"chain must look like '[0,1]->[0]->[0]->[2]', got {chain!r}")
        return [
            [int(one) for one in re.findall(r"-?\d+", part)] for part in re.findall(GROUP, chain)
        ]
    if not is_sequence(chain):
        raise TypeError(f"chain must be a string such as '[0,1]->[0]', got {chain!r}")
    return list(chain)


def _members(group: Any, count: int, name: str) -> Array:
    """Return which of `count` nodes a group of indices names."""
    if not is_sequence(group) or not len(group):
        raise TypeError(f"{name} must be a list of indices, got {group!r}")
    member = np.zeros(count, dtype=np.bool_)
    for one in group:
        member[integer(one, name, -count, count - 1)] = True
    return member
