"""A forked child can train, threads may share a model, and Python goes on meanwhile."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kan
from kan import KAN, threads

can_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

rng = np.random.default_rng(3)
# Large enough that a layer is worth several threads.
X = rng.uniform(-1, 1, (500, 8))
Y = np.sin(X.sum(axis=1, keepdims=True))


def network() -> KAN:
    return KAN([8, 16, 1], grid=8)


# ---- fork ---------------------------------------------------------------------------------------

FORKS = """
import json, os, signal, sys, time
import numpy as np
import kan
from kan import KAN

kan.set_num_threads({threads})
rng = np.random.default_rng(3)
X = rng.uniform(-1, 1, (500, 8))
y = np.sin(X.sum(axis=1, keepdims=True))

def fitted():
    model = KAN([8, 16, 1], grid=8)
    model.fit(X, y, steps=1, opt="LBFGS")
    return model.get_parameters().tobytes()

def ended(child, seconds):
    "Exit status of a child, or None if it had to be killed."
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None

statuses = []
for _ in range(20):
    expected = fitted()
    child = os.fork()
    if child == 0:
        os._exit(0 if fitted() == expected else 3)
    statuses.append(ended(child, 20))
json.dump(statuses, sys.stdout)
"""


@can_fork
@pytest.mark.parametrize("count", [1, 2, 3])
def test_fit_then_fork_then_fit_in_the_child_finishes_20_of_20_times(count: int) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(kan.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS.format(threads=count)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=420,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [0] * 20


def fitted_bits(_: int) -> bytes:
    model = network()
    model.fit(X, Y, steps=1)
    return bytes(model.get_parameters().tobytes())


# Python 3.12 warns of any fork of a process with threads; that it works is what is tested.
@can_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_a_pool_of_forked_workers_trains_like_its_parent() -> None:
    with threads(2):
        expected = fitted_bits(0)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            results = pool.map_async(fitted_bits, range(4)).get(timeout=60)
        assert results == [expected] * 4
        assert fitted_bits(0) == expected


def test_spawned_workers_get_the_model_by_pickle() -> None:
    model = network()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result = pool.apply_async(model.predict, (X[:50],)).get(timeout=60)
    assert result.tobytes() == model(X[:50]).tobytes()


# ---- threads of the caller ----------------------------------------------------------------------


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Results of work(0) ... work(count - 1), all begun at the same moment."""
    start = threading.Barrier(count)

    def begin(number: int) -> Any:
        start.wait(timeout=30)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_8_threads_predicting_with_one_model_agree_with_the_serial_answer(
    count: int, dtype: str
) -> None:
    model = KAN([8, [12, 4], 2], grid=8, dtype=dtype)
    with threads(1):
        expected = model(X).tobytes()
    with threads(count):
        answers = in_threads(8, lambda _: {model(X).tobytes() for _ in range(5)})
    assert answers == [{expected}] * 8


def test_threads_with_different_rows_get_their_own_answers() -> None:
    model = network()
    parts = np.array_split(X, 8)
    answers = in_threads(8, lambda number: model(parts[number]))
    np.testing.assert_array_equal(np.concatenate(answers), model(X))


def test_gradients_may_be_taken_in_many_threads() -> None:
    model = network()
    value, gradient = model.loss_and_gradient(X, Y)
    for own_value, own_gradient in in_threads(4, lambda _: model.loss_and_gradient(X, Y)):
        assert own_value == value
        assert own_gradient.tobytes() == gradient.tobytes()


def test_every_thread_may_train_a_model_of_its_own() -> None:
    expected = fitted_bits(0)
    assert in_threads(4, fitted_bits) == [expected] * 4


# ---- Python meanwhile ---------------------------------------------------------------------------


def longest_pause_during(work: Callable[[], Any]) -> tuple[float, float]:
    """How long another thread did not get to run, and how long the work took, in seconds."""
    moments: list[float] = []
    over = threading.Event()

    def tick() -> None:
        while not over.is_set():
            moments.append(time.perf_counter())
            time.sleep(0.001)

    ticking = threading.Thread(target=tick)
    ticking.start()
    while not moments:
        time.sleep(0.001)
    began = time.perf_counter()
    work()
    ended = time.perf_counter()
    over.set()
    ticking.join()
    inside = [began, *(moment for moment in moments if began < moment < ended), ended]
    return float(np.diff(inside).max()), ended - began


@pytest.mark.parametrize(
    ("copies", "work"),
    [
        (100, lambda model, x, y: model(x)),
        (50, lambda model, x, y: model.loss_and_gradient(x, y)),
        (3, lambda model, x, y: model.fit(x, y, steps=1, update_grid=False)),
        (3, lambda model, x, y: model.fit(x, y, steps=20, opt="Adam", update_grid=False)),
    ],
    ids=["predict", "loss_and_gradient", "LBFGS", "Adam"],
)
def test_another_python_thread_goes_on_during(
    copies: int, work: Callable[[KAN, Any, Any], Any]
) -> None:
    model = KAN([8, 64, 1], grid=8)
    x = np.tile(X, (copies, 1))
    y = np.tile(Y, (copies, 1))
    with threads(1):
        pauses = [longest_pause_during(lambda: work(model, x, y)) for _ in range(3)]
    # With the lock held all the time the pause would be all of the work. The best of three, since
    # other work on the machine may be to blame for a pause.
    assert min(pause / total for pause, total in pauses) < 0.5


# ---- the number of threads ----------------------------------------------------------------------


def test_the_number_of_threads_changes_no_bit_of_a_fit() -> None:
    results = []
    for count in (1, 2, 3):
        with threads(count):
            results.append(fitted_bits(0))
    assert len(set(results)) == 1
