"""Networks without what does not matter."""

from __future__ import annotations

from ._attribution import Attribution

__all__ = ["Pruning"]


class Pruning(Attribution):
    """Pruned networks."""
