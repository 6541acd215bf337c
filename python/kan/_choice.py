"""Which optimizer ``opt="auto"`` is: a cost model in multiply-adds."""

from __future__ import annotations

from dataclasses import dataclass

from ._architecture import Core
from ._fit_options import FitOptions
from ._problem import Problem

__all__ = ["Choice", "choose", "first_order_work", "second_order_work"]

# Levenberg-Marquardt steps of up to some tenths of a second, on matrices of up to 42 MB.
MOST_SECOND_ORDER_WORK = 2e9

# L-BFGS steps of up to some ten seconds.
MOST_FIRST_ORDER_WORK = 1e11

# Evaluations in one step of L-BFGS, and kernels in one of them: forward, scatter and dot.
EVALUATIONS, KERNELS = 25, 3

# Rows in a step where all of them would take too long.
BATCH = 1024


@dataclass(frozen=True)
class Choice:
    """An optimizer, the rows it sees in a step (-1 for all), and why."""

    opt: str
    batch: int
    reason: str


def choose(network: Core, problem: Problem, options: FitOptions) -> Choice:
    """Return the optimizer that fits a problem best."""
    if options.opt != "auto":
        return Choice(options.opt, options.batch, "asked for")
    rows = problem.train.count
    if options.weight_decay or 0 < options.batch < rows:
        return Choice("Adam", options.batch, "for batches and weight decay")
    if options.alpha:
        return Choice("LM", -1, "for a ridge")
    if problem.loss.function is not None:
        return Choice("LBFGS", -1, "for a function as loss_fn")
    if options.lr is not None:
        return Choice("LBFGS", -1, "for a learning rate and all rows in a step")
    second, first = second_order_work(network, rows), first_order_work(network, rows)
    if options.regulariser.lamb:
        if first <= MOST_FIRST_ORDER_WORK:
            return Choice("LBFGS", -1, "for a regulariser, which is no sum of squares")
    elif second <= MOST_SECOND_ORDER_WORK:
        return Choice("LM", -1, f"a step takes about {second:.0e} multiply-adds")
    elif first <= MOST_FIRST_ORDER_WORK:
        return Choice(
            "LBFGS", -1, f"a step takes about {first:.0e} multiply-adds, one of LM {second:.0e}"
        )
    return Choice("Adam", BATCH, f"a step of L-BFGS would take about {first:.0e} multiply-adds")


def first_order_work(network: Core, rows: int) -> float:
    """Return the multiply-adds of one step of L-BFGS."""
    return float(EVALUATIONS * KERNELS * rows * _touched(network))


def second_order_work(network: Core, rows: int) -> float:
    """Return the multiply-adds of one step of Levenberg-Marquardt.

    Each output of each row adds the outer product of what it touches, and the matrix is
    factorised: ``rows * outputs * touched**2 / 2 + parameters**3 / 6``.
    """
    parameters = float(network.trainable().sum())
    outputs = network.layers[-1].nodes
    return rows * outputs * float(_touched(network)) ** 2 / 2 + parameters**3 / 6


def _touched(network: Core) -> int:
    """Return how many parameters the output of one row depends on."""
    return sum(
        int(network.edge_mask(index).sum()) * (layer.degree + 2)
        for index, layer in enumerate(network.layers)
    )
