"""This library fits the cases of fits.py: one call of `fit` on all grids."""

from __future__ import annotations

import os
from time import perf_counter
from typing import Any

import numpy as np
import scipy
from data import fingerprint
from fit_protocol import serve_fits
from fits import FitCase
from targets import samples

import kan


def fit(case: FitCase, seed: int) -> dict[str, Any]:
    """Test RMSE at the end of every grid, seconds of the whole `fit`."""
    kan.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    x, y, unseen, values = samples(case.target, case.rows)
    model = kan.KAN(list(case.width), grid=case.grids[0], k=case.k, seed=seed)
    data = {"train_input": x, "train_label": y, "test_input": unseen, "test_label": values}
    began = perf_counter()
    history = model.fit(data, grids=list(case.grids), verbose=False)
    seconds = perf_counter() - began
    ends = [step for step, _ in history.refinements[1:]] + [history.steps]
    errors = [
        (intervals, history["test_loss"][end - 1])
        for (_, intervals), end in zip(history.refinements, ends, strict=True)
    ]
    return {
        "errors": errors,
        "seconds": seconds,
        "dtype": "float64",
        "data": fingerprint(x, y),
        "versions": {"kan": kan.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
    }


if __name__ == "__main__":
    serve_fits(fit)
