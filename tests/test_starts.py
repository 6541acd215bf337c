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
