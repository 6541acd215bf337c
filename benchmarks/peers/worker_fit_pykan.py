"""pykan fits the cases of fits.py by its own recipe: L-BFGS, `refine`, L-BFGS, and so on."""

from __future__ import annotations

import os
import warnings
from importlib.metadata import version
from time import perf_counter
from typing import Any

import numpy as np
import scipy
import torch
from data import fingerprint
from fit_protocol import serve_fits
from fits import FitCase
from targets import samples

from kan import KAN

warnings.filterwarnings("ignore")
DTYPE = "float64"
STEPS_BETWEEN_GRID_UPDATES = 3  # as in its examples: 10 updates in the first 30 of 50 steps


def fit(case: FitCase, seed: int) -> dict[str, Any]:
    """Test RMSE at the end of every grid, seconds of all `fit` and `refine` together."""
    assert case.pykan is not None
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.set_default_dtype(getattr(torch, DTYPE))
    x, y, unseen, values = samples(case.target, case.rows)
    names = ("train_input", "train_label", "test_input", "test_label")
    arrays = (x, y, unseen, values)
    data = {name: torch.from_numpy(array) for name, array in zip(names, arrays, strict=True)}
    stop = case.pykan.stop_grid_update_step
    model: Any = KAN(list(case.width), grid=case.grids[0], k=case.k, seed=seed, auto_save=False)
    errors: list[tuple[int, float]] = []
    began = perf_counter()
    for grid in case.grids:
        if errors:
            model = model.refine(grid)
            model.auto_save = False
        results = model.fit(
            data,
            opt="LBFGS",
            steps=case.pykan.steps,
            stop_grid_update_step=stop,
            grid_update_num=stop // STEPS_BETWEEN_GRID_UPDATES,
        )
        errors.append((grid, float(results["test_loss"][-1])))
    return {
        "errors": errors,
        "seconds": perf_counter() - began,
        "dtype": DTYPE,
        "data": fingerprint(x, y),
        "versions": {
            "pykan": version("pykan"),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
    }


if __name__ == "__main__":
    serve_fits(fit)
