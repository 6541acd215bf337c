"""The command line: what is printed, where errors go, and the exit status."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kan
from hostile_files import signed
from kan import KAN
from kan.__main__ import main
from kan._cpp_files import FOLDERS, cpp_folder
from kan._info import info


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    path = tmp_path / "m.safetensors"
    KAN([2, 3, 1], seed=0).save(path, self_test=np.array([[0.1, 0.2], [0.3, -0.4]]))
    return path


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"kan {kan.__version__}\n"


def test_without_a_command_there_is_a_usage_message(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([])
    assert end.value.code == 2
    assert "usage: python -m kan" in capsys.readouterr().err


def test_info_prints_what_is_known(model_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(model_file)]) == 0
    assert capsys.readouterr().out == info(model_file)


def test_verify_says_what_it_checked(
    model_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(model_file)]) == 0
    told = capsys.readouterr().out
    assert told == f"{model_file}: read to the last bit; its self-test of 2 rows passes\n"
    plain = tmp_path / "plain"
    KAN([1, 1]).save(plain)
    assert main(["verify", str(plain)]) == 0
    assert capsys.readouterr().out == f"{plain}: read to the last bit; it has no self-test\n"


def failure(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command that fails says on stderr, after saying nothing on stdout."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    told = capsys.readouterr()
    assert end.value.code == 1
    assert told.out == ""
    assert told.err.count("\n") == 1
    return told.err


@pytest.mark.parametrize("command", ["info", "verify", "export-c", "export-onnx"])
def test_a_bit_that_flipped_is_an_error_on_stderr(
    command: str, model_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(model_file.read_bytes())
    data[-3] ^= 1
    model_file.write_bytes(data)
    out = [str(model_file) + ".out"] if command.startswith("export") else []
    said = failure([command, str(model_file), *out], capsys)
    assert said.startswith(f"python -m kan {command}: {model_file}: ")
    assert "checksum" in said
    assert [entry.name for entry in model_file.parent.iterdir()] == [model_file.name]


def test_a_self_test_that_fails_is_an_error_on_stderr(
    model_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = model_file.read_bytes()
    answers = KAN.load(model_file)(np.array([[0.1, 0.2], [0.3, -0.4]])).tobytes()
    assert data.count(answers) == 1
    model_file.write_bytes(signed(data.replace(answers, np.array([5.0, 6.0]).tobytes())))
    assert "self-test" in failure(["verify", str(model_file)], capsys)
    assert main(["info", str(model_file)]) == 0


def test_a_file_that_is_not_there_is_an_error_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = failure(["verify", str(tmp_path / "none")], capsys)
    assert said == (
        f"python -m kan verify: [Errno 2] No such file or directory: '{tmp_path / 'none'}'\n"
    )


def test_the_exit_status_reaches_the_shell(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kan", "verify", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "No such file" in done.stderr


def exported(
    arguments: list[str], method: str, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, dict[str, Any]]:
    """What the method of the model that exports was called with."""
    calls: list[tuple[Path, dict[str, Any]]] = []

    def note(model: KAN, path: Path, **options: Any) -> None:
        assert model.width == KAN.load(model_file).width
        calls.append((path, options))

    monkeypatch.setattr(KAN, method, note, raising=False)
    assert main(arguments) == 0
    (call,) = calls
    return call


def test_export_c_hands_its_options_on(model_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["export-c", str(model_file), "m.h"]
    path, options = exported(arguments, "export_c", model_file, monkeypatch)
    assert path == Path("m.h")
    assert options == {"dtype": "float32", "name": None, "optimize": "speed", "math": True}
    arguments += ["--dtype", "q15", "--name", "pump", "--optimize", "size", "--no-math"]
    _, options = exported(arguments, "export_c", model_file, monkeypatch)
    assert options == {"dtype": "q15", "name": "pump", "optimize": "size", "math": False}


def test_export_c_refuses_numbers_it_does_not_know(
    model_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["export-c", str(model_file), "m.h", "--dtype", "float16"])
    assert end.value.code == 2
    assert "invalid choice: 'float16'" in capsys.readouterr().err


def test_export_onnx_hands_the_path_on(model_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["export-onnx", str(model_file), "m.onnx"]
    assert exported(arguments, "export_onnx", model_file, monkeypatch) == (Path("m.onnx"), {})


def test_a_package_that_an_export_needs_is_named_in_one_line(
    model_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any) -> None:
        raise ImportError('export_onnx needs onnx: pip install "kan-core[onnx]"')

    monkeypatch.setattr(KAN, "export_onnx", refuse, raising=False)
    said = failure(["export-onnx", str(model_file), "m.onnx"], capsys)
    assert 'pip install "kan-core[onnx]"' in said


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_of_the_library_is_printed_or_missed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("kan._core.__file__", str(tmp_path / "_core.so"))
    with pytest.raises(FileNotFoundError, match="install kan-core with pip"):
        cpp_folder(name)
    said = failure([f"--{name}"], capsys)
    assert said.startswith(f"python -m kan --{name}: the C++ library is not beside the package in")
    (tmp_path / FOLDERS[name]).mkdir(parents=True)
    with pytest.raises(SystemExit) as end:
        main([f"--{name}"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"{tmp_path / FOLDERS[name]}\n"


@pytest.mark.parametrize("command", ["export-c", "export-onnx"])
def test_a_model_is_not_replaced_by_what_is_made_of_it(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "m.safetensors"
    KAN([2, 1], seed=0).save(path)
    before = path.read_bytes()
    with pytest.raises(SystemExit):
        main([command, str(path), str(path)])
    assert "the file to write must not be the model" in capsys.readouterr().err
    assert path.read_bytes() == before
