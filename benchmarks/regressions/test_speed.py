"""Our own times, for `pytest-benchmark` to keep and compare. Every result is checked, too."""

from __future__ import annotations

import numpy as np
import pytest
from cases import CASES, Case
from data import data

import kan

STEPS = 20
ALL = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))


@pytest.fixture(autouse=True)
def two_threads():
    with kan.threads(2):
        yield


def model_of(case: Case) -> kan.KAN:
    return kan.KAN(list(case.width), grid=case.grid, k=case.k, seed=0, dtype="float32")


@ALL
def test_forward(benchmark, case):
    model, (x, _) = model_of(case), data(case, "float32")
    values = benchmark(model.predict, x)
    assert values.shape == (case.rows, case.width[-1])
    assert np.isfinite(values).all()


@ALL
def test_twenty_steps(benchmark, case):
    model, (x, y) = model_of(case), data(case, "float32")

    def fit() -> list[float]:
        history = model.fit(
            x, y, opt="Adam", lr=0.01, steps=STEPS, update_grid=False, verbose=False
        )
        return history["train_loss"]

    losses = benchmark.pedantic(fit, rounds=5, warmup_rounds=1)
    assert len(losses) == STEPS
    assert np.isfinite(losses).all()


@ALL
def test_loss_and_gradient(benchmark, case):
    model, (x, y) = model_of(case), data(case, "float32")
    value, gradient = benchmark(model.loss_and_gradient, x, y)
    assert np.isfinite(value)
    assert gradient.any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_single_row(benchmark, dtype):
    model = kan.KAN([2, 5, 1], grid=5, seed=0, dtype=dtype)
    assert benchmark(model, np.array([[0.3, -0.6]], dtype=dtype)).shape == (1, 1)
