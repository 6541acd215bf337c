"""The best gamma f(alpha x + beta) + delta through the points of one edge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _core
from ._arrays import Array
from ._library import SYMBOLIC_LIB, core_name, freedom_of
from ._places import places
from ._tables import tabulated

__all__ = ["AffineFit", "best_fits", "fit_function"]

# Points that a scan looks at, and that the fit is refined on.
SCAN_POINTS, POINTS = 50, 250

# Places of a scan that are refined.
STARTS, STARTS_OF_USERS = 2, 8

# Iterations of a refinement, what one must bring of the misfit to be followed by another, and the
# misfit below which there is nothing left to find: training the network goes on from there.
MOST_ITERATIONS, WORTHWHILE, EXACT = 40, 1e-4, 1e-14
MOST_DAMPING = 1e8

# The share of its squares below which what varies of a function is its rounding.
CONSTANT = 1e-24

# A place that misses less makes the others of a scan needless.
SETTLED = 1e-4

# The share of the variance that a scan must find for a function to be looked at more closely, where
# others find as much.
PROMISING = 0.9


@dataclass(frozen=True)
class AffineFit:
    """A function of the library with its numbers, and the share of the variance it explains."""

    name: str
    parameters: tuple[float, float, float, float]  # alpha, beta, gamma, delta
    r2: float

    @property
    def complexity(self) -> float:
        """Complexity of the function."""
        return float(SYMBOLIC_LIB[self.name][2])


def fit_function(
    function: str | Callable[[Any], Any],
    x: Array,
    y: Array,
    a_range: Any = None,
    b_range: Any = None,
) -> AffineFit:
    """Return the best fit of one function, or its name, to y (N,) at x (N,).

    A coarse scan of alpha and beta over what makes sense for the function on the range of x (and
    in `a_range` and `b_range`, if given), then Gauss and Newton from the best places, gamma and
    delta eliminated. Redundant numbers stay 1 and 0 (see :class:`kan._library.Freedom`).
    Functions that are not finite at every x do not count.
    """
    name, fun = (function, None) if isinstance(function, str) else ("", function)
    return _Problem(name, *_spread(x, y), a_range, b_range, fun).best()


def _spread(x: Array, y: Array) -> tuple[Array, Array]:
    """Return points evenly spread over the sorted x."""
    order = np.argsort(x, kind="stable")
    chosen = order[np.linspace(0, x.size - 1, min(x.size, POINTS)).astype(np.intp)]
    return x[chosen].astype(np.float64), y[chosen].astype(np.float64)


class _Problem:
    """One function and the points it should go through, y of mean 0 and deviation 1."""

    def __init__(
        self,
        name: str,
        x: Array,
        y: Array,
        a_range: Any = None,
        b_range: Any = None,
        fun: Callable[[Any], Any] | None = None,
    ) -> None:
        self.name, self.x = name, x
        self.mean, self.spread = float(y.mean()), float(y.std())
        varies = self.spread > 0.0 and np.isfinite(self.spread)
        self.y = (y - self.mean) / (self.spread if varies else 1.0)
        self.numeric = SYMBOLIC_LIB[name][0] if fun is None else fun
        self.core = core_name(name) if fun is None else None
        if fun is None and self.core is None:
            self.numeric = tabulated(name)
        self.freedom = freedom_of(name) if fun is None else freedom_of("sin")
        self.total = float(self.y @ self.y)
        self.starts = self._scanned(a_range, b_range) if varies and self.core != "0" else []

    @property
    def promise(self) -> float:
        """The r2 of the best place of the scan."""
        return self.starts[0][0] if self.starts else 0.0

    @np.errstate(all="ignore")  # what is not finite is not the best
    def best(self) -> AffineFit:
        """Return the best fit that the promising places lead to."""
        exact = self.spread == 0.0 and self.core == "0"
        best = AffineFit(self.name, (1.0, 0.0, 0.0, self.mean), 1.0 if exact else 0.0)
        for _, alpha, beta in self.starts:
            if best.r2 > 1.0 - SETTLED:
                break
            fit = self._refined(alpha, beta)
            if fit is not None and fit[4] > best.r2:
                alpha, beta, gamma, delta, r2 = fit
                scaled = (alpha, beta, gamma * self.spread, delta * self.spread + self.mean)
                best = AffineFit(self.name, scaled, r2)
        return _canonical(best)

    def _scanned(self, a_range: Any, b_range: Any) -> list[tuple[float, float, float]]:
        """Return (r2, alpha, beta) of the most promising places."""
        ends = float(self.x.min()), float(self.x.max())
        alpha, beta = places(self.core, self.freedom, ends, a_range, b_range)
        few = np.linspace(0, self.x.size - 1, min(self.x.size, SCAN_POINTS)).astype(np.intp)
        r2 = self._scan(alpha, beta, self.x[few], self.y[few])
        most = STARTS if self.core is not None else STARTS_OF_USERS
        order = np.argsort(-r2, kind="stable")[:most]
        return [(float(r2[n]), float(alpha[n]), float(beta[n])) for n in order]

    def _scan(self, alpha: Array, beta: Array, x: Array, y: Array) -> Array:
        """Return r2 at every place, 0 where the function is not finite."""
        with np.errstate(all="ignore"):
            f = self._function(np.outer(alpha, x) + beta[:, np.newaxis])
            whole = (f * f).sum(axis=1)
            f = f - f.mean(axis=1, keepdims=True)
            y = y - y.mean()
            squares = (f * f).sum(axis=1)
            r2 = (f @ y) ** 2 / (squares * (y @ y))
        return np.where(np.isfinite(r2) & (squares > CONSTANT * whole), r2, 0.0)

    def _refined(
        self, alpha: float, beta: float
    ) -> tuple[float, float, float, float, float] | None:
        """Return (alpha, beta, gamma, delta, r2) of the local best, or None outside the domain."""
        free = np.array([self.freedom.alpha == "free", self.freedom.beta])
        now = self._linear(alpha, beta)
        damping = 1e-2
        for _ in range(MOST_ITERATIONS if free.any() else 0):
            if now is None:
                return None
            gamma, _, residual, f, f1 = now
            by_beta = gamma * f1
            slopes = _without(f, np.stack([self.x * by_beta, by_beta])[free])
            before = float(residual @ residual)
            if before <= EXACT * self.total:
                break
            matrix, gradient = slopes @ slopes.T, slopes @ residual
            step, better = np.zeros(2), None
            while better is None and damping < MOST_DAMPING:
                step[free] = _damped_step(matrix, gradient, damping)
                trial = self._linear(alpha + step[0], beta + step[1])
                if trial is not None and float(trial[2] @ trial[2]) <= before:
                    better = trial
                damping *= 0.1 if better is not None else 10.0
            if better is None:
                break
            alpha, beta, now = alpha + step[0], beta + step[1], better
            if before - float(now[2] @ now[2]) <= WORTHWHILE * before:
                break
        if now is None:
            return None
        gamma, delta, residual = now[:3]
        return alpha, beta, gamma, delta, 1.0 - float(residual @ residual) / self.total

    def _function(self, u: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(self.numeric(u), dtype=np.float64)

    def _linear(self, alpha: float, beta: float) -> tuple[float, float, Array, Array, Array] | None:
        """Return gamma, delta, residual, f and f' at the points; None outside the domain."""
        f = self._function(alpha * self.x + beta)
        if not np.isfinite(f).all():
            return None
        centered = f - f.mean()
        with np.errstate(over="ignore", invalid="ignore"):
            square = float(centered @ centered)
        if not np.isfinite(square):
            return None
        gamma = float(centered @ self.y) / square if square > 0.0 else 0.0
        delta = float(self.y.mean() - gamma * f.mean())
        u = np.ascontiguousarray(alpha * self.x + beta)
        if self.core is not None:
            slope = _core.function_values(self.core, u, 1)[1]
        else:
            slope = _difference(self.numeric, u)
        if not np.isfinite(slope).all():
            return None
        return gamma, delta, self.y - gamma * f - delta, f, slope


def _damped_step(matrix: Array, gradient: Array, damping: float) -> Array:
    """Return the step of Marquardt for one or two numbers."""
    scale = matrix.diagonal() * (1.0 + damping) + 1e-12 * matrix.trace() + 1e-300
    if len(scale) == 1:
        line: Array = gradient / scale
        return line
    a, c = scale
    b = matrix[0, 1]
    determinant = a * c - b * b
    step = np.array([c * gradient[0] - b * gradient[1], a * gradient[1] - b * gradient[0]])
    result: Array = step / max(determinant, 1e-12 * a * c)
    return result


def _without(f: Array, rows: Array) -> Array:
    """Return rows without what f and a constant explain of them."""
    f = f - f.mean()
    rows = rows - rows.mean(axis=1, keepdims=True)
    square = float(f @ f)
    result: Array = rows - np.outer(rows @ f / square, f) if square > 0.0 else rows
    return result


def _difference(fun: Callable[[Any], Any], u: Array) -> Array:
    """Return a central difference of a function, of relative accuracy 1e-7 or so."""
    h = 6e-6 * np.maximum(1.0, np.abs(u))
    with np.errstate(all="ignore"):
        slope: Array = np.asarray((fun(u + h) - fun(u - h)) / (2 * h), dtype=np.float64)
        return slope


def _canonical(fit: AffineFit) -> AffineFit:
    """Return the same function with alpha > 0 and small phases, where it has such symmetries."""
    alpha, beta, gamma, delta = fit.parameters
    core = core_name(fit.name)
    odd = core in ("sin", "tan", "tanh", "arcsin", "arctan", "arctanh")
    even = core in ("cos", "gaussian", "cosh")
    if alpha < 0.0 and (odd or even):
        alpha, beta, gamma = -alpha, -beta, -gamma if odd else gamma
    if core in ("sin", "cos"):
        turns = np.round(beta / np.pi)
        beta, gamma = beta - turns * np.pi, gamma * (-1.0 if turns % 2 else 1.0)
    elif core == "tan":
        beta -= np.round(beta / np.pi) * np.pi
    return AffineFit(fit.name, (float(alpha), float(beta), float(gamma), float(delta)), fit.r2)


def best_fits(
    x: Array,
    y: Array,
    names: Sequence[str],
    a_range: Any = None,
    b_range: Any = None,
    promising: float = PROMISING,
) -> list[AffineFit]:
    """Return the fits of the functions that look promising in a scan, the best first."""
    x, y = _spread(x, y)
    problems = [_Problem(name, x, y, a_range, b_range) for name in names]
    least = min(promising, 0.9 * max(problem.promise for problem in problems))
    fits = [problem.best() for problem in problems if problem.promise >= least]
    return sorted(fits, key=lambda fit: -fit.r2)
