"""Time of a step of Levenberg-Marquardt against rows and parameters, on a network [2,5,1].

    python benchmarks/second_order.py

The bars: at most 1 ms with G=5 and 1000 rows, at most linear growth with the rows and quadratic
growth with the parameters up to 1000. Ends with status 1 if one does not hold.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from machine import describe, signature

import kan
from kan import KAN

WIDTH = [2, 5, 1]
ROWS = (1000, 4000, 16_000, 64_000)
GRIDS = (5, 15, 30, 60)
STEPS, REPEATS = 20, 7
MOST_SECONDS = 1e-3


def seconds_of_step(rows: int, grid: int) -> tuple[int, float]:
    """Parameters, and seconds of a step in the fastest of several fits."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (rows, 2))
    y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
    fastest = np.inf
    for _ in range(REPEATS):
        model = KAN(WIDTH, grid=grid, seed=0)
        began = time.perf_counter()
        history = model.fit(X, y, opt="LM", steps=STEPS, update_grid=False, verbose=False)
        fastest = min(fastest, (time.perf_counter() - began) / history.steps)
    return model.n_parameters, fastest


def holds(name: str, seen: float, most: float) -> bool:
    verdict = "holds" if seen <= most else "does not hold"
    print(f"{name}: {seen:.3g}, at most {most:.3g}: {verdict}")
    return seen <= most


def main() -> int:
    print(signature(describe(), {"kan": kan.__version__, "numpy": np.__version__}))
    by_rows = [seconds_of_step(rows, GRIDS[0]) for rows in ROWS]
    for rows, (parameters, seconds) in zip(ROWS, by_rows, strict=True):
        print(f"G={GRIDS[0]:<3d} P={parameters:<5d} N={rows:<6d} {1e3 * seconds:8.3f} ms")
    by_grid = [seconds_of_step(ROWS[0], grid) for grid in GRIDS]
    for grid, (parameters, seconds) in zip(GRIDS, by_grid, strict=True):
        print(f"G={grid:<3d} P={parameters:<5d} N={ROWS[0]:<6d} {1e3 * seconds:8.3f} ms")
    base = by_rows[0][1]
    results = [
        holds("milliseconds of a step", 1e3 * base, 1e3 * MOST_SECONDS),
        holds("growth with the rows", by_rows[-1][1] / base, ROWS[-1] / ROWS[0]),
        holds(
            "growth with the parameters",
            by_grid[-1][1] / by_grid[0][1],
            (by_grid[-1][0] / by_grid[0][0]) ** 2,
        ),
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
