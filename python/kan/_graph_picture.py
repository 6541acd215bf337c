"""What a picture of a tensor's graph shows: boxes with a few words, and links between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ._architecture import Core
from ._tensor_graph import Node

__all__ = ["Box", "Picture", "pictured"]

# Further nodes are summed up in one box: nobody reads more, and layouts take time.
MOST_NODES = 200

LONGEST_TITLE = 28
MOST_ENTRIES = 3


@dataclass(frozen=True)
class Box:
    """A node of the graph in words.

    `kind` is "leaf", "constant", "operation", "model" or "fold", the sum of what is left out.
    """

    kind: str
    title: str
    lines: tuple[str, ...]
    network: Core | None = None


@dataclass(frozen=True)
class Picture:
    """Boxes, of which the first is the result, and links (source, target) between them."""

    boxes: list[Box]
    links: list[tuple[int, int]]


def pictured(root: Node) -> Picture:
    """Return what to show of the graph that leads to a node, those nearest to it if it is large."""
    every = list(_nearest_first(root))
    shown = {node: place for place, node in enumerate(every[:MOST_NODES])}
    boxes = [_box_of(node) for node in shown]
    fold = len(boxes)
    links = dict.fromkeys(
        (shown.get(parent, fold), place)
        for node, place in shown.items()
        for parent in _drawn_parents(node)
    )
    if len(every) > len(shown):
        boxes.append(Box("fold", f"… {len(every) - len(shown)} more nodes", ()))
    return Picture(boxes, list(links))


def _nearest_first(root: Node) -> Iterator[Node]:
    seen, waiting = {root}, deque([root])
    while waiting:
        node = waiting.popleft()
        yield node
        for parent in _drawn_parents(node):
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)


def _drawn_parents(node: Node) -> tuple[Node, ...]:
    """Return the parents, without the parameters of a model: the model's box stands for them."""
    if node.inside is None:
        return node._parents
    hidden = set(node.inside.parameters)
    return tuple(parent for parent in node._parents if parent not in hidden)


def _box_of(node: Node) -> Box:
    lines = [f"value {_in_short(node.data)}"]
    if node._grad is not None:
        lines.append(f"grad {_in_short(node._grad)}")
    if node.inside is not None:
        count = node.inside.network.parameter_count
        lines.append(f"{count} parameters")
        return Box("model", _title(node), tuple(lines), node.inside.network)
    if node._parents:
        return Box("operation", _title(node), tuple(lines))
    return Box("leaf" if node.requires_grad else "constant", _title(node), tuple(lines))


def _title(node: Node) -> str:
    kind = node.operation or ("" if node.name else "tensor" if node.requires_grad else "constant")
    title = f"{node.name} = {kind}" if node.name and kind else node.name or kind
    title = "".join(one if one.isprintable() else "\ufffd" for one in title)
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def _in_short(numbers: Any) -> str:
    """Write a few numbers out, and of more say their shape and range."""
    if numbers.size <= MOST_ENTRIES:
        flat = ", ".join(f"{one:.4g}" for one in numbers.reshape(-1))
        return flat if numbers.ndim == 0 else f"[{flat}]"
    shape = " × ".join(map(str, numbers.shape))
    return f"{shape}: {numbers.min():.3g} … {numbers.max():.3g}"
