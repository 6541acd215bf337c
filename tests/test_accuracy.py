"""Errors that `fit` reaches on unseen points; benchmarks/accuracy.py has more of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.special import j0

from kan import KAN

UNSEEN = 1000
FINER = [3, 5, 10, 20, 40, 80]


def errors_by_grid(
    function: Callable[[np.ndarray], np.ndarray],
    width: list[int],
    grids: list[int],
    *,
    rows: int = 3000,
    k: int = 3,
    seed: int = 1,
) -> dict[int, float]:
    """RMSE on unseen points of the box [-1, 1] at the end of every grid of one `fit`."""
    rng = np.random.default_rng(0)
    X, X_test = (rng.uniform(-1, 1, (count, width[0])) for count in (rows, UNSEEN))
    data = {
        "train_input": X,
        "train_label": function(X),
        "test_input": X_test,
        "test_label": function(X_test),
    }
    model = KAN(width, grid=grids[0], k=k, seed=seed)
    history = model.fit(data, grids=grids, verbose=False)
    starts = [step for step, _ in history.refinements]
    ends = [*starts[1:], history.steps]
    assert [intervals for _, intervals in history.refinements] == grids
    return {grid: history["test_loss"][end - 1] for grid, end in zip(grids, ends, strict=True)} | {
        grids[-1]: float(np.sqrt(np.mean((model(X_test) - data["test_label"]) ** 2)))
    }


def toy(x: np.ndarray) -> np.ndarray:
    """Learnt exactly by [2,1,1] but for what its splines leave."""
    return np.exp(np.sin(np.pi * x[:, :1]) + x[:, 1:] ** 2)


def slope(errors: dict[int, float], first: int) -> float:
    """Slope of log error against log G from a grid on."""
    chosen = [grid for grid in errors if grid >= first]
    return float(np.polyfit(np.log(chosen), np.log([errors[grid] for grid in chosen]), 1)[0])


def test_two_layers_of_cubic_splines_converge_with_the_fourth_power_of_the_grid():
    errors = errors_by_grid(toy, [2, 1, 1], FINER)
    assert errors[80] <= 1e-7
    # Theory says -4; the finest grids are not trained to their very end.
    assert slope(errors, first=10) <= -3.8


def test_two_layers_of_quintic_splines_converge_faster_still():
    errors = errors_by_grid(toy, [2, 1, 1], FINER[:-1], k=5, seed=2)
    assert slope(errors, first=10) <= -5.5


@pytest.mark.parametrize(
    ("k", "limits"),
    [(3, {50: 9.5e-5, 100: 5e-6, 200: 4.5e-7}), (5, {50: 1.8e-6, 100: 2e-8, 200: 4e-10})],
)
def test_one_edge_reaches_the_floor_of_linear_least_squares(k, limits):
    # What SciPy's lstsq leaves with as many uniform knots, rounded up.
    errors = errors_by_grid(lambda x: j0(20 * x), [1, 1], list(limits), rows=1000, k=k)
    assert {grid: error for grid, error in errors.items() if error > limits[grid]} == {}


def test_a_product_is_two_squares():
    errors = errors_by_grid(lambda x: x[:, :1] * x[:, 1:], [2, 2, 1], FINER, seed=2)
    assert errors[80] <= 1e-9


@pytest.mark.parametrize(("rows", "limit"), [(1000, 8e-6), (300, 5e-6), (100, 3e-4)])
def test_grids_with_more_coefficients_than_rows_lose_little_of_what_coarser_ones_learnt(
    rows, limit
):
    errors = list(errors_by_grid(toy, [2, 1, 1], [3, 5, 10, 20, 50, 100], rows=rows).values())
    least = np.minimum.accumulate(errors)
    assert least[-1] <= limit
    assert np.all(errors[1:] <= 2 * least[:-1])
