"""Which functions the edges of a network are, and the formula that they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _core
from ._affine_fit import AffineFit, best_fits
from ._architecture import finite, flag, fraction, integer
from ._fixing import Fixing, Limits, limits
from ._formula import formulas, in_units, means_and_deviations, placeholders, variables
from ._library import names_to_try
from ._refit import Observations, as_dtype
from ._search import Finding, Search
from ._suggestion import Report, Suggestion, scored
from ._symbolic_edges import Place, SymbolicPart, changed, spline_places

__all__ = ["Symbolic"]


class Symbolic(Fixing):
    """The search for symbolic edges, and the formula of a network.

    Edges are named (l, i, j): from input i of layer l to its sum j.
    """

    def suggest_symbolic(
        self,
        l: int,  # noqa: E741
        i: int,
        j: int,
        a_range: Sequence[float] | None = None,
        b_range: Sequence[float] | None = None,
        lib: Sequence[str] | None = None,
        topk: int = 5,
        verbose: bool = False,
        weight_simple: float = 0.8,
    ) -> Suggestion:
        """Rank the functions of the library by how well and how simply they describe an edge.

        Nothing changes. The score is pykan's, ``weight_simple * complexity + (1 - weight_simple)
        * log2(1 + 1e-5 - r2)``, the smallest first.

        Parameters
        ----------
        l, i, j : int
            The edge.
        a_range, b_range : (float, float), optional
            Where a and b of ``c f(a x + b) + d`` may begin.
        lib : list of str, optional
            Names to choose from; by default all of :data:`SYMBOLIC_LIB`.
        topk : int, default 5
            Rows of the table.
        verbose : bool, default False
            Print the table, which the result shows anyway.
        weight_simple : float, default 0.8
            Weight of the complexity, 0 to 1.

        Returns
        -------
        Suggestion
            ``(name, entry of SYMBOLIC_LIB, r2, complexity)`` of the best, with the table as
            `table`.
        """
        place = self._place(l, i, j)
        names, begin = names_to_try(lib), limits(a_range, b_range)
        weight = fraction(weight_simple, "weight_simple")
        fits = best_fits(*self._points(place), names, *begin, promising=0.0)
        suggestion = scored(fits, weight, integer(topk, "topk", 1))
        if verbose:
            print(suggestion.text())
        return suggestion

    def auto_symbolic(
        self,
        a_range: Sequence[float] | None = None,
        b_range: Sequence[float] | None = None,
        lib: Sequence[str] | None = None,
        verbose: int = 0,
        weight_simple: float | None = None,
        r2_threshold: float = 0.0,
    ) -> Report:
        """Find a function for every edge, as far as the whole network allows it.

        By default a function is accepted only if the loss on the training data allows it: the
        splines are first trained to the limit of the data, on finer grids, then replaced one by
        one, the most certain first; after each replacement all the rest is refitted by the method
        of Levenberg and Marquardt, and what makes the network worse is taken back. Of several that
        will do the simplest is taken. Edges that turn out to be nothing are removed. At the end
        all numbers are fitted to the limit of the precision. Without training data (a model that
        was loaded) the network itself says what is to be reproduced.

        Parameters
        ----------
        a_range, b_range : (float, float), optional
            Where a and b of ``c f(a x + b) + d`` may begin.
        lib : list of str, optional
            Names to choose from; by default all of :data:`SYMBOLIC_LIB`.
        verbose : int, default 0
            Print the report, which the result shows anyway.
        weight_simple : float, optional
            Choose by pykan's score instead (see `suggest_symbolic`), every edge by itself.
        r2_threshold : float, default 0
            Then only functions with at least this r2 are taken.

        Returns
        -------
        Report
            What became of every edge; edges that stay splines are named.
        """
        names, begin = names_to_try(lib), limits(a_range, b_range)
        if weight_simple is not None:
            report = self._by_score(names, begin, weight_simple, r2_threshold)
        else:
            report = self._by_loss(names, begin)
        if verbose:
            print(report)
        return report

    def symbolic_formula(
        self,
        var: Sequence[Any] | None = None,
        normalizer: Any = None,
        output_normalizer: Any = None,
        *,
        simplify: bool = False,
        splines: str = "error",
    ) -> tuple[list[Any], list[Any]]:
        """Return the network as sympy expressions, one per output, and its variables.

        Parameters
        ----------
        var : list, optional
            Symbols, names or expressions for the inputs; by default x_1, x_2, ...
        normalizer, output_normalizer : [mean, std], optional
            What all columns of X and the outputs were standardised with.
        simplify : bool, default False
            Replace numbers that are within 1e-6 of a small fraction, or of a simple multiple of
            pi, e or a root, where the loss on the training data does not rise.
        splines : {"error", "placeholder"}
            Raise where an edge is a spline still, or call it ``phi_l_i_j(x)``.

        Returns
        -------
        (list, list)
            Expressions and variables: ``model.symbolic_formula()[0][0]`` is the first output.

        Raises
        ------
        ValueError
            If an edge is a spline still.
        """
        given = variables(var, self._given_inputs)
        chosen = [given[column] for column in self._columns]
        if normalizer is not None:
            pair = means_and_deviations(normalizer, "normalizer", self._given_inputs)
            normalizer = [one[self._columns] for one in pair]
        if not flag(simplify, "simplify"):
            found = formulas(self._network, chosen, normalizer, output_normalizer, splines)
            return found, given
        from ._constants import simplified

        plain = placeholders(len(chosen))
        found = formulas(self._network, plain, normalizer, output_normalizer, splines)
        rows = in_units(self._observations(), normalizer, output_normalizer)
        named = dict(zip(plain, chosen, strict=True))
        return [one.xreplace(named) for one in simplified(found, plain, rows)], given

    # ---- what these share ---------------------------------------------------------------------

    def _observations(self) -> Observations:
        """Return the training data in float64; without, what the network says of its inputs."""
        x = self._reference_inputs().astype(np.float64)
        seen = self._training_targets
        if seen is None:
            said = _core.predict(as_dtype(self._network, "float64"), x)
            return Observations(x, said, measured=False)
        loss, y, weight = seen
        labels = y if loss == "cross_entropy" else np.ascontiguousarray(y, dtype=np.float64)
        weights = None if weight is None else np.ascontiguousarray(weight, dtype=np.float64)
        return Observations(x, labels, loss, weights)

    def _by_loss(self, names: Sequence[str], begin: Limits) -> Report:
        observations = self._observations()
        before = dict(self._splines)
        for place in spline_places(self._network):
            self._remember(place)
        search = Search(as_dtype(self._network, "float64"), observations, names, *begin)
        try:
            found = as_dtype(search.run(), self._network.dtype)
        except BaseException:
            self._splines = before
            raise
        self._network = found
        self._start = None
        return Report(list(search.findings.values()))

    def _by_score(
        self,
        names: Sequence[str],
        begin: Limits,
        weight_simple: float,
        r2_threshold: float,
    ) -> Report:
        weight = fraction(weight_simple, "weight_simple")
        least = finite(r2_threshold, "r2_threshold")
        findings = []
        parts: dict[Place, SymbolicPart | None] = {}
        for place in spline_places(self._network):
            fits = best_fits(*self._points(place), names, *begin)
            best: AffineFit = scored(fits, weight, 1).fits[0]
            taken = best.r2 >= least
            if taken:
                parts[place] = SymbolicPart.canonical(best.name, best.parameters)
            findings.append(Finding(place, best.name if taken else None, best.r2, None))
        for place in parts:
            self._remember(place)
        self._network = changed(self._network, parts, dict.fromkeys(parts, False))
        self._start = None
        return Report(findings)
