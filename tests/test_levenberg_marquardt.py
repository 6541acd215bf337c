"""Levenberg-Marquardt from `fit`: accuracy, manners, refusals."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.special import j0

from kan import KAN


def test_one_edge_reaches_the_floor_of_least_squares():
    rng = np.random.default_rng(0)
    X, X_test = rng.uniform(-1, 1, (1000, 1)), rng.uniform(-1, 1, (1000, 1))
    # Twice what SciPy's lstsq reaches with as many uniform knots.
    for grid, floor in ((50, 9.5e-5), (100, 5e-6)):
        model = KAN([1, 1], grid=grid, seed=0)
        model.fit(X, j0(20 * X), opt="LM", steps=20, update_grid=False)
        error = np.sqrt(np.mean((model(X_test) - j0(20 * X_test)) ** 2))
        assert error <= 2 * floor, grid


def test_the_training_loss_never_rises_on_a_grid_that_stays():
    rng = np.random.default_rng(1)
    X = rng.uniform(-1, 1, (300, 3))
    y = np.sin(X[:, :1]) * X[:, 1:2] + X[:, 2:]
    model = KAN([3, [2, 1], 1], grid=4, seed=2)
    losses = model.fit(X, y, opt="LM", steps=30, update_grid=False)["train_loss"]
    assert all(after <= before for before, after in itertools.pairwise(losses))
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e2, 1e8])
def test_labels_of_any_scale_are_learnt_alike(scale):
    rng = np.random.default_rng(2)
    X = rng.uniform(-1, 1, (400, 2))
    y = scale * (X[:, :1] ** 2 + np.sin(3 * X[:, 1:]))
    for seed in range(4):
        model = KAN([2, 2, 1], grid=5, seed=seed)
        model.fit(X, y, opt="LM", steps=40)
        assert np.sqrt(np.mean((model(X) - y) ** 2)) <= 5e-3 * scale


@pytest.mark.parametrize(
    ("factor", "offset"), [(1.0, 0.0), (100.0, 0.0), (1e-3, 0.0), (1.0, 300.0)]
)
def test_inputs_of_other_units_are_learnt_too(factor, offset):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (500, 2))
    y = np.sin(3 * X[:, 0]) * X[:, 1]
    model = KAN([2, 5, 1], grid=5, seed=0)
    history = model.fit(factor * X + offset, y, opt="LM", steps=50)
    assert history["train_loss"][-1] <= 5e-3


def test_tiny_labels_do_no_harm():
    X = np.random.default_rng(2).uniform(-1, 1, (400, 2))
    y = 1e-8 * X[:, :1] ** 2
    history = KAN([2, 2, 1], grid=5, seed=0).fit(X, y, opt="LM", steps=30)
    assert history["train_loss"][-1] < 1e-6 * history["train_loss"][0]


@pytest.mark.parametrize(
    "X",
    [
        np.random.default_rng(0).uniform(-1, 1, (30, 2)),
        np.random.default_rng(0).uniform(-1, 1, (200, 19)),
        np.repeat(np.random.default_rng(0).uniform(-1, 1, (10, 2)), 20, axis=0),
        np.column_stack([np.random.default_rng(0).uniform(-1, 1, 100), np.full(100, 0.5)]),
    ],
    ids=["30 samples", "19 inputs", "duplicated rows", "a constant column"],
)
def test_data_that_leaves_much_open_ends_in_finite_numbers(X):
    y = np.sin(3 * X[:, :1])
    model = KAN([X.shape[1], 2, 1], grid=10, seed=0)
    history = model.fit(X, y, opt="LM", steps=20)
    assert np.isfinite(history["train_loss"]).all()
    assert np.isfinite(model(np.clip(X + 0.1, -1, 1))).all()
    assert history["train_loss"][-1] < 0.5 * history["train_loss"][0]


def test_classes_are_learnt_from_logits():
    rng = np.random.default_rng(3)
    X = rng.uniform(-1, 1, (500, 2))
    labels = (X[:, 0] ** 2 + X[:, 1] ** 2 < 0.5).astype(int)
    model = KAN([2, 2, 2], grid=4, seed=0)
    model.fit(X, labels, opt="LM", steps=20, loss_fn="cross_entropy", alpha=1e-4)
    assert np.mean(model(X).argmax(axis=1) == labels) >= 0.98


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 10}, "opt='LM' needs all rows in every step, got batch=10"),
        ({"lr": 0.1}, "lr has no meaning with opt='LM', got 0.1"),
        ({"loss_fn": lambda p, t: (0.0, p)}, "opt='LM' works with the named losses"),
    ],
)
def test_what_it_cannot_do_is_refused(options, message):
    X = np.linspace(-1, 1, 50)[:, np.newaxis]
    with pytest.raises(ValueError, match=message):
        KAN([1, 1]).fit(X, X, opt="LM", **options)


def test_affines_and_products_train_too():
    rng = np.random.default_rng(5)
    X = rng.uniform(-1, 1, (400, 2))
    y = X[:, :1] * X[:, 1:]
    model = KAN([2, [1, 1], 1], grid=5, affine_trainable=True, seed=0)
    before = model.get_parameters()
    losses = model.fit(X, y, opt="LM", steps=40, update_grid=False)["train_loss"]
    assert losses[-1] <= 1e-3
    assert (model.get_parameters() != before).mean() > 0.9


def test_a_ridge_keeps_parameters_small():
    X = np.random.default_rng(6).uniform(-1, 1, (50, 1))
    sizes = []
    for alpha in (0.0, 1e-4, 1e-2):
        model = KAN([1, 1], grid=20)
        model.fit(X, np.sin(3 * X), alpha=alpha, steps=20)
        sizes.append(np.sum(model.get_parameters() ** 2))
    assert sizes[0] > sizes[1] > sizes[2]


def test_a_ridge_acts_on_a_trained_model_and_is_not_reported_as_loss():
    X = np.random.default_rng(6).uniform(-1, 1, (200, 2))
    y = np.sin(3 * X[:, :1]) * X[:, 1:]
    model = KAN([2, 2, 1], grid=5, seed=0)
    model.fit(X, y, opt="LM", steps=30)
    before = np.sum(model.get_parameters() ** 2)
    history = model.fit(X, y, alpha=1e-3, steps=20, update_grid=False)
    assert np.sum(model.get_parameters() ** 2) < 0.9 * before
    reached = np.sqrt(np.mean((model(X) - y) ** 2))
    np.testing.assert_allclose(history["train_loss"][-1], reached, rtol=1e-6)


@pytest.mark.parametrize("groups", [{"sp_trainable": False}, {"sb_trainable": False}])
def test_what_does_not_train_stays(groups):
    X = np.random.default_rng(7).uniform(-1, 1, (200, 2))
    model = KAN([2, 2, 1], grid=5, seed=0, **groups)
    fixed = ~model._network.trainable().astype(bool)
    before = model.get_parameters()
    history = model.fit(X, X[:, 0] ** 2, opt="LM", steps=10, update_grid=False)
    assert history["train_loss"][-1] < history["train_loss"][0]
    np.testing.assert_array_equal(model.get_parameters()[fixed], before[fixed])
    assert (model.get_parameters()[~fixed] != before[~fixed]).all()


def test_masks_and_grids_that_change_on_the_way_are_taken_up():
    X = np.random.default_rng(8).uniform(-1, 1, (200, 2))
    y = np.sin(3 * X[:, :1]) + X[:, 1:]

    def prune(now):
        if now.step == 3:
            mask = now.model._network.edge_mask(0)
            mask[0, 1] = 0
            now.model._network.set_edge_mask(0, mask)
            now.model._network.set_parameters(now.model.get_parameters())
            now.model.update_grid(1.2 * X)

    model = KAN([2, 2, 1], grid=5, seed=0)
    history = model.fit(X, y, opt="LM", steps=15, callbacks=[prune])
    reached = np.sqrt(np.mean((model(X) - y) ** 2))
    assert reached <= 1.0001 * min(history["train_loss"])


def test_float32_weights_and_every_policy_train():
    rng = np.random.default_rng(9)
    X = rng.uniform(-1, 1, (200, 2))
    y = np.sin(3 * X[:, :1]) * X[:, 1:]
    weight = rng.integers(0, 3, 200)
    for policy in ("linear", "clamp", "zero", "polynomial", "error"):
        model = KAN([2, 3, 1], grid=5, seed=0, dtype="float32", extrapolation=policy)
        losses = model.fit(X, y, opt="LM", steps=20, sample_weight=weight)["train_loss"]
        assert losses[-1] < 0.1 * losses[0], policy


def test_the_same_bits_for_any_number_of_threads():
    import kan

    rng = np.random.default_rng(4)
    X = rng.uniform(-1, 1, (2000, 2))
    y = np.sin(3 * X[:, :1]) * X[:, 1:]
    results = []
    for threads in (1, 2, 3):
        with kan.threads(threads):
            model = KAN([2, 5, 1], grid=5, seed=0)
            model.fit(X, y, opt="LM", steps=8)
            results.append(model.get_parameters())
    assert all(np.array_equal(one, results[0]) for one in results)
