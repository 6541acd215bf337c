"""Training on finer and finer grids in one call."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kan import KAN

RNG = np.random.default_rng(0)
X, X_TEST = RNG.uniform(-1, 1, (3000, 2)), RNG.uniform(-1, 1, (1000, 2))


def toy(x):
    return np.exp(np.sin(np.pi * x[:, :1]) + x[:, 1:] ** 2)


def error(model, f=toy, x=X_TEST):
    return float(np.sqrt(np.mean((model(x) - f(x)) ** 2)))


@pytest.mark.parametrize("seed", range(6))
def test_every_start_ends_where_the_splines_do(seed):
    model = KAN([2, 1, 1], grid=3, seed=seed)
    history = model.fit(X, toy(X), grids=[3, 5, 10, 20, 40, 80])
    assert [grid for _, grid in history.refinements] == [3, 5, 10, 20, 40, 80]
    assert model.grid == 80
    assert error(model) <= 1e-7


def test_held_out_rows_keep_a_noisy_fit_from_refining_too_far():
    rng = np.random.default_rng(1)
    few = rng.uniform(-1, 1, (200, 2))
    noisy = toy(few) + 0.2 * rng.standard_normal((200, 1))
    model = KAN([2, 1, 1], grid=3, seed=1)
    history = model.fit(few, noisy, grids=[3, 10, 40], validation_fraction=0.3)
    assert history.stopped == "validation"
    assert model.grid < 40
    greedy = KAN([2, 1, 1], grid=3, seed=1)
    greedy.fit(few, noisy, grids=[3, 10, 40])
    assert error(model) < error(greedy)


def test_a_network_that_was_trained_goes_on_from_there():
    model = KAN([2, 1, 1], grid=5, seed=1)
    model.fit(X, toy(X), opt="LM", steps=30)
    before = error(model)
    model.fit(X, toy(X), grids=[5, 10])
    assert error(model) < before / 4


def test_other_starts_are_tried_for_new_networks_only():
    new, set_by_hand = KAN([2, 1, 1], seed=1), KAN([2, 1, 1], seed=1)
    set_by_hand.set_parameters(set_by_hand.get_parameters())
    histories = [one.fit(X[:200], toy(X[:200]), grids=[3], steps=1) for one in (new, set_by_hand)]
    assert histories[0]["train_loss"] != histories[1]["train_loss"]


def test_the_same_call_gives_the_same_bits():
    models = [KAN([2, 1, 1], seed=4) for _ in range(2)]
    for model in models:
        model.fit(X[:300], toy(X[:300]), grids=[3, 6])
    assert np.array_equal(models[0].get_parameters(), models[1].get_parameters())


def test_an_exception_keeps_the_last_whole_step_on_its_grid():
    def stop(now):
        if now.model.grid == 6:
            raise KeyboardInterrupt

    model = KAN([2, 1, 1], seed=1)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X[:300], toy(X[:300]), grids=[3, 6, 12], callbacks=[stop])
    assert model.grid == 6
    assert np.isfinite(model(X[:300])).all()


def test_a_callback_ends_all_of_it():
    model = KAN([2, 1, 1], seed=1)
    history = model.fit(X[:300], toy(X[:300]), grids=[3, 6], callbacks=[lambda now: True])
    assert (history.stopped, history.steps, model.grid) == ("callback", 1, 3)


def test_a_bad_argument_leaves_the_grid_alone():
    model = KAN([2, 1, 1], grid=4)
    with pytest.raises(ValueError, match="X must be finite"):
        model.fit(np.full((5, 2), np.nan), np.zeros(5), grids=[3, 6])
    assert model.grid == 4


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
def test_other_optimizers_take_grids_too(opt):
    model = KAN([2, 2, 1], seed=0)
    history = model.fit(X[:300], toy(X[:300]), opt=opt, grids=[3, 6], steps=20)
    assert history.optimizer == opt
    assert model.grid == 6
    assert np.isfinite(history["train_loss"]).all()


def test_the_loss_never_rises_within_a_grid():
    model = KAN([2, 2, 1], seed=0)
    history = model.fit(X[:500], toy(X[:500]), grids=[3, 6, 12], update_grid=False)
    starts = [step for step, _ in history.refinements] + [history.steps]
    for begin, end in itertools.pairwise(starts):
        own = history["train_loss"][begin:end]
        assert all(after <= before for before, after in itertools.pairwise(own))


def test_no_steps_change_nothing():
    model = KAN([2, 1, 1], grid=3, seed=1)
    before = model.get_parameters()
    model.fit(X[:100], toy(X[:100]), grids=[3, 6], steps=0)
    np.testing.assert_array_equal(model.get_parameters(), before)
    assert model._start is not None


def test_a_fit_that_cannot_begin_leaves_the_model_on_its_grid():
    model = KAN([2, 1, 1], grid=3, seed=1)
    model.fit(X[:100], toy(X[:100]), steps=5)
    before = model.get_parameters()
    with pytest.raises(ValueError, match="fit cannot begin"):
        model.fit(X[:100], 1e200 * toy(X[:100]), grids=[6, 12])
    np.testing.assert_array_equal(model.get_parameters(), before)


def test_a_call_that_fails_first_costs_no_starts():
    model, other = KAN([2, 1, 1], grid=3, seed=4), KAN([2, 1, 1], grid=3, seed=4)
    with pytest.raises(ValueError, match="fit cannot begin"):
        model.fit(X[:300], 1e200 * toy(X[:300]), grids=[3, 6])
    for one in (model, other):
        one.fit(X[:300], toy(X[:300]), grids=[3, 6])
    np.testing.assert_array_equal(model.get_parameters(), other.get_parameters())


def test_batches_get_all_their_steps_on_every_grid():
    model = KAN([2, 2, 1], seed=0)
    history = model.fit(X[:300], toy(X[:300]), batch=100, steps=40, grids=[3, 6])
    assert (history.optimizer, history.steps) == ("Adam", 80)


def test_a_coarser_grid_that_was_better_remains():
    rng = np.random.default_rng(2)
    few = rng.uniform(-1, 1, (300, 2))
    noisy = toy(few) + 0.2 * rng.standard_normal((300, 1))
    for seed in range(4):
        model = KAN([2, 2, 1], grid=20, seed=seed)
        history = model.fit(few, noisy, grids=[20, 21], steps=5)
        assert error(model, lambda x: noisy, few) <= 1.0001 * min(history["train_loss"])


def test_grids_stay_where_the_options_say_so():
    model = KAN([2, 2, 1], seed=0)
    assert not model.fit(X[:300], toy(X[:300]), grids=[3, 6], stop_grid_update_step=0).grid_updates
