"""What a search for functions has to say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ._affine_fit import AffineFit
from ._library import SYMBOLIC_LIB, freedom_of

if TYPE_CHECKING:
    from ._search import Finding

# Of two functions as good as each other the one with fewer numbers of its own comes first.
TIE = 1e-3

__all__ = ["Report", "Suggestion", "scored"]


class Suggestion(tuple[str, Any, float, float]):
    """The best function for an edge, ``(name, entry, r2, complexity)``, and the table of others.

    Attributes
    ----------
    fits : list of AffineFit
        The best functions with their numbers, the best first.
    table : list of dict
        Their rows: function, r2, loss (of r2), complexity, score.
    """

    fits: list[AffineFit]
    table: list[dict[str, Any]]

    def text(self) -> str:
        """Return the table as text."""
        head = f"{'function':<12}{'r2':>14}{'r2 loss':>10}{'complexity':>12}{'score':>10}"
        rows = [
            f"{row['function']:<12}{row['r2']:>14.9f}{row['r2 loss']:>10.3f}"
            f"{row['complexity']:>12g}{row['score']:>10.3f}"
            for row in self.table
        ]
        return "\n".join([head, *rows])

    def __repr__(self) -> str:
        return self.text()


def scored(fits: Sequence[AffineFit], weight_simple: float, most: int) -> Suggestion:
    """Rank fits by pykan's score and return the best `most`."""
    rows = [(_score(fit, weight_simple), fit) for fit in fits]
    rows.sort(key=lambda row: row[0] + TIE * freedom_of(row[1].name).count)
    best = rows[0][1]
    suggestion = Suggestion((best.name, SYMBOLIC_LIB[best.name], best.r2, best.complexity))
    suggestion.fits = [fit for _, fit in rows[:most]]
    suggestion.table = [
        {
            "function": fit.name,
            "r2": fit.r2,
            "r2 loss": _r2_loss(fit.r2),
            "complexity": fit.complexity,
            "score": score,
        }
        for score, fit in rows[:most]
    ]
    return suggestion


def _r2_loss(r2: float) -> float:
    return math.log2(max(1.0 + 1e-5 - r2, 1e-12))


def _score(fit: AffineFit, weight_simple: float) -> float:
    return weight_simple * fit.complexity + (1.0 - weight_simple) * _r2_loss(fit.r2)


class Report:
    """What became of the edges in `auto_symbolic`.

    Attributes
    ----------
    findings : list of Finding
        Edge ``place`` (l, i, j), ``name`` of its function ("0" if it was removed, None if it is
        a spline still), ``r2`` of the fit it began with, ``loss`` of the network after it.
    numeric : list of (l, i, j)
        Edges that are splines still.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = sorted(findings, key=lambda finding: finding.place)

    @property
    def numeric(self) -> list[tuple[int, int, int]]:
        """Edges that stayed splines: no function of the library describes them well enough."""
        return [finding.place for finding in self.findings if finding.name is None]

    def __repr__(self) -> str:
        if not self.findings:
            return "no edge was a spline"
        return "\n".join(_line(finding) for finding in self.findings)


def _line(finding: Finding) -> str:
    place = f"({', '.join(map(str, finding.place))})"
    if finding.name is None:
        return f"{place} stays a spline: no function will do, the best has r2={finding.r2:.9g}"
    if finding.name == "0":
        return f"{place} removed"
    return f"{place} is {finding.name}, r2={finding.r2:.9g}"
