"""Arguments of pykan's `fit` that have nothing to do here, so that its scripts run unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._architecture import finite, flag

__all__ = ["check_fit_arguments"]

# What only weighs or shapes something that is not needed here.
NUMBERS = ("y_th", "beta", "save_fig_freq")
ANYTHING = ("in_vars", "out_vars", "img_folder", "singularity_avoiding")


def check_fit_arguments(given: Mapping[str, Any]) -> None:
    """Refuse unknown arguments, wrong kinds, and what would be missed if it were ignored.

    `y_th` and `singularity_avoiding` guard symbolic functions, which are always guarded here; the
    others belong to `save_fig`.
    """
    for name, value in given.items():
        if name in NUMBERS:
            finite(value, name)
        elif name == "save_fig":
            if flag(value, name):
                raise ValueError(
                    "save_fig=True is not supported: fit writes no files; save the figure of "
                    "model.plot() in a callback"
                )
        elif name not in ANYTHING:
            raise TypeError(f"fit() got an unexpected keyword argument {name!r}")
