"""Time of u, its first and second derivatives and their gradient, against values alone and torch.

    python benchmarks/jets.py [--rounds 15] [--no-torch]

The bars: at most 8 times the time of values and their gradient; at least 10 times as fast as
torch's autograd. Ends with status 1 if one does not hold. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np
from environments import add_environment_options, chosen_environments
from machine import describe, signature
from workers import THREADS, PeerError, Worker

import kan
from kan import KAN, _core

WIDTH, GRID, DEGREE, ROWS = [2, 10, 1], 5, 3, 10_000
REPEATS = 10  # calls of ours in one turn
MOST_TIMES_PLAIN = 8.0
LEAST_TIMES_TORCH = 10.0
AGREEMENT = 1e-10  # relative to the largest number
PLACES = [[], [0], [1], [0, 0], [0, 1], [1, 1]]


class Ours:
    """The network, its points, and how the outside derivatives of a loss arrive at its jets."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.x = rng.uniform(-1, 1, (ROWS, WIDTH[0]))
        self.model = KAN(WIDTH, grid=GRID, k=DEGREE, seed=0)
        self.model.update_grid(self.x)  # torch's splines are 0 beyond their grid
        self.network = self.model._network
        self.core = _core.Jets64(self.network, 2)
        assert self.core.derivatives == PLACES
        self.grad_jets = rng.standard_normal((len(PLACES), ROWS, 1))
        self.grad_y = self.grad_jets[0].copy()

    def jets(self) -> None:
        self.core.jets(self.x)
        self.core.pullback(self.x, self.grad_jets)

    def plain(self) -> None:
        _core.predict(self.network, self.x)
        _core.pullback(self.network, self.x, self.grad_y)

    def request(self) -> dict[str, Any]:
        """What torch needs to be the same network."""
        layers = range(len(WIDTH) - 1)
        return {
            "degree": DEGREE,
            "knots": [self.network.knots(one).tolist() for one in layers],
            "coefficients": [self.network.coefficients(one).tolist() for one in layers],
            "x": self.x.tolist(),
            "grad_jets": self.grad_jets[:, :, 0].tolist(),
        }

    def disagreement(self, reply: dict[str, Any]) -> float:
        """How far torch's numbers are from ours at most, relative to the largest of their kind."""
        gradient = self.core.pullback(self.x, self.grad_jets)[0]
        theirs = np.concatenate([np.ravel(one) for one in reply["gradients"]])
        pairs = (self.core.jets(self.x)[:, :, 0], np.array(reply["jets"])), (gradient, theirs)
        return max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in pairs)


@contextmanager
def torch_worker(chosen: argparse.Namespace) -> Iterator[Worker | None]:
    """The process with torch; None if it is not wanted or there is none, which is then said."""
    if chosen.no_torch:
        yield None
        return
    environments = chosen_environments(chosen)
    try:
        worker = Worker("jets", environments.python("mlp"), environments.cache)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"torch takes no part: {error}", file=sys.stderr)
        yield None
        return
    try:
        yield worker
    finally:
        worker.close()


def seconds(call: Callable[[], None]) -> float:
    began = perf_counter()
    for _ in range(REPEATS):
        call()
    return (perf_counter() - began) / REPEATS


def measure(ours: Ours, worker: Worker | None, rounds: int) -> dict[str, float]:
    """Median seconds of everybody, who take turns."""
    calls: dict[str, Callable[[], float]] = {
        "jets": lambda: seconds(ours.jets),
        "plain": lambda: seconds(ours.plain),
    }
    if worker is not None:
        calls["torch"] = lambda: worker.exchange('{"repeats": 1}\n')["seconds"]
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            times[name].append(call())
    return {name: statistics.median(several[1:]) for name, several in times.items()}


def holds(name: str, holding: bool) -> bool:
    print(f"{name}: {'holds' if holding else 'DOES NOT HOLD'}")
    return holding


def report(times: dict[str, float]) -> bool:
    """Print times and ratios; whether all bars hold."""
    for name, one in times.items():
        print(f"{name:6s} {1e3 * one:9.3f} ms")
    ratio = times["jets"] / times["plain"]
    verdicts = [
        holds(f"jets / plain: {ratio:.2f}, at most {MOST_TIMES_PLAIN:g}", ratio <= MOST_TIMES_PLAIN)
    ]
    if "torch" in times:
        ratio = times["torch"] / times["jets"]
        verdicts.append(
            holds(
                f"torch / jets: {ratio:.1f}, at least {LEAST_TIMES_TORCH:g}",
                ratio >= LEAST_TIMES_TORCH,
            )
        )
    return all(verdicts)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-torch", action="store_true", help="measure ours alone")
    add_environment_options(parser)
    chosen = parser.parse_args()

    kan.set_num_threads(THREADS)
    ours = Ours()
    versions = {"kan": kan.__version__, "numpy": np.__version__}
    agrees = True
    with torch_worker(chosen) as worker:
        if worker is not None:
            try:
                reply = worker.exchange(json.dumps(ours.request()) + "\n")
            except PeerError as error:
                print(f"torch fails: {error}", file=sys.stderr)
                return 1
            versions["torch"] = reply["version"]
            off = ours.disagreement(reply)
            agrees = holds(f"numbers agree to {off:.1e}, at most {AGREEMENT:g}", off <= AGREEMENT)
        times = measure(ours, worker, chosen.rounds)
    all_hold = report(times) and agrees
    print(signature(describe(), versions))
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main())
