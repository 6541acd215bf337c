"""Pruned networks: what goes, what stays, and that nothing is cut off."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from kan import KAN, _core, create_dataset
from kan._networks import active_edges, rebuilt, with_layer
from kan._rearranged import subnodes_of
from random_models import random_model, with_functions, with_masked_edges

X = np.random.default_rng(0).uniform(-1, 1, (60, 3))


def reached(model: KAN) -> list[Any]:
    """Which nodes of each level the inputs reach: every factor of a product needs an edge."""
    network = model._network
    levels = [np.ones(network.layers[0].inputs, dtype=bool)]
    for index, layer in enumerate(network.layers):
        sums = (active_edges(network, index) & levels[-1][:, np.newaxis]).any(axis=0)
        nodes = [all(sums[subnodes_of(layer, [node])]) for node in range(layer.nodes)]
        levels.append(np.array(nodes))
    return levels


def useful(model: KAN) -> list[Any]:
    """Which nodes of each level have a way to the outputs."""
    network = model._network
    levels = [np.ones(network.layers[-1].nodes, dtype=bool)]
    for index, layer in reversed(list(enumerate(network.layers))):
        counts = [len(subnodes_of(layer, [node])) for node in range(layer.nodes)]
        onward = np.repeat(levels[0], counts)
        levels.insert(0, (active_edges(network, index) & onward).any(axis=1))
    return levels


def removed_from(model: KAN, other: KAN) -> KAN:
    """A copy of `model` without the edges that `other.pruned` names, one by one."""
    masked = model.copy()
    for edge in other.pruned.edges:
        masked.remove_edge(*edge)
    return masked


def arbitrary_model(seed: int) -> KAN:
    """Random depth, widths, products of 2 to 4 factors, affines, functions; some have dead ends."""
    rng = np.random.default_rng(seed)
    width: list[Any] = [3]
    arity: list[list[int]] = [[]]
    for _ in range(rng.integers(1, 4)):
        products = int(rng.integers(0, 3))
        width.append([int(rng.integers(0 if products else 1, 5)), products])
        arity.append([int(one) for one in rng.integers(2, 5, products)])
    width[-1] = [max(1, width[-1][0]), width[-1][1]]
    options = {"affine_trainable": bool(seed % 2), "mult_arity": arity, "scale": 0.8}
    model = random_model(width, seed=seed, **options)
    model = with_functions(model, seed=seed)
    for index in range(model.depth):
        scale = 10.0 ** rng.uniform(-2, 0.5, model._network.coefficients(index).shape[::2])
        model._network.coefficients(index)[:] *= scale[:, np.newaxis, :]
    if seed % 3 == 0:
        model = with_masked_edges(model, 0.3, seed)
    if seed % 4 == 0:
        model.remove_node(1, 0, ["up", "down"][seed // 4 % 2])
    model.get_act(X)
    return model


# ---- whatever the network and the threshold ------------------------------------------------------


@pytest.mark.parametrize("threshold", [0.0, 0.03, 0.3, 1e9])
def test_no_output_is_cut_off_and_no_dead_end_remains_in_a_hundred_networks(
    threshold: float,
) -> None:
    changed = 0
    for seed in range(100):
        model = arbitrary_model(seed)
        pruned = model.prune(threshold, threshold)
        np.testing.assert_array_equal(reached(pruned)[-1], reached(model)[-1])
        hidden = zip(reached(pruned)[1:-1], useful(pruned)[1:-1], strict=True)
        if reached(model)[-1].any():
            assert all(arrives.all() and leads.all() for arrives, leads in hidden), seed
        assert np.isfinite(pruned(X)).all()
        changed += pruned.n_edge < model.n_edge
    assert changed > (10 if threshold == 0.0 else 60)


@pytest.mark.parametrize("threshold", [0.03, 0.3])
@pytest.mark.parametrize("call", ["prune", "prune_node", "prune_input", "prune_edge"])
def test_a_pruned_network_computes_what_the_old_one_does_without_the_same_edges(
    call: str, threshold: float
) -> None:
    for seed in range(100):
        model = arbitrary_model(seed)
        before = model.get_parameters()
        arguments = (threshold, threshold) if call == "prune" else (threshold,)
        pruned = getattr(model.copy(), call)(*arguments)
        masked = removed_from(model, pruned)
        expected = masked(X)
        scale = 1.0 + np.abs(expected).max()  # products of a few sums, each a dozen roundings
        np.testing.assert_allclose(pruned(X), expected, rtol=1e-12, atol=1e-13 * scale)
        assert pruned.n_edge == masked.n_edge == model.n_edge - len(pruned.pruned.edges)
        np.testing.assert_array_equal(model.get_parameters(), before)


def test_a_threshold_above_all_scores_leaves_one_way_to_each_output() -> None:
    """#269: pykan cuts whole layers away, and the rest is not a number."""
    model = random_model([3, 5, 4, 2], seed=1)
    model.get_act(X)
    pruned = model.prune(1e9, 1e9)
    assert reached(pruned)[-1].all()
    assert pruned.width[1][0] <= 2
    assert pruned.width[2][0] <= 2
    assert pruned.n_edge <= 6
    assert np.isfinite(pruned.fit(X, X[:, :2], steps=10)["train_loss"]).all()


def test_the_way_that_remains_is_the_one_whose_weakest_score_is_highest() -> None:
    model = random_model([1, 2, 1], seed=1)
    for index, sizes in enumerate(([[1.0, 3.0]], [[1.0], [1e-3]])):
        for i, row in enumerate(sizes):
            for j, size in enumerate(row):
                model._network.coefficients(index)[i, :, j] = size * np.arange(7.0)
    model.get_act(X[:, :1])
    assert model.feature_score.size == 1
    assert model.node_scores[1][0] > 100 * model.node_scores[1][1]
    assert model.prune_node(1e9).pruned.nodes == [[1]]


# ---- nodes --------------------------------------------------------------------------------------


def test_nodes_with_low_scores_go() -> None:
    model = random_model([3, 4, 1], seed=2)
    model._network.coefficients(1)[[1, 3]] *= 1e-6
    model.get_act(X)
    pruned = model.prune_node(1e-2)
    assert pruned.width == [[3, 0], [2, 0], [1, 0]]
    assert pruned.pruned.nodes == [[1, 3]]
    assert str(pruned.pruned) == "0 inputs, 2 hidden nodes, 8 edges"
    assert model.width == [[3, 0], [4, 0], [1, 0]]
    assert model.pruned is None


def test_nodes_can_be_chosen_by_hand() -> None:
    model = random_model([3, [2, 2], 2, 1], seed=2, mult_arity=[[], [2, 3], [], []])
    pruned = model.prune_node(active_neurons_id=[[0, 3], [1]])
    assert pruned.width == [[3, 0], [1, 1], [1, 0], [1, 0]]
    assert pruned._network.layers[0].arities == [3]
    expected = model._network.coefficients(0)[:, :, [0, 4, 5, 6]]
    np.testing.assert_array_equal(pruned._network.coefficients(0), expected)


def test_a_product_goes_with_all_its_factors() -> None:
    """#472: pykan's pruning takes products for pairs of neighbours."""
    model = random_model([3, [1, 3], 1], seed=2, mult_arity=[[], [2, 4, 3], []])
    model._network.coefficients(1)[2] *= 1e-9  # the product of four
    model.get_act(X)
    pruned = model.prune_node()
    assert pruned.width == [[3, 0], [1, 2], [1, 0]]
    assert pruned._network.layers[0].arities == [2, 3]
    np.testing.assert_allclose(pruned(X), removed_from(model, pruned)(X), rtol=1e-12)


def test_a_product_keeps_an_edge_into_each_factor() -> None:
    model = random_model([3, [1, 1], 1], seed=2, mult_arity=[[], [3], []])
    model.get_act(X)
    model.prune_edge(1e9)
    mask = active_edges(model._network, 0)
    if active_edges(model._network, 1)[1, 0]:
        assert (mask.sum(axis=0) == [0, 1, 1, 1]).all()
    else:
        assert (mask.sum(axis=0) == [1, 0, 0, 0]).all()
    assert np.ptp(model(X)) > 0.0


def test_a_product_at_the_end_keeps_an_edge_into_each_factor() -> None:
    model = random_model([3, [0, 1]], seed=2, mult_arity=[[], [4]])
    model.get_act(X)
    model.prune_edge(1e9)
    np.testing.assert_array_equal(active_edges(model._network, 0).sum(axis=0), [1, 1, 1, 1])
    assert model.n_edge == 4


def test_a_factor_that_a_bias_keeps_from_zero_needs_no_edge() -> None:
    model = random_model([2, [0, 1], 1], seed=2, affine_trainable=True)
    model._network.affine(0, "subnode_bias")[:] = [0.0, 2.0]
    model.get_act(X[:, :2])
    for i in range(2):
        model.remove_edge(0, i, 1)
    pruned = model.prune(0.0, 0.0)
    assert pruned.width == model.width
    np.testing.assert_array_equal(pruned(X[:, :2]), model(X[:, :2]))


# ---- edges --------------------------------------------------------------------------------------


def test_edges_go_in_place_and_the_model_is_returned() -> None:
    """#425: in pykan prune() returns a copy while prune_edge() returns nothing."""
    model = random_model([3, 4, 1], seed=2)
    model.get_act(X)
    scores = model.edge_scores
    threshold = float(np.median(np.concatenate([one.ravel() for one in scores])))
    low = sum(int((one <= threshold).sum()) for one in scores)
    assert model.prune_edge(threshold) is model
    assert model.n_edge <= 16 - low + 4
    assert len(model.pruned.edges) == 16 - model.n_edge


def test_all_edges_above_the_threshold_stay() -> None:
    model = random_model([3, 4, 2], seed=2)
    model.get_act(X)
    scores = model.edge_scores
    model.prune_edge(0.05)
    for index, own in enumerate(scores):
        left = active_edges(model._network, index).T
        alive = active_edges(model._network, index + 1).any(axis=1) if index == 0 else [True] * 2
        assert (left >= ((own > 0.05) & np.array(alive)[:, np.newaxis])).all()
        assert (own[~left] <= 0.05).sum() >= (~left).sum() - 3 * (~np.array(alive)).sum()


def test_an_edge_goes_with_its_function() -> None:
    model = with_functions(random_model([2, 2], seed=3), share=1.0, seed=3)
    model.remove_edge(0, 1, 0)
    assert model.n_edge == 3
    assert [(one.input, one.sum) for one in model._network.layers[0].symbolic] == [
        (0, 0), (0, 1), (1, 1),
    ]  # fmt: skip
    masked = model(X[:, :2])[:, 0]
    alone = model.copy()
    alone.remove_edge(0, 0, 0)
    assert not alone(X[:, :2])[:, 0].any()
    assert masked.any()


def test_constants_of_functions_that_are_zero_stay() -> None:
    model = random_model([2, 1], seed=3)
    layer = with_layer(model._network.layers[0], symbolic=[_core.SymbolicEdge(0, 0, "0")])
    made = rebuilt(model._network, [layer])
    made.coefficients(0)[1] = model._network.coefficients(0)[1]
    made.set_edge_mask(0, np.array([[0], [1]], dtype=np.uint8))
    made.symbolic(0)[:] = [[1.0, 0.0, 1.0, 0.7]]
    model._network = made
    before = model(X[:, :2])
    np.testing.assert_array_equal(model.prune_edge(0.0)(X[:, :2]), before)


@pytest.mark.parametrize(("mode", "ins", "outs"), [("all", 0, 0), ("down", 0, 2), ("up", 3, 0)])
def test_a_node_can_be_cut_off_below_above_or_both(mode: str, ins: int, outs: int) -> None:
    model = random_model([3, [1, 1], 2], seed=3, mult_arity=[[], [2], []])
    model.remove_node(1, 1, mode)
    mask = active_edges(model._network, 0)
    assert (mask.sum(axis=0) == [3, ins, ins]).all()
    assert active_edges(model._network, 1)[1].sum() == outs


def test_inputs_and_outputs_have_edges_on_one_side() -> None:
    """In pykan the edges below the inputs are those of the last layer."""
    model = random_model([3, 2, 2], seed=3)
    model.remove_node(0, 1)
    model.remove_node(-1, 0)
    assert model.n_edge == 10 - 2 - 2
    assert not model(X)[:, 0].any()


# ---- inputs -------------------------------------------------------------------------------------


def fitted(outputs: int = 1) -> KAN:
    y = np.stack([np.sin(3 * X[:, 2]), X[:, 2] ** 2], axis=1)[:, :outputs]
    model = KAN([3, 2, outputs], seed=0)
    model.fit(X, y, opt="LBFGS", steps=10, lamb=1e-3)
    return model


def test_inputs_without_influence_go_and_the_model_still_takes_all_columns() -> None:
    model = fitted()
    pruned = model.prune_input(0.05)
    assert pruned.pruned.inputs == [0, 1]
    assert pruned.width[0] == [1, 0]
    assert pruned(X).shape == (60, 1)
    other = X.copy()
    other[:, :2] = 7.0
    np.testing.assert_array_equal(pruned(other), pruned(X))
    with pytest.raises(ValueError, match=r"X must have shape \(N, 3\), got \(60, 1\)"):
        pruned(X[:, 2:])


def test_columns_are_still_the_same_after_refining_and_another_pruning() -> None:
    """pykan takes the first columns after a refinement, or chooses twice."""
    model = random_model([4, 3, 1], seed=3)
    Z = np.column_stack([X, X[:, 0] * X[:, 1]])
    model.get_act(Z)
    pruned = model.prune_input(active_inputs=[1, 2, 3]).refine(6).prune_input(active_inputs=[0, 2])
    assert pruned._input_id == [1, 3]
    other = Z.copy()
    other[:, [0, 2]] = 9.0
    np.testing.assert_array_equal(pruned(other), pruned(Z))
    pruned.fit(Z, X[:, 0], steps=3)
    assert pruned.feature_score.size == 2
    again = pickle.loads(pickle.dumps(pruned))
    np.testing.assert_array_equal(again(Z), pruned(Z))
    np.testing.assert_array_equal(pruned.prune(0, 0, X=Z)(Z), pruned(Z))


def test_an_input_stays_if_nothing_else_leads_to_the_outputs() -> None:
    assert fitted().prune_input(1e9).pruned.inputs == [0, 1]


# ---- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_pruned_model_keeps_every_setting(dtype: str) -> None:
    model = random_model(
        [3, [2, 2], 1], seed=7, mult_arity=[[], [2, 3], []], dtype=dtype, grid=[4, 6], k=[2, 3],
        grid_eps=0.3, base_fun="identity", affine_trainable=True, sb_trainable=False,
        extrapolation="clamp",
    )  # fmt: skip
    model = with_functions(model, seed=7)
    model.get_act(X.astype(dtype))
    for pruned in (
        model.prune_node(active_neurons_id=[[1, 3]]),
        model.prune_input(active_inputs=[0, 2]),
        model.prune(0.2, 0.2),
    ):
        assert (pruned.seed, pruned.grid_eps, pruned.dtype) == (7, 0.3, dtype)
        assert (pruned.grid, pruned.k) == ([4, 6], [2, 3])
        old, new = model._network, pruned._network
        assert new.trainable_groups() == old.trainable_groups() == (True, False, True)
        assert (new.base, new.extrapolation) == (old.base, old.extrapolation)
        assert new.affine_enabled
    by_hand = model.prune_node(active_neurons_id=[[1, 3]])
    old, new = model._network, by_hand._network
    subnodes, nodes = [1, 4, 5, 6], [1, 3]
    for which, own in (("subnode_scale", subnodes), ("node_bias", nodes)):
        np.testing.assert_array_equal(new.affine(0, which), old.affine(0, which)[own])
    np.testing.assert_array_equal(new.knots(1), old.knots(1)[nodes])
    places = [p for p, one in enumerate(old.layers[0].symbolic) if one.sum in subnodes]
    assert places
    np.testing.assert_array_equal(new.symbolic(0), old.symbolic(0)[places])
    np.testing.assert_array_equal(new.symbolic_trainable(0), old.symbolic_trainable(0)[places])


def test_former_splines_of_symbolic_edges_move_with_their_edges() -> None:
    model = random_model([3, 4, 1], seed=2)
    model._splines = {(0, 1, 2): model.edge(0, 1, 2), (0, 0, 1): model.edge(0, 0, 1)}
    pruned = model.prune_node(active_neurons_id=[[0, 2]])
    ((place, edge),) = pruned._splines.items()
    assert place == (0, 1, 1) == (edge.layer, edge.source, edge.target)
    np.testing.assert_array_equal(edge.coefficients, model.edge(0, 1, 2).coefficients)
    model.remove_edge(0, 1, 2)
    assert list(model._splines) == [(0, 0, 1)]


def test_training_a_pruned_model_leaves_the_old_one_as_it_was() -> None:
    model = fitted()
    before = model.get_parameters()
    model.prune().fit(X, X[:, 0], steps=3)
    np.testing.assert_array_equal(model.get_parameters(), before)


def test_a_new_fit_may_prune_in_a_callback() -> None:
    model = KAN([3, 3, 1], seed=0)
    counts = []

    def prune(progress: Any) -> None:
        if progress.step == 3:
            progress.model.prune_edge(0.1, X=X)
        counts.append(progress.model.n_edge)

    model.fit(X, X[:, 0] * X[:, 1], opt="LBFGS", steps=6, lamb=1e-2, callbacks=[prune])
    assert counts[0] == 12 > counts[2] == counts[-1]


def test_thresholds_can_mean_the_same_for_any_number_of_outputs() -> None:
    model = random_model([3, 4, 5], seed=1)
    model.get_act(X)
    threshold = float(np.sort(model.node_scores[1])[1])
    assert len(model.prune_node(threshold).pruned.nodes[0]) == 2
    normalized = model.prune_node(5 * threshold * (1 + 1e-9), normalize=True)
    assert len(normalized.pruned.nodes[0]) == 2
    assert not model.prune_node(threshold, normalize=True).pruned.nodes[0]


# ---- the whole way ------------------------------------------------------------------------------


@pytest.mark.parametrize("update_grid", [False, True])
def test_fit_prune_fit_refine_fit_stays_finite(update_grid: bool) -> None:
    """#416: not a number after prune(); #539: after refine()."""
    dataset = create_dataset(
        lambda x: np.exp(np.sin(np.pi * x[:, [0]]) + x[:, [1]] ** 2), train_num=300, test_num=50
    )
    model = KAN([2, 5, 1], seed=0)
    model.fit(dataset, opt="LBFGS", steps=30, lamb=1e-3, update_grid=update_grid)
    pruned = model.prune()
    assert pruned.width[1][0] <= 2
    history = pruned.fit(dataset, opt="LBFGS", steps=30, update_grid=update_grid)
    finer = pruned.refine(10)
    last = finer.fit(dataset, opt="LBFGS", steps=30, update_grid=update_grid)
    assert np.isfinite(history["train_loss"] + last["train_loss"]).all()
    assert last["train_loss"][-1] < history["train_loss"][-1] / 3 < 0.01


# ---- what makes no sense ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "arguments", "kind", "message"),
    [
        ("prune", {"node_th": -1.0}, ValueError, "node_th must be >= 0.0, got -1.0"),
        ("prune", {"edge_th": "a"}, TypeError, "edge_th must be a number, got 'a'"),
        ("prune", {"normalize": 3}, TypeError, "normalize must be True or False, got 3"),
        ("prune", {"X": X[:, :2]}, ValueError, r"X must have shape \(N, 3\), got \(60, 2\)"),
        ("prune_edge", {"threshold": np.nan}, ValueError, "threshold must be finite, got nan"),
        ("prune_node", {"mode": "all"}, ValueError, "mode must be one of 'auto', 'manual'"),
        ("prune_node", {"mode": "manual"}, TypeError, "mode='manual' needs active_neurons_id"),
        ("prune_node", {"active_neurons_id": [[0], [1]]}, ValueError, "nodes of 1 hidden levels"),
        ("prune_node", {"active_neurons_id": [[]]}, ValueError, "at least one, got"),
        ("prune_node", {"active_neurons_id": [[2, 2]]}, ValueError, "must list different nodes"),
        ("prune_node", {"active_neurons_id": [[4]]}, ValueError, r"\[0\]\[0\] must be an integer"),
        ("prune_node", {"active_neurons_id": [0]}, TypeError, r"\[0\] must be a list of integers"),
        ("prune_input", {"active_inputs": 1}, TypeError, "active_inputs must be a list of"),
        ("prune_input", {"active_inputs": [3]}, ValueError, r"active_inputs\[0\] must be an"),
        ("remove_edge", {"l": 2, "i": 0, "j": 0}, IndexError, r"l must be in 0\.\.1, got 2"),
        ("remove_edge", {"l": 0, "i": 0, "j": 9}, IndexError, r"j must be in 0\.\.3, got 9"),
        ("remove_node", {"l": 3, "i": 0}, IndexError, r"l must be in 0\.\.2, got 3"),
        ("remove_node", {"l": 1, "i": 4}, IndexError, r"i must be in 0\.\.3, got 4"),
        ("remove_node", {"l": 1, "i": 0, "mode": "x"}, ValueError, "mode must be one of 'all'"),
    ],
)
def test_refuses(call: str, arguments: Any, kind: type[Exception], message: str) -> None:
    model = random_model([3, 4, 1], seed=2)
    before = model.get_parameters()
    with pytest.raises(kind, match=message):
        getattr(model, call)(**arguments)
    np.testing.assert_array_equal(model.get_parameters(), before)
