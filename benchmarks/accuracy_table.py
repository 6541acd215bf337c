"""The Markdown tables of accuracy.py: what was asked, what was seen, what pykan reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bars import Fit, Verdict, best, number
from fits import SPECIAL, FitCase
from machine import signature
from table import NONE, factor

__all__ = ["FitOutcome", "holds", "table", "tenths"]

HEADER = ("fit", "asked", "ours", "holds", "s", "pykan", "s", "its error / ours")
BY_GRID = ("fit", "by", "s", "test RMSE by grid intervals")
ENOUGH_TENTHS = 9


@dataclass
class FitOutcome:
    """What was measured of a case, ours and pykan's; `missing` says why pykan's is not there."""

    case: FitCase
    fits: dict[str, list[Fit]] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    missing: str = ""

    @property
    def verdicts(self) -> list[Verdict]:
        """One per bar of the case."""
        return [bar.judge(self.fits["ours"]) for bar in self.case.bars]

    @property
    def holds(self) -> bool:
        return all(verdict.holds for verdict in self.verdicts)

    def seconds(self, who: str) -> float:
        """Of the fits from all seeds together."""
        return sum(fit.seconds for fit in self.fits[who])


def tenths(outcomes: Sequence[FitOutcome]) -> Verdict | None:
    """On how many special functions ours is below a tenth of the paper's; None without them all."""
    measured = {one.case.name: one for one in outcomes if one.case.paper is not None}
    if len(measured) < len(SPECIAL):
        return None
    below = sum(
        best(one.fits["ours"]).least < one.case.paper / 10
        for one in measured.values()
        if one.case.paper is not None
    )
    return Verdict(f"{below} of {len(SPECIAL)}", below >= ENOUGH_TENTHS)


def holds(outcomes: Sequence[FitOutcome]) -> bool:
    """Whether every row of ours holds."""
    together = tenths(outcomes)
    return all(one.holds for one in outcomes) and (together is None or together.holds)


def yes(kept: bool) -> str:
    return "yes" if kept else "**no**"


def best_of(fits: list[Fit]) -> str:
    return f" (best of {len(fits)})" if len(fits) > 1 else ""


def row(one: FitOutcome) -> list[str]:
    """A case: its bars in one cell, what was seen of them in the next."""
    cells = [
        one.case.label,
        "; ".join(bar.asked for bar in one.case.bars),
        "; ".join(verdict.seen for verdict in one.verdicts) + best_of(one.fits["ours"]),
        yes(one.holds),
        f"{one.seconds('ours'):.2f}",
    ]
    if "pykan" not in one.fits:
        return [*cells, NONE, NONE, NONE]
    ours, pykan = best(one.fits["ours"]), best(one.fits["pykan"])
    grid = min(pykan.errors, key=pykan.errors.__getitem__)
    error = f"{number(pykan.least)} at G={grid}{best_of(one.fits['pykan'])}"
    return [*cells, error, f"{one.seconds('pykan'):.0f}", factor(pykan.least, ours.least)]


def grid_rows(one: FitOutcome) -> list[list[str]]:
    """Errors on all grids, from the best seeds, ours above pykan's."""
    return [
        [
            one.case.label,
            who,
            f"{fit.seconds:.2f}",
            ", ".join(f"{grid}: {number(error)}" for grid, error in fit.errors.items()),
        ]
        for who, fit in ((who, best(fits)) for who, fits in one.fits.items())
    ]


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(cells) + " |" for cells in rows]


def table(outcomes: Sequence[FitOutcome], where: dict[str, Any]) -> str:
    """All rows, the errors by grid where pykan took part, and what one must know to read them."""
    rows = [row(one) for one in outcomes]
    together = tenths(outcomes)
    if together is not None:
        asked = f"below a tenth of the paper's on ≥ {ENOUGH_TENTHS}"
        cells = ["special functions", asked, together.seen, yes(together.holds)]
        rows.append([*cells, *[NONE] * (len(HEADER) - len(cells))])
    lines = markdown(HEADER, rows)
    both = [one for one in outcomes if "pykan" in one.fits]
    if both:
        lines += ["", *markdown(BY_GRID, [cells for one in both for cells in grid_rows(one)])]
    return "\n".join([*lines, "", footnote(outcomes, where)])


def footnote(outcomes: Sequence[FitOutcome], where: dict[str, Any]) -> str:
    versions: dict[str, str] = {}
    steps: dict[str, int] = {}
    for one in outcomes:
        for facts in one.facts.values():
            versions |= facts["versions"]
        if "pykan" in one.fits and one.case.pykan is not None:
            kind = "toys" if one.case.paper is None else "special functions"
            steps[kind] = one.case.pykan.steps
    text = (
        "Test RMSE on 1000 unseen points, float64, of the grid and the seed that suit best; "
        "seconds of `fit` on all grids, from all seeds together. "
    )
    if any(one.case.paper is not None for one in outcomes):
        text += (
            "Special functions: asked is the error of the best KAN in the paper's table, "
            "whose boxes are not published; ours are in `targets.py`. "
        )
    if steps:
        each = ", ".join(f"{count} ({kind})" for kind, count in steps.items())
        text += f"pykan: steps of L-BFGS on every grid {each}, `refine` between grids. "
    return text + signature(where, versions)
