"""Fits that make networks sparse: what is lowered, what is reported, what remains."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from kan import KAN, create_dataset
from kan._regulariser import METRICS, Regulariser
from random_models import random_model


@pytest.fixture(scope="module")
def dataset() -> dict[str, Any]:
    """The function of pykan's first notebook."""
    return create_dataset(lambda x: np.exp(np.sin(np.pi * x[:, [0]]) + x[:, [1]] ** 2))


def rows(count: int = 60, inputs: int = 2, seed: int = 0) -> tuple[Any, Any]:
    X = np.random.default_rng(seed).uniform(-1, 1, (count, inputs))
    return X, X[:, :1] * X[:, 1:2]


def reg_of(model: KAN, X: Any, metric: str = METRICS[0], weights: Any = (1.0, 2.0, 0.0, 0.0)):
    return model.get_reg(metric, *weights, X=X)


def entropy(V: Any) -> float:
    """Of the lines of a matrix, by pykan's formula."""
    p = V / (V.sum(axis=1, keepdims=True) + 1.0)
    return float(-(p * np.log2(p + 1e-4)).sum(axis=1).mean())


def test_the_regulariser_is_what_its_formula_says() -> None:
    model = random_model([2, 3, 1], seed=3)
    X, _ = rows()
    expected, z = 0.0, X
    for index in range(2):
        outs = np.stack([[model.edge(index, i, j)(z[:, i]) for j in range(m)]
                         for i, m in [(i, [3, 1][index]) for i in range(z.shape[1])]])  # fmt: skip
        V = outs.std(axis=2, ddof=1) / (z.std(axis=0, ddof=1) + 0.1)[:, np.newaxis]
        expected += 0.7 * V.sum() + 1.5 * (entropy(V) + entropy(V.T))
        z = outs.sum(axis=0).T
    assert reg_of(model, X, weights=(0.7, 1.5, 0.0, 0.0)) == pytest.approx(expected, rel=1e-10)


def test_coefficients_count_with_the_weights_of_pykan() -> None:
    model = random_model([2, 1], seed=3)
    c = [model.edge(0, i, 0).coefficients for i in range(2)]
    sums = sum(np.abs(one).sum() for one in c), sum(np.abs(np.diff(one)).sum() for one in c)
    expected = math.sqrt(2) * (3.0 * sums[0] + 5.0 * sums[1])
    assert reg_of(model, None, weights=(0, 0, 3.0, 5.0)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
def test_losses_are_reported_without_the_regulariser(opt: str) -> None:
    X, y = rows()
    model = KAN([2, 3, 1], seed=0)
    history = model.fit(X, y, opt=opt, steps=4, lamb=1e-2, update_grid=False)
    assert {type(one) for one in history["reg"]} == {float}
    assert model.get_reg(X=X) == pytest.approx(history["reg"][-1], rel=1e-8)
    error = math.sqrt(np.mean((model(X) - y) ** 2))
    assert error == pytest.approx(history["train_loss"][-1], rel=1e-10)


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
def test_with_batches_each_step_reports_the_loss_and_the_regulariser_of_its_own_rows(
    opt: str,
) -> None:
    X, y = rows(64)
    same = np.tile(X[:1], (64, 1)), np.tile(y[:1], (64, 1))
    options: dict[str, Any] = {"opt": opt, "batch": 16, "steps": 1, "update_grid": False}
    model, plain = KAN([2, 3, 1], seed=0), KAN([2, 3, 1], seed=0)
    # Rows that are all alike have no deviations: all that is left is the entropy's and l1's zero.
    assert model.fit(*same, lamb=1.0, **options)["reg"] == [0.0]
    one = KAN([2, 3, 1], seed=0).fit(X, y, lamb=1e-2, **options)
    other = plain.fit(X, y, **options)
    assert one["reg"][0] > 0.0
    if opt == "Adam":  # whose first loss is that of where it began
        assert one["train_loss"] == pytest.approx(other["train_loss"], rel=1e-12)
        assert one["reg"][0] == pytest.approx(reg_of(KAN([2, 3, 1], seed=0), X), rel=0.2)


@pytest.mark.filterwarnings("ignore:fit learnt nothing")
def test_what_remains_is_the_best_by_loss_and_regulariser_together() -> None:
    X, y = rows()
    model = KAN([2, 3, 1], seed=0)
    model.fit(X, y, opt="LM", steps=20)
    before = math.sqrt(np.mean((model(X) - y) ** 2))
    sizes = model.get_reg(X=X)
    model.fit(X, y, steps=10, lamb=0.1, update_grid=False)
    after = math.sqrt(np.mean((model(X) - y) ** 2))
    assert after > before
    assert after**2 + 0.1 * model.get_reg(X=X) < before**2 + 0.1 * sizes


@pytest.mark.filterwarnings("ignore:fit learnt nothing")
def test_held_out_rows_decide_by_both_and_are_reported_by_the_loss_alone() -> None:
    X, y = rows(200)
    model = KAN([2, 3, 1], seed=0)
    options: dict[str, Any] = {"validation_fraction": 0.3, "update_grid": False, "seed": 5}
    history = model.fit(X, y, steps=12, lamb=3e-2, **options)
    held_out = np.sort(np.random.default_rng(5).permutation(200)[:60])
    loss = math.sqrt(np.mean((model(X[held_out]) - y[held_out]) ** 2))
    assert np.min(np.abs(np.array(history["validation_loss"]) - loss)) < 1e-10
    assert loss > min(history["validation_loss"])  # sparser beats more exact


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_lowers_the_regulariser(metric: str) -> None:
    X, y = rows()
    model = KAN([2, 3, 1], seed=0)
    before = reg_of(model, X, metric)
    history = model.fit(X, y, steps=6, lamb=0.1, reg_metric=metric, update_grid=False)
    assert history["reg"][-1] < 0.8 * before
    assert history.optimizer == "LBFGS"
    assert history.reason == "for a regulariser, which is no sum of squares"


def test_a_function_as_loss_is_lowered_together_with_the_regulariser() -> None:
    X, y = rows()

    def squared(prediction: Any, target: Any) -> tuple[float, Any]:
        error = prediction - target
        return float(np.mean(error**2)), 2.0 * error / error.size

    named, given = KAN([2, 3, 1], seed=0), KAN([2, 3, 1], seed=0)
    options: dict[str, Any] = {"opt": "LBFGS", "steps": 2, "lamb": 1e-2, "update_grid": False}
    of_name, of_function = named.fit(X, y, **options), given.fit(X, y, loss_fn=squared, **options)
    assert of_function["reg"] == pytest.approx(of_name["reg"], rel=1e-5)
    assert np.sqrt(of_function["train_loss"]) == pytest.approx(of_name["train_loss"], rel=1e-5)


def test_the_gradient_of_the_penalty_is_that_of_its_value() -> None:
    model = random_model([2, 2, 1], seed=1)
    X, _ = rows()
    penalised = Regulariser(lamb=0.3, coef=0.1)
    value, gradient = penalised.penalty_and_gradient(model._network, X)
    assert value == pytest.approx(penalised.penalty(model._network, X), rel=1e-12)
    start, step = model.get_parameters(), 1e-6
    for p in range(0, start.size, 5):
        moved = np.zeros_like(start)
        moved[p] = step
        ends = []
        for sign in (1.0, -1.0):
            model.set_parameters(start + sign * moved)
            ends.append(penalised.penalty(model._network, X))
        assert gradient[p] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-8)


def test_without_lamb_the_history_has_zeros() -> None:
    assert KAN([2, 1]).fit(*rows(), opt="LBFGS", steps=3)["reg"] == [0.0, 0.0, 0.0]


def test_grids_can_be_refined_while_the_network_gets_sparse() -> None:
    X, y = rows(200)
    model = KAN([2, 3, 1], seed=0)
    history = model.fit(X, y, steps=20, grids=[3, 6], lamb=1e-3)
    assert model.grid == 6
    assert [intervals for _, intervals in history.refinements] == [3, 6]
    assert len(history["reg"]) == history.steps
    assert history.optimizer == "LBFGS"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", [0, 1, 42])
def test_the_first_notebook_finds_the_two_layers_of_its_function(
    seed: int, dtype: str, dataset: dict[str, Any]
) -> None:
    model = KAN([2, 5, 1], grid=3, k=3, seed=seed, dtype=dtype)
    history = model.fit(dataset, opt="LBFGS", steps=50, lamb=0.001)
    assert history["train_loss"][-1] < 0.0185  # pykan
    assert len(history["test_loss"]) == len(history["reg"]) == 50
    assert model.prune().width == [[2, 0], [1, 0], [1, 0]]


@pytest.mark.filterwarnings("ignore:fit learnt nothing")
def test_grids_only_grow_while_the_network_gets_sparse() -> None:
    """One that followed a dying node down would resolve ever finer what it does."""
    X, y = rows(200)
    model = KAN([2, 4, 1], seed=0)
    before = model._network.knots(1)
    model.fit(X, y, opt="LBFGS", steps=30, lamb=1e-2)
    after = model._network.knots(1)
    assert min(model.node_scores[1]) < 1e-3
    assert (np.ptp(after, axis=1) >= np.ptp(before, axis=1)).all()
