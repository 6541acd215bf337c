"""Errors about a file name the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ._core import FormatError

__all__ = ["naming"]


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Put the path into the errors of the core that come out of a ``with`` block."""
    name = os.fsdecode(path)
    try:
        yield
    except FormatError as error:
        reason = str(error)
        raise FormatError(reason if name in reason else f"{name}: {reason}") from None
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, os.strerror(error.errno), name) from None
