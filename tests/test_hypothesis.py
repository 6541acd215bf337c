"""Tests for the structure of functions, on functions whose structure is known."""

import sys

import numpy as np
import pytest

from kan import KAN, _core, _stand_in
from kan._molecules import molecules
from kan._slopes import ScalarFunction
from kan.hypothesis import (
    batch_grad_normgrad,
    detect_separability,
    get_dependence,
    get_molecule,
    get_tree_node,
    plot_tree,
    test_general_separability,
    test_separability,
    test_symmetry,
    test_symmetry_var,
)
from random_models import random_model


def inputs(columns, count=200, low=-1.0, high=1.0, seed=0):
    return np.random.default_rng(seed).uniform(low, high, (count, columns))


def added(x):
    return x[:, [0]] ** 2 + np.exp(x[:, [1]] + x[:, [2]])


def multiplied(x):
    return x[:, [0]] ** 2 * (x[:, [1]] + x[:, [2]])


def linear(x):
    return 3.0 * x[:, [0]] - 2.0 * x[:, [1]] + x[:, [2]]


def nested(x):
    """sqrt of a sum: general, but not plainly separable."""
    return np.sqrt((x[:, [0]] - x[:, [1]]) ** 2 + (x[:, [2]] - x[:, [3]]) ** 2)


def identity_model(weights):
    """A KAN that computes (sum_i w_i x_i)^2 from base functions and a product."""
    model = KAN([len(weights), [0, 1]], base_fun="identity")
    model._network.coefficients(0)[:] = 0.0
    model._network.coefficients(0)[:, -1, :] = np.asarray(weights)[:, np.newaxis]
    return model


# ---- derivatives ---------------------------------------------------------------------------------


def test_differences_of_gradients_are_accurate_up_to_the_third_order():
    x = inputs(2)
    scalar = ScalarFunction(lambda at: np.exp(2 * at[:, 0]) * np.sin(at[:, 1]), x)
    value, slope = np.exp(2 * x[:, 0]), np.cos(x[:, 1])
    second = scalar.hessian(scalar.gradient)
    np.testing.assert_allclose(second[:, 0, 1], 2 * value * slope, atol=1e-6)
    np.testing.assert_allclose(second[:, 0, 0], 4 * value * np.sin(x[:, 1]), atol=1e-6)
    third = scalar.along(scalar.along(scalar.gradient, 0), 0)(x)
    np.testing.assert_allclose(third[:, 1], 4 * value * slope, atol=1e-2)


def test_derivatives_of_a_model_come_from_its_exact_gradients():
    model = random_model([3, [2, 2], 1], k=5, extrapolation="polynomial")
    x = inputs(3)
    scalar = ScalarFunction(model, x)
    _, exact = _core.pullback(model._network, x, np.ones((len(x), 1)))
    np.testing.assert_array_equal(scalar.gradient(x), exact)
    second = scalar.hessian(scalar.gradient)
    np.testing.assert_allclose(second, second.transpose(0, 2, 1), atol=1e-6)


# ---- separability --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "mode", "groups"),
    [
        (added, "add", [[0], [1, 2]]),
        (added, "mul", [[0, 1, 2]]),
        (multiplied, "mul", [[0], [1, 2]]),
        (multiplied, "add", [[0, 1, 2]]),
        (lambda x: x[:, 0] * x[:, 2] + x[:, 1] * x[:, 3], "add", [[0, 2], [1, 3]]),
        (lambda x: np.sin(x[:, 0]) + x[:, 1] ** 3 + np.cos(x[:, 2]), "add", [[0], [1], [2]]),
        (lambda x: 1e-6 * x[:, 0] * x[:, 1] + 1e-6 * x[:, 2], "add", [[0, 1], [2]]),
    ],
)
def test_the_groups_of_sums_and_products_are_found(function, mode, groups):
    found = detect_separability(function, inputs(4)[:, : 1 + max(map(max, groups))], mode)
    assert found["groups"] == groups
    assert found["n_groups"] == len(groups)
    assert all((found["labels"][group] == place).all() for place, group in enumerate(groups))


def test_every_input_of_a_linear_function_stands_alone():
    """pykan ends with a KeyError: all couplings are 0."""
    found = detect_separability(linear, inputs(3))
    assert found["groups"] == [[0], [1], [2]]
    assert np.abs(found["hessian"]).max() < 1e-6


def test_a_constant_couples_nothing():
    assert detect_separability(lambda x: np.full(len(x), 2.0), inputs(2))["n_groups"] == 2


def test_a_bias_makes_a_product_of_a_shifted_one():
    def shifted(x):
        return multiplied(x) + 5.0

    assert detect_separability(shifted, inputs(3), "mul")["n_groups"] == 1
    assert detect_separability(shifted, inputs(3), "mul", bias=-5.0)["groups"] == [[0], [1, 2]]


def test_couplings_are_second_derivatives_in_units_of_the_inputs_and_outputs():
    x = inputs(2, 500)
    found = detect_separability(lambda at: 7.0 * at[:, 0] * at[:, 1], x)
    unit = x[:, 0].std(ddof=1) * x[:, 1].std(ddof=1) / (x[:, 0] * x[:, 1]).std()
    np.testing.assert_allclose(found["hessian"], [[0, unit], [unit, 0]], atol=1e-6)


def test_the_number_of_groups_can_be_chosen():
    def chained(x):
        return x[:, 0] * x[:, 1] + 0.1 * x[:, 1] * x[:, 2]

    assert detect_separability(chained, inputs(3))["n_groups"] == 1
    assert detect_separability(chained, inputs(3), n_clusters=2)["groups"] == [[0, 1], [2]]


def test_weak_couplings_do_not_join_if_the_thresholds_say_so():
    def weak(x):
        return x[:, 0] ** 2 + x[:, 1] ** 2 + 0.02 * x[:, 0] * x[:, 1]

    assert detect_separability(weak, inputs(2))["n_groups"] == 1
    loose = detect_separability(weak, inputs(2), score_th=0.1, res_th=0.1)
    assert loose["n_groups"] == 2


@pytest.mark.parametrize(
    ("function", "groups", "mode", "expected"),
    [
        (added, [[0], [1, 2]], "add", True),
        (added, [[0, 1], [2]], "add", False),
        (added, [[0]], "add", True),
        (added, [[1]], "add", False),
        (multiplied, [[0], [1, 2]], "mul", True),
        (multiplied, [[0, 1], [2]], "mul", False),
    ],
)
def test_separability_is_tested(function, groups, mode, expected):
    assert test_separability(function, inputs(3), groups, mode) is expected


@pytest.mark.parametrize(
    ("function", "groups", "expected"),
    [
        (nested, [[0, 1], [2, 3]], True),
        (nested, [[0, 2], [1, 3]], False),
        (lambda x: np.exp(added(x)) + added(x) ** 3, [[0], [1, 2]], True),
        (lambda x: np.exp(added(x)) + added(x) ** 3, [[0, 1], [2]], False),
        (multiplied, [[0], [1, 2]], True),
        (lambda x: x[:, 0] * x[:, 1] + x[:, 2], [[0], [1, 2]], False),
        (linear, [[0], [1], [2]], True),
        (lambda x: np.exp(x[:, 0] + x[:, 1]) + 0 * x[:, 2], [[0], [1], [2]], True),
    ],
)
def test_general_separability_is_tested(function, groups, expected):
    columns = 1 + max(map(max, groups))
    assert test_general_separability(function, inputs(columns, low=0.2), groups) is expected


def test_models_of_both_precisions_are_seen_through():
    for dtype in ("float64", "float32"):
        model = random_model([3, 1, 1], seed=2, dtype=dtype)
        assert test_general_separability(model, inputs(3), [[0], [1], [2]], 0.05) is True
        assert test_symmetry(model, inputs(3), [0, 1]) is True
        assert test_separability(model, inputs(3), [[0], [1], [2]]) is False


# ---- symmetry ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "group", "expected"),
    [
        (added, [1, 2], True),
        (added, [0, 1], False),
        (nested, [0, 1], True),
        (nested, [2, 3], True),
        (nested, [1, 2], False),
        (linear, [0, 2], True),
        (lambda x: x[:, 0] ** 2 + x[:, 1] * 0, [1, 2], True),
        (lambda x: x[:, 0] * x[:, 1] * x[:, 2], [0, 1, 2], True),
    ],
)
def test_symmetry_is_tested(function, group, expected):
    columns = 4 if function is nested else 3
    assert test_symmetry(function, inputs(columns), group) is expected


def test_the_direction_of_the_gradient_turns_as_it_should():
    """Of x y + z x^2 the gradient along y and z is (x, x^2)."""
    x = inputs(3, low=0.5)
    turning = batch_grad_normgrad(
        lambda at: at[:, 0] * at[:, 1] + at[:, 2] * at[:, 0] ** 2, x, [1, 2]
    )
    expected = np.stack([-x[:, 0], np.ones(len(x))], axis=1) / (1 + x[:, [0]] ** 2) ** 1.5
    assert turning.shape == (200, 2, 1)
    np.testing.assert_allclose(turning[:, :, 0], expected, atol=1e-5)


def test_dependence_is_typical_turning_in_units_of_the_other_inputs():
    x = inputs(3, low=0.5)

    def function(at):
        return at[:, 0] * at[:, 1] + at[:, 2] * at[:, 0] ** 2

    typical = np.median(np.abs(batch_grad_normgrad(function, x, [1, 2])), axis=0)
    expected = typical * x[:, 0].std(ddof=1)
    np.testing.assert_allclose(get_dependence(function, x, [1, 2]), expected, rtol=1e-12)


def test_gradients_are_compared_with_those_of_an_expression(capsys):
    sympy = pytest.importorskip("sympy")
    x, y, _ = variables = sympy.symbols("x y z")
    points = inputs(3)

    def function(at):
        return np.sin(at[:, 0] ** 2 + at[:, 1]) * at[:, 2]

    right = test_symmetry_var(function, points, variables, x**2 + y)
    np.testing.assert_allclose(right, 1.0, rtol=1e-6)
    wrong = test_symmetry_var(function, points, variables, x + y)
    slopes = np.stack([2 * points[:, 0], np.ones(200)], axis=1)
    expected = np.abs(slopes.sum(axis=1)) / np.sqrt(2) / np.linalg.norm(slopes, axis=1)
    np.testing.assert_allclose(wrong, expected, rtol=1e-6)
    assert capsys.readouterr().out == ""
    test_symmetry_var(function, points, variables, x**2 + y, verbose=True)
    assert (
        capsys.readouterr().out
        == "100.0% of the rows have a cosine above 0.9, suggesting symmetry\n"
    )
    test_symmetry_var(function, points, variables, x - y, verbose=True)
    assert "not suggesting symmetry" in capsys.readouterr().out


# ---- trees ---------------------------------------------------------------------------------------


def test_inputs_join_level_by_level():
    assert get_molecule(nested, inputs(4)) == [
        [[0], [1], [2], [3]],
        [[0, 1], [2, 3]],
        [[0, 1, 2, 3]],
    ]
    assert get_molecule(added, inputs(3)) == [[[0], [1], [2]], [[0], [1, 2]], [[0, 1, 2]]]


def test_what_never_joins_is_one_group_at_last():
    assert molecules(3, lambda group: False) == [[[0], [1], [2]], [[0, 1, 2]]]
    assert molecules(1, lambda group: False) == [[[0]]]


def test_groups_join_to_larger_groups():
    pairs = [{0, 1}, {2, 3}, {4, 5}, {0, 1, 2, 3}]
    levels = molecules(6, lambda group: set(group) in pairs)
    assert levels[1:] == [[[0, 1], [2, 3], [4, 5]], [[0, 1, 2, 3], [4, 5]], [[0, 1, 2, 3, 4, 5]]]


def test_nodes_of_a_tree_say_how_their_parts_join():
    x = inputs(4, low=0.2)
    levels = get_molecule(nested, x)
    assert get_tree_node(nested, x, levels) == ([[2, 2], [2]], [["", ""], [""]])
    assert get_tree_node(nested, x, levels, skip_test=False) == (
        [[2, 2], [2]],
        [["GS", "GS"], ["GS"]],
    )


def test_the_top_of_a_tree_may_be_a_sum_or_a_product():
    x = inputs(3, low=0.2)
    for function, top in ((added, "Add"), (multiplied, "Mul")):
        levels = [[[0], [1], [2]], [[0], [1, 2]], [[0, 1, 2]]]
        _, labels = get_tree_node(function, x, levels, skip_test=False)
        assert labels == [["Id", "GS"], [top]]


def test_the_top_is_what_the_function_is_more_nearly():
    def function(x):
        return np.exp(0.1 * (x[:, 0] + x[:, 1] ** 2))

    x = inputs(2)
    assert test_separability(function, x, [[0], [1]], "add", 0.1)
    assert get_tree_node(function, x, [[[0], [1]], [[0, 1]]], 0.1, False) == ([[2]], [["Mul"]])


def test_a_tree_is_drawn_with_its_names_and_labels(capsys):
    pytest.importorskip("matplotlib")
    pyplot = sys.modules.get("matplotlib.pyplot")
    before = pyplot.get_fignums() if pyplot else []
    for style in ("tree", "box"):
        figure = plot_tree(added, inputs(3), ["a", "b", "c"], style)
        texts = [text.get_text() for text in figure.axes[0].texts]
        assert texts == ["a", "b", "c", "GS", "Add"]
        lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 2]
        assert [line.get_xdata()[0] for line in lines] == [0.0, 1.0, 2.0, 0.0, 1.5]
    assert (pyplot.get_fignums() if pyplot else []) == before
    assert capsys.readouterr().out == ""


def test_names_of_a_tree_default_to_x_1_and_so_on():
    pytest.importorskip("matplotlib")
    figure = plot_tree(linear, inputs(3), skip_sep_test=True)
    assert [text.get_text() for text in figure.axes[0].texts] == ["$x_{1}$", "$x_{2}$", "$x_{3}$"]


def test_a_model_draws_its_own_tree():
    pytest.importorskip("matplotlib")
    model = KAN([3, [1, 1], 1], base_fun="identity")
    coefficients = [model._network.coefficients(index) for index in range(2)]
    for one in coefficients:
        one[:] = 0.0
    coefficients[0][0, -1, 0] = coefficients[0][1, -1, 1] = coefficients[0][2, -1, 2] = 1.0
    coefficients[1][:, -1, 0] = 1.0  # x_0 + x_1 x_2
    model.get_act(inputs(3))
    texts = [text.get_text() for text in model.tree(in_var=["a", "b", "c"]).axes[0].texts]
    assert texts[-1] == "Add"
    given = [text.get_text() for text in model.tree(inputs(3)).axes[0].texts]
    assert given[3:] == texts[3:]


def test_a_model_without_some_inputs_draws_a_tree_of_the_others():
    pytest.importorskip("matplotlib")
    model = random_model([2, 2, 1])
    model._input_id, model._given_inputs = [3, 1], 5
    texts = [text.get_text() for text in model.tree(skip_sep_test=True).axes[0].texts]
    assert texts[:2] == ["$x_{1}$", "$x_{2}$"]
    assert len(model.tree(inputs(5), list("abcde"), skip_sep_test=True).axes[0].texts) == 5


def test_verbose_tells_of_each_test(capsys):
    get_molecule(added, inputs(3), verbose=True)
    out = capsys.readouterr().out
    assert "[0, 1]: not symmetric\n" in out
    assert "[1, 2]: symmetric\n" in out
    detect_separability(added, inputs(3), verbose=True)
    assert capsys.readouterr().out == "2 groups: [[0], [1, 2]]\n"


# ---- what comes in -------------------------------------------------------------------------------


def test_torch_functions_are_differentiated_by_torch():
    torch = pytest.importorskip("torch")
    x = torch.tensor(inputs(3), dtype=torch.float32)

    def function(at):
        return at[:, [0]] ** 2 + torch.exp(at[:, [1]] + at[:, [2]])

    found = detect_separability(function, x)
    assert found["groups"] == [[0], [1, 2]]
    assert isinstance(found["hessian"], torch.Tensor)
    assert test_symmetry(function, x, [1, 2]) is True
    assert test_general_separability(function, x, [[0], [1, 2]]) is True


def test_tensors_of_the_stand_in_are_taken_too():
    x = _stand_in.tensor(inputs(3), dtype=_stand_in.float32)

    def function(at):
        return at[:, [0]] ** 2 + _stand_in.exp(at[:, [1]] + at[:, [2]])

    found = detect_separability(function, x)
    assert found["groups"] == [[0], [1, 2]]
    assert isinstance(found["hessian"], _stand_in.Tensor)
    assert found["hessian"].dtype == np.float32
    assert test_symmetry(function, x, [1, 2]) is True
    assert test_general_separability(function, x, [[0], [1, 2]]) is True


def test_rows_where_a_function_is_not_finite_do_not_count():
    def function(x):
        with np.errstate(all="ignore"):
            return np.sqrt(x[:, 0]) + x[:, 1] * x[:, 2]

    assert detect_separability(function, inputs(3, low=-0.5))["groups"] == [[0], [1, 2]]


def test_a_function_that_is_nowhere_finite_is_refused():
    with pytest.raises(ValueError, match="finite and smooth around some rows of x"):
        detect_separability(lambda x: np.full(len(x), np.nan), inputs(2))


def test_inputs_and_functions_stay_as_they_are():
    x = inputs(3)
    x.flags.writeable = False
    before = x.copy()
    test_general_separability(added, x, [[0], [1, 2]])
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: detect_separability(3, x), TypeError, "model must be a function or a model"),
        (lambda x: detect_separability(added, x[0]), ValueError, r"x must have shape \(N, n_in\)"),
        (lambda x: detect_separability(lambda at: at, x), ValueError, "must return one output"),
        (lambda x: detect_separability(added, x, "sub"), ValueError, "mode must be one of 'add'"),
        (lambda x: detect_separability(added, x, n_clusters=4), ValueError, "n_clusters must be"),
        (lambda x: test_separability(added, x, 5), TypeError, "groups must be a list of lists"),
        (lambda x: test_separability(added, x, [0, 1]), TypeError, r"groups\[0\] must be a list"),
        (lambda x: test_separability(added, x, [[0], [3]]), ValueError, r"groups\[1\] must be .*2"),
        (lambda x: test_separability(added, x, [[0], [0]]), ValueError, "must share no input"),
        (lambda x: test_symmetry(added, x, [1, 1]), ValueError, "group must name each input once"),
        (lambda x: plot_tree(added, x, style="bush"), ValueError, "style must be one of 'tree'"),
        (lambda x: plot_tree(added, x, in_var=["a"]), ValueError, "in_var has 1 names"),
        (lambda x: test_symmetry_var(added, x, "ab", 1), ValueError, "input_vars must name the 3"),
    ],
)
def test_what_makes_no_sense_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call(inputs(3))


def test_expressions_of_other_variables_are_refused():
    sympy = pytest.importorskip("sympy")
    variables = sympy.symbols("x y z")
    with pytest.raises(ValueError, match="symmetry_var must be made of"):
        test_symmetry_var(added, inputs(3), variables, sympy.Symbol("w"))
    with pytest.raises(TypeError, match="symmetry_var must be a SymPy expression"):
        test_symmetry_var(added, inputs(3), variables, "x")
