"""A model as a file of ONNX operators."""

from __future__ import annotations

import os

import numpy as np

from . import _core
from ._architecture import Core
from ._domain import grid_ends, has_borders
from ._files import naming, write_whole
from ._observed import Observed
from ._onnx_graph import LARGEST_FILE, Graph, Value
from ._onnx_layer import layer_values

__all__ = ["OnnxExport"]


class OnnxExport(Observed):
    """What other runtimes read."""

    def export_onnx(self, path: str | os.PathLike[str]) -> None:
        """Write the model as an ONNX file, for runtimes that know nothing of `kan`.

        The graph takes ``X`` (N, n_in), any N, and gives ``y`` (N, n_out), both in the model's
        dtype. It has standard operators only, of opset 17, and is checked before it is written,
        all or nothing. Needs onnx, the extra ``onnx``.

        Parameters
        ----------
        path : str or path-like
            The file, usually ``.onnx``.

        Raises
        ------
        ImportError
            If onnx is not installed.
        ValueError
            If the model has more numbers than an ONNX file holds, 2 GiB.
        OSError
            If the file cannot be written; one that was there is then still there.

        Notes
        -----
        In ONNX Runtime, from version 1.15 on, y is the same as that of :meth:`predict`, but for
        rounding. A graph cannot raise: where `predict` does, for rows with NaN or infinities and
        with ``extrapolation="error"`` for rows outside the grid, all of a row's outputs are NaN.

        Functions of symbolic edges are computed in double precision, in a float32 model too.
        Splines of many grid intervals gather 4 n_in n_out (k + 1) bytes a row or more: large
        data is best given in batches.
        """
        content = self._onnx_bytes()
        with naming(path):
            write_whole(path, content)

    def _onnx_bytes(self) -> bytes:
        """Return what a file would hold."""
        network = self._network
        graph = Graph(str(network.dtype), self._given_inputs)
        x = graph.input
        if self._columns != list(range(self._given_inputs)):
            x = x.columns(self._columns)
        guard = _guard(x, network)
        value, last = x, len(network.layers) - 1
        for index in range(last + 1):
            value = layer_values(value, network, index, guard if index == last else None)
        if graph.size > LARGEST_FILE:
            raise ValueError(
                f"the model needs {graph.size} bytes of constants, an ONNX file holds "
                f"{LARGEST_FILE} at most"
            )
        made = graph.model(
            value,
            network.layers[last].nodes,
            producer_name="kan",
            producer_version=_core.__version__,
            doc_string="A Kolmogorov-Arnold network. NaN stands for a row that it refuses.",
        )
        return bytes(made.SerializeToString())


def _guard(x: Value, network: Core) -> Value:
    """Return 0 (N, I) where the network takes x, and NaN where `predict` raises."""
    if not has_borders(network):
        return x - x
    low, high = grid_ends(network)
    inside = (x >= low).then("And", x <= high)
    return inside.where(x.graph.number(0.0), x.graph.number(np.nan))
