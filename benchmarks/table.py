"""The Markdown table of a run, and its place in a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cases import CASES
from entrants import KAN_PEERS
from machine import signature

__all__ = ["NONE", "best_peer", "between_markers", "duration", "factor", "footnote", "table"]

HEADER = (
    "case",
    "our step",
    "best peer's step",
    "ratio",
    "pykan's",
    "our forward",
    "best peer's forward",
    "ratio",
    "our float64 step",
    "MLP's step",
)
NONE = "—"
Results = dict[str, dict[str, Any]]


def duration(seconds: float | None) -> str:
    """Three significant digits in the unit that suits."""
    if seconds is None:
        return NONE
    unit, scale = ("s", 1.0) if seconds >= 1 else ("ms", 1e3) if seconds >= 1e-3 else ("µs", 1e6)
    value = seconds * scale
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}"


def factor(slower: float | None, faster: float | None) -> str:
    """How many times as fast."""
    if slower is None or faster is None:
        return NONE
    ratio = slower / faster
    return f"{ratio:.0f}×" if ratio >= 20 else f"{ratio:.1f}×" if ratio >= 2 else f"{ratio:.2f}×"


def median(results: Results, name: str, what: str) -> float | None:
    return results[name][what]["median"] if name in results else None


def best_peer(results: Results, what: str) -> tuple[str, float] | None:
    """The fastest of the KAN peers that we compare with, and its median."""
    found = [(results[name][what]["median"], name) for name in KAN_PEERS if name in results]
    return (min(found)[1], min(found)[0]) if found else None


def row(label: str, results: Results) -> list[str]:
    cells = [label]
    for what in ("step", "forward"):
        ours, peer = median(results, "ours", what), best_peer(results, what)
        cells.append(f"**{duration(ours)}**")
        cells.append(f"{duration(peer[1])} ({peer[0]})" if peer else NONE)
        cells.append(f"**{factor(peer[1], ours)}**" if peer else NONE)
        if what == "step":
            cells.append(factor(median(results, "pykan", what), ours))
    ours = median(results, "ours", "step")
    for name in ("ours64", "mlp_parameters"):
        other = median(results, name, "step")
        cells.append(f"{duration(other)} ({factor(other, ours)})" if other is not None else NONE)
    return cells


def table(stored: dict[str, Any]) -> str:
    """The table of a stored run, with what one must know to read it."""
    lines = ["| " + " | ".join(HEADER) + " |", "|" + "---|" * len(HEADER)]
    for name, outcome in stored["cases"].items():
        cells = row(CASES[name].label, outcome["results"])
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", footnote(stored)])


def footnote(stored: dict[str, Any]) -> str:
    """What the figures mean, and for every run that they come from, where it was."""
    runs: dict[str, dict[str, Any]] = {}
    for name, outcome in stored["cases"].items():
        runs.setdefault(conditions({name: outcome}, with_versions=False), {})[name] = outcome
    return (
        "Medians, float32, k=3; a ratio says how many times as long as ours in float32. "
        "Step: forward, loss, backward and Adam on all rows; forward: prediction. "
        "Best peer: the faster of inkan and flashkan. "
        "MLP: one hidden layer with as many parameters. "
    ) + " ".join(f"{', '.join(cases)}: {conditions(cases)}" for cases in runs.values())


def conditions(cases: Mapping[str, dict[str, Any]], with_versions: bool = True) -> str:
    """How and where the cases of one run were measured."""
    versions: dict[str, str] = {}
    for outcome in cases.values():
        for result in outcome["results"].values():
            versions |= result["versions"] if with_versions else {}
    how = next(iter(cases.values()))
    every = how["pace"]["all_settings"]
    settings = "in the fastest of its settings" if every else "in one setting, in a quick run"
    memory = "memory kept between operations; " if how["keep memory"] else ""
    return f"every peer {settings}; {memory}{signature(how['machine'], versions)}"


def between_markers(text: str, name: str, content: str) -> str:
    """A text with new content between `<!-- name -->` and the `<!-- end -->` that follows it."""
    mark, end = f"<!-- {name} -->\n", "<!-- end -->"
    if text.count(mark) != 1 or end not in text.split(mark)[1]:
        raise ValueError(f"there must be one pair of lines {mark.strip()} and {end} in the text")
    before, rest = text.split(mark)
    return before + mark + content + "\n" + end + rest.split(end, 1)[1]
