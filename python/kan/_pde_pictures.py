"""Pictures of solutions: what a model gives, what it should give, and the difference."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ._architecture import integer, is_sequence
from ._arrays import Array, as_vector, real_numbers
from ._figures import FreeFigure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ._model import KAN

__all__ = ["draw"]

TITLES = "solution", "exact"

# Inches of a panel.
PANEL_WIDTH, PANEL_HEIGHT = 4.2, 3.4

# A map has no more points along an axis than this.
MOST_POINTS = 2000

Exact = Callable[[Array], Any]


def draw(
    model: KAN, given: Array, exact: Exact | None, output: Any, points: Any, names: Any, at: Any
) -> Figure:
    """Return a picture of one output over the box of the points `given` (N, n_in)."""
    low, high = given.min(axis=0).astype(np.float64), given.max(axis=0).astype(np.float64)
    outputs = model._network.layers[-1].nodes
    output = integer(output, "output", 0, outputs - 1)
    points = integer(points, "points", 2, MOST_POINTS)
    if exact is not None and not callable(exact):
        raise TypeError(f"exact must be a function of x, got {exact!r}")
    named = _names(names, len(low))
    fixed = (low + high) / 2 if at is None else as_vector(at, "at", len(low), "float64")
    drawn = min(2, len(low))
    axes = [_axis(low[i], high[i], points) for i in range(drawn)]
    places = np.tile(fixed, (points**drawn, 1))
    places[:, :drawn] = np.stack([one.ravel() for one in np.meshgrid(*axes)], axis=1)
    places = places.astype(model.dtype)
    fields = [model.predict(places)[:, output].astype(np.float64)]
    if exact is not None:
        fields.append(_exact_values(exact, places, output, outputs))
    panel = _lines if drawn == 1 else _maps
    return panel(axes, [one.reshape(points, -1) for one in fields], named, fixed)


def _axis(low: float, high: float, points: int) -> Array:
    """Return numbers from end to end; around a single one if it is the only."""
    half = 0.5 if low == high else 0.0
    return np.linspace(low - half, high + half, points)


def _names(names: Any, count: int) -> list[str]:
    if names is None:
        return [f"$x_{{{i + 1}}}$" for i in range(count)]
    if not is_sequence(names) or not all(isinstance(one, str) for one in names):
        raise TypeError(f"names must be a list of strings, got {names!r}")
    if len(names) != count:
        raise ValueError(f"names must have one name for each of {count} inputs, got {names!r}")
    return list(names)


def _exact_values(exact: Exact, places: Array, output: int, outputs: int) -> Array:
    """Return the exact values (N,) of an output."""
    values = real_numbers(exact(places.copy()), "what exact returns")
    if values.shape == (len(places),) and outputs == 1:
        return values.astype(np.float64)
    if values.shape != (len(places), outputs):
        flat = f"({len(places)},) or " if outputs == 1 else ""
        raise ValueError(
            f"exact must return shape {flat}({len(places)}, {outputs}), got {values.shape}"
        )
    return values[:, output].astype(np.float64)


# ---- one input --------------------------------------------------------------------------------


def _lines(axes: list[Array], fields: list[Array], names: list[str], fixed: Array) -> Figure:
    """Draw curves, and below them how far they are from each other."""
    x, rows = axes[0], len(fields)
    figure = FreeFigure(figsize=(6.0, 1.2 + 2.4 * rows), layout="constrained", facecolor="white")
    panels = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    panels[0].plot(x, fields[0], label=TITLES[0])
    if rows > 1:
        panels[0].plot(x, fields[1], "--", label=TITLES[1])
        panels[0].legend(frameon=False)
        panels[1].plot(x, fields[0] - fields[1], color="C3")
        panels[1].axhline(0.0, color="0.8", linewidth=0.8, zorder=0)
        panels[1].set_ylabel("error")
    panels[0].set_ylabel(TITLES[0])
    panels[-1].set_xlabel(names[0])
    return figure


# ---- two inputs, and a slice of more ----------------------------------------------------------


def _maps(axes: list[Array], fields: list[Array], names: list[str], fixed: Array) -> Figure:
    """Draw maps side by side, solution and exact in the same colours."""
    ends = _ends(np.stack(fields))
    maps = [(title, one, "viridis", ends) for title, one in zip(TITLES, fields, strict=False)]
    if len(fields) > 1:
        error = fields[0] - fields[1]
        largest = max(map(abs, _ends(error)))
        maps.append(("error", error, "RdBu_r", (-largest, largest)))
    width = PANEL_WIDTH * len(maps)
    figure = FreeFigure(figsize=(width, PANEL_HEIGHT), layout="constrained", facecolor="white")
    panels = figure.subplots(1, len(maps), sharex=True, sharey=True, squeeze=False)[0]
    for ax, (title, field, colours, (low, high)) in zip(panels, maps, strict=True):
        drawn = ax.pcolormesh(
            *axes, field, cmap=colours, vmin=low, vmax=high, shading="nearest", rasterized=True
        )
        figure.colorbar(drawn, ax=ax)
        ax.set_title(title)
        ax.set_xlabel(names[0])
    panels[0].set_ylabel(names[1])
    if len(names) > 2:
        behind = zip(names[2:], fixed[2:], strict=True)
        figure.suptitle(", ".join(f"{name} = {value:g}" for name, value in behind))
    return figure


def _ends(values: Array) -> tuple[float, float]:
    """Return the least and the largest of the finite values."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
