"""What all peers on PyTorch share: a plain training loop at its fastest."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from cases import Case
from data import data, fingerprint
from protocol import LEARNING_RATE, timed

__all__ = ["TorchEntrant"]


class TorchEntrant:
    """Forward, mean squared error, backward and torch's fused Adam on all rows.

    With `whole` the network is compiled as one graph. Every shape gets its own code, since a
    compiler that has seen two would make slower code that fits both.
    """

    def __init__(
        self,
        case: Case,
        dtype: str,
        build: Callable[[], torch.nn.Module],
        versions: dict[str, str],
        *,
        whole: bool = False,
    ) -> None:
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        torch.set_flush_denormal(True)
        torch.set_default_dtype(getattr(torch, dtype))
        torch._dynamo.config.automatic_dynamic_shapes = False
        x, y = data(case, dtype)
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y)
        self.data = fingerprint(x, y)
        self.versions = {"torch": torch.__version__, "numpy": np.__version__, **versions}
        self.build, self.whole = build, whole
        self.start()
        self.parameters = self.count_parameters()

    def start(self) -> None:
        """A new model and a new optimizer."""
        torch.manual_seed(0)
        self.model = self.build()
        self.call: Any = torch.compile(self.model, dynamic=False) if self.whole else self.model
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LEARNING_RATE, fused=True)

    def count_parameters(self) -> int:
        """Parameters that train; those of pykan's symbolic branch do not in its fast mode."""
        return sum(
            value.numel()
            for name, value in self.model.named_parameters()
            if value.requires_grad and not name.startswith("symbolic_fun")
        )

    def one_step(self) -> torch.Tensor:
        self.optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(self.call(self.x), self.y)
        loss.backward()
        self.optimizer.step()
        return loss

    def step(self, repeats: int) -> float:
        return timed(self.one_step, repeats)

    def forward(self, repeats: int) -> float:
        with torch.inference_mode():
            return timed(lambda: self.call(self.x), repeats)

    def train(self, steps: int) -> list[float]:
        self.start()
        losses = [float(self.one_step()) for _ in range(steps)]
        return [losses[0], losses[-1]]
