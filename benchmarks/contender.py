"""One entrant in one setting on one case, warmed up and timed in blocks."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any

from cases import Case
from entrants import Entrant
from workers import Worker

__all__ = ["WHATS", "Contender", "Pace"]

WHATS = ("step", "forward")
STEADY = 1.25  # two calls in a row that differ by less are no longer warming up
MOST_WARM_UPS = 12
SLOW = 1.0  # seconds; what takes longer warms up in two calls


@dataclass(frozen=True)
class Pace:
    """How long to measure: rounds, seconds of a block, and seconds per contender and kind.

    `all_settings` tries all of a peer's settings, not only its first one.
    """

    rounds: int = 7
    block: float = 0.25
    limit: float = 20.0
    training_steps: int = 100
    training_limit: float = 60.0
    all_settings: bool = True


@dataclass
class Contender:
    """A worker and what was measured of it. `running` is what still takes part in the rounds."""

    entrant: Entrant
    setting: str
    worker: Worker
    pace: Pace
    expected: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    facts: dict[str, Any] = field(default_factory=dict)

    def warm_up(self, case: Case) -> None:
        """Call until compilers are done and caches warm, then expect what a block says."""
        for what in WHATS:
            fewest = self.fewest(what)
            past: list[float] = []
            while len(past) < MOST_WARM_UPS:
                now = self._ask(case, what, 1)
                past.append(now)
                if len(past) >= 2 and now > SLOW:
                    break
                if len(past) >= 3 and max(past[-2:]) < STEADY * min(past[-2:]):
                    break
            repeats = max(fewest, round(0.5 * self.pace.block / min(past)))
            slow = min(past) > SLOW and fewest == 1
            self.expected[what] = min(past) if slow else self._ask(case, what, repeats)
            self.seconds[what] = []
            self.running.add(what)

    def fewest(self, what: str) -> int:
        return self.entrant.fewest_steps if what == "step" else 1

    def measure(self, case: Case, what: str) -> None:
        """One block, unless this one has had its share of time."""
        spent = sum(self.seconds[what]) * self.repeats(what)
        if what in self.running and (spent < self.pace.limit or len(self.seconds[what]) < 2):
            self.seconds[what].append(self._ask(case, what, self.repeats(what)))

    def repeats(self, what: str) -> int:
        return max(self.fewest(what), round(self.pace.block / self.expected[what]))

    def median(self, what: str) -> float | None:
        """Median seconds per operation, or None if it was not among the measured."""
        return statistics.median(self.seconds[what]) if self.seconds.get(what) else None

    def train(self, case: Case) -> list[float] | None:
        """First and last loss of a training, or None if that would take too long."""
        steps = self.pace.training_steps
        if self.expected["step"] * steps > self.pace.training_limit:
            return None
        losses: list[float] = self.worker.ask(case, "train", steps)["result"]
        return losses

    def _ask(self, case: Case, what: str, repeats: int) -> float:
        reply = self.worker.ask(case, what, repeats)
        self.facts = {key: reply[key] for key in ("parameters", "data", "versions")}
        return float(reply["result"][0])
