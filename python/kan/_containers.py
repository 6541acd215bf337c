"""Tensors come in as arrays, and results go back as what came: the one place that knows torch.

Nothing here imports torch: whoever holds a tensor has done so. `_stand_in` is treated like it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_plain", "given_back", "library_of", "loaded_libraries"]

LIBRARIES = ("torch", f"{__package__}._stand_in")


def loaded_libraries() -> Iterator[ModuleType]:
    """Yield the libraries of tensors that somebody has imported."""
    for name in LIBRARIES:
        library = sys.modules.get(name)
        if isinstance(getattr(library, "Tensor", None), type):
            assert library is not None
            yield library


def library_of(thing: object) -> ModuleType | None:
    """Return the library whose tensor or device `thing` is, if it is one."""
    for library in loaded_libraries():
        if isinstance(thing, (library.Tensor, library.device)):
            return library
    return None


def as_plain(values: Any) -> Any:
    """Return a tensor as an array, without its gradient; everything else as it is."""
    if type(values) is np.ndarray or library_of(values) is None:
        return values
    plain = values.detach().cpu()
    if str(plain.dtype) == "torch.bfloat16":  # which NumPy does not have
        plain = plain.float()
    return plain.numpy()


def given_back(result: NDArray[Any], example: object) -> Any:
    """Return an array as what `example` is: a tensor of its floating type and device, or as is.

    It knows nothing of gradients. An example of integers leaves the type alone.
    """
    library = None if type(example) is np.ndarray else library_of(example)
    if library is None:
        return result
    tensor = library.from_numpy(result)
    known: Any = example
    dtype = known.dtype if known.is_floating_point() else tensor.dtype
    return tensor.to(known.device).to(dtype)
