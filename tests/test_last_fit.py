"""A model knows the errors its last fit ended with, as long as it is what that fit left."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

import kan
from kan import KAN, _core, create_dataset


def fitted(**options: object) -> tuple[KAN, kan.History]:
    data = create_dataset(lambda x: np.sin(x[:, 0]) + x[:, 1], n_var=2, train_num=60, test_num=20)
    model = KAN([2, 1], grid=3, seed=0)
    return model, model.fit(data, steps=5, verbose=False, **options)


def noted(model: KAN) -> object:
    return json.loads(model._notes()["settings"]).get("last_fit")


def test_the_last_losses_of_the_history_are_what_a_file_keeps(tmp_path: Path) -> None:
    model, history = fitted(validation_fraction=0.2)
    names = ("train_loss", "test_loss", "validation_loss")
    expected = {"loss": "mse", **{name: history[name][-1] for name in names}}
    assert noted(model) == expected
    model.save(tmp_path / "m")
    assert noted(KAN.load(tmp_path / "m")) == expected


def test_the_loss_has_its_name() -> None:
    model = KAN([1, 2], grid=2, seed=0)
    model.fit(np.linspace(-1, 1, 20)[:, None], np.arange(20) % 2, 3, loss_fn="cross_entropy")
    kept = noted(model)
    assert isinstance(kept, dict)
    assert kept["loss"] == "cross_entropy"
    assert set(kept) == {"loss", "train_loss"}


def test_a_model_that_was_never_fitted_has_none() -> None:
    model, _ = fitted()
    assert noted(KAN([2, 1])) is None
    assert noted(model) is not None


def test_a_fit_without_steps_leaves_the_errors_of_the_one_before() -> None:
    model, _ = fitted()
    before = noted(model)
    model.fit(np.zeros((4, 2)), np.ones(4), steps=0)
    assert noted(model) == before


def test_a_model_that_was_changed_since_has_none() -> None:
    model, _ = fitted()
    assert noted(model.refine(7)) is None
    moved = model.copy()
    moved.update_grid(np.random.default_rng(0).uniform(-3, 3, (50, 2)))
    assert noted(moved) is None
    changed = model.copy()
    changed.set_parameters(changed.get_parameters() * 2)
    assert noted(changed) is None


def test_copies_and_pickles_keep_the_errors() -> None:
    model, _ = fitted()
    assert noted(model) is not None
    for other in (model.copy(), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert noted(other) == noted(model)


@pytest.mark.parametrize(
    ("last_fit", "reason"),
    [
        ({"loss": "mse", "train_loss": "small"}, "train_loss must be a number"),
        ({"loss": "mse", "train_loss": float("nan")}, "train_loss must be finite"),
        ({"loss": 3}, "loss must be a name, got 3"),
        ({"train_loss": 1.0}, "loss must be a name, got None"),
        ([1], "settings of the model"),
        ("mse", "settings of the model"),
    ],
)
def test_errors_that_are_no_numbers_make_a_file_bad(last_fit: object, reason: str) -> None:
    model, _ = fitted()
    notes = {"settings": json.dumps({"last_fit": last_fit})}
    state = {"model": _core.dumps(model._network, notes), "others": {}}
    with pytest.raises(kan.FormatError, match=reason):
        KAN.__new__(KAN).__setstate__(state)
