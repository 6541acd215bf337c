"""Formulas found by `fit`, `prune` and `auto_symbolic` alone, from data.

    python benchmarks/formulas.py [--laws x*y] [--seeds 5] [--noise 0.01] [--starts 4]

Ends with status 1 if a law is found from fewer than 4 of 5 seeds. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from laws import LAWS, Law

import kan

ROWS = 2000
SHARE = 0.8  # of the seeds that must find a law

# A formula is right if it misses the law by no more than this, relative to its deviation, on unseen
# points in the box and in one half as large again, as far as the law is defined there.
RIGHT, RIGHT_WITH_NOISE = 1e-6, 0.02
WIDER = 1.5


@dataclass(frozen=True)
class Attempt:
    """What became of one seed."""

    law: Law
    seed: int
    formula: str
    error: float
    seconds: float

    def is_right(self, noise: float) -> bool:
        return self.error <= (RIGHT_WITH_NOISE if noise else RIGHT)


def attempt(law: Law, seed: int, noise: float, starts: int) -> Attempt:
    """Look for a law from one seed of data and network."""
    data = samples(law, seed, noise)
    began = perf_counter()
    model = kan.KAN(list(law.width), grid=5, seed=seed)
    model.fit(data, steps=50, lamb=1e-3, starts=starts, verbose=False)
    model = model.prune()
    report = model.auto_symbolic()
    seconds = perf_counter() - began
    if report.numeric:
        return Attempt(law, seed, f"{len(report.numeric)} edges stay splines", np.inf, seconds)
    formula = model.symbolic_formula(simplify=True)[0][0]
    return Attempt(law, seed, str(formula), error(law, model), seconds)


def samples(law: Law, seed: int, noise: float) -> dict[str, Any]:
    """Return rows of a law, `noise` of its deviation added to the labels."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(*law.box, (ROWS, law.inputs))
    y = law.f(x)
    y = y + noise * y.std() * rng.standard_normal(ROWS)
    return {"train_input": x, "train_label": y[:, np.newaxis]}


def error(law: Law, model: kan.KAN) -> float:
    """Return how far a model misses the law at most, relative to the law's deviation."""
    low, high = law.box
    margin = (WIDER - 1) / 2 * (high - low)
    unit = np.random.default_rng(12345).random((2000, law.inputs))
    worst = 0.0
    for begin, end in ((low, high), (low - margin, high + margin)):
        x = begin + (end - begin) * unit
        with np.errstate(all="ignore"):
            y = law.f(x)
        fine = np.isfinite(y) & is_smooth(law, x)
        off = np.abs(model(x[fine])[:, 0] - y[fine])
        worst = max(worst, float(off.max() / y[fine].std()))
    return worst


def is_smooth(law: Law, x: Any) -> Any:
    """Tell where a law is defined without a singularity near: each input inside its signs."""
    low, _ = law.box
    inside = np.abs(x).max(axis=1) < 1 if law.name == "(u+v)/(1+uv)" else np.ones(len(x), bool)
    return inside & ((x > 0.5 * low).all(axis=1) if low > 0 else True)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--laws", nargs="+", choices=LAWS, default=list(LAWS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--noise", type=float, default=0.0, help="share of the labels' deviation")
    parser.add_argument("--starts", type=int, default=4, help="random starts of each fit")
    chosen = parser.parse_args()

    failed = []
    for name in chosen.laws:
        found = 0
        for seed in range(chosen.seeds):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                one = attempt(LAWS[name], seed, chosen.noise, chosen.starts)
            found += one.is_right(chosen.noise)
            mark = "right" if one.is_right(chosen.noise) else "WRONG"
            shown = one.formula if len(one.formula) < 120 else one.formula[:117] + "..."
            print(
                f"{name} | {seed} | {mark} | {one.error:.1e} | {one.seconds:.2f} s | {shown}",
                flush=True,
            )
        print(f"{name}: {found} of {chosen.seeds}", flush=True)
        if found < SHARE * chosen.seeds:
            failed.append(name)
    if failed:
        print(f"found from too few seeds: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
