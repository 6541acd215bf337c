"""What of a function is a sum, or a product, or a function of a sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from ._architecture import finite, flag, integer, one_of
from ._arrays import Array
from ._containers import given_back
from ._molecules import clusters, labels_of
from ._slopes import LEAST_GRADIENT, ScalarFunction, typical

__all__ = ["coupling_between", "detect_separability", "separates", "separates_in_general"]

Function = Callable[[Any], Any]


def detect_separability(
    model: Function,
    x: Any,
    mode: str = "add",
    score_th: float = 1e-2,
    res_th: float = 1e-2,
    n_clusters: int | None = None,
    bias: float = 0.0,
    verbose: bool = False,
) -> dict[str, Any]:
    """Find the smallest groups of inputs that a function is a sum, or a product, of functions of.

    The coupling of two inputs is the median of ``|d2 f / dx_i dx_j| std(x_i) std(x_j) / std(f)``;
    with ``mode="mul"`` that of ``log |f + bias|``, not divided.

    Parameters
    ----------
    model : callable
        The function.
    x : array-like or tensor
        Inputs (N, n_in).
    mode : {"add", "mul"}
        Sum or product.
    score_th : float, default 1e-2
        Inputs that couple at least so strongly are in one group.
    res_th : float, default 1e-2
        Share of all coupling that may be between groups.
    n_clusters : int, optional
        Number of groups, in place of both thresholds.
    bias : float, default 0
        What is to be added to a function to make it a product.
    verbose : bool, default False
        Print what is found.

    Returns
    -------
    dict
        ``hessian`` the couplings (n_in, n_in), ``n_groups``, ``labels`` the group of each input
        (n_in,), and ``groups``, lists of inputs.
    """
    scalar = ScalarFunction(model, x)
    least = finite(score_th, "score_th", 0.0)
    most_share = finite(res_th, "res_th", 0.0)
    wanted = None if n_clusters is None else integer(n_clusters, "n_clusters", 1, scalar.count)
    coupling = _coupling(scalar, mode, bias)
    total = max(coupling.sum(), least)

    def enough(groups: list[list[int]]) -> bool:
        if wanted is not None:
            return len(groups) == wanted
        between = coupling[_apart(labels_of(groups, scalar.count))]
        strongest = between.max(initial=0.0)
        return bool(strongest < least and between.sum() <= most_share * total)

    groups = clusters(coupling, enough)
    if flag(verbose, "verbose"):
        print(f"{len(groups)} groups: {groups}")
    return {
        "hessian": given_back(coupling, x),
        "n_groups": len(groups),
        "labels": labels_of(groups, scalar.count),
        "groups": groups,
    }


def separates(
    model: Function,
    x: Any,
    groups: Sequence[Sequence[int]],
    mode: str = "add",
    threshold: float = 1e-2,
    bias: float = 0.0,
) -> bool:
    """Return whether a function is a sum (or product) of functions of each group and of the rest.

    Inputs of different groups, or of a group and none, must couple less than `threshold`; see
    :func:`detect_separability`.
    """
    most = finite(threshold, "threshold", 0.0)
    return coupling_between(ScalarFunction(model, x), groups, mode, bias) < most


def coupling_between(
    scalar: ScalarFunction, groups: Sequence[Sequence[int]], mode: str, bias: float = 0.0
) -> float:
    """Return the strongest coupling of two inputs that are not in the same group."""
    apart = _apart(labels_of(groups, scalar.count))
    return float(_coupling(scalar, mode, bias)[apart].max(initial=0.0))


def separates_in_general(
    model: Function, x: Any, groups: Sequence[Sequence[int]], threshold: float = 1e-2
) -> bool:
    """Return whether a function depends on a sum of functions of each group: F(a(x_A) + b(x_B)).

    F may depend on inputs of no group too. For inputs A and B of different groups the ratio
    ``(df/dB) / (df/dA)`` must then be a product of functions of each group, and for those of the
    same group a function of that group. So between groups the logarithms of the ratios have no
    second, or not even first, derivatives: their medians, in units of the inputs' standard
    deviations, must be less than `threshold`.
    """
    scalar = ScalarFunction(model, x)
    labels = labels_of(groups, scalar.count)
    most = finite(threshold, "threshold", 0.0)
    sizes = typical(scalar.gradient(scalar.x)) * scalar.deviation
    matter = (labels >= 0) & (sizes > LEAST_GRADIENT * sizes.max())
    pairs = list(combinations(np.flatnonzero(matter).tolist(), 2))

    @np.errstate(divide="ignore")
    def logarithms(at: Array) -> Array:
        logs: Array = np.log(np.abs(scalar.gradient(at)))
        return logs

    slopes = [scalar.along(logarithms, i) for i in range(scalar.count)]
    for i, slope in enumerate(slopes):
        alike = [(a, b) for a, b in pairs if labels[a] == labels[b] != labels[i]]
        if not _agree(slope, scalar, [i], alike, most):
            return False
    unlike = [(a, b) for a, b in pairs if labels[a] != labels[b]]
    return all(
        _agree(scalar.along(slopes[i], j), scalar, [i, j], unlike, most)
        for i, j in np.argwhere(np.triu(_apart(labels)))
    )


def _agree(
    field: Callable[[Array], Array],
    scalar: ScalarFunction,
    along: list[int],
    pairs: list[tuple[int, int]],
    most: float,
) -> bool:
    """Return whether derivatives (N, n_in) of logarithms along some inputs agree in pairs."""
    if not pairs:
        return True
    values = field(scalar.x) * np.prod(scalar.deviation[along])
    return all(typical(values[:, b] - values[:, a]) < most for a, b in pairs)


def _coupling(scalar: ScalarFunction, mode: str, bias: float) -> Array:
    """Return how strongly each two inputs work together, (n_in, n_in)."""
    if one_of(mode, "mode", ("add", "mul")) == "add":
        second = scalar.hessian(scalar.gradient) / scalar.unit
    else:
        second = scalar.hessian(scalar.logarithmic_gradient(finite(bias, "bias")))
    coupling = typical(second) * np.outer(scalar.deviation, scalar.deviation)
    symmetric: Array = (coupling + coupling.T) / 2
    return symmetric


def _apart(labels: Array) -> Array:
    """Return which pairs of inputs are not in the same group, (n_in, n_in)."""
    apart: Array = labels[:, np.newaxis] != labels
    return apart
