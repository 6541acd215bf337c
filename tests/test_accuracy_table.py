"""The parts of benchmarks/accuracy.py that fit nothing: cases, bars, tables, the process asked."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
if not FOLDER.exists():
    pytest.skip("a source distribution has no benchmarks", allow_module_level=True)
pytest.importorskip("scipy", minversion="1.15")  # for sph_harm_y
sys.path.append(str(FOLDER))

from accuracy_table import FitOutcome, holds, table, tenths  # noqa: E402
from bars import (  # noqa: E402
    BestError,
    ErrorsAt,
    Fit,
    NeverWorse,
    SecondsOfFit,
    Slope,
    Verdict,
    number,
)
from fit_protocol import ask_for_fit  # noqa: E402
from fits import FITS, SPECIAL  # noqa: E402
from targets import TARGETS, samples  # noqa: E402

MACHINE = {
    "cpu": "abacus",
    "cores": 2,
    "threads": 2,
    "instruction set": "beads",
    "commit": "c0ffee",
    "dirty": True,
    "date": "2026-01-01",
}
FACTS = {"versions": {"kan": "0"}, "data": [1.0]}
TALKATIVE_WORKER = """
from fit_protocol import serve_fits

def fit(case, seed):
    print("libraries print what they like")
    return {"errors": [[grid, 0.5] for grid in case.grids], "seconds": seed}

serve_fits(fit)
"""


def fit(*errors: float, seed: int = 0, seconds: float = 1.0) -> Fit:
    """A fit on grids of 10, 20, 40, ... intervals."""
    return Fit(seed, {10 * 2**place: error for place, error in enumerate(errors)}, seconds)


def outcome(name: str, error: float) -> FitOutcome:
    case = FITS[name]
    ours = Fit(0, dict.fromkeys(case.grids, error), 0.1)
    return FitOutcome(case, {"ours": [ours]}, {"ours": FACTS})


@pytest.mark.parametrize("case", FITS.values(), ids=FITS)
def test_every_case_has_finite_samples_that_fit_its_network(case):
    x, y, unseen, values = samples(case.target, case.rows)
    assert x.shape == (case.rows, case.width[0])
    assert y.shape == (case.rows, case.width[-1])
    assert unseen.shape == (1000, case.width[0])
    assert np.isfinite(y).all()
    assert np.isfinite(values).all()
    assert list(case.grids) == sorted(case.grids)
    low, high = TARGETS[case.target].box
    assert np.all((low <= x) & (x <= high))


def test_training_inputs_are_drawn_before_unseen_ones():
    rng = np.random.default_rng(0)
    x, _, unseen, _ = samples("xy", 100)
    np.testing.assert_array_equal(x, rng.uniform(-1, 1, (100, 2)))
    np.testing.assert_array_equal(unseen, rng.uniform(-1, 1, (1000, 2)))


def test_the_azimuth_of_a_spherical_harmonic_is_x_and_its_polar_angle_y():
    # Y_1^1 = -sqrt(3 / 8 pi) sin(polar) exp(i azimuth)
    x, values, _, _ = samples("Y11", 50)
    expected = -np.sqrt(3 / (8 * np.pi)) * np.sin(x[:, 1]) * np.cos(x[:, 0])
    np.testing.assert_allclose(values[:, 0], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("bar", "fits", "verdict"),
    [
        (BestError(1e-3), [fit(0.1, 1e-3)], Verdict("1e-3 at G=20", True)),
        (BestError(1e-3), [fit(0.1, 2e-3)], Verdict("2e-3 at G=20", False)),
        (BestError(1e-3), [fit(0.1), fit(1e-4, 1e-2)], Verdict("1e-4 at G=10", True)),
        (ErrorsAt({10: 0.1, 20: 1e-3}), [fit(0.1, 1e-3)], Verdict("0.1 / 1e-3", True)),
        (ErrorsAt({10: 0.1, 20: 1e-3}), [fit(0.2, 1e-3)], Verdict("0.2 / 1e-3", False)),
        (ErrorsAt({10: 0.1, 20: 1e-3}), [fit(0.1)], Verdict("0.1 / inf", False)),
        (Slope(-3.8), [fit(1.0, 1 / 16, 1 / 256)], Verdict("slope -4.00 to G=40", True)),
        (Slope(-3.8), [fit(1.0, 1 / 8, 1 / 64)], Verdict("slope -3.00 to G=40", False)),
        (Slope(-3.8, first=20), [fit(9.0, 1.0, 1 / 16)], Verdict("slope -4.00 to G=40", True)),
        (Slope(-3.8, floor=0.01), [fit(1, 1 / 16, 9e-3)], Verdict("slope -4.00 to G=20", True)),
        (Slope(-3.8, floor=0.1), [fit(1.0, 0.01)], Verdict("slope of one grid", False)),
        (NeverWorse(2.0), [fit(1.0, 0.1, 0.2)], Verdict("2.00×", True)),
        (NeverWorse(2.0), [fit(1.0, 0.1, 0.15, 0.25)], Verdict("2.50×", False)),
        (SecondsOfFit(2.0), [fit(0.1), fit(0.2, seconds=2.5)], Verdict("2.5 s", False)),
        (SecondsOfFit(2.0), [fit(0.1)], Verdict("1 s", True)),
    ],
)
def test_bars_say_what_was_seen_and_whether_they_hold(bar, fits, verdict):
    assert bar.judge(fits) == verdict


def test_numbers_have_few_digits_and_short_exponents():
    values = (4.13e-7, 1e-10, 0.0321, 1.6, 0.0, 123.0, np.inf)
    assert [number(value) for value in values] == [
        "4.1e-7",
        "1e-10",
        "0.032",
        "1.6",
        "0",
        "1.2e2",
        "inf",
    ]
    assert number(1.33e-4, 3) == "1.33e-4"


def test_a_row_has_what_was_asked_what_was_seen_and_pykan_beside_it():
    one = outcome("toy-100", 1e-4)
    one.fits["pykan"] = [Fit(1, {3: 1e-2, 5: 5e-3}, 12.0)]
    one.facts["pykan"] = {"versions": {"pykan": "9"}, "data": [1.0]}
    head, rule, row, _, head_by_grid, _, ours, pykan, _, note = table([one], MACHINE).splitlines()
    assert head.count("|") == rule.count("|") == row.count("|")
    assert [cell.strip() for cell in row.strip("|").split("|")] == [
        "exp(sin(πx)+y²) [2,1,1] k=3 N=100",
        "≤ 3e-4; no grid over 2× a coarser one",
        "1e-4 at G=3; 1.00×",
        "yes",
        "0.10",
        "5e-3 at G=5",
        "12",
        "50×",
    ]
    assert head_by_grid.count("|") == ours.count("|") == pykan.count("|")
    assert "| pykan | 12.00 | 3: 0.01, 5: 5e-3 |" in pykan
    assert "steps of L-BFGS on every grid 50 (toys)," in note
    assert "kan 0, pykan 9; commit c0ffee with changes" in note


def test_a_missed_bar_is_shown_and_the_run_does_not_hold():
    good, bad = outcome("toy-100", 1e-4), outcome("xy", 1e-3)
    assert holds([good])
    assert not holds([good, bad])
    assert "| **no** |" in table([good, bad], MACHINE)


def test_nine_special_functions_must_be_below_a_tenth_of_the_paper():
    shares = [0.05] * 9 + [0.5] * 6
    outcomes = [
        outcome(case.name, share * case.paper) for case, share in zip(SPECIAL, shares, strict=True)
    ]
    assert tenths(outcomes) == Verdict("9 of 15", True)
    assert holds(outcomes)
    one_worse = [*outcomes[1:], replace(outcomes[0], fits=outcome(SPECIAL[0].name, 1e-4).fits)]
    assert tenths(one_worse) == Verdict("8 of 15", False)
    assert not holds(one_worse)
    assert "8 of 15" in table(one_worse, MACHINE)


def test_some_special_functions_alone_are_not_counted():
    assert tenths([outcome("Y01", 1e-9)]) is None


def test_a_process_fits_what_it_is_asked_for_and_goes_on_after_an_error():
    done = subprocess.run(
        [sys.executable, "-c", TALKATIVE_WORKER],
        input='{"case": "nothing", "seed": 0}\n{"case": "j0", "seed": 7}\n',
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(FOLDER)},
    )
    refused, answered = done.stdout.splitlines()
    assert refused == '{"error": "KeyError: \'nothing\'"}'
    assert answered == '{"errors": [[50, 0.5], [100, 0.5], [200, 0.5]], "seconds": 7}'


def test_a_fit_that_ended_in_nan_is_the_worst_and_not_the_best():
    class Process:
        def exchange(self, request: str) -> dict[str, object]:
            assert json.loads(request) == {"case": "toy", "seed": 3}
            return {"errors": [[3, 0.1], [5, math.nan]], "seconds": 2.0, "data": [1.0]}

    answered, facts = ask_for_fit(Process(), FITS["toy"], 3)
    assert answered == Fit(3, {3: 0.1, 5: math.inf}, 2.0)
    assert answered.least == 0.1
    assert facts == {"data": [1.0]}
