"""What the figures of a run depend on."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

from workers import THREADS

__all__ = ["describe", "signature"]

HERE = Path(__file__).resolve().parent


def git(*arguments: str) -> str | None:
    """What git answers in this folder, or None outside a repository."""
    done = subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def instruction_set() -> str:
    from kan import _core

    return str(_core.instruction_set())


def describe() -> dict[str, Any]:
    """Machine, versions and commit. `dirty` says that files differ from the commit."""
    import kan

    return {
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "threads": THREADS,
        "instruction set": instruction_set(),
        "load before": os.getloadavg()[0],
        "kan": kan.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "commit": git("rev-parse", "--short", "HEAD"),
        "dirty": bool(git("status", "--porcelain", "--", "..", ":!results")),
        "date": time.strftime("%Y-%m-%d"),
    }


def signature(where: dict[str, Any], versions: dict[str, str]) -> str:
    """Machine, versions and commit as the last sentence under a table."""
    tree = f"{where['commit']}{' with changes' if where['dirty'] else ''}"
    return (
        f"{where['cpu']}, {where['cores']} cores, {where['instruction set']}, "
        f"{where['threads']} threads each; "
        + ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
        + f"; commit {tree}, {where['date']}."
    )
