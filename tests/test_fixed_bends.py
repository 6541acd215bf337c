"""Symbolic functions bend no more, and turn nowhere else, than fixed point believes."""

from __future__ import annotations

import numpy as np
import pytest

from kan import _core
from kan._fixed_bends import BENDS, TURNS, bend_of, is_smooth, turns_of


def test_every_function_is_known() -> None:
    assert {*BENDS, *TURNS, "tan", "table"} == {*_core.function_names(), "table"}
    assert not BENDS.keys() & TURNS.keys()


@pytest.mark.parametrize("name", BENDS)
def test_second_derivatives_stay_below_the_bend(name: str) -> None:
    u = np.concatenate([np.linspace(-30.0, 30.0, 60_001), [0.0, 1e6, -1e6]])
    second = _core.function_values(name, u, 2)[2]
    bend = bend_of(_core.SymbolicEdge(0, 0, name), [])
    assert np.abs(second).max() <= bend
    assert bend <= 1.01 * np.abs(second).max()


def test_the_bend_of_a_table_is_that_of_its_spline() -> None:
    coefficients = np.random.default_rng(0).standard_normal(17)
    table = _core.Table("f", -1.0, 2.0, coefficients)
    edge = _core.SymbolicEdge(0, 0, "table", 0)
    assert is_smooth(edge)
    layer = _core.Layer(1, 1, [], 1, 1, [edge])
    network = _core.Network64([layer], _core.Base.zero, _core.Extrapolation.linear, False, [table])
    network.coefficients(0)[:] = 0.0
    network.symbolic(0)[:] = [[1.0, 0.0, 1.0, 0.0]]
    u = np.linspace(-2.0, 3.0, 50_001)
    h = u[1] - u[0]
    values = _core.predict(network, u[:, np.newaxis])[:, 0]
    second = np.diff(values, 2) / h**2
    rounding = 8 * np.finfo(float).eps * np.abs(values).max() / h**2  # of four numbers, divided
    assert np.abs(second).max() <= bend_of(edge, [table]) + rounding


@pytest.mark.parametrize("name", [*TURNS, "tan"])
@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 0.0), (-1.7, 0.3), (0.4, -1.1)])
def test_functions_rise_or_fall_between_turns(name: str, alpha: float, beta: float) -> None:
    x = np.linspace(-9.0, 9.0, 4001)
    turns = turns_of(_core.SymbolicEdge(0, 0, name), alpha, beta, x)
    near = np.geomspace(1e-13, 1.0, 400)
    fine = [turn + sign * near for turn in np.unique(turns) for sign in (-1, 1)]
    points = np.unique(np.concatenate([x, turns, *fine]))
    points = points[(points >= x[0]) & (points <= x[-1])]
    values = _core.function_values(name, alpha * points + beta, 0)[0]
    piece = np.searchsorted(np.unique(turns), points[:-1], side="right")
    steps = np.diff(values)
    scale = np.maximum(np.abs(values[1:]), np.abs(values[:-1]))
    slack = 1e-9 * scale  # of the argument's rounding, near poles
    for own in np.unique(piece):
        inside = piece == own
        rises = (steps >= -slack)[inside].all()
        assert rises or (steps <= slack)[inside].all(), (name, own)


def test_a_tangent_with_poles_everywhere_is_refused() -> None:
    edge = _core.SymbolicEdge(0, 0, "tan")
    with pytest.raises(ValueError, match="tangent of the model has more than 1000 poles"):
        turns_of(edge, 1e4, 0.0, np.array([-1.0, 1.0]))
