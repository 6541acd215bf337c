"""The laws that formulas.py rediscovers, with the boxes they are drawn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LAWS", "Law"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Law:
    """A function, where it is sampled, and the network that the search begins with."""

    name: str
    f: Callable[[Array], Array]
    width: tuple[Any, ...]
    box: tuple[float, float]

    @property
    def inputs(self) -> int:
        return int(self.width[0])


LAWS = {
    law.name: law
    for law in (
        Law("x*y", lambda x: x[:, 0] * x[:, 1], (2, [3, 2], 1), (-1, 1)),
        Law("x/y", lambda x: x[:, 0] / x[:, 1], (2, 5, 1), (0.5, 2)),
        Law(
            "sin(2(log x + log y))",
            lambda x: np.sin(2 * (np.log(x[:, 0]) + np.log(x[:, 1]))),
            (2, 5, 1),
            (0.2, 5),
        ),
        Law("sqrt(x^2+y^2)", lambda x: np.hypot(x[:, 0], x[:, 1]), (2, 5, 1), (0.1, 1)),
        Law(
            "(u+v)/(1+uv)",
            lambda x: (x[:, 0] + x[:, 1]) / (1 + x[:, 0] * x[:, 1]),
            (2, 5, 1),
            (-0.9, 0.9),
        ),
        Law(
            "exp(-x^2/2)/sqrt(2 pi)",
            lambda x: np.exp(-(x[:, 0] ** 2) / 2) / np.sqrt(2 * np.pi),
            (1, 5, 1),
            (-3, 3),
        ),
        Law(
            "x1*x2 + sin(pi x3)",
            lambda x: x[:, 0] * x[:, 1] + np.sin(np.pi * x[:, 2]),
            (3, [3, 2], 1),
            (-1, 1),
        ),
        Law("1 + a sin(b)", lambda x: 1 + x[:, 0] * np.sin(x[:, 1]), (2, [3, 2], 1), (-1, 1)),
        Law(
            "exp(sin(pi x) + y^2)",
            lambda x: np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2),
            (2, 5, 1),
            (-1, 1),
        ),
    )
}
