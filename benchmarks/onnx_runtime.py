"""Time of a prediction of one layer, ours against ONNX Runtime, both called from Python.

    python benchmarks/onnx_runtime.py [--rounds 15]

The bars: at least 3 times as fast for one row, at least 10 times for 1000. ONNX Runtime counts at
its best: the fastest of three graphs of the same layer and of two ways to call them. Ends with
status 1 if a bar does not hold. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from environments import add_environment_options, chosen_environments
from machine import describe, signature
from onnx_encodings import ENCODINGS
from protocol import timed
from workers import Worker

import kan
from kan import KAN

WIDTH, GRID, DEGREE = [8, 16], 5, 3
REPEATS = {1: 1000, 1000: 50}  # calls in one turn, by rows
LEAST = {1: 3.0, 1000: 10.0}  # times our time
WAYS = ("run", "bound")
AGREEMENT = 2e-6  # relative to the largest output
OURS = "ours"

Times = dict[int, dict[str, float]]


class Layer:
    """The layer, and its inputs inside the grid."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.model = KAN(WIDTH, grid=GRID, k=DEGREE, seed=0, dtype="float32")
        parameters = 0.5 * rng.standard_normal(self.model.get_parameters().size)
        self.model.set_parameters(parameters.astype(np.float32))
        self.inputs = {
            rows: rng.uniform(-1, 1, (rows, WIDTH[0])).astype(np.float32) for rows in REPEATS
        }

    def request(self, folder: Path) -> dict[str, Any]:
        """Graphs and inputs, in files of a folder."""
        graphs, inputs = {}, {}
        for number, (name, encode) in enumerate(ENCODINGS.items()):
            graphs[name] = str(folder / f"{number}.onnx")
            Path(graphs[name]).write_bytes(encode(self.model))
        for rows, x in self.inputs.items():
            inputs[str(rows)] = str(folder / f"{rows}.npy")
            np.save(inputs[str(rows)], x)
        return {"graphs": graphs, "inputs": inputs}

    def disagreement(self, outputs: dict[str, dict[str, Any]]) -> float:
        """How far outputs are from ours at most, relative to the largest."""
        off = 0.0
        for rows, by_graph in outputs.items():
            y = self.model(self.inputs[int(rows)])
            for theirs in by_graph.values():
                off = max(off, float(np.abs(np.array(theirs) - y).max() / np.abs(y).max()))
        return off


def seconds_of_runtime(worker: Worker, rows: int, graph: str, way: str) -> float:
    request = {"graph": graph, "rows": str(rows), "way": way, "repeats": REPEATS[rows]}
    return float(worker.exchange(json.dumps(request) + "\n")["seconds"])


def measure(layer: Layer, worker: Worker, rounds: int) -> Times:
    """Median seconds of everybody, who take turns; the first turn warms up."""
    medians: Times = {}
    for rows, x in layer.inputs.items():
        predict = partial(layer.model, x)
        calls: dict[str, Callable[[], float]] = {OURS: partial(timed, predict, REPEATS[rows])}
        for graph in ENCODINGS:
            for way in WAYS:
                calls[f"{graph}, {way}"] = partial(seconds_of_runtime, worker, rows, graph, way)
        times: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(rounds + 1):
            for name, call in calls.items():
                times[name].append(call())
        medians[rows] = {name: statistics.median(several[1:]) for name, several in times.items()}
    return medians


def holds(name: str, holding: bool) -> bool:
    print(f"{name}: {'holds' if holding else 'DOES NOT HOLD'}")
    return holding


def report(times: Times) -> bool:
    """Print times and ratios; whether all bars hold."""
    all_hold = True
    for rows, by_name in times.items():
        ours = by_name[OURS]
        for name, one in by_name.items():
            print(f"{rows:5d} rows, {name:20s} {1e6 * one:9.2f} us {one / ours:8.2f} times ours")
        best = min(one for name, one in by_name.items() if name != OURS)
        said = f"{rows} rows, ONNX Runtime at its best / ours: {best / ours:.2f}"
        all_hold &= holds(f"{said}, at least {LEAST[rows]:g}", best / ours >= LEAST[rows])
    return all_hold


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    add_environment_options(parser)
    chosen = parser.parse_args()

    kan.set_num_threads(1)
    layer = Layer()
    environments = chosen_environments(chosen)
    worker = Worker("onnxruntime", environments.python("onnxruntime"), environments.cache)
    try:
        with tempfile.TemporaryDirectory() as folder:
            reply = worker.exchange(json.dumps(layer.request(Path(folder))) + "\n")
            off = layer.disagreement(reply["outputs"])
            agrees = holds(f"outputs agree to {off:.1e}, at most {AGREEMENT:g}", off <= AGREEMENT)
            times = measure(layer, worker, chosen.rounds)
    finally:
        worker.close()
    all_hold = report(times) and agrees
    versions = {"kan": kan.__version__, "numpy": np.__version__, "onnxruntime": reply["version"]}
    print(signature({**describe(), "threads": 1}, versions))
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main())
