"""Splines as polynomials between their knots."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline

from kan import KAN
from kan._piecewise import piecewise

UNIFORM = np.linspace(-1, 1, 8)
UNEVEN = np.array([-1.0, -0.7, -0.65, 0.0, 0.2, 0.9, 0.95, 1.0])
REPEATED = np.array([-1.0, -0.5, 0.1, 0.1, 0.1, 0.4, 0.8, 1.0])


def drawn(points, degree):
    """Knots with ghosts, and random coefficients of three splines."""
    steps = np.arange(1, degree + 1)
    knots = np.concatenate([points[0] - 0.3 * steps[::-1], points, points[-1] + 0.2 * steps])
    rng = np.random.default_rng(degree)
    return knots, rng.standard_normal((points.size - 1 + degree, 3))


def values(made, x):
    """The polynomials at points x, (points, S)."""
    last = made.starts[-1] + made.lengths[-1]
    piece = np.searchsorted(made.starts, x, side="right") - 1
    t = (x - made.starts[piece]) / made.lengths[piece]
    polynomials = made.inside[piece].copy()
    for outside, own, begin in (
        (x < made.starts[0], made.before, made.starts[0]),
        (x > last, made.behind, last),
    ):
        t[outside] = x[outside] - begin
        polynomials[outside] = own
    powers = t[:, np.newaxis] ** np.arange(polynomials.shape[1])
    return np.einsum("nr,nrs->ns", powers, polynomials)


@pytest.mark.parametrize("points", [UNIFORM, UNEVEN, REPEATED], ids=["even", "uneven", "repeated"])
@pytest.mark.parametrize("degree", range(6))
def test_inside_the_grid_they_are_the_splines_of_scipy(degree, points):
    if degree < 3 and points is REPEATED:
        points = np.delete(points, [3, 4] if degree < 2 else [3])
    knots, coefficients = drawn(points, degree)
    made = piecewise(knots, degree, coefficients, "linear")
    x = np.concatenate([np.linspace(-1, 1, 500, endpoint=False), points[:-1]])
    exact = BSpline(knots, coefficients, degree)(x)
    # (k + 1)^2 roundings of coefficients that are at most 3^k times as large as those of B-splines.
    assert np.abs(values(made, x) - exact).max() <= 1e-16 * (degree + 1) ** 2 * 3**degree * 3


@pytest.mark.parametrize("policy", ["linear", "clamp", "zero", "polynomial", "error"])
@pytest.mark.parametrize("degree", range(6))
def test_outside_they_follow_the_policy(degree, policy):
    knots, coefficients = drawn(UNEVEN, degree)
    # "error" is a policy of inputs: inside a network splines go on linearly.
    named = "linear" if policy == "error" else policy
    model = KAN([1, 3], grid=7, k=degree, base_fun="zero", extrapolation=named)
    model._network.set_knots(0, knots[np.newaxis])
    model._network.coefficients(0)[0, :-1] = coefficients
    x = np.concatenate([np.linspace(-3, 3, 1000), knots[:degree], UNEVEN])
    made = piecewise(knots, degree, coefficients, policy)
    exact = model(x[:, np.newaxis])
    size = np.maximum(np.abs(exact), 1)  # polynomials grow
    inside = x < 1 if degree == 0 else x < 4  # a step's last end is nobody's start
    assert (np.abs(values(made, x) - exact) <= 1e-11 * size)[inside].all()


def test_further_pieces_of_length_0_have_the_last_value():
    knots, coefficients = drawn(UNIFORM, 3)
    made = piecewise(knots, 3, coefficients, "linear")
    more = made.padded(9)
    assert more.starts.size == 9
    assert (more.starts[7:] == 1).all()
    assert (more.lengths[7:] == 0).all()
    assert np.allclose(more.inside[7:, 0], values(made, np.array([1.0])), rtol=1e-14)
    assert not more.inside[7:, 1:].any()
