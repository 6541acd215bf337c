"""Exact solutions of the differential equations of problems.py: rows of inputs to (N,)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DIFFUSION_COEFFICIENT",
    "VISCOSITY",
    "burgers",
    "cooling",
    "diffusion",
    "helmholtz",
    "poisson",
    "poisson_source",
]

Array = NDArray[Any]

PI = np.pi
VISCOSITY = 0.01 / PI  # of Burgers' equation
DIFFUSION_COEFFICIENT = 0.3  # of what cools
NODES = 160  # enough for Burgers' equation at every viscosity that is asked for


def poisson(x: Array) -> Array:
    """u_xx + u_yy = poisson_source, 0 on the boundary of [-1, 1]²."""
    return np.sin(PI * x[:, 0]) * np.sin(PI * x[:, 1] ** 2)


def poisson_source(x: Array) -> Array:
    """The Laplacian of `poisson`."""
    phase = PI * x[:, 1] ** 2
    waves = np.cos(phase) - 2 * phase * np.sin(phase)
    return 2 * PI * np.sin(PI * x[:, 0]) * waves - PI**2 * poisson(x)


def diffusion(x: Array) -> Array:
    """u_t - u_xx = (pi² - 1) u; inputs x, t."""
    return np.exp(-x[:, 1]) * np.sin(PI * x[:, 0])


def helmholtz(x: Array) -> Array:
    """u_xx + u_yy + u = (1 - 17 pi²) u, 0 on the boundary of [-1, 1]²."""
    return np.sin(PI * x[:, 0]) * np.sin(4 * PI * x[:, 1])


def cooling(x: Array) -> Array:
    """u_t = D u_xx, 0 at both ends; inputs x, t."""
    return np.exp(-DIFFUSION_COEFFICIENT * PI**2 * x[:, 1]) * np.sin(PI * x[:, 0])


def burgers(x: Array, viscosity: float = VISCOSITY) -> Array:
    """u_t + u u_x = viscosity u_xx from -sin(pi x); inputs t, x.

    Cole and Hopf's integral by Gauss and Hermite's rule (Basdevant et al., Computers & Fluids 14
    (1986) 23-41).
    """
    nodes, weights = np.polynomial.hermite.hermgauss(NODES)
    spread = np.sqrt(4 * viscosity * x[:, :1])
    from_where = x[:, 1:] - spread * nodes
    exponents = -np.cos(PI * from_where) / (2 * PI * viscosity)
    shares = weights * np.exp(exponents - exponents.max(axis=1, keepdims=True))
    return -np.sum(shares * np.sin(PI * from_where), axis=1) / np.sum(shares, axis=1)
