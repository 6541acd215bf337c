"""The calls of pykan's first tutorial, hellokan, timed one by one.

    python benchmarks/hellokan.py [--runs 5]

Prints the seconds of every stage, the best of the runs, beside the seconds that the saved tutorial
of pykan shows for it; ends with status 1 if the calls without plots take more than 0.5 s, those
with plots more than 4 s, or a number of the formula is off by more than 1e-8. See
benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import matplotlib as mpl
import numpy as np
import sympy

import kan

mpl.use("Agg")

MOST, MOST_WITH_PLOTS, MOST_ERROR = 0.5, 4.0, 1e-8
LIBRARY = ["x", "x^2", "x^3", "x^4", "exp", "log", "sqrt", "tanh", "sin", "abs"]
PYKAN = {"sparse fit": 9.0, "fit": 6.0, "fit on the finer grid": 6.0, "fit of the formula": 2.0}


class Tutorial:
    """The stages of hellokan, each with its seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.plots = 0.0
        self.model: Any = None

    def timed(self, name: str, call: Callable[[], Any]) -> Any:
        began = perf_counter()
        result = call()
        self.seconds[name] = perf_counter() - began
        return result

    def plot(self) -> None:
        began = perf_counter()
        self.model.plot().savefig("/dev/null", format="png")
        self.plots += perf_counter() - began

    def run(self) -> Any:
        """Go through the tutorial; return the formula as it is."""
        data = self.timed("dataset", lambda: kan.create_dataset(target, n_var=2))
        self.model = self.timed("model", lambda: kan.KAN([2, 5, 1], grid=3, k=3, seed=42))
        self.plot()
        self.fit("sparse fit", data, lamb=0.001)
        self.plot()
        self.model = self.timed("prune", lambda: self.model.prune())
        self.plot()
        self.fit("fit", data)
        self.model = self.timed("refine", lambda: self.model.refine(10))
        self.fit("fit on the finer grid", data)
        self.timed("auto_symbolic", lambda: self.model.auto_symbolic(lib=LIBRARY))
        self.fit("fit of the formula", data)
        formula = self.timed("formula", lambda: self.model.symbolic_formula()[0][0])
        self.timed("ex_round", lambda: kan.ex_round(formula, 4))
        return formula

    def fit(self, name: str, data: Any, **options: Any) -> None:
        call = {"opt": "LBFGS", "steps": 50, "verbose": False, **options}
        self.timed(name, lambda: self.model.fit(data, **call))


def target(x: Any) -> Any:
    return np.exp(np.sin(np.pi * x[:, [0]]) + x[:, [1]] ** 2)


def error(formula: Any) -> float:
    """Return how far the numbers of a formula are from exp(x_2^2 + sin(pi x_1))."""
    x, y = sympy.symbols("x_1 x_2")
    a, b, c, d, e, f, g = sympy.symbols("a:g", cls=sympy.Wild, exclude=[x, y])
    found = sympy.expand(sympy.log(formula.as_coeff_Add()[1]), force=True).match(
        sympy.expand(a * y**2 + b * y + c) + d * sympy.sin(e * x + f) + g
    )
    if found is None:
        return float("inf")
    wanted = {a: 1, b: 0, d: 1, e: sympy.pi, f: 0}
    off = [abs(float(found[one] - value)) for one, value in wanted.items()]
    constant = abs(float(found[c] + found[g])) + abs(float(formula.as_coeff_Add()[0]))
    return max(*off, constant)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = []
    for _ in range(parser.parse_args().runs):
        tutorial = Tutorial()
        runs.append((tutorial, tutorial.run()))
    best, formula = min(runs, key=lambda run: sum(run[0].seconds.values()))
    for name, seconds in best.seconds.items():
        pykan = f"{PYKAN[name]:g} s" if name in PYKAN else "-"
        print(f"{name:<24}{1e3 * seconds:>8.1f} ms   pykan {pykan}")
    total, off = sum(best.seconds.values()), error(formula)
    print(f"all without plots {total:.3f} s (most {MOST}), plots {best.plots:.2f} s")
    print(f"{formula}: numbers off by {off:.1e} (most {MOST_ERROR})")
    held = total <= MOST and total + best.plots <= MOST_WITH_PLOTS and off <= MOST_ERROR
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
