"""What is asked of a fit, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

__all__ = [
    "Bar",
    "BestError",
    "ErrorsAt",
    "Fit",
    "NeverWorse",
    "SecondsOfFit",
    "Slope",
    "Verdict",
    "best",
    "number",
]


@dataclass(frozen=True)
class Fit:
    """A network trained from one seed: test RMSE by number of grid intervals, and seconds."""

    seed: int
    errors: dict[int, float]
    seconds: float

    @property
    def least(self) -> float:
        """Test RMSE on the grid that suits best."""
        return min(self.errors.values())


@dataclass(frozen=True)
class Verdict:
    """What was seen of a bar, in words, and whether it holds."""

    seen: str
    holds: bool


class Bar(Protocol):
    """Something to be asked of fits from all seeds of a case."""

    @property
    def asked(self) -> str:
        """The bar in words."""

    def judge(self, fits: list[Fit]) -> Verdict:
        """Whether it holds."""


def best(fits: list[Fit]) -> Fit:
    """The fit from the seed that suits best."""
    return min(fits, key=lambda fit: fit.least)


def number(value: float, digits: int = 2) -> str:
    """A few significant digits without idle zeros: 4.1e-7, 0.032, 1.6."""
    if 1e-2 <= value < 1e2 or value == 0 or not np.isfinite(value):
        return f"{value:.{digits}g}"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"


def exactly(value: float) -> str:
    """A limit as it was set."""
    return number(value, 3)


@dataclass(frozen=True)
class BestError:
    """An error that the best grid of the best seed must reach."""

    limit: float

    @property
    def asked(self) -> str:
        return f"≤ {exactly(self.limit)}"

    def judge(self, fits: list[Fit]) -> Verdict:
        fit = best(fits)
        at = min(fit.errors, key=fit.errors.__getitem__)
        return Verdict(f"{number(fit.least)} at G={at}", fit.least <= self.limit)


@dataclass(frozen=True)
class ErrorsAt:
    """Errors that the best seed must reach on some of its grids."""

    limits: dict[int, float] = field(hash=False)

    @property
    def asked(self) -> str:
        grids = "/".join(map(str, self.limits))
        return f"≤ {' / '.join(map(exactly, self.limits.values()))} at G={grids}"

    def judge(self, fits: list[Fit]) -> Verdict:
        errors = best(fits).errors
        seen = [errors.get(grid, np.inf) for grid in self.limits]
        kept = all(error <= limit for error, limit in zip(seen, self.limits.values(), strict=True))
        return Verdict(" / ".join(map(number, seen)), kept)


@dataclass(frozen=True)
class Slope:
    """How fast the error falls: a straight line through log error against log G.

    The line goes through the grids from `first` on whose errors, and those of all before, are at
    least `floor`.
    """

    most: float
    first: int = 10
    floor: float = 0.0

    @property
    def asked(self) -> str:
        until = f" until {number(self.floor)}" if self.floor else ""
        return f"slope ≤ {self.most:.1f} from G={self.first}{until}"

    def judge(self, fits: list[Fit]) -> Verdict:
        errors = {grid: e for grid, e in best(fits).errors.items() if grid >= self.first}
        grids: list[int] = []
        for grid, error in sorted(errors.items()):
            if error < self.floor:
                break
            grids.append(grid)
        if len(grids) < 2:
            return Verdict("slope of one grid", False)
        logs = [np.log(errors[grid]) for grid in grids]
        slope = float(np.polyfit(np.log(grids), logs, 1)[0])
        return Verdict(f"slope {slope:.2f} to G={grids[-1]}", slope <= self.most)


@dataclass(frozen=True)
class NeverWorse:
    """How many times the least error so far a finer grid may have."""

    times: float = 2.0

    @property
    def asked(self) -> str:
        return f"no grid over {number(self.times)}× a coarser one"

    def judge(self, fits: list[Fit]) -> Verdict:
        errors = [error for _, error in sorted(best(fits).errors.items())]
        least = np.minimum.accumulate(errors)
        worst = max(np.array(errors[1:]) / least[:-1], default=0.0)
        return Verdict(f"{worst:.2f}×", bool(worst <= self.times))


@dataclass(frozen=True)
class SecondsOfFit:
    """Seconds that no fit from any seed may exceed."""

    most: float

    @property
    def asked(self) -> str:
        return f"≤ {number(self.most)} s"

    def judge(self, fits: list[Fit]) -> Verdict:
        seconds = max(fit.seconds for fit in fits)
        return Verdict(f"{number(seconds, 3)} s", seconds <= self.most)
