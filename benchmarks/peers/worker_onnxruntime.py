"""Graphs in ONNX Runtime, on one thread. Asked by onnx_runtime.py.

Request: {"graphs": {name: path}, "inputs": {rows: path of an array}}, answered with the outputs of
every graph; then {"graph": name, "rows": rows, "way": way, "repeats": n}, answered with seconds.
The way is "run", which takes and returns arrays, or "bound", where new numbers are copied into an
array that the session keeps, and the outputs stay in another.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
from protocol import serve_lines, timed

Array = np.ndarray[Any, Any]


def session_of(path: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def call(session: onnxruntime.InferenceSession, x: Array, y: Array, way: str) -> Callable[[], Any]:
    """One prediction; `y` is where a bound one goes."""
    if way == "run":
        names, feed = [session.get_outputs()[0].name], {session.get_inputs()[0].name: x}
        return lambda: session.run(names, feed)
    kept = x.copy()
    binding = session.io_binding()
    binding.bind_cpu_input(session.get_inputs()[0].name, kept)
    place = onnxruntime.OrtValue.ortvalue_from_numpy(y)
    binding.bind_ortvalue_output(session.get_outputs()[0].name, place)

    def bound() -> None:
        kept[:] = x
        session.run_with_iobinding(binding)

    return bound


class Peer:
    def __init__(self, request: dict[str, Any]) -> None:
        self.sessions = {name: session_of(path) for name, path in request["graphs"].items()}
        self.inputs = {rows: np.load(path) for rows, path in request["inputs"].items()}
        self.outputs = {
            rows: {name: one.run(None, {"X": x})[0] for name, one in self.sessions.items()}
            for rows, x in self.inputs.items()
        }
        self.calls: dict[tuple[str, str, str], Callable[[], Any]] = {}

    def seconds(self, graph: str, rows: str, way: str, repeats: int) -> float:
        key = (graph, rows, way)
        if key not in self.calls:
            x, y = self.inputs[rows], np.empty_like(self.outputs[rows][graph])
            self.calls[key] = call(self.sessions[graph], x, y, way)
        return timed(self.calls[key], repeats)


def serve() -> None:
    peer: Peer | None = None

    def handle(line: str) -> dict[str, Any]:
        nonlocal peer
        request = json.loads(line)
        if "graphs" in request:
            peer = Peer(request)
            outputs = {
                rows: {name: y.tolist() for name, y in by_graph.items()}
                for rows, by_graph in peer.outputs.items()
            }
            return {"outputs": outputs, "version": onnxruntime.__version__}
        assert peer is not None
        return {"seconds": peer.seconds(**request)}

    serve_lines(handle)


if __name__ == "__main__":
    serve()
