"""How a model shows itself in a notebook."""

from __future__ import annotations

from html import escape

import numpy as np

from ._architecture import Core

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


def _row(network: Core, index: int) -> str:
    layer = network.layers[index]
    mask = network.edge_mask(index)
    points = network.knots(index)[:, layer.degree : layer.degree + layer.intervals + 1]
    active, total = int(mask.sum()), mask.size
    cells = (
        f"{layer.inputs} → {layer.nodes}",
        str(total) if active == total else f"{active} of {total}",
        str(layer.sums),
        ", ".join(map(str, layer.arities)) or "none",
        str(layer.intervals),
        str(layer.degree),
        f"{np.min(points):.3g} … {np.max(points):.3g}",
        str(active * (layer.intervals + layer.degree + 1)),
    )
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
