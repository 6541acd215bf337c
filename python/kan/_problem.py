"""The data of one training run, checked and divided."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._architecture import Core
from ._arrays import Array
from ._containers import as_plain
from ._fit_options import FitOptions
from ._history import History
from ._losses import Data, Loss, check_data
from ._rows import Rows

__all__ = ["Problem", "prepare", "warn_if_nothing_learnt"]

# Steps after which a fit should have learnt something, and the share of a constant's error that
# counts as nothing.
ENOUGH_STEPS, NOTHING = 10, 0.99


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


def warn_if_nothing_learnt(history: History, problem: Problem) -> None:
    """Warn if a fit of squares is no better than the mean of the targets."""
    targets = problem.train.some_targets(problem.loss)
    losses = history.get("train_loss", [])
    quick = history.optimizer in ("LM", "LBFGS")  # Adam takes its time
    if targets is None or targets[0] != "mse" or not quick or len(losses) < ENOUGH_STEPS:
        return
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(np.sqrt(np.var(targets[1].astype(np.float64), axis=0).mean()))
    best = min(losses)
    if np.isfinite(spread) and 0.0 < NOTHING * spread <= best:
        warnings.warn(
            f"fit learnt nothing: its error {best:.3g} is no less than that of a constant, "
            f"{spread:.3g}. Scale inputs and targets to mean 0 and deviation 1, or lower lamb",
            RuntimeWarning,
            stacklevel=3,
        )
