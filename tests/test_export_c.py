"""A model as a C99 header compiles without a warning anywhere and gives the model's predictions."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kan
from c_programs import (
    ALL,
    CLANG,
    GCC,
    RUNNING,
    Compiler,
    answers,
    compiled,
    predictions,
    program,
)
from kan import KAN, SYMBOLIC_LIB, _core, create_dataset
from kan._export_c import CExport
from kan._tables import table_of
from random_models import random_model, with_functions, with_masked_edges, with_uneven_grids

# Of the largest answer: what is asked. Some tens of roundings, and other orders of summation.
TOLERANCE = {"float32": 1e-6, "float64": 1e-14}
POLICIES = ("linear", "clamp", "zero", "polynomial", "error")


def rows_of(model: KAN, count: int = 10_000, reach: float = 1.3, seed: int = 0) -> np.ndarray:
    """Rows inside and outside, on knots and ends."""
    inputs = model._given_inputs
    X = np.random.default_rng(seed).uniform(-reach, reach, (count, inputs)).astype(model.dtype)
    knots = model._network.knots(0)
    take = min(count, knots.shape[1])
    for i in range(min(inputs, len(knots))):
        X[:take, i] = knots[i][:take]
    return X


def own_rounding(model: KAN, X: np.ndarray) -> float:
    """How far the model itself may be from exact arithmetic, of the largest answer.

    In float32 that is its distance to its twin in float64; in float64 as many roundings of there.
    """
    network = model._network
    kind, dtype = (
        (_core.Network64, np.float64) if model.dtype == "float32" else (_core.Network32, np.float32)
    )
    twin = kind(
        network.layers, network.base, network.extrapolation, network.affine_enabled, network.tables
    )
    for index in range(model.depth):
        twin.set_knots(index, network.knots(index).astype(dtype))
        twin.set_edge_mask(index, network.edge_mask(index))
    twin.set_parameters(network.parameters().astype(dtype))
    expected = _core.predict(twin, model._inputs(X).astype(dtype)).astype(np.float64)
    distance = float(np.abs(model(X) - expected).max() / np.abs(expected).max())
    return distance * float(np.finfo(model.dtype).eps / np.finfo(np.float32).eps)


def check(
    tmp_path: Path, model: KAN, X: np.ndarray, compiler: Compiler = GCC, **options: Any
) -> CExport:
    header = tmp_path / "net.h"
    report = model.export_c(header, dtype=model.dtype, **options)
    expected = model(X)
    got = predictions(compiler, header, X, expected.shape[1])
    error = np.abs(got.astype(np.float64) - expected).max() / np.abs(expected).max()
    # Where the model's own rounding is as large, another one's may be.
    tolerance = max(TOLERANCE[model.dtype], 3.0 * own_rounding(model, X))
    assert error <= tolerance, (error, tolerance)
    return report


@pytest.mark.parametrize("compiler", RUNNING, ids=str)
@pytest.mark.parametrize("optimize", ["speed", "size"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predictions_are_those_of_the_model(
    tmp_path: Path, dtype: str, optimize: str, compiler: Compiler
) -> None:
    compiler.require()
    model = random_model([2, 5, 1], grid=5, dtype=dtype)
    check(tmp_path, model, rows_of(model), compiler, optimize=optimize)


@pytest.mark.parametrize("optimize", ["speed", "size"])
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("uneven", [False, True])
def test_every_policy_outside_the_grid_is_kept(
    tmp_path: Path, policy: str, optimize: str, uneven: bool
) -> None:
    model = random_model([2, 3, 1], grid=4, extrapolation=policy)
    if uneven:
        model = with_uneven_grids(model)
    reach = 0.99 if policy == "error" else 1.5
    X = rows_of(model, 2000, reach)
    if policy == "error":
        knots = model._network.knots(0)
        X = np.clip(X, knots[:, 3], knots[:, -4])
    check(tmp_path, model, X, optimize=optimize)


@pytest.mark.parametrize("optimize", ["speed", "size"])
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("k", range(6))
def test_every_degree(tmp_path: Path, k: int, uneven: bool, optimize: str) -> None:
    for policy in ("linear", "zero"):
        model = random_model([2, 2, 1], grid=3, k=k, base_fun="identity", extrapolation=policy)
        if uneven:
            model = with_uneven_grids(model)
        X = rows_of(model, 1000)
        if k == 0:  # steps: rounding decides at a knot
            X = X[model._network.knots(0).shape[1] :]
        check(tmp_path, model, X, optimize=optimize)


def random_kind(seed: int, dtype: str) -> KAN:
    """Pruned, symbolic and multiplication parts, in networks of several shapes."""
    rng = np.random.default_rng(seed)
    width = [
        [int(rng.integers(1, 5)), [int(rng.integers(1, 4)), int(rng.integers(0, 3))], 2],
        [3, [2, 1], int(rng.integers(1, 12)), 1],
        [2, [0, 2], [1, 1]],
    ][seed % 3]
    model = random_model(
        width,
        seed=seed,
        scale=0.3,
        grid=int(rng.integers(2, 8)),
        k=int(rng.integers(1, 6)),
        base_fun=["silu", "identity", "zero"][seed % 3],
        extrapolation=POLICIES[seed % 4],
        affine_trainable=bool(seed % 2),
        mult_arity=int(rng.integers(2, 4)),
        dtype=dtype,
    )
    if seed % 4 == 1:
        model = with_uneven_grids(model)
    return with_functions(with_masked_edges(model, seed=seed), seed=seed)


def random_rows(model: KAN, seed: int) -> np.ndarray:
    """Rows inside and outside; polynomials are not followed to where they are 1e50."""
    if model._network.extrapolation.name == "polynomial":
        rng = np.random.default_rng(seed)
        return rng.uniform(-1.1, 1.1, (10_000, model._given_inputs)).astype(model.dtype)
    return rows_of(model, seed=seed)


@pytest.mark.parametrize("math", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(4))
def test_random_models(tmp_path: Path, seed: int, dtype: str, math: bool) -> None:
    model = random_kind(seed, dtype)
    X = random_rows(model, seed)
    check(tmp_path, model, X, optimize=["speed", "size"][seed % 2], math=math)


@pytest.mark.slow
@pytest.mark.parametrize("compiler", RUNNING, ids=str)
@pytest.mark.parametrize("optimize", ["speed", "size"])
@pytest.mark.parametrize("math", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_twenty_random_models(
    tmp_path: Path, dtype: str, math: bool, optimize: str, compiler: Compiler
) -> None:
    for seed in range(20):
        model = random_kind(seed, dtype)
        X = random_rows(model, seed)
        check(tmp_path, model, X, compiler, optimize=optimize, math=math)


NAMES = [name for name in SYMBOLIC_LIB if name != "0"]


@pytest.mark.parametrize("math", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_symbolic_functions_have_the_guards_of_the_model(
    tmp_path: Path, dtype: str, math: bool
) -> None:
    """One edge for each, on its own output; near poles only where the function itself is tame."""
    model = KAN([1, len(NAMES)], seed=0, dtype=dtype)
    for j, name in enumerate(NAMES):
        model.fix_symbolic(0, 0, j, name, fit_params_bool=False)
    header = tmp_path / "net.h"
    model.export_c(header, dtype=dtype, math=math)
    t = np.linspace(-3.0, 3.0, 6001)
    x = np.concatenate([t, 40 * t, [1e-13, -1e-13, 1e-7, -1e-7, 0.0, 1.0, -1.0]])
    X = x.astype(dtype)[:, np.newaxis]
    expected = model(X).astype(np.float64)
    got = predictions(GCC, header, X, len(NAMES)).astype(np.float64)
    # An answer can be no better known than its argument, which has half a rounding.
    step = np.spacing(np.abs(X).astype(dtype)).astype(np.float64)
    slope = np.abs(model(X + step.astype(dtype)).astype(np.float64) - expected)
    size = np.maximum(1.0, np.abs(expected))
    epsilon = np.finfo(dtype).eps
    wrong = np.abs(got - expected) > 16 * epsilon * size + 2 * slope
    assert not wrong.any(), [NAMES[j] for j in np.flatnonzero(wrong.any(axis=0))]


@pytest.mark.usefixtures("own_functions")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_function_of_the_users_is_a_table(tmp_path: Path, dtype: str) -> None:
    kan.add_symbolic("bump for C", lambda x: np.exp(-((x - 0.3) ** 2)))
    model = KAN([1, 1], seed=0, dtype=dtype)
    model.fix_symbolic(0, 0, 0, "bump for C", fit_params_bool=False)
    X = np.linspace(-150, 150, 5000).astype(dtype)[:, np.newaxis]
    report = check(tmp_path, model, X)
    itemsize = np.dtype(dtype).itemsize
    assert report.tables_bytes >= len(table_of("bump for C").coefficients) * itemsize


def test_pruned_edges_cost_nothing(tmp_path: Path) -> None:
    whole = random_model([4, 6, 1], grid=5, dtype="float32")
    pruned = with_masked_edges(whole.copy(), share=0.9)
    before = check(tmp_path, whole, rows_of(whole, 100)).tables_bytes
    after = check(tmp_path, pruned, rows_of(pruned, 100)).tables_bytes
    edges = sum(int(pruned._network.edge_mask(index).sum()) for index in range(2))
    # 20 polynomial coefficients and a base weight, and some numbers for the 10 inputs of edges
    assert edges * 84 < after < edges * (84 + 1) + 10 * 20 < before / 2


def test_columns_that_the_model_leaves_out_are_passed_over(tmp_path: Path) -> None:
    model = KAN([4, 3, 1], seed=0).prune_input(active_inputs=[1, 3])
    X = np.random.default_rng(0).uniform(-1, 1, (500, 4))
    check(tmp_path, model, X)


def test_a_small_model_fits_into_two_kibibytes(tmp_path: Path) -> None:
    model = random_model([2, 5, 1], grid=5, k=3, dtype="float32")
    fast = check(tmp_path, model, rows_of(model))
    small = check(tmp_path, model, rows_of(model), optimize="size")
    assert fast.tables_bytes <= 2048
    assert small.tables_bytes <= 640
    assert "static RAM       0 bytes" in str(fast)
    assert f"Constant tables: {small.tables_bytes} bytes" in (tmp_path / "net.h").read_text()


@pytest.mark.parametrize("math", [True, False])
@pytest.mark.parametrize("compiler", ALL, ids=str)
def test_every_compiler_takes_it_and_it_has_no_variables(
    tmp_path: Path, compiler: Compiler, math: bool
) -> None:
    compiler.require()
    model = with_functions(random_model([3, [2, 1], 1], dtype="float32"))
    model.export_c(tmp_path / "net.h", math=math)
    source = tmp_path / "net.c"
    source.write_text(
        '#include "net.h"\nvoid run(const float *x, float *y);\n'
        "void run(const float *x, float *y) { net_predict(x, y); }\n"
    )
    freestanding = () if math else ("-ffreestanding",)
    flags = ("-c", "-Wdouble-promotion", *freestanding)
    built = compiled(compiler, source, tmp_path / "net.o", *flags)
    prefix = compiler.command[0].removesuffix("gcc") if compiler != CLANG else ""
    sizes = subprocess.run([f"{prefix}size", built], capture_output=True, text=True, check=True)
    _, data, bss, *_ = sizes.stdout.splitlines()[1].split()
    assert (data, bss) == ("0", "0")
    listed = [f"{prefix}nm", "-u", built]
    symbols = subprocess.run(listed, capture_output=True, text=True, check=True)
    undefined = set(re.findall(r"U (\w+)", symbols.stdout)) - {"memset", "memcpy"}
    allowed = {"expf", "sinf", "tanhf"} if math else set()
    assert undefined <= allowed | {name for name in undefined if name.startswith("__aeabi_")}


def test_two_models_and_a_cpp_compiler_get_along(tmp_path: Path) -> None:
    model = with_functions(random_model([2, 2, 1]))
    model.export_c(tmp_path / "one.h", dtype="float64")
    model.export_c(tmp_path / "two.h", dtype="float32", optimize="size", math=False, name="other")
    source = tmp_path / "both.cpp"
    source.write_text(
        '#include "one.h"\n#include "two.h"\nint main() {\n'
        "  double x[2] = {0, 0}, y[1]; float u[2] = {0, 0}, v[1];\n"
        "  one_predict(x, y); other_predict(u, v);\n"
        "  return y[0] - v[0] < 1e-5 && v[0] - y[0] < 1e-5 ? 0 : 1;\n}\n"
    )
    built = str(tmp_path / "both")
    strict = ("-std=c++17", "-Wall", "-Wextra", "-Werror")
    subprocess.run(["g++", *strict, str(source), "-o", built], check=True)
    subprocess.run([built], check=True)


@pytest.mark.parametrize("math", [True, False])
@pytest.mark.parametrize("optimize", ["speed", "size"])
def test_no_input_whatever_reads_beyond_a_table(tmp_path: Path, optimize: str, math: bool) -> None:
    GCC.require()
    extremes = [np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-45, 0.0, -0.0, 2.0**31, -(2.0**63)]
    for seed in range(8):
        model = random_kind(seed, "float32")
        header = tmp_path / "net.h"
        model.export_c(header, optimize=optimize, math=math)
        rng = np.random.default_rng(seed)
        X = rng.choice(extremes, (300, model._given_inputs)).astype(np.float32)
        sanitizers = "-fsanitize=address,undefined,float-cast-overflow"
        built = program(GCC, header, "float32", sanitizers, "-fno-sanitize-recover=all")
        answers(GCC, built, X, model(np.zeros((1, model._given_inputs))).shape[1])


@pytest.mark.parametrize("math", [True, False])
def test_what_is_no_number_stays_none(tmp_path: Path, math: bool) -> None:
    model = KAN([1, len(NAMES)], seed=0)
    for j, name in enumerate(NAMES):
        model.fix_symbolic(0, 0, j, name, fit_params_bool=False)
    header = tmp_path / "net.h"
    model.export_c(header, dtype="float64", math=math)
    y = predictions(GCC, header, np.array([[np.nan]]), len(NAMES))
    assert np.isnan(y).all(), [NAMES[j] for j in np.flatnonzero(~np.isnan(y[0]))]


def test_names_that_differ_in_case_alone_get_along(tmp_path: Path) -> None:
    model = random_model([1, 1], dtype="float32")
    for name in ("Net", "net"):
        model.export_c(tmp_path / f"{name}_.h", name=name)
    source = tmp_path / "both.c"
    source.write_text(
        '#include "Net_.h"\n#include "net_.h"\nint main(void) {\n'
        "  float x[1] = {0}, y[1], z[1];\n  Net_predict(x, y);\n  net_predict(x, z);\n"
        "  return y[0] < z[0] || y[0] > z[0];\n}\n"
    )
    subprocess.run([str(compiled(GCC, source, tmp_path / "both", "-lm"))], check=True)


def test_an_input_outside_the_grid_is_told_where_the_model_minds(tmp_path: Path) -> None:
    model = random_model([2, 1], extrapolation="error", dtype="float32")
    model.export_c(tmp_path / "net.h")
    source = tmp_path / "net.c"
    source.write_text(
        '#include "net.h"\nint main(void) {\n  float x[2] = {0, 1}, y[1] = {7};\n'
        "  if (net_predict(x, y) != 0 || y[0] == 7) return 1;\n  x[1] = 1.0001f; y[0] = 7;\n"
        "  return net_predict(x, y) == 1 && y[0] == 7 ? 0 : 2;\n}\n"
    )
    built = compiled(GCC, source, tmp_path / "net", "-lm")
    subprocess.run([str(built)], check=True)


def test_a_trained_model_is_exported_in_another_precision(tmp_path: Path) -> None:
    data = create_dataset(lambda x: np.sin(np.pi * x[:, 0]) * x[:, 1], n_var=2, train_num=200)
    model = KAN([2, 3, 1], seed=0)
    model.fit(data, steps=10)
    model.export_c(tmp_path / "net.h")
    X = rows_of(model, 1000)
    got = predictions(GCC, tmp_path / "net.h", X.astype(np.float32), 1)
    assert np.abs(got - model(X)).max() < 1e-5 * np.abs(model(X)).max()


def test_options_that_cannot_be_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    model = KAN([2, 1], seed=0)
    path = tmp_path / "net.h"
    with pytest.raises(ValueError, match='dtype must be "float32", "float64" or "q15", got'):
        model.export_c(path, dtype="int8")
    with pytest.raises(ValueError, match='optimize must be "speed" or "size", got'):
        model.export_c(path, optimize="fast")
    with pytest.raises(TypeError, match="math must be a bool, got str"):
        model.export_c(path, math="no")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="name must be an identifier of C, got '2x'"):
        model.export_c(path, name="2x")
    with pytest.raises(TypeError, match="name must be a str, got int"):
        model.export_c(path, name=3)  # type: ignore[arg-type]
    model.set_parameters(np.full(model.get_parameters().shape, 1e300))
    with pytest.raises(ValueError, match="must be finite in float32, got"):
        model.export_c(path)
    with pytest.raises(OSError, match="nowhere"):
        KAN([2, 1], seed=0).export_c(tmp_path / "nowhere" / "net.h")
    assert not path.exists()


def test_what_is_no_file_does_not_become_one(tmp_path: Path) -> None:
    pipe = tmp_path / "net.h"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="net"):
        KAN([1, 1], seed=0).export_c(pipe)
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    ("file", "name"), [("my-model 2.h", "my_model_2"), ("3.h", "model_3"), ("int.h", "int")]
)
def test_names_follow_the_file(tmp_path: Path, file: str, name: str) -> None:
    KAN([1, 1], seed=0).export_c(tmp_path / file)
    assert f"{name}_predict(const float *x, float *y)" in (tmp_path / file).read_text()
