"""Training on finer and finer grids in one call of `fit`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ._fit import Run, Stage
from ._fit_options import FitOptions
from ._grids import refined
from ._history import History
from ._problem import Problem

__all__ = ["fit_on_grids"]

# Where the damping of one grid is not taken over by the next, relative to the mean curvature.
LEAST_DAMPING, MOST_DAMPING = 1e-8, 1e-3

# What may be followed by a finer grid.
MAY_GO_ON = ("steps", "converged", "plateau", "patience")


def fit_on_grids(
    model: Any, problem: Problem, options: FitOptions, grids: list[int]
) -> History:
    """Train on each grid in turn, each from what the one before learnt.

    Grids but the last are left when they have given what they can. With held-out rows the best
    network on them is kept, whatever its grid, and a grid that brings nothing is the last.
    """
    history = History()
    best: Run | None = None
    stage = Stage()
    for number, intervals in enumerate(grids):
        if set(layer.intervals for layer in model._network.layers) != {intervals}:
            model._network = refined(model._network, [intervals] * model.depth)
        stage = replace(stage, first=number == 0, last=number + 1 == len(grids))
        run = Run(model, model._network, problem, options, stage)
        history.append(run.go(), intervals)
        if problem.validation is not None and best is not None and best.value <= run.value:
            model._network = best.network
            history.stopped = "validation"
            break
        best = run
        if history.stopped not in MAY_GO_ON:
            break
        stage = replace(stage, damping=_taken_over(run.damping))
    return history


def _taken_over(damping: float | None) -> float | None:
    return None if damping is None else min(max(damping, LEAST_DAMPING), MOST_DAMPING)
