"""Solve Burgers' equation, whose solution becomes a shock.

    python examples/burgers.py [--quick] [--plot shock.svg]

The equation is u_t + u u_x = nu u_xx with nu = 0.01/pi, from -sin(pi x) at the start and 0 at both
ends. A third of the way through, a wave as wide as the box has become a step a hundredth as wide.
Three things tame it: the viscosity goes down from ten times its value, step by step; points and
grids are denser where the shock will be; and the middle, where an odd start stays 0, is held. The
picture shows the solution.
"""

import argparse
import time

import numpy as np

from kan import KAN, pde

VISCOSITY = 0.01 / np.pi
BOX = [(0, 1), (-1, 1)]  # time, place

# Intervals of the grid, steps, and times the viscosity.
SCHEDULE = [(5, 20, 10), (10, 20, 4), (10, 20, 2), (20, 40, 1)]
QUICK_SCHEDULE = [(5, 15, 20), (5, 20, 10)]


def exact(x):
    """Return the solution by the formula of Cole and Hopf, integrated by Gauss and Hermite."""
    nodes, weights = np.polynomial.hermite.hermgauss(160)
    spread = np.sqrt(4 * VISCOSITY * np.maximum(x[:, :1], 1e-12))
    origin = x[:, 1:] - spread * nodes
    exponent = -np.cos(np.pi * origin) / (2 * np.pi * VISCOSITY)
    share = weights * np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return -(np.sin(np.pi * origin) * share).sum(axis=1) / share.sum(axis=1)


def points_inside(count):
    """Draw points, half of them near the middle, the denser the nearer."""
    points = pde.random_points(BOX, count, rng=0)
    near = points[count // 2 :, 1]
    points[count // 2 :, 1] = 0.1 * near * np.abs(near)
    return points


def at(moment, place):
    """Return points of time and place, where one of the two may be a single number."""
    return np.stack(np.broadcast_arrays(moment, place), axis=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="stop at ten times the viscosity")
    parser.add_argument("--plot", metavar="FILE", help="draw the solution")
    options = parser.parse_args()
    width, count = ([2, 4, 4, 1], 800) if options.quick else ([2, 6, 6, 1], 3000)

    viscosity = VISCOSITY
    model = KAN(width, grid=5, k=4, seed=0, grid_eps=0.1)  # grids follow the points
    problem = pde.Problem(model)
    problem.add(
        points_inside(count),
        lambda x, u: u.d(0) + u.value * u.d(1) - viscosity * u.d(1, 1),
        weight=0.01,
    )
    places, moments = np.linspace(-1, 1, 301), np.linspace(0, 1, 150)
    start = at(0.0, np.append(places, places / 10))
    problem.add(start, lambda x, u: u.value + np.sin(np.pi * x[:, 1]))
    for place in (-1.0, 0.0, 1.0):
        problem.add(at(moments, place), lambda x, u: u.value)

    began = time.perf_counter()
    for intervals, steps, times in QUICK_SCHEDULE if options.quick else SCHEDULE:
        viscosity = times * VISCOSITY
        history = problem.solve(grids=[intervals], steps=steps, stop_grid_update_step=20)
        print(
            f"{times:2d} times the viscosity, {intervals:2d} intervals: loss "
            f"{history['train_loss'][-1]:.1e}, {time.perf_counter() - began:.0f} s"
        )
    unseen = pde.grid_points(BOX, [51, 257])
    off = np.linalg.norm(model(unseen)[:, 0] - exact(unseen)) / np.linalg.norm(exact(unseen))
    print(f"relative error: {off:.1e}")

    if options.plot:
        problem.plot(exact, names=["time", "place"]).savefig(options.plot)


if __name__ == "__main__":
    main()
