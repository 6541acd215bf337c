"""Grids that move with the data and grids that get finer: the function stays, the grid changes."""

import pickle
import time

import numpy as np
import pytest

import reference_kan
from kan import KAN, _core
from kan._grids import MARGIN
from kan._splines import extend, fit_splines, insert_knots, sample_points, solve_banded
from random_models import random_model, with_masked_edges, with_uneven_grids
from reference_kan import basis_matrix

DEGREES = range(6)
POLICIES = ["linear", "clamp", "zero", "polynomial"]


def points(rows=500, columns=2, reach=1.0, seed=0):
    return np.random.default_rng(seed).uniform(-reach, reach, (rows, columns))


def grid_of(model, layer=0):
    """Grid points (I, G + 1), without ghosts."""
    knots, k = model._network.knots(layer), model._network.layers[layer].degree
    return knots[:, k : knots.shape[1] - k]


def steps_of(model, layer=0):
    return np.diff(model._network.knots(layer), axis=1)


def change(model, other, X):
    """The largest difference relative to the largest value."""
    return np.abs(model(X) - other(X)).max() / np.abs(model(X)).max()


def smooth_model(width=(2, 4, 1), **options):
    """A model whose splines follow waves: their coefficients are heights at the knots' averages."""
    model = random_model(list(width), scale=0.3, **options)
    for index, layer in enumerate(model._network.layers):
        k, knots = layer.degree, model._network.knots(index)
        windows = np.lib.stride_tricks.sliding_window_view(knots[:, 1 if k else 0 :], max(k, 2), 1)
        at = windows[:, : layer.intervals + k].mean(axis=2)
        shift = 2.0 * np.arange(layer.subnodes)
        waves = 0.3 * np.sin(1.5 * at[:, :, np.newaxis] + shift)
        model._network.coefficients(index)[:, :-1] = waves
    return model


# ---- update_grid: the points ------------------------------------------------------------------


def test_quantiles_and_uniform_points_are_mixed_as_grid_eps_says():
    X = np.linspace(-0.5, 0.9, 401)[:, np.newaxis] ** 3
    x = np.sort(X[:, 0])
    quantiles = np.append(x[np.arange(5) * x.size // 5], x[-1])
    margin = MARGIN * (x[-1] - x[0])
    quantiles[[0, -1]] += [-margin, margin]
    uniform = np.linspace(quantiles[0], quantiles[-1], 6)
    for eps in (0.0, 0.02, 0.6, 1.0):
        model = KAN([1, 1], grid=5, grid_eps=eps)
        model.update_grid(X)
        expected = eps * uniform + (1 - eps) * quantiles
        np.testing.assert_allclose(grid_of(model)[0], expected, rtol=0, atol=4e-16)


def test_a_uniform_grid_that_fits_its_data_stays():
    X = points(200, 1)
    model = smooth_model((1, 1))
    before = model.copy()
    model.update_grid(X)
    np.testing.assert_array_equal(model.get_parameters(), before.get_parameters())
    for factor in (0.9, 1.1):
        model.update_grid(factor * X)
        assert not np.array_equal(grid_of(model), grid_of(before))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_grid_reaches_beyond_the_inputs_by_its_margin_in_every_layer(dtype):
    model = random_model([2, 3, 1], dtype=dtype)
    X = points(reach=3.0).astype(dtype)
    model.update_grid(X)
    for layer in range(2):
        inputs = _core.activations(model._network, X, layer)
        margin = MARGIN * np.ptp(inputs, axis=0)
        low, high = inputs.min(axis=0) - margin, inputs.max(axis=0) + margin
        rtol = 8 * np.finfo(dtype).eps
        np.testing.assert_allclose(grid_of(model, layer)[:, 0], low, rtol=rtol)
        np.testing.assert_allclose(grid_of(model, layer)[:, -1], high, rtol=rtol)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("eps", [0.0, 1.0])
def test_ghost_knots_lie_at_the_mean_spacing_beyond_the_ends(k, eps):
    model = KAN([2, 3, 1], grid=6, k=k, grid_eps=eps)
    model.update_grid(points() ** 3)
    grid = grid_of(model)
    spacing = (grid[:, -1] - grid[:, 0]) / 6
    ghosts = np.concatenate([steps_of(model)[:, :k], steps_of(model)[:, -k:]], axis=1)
    np.testing.assert_allclose(ghosts, np.tile(spacing[:, np.newaxis], 2 * k), rtol=1e-14)


def test_a_row_far_out_widens_the_grid_even_where_quantiles_do_not_see_it():
    X = points(100_000, 1)
    X[54_321] = 25.0
    model = KAN([1, 1], grid_eps=0.02)
    model.update_grid(X)
    assert grid_of(model)[0, -1] > 25.0


# ---- update_grid: the function ----------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_a_smooth_function_stays_where_the_samples_are(k):
    model = smooth_model(grid=8, k=k)
    moved = model.copy()
    X = points()
    moved.update_grid(X)
    assert not np.array_equal(grid_of(model, 1), grid_of(moved, 1))
    # least squares by splines on other knots; hidden inputs beyond the old grid went on linearly
    assert change(model, moved, X) < 0.01


@pytest.mark.parametrize("k", DEGREES)
def test_a_function_that_the_new_grid_holds_too_stays_exactly(k):
    model = random_model([2, 3, 1], grid=5, k=k)
    for layer in range(2):
        coefficients = model._network.coefficients(layer)
        coefficients[:, :-1] = coefficients[:, :1]  # constant splines are in every spline space
    moved = with_uneven_grids(model.copy())
    # ridge-stabilised least squares, whose condition is 1e8 at most
    assert change(model, moved, points()) < 1e8 * np.finfo(float).eps


def test_updating_twice_with_the_same_inputs_changes_next_to_nothing():
    model = smooth_model(grid=5)
    X = points()
    model.update_grid(X)
    again = model.copy()
    again.update_grid(X)
    np.testing.assert_allclose(grid_of(again, 1), grid_of(model, 1), atol=1e-6)
    assert change(model, again, X) < 1e-6


def test_the_model_is_much_better_after_its_grid_reached_the_data():
    X = points(reach=5.0)
    y = np.sin(X[:, :1]) + 0.1 * X[:, 1:] ** 2
    ends = [
        KAN([2, 3, 1], grid=5, seed=0).fit(X, y, steps=20, update_grid=moves, verbose=False)
        for moves in (False, True)
    ]
    assert ends[1]["train_loss"][-1] < 0.3 * ends[0]["train_loss"][-1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_input_that_does_not_vary_keeps_its_grid_and_the_others_move(dtype):
    model = random_model([3, 2, 1], dtype=dtype)
    before = model.copy()
    X = points(columns=3).astype(dtype) / 2
    X[:, 1] = 0.3
    model.update_grid(X)
    np.testing.assert_array_equal(grid_of(model)[1], grid_of(before)[1])
    np.testing.assert_array_equal(
        model._network.coefficients(0)[1], before._network.coefficients(0)[1]
    )
    assert not np.array_equal(grid_of(model)[0], grid_of(before)[0])
    assert np.isfinite(model(X)).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("eps", [0.0, 0.02])
@pytest.mark.parametrize(
    "column",
    [
        pytest.param(np.repeat([-1.0, 0.0, 1.0], 100), id="three values"),
        pytest.param(np.append(np.zeros(299), 1.0), id="one row differs"),
        pytest.param(np.append(np.zeros(299), 1e-30), id="differs by next to nothing"),
        pytest.param(np.append(np.full(299, 1e6), 1e6 + 1), id="far from zero"),
    ],
)
def test_repeated_values_do_no_harm(column, eps, dtype):
    model = smooth_model((2, 2, 1), grid=5, grid_eps=eps, dtype=dtype)
    X = np.column_stack([column, points(300, 1)]).astype(dtype)
    before = model(X)
    model.update_grid(X)
    for layer in range(model.depth):
        assert (np.diff(grid_of(model, layer), axis=1) > 0).all()
    assert np.isfinite(model.get_parameters()).all()
    # the grid has fewer distinct inputs than coefficients: any spline through them will do
    np.testing.assert_allclose(model(X), before, atol=0.05 * np.abs(before).max())


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_hardly_any_rows_do_no_harm(rows):
    model = random_model([2, 3, 1])
    before = model.copy()
    model.update_grid(points(rows))
    assert np.isfinite(model.get_parameters()).all()
    if rows < 2:
        assert model.get_parameters().tobytes() == before.get_parameters().tobytes()


def test_an_update_keeps_masks_affines_and_groups():
    model = with_masked_edges(random_model([2, [2, 1], 2], affine_trainable=True))
    model._network.set_trainable(True, False, True)
    before = model.copy()
    model.update_grid(points())
    for layer in range(2):
        mask = before._network.edge_mask(layer)
        np.testing.assert_array_equal(model._network.edge_mask(layer), mask)
        weights = model._network.coefficients(layer).transpose(0, 2, 1)
        assert (weights[mask == 0] == 0).all()
        for which in ("subnode_scale", "subnode_bias", "node_scale", "node_bias"):
            np.testing.assert_array_equal(
                model._network.affine(layer, which), before._network.affine(layer, which)
            )
    np.testing.assert_array_equal(model._network.trainable(), before._network.trainable())


@pytest.mark.parametrize("k", DEGREES)
def test_every_degree_can_move_its_grid(k):
    model = random_model([2, 3, 1], grid=4, k=k, scale=0.1)
    X = points()
    before = model(X)
    model.update_grid(X)
    assert np.isfinite(model(X)).all()
    assert np.abs(model(X) - before).max() < 2 * np.abs(before).max()


# ---- refine -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("times", [1, 2, 3, 7])
@pytest.mark.parametrize("k", DEGREES)
def test_refining_to_a_multiple_keeps_the_function_to_rounding(k, times, uneven, dtype):
    model = random_model([2, 3, 1], grid=3, k=k, dtype=dtype, scale=0.3)
    if uneven:
        model = with_uneven_grids(model)
    fine = model.refine(3 * times)
    assert fine.grid == 3 * times
    X = points(reach=0.95).astype(dtype)
    # each of k blossom levels rounds a few times, and the second layer amplifies it
    assert change(model, fine, X) <= 50 * np.finfo(dtype).eps


@pytest.mark.parametrize("k", DEGREES)
def test_refining_again_and_again_keeps_the_function_to_rounding(k):
    model = random_model([2, 3, 1], grid=2, k=k, scale=0.3)
    fine = model
    for grid in (4, 8, 16, 32, 64):
        fine = fine.refine(grid)
    assert change(model, fine, points(reach=0.95)) <= 200 * np.finfo(float).eps


@pytest.mark.parametrize("policy", ["linear", "clamp", "polynomial"])
@pytest.mark.parametrize("k", DEGREES)
def test_refining_keeps_the_function_outside_the_grid_too(k, policy):
    model = random_model([2, 3, 1], grid=3, k=k, extrapolation=policy, scale=0.2)
    # extrapolated derivatives cancel: the condition grows with G^k
    assert change(model, model.refine(6), points(reach=1.4)) <= 6**k * 20 * np.finfo(float).eps


def test_the_finer_grid_holds_the_points_of_the_old_one():
    model = with_uneven_grids(random_model([2, 3, 1], grid=4))
    np.testing.assert_array_equal(grid_of(model.refine(12))[:, ::3], grid_of(model))


@pytest.mark.parametrize("k", [1, 3])
def test_ghost_knots_of_a_refined_grid_lie_at_its_mean_spacing(k):
    model = with_uneven_grids(random_model([2, 1], grid=4, k=k)).refine(8)
    grid = grid_of(model)
    spacing = (grid[:, -1:] - grid[:, :1]) / 8
    np.testing.assert_allclose(steps_of(model)[:, :k], np.tile(spacing, k), rtol=1e-13)
    np.testing.assert_allclose(steps_of(model)[:, -k:], np.tile(spacing, k), rtol=1e-13)


@pytest.mark.parametrize("new_grid", [7, 11, 23])
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_refining_between_the_points_comes_close(k, uneven, new_grid):
    model = smooth_model(grid=5, k=k)
    if uneven:
        model = with_uneven_grids(model)
    error = change(model, model.refine(new_grid), points(reach=0.95))
    assert 0 < error < (0.1 if k < 3 else 1e-3)  # between knots at distance h a spline bends by h^k


def test_the_finer_the_closer():
    model = smooth_model(grid=5)
    errors = [change(model, model.refine(grid), points(reach=0.95)) for grid in (7, 23, 101)]
    assert errors[0] > 10 * errors[1] > 100 * errors[2]


@pytest.mark.parametrize("k", [1, 3, 5])
def test_the_grid_can_get_coarser_too(k):
    model = smooth_model(grid=12, k=k)
    coarse = model.refine(6)
    assert coarse.grid == 6
    assert change(model, coarse, points(reach=0.95)) < 0.1


def test_layers_can_be_refined_differently():
    model = random_model([2, 3, 1], grid=[3, 4], k=[2, 3])
    fine = model.refine([6, 4])
    assert fine.grid == [6, 4]
    assert change(model, fine, points(reach=0.95)) <= 50 * np.finfo(float).eps
    np.testing.assert_array_equal(fine._network.knots(1), model._network.knots(1))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("new_grid", [8, 9])
def test_refining_keeps_everything_but_the_grid_and_leaves_the_original_alone(new_grid, dtype):
    model = random_model(
        [2, [2, 1], 2], grid=4, k=2, affine_trainable=True, sb_trainable=False, dtype=dtype, seed=9,
        base_fun="identity", extrapolation="clamp", grid_eps=0.3,
    )  # fmt: skip
    model = with_masked_edges(model)
    before = model.copy()
    fine = model.refine(new_grid)

    assert model.get_parameters().tobytes() == before.get_parameters().tobytes()
    assert model.grid == before.grid
    for layer in range(2):
        np.testing.assert_array_equal(model._network.knots(layer), before._network.knots(layer))
        np.testing.assert_array_equal(
            fine._network.edge_mask(layer), model._network.edge_mask(layer)
        )
        mask = model._network.edge_mask(layer)
        assert (fine._network.coefficients(layer).transpose(0, 2, 1)[mask == 0] == 0).all()
        for which in ("subnode_scale", "subnode_bias", "node_scale", "node_bias"):
            np.testing.assert_array_equal(
                fine._network.affine(layer, which), model._network.affine(layer, which)
            )
    assert fine._network.trainable_groups() == model._network.trainable_groups()
    for name in ("width", "k", "dtype", "seed", "grid_eps"):
        assert getattr(fine, name) == getattr(model, name)
    assert fine._network.base == model._network.base
    assert fine._network.extrapolation == model._network.extrapolation


def test_changing_the_refined_model_does_not_change_the_original():
    model = random_model([2, 3, 1])
    before = model.get_parameters()
    fine = model.refine(3)
    fine.set_parameters(np.zeros(fine.get_parameters().size))
    assert model.get_parameters().tobytes() == before.tobytes()


def test_a_finer_grid_can_be_fitted_better():
    X = points(400)
    y = np.exp(np.sin(np.pi * X[:, :1]) + X[:, 1:] ** 2)
    model = KAN([2, 3, 1], grid=3, seed=0)
    losses = [model.fit(X, y, steps=20, verbose=False)["train_loss"][-1]]
    for grid in (6, 12):
        model = model.refine(grid)
        losses.append(model.fit(X, y, steps=20, update_grid=False, verbose=False)["train_loss"][-1])
    assert losses[0] > 3 * losses[1] > 9 * losses[2]


@pytest.mark.parametrize("k", DEGREES)
def test_knots_inserted_by_the_blossom_give_the_same_spline(k):
    rng = np.random.default_rng(k)
    for _ in range(20):
        grid = np.sort(rng.uniform(-1, 1, 6))
        finer = np.sort(np.append(grid, rng.uniform(grid[0], grid[-1], 5)))
        old, new = (extend(g[np.newaxis], k)[0] for g in (grid, finer))
        coefficients = rng.standard_normal((5 + k, 2))
        x = np.linspace(grid[0], grid[-1], 101)
        expected = reference_kan.splines(old, k, coefficients, x, "linear")
        inserted = insert_knots(old, k, coefficients, new)
        computed = reference_kan.splines(new, k, inserted, x, "linear")
        # a coefficient is a blossom outside its cell by up to k cells of very different lengths
        scale = np.abs(inserted).max()
        np.testing.assert_allclose(
            computed, expected, rtol=0, atol=1e3 * np.finfo(float).eps * scale
        )


@pytest.mark.parametrize("k", DEGREES)
def test_where_there_are_samples_the_memory_of_the_old_function_is_not_felt(k):
    rng = np.random.default_rng(k)
    knots = extend(np.sort(rng.uniform(-1, 1, (1, 7))), k)[0]
    x = np.sort(np.concatenate([sample_points(knots, k)] * 5))
    coefficients = rng.standard_normal((6 + k, 2))
    y = basis_matrix(knots, k, x) @ coefficients
    memory = np.full((6 * (k + 1), 2), 10.0)
    fitted = fit_splines(knots, k, x, y, memory)
    # the memory counts a millionth of the samples, at the same points, and is wrong by about 10
    np.testing.assert_allclose(basis_matrix(knots, k, x) @ fitted, y, atol=2e-5)


@pytest.mark.parametrize("k", DEGREES)
def test_where_there_are_no_samples_the_old_function_goes_on(k):
    rng = np.random.default_rng(k)
    knots = extend(np.linspace(-1, 1, 7)[np.newaxis], k)[0]
    anchors = sample_points(knots, k)
    coefficients = rng.standard_normal((6 + k, 1))
    old = basis_matrix(knots, k, anchors) @ coefficients
    x = np.sort(rng.uniform(-0.2, 0.2, 50))
    fitted = fit_splines(knots, k, x, basis_matrix(knots, k, x) @ coefficients, old)
    # least squares of condition 1e8 at most
    np.testing.assert_allclose(fitted, coefficients, atol=1e9 * np.finfo(float).eps)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((), TypeError, r"refine\(\) takes the new number"),
        ((0,), ValueError, r"new_grid must be an integer in 1\.\."),
        ((2.5,), TypeError, r"new_grid must be an integer in 1\.\."),
        (([3],), ValueError, r"new_grid must have one value per layer \(2\)"),
    ],
)
def test_a_refinement_that_makes_no_sense_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        random_model([2, 3, 1]).refine(*arguments)


def test_a_constant_column_outside_its_grid_takes_the_grid_along():
    X = np.column_stack([np.linspace(-1, 1, 50), np.full(50, 5.0)])
    model = KAN([2, 1], extrapolation="error")
    model.fit(X, X[:, 0], steps=1, verbose=False)
    assert np.isfinite(model(X)).all()
    points = model.edge(0, 1, 0).knots[3:-3]
    assert points[0] < 5.0 < points[-1]
    assert np.diff(points) == pytest.approx(np.full(3, 2 / 3))


def test_the_grid_holds_every_training_row_even_if_rows_are_held_out():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40_000, 1))
    model = KAN([1, 1], extrapolation="error", seed=3)
    model.fit(X, X[:, 0], steps=1, validation_fraction=0.1, verbose=False)
    order = np.random.default_rng(3).permutation(len(X))
    training = X[order[round(0.1 * len(X)) :]]
    assert np.isfinite(model(training)).all()


def test_refining_does_not_depend_on_what_the_model_was_fitted_to():
    model = KAN([2, 2, 1], grid=4)
    X = np.random.default_rng(0).uniform(-1, 1, (100, 2))
    model.fit(X, X[:, 0], steps=1, verbose=False)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(
        again.refine(7).get_parameters(), model.refine(7).get_parameters()
    )


# ---- data that leaves little choice -----------------------------------------------------------


def test_years_spread_the_grid_over_all_of_them_even_where_quantiles_coincide():
    years = np.repeat(np.arange(1990, 2021), 20).astype("f4")[:, np.newaxis]
    model = KAN([1, 1], grid=200, grid_eps=0.02, dtype="float32")
    model.update_grid(years)
    margin = MARGIN * 30
    expected = np.linspace(1990 - margin, 2020 + margin, 201)
    np.testing.assert_allclose(grid_of(model)[0], expected, rtol=1e-6)


def test_two_values_without_any_uniform_share_span_the_grid():
    model = KAN([1, 1], grid_eps=0.0)
    model.update_grid(np.repeat([0.0, 5.0], 50)[:, np.newaxis])
    margin = MARGIN * 5
    np.testing.assert_allclose(grid_of(model)[0], [-margin, 0, 5, 5 + margin])


@pytest.mark.parametrize("value", [1e8, -3e30])
def test_a_constant_far_out_gets_a_grid_as_wide_as_its_precision_demands(value):
    model = KAN([1, 1], extrapolation="error", dtype="float32")
    X = np.full((10, 1), value, dtype="float32")
    model.update_grid(X)
    assert np.isfinite(model(X)).all()


# ---- many intervals ---------------------------------------------------------------------------


@pytest.mark.parametrize("k", DEGREES)
@pytest.mark.parametrize("intervals", [1, 2, 30])
def test_banded_systems_have_the_solution_of_dense_ones(intervals, k):
    rng = np.random.default_rng(k)
    size = intervals + k
    factor = np.tril(np.triu(rng.uniform(-1, 1, (size, size)), -k)) + 3 * np.eye(size)
    dense, right = factor @ factor.T, rng.standard_normal((size, 3))
    band = np.zeros((size, k + 1))
    for d in range(min(k + 1, size)):
        band[: size - d, d] = np.diag(dense, d)
    expected = np.linalg.solve(dense, right)
    # condition below 1e3
    np.testing.assert_allclose(solve_banded(band, right), expected, atol=1e4 * np.finfo(float).eps)


@pytest.mark.parametrize("k", DEGREES)
def test_a_fit_is_the_weighted_least_squares_fit(k):
    rng = np.random.default_rng(k)
    knots = extend(np.sort(rng.uniform(-1, 1, (1, 9))), k)[0]
    x = np.sort(rng.uniform(knots[k], knots[-1 - k], 100))
    anchors = sample_points(knots, k)
    y, memory = rng.standard_normal((100, 2)), rng.standard_normal((anchors.size, 2))
    weight = 1e-6 * 100 / anchors.size
    design, held = basis_matrix(knots, k, x), basis_matrix(knots, k, anchors)
    expected = np.linalg.lstsq(
        np.concatenate([design, np.sqrt(weight) * held]),
        np.concatenate([y, np.sqrt(weight) * memory]),
        rcond=None,
    )[0]
    # normal equations of condition 1e8 at most
    np.testing.assert_allclose(fit_splines(knots, k, x, y, memory), expected, atol=1e-6)


def seconds_of(call):
    began = time.process_time()
    call()
    return time.process_time() - began


# Dense equations would take a minute; three times what it takes alone leaves room for company.
def test_an_update_of_800_intervals_takes_half_a_second():
    model = KAN([2, 3, 1], grid=800)
    X = points(3000)
    assert min(seconds_of(lambda: model.update_grid(X)) for _ in range(3)) < 0.5


def test_a_refinement_to_5000_intervals_takes_seconds():
    model = smooth_model((2, 3, 1), grid=3)
    assert seconds_of(lambda: model.refine(5000)) < 5.0


def test_a_refinement_to_5000_intervals_keeps_the_function():
    model = smooth_model((2, 3, 1), grid=3)
    # the new knots miss the old ones by up to a cell, where a cubic spline bends by h^3
    assert change(model, model.refine(5000), points(reach=0.95)) < 1e-9


def test_a_new_model_of_5000_intervals_is_made_in_seconds():
    assert seconds_of(lambda: KAN([2, 3, 1], grid=5000)) < 3.0


def as_large_as_can_be(dtype):
    model = KAN([1, 1], grid=3, dtype=dtype)
    signs = (-1.0) ** np.arange(model.get_parameters().size)
    model.set_parameters((signs * 0.9 * np.finfo(dtype).max).astype(dtype))
    return model


@pytest.mark.parametrize("new_grid", [6, 7])
def test_a_function_too_large_for_its_new_grid_is_refused_and_kept(new_grid):
    model = as_large_as_can_be("float64")
    before = model.get_parameters()
    with pytest.raises(
        ValueError, match=r"refine\(\) cannot keep .* parameters as large as 2e\+308"
    ):
        model.refine(new_grid)
    assert model.get_parameters().tobytes() == before.tobytes()


@pytest.mark.parametrize("new_grid", [6, 7])
def test_the_largest_numbers_of_single_precision_can_be_refined(new_grid):
    fine = as_large_as_can_be("float32").refine(new_grid)
    assert np.isfinite(fine.get_parameters()).all()
