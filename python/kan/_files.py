"""Errors about a file name the file, and files are written all or nothing."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ._core import FormatError

__all__ = ["naming", "write_whole"]


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


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file; if that fails, what was there is still there.

    As with models, a file keeps its permissions, and a link stays one.
    """
    name = os.path.realpath(os.fsdecode(path))
    if os.path.exists(name) and not os.path.isfile(name):  # a device would become a file
        raise OSError(errno.EINVAL, "not a regular file", name)
    unfinished = f"{name}.{os.getpid()}.{threading.get_ident()}.part"
    try:
        with open(unfinished, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            os.chmod(unfinished, stat.S_IMODE(os.stat(name).st_mode))
        os.replace(unfinished, name)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise
