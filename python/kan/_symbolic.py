"""Edges that become functions with names."""

from __future__ import annotations

from ._attribution import Attribution

__all__ = ["Symbolic"]


class Symbolic(Attribution):
    """Symbolic edges, the search for them, and the formula of a network."""
