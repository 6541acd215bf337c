"""Inputs that join to groups, and groups to larger ones: the levels of a tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._architecture import integer, is_sequence
from ._arrays import Array

__all__ = ["clusters", "joined", "labels_of", "members_of", "molecules"]

Group = list[int]


def molecules(count: int, belong: Callable[[Group], bool]) -> list[list[Group]]:
    """Return levels of groups, from single inputs to all of them in one.

    From level to level, each group takes in turn those behind it in as long as `belong` says that
    they all belong together; all inputs together say nothing, and are the last level.
    """
    everything = list(range(count))
    levels = [[[one] for one in everything]]
    while len(levels[-1]) > 1:
        made: list[Group] = []
        waiting = list(levels[-1])
        while waiting:
            group, others = waiting.pop(0), []
            for other in waiting:
                together = group + other
                if len(together) < count and belong(together):
                    group = together
                else:
                    others.append(other)
            waiting = others
            made.append(group)
        if len(made) == len(levels[-1]):
            made = [[one for group in made for one in group]]
        levels.append(made)
    return levels


def clusters(coupling: Array, enough: Callable[[list[Group]], bool]) -> list[Group]:
    """Return the smallest groups that are `enough`, joining those that couple most."""
    groups = [[one] for one in range(len(coupling))]
    while len(groups) > 1 and not enough(groups):
        pairs = [(a, b) for b in range(len(groups)) for a in range(b)]
        strengths = [coupling[np.ix_(groups[a], groups[b])].max() for a, b in pairs]
        first, second = pairs[int(np.argmax(strengths))]
        groups[first] = sorted(groups[first] + groups.pop(second))
    return groups


def joined(below: Sequence[Group], group: Group) -> list[Group]:
    """Return the groups of the level below that a group is made of."""
    return [part for part in below if set(part) <= set(group)]


def labels_of(groups: Any, count: int) -> Array:
    """Return the place of the group that each of `count` inputs is in, -1 for none."""
    if not is_sequence(groups):
        raise TypeError(f"groups must be a list of lists of inputs, got {groups!r}")
    labels = np.full(count, -1)
    for place, group in enumerate(groups):
        own = members_of(group, count, f"groups[{place}]")
        if (labels[own] >= 0).any():
            raise ValueError(f"groups must share no input, got {groups!r}")
        labels[own] = place
    return labels


def members_of(group: Any, count: int, name: str) -> Group:
    """Return a checked group of inputs, each once."""
    if not is_sequence(group) or not len(group):
        raise TypeError(f"{name} must be a list of inputs, got {group!r}")
    members = [integer(one, name, 0, count - 1) for one in group]
    if len(set(members)) < len(members):
        raise ValueError(f"{name} must name each input once, got {group!r}")
    return members
