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
