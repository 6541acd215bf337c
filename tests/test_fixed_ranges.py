"""Edges stay in their ranges, and move no further than said, wherever their inputs are."""

from __future__ import annotations

import numpy as np
import pytest

from kan import KAN
from kan._fixed_ranges import Alone, inputs_alone, ranges
from random_models import random_model, with_edge_functions, with_uneven_grids

POLICIES = ("linear", "clamp", "zero", "polynomial", "error")


def only_input(model: KAN) -> Alone:
    scale = np.array([1.0, -2.0, 0.5])
    (alone,) = inputs_alone(model._network, 0, scale)
    return alone


def between(points: np.ndarray, count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.uniform(points[0], points[-1], count)


def assert_holds(alone: Alone, count: int, error: float, seed: int = 0) -> None:
    """Compare with many places, on few and distant points so that much happens between."""
    x = np.linspace(-1.7, 1.9, count)
    unit = x[1] - x[0]
    found = ranges(alone, x, unit, error)
    places = between(x, 100_000, seed)
    values = alone.values(places)
    rounding = 1e-12 * np.maximum(np.abs(found.least), np.abs(found.most))
    assert (values >= found.least - rounding).all()
    assert (values <= found.most + rounding).all()
    held = np.clip(np.rint((places - x[0]) / unit), 0, count - 1).astype(int)
    rng = np.random.default_rng(seed + 1)
    away = np.clip(x[held] + rng.uniform(-error, error, places.size), x[0], x[-1])
    moved = np.abs(alone.values(away) - alone.values(x)[held])
    assert (moved <= found.moved + rounding).all()


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("k", range(6))
def test_splines(policy: str, k: int) -> None:
    model = random_model([1, 3], k=k, grid=5, extrapolation=policy, seed=k)
    for count in (4, 50, 1001):
        for error in (0.03, 0.4):
            assert_holds(only_input(model), count, error)


def test_uneven_grids() -> None:
    model = with_uneven_grids(random_model([1, 3], grid=7, base_fun="identity"))
    assert_holds(only_input(model), 20, 0.3)


@pytest.mark.parametrize("name", ["sin", "tanh", "x^2", "gaussian", "arctan", "exp", "x^3", "abs"])
@pytest.mark.parametrize("own", [True, False], ids=["alone", "beside a spline"])
def test_symbolic_edges(name: str, own: bool) -> None:
    numbers = (1.3, 0.2, 0.8, -0.1)
    model = with_edge_functions(random_model([1, 3]), {(0, 0, 1): (name, numbers)}, alone=own)
    for count in (5, 300):
        assert_holds(only_input(model), count, 0.1)


@pytest.mark.parametrize("name", ["1/x", "1/x^2", "1/sqrt(x)", "log", "tan", "sgn", "sqrt"])
def test_functions_with_poles_and_jumps(name: str) -> None:
    numbers = (1.0, 0.31, 0.5, 0.0)
    model = with_edge_functions(random_model([1, 3]), {(0, 0, 2): (name, numbers)})
    for count in (5, 300):
        assert_holds(only_input(model), count, 0.1)


def test_a_smooth_edge_is_given_away_by_hardly_more_than_it_does() -> None:
    alone = only_input(random_model([1, 3], grid=5))
    x = np.linspace(-1.0, 1.0, 65_537)
    unit = x[1] - x[0]
    values = alone.values(x)
    found = ranges(alone, x, unit, 3.3 * unit)
    # A bend M adds M unit / 2 to the slope of a chord, here some thousandth of the steepest.
    steepest = (np.abs(np.diff(values, axis=0)) / unit).max(axis=0)
    assert (found.moved <= 1.01 * 3.3 * unit * steepest).all()
    assert (found.most - found.least <= 1.001 * np.ptp(values, axis=0)).all()


def test_inputs_without_an_error_are_the_points_alone() -> None:
    alone = only_input(random_model([1, 3], grid=5, extrapolation="zero"))
    x = np.linspace(-3.0, 3.0, 7)
    found = ranges(alone, x, 1.0, 0.0)
    np.testing.assert_array_equal(found.moved, 0.0)
    np.testing.assert_array_equal(found.most, alone.values(x).max(axis=0))
