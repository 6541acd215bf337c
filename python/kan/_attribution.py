"""How much each edge and node matters."""

from __future__ import annotations

from ._observed import Observed

__all__ = ["Attribution"]


class Attribution(Observed):
    """Scores of edges, nodes and inputs."""
