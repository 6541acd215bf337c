"""The one list of cases, shared by all benchmarks. Imports nothing but the standard library."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CASES", "Case"]


@dataclass(frozen=True)
class Case:
    """A network of cubic splines on [-1, 1] and a number of rows."""

    name: str
    width: tuple[int, ...]
    grid: int
    rows: int
    k: int = 3

    @property
    def edges(self) -> int:
        return sum(a * b for a, b in zip(self.width, self.width[1:], strict=False))

    @property
    def parameters(self) -> int:
        """G + k coefficients and a base weight on every edge."""
        return self.edges * (self.grid + self.k + 1)

    @property
    def label(self) -> str:
        widths = ",".join(map(str, self.width))
        return f"{self.name} [{widths}] G={self.grid} N={self.rows}"


CASES = {
    case.name: case
    for case in (
        Case("sci", (2, 5, 1), grid=5, rows=1000),
        Case("tab", (20, 64, 64, 1), grid=10, rows=1024),
        Case("mnist64", (784, 64, 10), grid=5, rows=64),
        Case("mnist", (784, 64, 10), grid=5, rows=1024),
        Case("wide", (256, 256), grid=5, rows=4096),
        Case("fine", (64, 64), grid=100, rows=4096),
    )
}
