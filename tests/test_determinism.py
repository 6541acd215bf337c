"""The same bits: for any number of threads, alone or in a batch, and from the same seed."""

import numpy as np
import pytest

import kan
from kan import KAN, _core
from random_models import random_model, with_uneven_grids

BATCH = 10_000


def data_for(model, rows, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (rows, model.width[0][0])).astype(model.dtype)
    y = np.sin(3 * X.sum(axis=1, keepdims=True)) * np.arange(1, sum(model.width[-1]) + 1)
    return X, y.astype(model.dtype)


def trained(threads, make, rows, **options):
    """Parameters, knots and losses after training from the same start."""
    model = make()
    X, y = data_for(model, rows)
    with kan.threads(threads):
        history = model.fit(X, y, **options)
        prediction = model(X)
    knots = [model._network.knots(index) for index in range(model.depth)]
    return [model.get_parameters(), *knots, np.array(history["train_loss"]), prediction]


def same_bits(results, others):
    return all(a.tobytes() == b.tobytes() for a, b in zip(results, others, strict=True))


# The work of one layer on one chunk must exceed what is done by one thread anyway.
SHAPES = {
    "narrow": (lambda: KAN([4, 6, 1], grid=5, seed=0), 1100),
    "wide": (lambda: KAN([6, 12, 12, 2], grid=5, seed=0), 1100),
    "wide float32": (lambda: KAN([6, 12, 9], grid=5, seed=0, dtype="float32"), 2100),
    "products and affines": (
        lambda: KAN([4, [1, 2], [1, 1]], mult_arity=3, grid=4, seed=0, affine_trainable=True),
        1100,
    ),
}
LARGE = (lambda: KAN([20, 32, 32, 4], grid=5, seed=0), 2500)


@pytest.mark.parametrize("shape", [*SHAPES, pytest.param("large", marks=pytest.mark.slow)])
def test_a_hundred_steps_of_adam_give_the_same_bits_for_1_2_and_3_threads(shape):
    make, rows = SHAPES.get(shape, LARGE)
    results = [trained(n, make, rows, opt="Adam", steps=100, lr=0.01) for n in (1, 2, 3)]
    assert same_bits(results[0], results[1])
    assert same_bits(results[0], results[2])
    assert len(results[0][-2]) == 100


# One step is up to 20 iterations and 25 evaluations.
@pytest.mark.parametrize("steps", [5, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize("shape", ["narrow", "wide", "products and affines"])
def test_steps_of_lbfgs_give_the_same_bits_for_1_2_and_3_threads(shape, steps):
    make, rows = SHAPES[shape]
    results = [trained(n, make, rows, opt="LBFGS", steps=steps) for n in (1, 2, 3)]
    assert same_bits(results[0], results[1])
    assert same_bits(results[0], results[2])
    assert len(results[0][-2]) == steps


def test_minibatches_give_the_same_bits_for_1_2_and_3_threads():
    make, rows = SHAPES["wide"]
    options = {"opt": "Adam", "steps": 100, "batch": 300, "validation_fraction": 0.1}
    results = [trained(n, make, rows, **options) for n in (1, 2, 3)]
    assert same_bits(results[0], results[1])
    assert same_bits(results[0], results[2])


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize(
    ("width", "options"),
    [
        pytest.param([3, 5, 2], {"grid": 3}, id="narrow, dense"),
        pytest.param([3, 5, 2], {"grid": 20}, id="narrow, looked up"),
        pytest.param([3, 13, 9], {"grid": 5}, id="wide"),
        pytest.param([3, [2, 2], [8, 1]], {"affine_trainable": True}, id="products and affines"),
        pytest.param([3, 4, 1], {"grid": 40, "k": 5, "extrapolation": "zero"}, id="degree 5"),
    ],
)
def test_a_row_has_the_same_bits_alone_and_in_a_batch(width, options, uneven, dtype, threads):
    model = random_model(width, dtype=dtype, **options)
    if uneven:
        model = with_uneven_grids(model)
    X = np.random.default_rng(1).uniform(-1.3, 1.3, (BATCH, 3)).astype(dtype)
    with kan.threads(threads):
        batch = model(X)
        for n in [*range(70), *range(70, BATCH, 397), BATCH - 1]:
            assert model(X[n : n + 1]).tobytes() == batch[n].tobytes()
        for first, last in [(1, 17), (3, 1030), (63, 129), (5000, 5015)]:
            assert model(X[first:last]).tobytes() == batch[first:last].tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("width", [[3, 5, 2], [3, 9, 8]], ids=["narrow", "wide"])
def test_an_input_gradient_has_the_same_bits_alone_and_in_a_batch(width, dtype):
    model = random_model(width, dtype=dtype)
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (2000, 3)).astype(dtype)
    grad_y = rng.standard_normal((2000, width[-1])).astype(dtype)
    _, batch = _core.pullback(model._network, X, grad_y)
    for n in range(0, 2000, 41):
        _, alone = _core.pullback(model._network, X[n : n + 1], grad_y[n : n + 1])
        assert alone.tobytes() == batch[n].tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [1, 15, 64, 1025, 5000])
@pytest.mark.parametrize("width", [[6, 20, 3], [20, 4, 1]], ids=["wide", "narrow"])
def test_gradients_have_the_same_bits_for_1_2_and_3_threads(width, rows, dtype):
    model = random_model(width, dtype=dtype, grid=8, affine_trainable=True)
    X, y = data_for(model, rows)
    results = []
    for n in (1, 2, 3):
        with kan.threads(n):
            value, gradient = model.loss_and_gradient(X, y)
            results.append([np.array(value), gradient, _core.pullback(model._network, X, y)[1]])
    assert same_bits(results[0], results[1])
    assert same_bits(results[0], results[2])


def test_the_same_seed_gives_the_same_model_and_another_seed_another():
    first, again, other = (KAN([3, 4, 2], seed=seed).get_parameters() for seed in (7, 7, 8))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def numpy_state():
    name, keys, *rest = np.random.get_state()  # noqa: NPY002
    return name, keys.tobytes(), *rest


def test_numpys_global_random_state_is_neither_used_nor_changed():
    make = SHAPES["narrow"][0]
    options = {"opt": "Adam", "steps": 20, "batch": 64, "validation_fraction": 0.2}
    before = numpy_state()
    first = trained(1, make, 300, **options)
    assert numpy_state() == before
    np.random.seed(12345)  # noqa: NPY002
    assert same_bits(first, trained(1, make, 300, **options))
    assert KAN([2, 3], seed=1).get_parameters().tobytes() == (
        KAN([2, 3], seed=1).get_parameters().tobytes()
    )


@pytest.mark.parametrize(
    "options", [{"opt": "LBFGS", "steps": 10}, {"opt": "Adam", "steps": 30, "batch": 50}]
)
def test_two_copies_fitted_alike_end_with_the_same_bits(options):
    model = SHAPES["narrow"][0]()
    X, y = data_for(model, 400)
    twins = [model.copy(), model.copy()]
    histories = [twin.fit(X, y, **options) for twin in twins]
    assert twins[0].get_parameters().tobytes() == twins[1].get_parameters().tobytes()
    assert histories[0] == histories[1]


def test_the_seed_of_fit_chooses_minibatches_and_validation_rows():
    model = SHAPES["narrow"][0]()
    X, y = data_for(model, 400)
    options = {"opt": "Adam", "steps": 30, "batch": 50, "validation_fraction": 0.2}
    ends = []
    for seed in (1, 1, 2):
        twin = model.copy()
        twin.fit(X, y, seed=seed, **options)
        ends.append(twin.get_parameters().tobytes())
    assert ends[0] == ends[1] != ends[2]


def test_threads_are_set_for_a_block_and_back_again():
    before = kan.get_num_threads()
    with kan.threads(3):
        assert kan.get_num_threads() == 3
    assert kan.get_num_threads() == before
