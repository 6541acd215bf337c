"""Microseconds of one prediction for one row, called from Python.

    python benchmarks/single_row.py [--blocks 200] [--calls 1000]

See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import timeit

import numpy as np

import kan

BAR = 5.0  # microseconds


def microseconds(dtype: str, blocks: int, calls: int) -> list[float]:
    """Microseconds of `model(X)`, one number per block of calls."""
    model = kan.KAN([2, 5, 1], grid=5, k=3, seed=0, dtype=dtype)
    row = np.array([[0.3, -0.6]], dtype=dtype)
    timer = timeit.Timer("model(row)", globals={"model": model, "row": row})
    timer.timeit(calls)
    return [1e6 * timer.timeit(calls) / calls for _ in range(blocks)]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--blocks", type=int, default=200)
    parser.add_argument("--calls", type=int, default=1000, help="calls in a block")
    chosen = parser.parse_args()
    kan.set_num_threads(2)
    kept = True
    for dtype in ("float32", "float64"):
        times = microseconds(dtype, chosen.blocks, chosen.calls)
        middle = statistics.median(times)
        kept = kept and middle <= BAR
        print(f"[2,5,1], one row, {dtype}: median {middle:.2f} µs, fastest {min(times):.2f} µs")
    print(f"bar: {BAR:.0f} µs: {'kept' if kept else 'MISSED'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
