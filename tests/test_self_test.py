"""A file may carry a few inputs with the model's answers, which loading compares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hostile_files import Parts, signed
from kan import KAN, FormatError
from random_models import random_model, with_masked_edges


def rows_of(model: KAN, count: int = 5) -> np.ndarray:
    return np.random.default_rng(1).uniform(-1, 1, (count, model.width_in[0]))


def stored(path: Path, name: str) -> np.ndarray:
    parts = Parts.of(path.read_bytes())
    begin, end = parts.tensors[name]["data_offsets"]
    return np.frombuffer(bytes(parts.data[begin:end])).reshape(parts.tensors[name]["shape"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_model_with_a_self_test_is_read_back_to_the_same_bits(tmp_path: Path, dtype: str) -> None:
    model = KAN([3, [2, 1], 2], seed=1, dtype=dtype)
    path = tmp_path / "m.safetensors"
    model.save(path, self_test=rows_of(model))
    assert stored(path, "self_test.x").shape == (5, 3)
    assert stored(path, "self_test.y").shape == (5, 2)
    again = KAN.load(path)
    np.testing.assert_array_equal(again.get_parameters(), model.get_parameters())


def test_answers_of_the_file_are_those_of_the_model(tmp_path: Path) -> None:
    model = KAN([2, 3, 1], seed=1)
    path = tmp_path / "m.safetensors"
    X = rows_of(model)
    model.save(path, self_test=X)
    np.testing.assert_array_equal(stored(path, "self_test.x"), X)
    np.testing.assert_array_equal(stored(path, "self_test.y"), model(X))


def test_other_numbers_under_a_right_checksum_are_noticed(tmp_path: Path) -> None:
    model = KAN([2, 3, 1], seed=1)
    path = tmp_path / "m.safetensors"
    model.save(path, self_test=rows_of(model))
    parts = Parts.of(path.read_bytes())
    parts.put("layers.0.base_weight", 0, "d", 0.5)
    path.write_bytes(signed(parts.file()))
    with pytest.raises(FormatError, match=r"m\.safetensors: the self-test fails: output 0"):
        KAN.load(path)
    assert KAN.load(path, self_test=False)._network.parameters().max() >= 0.5


def test_inputs_that_a_model_leaves_out_are_part_of_the_rows(tmp_path: Path) -> None:
    model = KAN([3, 2, 1], seed=1).prune_input(active_inputs=[0, 2])
    path = tmp_path / "m.safetensors"
    model.save(path, self_test=np.full((2, 3), 0.25))
    assert stored(path, "self_test.x").shape == (2, 2)
    KAN.load(path)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("width", [[2, 3, 1], [3, [2, 2], [9, 1], 2]])
def test_random_models_pass_their_own_test(tmp_path: Path, width: list[Any], dtype: str) -> None:
    model = with_masked_edges(random_model(width, dtype=dtype, affine_trainable=True))
    path = tmp_path / "m.safetensors"
    model.save(path, self_test=rows_of(model))
    KAN.load(path)


def test_rows_that_make_no_test_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    model = KAN([2, 3, 1], seed=1)
    path = tmp_path / "m.safetensors"
    with pytest.raises(ValueError, match=r"self_test must have shape \(N, 2\), got \(1, 3\)"):
        model.save(path, self_test=[[1, 2, 3]])
    with pytest.raises(ValueError, match="self_test must be finite, got nan at row 0, column 1"):
        model.save(path, self_test=[[1, np.nan]])
    with pytest.raises(ValueError, match="whole rows of 2 inputs"):
        model.save(path, self_test=np.empty((0, 2)))
    model.set_parameters(np.full(model.get_parameters().shape, 1e300))
    with pytest.raises(ValueError, match="what the network says to a self-test must be finite"):
        model.save(path, self_test=[[0.5, 0.5]])
    assert not path.exists()
