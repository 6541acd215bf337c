"""The module `kan.spline`: B-splines on arrays, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline

from kan import KAN
from kan.spline import B_batch, coef2curve, curve2coef, extend_grid

DEGREES = pytest.mark.parametrize("k", range(6))


def knots(k, intervals=5, rows=2):
    """Knots that are not uniform, another row for each input."""
    shifts = np.random.default_rng(1).uniform(-0.4, 0.4, (rows, intervals + 1))
    points = 2 * (np.arange(intervals + 1) + shifts) / intervals - 1
    return extend_grid(points, k)


def inside(grid, k, count=40):
    """Points between the ends of the grid, the first of them included."""
    shares = np.linspace(0, 1, count, endpoint=False)[:, np.newaxis]
    return grid[:, k] + shares * (grid[:, -1 - k] - grid[:, k])


@DEGREES
def test_the_basis_is_that_of_scipy_between_the_outermost_knots(k):
    grid = knots(k)
    shares = np.linspace(0, 1, 97, endpoint=False)[:, np.newaxis]
    x = grid[:, 0] + shares * (grid[:, -1] - grid[:, 0])
    basis = B_batch(x, grid, k)
    assert basis.shape == (97, 2, grid.shape[1] - k - 1)
    for i in range(2):
        for m in range(basis.shape[2]):
            element = BSpline.basis_element(grid[i, m : m + k + 2], extrapolate=False)
            # SciPy closes the last interval of an element at the right; pieces are open there.
            expected = np.where(x[:, i] < grid[i, m + k + 1], np.nan_to_num(element(x[:, i])), 0)
            np.testing.assert_allclose(basis[:, i, m], expected, atol=1e-13)


@DEGREES
def test_the_functions_add_up_to_1_inside_the_grid_and_to_0_outside_all_knots(k):
    grid = knots(k)
    np.testing.assert_allclose(B_batch(inside(grid, k), grid, k).sum(axis=2), 1.0, atol=1e-14)
    beyond = np.stack([grid[:, 0] - 0.1, grid[:, -1], grid[:, -1] + 5.0])
    assert not B_batch(beyond, grid, k).any()


@DEGREES
def test_curves_of_coefficients_give_the_coefficients_back(k):
    grid = knots(k)
    coef = np.random.default_rng(2).normal(size=(2, 3, 5 + k))
    x = inside(grid, k, 200)
    curves = coef2curve(x, grid, coef, k)
    assert curves.shape == (200, 2, 3)
    np.testing.assert_allclose(curve2coef(x, curves, grid, k), coef, rtol=1e-8, atol=1e-8)


def test_too_few_samples_give_the_smallest_coefficients_that_fit():
    grid, k = knots(3), 3
    x = inside(grid, k, 2)
    y = np.ones((2, 2, 1))
    coef = curve2coef(x, y, grid, k)
    np.testing.assert_allclose(coef2curve(x, grid, coef, k), y, atol=1e-12)
    assert np.abs(coef).max() < 10


def test_the_splines_of_a_model_are_those_of_its_layer():
    model = KAN([2, 3], base_fun="zero", seed=3)
    layer = model.act_fun[0]
    x = np.random.default_rng(3).uniform(-1, 1, (50, 2))
    curves = coef2curve(x, layer.grid, layer.coef, layer.k)
    np.testing.assert_allclose(curves.sum(axis=1), model(x), atol=1e-15)


def test_ghost_knots_have_the_mean_spacing():
    extended = extend_grid([[0.0, 1.0, 4.0]], 2)
    np.testing.assert_allclose(extended, [[-4.0, -2.0, 0.0, 1.0, 4.0, 6.0, 8.0]])
    np.testing.assert_array_equal(extend_grid([[0.0, 1.0, 4.0]]), [[0.0, 1.0, 4.0]])


def test_one_row_of_knots_serves_all_columns():
    x = np.linspace(-0.9, 0.9, 10).reshape(2, 5)
    grid = extend_grid(np.linspace(-1, 1, 6)[np.newaxis], 3)
    np.testing.assert_array_equal(B_batch(x, grid, 3), B_batch(x, np.repeat(grid, 5, axis=0), 3))


def test_the_floating_type_of_the_points_is_that_of_the_values():
    grid = knots(3)
    assert B_batch(inside(grid, 3).astype(np.float32), grid, 3).dtype == np.float32
    assert B_batch(np.zeros((0, 2)), grid, 3).shape == (0, 2, 8)


def test_tensors_come_back_as_tensors():
    torch = pytest.importorskip("torch")
    grid = extend_grid(torch.linspace(-1, 1, steps=6)[None, :], k_extend=3)
    basis = B_batch(torch.linspace(-1, 1, steps=101)[None, :], grid, k=3)
    assert basis.dtype == grid.dtype == torch.float32
    assert basis.shape == (1, 101, 8)


GRID = knots(3)
X, COEF = np.zeros((4, 2)), np.zeros((2, 1, 8))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: B_batch(X, GRID, 6), "k must be an integer in 0..5, got 6"),
        (lambda: B_batch(X, GRID[:, ::-1], 3), "grid must increase along its rows"),
        (lambda: B_batch(X, GRID[0], 3), r"grid must have shape \(n_in, P\) with P >= 5, got"),
        (lambda: B_batch(np.zeros((4, 3)), GRID, 3), r"x must have shape \(N, 2\), got \(4, 3\)"),
        (lambda: B_batch(X * np.nan, GRID, 3), "x must be finite, got nan"),
        (lambda: coef2curve(X, GRID, COEF[:, :, :7], 3), r"coef must have shape \(2, n_out, 8\)"),
        (lambda: curve2coef(X, np.zeros((4, 2)), GRID, 3), r"y_eval must have shape \(4, 2, 'n_"),
        (lambda: extend_grid(GRID, -1), "k_extend must be an integer >= 0, got -1"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
