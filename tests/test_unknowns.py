"""Unknown numbers: what they are as one vector, and as a copy for every point."""

from __future__ import annotations

import numpy as np
import pytest

from kan import KAN, Tensor
from kan._unknowns import Unknowns
from kan.pde import Problem


def tensors():
    return [Tensor(2.0), Tensor([1.0, 3.0]), Tensor([[4.0, 5.0]])]


def test_their_numbers_come_one_tensor_after_the_other():
    unknowns = Unknowns(tensors())
    assert unknowns.count == 5
    np.testing.assert_array_equal(unknowns.numbers(), [2.0, 1.0, 3.0, 4.0, 5.0])


def test_moved_they_keep_their_shapes_and_dtypes():
    given = [*tensors(), Tensor(np.float32(1.0))]
    Unknowns(given).move(np.arange(6.0))
    assert [one.shape for one in given] == [(), (2,), (1, 2), ()]
    assert given[2].data.tolist() == [[3.0, 4.0]]
    assert given[3].dtype == np.float32


def test_spread_they_have_a_gradient_at_every_point():
    given = tensors()
    unknowns = Unknowns(given)
    numbers = unknowns.numbers()
    unknowns.spread(numbers, 3)
    (given[0] * np.array([1.0, 2.0, 3.0]) + given[1][1] ** 2).sum().backward()
    expected = np.zeros((3, 5))
    expected[:, 0], expected[:, 2] = [1, 2, 3], 2 * 3.0
    np.testing.assert_array_equal(unknowns.gradients_of_points(3), expected)
    unknowns.move(numbers)
    assert given[1].shape == (2,)
    assert given[1].grad is None


def test_none_of_them_are_an_empty_vector():
    unknowns = Unknowns([])
    assert unknowns.count == 0
    assert unknowns.numbers().shape == unknowns.gradient().shape == (0,)
    assert unknowns.gradients_of_points(4).shape == (4, 0)


class TestRefusals:
    def refused(self, parameters, kind, message):
        with pytest.raises(kind, match=message):
            Problem(KAN([1, 1]), parameters)

    def test_they_come_as_a_list_of_tensors(self):
        self.refused(Tensor(1.0), TypeError, "parameters must be a list of tensors, got Tensor")
        self.refused([1.0], TypeError, r"parameters must be a list of tensors, got \[1\.0\]")
        self.refused(1.0, TypeError, "parameters must be a list of tensors")

    def test_calculated_and_constant_ones_cannot_be_moved(self):
        message = r"parameters\[1\] must not be calculated, and require a gradient"
        self.refused([Tensor(1.0), Tensor(1.0) * 2], ValueError, message)
        self.refused([Tensor(1.0), Tensor(1.0, requires_grad=False)], ValueError, message)

    def test_they_are_finite(self):
        self.refused([Tensor(np.nan)], ValueError, r"parameters\[0\] must be finite")

    def test_none_comes_twice(self):
        one = Tensor(1.0)
        self.refused([one, one], ValueError, r"parameters\[1\] must be new")
