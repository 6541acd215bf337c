"""pykan in a bare training loop, with its `speed()` switch on, compiled or not.

Its own `fit` would add grid updates, a test set and a progress bar to every step.
"""

from __future__ import annotations

import warnings
from importlib.metadata import version
from typing import Any

import torch
from cases import Case
from protocol import serve
from torch_entrant import TorchEntrant

from kan import KAN

warnings.filterwarnings("ignore")


def make(case: Case, dtype: str, options: dict[str, Any]) -> TorchEntrant:
    def build() -> torch.nn.Module:
        model: Any = KAN(list(case.width), grid=case.grid, k=case.k, seed=0, auto_save=False)
        fast: torch.nn.Module = model.speed()
        return fast

    versions = {"pykan": version("pykan")}
    # speed(compile=True) is torch.compile of the model.
    return TorchEntrant(case, dtype, build, versions, whole=options.get("whole", False))


if __name__ == "__main__":
    serve(make)
