"""Who takes part: this library, and each peer with the settings in which it may be fastest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cases import Case

__all__ = ["ENTRANTS", "KAN_PEERS", "Entrant", "Setting", "too_large"]

KAN_PEERS = ("inkan", "flashkan")  # the fastest of them is what we compare with
GIGABYTE = 1e9
MOST_ACTIVATIONS = 2e7  # of pykan: edges times rows


@dataclass(frozen=True)
class Setting:
    """Options that the worker understands."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entrant:
    """Somebody who trains: a worker script, its environment and what it may try.

    `fewest_steps` is the length of the shortest block of steps: a `fit` of ours contains what
    happens once per fit, which no loop of a peer's does.
    """

    name: str
    worker: str
    environment: str | None  # None: the one that runs the tool
    settings: tuple[Setting, ...] = (Setting("as it is"),)
    dtype: str = "float32"
    fewest_steps: int = 1

    @property
    def is_torch(self) -> bool:
        return self.environment is not None


PUBLISHED = Setting("as published")
WHOLE = Setting("whole network compiled", {"whole": True})
WHOLE_DENSE = Setting("whole network compiled, dense basis", {"whole": True, "basis": "dense"})
SPEED = Setting("speed()")
SPEED_COMPILED = Setting("speed(compile=True)", {"whole": True})

ENTRANTS = {
    entrant.name: entrant
    for entrant in (
        Entrant("ours", "ours", None, fewest_steps=60),
        Entrant("ours64", "ours", None, dtype="float64", fewest_steps=60),
        Entrant("inkan", "inkan", "inkan", (PUBLISHED, WHOLE, WHOLE_DENSE)),
        Entrant("flashkan", "flashkan", "flashkan", (PUBLISHED, WHOLE)),
        Entrant("pykan", "pykan", "pykan", (SPEED, SPEED_COMPILED)),
        Entrant("mlp_shape", "mlp", "mlp", (Setting("eager", {"kind": "shape"}),)),
        Entrant("mlp_parameters", "mlp", "mlp", (Setting("eager", {"kind": "parameters"}),)),
    )
}


def too_large(name: str, case: Case, available: float) -> str | None:
    """Why a peer had better not try a case on a machine with so many bytes free, or None.

    pykan keeps about eight arrays (N, n_in, n_out) and 25 arrays (N, n_in, G + 2k) for its
    backward pass, and starts with least squares of (G+1) x (G+k) on every edge.
    """
    if name != "pykan":
        return None
    inputs = sum(case.width[:-1])
    floats = case.rows * (8 * case.edges + 25 * inputs * (case.grid + 2 * case.k))
    floats += 3 * case.edges * (case.grid + 1) * (case.grid + case.k)
    if 4 * floats > 0.7 * available:
        return f"needs about {4 * floats / GIGABYTE:.0f} GB"
    if case.edges * case.rows > MOST_ACTIVATIONS:
        return "takes so long that the others' turns would lie minutes apart"
    return None
