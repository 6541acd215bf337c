"""The best gamma f(alpha x + beta) + delta through the points of an edge."""

import itertools

import numpy as np
import pytest

from kan import SYMBOLIC_LIB, fit_params
from kan._affine_fit import best_fits, fit_function
from kan._library import freedom_of, names_to_try

X = np.random.default_rng(0).uniform(-1.0, 1.0, 1000)

# Numbers that say something of their own for each function on -1..1; its canonical ones.
SHAPES = {
    "x": (1.0, 0.0, 3.0, 1.0),
    "x^2": (1.0, -0.2, 3.0, -1.0),
    "x^3": (1.0, 0.1, 2.0, 0.5),
    "x^4": (1.0, 0.3, -2.0, 0.5),
    "x^5": (1.0, 0.3, 1.0, 0.0),
    "1/x": (1.0, -1.5, 2.0, 1.0),
    "1/x^2": (1.0, 1.4, 2.0, 1.0),
    "1/x^3": (1.0, 1.4, 2.0, 1.0),
    "1/x^4": (1.0, 1.6, 2.0, 1.0),
    "1/x^5": (1.0, 1.6, 2.0, 1.0),
    "sqrt": (-1.0, 1.2, 2.0, 1.0),
    "x^1.5": (1.0, 1.1, 2.0, 1.0),
    "1/sqrt(x)": (1.0, 1.3, 2.0, 1.0),
    "exp": (-2.0, 0.0, 3.0, 1.0),
    "log": (1.0, 1.2, 2.0, 1.0),
    "abs": (1.0, -0.3, 2.0, 1.0),
    "sin": (np.pi, 0.3, 2.0, 1.0),
    "tan": (1.2, 0.2, 1.0, 0.0),
    "tanh": (3.0, -1.0, 2.0, 1.0),
    "sgn": (1.0, 0.25, 2.0, 1.0),
    "arcsin": (0.8, 0.1, 2.0, 1.0),
    "arctan": (4.0, 1.0, 2.0, 1.0),
    "arctanh": (0.9, 0.05, 2.0, 1.0),
    "gaussian": (2.0, 1.0, 2.0, 1.0),
    "cosh": (2.0, 0.5, 2.0, 1.0),
}


def curve(name, numbers, x):
    alpha, beta, gamma, delta = numbers
    return gamma * SYMBOLIC_LIB[name][0](alpha * x + beta) + delta


def test_every_function_of_a_search_has_a_shape_here():
    assert set(SHAPES) == set(names_to_try()) - {"0"}


@pytest.mark.parametrize("name", SHAPES)
def test_a_function_finds_its_own_numbers(name):
    y = curve(name, SHAPES[name], X)
    fit = fit_function(name, X, y)
    if name == "sgn":  # whose step is only known to lie between two samples
        assert fit.r2 > 0.98
        assert abs(fit.parameters[1] - SHAPES[name][1]) < 0.01
        return
    assert fit.r2 > 1 - 1e-9
    np.testing.assert_allclose(curve(name, fit.parameters, X), y, atol=1e-3)
    np.testing.assert_allclose(fit.parameters, SHAPES[name], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", sorted(set(SHAPES) - {"sgn"}))
@pytest.mark.parametrize(("shift", "scale"), [(3.0, 1.0), (-40.0, 7.0), (0.0, 1e-3)])
def test_other_units_of_x_change_nothing(name, shift, scale):
    y = curve(name, SHAPES[name], X)
    assert fit_function(name, shift + scale * X, 1e4 * y).r2 > 1 - 1e-6


def test_numbers_may_begin_where_nobody_would_look_otherwise():
    x = np.linspace(-1, 1, 251)
    y = np.sin(61 * x + 0.3)
    assert fit_function("sin", x, y).r2 < 0.5
    fit = fit_function("sin", x, y, (50, 70))
    assert fit.parameters == pytest.approx((61, 0.3, 1, 0), abs=1e-6)


def test_redundant_numbers_are_one_and_zero():
    for name in SHAPES:
        alpha, beta, _, _ = fit_function(name, X, np.sin(3 * X) + X).parameters
        freedom = freedom_of(name)
        assert freedom.alpha == "free" or abs(alpha) == 1.0, name
        assert freedom.beta or beta == 0.0, name


def test_a_function_that_is_not_defined_everywhere_does_not_count():
    fit = fit_function("log", X, X, a_range=(1, 1), b_range=(0, 0.5))
    assert fit.r2 == 0.0 or np.isfinite(np.log(fit.parameters[0] * X + fit.parameters[1])).all()


def test_a_constant_edge_is_the_constant():
    fit = fit_function("sin", X, np.full(X.size, 2.5))
    assert fit.parameters[2:] == (0.0, 2.5)
    assert fit_function("0", X, np.full(X.size, 2.5)).r2 == 1.0


def test_the_best_function_comes_first():
    fits = best_fits(X, np.sin(np.pi * X + 0.3), names_to_try())
    assert fits[0].name == "sin"
    assert all(a.r2 >= b.r2 for a, b in itertools.pairwise(fits))


def test_fit_params_finds_all_four_numbers_to_the_last_digits():
    # pykan #513: its grid search ends with numbers that a local search would improve.
    y = 2.0 * np.sin(3.0 * X + 0.7) + 1.0
    found, r2 = fit_params(X, y, np.sin)
    assert r2 > 1 - 1e-9
    a, b, c, d = found
    np.testing.assert_allclose(c * np.sin(a * X + b) + d, y, atol=1e-4)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([], [], "sin"), ValueError, "x must have at least one point"),
        (([0, 1, 2], [0, 1], "sin"), ValueError, r"y must have shape \(3,\), got \(2,\)"),
        (([0, np.nan], [0, 1], "sin"), ValueError, "x must be finite"),
        (([0, 1], [0, 1], "sine"), ValueError, "fun must be a name of SYMBOLIC_LIB, got 'sine'"),
        (([0, 1], [0, 1], 3), TypeError, "fun must be a function or a name"),
        (([0, 1], [0, 1], "sin", 5), ValueError, "a_range must be two numbers"),
    ],
)
def test_fit_params_refuses_what_makes_no_sense(arguments, error, message):
    with pytest.raises(error, match=message):
        fit_params(*arguments)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_r2_is_a_share_whatever_the_scale(scale):
    # pykan #264: odd constants and r2 > 1.
    _, r2 = fit_params(X, scale * np.tanh(2 * X), "tanh")
    assert 1 - 1e-9 < r2 <= 1.0
