"""The one list of differential equations that are solved: recipes, exact solutions, and bars.

A recipe is what a user would write. Its seed starts the network, and draws points and noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from bars import number
from numpy.typing import NDArray
from solutions import (
    DIFFUSION_COEFFICIENT,
    VISCOSITY,
    burgers,
    cooling,
    diffusion,
    helmholtz,
    poisson,
    poisson_source,
)

from kan import KAN, Tensor, pde

__all__ = ["PROBLEMS", "SolvedProblem", "relative", "spread_points"]

Array = NDArray[Any]
Box = list[tuple[float, float]]

PI = np.pi
SQUARE: Box = [(-1, 1), (-1, 1)]
UNIT: Box = [(0, 1), (0, 1)]
TIME_AND_PLACE: Box = [(0, 1), (-1, 1)]

# Grid intervals, steps and how many times the asked viscosity.
BURGERS_STAGES = ((5, 20, 10.0), (10, 20, 4.0), (10, 20, 2.0), (20, 15, 1.4), (20, 50, 1.0))


@dataclass(frozen=True)
class SolvedProblem:
    """What is solved from a seed, how far the answer is off, and what is asked of both.

    The answer of `solve` is a model, or the number that was unknown. `published` is what others
    reach.
    """

    name: str
    label: str
    solve: Callable[[int], Any]
    error: Callable[[Any], float]
    measure: str
    most_error: float
    most_seconds: float
    published: str = ""

    @property
    def asked(self) -> str:
        """The bars in words."""
        return f"{self.measure} ≤ {number(self.most_error)}; ≤ {self.most_seconds:g} s"


def solve_poisson(seed: int) -> KAN:
    """u_xx + u_yy = source, u = 0 on the boundary: the example of the KAN paper."""
    model = KAN([2, 10, 1], grid=5, k=5, seed=seed)
    problem = pde.Problem(model)
    problem.add(
        pde.grid_points(SQUARE, 51),
        lambda x, u: u.d(0, 0) + u.d(1, 1) - poisson_source(x),
        weight=1e-4,
    )
    problem.add(pde.boundary_points(SQUARE, 101), lambda x, u: u.value)
    problem.solve(grids=[5, 10, 20], steps=20)
    return model


def solve_diffusion(seed: int) -> KAN:
    """u_t - u_xx = source, with values at the start and at both ends; inputs x, t."""
    model = KAN([2, 5, 1], grid=5, k=5, seed=seed, grid_range=(0, 1))
    problem = pde.Problem(model)
    problem.add(
        pde.grid_points(UNIT, 40),
        lambda x, u: u.d(1) - u.d(0, 0) - (PI**2 - 1) * diffusion(x),
        weight=1e-3,
    )
    edges = pde.boundary_points(UNIT, 60)
    problem.add(edges[edges[:, 1] < 1], lambda x, u: u.value - diffusion(x))
    problem.solve(grids=[5, 10, 20], steps=20)
    return model


def solve_helmholtz(seed: int) -> KAN:
    """u_xx + u_yy + u = source, u = 0 on the boundary."""
    model = KAN([2, 10, 1], grid=10, k=5, seed=seed)
    problem = pde.Problem(model)
    problem.add(
        spread_points(4000),
        lambda x, u: u.d(0, 0) + u.d(1, 1) + u.value - (1 - 17 * PI**2) * helmholtz(x),
        weight=1e-3,
    )
    problem.add(pde.boundary_points(SQUARE, 150), lambda x, u: u.value)
    problem.solve(grids=[10, 20, 30], steps=25, stop_grid_update_step=1)
    return model


def spread_points(count: int) -> Array:
    """Points of the square that keep apart, no two with one coordinate in common.

    Where splines are fine, rows and columns of a grid would leave them free between each other.
    The sequence is Roberts' R2.
    """
    ratio = 1.324717957244746  # its cube is itself and 1
    unit = np.arange(1, count + 1)[:, np.newaxis] / ratio ** np.array([1, 2]) % 1
    return 2 * unit - 1


def solve_burgers(seed: int) -> KAN:
    """u_t + u u_x = nu u_xx from -sin(pi x), u = 0 at both ends; inputs t, x.

    The shock comes from a viscosity that is easy, step by step, to the one that is asked. Half of
    the points are near it, the denser the nearer, and grids follow points.
    """
    model = KAN([2, 6, 6, 1], grid=5, k=5, seed=seed, grid_eps=0.1)
    viscosity = 0.0
    problem = pde.Problem(model)
    problem.add(
        points_near_shock(seed),
        lambda x, u: u.d(0) + u.value * u.d(1) - viscosity * u.d(1, 1),
        weight=0.01,
    )
    places = np.linspace(-1, 1, 301)
    start = at(0.0, np.append(places, places / 10))
    problem.add(start, lambda x, u: u.value + np.sin(PI * x[:, 1]))
    times = np.linspace(0, 1, 150)
    problem.add(np.concatenate([at(times, -1.0), at(times, 1.0)]), lambda x, u: u.value)
    for intervals, steps, times_easier in BURGERS_STAGES:
        viscosity = times_easier * VISCOSITY
        problem.solve(grids=[intervals], steps=steps, stop_grid_update_step=20)
    return model


def points_near_shock(seed: int) -> Array:
    """Points of time and place, half of them drawn towards the middle."""
    rng = np.random.default_rng(seed)
    points = pde.random_points(TIME_AND_PLACE, 3000, rng)
    near = points[1500:, 1]
    points[1500:, 1] = 0.1 * near * np.abs(near)
    return points


def at(time: Any, place: Any) -> Array:
    """Points of time and place, where one of the two may be a single number."""
    return np.stack(np.broadcast_arrays(time, place), axis=1)


def find_coefficient(seed: int) -> float:
    """D of u_t = D u_xx from 200 values inside with 1 % noise; the ends are known to be at 0.

    What was there at the start is not told. Inputs are x, t.
    """
    rng = np.random.default_rng(seed)
    measured_at = pde.random_points(UNIT, 200, rng)
    measured = cooling(measured_at)
    measured += 0.01 * measured.std() * rng.standard_normal(len(measured))
    model = KAN([2, 5, 1], grid=5, k=4, seed=seed, grid_range=(0, 1))
    coefficient = Tensor(1.0)
    problem = pde.Problem(model, [coefficient])
    problem.add(
        pde.grid_points(UNIT, 25), lambda x, u: u.d(1) - coefficient * u.d(0, 0), weight=0.01
    )
    problem.add(measured_at, lambda x, u: u.value - measured)
    ends = pde.boundary_points(UNIT, 40)
    problem.add(ends[(ends[:, 0] == 0) | (ends[:, 0] == 1)], lambda x, u: u.value)
    problem.solve(steps=60)
    return float(coefficient.item())


Exact = Callable[[Array], Array]


def mean_square(exact: Exact, box: Box, counts: list[int]) -> Callable[[KAN], float]:
    """Return what gives the mean squared error of a model on a fine grid of a box."""

    def error(model: KAN) -> float:
        unseen = pde.grid_points(box, counts)
        return float(np.mean((model(unseen)[:, 0] - exact(unseen)) ** 2))

    return error


def relative(exact: Exact, box: Box, counts: list[int]) -> Callable[[KAN], float]:
    """Return what gives the root of the mean squared error as a share of the solution's."""
    square = mean_square(exact, box, counts)

    def error(model: KAN) -> float:
        size = np.mean(exact(pde.grid_points(box, counts)) ** 2)
        return float(np.sqrt(square(model) / size))

    return error


PROBLEMS = {
    problem.name: problem
    for problem in (
        SolvedProblem(
            "poisson",
            "Poisson [2,10,1]",
            solve_poisson,
            mean_square(poisson, SQUARE, [151, 151]),
            "mean squared error",
            1e-9,
            20,
            "KAN paper: 1e-7",
        ),
        SolvedProblem(
            "diffusion",
            "diffusion [2,5,1]",
            solve_diffusion,
            relative(diffusion, UNIT, [151, 151]),
            "relative L2",
            2e-5,
            30,
            "jaxKAN: 2.1e-4 in 1241 s on a GPU",
        ),
        SolvedProblem(
            "helmholtz",
            "Helmholtz [2,10,1]",
            solve_helmholtz,
            relative(helmholtz, SQUARE, [151, 151]),
            "relative L2",
            1e-4,
            60,
            "jaxKAN: 1.0e-3 in 1828 s on a GPU",
        ),
        SolvedProblem(
            "burgers",
            "Burgers, ν = 0.01/π, [2,6,6,1]",
            solve_burgers,
            relative(burgers, TIME_AND_PLACE, [101, 513]),
            "relative L2",
            5e-3,
            120,
            "jaxKAN: 2.4e-2 in 1411 s on a GPU",
        ),
        SolvedProblem(
            "inverse",
            "D from 200 values with 1 % noise, [2,5,1]",
            find_coefficient,
            lambda found: abs(found / DIFFUSION_COEFFICIENT - 1),
            "relative error of D",
            0.01,
            30,
        ),
    )
}
