"""Redundant numbers of a formula, said once."""

import numpy as np
import pytest

from kan import KAN
from kan._gauge import without_redundancy
from kan._symbolic_edges import SymbolicPart, changed, spline_places

# What a sum goes on into, with numbers for which it is defined: the sum is between 1 and 3.
AFTER = {
    "sin": (0.7, 0.3, 1.5, 0.2),
    "tanh": (0.7, -1.3, 1.5, 0.2),
    "exp": (0.6, 0.0, 1.5, 0.2),
    "log": (1.0, 0.5, 1.5, 0.2),
    "sqrt": (1.0, 0.3, -1.5, 0.2),
    "x^2": (1.0, 0.3, -1.5, 0.2),
    "x^3": (1.0, -0.3, 1.5, 0.2),
    "1/x": (1.0, 0.3, 1.5, 0.2),
    "1/x^2": (1.0, 0.3, 1.5, 0.2),
    "1/sqrt(x)": (1.0, 0.3, 1.5, 0.2),
    "x": (1.0, 0.0, 1.5, 0.2),
    "abs": (1.0, -2.0, 1.5, 0.2),
}


def network(name):
    model = KAN([2, 1, 1], seed=0)
    parts = {
        (0, 0, 0): SymbolicPart.canonical("sin", (2.0, 0.1, 0.5, 1.2)),
        (0, 1, 0): SymbolicPart.canonical("x^2", (1.0, 0.1, 0.4, 0.8)),
        (1, 0, 0): SymbolicPart.canonical(name, AFTER[name]),
    }
    places = spline_places(model._network)
    model._network = changed(model._network, parts, dict.fromkeys(places, False))
    return model


@pytest.mark.parametrize("name", AFTER)
def test_the_function_stays_and_fewer_numbers_train(name):
    model = network(name)
    x = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    before, count = model(x), model.n_parameters
    model._network = without_redundancy(model._network)
    np.testing.assert_allclose(model(x), before, rtol=1e-13, atol=1e-13)
    assert model.n_parameters < count


@pytest.mark.parametrize("name", sorted(set(AFTER) - {"abs"}))
def test_no_number_that_trains_can_be_made_up_for_by_others(name):
    model = network(name)
    model._network = without_redundancy(model._network)
    x = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    trains = np.flatnonzero(model._network.trainable())
    jacobian = []
    for p in trains:
        ends = []
        for step in (1e-6, -1e-6):
            other = model.copy()
            numbers = other.get_parameters()
            numbers[p] += step
            other.set_parameters(numbers)
            ends.append(other(x)[:, 0])
        jacobian.append((ends[0] - ends[1]) / 2e-6)
    scaled = np.array(jacobian) / np.linalg.norm(jacobian, axis=1, keepdims=True)
    assert np.linalg.svd(scaled, compute_uv=False)[-1] > 1e-5


def test_networks_with_splines_stay_as_they_are():
    model = KAN([2, 1, 1], seed=0)
    assert without_redundancy(model._network) is model._network
