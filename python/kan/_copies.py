"""Copies of a model, and the file it is kept in."""

from __future__ import annotations

import copy
import json
import os
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from . import _core
from ._architecture import MOST_SEED, Core, fraction, integer
from ._arrays import Array
from ._edge import Edge
from ._files import naming
from ._initial import Start
from ._last_fit import LastFit
from ._rearranged import Rearrangement

__all__ = ["Copyable"]

Model = TypeVar("Model", bound="Copyable")


class Copyable:
    """What a model is made of, and how it is copied, pickled, saved and loaded."""

    seed: int
    grid_eps: float
    _network: Core
    _training_inputs: Array | None
    # What those should give: name of the loss, targets or labels, weights.
    _training_targets: tuple[str, Array, Array | None] | None
    _last_fit: LastFit | None
    _start: Start | None  # how the parameters were drawn, while they are still those
    _input_id: list[int] | None  # columns of X that the network takes, where it leaves some out
    _given_inputs: int  # columns that X has then
    _splines: dict[tuple[int, int, int], Edge]  # what edges were before they became symbolic

    if TYPE_CHECKING:

        def _inputs(self, X: Any, name: str = "X") -> Array: ...

    def copy(self: Model) -> Model:
        """Return an independent copy."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._network = self._network.copy()
        twin._splines = dict(self._splines)
        return twin

    def __copy__(self: Model) -> Model:
        return self.copy()

    def __deepcopy__(self: Model, memo: dict[int, Any]) -> Model:
        twin = self.copy()
        others = {name: value for name, value in self.__dict__.items() if name != "_network"}
        twin.__dict__.update(copy.deepcopy(others, memo))
        return twin

    def __getstate__(self) -> dict[str, Any]:
        """Return what a file would hold: the training inputs stay behind, as with `save`."""
        others = dict(self.__dict__)
        del others["_network"], others["_training_inputs"], others["_training_targets"]
        return {"model": _core.dumps(self._network, self._notes()), "others": others}

    def __setstate__(self, state: dict[str, Any]) -> None:
        network, notes, _ = _core.loads(state["model"])
        self._restore(network, notes)
        self.__dict__.update(state["others"])

    def save(self, path: str | os.PathLike[str], *, self_test: ArrayLike | None = None) -> None:
        """Write the model to one ``.safetensors`` file, all or nothing.

        The errors that the last fit ended with go along, if the model is what it left:
        ``python -m kan info`` prints them.

        Parameters
        ----------
        path : path-like
            Where; a file that is there is replaced.
        self_test : array-like, optional
            A few inputs, shape (n, n_in). The file keeps them with the model's answers, and whoever
            loads it, in Python, C++ or C, on whatever machine, compares.

        Raises
        ------
        OSError
            If it cannot be written; a file that was there is then still there.
        ValueError
            If the inputs of the self-test are not finite, or the model's answers are not.
        """
        rows = None
        if self_test is not None:
            rows = np.ascontiguousarray(self._inputs(self_test, "self_test"), dtype=np.float64)
        with naming(path):
            _core.save(os.fsencode(path), self._network, self._notes(), rows)

    @classmethod
    def load(cls: type[Model], path: str | os.PathLike[str], *, self_test: bool = True) -> Model:
        """Return the model that :meth:`save` wrote, with the same bits.

        Parameters
        ----------
        path : path-like
            The file.
        self_test : bool, default True
            Whether the self-test that the file may carry is run.

        Raises
        ------
        OSError
            If the file cannot be read.
        FormatError
            If it is damaged or no model, or its self-test fails; a ValueError that says what is
            wrong.
        """
        model = cls.__new__(cls)
        with naming(path):
            network, notes, _ = _core.load(os.fsencode(path), bool(self_test))
            model._restore(network, notes)
        return model

    def _become(self, made: Rearrangement) -> None:
        """Take a network of parts of this one; who is training this one goes on if it can."""
        self._splines = made.splines(self._splines)
        try:
            self._network.assign(made.network)  # type: ignore[arg-type]
        except ValueError:  # of another shape
            self._network = made.network
        self._start = None

    def _notes(self) -> dict[str, str]:
        settings: dict[str, Any] = {"seed": self.seed, "grid_eps": self.grid_eps}
        if self._input_id is not None:
            settings["inputs"] = [self._given_inputs, self._input_id]
        if self._last_fit is not None and self._last_fit.is_of(self._network):
            settings["last_fit"] = self._last_fit.noted()
        return {"settings": json.dumps(settings)}

    def _restore(self, network: Core, notes: dict[str, str]) -> None:
        try:
            settings = json.loads(notes.get("settings", "{}"))
            self.seed = integer(settings.get("seed", 1), "seed", 0, MOST_SEED)
            self.grid_eps = fraction(settings.get("grid_eps", 1.0), "grid_eps")
            self._given_inputs, self._input_id = _stored_inputs(network, settings.get("inputs"))
            self._last_fit = LastFit.stored(settings.get("last_fit"), network)
        except (TypeError, ValueError, AttributeError, RecursionError) as error:
            raise _core.FormatError(f"settings of the model: {error}") from None
        self._network = network
        self._training_inputs = self._training_targets = None
        self._start = None
        self._splines = {}


def _stored_inputs(network: Core, stored: Any) -> tuple[int, list[int] | None]:
    """Return how many columns X has, and which of them the network takes."""
    inputs = network.layers[0].inputs
    if stored is None:
        return inputs, None
    given, chosen = stored
    given = integer(given, "inputs", inputs)
    chosen = [integer(one, "inputs", 0, given - 1) for one in chosen]
    if len(chosen) != inputs:
        raise ValueError(f"inputs must name {inputs} columns, got {len(chosen)}")
    return given, chosen
