"""Bad input is refused with the name of the argument, what was expected and what came.

Nothing changes when it is: neither the model nor what the caller gave.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import kan
from kan import KAN, create_dataset

Array = Any
ROWS = 30

rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, (ROWS, 2))
Y = X[:, :1] * X[:, 1:]
LABELS = rng.integers(0, 3, ROWS)

DTYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])
RAGGED: Any = [[1.0, 2.0], [3.0]]


def altered(values: Array, value: Any, row: int = 3) -> Array:
    changed = np.array(values, dtype=float)
    changed[row, -1] = value
    return changed


def state(model: KAN) -> list[Any]:
    """All that a model is made of, to the last bit."""
    network = model._network
    arrays = [network.parameters(), network.trainable()]
    arrays += [network.knots(index) for index in range(model.depth)]
    arrays += [network.edge_mask(index) for index in range(model.depth)]
    return [array.tobytes() for array in arrays] + [model.seed, model.grid_eps, repr(model)]


class Table:
    """What pandas and others hand over: no array, but something that can become one."""

    def __init__(self, values: Array) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.values, dtype=dtype)


class Unwilling:
    """Like a tensor that refuses to leave its device."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        raise RuntimeError("the tensor is somewhere else")


@pytest.fixture
def model() -> Iterator[KAN]:
    """A model that must be the same, to the last bit, when the test is over."""
    made = KAN([2, 3, 1], seed=3)
    before = state(made)
    yield made
    assert state(made) == before


@pytest.fixture
def classifier() -> Iterator[KAN]:
    """The same with three outputs."""
    made = KAN([2, 3, 3], seed=3)
    before = state(made)
    yield made
    assert state(made) == before


# ---- the constructor ----------------------------------------------------------------------------

REFUSED_BY_THE_CONSTRUCTOR: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"width": "abc"}, TypeError, r"width must be a list such as \[2, 5, 1\], got 'abc'"),
    ({"width": 3}, TypeError, "width must be a list .*, got 3"),
    ({"width": None}, TypeError, "width must be a list .*, got None"),
    ({"width": [2]}, ValueError, r"width must name at least inputs and outputs, got \[2\]"),
    ({"width": [2, 0, 1]}, ValueError, r"width\[1\] must be at least 1, got 0"),
    ({"width": [2, [0, 0], 1]}, ValueError, r"width\[1\] must be at least 1, got \[0, 0\]"),
    ({"width": [2, -1, 1]}, ValueError, r"width\[1\] must be an integer in 0\.\.\d+, got -1"),
    ({"width": [2, 2.5, 1]}, TypeError, r"width\[1\] must be an integer .*, got 2\.5"),
    ({"width": [2, "5", 1]}, TypeError, r"width\[1\] must be an integer .*, got '5'"),
    ({"width": [2, True, 1]}, TypeError, r"width\[1\] must be an integer .*, got True"),
    ({"width": [2, [5, 2, 1], 1]}, ValueError, r"width\[1\] must be n or \[n_sum, n_mult\], got"),
    ({"width": [2, [5, [2]], 1]}, TypeError, r"width\[1\] must be an integer .*, got \[2\]"),
    ({"width": [2, 10**30, 1]}, ValueError, r"width\[1\] must be an integer .*, got 10{30}"),
    ({"width": [[2, 1], 1]}, ValueError, r"width\[0\] cannot have multiplication nodes, got \[2, "),
    ({"grid": 0}, ValueError, r"grid must be an integer in 1\.\.\d+, got 0"),
    ({"grid": 2.5}, TypeError, "grid must be an integer .*, got 2.5"),
    ({"grid": "5"}, TypeError, "grid must be an integer .*, got '5'"),
    ({"grid": None}, TypeError, "grid must be an integer .*, got None"),
    ({"grid": 2**21}, ValueError, "grid must be an integer .*, got 2097152"),
    ({"grid": [3]}, ValueError, r"grid must have one value per layer \(2\), got \[3\]"),
    ({"grid": [3, 0]}, ValueError, r"grid\[1\] must be an integer .*, got 0"),
    ({"grid": [3, [4]]}, TypeError, r"grid\[1\] must be an integer .*, got \[4\]"),
    ({"k": -1}, ValueError, r"k must be an integer in 0\.\.5, got -1"),
    ({"k": 6}, ValueError, r"k must be an integer in 0\.\.5, got 6"),
    ({"k": 1.5}, TypeError, r"k must be an integer in 0\.\.5, got 1\.5"),
    ({"k": [3, 6]}, ValueError, r"k\[1\] must be an integer in 0\.\.5, got 6"),
    ({"k": [3, 3, 3]}, ValueError, r"k must have one value per layer \(2\), got \[3, 3, 3\]"),
    ({"mult_arity": 1}, ValueError, r"mult_arity must be an integer in 2\.\.\d+, got 1"),
    ({"mult_arity": 2.0}, TypeError, "mult_arity must be an integer .*, got 2.0"),
    ({"mult_arity": None}, TypeError, "mult_arity must be an integer .*, got None"),
    ({"mult_arity": [[2]]}, ValueError, r"one list per layer of width \(3\), got 1 lists"),
    ({"mult_arity": [[], 2, []]}, TypeError, r"mult_arity\[1\] must be a list of arities, got 2"),
    ({"mult_arity": [[], [1], []]}, ValueError, r"mult_arity\[1\] must be an integer .*, got 1"),
    (
        {"mult_arity": [[], [2, 2], []], "width": [2, [1, 1], 1]},
        ValueError,
        r"mult_arity\[1\] must have one arity per multiplication node \(1\), got \[2, 2\]",
    ),
    ({"grid_range": (1, -1)}, ValueError, r"grid_range must increase, got \(1, -1\)"),
    ({"grid_range": (1, 1)}, ValueError, r"grid_range must increase, got \(1, 1\)"),
    ({"grid_range": (1, 2, 3)}, ValueError, r"grid_range must be two numbers, got \(1, 2, 3\)"),
    ({"grid_range": 1.0}, ValueError, "grid_range must be two numbers, got 1.0"),
    ({"grid_range": (0, np.nan)}, ValueError, "grid_range must be finite, got nan"),
    ({"grid_range": ("a", "b")}, TypeError, "grid_range must be a number, got 'a'"),
    ({"grid_range": [1, [2]]}, TypeError, r"grid_range must be a number, got \[2\]"),
    ({"grid_range": (-1e308, 1e308)}, ValueError, "grid_range must be .* no wider than float64"),
    (
        {"grid_range": (1.0, 1.0 + 1e-8), "dtype": "float32"},
        ValueError,
        "grid_range must be wide enough for 3 intervals",
    ),
    ({"dtype": "float16"}, ValueError, "dtype must be one of 'float32', 'float64', got 'float16'"),
    ({"dtype": int}, ValueError, "dtype must be one of .*, got 'int64'"),
    ({"dtype": "double precision"}, TypeError, "dtype must be 'float64' or 'float32', got 'dou"),
    ({"device": "cuda"}, ValueError, "device must be 'cpu', got 'cuda'"),
    ({"auto_save": "False"}, TypeError, "auto_save must be True or False, got 'False'"),
    ({"sparse_init": "no"}, TypeError, "sparse_init must be True or False, got 'no'"),
    ({"affine_trainable": 2}, TypeError, "affine_trainable must be True or False, got 2"),
    ({"sp_trainable": None}, TypeError, "sp_trainable must be True or False, got None"),
    ({"sb_trainable": 1.0}, TypeError, "sb_trainable must be True or False, got 1.0"),
    ({"auto_save": True}, ValueError, r"auto_save=True is not supported: call save\(path\)"),
    ({"base_fun": "relu"}, ValueError, "base_fun must be one of 'silu', .*, got 'relu'"),
    ({"base_fun": np.sin}, TypeError, "base_fun must be one of .*, got <ufunc 'sin'>"),
    ({"extrapolation": "nan"}, ValueError, "extrapolation must be one of 'linear', .*, got 'nan'"),
    ({"extrapolation": None}, TypeError, "extrapolation must be one of .*, got None"),
    ({"seed": -1}, ValueError, r"seed must be an integer in 0\.\.\d+, got -1"),
    ({"seed": 2**64}, ValueError, "seed must be an integer .*, got 18446744073709551616"),
    ({"seed": 1.0}, TypeError, "seed must be an integer .*, got 1.0"),
    ({"seed": None}, TypeError, "seed must be an integer .*, got None"),
    ({"noise_scale": -1}, ValueError, "noise_scale must be >= 0.0, got -1.0"),
    ({"noise_scale": "0.3"}, TypeError, "noise_scale must be a number, got '0.3'"),
    ({"noise_scale": [0.1, 0.2]}, TypeError, r"noise_scale must be a number, got \[0.1, 0.2\]"),
    ({"scale_base_mu": np.inf}, ValueError, "scale_base_mu must be finite, got inf"),
    ({"scale_base_mu": 10**400}, ValueError, "scale_base_mu must fit a float, got 1000"),
    ({"scale_base_sigma": 1j}, TypeError, "scale_base_sigma must be a number, got 1j"),
    (
        {"scale_base_mu": 1e200, "dtype": "float32"},
        ValueError,
        r"scale_base_mu .* float32 can hold the starting values, got .*scale_base_mu=1e\+200",
    ),
    ({"grid_eps": 2}, ValueError, r"grid_eps must be in 0\.\.1, got 2.0"),
    ({"grid_eps": -1}, ValueError, "grid_eps must be >= 0.0, got -1.0"),
    ({"gird": 5}, TypeError, "unexpected keyword argument 'gird'"),
]


@pytest.mark.parametrize(("arguments", "kind", "message"), REFUSED_BY_THE_CONSTRUCTOR)
def test_the_constructor_refuses(
    arguments: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        KAN(**{"width": [2, 3, 1], **arguments})


def test_the_constructor_leaves_the_callers_lists_alone() -> None:
    given: dict[str, Any] = {
        "width": [2, [1, 2], 3, 1],
        "grid": [3, 4, 5],
        "k": [1, 2, 3],
        "mult_arity": [[], [2, 3], [], []],
        "grid_range": [-2, 2],
    }
    before = copy.deepcopy(given)
    KAN(**given)
    assert given == before


@pytest.mark.parametrize(
    "arguments",
    [
        {"width": (2, 3, 1)},
        {"width": np.array([2, 3, 1])},
        {"width": [np.int32(2), [np.int64(3), 0], 1]},
        {"grid": np.int64(3)},
        {"grid": np.array([3, 3])},
        {"grid": (3, 3)},
        {"k": np.uint8(3)},
        {"seed": np.int64(1)},
        {"grid_range": np.array([-1.0, 1.0])},
        {"noise_scale": np.float32(0.3)},
        {"dtype": np.float64},
        {"dtype": np.dtype("float64")},
        {"device": "cpu:0"},
        {"device": "CPU"},
        {"device": None},
        {"sp_trainable": np.True_, "sb_trainable": 1, "sparse_init": 0},
        {"auto_save": False, "ckpt_path": "./model", "state_id": 3, "round": 2},
        {"symbolic_enabled": False, "save_act": False, "first_init": False},
    ],
)
def test_the_constructor_takes_what_means_the_same(arguments: dict[str, Any]) -> None:
    made = KAN(**{"width": [2, 3, 1], **arguments})
    assert state(made)[1:] == state(KAN([2, 3, 1]))[1:]


# ---- inputs -------------------------------------------------------------------------------------

REFUSED_INPUTS: list[tuple[Any, type[Exception], str]] = [
    (X[:, :1], ValueError, r"X must have shape \(N, 2\), got \(30, 1\)"),
    (np.c_[X, X], ValueError, r"X must have shape \(N, 2\), got \(30, 4\)"),
    (X[:, 0], ValueError, r"X must have shape \(N, 2\), got \(30,\)"),
    (X[np.newaxis], ValueError, r"X must have shape \(N, 2\), got \(1, 30, 2\)"),
    (1.0, ValueError, r"X must have shape \(N, 2\), got \(\)"),
    ([], ValueError, r"X must have shape \(N, 2\), got \(0,\)"),
    (altered(X, np.nan), ValueError, "X must be finite, got nan at row 3, column 1"),
    (altered(X, np.inf), ValueError, "X must be finite, got inf at row 3, column 1"),
    (altered(X, -np.inf, 29), ValueError, "X must be finite, got -inf at row 29, column 1"),
    (RAGGED, ValueError, "X must be a rectangular array of numbers"),
    (X + 0j, TypeError, "X must hold real numbers, got dtype complex128"),
    (X.astype(str), TypeError, "X must hold real numbers, got dtype <U32"),
    (X.astype(bytes), TypeError, r"X must hold real numbers, got dtype \|S32"),
    ("abc", TypeError, "X must hold real numbers, got dtype <U3"),
    (X.astype("M8[s]"), TypeError, r"X must hold real numbers, got dtype datetime64\[s\]"),
    (np.array([["1", 2.0]], dtype=object), TypeError, "X must hold real .* object with a str"),
    (np.array([[1j, 2.0]], dtype=object), TypeError, "X must hold real .* with a complex"),
    (np.array([[None, 2.0]], dtype=object), TypeError, "X must hold real .* with a NoneType"),
    (None, TypeError, "X must hold real numbers, got dtype object with a NoneType"),
    ({1.0, 2.0}, TypeError, "X must hold real numbers, got dtype object with a set"),
    ([[10**400, 1.0]], ValueError, "X must hold numbers that fit a float"),
    (np.ma.masked_array(X, X > 0.9), ValueError, "X must not have masked values"),
    (Unwilling(), TypeError, "X must be an array of numbers: the tensor is somewhere else"),
]
refused_inputs = pytest.mark.parametrize(("values", "kind", "message"), REFUSED_INPUTS)


@DTYPES
@refused_inputs
def test_predict_refuses(values: Any, kind: type[Exception], message: str, dtype: str) -> None:
    made = KAN([2, 3, 1], dtype=dtype)
    before = state(made)
    with pytest.raises(kind, match=message):
        made(values)
    assert state(made) == before


@refused_inputs
def test_fit_refuses_as_inputs(
    model: KAN, values: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        model.fit(values, Y)


@refused_inputs
def test_fit_refuses_as_inputs_of_a_dataset(
    model: KAN, values: Any, kind: type[Exception], message: str
) -> None:
    named = message.replace("X must", r"dataset\['train_input'\] must", 1)
    with pytest.raises(kind, match=named):
        model.fit({"train_input": values, "train_label": Y})


@refused_inputs
def test_update_grid_refuses(model: KAN, values: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        model.update_grid(values)


@refused_inputs
def test_loss_and_gradient_refuses_as_inputs(
    model: KAN, values: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        model.loss_and_gradient(values, Y)


def test_a_number_that_float32_cannot_hold_is_named() -> None:
    single = KAN([2, 1], dtype="float32")
    with pytest.raises(ValueError, match=r"got 1e\+300, which float32 cannot hold at row 3, col"):
        single(altered(X, 1e300))


def exotic_but_right(values: Array) -> dict[str, Any]:
    """The same numbers in every form that a caller may have them in."""
    read_only = values.copy()
    read_only.flags.writeable = False
    padded = np.repeat(np.repeat(values, 2, axis=0), 3, axis=1)
    return {
        "read-only": read_only,
        "non-contiguous": padded[::2, ::3],
        "reversed": values[::-1, ::-1].copy()[::-1, ::-1],
        "Fortran-ordered": np.asfortranarray(values),
        "big-endian": values.astype(values.dtype.newbyteorder(">")),
        "nested lists": values.tolist(),
        "tuples": tuple(map(tuple, values.tolist())),
        "a list of arrays": list(values),
        "objects": values.astype(object),
        "a table": Table(values),
        "masked, nothing masked": np.ma.masked_array(values, np.zeros(values.shape, bool)),
    }


@DTYPES
@pytest.mark.parametrize("form", list(exotic_but_right(X)))
def test_the_same_numbers_in_another_form_give_the_same_bits(form: str, dtype: str) -> None:
    made = KAN([2, 3, 1], dtype=dtype)
    values = X.astype(dtype)
    assert made(exotic_but_right(values)[form]).tobytes() == made(values).tobytes()


@DTYPES
@pytest.mark.parametrize("form", list(exotic_but_right(X)))
def test_fitting_the_same_numbers_in_another_form_gives_the_same_bits(
    form: str, dtype: str
) -> None:
    x, y = X.astype(dtype), Y.astype(dtype)
    plain, other = (KAN([2, 2, 1], dtype=dtype) for _ in range(2))
    plain.fit(x, y, steps=2)
    other.fit(exotic_but_right(x)[form], exotic_but_right(y)[form], steps=2)
    assert state(other) == state(plain)


@DTYPES
@pytest.mark.parametrize(
    "kind", ["float16", "float32", "float64", "longdouble", "int8", "int64", "uint16", "bool"]
)
def test_numbers_of_another_dtype_are_converted(kind: str, dtype: str) -> None:
    made = KAN([2, 3, 1], dtype=dtype)
    values = np.round(np.abs(X)).astype(kind)
    result = made(values)
    assert result.dtype == dtype
    assert result.tobytes() == made(values.astype(dtype)).tobytes()


def test_exact_python_numbers_are_numbers(model: KAN) -> None:
    exact = np.array([[Fraction(1, 4), Decimal("0.5")], [1, np.True_]], dtype=object)
    np.testing.assert_array_equal(model(exact), model([[0.25, 0.5], [1.0, 1.0]]))


def test_the_callers_arrays_are_not_changed_and_not_kept() -> None:
    x, y, weight = X.copy(), Y.copy(), np.ones(ROWS)
    made = KAN([2, 2, 1])
    made.fit(x, y, sample_weight=weight, steps=2)
    made(x)
    assert x.tobytes() == X.tobytes()
    assert y.tobytes() == Y.tobytes()
    assert (weight == 1).all()
    x[:] = 100.0
    assert np.abs(made._reference_inputs(None)).max() <= 1.0


# ---- labels -------------------------------------------------------------------------------------

REFUSED_LABELS: list[tuple[Any, type[Exception], str]] = [
    (Y.T, ValueError, r"y must have shape \(30, 1\) or \(30,\), got \(1, 30\)"),
    (np.c_[Y, Y], ValueError, r"y must have shape \(30, 1\) or \(30,\), got \(30, 2\)"),
    (Y[:, :, np.newaxis], ValueError, r"y must have shape .*, got \(30, 1, 1\)"),
    (Y[:-1], ValueError, r"y must have shape \(30, 1\) or \(30,\), got \(29, 1\)"),
    (1.0, ValueError, r"y must have shape .*, got \(\)"),
    ([], ValueError, r"y must have shape .*, got \(0,\)"),
    (altered(Y, np.nan), ValueError, "y must be finite, got nan at row 3"),
    (altered(Y, np.inf)[:, 0], ValueError, "y must be finite, got inf at row 3"),
    (RAGGED, ValueError, "y must be a rectangular array of numbers"),
    (Y + 0j, TypeError, "y must hold real numbers, got dtype complex128"),
    (Y.astype(str), TypeError, "y must hold real numbers, got dtype <U32"),
    (np.full(ROWS, "a", dtype=object), TypeError, "y must hold real numbers, .* with a str"),
    ("LBFGS", TypeError, "y must hold real numbers, got dtype <U5"),
]
refused_labels = pytest.mark.parametrize(("labels", "kind", "message"), REFUSED_LABELS)


@refused_labels
def test_fit_refuses_as_labels(
    model: KAN, labels: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        model.fit(X, labels)


@refused_labels
def test_loss_and_gradient_refuses_as_labels(
    model: KAN, labels: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        model.loss_and_gradient(X, labels)


def test_flat_labels_do_for_one_output_only(classifier: KAN) -> None:
    with pytest.raises(ValueError, match=r"y must have shape \(30, 3\), got \(30,\)"):
        classifier.fit(X, Y[:, 0])


REFUSED_CLASSES: list[tuple[Any, type[Exception], str]] = [
    (np.full(ROWS, 3), ValueError, r"class labels in 0\.\.2 \(.* 3 outputs\), got 3 at row 0"),
    (np.full(ROWS, -1), ValueError, r"y must hold class labels in 0\.\.2 .*, got -1 at row 0"),
    (LABELS + 0.5, ValueError, r"y must hold class labels in 0\.\.2 .*, got [012]\.5 at row 0"),
    (np.full(ROWS, np.nan), ValueError, r"y must hold class labels .*, got nan at row 0"),
    (np.full(ROWS, np.inf), ValueError, r"y must hold class labels .*, got inf at row 0"),
    (np.full(ROWS, 2**63, np.uint64), ValueError, "y must hold class labels .*, got 9223372036"),
    (
        np.eye(3)[LABELS],
        ValueError,
        r"got \(30, 3\): for one-hot labels pass labels\.argmax\(axis=1\)",
    ),
    (LABELS[:-1], ValueError, r"one class label per row, \(30,\), got \(29,\)"),
    (LABELS.astype(str), TypeError, "y must hold real numbers, got dtype <U"),
]


@pytest.mark.parametrize(("labels", "kind", "message"), REFUSED_CLASSES)
def test_cross_entropy_refuses_as_labels(
    classifier: KAN, labels: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        classifier.fit(X, labels, loss_fn="cross_entropy")


@pytest.mark.parametrize(
    "labels",
    [LABELS, LABELS[:, np.newaxis], LABELS.astype(float), LABELS.astype(np.uint8), list(LABELS)],
    ids=["(N,)", "(N, 1)", "float", "uint8", "list"],
)
def test_class_labels_in_another_form_are_the_same_labels(classifier: KAN, labels: Any) -> None:
    expected = classifier.loss_and_gradient(X, LABELS, loss="cross_entropy")[0]
    assert classifier.loss_and_gradient(X, labels, loss="cross_entropy")[0] == expected


def test_flat_labels_and_a_column_of_labels_are_the_same(model: KAN) -> None:
    value, gradient = model.loss_and_gradient(X, Y)
    flat_value, flat_gradient = model.loss_and_gradient(X, Y[:, 0])
    assert flat_value == value
    np.testing.assert_array_equal(flat_gradient, gradient)


# ---- sample weights -----------------------------------------------------------------------------

REFUSED_WEIGHTS: list[tuple[Any, type[Exception], str]] = [
    (np.ones((ROWS, 1)), ValueError, r"sample_weight must have shape \(30,\), got \(30, 1\)"),
    (np.ones(ROWS - 1), ValueError, r"sample_weight must have shape \(30,\), got \(29,\)"),
    (2.0, ValueError, r"sample_weight must have shape \(30,\), got \(\)"),
    (-np.ones(ROWS), ValueError, "sample_weight must not be negative, got -1.0 at row 0"),
    (np.zeros(ROWS), ValueError, "sample_weight must not all be zero, got 30 weights"),
    (altered(np.ones((ROWS, 1)), np.nan)[:, 0], ValueError, "finite, got nan at row 3$"),
    (np.ones(ROWS, str), TypeError, "sample_weight must hold real numbers, got dtype <U1"),
    (np.ones(ROWS) * 1j, TypeError, "sample_weight must hold real numbers, got dtype complex128"),
]


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e200, 1e307])
def test_only_the_ratios_of_weights_count_however_large_or_small_they_are(scale: float) -> None:
    weights = np.linspace(1, 2, ROWS)
    model = KAN([2, 2, 1])
    plain = model.loss_and_gradient(X, Y, sample_weight=weights)[0]
    scaled = model.loss_and_gradient(X, Y, sample_weight=weights * scale)[0]
    assert scaled == pytest.approx(plain, rel=1e-3 if scale < 1e-300 else 1e-12)


@pytest.mark.parametrize("scale", [1e-320, 1e-60, 1e60, 1e307])
def test_the_precision_of_the_model_does_not_limit_the_weights(scale: float) -> None:
    weights = np.linspace(1, 2, ROWS)
    model = KAN([2, 2, 1], dtype="float32")
    plain = model.loss_and_gradient(X, Y, sample_weight=weights)[0]
    scaled = model.loss_and_gradient(X, Y, sample_weight=weights * scale)[0]
    # the weights 1e-320 have three digits themselves
    assert scaled == pytest.approx(plain, rel=1e-3 if scale < 1e-300 else 1e-6)


refused_weights = pytest.mark.parametrize(("weights", "kind", "message"), REFUSED_WEIGHTS)


@refused_weights
def test_fit_refuses_as_sample_weights(
    model: KAN, weights: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        model.fit(X, Y, sample_weight=weights)


@refused_weights
def test_loss_and_gradient_refuses_as_sample_weights(
    model: KAN, weights: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        model.loss_and_gradient(X, Y, sample_weight=weights)


def test_one_row_with_weight_cannot_be_split(model: KAN) -> None:
    weights = np.zeros(ROWS)
    weights[4] = 1.0
    with pytest.raises(ValueError, match=r"validation_fraction=0\.5 leaves none of 1 rows"):
        model.fit(X, Y, sample_weight=weights, validation_fraction=0.5)


# ---- the options of fit -------------------------------------------------------------------------

REFUSED_OPTIONS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"opt": "SGD"}, ValueError, "opt must be one of 'auto', 'LBFGS', .*, got 'SGD'"),
    ({"opt": None}, TypeError, "opt must be one of 'auto', 'LBFGS', .*, got None"),
    ({"steps": -1}, ValueError, "steps must be an integer >= 0, got -1"),
    ({"steps": 1.5}, TypeError, "steps must be an integer >= 0, got 1.5"),
    ({"steps": None}, TypeError, "steps must be an integer >= 0, got None"),
    ({"log": 0}, ValueError, "log must be an integer >= 1, got 0"),
    ({"lamb": np.nan}, ValueError, "lamb must be finite, got nan"),
    ({"lamb": "a"}, TypeError, "lamb must be a number, got 'a'"),
    ({"lamb": -1.0}, ValueError, "lamb must be >= 0.0, got -1.0"),
    ({"lamb": 0.1, "opt": "LM"}, ValueError, "lamb works with opt='LBFGS' .* with lamb=0.1"),
    ({"lamb": 0.1, "alpha": 0.1}, ValueError, "alpha works with opt='LM', without lamb"),
    ({"lamb_coefdiff": None}, TypeError, "lamb_coefdiff must be a number, got None"),
    ({"reg_metric": 1}, TypeError, "reg_metric must be one of .*, got 1"),
    ({"lr": 0}, ValueError, "lr must be > 0.0, got 0.0"),
    ({"lr": -1}, ValueError, "lr must be > 0.0, got -1.0"),
    ({"lr": np.inf}, ValueError, "lr must be finite, got inf"),
    ({"lr": "fast"}, TypeError, "lr must be a number, got 'fast'"),
    ({"batch": 0}, ValueError, "batch must be a number of rows, or -1 for all of them, got 0"),
    ({"batch": -2}, ValueError, "batch must be an integer >= -1, got -2"),
    ({"batch": 2.5}, TypeError, "batch must be an integer >= -1, got 2.5"),
    ({"weight_decay": -1, "opt": "Adam"}, ValueError, "weight_decay must be >= 0.0, got -1.0"),
    (
        {"weight_decay": 0.1, "opt": "LBFGS"},
        ValueError,
        "weight_decay works with opt='Adam', got opt='LBFGS'",
    ),
    ({"loss_fn": "mae"}, ValueError, "loss_fn must be 'mse', 'cross_entropy' or .*, got 'mae'"),
    ({"loss_fn": 3}, TypeError, "loss_fn must be 'mse', 'cross_entropy' or .*, got 3"),
    ({"lr": 0.1, "opt": "LM"}, ValueError, "lr has no meaning with opt='LM', got 0.1"),
    ({"alpha": 0.1, "opt": "LBFGS"}, ValueError, "alpha works with opt='LM', got opt='LBFGS'"),
    ({"alpha": 0.1, "lr": 0.1}, ValueError, "alpha works with opt='LM', without lr"),
    ({"alpha": -1.0}, ValueError, "alpha must be >= 0.0, got -1.0"),
    ({"grids": 5}, TypeError, "grids must be a list of integers, got 5"),
    ({"grids": []}, TypeError, r"grids must be a list of integers, got \[\]"),
    ({"grids": [5, 5]}, ValueError, r"grids must increase, got \[5, 5\]"),
    ({"grids": [0, 5]}, ValueError, r"grids\[0\] must be an integer in 1.*, got 0"),
    ({"grids": [2.5]}, TypeError, r"grids\[0\] must be an integer in 1.*, got 2.5"),
    ({"grid_update_num": 0}, ValueError, "grid_update_num must be an integer >= 1, got 0"),
    (
        {"start_grid_update_step": -2},
        ValueError,
        "start_grid_update_step must be an integer >= -1, got -2",
    ),
    (
        {"stop_grid_update_step": -1},
        ValueError,
        "stop_grid_update_step must be an integer >= 0, got -1",
    ),
    ({"validation_fraction": 1}, ValueError, "validation_fraction must be < 1, got 1.0"),
    ({"validation_fraction": -0.1}, ValueError, "validation_fraction must be >= 0.0, got -0.1"),
    ({"validation_fraction": "a"}, TypeError, "validation_fraction must be a number, got 'a'"),
    ({"validation_fraction": 0.999}, ValueError, "validation_fraction=0.999 leaves none of 30 "),
    ({"patience": 0}, ValueError, "patience must be an integer >= 1, got 0"),
    ({"patience": 1.5}, TypeError, "patience must be an integer >= 1, got 1.5"),
    ({"min_delta": -1}, ValueError, "min_delta must be >= 0.0, got -1.0"),
    ({"metrics": 3}, TypeError, "metrics must be a list of functions, got 3"),
    ({"metrics": [3]}, TypeError, r"metrics must be a list of functions, got \[3\]"),
    ({"metrics": "mse"}, TypeError, "metrics must be a list of functions, got 'mse'"),
    ({"callbacks": 3}, TypeError, "callbacks must be a list of functions, got 3"),
    ({"callbacks": [None]}, TypeError, r"callbacks must be a list of functions, got \[None\]"),
    ({"seed": -1}, ValueError, r"seed must be an integer in 0\.\.\d+, got -1"),
    ({"seed": 1.5}, TypeError, "seed must be an integer .*, got 1.5"),
    ({"update_grid": "no"}, TypeError, "update_grid must be True or False, got 'no'"),
    ({"verbose": "no"}, TypeError, "verbose must be True or False, got 'no'"),
    ({"stepps": 3}, TypeError, "unexpected keyword argument 'stepps'"),
]


@pytest.mark.parametrize(("options", "kind", "message"), REFUSED_OPTIONS)
def test_fit_refuses_the_option(
    model: KAN, options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        model.fit(X, Y, **options)


REFUSED_DATASETS: list[tuple[dict[str, Any], Any, type[Exception], str]] = [
    ({}, None, ValueError, r"dataset must have train_input and train_label, got \[\]"),
    ({"train_input": X}, None, ValueError, r"train_input and train_label, got \['train_input'\]"),
    (
        {"train_input": X, "train_label": Y, "test_input": X},
        None,
        ValueError,
        "dataset must have test_input and test_label or none",
    ),
    (
        {"train_input": X, "train_label": Y, "test_input": X, "test_label": Y[1:]},
        None,
        ValueError,
        r"dataset\['test_label'\] must have shape \(30, 1\) or \(30,\), got \(29, 1\)",
    ),
    (
        {"train_input": X, "train_label": Y, "test_input": X[:, :1], "test_label": Y},
        None,
        ValueError,
        r"dataset\['test_input'\] must have shape \(N, 2\), got \(30, 1\)",
    ),
    ({"train_input": X, "train_label": Y}, Y, TypeError, "y must not be given"),
    ({"train_input": X, "train_label": Y}, "SGD", ValueError, "opt must be one of .*, got 'SGD'"),
]


@pytest.mark.parametrize(("dataset", "y", "kind", "message"), REFUSED_DATASETS)
def test_fit_refuses_the_dataset(
    model: KAN, dataset: dict[str, Any], y: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        model.fit(dataset, y)


def test_fit_without_labels_is_refused(model: KAN) -> None:
    with pytest.raises(TypeError, match=r"fit\(X, y\) needs y; a dataset must be a dict"):
        model.fit(X)


def test_fit_on_no_rows_is_refused(model: KAN) -> None:
    with pytest.raises(ValueError, match=r"X must have at least one row, got shape \(0, 2\)"):
        model.fit(np.empty((0, 2)), np.empty((0, 1)))


def test_the_callers_dataset_is_not_changed() -> None:
    dataset = create_dataset(lambda x: x[:, 0], train_num=20, test_num=10)
    before = copy.deepcopy(dataset)
    KAN([2, 1]).fit(dataset, steps=1)
    assert list(dataset) == list(before)
    assert all(dataset[name].tobytes() == before[name].tobytes() for name in before)


LossFunction = Callable[[Array, Array], Any]
REFUSED_LOSSES: list[tuple[LossFunction, type[Exception], str]] = [
    (
        lambda p, y: 0.0,
        TypeError,
        r"loss_fn must return \(loss, d loss / d prediction\), got float",
    ),
    (lambda p, y: None, TypeError, "loss_fn must return .*, got NoneType"),
    (lambda p, y: ("a", p), TypeError, "loss_fn must return a number as loss, got 'a'"),
    (lambda p, y: (p, p), TypeError, "loss_fn must return a number as loss, got array"),
    (
        lambda p, y: (0.0, p[:, 0]),
        ValueError,
        r"loss_fn must return a gradient of shape \(30, 1\), got \(30,\)",
    ),
]


@pytest.mark.parametrize(("function", "kind", "message"), REFUSED_LOSSES)
def test_fit_refuses_what_the_loss_function_returns(
    model: KAN, function: LossFunction, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        model.fit(X, Y, loss_fn=function)


def test_an_error_in_the_callers_loss_function_comes_through(model: KAN) -> None:
    with pytest.raises(ZeroDivisionError):
        model.fit(X, Y, loss_fn=lambda p, y: 1 / 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_weight": np.ones(ROWS)}, "sample_weight works with the named losses"),
        ({"batch": 5}, "batch works with the named losses"),
    ],
)
def test_options_that_a_loss_function_cannot_have_are_refused(
    model: KAN, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, loss_fn=lambda p, y: (0.0, p), **options)


@pytest.mark.parametrize("loss", [lambda p, y: (0.0, p), 3])
def test_loss_and_gradient_wants_the_loss_by_name(model: KAN, loss: Any) -> None:
    with pytest.raises(TypeError, match=r"loss must be 'mse'.*'cross_entropy'.*, got"):
        model.loss_and_gradient(X, Y, loss=loss)


def test_loss_and_gradient_refuses_an_unknown_loss(model: KAN) -> None:
    with pytest.raises(ValueError, match=r"loss must be 'mse', 'cross_entropy' .*, got 'mae'"):
        model.loss_and_gradient(X, Y, loss="mae")


# ---- parameters, refining, edges ----------------------------------------------------------------

P = KAN([2, 3, 1]).get_parameters()
REFUSED_PARAMETERS: list[tuple[Any, type[Exception], str]] = [
    (P[:-1], ValueError, r"flat must have shape \(63,\), got \(62,\)"),
    (P[np.newaxis], ValueError, r"flat must have shape \(63,\), got \(1, 63\)"),
    (1.0, ValueError, r"flat must have shape \(63,\), got \(\)"),
    (np.r_[P[:-1], np.nan], ValueError, "flat must be finite, got nan at index 62"),
    (np.r_[P[:-1], np.inf], ValueError, "flat must be finite, got inf at index 62"),
    (P.astype(str), TypeError, "flat must hold real numbers, got dtype <U"),
    (P + 0j, TypeError, "flat must hold real numbers, got dtype complex128"),
    (None, TypeError, "flat must hold real numbers, got .* NoneType"),
    (RAGGED, ValueError, "flat must be a rectangular array of numbers"),
]


@pytest.mark.parametrize(("flat", "kind", "message"), REFUSED_PARAMETERS)
def test_set_parameters_refuses(model: KAN, flat: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        model.set_parameters(flat)


REFUSED_REFINEMENTS: list[tuple[tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    ((), {}, TypeError, r"refine\(\) takes the new number of grid intervals, such as refine\(10\)"),
    ((5,), {"grid": 6}, TypeError, r"refine\(\) takes the new number of grid intervals"),
    ((0,), {}, ValueError, r"new_grid must be an integer in 1\.\.\d+, got 0"),
    ((-3,), {}, ValueError, "new_grid must be an integer .*, got -3"),
    ((2.5,), {}, TypeError, "new_grid must be an integer .*, got 2.5"),
    (("ten",), {}, TypeError, "new_grid must be an integer .*, got 'ten'"),
    (([5],), {}, ValueError, r"new_grid must have one value per layer \(2\), got \[5\]"),
    (([5, 0],), {}, ValueError, r"new_grid\[1\] must be an integer .*, got 0"),
    ((), {"grid": 0}, ValueError, r"grid must be an integer in 1\.\.\d+, got 0"),
]


@pytest.mark.parametrize(("arguments", "keywords", "kind", "message"), REFUSED_REFINEMENTS)
def test_refine_refuses(
    model: KAN,
    arguments: tuple[Any, ...],
    keywords: dict[str, Any],
    kind: type[Exception],
    message: str,
) -> None:
    with pytest.raises(kind, match=message):
        model.refine(*arguments, **keywords)


@pytest.mark.parametrize(
    ("place", "kind", "message"),
    [
        ((2, 0, 0), IndexError, r"l must be in 0\.\.1, got 2"),
        ((-3, 0, 0), IndexError, r"l must be in 0\.\.1, got -3"),
        ((0, 2, 0), IndexError, r"i must be in 0\.\.1, got 2"),
        ((0, 0, 3), IndexError, r"j must be in 0\.\.2, got 3"),
        ((0.5, 0, 0), TypeError, "l must be an integer, got 0.5"),
        ((0, "a", 0), TypeError, "i must be an integer, got 'a'"),
        ((0, 0, None), TypeError, "j must be an integer, got None"),
        ((0, 0, True), TypeError, "j must be an integer, got True"),
    ],
)
def test_an_edge_that_is_not_there_is_refused(
    model: KAN, place: tuple[Any, Any, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        model.edge(*place)


# ---- outside the grid ---------------------------------------------------------------------------


def strict_model() -> KAN:
    return KAN([2, 3, 1], extrapolation="error", grid_range=(-1, 1))


OUTSIDE = re.escape(
    "X must lie inside the grid (extrapolation='error'): got 1.5 at row 1, column 1, "
    "whose grid is [-1, 1]"
)
FAR = np.array([[0.5, 0.5], [0.0, 1.5], [2.0, 0.0]])


@pytest.mark.parametrize(
    "use",
    [
        lambda made: made(FAR),
        lambda made: made.loss_and_gradient(FAR, np.zeros(3)),
        lambda made: made.fit(FAR, np.zeros(3), update_grid=False),
        lambda made: made.fit(FAR, np.zeros(3), stop_grid_update_step=0),
        lambda made: made.fit(FAR, np.zeros(3), start_grid_update_step=3),
    ],
    ids=["predict", "loss_and_gradient", "fit", "fit, no update", "fit, late update"],
)
def test_an_input_outside_the_grid_is_named_with_row_column_and_range(
    use: Callable[[KAN], Any],
) -> None:
    made = strict_model()
    before = state(made)
    with pytest.raises(ValueError, match=OUTSIDE):
        use(made)
    assert state(made) == before


@pytest.mark.parametrize("seed", range(20))
@DTYPES
def test_all_samples_lie_inside_the_grid_that_was_moved_to_them(seed: int, dtype: str) -> None:
    samples = np.random.default_rng(seed).normal(size=(50, 2)) * 10.0 ** (seed % 5 - 2)
    made = KAN([2, 1], extrapolation="error", dtype=dtype, grid=5)
    made.update_grid(samples)
    made(samples)


def test_fit_may_move_the_grid_to_the_inputs_instead() -> None:
    made = strict_model()
    made.fit(3 * X, Y, steps=1)
    made(3 * X)


# ---- threads ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "kind", "message"),
    [
        (0, ValueError, r"n must be an integer in 1\.\.1024, got 0"),
        (-2, ValueError, r"n must be an integer in 1\.\.1024, got -2"),
        (1.5, TypeError, r"n must be an integer in 1\.\.1024, got 1\.5"),
        ("2", TypeError, r"n must be an integer in 1\.\.1024, got '2'"),
    ],
)
def test_a_wrong_number_of_threads_is_refused(
    count: Any, kind: type[Exception], message: str
) -> None:
    before = kan.get_num_threads()
    with pytest.raises(kind, match=message):
        kan.set_num_threads(count)
    assert kan.get_num_threads() == before
