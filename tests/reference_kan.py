"""The whole KAN in NumPy and SciPy, in double precision: what the compiled core must agree with.

Slow and readable: one spline at a time, basis functions by their definition.
"""

import itertools

import numpy as np
from scipy.interpolate import BSpline
from scipy.special import expit, logsumexp


def predict(model, X):
    """Outputs (N, n_out) of a `kan.KAN` at inputs X (N, n_in)."""
    return activations(model, X)[-1]


def activations(model, X):
    """What enters each layer, and last the outputs."""
    values = [np.asarray(X, dtype=np.float64)]
    for index, layer in enumerate(model._network.layers):
        sums = layer_sums(model._network, index, values[-1])
        values.append(nodes(model._network, index, layer, sums))
    return values


def layer_sums(network, index, x):
    """y_o = sum_i w_io b(x_i) + sum_m c_imo B_im(x_i), shape (N, S)."""
    degree = network.layers[index].degree
    policy = network.extrapolation.name
    knots = network.knots(index).astype(np.float64)
    weights = network.coefficients(index).astype(np.float64)
    total = np.zeros((len(x), weights.shape[2]))
    for i, column in enumerate(x.T):
        low, high = knots[i, degree], knots[i, -1 - degree]
        seen = np.clip(column, low, high) if policy == "clamp" else column
        total += splines(knots[i], degree, weights[i, :-1], column, policy)
        total += base(network.base.name, seen)[:, np.newaxis] * weights[i, -1]
    return total


def base(name, x):
    return {"silu": x * expit(x), "identity": x, "zero": 0.0 * x}[name]


def splines(knots, degree, coefficients, x, policy):
    """Splines with coefficients (M, S) at x (N,), shape (N, S)."""
    spline = BSpline(knots, coefficients, degree)
    if policy == "polynomial":
        return spline(x)
    low, high = knots[degree], knots[-1 - degree]
    end = np.clip(x, low, high)
    if policy == "clamp":
        return spline(end)
    if policy == "zero":
        outside = (x < low) | (x > high)
        return np.where(outside[:, np.newaxis], supported(knots, degree, x) @ coefficients,
                        spline(end))  # fmt: skip
    return spline(end) + spline(end, 1) * (x - end)[:, np.newaxis]


def basis_matrix(knots, degree, x):
    """Every basis function at points inside the grid, (N, M)."""
    return BSpline(knots, np.eye(knots.size - degree - 1), degree)(x)


def supported(knots, degree, x):
    """Every basis function on its own support and 0 elsewhere, (N, M)."""
    count = knots.size - degree - 1
    own = [knots[m : m + degree + 2] for m in range(count)]
    columns = [BSpline.basis_element(t, extrapolate=False)(x) for t in own]
    return np.nan_to_num(np.stack(columns, axis=1))


def nodes(network, index, layer, sums):
    """From sums (N, S) to the nodes (N, sums + products): affine, products, affine."""
    factors = affine(network, index, "subnode", sums)
    ends = layer.sums + np.cumsum([0, *layer.arities], dtype=int)
    products = [factors[:, a:b].prod(axis=1) for a, b in itertools.pairwise(ends)]
    joined = np.column_stack([factors[:, : layer.sums], *products])
    return affine(network, index, "node", joined)


def affine(network, index, which, values):
    if not network.affine_enabled:
        return values
    scale = network.affine(index, f"{which}_scale").astype(np.float64)
    return values * scale + network.affine(index, f"{which}_bias").astype(np.float64)


def mean_squared_error(prediction, y, weight=None):
    """sum_n s_n sum_o (prediction - y)^2 / O / sum_n s_n."""
    return np.average(((prediction - y) ** 2).mean(axis=1), weights=weight)


def cross_entropy(logits, labels, weight=None):
    """sum_n s_n (log sum_o exp z_no - z_n,label) / sum_n s_n."""
    own = logits[np.arange(len(labels)), labels]
    return np.average(logsumexp(logits, axis=1) - own, weights=weight)
