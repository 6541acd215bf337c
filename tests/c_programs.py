"""Programs around an exported C header, compiled as strictly as can be, and run."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wshadow")

# Rows of numbers come in and go out as they lie in memory.
DRIVER = """
#include <stdio.h>
#include "{header}"
int main(void) {{
  {c_type} x[{NAME}_INPUTS], y[{NAME}_OUTPUTS];
  while (fread(x, sizeof x, 1, stdin) == 1) {{
    {name}_predict(x, y);
    if (fwrite(y, sizeof y, 1, stdout) != 1) return 1;
  }}
  return 0;
}}
"""

C_TYPES = {"float32": "float", "float64": "double", "int16": "int16_t"}


@dataclass(frozen=True)
class Compiler:
    """A compiler, and what runs its programs here."""

    command: tuple[str, ...]
    runner: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.command[0]

    def require(self) -> None:
        for program in (self.command[0], *self.runner[:1]):
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed")


GCC = Compiler(("gcc",))
CLANG = Compiler(("clang",))
AARCH64 = Compiler(("aarch64-linux-gnu-gcc",), ("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"))
CORTEX_M4 = Compiler(("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb"))
RUNNING = (GCC, CLANG, AARCH64)
ALL = (*RUNNING, CORTEX_M4)


def compiled(compiler: Compiler, source: Path, output: Path, *flags: str) -> Path:
    """Compile without a warning."""
    compiler.require()
    command = [*compiler.command, *STRICT, "-O2", *flags, str(source), "-o", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    return output


def program(compiler: Compiler, header: Path, dtype: str, *flags: str) -> Path:
    """The driver around a header, linked."""
    name = header.stem
    source = header.with_suffix(".c")
    text = DRIVER.format(header=header.name, name=name, NAME=name.upper(), c_type=C_TYPES[dtype])
    source.write_text(text)
    return compiled(compiler, source, header.with_name(f"{name}-{compiler}"), *flags, "-lm")


def answers(compiler: Compiler, built: Path, X: np.ndarray, outputs: int) -> np.ndarray:
    """What the program says to rows X, (N, outputs)."""
    done = subprocess.run(
        [*compiler.runner, str(built)], input=X.tobytes(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout, X.dtype).reshape(len(X), outputs)


def predictions(
    compiler: Compiler, header: Path, X: np.ndarray, outputs: int, *flags: str
) -> np.ndarray:
    """What the exported model says to rows X, compiled and run."""
    return answers(compiler, program(compiler, header, X.dtype.name, *flags), X, outputs)
