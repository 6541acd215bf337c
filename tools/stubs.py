"""Write python/kan/_core.pyi from the installed extension module, or check that it is in step."""

from __future__ import annotations

import argparse
import difflib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from kan import _core

STUB = Path(__file__).resolve().parents[1] / "python" / "kan" / "_core.pyi"


def generate() -> str:
    """Return the formatted stub; a signature that Python cannot express ends the program."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pybind11_stubgen", "kan._core", "--exit-code"]
        subprocess.run([*command, "--output-dir", folder], check=True, cwd=folder)
        text = Path(folder, "kan", "_core.pyi").read_text(encoding="utf-8")
    # The exception says that it lives in `kan`, where users find it; it is defined here.
    text = text.replace("from kan import FormatError\n", "")
    text += f"\nclass FormatError(ValueError):\n    {_core.FormatError.__doc__!r}\n"
    # What a string constant says (a version, a compiler) belongs to one build, not to the stub.
    text = re.sub(r"^(\w+: str) = .*$", r"\1", text, flags=re.MULTILINE)
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(STUB), "-"]
    done = subprocess.run(command, input=text, check=True, capture_output=True, encoding="utf-8")
    return done.stdout


def main() -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail on drift")
    check = parser.parse_args().check

    new = generate()
    old = STUB.read_text(encoding="utf-8") if STUB.exists() else ""
    if new == old:
        return 0
    if check:
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), "checked in", "generated")
        print("\n".join(lines))
        print(f"{STUB.name} is out of step: install the package and run `python tools/stubs.py`")
        return 1
    STUB.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
