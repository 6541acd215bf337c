"""Makes the list of cases importable; `pytest benchmarks/regressions` runs these, nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
