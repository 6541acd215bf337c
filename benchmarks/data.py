"""The data of a case: the same numbers in every process."""

from __future__ import annotations

import numpy as np
from cases import Case

__all__ = ["data", "fingerprint"]


def data(case: Case, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (N, n_in) in [-1, 1] and targets (N, n_out) that a KAN can learn.

    Two inputs and one output: exp(sin(pi x) + y^2). Otherwise every output is a sum of sines and
    squares of all inputs, with mean 0 and variance 1.
    """
    rng = np.random.default_rng(0)
    inputs, outputs = case.width[0], case.width[-1]
    x = rng.uniform(-1, 1, (case.rows, inputs))
    if (inputs, outputs) == (2, 1):
        y = np.exp(np.sin(np.pi * x[:, :1]) + x[:, 1:] ** 2)
    else:
        y = np.sin(np.pi * x) @ rng.normal(size=(inputs, outputs))
        y += x**2 @ rng.normal(size=(inputs, outputs))
        y = (y - y.mean(axis=0)) / y.std(axis=0)
    return x.astype(dtype), y.astype(dtype)


def fingerprint(x: np.ndarray, y: np.ndarray) -> list[float]:
    """Numbers that tell two sets of data apart, and the variance of the targets as the last."""
    weights = np.linspace(0.5, 1.5, len(x))
    return [float(weights @ np.abs(part).mean(axis=1, dtype=float)) for part in (x, y)] + [
        float(y.var(axis=0, dtype=float).mean())
    ]
