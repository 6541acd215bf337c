"""What `fit` lowers: a named loss in the core, or a function of the user's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _core
from ._architecture import Core
from ._arrays import Array, as_labels, as_matrix, as_targets, as_weights, real_numbers
from ._containers import as_plain
from ._regulariser import Regulariser
from ._rows import Rows
from ._traced_loss import called

__all__ = ["Data", "Loss", "loss_named"]

NAMES = ("mse", "cross_entropy")

# torch's loss modules and functions, which nobody needs to import to recognise them
OF_TORCH = {
    "MSELoss": "mse",
    "mse_loss": "mse",
    "CrossEntropyLoss": "cross_entropy",
    "cross_entropy": "cross_entropy",
}
PLAIN = {"reduction": "mean", "weight": None, "label_smoothing": 0.0, "ignore_index": -100}


class Loss:
    """A loss by name, or a function ``(prediction, y) -> (loss, d loss / d prediction)``.

    A function may also give the loss alone, calculated with operations of tensors.
    """

    def __init__(self, name: str, function: Callable[[Array, Array], Any] | None = None) -> None:
        self.name = name
        self.function = function

    def report(self, value: float) -> float:
        """Return what histories show: the root of a mean squared error, other losses as is."""
        return math.sqrt(value) if self.name == "mse" else value

    def targets(self, y: object, name: str, rows: int, outputs: int, dtype: str) -> Array:
        if self.name == "cross_entropy":
            return as_labels(y, name, rows, outputs)
        if self.function is None:
            return as_targets(y, name, rows, outputs, dtype)
        array = np.asarray(as_plain(y))
        if array.ndim == 0 or len(array) != rows:
            raise ValueError(f"{name} must have {rows} rows, got shape {array.shape}")
        if array.ndim == 1 and outputs == 1 and array.dtype.kind in "biuf":
            return array[:, np.newaxis]  # as predictions are
        return array

    def value(self, network: Core, data: Data) -> float:
        """Return the loss of a network on data."""
        if self.function is None:
            return float(_core.loss(network, data.samples, self.name))
        rows = data.chosen
        return self._call(_core.predict(network, data.x[rows]), data.y[rows])[0]

    def objective(
        self,
        network: Core,
        data: Data,
        batch: int,
        seed: int,
        second_order: bool,
        regulariser: Regulariser | None = None,
    ) -> Any:
        """Return what an optimizer of the core lowers."""
        added = regulariser or Regulariser()
        suffix = "32" if network.dtype == "float32" else "64"
        if self.function is None:
            kind = getattr(_core, f"DataObjective{suffix}")
            return kind(network, data.samples, self.name, batch, seed, second_order, added.of_core)
        x, y = np.ascontiguousarray(data.x[data.chosen]), data.y[data.chosen]

        def evaluate(parameters: Array) -> tuple[float, Array]:
            network.set_parameters(parameters)
            value, gradient = self._value_and_gradient(network, x, y)
            if not added.lamb:
                return value, gradient
            penalty, slope = added.penalty_and_gradient(network, x)
            return value + penalty, gradient + slope

        return getattr(_core, f"FunctionObjective{suffix}")(network, evaluate)

    def gradient(self, network: Core, data: Data) -> Array:
        """Return the gradient of the loss on data, 0 for what does not train."""
        if self.function is None:
            of_core: Array = _core.loss_and_gradient(network, data.samples, self.name)[1]
            return of_core
        x, y = np.ascontiguousarray(data.x[data.chosen]), data.y[data.chosen]
        return self._value_and_gradient(network, x, y)[1]

    def not_finite(self, dtype: str) -> str:
        """Return what it means that this loss or its gradient is not finite, and what to do."""
        if self.function is not None:
            return "loss_fn returned a loss or a gradient that is not finite"
        return (
            f"the loss ({self.name}) or its gradient does not fit {dtype}; scale the data, for "
            "instance to mean 0 and standard deviation 1"
        )

    def _value_and_gradient(self, network: Core, x: Array, y: Array) -> tuple[float, Array]:
        value, slope = self._call(_core.predict(network, x), y)
        trainable = network.trainable().astype(network.dtype)
        return value, _core.pullback(network, x, slope)[0] * trainable

    def _call(self, prediction: Array, y: Array) -> tuple[float, Array]:
        assert self.function is not None
        result = called(self.function, prediction, y)
        if not isinstance(result, tuple) or len(result) != 2:
            raise TypeError(
                "loss_fn must return (loss, d loss / d prediction), "
                f"got {type(result).__name__}, which Tensor cannot differentiate; "
                "named losses: 'mse', 'cross_entropy'"
            )
        try:
            value = float(result[0])
        except (TypeError, ValueError):
            raise TypeError(f"loss_fn must return a number as loss, got {result[0]!r}") from None
        with np.errstate(over="ignore"):  # the training notices what is not finite
            slope = real_numbers(result[1], "the gradient that loss_fn returns")
            slope = np.ascontiguousarray(slope, dtype=prediction.dtype)
        if slope.shape != prediction.shape:
            raise ValueError(
                f"loss_fn must return a gradient of shape {prediction.shape}, got {slope.shape}"
            )
        return value, slope


def loss_named(loss: Any, name: str = "loss_fn") -> Loss:
    """Return the loss that the caller means; None is mean squared error."""
    if loss is None:
        return Loss("mse")
    if isinstance(loss, str) and loss in NAMES:
        return Loss(loss)
    if isinstance(loss, str) or not callable(loss):
        kind = ValueError if isinstance(loss, str) else TypeError
        raise kind(
            f"{name} must be 'mse', 'cross_entropy' or a function of (prediction, y), got {loss!r}"
        )
    thing = loss if hasattr(loss, "__name__") else type(loss)
    module = str(getattr(thing, "__module__", ""))
    if module.partition(".")[0] == "torch" and thing.__name__ in OF_TORCH:
        for option, plain in PLAIN.items():
            if getattr(loss, option, plain) != plain:
                raise ValueError(f"{name} must be a torch loss without options, got {loss!r}")
        return Loss(OF_TORCH[thing.__name__])
    return Loss("function", loss)


class Data(Rows):
    """Checked inputs and targets, or the rows of them that `index` names; nothing is copied."""

    def __init__(
        self,
        x: Array,
        y: Array,
        weight: Array | None,
        loss: Loss,
        outputs: int,
        index: Array | None = None,
    ) -> None:
        super().__init__(x, index)
        self.y = y
        self.weight = weight
        if loss.function is None:
            kind: Any = _core.Samples32 if x.dtype == np.float32 else _core.Samples64
            labels = y if loss.name == "cross_entropy" else None
            targets = None if labels is not None else y
            self.samples = kind(x, targets, labels, outputs, weight, index)

    def some_targets(self, loss: Loss) -> tuple[str, Array, Array | None] | None:
        """Return copies of the loss's name, targets and weights of the rows `some` returns."""
        if loss.function is not None:
            return None
        places = self.some_places()
        weight = None if self.weight is None else self.weight[places]
        return loss.name, self.y[places], weight


def check_data(
    network: Core, loss: Loss, x: object, y: object, weight: object, names: tuple[str, str]
) -> tuple[Array, Array, Array | None]:
    """Return checked inputs, targets and weights."""
    layers = network.layers
    outputs = layers[-1].nodes
    inputs = as_matrix(x, names[0], layers[0].inputs, network.dtype)
    if not len(inputs):
        raise ValueError(f"{names[0]} must have at least one row, got shape {inputs.shape}")
    targets = loss.targets(y, names[1], len(inputs), outputs, network.dtype)
    if weight is None:
        return inputs, targets, None
    if loss.function is not None:
        raise ValueError("sample_weight works with the named losses; put weights into loss_fn")
    return inputs, targets, as_weights(weight, "sample_weight", len(inputs), network.dtype)
