"""Jets as the core gives them: arrays in, arrays out.

What they are worth in numbers is tested where they are computed, in `cpp/tests/test_jet.cpp`; here
it is enough that arrays arrive and return in the right places.
"""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from kan import KAN, _core
from random_models import random_model

# A central difference of this step is off by about 1e-10 of the third derivative, and by rounding
# over the step: below 1e-6 for the models here.
STEP = 1e-5
BAR = 1e-6


@pytest.fixture
def model() -> KAN:
    return random_model([2, 5, 2], grid=4, k=4)


def points(count: int = 7, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(-0.9, 0.9, (count, 2))


def test_derivatives_are_named_in_the_order_of_the_places(model: KAN) -> None:
    jets = _core.Jets64(model._network, 2)
    assert jets.derivatives == [[], [0], [1], [0, 0], [0, 1], [1, 1]]
    assert jets.jets(points()).shape == (6, 7, 2)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_the_first_place_is_the_prediction(model: KAN, order: int) -> None:
    X = points()
    np.testing.assert_array_equal(_core.Jets64(model._network, order).jets(X)[0], model(X))


def test_each_place_is_the_slope_of_the_one_without_its_last_input(model: KAN) -> None:
    core, X = _core.Jets64(model._network, 3), points()
    jets, places = core.jets(X), core.derivatives
    for place, inputs in enumerate(places[1:], start=1):
        step = STEP * np.eye(2)[inputs[-1]]
        lower = places.index(inputs[:-1])
        slope = (core.jets(X + step)[lower] - core.jets(X - step)[lower]) / (2 * STEP)
        assert np.abs(jets[place] - slope).max() <= BAR * max(1, np.abs(slope).max())


def test_gradients_are_slopes_of_the_weighted_sum(model: KAN) -> None:
    core, X = _core.Jets64(model._network, 2), points()
    weights = np.random.default_rng(1).standard_normal(core.jets(X).shape)
    of_parameters, of_x = core.pullback(X, weights)
    flat = model.get_parameters()

    def slope(change: Any, step: Any) -> Any:
        above, below = change(step), change(-step)
        return np.einsum("pno,pno->n", weights, above - below) / (2 * STEP)

    for p in range(0, flat.size, 7):
        step = STEP * (np.arange(flat.size) == p)
        got = slope(lambda s: core.jets(X, flat + s), step).sum()
        assert abs(of_parameters[p] - got) <= BAR * np.abs(of_parameters).max()
    for i in range(2):
        got = slope(lambda s: core.jets(X + s), STEP * np.eye(2)[i])
        np.testing.assert_allclose(of_x[:, i], got, atol=BAR * np.abs(of_x).max())


def test_single_precision_stays_single() -> None:
    model = random_model([2, 3, 1], dtype="float32")
    core, X = _core.Jets32(model._network, 2), points().astype(np.float32)
    jets = core.jets(X)
    assert jets.dtype == np.float32
    assert [one.dtype for one in core.pullback(X, jets)] == [np.float32, np.float32]
    double = random_model([2, 3, 1])
    double.set_parameters(model.get_parameters().astype(np.float64))
    exact = _core.Jets64(double._network, 2).jets(X.astype(np.float64))
    np.testing.assert_allclose(jets, exact, atol=1e-4 * np.abs(exact).max())


def test_arrays_that_may_not_be_written_are_read(model: KAN) -> None:
    core, X = _core.Jets64(model._network, 1), points()
    expected = core.jets(X)
    weights = np.ones_like(expected)
    for array in (X, weights):
        array.flags.writeable = False
    np.testing.assert_array_equal(core.jets(X), expected)
    assert core.pullback(X, weights)[1].shape == X.shape


def test_no_points_give_no_jets_and_a_gradient_of_0(model: KAN) -> None:
    core = _core.Jets64(model._network, 2)
    jets = core.jets(np.empty((0, 2)))
    assert jets.shape == (6, 0, 2)
    of_parameters, of_x = core.pullback(np.empty((0, 2)), jets)
    assert not of_parameters.any()
    assert of_x.shape == (0, 2)


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        ({"x": np.zeros((3, 4))}, ValueError, r"x must have shape \(N, 2\), got \(3, 4\)"),
        ({"x": np.zeros((3, 2), np.float32)}, TypeError, "x must have dtype float64, got float32"),
        ({"x": np.zeros((6, 2))[::2]}, ValueError, "x must be C-contiguous"),
        (
            {"grad_jets": np.zeros((5, 3, 2))},
            ValueError,
            r"grad_jets must have shape \(6, 3, 2\), got \(5, 3, 2\)",
        ),
        ({"parameters": np.zeros(3)}, ValueError, r"parameters must have shape \(\d+,\)"),
    ],
)
def test_wrong_arrays_are_refused_by_name(
    model: KAN, arrays: dict[str, Any], error: type[Exception], message: str
) -> None:
    given = {"x": np.zeros((3, 2)), "grad_jets": np.zeros((6, 3, 2)), **arrays}
    with pytest.raises(error, match=message):
        _core.Jets64(model._network, 2).pullback(**given)


@pytest.mark.parametrize("order", [-1, 4])
def test_an_order_that_there_is_not_is_refused(model: KAN, order: int) -> None:
    with pytest.raises(ValueError, match=rf"the order of a jet must be in 0\.\.3, got {order}"):
        _core.Jets64(model._network, order)


def test_jets_keep_their_network_alive() -> None:
    X = points()
    expected = _core.Jets64(random_model([2, 5, 2])._network, 1).jets(X)
    core = _core.Jets64(random_model([2, 5, 2])._network, 1)
    gc.collect()
    np.testing.assert_array_equal(core.jets(X), expected)


def test_other_threads_run_while_jets_are_computed(model: KAN) -> None:
    X = points(30_000)
    expected = _core.Jets64(model._network, 2).jets(X)
    ticks, over = [0], threading.Event()

    def tick() -> None:
        while not over.wait(0.001):
            ticks[0] += 1

    other = threading.Thread(target=tick)
    other.start()
    try:
        cores = [_core.Jets64(model._network, 2) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda core: core.jets(X), cores))
    finally:
        over.set()
        other.join()
    assert ticks[0] > 0
    for answer in answers:
        np.testing.assert_array_equal(answer, expected)


def line(model: KAN, X: Any, target: Any) -> Any:
    """The objective of u_0 = target and an unknown number c = 2, as the core wants to hear it."""
    core = _core.Jets64(model._network, 1)
    count = model._network.parameter_count

    def parts(flat: Any) -> tuple[Any, Any]:
        return core.jets(X, flat[:count].copy())[1, :, :1] - target, flat[count:] - 2.0

    def value(flat: Any) -> float:
        return float(sum(np.square(one).sum() for one in parts(flat)))

    def evaluate(flat: Any) -> tuple[float, Any]:
        slope, number = parts(flat)
        seeds = np.zeros((3, len(X), model(X).shape[1]))
        seeds[1, :, :1] = 2 * slope
        gradient = core.pullback(X, seeds, flat[:count].copy())[0]
        return value(flat), np.concatenate([gradient, 2 * number])

    def linearise(flat: Any) -> list[tuple[Any, ...]]:
        slope, number = parts(flat)
        seeds = np.zeros((3, len(X), model(X).shape[1]))
        nothing = np.zeros((3, 1, seeds.shape[2]))
        seeds[1, :, 0] = 1.0
        return [
            (core, X, slope[:, 0], seeds, np.zeros((len(X), 1)), 1.0),
            (core, X[:1], number, nothing, np.ones((1, 1)), 1.0),
        ]

    return _core.ResidualObjective64(model._network, 1, evaluate, value, linearise)


def test_a_condition_on_derivatives_and_an_unknown_number_are_found_together() -> None:
    model = KAN([2, 3, 1], grid=4, k=3, seed=0)
    X = points(200)
    objective = line(model, X, np.sin(3 * X[:, :1]) * X[:, 1:])
    optimizer = _core.LevenbergMarquardt64(
        np.append(model.get_parameters(), 0.5), damping=1e-3, ridge=1e-12
    )
    values, _ = _core.run(optimizer, objective, 30, _core.Best64())
    assert values[-1] < 1e-3 * values[0]
    assert (np.diff(values) <= 0).all()
    assert abs(optimizer.parameters[-1] - 2.0) < 1e-6


def one_step(model: KAN, linearise: Any) -> Any:
    count = model._network.parameter_count
    objective = _core.ResidualObjective64(
        model._network, 0, lambda flat: (1.0, np.zeros(count)), lambda flat: 1.0, linearise
    )
    optimizer = _core.LevenbergMarquardt64(model.get_parameters(), damping=1e-3, ridge=1e-12)
    return _core.run(optimizer, objective, 1, _core.Best64())


def test_jets_of_another_network_are_refused(model: KAN) -> None:
    other = _core.Jets64(random_model([2, 5, 2], grid=4, k=4)._network, 0)
    row = (other, points(), np.zeros(7), np.zeros((1, 7, 2)), np.zeros((7, 0)), 1.0)
    with pytest.raises(ValueError, match="jets must be those of the network of the objective"):
        one_step(model, lambda flat: [row])


@pytest.mark.parametrize(
    ("place", "array", "message"),
    [
        (2, np.zeros(6), r"residual must have shape \(7,\), got \(6,\)"),
        (3, np.zeros((3, 7, 2)), r"seeds must have shape \(1, 7, 2\), got \(3, 7, 2\)"),
        (4, np.zeros((7, 2)), r"unknown_seeds must have shape \(7, 0\), got \(7, 2\)"),
    ],
)
def test_residuals_of_wrong_shapes_are_refused_by_name(
    model: KAN, place: int, array: Any, message: str
) -> None:
    core = _core.Jets64(model._network, 0)
    row = [core, points(), np.zeros(7), np.zeros((1, 7, 2)), np.zeros((7, 0)), 1.0]
    row[place] = array
    with pytest.raises(ValueError, match=message):
        one_step(model, lambda flat: [tuple(row)])


def test_what_a_residual_raises_comes_through(model: KAN) -> None:
    def refuse(flat: Any) -> Any:
        raise RuntimeError("no such condition")

    with pytest.raises(RuntimeError, match="no such condition"):
        one_step(model, refuse)
