"""Rediscover a law: how do two velocities add up near the speed of light?

    python examples/rediscover_law.py [--quick] [--plot law.svg]

Einstein's answer is (u + v) / (1 + u v). The network sees numbers alone, with five hidden nodes to
explain them. Sparse training and pruning leave one, and the search for symbols names its curves:
the formula says that rapidities, atanh(u) and atanh(v), add up like slow velocities. It is exact,
so it also holds for velocities that were never seen. The picture shows the pruned network.
"""

import argparse

import numpy as np

from kan import KAN


def sum_of_velocities(pairs):
    u, v = pairs.T
    return (u + v) / (1 + u * v)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rows")
    parser.add_argument("--plot", metavar="FILE", help="draw the network")
    options = parser.parse_args()

    rng = np.random.default_rng(0)
    X = rng.uniform(-0.9, 0.9, (500 if options.quick else 2000, 2))
    y = sum_of_velocities(X)

    model = KAN([2, 5, 1], grid=5, seed=0)
    model.fit(X, y, steps=50, lamb=1e-3)  # lamb: edges that bring little shrink to nothing
    model = model.prune()
    print(f"pruned: {model.pruned}")
    print(f"left:   {[sums for sums, _ in model.width]}")
    if options.plot:
        model.plot(in_vars=["u", "v"], out_vars=["sum"]).savefig(options.plot)

    print(f"\n{model.auto_symbolic()}\n")
    formula = model.symbolic_formula(var=["u", "v"], simplify=True)[0][0]
    print(f"formula: {formula}")

    faster = rng.uniform(0.9, 0.99, (1000, 2)) * rng.choice([-1, 1], (1000, 2))
    error = np.abs(model(faster)[:, 0] - sum_of_velocities(faster)).max()
    print(f"largest error at velocities up to 0.99, never seen: {error:.1e}")


if __name__ == "__main__":
    main()
