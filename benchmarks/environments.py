"""One virtual environment per peer, made on first use."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["REQUIREMENTS", "Environments", "add_environment_options", "chosen_environments"]

HERE = Path(__file__).resolve().parent

# In order; each tuple is one call of pip. numpy is the one that makes our data, too.
NUMPY = f"numpy=={np.__version__}"
REQUIREMENTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "inkan": ((NUMPY, "inkan==0.5.2"),),
    "flashkan": ((NUMPY, "flashkan==0.2.0"),),
    # pykan's own requirements pin versions that no longer install.
    "pykan": (
        (NUMPY, "matplotlib", "scikit-learn", "tqdm", "pandas", "sympy", "pyyaml"),
        ("--no-deps", "pykan==0.2.8"),
    ),
    "mlp": ((NUMPY,),),
    "onnxruntime": ((NUMPY, "onnxruntime==1.32.0"),),
}

# Peers that are not made of PyTorch.
WITHOUT_TORCH = {"onnxruntime"}


@dataclass(frozen=True)
class Environments:
    """Where the environments are, and which PyTorch they get.

    `torch_index` is the address of a package index for PyTorch alone, such as the one with its
    CPU builds; without it pip takes PyTorch from where it takes everything else.
    """

    cache: Path
    torch: str = "torch==2.13.0"
    torch_index: str | None = None

    def python(self, name: str) -> Path:
        """The interpreter of a peer's environment."""
        folder = self.cache / "environments" / name
        python = folder / "bin" / "python"
        torch = () if name in WITHOUT_TORCH else (self._torch_arguments(),)
        groups = (*torch, *REQUIREMENTS[name])
        wanted = "\n".join(" ".join(group) for group in groups)
        stamp = folder / "installed.txt"
        if stamp.exists() and stamp.read_text() == wanted:
            return python
        print(f"making an environment for {name} in {folder}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        for group in groups:
            command = [str(python), "-m", "pip", "install", "--quiet", *group]
            subprocess.run(command, check=True, env={**os.environ, "PIP_NO_INPUT": "1"})
        stamp.write_text(wanted)
        return python

    def _torch_arguments(self) -> tuple[str, ...]:
        if self.torch_index is None:
            return (self.torch,)
        return (self.torch, "--index-url", self.torch_index)


def add_environment_options(parser: argparse.ArgumentParser) -> None:
    """Options that say where peers' environments are and what PyTorch they get."""
    parser.add_argument(
        "--cache",
        type=Path,
        default=HERE.parent / "build" / "bench",
        help="where environments and compiled code are kept (default build/bench)",
    )
    parser.add_argument(
        "--torch",
        default=os.environ.get("KAN_BENCH_TORCH", "torch==2.13.0"),
        help="what pip installs as PyTorch (default torch==2.13.0, or $KAN_BENCH_TORCH)",
    )
    parser.add_argument(
        "--torch-index",
        help="package index to take PyTorch from, such as the one with its CPU builds",
    )


def chosen_environments(chosen: argparse.Namespace) -> Environments:
    """What these options ask for."""
    return Environments(chosen.cache.resolve(), chosen.torch, chosen.torch_index)
