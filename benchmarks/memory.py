"""Growth of resident memory while a network trains, against the number of rows.

    python benchmarks/memory.py [--rows 10000 100000 1000000]

See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

WIDTH = (20, 64, 64, 1)
GRID = 10
BATCHES = {"full batch": -1, "batch of 1024": 1024}
MEGABYTE = 1e6
BAR = 20.0  # MB that the growth at the most rows may exceed the growth at the fewest
AT_A_TIME = 10_000
PEAK = Path("/proc/self/clear_refs")


def status(field: str) -> int:
    """Bytes that the kernel tells of this process."""
    text = Path("/proc/self/status").read_text()
    found = re.search(rf"{field}:\s+(\d+) kB", text)
    assert found is not None
    return 1024 * int(found[1])


def data(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets in single precision, made piece by piece so that nothing else grows."""
    rng = np.random.default_rng(0)
    x = np.empty((rows, WIDTH[0]), dtype=np.float32)
    for first in range(0, rows, AT_A_TIME):
        piece = x[first : first + AT_A_TIME]
        piece[:] = 2 * rng.random(piece.shape, dtype=np.float32) - 1
    return x, x[:, :1] * x[:, 1:2]


def growth(rows: int, batch: int, steps: int) -> float:
    """Megabytes at the peak of a `fit` over what was resident before it, in this process."""
    import kan

    kan.set_num_threads(2)
    x, y = data(rows)
    model = kan.KAN(list(WIDTH), grid=GRID, dtype="float32")
    PEAK.write_text("5")  # the peak begins again here
    before = status("VmRSS")
    model.fit(x, y, opt="Adam", steps=steps, batch=batch, update_grid=False, verbose=False)
    return (status("VmHWM") - before) / MEGABYTE


def in_fresh_process(rows: int, batch: int, steps: int) -> float:
    command = [sys.executable, __file__, "--child", json.dumps([rows, batch, steps])]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", nargs="+", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if not PEAK.exists():
        print("peaks of memory are read from /proc, which only Linux has", file=sys.stderr)
        return 2
    if chosen.child:
        print(growth(*json.loads(chosen.child)))
        return 0

    rows = sorted(chosen.rows)
    print(f"growth of resident memory in {chosen.steps} steps, MB; {list(WIDTH)} G={GRID}, float32")
    print("rows".rjust(15), *(f"{count:>10}" for count in rows))
    kept = True
    for name, batch in BATCHES.items():
        grown = [in_fresh_process(count, batch, chosen.steps) for count in rows]
        more = grown[-1] - grown[0]
        kept = kept and more <= BAR
        print(name.rjust(15), *(f"{size:>10.1f}" for size in grown), f"  ({more:+.1f})")
    print(f"bar: {rows[-1]} rows grow at most {BAR:.0f} MB more: {'kept' if kept else 'MISSED'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
