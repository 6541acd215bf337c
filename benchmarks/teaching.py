"""Milliseconds of 1000 operations with tensors, and growth of memory over many lessons.

    python benchmarks/teaching.py [--repeats 50] [--epochs 10000]

See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

from memory import status

from kan import KAN, Optimizer, Tensor, compute_loss, set_num_threads

BAR = 20.0  # milliseconds of 1000 operations on single numbers, forward and backward
MEMORY_BAR = 1.0  # MB that resident memory may grow by
MEGABYTE = 1e6

POINTS = [(0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)]
TARGETS = [0.25, 0.75, 0.75, 0.25]


def chain(count: int) -> float:
    """Calculate with single numbers, count operations, and go back; return the gradient."""
    a = t = Tensor(1.1)
    for _ in range(count // 4):
        a = (a * t + 0.5).tanh() - t
    a.backward()
    assert t.grad is not None
    return float(t.grad)


def milliseconds(count: int, repeats: int) -> list[float]:
    """Milliseconds of `count` operations forward and backward, one number per repeat."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        chain(count)
        times.append(1e3 * (time.perf_counter() - start))
    return times


def lesson(epochs: int) -> float:
    """Train a small network row by row for so many epochs; return the last loss."""
    kan = KAN(2, [2, 2, 2, 1])
    x = [[Tensor(a), Tensor(b)] for a, b in POINTS]
    optimizer = Optimizer(lr=0.001)
    losses = Tensor(0)
    for _ in range(epochs):
        losses = Tensor(0)
        for row, target in zip(x, TARGETS, strict=True):
            losses = compute_loss(kan(row), target) + losses
        optimizer.zero_grad(kan.parameters())
        losses.backward()
        optimizer.step(kan.parameters())
    return losses.item()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=10_000)
    chosen = parser.parse_args()
    set_num_threads(2)
    chain(1000)
    times = milliseconds(1000, chosen.repeats)
    middle = statistics.median(times)
    print(f"1000 operations: median {middle:.1f} ms, fastest {min(times):.1f} ms")
    lesson(100)
    before, start = status("VmRSS"), time.perf_counter()
    loss = lesson(chosen.epochs)
    seconds = time.perf_counter() - start
    growth = (status("VmRSS") - before) / MEGABYTE
    print(
        f"{chosen.epochs} epochs of four rows: {seconds:.1f} s, loss {loss:.1e}, "
        f"memory grew by {growth:.2f} MB"
    )
    kept = middle <= BAR and growth <= MEMORY_BAR
    print(f"bars: {BAR:.0f} ms, {MEMORY_BAR:.0f} MB: {'kept' if kept else 'MISSED'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
