"""Other packages that claim the import name `kan`."""

from __future__ import annotations

import warnings
from pathlib import Path

__all__ = ["warn_of_pykan"]


def warn_of_pykan() -> None:
    """Warn if pykan is installed beside this package: both own the folder `kan`, and files mix."""
    folder = Path(__file__).resolve().parent.parent
    if next(folder.glob("pykan-*.dist-info"), None) is not None:
        warnings.warn(
            "pykan is installed in the same environment and uses the same import name 'kan'; "
            "uninstall it, or give kan-core an environment of its own",
            UserWarning,
            stacklevel=3,
        )
