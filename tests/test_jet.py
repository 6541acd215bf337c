"""Jets: derivatives of models along inputs, and gradients of those, against differences."""

from __future__ import annotations

from itertools import combinations_with_replacement, pairwise

import numpy as np
import pytest

from jet_models import KINDS, difference, smooth_points, varied_model
from kan import KAN, Jet, Tensor
from random_models import random_model

STEP = 1e-5


def alongs(inputs, most):
    """Every set of inputs along which is differentiated, up to an order."""
    orders = range(most + 1)
    return [one for n in orders for one in combinations_with_replacement(range(inputs), n)]


def close(found, expected, tolerance=1e-6):
    scale = max(1.0, np.abs(expected).max(initial=0.0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale)


def moved(x, column, step):
    result = x.copy()
    result[:, column] += step
    return result


def slope_along(model, x, column, along, order):
    """The central difference along a column of a derivative."""
    ahead, behind = (
        model.jet(moved(x, column, step), order).d(*along).numpy() for step in (STEP, -STEP)
    )
    return (ahead - behind) / (2 * STEP)


class TestValues:
    def test_order_0_is_the_prediction(self):
        model, x = varied_model("plain"), np.random.default_rng(0).uniform(-1, 1, (9, 2))
        np.testing.assert_allclose(model.jet(x, 0).value.numpy(), model(x), rtol=1e-14, atol=1e-15)

    @pytest.mark.parametrize("k", [3, 4, 5])
    @pytest.mark.parametrize("kind", KINDS)
    def test_each_derivative_is_the_slope_of_those_of_the_order_below(self, kind, k):
        model = varied_model(kind, k)
        x = smooth_points(model)
        u = model.jet(x, 3)
        for along in alongs(2, 2):
            for column in range(2):
                expected = slope_along(model, x, column, along, 3)
                assert expected.any() or kind == "masks"
                close(u.d(*along, column).numpy(), expected)

    @pytest.mark.parametrize("extrapolation", ["linear", "clamp", "zero", "polynomial"])
    def test_they_follow_the_policy_outside_the_grid(self, extrapolation):
        model = random_model([2, 2, 1], extrapolation=extrapolation, k=4)
        x = np.array([[1.7, 0.1], [-1.4, 1.9], [0.2, -1.3]])
        u = model.jet(x, 2)
        for along in alongs(2, 1):
            for column in range(2):
                close(u.d(*along, column).numpy(), slope_along(model, x, column, along, 2))

    def test_one_layer_of_splines_has_those_of_scipy(self):
        model = random_model([2, 1], k=5, base_fun="zero")
        x = smooth_points(model, 20)
        x = x[(np.abs(x) < 1).all(axis=1)]
        u = model.jet(x, 3)
        for i in range(2):
            spline = model.edge(0, i, 0).to_scipy()
            for order in (1, 2, 3):
                close(u.d(*[i] * order).numpy(), spline.derivative(order)(x[:, i]), 1e-12)
        assert not u.d(0, 1).numpy().any()

    def test_a_lower_order_has_the_same_derivatives(self):
        model = varied_model("products")
        x = smooth_points(model)
        high, low = model.jet(x, 3), model.jet(x, 1)
        for along in alongs(2, 1):
            close(low.d(*along).numpy(), high.d(*along).numpy(), 1e-14)

    def test_a_row_has_the_same_bits_alone_and_in_a_batch(self):
        model = varied_model("plain")
        x = smooth_points(model, 40)
        together, alone = model.jet(x, 3), model.jet(x[7:8], 3)
        for along in alongs(2, 3):
            np.testing.assert_array_equal(together.d(*along).numpy()[7:8], alone.d(*along).numpy())

    def test_float32_has_float32_jets_close_to_those_of_float64(self):
        model = random_model([2, 3, 1], k=4)
        single = random_model([2, 3, 1], k=4, dtype="float32")
        single.set_parameters(model.get_parameters().astype(np.float32))
        x = smooth_points(model)
        for along in alongs(2, 3):
            found = single.jet(x.astype(np.float32), 3).d(*along)
            assert found.dtype == np.float32
            close(found.numpy(), model.jet(x, 3).d(*along).numpy(), 1e-4)

    def test_no_points_have_empty_jets(self):
        u = KAN([2, 3, 1]).jet(np.zeros((0, 2)))
        assert u.d(0, 1).shape == (0,)

    def test_models_with_borders_refuse_points_beyond_them(self):
        with pytest.raises(ValueError, match="x must lie inside the grid"):
            KAN([1, 1], extrapolation="error").jet([[1.5]])


class TestGradients:
    """Those of sum(weights * derivative), of every derivative by itself."""

    @pytest.mark.parametrize("k", [3, 4, 5])
    @pytest.mark.parametrize("kind", KINDS)
    def test_along_inputs_they_are_slopes(self, kind, k):
        model = varied_model(kind, k)
        x = smooth_points(model, 5)
        weights = np.random.default_rng(1).normal(size=(5, 2))
        for along in alongs(2, 3):
            X = Tensor(x)
            (model.jet(X, 3).d(*along) * weights).sum().backward()
            expected = [
                (slope_along(model, x, column, along, 3) * weights).sum(axis=1)
                for column in range(2)
            ]
            close(X.grad, np.stack(expected, axis=1))

    @pytest.mark.parametrize("k", [3, 4, 5])
    @pytest.mark.parametrize("kind", KINDS)
    def test_along_parameters_they_are_differences(self, kind, k):
        model = varied_model(kind, k)
        x = smooth_points(model, 5)
        weights = np.random.default_rng(1).normal(size=(5, 2))
        trains = model._network.trainable().astype(bool)
        chosen = np.random.default_rng(2).permutation(np.flatnonzero(trains))[:12]
        flat = model.get_parameters()

        def totals(parameters):
            model.set_parameters(parameters)
            u = model.jet(x, 3)
            return np.array([(u.d(*along).numpy() * weights).sum() for along in alongs(2, 3)])

        expected = np.array([difference(totals, flat, place, STEP) for place in chosen])
        model.set_parameters(flat)
        for column, along in enumerate(alongs(2, 3)):
            for one in model.parameters():
                one.grad = None
            (model.jet(x, 3).d(*along) * weights).sum().backward()
            gradient = np.concatenate([one.grad.ravel() for one in model.parameters()])
            assert not gradient[~trains].any()
            close(gradient[chosen], expected[:, column])

    def test_they_add_up_over_derivatives_of_one_jet(self):
        model = varied_model("plain")
        x = smooth_points(model)

        def gradient_of(loss):
            for one in model.parameters():
                one.grad = None
            loss(model.jet(x, 2)).backward()
            return np.concatenate([one.grad.ravel() for one in model.parameters()])

        together = gradient_of(lambda u: (u.d(0, 0) + 3.0 * u.value).sum())
        apart = gradient_of(lambda u: u.d(0, 0).sum()) + 3.0 * gradient_of(lambda u: u.value.sum())
        close(together, apart, 1e-13)

    def test_a_plain_array_of_points_gets_none(self):
        model, x = varied_model("plain"), np.zeros((3, 2))
        model.jet(x).value.sum().backward()
        assert model.parameters()[0].grad.any()
        assert isinstance(x, np.ndarray)


class TestInputsThatAreLeftOut:
    def pruned(self):
        model = random_model([3, 2, 2], k=4).prune_input(active_inputs=[2, 0])
        assert model._columns == [2, 0]
        return model

    def test_derivatives_along_them_are_0(self):
        u = self.pruned().jet(np.random.default_rng(0).uniform(-1, 1, (4, 3)), 3)
        for along in [(1,), (0, 1), (1, 1), (0, 1, 2)]:
            assert u.d(*along).shape == (4, 2)
            assert not u.d(*along).numpy().any()

    def test_the_others_are_those_of_the_network_whatever_the_order_of_its_columns(self):
        model = self.pruned()
        x = smooth_points(model)
        given = np.insert(x[:, ::-1], 1, 0.3, axis=1)
        u = model.jet(given, 3)
        for along in [(), (0,), (2,), (0, 2), (0, 0)]:
            for column in (0, 2):
                expected = slope_along(model, given, column, along, 3)
                assert expected.any()
                close(u.d(*along, column).numpy(), expected)

    def test_gradients_along_points_have_all_columns(self):
        model = self.pruned()
        X = Tensor(np.full((2, 3), 0.1))
        model.jet(X).d(0, 2).sum().backward()
        assert X.grad.shape == (2, 3)
        assert X.grad[:, [0, 2]].all()
        assert not X.grad[:, 1].any()

    def test_a_residual_along_them_has_a_gradient(self):
        model = self.pruned()
        model.jet(np.zeros((2, 3))).d(1).sum().backward()
        assert not model.parameters()[0].grad.any()


class TestArrays:
    @pytest.mark.parametrize("width", [[2, 3, 1], [2, 4, 3], [3, 2, 2]])
    def test_jacobian_and_hessian_hold_the_derivatives_of_jets(self, width):
        model = random_model(width, k=4)
        inputs, outputs = width[0], width[-1]
        x = smooth_points(model, 7)
        jacobian, hessian = model.jacobian(x), model.hessian(x)
        assert jacobian.shape == (7, outputs, inputs)
        assert hessian.shape == (7, outputs, inputs, inputs)
        u = model.jet(x)
        for j in range(outputs):
            for a in range(inputs):
                close(jacobian[:, j, a], u[j].d(a).numpy(), 1e-14)
                for b in range(inputs):
                    np.testing.assert_array_equal(hessian[:, j, a, b], u[j].d(a, b).numpy())

    def test_they_agree_with_differences(self):
        model = varied_model("products", 4)
        x = smooth_points(model)
        ahead, behind = moved(x, 1, STEP), moved(x, 1, -STEP)
        close(model.jacobian(x)[..., 1], (model(ahead) - model(behind)) / (2 * STEP))
        slopes = (model.jacobian(ahead) - model.jacobian(behind)) / (2 * STEP)
        close(model.hessian(x)[..., 1], slopes)

    def test_columns_that_are_left_out_hold_zeros(self):
        model = random_model([3, 2, 1]).prune_input(active_inputs=[2, 0])
        x = np.random.default_rng(0).uniform(-1, 1, (4, 3))
        u = model.jet(x)
        assert not model.jacobian(x)[..., 1].any()
        assert not model.hessian(x)[..., 1].any()
        close(model.jacobian(x)[:, 0, 2], u.d(2).numpy(), 1e-14)
        np.testing.assert_array_equal(model.hessian(x)[:, 0, 0, 2], u.d(0, 2).numpy())
        np.testing.assert_array_equal(model.hessian(x)[:, 0, 2, 0], u.d(0, 2).numpy())

    def test_they_name_what_does_not_fit(self):
        for function in (KAN([2, 1]).jacobian, KAN([2, 1]).hessian):
            with pytest.raises(ValueError, match=r"X must have shape \(N, 2\), got \(3, 1\)"):
                function(np.zeros((3, 1)))


class TestTheJet:
    def jet(self, order=2):
        return varied_model("plain").jet(np.linspace(-1, 1, 6).reshape(3, 2), order)

    def test_the_order_of_inputs_does_not_matter(self):
        u = self.jet(3)
        np.testing.assert_array_equal(u.d(1, 0, 0).numpy(), u.d(0, 0, 1).numpy())
        np.testing.assert_array_equal(u.d(np.int64(1), 0).numpy(), u.d(0, 1).numpy())

    def test_no_inputs_mean_the_value(self):
        u = self.jet()
        np.testing.assert_array_equal(u.d().numpy(), u.value.numpy())

    def test_one_output_has_columns_of_its_own(self):
        u = self.jet()
        assert u.value.shape == (3, 2)
        assert u[1].value.shape == (3,)
        assert isinstance(u[1], Jet)
        np.testing.assert_array_equal(u[1].d(0, 1).numpy(), u.d(0, 1).numpy()[:, 1])

    def test_models_with_one_output_have_no_axis_for_it(self):
        u = KAN([2, 1]).jet(np.zeros((3, 2)))
        assert u.value.shape == u.d(0).shape == u[0].d(0).shape == (3,)

    def test_it_tells_its_order_and_its_shape(self):
        assert self.jet(3).order == 3
        assert repr(self.jet()) == "Jet(order=2, inputs=2, value of shape (3, 2))"

    def test_it_has_no_other_inputs_and_outputs(self):
        u = self.jet()
        with pytest.raises(IndexError, match=r"input must be in 0\.\.1, got 2"):
            u.d(0, 2)
        with pytest.raises(IndexError, match=r"input must be in 0\.\.1, got -1"):
            u.d(-1)
        with pytest.raises(IndexError, match=r"output must be in 0\.\.1, got 2"):
            u[2]

    def test_inputs_and_outputs_are_integers(self):
        u = self.jet()
        with pytest.raises(TypeError, match="input must be an integer, got 'x'"):
            u.d("x")
        with pytest.raises(TypeError, match=r"output must be an integer, got 0\.5"):
            u[0.5]

    def test_outputs_can_be_gone_through(self):
        assert len(list(self.jet())) == 2

    def test_derivatives_of_higher_order_are_not_there(self):
        with pytest.raises(ValueError, match="order 2 needs order=2 or more, the jet has 1"):
            self.jet(1).d(0, 1)
        with pytest.raises(ValueError, match="derivatives up to order 3, got one of order 4"):
            self.jet(1).d(0, 0, 0, 0)


class TestRefusals:
    def test_orders_are_those_that_jets_have(self):
        with pytest.raises(ValueError, match=r"order must be an integer in 0\.\.3, got 4"):
            KAN([2, 1]).jet(np.zeros((1, 2)), 4)
        with pytest.raises(TypeError, match="order must be an integer"):
            KAN([2, 1]).jet(np.zeros((1, 2)), 1.5)

    @pytest.mark.parametrize("kind", [np.asarray, Tensor])
    def test_points_are_rows_of_inputs(self, kind):
        with pytest.raises(ValueError, match=r"x must have shape \(N, 2\), got \(2,\)"):
            KAN([2, 1]).jet(kind(np.zeros(2)))
        with pytest.raises(ValueError, match="x must be finite, got nan at row 1, column 0"):
            KAN([2, 1]).jet(kind(np.array([[0.0, 0.0], [np.nan, 0.0]])))
        with pytest.raises(TypeError, match="x must hold real numbers"):
            KAN([2, 1]).jet([["a", "b"]])


# ---- the same in torch ------------------------------------------------------------------------


def torch_basis(x, knots, degree):
    """B-splines of one input by the recursion of Cox and de Boor: x (N,) to (N, G + k)."""
    basis = [((x >= low) & (x < high)).double() for low, high in pairwise(knots)]
    for p in range(1, degree + 1):
        basis = [
            (x - knots[m]) / (knots[m + p] - knots[m]) * basis[m]
            + (knots[m + p + 1] - x) / (knots[m + p + 1] - knots[m + 1]) * basis[m + 1]
            for m in range(len(basis) - 1)
        ]
    return basis


def torch_layer(torch, x, knots, coefficients, degree):
    """One layer with SiLU beside the splines: x (N, I) to (N, O)."""
    total = 0.0
    for i in range(x.shape[1]):
        rows = [*torch_basis(x[:, i], knots[i], degree), torch.nn.functional.silu(x[:, i])]
        total = total + torch.stack(rows, dim=1) @ coefficients[i]
    return total


def test_derivatives_and_gradients_are_those_of_an_equal_network_in_torch():
    torch = pytest.importorskip("torch")
    model = random_model([2, 3, 1], grid=5, k=3, scale=0.2)
    points = np.random.default_rng(3).uniform(-0.95, 0.95, (20, 2))
    knots = [torch.tensor(model._network.knots(i)) for i in range(2)]
    own = [one.data for one in model.parameters()]
    coefficients = [torch.tensor(one, requires_grad=True) for one in own]
    x = torch.tensor(points, requires_grad=True)
    hidden = torch_layer(torch, x, knots[0], coefficients[0], 3)
    assert hidden.abs().max() < 1.0
    value = torch_layer(torch, hidden, knots[1], coefficients[1], 3)[:, 0]

    def slopes(tensor):
        return torch.autograd.grad(tensor.sum(), x, create_graph=True)[0]

    first = slopes(value)
    second = torch.stack([slopes(first[:, a]) for a in range(2)], dim=1)
    gradients = torch.autograd.grad(
        (value**2).sum() + (first**2).sum() + (second**2).sum(), coefficients
    )

    u = model.jet(points)
    parts = [u.value, *(u.d(a) for a in range(2)), *(u.d(a, b) for a in range(2) for b in range(2))]
    expected = [value, *first.T, *second.reshape(-1, 4).T]
    for part, one in zip(parts, expected, strict=True):
        close(part.numpy(), one.detach().numpy(), 1e-12)
    sum((part**2).sum() for part in parts).backward()
    for mine, theirs in zip(model.parameters(), gradients, strict=True):
        close(mine.grad, theirs.numpy(), 1e-10)


def test_rows_with_tensors_in_them_get_gradients_from_a_jet() -> None:
    rows = [[Tensor(0.1), Tensor(0.2)], [Tensor(0.3), Tensor(-0.4)]]
    KAN([2, 3, 1], seed=0).jet(rows, 1).d(0).sum().backward()
    assert all(one.grad is not None for row in rows for one in row)


def test_the_jet_of_one_output_has_no_others() -> None:
    jet = KAN([1, 3, 2], seed=0).jet([[0.1]], 1)
    with pytest.raises(IndexError, match="jet of output 0 alone"):
        jet[0][1]


def test_second_derivatives_along_many_inputs_are_those_of_jets() -> None:
    model = KAN([34, 2, 1], k=5, seed=0)
    X = np.random.default_rng(0).uniform(-0.9, 0.9, (3, 34))
    jet = model.jet(X, 2)
    hessian = model.hessian(X)
    for i, j in ((0, 0), (3, 17), (33, 33), (17, 3)):
        np.testing.assert_allclose(hessian[:, 0, i, j], jet.d(i, j).numpy(), atol=1e-7)


def test_a_jet_of_too_many_numbers_is_refused() -> None:
    model = KAN([100, 2, 1], seed=0)
    with pytest.raises(ValueError, match="5151 numbers"):
        model.jet(np.zeros((1, 100)), 2)
    assert model.hessian(np.zeros((1, 100))).shape == (1, 1, 100, 100)
