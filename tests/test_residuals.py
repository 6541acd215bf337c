"""The sum of squares of conditions: its value, gradient and linear rows."""

from __future__ import annotations

import numpy as np
import pytest

from jet_models import KINDS, difference, varied_model
from kan import Tensor
from kan.pde import Problem
from random_models import random_model

POINTS = np.random.default_rng(0).uniform(-0.9, 0.9, (7, 2))
EDGE = np.random.default_rng(1).uniform(-0.9, 0.9, (4, 2))


def problem_of(model, **options):
    """Two conditions on both outputs with two unknowns, nonlinear in all of them."""
    speed, rates = Tensor(0.7), Tensor([0.3, -0.4])
    problem = Problem(model, [speed, rates])
    problem.add(
        POINTS,
        lambda x, u: [
            u[0].d(0, 0) + speed * u[1].d(1) * u[0].value - x[:, 0],
            rates[0] * u[1].d(0, 1) - rates[1] ** 2,
        ],
        weight=0.3,
        **options,
    )
    problem.add(EDGE, lambda x, u: u.value - x)
    return problem


def by_hand(problem):
    return sum(
        condition.weight * np.mean(np.reshape(one, (len(condition.points), -1)) ** 2, axis=0).sum()
        for condition, one in zip(problem._conditions, problem.residuals(), strict=True)
    )


def jacobian_of(square_sum, flat):
    """The derivatives of every residual along every parameter, by differences."""

    def every(parameters):
        rows = [one for parts in square_sum.residuals(parameters) for one in parts]
        return np.concatenate(rows)

    places = range(len(flat))
    result = np.stack([difference(every, flat, place, 1e-5) for place in places], axis=1)
    square_sum.set_parameters(flat)
    return result


def jacobian_from_rows(square_sum, rows):
    """What linear rows say of the derivatives along parameters of the network and unknowns."""
    every = []
    for jets, points, _, seeds, of_unknowns, _ in rows:
        for n in range(len(points)):
            alone = np.zeros_like(seeds)
            alone[:, n] = seeds[:, n]
            every.append(np.concatenate([jets.pullback(points, alone)[0], of_unknowns[n]]))
    return np.stack(every)


def test_the_value_is_the_weighted_sum_of_mean_squares():
    problem = problem_of(varied_model("plain", 4))
    assert problem.loss() == pytest.approx(by_hand(problem), rel=1e-14)
    square_sum = problem._square_sum()
    assert square_sum.value(square_sum.parameters()) == problem.loss()
    parts = square_sum.parts()
    assert 0.3 * parts[0] + parts[1] == pytest.approx(problem.loss(), rel=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_that_of_differences(kind):
    model = varied_model(kind, 4)
    square_sum = problem_of(model)._square_sum()
    flat = square_sum.parameters()
    value, gradient = square_sum.value_and_gradient(flat)
    assert value == pytest.approx(square_sum.value(flat), rel=1e-13)
    trains = np.append(model._network.trainable().astype(bool), [True] * 3)
    assert not gradient[~trains].any()
    chosen = np.flatnonzero(trains)
    for place in [*chosen[:: len(chosen) // 15 + 1], *chosen[-3:]]:
        expected = difference(square_sum.value, flat, place, 1e-6)
        assert gradient[place] == pytest.approx(expected, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("kind", ["plain", "products"])
def test_linear_rows_are_the_derivatives_of_every_residual(kind):
    model = varied_model(kind, 4)
    square_sum = problem_of(model)._square_sum()
    flat = square_sum.parameters()
    rows = square_sum.linearised(flat)
    assert [one[5] for one in rows] == [0.3 / 7, 0.3 / 7, 1 / 4, 1 / 4]
    values = [one for parts in square_sum.residuals() for one in parts]
    for row, one in zip(rows, values, strict=True):
        np.testing.assert_array_equal(row[2], one)
    expected = jacobian_of(square_sum, flat)
    found = jacobian_from_rows(square_sum, rows)
    np.testing.assert_allclose(found, expected, atol=1e-7 * np.abs(expected).max())


def test_linear_rows_leave_unknowns_as_they_were():
    problem = problem_of(varied_model("plain", 4))
    square_sum = problem._square_sum()
    square_sum.linearised(square_sum.parameters())
    assert [one.shape for one in problem.parameters] == [(), (2,)]
    assert [one.data.tolist() for one in problem.parameters] == [0.7, [0.3, -0.4]]


def test_a_residual_that_raises_leaves_unknowns_as_they_were():
    problem = problem_of(varied_model("plain", 4))
    square_sum = problem._square_sum()
    flat = square_sum.parameters()

    def broken(x, u):
        raise RuntimeError("no residual today")

    problem._conditions[1].residual = broken
    with pytest.raises(RuntimeError, match="no residual today"):
        square_sum.linearised(flat)
    assert [one.shape for one in problem.parameters] == [(), (2,)]


def test_columns_left_out_are_columns_of_the_points():
    model = random_model([3, 3, 1], k=4).prune_input(active_inputs=[2, 0])
    points = np.random.default_rng(0).uniform(-1, 1, (5, 3))
    problem = Problem(model)
    problem.add(points, lambda x, u: u.d(2) + u.d(1) + x[:, 1] * u.value)
    expected = model.jacobian(points)[:, 0, 2] + points[:, 1] * model(points)[:, 0]
    np.testing.assert_allclose(problem.residuals()[0], expected, rtol=1e-12)


class TestPointwise:
    def problem(self, residual, parameters=()):
        problem = Problem(random_model([2, 2, 1], k=4), parameters)
        problem.add(POINTS, residual, name="wall")
        return problem

    @pytest.mark.parametrize("dtype", ["float64", "float32"])
    def test_residuals_that_treat_every_point_alone_pass(self, dtype):
        speed, rates = Tensor(0.5), Tensor([[0.1, 0.2]])
        problem = Problem(random_model([2, 2, 1], k=4, dtype=dtype), [speed, rates])
        problem.add(
            POINTS,
            lambda x, u: [
                u.d(0) * speed + np.exp(rates[0, 1] * u.value),
                u.d(0, 1) ** 2 - rates[0, 0],
            ],
        )
        problem._square_sum().require_pointwise()
        assert rates.data.tolist() == [[0.1, 0.2]]

    @pytest.mark.parametrize(
        "residual",
        [
            lambda x, u: u.value - u.value.mean(),
            lambda x, u: u.value[::-1] - u.value,
            lambda x, u: [u.value, u.d(0) * u.d(1).sum()],
        ],
    )
    def test_residuals_that_mix_points_are_found(self, residual):
        with pytest.raises(ValueError, match=r"treat every point alone.*'wall' does not: use opt"):
            self.problem(residual)._square_sum().require_pointwise()

    @pytest.mark.parametrize(
        "mix",
        [
            lambda rates, u: u.value * rates.sum(),
            lambda rates, u: u.value * (rates @ np.array([1.0, 2.0])),
            lambda rates, u: np.stack([u.value, u.value], axis=1) * rates,
        ],
    )
    def test_unknowns_that_are_mixed_before_they_meet_the_points_are_found(self, mix):
        rates = Tensor([0.1, 0.2])
        problem = self.problem(lambda x, u: mix(rates, u), [rates])
        with pytest.raises(ValueError, match="unknown numbers as factors or terms there"):
            problem._square_sum().require_pointwise()
        assert rates.data.tolist() == [0.1, 0.2]
