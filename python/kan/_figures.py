"""Figures that belong to their caller: pyplot never hears of them. Importing needs matplotlib."""

from __future__ import annotations

import io

try:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
except ImportError as error:
    raise ImportError('drawing needs matplotlib: pip install "kan-core[plot]"') from error

__all__ = ["FreeFigure", "bare_axes", "require_axes"]


class FreeFigure(Figure):  # type: ignore[misc, unused-ignore]  # Any without matplotlib
    """A figure that notebooks show and that is gone when nobody holds it any more.

    pyplot keeps every figure it made until it is closed. A plain `Figure` is not kept, but
    notebooks show it only after pyplot was imported; this one can always be shown.
    """

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", bbox_inches="tight")
        return buffer.getvalue()


def require_axes(ax: object) -> None:
    """Raise unless this is an axes to draw on, or None."""
    if ax is not None and not isinstance(ax, Axes):
        raise TypeError(
            f"ax must be a matplotlib Axes, such as figure.add_subplot() makes, "
            f"got {type(ax).__name__}"
        )


def bare_axes(width: float, height: float) -> Axes:
    """Return the only axes of a new white figure, which it fills; sizes are in inches."""
    figure = FreeFigure(figsize=(width, height), facecolor="white")
    return figure.add_axes((0.0, 0.0, 1.0, 1.0))
