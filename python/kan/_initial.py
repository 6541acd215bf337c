"""The parameters a network starts from: pykan's, drawn from pykan's stream of numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array
from ._random import UniformStream
from ._splines import interpolate

__all__ = ["Start", "initialize", "nearest_edges"]


@dataclass(frozen=True)
class Start:
    """The constructor's words about starting values; pykan's defaults."""

    noise_scale: float = 0.3
    scale_base_mu: float = 0.0
    scale_base_sigma: float = 1.0
    sparse: bool = False


def initialize(network: Core, start: Start, seed: int, dtype: str) -> None:
    """Set coefficients and base weights.

    Layer by layer with I inputs: the spline takes values noise_scale/G * (U(0,1) - 1/2) at the
    grid points (minimum-norm interpolation), divided by sqrt(I), which is pykan's `scale_sp`;
    base weights are (mu + sigma * U(-1,1)) / sqrt(I).
    """
    stream = UniformStream(seed)
    for index, layer in enumerate(network.layers):
        if start.sparse:
            network.set_edge_mask(index, nearest_edges(layer.inputs, layer.subnodes))
        mask = network.edge_mask(index)
        shape = (layer.inputs, layer.subnodes)
        noise = stream.uniform((layer.intervals + 1, *shape), dtype) - 0.5
        noise = noise.astype(np.float64) * start.noise_scale / layer.intervals
        spread = 2.0 * stream.uniform(shape, dtype).astype(np.float64) - 1.0
        base = (start.scale_base_mu + start.scale_base_sigma * spread) / np.sqrt(layer.inputs)
        splines = _interpolate(network, index, layer, noise) / np.sqrt(layer.inputs)
        if network.base == _core.Base.zero:
            base = np.zeros(shape)
        rows = np.concatenate([splines, base[:, np.newaxis, :]], axis=1)
        with np.errstate(over="ignore"):
            rows = np.where(mask[:, np.newaxis, :], rows, 0.0).astype(dtype)
        if not np.isfinite(rows).all():
            raise ValueError(
                f"noise_scale, scale_base_mu and scale_base_sigma must be such that {dtype} can "
                f"hold the starting values, got {start}"
            )
        network.coefficients(index)[:] = rows


def _interpolate(network: Core, index: int, layer: _core.Layer, values: Array) -> Array:
    """Return minimum-norm coefficients (I, M, S) that take `values` (G+1, I, S) at the grid."""
    knots = network.knots(index)[0].astype(np.float64)  # new grids are the same for all inputs
    shape = (layer.intervals + layer.degree, layer.inputs, layer.subnodes)
    flat = interpolate(knots, layer.degree, values.reshape(len(values), -1))
    by_input: Array = flat.reshape(shape).transpose(1, 0, 2)
    return by_input


def nearest_edges(inputs: int, outputs: int) -> Array:
    """Return pykan's sparse start: each node keeps the edge to the nearest node across."""
    below = (np.arange(inputs) + 0.5) / inputs
    above = (np.arange(outputs) + 0.5) / outputs
    distance = np.abs(below[:, np.newaxis] - above)
    mask = np.zeros((inputs, outputs), dtype=np.uint8)
    mask[np.arange(inputs), distance.argmin(axis=1)] = 1
    mask[distance.argmin(axis=0), np.arange(outputs)] = 1
    return mask
