"""The memory of a call does not grow with the number of rows.

The bar is 150 MB beyond the data for a million rows of 20 columns; a copy of them in single
precision would be 80 MB. Measured in a process of its own, as the highest resident memory during
the call over what was resident before it.
"""

import subprocess
import sys
from pathlib import Path

import pytest

MEGABYTE = 1e6
BAR = 60 * MEGABYTE
ROWS = 1_000_000

PREAMBLE = """
import re
import sys
import numpy as np
import kan

def status(field):  # of this very process; getrusage would count what its parent needed
    with open("/proc/self/status") as lines:
        return 1024 * int(re.search(field + r":\\s+(\\d+) kB", lines.read())[1])

def growth(call):
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak begins again here
    before = status("VmRSS")
    result = call()
    return status("VmHWM") - before, result

rows = int(sys.argv[1])
rng = np.random.default_rng(0)
X = np.empty((rows, 20), dtype=np.float32)
for n in range(0, rows, 10_000):
    X[n : n + 10_000] = rng.random((len(X[n : n + 10_000]), 20), dtype=np.float32)
y = X[:, :1] * X[:, 1:2]
"""


def grown(program, rows):
    """Bytes that the last line of the output tells."""
    done = subprocess.run(
        [sys.executable, "-c", PREAMBLE + program, str(rows)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout.split()[-1])


pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="peaks are read from Linux' /proc"
)

SMALL = "model = kan.KAN([20, 2, 1], grid=10, dtype='float32')\n"
LARGE = "model = kan.KAN([20, 64, 64, 1], grid=10, dtype='float32')\n"
FIT = "print(growth(lambda: model.fit(X, y, verbose=False, steps=1, opt={opt!r}))[0])\n"
PREDICT = """
grown, result = growth(lambda: model.predict(X))
assert result.shape == (rows, 1)
assert result.dtype == np.float32
print(grown - result.nbytes)
"""


# A million rows of a large network take a while: by default one of the two is small.
@pytest.mark.parametrize(
    ("model", "rows"),
    [
        pytest.param(SMALL, ROWS, id="many rows"),
        pytest.param(LARGE, 2_000, id="large network"),
        pytest.param(LARGE, ROWS, id="both", marks=pytest.mark.slow),
    ],
)
def test_fitting_with_adam_takes_little_memory(model, rows):
    assert grown(model + FIT.format(opt="Adam"), rows) <= BAR


@pytest.mark.parametrize(
    ("model", "rows"),
    [
        pytest.param(SMALL, ROWS, id="many rows", marks=pytest.mark.slow),
        pytest.param(LARGE, 2_000, id="large network"),
        pytest.param(LARGE, 50_000, id="both", marks=pytest.mark.slow),
    ],
)
def test_fitting_with_lbfgs_takes_little_memory(model, rows):
    assert grown(model + FIT.format(opt="LBFGS"), rows) <= BAR


def test_predicting_takes_little_memory_beyond_the_result():
    assert grown(LARGE + PREDICT, ROWS) <= BAR


def test_the_way_back_of_jets_takes_little_memory_beyond_its_result():
    program = """
from kan import _core
core = _core.Jets32(model._network, 1)
seeds = np.ones((21, rows, 1), np.float32)
grown, result = growth(lambda: core.pullback(X, seeds))
print(grown - sum(one.nbytes for one in result))
"""
    assert grown(SMALL + program, ROWS) <= BAR


@pytest.mark.slow
def test_minibatches_and_held_out_rows_of_a_million_take_little_memory():
    options = "opt='Adam', steps=10, batch=1000, validation_fraction=0.1, verbose=False"
    fit = f"print(growth(lambda: model.fit(X, y, {options}))[0])"
    assert grown(SMALL + fit, ROWS) <= BAR
