"""Pieces of C text: names, numbers and constant tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ._arrays import Array

__all__ = ["CText", "identifier", "index_type", "without_idle"]


def identifier(name: object, path: Path) -> str:
    """Return the name of a model in C: the one given, or that of the file."""
    if name is None:
        name = re.sub(r"\W", "_", path.stem, flags=re.ASCII)
        name = f"_{name}".lstrip("_") or "model"
        name = f"model_{name}" if name[0].isdigit() else name
    if not isinstance(name, str):
        raise TypeError(f"name must be a str, got {type(name).__name__}")
    if not re.fullmatch(r"[A-Za-z]\w*", name, flags=re.ASCII):
        raise ValueError(f"name must be an identifier of C, got {name!r}")
    return name


def index_type(most: int) -> tuple[str, int]:
    """Return the smallest type of C that holds whole numbers up to `most`, and its bytes."""
    types = (("unsigned char", 1, 255), ("unsigned short", 2, 65535), ("int", 4, 2**31 - 1))
    return next((kind, size) for kind, size, largest in types if most <= largest)


@dataclass
class CText:
    """Text of a header in the making: tables first, then functions."""

    name: str
    dtype: str  # "float32" or "float64"
    math: bool  # whether there is a math.h
    tables: dict[str, tuple[str, int]] = field(default_factory=dict)  # text and bytes
    functions: list[str] = field(default_factory=list)

    @property
    def real(self) -> str:
        """The type of the numbers."""
        return "float" if self.dtype == "float32" else "double"

    def number(self, value: float) -> str:
        """Return a literal that reads back to the same bits of the type."""
        with np.errstate(over="ignore"):
            rounded = np.dtype(self.dtype).type(value)
        if not np.isfinite(rounded):
            raise ValueError(f"numbers of the model must be finite in {self.dtype}, got {value}")
        size = abs(float(rounded))
        if size == 0.0 or 1e-3 <= size < 1e6:
            text = np.format_float_positional(rounded, trim="0")
        else:
            text = np.format_float_scientific(rounded, trim="0")
        return f"{text}f" if self.dtype == "float32" else text

    def add_numbers(self, what: str, values: Array | Sequence[float]) -> str:
        """Add a table of numbers; return its name."""
        numbers = [self.number(float(value)) for value in np.ravel(values)]
        return self._add(self.real, np.dtype(self.dtype).itemsize, what, numbers)

    def add_indices(self, what: str, values: Array | Sequence[int]) -> str:
        """Add a table of whole numbers from 0 on, as small as they are; return its name."""
        kind, size = index_type(max((int(value) for value in values), default=0))
        return self._add(kind, size, what, [str(int(value)) for value in values])

    def add_whole(self, what: str, values: Array) -> str:
        """Add a table of whole numbers of 16 bits; return its name."""
        return self._add("int16_t", 2, what, [str(int(value)) for value in values])

    def _add(self, kind: str, size: int, what: str, literals: list[str]) -> str:
        name = f"{self.name}_{what}"
        rows = [", ".join(literals[n : n + 8]) for n in range(0, len(literals), 8)]
        body = ",\n  ".join(rows)
        text = f"static const {kind} {name}[{len(literals)}] = {{\n  {body}\n}};"
        self.tables[name] = (text, size * len(literals))
        return name

    def used_tables(self) -> tuple[list[str], int]:
        """Return the tables that functions read, and how many bytes they take."""
        words = set(re.findall(r"\w+", "\n".join(self.functions)))
        used = [table for name, table in self.tables.items() if name in words]
        return [text for text, _ in used], sum(size for _, size in used)

    def add_function(self, text: str) -> None:
        """Add a function, once, however often it is asked for."""
        if text not in self.functions:
            self.functions.append(text)


def without_idle(lines: list[str]) -> list[str]:
    """Return lines without the constants that no later line reads."""
    kept: list[str] = []
    for line in reversed(lines):
        declared = re.fullmatch(r"const [\w ]+? \*?(\w+) = .*;", line)
        if declared is None or any(re.search(rf"\b{declared[1]}\b", later) for later in kept):
            kept.append(line)
    return kept[::-1]
