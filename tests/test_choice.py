"""What ``opt="auto"`` chooses, and that it chooses the faster one."""

from __future__ import annotations

import time

import numpy as np
import pytest

from kan import KAN


def chosen(width, rows, **options):
    rng = np.random.default_rng(0)
    outputs = width[-1]
    X, y = rng.uniform(-1, 1, (rows, width[0])), rng.uniform(-1, 1, (rows, outputs))
    if options.get("loss_fn") == "cross_entropy":
        y = rng.integers(0, outputs, rows)
    history = KAN(width, seed=0).fit(X, y, steps=1, update_grid=False, **options)
    return history.optimizer


@pytest.mark.parametrize(
    ("width", "rows", "options", "expected"),
    [
        ([2, 5, 1], 1000, {}, "LM"),
        ([100, 1, 1], 1000, {}, "LM"),
        ([2, 3, 3], 500, {"loss_fn": "cross_entropy"}, "LM"),
        ([20, 40, 1], 500, {}, "LBFGS"),  # 5880 parameters
        ([2, 5, 1], 300, {"batch": 100}, "Adam"),
        ([2, 5, 1], 300, {"weight_decay": 0.1}, "Adam"),
        ([2, 5, 1], 300, {"lr": 0.5}, "LBFGS"),
        ([2, 5, 1], 300, {"alpha": 1e-3}, "LM"),
        ([2, 5, 1], 300, {"loss_fn": lambda p, t: (float((p**2).sum()), 2 * p)}, "LBFGS"),
        ([200, 300, 10], 10_000, {}, "Adam"),
    ],
)
def test_the_choice(width, rows, options, expected):
    assert chosen(width, rows, **options) == expected


def test_the_history_says_why():
    X = np.random.default_rng(0).uniform(-1, 1, (100, 2))
    history = KAN([2, 1]).fit(X, X[:, 0], steps=1)
    assert history.reason == "a step takes about 5e+03 multiply-adds"
    assert KAN([2, 1]).fit(X, X[:, 0], opt="LBFGS", steps=1).reason == "asked for"


@pytest.mark.slow
def test_where_it_is_chosen_levenberg_marquardt_gets_further_in_the_same_time():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (1000, 2))
    y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
    began = time.perf_counter()
    best = KAN([2, 5, 1], grid=5, seed=0).fit(X, y, steps=100)["train_loss"][-1]
    seconds = time.perf_counter() - began
    model = KAN([2, 5, 1], grid=5, seed=0)
    other = model.fit(X, y, opt="LBFGS", steps=2)
    while time.perf_counter() - began < 2 * seconds:
        other = model.fit(X, y, opt="LBFGS", steps=5)
    assert best < 0.5 * other["train_loss"][-1]
