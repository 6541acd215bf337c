"""The search for functions that the whole network agrees with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from . import _core
from ._activity import edge_outputs
from ._affine_fit import AffineFit, best_fits
from ._architecture import Core
from ._arrays import Array
from ._choice import second_order_work
from ._gauge import without_redundancy
from ._grids import refined, update_grid
from ._library import SYMBOLIC_LIB, freedom_of
from ._rearranged import subnodes_of
from ._refit import ROUNDING, Observations, refit, unexplained
from ._rows import Rows
from ._symbolic_edges import Place, SymbolicPart, active, changed, parts_of, spline_places

__all__ = ["Finding", "Search"]

# Functions that are tried on an edge: the simplest of those that may do, and the best whatever
# they are. Steps of a refit after each replacement.
SIMPLEST, BEST = 8, 4
TRIAL_STEPS, POLISH_STEPS = 48, 200
POLISH_DAMPINGS = (1e-6, 1e-9)

# Finest grid of the splines that functions are measured against, the share of the rows that their
# parameters may number, and the multiply-adds that one step may take.
FINEST, MOST_SHARE, MOST_WORK = 80, 0.25, 1e9

# Functions are tried that miss at most so many times what the best one misses of an edge, or less
# than this share of its variance.
AS_GOOD, SURE = 100.0, 1e-6

# Edges below this share of their node's output may turn out to be nothing.
FAINT = 0.1

# The share of the targets' variance below which a formula is right.
EXACT = 1e-20

# What another function must bring once all edges have one.
CLEARLY = 0.01


@dataclass(frozen=True)
class Finding:
    """What became of one edge: its function, or None where it stays a spline."""

    place: Place
    name: str | None
    r2: float
    loss: float | None


@dataclass
class Search:
    """Replaces splines by functions, the most certain first, each time refitting all the rest.

    A function is accepted if the unexplained variance of the *whole* network (see
    :func:`kan._refit.unexplained`) rises by no more than a tenth over that of the splines at their
    best; of several the simplest is taken.
    """

    network: Core
    observations: Observations
    names: Sequence[str]
    a_range: Any = None
    b_range: Any = None
    findings: dict[Place, Finding] = field(default_factory=dict)

    def run(self) -> Core:
        """Return the network with as many functions as it allows; as it was if it allows none."""
        before = self.network
        self.network = self._sharpened()
        self.level = self._unexplained(self.network)
        self._drop_nodes()
        self._drop_nothings()
        waiting = self._numeric()
        while waiting:
            left = self._pass(waiting)
            if left == waiting:
                break
            waiting = left
        if not self._numeric():
            self._polish()
        for place in self._numeric():
            best = self._fits(place)[:1]
            self.findings[place] = Finding(place, None, best[0].r2 if best else 0.0, self.level)
        nothing_found = all(finding.name is None for finding in self.findings.values())
        return before if nothing_found else self.network

    # ---- steps ------------------------------------------------------------------------------

    def _sharpened(self) -> Core:
        """Return the network trained on grids as fine as the rows can fill."""
        best = self.network.copy()
        refit(best, self.observations, TRIAL_STEPS)
        if not spline_places(best):
            return best
        value = self._unexplained(best)
        while max(layer.intervals for layer in best.layers) < FINEST:
            finer: Any = best.copy()
            update_grid(finer, Rows(self.observations.x), 1.0)
            finer = refined(finer, [2 * layer.intervals for layer in finer.layers])
            rows = len(self.observations.x)
            too_many = finer.trainable().sum() > MOST_SHARE * rows
            if too_many or second_order_work(finer, rows) > MOST_WORK:
                break
            refit(finer, self.observations, TRIAL_STEPS)
            own = self._unexplained(finer)
            if own > value and not self.observations.is_missed_by_splines(own):
                break
            best, value = finer, min(own, value)
        return best

    def _drop_nodes(self) -> None:
        """Take out hidden nodes that the others can do without, the least important first."""
        outputs = self.network.layers[-1].nodes
        statistics = _core.statistics(self.network, self.observations.x)
        nodes = _core.edge_scores(self.network, statistics, [1.0 / outputs] * outputs)[2]
        hidden = [
            (float(score), index, node)
            for index, scores in enumerate(nodes[1:-1])
            for node, score in enumerate(scores)
            if score > 0.0
        ]
        for _, index, node in sorted(hidden):
            edges = self._around(index, node)
            if edges and self._accept(changed(self.network, splines=dict.fromkeys(edges, False))):
                for place in edges:
                    self.findings[place] = Finding(place, "0", 0.0, self._value)

    def _around(self, index: int, node: int) -> list[Place]:
        """Return the splines into and out of a node of a layer; none if some are functions."""
        layer = self.network.layers[index]
        own = subnodes_of(layer, [node])
        into = [(index, i, j) for i in range(layer.inputs) for j in own]
        out = [(index + 1, node, j) for j in range(self.network.layers[index + 1].subnodes)]
        around = [place for place in into + out if any(active(self.network, place))]
        functions = any(active(self.network, place)[1] for place in around)
        return [] if functions else around

    def _drop_nothings(self) -> None:
        """Take out faint edges that nothing depends on, the faintest first."""
        for place, share in sorted(self._shares().items(), key=lambda one: one[1]):
            if share < FAINT and len(self._beside(place)) > 1:
                trial = changed(self.network, {place: None}, {place: False})
                if self._accept(trial):
                    self.findings[place] = Finding(place, "0", 0.0, self._value)

    def _pass(self, waiting: list[Place]) -> list[Place]:
        """Try every waiting edge once, the most certain first; return those that still wait."""
        fits = {place: self._fits(place) for place in waiting}
        waiting = sorted(waiting, key=lambda place: -max(fit.r2 for fit in fits[place]))
        left = []
        for number, place in enumerate(waiting):
            own = fits[place]
            if number > 0:  # the others have changed meanwhile
                own = self._fits(place, [fit.name for fit in own])
            if not self._try(place, own):
                left.append(place)
        return sorted(left)

    def _try(self, place: Place, fits: list[AffineFit]) -> bool:
        """Give an edge the simplest function that the network allows."""
        for fit in sorted(fits, key=_simplicity):
            part = SymbolicPart.canonical(fit.name, fit.parameters)
            trial = changed(self.network, {place: part}, {place: False})
            if self._accept(trial):
                self.findings[place] = Finding(place, fit.name, fit.r2, self._value)
                return True
        return False

    def _polish(self) -> None:
        """Train the formula to its limit; where another function is clearly better, take it."""
        self._to_the_limit()
        value = self._unexplained(self.network)
        if value <= EXACT * self.observations.scale:
            return
        for place in sorted(parts_of(self.network)):
            part = parts_of(self.network)[place]
            for fit in self._fits(place):
                if fit.name == part.name or part.name == "0":
                    continue
                other = SymbolicPart.canonical(fit.name, fit.parameters)
                trial: Any = without_redundancy(changed(self.network, {place: other}))
                refit(trial, self.observations, TRIAL_STEPS)
                own = self._unexplained(trial)
                if own < CLEARLY * value:
                    self.network, value = trial, own
                    self.findings[place] = Finding(place, fit.name, fit.r2, own)
        self._to_the_limit()

    def _to_the_limit(self) -> None:
        """Train until no damping to begin with leads further down."""
        self.network = without_redundancy(self.network)
        value, fell = float("inf"), True
        while fell:
            before = value
            for damping in POLISH_DAMPINGS:
                value = refit(
                    self.network,
                    self.observations,
                    POLISH_STEPS,
                    still_falls=1.0,
                    damping=damping,
                )
            fell = value < 0.5 * before and value > ROUNDING * self.observations.scale

    def _accept(self, trial: Any) -> bool:
        """Refit a trial; it becomes the network if the loss allows it."""
        allowed = self.observations.allowed(self.level)
        refit(trial, self.observations, TRIAL_STEPS)
        self._value = self._unexplained(trial)
        if not (math.isfinite(self._value) and self._value <= allowed):
            return False
        self.network = trial
        return True

    # ---- looks --------------------------------------------------------------------------------

    def _unexplained(self, network: Core) -> float:
        samples = self.observations.samples(network.layers[-1].nodes)
        loss = float(_core.loss(network, samples, self.observations.loss))
        return unexplained(network, self.observations, loss)

    def _numeric(self) -> list[Place]:
        return spline_places(self.network)

    def _beside(self, place: Place) -> list[Place]:
        """Return the active edges into the same sum, this one too."""
        index, _, j = place
        inputs = range(self.network.layers[index].inputs)
        return [(index, i, j) for i in inputs if any(active(self.network, (index, i, j)))]

    def _shares(self) -> dict[Place, float]:
        """Return the deviation of every numeric edge relative to that of its sum."""
        statistics = _core.statistics(self.network, self.observations.x)
        return {
            (index, i, j): float(statistics[index].edge[i, j] / (statistics[index].sum[j] + 1e-12))
            for index, i, j in self._numeric()
        }

    def _fits(self, place: Place, names: Sequence[str] | None = None) -> list[AffineFit]:
        """Return the functions worth a trial on an edge, a line always among them."""
        index, i, j = place
        x: Array = _core.activations(self.network, self.observations.x, index)
        y = edge_outputs(self.network, index, x)[:, i, j]
        fits = best_fits(x[:, i], y, names or self.names, self.a_range, self.b_range)
        poorest = max(AS_GOOD * (1.0 - fits[0].r2), SURE)
        good = [fit for fit in fits if 1.0 - fit.r2 <= poorest]
        simple = sorted(good, key=_simplicity)[:SIMPLEST]
        chosen = simple + [fit for fit in good[:BEST] if fit not in simple]
        if "x" in self.names and all(fit.name != "x" for fit in chosen):
            chosen += best_fits(x[:, i], y, ["x"])
        return chosen


def _simplicity(fit: AffineFit) -> tuple[float, float]:
    """Return by what simple functions come first: complexity, numbers of their own, fit."""
    return float(SYMBOLIC_LIB[fit.name][2]) + 0.25 * freedom_of(fit.name).count, -fit.r2
