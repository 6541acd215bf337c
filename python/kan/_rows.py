"""The rows of an array of inputs, all or chosen ones, looked at without copying them at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ._arrays import Array

__all__ = ["Rows"]

# Most rows that are copied at once, and that quantiles and refits look at.
MOST_ROWS = 2**14


class Rows:
    """Inputs x (N, n_in), or the rows of them that `index` names."""

    def __init__(self, x: Array, index: Array | None = None) -> None:
        self.x = x
        self.index = index

    @property
    def chosen(self) -> Any:
        """What picks the rows out of an array."""
        return slice(None) if self.index is None else self.index

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.x) if self.index is None else len(self.index)

    def blocks(self) -> Iterator[Array]:
        """Yield all rows, in pieces of a bounded size where they have to be copied."""
        if self.index is None:
            yield self.x
            return
        for begin in range(0, len(self.index), MOST_ROWS):
            yield self.x[self.index[begin : begin + MOST_ROWS]]

    def all(self) -> Array:
        """Return all rows, copied if they are not all of the array."""
        rows: Array = np.ascontiguousarray(self.x[self.chosen])
        return rows

    def some(self) -> Array:
        """Return a copy of at most 2^14 rows, evenly spaced."""
        rows: Array = self.x[self.some_places()]
        return rows

    def some_places(self) -> Array:
        """Return which rows of x `some` copies."""
        places = np.linspace(0, self.count - 1, min(self.count, MOST_ROWS)).astype(np.intp)
        return places if self.index is None else self.index[places]
