"""How a model shows itself in a notebook."""

from __future__ import annotations

from html import escape

import numpy as np

from ._architecture import Core
from ._networks import grid_points

__all__ = ["table"]

HEADINGS = ("layer", "edges", "sums", "products", "grid", "k", "range of the inputs", "parameters")


def table(title: str, network: Core) -> str:
    """Return an HTML table with one row per layer."""
    head = "".join(f"<th>{name}</th>" for name in HEADINGS)
    rows = "".join(_row(network, index) for index in range(len(network.layers)))
    return (
        f"<div><strong>{escape(title)}</strong>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _trainable(network: Core) -> list[int]:
    """Count the parameters that train, layer by layer of the flat buffer."""
    flags, counts = network.trainable(), []
    for layer in network.layers:
        size = layer.inputs * (layer.intervals + layer.degree + 1) * layer.subnodes
        size += 2 * (layer.subnodes + layer.nodes) * network.affine_enabled
        counts.append(int(flags[:size].sum()))
        flags = flags[size:]
    return counts


def _row(network: Core, index: int) -> str:
    layer = network.layers[index]
    mask = network.edge_mask(index)
    points = grid_points(network, index)
    active, total = int(mask.sum()), mask.size
    cells = (
        f"{layer.inputs} → {layer.nodes}",
        str(total) if active == total else f"{active} of {total}",
        str(layer.sums),
        ", ".join(map(str, layer.arities)) or "none",
        str(layer.intervals),
        str(layer.degree),
        f"{np.min(points):.3g} … {np.max(points):.3g}",
        str(_trainable(network)[index]),
    )
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
