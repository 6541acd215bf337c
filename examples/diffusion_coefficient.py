"""Find how fast heat spreads in a bar from noisy readings.

    python examples/diffusion_coefficient.py [--quick] [--plot bar.svg]

The temperature obeys u_t = D u_xx, its ends are kept at 0. What it was at the start is not known,
nor is D. There are 200 readings at random places and times, with 1 % noise. The unknown D stands in
the residual as a tensor and is found together with the temperature. The picture shows what was
found, the truth and the difference.
"""

import argparse

import numpy as np

from kan import KAN, Tensor, pde

TRUE_COEFFICIENT = 0.3
BOX = [(0, 1), (0, 1)]  # place, time


def exact(x):
    return np.exp(-TRUE_COEFFICIENT * np.pi**2 * x[:, 1]) * np.sin(np.pi * x[:, 0])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer points and steps")
    parser.add_argument("--plot", metavar="FILE", help="draw the temperature")
    options = parser.parse_args()
    points, steps = (15, 30) if options.quick else (25, 60)

    rng = np.random.default_rng(0)
    places = pde.random_points(BOX, 200, rng)
    readings = exact(places)
    readings += 0.01 * readings.std() * rng.standard_normal(len(readings))

    model = KAN([2, 5, 1], grid=5, k=4, seed=0, grid_range=(0, 1))
    coefficient = Tensor(1.0)
    problem = pde.Problem(model, [coefficient])
    problem.add(
        pde.grid_points(BOX, points),
        lambda x, u: u.d(1) - coefficient * u.d(0, 0),
        weight=0.01,
        name="equation",
    )
    problem.add(places, lambda x, u: u.value - readings, name="readings")
    edges = pde.boundary_points(BOX, 40)
    ends = edges[(edges[:, 0] == 0) | (edges[:, 0] == 1)]
    problem.add(ends, lambda x, u: u.value, name="ends")
    print(problem.solve(steps=steps))

    off = abs(coefficient.item() / TRUE_COEFFICIENT - 1)
    print(f"D = {coefficient.item():.4f}, which is {100 * off:.2f} % off")
    print(
        f"RMS of what the readings differ by: {np.sqrt(np.mean(problem.residuals()[1] ** 2)):.1e}"
    )

    if options.plot:
        problem.plot(exact, names=["place", "time"]).savefig(options.plot)


if __name__ == "__main__":
    main()
