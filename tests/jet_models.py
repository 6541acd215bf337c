"""Models of every kind, and the places of jets by differences, for tests of derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kan import KAN
from random_models import random_model, with_functions, with_masked_edges, with_uneven_grids


def varied_model(name: str, k: int = 5) -> KAN:
    """A model with two inputs and two outputs that has something special."""
    width = [2, [2, 1], 2] if name == "products" else [2, 3, 2]
    model = random_model(width, grid=4, k=k, affine_trainable=name == "affine")
    change = {
        "masks": with_masked_edges,
        "symbolic": with_functions,
        "uneven grids": with_uneven_grids,
    }
    return change[name](model) if name in change else model


KINDS = "plain", "products", "affine", "masks", "symbolic", "uneven grids"


def smooth_points(model: KAN, count: int = 12, seed: int = 0) -> np.ndarray:
    """Points away from the knots of the inputs, some beyond the ends of the grid."""
    rng = np.random.default_rng(seed)
    layer = model._network.layers[0]
    knots = model._network.knots(0).astype(np.float64)
    points = knots[:, layer.degree : layer.degree + layer.intervals + 1]
    cell = rng.integers(-1, layer.intervals + 1, (count, layer.inputs))
    share = rng.uniform(0.2, 0.8, cell.shape)
    every = np.column_stack([2 * points[:, 0] - points[:, 1], points])
    every = np.column_stack([every, 2 * points[:, -1] - points[:, -2]])
    low = np.take_along_axis(every, cell.T + 1, axis=1)
    high = np.take_along_axis(every, cell.T + 2, axis=1)
    return (low + share.T * (high - low)).T


def difference(
    value: Callable[[np.ndarray], Any], numbers: np.ndarray, place: Any, step: float
) -> np.ndarray:
    """The central difference of a value along one of the numbers that it depends on."""
    ahead, behind = numbers.copy(), numbers.copy()
    ahead[place] += step
    behind[place] -= step
    return (np.asarray(value(ahead)) - np.asarray(value(behind))) / (2 * step)
