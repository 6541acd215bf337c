"""The model as its user meets it: what it is told, what it tells, its copies, its values."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

import reference_kan
from kan import KAN
from random_models import random_model, with_masked_edges

DTYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])

rng = np.random.default_rng(2)
X = rng.uniform(-1, 1, (40, 2))


def linear_model(inputs: int, outputs: int, weight: float = 1.0, **arguments: Any) -> KAN:
    """Every edge is x -> weight * x, its spline zero."""
    return KAN(
        [inputs, outputs],
        base_fun="identity",
        noise_scale=0.0,
        scale_base_mu=weight * np.sqrt(inputs),
        scale_base_sigma=0.0,
        **arguments,
    )


# ---- what it is told ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        ([2, 5, 1], [[2, 0], [5, 0], [1, 0]]),
        ([1, 1], [[1, 0], [1, 0]]),
        ([2, [3, 2], 1], [[2, 0], [3, 2], [1, 0]]),
        ([[4, 0], [0, 2], [1, 0]], [[4, 0], [0, 2], [1, 0]]),
        ([5, [0, 1]], [[5, 0], [0, 1]]),
    ],
)
def test_width_tells_sums_and_products_of_every_layer(
    width: list[Any], expected: list[list[int]]
) -> None:
    model = KAN(width)
    assert model.width == expected
    assert model.depth == len(width) - 1
    inputs, outputs = sum(expected[0]), sum(expected[-1])
    assert model(np.zeros((3, inputs))).shape == (3, outputs)


def test_the_width_that_is_told_is_the_callers_to_change() -> None:
    model = KAN([2, 3, 1])
    model.width[1][0] = 99
    assert model.width == [[2, 0], [3, 0], [1, 0]]


def test_grid_and_degree_are_one_number_if_all_layers_agree() -> None:
    model = KAN([2, 3, 1], grid=[7, 7], k=2)
    assert (model.grid, model.k) == (7, 2)


def test_grid_and_degree_may_differ_from_layer_to_layer() -> None:
    model = KAN([2, 3, 1], grid=[4, 9], k=[1, 5])
    assert (model.grid, model.k) == ([4, 9], [1, 5])
    assert (model.edge(0, 0, 0).intervals, model.edge(1, 0, 0).intervals) == (4, 9)
    assert (model.edge(0, 0, 0).degree, model.edge(1, 0, 0).degree) == (1, 5)


def test_the_defaults_are_pykans_but_for_grids_that_stay_uniform() -> None:
    model = KAN([2, 3, 1])
    assert (model.grid, model.k, model.seed, model.grid_eps) == (3, 3, 1, 1.0)
    assert (model.dtype, model.edge(0, 0, 0).base) == ("float64", "silu")
    np.testing.assert_allclose(model.edge(0, 0, 0).knots[[3, -4]], [-1, 1])


def test_grids_begin_on_the_range() -> None:
    model = KAN([2, 3, 1], grid=5, k=2, grid_range=(-3, 7))
    for layer in range(2):
        np.testing.assert_allclose(model.edge(layer, 0, 0).knots, np.arange(-7, 12, 2))


@pytest.mark.parametrize(
    ("arity", "factors"), [(2, [2, 2]), (3, [3, 3]), ([[], [2, 3], []], [2, 3])]
)
def test_products_have_the_arity_that_was_asked_for(arity: Any, factors: list[int]) -> None:
    model = KAN([2, [1, 2], 1], mult_arity=arity)
    assert model.n_edge == 2 * (1 + sum(factors)) + 3


def test_a_product_multiplies_its_factors() -> None:
    model = KAN(
        [2, [1, 1]],
        mult_arity=3,
        base_fun="identity",
        noise_scale=0.0,
        scale_base_mu=np.sqrt(2),
        scale_base_sigma=0.0,
    )
    total = X.sum(axis=1)
    np.testing.assert_allclose(model(X), np.stack([total, total**3], axis=1), atol=1e-14)


@pytest.mark.parametrize(
    ("base", "function"),
    [("silu", lambda x: x / (1 + np.exp(-x))), ("identity", lambda x: x), ("zero", np.zeros_like)],
)
def test_the_base_function_is_the_one_asked_for(base: str, function: Callable[[Any], Any]) -> None:
    model = KAN([1, 1], base_fun=base, noise_scale=0.0, scale_base_mu=2.0, scale_base_sigma=0.0)
    x = np.linspace(-3, 3, 25)[:, np.newaxis]
    np.testing.assert_allclose(model(x), 2 * function(x), rtol=1e-14, atol=1e-14)


def test_parameters_are_the_weights_of_all_edges() -> None:
    model = KAN([2, 3, 1], grid=5, k=3)
    assert model.n_edge == 9
    assert model.n_parameters == model.get_parameters().size == 9 * (5 + 3 + 1)


@pytest.mark.parametrize(
    ("arguments", "trained"),
    [
        ({}, 8 * 7),
        ({"sp_trainable": False}, 8),
        ({"sb_trainable": False}, 8 * 6),
        ({"base_fun": "zero"}, 8 * 6),
        ({"affine_trainable": True}, 8 * 7 + 2 * (3 + 2) + 2 * (1 + 1)),
        ({"sp_trainable": False, "sb_trainable": False}, 0),
    ],
)
def test_what_trains_is_counted(arguments: dict[str, Any], trained: int) -> None:
    assert KAN([2, [1, 1], 1], **arguments).n_parameters == trained


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
@pytest.mark.parametrize("frozen", ["sp_trainable", "sb_trainable"])
def test_what_does_not_train_stays_as_it_is_to_the_last_bit(frozen: str, opt: str) -> None:
    model = KAN([2, 3, 1], **{frozen: False})
    before = [model.edge(layer, 0, 0) for layer in range(2)]
    model.fit(X, X[:, :1] ** 2, opt=opt, steps=3, update_grid=False)
    after = [model.edge(layer, 0, 0) for layer in range(2)]
    for old, new in zip(before, after, strict=True):
        splines_moved = not np.array_equal(old.coefficients, new.coefficients)
        assert splines_moved == (frozen == "sb_trainable")
        assert (old.base_weight != new.base_weight) == (frozen == "sp_trainable")


def test_affines_start_as_the_identity_and_train_on_request() -> None:
    plain = KAN([2, [1, 1], 1], seed=3)
    affine = KAN([2, [1, 1], 1], seed=3, affine_trainable=True)
    np.testing.assert_array_equal(affine(X), plain(X))
    affine.fit(X, 5 + X[:, :1], steps=3)
    assert (affine._network.affine(1, "node_bias") != 0.0).all()


# ---- what it tells ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"width": [2, 5, 1]}, "KAN([2, 5, 1], grid=3, k=3, 105 parameters, float64)"),
        (
            {"width": [2, [1, 2], 1], "grid": [4, 5], "k": 2, "dtype": "float32"},
            "KAN([2, [1, 2], 1], grid=[4, 5], k=2, 94 parameters, float32)",
        ),
    ],
)
def test_its_repr_is_one_short_line(arguments: dict[str, Any], expected: str) -> None:
    assert repr(KAN(**arguments)) == expected


class Outline(HTMLParser):
    """Reads a table, and insists that every tag is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def test_notebooks_get_a_table_with_a_row_per_layer() -> None:
    model = KAN([2, [3, 2], 1], grid=[4, 6], k=2, grid_range=(-2, 2), mult_arity=[[], [2, 3], []])
    outline = Outline()
    outline.feed(model._repr_html_())
    assert outline.open == []
    assert outline.rows == [
        ["layer", "edges", "sums", "products", "grid", "k", "range of the inputs", "parameters"],
        ["2 → 5", "16", "3", "2, 3", "4", "2", "-2 … 2", "112"],
        ["5 → 1", "5", "1", "none", "6", "2", "-2 … 2", "45"],
    ]


def test_the_table_tells_how_many_edges_are_left() -> None:
    outline = Outline()
    outline.feed(KAN([3, 4, 2], sparse_init=True)._repr_html_())
    assert outline.rows[1][1] == "4 of 12"


# ---- values -------------------------------------------------------------------------------------


@DTYPES
@pytest.mark.parametrize(
    "width", [[2, 3, 1], [2, [1, 2], [0, 2]], [2, 4, 4, 2]], ids=["plain", "products", "deep"]
)
def test_it_computes_what_the_reference_computes(width: list[Any], dtype: str) -> None:
    model = random_model(width, seed=3, grid=4, affine_trainable=True, dtype=dtype)
    x = np.random.default_rng(1).uniform(-1.3, 1.3, (60, 2)).astype(dtype)
    expected = reference_kan.predict(model, x)
    scale = np.abs(expected).max()
    # about a thousand roundings from layer to layer
    np.testing.assert_allclose(model(x), expected, rtol=0, atol=1000 * np.finfo(dtype).eps * scale)


def test_calling_and_predicting_are_the_same() -> None:
    model = KAN([2, 3, 1])
    assert model.predict(X).tobytes() == model(X).tobytes()


@DTYPES
def test_results_have_the_precision_of_the_model(dtype: str) -> None:
    model = KAN([2, 3, 1], dtype=dtype)
    value, gradient = model.loss_and_gradient(X, X[:, 0])
    assert model.dtype == model(X).dtype == gradient.dtype == model.get_parameters().dtype == dtype
    assert type(value) is float


def test_no_rows_give_no_rows() -> None:
    assert KAN([2, 3, 4])(np.empty((0, 2))).shape == (0, 4)


@DTYPES
def test_a_row_alone_has_the_bits_that_it_has_among_others(dtype: str) -> None:
    model = KAN([2, [3, 1], 2], dtype=dtype)
    together = model(X)
    for number in range(len(X)):
        assert model(X[number : number + 1]).tobytes() == together[number].tobytes()


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
def test_it_can_be_fitted_to_very_few_rows(opt: str, rows: int) -> None:
    model = KAN([1, 1])
    x = np.linspace(-1, 1, rows)[:, np.newaxis]
    history = model.fit(x, 1 + x, opt=opt, steps=5)
    assert np.isfinite(history["train_loss"]).all()
    assert np.isfinite(model(x)).all()


@DTYPES
def test_the_smallest_network_is_fitted_like_any_other(dtype: str) -> None:
    model = KAN([1, 1], grid=1, k=1, dtype=dtype)
    x = np.linspace(-1, 1, 20)[:, np.newaxis]
    model.fit(x, 3 * x + 1, steps=20)
    # a straight line on one interval; its base vanishes as far as the optimizer cares
    np.testing.assert_allclose(model(x), 3 * x + 1, atol=1e-3)


def test_columns_that_do_not_vary_are_no_obstacle() -> None:
    x = np.c_[X[:, 0], np.full(40, 2.5)]
    model = KAN([2, 3, 1])
    history = model.fit(x, X[:, 0] ** 2, steps=10)
    assert history["train_loss"][-1] < 0.05
    assert np.isfinite(model.get_parameters()).all()


# ---- losses and gradients by hand ---------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_the_squared_error_of_a_linear_model_is_what_it_is_by_hand(weighted: bool) -> None:
    model = linear_model(2, 3, weight=0.5, grid=4, k=2)
    y = np.random.default_rng(3).normal(size=(40, 3))
    weight = np.linspace(0, 2, 40) if weighted else np.ones(40)
    share = weight / weight.sum()
    error = 0.5 * X.sum(axis=1, keepdims=True) - y

    value, gradient = model.loss_and_gradient(X, y, sample_weight=weight if weighted else None)

    assert value == pytest.approx((share[:, np.newaxis] * error**2).sum() / 3, rel=1e-13)
    slope = 2 / 3 * share[:, np.newaxis] * error
    by_input = gradient.reshape(2, 4 + 2 + 1, 3)  # [I][M and the base weight][O]
    for i in range(2):
        basis = reference_kan.basis_matrix(model.edge(0, i, 0).knots, 2, X[:, i])
        np.testing.assert_allclose(by_input[i, :-1], basis.T @ slope, atol=1e-14)
        np.testing.assert_allclose(by_input[i, -1], X[:, i] @ slope, atol=1e-14)


def test_the_cross_entropy_of_a_linear_model_is_what_it_is_by_hand() -> None:
    model = linear_model(2, 3)
    model._network.coefficients(0)[:, -1, :] = [[1.0, -2.0, 0.5], [0.0, 1.0, 3.0]]
    labels = np.random.default_rng(3).integers(0, 3, 40)
    logits = X @ np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 3.0]])

    value, gradient = model.loss_and_gradient(X, labels, loss="cross_entropy")

    expected = -log_softmax(logits, axis=1)[np.arange(40), labels].mean()
    assert value == pytest.approx(expected, rel=1e-13)
    slope = (softmax(logits, axis=1) - np.eye(3)[labels]) / 40
    base_weights = gradient.reshape(2, -1, 3)[:, -1]
    np.testing.assert_allclose(base_weights, X.T @ slope, atol=1e-14)


def test_the_gradient_is_zero_for_what_does_not_train() -> None:
    model = KAN([2, 1], sb_trainable=False)
    gradient = model.loss_and_gradient(X, X[:, 0])[1].reshape(2, 7)
    assert not gradient[:, -1].any()
    assert gradient[:, :-1].any()


def test_taking_a_gradient_does_not_change_the_model() -> None:
    model = KAN([2, 3, 1])
    before = model.get_parameters()
    model.loss_and_gradient(X, X[:, 0])
    assert model.get_parameters().tobytes() == before.tobytes()


# ---- parameters ---------------------------------------------------------------------------------


def test_the_parameters_that_are_told_are_a_copy() -> None:
    model = KAN([2, 3, 1])
    before = model(X)
    model.get_parameters()[:] = 7.0
    np.testing.assert_array_equal(model(X), before)


@DTYPES
def test_parameters_that_are_set_are_told(dtype: str) -> None:
    model = KAN([2, 3, 1], dtype=dtype)
    wanted = np.arange(model.get_parameters().size, dtype=dtype)
    model.set_parameters(wanted)
    np.testing.assert_array_equal(model.get_parameters(), wanted)
    wanted[:] = 0.0
    assert model.get_parameters().any()


def test_parameters_of_masked_edges_stay_zero() -> None:
    model = with_masked_edges(KAN([3, 4, 1]))
    model.set_parameters(np.ones(model.get_parameters().size))
    assert model.get_parameters().sum() == model.n_parameters
    assert model.n_parameters == 7 * model.n_edge


def test_an_optimizer_of_the_users_can_drive_it() -> None:
    model = KAN([2, 1], grid=3)
    y = X[:, 0] + X[:, 1] ** 2

    def objective(flat: Any) -> tuple[float, Any]:
        model.set_parameters(flat)
        return model.loss_and_gradient(X, y)

    found = minimize(objective, model.get_parameters(), jac=True, method="L-BFGS-B")
    model.set_parameters(found.x)
    assert model.loss_and_gradient(X, y)[0] == found.fun < 1e-6


# ---- copies -------------------------------------------------------------------------------------


def through_a_file(model: KAN) -> KAN:
    """As joblib does: a pickler of its own on a binary file."""
    file = io.BytesIO()
    pickle.Pickler(file, protocol=pickle.HIGHEST_PROTOCOL).dump({"model": model})
    file.seek(0)
    loaded: KAN = pickle.Unpickler(file).load()["model"]
    return loaded


COPIES = pytest.mark.parametrize(
    "duplicate",
    [
        lambda model: model.copy(),
        copy.copy,
        copy.deepcopy,
        lambda model: pickle.loads(pickle.dumps(model)),
        lambda model: pickle.loads(pickle.dumps(model, protocol=2)),
        through_a_file,
    ],
    ids=["copy()", "copy", "deepcopy", "pickle", "pickle 2", "file"],
)


@COPIES
@DTYPES
def test_a_copy_is_the_same(duplicate: Callable[[KAN], KAN], dtype: str) -> None:
    model = random_model(
        [2, [2, 1], 1],
        seed=4,
        grid=[3, 4],
        k=[2, 3],
        extrapolation="clamp",
        base_fun="identity",
        affine_trainable=True,
        sb_trainable=False,
        grid_eps=0.5,
        dtype=dtype,
    )
    twin = duplicate(model)
    assert type(twin) is KAN
    assert repr(twin) == repr(model)
    assert (twin.seed, twin.grid_eps) == (4, 0.5)
    assert twin.get_parameters().tobytes() == model.get_parameters().tobytes()
    assert twin(3 * X).tobytes() == model(3 * X).tobytes()


@COPIES
def test_a_copy_lives_on_its_own(duplicate: Callable[[KAN], KAN]) -> None:
    model = KAN([2, 3, 1])
    model.fit(X, X[:, 0], steps=2)
    before = model(X).tobytes()
    twin = duplicate(model)
    twin.fit(X, X[:, 1] ** 2, steps=3)
    twin.update_grid(5 * X)
    assert model(X).tobytes() == before
    twin_before = twin(X).tobytes()
    model.fit(X, X[:, 1], steps=2)
    assert twin(X).tobytes() == twin_before


@COPIES
def test_a_copy_trains_to_the_same_bits(duplicate: Callable[[KAN], KAN]) -> None:
    model = KAN([2, 3, 1])
    twin = duplicate(model)
    for one in (model, twin):
        one.fit(X, X[:, 0] * X[:, 1], opt="Adam", batch=8, steps=20)
    assert twin.get_parameters().tobytes() == model.get_parameters().tobytes()


@pytest.mark.parametrize("duplicate", [KAN.copy, copy.copy, copy.deepcopy])
def test_a_copy_draws_the_same_picture(duplicate: Callable[[KAN], KAN]) -> None:
    model = KAN([2, 3, 1])
    model.fit(X, X[:, 0], steps=1)
    twin = duplicate(model)
    np.testing.assert_array_equal(twin._reference_inputs(None), model._reference_inputs(None))


def test_a_pickle_carries_no_training_rows() -> None:
    model = KAN([2, 3, 1])
    before = len(pickle.dumps(model))
    model.fit(np.random.default_rng(0).uniform(-1, 1, (5000, 2)), np.zeros(5000), steps=1)
    assert len(pickle.dumps(model)) < before + 1000


def test_deep_copies_and_pickles_keep_what_a_user_added() -> None:
    model = KAN([2, 1])
    model.remarks = ["fitted by hand"]  # type: ignore[attr-defined]
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert twin.remarks == model.remarks  # type: ignore[attr-defined]
        assert twin.remarks is not model.remarks  # type: ignore[attr-defined]


class OwnModel(KAN):
    """A user's subclass."""


@COPIES
def test_a_copy_of_a_subclass_is_one_too(duplicate: Callable[[KAN], KAN]) -> None:
    model = OwnModel([2, 1])
    assert type(duplicate(model)) is OwnModel


def test_refining_gives_a_new_model_and_leaves_the_old_one() -> None:
    model = KAN([2, 3, 1], grid=3)
    model.fit(X, X[:, 0], steps=2)
    before, values = model.get_parameters(), model(X)
    finer = model.refine(6)
    assert (model.grid, finer.grid) == (3, 6)
    finer.fit(X, X[:, 1], steps=2)
    assert model.get_parameters().tobytes() == before.tobytes()
    np.testing.assert_array_equal(model(X), values)
