"""Checks that everybody solved the same task."""

from __future__ import annotations

import math
from typing import Any

from cases import Case

__all__ = ["CRITERION", "problems"]

KANS = ("ours", "ours64", "inkan", "flashkan", "pykan")
MOST_PARAMETERS = 1.5
# Mean squared errors after the training, as a share of what they were before it.
FALL = 0.6
WORSE_THAN_PEER = 3.0

CRITERION = (
    f"same data; every KAN has between 1 and {MOST_PARAMETERS} times (G+k+1) parameters per edge; "
    f"in the same number of Adam steps from its own start the loss of every KAN falls to less "
    f"than {FALL} of its start, and ours ends at most at {WORSE_THAN_PEER} times the worst peer's"
)


def problems(case: Case, results: dict[str, dict[str, Any]]) -> list[str]:
    """What is not the same, one sentence each."""
    found: list[str] = []
    data = next(iter(results.values()), {}).get("data", [])
    final: dict[str, float] = {}
    for name, result in results.items():
        pairs = zip(result["data"], data, strict=True)
        if not all(math.isclose(a, b, rel_tol=1e-4) for a, b in pairs):
            found.append(f"{case.name}: {name} has other data: {result['data']}, not {data}")
        if name not in KANS:
            continue
        share = result["parameters"] / case.parameters
        if not 1.0 <= share <= MOST_PARAMETERS:
            found.append(f"{case.name}: {name} has {share:.3f} times the expected parameters")
        if result["losses"] is not None:
            first, last = result["losses"]
            final[name] = last
            if not last < FALL * first:
                found.append(f"{case.name}: {name} did not learn: loss {first:.4g} -> {last:.4g}")
    return found + behind(case, final)


def behind(case: Case, final: dict[str, float]) -> list[str]:
    """Whether a shorter time was bought with a worse fit."""
    peers = [loss for name, loss in final.items() if not name.startswith("ours")]
    worst = max(peers, default=0.0)
    return [
        f"{case.name}: {name} ends at a loss of {final[name]:.4g}, the worst peer at {worst:.4g}"
        for name in ("ours", "ours64")
        if peers and name in final and final[name] > WORSE_THAN_PEER * worst
    ]
