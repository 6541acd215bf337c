"""ONNX files: what ONNX Runtime makes of them is what the model gives."""

from __future__ import annotations

import errno
import os
import sys

import numpy as np
import pytest

import kan
from kan import KAN, _core, add_symbolic
from kan._networks import rebuilt, with_layer
from kan._onnx_functions import ONNX_FUNCTIONS
from random_models import (
    random_model,
    with_functions,
    with_masked_edges,
    with_uneven_grids,
)

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnx.reference")
onnxruntime = pytest.importorskip("onnxruntime")

DTYPES = ["float32", "float64"]
POLICIES = ["linear", "clamp", "zero", "polynomial", "error"]

# Relative to the largest output. Some 30 roundings of terms that are a few times as large as their
# sum, in each of two layers.
MOST_OFF = {"float32": 2e-6, "float64": 1e-12}


def given_by_runtime(model: KAN, x):
    session = onnxruntime.InferenceSession(model._onnx_bytes(), providers=["CPUExecutionProvider"])
    return session.run(["y"], {"X": x})[0]


def rows(model: KAN, count: int = 2000):
    """Rows inside and outside the grids, and one for every knot and its neighbours."""
    network, columns = model._network, model._columns
    layer, knots = network.layers[0], network.knots(0)
    low, high = knots[:, layer.degree], knots[:, layer.degree + layer.intervals]
    rng = np.random.default_rng(0)
    outside = 0.0 if network.extrapolation.name == "error" else 0.3
    share = rng.uniform(-outside, 1 + outside, (count, layer.inputs))
    beside = [np.nextafter(knots, knots.dtype.type(way)) for way in (-np.inf, np.inf)]
    chosen = np.concatenate([low + share * (high - low), *(part.T for part in (knots, *beside))])
    if not outside:
        chosen = np.clip(chosen, low, high)
    x = rng.uniform(-1, 1, (len(chosen), model._given_inputs)).astype(model.dtype)
    x[:, columns] = chosen
    return x


def off(model: KAN, x) -> float:
    """How far the runtime is from the model at most, relative to the largest output."""
    y, theirs = model(x), given_by_runtime(model, x)
    assert theirs.dtype == y.dtype
    assert theirs.shape == y.shape
    return float(np.abs(y - theirs).max() / np.abs(y).max())


def in_double_precision(model: KAN) -> KAN:
    network = model._network
    made = _core.Network64(
        network.layers, network.base, network.extrapolation, network.affine_enabled
    )
    for index in range(model.depth):
        made.set_knots(index, network.knots(index).astype(np.float64))
    made.set_parameters(network.parameters().astype(np.float64))
    twin = model.copy()
    twin._network = made
    return twin


def repeated_knots(model: KAN, times: int) -> KAN:
    """The model with knots of its first layer that stand on the one before, at the ends too."""
    layer, knots = model._network.layers[0], model._network.knots(0).copy()
    first = layer.degree + 2
    for n in range(1, times):
        knots[:, first + n] = knots[:, first]
    knots[:, : layer.degree] = knots[:, layer.degree : layer.degree + 1]
    end = layer.degree + layer.intervals
    knots[:, end:] = knots[:, end : end + 1]
    model._network.set_knots(0, knots)
    return model


def with_function(model: KAN, name: str, numbers=(1.0, 0.0, 1.0, 0.0)) -> KAN:
    """The model with a function in place of the spline from its first input to its first sum."""
    network = model._network
    own = [with_layer(network.layers[0], symbolic=[_core.SymbolicEdge(0, 0, name)])]
    made = rebuilt(network, own + network.layers[1:])
    for index in range(model.depth):
        made.coefficients(index)[:] = network.coefficients(index)
    mask = np.ones(made.edge_mask(0).shape, dtype=np.uint8)
    mask[0, 0] = 0
    made.set_edge_mask(0, mask)
    made.symbolic(0)[0] = numbers
    model._network = made
    return model


MODELS = {
    "one edge": lambda **o: random_model([1, 1], grid=4, k=3, **o),
    "one layer": lambda **o: random_model([8, 16], grid=5, k=3, **o),
    "two layers": lambda **o: random_model([2, 5, 1], grid=5, k=3, scale=0.2, **o),
    "three layers": lambda **o: random_model([3, 4, 4, 2], grid=4, k=2, scale=0.1, **o),
    "one interval": lambda **o: random_model([3, 2], grid=1, k=3, **o),
    "steps": lambda **o: random_model([3, 2], grid=6, k=0, **o),
    "many steps": lambda **o: random_model([3, 2], grid=90, k=0, **o),
    "lines": lambda **o: random_model([3, 4, 2], grid=5, k=1, scale=0.2, **o),
    "parabolas": lambda **o: random_model([3, 4, 2], grid=5, k=2, scale=0.2, **o),
    "quartic": lambda **o: random_model([3, 4, 2], grid=5, k=4, scale=0.2, **o),
    "quintic": lambda **o: random_model([3, 4, 2], grid=5, k=5, scale=0.2, **o),
    "identity": lambda **o: random_model([3, 4, 2], scale=0.2, base_fun="identity", **o),
    "no base": lambda **o: random_model([3, 4, 2], scale=0.2, base_fun="zero", **o),
    "many intervals": lambda **o: random_model([4, 3], grid=6, k=3, **o).refine(60),
    "rough": lambda **o: random_model([4, 4, 3], grid=60, k=3, **o),
    "many inputs": lambda **o: random_model([40, 3], grid=4, k=3, **o),
    "uneven": lambda **o: with_uneven_grids(random_model([3, 4], grid=6, k=3, **o)),
    "many uneven": lambda **o: with_uneven_grids(random_model([3, 4], grid=40, k=2, **o)),
    "repeated": lambda **o: repeated_knots(random_model([2, 3], grid=8, k=3, **o), 3),
    "many repeated": lambda **o: repeated_knots(random_model([2, 3], grid=40, k=2, **o), 2),
    "products": lambda **o: random_model([3, [2, 2], 2], scale=0.2, affine_trainable=True, **o),
    "only products": lambda **o: random_model([3, [0, 2], [0, 1]], mult_arity=3, scale=0.3, **o),
    "other arities": lambda **o: random_model(
        [3, [1, 3]], mult_arity=[[], [4, 3, 2]], affine_trainable=True, **o
    ),
    "masked": lambda **o: with_masked_edges(random_model([6, 5, 2], scale=0.2, **o), share=0.7),
    "functions": lambda **o: with_functions(random_model([4, 4, 2], scale=0.2, **o)),
    "functions and products": lambda **o: with_functions(
        random_model([3, [2, 2], 2], scale=0.2, affine_trainable=True, **o)
    ),
    "far from 0": lambda **o: random_model([3, 4], grid=6, k=3, grid_range=(1000, 1002), **o),
}


# Steep functions of rounded numbers, of which the model itself is off by more than 1e-6: splines
# with random coefficients on short intervals, and polynomials far outside their interval.
STEEP = {("rough", policy) for policy in POLICIES} | {
    ("many intervals", "polynomial"),
    ("products", "polynomial"),
    ("only products", "polynomial"),
}


CASES = [
    (kind, policy, dtype)
    for kind in MODELS
    for policy in POLICIES
    for dtype in DTYPES
    if dtype == "float64" or (kind, policy) not in STEEP
]


@pytest.mark.parametrize(("kind", "policy", "dtype"), CASES)
def test_the_runtime_gives_what_the_model_gives(kind, policy, dtype):
    model = MODELS[kind](dtype=dtype, extrapolation=policy)
    assert off(model, rows(model)) <= MOST_OFF[dtype]


@pytest.mark.parametrize(("kind", "policy"), sorted(STEEP))
def test_where_functions_are_steep_the_runtime_is_as_exact_as_the_model(kind, policy):
    model = MODELS[kind](dtype="float32", extrapolation=policy)
    x = rows(model)
    exact = in_double_precision(model)(x.astype(np.float64))
    size = np.abs(exact).max()
    own = np.abs(model(x) - exact).max() / size
    theirs = np.abs(given_by_runtime(model, x) - exact).max() / size
    # Twice: two orders of the same roundings.
    assert theirs <= 2 * own
    assert own <= 1e-4


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["0", "x", *ONNX_FUNCTIONS])
def test_every_function_is_the_same_near_its_singularities_too(name, dtype):
    rng = np.random.default_rng(0)
    special = [0, 1, -1, 2, -2, 27, -27, 28, 80, -80, 81, 1e-5, -1e-5, 1e-12, -1e-12, 1e-13, -1e-13]
    small = 10.0 ** rng.uniform(-16, -1, 300) * rng.choice([-1, 1], 300)
    poles = np.pi * (rng.integers(-30, 30, 300) + 0.5)
    parts = [rng.uniform(-2, 2, 1000), rng.uniform(-120, 120, 1000), poles + small, 1 - abs(small)]
    u = np.concatenate([special, small, *parts]).astype(dtype)[:, np.newaxis]
    model = with_function(KAN([1, 1], base_fun="zero", dtype=dtype), name)
    y = model(u).astype(np.float64)
    # Every value by itself, to 8 roundings of it.
    most = 8 * np.finfo(dtype).eps * np.maximum(np.abs(y), 1)
    assert (np.abs(given_by_runtime(model, u) - y) <= most).all()


def test_the_graph_knows_every_function_of_the_core():
    assert {"0", "x", "table", *ONNX_FUNCTIONS} == set(_core.function_names())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("intervals", [5, 100])
def test_functions_of_the_user_are_their_tables_on_and_beyond_them(intervals, dtype):
    made = _core.Table("mine", -2.0, 3.0, np.random.default_rng(0).standard_normal(intervals + 5))
    model = random_model([3, 2], grid=4, k=3, dtype=dtype)
    network = model._network
    edges = [
        _core.SymbolicEdge(0, 1, "table", 0),
        _core.SymbolicEdge(1, 0, "table", 0),
        _core.SymbolicEdge(2, 0, "sin"),
    ]
    both = rebuilt(network, [with_layer(network.layers[0], symbolic=edges)], [made])
    both.coefficients(0)[:] = network.coefficients(0)
    both.symbolic(0)[:] = [[3, 0.5, 0.7, -1], [2, -0.2, 1.5, 0.3], [1, 0, 1, 0]]
    model._network = both
    assert off(model, rows(model)) <= MOST_OFF[dtype]


def test_a_function_added_by_name_is_exported(own_functions):
    add_symbolic("bump", lambda u: 1 / (1 + u**2))
    model = random_model([2, 2], grid=4, k=3)
    model.fix_symbolic(0, 0, 0, "bump", fit_params_bool=False)
    assert off(model, rows(model)) <= MOST_OFF["float64"]


@pytest.mark.parametrize("grid", [5, 50])
def test_columns_that_the_network_leaves_out_do_not_matter(grid):
    model = random_model([4, 3, 1], grid=grid, k=3, scale=0.05)
    model._network.coefficients(0)[[0, 2]] = 0
    model.get_act(np.random.default_rng(0).uniform(-1, 1, (100, 4)))
    pruned = model.prune_input(active_inputs=[1, 3])
    x = rows(pruned)
    x[:, [0, 2]] = 1e30
    assert off(pruned, x) <= MOST_OFF["float64"]


@pytest.mark.parametrize("grid", [5, 50])
def test_a_network_of_masked_edges_gives_its_bias(grid):
    model = random_model([2, 2], grid=grid, affine_trainable=True)
    model._network.set_edge_mask(0, np.zeros((2, 2), dtype=np.uint8))
    x = rows(model)
    assert np.abs(given_by_runtime(model, x) - model(x)).max() <= 1e-15
    assert np.abs(model(x)).max() > 0


@pytest.mark.parametrize("grid", [5, 50])
def test_masked_inputs_take_no_room(grid):
    model = random_model([20, 2], grid=grid, k=3)
    whole = len(model._onnx_bytes())
    mask = np.zeros((20, 2), dtype=np.uint8)
    mask[:2] = 1
    model._network.set_edge_mask(0, mask)
    # The base function and the positions keep columns for all inputs, 20 + 20 rows of numbers.
    assert len(model._onnx_bytes()) < 0.3 * whole
    assert off(model, rows(model)) <= MOST_OFF["float64"]


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("kind", ["two layers", "many intervals", "many uneven", "products"])
def test_any_number_of_rows_goes_in(kind, count):
    model = MODELS[kind](extrapolation="linear")
    x = rows(model)[:count]
    theirs = given_by_runtime(model, x)
    assert theirs.shape == (count, model.width[-1][0])
    assert np.allclose(theirs, model(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("base", ["silu", "identity", "zero"])
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    "kind", ["two layers", "many intervals", "many uneven", "steps", "products"]
)
def test_rows_that_the_model_refuses_are_not_numbers_and_no_others(kind, policy, base):
    model = MODELS[kind](extrapolation=policy, base_fun=base)
    x = rows(model, 8)[:8]
    for row, value in ((1, np.nan), (3, np.inf), (5, -np.inf)):
        x[row, 0] = value
    refused = np.isin(np.arange(8), [1, 3, 5])
    with pytest.raises(ValueError, match="finite"):
        model(x)
    theirs = given_by_runtime(model, x)
    assert np.isnan(theirs[refused]).all()
    assert np.isfinite(theirs[~refused]).all()


def test_with_the_policy_error_rows_outside_the_grid_are_not_numbers():
    model = random_model([2, 3, 2], grid=4, k=3, extrapolation="error")
    beyond = np.nextafter(1.0, 2.0)
    x = np.array([[1.0, -1.0], [beyond, 0.0], [0.0, -beyond], [0.0, 0.0]])
    theirs = given_by_runtime(model, x)
    assert np.isnan(theirs[1:3]).all()
    assert np.allclose(theirs[[0, 3]], model(x[[0, 3]]), rtol=1e-12, atol=1e-12)
    for row in (1, 2):
        with pytest.raises(ValueError, match="inside the grid"):
            model(x[row : row + 1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("policy", ["linear", "clamp", "zero"])
@pytest.mark.parametrize("kind", ["one layer", "many intervals", "many uneven", "lines", "steps"])
def test_inputs_far_outside_the_grid_do_not_overflow(kind, policy, dtype):
    model = MODELS[kind](dtype=dtype, extrapolation=policy)
    largest = {"float32": 1e25, "float64": 1e200}[dtype]
    for size in (1e3, 1e12, largest):
        assert off(model, (size * rows(model)).astype(dtype)) <= MOST_OFF[dtype]


@pytest.mark.parametrize("kind", ["two layers", "many uneven", "products", "functions"])
def test_the_graph_means_the_same_to_another_runtime(kind):
    model = MODELS[kind](extrapolation="linear")
    x = rows(model, 50)
    reference = onnx.reference.ReferenceEvaluator(onnx.load_from_string(model._onnx_bytes()))
    y = model(x)
    assert np.abs(reference.run(["y"], {"X": x})[0] - y).max() <= 1e-12 * np.abs(y).max()


@pytest.mark.parametrize("kind", ["products", "many uneven", "steps"])
@pytest.mark.parametrize("policy", ["linear", "zero"])
def test_in_double_precision_no_operator_is_used_that_older_runtimes_lack_or_join(kind, policy):
    model = with_functions(MODELS[kind](extrapolation=policy))
    made = onnx.load_from_string(model._onnx_bytes())
    used = {node.op_type for node in made.graph.node}
    lacking = {"Acos", "Asin", "Atanh", "Cos", "Cosh", "Sinh", "Tan"}
    joined = {"Relu", "Sigmoid"}  # to FusedGemm and QuickGelu
    assert not used & (lacking | joined)


class TestFiles:
    def test_a_file_holds_standard_operators_names_and_where_it_comes_from(self, tmp_path):
        model = random_model([3, 2], grid=4, k=3, dtype="float32")
        path = tmp_path / "model.onnx"
        assert model.export_onnx(path) is None
        made = onnx.load(path)
        onnx.checker.check_model(made, full_check=True)
        assert [(one.domain, one.version) for one in made.opset_import] == [("", 17)]
        assert {node.domain for node in made.graph.node} == {""}
        assert made.ir_version == 8
        assert (made.producer_name, made.producer_version) == ("kan", kan.__version__)
        (given,), (result,) = made.graph.input, made.graph.output
        for one, name, columns in ((given, "X", 3), (result, "y", 2)):
            kind = one.type.tensor_type
            rows, length = kind.shape.dim
            assert (one.name, rows.dim_param, length.dim_value) == (name, "N", columns)
            assert kind.elem_type == onnx.TensorProto.FLOAT
        assert list(tmp_path.iterdir()) == [path]

    def test_the_runtime_reads_the_file(self, tmp_path):
        model = random_model([3, 2], grid=4, k=3)
        path = tmp_path / "model.onnx"
        model.export_onnx(str(path))
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        x = rows(model)
        assert np.abs(session.run(None, {"X": x})[0] - model(x)).max() <= 1e-12

    def test_a_path_that_cannot_be_written_is_named(self, tmp_path):
        path = tmp_path / "nowhere" / "model.onnx"
        with pytest.raises(OSError, match=r"nowhere.model\.onnx"):
            random_model([1, 1]).export_onnx(path)

    def test_a_file_that_was_there_stays_if_the_new_one_cannot_be_finished(
        self, tmp_path, monkeypatch
    ):
        def full(descriptor):
            raise OSError(errno.ENOSPC, "disk full")

        path = tmp_path / "model.onnx"
        path.write_bytes(b"mine")
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"No space left.*model\.onnx"):
            random_model([1, 1]).export_onnx(path)
        assert path.read_bytes() == b"mine"
        assert list(tmp_path.iterdir()) == [path]

    def test_a_path_must_be_one(self):
        with pytest.raises(TypeError, match=r"expected str, bytes or os\.PathLike"):
            random_model([1, 1]).export_onnx(3.5)

    def test_a_model_too_large_for_a_file_is_refused_before_anything_is_written(
        self, tmp_path, monkeypatch
    ):
        monkeypatch.setattr("kan._export_onnx.LARGEST_FILE", 1000)
        path = tmp_path / "model.onnx"
        path.write_bytes(b"mine")
        with pytest.raises(ValueError, match="an ONNX file holds 1000 at most"):
            random_model([8, 8]).export_onnx(path)
        assert path.read_bytes() == b"mine"

    def test_without_onnx_the_error_names_the_extra(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "onnx", None)
        with pytest.raises(ImportError, match=r"kan-core\[onnx\]"):
            random_model([1, 1]).export_onnx(tmp_path / "model.onnx")


def test_infinity_reads_no_other_row_and_no_other_table(tmp_path):
    """In the search for the piece on uneven grids, where many thresholds are compared."""
    model = with_uneven_grids(random_model([2, 2], grid=40, dtype="float32"))
    path = tmp_path / "m.onnx"
    model.export_onnx(path)
    X = np.array([[0.1, 0.2], [np.inf, 0.3], [0.3, -np.inf], [0.3, np.inf]], np.float32)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"X": X})
    np.testing.assert_allclose(y[:1], model(X[:1]), rtol=1e-4)
    assert np.isnan(y[1:]).all()
