"""Errors and seconds of solved differential equations, against bars.

    python benchmarks/equations.py [--cases poisson] [--seeds 3]

Ends with status 1 if a bar does not hold for one of the seeds. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np
from bars import number
from machine import describe, signature
from problems import PROBLEMS, SolvedProblem
from workers import THREADS

import kan

HEADER = ("equation", "asked", "seen from each seed", "holds", "published")


@dataclass(frozen=True)
class Answer:
    """What one seed brought."""

    error: float
    seconds: float

    @property
    def seen(self) -> str:
        return f"{number(self.error)} in {number(self.seconds, 3)} s"

    def holds(self, problem: SolvedProblem) -> bool:
        return self.error <= problem.most_error and self.seconds <= problem.most_seconds


def answer(problem: SolvedProblem, seed: int) -> Answer:
    """Solve a problem from one seed."""
    began = time.perf_counter()
    found = problem.solve(seed)
    seconds = time.perf_counter() - began
    return Answer(problem.error(found), seconds)


def row(problem: SolvedProblem, answers: list[Answer]) -> str:
    """A line of the table."""
    holds = all(one.holds(problem) for one in answers)
    seen = "; ".join(one.seen for one in answers)
    cells = (problem.label, problem.asked, seen, "yes" if holds else "NO", problem.published or "—")
    return line(cells)


def line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    parser.add_argument("--seeds", type=int, default=3, help="seeds 0, 1, ... (default 3)")
    chosen = parser.parse_args()

    kan.set_num_threads(THREADS)
    print(line(HEADER))
    print("|" + "---|" * len(HEADER))
    all_hold = True
    for problem in map(PROBLEMS.__getitem__, chosen.cases):
        answers = [answer(problem, seed) for seed in range(chosen.seeds)]
        all_hold &= all(one.holds(problem) for one in answers)
        print(row(problem, answers), flush=True)
    print()
    print(signature(describe(), {"kan": kan.__version__, "numpy": np.__version__}))
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main())
