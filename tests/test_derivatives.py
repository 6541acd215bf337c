"""Derivatives along inputs: against differences, formulas and torch."""

from __future__ import annotations

import numpy as np
import pytest

from kan import KAN, batch_hessian, batch_jacobian
from random_models import random_model, with_masked_edges


def inputs(count=30, columns=2):
    """Points between the knots of a grid of 5 intervals from -1 to 1."""
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 5, (count, columns))
    return -1 + 0.4 * (cells + rng.uniform(0.1, 0.9, (count, columns)))


def model_of(width=(2, 3, 2), **options):
    return random_model(list(width), grid=5, **options)


def reduced(model, given, columns):
    """The model as if `prune_input` had kept these columns of `given`."""
    model._given_inputs, model._input_id = given, columns
    return model


def formula(x):
    return np.sin(2 * x[:, 0]) * x[:, 1] ** 3


def slopes_of_formula(x):
    a, b = x.T
    return np.stack([2 * np.cos(2 * a) * b**3, 3 * np.sin(2 * a) * b**2], axis=1)


def curvature_of_formula(x):
    a, b = x.T
    mixed = 6 * np.cos(2 * a) * b**2
    rows = [-4 * np.sin(2 * a) * b**3, mixed], [mixed, 6 * np.sin(2 * a) * b]
    return np.array(rows).transpose(2, 0, 1)


class TestJacobian:
    @pytest.mark.parametrize("width", [(2, 3, 2), (2, [2, 1], 2), (2, 1), (2, 3, 4)])
    def test_of_a_model_agrees_with_differences(self, width):
        model = with_masked_edges(model_of(width), share=0.2)
        exact = batch_jacobian(model, inputs(), mode="vector")
        differences = batch_jacobian(lambda x: model(x), inputs(), mode="vector")
        assert exact.shape == (30, model.width_in[-1], 2)
        np.testing.assert_allclose(exact, differences, rtol=1e-8, atol=1e-8)

    def test_scalar_mode_is_that_of_the_first_output(self):
        model = model_of()
        first = batch_jacobian(model, inputs())
        assert first.shape == (30, 2)
        np.testing.assert_array_equal(first, batch_jacobian(model, inputs(), mode="vector")[:, 0])

    def test_a_model_that_leaves_inputs_out_has_no_slope_along_them(self):
        model = reduced(model_of(), 4, [3, 1])
        x = inputs(columns=4)
        slopes = batch_jacobian(model, x)
        assert slopes.shape == (30, 4)
        assert not slopes[:, [0, 2]].any()
        np.testing.assert_array_equal(slopes[:, [3, 1]], batch_jacobian(model_of(), x[:, [3, 1]]))

    def test_of_a_formula_has_ten_digits(self):
        x = inputs()
        found = batch_jacobian(formula, x)
        np.testing.assert_allclose(found, slopes_of_formula(x), rtol=1e-9, atol=1e-9)

    def test_of_a_formula_in_float32_has_four_digits(self):
        x = inputs().astype(np.float32)
        found = batch_jacobian(formula, x)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, slopes_of_formula(x), rtol=1e-3, atol=1e-3)

    def test_the_step_fits_the_size_of_the_inputs(self):
        x = 1e-6 * inputs()
        np.testing.assert_allclose(batch_jacobian(lambda x: x[:, 0] ** 2, x)[:, 0], 2 * x[:, 0])

    def test_a_model_of_one_thread_and_one_row_has_one_row(self):
        assert batch_jacobian(model_of(), inputs(1)).shape == (1, 2)

    def test_functions_of_torch_are_differentiated_by_torch(self):
        torch = pytest.importorskip("torch")
        x = torch.from_numpy(inputs())

        def function(x):
            return torch.sin(2 * x[:, [0]]) * x[:, [1]] ** 3

        found = batch_jacobian(function, x, create_graph=True)
        assert found.requires_grad
        np.testing.assert_allclose(found.detach(), slopes_of_formula(inputs()), rtol=1e-14)
        assert batch_jacobian(function, x, mode="vector").shape == (30, 1, 2)
        assert not x.requires_grad

    def test_functions_of_torch_may_hold_models(self):
        torch = pytest.importorskip("torch")
        model = model_of()
        x = torch.from_numpy(inputs())
        found = batch_jacobian(lambda x: x[:, [1]] * model(x), x)
        expected = batch_jacobian(lambda x: x[:, [1]] * model(x), inputs())
        assert isinstance(found, torch.Tensor)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)

    def test_functions_without_a_graph_are_differentiated_by_differences(self):
        torch = pytest.importorskip("torch")
        found = batch_jacobian(lambda x: formula(x.detach().numpy()), torch.from_numpy(inputs()))
        assert isinstance(found, torch.Tensor)
        np.testing.assert_allclose(found, slopes_of_formula(inputs()), rtol=1e-9, atol=1e-9)


class TestHessian:
    @pytest.mark.parametrize("width", [(2, 3, 2), (2, [2, 1], 2)])
    def test_of_a_model_agrees_with_second_differences(self, width):
        model = model_of(width)
        own = batch_hessian(model, inputs())
        assert own.shape == (30, 2, 2)
        np.testing.assert_array_equal(own, own.transpose(0, 2, 1))
        by_differences = batch_hessian(lambda x: model(x), inputs())
        scale = np.abs(own).max()
        np.testing.assert_allclose(own, by_differences, atol=1e-5 * scale)

    def test_of_a_cubic_layer_is_the_second_derivative_of_its_splines(self):
        model = model_of((2, 1), base_fun="zero")
        x = inputs()
        expected = [model.edge(0, i, 0).to_scipy().derivative(2)(x[:, i]) for i in range(2)]
        own = batch_hessian(model, x)
        np.testing.assert_allclose(own[:, [0, 1], [0, 1]].T, expected, rtol=1e-12, atol=1e-12)
        assert not own[:, 0, 1].any()

    def test_of_a_cubic_layer_is_continuous_at_knots(self):
        model = model_of((1, 1), base_fun="zero")
        knots = np.array([-0.6, -0.2, 0.2, 0.6])[:, np.newaxis]
        at, before, after = (batch_hessian(model, knots + shift) for shift in (0, -1e-9, 1e-9))
        np.testing.assert_allclose(at, before, rtol=1e-6)
        np.testing.assert_allclose(at, after, rtol=1e-6)

    def test_of_a_model_is_that_of_its_first_output(self):
        model = model_of()
        np.testing.assert_array_equal(batch_hessian(model, inputs()), model.hessian(inputs())[:, 0])

    def test_a_model_that_leaves_inputs_out_has_no_curvature_along_them(self):
        x = inputs(columns=4)
        own = batch_hessian(reduced(model_of(), 4, [3, 1]), x)
        assert not own[:, [0, 2]].any()
        assert not own[:, :, [0, 2]].any()
        alone = batch_hessian(model_of(), x[:, [3, 1]])
        np.testing.assert_allclose(own[:, [3, 1]][:, :, [3, 1]], alone, atol=1e-12)

    def test_of_a_formula_has_seven_digits(self):
        found = batch_hessian(formula, inputs())
        np.testing.assert_allclose(found, curvature_of_formula(inputs()), rtol=1e-6, atol=1e-6)

    def test_functions_of_torch_are_differentiated_by_torch(self):
        torch = pytest.importorskip("torch")
        x = torch.from_numpy(inputs())
        found = batch_hessian(lambda x: torch.sin(2 * x[:, 0]) * x[:, 1] ** 3, x)
        np.testing.assert_allclose(found, curvature_of_formula(inputs()), rtol=1e-13)
        assert not batch_hessian(lambda x: x[:, 0] + x[:, 1], x).any()

    def test_functions_of_torch_must_not_hold_models(self):
        torch = pytest.importorskip("torch")
        model = model_of()
        with pytest.raises(RuntimeError, match="differentiate a kan model once"):
            batch_hessian(lambda x: model(x) ** 2, torch.from_numpy(inputs()))


@pytest.mark.parametrize("derivative", [batch_jacobian, batch_hessian])
class TestRefusals:
    def test_there_is_no_graph_of_a_model_or_of_arrays(self, derivative):
        for function in (model_of(), formula):
            with pytest.raises(ValueError, match="create_graph=True needs a function of torch"):
                derivative(function, inputs(), create_graph=True)

    def test_inputs_must_be_rows(self, derivative):
        with pytest.raises(ValueError, match=r"x must have shape \(N, n_in\), got \(3,\)"):
            derivative(formula, np.zeros(3))
        with pytest.raises(ValueError, match=r"x must have shape \(N, 2\), got \(4, 3\)"):
            derivative(model_of(), np.zeros((4, 3)))

    def test_a_function_must_keep_the_rows(self, derivative):
        with pytest.raises(ValueError, match=r"function must return shape \(30,\) or .* got \(\)"):
            derivative(np.sum, inputs())

    def test_inputs_must_lie_inside_a_grid_with_borders(self, derivative):
        model = KAN([2, 1], extrapolation="error")
        with pytest.raises(ValueError, match="x must lie inside the grid"):
            derivative(model, np.full((1, 2), 1.5))
        assert np.isfinite(derivative(model, np.full((1, 2), 1.0))).all()


def test_the_mode_is_scalar_or_vector():
    with pytest.raises(ValueError, match="mode must be one of 'scalar', 'vector', got 'rows'"):
        batch_jacobian(formula, inputs(), mode="rows")
