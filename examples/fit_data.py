"""Fit a table as finely as its rows allow: how many bicycles are hired?

    python examples/fit_data.py [--quick] [--plot rides.svg]

Each row has an hour, a temperature, a wind, and the rides that were counted. A network [3, 1, 1]
learns a curve for every column and one for their sum. It begins with a coarse grid, which blurs
the rush hours, and gets finer ones as long as rows that it has not seen say that this helps. The
picture shows the curves.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from kan import KAN


def counted_rides(rows):
    """Columns by name; a pandas DataFrame would do as well."""
    rng = np.random.default_rng(0)
    hour, temperature, wind = rng.uniform([0, -5, 0], [24, 35, 15], (rows, 3)).T
    rush = 0.1 + np.exp(-(((hour - 8) / 1.3) ** 2)) + 0.8 * np.exp(-(((hour - 17.5) / 1.8) ** 2))
    weather = np.exp(-(((temperature - 22) / 15) ** 2) - wind / 20)
    rides = rng.poisson(500 * rush * weather)
    return {"hour": hour, "temperature": temperature, "wind": wind, "rides": rides}


def rmse(model, X, y):
    return np.sqrt(np.mean((model(X)[:, 0] - y) ** 2))


def fit_finer_and_finer(train, validation):
    """Return the last network that was better on the validation rows than the one before."""
    print("grid  RMSE in training  in validation")
    model = None
    for grid in (5, 10, 20, 40, 80):
        # A refined network is the same function to begin with.
        finer = model.refine(grid) if model else KAN([3, 1, 1], grid=grid, seed=0)
        finer.fit(*train)
        print(f"{grid:4d}  {rmse(finer, *train):16.2f}  {rmse(finer, *validation):13.2f}")
        if model and rmse(finer, *validation) >= rmse(model, *validation):
            break
        model = finer
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rows")
    parser.add_argument("--plot", metavar="FILE", help="draw the network")
    options = parser.parse_args()

    table = counted_rides(1500 if options.quick else 3000)
    y = table.pop("rides")
    X = np.column_stack([table[name] for name in table])
    ends = [len(y) * 6 // 10, len(y) * 8 // 10]
    X = (X - X.mean(axis=0)) / X.std(axis=0)  # inputs are best of one size
    train, validation, test = zip(np.split(X, ends), np.split(y, ends), strict=True)

    model = fit_finer_and_finer(train, validation)
    print(f"\ngrid kept: {model.grid}, RMSE of unseen rows: {rmse(model, *test):.2f}")
    print(f"counting alone scatters by {np.sqrt(y.mean()):.2f}, and all rides by {y.std():.2f}")

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rides.safetensors")
        model.save(path)
        same = np.array_equal(KAN.load(path)(X), model(X))
    print(f"saved and loaded, the predictions are the same: {same}")

    if options.plot:
        model.plot(in_vars=list(table), out_vars=["rides"]).savefig(options.plot)


if __name__ == "__main__":
    main()
