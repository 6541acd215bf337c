"""The one list of cases, shared by all benchmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["CASES", "Case", "data"]


@dataclass(frozen=True)
class Case:
    """A network and a number of rows."""

    name: str
    width: tuple[int, ...]
    grid: int
    rows: int
    dtype: str


CASES = {
    case.name: case
    for case in (
        Case("sci, float32", (2, 5, 1), 5, 1000, "float32"),
        Case("sci, float64", (2, 5, 1), 5, 1000, "float64"),
    )
}


def data(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Inputs in [-1, 1] and a smooth target, the same for everybody."""
    x = np.random.default_rng(0).uniform(-1, 1, (case.rows, case.width[0]))
    y = np.exp(np.sin(np.pi * x[:, :1]) + x[:, 1:2] ** 2)
    return x.astype(case.dtype), np.repeat(y, case.width[-1], axis=1).astype(case.dtype)
