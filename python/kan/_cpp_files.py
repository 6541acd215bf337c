"""Where the C++ library lies that is installed with the package."""

from __future__ import annotations

from pathlib import Path

from . import _core

__all__ = ["FOLDERS", "cpp_folder"]

# What is asked for, and where it is beside the compiled core. In an editable installation that is
# not where the Python sources are.
FOLDERS = {"cmakedir": "lib/cmake/kan", "includedir": "include", "pkgconfigdir": "lib/pkgconfig"}


def cpp_folder(name: str) -> Path:
    """Return one of the FOLDERS.

    Raises
    ------
    FileNotFoundError
        If the package was put together without the C++ library.
    """
    home = Path(_core.__file__).resolve().parent
    folder = home / FOLDERS[name]
    if not folder.is_dir():
        raise FileNotFoundError(
            f"the C++ library is not beside the package in {home}: install kan-core with pip"
        )
    return folder
