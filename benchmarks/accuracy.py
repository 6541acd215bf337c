"""Errors that this library reaches, beside what is asked of it and what pykan reaches.

    python benchmarks/accuracy.py [--cases toy j0] [--no-pykan] [--special] [--write]

Ends with status 1 if a row of ours does not hold. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from accuracy_table import FitOutcome, holds, table
from environments import Environments, add_environment_options, chosen_environments
from fit_protocol import ask_for_fit
from fits import FITS, SPECIAL, FitCase
from machine import describe
from table import between_markers
from workers import PeerError, Worker

HERE = Path(__file__).resolve().parent


@contextmanager
def worker(name: str, python: Path, cache: Path) -> Iterator[Worker]:
    """A process that fits, ended afterwards."""
    variables = {"TQDM_DISABLE": "1"}  # pykan's progress bars
    process = Worker(f"fit_{name}", python, cache, variables=variables)
    try:
        yield process
    finally:
        process.close()


def fit_all(outcome: FitOutcome, who: str, process: Worker, seeds: Sequence[int]) -> None:
    """Put the fits from all seeds into an outcome."""
    for seed in seeds:
        print(f"{outcome.case.name}: {who}, seed {seed}", file=sys.stderr, flush=True)
        fit, facts = ask_for_fit(process, outcome.case, seed)
        if not np.allclose(facts["data"], outcome.facts.get("ours", facts)["data"], rtol=1e-9):
            raise PeerError(f"{who} had other data")
        outcome.fits.setdefault(who, []).append(fit)
        outcome.facts[who] = facts


def measure(case: FitCase, ours: Worker, pykan: Worker | None) -> FitOutcome:
    """Fit a case, by pykan too if it takes part."""
    outcome = FitOutcome(case)
    fit_all(outcome, "ours", ours, case.seeds)
    if pykan is not None and case.pykan is not None:
        try:
            fit_all(outcome, "pykan", pykan, case.pykan.seeds)
        except PeerError as error:
            outcome.missing = str(error)
            print(f"{case.name}: no pykan: {error}", file=sys.stderr)
    return outcome


def run(
    cases: Sequence[FitCase], with_pykan: set[str], environments: Environments
) -> Iterator[FitOutcome]:
    """Outcomes of cases: one process for us, and one for pykan if it takes part in any."""
    cache = environments.cache
    with ExitStack() as stack:
        ours = stack.enter_context(worker("ours", Path(sys.executable), cache))
        pykan = None
        if any(case.name in with_pykan for case in cases):
            pykan = stack.enter_context(worker("pykan", environments.python("pykan"), cache))
        for case in cases:
            yield measure(case, ours, pykan if case.name in with_pykan else None)


def stored(outcomes: Sequence[FitOutcome], where: dict[str, Any]) -> dict[str, Any]:
    """What goes into the file of a run."""
    cases = {
        one.case.name: {
            "label": one.case.label,
            "bars": [
                {"asked": bar.asked, **asdict(verdict)}
                for bar, verdict in zip(one.case.bars, one.verdicts, strict=True)
            ],
            "fits": {who: [asdict(fit) for fit in fits] for who, fits in one.fits.items()},
            "facts": one.facts,
            "missing": one.missing,
        }
        for one in outcomes
    }
    return {"machine": where, "cases": cases}


def store(outcomes: Sequence[FitOutcome], where: dict[str, Any], output: Path) -> None:
    """Written after every case: a run takes long."""
    output.write_text(json.dumps(stored(outcomes, where), indent=1, ensure_ascii=False) + "\n")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--cases", nargs="+", choices=FITS, default=list(FITS), metavar="NAME", help=", ".join(FITS)
    )
    parser.add_argument("--no-pykan", action="store_true", help="measure this library alone")
    parser.add_argument(
        "--special",
        action="store_true",
        help="measure pykan on the special functions too, which takes minutes for each",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="store everything in a file")
    parser.add_argument(
        "--write",
        nargs="?",
        type=Path,
        const=HERE / "README.md",
        metavar="FILE",
        help="put the tables between <!-- accuracy --> and <!-- end --> in a file "
        "(benchmarks/README.md)",
    )
    add_environment_options(parser)
    return parser.parse_args()


def main() -> int:
    chosen, where = options(), describe()
    with_pykan = set() if chosen.no_pykan else {c.name for c in FITS.values() if c.pykan}
    if not chosen.special:
        with_pykan -= {case.name for case in SPECIAL}
    outcomes: list[FitOutcome] = []
    for outcome in run([FITS[n] for n in chosen.cases], with_pykan, chosen_environments(chosen)):
        outcomes.append(outcome)
        if chosen.json:
            store(outcomes, where, chosen.json)
    text = table(outcomes, where)
    print(text)
    if chosen.write:
        old = chosen.write.read_text(encoding="utf-8")
        chosen.write.write_text(between_markers(old, "accuracy", text), encoding="utf-8")
    return 0 if holds(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
