"""Conditions: which derivatives a residual uses, and what it may return."""

from __future__ import annotations

import numpy as np
import pytest

from kan import KAN, Tensor
from kan._condition import Condition
from kan.pde import Problem

POINTS = np.random.default_rng(0).uniform(-1, 1, (6, 2))


def order_of(residual, model=None):
    problem = Problem(model or KAN([2, 3, 2], k=4))
    problem.add(POINTS, residual)
    return problem._conditions[0].order


def added(residual, width=(2, 3, 2), points=POINTS, **options):
    problem = Problem(KAN(list(width)))
    try:
        problem.add(points, residual, **options)
    finally:
        conditions = problem._conditions
    return conditions[0]


class TestOrder:
    @pytest.mark.parametrize(
        ("residual", "order"),
        [
            (lambda x, u: u.value, 0),
            (lambda x, u: u.d(1) - u.value, 1),
            (lambda x, u: [u[0].d(0), u[1].d(0, 1)], 2),
            (lambda x, u: u.d(0, 1, 1) + u.d(0, 0), 3),
        ],
    )
    def test_it_is_the_highest_that_the_residual_uses(self, residual, order):
        assert order_of(residual) == order

    def test_a_fourth_derivative_is_refused(self):
        with pytest.raises(ValueError, match="up to order 3, got one of order 4"):
            order_of(lambda x, u: u.d(0, 0, 0, 0))

    def test_inputs_left_out_count_as_well(self):
        model = KAN([2, 3, 1]).prune_input(active_inputs=[1])
        assert order_of(lambda x, u: u.d(0, 0) + u.value, model) == 2


class TestWhatResidualsReturn:
    def residuals(self, residual, **options):
        condition = added(residual, **options)
        network = KAN([2, 3, 2])._network
        return condition.residuals(condition.numbers(network, None), [0, 1])

    @pytest.mark.parametrize(
        "residual",
        [
            lambda x, u: u.value,
            lambda x, u: [u[0].value, u[1].value],
            lambda x, u: (u[0].value, u[1].value),
            lambda x, u: np.stack([u[0].value, u[1].value], axis=1),
        ],
    )
    def test_several_come_as_columns_or_as_a_list(self, residual):
        found = self.residuals(residual)
        expected = KAN([2, 3, 2])(POINTS).T
        assert [one.shape for one in found] == [(6,), (6,)]
        for one, values in zip(found, expected, strict=True):
            np.testing.assert_allclose(one.numpy(), values, rtol=1e-14)

    def test_lists_may_hold_columns(self):
        assert len(self.residuals(lambda x, u: [u.value, u[0].d(0)])) == 3

    def test_they_see_the_points_and_the_jet(self):
        seen = []
        added(lambda x, u: seen.append((x, u)) or u.value)
        np.testing.assert_array_equal(seen[0][0], POINTS)
        assert seen[0][1].value.shape == (6, 2)

    def test_two_points_and_two_outputs_are_no_mistake(self):
        condition = added(lambda x, u: u.value, points=POINTS[:2])
        assert isinstance(condition, Condition)

    def test_one_point_may_have_one_column(self):
        assert added(lambda x, u: u.value.reshape(-1, 1), width=(2, 1), points=POINTS[:1])

    def test_arrays_are_no_residuals(self):
        with pytest.raises(
            TypeError, match="'condition 1' must return a tensor made of u, got ndarray"
        ):
            added(lambda x, u: u.value.numpy())
        with pytest.raises(TypeError, match="tensor made of u, got NoneType"):
            added(lambda x, u: None)

    def test_a_column_that_met_a_row_is_found(self):
        with pytest.raises(ValueError, match=r"must have shape \(6,\) or \(6, n\), got \(6, 6\)"):
            added(lambda x, u: u[0].value - x[:, [0]])

    @pytest.mark.parametrize(
        "residual",
        [lambda x, u: u.value.sum(), lambda x, u: u.value[:3], lambda x, u: u.value.reshape(2, -1)],
    )
    def test_other_shapes_are_refused_by_name(self, residual):
        with pytest.raises(ValueError, match=r"residual of 'wall' must have shape \(6,\) or"):
            added(residual, name="wall")

    @pytest.mark.parametrize(
        "residual", [lambda x, u: [], lambda x, u: Tensor(x[:, 0], requires_grad=False)]
    )
    def test_what_depends_on_nothing_is_refused(self, residual):
        with pytest.raises(ValueError, match="'condition 1' must depend on u, or on parameters"):
            added(residual)
