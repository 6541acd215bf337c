"""Pictures of solutions: what is drawn where."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from kan import KAN, pde
from random_models import random_model

pytest.importorskip("matplotlib")

BOX = [(0, 1), (-2, 2), (3, 5)]


def problem_of(inputs=2, outputs=1, **options):
    problem = pde.Problem(random_model([inputs, 2, outputs], **options))
    problem.add(pde.grid_points(BOX[:inputs], 3), lambda x, u: u.value)
    return problem


def formula(x):
    return x[:, 0] + 10.0 * x[:, -1]


def panels_of(figure):
    """The axes with titles or curves, without colour bars."""
    return [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]


def field_of(ax):
    (mesh,) = ax.collections
    return np.asarray(mesh.get_array()).reshape(mesh.get_coordinates().shape[0] - 1, -1)


class TestTwoInputs:
    def test_there_are_maps_of_solution_exact_and_error(self):
        figure = problem_of().plot(formula, points=10)
        panels = panels_of(figure)
        assert [ax.get_title() for ax in panels] == ["solution", "exact", "error"]
        assert len(figure.axes) == 6

    def test_without_exact_there_is_the_solution_alone(self):
        assert [ax.get_title() for ax in panels_of(problem_of().plot(points=10))] == ["solution"]

    def test_the_first_input_runs_to_the_right_and_the_second_upwards(self):
        problem = problem_of()
        solution, exact, error = map(field_of, panels_of(problem.plot(formula, points=5)))
        x, y = np.meshgrid(np.linspace(0, 1, 5), np.linspace(-2, 2, 5))
        np.testing.assert_allclose(exact, x + 10 * y, rtol=1e-14)
        predicted = problem.model(np.column_stack([x.ravel(), y.ravel()])).reshape(5, 5)
        np.testing.assert_allclose(solution, predicted, rtol=1e-14)
        np.testing.assert_allclose(error, predicted - exact, rtol=1e-12)

    def test_the_box_is_that_of_the_points(self):
        problem = problem_of()
        problem.add([[0.5, 4.0]], lambda x, u: u.value)
        (ax,) = panels_of(problem.plot(points=41))
        np.testing.assert_allclose(ax.get_xlim(), (0, 1), atol=1 / 41)
        np.testing.assert_allclose(ax.get_ylim(), (-2, 4), atol=6 / 41)

    def test_colours_are_shared_and_those_of_errors_symmetric(self):
        solution, exact, error = (
            ax.collections[0] for ax in panels_of(problem_of().plot(formula, points=10))
        )
        assert solution.get_clim() == exact.get_clim()
        assert exact.get_clim()[1] == 21.0
        low, high = error.get_clim()
        assert -low == high == np.abs(np.asarray(error.get_array())).max()

    def test_axes_have_the_names_of_the_inputs(self):
        (ax,) = panels_of(problem_of().plot(points=5))
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("$x_{1}$", "$x_{2}$")
        (ax,) = panels_of(problem_of().plot(points=5, names=["t", "place"]))
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("t", "place")

    def test_places_where_the_exact_solution_is_not_defined_stay_empty(self):
        def exact(x):
            return np.where(x[:, 0] > 0.5, np.nan, 1.0)

        panels = panels_of(problem_of().plot(exact, points=10))
        assert np.isfinite([ax.collections[0].get_clim() for ax in panels]).all()

    def test_it_can_be_drawn_as_a_file(self, tmp_path):
        problem_of().plot(formula, points=20).savefig(tmp_path / "one.png")
        assert (tmp_path / "one.png").stat().st_size > 5000


class TestOneInput:
    def test_there_are_curves_and_below_them_the_error(self):
        problem = problem_of(1)
        above, below = problem.plot(formula, points=7).axes
        x = np.linspace(0, 1, 7)
        solution, exact = above.lines
        np.testing.assert_allclose(solution.get_xdata(), x)
        np.testing.assert_allclose(solution.get_ydata(), problem.model(x[:, np.newaxis])[:, 0])
        np.testing.assert_allclose(exact.get_ydata(), 11 * x)
        error = below.lines[0].get_ydata()
        np.testing.assert_allclose(error, solution.get_ydata() - exact.get_ydata())
        assert [one.get_text() for one in above.get_legend().get_texts()] == ["solution", "exact"]
        assert below.get_xlabel() == "$x_{1}$"

    def test_without_exact_there_is_one_curve(self):
        (ax,) = problem_of(1).plot(names=["t"]).axes
        assert len(ax.lines) == 1
        assert ax.get_xlabel() == "t"

    def test_points_at_one_place_have_room_around_them(self):
        problem = pde.Problem(KAN([1, 1]))
        problem.add([[0.25]], lambda x, u: u.value)
        (ax,) = problem.plot(points=3).axes
        np.testing.assert_allclose(ax.lines[0].get_xdata(), [-0.25, 0.25, 0.75])


class TestMoreInputs:
    def test_a_slice_goes_through_the_middle_of_the_points(self):
        figure = problem_of(3).plot(formula, points=4, names=["x", "y", "z"])
        exact = field_of(panels_of(figure)[1])
        np.testing.assert_allclose(exact[0], np.linspace(0, 1, 4) + 40.0)
        assert figure.get_suptitle() == "z = 4"

    def test_or_where_it_was_asked_for(self):
        figure = problem_of(3).plot(formula, points=4, at=[9.0, 9.0, 4.5])
        np.testing.assert_allclose(field_of(panels_of(figure)[1])[2], np.linspace(0, 1, 4) + 45.0)
        assert figure.get_suptitle() == "$x_{3}$ = 4.5"


class TestOutputs:
    def test_one_of_several_is_drawn(self):
        problem = problem_of(1, 2)

        def exact(x):
            return np.column_stack([x[:, 0], -x[:, 0]])

        above = problem.plot(exact, output=1, points=5).axes[0]
        x = np.linspace(0, 1, 5)[:, np.newaxis]
        np.testing.assert_allclose(above.lines[0].get_ydata(), problem.model(x)[:, 1])
        np.testing.assert_allclose(above.lines[1].get_ydata(), -x[:, 0])

    def test_exact_may_have_a_column_for_one_output(self):
        above = problem_of(1).plot(lambda x: 2 * x, points=3).axes[0]
        np.testing.assert_allclose(above.lines[1].get_ydata(), [0, 1, 2])


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "kind", "message"),
        [
            ({"output": 1}, ValueError, r"output must be an integer in 0\.\.0, got 1"),
            ({"points": 1}, ValueError, r"points must be an integer in 2\.\.2000, got 1"),
            ({"names": ["x"]}, ValueError, r"one name for each of 2 inputs, got \['x'\]"),
            ({"names": "xy"}, TypeError, "names must be a list of strings, got 'xy'"),
            ({"at": [0.0]}, ValueError, r"at must have shape \(2,\), got \(1,\)"),
            ({"exact": 1.0}, TypeError, r"exact must be a function of x, got 1\.0"),
            (
                {"exact": lambda x: x, "points": 3},
                ValueError,
                r"exact must return shape \(9,\) or \(9, 1\), got \(9, 2\)",
            ),
        ],
    )
    def test_what_does_not_fit_is_refused_by_name(self, options, kind, message):
        with pytest.raises(kind, match=message):
            problem_of().plot(**options)

    def test_exact_has_all_outputs_where_there_are_several(self):
        with pytest.raises(ValueError, match=r"must return shape \(3, 2\), got \(3,\)"):
            problem_of(1, 2).plot(lambda x: x[:, 0], points=3)


def test_pyplot_does_not_hear_of_it():
    program = """
import sys
from kan import KAN, pde
problem = pde.Problem(KAN([1, 1]))
problem.add([[0.0], [1.0]], lambda x, u: u.value)
problem.plot()
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_matplotlib_an_error_says_what_to_install():
    program = """
import sys
sys.modules["matplotlib"] = None
from kan import KAN, pde
problem = pde.Problem(KAN([1, 1]))
problem.add([[0.0], [1.0]], lambda x, u: u.value)
try:
    problem.plot()
except ImportError as error:
    assert "kan-core[plot]" in str(error)
else:
    raise AssertionError("drawn without matplotlib")
"""
    subprocess.run([sys.executable, "-c", program], check=True)
