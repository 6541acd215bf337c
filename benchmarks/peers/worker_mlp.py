"""Multilayer perceptrons in PyTorch: of the KAN's shape, or with as many parameters."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from cases import Case
from protocol import serve
from torch_entrant import TorchEntrant


def widths(case: Case, kind: str) -> list[int]:
    """The KAN's widths, or one hidden layer that brings as many parameters as the KAN has."""
    if kind == "shape":
        return list(case.width)
    inputs, outputs = case.width[0], case.width[-1]
    return [inputs, max(1, round((case.parameters - outputs) / (inputs + outputs + 1))), outputs]


def make(case: Case, dtype: str, options: dict[str, Any]) -> TorchEntrant:
    def build() -> torch.nn.Module:
        sizes = widths(case, options["kind"])
        parts: list[torch.nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            parts += [torch.nn.Linear(inputs, outputs), torch.nn.SiLU()]
        return torch.nn.Sequential(*parts[:-1] if len(parts) > 2 else parts)

    return TorchEntrant(case, dtype, build, {})


if __name__ == "__main__":
    serve(make)
