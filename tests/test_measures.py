"""A model in a few numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kan import KAN, _core
from kan._networks import rebuilt, with_layer
from random_models import random_model, with_functions

X = np.random.default_rng(0).uniform(-1, 1, (30, 2))


def test_evaluation_is_the_error_on_the_test_rows_and_the_size_of_the_network() -> None:
    model = random_model([2, 3, 1], seed=1, grid=[4, 5])
    error = np.sqrt(np.mean(model(X) ** 2))
    result = model.evaluate({"test_input": X, "test_label": np.zeros(30)})
    assert result == {"test_loss": pytest.approx(error), "n_edge": 9, "n_grid": [4, 5]}
    assert KAN([2, 1]).evaluate({"test_input": X, "test_label": X[:, 0]})["n_grid"] == 3


def test_edges_with_functions_count() -> None:
    """They do not in pykan, where a network of formulas has no edge."""
    model = with_functions(random_model([2, 3, 1], seed=1), share=1.0, seed=1)
    for index in range(2):
        model._network.set_edge_mask(index, np.zeros_like(model._network.edge_mask(index)))
    assert model.n_edge == 9
    zero = with_layer(model._network.layers[0], symbolic=[_core.SymbolicEdge(0, 0, "0")])
    model._network = rebuilt(model._network, [zero, model._network.layers[1]])
    for index in range(2):
        model._network.set_edge_mask(index, np.zeros_like(model._network.edge_mask(index)))
    assert model.n_edge == 3  # "0" is no edge


@pytest.mark.parametrize(
    ("dataset", "kind", "message"),
    [
        (X, TypeError, "dataset must be a dict, got ndarray"),
        ({"test_input": X}, ValueError, r"dataset must have test_input and test_label, got \["),
        ({"test_input": X, "test_label": X}, ValueError, r"dataset\['test_label'\] must have"),
        ({"test_input": X[:0], "test_label": X[:0, 0]}, ValueError, "must have at least one row"),
    ],
)
def test_evaluate_refuses(dataset: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        KAN([2, 1]).evaluate(dataset)


def test_the_regulariser_is_of_the_training_inputs_or_of_others() -> None:
    model = KAN([2, 2, 1], seed=0)
    model.fit(X, X[:, 0], steps=2)
    assert model.get_reg() == model.get_reg(X=X) != model.get_reg(X=X[:10])


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (("edge",), ValueError, "reg_metric must be one of .*, got 'edge'"),
        (("edge_backward", -1.0), ValueError, "lamb_l1 must be >= 0.0, got -1.0"),
        (("edge_backward", 1.0, "a"), TypeError, "lamb_entropy must be a number, got 'a'"),
    ],
)
def test_get_reg_refuses(arguments: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        KAN([2, 1]).get_reg(*arguments)
