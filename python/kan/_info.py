"""What a model file holds, in words."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ._architecture import Core
from ._model import KAN
from ._networks import grid_points

__all__ = ["info", "self_test_rows"]

HEADINGS = (
    "layer", "splines", "functions", "pruned", "products of", "grid", "k", "points", "range",
)  # fmt: skip

# Points that were calculated as equally spaced are so within some roundings of the largest.
ROUNDINGS = 8


def info(path: str | os.PathLike[str]) -> str:
    """Return some lines about a model file, which is read strictly, and a table of its layers.

    Raises
    ------
    OSError, FormatError
        As :meth:`KAN.load`; a self-test is not run.
    """
    model: Any = KAN.load(path, self_test=False)
    facts = _of_file(path) | _of_model(model)
    width = max(map(len, facts)) + 2
    lines = [f"{name:<{width}}{value}" for name, value in facts.items()]
    rows = [HEADINGS, *(_row(model._network, index) for index in range(model.depth))]
    return "\n".join([*lines, "", *_aligned(rows)]) + "\n"


def self_test_rows(path: str | os.PathLike[str]) -> int:
    """Return how many rows the self-test of a model file has, 0 without one."""
    return int(_header(path).get("self_test.x", {"shape": [0]})["shape"][0])


def _header(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the header of a safetensors file that the core has read already."""
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header: dict[str, Any] = json.loads(file.read(size))
    return header


def _of_file(path: str | os.PathLike[str]) -> dict[str, str]:
    version = _header(path)["__metadata__"]["kan.version"]
    rows = self_test_rows(path)
    return {
        "file": f"{os.fspath(path)}, {Path(path).stat().st_size} bytes, format {version}",
        "self-test": f"{rows} rows" if rows else "none",
    }


def _of_model(model: Any) -> dict[str, str]:
    network: Core = model._network
    shape = [pair[0] if pair[1] == 0 else pair for pair in model.width]
    facts = {
        "network": f"{shape}, {model.dtype}",
        "parameters": f"{network.parameter_count}, of which {model.n_parameters} train",
        "base function": network.base.name,
        "outside the grid": network.extrapolation.name,
        "affine nodes": "yes" if network.affine_enabled else "no",
        "multiplication nodes": str(sum(len(layer.arities) for layer in network.layers)),
        "seed": str(model.seed),
    }
    if model._input_id is not None:
        taken = ", ".join(map(str, model._input_id))
        facts["columns"] = f"{taken} of the {model._given_inputs} of X, from 0"
    if model._last_fit is not None:
        errors = (f"{name} {value:.3g}" for name, value in model._last_fit.errors.items())
        unit = "RMSE" if model._last_fit.loss == "mse" else model._last_fit.loss
        facts["last fit"] = f"{', '.join(errors)} ({unit})"
    return facts


def _row(network: Core, index: int) -> tuple[str, ...]:
    layer, mask = network.layers[index], network.edge_mask(index)
    points = grid_points(network, index)
    splines = int(mask.sum())
    functions = sum(edge.function != "0" for edge in layer.symbolic)
    return (
        f"{layer.inputs} to {layer.nodes}",
        str(splines),
        str(functions),
        str(mask.size - splines - functions),
        ", ".join(map(str, layer.arities)) or "none",
        str(layer.intervals),
        str(layer.degree),
        "uniform" if _are_uniform(points) else "not uniform",
        f"{points.min():.4g} to {points.max():.4g}",
    )


def _are_uniform(points: Any) -> bool:
    """Whether the points of each row are equally spaced."""
    even = np.linspace(points[:, 0], points[:, -1], points.shape[1], axis=1)
    allowed = ROUNDINGS * np.finfo(points.dtype).eps * np.abs(points).max(axis=1, keepdims=True)
    return bool((np.abs(points - even) <= allowed).all())


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return [line.rstrip() for line in padded]
