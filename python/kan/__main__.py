"""Commands: ``python -m kan demo``, ``info FILE``, ...; ``python -m kan --help`` has all."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ._commands import make_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status says whether it worked."""
    parser = make_parser()
    chosen = parser.parse_args(arguments)
    try:
        chosen.run(chosen)
        sys.stdout.flush()
    except (OSError, ValueError, ImportError) as error:
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
