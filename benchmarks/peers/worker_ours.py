"""This library, through its public interface, as a user would call it."""

from __future__ import annotations

import os
from time import perf_counter
from typing import Any

import numpy as np
from cases import Case
from data import data, fingerprint
from protocol import LEARNING_RATE, serve, timed

import kan


class Ours:
    """`fit` and `predict`. Checks of the data and the start of a `fit` count into its steps."""

    def __init__(self, case: Case, dtype: str, options: dict[str, Any]) -> None:
        kan.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        self.case, self.dtype = case, dtype
        self.x, self.y = data(case, dtype)
        self.model = self.new_model()
        self.parameters = self.model.n_parameters
        self.data = fingerprint(self.x, self.y)
        self.versions = {"kan": kan.__version__, "numpy": np.__version__}

    def new_model(self) -> kan.KAN:
        case = self.case
        return kan.KAN(list(case.width), grid=case.grid, k=case.k, seed=0, dtype=self.dtype)

    def fit(self, model: kan.KAN, steps: int) -> kan.History:
        return model.fit(
            self.x,
            self.y,
            opt="Adam",
            lr=LEARNING_RATE,
            steps=steps,
            update_grid=False,
            verbose=False,
        )

    def step(self, repeats: int) -> float:
        began = perf_counter()
        self.fit(self.model, repeats)
        return (perf_counter() - began) / repeats

    def forward(self, repeats: int) -> float:
        return timed(lambda: self.model.predict(self.x), repeats)

    def train(self, steps: int) -> list[float]:
        model = self.new_model()
        start = float(np.mean((model.predict(self.x) - self.y) ** 2))
        # A history holds the root of the mean square after each step; asked is that before.
        after = self.fit(model, steps)["train_loss"]
        return [start, after[-2] ** 2]


if __name__ == "__main__":
    serve(Ours)
