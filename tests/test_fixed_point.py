"""A model in whole numbers of 16 bits is never further from the model than it says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from c_programs import AARCH64, ALL, CLANG, GCC, STRICT, Compiler, compiled, predictions, program
from c_programs import answers as run
from kan import KAN, _core, create_dataset
from kan._export_c import CExport
from random_models import (
    random_model,
    with_edge_functions,
    with_functions,
    with_masked_edges,
    with_uneven_grids,
)

CORTEX_M0 = Compiler(("arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb"))
ARM_32 = Compiler(("arm-none-eabi-gcc", "-mcpu=arm7tdmi", "--specs=rdimon.specs"), ("qemu-arm",))
POLICIES = ("linear", "clamp", "zero", "polynomial", "error")


def all_of_them(inputs: int, count: int = 10_000, seed: int = 0) -> np.ndarray:
    """Whole numbers of 16 bits, the ends among them."""
    q = np.random.default_rng(seed).integers(-32768, 32768, (count, inputs)).astype(np.int16)
    q[0], q[1], q[2] = -32768, 32767, 0
    return q


def observed(
    tmp_path: Path, model: KAN, q: np.ndarray | None = None
) -> tuple[CExport, np.ndarray, np.ndarray]:
    """The report, the largest error of each output, and the span of the outputs."""
    header = tmp_path / "net.h"
    report = model.export_c(header, dtype="q15")
    q = all_of_them(report.inputs) if q is None else q
    y = predictions(GCC, header, q, report.outputs) * np.array(report.output_units)
    expected = in_between(model, q * np.array(report.input_units))
    return report, np.abs(y - expected).max(axis=0), np.ptp(expected, axis=0)


def in_between(model: KAN, X: np.ndarray) -> np.ndarray:
    """The model's predictions in double precision; one that minds goes on linearly here."""
    if model._network.extrapolation.name == "error":
        network = model._network
        model = model.copy()
        model._network = _core.Network64(
            network.layers, network.base, _core.Extrapolation.linear, network.affine_enabled
        )
        for index in range(model.depth):
            model._network.set_knots(index, network.knots(index))
        model._network.set_parameters(network.parameters())
    return np.asarray(model(X))


@pytest.fixture(scope="module")
def trained() -> KAN:
    data = create_dataset(lambda x: np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2), n_var=2)
    model = KAN([2, 5, 1], grid=5, seed=0)
    model.fit(data, steps=30)
    return model


def test_a_trained_model_is_close_and_the_bound_is_no_idle_one(
    tmp_path: Path, trained: KAN
) -> None:
    report, error, span = observed(tmp_path, trained)
    (bound,) = report.error_bounds
    assert error[0] <= bound <= 30 * error[0]
    assert error[0] <= 2e-4 * span[0]
    assert bound <= 1e-3 * span[0]
    assert report.tables_bytes <= 4096
    assert f"{bound:.3g} from the model's" in str(report)
    text = (tmp_path / "net.h").read_text()
    assert f"{bound:.3g}" in text
    assert f"NET_Y0_UNIT {report.output_units[0]!r}" in text


@pytest.mark.parametrize("compiler", [CLANG, AARCH64, ARM_32], ids=str)
def test_every_machine_gives_the_same_bits(
    tmp_path: Path, trained: KAN, compiler: Compiler
) -> None:
    compiler.require()
    header = tmp_path / "net.h"
    trained.export_c(header, dtype="q15")
    q = all_of_them(2)
    np.testing.assert_array_equal(
        predictions(compiler, header, q, 1), predictions(GCC, header, q, 1)
    )


@pytest.mark.parametrize("seed", range(12))
def test_random_models_stay_within_their_bounds(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    width = [[2, [3, 1], 1], [3, [2, 2], 4, 2], [1, 3, [1, 1]]][seed % 3]
    model = random_model(
        width,
        seed=seed,
        scale=0.3,
        grid=int(rng.integers(2, 8)),
        k=int(rng.integers(1, 6)),
        base_fun=["silu", "identity", "zero"][seed % 3],
        extrapolation=POLICIES[seed % 4],
        affine_trainable=bool(seed % 2),
        mult_arity=2 + seed % 2,
    )
    if seed % 3 == 1:
        model = with_uneven_grids(model)
    model = with_functions(with_masked_edges(model, seed=seed), seed=seed)
    report, error, _ = observed(tmp_path, model)
    assert (error <= report.error_bounds).all(), (error, report.error_bounds)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy(tmp_path: Path, policy: str) -> None:
    model = random_model([2, 3, 1], grid=4, extrapolation=policy)
    report, error, span = observed(tmp_path, model)
    assert error[0] <= report.error_bounds[0]
    assert error[0] <= 1e-2 * span[0]


ONE = np.arange(-32768, 32768, dtype=np.int16)[:, np.newaxis]  # whatever one input can be


@pytest.mark.parametrize("policy", ["zero", "clamp", "linear"])
def test_a_grid_between_two_held_numbers_is_not_missed(tmp_path: Path, policy: str) -> None:
    model = random_model([1, 1, 1], grid=5, extrapolation=policy, base_fun="zero")
    model = with_edge_functions(model, {(0, 0, 0): ("x^5", (1.0, 0.0, 1e5, 0.0))})
    model._network.set_knots(1, 1.0 + 0.2 * np.arange(-3, 9)[np.newaxis])
    report, error, span = observed(tmp_path, model, ONE)
    assert 0.5 * span[0] < error[0] <= report.error_bounds[0] or policy == "linear"
    assert error[0] <= report.error_bounds[0]


@pytest.mark.parametrize("name", ["1/x", "1/x^4", "1/x^5", "tan", "1/sqrt(x)", "log", "sgn"])
def test_a_pole_between_two_held_numbers_is_not_missed(tmp_path: Path, name: str) -> None:
    middle = np.pi / 2 if name == "tan" else 0.0
    functions = {
        (0, 0, 0): ("x^5", (1.0, 0.0, 1.0, 0.0)),
        (1, 0, 0): (name, (1.0, middle + 0.5 / 32768, 0.5, 0.0)),
    }
    model = with_edge_functions(random_model([1, 1, 1]), functions)
    report, error, _ = observed(tmp_path, model, ONE)
    assert error[0] <= report.error_bounds[0]


def test_tables_end_where_finer_ones_are_no_better(tmp_path: Path) -> None:
    rough = random_model([1, 1], grid=5)
    functions = {(0, 0, 0): ("sgn", (1.0, 0.3, 1.0, 0.0))}
    report = observed(tmp_path, with_edge_functions(rough, functions), ONE)[0]
    smooth = observed(tmp_path, random_model([1, 1], grid=5), ONE)[0]
    assert report.tables_bytes <= smooth.tables_bytes


@pytest.mark.parametrize("bias", [1e10, -1e30])
def test_numbers_whose_changes_are_lost_beside_them(tmp_path: Path, bias: float) -> None:
    model = random_model([1, 1, 1], extrapolation="clamp", affine_trainable=True)
    model._network.affine(0, "node_bias")[:] = bias
    report, error, _ = observed(tmp_path, model, ONE)
    assert error[0] <= report.error_bounds[0]


def test_pruned_edges_and_columns_that_are_left_out_cost_nothing(tmp_path: Path) -> None:
    whole = random_model([3, 4, 1], grid=5)
    before = observed(tmp_path, whole)[0]
    pruned = with_masked_edges(whole.copy(), share=0.9)
    after, error, _ = observed(tmp_path, pruned)
    assert error[0] <= after.error_bounds[0]
    assert after.tables_bytes < 0.6 * before.tables_bytes
    chosen = whole.prune_input(active_inputs=[0, 2])
    report, error, _ = observed(tmp_path, chosen)
    assert report.inputs == 3
    assert error[0] <= report.error_bounds[0]


def test_a_network_that_is_constant_says_so(tmp_path: Path) -> None:
    model = KAN([2, 1], seed=0, affine_trainable=True)
    model._network.set_edge_mask(0, np.zeros((2, 1), np.uint8))
    model._network.affine(0, "node_bias")[:] = 3.0
    report, error, _ = observed(tmp_path, model)
    assert error[0] <= report.error_bounds[0] < 1e-3


# What compilers call for whole numbers of 64 bits, for switches, and for arrays that are cleared.
WHOLE_NUMBER_HELP = {"__aeabi_lmul", "__aeabi_llsl", "__aeabi_llsr", "memset", "__aeabi_memset"}


@pytest.mark.parametrize("compiler", [*ALL, CORTEX_M0], ids=lambda one: " ".join(one.command))
def test_compilers_find_no_floating_point_and_no_variables(
    tmp_path: Path, trained: KAN, compiler: Compiler
) -> None:
    compiler.require()
    model = with_functions(random_model([2, [2, 1], 1]))
    model.export_c(tmp_path / "net.h", dtype="q15")
    source = tmp_path / "net.c"
    source.write_text(
        '#include "net.h"\nvoid run(const int16_t *x, int16_t *y);\n'
        "void run(const int16_t *x, int16_t *y) { net_predict(x, y); }\n"
    )
    soft = ("-mgeneral-regs-only",) if compiler in (GCC, AARCH64) else ()
    built = compiled(compiler, source, tmp_path / "net.o", "-c", "-ffreestanding", *soft)
    prefix = compiler.command[0].removesuffix("gcc") if compiler != CLANG else ""
    sizes = subprocess.run([f"{prefix}size", built], capture_output=True, text=True, check=True)
    _, data, bss, *_ = sizes.stdout.splitlines()[1].split()
    assert (data, bss) == ("0", "0")
    symbols = subprocess.run(
        [f"{prefix}nm", "-u", built], capture_output=True, text=True, check=True
    )
    undefined = set(re.findall(r"U (\w+)", symbols.stdout))
    assert undefined <= WHOLE_NUMBER_HELP, undefined


def test_no_input_whatever_overflows(tmp_path: Path) -> None:
    GCC.require()
    corners = np.array(np.meshgrid([-32768, 32767, 0], [-32768, 32767, 1], indexing="ij"))
    q = corners.reshape(2, -1).T.astype(np.int16)
    for seed in range(6):
        model = with_functions(random_model([2, [2, 2], 1], seed=seed, scale=3.0), seed=seed)
        header = tmp_path / "net.h"
        report = model.export_c(header, dtype="q15")
        built = program(
            GCC, header, "int16", "-fsanitize=undefined,address", "-fno-sanitize-recover=all"
        )
        y = run(GCC, built, np.concatenate([q, all_of_them(2, 500)]), 1)
        assert np.abs(y * report.output_units[0]).max() > 0


def test_the_header_is_cpp_too(tmp_path: Path, trained: KAN) -> None:
    trained.export_c(tmp_path / "net.h", dtype="q15")
    source = tmp_path / "net.cpp"
    source.write_text(
        '#include "net.h"\nextern "C" void run(const int16_t* x, int16_t* y);\n'
        'extern "C" void run(const int16_t* x, int16_t* y) { net_predict(x, y); }\n'
    )
    flags = ["-std=c++17", *STRICT[1:], "-c", str(source), "-o", str(tmp_path / "net.o")]
    done = subprocess.run(["g++", *flags], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("width", "size"), [([2, 1], 1e308), ([2, [0, 2], 1], 1e150)], ids=["sums", "products"]
)
def test_what_is_not_finite_is_refused(tmp_path: Path, width: list[object], size: float) -> None:
    model = KAN(width, seed=0)
    model.set_parameters(np.full(model.get_parameters().shape, size))
    with pytest.raises(ValueError, match="layer 0 gives numbers that are too large"):
        model.export_c(tmp_path / "net.h", dtype="q15")
    assert not (tmp_path / "net.h").exists()
