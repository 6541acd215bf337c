"""The affines of a layer, taken into what its sums add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._architecture import Core
from ._arrays import Array

__all__ = ["Folded", "folded_affines"]


@dataclass(frozen=True)
class Folded:
    """The affines of a layer, as far as sums take them in.

    A node of a sum takes its own scale and bias in as well, the first factor of a product the
    scale.
    """

    scale: Array  # (S,)
    bias: Array  # (S,)
    product_bias: Array  # (products,)


def folded_affines(network: Core, index: int) -> Folded:
    """Return the affines of a layer, the identity where there are none."""
    layer = network.layers[index]
    if not network.affine_enabled:
        products = np.zeros(layer.nodes - layer.sums)
        return Folded(np.ones(layer.subnodes), np.zeros(layer.subnodes), products)
    scale, bias, node_scale, node_bias = (
        network.affine(index, which).astype(np.float64)
        for which in ("subnode_scale", "subnode_bias", "node_scale", "node_bias")
    )
    firsts = [*range(layer.sums), *(layer.sums + np.cumsum([0, *layer.arities])[:-1])]
    outer = np.ones(layer.subnodes)
    outer[np.array(firsts, dtype=int)] = node_scale
    offset = np.zeros(layer.subnodes)
    offset[: layer.sums] = node_bias[: layer.sums]
    return Folded(scale * outer, bias * outer + offset, node_bias[layer.sums :])
