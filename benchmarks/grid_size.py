"""Time of a training step against the number of grid intervals, for us and the peers.

    python benchmarks/grid_size.py [--peers inkan flashkan] [--quick]

Writes results/grid_size.json, .svg and .png. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cases import Case
from compare import add_options, runner
from entrants import ENTRANTS
from machine import describe
from matplotlib.figure import Figure

HERE = Path(__file__).resolve().parent
GRIDS = (5, 10, 20, 50, 100, 200, 500)
PEERS = ("inkan", "flashkan", "pykan")
# On finer grids pykan spends minutes on its starting values, one least-squares problem per edge.
FINEST_OF_PYKAN = 100
COLOURS = {"ours": "#0b5fa5", "inkan": "#c8553d", "flashkan": "#7a6f9b", "pykan": "#6b7f59"}
NAMES = {"ours": "kan (this library)"}

Times = Mapping[str, Mapping[int, float]]


def case_of(grid: int) -> Case:
    return Case(f"grid {grid}", (64, 64), grid=grid, rows=4096)


def draw(times: Times, caption: str) -> Figure:
    """One line per entrant, named where it ends."""
    figure = Figure(figsize=(7.0, 4.4), layout="constrained")
    axes = figure.add_subplot()
    for name, points in times.items():
        grids, milliseconds = list(points), [1e3 * seconds for seconds in points.values()]
        wide = 2.4 if name == "ours" else 1.4
        axes.plot(grids, milliseconds, "o-", color=COLOURS[name], linewidth=wide, markersize=4)
        axes.annotate(
            NAMES.get(name, name),
            (grids[-1], milliseconds[-1]),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            color=COLOURS[name],
        )
    axes.set(xscale="log", yscale="log", xlim=(4, 2500), xlabel="grid intervals G")
    axes.set_ylabel("one training step (ms)")
    axes.set_xticks(GRIDS, [str(grid) for grid in GRIDS])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title("[64,64], k=3, N=4096, float32, Adam", loc="left", fontsize=11)
    figure.supxlabel(caption, fontsize=7, color="#555555")
    return figure


def collect(results: Mapping[int, Mapping[str, Any]], names: Sequence[str], what: str) -> Times:
    """Medians per entrant and grid."""
    return {
        name: {
            grid: found[name][what]["median"] for grid, found in results.items() if name in found
        }
        for name in names
        if any(name in found for found in results.values())
    }


def show(times: Times) -> None:
    print("G".rjust(10), *(f"{grid:>10}" for grid in GRIDS))
    for name, points in times.items():
        cells = (f"{1e3 * points[g]:>7.3g} ms" if g in points else f"{'-':>10}" for g in GRIDS)
        print(name.rjust(10), *cells)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--output", type=Path, help="folder, default benchmarks/results")
    add_options(parser)
    chosen = parser.parse_args()

    where, run = describe(), runner(chosen)
    results: dict[int, dict[str, Any]] = {}
    for grid in GRIDS:
        peers = [p for p in chosen.peers if p != "pykan" or grid <= FINEST_OF_PYKAN]
        entrants = [ENTRANTS[name] for name in ("ours", *peers)]
        results[grid] = run.run(case_of(grid), entrants, train=False).results

    folder = chosen.output or (run.environments.cache if chosen.quick else HERE / "results")
    folder.mkdir(parents=True, exist_ok=True)
    step = collect(results, ("ours", *chosen.peers), "step")
    forward = collect(results, ("ours", *chosen.peers), "forward")
    stored = {"machine": where, "step": step, "forward": forward}
    (folder / "grid_size.json").write_text(json.dumps(stored, indent=1) + "\n")
    caption = (
        f"{where['cpu']}, {where['cores']} cores, {where['threads']} threads each, "
        f"commit {where['commit']}{' with changes' if where['dirty'] else ''}, {where['date']}"
    )
    figure = draw(step, caption)
    for ending in ("svg", "png"):
        figure.savefig(folder / f"grid_size.{ending}", dpi=150)

    print("step")
    show(step)
    print("forward")
    show(forward)
    ours = forward["ours"]
    ratio = ours[GRIDS[-1]] / ours[GRIDS[0]]
    print(f"our forward at G={GRIDS[-1]} takes {ratio:.2f} times as long as at G={GRIDS[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
