"""A model with extrapolation="error": which rows `fit` takes, and which the fitted model takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kan import KAN
from kan._grids import MARGIN

DTYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])


def strict(**options: Any) -> KAN:
    return KAN([2, 2, 1], extrapolation="error", **options)


def rows(count: int, reach: float, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(-reach, reach, (count, 2))


def target(x: Any) -> Any:
    return np.sin(x[:, :1]) + x[:, 1:]


def split(train: Any, test: Any) -> dict[str, Any]:
    return {
        "train_input": train,
        "train_label": target(train),
        "test_input": test,
        "test_label": target(test),
    }


def bits(model: KAN) -> list[bytes]:
    network = model._network
    return [network.parameters().tobytes(), *(network.knots(n).tobytes() for n in range(2))]


@DTYPES
@pytest.mark.parametrize("options", [{}, {"opt": "Adam"}, {"opt": "Adam", "batch": 30}])
@pytest.mark.parametrize("seed", range(5))
def test_a_fitted_model_takes_all_rows_it_was_given_also_those_held_out(
    seed: int, options: dict[str, Any], dtype: str
) -> None:
    x = np.random.default_rng(seed).normal(size=(100, 2)) * 10.0 ** (seed - 2)
    model = strict(dtype=dtype)
    model.fit(x, target(x), steps=7, validation_fraction=0.3, seed=seed, **options)
    assert np.isfinite(model(x)).all()


def test_a_fit_that_improves_nothing_takes_its_rows_too() -> None:
    x = rows(50, 3.0)
    model = strict(noise_scale=0.0, base_fun="zero")
    model.fit(x, np.zeros(50), steps=3)
    assert np.isfinite(model(x)).all()


def test_the_grids_never_shrink() -> None:
    narrow = rows(50, 0.5)
    model = strict()
    model.fit(narrow, target(narrow), steps=7)
    knots = model.edge(0, 0, 0).knots[3:-3]
    assert (knots[0], knots[-1]) == (-1.0, 1.0)
    model(rows(50, 1.0, seed=1))


def test_the_grids_of_another_policy_do_shrink() -> None:
    narrow = rows(50, 0.5)
    model = KAN([2, 2, 1])
    model.fit(narrow, target(narrow), steps=7)
    assert np.ptp(model.edge(0, 0, 0).knots[3:-3]) < 1.0 + 3 * MARGIN


def test_test_rows_inside_the_range_of_the_grid_are_watched() -> None:
    history = strict().fit(split(rows(50, 0.9), rows(50, 1.0, seed=1)), steps=7)
    assert len(history["test_loss"]) == 7


def test_test_rows_inside_the_training_rows_are_watched() -> None:
    history = strict().fit(split(rows(50, 3.0), rows(50, 2.0, seed=1)), steps=7)
    assert len(history["test_loss"]) == 7


@pytest.mark.parametrize("options", [{}, {"update_grid": False}, {"steps": 0}])
def test_test_rows_that_will_lie_outside_are_refused_before_anything_happens(
    options: dict[str, Any],
) -> None:
    test = rows(50, 0.5)
    test[7, 1] = 1.25
    model = strict()
    before = bits(model)
    message = r"dataset\['test_input'\] must lie inside the grid .* 1\.25 at row 7, column 1, .*1\]"
    with pytest.raises(ValueError, match=message):
        model.fit(split(rows(50, 0.9), test), **options)
    assert bits(model) == before


def test_training_rows_are_refused_by_their_name_where_grids_must_not_move() -> None:
    model = strict()
    with pytest.raises(ValueError, match=r"dataset\['train_input'\] must lie inside the grid"):
        model.fit(split(rows(50, 3.0), rows(50, 1.0)), update_grid=False)


def test_held_out_rows_are_refused_where_grids_must_not_move() -> None:
    x = rows(50, 0.9)
    x[20] = 2.0
    for seed in range(5):
        with pytest.raises(ValueError, match=r"X must lie inside the grid .* 2 at row 20, column"):
            strict().fit(x, target(x), update_grid=False, validation_fraction=0.5, seed=seed)


def test_rows_without_weight_may_lie_anywhere() -> None:
    x = rows(50, 0.9)
    x[20] = 2.0
    weight = np.ones(50)
    weight[20] = 0.0
    history = strict().fit(x, target(x), update_grid=False, sample_weight=weight, steps=2)
    assert history.steps == 2
