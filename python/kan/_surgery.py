"""Networks that are cut, grown and rearranged by hand."""

from __future__ import annotations

from ._attribution import Attribution

__all__ = ["Surgery"]


class Surgery(Attribution):
    """Changes of a network's nodes."""
