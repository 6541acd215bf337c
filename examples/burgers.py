"""Follow a wave until it breaks: Burgers' equation with hardly any viscosity.

    python examples/burgers.py [--quick] [--plot wave.svg]

The crest of u_t + u u_x = viscosity u_xx runs to the right, its trough to the left, and where they
meet stands a shock, some thousandths wide. A network that is asked for it at once finds something
else that nearly satisfies the equation. So it begins with a syrup whose wave breaks gently, and
learns thinner and thinner liquids, each from the one before. Half of the points lie near the shock,
and the grids follow them. The picture shows the wave, the exact one and the error.
"""

import argparse

import numpy as np

from kan import KAN, pde

TIME_AND_PLACE = [(0, 1), (-1, 1)]

# Viscosity times pi, grid intervals, steps.
LIQUIDS = [(0.1, 5, 20), (0.04, 10, 20), (0.02, 10, 20), (0.014, 20, 15), (0.01, 20, 50)]


def exact(points, viscosity):
    """Cole and Hopf's integral by Gauss and Hermite's rule."""
    nodes, weights = np.polynomial.hermite.hermgauss(160)
    came_from = points[:, 1:] - np.sqrt(4 * viscosity * points[:, :1]) * nodes
    exponents = -np.cos(np.pi * came_from) / (2 * np.pi * viscosity)
    shares = weights * np.exp(exponents - exponents.max(axis=1, keepdims=True))
    return -np.sum(shares * np.sin(np.pi * came_from), axis=1) / shares.sum(axis=1)


def points_near_shock(count):
    rng = np.random.default_rng(0)
    points = pde.random_points(TIME_AND_PLACE, count, rng)
    near = points[count // 2 :, 1]
    points[count // 2 :, 1] = 0.1 * near * np.abs(near)
    return points


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two liquids, fewer points and nodes")
    parser.add_argument("--plot", metavar="FILE", help="draw the wave")
    options = parser.parse_args()
    liquids = LIQUIDS[:2] if options.quick else LIQUIDS
    nodes, count = (5, 1500) if options.quick else (6, 3000)

    model = KAN([2, nodes, nodes, 1], grid=5, k=5, seed=0, grid_eps=0.1)
    problem = pde.Problem(model)
    viscosity = liquids[0][0] / np.pi  # the residual sees what it is at the time
    problem.add(
        points_near_shock(count),
        lambda x, u: u.d(0) + u.value * u.d(1) - viscosity * u.d(1, 1),
        weight=0.01,
    )
    places = np.linspace(-1, 1, 301)
    places = np.append(places, places / 10)
    start = np.column_stack([0 * places, places])
    problem.add(start, lambda x, u: u.value + np.sin(np.pi * x[:, 1]))
    ends = pde.grid_points(TIME_AND_PLACE, [150, 2])
    problem.add(ends, lambda x, u: u.value)

    unseen = pde.grid_points(TIME_AND_PLACE, [21, 257])
    print("viscosity  grid  steepest slope    error")
    for times_pi, grid, steps in liquids:
        viscosity = times_pi / np.pi
        problem.solve(grids=[grid], steps=steps, stop_grid_update_step=20)
        slope = model.jacobian(unseen)[:, 0, 1].min()
        wave = exact(unseen, viscosity)
        error = np.linalg.norm(model(unseen)[:, 0] - wave) / np.linalg.norm(wave)
        print(f"{viscosity:9.4f}  {grid:4d}  {slope:14.1f}  {error:.1e}")

    if options.plot:
        problem.plot(lambda x: exact(x, viscosity), names=["time", "place"]).savefig(options.plot)


if __name__ == "__main__":
    main()
