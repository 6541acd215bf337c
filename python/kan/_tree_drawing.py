"""The drawing of a tree of groups: inputs below, all of them together on top."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _figures
from ._molecules import Group, joined

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_tree"]

LEVEL_HEIGHT = 1.0
NAME_DROP = 0.25
BOX = {"boxstyle": "square,pad=0.5", "facecolor": "white", "edgecolor": "black"}
ROUND = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none"}


def draw_tree(
    levels: list[list[Group]], labels: list[list[str]], names: list[str], *, boxes: bool
) -> Any:
    """Return a figure of groups over their parts; `labels` starts at the second level."""
    places = _places(levels)
    size = max(3.0, 0.8 * len(names)), max(2.0, 0.8 * len(levels))
    ax = _figures.bare_axes(*size)
    ax.set_axis_off()
    ax.set_xlim(-0.75, len(names) - 0.25)
    ax.set_ylim(-2 * NAME_DROP, LEVEL_HEIGHT * (len(levels) - 1) + 2 * NAME_DROP)
    for place, name in zip(places[0], names, strict=True):
        ax.text(place, -NAME_DROP, name, ha="center", va="top", fontsize=14)
    for height, (below, level) in enumerate(pairwise(levels)):
        for place, group, label in zip(places[height + 1], level, labels[height], strict=True):
            for part in joined(below, group):
                foot = places[height][below.index(part)]
                ax.plot([foot, place], [height, height + LEVEL_HEIGHT], color="black", zorder=1)
            if label != "Id":
                _node(ax, place, height + LEVEL_HEIGHT, label, boxes=boxes)
    return ax.figure


def _node(ax: Axes, x: float, y: float, label: str, *, boxes: bool) -> None:
    if boxes:
        ax.text(x, y, label or "  ", ha="center", va="center", bbox=BOX, zorder=2)
        return
    ax.plot([x], [y], "o", color="black", markersize=6, zorder=2)
    if label:
        ax.text(x, y, label, ha="center", va="center", bbox=ROUND, zorder=3)


def _places(levels: list[list[Group]]) -> list[list[float]]:
    """Return where groups stand: inputs side by side in the order of the top, others over them."""
    seat = {leaf: float(place) for place, leaf in enumerate(levels[-1][0])}
    return [[float(np.mean([seat[one] for one in group])) for group in level] for level in levels]
