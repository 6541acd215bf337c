"""Solve Poisson's equation on a square to ten digits.

    python examples/poisson.py [--quick] [--plot poisson.svg]

The equation is u_xx + u_yy = f inside and u = 0 on the boundary, with a source f whose solution,
sin(pi x) sin(pi y^2), is known to us but not to the network. The residual is written as on paper;
derivatives of the network are exact. It is trained on a coarse grid, then on two finer ones. The
picture shows the solution, the exact one and the error.
"""

import argparse

import numpy as np

from kan import KAN, pde

PI = np.pi
SQUARE = [(-1, 1), (-1, 1)]


def exact(x):
    return np.sin(PI * x[:, 0]) * np.sin(PI * x[:, 1] ** 2)


def source(x):
    phase = PI * x[:, 1] ** 2
    waves = np.cos(phase) - 2 * phase * np.sin(phase)
    return 2 * PI * np.sin(PI * x[:, 0]) * waves - PI**2 * exact(x)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smaller network and fewer points")
    parser.add_argument("--plot", metavar="FILE", help="draw the solution")
    options = parser.parse_args()
    hidden, points, grids = (8, 31, [5, 10]) if options.quick else (10, 51, [5, 10, 20])

    model = KAN([2, hidden, 1], grid=5, k=5, seed=0)
    problem = pde.Problem(model)
    # Second derivatives are large numbers: a small weight brings them down to the values'.
    problem.add(
        pde.grid_points(SQUARE, points),
        lambda x, u: u.d(0, 0) + u.d(1, 1) - source(x),
        weight=1e-4,
        name="inside",
    )
    problem.add(pde.boundary_points(SQUARE, 2 * points), lambda x, u: u.value, name="boundary")
    history = problem.solve(grids=grids, steps=20)

    unseen = pde.grid_points(SQUARE, 101)
    print(history)
    for step, intervals in history.refinements:
        print(f"from step {step:3d}: {intervals:2d} intervals")
    print(f"mean squared residual inside: {history['inside'][-1]:.1e}")
    print(f"mean squared error: {np.mean((model(unseen)[:, 0] - exact(unseen)) ** 2):.1e}")

    if options.plot:
        problem.plot(exact, names=["x", "y"]).savefig(options.plot)


if __name__ == "__main__":
    main()
