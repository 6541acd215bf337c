"""How the inputs of a function join, group by group, to its value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ._architecture import finite, flag, one_of
from ._diagram import names_of
from ._molecules import Group, joined, molecules
from ._separability import coupling_between, separates_in_general
from ._slopes import ScalarFunction
from ._symmetry import dependence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["get_molecule", "get_tree_node", "plot_tree"]

Function = Callable[[Any], Any]
Levels = Sequence[Sequence[Sequence[int]]]


def get_molecule(
    model: Function, x: Any, sym_th: float = 1e-3, verbose: bool = False
) -> list[list[list[int]]]:
    """Join inputs to groups, and groups to larger ones, that the function sees through one number.

    Parameters
    ----------
    model : callable
        The function.
    x : array-like or tensor
        Inputs (N, n_in).
    sym_th : float, default 1e-3
        Threshold of :func:`test_symmetry`.
    verbose : bool, default False
        Print each test.

    Returns
    -------
    list
        Levels of groups: first each input alone, last all of them together.
    """
    scalar = ScalarFunction(model, x)
    threshold = finite(sym_th, "sym_th", 0.0)
    talks = flag(verbose, "verbose")

    def belong(group: Group) -> bool:
        symmetric = bool(dependence(scalar, group).max() < threshold)
        if talks:
            print(f"{group}: {'symmetric' if symmetric else 'not symmetric'}")
        return symmetric

    return molecules(scalar.count, belong)


def get_tree_node(
    model: Function, x: Any, moleculess: Levels, sep_th: float = 1e-2, skip_test: bool = True
) -> tuple[list[list[int]], list[list[str]]]:
    """Return of how many parts each group of :func:`get_molecule` is made, and how.

    Parameters
    ----------
    model : callable
        The function.
    x : array-like or tensor
        Inputs (N, n_in).
    moleculess : list
        Levels of groups.
    sep_th : float, default 1e-2
        Threshold of :func:`test_separability` and :func:`test_general_separability`.
    skip_test : bool, default True
        Do not test separability.

    Returns
    -------
    (list, list)
        For each level above the first, and each of its groups: the number of groups of the level
        below in it; and "Id" for one, "Add" or "Mul" where the function itself is a sum or a
        product of functions of them, whichever it is more nearly, "GS" (generally separable)
        where it depends on a sum of such, "" otherwise.
    """
    skips, most = flag(skip_test, "skip_test"), finite(sep_th, "sep_th", 0.0)
    arities, labels = [], []
    for below, level in pairwise(moleculess):
        parts = [joined([list(one) for one in below], list(group)) for group in level]
        arities.append([len(own) for own in parts])
        top = len(level) == 1
        labels.append([_label(model, x, own, most, skips=skips, top=top) for own in parts])
    return arities, labels


def _label(
    model: Function, x: Any, parts: list[Group], sep_th: float, *, skips: bool, top: bool
) -> str:
    if len(parts) == 1:
        return "Id"
    if skips:
        return ""
    if top:
        scalar = ScalarFunction(model, x)
        as_sum, as_product = (coupling_between(scalar, parts, mode) for mode in ("add", "mul"))
        if min(as_sum, as_product) < sep_th:
            return "Add" if as_sum <= as_product else "Mul"
    return "GS" if separates_in_general(model, x, parts, sep_th) else ""


def plot_tree(
    model: Function,
    x: Any,
    in_var: Sequence[object] | None = None,
    style: str = "tree",
    sym_th: float = 1e-3,
    sep_th: float = 1e-1,
    skip_sep_test: bool = False,
    verbose: bool = False,
) -> Figure:
    """Draw how the inputs of a function join, group by group, to its value.

    Parameters
    ----------
    model : callable
        The function.
    x : array-like or tensor
        Inputs (N, n_in) to test it at.
    in_var : list, optional
        Names of the inputs: strings or sympy expressions.
    style : {"tree", "box"}
        Draw groups as points, or as boxes.
    sym_th, sep_th : float, default 1e-3 and 1e-1
        Thresholds of :func:`get_molecule` and :func:`get_tree_node`.
    skip_sep_test : bool, default False
        Do not test separability.
    verbose : bool, default False
        Print each test of symmetry.

    Returns
    -------
    matplotlib Figure
        Nothing is shown and nothing is written.
    """
    from ._tree_drawing import draw_tree

    count = ScalarFunction(model, x).count
    given = names_of(in_var, "in_var", count, "inputs")
    names = given or [f"$x_{{{place + 1}}}$" for place in range(count)]
    chosen = one_of(style, "style", ("tree", "box"))
    levels = get_molecule(model, x, sym_th, verbose)
    _, labels = get_tree_node(model, x, levels, sep_th, skip_sep_test)
    figure: Figure = draw_tree(levels, labels, names, boxes=chosen == "box")
    return figure
