"""Commands: ``python -m kan demo [--out DIR]``, ``config``, ``--version``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from . import __version__, _demo, show_config


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status says whether it worked."""
    parser = argparse.ArgumentParser(prog="python -m kan", description=__doc__)
    parser.add_argument("--version", action="version", version=f"kan {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="train on a known function, save, load and draw")
    demo.add_argument("--out", type=Path, default=Path("kan-demo"), help="folder for the files")
    commands.add_parser("config", help="print versions, instruction set and threads")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "config":
            show_config()
        else:
            _demo.run(chosen.out)
        sys.stdout.flush()
    except OSError as error:
        _give_up_output()
        parser.exit(1, f"{parser.prog} {chosen.command}: {error}\n")
    return 0


def _give_up_output() -> None:
    """Drop what could not be printed, lest the interpreter try it again when it exits."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    raise SystemExit(main())
