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
from contextlib import ExitStack, contextmanager
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from environments import add_environment_options, chosen_environments
from machine import describe, signature
from workers import THREADS, Worker

import kan
from kan import KAN, _core

WIDTH, GRID, DEGREE, ROWS = [2, 10, 1], 5, 3, 10_000
REPEATS = 10  # calls of ours in one turn
MOST_PLAIN = 8.0  # times the time of plain values
LEAST_TORCH = 10.0  # times the time of jets
AGREEMENT = 1e-10  # relative to the largest number
PLACES = [[], [0], [1], [0, 0], [0, 1], [1, 1]]

# How torch's idle threads wait. Those that spin for good would take a processor in our turn.
WAITING: dict[str, dict[str, str]] = {
    "torch, threads sleep": {"OMP_WAIT_POLICY": "passive"},
    "torch, threads spin first": {},
}


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
def torch_workers(chosen: argparse.Namespace) -> Iterator[dict[str, Worker]]:
    """Processes with torch, one for each way of waiting; where there is none, that is said."""
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        try:
            for name, variables in {} if chosen.no_torch else WAITING.items():
                workers[name] = torch_worker(chosen, variables)
                stack.callback(workers[name].close)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"torch takes no part: {error}", file=sys.stderr)
            workers.clear()
        yield workers


def torch_worker(chosen: argparse.Namespace, variables: dict[str, str]) -> Worker:
    environments = chosen_environments(chosen)
    python = environments.python("mlp")  # torch and nothing else
    return Worker("jets", python, environments.cache, variables=variables)


def seconds(call: Callable[[], None]) -> float:
    began = perf_counter()
    for _ in range(REPEATS):
        call()
    return (perf_counter() - began) / REPEATS


def measure(ours: Ours, workers: dict[str, Worker], rounds: int) -> dict[str, float]:
    """Median seconds of everybody, who take turns; the first turn warms up."""
    calls: dict[str, Callable[[], float]] = {
        "plain": lambda: seconds(ours.plain),
        "jets": lambda: seconds(ours.jets),
    }
    for name, worker in workers.items():
        calls[name] = partial(seconds_of_torch, worker)
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            times[name].append(call())
    return {name: statistics.median(several[1:]) for name, several in times.items()}


def seconds_of_torch(worker: Worker) -> float:
    return float(worker.exchange('{"repeats": 1}\n')["seconds"])


def holds(name: str, holding: bool) -> bool:
    print(f"{name}: {'holds' if holding else 'DOES NOT HOLD'}")
    return holding


def agree(ours: Ours, workers: dict[str, Worker], versions: dict[str, str]) -> bool:
    """Whether torch's numbers are ours; its version is noted."""
    off = 0.0
    request = json.dumps(ours.request()) + "\n"
    for worker in workers.values():
        reply = worker.exchange(request)
        versions["torch"] = reply["version"]
        off = max(off, ours.disagreement(reply))
    return not workers or holds(
        f"numbers agree to {off:.1e}, at most {AGREEMENT:g}", off <= AGREEMENT
    )


def report(times: dict[str, float]) -> bool:
    """Print times and ratios; whether all bars hold."""
    for name, one in times.items():
        print(f"{name:26s} {1e3 * one:9.3f} ms")
    ratio = times["jets"] / times["plain"]
    all_hold = holds(f"jets / plain: {ratio:.2f}, at most {MOST_PLAIN:g}", ratio <= MOST_PLAIN)
    theirs = [times[name] for name in WAITING if name in times]
    if theirs:
        ratio = min(theirs) / times["jets"]
        said = f"torch at its best / jets: {ratio:.1f}, at least {LEAST_TORCH:g}"
        all_hold &= holds(said, ratio >= LEAST_TORCH)
    return all_hold


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-torch", action="store_true", help="measure ours alone")
    add_environment_options(parser)
    chosen = parser.parse_args()

    kan.set_num_threads(THREADS)
    ours = Ours()
    versions = {"kan": kan.__version__, "numpy": np.__version__}
    with torch_workers(chosen) as workers:
        agrees = agree(ours, workers, versions)
        times = measure(ours, workers, chosen.rounds)
    all_hold = report(times) and agrees
    print(signature(describe(), versions))
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main())
