"""What is said of a model file is what the model is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import kan
from kan import KAN
from kan._info import info, self_test_rows


def said(model: KAN, path: Path, **options: object) -> tuple[dict[str, str], list[list[str]]]:
    """The facts and the table about a model that is saved and looked at."""
    model.save(path, **options)
    facts, _, table = info(path).partition("\n\n")
    pairs = (line.split("  ", 1) for line in facts.splitlines())
    lines = [[cell.strip() for cell in line.split("  ") if cell] for line in table.splitlines()]
    return {name: value.strip() for name, value in pairs}, lines


def test_a_new_model_is_described_line_by_line(tmp_path: Path) -> None:
    model = KAN([2, [1, 1], 1], grid=[3, 5], k=[3, 2], seed=7, dtype="float32", mult_arity=3)
    path = tmp_path / "m.safetensors"
    facts, table = said(model, path)
    assert facts == {
        "file": f"{path}, {path.stat().st_size} bytes, format 1",
        "self-test": "none",
        "network": "[2, [1, 1], 1], float32",
        "parameters": f"{model.n_parameters}, of which {model.n_parameters} train",
        "base function": "silu",
        "outside the grid": "linear",
        "affine nodes": "no",
        "multiplication nodes": "1",
        "seed": "7",
    }
    headings = ["layer", "splines", "functions", "pruned", "products of", "grid", "k", "points"]
    assert table == [
        [*headings, "range"],
        ["2 to 2", "8", "0", "0", "3", "3", "3", "uniform", "-1 to 1"],
        ["2 to 1", "2", "0", "0", "none", "5", "2", "uniform", "-1 to 1"],
    ]


def test_settings_other_than_the_defaults_are_told(tmp_path: Path) -> None:
    model = KAN([1, 1], base_fun="zero", extrapolation="error", affine_trainable=True)
    facts, _ = said(model, tmp_path / "m")
    assert facts["base function"] == "zero"
    assert facts["outside the grid"] == "error"
    assert facts["affine nodes"] == "yes"


def test_edges_are_counted_as_splines_as_functions_and_as_pruned(tmp_path: Path) -> None:
    model = KAN([2, 2, 1], seed=0)
    model.remove_edge(0, 0, 1)
    model.fix_symbolic(0, 1, 0, "sin", fit_params_bool=False)
    _, table = said(model, tmp_path / "m")
    assert table[1][1:4] == ["2", "1", "1"]
    assert table[2][1:4] == ["2", "0", "0"]


def test_columns_that_the_network_leaves_out_are_told(tmp_path: Path) -> None:
    model = KAN([3, 1], seed=0).prune_input(active_inputs=[0, 2])
    facts, _ = said(model, tmp_path / "m")
    assert facts["columns"] == "0, 2 of the 3 of X, from 0"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_points_that_follow_the_data_are_not_uniform(tmp_path: Path, dtype: str) -> None:
    even = KAN([2, 1], grid=100, grid_range=(-0.1, 1000.3), dtype=dtype)
    _, table = said(even, tmp_path / "even")
    assert table[1][7] == "uniform"
    bent = KAN([2, 1], grid=5, grid_eps=0.0, dtype=dtype)
    bent.update_grid(np.random.default_rng(0).normal(size=(100, 2)))
    _, table = said(bent, tmp_path / "bent")
    assert table[1][7] == "not uniform"


def test_the_errors_of_the_last_fit_are_told(tmp_path: Path) -> None:
    model = KAN([1, 1], seed=0)
    x = np.linspace(-1, 1, 30)[:, None]
    history = model.fit(x, np.sin(x), steps=3, verbose=False)
    facts, _ = said(model, tmp_path / "m")
    assert facts["last fit"] == f"train_loss {history['train_loss'][-1]:.3g} (RMSE)"


def test_the_rows_of_a_self_test_are_counted(tmp_path: Path) -> None:
    facts, _ = said(KAN([2, 1]), tmp_path / "m", self_test=np.zeros((3, 2)))
    assert facts["self-test"] == "3 rows"
    assert self_test_rows(tmp_path / "m") == 3


def test_what_is_no_model_is_refused_as_by_load(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"nothing")
    with pytest.raises(kan.FormatError, match="m: "):
        info(tmp_path / "m")
    with pytest.raises(FileNotFoundError, match="none"):
        info(tmp_path / "none")
