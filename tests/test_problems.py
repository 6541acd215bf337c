"""Differential equations of benchmarks/: exact solutions, recipes within their bars, the table."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
if not FOLDER.exists():
    pytest.skip("a source distribution has no benchmarks", allow_module_level=True)
sys.path.append(str(FOLDER))

import solutions  # noqa: E402
from equations import Answer, answer, row  # noqa: E402
from problems import PROBLEMS, relative, spread_points  # noqa: E402

STEP = 1e-3
PI = np.pi


def points(low: tuple[float, float], high: tuple[float, float]) -> np.ndarray:
    return np.random.default_rng(0).uniform(low, high, (200, 2))


INSIDE_SQUARE = points((-0.99, -0.99), (0.99, 0.99))
INSIDE_UNIT = points((0.01, 0.01), (0.99, 0.99))


def slope(function, x, i):
    """A difference that is exact but for terms of fourth order in the step."""
    step = STEP * np.eye(2)[i]
    near = function(x + step) - function(x - step)
    far = function(x + 2 * step) - function(x - 2 * step)
    return (8 * near - far) / (12 * STEP)


def curvature(function, x, i):
    return slope(lambda at: slope(function, at, i), x, i)


def residual(name: str) -> np.ndarray:
    """What an exact solution leaves of its equation, relative to the largest term."""
    if name == "poisson":
        u, x = solutions.poisson, INSIDE_SQUARE
        terms = [curvature(u, x, 0), curvature(u, x, 1), -solutions.poisson_source(x)]
    elif name == "diffusion":
        u, x = solutions.diffusion, INSIDE_UNIT
        terms = [slope(u, x, 1), -curvature(u, x, 0), -(PI**2 - 1) * u(x)]
    elif name == "helmholtz":
        u, x = solutions.helmholtz, INSIDE_SQUARE
        terms = [curvature(u, x, 0), curvature(u, x, 1), u(x), -(1 - 17 * PI**2) * u(x)]
    elif name == "inverse":
        u, x = solutions.cooling, INSIDE_UNIT
        terms = [slope(u, x, 1), -solutions.DIFFUSION_COEFFICIENT * curvature(u, x, 0)]
    else:  # with a viscosity whose shock is wider than the step
        viscosity = 0.1 / PI
        x = points((0.01, -0.99), (0.99, 0.99))

        def u(at):
            return solutions.burgers(at, viscosity)

        terms = [slope(u, x, 0), u(x) * slope(u, x, 1), -viscosity * curvature(u, x, 1)]
    return np.abs(sum(terms)).max() / np.abs(terms).max()


@pytest.mark.parametrize("name", PROBLEMS)
def test_an_exact_solution_satisfies_its_equation(name):
    assert residual(name) <= 1e-6


def test_the_wave_of_burgers_starts_as_a_sine_and_stays_odd():
    places = np.linspace(-1, 1, 41)
    start = np.stack([0 * places, places], axis=1)
    np.testing.assert_allclose(solutions.burgers(start), -np.sin(PI * places), atol=1e-12)
    x = points((0.01, -1), (1, 1))
    mirrored = x * [1, -1]
    np.testing.assert_allclose(solutions.burgers(mirrored), -solutions.burgers(x), atol=1e-12)


def test_solutions_are_0_where_recipes_say_so():
    rim = np.array([[a, b] for a in (-1.0, 1.0) for b in np.linspace(-1, 1, 9)])
    for x in (rim, rim[:, ::-1]):
        np.testing.assert_allclose(solutions.poisson(x), 0, atol=1e-14)
        np.testing.assert_allclose(solutions.helmholtz(x), 0, atol=1e-14)
    ends = np.array([[a, t] for a in (0.0, 1.0) for t in np.linspace(0, 1, 9)])
    np.testing.assert_allclose(solutions.cooling(ends), 0, atol=1e-14)
    np.testing.assert_allclose(solutions.burgers(ends[:, ::-1] * [1, 2] - [0, 1]), 0, atol=1e-12)


def test_spread_points_keep_apart_and_leave_no_gap():
    x = spread_points(1000)
    assert x.min() > -1
    assert x.max() < 1
    distances = np.linalg.norm(x[:, np.newaxis] - x, axis=2) + 9 * np.eye(len(x))
    assert distances.min() >= 0.5 * np.sqrt(4 / len(x))
    anywhere = points((-1, -1), (1, 1))
    assert np.linalg.norm(anywhere[:, np.newaxis] - x, axis=2).min(axis=1).max() <= 0.12


def test_a_relative_error_is_a_share_of_the_solution():
    error = relative(lambda x: np.full(len(x), 2.0), [(0, 1), (0, 1)], [5, 5])
    assert error(lambda x: np.full((len(x), 1), 2.5)) == pytest.approx(0.25)


def test_a_row_holds_if_error_and_seconds_of_every_seed_do():
    problem = replace(PROBLEMS["poisson"], most_error=1e-9, most_seconds=20.0)
    good = Answer(1e-10, 5.0)
    assert row(problem, [good, good]).split(" | ")[3] == "yes"
    for bad in (Answer(2e-9, 5.0), Answer(1e-10, 21.0), Answer(np.nan, 5.0)):
        assert row(problem, [good, bad]).split(" | ")[3] == "NO"


def test_the_diffusion_coefficient_is_found_to_a_hundredth():
    found = answer(PROBLEMS["inverse"], seed=0)
    assert found.error <= PROBLEMS["inverse"].most_error


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", PROBLEMS)
def test_a_recipe_keeps_its_bar_of_error(name, seed):
    assert answer(PROBLEMS[name], seed).error <= PROBLEMS[name].most_error
