"""How many threads work, and what the package says about itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import kan
from kan import _core, get_num_threads, set_num_threads, show_config, threads


@pytest.fixture(autouse=True)
def _number_of_threads() -> Iterator[None]:
    before = get_num_threads()
    yield
    set_num_threads(before)


def test_the_number_of_threads_that_was_set_is_told() -> None:
    set_num_threads(3)
    assert get_num_threads() == 3


def test_none_goes_back_to_what_the_machine_allows() -> None:
    set_num_threads(3)
    set_num_threads(None)
    assert get_num_threads() == _core.available_threads()


def test_inside_the_block_there_are_other_threads_than_after_it() -> None:
    set_num_threads(2)
    with threads(5):
        assert get_num_threads() == 5
    assert get_num_threads() == 2


def test_blocks_nest() -> None:
    set_num_threads(1)
    with threads(2):
        with threads(3):
            assert get_num_threads() == 3
        assert get_num_threads() == 2
    assert get_num_threads() == 1


def test_an_error_in_the_block_restores_the_number_too() -> None:
    set_num_threads(2)
    with pytest.raises(RuntimeError, match="inside"), threads(4):
        raise RuntimeError("inside")
    assert get_num_threads() == 2


def test_a_block_with_a_wrong_number_changes_nothing() -> None:
    set_num_threads(2)
    with pytest.raises(ValueError, match=r"n must be an integer in 1\.\.1024, got 0"), threads(0):
        pass
    assert get_num_threads() == 2


def told_by_a_new_process(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(kan.__file__).parents[1]), **environment},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(not _core.has_openmp(), reason="built without OpenMP")
def test_omp_num_threads_limits_the_threads_at_the_start() -> None:
    program = "import kan; print(kan.get_num_threads())"
    assert told_by_a_new_process(program, OMP_NUM_THREADS="1") == "1"


def test_a_process_starts_with_no_more_threads_than_processors() -> None:
    program = "import kan; print(kan.get_num_threads())"
    told = int(told_by_a_new_process(program, OMP_NUM_THREADS="1000"))
    assert 1 <= told <= (os.cpu_count() or 1)


def test_importing_prints_nothing() -> None:
    assert told_by_a_new_process("import kan") == ""


def test_show_config_prints_a_line_for_every_fact(capsys: pytest.CaptureFixture[str]) -> None:
    show_config()
    told = capsys.readouterr()
    facts = dict(line.split(maxsplit=1) for line in told.out.splitlines())
    assert facts["kan"] == kan.__version__
    assert facts["python"] == sys.version.split()[0]
    assert facts["openmp"] == ("yes" if _core.has_openmp() else "no")
    assert facts["threads"] == f"{get_num_threads()} of {_core.available_threads()}"
    assert _core.instruction_set() in told.out
    assert told.err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize("command", ["config", "demo"])
def test_a_command_whose_output_cannot_be_written_says_so_in_one_line(
    command: str, tmp_path: Path
) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "kan", command],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == f"python -m kan {command}: [Errno 28] No space left on device\n"


def test_the_command_prints_the_same_as_show_config(capsys: pytest.CaptureFixture[str]) -> None:
    from kan.__main__ import main

    show_config()
    expected = capsys.readouterr().out
    assert main(["config"]) == 0
    assert capsys.readouterr().out == expected
