"""How compare.py and a peer talk: one JSON line asks, one JSON line answers.

Request:  {"case": {...}, "dtype": "float32", "options": {...}, "what": "step", "repeats": 20,
           "blocks": 3}
Answer:   {"result": [seconds per operation, one per block], "parameters": n, "data": [...],
           "versions": {...}}, or {"error": message}

`what` is "step" (forward, loss, backward, Adam), "forward" (prediction without gradient), or
"train": `repeats` Adam steps of a new model, answered with the mean squared errors before the
first and the last of them.
This module imports nothing heavy and nothing of the library that is measured.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from time import perf_counter
from typing import Any, Protocol

from cases import Case

__all__ = ["LEARNING_RATE", "Measured", "decode", "encode", "serve", "serve_lines", "timed"]

LEARNING_RATE = 0.01  # of Adam, for everybody


class Measured(Protocol):
    """A network with its data, made for one case."""

    parameters: int
    data: list[float]
    versions: dict[str, str]

    def step(self, repeats: int) -> float:
        """Seconds per training step."""

    def forward(self, repeats: int) -> float:
        """Seconds per prediction."""

    def train(self, steps: int) -> list[float]:
        """First and last mean squared error of a new model."""


Maker = Callable[[Case, str, dict[str, Any]], Measured]


def encode(case: Case, what: str, repeats: int, blocks: int = 1, **rest: Any) -> str:
    """One request as a line."""
    request = {"case": asdict(case), "what": what, "repeats": repeats, "blocks": blocks, **rest}
    return json.dumps(request) + "\n"


def decode(line: str) -> dict[str, Any]:
    """One request, with its case."""
    request: dict[str, Any] = json.loads(line)
    fields = request["case"]
    request["case"] = Case(**{**fields, "width": tuple(fields["width"])})
    return request


def timed(operation: Callable[[], object], repeats: int) -> float:
    """Seconds per call of an operation, over one block of calls."""
    began = perf_counter()
    for _ in range(repeats):
        operation()
    return (perf_counter() - began) / repeats


def answer(entrant: Measured, request: dict[str, Any]) -> dict[str, Any]:
    what, repeats = request["what"], request["repeats"]
    if what == "train":
        result = entrant.train(repeats)
    else:
        measure = {"step": entrant.step, "forward": entrant.forward}[what]
        result = [measure(repeats) for _ in range(request["blocks"])]
    return {
        "result": result,
        "parameters": entrant.parameters,
        "data": entrant.data,
        "versions": entrant.versions,
    }


def serve_lines(handle: Callable[[str], dict[str, Any]]) -> None:
    """Answer lines until the input ends; whatever else is printed goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            reply = handle(line)
        except Exception as error:
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


def serve(make: Maker) -> None:
    """Answer requests for times."""
    entrant: Measured | None = None
    made_for: object = None

    def handle(line: str) -> dict[str, Any]:
        nonlocal entrant, made_for
        request = decode(line)
        wanted = (request["case"], request["dtype"], request["options"])
        if wanted != made_for:
            entrant = None  # its memory goes before the next one takes its own
            entrant, made_for = make(*wanted), wanted
        assert entrant is not None
        return answer(entrant, request)

    serve_lines(handle)
