"""Points in boxes: regular, random, on the boundary."""

from __future__ import annotations

import numpy as np
import pytest

from kan.pde import boundary_points, grid_points, random_points

BOX = [(0, 1), (-2, 2), (3, 5)]


class TestGridPoints:
    def test_they_are_all_combinations_with_the_ends(self):
        found = grid_points([(0, 1), (-1, 1)], 3)
        expected = [[x, y] for x in (0.0, 0.5, 1.0) for y in (-1.0, 0.0, 1.0)]
        np.testing.assert_array_equal(found, expected)

    def test_each_input_may_have_a_number_of_its_own(self):
        found = grid_points(BOX, [2, 3, 4])
        assert found.shape == (24, 3)
        assert [len(np.unique(column)) for column in found.T] == [2, 3, 4]

    def test_one_input_has_a_column(self):
        np.testing.assert_array_equal(grid_points([(0, 2)], 3), [[0.0], [1.0], [2.0]])

    def test_numbers_of_points_fit_the_box(self):
        with pytest.raises(ValueError, match=r"one number for each of 3 ranges, got \[2, 3\]"):
            grid_points(BOX, [2, 3])
        with pytest.raises(ValueError, match="count must be an integer >= 2, got 1"):
            grid_points(BOX, 1)
        with pytest.raises(TypeError, match=r"count must be an integer >= 2, got 2\.5"):
            grid_points(BOX, 2.5)


class TestRandomPoints:
    def test_they_fill_the_box(self):
        found = random_points(BOX, 1000, 0)
        assert found.shape == (1000, 3)
        low, high = np.array(BOX, dtype=float).T
        assert ((found >= low) & (found <= high)).all()
        # A mean of 1000 uniform numbers is 0.5 +- 0.0091.
        unit = (found - low) / (high - low)
        np.testing.assert_allclose(unit.mean(axis=0), 0.5, atol=0.05)
        np.testing.assert_allclose(unit.std(axis=0), 12**-0.5, atol=0.02)

    def test_a_seed_gives_the_same_ones_again(self):
        np.testing.assert_array_equal(random_points(BOX, 5, 1), random_points(BOX, 5, 1))
        assert (random_points(BOX, 5, 1) != random_points(BOX, 5, 2)).any()

    def test_a_generator_goes_on(self):
        rng = np.random.default_rng(0)
        assert (random_points(BOX, 5, rng) != random_points(BOX, 5, rng)).any()

    def test_without_a_seed_numpys_global_state_is_left_alone(self):
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        random_points(BOX, 5)
        np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002

    def test_there_is_one_at_least(self):
        with pytest.raises(ValueError, match="count must be an integer >= 1, got 0"):
            random_points(BOX, 0)


class TestBoundaryPoints:
    def test_of_an_interval_they_are_its_ends(self):
        np.testing.assert_array_equal(boundary_points([(0, 2)], 5), [[0.0], [2.0]])

    def test_of_a_rectangle_they_are_on_its_sides_and_corners_come_once(self):
        found = boundary_points([(0, 1), (-2, 2)], 5)
        assert len(found) == 16
        expected = grid_points([(0, 1), (-2, 2)], 5)
        on_a_side = np.isin(expected[:, 0], (0, 1)) | np.isin(expected[:, 1], (-2, 2))
        assert set(map(tuple, found)) == set(map(tuple, expected[on_a_side]))

    def test_of_a_box_all_six_faces_are_there(self):
        found = boundary_points(BOX, 4)
        assert len(found) == 4**3 - 2**3
        for column, ends in zip(found.T, BOX, strict=True):
            assert all((column == end).sum() == 16 for end in ends)

    def test_there_are_two_along_every_input_at_least(self):
        with pytest.raises(ValueError, match="count must be an integer >= 2, got 1"):
            boundary_points(BOX, 1)


@pytest.mark.parametrize("function", [grid_points, random_points, boundary_points])
class TestRanges:
    def test_they_are_pairs(self, function):
        with pytest.raises(ValueError, match=r"ranges\[1\] must be two numbers, got 3"):
            function([(0, 1), 3], 4)
        with pytest.raises(TypeError, match=r"ranges must be a list of \(low, high\)"):
            function(1.0, 4)
        with pytest.raises(TypeError, match=r"ranges must be a list of \(low, high\)"):
            function([], 4)

    def test_they_increase_and_are_finite(self, function):
        with pytest.raises(ValueError, match=r"ranges\[0\] must increase, got \(1, 0\)"):
            function([(1, 0)], 4)
        with pytest.raises(ValueError, match=r"ranges\[0\] must be finite, got inf"):
            function([(0, np.inf)], 4)

    def test_they_may_be_an_array(self, function):
        np.testing.assert_array_equal(
            *(function(box, 4) if function is not random_points else function(box, 4, 0)
              for box in (BOX, np.array(BOX)))
        )  # fmt: skip
