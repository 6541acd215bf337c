"""Every gradient against central differences in double precision.

A difference of step h is wrong by h^2 f'''/6 (f''' is the largest third derivative, up to 1e6 on
the finest grids here) and by eps |f| / h: with h = 1e-6 both stay below the project's bar, 1e-6 of
the largest entry. No sample may cross a knot, where derivatives of low degrees jump.
"""

import numpy as np
import pytest

import reference_kan
from kan import _core
from random_models import random_model, with_masked_edges, with_uneven_grids

STEP = 1e-6
MARGIN = 1e-4  # no activation comes closer to a knot; a step moves it by a few STEP
BAR = 1e-6

DEGREES = [1, 2, 3, 4, 5]
NARROW, WIDE = [2, 3, 1], [2, 9, 1]
LOSSES = ["mse", "cross_entropy"]


def samples(model, count=60, reach=0.98, seed=0):
    """Inputs whose activations keep away from all knots, in every layer."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-reach, reach, (20 * count, model.width[0][0]))
    keeps = np.ones(len(X), dtype=bool)
    for index in range(model.depth):
        values = _core.activations(model._network, X, index)
        for column, knots in zip(values.T, model._network.knots(index), strict=True):
            keeps &= np.abs(column[:, np.newaxis] - knots).min(axis=1) > MARGIN
    assert keeps.sum() >= count
    return X[keeps][:count]


def targets(model, loss, count, seed=1):
    rng = np.random.default_rng(seed)
    outputs = sum(model.width[-1])
    if loss == "cross_entropy":
        return rng.integers(0, outputs, count)
    return rng.standard_normal((count, outputs))


def differences_of_loss(model, X, y, loss="mse", weight=None):
    """d loss / d parameter, one central difference each."""
    labels = y if loss == "cross_entropy" else None
    y = None if loss == "cross_entropy" else y
    data = _core.Samples64(X, y, labels, sum(model.width[-1]), weight, None)
    return differences(model, lambda: _core.loss(model._network, data, loss))


def differences(model, value):
    """d value() / d parameter."""
    network = model._network
    flat = network.parameters()
    slopes = np.empty_like(flat)
    moved = flat.copy()
    for p in range(flat.size):
        moved[p] = flat[p] + STEP
        network.set_parameters(moved)
        above = value()
        moved[p] = flat[p] - STEP
        network.set_parameters(moved)
        slopes[p] = (above - value()) / (2 * STEP)
        moved[p] = flat[p]
    network.set_parameters(flat)
    return slopes


def differences_of_inputs(model, X, grad_y):
    """d sum(grad_y * model(X)) / d X: a row of the output depends on its own inputs only."""
    slopes = np.empty_like(X)
    for i in range(X.shape[1]):
        step = STEP * (np.arange(X.shape[1]) == i)
        difference = _core.predict(model._network, X + step)
        difference -= _core.predict(model._network, X - step)
        slopes[:, i] = (grad_y * difference).sum(axis=1) / (2 * STEP)
    return slopes


def relative_error(computed, expected):
    assert np.abs(expected).max() > 0
    return np.abs(computed - expected).max() / np.abs(expected).max()


def check_parameters(model, X, loss="mse", weight=None):
    data = (targets(model, loss, len(X)), loss, weight)
    _, gradient = model.loss_and_gradient(X, *data)
    assert relative_error(gradient, differences_of_loss(model, X, *data)) <= BAR


def check_inputs(model, X):
    grad_y = np.random.default_rng(2).standard_normal((len(X), sum(model.width[-1])))
    _, grad_x = _core.pullback(model._network, X, grad_y)
    assert relative_error(grad_x, differences_of_inputs(model, X, grad_y)) <= BAR


def check(model, X, **options):
    check_parameters(model, X, **options)
    check_inputs(model, X)


@pytest.mark.parametrize("width", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("k", DEGREES)
def test_gradients_on_uniform_grids_are_right(k, width):
    model = random_model(width, grid=3, k=k)
    check(model, samples(model))


@pytest.mark.parametrize("width", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("k", DEGREES)
def test_gradients_on_uneven_grids_are_right(k, width):
    model = with_uneven_grids(random_model(width, grid=4, k=k))
    check(model, samples(model))


@pytest.mark.parametrize("width", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("k", [1, 3, 5])
def test_gradients_on_fine_grids_are_right(k, uneven, width):
    model = random_model(width, grid=40, k=k, scale=0.2)
    if uneven:
        model = with_uneven_grids(model)
    check(model, samples(model, count=30))


@pytest.mark.parametrize("width", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("uneven", [False, True])
def test_parameter_gradients_of_piecewise_constant_splines_are_right(uneven, width):
    model = random_model(width, grid=5, k=0)
    if uneven:
        model = with_uneven_grids(model)
    check(model, samples(model))


@pytest.mark.parametrize("base_fun", ["silu", "identity", "zero"])
def test_gradients_with_every_base_function_are_right(base_fun):
    model = random_model([2, 4, 1], base_fun=base_fun)
    check(model, samples(model))


@pytest.mark.parametrize("policy", ["linear", "clamp", "zero", "polynomial"])
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("k", DEGREES)
def test_gradients_outside_the_grid_are_right(k, uneven, policy):
    model = random_model([2, 3, 1], grid=3, k=k, extrapolation=policy, scale=0.3)
    if uneven:
        model = with_uneven_grids(model)
    X = samples(model, reach=1.5)
    knots = model._network.knots(0)
    outside = (X < knots[:, k]) | (X > knots[:, -1 - k])
    assert 0.2 < outside.mean() < 0.6
    check(model, X)


@pytest.mark.parametrize("k", DEGREES)
def test_gradients_of_hidden_layers_outside_their_grids_are_right_where_inputs_must_not_be(k):
    model = random_model([2, 3, 1], grid=3, k=k, extrapolation="error", scale=1.0)
    X = samples(model)
    hidden = _core.activations(model._network, X, 1)
    assert 0.1 < (np.abs(hidden) > 1).mean() < 0.8
    check(model, X)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize(
    ("width", "mult_arity"),
    [
        pytest.param([2, [2, 2], 1], 2, id="hidden, arity 2"),
        pytest.param([2, [0, 3], 1], 3, id="hidden, arity 3, no sums"),
        pytest.param([2, [1, 2], [1, 2]], [[], [2, 3], [3, 2]], id="mixed arities, last layer too"),
        pytest.param([2, 3, [0, 1]], 3, id="last layer alone"),
        pytest.param([2, [7, 2], [8, 2]], [[], [3, 2], [2, 3]], id="wide"),
    ],
)
def test_gradients_through_multiplication_nodes_are_right(width, mult_arity, affine):
    model = random_model(width, mult_arity=mult_arity, affine_trainable=affine, seed=3)
    check(model, samples(model))


def test_the_gradient_of_a_product_is_right_where_a_factor_is_zero():
    model = random_model([2, [0, 1]], mult_arity=3)
    model._network.coefficients(0)[:, :, 0] = 0.0
    X = samples(model)
    grad_y = np.ones((len(X), 1))
    gradient, _ = _core.pullback(model._network, X, grad_y)
    assert relative_error(gradient, differences(model, lambda: model(X).sum())) <= BAR


@pytest.mark.parametrize("width", [NARROW, WIDE], ids=["narrow", "wide"])
def test_gradients_of_affines_are_right(width):
    model = random_model(width, affine_trainable=True, seed=5)
    check(model, samples(model))


@pytest.mark.parametrize("width", [[3, 4, 2], [3, 9, 8]], ids=["narrow", "wide"])
def test_masked_edges_have_no_gradient_and_the_others_the_right_one(width):
    model = with_masked_edges(random_model(width))
    X = samples(model)
    check(model, X)
    model._network.coefficients(0)[:] = 0.0  # the kernels compute something there all the same
    _, gradient = model.loss_and_gradient(X, targets(model, "mse", len(X)))
    assert (gradient[model._network.trainable() == 0] == 0).all()
    assert (model._network.trainable() == 0).any()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("width", [[2, 4, 3], [2, 9, 8]], ids=["narrow", "wide"])
def test_gradients_of_both_losses_with_and_without_weights_are_right(width, loss, weighted):
    model = random_model(width, seed=7)
    X = samples(model)
    weight = np.random.default_rng(3).exponential(size=len(X)) if weighted else None
    if weighted:
        weight[::7] = 0.0
    check_parameters(model, X, loss=loss, weight=weight)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("weighted", [False, True])
def test_everything_at_once_has_the_right_gradient(loss, weighted):
    model = random_model(
        [3, [3, 1], [9, 1], [1, 2]],
        mult_arity=[[], [3], [2], [2, 3]],
        grid=[3, 12, 4],
        k=[3, 2, 4],
        affine_trainable=True,
        scale=0.3,
    )
    model = with_masked_edges(with_uneven_grids(model), share=0.2)
    X = samples(model, count=40, reach=1.2)
    weight = np.random.default_rng(3).exponential(size=len(X)) if weighted else None
    check(model, X, loss=loss, weight=weight)


def test_the_gradient_of_many_chunks_is_right():
    model = random_model([2, 2, 1])
    check(model, samples(model, count=2100))


@pytest.mark.parametrize("groups", [(True, False), (False, True)])
def test_groups_that_do_not_train_have_no_gradient_and_the_others_the_right_one(groups):
    splines, bases = groups
    model = random_model(NARROW, sp_trainable=splines, sb_trainable=bases)
    X = samples(model)
    data = (targets(model, "mse", len(X)),)
    _, gradient = model.loss_and_gradient(X, *data)
    trainable = model._network.trainable().astype(bool)
    assert (gradient[~trainable] == 0).all()
    expected = differences_of_loss(model, X, *data)
    assert relative_error(gradient[trainable], expected[trainable]) <= BAR


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        ("mse", reference_kan.mean_squared_error),
        ("cross_entropy", reference_kan.cross_entropy),
    ],
)
def test_the_loss_is_what_its_formula_says(loss, formula, weighted):
    model = random_model([2, 4, 3])
    X = samples(model)
    y = targets(model, loss, len(X))
    weight = np.random.default_rng(3).exponential(size=len(X)) if weighted else None
    value, _ = model.loss_and_gradient(X, y, loss, weight)
    # 60 rows of 3 terms are added, each right to a few eps
    assert value == pytest.approx(formula(reference_kan.predict(model, X), y, weight), rel=1e-13)


@pytest.mark.parametrize("loss", LOSSES)
def test_float32_gradients_agree_with_those_in_double_precision(loss):
    rough = random_model([3, 9, 4, 3], dtype="float32")
    exact = random_model([3, 9, 4, 3])
    exact.set_parameters(rough.get_parameters())
    for index in range(exact.depth):
        exact._network.set_knots(index, rough._network.knots(index).astype(np.float64))
    X = samples(exact).astype(np.float32)
    data = (targets(exact, loss, len(X)), loss)
    # about 100 roundings on the way through three layers and back, of eps = 1.2e-7 each
    assert (
        relative_error(rough.loss_and_gradient(X, *data)[1], exact.loss_and_gradient(X, *data)[1])
        <= 1e-5
    )


def test_cross_entropy_of_huge_logits_neither_overflows_nor_loses_its_gradient():
    model = random_model([1, 3], base_fun="identity")
    model.set_parameters(1e4 * model.get_parameters())
    X = samples(model)
    value, gradient = model.loss_and_gradient(X, np.zeros(len(X), dtype=int), "cross_entropy")
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0
