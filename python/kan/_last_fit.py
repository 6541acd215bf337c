"""The errors that the last fit ended with, as long as the model is what it left."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Any

from ._architecture import Core, finite
from ._history import History

__all__ = ["LastFit"]

NAMES = ("train_loss", "test_loss", "validation_loss")


@dataclass(frozen=True)
class LastFit:
    """The last losses of a history, by their names in it."""

    loss: str
    errors: dict[str, float]
    fingerprint: int  # of the parameters that have these errors

    @classmethod
    def of(cls, history: History, loss: str, network: Core) -> LastFit:
        """Return what a history ended with that left this network."""
        last = {
            name: values[-1]
            for name, values in history.items()
            if name in NAMES and values and math.isfinite(values[-1])
        }
        return cls(loss, last, _fingerprint(network))

    @classmethod
    def stored(cls, noted: Any, network: Core) -> LastFit | None:
        """Return what :meth:`noted` gave to a file with this network."""
        if noted is None:
            return None
        loss = noted.get("loss")
        if not isinstance(loss, str) or not loss.isprintable():
            raise TypeError(f"loss must be a name, got {loss!r}")
        unknown = noted.keys() - {"loss", *NAMES}
        if unknown:
            raise ValueError(f"the last fit must have {', '.join(NAMES)}, got {sorted(unknown)!r}")
        errors = {name: finite(value, name) for name, value in noted.items() if name != "loss"}
        return cls(loss, errors, _fingerprint(network))

    def noted(self) -> dict[str, Any]:
        """Return this for a file."""
        return {"loss": self.loss, **self.errors}

    def is_of(self, network: Core) -> bool:
        """Whether these are the errors of a network: pruned or refined, it has others."""
        return _fingerprint(network) == self.fingerprint


def _fingerprint(network: Core) -> int:
    parts = [network.parameters(), *(network.knots(index) for index in range(len(network.layers)))]
    crc = 0
    for part in parts:
        crc = zlib.crc32(part.tobytes(), crc)
    return crc
