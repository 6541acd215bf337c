"""`feature_interaction`: which inputs meet in the nodes of a layer."""

import numpy as np
import pytest

from kan import KAN
from random_models import random_model, with_masked_edges


def sparse_model():
    """Hidden nodes that depend on inputs (0, 1), (2,), (0, 1) and on nothing."""
    model = KAN([3, 4, 2], base_fun="identity")
    mask = np.array([[1, 0, 1, 0], [1, 0, 1, 0], [0, 1, 0, 0]], dtype=np.uint8)
    model._network.set_edge_mask(0, mask)
    for index in range(2):
        model._network.coefficients(index)[:] = 0.0
        model._network.coefficients(index)[:, -1, :] = model._network.edge_mask(index)
    model.get_act(np.random.default_rng(0).uniform(-1, 1, (300, 3)))
    return model


def test_sets_of_inputs_are_counted_by_node():
    assert sparse_model().feature_interaction(1) == {(0, 1): 2, (2,): 1}


def test_outputs_depend_on_all_inputs_that_lead_to_them():
    assert sparse_model().feature_interaction(2) == {(0, 1, 2): 2}


def test_nodes_that_hardly_matter_do_not_count():
    model = sparse_model()
    model._network.coefficients(1)[2] *= 1e-4
    assert model.feature_interaction(1) == {(0, 1): 1, (2,): 1}
    assert model.feature_interaction(1, neuron_th=0.0) == {(0, 1): 2, (2,): 1}
    assert model.feature_interaction(1, neuron_th=10.0) == {}


def test_inputs_that_hardly_matter_to_a_node_do_not_count():
    model = sparse_model()
    model._network.coefficients(0)[1, -1, 0] = 1e-3
    assert model.feature_interaction(1) == {(0,): 1, (0, 1): 1, (2,): 1}
    assert model.feature_interaction(1, feature_th=1e-5) == {(0, 1): 2, (2,): 1}


def test_looking_changes_nothing():
    model = with_masked_edges(random_model([3, [2, 2], 2]))
    X = np.random.default_rng(0).uniform(-1, 1, (50, 3))
    before = model.predict(X)
    counts = model.feature_interaction(1, 0.0, 0.0)
    assert sum(counts.values()) <= 4
    np.testing.assert_array_equal(model.predict(X), before)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"l": 0}, ValueError, "l must be an integer in 1..2, got 0"),
        ({"l": 3}, ValueError, "l must be an integer in 1..2, got 3"),
        ({"l": 1, "neuron_th": -1}, ValueError, "neuron_th must be >= 0"),
        ({"l": 1, "feature_th": None}, TypeError, "feature_th must be a number"),
    ],
)
def test_what_makes_no_sense_is_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        sparse_model().feature_interaction(**options)
