"""Models with every number drawn at random, for tests that compare two ways to compute."""

import numpy as np

from kan import KAN, _core
from kan._networks import AFFINES, rebuilt, with_layer


def random_model(width, *, seed=0, scale=0.5, **options):
    """A KAN whose coefficients, base weights and affines all have something to say."""
    model = KAN(width, seed=seed, **options)
    rng = np.random.default_rng(seed)
    parameters = scale * rng.standard_normal(model.get_parameters().size)
    model.set_parameters(parameters.astype(model.dtype))
    if model._network.affine_enabled:
        for index in range(model.depth):
            for which in ("subnode_scale", "node_scale"):
                model._network.affine(index, which)[:] += 1.0
    return model


def with_uneven_grids(model, seed=0):
    """The model after its grids moved to the quantiles of skewed inputs."""
    inputs = model.width[0][0]
    t = np.random.default_rng(seed).uniform(-1.0, 1.0, (400, inputs))
    model.grid_eps = 0.0
    model.update_grid((0.6 * t + 0.4 * t**3).astype(model.dtype))
    for index in range(model.depth):
        steps = np.diff(model._network.knots(index).astype(np.float64), axis=1)
        assert (np.ptp(steps, axis=1) > 1e-3 * steps.max(axis=1)).all()
    return model


def with_masked_edges(model, share=0.4, seed=0):
    """The model without about `share` of its edges; each sum keeps one."""
    rng = np.random.default_rng(seed)
    for index, layer in enumerate(model._network.layers):
        mask = (rng.random((layer.inputs, layer.subnodes)) > share).astype(np.uint8)
        mask[0] |= mask.sum(axis=0) == 0
        model._network.set_edge_mask(index, mask)
    return model


FUNCTIONS = ("x", "x^2", "sin", "exp", "tanh", "gaussian")


def with_functions(model, share=0.3, seed=0):
    """The model with a function on about `share` of its edges, on half of them in place of the
    spline."""
    rng = np.random.default_rng(seed)
    network = model._network
    chosen = [rng.random((one.inputs, one.subnodes)) < share for one in network.layers]
    layers = [
        with_layer(
            layer,
            symbolic=[
                _core.SymbolicEdge(int(i), int(j), str(rng.choice(FUNCTIONS)))
                for i, j in np.argwhere(own)
            ],
        )
        for layer, own in zip(network.layers, chosen, strict=True)
    ]
    made = rebuilt(network, layers)
    for index, own in enumerate(chosen):
        made.set_knots(index, network.knots(index))
        made.coefficients(index)[:] = network.coefficients(index)
        alone = own & (rng.random(own.shape) < 0.5)
        made.set_edge_mask(index, network.edge_mask(index) * ~alone)
        numbers = made.symbolic(index)
        numbers[:] = 0.5 * rng.standard_normal(numbers.shape)
        trains = rng.integers(0, 2, numbers.shape).astype(np.uint8)
        made.set_symbolic_trainable(index, trains)
        if network.affine_enabled:
            for which in AFFINES:
                made.affine(index, which)[:] = network.affine(index, which)
    model._network = made
    return model


def with_edge_functions(model, functions, alone=True):
    """The model with these functions, {(layer, i, j): (name, (alpha, beta, gamma, delta))}, in
    place of the splines there or beside them."""
    network = model._network
    own = [sorted(key for key in functions if key[0] == n) for n in range(model.depth)]
    made = rebuilt(
        network,
        [
            with_layer(
                layer,
                symbolic=[_core.SymbolicEdge(i, j, functions[n, i, j][0]) for n, i, j in keys],
            )
            for layer, keys in zip(network.layers, own, strict=True)
        ],
    )
    for index, keys in enumerate(own):
        made.set_knots(index, network.knots(index))
        made.coefficients(index)[:] = network.coefficients(index)
        mask = network.edge_mask(index).copy()
        for key in keys if alone else ():
            mask[key[1:]] = 0
        made.set_edge_mask(index, mask)
        if keys:
            made.symbolic(index)[:] = [functions[key][1] for key in keys]
        if network.affine_enabled:
            for which in AFFINES:
                made.affine(index, which)[:] = network.affine(index, which)
    model._network = made
    return model
