"""Networks that are grown, rearranged and cut by hand."""

import numpy as np
import pytest

from kan import KAN, _core
from kan._edge import edge_of
from kan._networks import symbolic_place
from random_models import random_model


def with_symbolic_edges(model, seed=0):
    """The model with a function beside or in place of about a third of its splines."""
    rng = np.random.default_rng(seed)
    old = model._network
    layers, numbers = [], []
    for index, layer in enumerate(old.layers):
        chosen = [
            _core.SymbolicEdge(i, j, str(rng.choice(["sin", "x^2", "tanh", "table"])))
            for i in range(layer.inputs)
            for j in range(layer.subnodes)
            if rng.random() < 0.35
        ]
        model._splines.update(
            {(index, edge.input, edge.sum): edge_of(old, index, edge.input, edge.sum)
             for edge in chosen}
        )  # fmt: skip
        layers.append(
            _core.Layer(layer.inputs, layer.sums, layer.arities, layer.intervals, layer.degree,
                        chosen)
        )  # fmt: skip
        numbers.append(rng.standard_normal((len(chosen), 4)))
    table = _core.Table("mine", -1.0, 1.0, rng.standard_normal(9))
    network = type(old)(layers, old.base, old.extrapolation, old.affine_enabled, [table])
    for index, layer in enumerate(layers):
        stretch = (1 + np.arange(layer.inputs) / 9).astype(old.dtype)
        network.set_knots(index, old.knots(index) * stretch[:, np.newaxis])
        network.coefficients(index)[:] = old.coefficients(index)
        mask = old.edge_mask(index).copy()
        for edge in layer.symbolic[::2]:
            mask[edge.input, edge.sum] = 0
        network.set_edge_mask(index, mask)
        network.symbolic(index)[:] = numbers[index]
        trains = (rng.random((len(layer.symbolic), 4)) < 0.5).astype(np.uint8)
        network.set_symbolic_trainable(index, trains)
        for which in ("subnode_scale", "subnode_bias", "node_scale", "node_bias"):
            if old.affine_enabled:
                network.affine(index, which)[:] = old.affine(index, which)
    model._network = network
    return model


def rich_model(**options):
    """A model with everything: products, affines, functions, tables, masks, frozen numbers."""
    options = {"mult_arity": [[], [2, 3, 2], [2], []], "affine_trainable": True, **options}
    return with_symbolic_edges(random_model([3, [3, 3], [3, 1], 2], **options))


def some_inputs(count=40, columns=3, dtype="float64"):
    return np.random.default_rng(5).uniform(-1, 1, (count, columns)).astype(dtype)


def facts_of_edges(model):
    """Everything known of each edge, by (l, i, j), where numbers can stand for places."""
    network, facts = model._network, {}
    for index, layer in enumerate(network.layers):
        for i in range(layer.inputs):
            for j in range(layer.subnodes):
                place = symbolic_place(layer, i, j)
                function = None
                if place is not None:
                    function = (
                        layer.symbolic[place].function,
                        tuple(network.symbolic(index)[place]),
                        tuple(network.symbolic_trainable(index)[place]),
                    )
                spline = model._splines.get((index, i, j))
                facts[index, i, j] = (
                    int(network.edge_mask(index)[i, j]),
                    tuple(network.knots(index)[i]),
                    tuple(network.coefficients(index)[i, :, j]),
                    function,
                    None if spline is None else (tuple(spline.coefficients), (index, i, j) == (
                        spline.layer, spline.source, spline.target)),
                )  # fmt: skip
    return facts


# ---- depth and width -----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_deeper_network_has_the_same_values(dtype):
    model = rich_model(dtype=dtype)
    X = some_inputs(dtype=dtype)
    before, facts = model.predict(X), facts_of_edges(model)
    assert model.expand_depth() is None
    assert model.width == [[3, 0], [3, 3], [3, 1], [2, 0], [2, 0]]
    np.testing.assert_array_equal(model.predict(X), before)
    assert facts.items() <= facts_of_edges(model).items()


def test_the_added_layer_hands_products_on_too():
    model = random_model([2, [1, 2]])
    before = model.predict(some_inputs(columns=2))
    model.expand_depth()
    assert model.width == [[2, 0], [1, 2], [3, 0]]
    np.testing.assert_array_equal(model.predict(some_inputs(columns=2)), before)


@pytest.mark.parametrize(
    ("level", "is_sum", "width"),
    [
        (1, True, [[3, 0], [5, 3], [3, 1], [2, 0]]),
        (1, False, [[3, 0], [3, 5], [3, 1], [2, 0]]),
        (2, True, [[3, 0], [3, 3], [5, 1], [2, 0]]),
        (2, False, [[3, 0], [3, 3], [3, 3], [2, 0]]),
    ],
)
def test_a_wider_network_has_the_same_values(level, is_sum, width):
    """pykan replaces the splines of both neighbouring layers by fresh ones."""
    model = rich_model()
    before = model.predict(some_inputs())
    model.expand_width(level, 2, is_sum, 4)
    assert model.width == width
    np.testing.assert_allclose(model.predict(some_inputs()), before, rtol=1e-13)


def test_old_edges_keep_all_they_have_beside_new_nodes():
    model = rich_model()
    facts = facts_of_edges(model)
    model.expand_width(2, 1, sum_bool=False, mult_arity=3)
    assert facts.items() <= facts_of_edges(model).items()
    new = [fact for edge, fact in facts_of_edges(model).items() if edge not in facts]
    assert all(mask == 0 and function is None for mask, _, _, function, _ in new)


def test_new_sums_stand_between_the_old_sums_and_the_products():
    model = rich_model()
    facts = facts_of_edges(model)
    model.expand_width(1, 2)
    after = facts_of_edges(model)
    assert all(after[0, i, j if j < 3 else j + 2] [:4] == facts[0, i, j][:4]
               for i in range(3) for j in range(10))  # fmt: skip
    assert all(after[1, i if i < 3 else i + 2, j][:4] == facts[1, i, j][:4]
               for i in range(6) for j in range(5))  # fmt: skip


def test_new_outputs_are_0_and_stand_last():
    model = rich_model()
    before = model.predict(some_inputs())
    model.expand_width(3, 1)
    after = model.predict(some_inputs())
    np.testing.assert_array_equal(after[:, :2], before)
    np.testing.assert_array_equal(after[:, 2], 0.0)


def test_new_inputs_stand_first_and_change_nothing():
    model = rich_model()
    before = model.predict(some_inputs())
    model.expand_width(0, 2)
    wider = np.column_stack([some_inputs(columns=2), some_inputs()])
    np.testing.assert_array_equal(model.predict(wider), before)


@pytest.mark.parametrize("level", [0, 1])
def test_networks_with_new_inputs_or_outputs_are_searched_for_functions(level):
    x = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    model = KAN([2, 1], seed=0)
    model.fit(x, np.sin(2 * x[:, :1]) + x[:, 1:] ** 2, steps=20, verbose=False)
    model.expand_width(level, 1)
    model.auto_symbolic(lib=["x", "sin", "x^2"])
    assert model(np.zeros((1, 2 + (level == 0)))).shape == (1, 1 + level)


def test_new_inputs_come_before_chosen_columns(tmp_path):
    model = random_model([2, 2, 1])
    model._input_id, model._given_inputs = [3, 1], 5
    before = model.predict(some_inputs(columns=5))
    model.expand_width(0, 1)
    wider = np.column_stack([np.ones(40), some_inputs(columns=5)])
    np.testing.assert_array_equal(model.predict(wider), before)
    model.save(tmp_path / "m.safetensors")
    again = KAN.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(wider), before)


def test_what_was_looked_at_is_forgotten_when_there_are_new_inputs():
    model = random_model([2, 2, 1])
    model.get_act(some_inputs(columns=2))
    model.expand_width(1, 1)
    assert model._reference_inputs().shape == (40, 2)
    model.expand_width(0, 1)
    assert model._reference_inputs().shape[1] == 3


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((4, 1), ValueError, "layer_id must be an integer in 0..3, got 4"),
        (("1", 1), TypeError, "layer_id must be an integer"),
        ((1, 0), ValueError, "n_added_nodes must be an integer in 1"),
        ((1, 1, "yes"), TypeError, "sum_bool must be True or False"),
        ((1, 1, False, 1), ValueError, "mult_arity must be an integer in 2"),
        ((0, 1, False), ValueError, "sum_bool must be True for layer_id=0"),
    ],
)
def test_nodes_that_make_no_sense_are_refused(arguments, kind, message):
    model = rich_model()
    facts = facts_of_edges(model)
    with pytest.raises(kind, match=message):
        model.expand_width(*arguments)
    assert facts_of_edges(model) == facts


# ---- perturb -------------------------------------------------------------------------------------


def grown_model():
    """A model whose splines are off, with functions that say x_0 * sin(x_1), and a spare node."""
    model = KAN([2, [1, 1], 1], base_fun="identity")
    layers = model._network.layers
    edges = [
        [_core.SymbolicEdge(0, 1, "x"), _core.SymbolicEdge(1, 2, "sin")],
        [_core.SymbolicEdge(0, 0, "0"), _core.SymbolicEdge(1, 0, "x")],
    ]
    network = _core.Network64(
        [_core.Layer(one.inputs, one.sums, one.arities, one.intervals, one.degree, own)
         for one, own in zip(layers, edges, strict=True)],
        model._network.base, model._network.extrapolation, False,
    )  # fmt: skip
    for index in range(2):
        network.set_edge_mask(index, np.zeros_like(network.edge_mask(index)))
    model._network = network
    return model


def masks(model):
    return [model._network.edge_mask(index).tolist() for index in range(model.depth)]


def test_perturbing_without_intruding_keeps_the_values():
    model = grown_model()
    X = some_inputs(columns=2)
    np.testing.assert_allclose(model.predict(X)[:, 0], X[:, 0] * np.sin(X[:, 1]), rtol=1e-14)
    before = model.predict(X)
    assert model.perturb() is None
    np.testing.assert_array_equal(model.predict(X), before)
    assert masks(model) == [[[1, 0, 0], [1, 0, 0]], [[1], [1]]]
    assert np.ptp(_core.activations(model._network, X, 1)[:, 0]) > 0.1


def test_perturbing_without_intruding_spares_what_has_been_learnt():
    model = rich_model()
    before = model.predict(some_inputs())
    model.expand_width(1, 2)
    model.expand_width(2, 1, sum_bool=False)
    model.perturb()
    np.testing.assert_allclose(model.predict(some_inputs()), before, rtol=1e-13)
    assert model._network.edge_mask(0)[:, 3:5].all()
    assert model._network.edge_mask(1)[:, -2:].all()
    assert model._network.edge_mask(2).all()


def test_a_perturbed_network_learns_more_than_its_formula():
    model = grown_model()
    X = some_inputs(200, 2)
    y = X[:, 0] * np.sin(X[:, 1]) + np.cos(X[:, 0] + 0.5)
    alone = model.copy()
    assert alone.fit(X, y, steps=10, opt="LBFGS")["train_loss"][-1] > 0.1
    model.perturb(0.5)
    assert model.fit(X, y, steps=30, opt="LBFGS")["train_loss"][-1] < 0.01


def test_minimal_perturbation_is_of_the_symbolic_edges():
    model = grown_model()
    model.perturb(mode="minimal")
    assert masks(model) == [[[0, 1, 0], [0, 0, 1]], [[0], [1]]]


def test_all_edges_can_be_perturbed_in_proportion_to_mag():
    small, large = grown_model(), grown_model()
    small.perturb(0.1, mode="all")
    large.perturb(1.0, "all")
    assert small.n_edge == large.n_edge == 8
    for index in range(2):
        weights = small._network.coefficients(index)
        assert np.abs(weights).max() > 0.0
        np.testing.assert_allclose(10 * weights, large._network.coefficients(index), rtol=1e-14)


def test_what_is_on_already_stays_as_it_is():
    model = random_model([2, 3, 1])
    parameters = model.get_parameters()
    for mode in ("all", "minimal", "non-intrusive"):
        model.perturb(mode=mode)
        np.testing.assert_array_equal(model.get_parameters(), parameters)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"mag": -1.0}, ValueError, "mag must be >= 0"),
        ({"mag": "big"}, TypeError, "mag must be a number"),
        ({"mode": "best"}, ValueError, "mode must be one of 'non-intrusive', 'minimal', 'all'"),
    ],
)
def test_perturbations_that_make_no_sense_are_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        grown_model().perturb(**options)


# ---- swap ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", [(0, 2), (1, 1), (3, 4), (5, 3)])
def test_swapped_nodes_take_everything_along(pair):
    """pykan leaves functions behind, and takes node indices for those of subnodes."""
    model = rich_model()
    before = model.predict(some_inputs())
    twin = model.copy()
    model.swap(1, *pair)
    np.testing.assert_allclose(model.predict(some_inputs()), before, rtol=1e-12)
    if pair[0] != pair[1]:
        first, second = (_core.activations(one._network, some_inputs(), 1) for one in (twin, model))
        np.testing.assert_array_equal(first[:, pair[0]], second[:, pair[1]])
    model.swap(1, *pair)
    assert facts_of_edges(model) == facts_of_edges(twin)


def test_products_of_different_arity_can_be_swapped():
    model = rich_model()
    model.swap(1, 3, 4)
    assert model._network.layers[0].arities == [3, 2, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 0, 1), "l must be an integer in 1..2, got 0"),
        ((3, 0, 1), "l must be an integer in 1..2, got 3"),
        ((1, 0, 6), "i2 must be an integer in 0..5, got 6"),
        ((1, -1, 0), "i1 must be an integer in 0..5, got -1"),
        ((1, 0, 3), "two sums or two products, got 0 and 3: the sums are 0..2"),
    ],
)
def test_swaps_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        rich_model().swap(*arguments)


def test_a_network_without_hidden_layer_has_nothing_to_swap():
    model = random_model([2, 2])
    with pytest.raises(ValueError, match="hidden layer, and this network has none"):
        model.swap(1, 0, 1)
    model.auto_swap()


def test_connection_cost_is_distance_times_score():
    model = KAN([2, 2, 1], base_fun="identity")
    for index in range(2):
        model._network.coefficients(index)[:] = 0.0
    model._network.coefficients(0)[0, -1, 1] = model._network.coefficients(0)[1, -1, 0] = 1.0
    model._network.coefficients(1)[:, -1, 0] = 1.0, 3.0
    model.get_act(np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]]))
    shares = np.array([1.0, 3.0]) / np.sqrt(10)  # the inputs are independent
    expected = (0.5 + 0.25) * shares.sum()  # half a row below, a quarter above
    assert model.connection_cost == pytest.approx(expected, rel=1e-3)
    model.swap(1, 0, 1)
    assert model.connection_cost == pytest.approx(0.25 * shares.sum(), rel=1e-3)


def test_auto_swap_untangles_crossed_connections():
    n = 8
    order = np.random.default_rng(3).permutation(n)
    model = KAN([n, n, n], base_fun="identity")
    for index in range(2):
        mask = np.zeros((n, n), dtype=np.uint8)
        mask[(np.arange(n), order) if index == 0 else (order, np.arange(n))] = 1
        model._network.set_edge_mask(index, mask)
        model._network.coefficients(index)[:, -1, :] = mask
    X = some_inputs(100, n)
    before = model.predict(X)
    assert model.connection_cost > 0.5
    assert model.auto_swap() is None
    assert model.connection_cost < 1e-12
    np.testing.assert_array_equal(model.predict(X), before)


def test_auto_swap_never_raises_the_cost_and_keeps_values():
    model = rich_model()
    before, cost = model.predict(some_inputs()), model.connection_cost
    model.auto_swap_l(2)
    half_way = model.connection_cost
    model.auto_swap()
    assert model.connection_cost <= half_way <= cost
    assert model.connection_cost < cost
    np.testing.assert_allclose(model.predict(some_inputs()), before, rtol=1e-12)
    settled = facts_of_edges(model)
    model.auto_swap()
    assert facts_of_edges(model) == settled


def test_no_single_swap_improves_what_auto_swap_leaves():
    model = random_model([4, [3, 2], [3, 0], 2], seed=3)
    model.auto_swap()
    cost = model.connection_cost
    for level, nodes in ((1, (0, 1, 2)), (1, (3, 4)), (2, (0, 1, 2))):
        for first in nodes:
            for second in nodes:
                other = model.copy()
                other.swap(level, first, second)
                assert other.connection_cost >= cost * (1 - 1e-9)


# ---- module --------------------------------------------------------------------------------------


def links(model, index):
    network = model._network
    linked = network.edge_mask(index).astype(bool)
    for edge in network.layers[index].symbolic:
        linked[edge.input, edge.sum] = True
    return linked


def test_a_module_loses_the_edges_to_the_others():
    model = random_model([3, 4, 3, 1])
    assert model.module(0, "[0,1]->[0, 2]->[0,2]->[1]") is None
    np.testing.assert_array_equal(links(model, 0), [[1, 0, 1, 0], [1, 0, 1, 0], [0, 1, 0, 1]])
    np.testing.assert_array_equal(links(model, 1), [[0, 1, 0], [1, 0, 1], [0, 1, 0], [1, 0, 1]])
    assert links(model, 2).all()


def test_a_module_loses_symbolic_edges_too():
    model = rich_model()
    splines = set(model._splines)
    assert any(index == 1 and (i in (0, 3)) != (j == 4) for index, i, j in splines)
    facts = facts_of_edges(model)
    model.module(1, [[0, 3], [4]])
    for (index, i, j), fact in facts_of_edges(model).items():
        if index == 1 and (i in (0, 3)) != (j == 4):
            assert fact[0] == 0
            assert fact[3] is None
            assert (index, i, j) not in model._splines
        else:
            assert fact == facts[index, i, j]


def test_negative_indices_of_a_module_count_from_the_end():
    """pykan takes all edges from the module then."""
    first, second = random_model([3, 4, 1]), random_model([3, 4, 1])
    first.module(0, "[-1]->[-1]")
    second.module(0, "[2]->[3]")
    assert masks(first) == masks(second)
    assert links(first, 0)[2, 3]


@pytest.mark.parametrize(
    ("start", "chain", "kind", "message"),
    [
        (2, "[0]->[0]", ValueError, "start_layer must be an integer in 0..1"),
        (0, "0->1", ValueError, r"chain must look like '\[0,1\]->\[0\]->\[0\]->\[2\]'"),
        (0, "[0]->[a]", ValueError, "chain must look like"),
        (0, "[0]->[]", ValueError, "chain must look like"),
        (0, "[0]->[0]->[0]", ValueError, "two groups for each of at most 2 layers"),
        (1, "[0]->[0]->[0]->[0]", ValueError, "at most 1 layers, .*, got 4 groups"),
        (0, "[0]->[4]", ValueError, r"chain\[1\] must be an integer in -4..3, got 4"),
        (0, 5, TypeError, "chain must be a string such as"),
        (0, [0, 1], TypeError, r"chain\[0\] must be a list of indices, got 0"),
    ],
)
def test_modules_that_make_no_sense_are_refused(start, chain, kind, message):
    model = random_model([3, 4, 1])
    with pytest.raises(kind, match=message):
        model.module(start, chain)
    assert model.n_edge == 16
