"""All entrants on one case, in turns within one run."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from cases import Case
from contender import WHATS, Contender, Pace
from entrants import Entrant, Setting, too_large
from environments import Environments
from workers import PeerError, Worker

__all__ = ["Outcome", "Runner"]

# A setting that is slower than a peer's best by more than this leaves before the rounds begin.
HOPELESS = 1.5

# Makes glibc reuse large arrays, which it otherwise returns to the system, page by page, after
# every operation.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**34)}


@dataclass
class Outcome:
    """What a case brought: figures per entrant, its best settings, and who could not."""

    case: Case
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Runner:
    """Starts the workers of a case, warms them up and takes them through the rounds."""

    environments: Environments
    pace: Pace
    keep_memory: bool = False

    def run(self, case: Case, entrants: Sequence[Entrant], *, train: bool = True) -> Outcome:
        """Measure a case; with `train` also train everybody, for the checks of same_task.py."""
        outcome = Outcome(case)
        say(case.label)
        with all_closed() as contenders:
            for entrant in entrants:
                try:
                    contenders += self._candidates(case, entrant, outcome)
                except PeerError as error:
                    outcome.missing[entrant.name] = str(error)
                    say(f"  {entrant.name} FAILED: {error}")
            for turn in range(self.pace.rounds):
                say(f"  round {turn + 1} of {self.pace.rounds}")
                for what in WHATS:
                    for contender in contenders:
                        contender.measure(case, what)
            for entrant in entrants:
                mine = [one for one in contenders if one.entrant is entrant]
                if mine:
                    outcome.results[entrant.name] = summary(case, mine, train)
        return outcome

    def _candidates(self, case: Case, entrant: Entrant, outcome: Outcome) -> list[Contender]:
        """The settings of an entrant that may turn out its fastest, each in a warm process.

        How idle threads wait decides by a factor of up to 100 how fast PyTorch is where other
        processes want the same cores, and costs where none do: the settings that are fast when
        threads sleep take part with threads that spin, too.
        """
        reason = too_large(entrant.name, case, psutil.virtual_memory().available)
        if reason is not None:
            outcome.missing[entrant.name] = reason
            say(f"  {entrant.name}: left out, {reason}")
            return []
        if not entrant.is_torch:
            return [self._start(case, entrant, entrant.settings[0], None)]
        with all_closed(unless_done=True) as found:
            if not self.pace.all_settings:
                return [self._start(case, entrant, entrant.settings[0], "passive")]
            failures = self._add(found, case, entrant, entrant.settings, "passive")
            if not found:
                raise PeerError("; ".join(failures))
            drop_hopeless(found)
            asleep = {one.setting for one in found}
            again = [
                setting
                for setting in entrant.settings
                if any(name.startswith(f"{setting.name}; ") for name in asleep)
            ]
            self._add(found, case, entrant, again, "active")
            # Sleeping and spinning do not put each other out: which is faster changes with what
            # else the machine does, and the rounds tell.
            spinning = [one for one in found if one.setting not in asleep]
            if spinning:
                drop_hopeless(spinning)
            return [one for one in found if one.running]

    def _add(
        self,
        found: list[Contender],
        case: Case,
        entrant: Entrant,
        settings: Sequence[Setting],
        wait_policy: str,
    ) -> list[str]:
        """Start an entrant in each of its settings. Says which fail: the others take part."""
        failures: list[str] = []
        for setting in settings:
            try:
                found.append(self._start(case, entrant, setting, wait_policy))
            except PeerError as error:
                failures.append(f"{setting.name}: {error}")
                say(f"  {entrant.name} FAILED in one setting, {failures[-1]}")
        return failures

    def _start(
        self, case: Case, entrant: Entrant, setting: Setting, wait_policy: str | None
    ) -> Contender:
        if entrant.environment is None:
            python, name = Path(sys.executable), setting.name
        else:
            python = self.environments.python(entrant.environment)
            name = f"{setting.name}; waiting threads: {wait_policy}"
        variables = {"OMP_WAIT_POLICY": wait_policy} if wait_policy else {}
        if self.keep_memory:
            variables |= KEEP_MEMORY
        worker = Worker(
            entrant.worker,
            python,
            self.environments.cache,
            dtype=entrant.dtype,
            options=dict(setting.options),
            variables=variables,
        )
        contender = Contender(entrant, name, worker, self.pace)
        try:
            contender.warm_up(case)
        except PeerError:
            worker.close()
            raise
        times = ", ".join(f"{what} {1e3 * contender.expected[what]:.4g} ms" for what in WHATS)
        say(f"  {entrant.name} ({name}): {times}")
        return contender


def drop_hopeless(contenders: list[Contender]) -> None:
    """Take out of the running what cannot win, and end the processes that are left with nothing."""
    for what in WHATS:
        best = min(one.expected[what] for one in contenders)
        for one in contenders:
            if one.expected[what] > HOPELESS * best:
                one.running.discard(what)
    for one in [one for one in contenders if not one.running]:
        one.worker.close()
        contenders.remove(one)


def summary(case: Case, contenders: Sequence[Contender], train: bool) -> dict[str, Any]:
    """An entrant's figures: the fastest setting for each kind, and all that were measured."""
    result: dict[str, Any] = dict(contenders[0].facts)
    for what in WHATS:
        measured = [one for one in contenders if one.median(what) is not None]
        best = min(measured, key=lambda one: one.median(what) or 0.0)
        result[what] = {
            "median": best.median(what),
            "setting": best.setting,
            "blocks": best.seconds[what],
            "all settings": {one.setting: one.median(what) for one in measured},
        }
        if what == "step":
            result["losses"] = best.train(case) if train else None
    return result


@contextmanager
def all_closed(unless_done: bool = False) -> Iterator[list[Contender]]:
    """A list of contenders whose processes are ended at the end."""
    contenders: list[Contender] = []
    done = False
    try:
        yield contenders
        done = True
    finally:
        if not (done and unless_done):
            for contender in contenders:
                contender.worker.close()


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
