"""Runs inside pykan's environment: takes `case steps` lines, answers with seconds and losses."""

from __future__ import annotations

import json
import os
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import torch  # noqa: E402
from cases import CASES, data  # noqa: E402

from kan import KAN  # noqa: E402


class Trainer:
    """pykan with its `speed()` switch on and torch's Adam: forward, loss, backward, update."""

    def __init__(self, name: str) -> None:
        case = CASES[name]
        torch.set_default_dtype(getattr(torch, case.dtype))
        self.x, self.y = (torch.from_numpy(part) for part in data(case))
        self.model = KAN(list(case.width), grid=case.grid, k=3, seed=0, auto_save=False)
        self.model.speed()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)

    def train(self, steps: int) -> tuple[float, float, float]:
        losses = []
        began = time.perf_counter()
        for _ in range(steps):
            self.optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(self.model(self.x), self.y)
            loss.backward()
            self.optimizer.step()
            losses.append(loss)
        seconds = time.perf_counter() - began
        return seconds, float(losses[0]), float(losses[-1])


def main() -> None:
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    answers, sys.stdout = sys.stdout, sys.stderr
    trainers: dict[str, Trainer] = {}
    for line in sys.stdin:
        name, steps = json.loads(line)
        trainer = trainers.get(name) or trainers.setdefault(name, Trainer(name))
        seconds, first, last = trainer.train(steps)
        answers.write(json.dumps([seconds, first, last]) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
