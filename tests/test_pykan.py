"""Arguments of pykan's `fit`: understood, without effect, or refused with a reason."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from kan import KAN, create_dataset

# pykan 0.2.8's fit, with its defaults; `dataset` and `loss_fn` aside.
OF_PYKAN: dict[str, Any] = {
    "opt": "LBFGS",
    "steps": 2,
    "log": 1,
    "lamb": 0.0,
    "lamb_l1": 1.0,
    "lamb_entropy": 2.0,
    "lamb_coef": 0.0,
    "lamb_coefdiff": 0.0,
    "update_grid": True,
    "grid_update_num": 10,
    "loss_fn": None,
    "lr": 1.0,
    "start_grid_update_step": -1,
    "stop_grid_update_step": 50,
    "batch": -1,
    "metrics": None,
    "save_fig": False,
    "in_vars": None,
    "out_vars": None,
    "beta": 3,
    "save_fig_freq": 1,
    "img_folder": "./video",
    "singularity_avoiding": False,
    "y_th": 1000.0,
    "reg_metric": "edge_forward_spline_n",
    "display_metrics": None,
}


@pytest.fixture(scope="module")
def dataset() -> dict[str, Any]:
    return create_dataset(lambda x: x[:, 0] * x[:, 1], train_num=40, test_num=10)


def test_a_call_with_every_argument_of_pykan_is_one_with_none_of_them(
    dataset: dict[str, Any],
) -> None:
    plain, full = KAN([2, 2, 1]), KAN([2, 2, 1])
    assert full.fit(dataset, **OF_PYKAN) == plain.fit(dataset, opt="LBFGS", steps=2)
    assert full.get_parameters().tobytes() == plain.get_parameters().tobytes()


def test_optimizer_steps_log_and_lamb_may_follow_the_dataset_by_position(
    dataset: dict[str, Any],
) -> None:
    by_position = KAN([2, 2, 1]).fit(dataset, "Adam", 3, 1, 0.0)
    assert by_position == KAN([2, 2, 1]).fit(dataset, opt="Adam", steps=3)
    assert by_position.optimizer == "Adam"


def test_the_optimizer_given_twice_is_refused(dataset: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"opt must be given once, got 'LBFGS' and 'Adam'"):
        KAN([2, 1]).fit(dataset, "LBFGS", opt="Adam")


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"save_fig": True}, ValueError, r"save_fig=True is not supported: fit writes no files"),
        ({"save_fig": "yes"}, TypeError, "save_fig must be True or False, got 'yes'"),
        ({"lamb_l1": "a"}, TypeError, "lamb_l1 must be a number, got 'a'"),
        ({"lamb_coef": np.nan}, ValueError, "lamb_coef must be finite, got nan"),
        ({"lamb_entropy": -1.0}, ValueError, "lamb_entropy must be >= 0.0, got -1.0"),
        ({"reg_metric": "edge"}, ValueError, "reg_metric must be one of 'edge_forward_spline_n'"),
        ({"lamb_l2": 1.0}, TypeError, r"fit\(\) got an unexpected keyword argument 'lamb_l2'"),
    ],
)
def test_what_would_be_missed_is_refused(
    dataset: dict[str, Any], options: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        KAN([2, 1]).fit(dataset, **options)


def test_the_bar_shows_the_metrics_that_are_to_be_displayed(
    dataset: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    def accuracy() -> float:
        return 0.5

    KAN([2, 1]).fit(
        dataset,
        steps=2,
        verbose=True,
        metrics=[accuracy],
        display_metrics=["test_loss", "accuracy"],
    )
    shown = capsys.readouterr().err
    assert "accuracy 5.00e-01" in shown
    assert "test_loss" in shown
    assert "train_loss" not in shown


@pytest.mark.parametrize(
    ("names", "kind", "message"),
    [
        (["accuracy"], ValueError, "display_metrics must be one of 'train_loss', .*'accuracy'"),
        ("reg", TypeError, "display_metrics must be a list of names, got 'reg'"),
        ([3], TypeError, "display_metrics must be one of 'train_loss', .*, got 3"),
    ],
)
def test_metrics_that_are_not_there_cannot_be_displayed(
    dataset: dict[str, Any], names: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        KAN([2, 1]).fit(dataset, display_metrics=names)


def test_a_folder_for_the_pieces_of_a_picture_stays_empty(tmp_path: Any) -> None:
    pytest.importorskip("matplotlib")
    KAN([2, 1]).plot(folder=str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_the_constructor_has_all_arguments_of_pykan() -> None:
    of_pykan = [
        "width", "grid", "k", "mult_arity", "noise_scale", "scale_base_mu", "scale_base_sigma",
        "base_fun", "symbolic_enabled", "affine_trainable", "grid_eps", "grid_range",
        "sp_trainable", "sb_trainable", "seed", "save_act", "sparse_init", "auto_save",
        "first_init", "ckpt_path", "state_id", "round", "device",
    ]  # fmt: skip
    ours = list(inspect.signature(KAN).parameters)
    assert ours[: len(of_pykan)] == of_pykan
