"""Time of derivatives along the inputs, on a network [2,10,1] and 10,000 points, in float64.

    python benchmarks/jets.py [--cache DIR]

The bars: the outputs with all first and second derivatives and the gradient of all these take at
most 8 times as long as a plain forward and backward pass, and PyTorch's autograd through an equal
network at least 10 times as long as ours. Ends with status 1 if one does not hold.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from environments import HERE, add_environment_options, chosen_environments
from machine import describe, signature
from workers import THREADS

import kan
from kan import KAN, _core

GRID, POINTS, ROUNDS = 5, 10_000, 15
MOST_TIMES_PLAIN, LEAST_TIMES_FASTER = 8.0, 10.0


def medians(works: list[Callable[[], Any]]) -> list[float]:
    """Median seconds of some calls, taken in turns."""
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS + 1):
        for own, work in zip(seconds, works, strict=True):
            began = time.perf_counter()
            work()
            own.append(time.perf_counter() - began)
    return [statistics.median(own[1:]) for own in seconds]


def by_torch(python: Path, model: KAN, X: Any, jets: Any) -> dict[str, float]:
    """Seconds of autograd through the same network, and how far its numbers are from ours."""
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "given.npz"
        layers = range(model.depth)
        arrays = {f"knots{at}": model._network.knots(at) for at in layers}
        arrays |= {f"coefficients{at}": model._network.coefficients(at) for at in layers}
        np.savez(given, X=X, jets=jets[..., 0], **arrays)
        command = [str(python), str(HERE / "peers" / "worker_jets.py"), str(given), str(THREADS)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def holds(name: str, seen: float, asked: str, verdict: bool) -> bool:
    print(f"{name}: {seen:.1f}, {asked}: {'holds' if verdict else 'does not hold'}")
    return verdict


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_environment_options(parser)
    parser.add_argument("--no-torch", action="store_true", help="leave PyTorch out")
    options = parser.parse_args()
    kan.set_num_threads(THREADS)
    print(signature(describe(), {"kan": kan.__version__, "numpy": np.__version__}))
    X = np.random.default_rng(0).uniform(-1, 1, (POINTS, 2))
    model = KAN([2, 10, 1], grid=GRID, k=3, seed=0)
    network, evaluator = model._network, _core.Jets64(model._network, 2)
    jets, y = evaluator.jets(X), model(X)
    forward, plain, jet_forward, jet = medians(
        [
            lambda: _core.predict(network, X),
            lambda: _core.pullback(network, X, y),
            lambda: evaluator.jets(X),
            lambda: evaluator.pullback(X, jets),
        ]
    )
    print(f"plain: forward {1e3 * forward:.2f} ms, with backward {1e3 * plain:.2f} ms")
    print(f"jets:  forward {1e3 * jet_forward:.2f} ms, with backward {1e3 * jet:.2f} ms")
    times = jet / plain
    results = [
        holds(
            "jets and their gradient, times plain forward and backward",
            times,
            f"at most {MOST_TIMES_PLAIN:g}",
            times <= MOST_TIMES_PLAIN,
        )
    ]
    if not options.no_torch:
        python = chosen_environments(options).python("mlp")
        peer = by_torch(python, model, X, jets)
        print(
            f"PyTorch: {1e3 * peer['seconds']:.0f} ms, numbers differ by {peer['difference']:.1e}"
        )
        faster = peer["seconds"] / jet
        results.append(
            holds(
                "times as fast as autograd",
                faster,
                f"at least {LEAST_TIMES_FASTER:g}",
                faster >= LEAST_TIMES_FASTER and peer["difference"] < 1e-9,
            )
        )
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
