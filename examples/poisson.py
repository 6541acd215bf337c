"""Solve Poisson's equation: which function has these curvatures, and is 0 at the edge?

    python examples/poisson.py [--quick] [--plot solution.svg]

The equation u_xx + u_yy = source on a square is the example of the KAN paper. The network sees no
value of the solution inside: it is asked to have the right curvatures there, and to be 0 on the
boundary. Its derivatives are exact, its splines of degree 5 smooth, and Levenberg-Marquardt needs
some ten steps on each of three grids. The picture shows the solution, the exact one and the error.
"""

import argparse

import numpy as np

from kan import KAN, pde

SQUARE = [(-1, 1), (-1, 1)]


def exact(points):
    x, y = points.T
    return np.sin(np.pi * x) * np.sin(np.pi * y**2)


def source(points):
    x, y = points.T
    phase = np.pi * y**2
    waves = np.cos(phase) - 2 * phase * np.sin(phase)
    return 2 * np.pi * np.sin(np.pi * x) * waves - np.pi**2 * exact(points)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer points and nodes")
    parser.add_argument("--plot", metavar="FILE", help="draw the solution")
    options = parser.parse_args()
    nodes, count = (5, 31) if options.quick else (10, 51)

    model = KAN([2, nodes, 1], grid=5, k=5, seed=0)
    problem = pde.Problem(model)
    problem.add(
        pde.grid_points(SQUARE, count),
        lambda x, u: u.d(0, 0) + u.d(1, 1) - source(x),
        weight=1e-4,  # curvatures are large numbers
        name="inside",
    )
    problem.add(pde.boundary_points(SQUARE, 2 * count), lambda x, u: u.value, name="boundary")

    unseen = pde.grid_points(SQUARE, 101)
    print("grid  steps  residual inside  on the boundary    error")
    for grid in (5, 10, 20):
        history = problem.solve(grids=[grid], steps=20)
        inside, boundary = (np.sqrt(history[name][-1]) for name in ("inside", "boundary"))
        error = np.sqrt(np.mean((model(unseen)[:, 0] - exact(unseen)) ** 2))
        print(f"{grid:4d}  {history.steps:5d}  {inside:15.1e}  {boundary:15.1e}  {error:.1e}")

    print(f"\nmean squared error at unseen points: {error**2:.1e}")
    if options.plot:
        problem.plot(exact, names=["x", "y"]).savefig(options.plot)


if __name__ == "__main__":
    main()
