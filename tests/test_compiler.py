"""`kanpiler`: a network computes what the expression says."""

import warnings

import numpy as np
import pytest

from kan import KAN

sympy = pytest.importorskip("sympy")

from kan.compiler import expr2kan, kanpiler, sf2kan  # noqa: E402 - needs SymPy

x, y, z, w = sympy.symbols("x y z w", real=True)
p, q, r = sympy.symbols("p q r", positive=True)

EXPRESSIONS = [
    x,
    3 * x + 2,
    x + y + z,
    2 * x - 3 * y + sympy.pi,
    x * y,
    3 * x * y * z,
    2 * x * y - 1,
    sympy.pi * (x + 3),
    (x + 3) * (y - 2) * sympy.sqrt(2),
    x**2 + x,
    1 + x + x**2 / 2 + x**3 / 6 + x**4 / 24,
    x**7 - y**11,
    (x + y) ** 6,
    p**2.5 + 1 / p**1.5,
    p ** (-sympy.Rational(7, 2)),
    p**0.3,
    (p + q) ** sympy.Rational(1, 3),
    p**q,
    2**x,
    (x + y) / (1 + x * y / 4),
    sympy.sin(x) + sympy.cos(x) + sympy.exp(x) * sympy.sin(x),
    sympy.sin(x) + sympy.cos(x) + sympy.exp(sympy.cos(x)),
    sympy.exp(-((x - y) ** 2) / (2 * p**2)) / (sympy.sqrt(2 * sympy.pi) * p),
    sympy.exp(sympy.sin(sympy.pi * x) + y**2),
    p * q * r / (4 * sympy.pi * ((p - 5) ** 2 + (q - 6) ** 2 + (r - 7) ** 2)),
    p / sympy.sqrt(1 - x**2 / 25),
    sympy.sqrt(x**2 + y**2 - 2 * x * y * sympy.cos(z - w)),
    p * (sympy.exp(q * r / 5) - 1),
    sympy.sin(3 * p / 2) ** 2 / sympy.sin(p / 2 + 3) ** 2,
    p * sympy.tanh(q * x / r) + q * sympy.log(r, 10),
    sympy.atan(x) * sympy.asin(y / 4) + sympy.acos(z / 4) - sympy.atanh(w / 4),
    sympy.Abs(x) * sympy.sign(y) - sympy.cosh(z) + sympy.sinh(w) + sympy.tan(x / 3),
    sympy.sec(x / 3) + sympy.csc(p / 3) + sympy.cot(p / 3) + sympy.coth(p) + sympy.sech(x),
    x * (y + z * (x + y * (z + 1))) + 1,
    sympy.tanh(sympy.tanh(sympy.tanh(x + y) + z) + w),
    sympy.Add(x, x, sympy.sin(x), evaluate=False),
    sympy.Integer(5),
]


def points(expression, count=200):
    """Variables of an expression, and points where it is tame: 0.5..2, or -2..2 for real ones."""
    variables = sorted(expression.free_symbols, key=str) or [x]
    rng = np.random.default_rng(0)
    low = [0.5 if one.is_positive else -2.0 for one in variables]
    return variables, rng.uniform(low, 2.0, (count, len(variables)))


def values(expression, variables, X):
    """Values (N,) by SymPy's own translation to NumPy."""
    computed = sympy.lambdify(variables, expression, "numpy")(*X.T)
    return np.broadcast_to(computed, len(X))


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_a_network_computes_its_expression(expression):
    variables, X = points(expression)
    expected = values(expression, variables, X)
    computed = kanpiler(variables, expression).predict(X)
    assert computed.shape == (len(X), 1)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(computed[:, 0], expected, rtol=1e-12, atol=1e-12 * scale)


def test_a_number_and_an_offset_are_peeled_off_in_the_right_order():
    """pykan compiles pi*(x+3) to pi*x + 3."""
    model = kanpiler([x], sympy.Mul(sympy.pi, x + 3, evaluate=False))
    np.testing.assert_allclose(model.predict([[0.0]]), [[3 * np.pi]], rtol=1e-15)


@pytest.mark.parametrize(
    ("expression", "width"),
    [
        (x + 2 * y, [[2, 0], [1, 0]]),
        (3 * x * y, [[2, 0], [0, 1]]),
        (3 * x * y + 1, [[2, 0], [0, 1], [1, 0]]),
        (sympy.sin(2 * x + 1), [[1, 0], [1, 0]]),
        (sympy.exp(sympy.sin(x) + y**2), [[2, 0], [1, 0], [1, 0]]),
        ((x + y) / (1 + x * y), [[2, 0], [2, 1], [0, 1]]),
        (sympy.sin(x + y + 1) + sympy.cos(2 * x + 2 * y), [[2, 0], [2, 0], [1, 0]]),
    ],
    ids=str,
)
def test_the_network_is_as_small_as_the_expression(expression, width):
    assert kanpiler(sorted(expression.free_symbols, key=str), expression).width == width


def test_a_product_of_four_is_one_node_of_arity_four():
    model = kanpiler([x, y, z, w], x * y * z * w)
    assert [layer.arities for layer in model._network.layers] == [[4]]


def test_equal_parts_of_an_expression_share_a_node():
    inner = sympy.exp(x + y)
    model = kanpiler([x, y], sympy.sin(inner) * sympy.cos(inner))
    assert model.width == [[2, 0], [1, 0], [1, 0], [0, 1]]


def test_a_list_of_expressions_has_an_output_for_each():
    expressions = [x * y, x + y, sympy.Integer(2), x + y, sympy.sin(x) * y * sympy.exp(x + y)]
    X = np.random.default_rng(0).uniform(-2, 2, (50, 2))
    computed = kanpiler([x, y], expressions).predict(X)
    expected = np.column_stack([values(one, [x, y], X) for one in expressions])
    np.testing.assert_allclose(computed, expected, rtol=1e-13, atol=1e-13)


def test_products_alone_can_be_the_outputs():
    model = kanpiler([x, y, z], [x * y, y * z * x])
    assert model.width == [[3, 0], [0, 2]]
    np.testing.assert_array_equal(model.predict([[2.0, 3.0, 5.0]]), [[6.0, 30.0]])


def test_variables_may_stay_unused_and_keep_their_order():
    model = kanpiler([z, y, x], 2 * x - y)
    np.testing.assert_array_equal(model.predict([[100.0, 1.0, 5.0]]), [[9.0]])


def test_all_splines_are_off():
    network = kanpiler([x, y], sympy.exp(x * y) + y)._network
    assert not any(network.edge_mask(index).any() for index in range(len(network.layers)))


def test_numbers_train_that_no_other_could_stand_for():
    model = kanpiler([x, y], 2 * sympy.sin(3 * x + 1) + sympy.exp(y) + 5)
    assert model._network.symbolic_trainable(0).tolist() == [[1, 1, 1, 1], [1, 0, 1, 0]]
    assert model._network.symbolic(0).tolist() == [[3, 1, 2, 5], [1, 0, 1, 0]]


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_the_formula_of_the_network_is_the_expression(expression):
    variables, X = points(expression)
    found = kanpiler(variables, expression).symbolic_formula(var=variables)[0][0]
    computed, expected = values(found, variables, X), values(expression, variables, X)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(computed, expected, rtol=1e-12, atol=1e-12 * scale)


def test_the_options_of_the_model_are_heard():
    model = kanpiler([x], sympy.sin(x), grid=7, k=2, base_fun="identity", dtype="float32", seed=4)
    assert (model.grid, model.k, model.dtype, model.seed) == (7, 2, "float32", 4)
    assert model._network.base.name == "identity"


def test_a_compiled_model_learns_the_numbers_of_other_data():
    X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    target = 1.3 * np.sin(2.2 * X[:, 0] + 0.1) * X[:, 1]
    model = kanpiler([x, y], sympy.sin(2 * x) * y)
    history = model.fit(X, target, steps=20)
    assert history["train_loss"][-1] < 1e-10


def test_a_compiled_model_is_saved_and_loaded(tmp_path):
    model = kanpiler([x, y], sympy.exp(x) * y)
    model.save(tmp_path / "m.safetensors")
    X = np.random.default_rng(0).uniform(-1, 1, (10, 2))
    loaded = KAN.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_pykans_other_names_mean_the_same():
    assert expr2kan is kanpiler
    assert sf2kan is kanpiler


@pytest.mark.parametrize(
    ("variables", "expression", "kind", "message"),
    [
        ("xy", x, TypeError, "input_variables must be a list of SymPy symbols"),
        ([], x, TypeError, "input_variables must be a list of SymPy symbols"),
        (["x"], x, TypeError, "input_variables must be SymPy symbols, got 'x'"),
        ([x, x], x, ValueError, "input_variables must differ"),
        ([x], "x + 1", TypeError, "expr must be a SymPy expression, got the string"),
        ([x], sympy.Eq(x, 1), TypeError, "expr must be a SymPy expression"),
        ([x], [], ValueError, "expr must have at least one expression"),
        ([x], x + y * z, ValueError, "no symbols but input_variables, got y, z"),
        ([x], sympy.gamma(x), ValueError, r"functions Abs, acos, .*, got gamma\(x\)"),
        ([x], sympy.Function("f")(x), ValueError, r"got f\(x\)"),
        ([x], sympy.Piecewise((x, x > 0), (0, True)), ValueError, "got Piecewise"),
        ([x], sympy.I * x, ValueError, "real constants, got I"),
        ([x], sympy.oo + sympy.sin(x), ValueError, "finite constants, got oo"),
        ([x], x**0.3, ValueError, r"whole or halves, or whose base is positive, got x\*\*0.3"),
        ([x, y], x**y, ValueError, r"positive=True, or write exp\(p\*log\(x\)\)"),
        ([x], x, TypeError, "unexpected keyword argument 'colour'"),
    ],
)
def test_what_cannot_be_compiled_is_refused(variables, expression, kind, message):
    options = {"colour": "red"} if "colour" in message else {}
    with warnings.catch_warnings(), pytest.raises(kind, match=message):
        kanpiler(variables, expression, **options)
