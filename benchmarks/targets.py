"""Functions whose fits are measured, and their samples: the same numbers in every process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

__all__ = ["TARGETS", "TEST_ROWS", "Target", "samples"]

TEST_ROWS = 1000
Box = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True)
class Target:
    """A function of rows (N, n_in) and the box that the rows are drawn from, both corners."""

    values: Callable[[np.ndarray], np.ndarray]
    box: Box


def cube(inputs: int) -> Box:
    return (-1.0,) * inputs, (1.0,) * inputs


def two(function: Callable[..., np.ndarray], low: float = 0.0, high: float = 1.0) -> Target:
    """A function of x in [0, 1] and y between two bounds."""
    return Target(lambda x: function(x[:, 0], x[:, 1]), ((0.0, low), (1.0, high)))


def harmonic(order: int, degree: int) -> Target:
    """Real part of a spherical harmonic; x is the azimuth and y the polar angle."""
    return two(lambda x, y: special.sph_harm_y(degree, order, y, x).real)


def nested(x: np.ndarray) -> np.ndarray:
    left = np.sin(np.pi * (x[:, 0] ** 2 + x[:, 1] ** 2))
    return np.exp((left + np.sin(np.pi * (x[:, 2] ** 2 + x[:, 3] ** 2))) / 2)


# From sections 3.1 and 3.2 of "KAN: Kolmogorov-Arnold Networks" (arXiv 2404.19756). The boxes of
# the special functions are our own: the paper does not print its boxes.
TARGETS = {
    "exp(sin(πx)+y²)": Target(lambda x: np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2), cube(2)),
    "xy": Target(lambda x: x[:, 0] * x[:, 1], cube(2)),
    "J₀(20x)": Target(lambda x: special.j0(20 * x[:, 0]), cube(1)),
    "exp(½Σ sin(π(x²+y²)))": Target(nested, cube(4)),
    "exp(mean sin²(πx/2))": Target(
        lambda x: np.exp(np.mean(np.sin(np.pi * x / 2) ** 2, axis=1)), cube(100)
    ),
    "ellipj": two(lambda x, y: special.ellipj(x, y)[0]),
    "ellipkinc": two(special.ellipkinc),
    "ellipeinc": two(special.ellipeinc),
    "jv": two(special.jv, 0.1, 5.0),
    "yv": two(special.yv, 0.5, 5.0),
    "kv": two(special.kv, 0.5, 5.0),
    "iv": two(special.iv, 0.1, 5.0),
    "lpmv0": two(lambda x, y: special.lpmv(0, x, y)),
    "lpmv1": two(lambda x, y: special.lpmv(1, x, y)),
    "lpmv2": two(lambda x, y: special.lpmv(2, x, y)),
    "Y01": harmonic(0, 1),
    "Y11": harmonic(1, 1),
    "Y02": harmonic(0, 2),
    "Y12": harmonic(1, 2),
    "Y22": harmonic(2, 2),
}


def samples(target: str, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training inputs (N, n_in) and values (N, 1), then those of the unseen rows."""
    rng = np.random.default_rng(0)
    function, (low, high) = TARGETS[target].values, TARGETS[target].box
    train, test = (rng.uniform(low, high, (count, len(low))) for count in (rows, TEST_ROWS))
    return train, function(train)[:, None], test, function(test)[:, None]
