"""The demonstration: from data to a trained network, a file and a picture."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from ._arrays import Array
from ._datasets import create_dataset
from ._model import KAN

__all__ = ["run"]

GRIDS = (3, 6, 12, 24, 48)


def target(x: Array) -> Array:
    """f(x, y) = exp(sin(pi x) + y^2)."""
    values: Array = np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2)
    return values


def run(folder: Path) -> None:
    """Train, print a table, and leave a model and a picture in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    data = create_dataset(target, n_var=2, train_num=3000, test_num=1000, seed=0)
    _say("Learning f(x, y) = exp(sin(pi x) + y^2) from 3000 points with a network [2, 5, 1].\n")
    _say(f"{'grid':>5} {'parameters':>11} {'train RMSE':>11} {'test RMSE':>11} {'seconds':>8}")
    model = KAN([2, 5, 1], grid=GRIDS[0], k=3, seed=0)
    for grid in GRIDS:
        history = model.fit(data, grids=[grid], verbose=False)
        train, test = (_rmse(model, data, part) for part in ("train", "test"))
        _say(
            f"{grid:5d} {model.n_parameters:11d} {train:11.2e} {test:11.2e} {history.seconds:8.2f}"
        )
    _save_and_check(model, data["test_input"], folder / "model.safetensors")
    _draw(model, folder / "network.svg")


def _rmse(model: KAN, data: dict[str, Array], part: str) -> float:
    errors = model(data[f"{part}_input"]) - data[f"{part}_label"]
    return float(np.sqrt(np.mean(errors**2)))


def _save_and_check(model: KAN, x: Array, path: Path) -> None:
    model.save(path, self_test=x[:4])
    if not np.array_equal(KAN.load(path)(x), model(x)):
        raise RuntimeError(f"the model loaded from {path} predicts other values than the saved one")
    _say(f"\nmodel:   {path} (loaded again: the same predictions, bit for bit)")


def _draw(model: KAN, path: Path) -> None:
    try:
        figure = model.plot(in_vars=["$x$", "$y$"], out_vars=["$f(x, y)$"])
    except ImportError as error:
        _say(f"picture: not drawn, {error}")
        return
    figure.savefig(path)
    _say(f"picture: {path}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
