"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

# Before anything loads OpenMP: threads that wait must not spin while others have work to do.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import pytest

from kan import SYMBOLIC_LIB


@pytest.fixture
def own_functions() -> Iterator[None]:
    """Functions that a test adds to the library are gone after it."""
    names = set(SYMBOLIC_LIB)
    yield
    for name in set(SYMBOLIC_LIB) - names:
        del SYMBOLIC_LIB[name]
