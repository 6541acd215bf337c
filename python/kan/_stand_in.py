"""What pykan's notebooks take from torch, on NumPy arrays, where torch is not installed.

A tensor is an array with a few more methods. Random numbers are those of torch on a CPU for the
same seed (normal ones to rounding), from a generator of this module's own. There are no gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._random import UniformStream

Array = NDArray[Any]

pi, e, inf, nan = math.pi, math.e, math.inf, math.nan
float32 = float = np.dtype(np.float32)
float64 = double = np.dtype(np.float64)
int32, int64, long = np.dtype(np.int32), np.dtype(np.int64), np.dtype(np.int64)
bool = np.dtype(np.bool_)
DEFAULT_SEED = 67280421310721  # torch's, before anyone calls manual_seed


class device:
    """A device; there is only the processor."""

    def __init__(self, name: object = "cpu") -> None:
        self.type = str(name).partition(":")[0]
        if self.type != "cpu":
            raise ValueError(f"device must be 'cpu', got {str(name)!r}: kan computes on the CPU")

    def __str__(self) -> str:
        return self.type

    def __repr__(self) -> str:
        return f"device(type='{self.type}')"

    def __eq__(self, other: object) -> Any:
        return isinstance(other, device) and other.type == self.type

    def __hash__(self) -> int:
        return hash(self.type)


_state = SimpleNamespace(dtype=float32, stream=UniformStream(DEFAULT_SEED), device=device())


class Tensor(np.ndarray[Any, Any]):
    """An array with the methods of a tensor that notebooks call."""

    requires_grad = False

    @property
    def device(self) -> Any:
        """The processor."""
        return _state.device

    def to(self, *where: Any, dtype: Any = None, device: Any = None) -> Any:
        """Return the tensor, in another dtype if one is given."""
        kinds = [one for one in (*where, dtype) if isinstance(one, (np.dtype, type))]
        return self.astype(kinds[0]) if kinds else self

    def detach(self) -> Tensor:
        """Return the tensor: there are no gradients."""
        return self

    cpu = contiguous = detach

    def numpy(self) -> Any:
        """Return the tensor as a plain array of the same memory."""
        return self.view(np.ndarray)

    def clone(self) -> Any:
        """Return a copy."""
        return self.copy()

    def is_floating_point(self) -> Any:
        """Whether it holds floats."""
        return self.dtype.kind == "f"

    def unsqueeze(self, dim: int) -> Tensor:
        """Return the tensor with one more axis of length 1."""
        return tensor_of(np.expand_dims(np.asarray(self), dim))


def _method(kind: Any) -> Callable[[Tensor], Any]:
    def convert(self: Tensor) -> Any:
        return self.astype(kind)

    convert.__doc__ = f"Return the tensor as {kind}."
    return convert


for _name, _kind in {"float": float32, "double": float64, "long": int64, "int": int32}.items():
    setattr(Tensor, _name, _method(_kind))


def tensor_of(values: Any) -> Tensor:
    """Return an array or a number as a tensor of the same memory where possible."""
    return np.asarray(values).view(Tensor)


# ---- functions ------------------------------------------------------------------------------


def _function(numpy_function: Callable[..., Any]) -> Callable[..., Tensor]:
    """Return a function of NumPy's with torch's names of arguments and tensors as results."""

    def call(*arguments: Any, **options: Any) -> Tensor:
        renamed = {{"dim": "axis", "keepdim": "keepdims"}.get(k, k): options[k] for k in options}
        return tensor_of(numpy_function(*arguments, **renamed))

    call.__name__ = numpy_function.__name__
    call.__doc__ = f"As numpy.{numpy_function.__name__}, with `dim` and `keepdim`."
    return call


SAME_NAME = (
    "abs ceil cos cosh exp expm1 floor log log10 log1p log2 sign sin sinh sqrt square tan tanh "
    "arccos arcsin arctan arctanh maximum minimum where clip sum mean prod argmax argmin einsum "
    "matmul stack diagonal cumsum round ones_like zeros_like isnan isfinite allclose"
)
OTHER_NAME = {
    "acos": np.arccos, "asin": np.arcsin, "atan": np.arctan, "atan2": np.arctan2,
    "atanh": np.arctanh, "cat": np.concatenate, "clamp": np.clip, "pow": np.power,
    "det": np.linalg.det, "inverse": np.linalg.inv,
}  # fmt: skip
_functions = {name: getattr(np, name) for name in SAME_NAME.split()} | OTHER_NAME
globals().update({name: _function(function) for name, function in _functions.items()})
linalg = SimpleNamespace(
    **{name: _function(getattr(np.linalg, name)) for name in ("det", "inv", "norm", "eigh")}
)


def sigmoid(x: Any) -> Tensor:
    """1 / (1 + exp(-x)), without overflow."""
    return tensor_of(0.5 * (1.0 + np.tanh(0.5 * np.asarray(x))))


def bessel_j0(x: Any) -> Tensor:
    """The Bessel function J0, as the mean of cos(x sin t) over the circle.

    The trapezoidal rule for a smooth periodic function: with n points over half the circle the
    error is about J_2n(x), far below rounding for the n taken here.

    References
    ----------
    NIST Digital Library of Mathematical Functions, 10.9.1.
    """
    points = np.asarray(x)
    largest = np.abs(points).max(initial=0.0, where=np.isfinite(points))
    count = 24 + int(0.75 * largest)
    total = np.zeros(points.shape, dtype=np.result_type(points, np.float32))
    for angle in (np.arange(count) + 0.5) * (np.pi / count):
        total += np.cos(points * np.sin(angle))
    return tensor_of(total / count)


special = SimpleNamespace(bessel_j0=bessel_j0)
cuda = SimpleNamespace(is_available=lambda: False, device_count=lambda: 0)

# ---- making tensors -------------------------------------------------------------------------


def set_default_dtype(dtype: Any) -> None:
    """Set the dtype of the tensors that this module makes; it starts as float32.

    Models are float64 whatever stands here: `KAN(dtype=...)` decides that.
    """
    kind = np.dtype(dtype)
    if kind.kind != "f":
        raise TypeError(f"dtype must be a floating type, got {dtype!r}")
    _state.dtype = kind


def get_default_dtype() -> Any:
    """Return the dtype of the tensors that this module makes."""
    return _state.dtype


def manual_seed(seed: int) -> None:
    """Start the random numbers of this module anew."""
    _state.stream = UniformStream(seed)


def use_deterministic_algorithms(mode: Any, **options: Any) -> None:
    """Do nothing: all algorithms are deterministic."""


def from_numpy(array: Array) -> Tensor:
    """Return an array as a tensor of the same memory."""
    return tensor_of(array)


def tensor(values: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Return a copy of values as a tensor; Python's floats get the default dtype."""
    made = np.array(values, dtype=dtype)
    numbers = dtype is None and made.dtype == np.float64 and not isinstance(values, np.ndarray)
    return tensor_of(made.astype(_state.dtype) if numbers else made)


as_tensor = tensor


def linspace(
    start: Any, end: Any, steps: int = 100, dtype: Any = None, device: Any = None
) -> Tensor:
    """Return `steps` numbers from start to end."""
    return tensor_of(np.linspace(start, end, steps, dtype=dtype or _state.dtype))


def arange(*limits: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Return numbers in steps, as numpy.arange."""
    made = np.arange(*limits, dtype=dtype)
    return tensor_of(made.astype(_state.dtype) if made.dtype.kind == "f" and not dtype else made)


def _filled(maker: Callable[..., Any]) -> Callable[..., Tensor]:
    def make(*shape: Any, dtype: Any = None, device: Any = None) -> Tensor:
        return tensor_of(maker(_shape(shape), dtype=dtype or _state.dtype))

    make.__doc__ = f"As numpy.{maker.__name__}, in the default dtype."
    return make


zeros, ones, empty = _filled(np.zeros), _filled(np.ones), _filled(np.empty)


def eye(n: int, m: int | None = None, dtype: Any = None, device: Any = None) -> Tensor:
    """Return the identity matrix."""
    return tensor_of(np.eye(n, m, dtype=dtype or _state.dtype))


def meshgrid(*axes: Any, indexing: Any = "ij") -> tuple[Tensor, ...]:
    """Return coordinates of a mesh; "ij" is torch's order."""
    return tuple(tensor_of(one) for one in np.meshgrid(*axes, indexing=indexing))


def rand(*shape: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Return uniform numbers in [0, 1)."""
    return tensor_of(_state.stream.uniform(_shape(shape), dtype or _state.dtype))


def randn(*shape: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Return standard normal numbers."""
    kind, whole = np.dtype(dtype or _state.dtype), _shape(shape)
    return tensor_of(_state.stream.normal(whole, kind))


def normal(mean: Any = 0.0, std: Any = 1.0, size: Sequence[int] | None = None, **of: Any) -> Tensor:
    """Return normal numbers of the given mean and deviation."""
    shape = np.broadcast_shapes(np.shape(mean), np.shape(std)) if size is None else tuple(size)
    return tensor_of(mean + std * randn(*shape, **of))


def _shape(shape: tuple[Any, ...]) -> tuple[int, ...]:
    nested = len(shape) == 1 and isinstance(shape[0], (tuple, list))
    return tuple(shape[0]) if nested else shape


def __getattr__(name: str) -> Any:
    raise AttributeError(f"kan's stand-in for torch has no {name!r}: pip install torch")
