"""Training from several random starts."""

import numpy as np
import pytest

from kan import KAN, create_dataset

DATA = create_dataset(lambda x: x[:, 0] * x[:, 1], n_var=2, train_num=300)


def value(model, lamb):
    loss = model.loss_and_gradient(DATA["train_input"], DATA["train_label"])[0]
    return loss + lamb * model.get_reg("edge_forward_spline_n", 1.0, 2.0, 0.0, 0.0)


def test_more_starts_never_end_higher():
    ends = []
    for starts in (1, 3):
        model = KAN([2, [2, 1], 1], seed=5)
        model.fit(DATA, steps=10, lamb=1e-3, starts=starts, verbose=False)
        ends.append(value(model, 1e-3))
    assert ends[1] <= ends[0] * (1 + 1e-9)


def test_every_start_is_that_of_a_new_model():
    # The first training moves grids; the others begin with those of a new model all the same.
    model = KAN([2, 3, 1], seed=5)
    fresh, seen = model.copy(), {}

    def begins(progress):
        knots = [progress.model._network.knots(index) for index in range(2)]
        seen.setdefault(id(progress.model._network), (progress.model._network, knots))

    model.fit(
        2 * DATA["train_input"], DATA["train_label"], steps=3, starts=2, lr=1e-9, opt="LBFGS",
        start_grid_update_step=1, grid_update_num=50, callbacks=[begins], verbose=False,
    )  # fmt: skip
    assert len(seen) == 2
    for _, knots in seen.values():
        assert all(np.array_equal(knots[i], fresh._network.knots(i)) for i in range(2))


def test_the_history_is_that_of_the_best():
    model = KAN([2, [2, 1], 1], seed=5)
    history = model.fit(DATA, steps=5, lamb=1e-3, starts=3, verbose=False)
    assert history.steps == 5
    loss = model.loss_and_gradient(DATA["train_input"], DATA["train_label"])[0]
    assert min(history["train_loss"]) == pytest.approx(np.sqrt(loss), rel=1e-6)


def test_starts_are_for_new_models_without_grids():
    model = KAN([2, 1, 1], seed=0)
    with pytest.raises(ValueError, match="starts works without grids="):
        model.fit(DATA, grids=[3, 5], starts=2, verbose=False)
    with pytest.raises(ValueError, match="starts must be an integer >= 1"):
        model.fit(DATA, starts=0, verbose=False)
    model.fit(DATA, steps=2, verbose=False)
    with pytest.raises(ValueError, match="starts works before a model is trained"):
        model.fit(DATA, starts=2, verbose=False)


def test_a_new_network_that_gets_stuck_is_started_again():
    data = create_dataset(lambda x: np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2), n_var=2)
    once, again, several = [], [], 0
    for seed in range(10):
        for losses, options in ((once, {"starts": 1}), (again, {})):
            model = KAN([2, 1, 1], grid=10, seed=seed)
            history = model.fit(data, steps=20, verbose=False, **options)
            losses.append(history["train_loss"][-1])
        several += "starts" in history.reason
    assert sum(loss > 0.2 for loss in once) >= 2
    assert sum(loss > 0.2 for loss in again) == 0
    assert several >= 2


def test_a_network_that_learns_at_once_is_started_once():
    data = create_dataset(lambda x: x[:, 0] + x[:, 1] ** 2, n_var=2)
    model = KAN([2, 3, 1], grid=3, seed=0)
    history = model.fit(data, steps=20, verbose=False)
    assert "starts" not in history.reason
    same = KAN([2, 3, 1], grid=3, seed=0)
    same.fit(data, steps=20, verbose=False, starts=1)
    assert np.array_equal(model.get_parameters(), same.get_parameters())


@pytest.mark.parametrize(
    "options",
    [{"steps": 5}, {"callbacks": [lambda progress: None]}, {"lamb": 1e-3}, {"batch": 50}],
)
def test_starting_again_never_happens_where_it_would_be_noticed(options):
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-1, 1, (200, 2)), rng.standard_normal(200)
    model = KAN([2, 2, 1], seed=0)
    history = model.fit(x, y, **{"steps": 12, "verbose": False, **options})
    assert "starts" not in history.reason
