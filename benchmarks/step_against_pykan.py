"""One training step of kan and of pykan 0.2.8, in turns within one run, two threads each.

A step is forward, mean squared error, backward and Adam on all rows. kan is timed through `fit`,
pykan through a bare loop without its own `fit` and with its `speed()` switch on.

    python benchmarks/step_against_pykan.py [--environment DIR] [--rounds N] [--write]

The environment is made if it is not there. --write stores the figures in benchmarks/results and the
table in README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
THREADS = "2"
REQUIREMENTS = (
    ("torch==2.13.0", "numpy", "matplotlib", "scikit-learn", "tqdm", "pandas", "sympy", "pyyaml"),
    ("--no-deps", "pykan==0.2.8"),  # its own requirements pin versions that no longer install
)
STEPS = {"kan": 500, "pykan": 25}


class Kan:
    """kan through its public `fit`."""

    def __init__(self, name: str) -> None:
        from cases import CASES, data

        import kan

        case = CASES[name]
        kan.set_num_threads(int(THREADS))
        self.x, self.y = data(case)
        self.model = kan.KAN(list(case.width), grid=case.grid, seed=0, dtype=case.dtype)

    def train(self, steps: int) -> tuple[float, float, float]:
        began = time.perf_counter()
        history = self.model.fit(
            self.x, self.y, opt="Adam", steps=steps, update_grid=False, verbose=False
        )
        losses = history["train_loss"]
        return time.perf_counter() - began, losses[0] ** 2, losses[-1] ** 2


class Pykan:
    """The same conversation with a process in pykan's environment."""

    def __init__(self, python: Path) -> None:
        self.process = subprocess.Popen(
            [python, HERE / "peer_pykan.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=tempfile.mkdtemp(prefix="pykan-"),
            env={**os.environ, "OMP_NUM_THREADS": THREADS, "PYTHONPATH": str(HERE)},
        )

    def train(self, name: str, steps: int) -> tuple[float, float, float]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([name, steps]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that runs pykan ended; its message is above")
        seconds, first, last = json.loads(answer)
        return seconds, first, last


def environment(folder: Path) -> Path:
    """The Python of an environment with pykan, made on first use."""
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"making an environment for pykan in {folder}", flush=True)
        venv.create(folder, with_pip=True)
        for requirement in REQUIREMENTS:
            subprocess.run([python, "-m", "pip", "install", "-q", *requirement], check=True)
    return python


def measure(name: str, peer: Pykan, rounds: int) -> dict[str, float]:
    """Medians over rounds in which both take their turn; the first round warms up."""
    ours = Kan(name)
    seconds: dict[str, list[float]] = {"kan": [], "pykan": []}
    ends: dict[str, tuple[float, float]] = {}
    for turn in range(rounds + 1):
        for who in ("kan", "pykan"):
            steps = STEPS[who]
            took, first, last = ours.train(steps) if who == "kan" else peer.train(name, steps)
            ends.setdefault(who, (first, last))
            if turn:
                seconds[who].append(took / steps)
    for who, (first, last) in ends.items():
        assert last < first, f"{who} did not learn: loss {first} -> {last}"
    ratios = [b / a for a, b in zip(seconds["kan"], seconds["pykan"], strict=True)]
    return {
        "kan_us": 1e6 * statistics.median(seconds["kan"]),
        "pykan_us": 1e6 * statistics.median(seconds["pykan"]),
        "ratio": statistics.median(ratios),
        "lowest_ratio": min(ratios),
    }


def machine() -> dict[str, str]:
    """What the figures depend on."""
    import kan

    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].split(":", 1)[1].strip() if names else cpu
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True
    ).stdout.strip()
    return {
        "cpu": cpu,
        "cores": str(os.cpu_count()),
        "threads": THREADS,
        "kan": kan.__version__,
        "commit": commit,
        "peer": ", ".join(" ".join(r for r in group if "==" in r) for group in REQUIREMENTS),
        "date": time.strftime("%Y-%m-%d"),
    }


def table(results: dict[str, dict[str, float]], where: dict[str, str]) -> str:
    """The Markdown table of a run."""
    lines = ["| case | kan | pykan 0.2.8 | ratio |", "|---|---|---|---|"]
    lines += [
        f"| [2,5,1], G=5, N=1000 ({name}) | {r['kan_us']:.0f} µs | {r['pykan_us']:.0f} µs "
        f"| {r['ratio']:.0f} |"
        for name, r in results.items()
    ]
    lines += ["", f"{where['cpu']}, {where['cores']} cores, {where['threads']} threads each."]
    return "\n".join(lines)


def write(results: dict[str, dict[str, float]], where: dict[str, str]) -> None:
    """Store the figures and put the table between the marks in README.md."""
    stored = HERE / "results" / "step_against_pykan.json"
    stored.write_text(json.dumps({"machine": where, "results": results}, indent=2) + "\n")
    readme = HERE.parent / "README.md"
    mark, end = "<!-- step_against_pykan -->\n", "<!-- end -->"
    before, rest = readme.read_text().split(mark)
    after = rest.split(end, 1)[1]
    readme.write_text(before + mark + table(results, where) + "\n" + end + after)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--environment", type=Path, default=HERE / "environments" / "pykan")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--write", action="store_true", help="store the figures, update README.md")
    chosen = parser.parse_args()
    sys.path.insert(0, str(HERE))
    from cases import CASES

    peer = Pykan(environment(chosen.environment))
    results = {name: measure(name, peer, chosen.rounds) for name in CASES}
    where = machine()
    print(table(results, where))
    if chosen.write:
        write(results, where)


if __name__ == "__main__":
    main()
