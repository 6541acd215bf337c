"""The data of one training run, checked and divided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._architecture import Core
from ._arrays import Array
from ._containers import as_plain
from ._fit_options import FitOptions
from ._losses import Data, Loss, check_data
from ._rows import Rows

__all__ = ["Problem", "prepare"]


@dataclass
class Problem:
    """Checked data: what is trained on, what stops the training, what is only watched.

    `given` are the rows to train on and to hold out together, and `name` what to call them.
    """

    loss: Loss
    given: Rows
    name: str
    train: Data
    validation: Data | None = None
    test: Data | None = None


def prepare(
    network: Core, X: Any, y: Any, loss: Loss, weight: object, options: FitOptions
) -> Problem:
    """Check `fit(X, y)` or `fit(dataset)` and split off the validation rows."""
    dataset = X if isinstance(X, Mapping) else {"train_input": X, "train_label": y}
    names = ("X", "y")
    if isinstance(X, Mapping):
        names = ("dataset['train_input']", "dataset['train_label']")
        if y is not None:
            raise TypeError("fit(dataset) takes its labels from the dataset; y must not be given")
        missing = {"train_input", "train_label"} - set(X)
        if missing:
            raise ValueError(f"dataset must have train_input and train_label, got {list(X)}")
        if ("test_input" in X) != ("test_label" in X):
            raise ValueError(f"dataset must have test_input and test_label or none, got {list(X)}")
    elif y is None:
        raise TypeError("fit(X, y) needs y; a dataset must be a dict such as create_dataset makes")
    x, targets, weights = check_data(
        network, loss, dataset["train_input"], dataset["train_label"], weight, names
    )
    outputs = network.layers[-1].nodes
    # A batch of rows without weight would have no mean: such rows count as absent.
    rows = None if weights is None or weights.all() else np.flatnonzero(weights).astype(np.int64)
    given = Data(x, targets, weights, loss, outputs, rows)
    problem = Problem(loss, given, names[0], train=given)
    if options.validation_fraction > 0.0:
        everyone = np.arange(len(x), dtype=np.int64) if rows is None else rows
        kept, held_out = _split(everyone, options)
        problem.train = Data(x, targets, weights, loss, outputs, kept)
        problem.validation = Data(x, targets, weights, loss, outputs, held_out)
    if "test_input" in dataset and np.size(
        as_plain(dataset["test_input"])
    ):  # test_num=0 makes it empty
        names = ("dataset['test_input']", "dataset['test_label']")
        x, targets, _ = check_data(
            network, loss, dataset["test_input"], dataset["test_label"], None, names
        )
        problem.test = Data(x, targets, None, loss, outputs)
    return problem


def _split(rows: Array, options: FitOptions) -> tuple[Array, Array]:
    """Return the rows to train on and those to be held out, each in their order."""
    held_out = max(1, round(options.validation_fraction * len(rows)))
    if held_out >= len(rows):
        raise ValueError(
            f"validation_fraction={options.validation_fraction} leaves none of {len(rows)} rows "
            "for training"
        )
    order = np.random.default_rng(options.seed).permutation(len(rows))
    return rows[np.sort(order[held_out:])], rows[np.sort(order[:held_out])]
