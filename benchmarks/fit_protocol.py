"""How accuracy.py and a fitting process talk: one JSON line asks, one JSON line answers.

Request:  {"case": "toy", "seed": 0}
Answer:   {"errors": [[intervals, test RMSE], ...], "seconds": s, "dtype": "float64",
           "data": [...], "versions": {...}}, or {"error": message}
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from bars import Fit
from fits import FITS, FitCase
from protocol import serve_lines
from workers import Worker

__all__ = ["ask_for_fit", "serve_fits"]


def ask_for_fit(worker: Worker, case: FitCase, seed: int) -> tuple[Fit, dict[str, Any]]:
    """A fit in another process, and what else it says of it. An error of NaN is infinite."""
    reply = worker.exchange(json.dumps({"case": case.name, "seed": seed}) + "\n")
    errors = {
        int(intervals): error if math.isfinite(error) else math.inf
        for intervals, error in reply.pop("errors")
    }
    return Fit(seed, errors, reply.pop("seconds")), reply


def serve_fits(fit: Callable[[FitCase, int], dict[str, Any]]) -> None:
    """Fit what is asked for until the input ends."""

    def handle(line: str) -> dict[str, Any]:
        request = json.loads(line)
        return fit(FITS[request["case"]], request["seed"])

    serve_lines(handle)
