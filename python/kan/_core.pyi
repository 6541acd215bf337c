"""
The compiled core of kan: arrays in, arrays out.
"""

from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import typing

__all__: list[str] = [
    "Adam32",
    "Adam64",
    "Base",
    "Best32",
    "Best64",
    "DataObjective32",
    "DataObjective64",
    "Extrapolation",
    "FormatError",
    "FunctionObjective32",
    "FunctionObjective64",
    "Jets32",
    "Jets64",
    "Layer",
    "LayerStatistics",
    "Lbfgs32",
    "Lbfgs64",
    "LevenbergMarquardt32",
    "LevenbergMarquardt64",
    "Network32",
    "Network64",
    "Objective32",
    "Objective64",
    "Optimizer32",
    "Optimizer64",
    "ResidualObjective32",
    "ResidualObjective64",
    "Samples32",
    "Samples64",
    "Sparsity",
    "SymbolicEdge",
    "Table",
    "activation_range",
    "activations",
    "available_threads",
    "basis32",
    "basis64",
    "compiler",
    "dumps",
    "edge_scores",
    "first_nonfinite",
    "function_names",
    "function_values",
    "has_openmp",
    "instruction_set",
    "load",
    "loads",
    "loss",
    "loss_and_gradient",
    "num_threads",
    "predict",
    "pullback",
    "regularity",
    "run",
    "save",
    "set_num_threads",
    "sparse_loss_and_gradient",
    "statistics",
]

class SymbolicEdge:
    def __init__(
        self,
        input: typing.SupportsInt | typing.SupportsIndex,
        sum: typing.SupportsInt | typing.SupportsIndex,
        function: str,
        table: typing.SupportsInt | typing.SupportsIndex = 0,
    ) -> None: ...
    @property
    def function(self) -> str: ...
    @property
    def input(self) -> int: ...
    @property
    def sum(self) -> int: ...
    @property
    def table(self) -> int: ...

class Table:
    def __init__(
        self,
        name: str,
        low: typing.SupportsFloat | typing.SupportsIndex,
        high: typing.SupportsFloat | typing.SupportsIndex,
        coefficients: numpy.ndarray,
    ) -> None: ...
    def values(
        self, u: numpy.ndarray, order: typing.SupportsInt | typing.SupportsIndex = 0
    ) -> numpy.typing.NDArray[numpy.float64]: ...
    @property
    def coefficients(self) -> numpy.typing.NDArray[numpy.float64]: ...
    @property
    def high(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def name(self) -> str: ...

class Base:
    """
    Members:

      silu

      identity

      zero
    """

    __members__: typing.ClassVar[dict[str, Base]]
    identity: typing.ClassVar[Base]
    silu: typing.ClassVar[Base]
    zero: typing.ClassVar[Base]
    @typing.overload
    def __eq__(self, other: Base) -> bool: ...
    @typing.overload
    def __eq__(self, other: typing.Any) -> bool: ...
    def __getstate__(self) -> int: ...
    def __hash__(self) -> int: ...
    def __index__(self) -> int: ...
    def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def __int__(self) -> int: ...
    @typing.overload
    def __ne__(self, other: Base) -> bool: ...
    @typing.overload
    def __ne__(self, other: typing.Any) -> bool: ...
    def __repr__(self) -> str: ...
    def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def __str__(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...

class Extrapolation:
    """
    Members:

      linear

      clamp

      zero

      polynomial

      error
    """

    __members__: typing.ClassVar[dict[str, Extrapolation]]
    clamp: typing.ClassVar[Extrapolation]
    error: typing.ClassVar[Extrapolation]
    linear: typing.ClassVar[Extrapolation]
    polynomial: typing.ClassVar[Extrapolation]
    zero: typing.ClassVar[Extrapolation]
    @typing.overload
    def __eq__(self, other: Extrapolation) -> bool: ...
    @typing.overload
    def __eq__(self, other: typing.Any) -> bool: ...
    def __getstate__(self) -> int: ...
    def __hash__(self) -> int: ...
    def __index__(self) -> int: ...
    def __init__(self, value: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def __int__(self) -> int: ...
    @typing.overload
    def __ne__(self, other: Extrapolation) -> bool: ...
    @typing.overload
    def __ne__(self, other: typing.Any) -> bool: ...
    def __repr__(self) -> str: ...
    def __setstate__(self, state: typing.SupportsInt | typing.SupportsIndex) -> None: ...
    def __str__(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...

class Layer:
    def __init__(
        self,
        inputs: typing.SupportsInt | typing.SupportsIndex,
        sums: typing.SupportsInt | typing.SupportsIndex,
        arities: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex],
        intervals: typing.SupportsInt | typing.SupportsIndex,
        degree: typing.SupportsInt | typing.SupportsIndex,
        symbolic: collections.abc.Sequence[SymbolicEdge] = [],
    ) -> None: ...
    @property
    def arities(self) -> list[int]: ...
    @property
    def degree(self) -> int: ...
    @property
    def inputs(self) -> int: ...
    @property
    def intervals(self) -> int: ...
    @property
    def nodes(self) -> int: ...
    @property
    def subnodes(self) -> int: ...
    @property
    def sums(self) -> int: ...
    @property
    def symbolic(self) -> list[SymbolicEdge]: ...

class Network32:
    def __init__(
        self,
        layers: collections.abc.Sequence[Layer],
        base: Base,
        extrapolation: Extrapolation,
        affine: bool,
        tables: collections.abc.Sequence[Table] = [],
    ) -> None: ...
    def affine(
        self, layer: typing.SupportsInt | typing.SupportsIndex, which: str
    ) -> numpy.typing.NDArray[numpy.float32]: ...
    def assign(self, other: Network32) -> None: ...
    def coefficients(
        self, layer: typing.SupportsInt | typing.SupportsIndex
    ) -> numpy.typing.NDArray[numpy.float32]: ...
    def copy(self) -> Network32: ...
    def edge_mask(
        self, layer: typing.SupportsInt | typing.SupportsIndex
    ) -> numpy.typing.NDArray[numpy.uint8]: ...
    def knots(
        self, layer: typing.SupportsInt | typing.SupportsIndex
    ) -> numpy.typing.NDArray[numpy.float32]: ...
    def parameters(self) -> numpy.typing.NDArray[numpy.float32]: ...
    def predict_ready(self, x: typing.Any) -> numpy.typing.NDArray[numpy.float32] | None: ...
    def set_edge_mask(
        self, layer: typing.SupportsInt | typing.SupportsIndex, mask: numpy.ndarray
    ) -> None: ...
    def set_knots(
        self, layer: typing.SupportsInt | typing.SupportsIndex, knots: numpy.ndarray
    ) -> None: ...
    def set_parameters(self, values: numpy.ndarray) -> None: ...
    def set_symbolic_trainable(
        self, layer: typing.SupportsInt | typing.SupportsIndex, trains: numpy.ndarray
    ) -> None: ...
    def set_trainable(self, coefficients: bool, base_weights: bool, affine: bool) -> None: ...
    def symbolic(
        self, layer: typing.SupportsInt | typing.SupportsIndex
    ) -> numpy.typing.NDArray[numpy.float32]: ...
    def symbolic_trainable(
        self, layer: typing.SupportsInt | typing.SupportsIndex
    ) -> numpy.typing.NDArray[numpy.uint8]: ...
    def trainable(self) -> numpy.typing.NDArray[numpy.uint8]: ...
    def trainable_groups(self) -> tuple[bool, bool, bool]: ...
    @property
    def affine_enabled(self) -> bool: ...
    @property
    def base(self) -> Base: ...
    @property
    def dtype(self) -> str: ...
    @property
    def extrapolation(self) -> Extrapolation: ...
    @property
    def layers(self) -> list[Layer]: ...
    @property
    def parameter_count(self) -> int: ...
    @property
    def tables(self) -> list[Table]: ...

class Network64:
    def __init__(
        self,
        layers: collections.abc.Sequence[Layer],
        base: Base,
        extrapolation: Extrapolation,
        affine: bool,
        tables: collections.abc.Sequence[Table] = [],
    ) -> None: ...
    def affine(
        self, layer: typing.SupportsInt | typing.SupportsIndex, which: str
    ) -> numpy.typing.NDArray[numpy.float64]: ...
    def assign(self, other: Network64) -> None: ...
    def coefficients(
        self, layer: typing.SupportsInt | typing.SupportsIndex
    ) -> numpy.typing.NDArray[numpy.float64]: ...
    def copy(self) -> Network64: ...
    def edge_mask(
        self, layer: typing.SupportsInt | typing.SupportsIndex
    ) -> numpy.typing.NDArray[numpy.uint8]: ...
    def knots(
        self, layer: typing.SupportsInt | typing.SupportsIndex
    ) -> numpy.typing.NDArray[numpy.float64]: ...
    def parameters(self) -> numpy.typing.NDArray[numpy.float64]: ...
    def predict_ready(self, x: typing.Any) -> numpy.typing.NDArray[numpy.float64] | None: ...
    def set_edge_mask(
        self, layer: typing.SupportsInt | typing.SupportsIndex, mask: numpy.ndarray
    ) -> None: ...
    def set_knots(
        self, layer: typing.SupportsInt | typing.SupportsIndex, knots: numpy.ndarray
    ) -> None: ...
    def set_parameters(self, values: numpy.ndarray) -> None: ...
    def set_symbolic_trainable(
        self, layer: typing.SupportsInt | typing.SupportsIndex, trains: numpy.ndarray
    ) -> None: ...
    def set_trainable(self, coefficients: bool, base_weights: bool, affine: bool) -> None: ...
    def symbolic(
        self, layer: typing.SupportsInt | typing.SupportsIndex
    ) -> numpy.typing.NDArray[numpy.float64]: ...
    def symbolic_trainable(
        self, layer: typing.SupportsInt | typing.SupportsIndex
    ) -> numpy.typing.NDArray[numpy.uint8]: ...
    def trainable(self) -> numpy.typing.NDArray[numpy.uint8]: ...
    def trainable_groups(self) -> tuple[bool, bool, bool]: ...
    @property
    def affine_enabled(self) -> bool: ...
    @property
    def base(self) -> Base: ...
    @property
    def dtype(self) -> str: ...
    @property
    def extrapolation(self) -> Extrapolation: ...
    @property
    def layers(self) -> list[Layer]: ...
    @property
    def parameter_count(self) -> int: ...
    @property
    def tables(self) -> list[Table]: ...

class Samples64:
    def __init__(
        self,
        x: numpy.ndarray,
        y: numpy.ndarray | None,
        labels: numpy.ndarray | None,
        outputs: typing.SupportsInt | typing.SupportsIndex,
        weight: numpy.ndarray | None,
        index: numpy.ndarray | None,
    ) -> None: ...
    @property
    def count(self) -> int: ...

class Samples32:
    def __init__(
        self,
        x: numpy.ndarray,
        y: numpy.ndarray | None,
        labels: numpy.ndarray | None,
        outputs: typing.SupportsInt | typing.SupportsIndex,
        weight: numpy.ndarray | None,
        index: numpy.ndarray | None,
    ) -> None: ...
    @property
    def count(self) -> int: ...

class Sparsity:
    def __init__(
        self,
        metric: str,
        lamb: typing.SupportsFloat | typing.SupportsIndex,
        l1: typing.SupportsFloat | typing.SupportsIndex,
        entropy: typing.SupportsFloat | typing.SupportsIndex,
        coef: typing.SupportsFloat | typing.SupportsIndex,
        coefdiff: typing.SupportsFloat | typing.SupportsIndex,
    ) -> None: ...
    @property
    def lamb(self) -> float: ...

class LayerStatistics:
    @property
    def edge(self) -> numpy.typing.NDArray[numpy.float64]: ...
    @property
    def input(self) -> numpy.typing.NDArray[numpy.float64]: ...
    @property
    def spline(self) -> numpy.typing.NDArray[numpy.float64]: ...
    @property
    def sum(self) -> numpy.typing.NDArray[numpy.float64]: ...

class Objective32:
    pass

class DataObjective32(Objective32):
    def __init__(
        self,
        network: Network32,
        samples: Samples32,
        loss: str,
        batch: typing.SupportsInt | typing.SupportsIndex,
        seed: typing.SupportsInt | typing.SupportsIndex,
        second_order: bool,
        sparsity: Sparsity | None = None,
    ) -> None: ...

class FunctionObjective32(Objective32):
    def __init__(
        self,
        network: Network32,
        function: collections.abc.Callable[
            [numpy.typing.NDArray[numpy.float32]],
            tuple[typing.SupportsFloat | typing.SupportsIndex, numpy.ndarray],
        ],
    ) -> None: ...

class Optimizer32:
    def reset(self, parameters: numpy.ndarray) -> None: ...
    @property
    def parameters(self) -> numpy.typing.NDArray[numpy.float32]: ...
    @property
    def value(self) -> float: ...

class Adam32(Optimizer32):
    def __init__(
        self,
        parameters: numpy.ndarray,
        learning_rate: typing.SupportsFloat | typing.SupportsIndex,
        weight_decay: typing.SupportsFloat | typing.SupportsIndex,
    ) -> None: ...

class Lbfgs32(Optimizer32):
    def __init__(
        self, parameters: numpy.ndarray, learning_rate: typing.SupportsFloat | typing.SupportsIndex
    ) -> None: ...

class LevenbergMarquardt32(Optimizer32):
    def __init__(
        self,
        parameters: numpy.ndarray,
        damping: typing.SupportsFloat | typing.SupportsIndex,
        ridge: typing.SupportsFloat | typing.SupportsIndex,
    ) -> None: ...
    @property
    def damping(self) -> float: ...

class Best32:
    def __init__(self) -> None: ...
    @property
    def parameters(self) -> numpy.typing.NDArray[numpy.float32]: ...
    @property
    def value(self) -> float: ...

class Objective64:
    pass

class DataObjective64(Objective64):
    def __init__(
        self,
        network: Network64,
        samples: Samples64,
        loss: str,
        batch: typing.SupportsInt | typing.SupportsIndex,
        seed: typing.SupportsInt | typing.SupportsIndex,
        second_order: bool,
        sparsity: Sparsity | None = None,
    ) -> None: ...

class FunctionObjective64(Objective64):
    def __init__(
        self,
        network: Network64,
        function: collections.abc.Callable[
            [numpy.typing.NDArray[numpy.float64]],
            tuple[typing.SupportsFloat | typing.SupportsIndex, numpy.ndarray],
        ],
    ) -> None: ...

class Optimizer64:
    def reset(self, parameters: numpy.ndarray) -> None: ...
    @property
    def parameters(self) -> numpy.typing.NDArray[numpy.float64]: ...
    @property
    def value(self) -> float: ...

class Adam64(Optimizer64):
    def __init__(
        self,
        parameters: numpy.ndarray,
        learning_rate: typing.SupportsFloat | typing.SupportsIndex,
        weight_decay: typing.SupportsFloat | typing.SupportsIndex,
    ) -> None: ...

class Lbfgs64(Optimizer64):
    def __init__(
        self, parameters: numpy.ndarray, learning_rate: typing.SupportsFloat | typing.SupportsIndex
    ) -> None: ...

class LevenbergMarquardt64(Optimizer64):
    def __init__(
        self,
        parameters: numpy.ndarray,
        damping: typing.SupportsFloat | typing.SupportsIndex,
        ridge: typing.SupportsFloat | typing.SupportsIndex,
    ) -> None: ...
    @property
    def damping(self) -> float: ...

class Best64:
    def __init__(self) -> None: ...
    @property
    def parameters(self) -> numpy.typing.NDArray[numpy.float64]: ...
    @property
    def value(self) -> float: ...

class Jets32:
    def __init__(
        self, network: Network32, order: typing.SupportsInt | typing.SupportsIndex
    ) -> None: ...
    def jets(
        self, x: numpy.ndarray, parameters: numpy.ndarray | None = None
    ) -> numpy.typing.NDArray[numpy.float32]: ...
    def pullback(
        self, x: numpy.ndarray, grad_jets: numpy.ndarray, parameters: numpy.ndarray | None = None
    ) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
    @property
    def derivatives(self) -> list[list[int]]: ...

class ResidualObjective32(Objective32):
    def __init__(
        self,
        network: Network32,
        unknowns: typing.SupportsInt | typing.SupportsIndex,
        evaluate: collections.abc.Callable[
            [numpy.typing.NDArray[numpy.float32]],
            tuple[typing.SupportsFloat | typing.SupportsIndex, numpy.ndarray],
        ],
        value: collections.abc.Callable[
            [numpy.typing.NDArray[numpy.float32]], typing.SupportsFloat | typing.SupportsIndex
        ],
        linearise: collections.abc.Callable[[numpy.typing.NDArray[numpy.float32]], list],
    ) -> None: ...

class Jets64:
    def __init__(
        self, network: Network64, order: typing.SupportsInt | typing.SupportsIndex
    ) -> None: ...
    def jets(
        self, x: numpy.ndarray, parameters: numpy.ndarray | None = None
    ) -> numpy.typing.NDArray[numpy.float64]: ...
    def pullback(
        self, x: numpy.ndarray, grad_jets: numpy.ndarray, parameters: numpy.ndarray | None = None
    ) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]: ...
    @property
    def derivatives(self) -> list[list[int]]: ...

class ResidualObjective64(Objective64):
    def __init__(
        self,
        network: Network64,
        unknowns: typing.SupportsInt | typing.SupportsIndex,
        evaluate: collections.abc.Callable[
            [numpy.typing.NDArray[numpy.float64]],
            tuple[typing.SupportsFloat | typing.SupportsIndex, numpy.ndarray],
        ],
        value: collections.abc.Callable[
            [numpy.typing.NDArray[numpy.float64]], typing.SupportsFloat | typing.SupportsIndex
        ],
        linearise: collections.abc.Callable[[numpy.typing.NDArray[numpy.float64]], list],
    ) -> None: ...

@typing.overload
def activation_range(
    network: Network64, x: numpy.ndarray, layer: typing.SupportsInt | typing.SupportsIndex
) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]: ...
@typing.overload
def activation_range(
    network: Network32, x: numpy.ndarray, layer: typing.SupportsInt | typing.SupportsIndex
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def activations(
    network: Network64, x: numpy.ndarray, layer: typing.SupportsInt | typing.SupportsIndex
) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def activations(
    network: Network32, x: numpy.ndarray, layer: typing.SupportsInt | typing.SupportsIndex
) -> numpy.typing.NDArray[numpy.float32]: ...
def available_threads() -> int: ...
def basis32(
    knots: numpy.ndarray,
    degree: typing.SupportsInt | typing.SupportsIndex,
    x: numpy.ndarray,
    order: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.int32], numpy.typing.NDArray[numpy.float32]]: ...
def basis64(
    knots: numpy.ndarray,
    degree: typing.SupportsInt | typing.SupportsIndex,
    x: numpy.ndarray,
    order: typing.SupportsInt | typing.SupportsIndex,
) -> tuple[numpy.typing.NDArray[numpy.int32], numpy.typing.NDArray[numpy.float64]]: ...
def compiler() -> str: ...
@typing.overload
def dumps(network: Network32, notes: collections.abc.Mapping[str, str]) -> bytes: ...
@typing.overload
def dumps(network: Network64, notes: collections.abc.Mapping[str, str]) -> bytes: ...
@typing.overload
def edge_scores(
    network: Network64,
    statistics: collections.abc.Sequence[LayerStatistics],
    output_scores: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex],
) -> tuple[
    list[numpy.typing.NDArray[numpy.float64]],
    list[numpy.typing.NDArray[numpy.float64]],
    list[numpy.typing.NDArray[numpy.float64]],
]: ...
@typing.overload
def edge_scores(
    network: Network32,
    statistics: collections.abc.Sequence[LayerStatistics],
    output_scores: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex],
) -> tuple[
    list[numpy.typing.NDArray[numpy.float64]],
    list[numpy.typing.NDArray[numpy.float64]],
    list[numpy.typing.NDArray[numpy.float64]],
]: ...
def first_nonfinite(values: numpy.ndarray) -> tuple[int, int] | None: ...
def function_names() -> list[str]: ...
def function_values(
    name: str, u: numpy.ndarray, order: typing.SupportsInt | typing.SupportsIndex = 0
) -> numpy.typing.NDArray[numpy.float64]: ...
def has_openmp() -> bool: ...
def instruction_set() -> str: ...
def load(path: bytes, verify: bool = True) -> tuple[Network32 | Network64, dict[str, str], int]: ...
def loads(data: bytes) -> tuple[Network32 | Network64, dict[str, str], int]: ...
@typing.overload
def loss(network: Network64, samples: Samples64, loss: str) -> float: ...
@typing.overload
def loss(network: Network32, samples: Samples32, loss: str) -> float: ...
@typing.overload
def loss_and_gradient(
    network: Network64, samples: Samples64, loss: str
) -> tuple[float, numpy.typing.NDArray[numpy.float64]]: ...
@typing.overload
def loss_and_gradient(
    network: Network32, samples: Samples32, loss: str
) -> tuple[float, numpy.typing.NDArray[numpy.float32]]: ...
def num_threads() -> int: ...
@typing.overload
def predict(network: Network64, x: numpy.ndarray) -> numpy.typing.NDArray[numpy.float64]: ...
@typing.overload
def predict(network: Network32, x: numpy.ndarray) -> numpy.typing.NDArray[numpy.float32]: ...
@typing.overload
def pullback(
    network: Network64, x: numpy.ndarray, grad_y: numpy.ndarray
) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.float64]]: ...
@typing.overload
def pullback(
    network: Network32, x: numpy.ndarray, grad_y: numpy.ndarray
) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def regularity(network: Network64, samples: Samples64, sparsity: Sparsity) -> float: ...
@typing.overload
def regularity(network: Network32, samples: Samples32, sparsity: Sparsity) -> float: ...
@typing.overload
def run(
    optimizer: Optimizer32,
    objective: Objective32,
    steps: typing.SupportsInt | typing.SupportsIndex,
    best: Best32,
) -> tuple[numpy.typing.NDArray[numpy.float64], bool]: ...
@typing.overload
def run(
    optimizer: Optimizer64,
    objective: Objective64,
    steps: typing.SupportsInt | typing.SupportsIndex,
    best: Best64,
) -> tuple[numpy.typing.NDArray[numpy.float64], bool]: ...
@typing.overload
def save(
    path: bytes,
    network: Network32,
    notes: collections.abc.Mapping[str, str],
    self_test: numpy.ndarray | None = None,
) -> None: ...
@typing.overload
def save(
    path: bytes,
    network: Network64,
    notes: collections.abc.Mapping[str, str],
    self_test: numpy.ndarray | None = None,
) -> None: ...
def set_num_threads(count: typing.SupportsInt | typing.SupportsIndex) -> None: ...
@typing.overload
def sparse_loss_and_gradient(
    network: Network64, samples: Samples64, loss: str, sparsity: Sparsity
) -> tuple[float, numpy.typing.NDArray[numpy.float64]]: ...
@typing.overload
def sparse_loss_and_gradient(
    network: Network32, samples: Samples32, loss: str, sparsity: Sparsity
) -> tuple[float, numpy.typing.NDArray[numpy.float32]]: ...
@typing.overload
def statistics(network: Network64, x: numpy.ndarray) -> list[LayerStatistics]: ...
@typing.overload
def statistics(network: Network32, x: numpy.ndarray) -> list[LayerStatistics]: ...

__version__: str

class FormatError(ValueError):
    "A file that is not what it claims to be; the message says why."
