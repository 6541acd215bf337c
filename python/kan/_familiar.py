"""What pykan's users know a model by, where this package has other words for it."""

from __future__ import annotations

import os
import sys
from typing import TypeVar

import numpy as np

from . import _core
from ._activity import edge_outputs
from ._architecture import flag, require_cpu
from ._arrays import Array
from ._edge import edge_of
from ._notebook import plt
from ._observed import Observed
from ._views import NumericLayer, SymbolicLayer, affine_of

__all__ = ["Familiar"]

Model = TypeVar("Model", bound="Familiar")


class Familiar(Observed):
    """pykan's names for the parts of a model, its files and its curves."""

    # ---- parts ----------------------------------------------------------------------------------

    @property
    def act_fun(self) -> list[NumericLayer]:
        """The splines of each layer: grid, coef, scale_base, mask and so on, as copies."""
        return [NumericLayer(self._network, index) for index in range(len(self._network.layers))]

    @property
    def symbolic_fun(self) -> list[SymbolicLayer]:
        """The symbolic edges of each layer: mask, affine and funs_name, as copies."""
        return [SymbolicLayer(self._network, index) for index in range(len(self._network.layers))]

    @property
    def node_scale(self) -> list[Array]:
        """What the nodes after each layer are scaled by, copies."""
        return affine_of(self._network, "node_scale")

    @property
    def node_bias(self) -> list[Array]:
        """What is added to the nodes after each layer, copies."""
        return affine_of(self._network, "node_bias")

    @property
    def subnode_scale(self) -> list[Array]:
        """What the sums of each layer are scaled by, before products are formed; copies."""
        return affine_of(self._network, "subnode_scale")

    @property
    def subnode_bias(self) -> list[Array]:
        """What is added to the sums of each layer, before products are formed; copies."""
        return affine_of(self._network, "subnode_bias")

    @property
    def width_in(self) -> list[int]:
        """Nodes per layer, inputs first."""
        return [self._network.layers[0].inputs] + [one.nodes for one in self._network.layers]

    @property
    def width_out(self) -> list[int]:
        """Sums per layer, each factor of a product counted; inputs first."""
        return [self._network.layers[0].inputs] + [one.subnodes for one in self._network.layers]

    @property
    def n_sum(self) -> list[int]:
        """Plain sum nodes per hidden layer."""
        return [one.sums for one in self._network.layers[:-1]]

    @property
    def n_mult(self) -> list[int]:
        """Multiplication nodes per hidden layer."""
        return [len(one.arities) for one in self._network.layers[:-1]]

    @property
    def input_id(self) -> list[int]:
        """The columns of X that the network takes."""
        return list(self._columns)

    @property
    def cache_data(self) -> Array | None:
        """Inputs that plots and scores are made of: those of `fit` or `get_act`; None before."""
        return None if self._training_inputs is None else self._training_inputs.copy()

    @property
    def auto_save(self) -> bool:
        """False: nothing is written but by `save`."""
        return False

    # ---- curves ---------------------------------------------------------------------------------

    def get_fun(self, l: int, i: int, j: int, *, plot: bool = False) -> tuple[Array, Array]:  # noqa: E741
        """Return what enters and what leaves edge (l, i, j), in increasing order of the former.

        Parameters
        ----------
        l, i, j : int
            From input i of layer l to its sum j.
        plot : bool, default False
            Draw the curve with matplotlib's pyplot, into its current axes.

        Returns
        -------
        (ndarray, ndarray)
            (N,) each, for the inputs of the last `get_act` or `fit`, else for points spread over
            the grids.

        Raises
        ------
        IndexError
            If there is no such edge.
        """
        place = edge_of(self._network, l, i, j)
        inputs = _core.activations(self._network, self._reference_inputs(), place.layer)
        outputs = edge_outputs(self._network, place.layer, inputs.astype(np.float64))
        x, y = inputs[:, place.source], outputs[:, place.source, place.target]
        order = np.argsort(x, kind="stable")
        curve = x[order], y[order].astype(x.dtype)
        if flag(plot, "plot"):
            plt.plot(*curve)
        return curve

    def get_range(
        self,
        l: int,  # noqa: E741
        i: int,
        j: int,
        verbose: bool = False,
    ) -> tuple[float, float, float, float]:
        """Return the least and largest of what enters and of what leaves edge (l, i, j).

        Returns
        -------
        (float, float, float, float)
            x_min, x_max, y_min, y_max; printed too if `verbose`.
        """
        x, y = self.get_fun(l, i, j)
        found = float(x[0]), float(x[-1]), float(y.min()), float(y.max())
        if flag(verbose, "verbose"):
            text = "x range: [{:.2f} , {:.2f}]\ny range: [{:.2f} , {:.2f}]\n".format(*found)
            sys.stdout.write(text)
        return found

    def to(self: Model, device: object) -> Model:
        """Return the model itself: it is on the CPU, and no other device is accepted."""
        require_cpu(device)
        return self

    def speed(self: Model, compile: bool = False) -> Model:
        """Return the model itself: there is no slower mode to leave."""
        return self

    def saveckpt(self, path: str | os.PathLike[str] = "model") -> None:
        """Write the model to one file, as :meth:`save` does."""
        self.save(path)

    @classmethod
    def loadckpt(cls: type[Model], path: str | os.PathLike[str] = "model") -> Model:
        """Return the model that `saveckpt` or `save` wrote, as :meth:`load` does."""
        return cls.load(path)

    def log_history(self, method_name: object = None) -> None:
        """Refuse: versions of a model are not kept behind one's back; see `rewind`."""
        raise _no_history("log_history")

    def history(self, k: object = "all") -> None:
        """Refuse: versions of a model are not kept behind one's back; see `rewind`."""
        raise _no_history("history")

    def rewind(self: Model, model_id: object) -> Model:
        """Refuse: keep a version yourself, ``before = model.copy()``, and go on from it."""
        raise _no_history("rewind")

    def checkout(self: Model, model_id: object) -> Model:
        """Refuse: keep a version yourself, ``before = model.copy()``, and go on from it."""
        raise _no_history("checkout")


def _no_history(method: str) -> NotImplementedError:
    return NotImplementedError(
        f"{method}() is not supported: no versions are kept. Keep one with before = model.copy() "
        "or model.save(path), and go on from it"
    )
