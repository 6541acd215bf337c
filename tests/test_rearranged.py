"""Parts of a network: some of its nodes, in any order, with all that belongs to them."""

from __future__ import annotations

import numpy as np
import pytest

from kan import KAN, _core
from kan._rearranged import NewNode, every_node, rearranged, subnodes_of
from random_models import random_model, with_functions, with_masked_edges

X = np.random.default_rng(0).uniform(-1, 1, (40, 3))


@pytest.fixture
def model() -> KAN:
    made = random_model(
        [3, [2, 3], [3, 1]], seed=5, mult_arity=[[], [2, 4, 3], [2]], affine_trainable=True
    )
    return with_masked_edges(with_functions(made, seed=5), 0.3, seed=5)


def test_a_node_has_one_sum_and_a_product_one_for_each_factor(model: KAN) -> None:
    layer = model._network.layers[0]
    assert subnodes_of(layer, [1, 4, 2]) == [1, 8, 9, 10, 2, 3]


def test_all_nodes_are_the_network_itself(model: KAN) -> None:
    same = rearranged(model._network, every_node(model._network)).network
    assert _core.dumps(same, {}) == _core.dumps(model._network, {})


def test_another_order_of_nodes_is_another_order_of_outputs(model: KAN) -> None:
    order = [[2, 0, 1], [1, 0, 4, 2, 3], [2, 0, 1, 3]]
    other = rearranged(model._network, order).network
    assert other.layers[0].arities == [3, 2, 4]
    shuffled = np.ascontiguousarray(X[:, order[0]])
    np.testing.assert_allclose(_core.predict(other, shuffled), model(X)[:, order[2]], rtol=1e-12)


def test_fewer_outputs_are_the_same_outputs(model: KAN) -> None:
    some = rearranged(model._network, [range(3), range(5), [1, 3]]).network
    np.testing.assert_array_equal(_core.predict(some, X), model(X)[:, [1, 3]])


def test_without_any_edge_nothing_but_biases_is_left(model: KAN) -> None:
    none = [np.zeros((one.inputs, one.subnodes), dtype=bool) for one in model._network.layers]
    left = rearranged(model._network, every_node(model._network), none).network
    assert not any(layer.symbolic for layer in left.layers)
    values = _core.predict(left, X)
    np.testing.assert_array_equal(values, np.tile(values[:1], (40, 1)))
    bias, scale = left.affine(1, "node_bias"), left.affine(1, "node_scale")
    own = left.affine(1, "subnode_bias")
    np.testing.assert_allclose(values[0, :3], own[:3] * scale[:3] + bias[:3])


def test_all_edges_are_the_network_itself(model: KAN) -> None:
    every = [np.ones((one.inputs, one.subnodes), dtype=bool) for one in model._network.layers]
    same = rearranged(model._network, every_node(model._network), every).network
    assert _core.dumps(same, {}) == _core.dumps(model._network, {})


def test_new_nodes_have_no_edges_and_change_nothing(model: KAN) -> None:
    nodes = every_node(model._network)
    nodes[1][2:2] = [NewNode()]
    nodes[1].append(NewNode(4))
    nodes[0].append(NewNode())
    wider = rearranged(model._network, nodes)
    assert wider.network.layers[0].arities == [2, 4, 3, 4]
    assert wider.inputs[0].tolist() == [0, 1, 2, -1]
    assert wider.sums[0].tolist() == [0, 1, -1, *range(2, 11), -1, -1, -1, -1]
    given = np.column_stack([X, np.full(len(X), 7.0)])
    np.testing.assert_array_equal(_core.predict(wider.network, given), model(X))
