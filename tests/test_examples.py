"""Every script of examples/ tells its story: what it prints is what it promises."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "examples"
SCRIPTS = {path.stem: path for path in sorted(FOLDER.glob("*.py"))}


@dataclass(frozen=True)
class Shown:
    """A pattern that is printed; its groups are numbers from `least` to `most`."""

    pattern: str
    least: float = -math.inf
    most: float = math.inf


# What the quick form of each script must print.
STORIES = {
    "fit_data": [
        Shown(r"^ +5 +(\S+) +(\S+)$", 12, 18),  # a coarse grid blurs the rush hours
        Shown(r"grid kept: (\d+),", 10, 40),
        Shown(r"RMSE of unseen rows: (\S+)", 7, 12),  # counting scatters by 8
        Shown(r"the predictions are the same: True"),
    ],
    "rediscover_law": [
        Shown(r"left: +\[2, 1, 1\]"),
        Shown(r"^formula: tanh\(atanh\(u\) \+ atanh\(v\)\)$"),
        Shown(r"never seen: (\S+)", 0, 1e-13),
    ],
    # The least squares of a spline with 200 intervals leave 4.0034e-6.
    "continual_learning": [
        Shown(r"^ +5 +(\S+)  (\S+)  (\S+)  (\S+)  (\S+)$", 3.9e-6, 4.1e-6),
        Shown(r"learnt in phases: (\S+)", 4.003e-6, 4.005e-6),
        Shown(r"learnt at once: +(\S+)", 4.003e-6, 4.005e-6),
    ],
    "poisson": [
        Shown(r"^from step +\d+: (\d+) intervals", 5, 10),
        Shown(r"mean squared error: (\S+)", 0, 1e-5),
    ],
    "diffusion_coefficient": [
        Shown(r"^D = (\S+), which", 0.29, 0.31),
        Shown(r"differ by: (\S+)", 1e-3, 5e-3),  # the noise that was added
    ],
    # The slope of the exact wave is -33.9 at the second viscosity.
    "burgers": [
        Shown(r"^ +0\.0127 +10 +(\S+)", -36, -31),
        Shown(r"^ +0\.0127 .* (\S+)$", 0, 5e-2),
    ],
}


def run(script: Path, *arguments: str, folder: Path) -> str:
    """Run a script in a folder, and return what it printed."""
    command = [sys.executable, "-W", "error", str(script), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_has_a_story_and_every_story_an_example() -> None:
    assert SCRIPTS.keys() == STORIES.keys()


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_example_shows_what_it_promises_and_leaves_no_file(name: str, tmp_path: Path) -> None:
    printed = run(SCRIPTS[name], "--quick", folder=tmp_path)
    for shown in STORIES[name]:
        found = re.search(shown.pattern, printed, flags=re.MULTILINE)
        assert found is not None, f"{shown.pattern} is not in\n{printed}"
        for number in found.groups():
            assert shown.least <= float(number) <= shown.most, printed
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_an_example_draws_where_it_is_asked_to(name: str, tmp_path: Path) -> None:
    run(SCRIPTS[name], "--quick", "--plot", "picture.svg", folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["picture.svg"]
    assert "</svg>" in (tmp_path / "picture.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_example_begins_with_its_story_and_how_to_run_it(name: str) -> None:
    text = SCRIPTS[name].read_text(encoding="utf-8")
    usage = rf"python examples/{name}\.py \[--quick\] \[--plot \w+\.svg\]"
    assert re.match(rf'"""[A-Z][^\n]*[.?]\n\n    {usage}\n\n[A-Z]', text)
