"""The formula of a network."""

import numpy as np
import pytest

from kan import KAN, SYMBOLIC_LIB, add_symbolic, create_dataset
from kan._formula import in_units
from kan._symbolic_edges import SymbolicPart, changed, spline_places
from random_models import random_model

sympy = pytest.importorskip("sympy")

# Functions that are tame everywhere, so that random networks are.
TAME = ("x", "x^2", "sin", "cos", "tanh", "arctan", "gaussian", "abs", "exp")


def symbolic_model(rng, affine=False):
    """A network of random widths with products of 2 to 4 factors, all edges functions or off."""
    hidden = [int(rng.integers(1, 3)), int(rng.integers(1, 3))]
    arity = [[], [int(a) for a in rng.integers(2, 5, hidden[1])], []]
    model = KAN([2, hidden, 1], grid=3, mult_arity=arity, affine_trainable=affine, seed=1)
    parts = {}
    for place in spline_places(model._network):
        if rng.random() < 0.7:
            numbers = rng.uniform(-0.8, 0.8, 4)
            parts[place] = SymbolicPart(str(rng.choice(TAME)), tuple(map(float, numbers)))
    places = spline_places(model._network)
    model._network = changed(model._network, parts, dict.fromkeys(places, False))
    if affine:
        for index in range(model.depth):
            for which in ("subnode_scale", "subnode_bias", "node_scale", "node_bias"):
                own = model._network.affine(index, which)
                own[:] = rng.uniform(0.5, 1.5, own.size)
    return model


@pytest.mark.parametrize("seed", range(200))
def test_a_formula_is_its_network(seed):
    # pykan #404: products of more than two factors, masks and affines were ignored.
    rng = np.random.default_rng(seed)
    model = symbolic_model(rng, affine=seed % 3 == 0)
    x = rng.uniform(-1, 1, (20, 2))
    expressions, variables = model.symbolic_formula()
    computed = sympy.lambdify(variables, expressions, "numpy", cse=True)(*x.T)
    values = [np.broadcast_to(value, 20) for value in computed]
    np.testing.assert_allclose(np.column_stack(values), model(x), rtol=1e-12, atol=1e-12)


def test_a_formula_with_splines_in_it_is_refused_by_name():
    # pykan #493: splines were left out, and the formula of the tutorial was 0.
    model = random_model([2, 2, 1])
    with pytest.raises(ValueError, match=r"6 are splines still: \(0, 0, 0\), .*auto_symbolic"):
        model.symbolic_formula()
    formula = model.symbolic_formula(splines="placeholder")[0][0]
    assert {str(f.func) for f in formula.atoms(sympy.core.function.AppliedUndef)} >= {
        "phi_0_0_0",
        "phi_1_1_0",
    }


@pytest.mark.parametrize(
    ("name", "ours"),
    [("arcsin", "asin"), ("arccos", "acos"), ("arctan", "atan"), ("arctanh", "atanh")],
)
def test_inverse_functions_have_the_names_of_sympy(name, ours):
    # pykan #286: sympy has asin, not arcsin.
    model = KAN([1, 1], seed=0)
    model.fix_symbolic(0, 0, 0, name, fit_params_bool=False)
    assert str(model.symbolic_formula()[0][0]) == f"{ours}(x_1)"


def test_removed_edges_are_not_in_the_formula():
    model = KAN([2, 1], seed=0)
    model.fix_symbolic(0, 0, 0, "sin", fit_params_bool=False)
    model.fix_symbolic(0, 1, 0, "exp", fit_params_bool=False)
    model.remove_edge(0, 1, 0)
    assert str(model.symbolic_formula()[0][0]) == "sin(x_1)"


def test_inputs_and_outputs_have_the_names_and_units_that_they_are_given():
    model = KAN([2, 1], seed=0)
    for i, name in enumerate(("sin", "x")):
        model.fix_symbolic(0, i, 0, name, fit_params_bool=False)
    a, b = sympy.symbols("a b")
    (formula,), variables = model.symbolic_formula(
        var=[a, "b"], normalizer=[[1.0, 2.0], [3.0, 4.0]], output_normalizer=[[5.0], [6.0]]
    )
    assert variables == [a, b]
    at = {a: 0.3, b: -0.7}
    expected = 6 * (np.sin((0.3 - 1) / 3) + (-0.7 - 2) / 4) + 5
    assert float(formula.subs(at)) == pytest.approx(expected)
    with pytest.raises(ValueError, match="var must name 2 inputs"):
        model.symbolic_formula(var=["a"])
    with pytest.raises(ValueError, match=r"normalizer must be \[mean, std\]"):
        model.symbolic_formula(normalizer=[1, 2, 3])
    with pytest.raises(ValueError, match="normalizer must have 2 means"):
        model.symbolic_formula(normalizer=[[1.0], [2.0]])


def test_a_model_with_chosen_inputs_names_the_columns_of_the_caller():
    data = create_dataset(lambda x: np.sin(x[:, 2]) + x[:, 0], n_var=4)
    model = KAN([4, 1], seed=0)
    model.fit(data, steps=10, verbose=False)
    model = model.prune_input(active_inputs=[0, 2])
    model.auto_symbolic()
    formula = model.symbolic_formula(simplify=True)[0][0]
    assert formula == sympy.Symbol("x_1") + sympy.sin(sympy.Symbol("x_3"))


def test_a_model_with_chosen_inputs_takes_the_units_of_all_columns():
    model = KAN([3, 1], seed=0).prune_input(active_inputs=[2, 0])
    for i in range(2):
        model.fix_symbolic(0, i, 0, "x", fit_params_bool=False)
    formula = model.symbolic_formula(normalizer=[[1.0, 2.0, 3.0], [4.0, 5.0, 8.0]])[0][0]
    x, z = sympy.symbols("x_1 x_3")
    assert sympy.simplify(formula - (x - 1) / 4 - (z - 3) / 8) == 0
    with pytest.raises(ValueError, match="normalizer must have 3 means"):
        model.symbolic_formula(normalizer=[[1.0, 2.0], [4.0, 5.0]])


def test_simple_numbers_are_offered_where_the_loss_allows_it():
    data = create_dataset(
        lambda x: 0.75 * np.sin(np.pi * x[:, 0] / 3) + np.sqrt(2) * x[:, 1] ** 2 + 0.123456, n_var=2
    )
    model = KAN([2, 1], grid=5, seed=0)
    model.fit(data, steps=20, verbose=False)
    model.auto_symbolic()
    formula = model.symbolic_formula(simplify=True)[0][0]
    x, y = sympy.symbols("x_1 x_2")
    rest = formula - sympy.Rational(3, 4) * sympy.sin(sympy.pi * x / 3) - sympy.sqrt(2) * y**2
    assert sympy.simplify(rest).is_number
    assert float(rest) == pytest.approx(0.123456, abs=1e-9)


def sine_and_square():
    data = create_dataset(lambda x: np.sin(2 * x[:, 0]) + x[:, 1] ** 2, n_var=2, train_num=200)
    model = KAN([2, 1], seed=0)
    model.fit(data, steps=20, verbose=False)
    return model


def test_numbers_are_made_simple_in_all_units_and_under_all_names():
    model = sine_and_square()
    model.auto_symbolic()
    a, b = sympy.symbols("a b")
    formula = model.symbolic_formula(var=[a + 1, b / 2], simplify=True)[0][0]
    assert sympy.simplify(formula - sympy.sin(2 * a + 2) - b**2 / 4) == 0
    # Inputs of 100 +- 4 are far outside the rows that the model has seen, and are not those.
    rows = model._observations()
    rows = in_units(rows, [[100.0, 0.0], [4.0, 1.0]], [[1.0], [2.0]])
    assert rows.x.min(axis=0) == pytest.approx([96, -1], abs=0.1)
    assert rows.y.mean() == pytest.approx(1 + 2 * model._observations().y.mean())
    formula = model.symbolic_formula(
        normalizer=[[100.0, 0.0], [4.0, 1.0]], output_normalizer=[[1.0], [2.0]], simplify=True
    )[0][0]
    x, y = sympy.symbols("x_1 x_2")
    assert sympy.simplify(formula - 2 * sympy.sin(x / 2 - 50) - 2 * y**2 - 1) == 0
    with pytest.raises(ValueError, match="normalizer must be finite, its deviations not 0"):
        model.symbolic_formula(normalizer=[[0.0, 0.0], [1.0, 0.0]])


def test_numbers_beside_functions_of_the_users_are_made_simple_too(monkeypatch):
    monkeypatch.setitem(SYMBOLIC_LIB, "my bump", None)
    add_symbolic("my bump", lambda x: np.exp(-(x**4)))
    model = sine_and_square()
    model.fix_symbolic(0, 0, 0, "my bump", fit_params_bool=False)
    model.fix_symbolic(0, 1, 0, "x", fit_params_bool=False)
    model.get_act(np.random.default_rng(0).uniform(-1, 1, (50, 2)))
    model._network.symbolic(0)[1, 2] = 0.5 + 1e-12
    x, y = sympy.symbols("x_1 x_2")
    expected = sympy.Function("my bump")(x) + y / 2
    assert model.symbolic_formula(simplify=True)[0][0] == expected
    with pytest.raises(ValueError, match="simplify=True needs functions that are known, got phi"):
        sine_and_square().symbolic_formula(splines="placeholder", simplify=True)


def test_a_formula_names_functions_that_only_its_file_knows(monkeypatch, tmp_path):
    monkeypatch.setitem(SYMBOLIC_LIB, "gone", None)
    add_symbolic("gone", lambda x: np.exp(-(x**4)))
    model = KAN([1, 1])
    model.fix_symbolic(0, 0, 0, "gone", fit_params_bool=False)
    model.save(tmp_path / "m.safetensors")
    del SYMBOLIC_LIB["gone"]
    model = KAN.load(tmp_path / "m.safetensors")
    assert str(model.symbolic_formula()[0][0]) == "gone(x_1)"


def test_numbers_are_not_made_simple_where_the_data_say_otherwise():
    # 0.5000004 is within 1e-6 of 1/2, and not 1/2.
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (500, 1))
    model = KAN([1, 1], seed=0)
    model.fit(x, 0.5000004 * np.sin(2 * x), steps=20, verbose=False)
    model.auto_symbolic()
    formula = model.symbolic_formula(simplify=True)[0][0]
    gamma = next(iter(formula.atoms(sympy.Float)))
    assert float(gamma) == pytest.approx(0.5000004, abs=1e-10)


def test_formulas_can_be_printed_and_computed():
    model = KAN([1, 1], seed=0)
    model.fix_symbolic(0, 0, 0, "gaussian", fit_params_bool=False)
    (formula,), variables = model.symbolic_formula()
    assert sympy.latex(formula) == "e^{- x_{1}^{2}}"
    assert sympy.lambdify(variables, formula)(0.5) == pytest.approx(np.exp(-0.25))
