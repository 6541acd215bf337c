"""Scores of nodes, inputs and edges: shares of the output that they carry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kan import KAN
from kan._activity import observe
from random_models import random_model, with_functions

X = np.random.default_rng(0).uniform(-1, 1, (80, 3))


@pytest.fixture
def model() -> KAN:
    made = random_model([3, [2, 2], 2], seed=4, mult_arity=[[], [2, 3], []], affine_trainable=True)
    made = with_functions(made, seed=4)
    made.get_act(X)
    return made


def test_edge_scores_are_numbered_by_output_and_input_as_in_pykan(model: KAN) -> None:
    expected = observe(model._network, X).backward
    assert [one.shape for one in model.edge_scores] == [(7, 3), (2, 4)]
    for ours, theirs in zip(model.edge_scores, expected, strict=True):
        np.testing.assert_allclose(ours, theirs.T, rtol=1e-9)


def test_a_node_has_the_sum_of_the_scores_of_its_edges(model: KAN) -> None:
    edges, nodes = model.edge_scores, model.node_scores
    for level in range(2):
        np.testing.assert_allclose(nodes[level], edges[level].sum(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(nodes[2], [0.5, 0.5])  # outputs share 1
    np.testing.assert_array_equal(model.feature_score, nodes[0])


def test_every_factor_has_the_score_of_its_product(model: KAN) -> None:
    nodes = model.node_scores[1]
    expected = nodes[[0, 1, 2, 2, 3, 3, 3]]
    np.testing.assert_array_equal(model.subnode_scores[0], expected)
    np.testing.assert_array_equal(model.subnode_scores[1], model.node_scores[2])


def test_the_scale_of_an_edge_is_the_deviation_of_its_output(model: KAN) -> None:
    expected = observe(model._network, X).deviation
    for ours, theirs in zip(model.edge_actscale, expected, strict=True):
        np.testing.assert_allclose(ours, theirs.T, rtol=1e-9)


def test_the_shares_of_the_inputs_in_all_nodes_of_a_level_add_up_to_their_scores(
    model: KAN,
) -> None:
    for level in range(3):
        shares = model.attribute(level)
        assert shares.shape == (model.node_scores[level].size, 3)
        np.testing.assert_allclose(shares.sum(axis=0), model.feature_score, rtol=1e-12)
    np.testing.assert_array_equal(model.attribute(1, 3), model.attribute(1)[3])
    np.testing.assert_array_equal(model.attribute(-1, -1), model.attribute(2)[1])
    np.testing.assert_array_equal(model.attribute(0), np.diag(model.feature_score))


def test_a_share_is_the_score_of_the_input_where_nothing_else_matters(model: KAN) -> None:
    only = model.attribute(out_score=[0.0, 1.0])
    np.testing.assert_allclose(2.0 * model.attribute(2, 1), only[0], rtol=1e-12)
    shares = model.attribute(1, out_score=[0.0, 2.0, 0.0, 1.0])
    assert not shares[[0, 2]].any()
    first_layer = model._network.layers[0]
    assert first_layer.nodes == len(shares) == 4


def test_without_a_level_it_returns_the_scores_of_all_nodes(model: KAN) -> None:
    for ours, theirs in zip(model.attribute(), model.node_scores, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_scores_of_several_outputs_can_be_normalised(model: KAN) -> None:
    for ours, theirs in zip(model.attribute(normalize=True), model.node_scores, strict=True):
        np.testing.assert_allclose(ours, 2.0 * theirs, rtol=1e-12)


def test_a_question_about_one_level_does_not_change_the_scores_of_all() -> None:
    """As it does in pykan."""
    model = random_model([3, 2, 1], seed=0)
    before = model.edge_scores
    model.attribute(1)
    for ours, theirs in zip(model.edge_scores, before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_scores_follow_the_model_and_its_inputs(model: KAN) -> None:
    before = model.feature_score
    model.get_act(X[:20])
    assert not np.array_equal(model.feature_score, before)
    np.testing.assert_array_equal(model.attribute(X=X)[0], before)
    model._network.coefficients(1)[0] = 0.0
    assert not np.array_equal(model.attribute(X=X)[0], before)


def test_predictions_on_other_rows_do_not_change_the_scores(model: KAN) -> None:
    before = model.feature_score
    model.predict(3.0 * X)
    np.testing.assert_array_equal(model.feature_score, before)


def test_scores_after_fit_are_those_of_the_training_inputs() -> None:
    y = X[:, 0] * X[:, 1]
    model = KAN([3, 2, 1], seed=0)
    model.fit({"train_input": X, "train_label": y, "test_input": 2 * X[:9], "test_label": y[:9]},
              steps=2)  # fmt: skip
    np.testing.assert_array_equal(model.feature_score, model.attribute(X=X)[0])


def test_the_scores_of_the_inputs_tell_which_of_them_matter() -> None:
    y = np.exp(np.sin(np.pi * X[:, 0]) + 0.3 * X[:, 1])
    model = KAN([3, 2, 1], seed=0)
    model.fit(X, y, opt="LBFGS", steps=15, lamb=1e-3)
    first, second, none = model.feature_score
    assert first > second > 10 * none


def test_the_cost_of_connections_is_the_sum_of_scores_times_lengths() -> None:
    model = random_model([2, 3], seed=1)
    expected = 0.0
    for j in range(3):
        for i in range(2):
            expected += model.edge_scores[0][j, i] * abs((j + 0.5) / 3 - (i + 0.5) / 2)
    assert model.connection_cost == pytest.approx(expected)


def test_bars_are_drawn_on_request(model: KAN) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    before = pyplot.get_fignums()
    model.attribute(1, 0)
    assert pyplot.get_fignums() == before
    scores = model.attribute(1, 0, plot=True)
    (number,) = set(pyplot.get_fignums()) - set(before)
    bars = pyplot.figure(number).axes[0].patches
    assert [bar.get_height() for bar in bars] == pytest.approx(scores)
    pyplot.close(number)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((3,), IndexError, r"l must be in 0\.\.2, got 3"),
        ((1, 4), IndexError, r"i must be in 0\.\.3, got 4"),
        ((None, 1), TypeError, "attribute\\(\\) needs the level l of node i"),
        ((1.5,), TypeError, "l must be an integer, got 1.5"),
        ((1, None, [1.0]), ValueError, "out_score must have shape \\(4,\\), got \\(1,\\)"),
    ],
)
def test_attribute_refuses(model: KAN, arguments: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        model.attribute(*arguments)
