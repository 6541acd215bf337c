"""The stream of uniform numbers that pykan draws from, without torch."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["UniformStream", "legacy_generator"]


def legacy_generator(seed: int) -> np.random.RandomState:
    """Return NumPy's frozen MT19937 generator for any integer, taken modulo 2**32."""
    try:
        whole_seed = operator.index(seed)
    except TypeError:
        raise TypeError(f"seed must be an integer, got {seed!r}") from None
    return np.random.RandomState(whole_seed % 2**32)


class UniformStream:
    """Uniform numbers in [0, 1) with the bits of ``torch.manual_seed(seed); torch.rand(...)``.

    torch's CPU generator is MT19937 with the classic integer seeding, which is also that of
    NumPy's frozen ``RandomState``. The stream owns its generator: nobody else's numbers change.

    Parameters
    ----------
    seed : int
        Any integer; the generator knows it modulo 2**32, as torch's does.

    References
    ----------
    M. Matsumoto, T. Nishimura: Mersenne Twister. ACM TOMACS 8 (1998) 3-30.
    """

    def __init__(self, seed: int) -> None:
        self._generator = legacy_generator(seed)

    def uniform(
        self, shape: int | tuple[int, ...], dtype: DTypeLike = np.float64
    ) -> NDArray[np.floating[Any]]:
        """Draw the next numbers of the stream, filled in C order.

        Parameters
        ----------
        shape : int or tuple of int
            Shape of the array.
        dtype : dtype, default float64
            float32 (24 random bits, one word of the generator each) or float64 (53 bits, two
            words each).

        Returns
        -------
        ndarray
            Numbers in [0, 1).
        """
        kind = np.dtype(dtype)
        count = int(np.prod(shape, dtype=np.int64))
        numbers: NDArray[np.floating[Any]]
        if kind == np.float32:
            bits_24 = self._words(count) & np.uint32(2**24 - 1)
            numbers = bits_24.astype(np.float32) * np.float32(2.0**-24)
        elif kind == np.float64:
            high, low = self._words(2 * count).astype(np.uint64).reshape(count, 2).T
            bits_53 = ((high << np.uint64(32)) | low) & np.uint64(2**53 - 1)
            numbers = bits_53.astype(np.float64) * 2.0**-53
        else:
            raise ValueError(f"dtype must be float32 or float64, got {kind}")
        return numbers.reshape(shape)

    def normal(
        self, shape: int | tuple[int, ...], dtype: DTypeLike = np.float64
    ) -> NDArray[np.floating[Any]]:
        """Draw standard normal numbers: those of ``torch.randn(...)`` but for rounding.

        From 16 numbers on torch applies the method of Box and Muller to blocks of 8 + 8 uniform
        ones, the last block drawn anew where it overlaps the one before; fewer come in pairs.

        References
        ----------
        G. E. P. Box, M. E. Muller: A note on the generation of random normal deviates. Ann. Math.
        Statist. 29 (1958) 610-611.
        """
        count = int(np.prod(shape, dtype=np.int64))
        if count < 16:
            u, v = self.uniform((-(-count // 2), 2)).T
            numbers = np.stack(_box_muller(v, u), axis=1).ravel()[:count].astype(dtype)
            return numbers.reshape(shape)
        numbers = self.uniform(count, dtype)
        whole = count // 16 * 16
        _normal_blocks(numbers[:whole])
        if whole < count:
            numbers[-16:] = self.uniform(16, dtype)
            _normal_blocks(numbers[-16:])
        return numbers.reshape(shape)

    def _words(self, count: int) -> NDArray[np.uint32]:
        return self._generator.randint(0, 2**32, size=count, dtype=np.uint32)


def _normal_blocks(numbers: NDArray[Any]) -> None:
    """Turn uniform numbers into normal ones, 16 by 16."""
    blocks = numbers.reshape(-1, 16)
    blocks[:, :8], blocks[:, 8:] = _box_muller(blocks[:, :8], blocks[:, 8:])


def _box_muller(u: NDArray[Any], v: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    radius, angle = np.sqrt(-2 * np.log1p(-u)), 2 * np.pi * v
    return radius * np.cos(angle), radius * np.sin(angle)
