"""Learn five peaks one after the other, and forget none.

    python examples/continual_learning.py [--quick] [--plot peaks.svg]

The function is a sum of five Gaussians. In each phase the network sees the rows of one peak only.
An ordinary network would forget the peaks of earlier phases. A spline is local: what it learns
about one peak is written into coefficients that the others do not use. After the last phase the
network knows all peaks as well as one that saw all rows at once. The picture shows what it learnt.
"""

import argparse

import numpy as np

from kan import KAN

CENTERS = 2 / 5 * (np.arange(5) - 2)
ROWS = 100  # of each peak


def peaks(x):
    return np.exp(-300 * (x - CENTERS) ** 2).sum(axis=1)


def new_network():
    # Without a base function, which is not local, and from nothing rather than from noise.
    return KAN([1, 1], grid=200, k=3, base_fun="zero", noise_scale=0.0)


def learn(model, x, steps):
    # The grid holds all phases already. Levenberg-Marquardt, which "auto" would take, decides what
    # the rows leave open by smoothness, and so would iron out the peaks it does not see; L-BFGS
    # leaves coefficients alone that have no say in the rows.
    model.fit(x, peaks(x), opt="LBFGS", steps=steps, update_grid=False)


def rmse(model, x):
    return np.sqrt(np.mean((model(x)[:, 0] - peaks(x)) ** 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer steps")
    parser.add_argument("--plot", metavar="FILE", help="draw the network")
    options = parser.parse_args()
    steps = 20 if options.quick else 50

    x = np.linspace(-1, 1, 5 * ROWS)[:, np.newaxis]
    phases = np.split(x, 5)
    model = new_network()
    print("RMSE on the rows of each peak, phase by phase")
    print("phase " + "".join(f"   peak {peak + 1}" for peak in range(5)))
    for number, rows in enumerate(phases, start=1):
        learn(model, rows, steps)
        print(f"{number:5d} " + "".join(f"  {rmse(model, seen):.1e}" for seen in phases[:number]))

    at_once = new_network()
    learn(at_once, x, steps)
    print(f"\nRMSE on all rows, learnt in phases: {rmse(model, x):.3e}")
    print(f"RMSE on all rows, learnt at once:   {rmse(at_once, x):.3e}")

    if options.plot:
        model.plot(X=x, in_vars=["x"], out_vars=["y"]).savefig(options.plot)


if __name__ == "__main__":
    main()
