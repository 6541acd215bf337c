"""Measure how well a rod conducts heat, from 200 readings of thermometers.

    python examples/diffusion_coefficient.py [--quick] [--plot rod.svg]

A rod whose ends are kept at 0 cools down: u_t = D u_xx. How fast D makes it is not known, nor how
warm it was at the start. The network learns the readings, which are noisy, and the equation, in
which D is one more number to be found. Both help each other: the equation smooths what was read,
and what was read says what D is. The picture shows the temperature, the exact one and the error.
"""

import argparse

import numpy as np

from kan import KAN, Tensor, pde

TRUE_D = 0.3
PLACE_AND_TIME = [(0, 1), (0, 1)]


def exact(points):
    place, time = points.T
    return np.exp(-TRUE_D * np.pi**2 * time) * np.sin(np.pi * place)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer points")
    parser.add_argument("--plot", metavar="FILE", help="draw the temperature")
    options = parser.parse_args()

    rng = np.random.default_rng(0)
    thermometers = pde.random_points(PLACE_AND_TIME, 200, rng)
    readings = exact(thermometers)
    noise = 0.01 * readings.std()
    readings += noise * rng.standard_normal(200)

    D = Tensor(1.0)
    model = KAN([2, 5, 1], grid=5, k=4, seed=0, grid_range=(0, 1))
    problem = pde.Problem(model, [D])
    inside = pde.grid_points(PLACE_AND_TIME, 15 if options.quick else 25)
    # A rod that is cold everywhere satisfies the equation, too: the readings must weigh more.
    problem.add(inside, lambda x, u: u.d(1) - D * u.d(0, 0), weight=0.01)
    problem.add(thermometers, lambda x, u: u.value - readings, name="readings")
    ends = pde.grid_points(PLACE_AND_TIME, [2, 40])
    problem.add(ends, lambda x, u: u.value)
    history = problem.solve(steps=60)

    missed = np.sqrt(history["readings"][-1])
    print(f"noise of the readings: {noise:.4f}, the network misses them by {missed:.4f}")
    unseen = pde.grid_points(PLACE_AND_TIME, 51)
    error = np.sqrt(np.mean((model(unseen)[:, 0] - exact(unseen)) ** 2))
    print(f"it misses the true temperature by {error:.4f}")
    print(f"D: {D.item():.4f}, in truth {TRUE_D}: off by {100 * abs(D.item() / TRUE_D - 1):.2f} %")

    if options.plot:
        problem.plot(exact, names=["place", "time"]).savefig(options.plot)


if __name__ == "__main__":
    main()
