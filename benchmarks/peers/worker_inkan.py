"""inkan: compiled by itself, or the whole network compiled, with local or dense bases."""

from __future__ import annotations

from typing import Any

import inkan
from cases import Case
from protocol import serve
from torch_entrant import TorchEntrant


def make(case: Case, dtype: str, options: dict[str, Any]) -> TorchEntrant:
    def build() -> inkan.KANNetwork:
        return inkan.KANNetwork(
            list(case.width),
            grid_size=case.grid,
            spline_order=case.k,
            basis_mode=options.get("basis", "local"),
        )

    versions = {"inkan": inkan.__version__}
    return TorchEntrant(case, dtype, build, versions, whole=options.get("whole", False))


if __name__ == "__main__":
    serve(make)
