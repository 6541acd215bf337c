"""An equal network in torch, whose derivatives come from autograd. Asked by jets.py.

Request: {"knots": [...], "coefficients": [...], "degree": k, "x": ..., "grad_jets": ...}, answered
with the jets and the gradients of the coefficients; then {"repeats": n}, answered with seconds.
"""

from __future__ import annotations

import json
import os
from time import perf_counter
from typing import Any

import torch
from protocol import serve_lines

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
torch.set_default_dtype(torch.float64)


def basis(x: torch.Tensor, knots: torch.Tensor, degree: int) -> torch.Tensor:
    """B-splines by the recursion of Cox and de Boor: (N, I) and (I, G+2k+1) to (N, I, G+k)."""
    x = x[:, :, None]
    values = ((x >= knots[:, :-1]) & (x < knots[:, 1:])).to(x.dtype)
    for p in range(1, degree + 1):
        low, high = knots[:, : -p - 1], knots[:, p + 1 :]
        rising = (x - low) / (knots[:, p:-1] - low) * values[:, :, :-1]
        falling = (high - x) / (high - knots[:, 1:-p]) * values[:, :, 1:]
        values = rising + falling
    return values


class Network:
    """Splines and SiLU on every edge."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.degree: int = request["degree"]
        self.knots = [torch.tensor(one) for one in request["knots"]]
        self.coefficients = [
            torch.tensor(one, requires_grad=True) for one in request["coefficients"]
        ]
        self.x = torch.tensor(request["x"], requires_grad=True)
        self.grad_jets = torch.tensor(request["grad_jets"])

    def value(self) -> torch.Tensor:
        values = self.x
        for knots, coefficients in zip(self.knots, self.coefficients, strict=True):
            splines = torch.einsum(
                "nim,imo->no", basis(values, knots, self.degree), coefficients[:, :-1]
            )
            values = splines + torch.nn.functional.silu(values) @ coefficients[:, -1]
        return values[:, 0]

    def jets(self) -> torch.Tensor:
        """u, u_0, u_1, u_00, u_01, u_11: (6, N)."""
        u = self.value()
        first = self.slopes(u)
        along_0, along_1 = self.slopes(first[:, 0]), self.slopes(first[:, 1])
        return torch.stack([u, *first.T, *along_0.T, along_1[:, 1]])

    def slopes(self, values: torch.Tensor) -> torch.Tensor:
        return torch.autograd.grad(values.sum(), self.x, create_graph=True)[0]

    def jets_and_gradients(self) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        jets = self.jets()
        return jets, torch.autograd.grad(jets, self.coefficients, self.grad_jets)


def serve() -> None:
    network: Network | None = None

    def handle(line: str) -> dict[str, Any]:
        nonlocal network
        request = json.loads(line)
        if "repeats" not in request:
            network = Network(request)
            jets, gradients = network.jets_and_gradients()
            return {
                "jets": jets.tolist(),
                "gradients": [one.tolist() for one in gradients],
                "version": torch.__version__,
            }
        assert network is not None
        began = perf_counter()
        for _ in range(request["repeats"]):
            network.jets_and_gradients()
        return {"seconds": (perf_counter() - began) / request["repeats"]}

    serve_lines(handle)


if __name__ == "__main__":
    serve()
