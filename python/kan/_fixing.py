"""Edges that become functions with names, and splines again, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _core
from ._activity import edge_outputs
from ._affine_fit import fit_function
from ._architecture import finite, interval
from ._arrays import Array
from ._attribution import Attribution
from ._edge import edge_of
from ._grids import respline
from ._library import SYMBOLIC_LIB
from ._symbolic_edges import Place, SymbolicPart, active, changed, parts_of

__all__ = ["Fixing", "Limits", "limits"]

# Where alpha and beta may begin: (low, high) each, None for wherever the function makes sense.
Limits = tuple[tuple[float, float] | None, tuple[float, float] | None]


class Fixing(Attribution):
    """What the edges (l, i, j) of a network consist of: a spline, a function, both or nothing."""

    def fix_symbolic(
        self,
        l: int,  # noqa: E741 - pykan's (l, i, j)
        i: int,
        j: int,
        fun_name: str,
        fit_params_bool: bool = True,
        a_range: Sequence[float] | None = None,
        b_range: Sequence[float] | None = None,
        verbose: bool = False,
        random: bool = False,
        log_history: bool = True,
    ) -> float | None:
        """Make an edge ``c f(a x + b) + d`` in place of its spline.

        Parameters
        ----------
        l, i, j : int
            The edge from input i of layer l to its sum j.
        fun_name : str
            A name of :data:`SYMBOLIC_LIB`.
        fit_params_bool : bool, default True
            Fit a, b, c, d to what the edge does on the training inputs; else they are 1, 0, 1, 0,
            or with `random` drawn from -1..1.
        a_range, b_range : (float, float), optional
            Where a and b may begin; by default wherever the function makes sense.
        verbose : bool, default False
            Print the numbers and r2.
        random : bool, default False
            See `fit_params_bool`.
        log_history : bool, optional
            Accepted for pykan's sake.

        Returns
        -------
        float or None
            The share r2 of the edge's variance that the fit explains; None without a fit.
        """
        place = self._place(l, i, j)
        if not isinstance(fun_name, str) or fun_name not in SYMBOLIC_LIB:
            raise ValueError(
                f"fun_name must be one of {', '.join(SYMBOLIC_LIB)}, got {fun_name!r}; "
                "add_symbolic adds others"
            )
        fit = None
        if fit_params_bool:
            begin = limits(a_range, b_range)
            fit = fit_function(fun_name, *self._points(place), *begin)
            part = SymbolicPart.canonical(fun_name, fit.parameters)
        else:
            draws = np.random.default_rng(self.seed).uniform(-1, 1, 4) if random else (1, 0, 1, 0)
            part = SymbolicPart(fun_name, tuple(float(n) for n in draws))  # type: ignore[arg-type]
        bare = changed(self._network, {place: None})  # what its name meant before is over
        made = changed(bare, {place: part}, {place: False})
        self._remember(place)
        self._network = made
        self._start = None
        if verbose and fit is not None:
            a, b, c, d = fit.parameters
            numbers = f"{c:.6g} * {fun_name}({a:.6g} x + {b:.6g}) + {d:.6g}"
            print(f"({l},{i},{j}): {numbers}, r2={fit.r2:.9g}")
        return None if fit is None else fit.r2

    def unfix_symbolic(self, l: int, i: int, j: int, log_history: bool = True) -> None:  # noqa: E741
        """Make an edge a spline again: the one it was, or one like its function."""
        place = self._place(l, i, j)
        if active(self._network, place)[1]:
            self.set_mode(*place, "n")

    def unfix_symbolic_all(self, log_history: bool = True) -> None:
        """Make all symbolic edges splines again."""
        for place in parts_of(self._network):
            self.unfix_symbolic(*place)

    def set_mode(self, l: int, i: int, j: int, mode: str, mask_n: float | None = None) -> None:  # noqa: E741
        """Choose what an edge consists of.

        Parameters
        ----------
        l, i, j : int
            The edge.
        mode : {"s", "n", "sn", "ns"} or other
            Its function, its spline, both, or (anything else) nothing. A function has to be there
            already; the spline is the one the edge had before, or like its function.
        mask_n : float, optional
            Factor of the spline.
        """
        place = self._place(l, i, j)
        if not isinstance(mode, str):
            raise TypeError(f"mode must be 's', 'n' or 'sn', got {mode!r}")
        wants_spline, wants_function = mode in ("n", "sn", "ns"), mode in ("s", "sn", "ns")
        has_spline, has_function = active(self._network, place)
        if wants_function and not has_function:
            raise ValueError(f"edge {place} has no function yet: use fix_symbolic")
        weight = 1.0 if mask_n is None else finite(mask_n, "mask_n")
        spline = self._spline_of(place) if wants_spline and not has_spline else None
        if has_spline and not wants_spline:
            self._remember(place)
        parts: dict[Place, SymbolicPart | None] = {} if wants_function else {place: None}
        self._network = changed(self._network, parts, {place: wants_spline})
        index, i, j = place
        if spline is not None:
            self._network.coefficients(index)[i, :, j] = spline
        if wants_spline and weight != 1.0:
            self._network.coefficients(index)[i, :, j] *= weight
        self._start = None

    # ---- what the search for functions needs too ----------------------------------------------

    def _place(self, l: Any, i: Any, j: Any) -> Place:  # noqa: E741
        edge = edge_of(self._network, l, i, j)
        return edge.layer, edge.source, edge.target

    def _points(self, place: Place) -> tuple[Array, Array]:
        """Return inputs and outputs of an edge on the reference inputs."""
        index, i, j = place
        x = _core.activations(self._network, self._reference_inputs(), index)
        y = edge_outputs(self._network, index, x.astype(np.float64))[:, i, j]
        return x[:, i].astype(np.float64), y

    def _remember(self, place: Place) -> None:
        """Keep the spline of an edge for `set_mode` and `unfix_symbolic`."""
        if active(self._network, place)[0]:
            self._splines[place] = edge_of(self._network, *place)

    def _spline_of(self, place: Place) -> Array:
        """Return coefficients and base weight (G+k+1,) that an edge had, or that are like it."""
        index, i, _ = place
        former = self._splines.get(place)
        if former is None:
            x, y = self._points(place)
            return respline(self._network, index, i, x, y)
        same = self._network.knots(index)[i]
        if former.knots.shape == same.shape and np.array_equal(former.knots, same):
            return np.append(former.coefficients, former.base_weight)
        at = np.linspace(same[0], same[-1], 4 * same.size)
        return respline(self._network, index, i, at, former(at).astype(np.float64))


def limits(a_range: Any, b_range: Any) -> Limits:
    """Return where alpha and beta may begin, checked."""
    return (
        None if a_range is None else interval(a_range, "a_range"),
        None if b_range is None else interval(b_range, "b_range"),
    )
