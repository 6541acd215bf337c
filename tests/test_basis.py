"""Basis functions, edges and whole networks against SciPy and the reference in NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import BSpline

import reference_kan
from kan import KAN, _core
from random_models import random_model, with_masked_edges, with_uneven_grids

DEGREES = range(6)
POLICIES = ["linear", "clamp", "zero", "polynomial", "error"]
BASIS = {"float32": _core.basis32, "float64": _core.basis64}

# Relative to the largest value of the derivative in question at the point. A triangle of degree 5
# rounds some 20 times; every step of a derivative adds a difference, whose condition relative to
# the largest of all is at most k + 1.
TOLERANCE = {"float32": 2e-6, "float64": 1e-13}


def random_knots(rng, degree, dtype, *, repeated=False):
    """Knots (G + 1 + 2k,) with cells of very different lengths, perhaps some of length 0."""
    intervals = int(rng.integers(1, 13))
    lengths = np.exp(rng.uniform(-3.0, 0.0, intervals + 2 * degree))
    if repeated:
        _repeat(rng, lengths, degree, intervals)
    knots = rng.normal() + np.concatenate([[0.0], np.cumsum(lengths)])
    return (knots * np.exp(rng.normal())).astype(dtype)


def _repeat(rng, lengths, degree, intervals):
    """Let one interior point of the grid occur up to k times."""
    most = min(degree, intervals - 1)
    if most < 2:
        return
    times = int(rng.integers(2, most + 1))
    first = int(rng.integers(1, intervals - times + 1))
    lengths[degree + first : degree + first + times - 1] = 0.0


def points_on(rng, knots, degree):
    """Points inside, all points of the grid, and their neighbours."""
    grid = knots[degree : knots.size - degree]
    inside = rng.uniform(grid[0], grid[-1], 12).astype(knots.dtype)
    beside = [np.nextafter(grid, grid[-1]), np.nextafter(grid, grid[0])]
    points = np.concatenate([inside, grid, *beside]).astype(knots.dtype)
    return points.clip(grid[0], grid[-1])


def all_values(cells, values, count):
    """(N, orders, k + 1) of the functions that live -> (N, orders, M) of all."""
    full = np.zeros((len(cells), values.shape[1], count))
    columns = cells[:, np.newaxis, np.newaxis] + np.arange(values.shape[2])
    np.put_along_axis(full, np.broadcast_to(columns, values.shape), values, axis=2)
    return full


def scipy_values(knots, degree, x, order):
    knots = knots.astype(np.float64)
    spline = BSpline(knots, np.eye(knots.size - degree - 1), degree)
    return np.stack([spline(x.astype(np.float64), nu) for nu in range(order + 1)], axis=1)


def largest_error(knots, degree, x, order=4):
    """The error relative to the largest value of each derivative at each point."""
    cells, values = BASIS[knots.dtype.name](knots, degree, x, order)
    expected = scipy_values(knots, degree, x, order)
    error = np.abs(all_values(cells, values, expected.shape[2]) - expected).max(axis=2)
    scale = np.abs(expected).max(axis=2)
    assert (error[scale == 0] == 0).all()
    return (error / np.where(scale == 0, 1, scale)).max()


@pytest.mark.parametrize("repeated", [False, True])
@pytest.mark.parametrize("degree", DEGREES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_and_four_derivatives_equal_those_of_scipy(dtype, degree, repeated):
    rng = np.random.default_rng([degree, repeated])
    cases, worst = 0, 0.0
    while cases < 1500:  # 24 times: 36,000 in all
        knots = random_knots(rng, degree, dtype, repeated=repeated)
        x = points_on(rng, knots, degree)
        worst = max(worst, largest_error(knots, degree, x))
        cases += x.size
    assert worst <= TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_knots_are_found_whose_basis_differs_from_that_of_scipy(dtype, data):
    degree = data.draw(st.integers(0, 5), "degree")
    intervals = data.draw(st.integers(1, 8), "intervals")
    count = intervals + 2 * degree
    steps = st.lists(st.integers(1, 1000), min_size=count, max_size=count)
    start = data.draw(st.integers(-1000, 1000), "start")
    knots = (start + np.cumsum([0, *data.draw(steps, "steps")])).astype(dtype) / 64
    share = data.draw(st.floats(0, 1), "share")
    low, high = knots[degree], knots[-1 - degree]
    x = np.array([low, low + share * (high - low), high]).astype(dtype).clip(low, high)
    assert largest_error(knots, degree, x) <= TOLERANCE[dtype]


@pytest.mark.parametrize("degree", DEGREES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_basis_functions_sum_to_one_and_their_derivatives_to_nothing(dtype, degree):
    rng = np.random.default_rng(degree)
    for _ in range(50):
        knots = random_knots(rng, degree, dtype, repeated=True)
        _, values = BASIS[dtype](knots, degree, points_on(rng, knots, degree), 4)
        sums = values.astype(np.float64).sum(axis=2)
        scale = np.maximum(np.abs(values).max(axis=2), np.finfo(dtype).tiny)
        expected = [1.0, 0.0, 0.0, 0.0, 0.0]
        # k + 1 terms, each right to 16 roundings
        assert (np.abs(sums - expected) <= 16 * (degree + 1) * np.finfo(dtype).eps * scale).all()


@pytest.mark.parametrize("degree", DEGREES)
def test_the_cell_of_a_point_is_the_interval_that_holds_it(degree):
    rng = np.random.default_rng(degree)
    for _ in range(50):
        knots = random_knots(rng, degree, "float64", repeated=True)
        grid = knots[degree : knots.size - degree]
        x = points_on(rng, knots, degree)
        cells, _ = _core.basis64(knots, degree, x, 0)
        at_end = x == grid[-1]
        assert (grid[cells] <= x).all()
        assert (x[~at_end] < grid[cells[~at_end] + 1]).all()
        assert (cells[at_end] == grid.size - 2).all()
        outside, _ = _core.basis64(knots, degree, np.array([grid[0] - 9, grid[-1] + 9]), 0)
        assert outside.tolist() == [0, grid.size - 2]


def test_the_cubic_basis_at_a_knot_has_the_weights_everybody_knows():
    _, values = _core.basis64(np.arange(-3.0, 5.0), 3, np.array([0.0]), 3)
    expected = np.array([[1, 4, 1, 0], [-3, 0, 3, 0], [6, -12, 6, 0], [-6, 18, -18, 6]]) / 6
    np.testing.assert_allclose(values[0], expected, atol=8 * np.finfo(float).eps, rtol=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros(8), 6, np.zeros(1), 0), r"degree must be in 0\.\.5"),
        ((np.zeros(8), 3, np.zeros(1), 5), r"order must be in 0\.\.4"),
        ((np.zeros(7), 3, np.zeros(1), 0), "knots must be at least"),
    ],
)
def test_a_basis_that_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        _core.basis64(*arguments)


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("k", DEGREES)
def test_an_edge_as_a_scipy_spline_is_the_edge_inside_its_grid(k, uneven):
    model = random_model([2, 3, 1], grid=6, k=k)
    if uneven:
        model = with_uneven_grids(model)
    for layer, i, j in [(0, 0, 0), (0, 1, 2), (1, 2, 0)]:
        edge = model.edge(layer, i, j)
        x = np.linspace(edge.knots[k], edge.knots[-1 - k], 501)
        expected = edge.to_scipy()(x) + edge.base_weight * reference_kan.base("silu", x)
        scale = np.abs(edge.coefficients).max() + np.abs(edge.base_weight)
        np.testing.assert_allclose(edge(x), expected, rtol=0, atol=50 * np.finfo(float).eps * scale)


def check_against_reference(model, X):
    """Equal up to rounding, amplified as the reference amplifies a change of the inputs by eps."""
    eps = np.finfo(model.dtype).eps
    X = X.astype(model.dtype)
    expected = reference_kan.predict(model, X)
    tolerance = eps * np.abs(expected).max()
    if model.k != 0:  # piecewise constant splines jump: their points are either right or not
        moved = reference_kan.predict(model, X.astype(np.float64) * (1 + eps))
        tolerance += np.abs(moved - expected).max()
    assert tolerance <= 3e3 * eps * np.abs(expected).max()
    # some 10 roundings in each term, and up to five layers
    assert np.abs(model(X) - expected).max() <= 50 * tolerance


def inputs(model, reach, count=300):
    """Points in `reach` times the range [-1, 1], and the points of the grid of the first layer."""
    layer = model._network.layers[0]
    grid = model._network.knots(0)[:, layer.degree : layer.degree + layer.intervals + 1].T
    spread = np.random.default_rng(5).uniform(-reach, reach, (count, layer.inputs))
    return np.concatenate([spread, grid])


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("k", DEGREES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("width", "grid"), [([3, 4, 2], 3), ([3, 9, 8], 3), ([2, 3, 1], 40)],
                         ids=["narrow", "wide", "fine"])  # fmt: skip
def test_predictions_inside_the_grid_equal_the_reference(width, grid, dtype, k, uneven):
    model = random_model(width, grid=grid, k=k, dtype=dtype)
    if uneven:
        model = with_uneven_grids(model)
    low, high = model._network.knots(0)[:, k].max(), model._network.knots(0)[:, -1 - k].min()
    check_against_reference(model, inputs(model, 0.999).clip(low, high))


@pytest.mark.parametrize("policy", POLICIES[:-1])
@pytest.mark.parametrize("k", DEGREES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("uneven", [False, True])
def test_predictions_outside_the_grid_equal_the_reference(uneven, dtype, k, policy):
    model = random_model([3, 4, 9], k=k, extrapolation=policy, dtype=dtype, scale=0.3)
    if uneven:
        model = with_uneven_grids(model)
    check_against_reference(model, inputs(model, 1.3))


@pytest.mark.parametrize("k", DEGREES)
def test_hidden_layers_go_on_linearly_where_inputs_must_stay_inside(k):
    model = random_model([2, 4, 1], k=k, extrapolation="error", scale=2.0)
    assert np.abs(_core.activations(model._network, inputs(model, 1.0), 1)).max() > 1.5
    check_against_reference(model, inputs(model, 1.0))


@pytest.mark.parametrize("k", [0, 1, 3])
def test_fading_splines_end_with_their_ghost_knots(k):
    model = random_model([1, 2], k=k, extrapolation="zero", base_fun="zero")
    knots = model._network.knots(0)[0]
    beyond = np.array([knots[0] - 1e-9, knots[-1] + 1e-9, -50.0, 50.0])
    assert (model(beyond[:, np.newaxis]) == 0).all()
    if k:
        within = np.array([knots[:2].mean(), knots[-2:].mean()])
        assert (model(within[:, np.newaxis]) != 0).all()


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("width", "mult_arity", "grid", "k"),
    [
        ([2, 1], 2, 5, 3),
        ([1, 1, 1, 1, 1, 1], 2, 4, 3),
        ([2, [1, 2], 1], [[], [2, 3], []], 5, 3),
        ([3, [0, 2], [9, 1], [1, 2]], [[], [3, 2], [2], [2, 3]], [2, 5, 20], [1, 3, 2]),
    ],
)
def test_networks_of_any_depth_with_products_and_affines_equal_the_reference(
    width, mult_arity, grid, k, dtype, affine
):
    options = {"mult_arity": mult_arity, "affine_trainable": affine, "scale": 0.3}
    model = random_model(width, grid=grid, k=k, dtype=dtype, **options)
    check_against_reference(with_masked_edges(model), inputs(model, 1.2))


@pytest.mark.parametrize("base_fun", ["silu", "identity", "zero"])
def test_every_base_function_equals_the_reference(base_fun):
    model = random_model([2, 3, 1], base_fun=base_fun)
    check_against_reference(model, inputs(model, 1.2))


def test_base_functions_are_right_far_from_zero():
    model = KAN([1, 1], noise_scale=0, scale_base_mu=1, scale_base_sigma=0)
    X = np.array([[-1e4], [-800.0], [-40.0], [-1e-300], [0.0], [40.0], [800.0], [1e4]])
    expected = reference_kan.base("silu", X)
    np.testing.assert_allclose(model(X), expected, rtol=1e-15, atol=1e-300)
