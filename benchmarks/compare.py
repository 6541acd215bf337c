"""This library against its peers: time of a training step and of a prediction, in one run.

    python benchmarks/compare.py [--cases sci wide] [--peers inkan mlp] [--quick] [--write]

Makes an environment for every peer on first use. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cases import CASES
from contender import Pace
from entrants import ENTRANTS
from environments import add_environment_options, chosen_environments
from machine import describe
from rounds import Outcome, Runner
from same_task import CRITERION, problems
from table import between_markers, table

__all__ = ["QUICK", "add_options", "runner"]

HERE = Path(__file__).resolve().parent
OURS = ("ours", "ours64")
PEERS = [name for name in ENTRANTS if name not in OURS]
QUICK = Pace(rounds=2, block=0.05, limit=2.0, training_limit=10.0, all_settings=False)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options that all tools with peers have."""
    parser.add_argument("--rounds", type=int, help="turns that everybody takes (default 7)")
    parser.add_argument("--quick", action="store_true", help="a smoke test: few, short blocks")
    parser.add_argument(
        "--keep-memory",
        action="store_true",
        help="make glibc keep large arrays for reuse, in all processes",
    )
    add_environment_options(parser)


def runner(chosen: argparse.Namespace) -> Runner:
    """What the options ask for."""
    pace = QUICK if chosen.quick else Pace()
    if chosen.rounds is not None:
        pace = Pace(**{**asdict(pace), "rounds": chosen.rounds})
    return Runner(chosen_environments(chosen), pace, chosen.keep_memory)


def store(result: dict[str, Any], output: Path) -> None:
    """Written after every case: a run takes long."""
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


def stored(
    outcomes: list[Outcome], where: dict[str, Any], run: Runner, earlier: dict[str, Any]
) -> dict[str, Any]:
    """What goes into the file of a run; a case measured again takes its earlier place."""
    conditions = {"machine": where, "pace": asdict(run.pace), "keep memory": run.keep_memory}
    measured = {
        one.case.name: {**conditions, "results": one.results, "missing": one.missing}
        for one in outcomes
    }
    both = earlier | measured
    return {
        "same task": CRITERION,
        "cases": {name: both[name] for name in CASES if name in both},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS)
    parser.add_argument("--output", type=Path, help="default benchmarks/results/compare.json")
    parser.add_argument(
        "--write",
        nargs="?",
        type=Path,
        const=HERE.parent / "README.md",
        metavar="FILE",
        help="put the table between <!-- compare --> and <!-- end --> in a file (README.md)",
    )
    parser.add_argument(
        "--add",
        action="store_true",
        help="keep what the output file says of the other cases, measured in runs of their own",
    )
    add_options(parser)
    chosen = parser.parse_args()

    where, run = describe(), runner(chosen)
    # A smoke test does not overwrite a measurement.
    usual = run.environments.cache / "quick.json" if chosen.quick else HERE / "results/compare.json"
    output = chosen.output or usual
    earlier = json.loads(output.read_text())["cases"] if chosen.add and output.exists() else {}
    entrants = [ENTRANTS[name] for name in (*OURS, *chosen.peers)]
    outcomes: list[Outcome] = []
    for name in chosen.cases:
        outcomes.append(run.run(CASES[name], entrants))
        result = stored(outcomes, where, run, earlier)
        store(result, output)
    text = table(result)
    print(text)
    found = [problem for one in outcomes for problem in problems(one.case, one.results)]
    for problem in found:
        print(f"NOT THE SAME TASK: {problem}", file=sys.stderr)
    if found:
        return 1
    if chosen.write:
        old = chosen.write.read_text(encoding="utf-8")
        chosen.write.write_text(between_markers(old, "compare", text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
