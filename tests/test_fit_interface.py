"""What goes into `fit` and what comes out of it: pykan's words, without its traps."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import kan
from kan import KAN, create_dataset
from kan._fit import MOST_STEPS
from kan._fit_options import FitOptions
from kan._grids import MARGIN

rng = np.random.default_rng(1)
X = rng.uniform(-1, 1, (60, 2))
Y = np.sin(2 * X[:, :1]) + X[:, 1:] ** 2


def dataset(test_num: int = 20) -> dict[str, Any]:
    return create_dataset(
        lambda x: np.sin(2 * x[:, 0]) + x[:, 1] ** 2, train_num=60, test_num=test_num
    )


def rmse(model: KAN, x: Any, y: Any) -> float:
    return float(np.sqrt(np.mean((model(x) - y) ** 2)))


# ---- ways to give the data ----------------------------------------------------------------------


def test_arrays_and_a_dataset_with_the_same_rows_give_the_same_model() -> None:
    data = dataset()
    by_dataset, by_arrays = KAN([2, 2, 1]), KAN([2, 2, 1])
    by_dataset.fit(data, steps=3)
    by_arrays.fit(data["train_input"], data["train_label"], steps=3)
    assert by_dataset.get_parameters().tobytes() == by_arrays.get_parameters().tobytes()


def test_watching_test_rows_changes_nothing_in_the_model() -> None:
    data = dataset()
    alone = {name: data[name] for name in ("train_input", "train_label")}
    watched, unwatched = KAN([2, 2, 1]), KAN([2, 2, 1])
    watched.fit(data, steps=7)
    unwatched.fit(alone, steps=7)
    assert watched.get_parameters().tobytes() == unwatched.get_parameters().tobytes()


@pytest.mark.parametrize("steps", [1, 4])
def test_a_dataset_without_a_test_part_has_an_empty_test_loss(steps: int) -> None:
    data = {"train_input": X, "train_label": Y}
    history = KAN([2, 2, 1]).fit(data, steps=steps)
    assert history["test_loss"] == []
    assert len(history["train_loss"]) == steps


def test_a_dataset_whose_test_part_is_empty_is_one_without() -> None:
    assert KAN([2, 2, 1]).fit(dataset(test_num=0), steps=2)["test_loss"] == []


def test_the_optimizer_may_follow_the_dataset_as_in_pykan() -> None:
    first, second = KAN([2, 2, 1]), KAN([2, 2, 1])
    history = first.fit(dataset(), "Adam", steps=3)
    second.fit(dataset(), opt="Adam", steps=3)
    assert history.optimizer == "Adam"
    assert first.get_parameters().tobytes() == second.get_parameters().tobytes()


def test_flat_labels_are_no_broadcast_to_a_square_of_errors() -> None:
    # pykan #243: labels (n,) against outputs (n, 1) made n x n errors, and the loss never fell.
    column, flat = KAN([2, 2, 1]), KAN([2, 2, 1])
    history = column.fit(X, Y, steps=3)
    assert flat.fit(X, Y[:, 0], steps=3)["train_loss"] == history["train_loss"]
    assert flat.get_parameters().tobytes() == column.get_parameters().tobytes()


def test_the_keywords_of_pykan_are_understood() -> None:
    history = KAN([2, 2, 1]).fit(
        dataset(),
        opt="LBFGS",
        steps=2,
        log=1,
        lamb=0.0,
        update_grid=True,
        grid_update_num=10,
        loss_fn=None,
        lr=1.0,
        start_grid_update_step=-1,
        stop_grid_update_step=50,
        batch=-1,
        metrics=None,
    )
    assert history.steps == 2


# ---- the history --------------------------------------------------------------------------------


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
def test_histories_have_a_plain_float_for_every_step(opt: str) -> None:
    history = KAN([2, 2, 1]).fit(dataset(), opt=opt, steps=5)
    assert set(history) == {"train_loss", "test_loss", "reg"}
    for curve in history.values():
        assert len(curve) == 5
        assert all(type(value) is float and np.isfinite(value) for value in curve)


def test_float32_models_report_plain_floats_too() -> None:
    history = KAN([2, 2, 1], dtype="float32").fit(dataset(), steps=2)
    assert {type(value) for curve in history.values() for value in curve} == {float}


def test_squared_errors_are_reported_as_their_root() -> None:
    model = KAN([2, 2, 1])
    data = dataset()
    history = model.fit(data, steps=6)
    best = int(np.argmin(history["train_loss"]))
    # the same sum in another order, and a root
    assert history["train_loss"][best] == pytest.approx(
        rmse(model, data["train_input"], data["train_label"]), rel=1e-12
    )
    assert history["test_loss"][best] == pytest.approx(
        rmse(model, data["test_input"], data["test_label"]), rel=1e-12
    )


def test_cross_entropy_is_reported_as_it_is() -> None:
    labels = (X[:, 0] > X[:, 1]).astype(int)
    model = KAN([2, 2, 2])
    history = model.fit(X, labels, steps=3, loss_fn="cross_entropy")
    value = model.loss_and_gradient(X, labels, loss="cross_entropy")[0]
    assert min(history["train_loss"]) == pytest.approx(value, rel=1e-12)


def test_losses_of_lbfgs_are_those_of_accepted_points_and_only_fall_between_grid_updates() -> None:
    history = KAN([2, 3, 1]).fit(X, Y, steps=12, update_grid=False)
    assert all(after <= before for before, after in pairwise(history["train_loss"]))


@pytest.mark.parametrize("options", [{}, {"opt": "Adam", "lr": 1e-2}, {"opt": "Adam", "batch": 16}])
def test_grids_move_at_steps_0_5_to_45_by_default(options: dict[str, Any]) -> None:
    history = KAN([2, 2, 1]).fit(5 * X, Y, steps=60, **options)
    assert history.grid_updates == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"update_grid": False}, []),
        ({"grid_update_num": 5}, [0, 10, 20, 30, 40]),
        ({"stop_grid_update_step": 20, "grid_update_num": 4}, [0, 5, 10, 15]),
        ({"start_grid_update_step": 12, "stop_grid_update_step": 30}, [12, 15, 18, 21, 24, 27]),
        ({"stop_grid_update_step": 3, "grid_update_num": 10}, [0, 1, 2]),
        ({"stop_grid_update_step": 0}, []),
    ],
)
def test_the_schedule_of_grid_updates_is_pykans(
    options: dict[str, Any], expected: list[int]
) -> None:
    chosen = FitOptions(**options)
    assert [step for step in range(60) if chosen.moves_grid(step)] == expected
    assert KAN([2, 2, 1]).fit(5 * X, Y, steps=60, **options).grid_updates == expected


def test_before_the_first_step_grids_that_hold_their_inputs_stay() -> None:
    model = KAN([2, 2, 1], k=3)
    before = [model.edge(layer, 0, 0).knots for layer in range(2)]
    history = model.fit(np.column_stack([5 * X[:, 0], X[:, 1]]), Y, steps=1)
    assert history.grid_updates == [0]
    assert not np.array_equal(model.edge(0, 0, 0).knots, before[0])
    np.testing.assert_array_equal(model.edge(0, 1, 0).knots, before[0])
    assert KAN([2, 2, 1]).fit(X, Y, steps=6).grid_updates == [5]


def test_updating_the_grid_moves_its_ends_beyond_the_training_inputs() -> None:
    model = KAN([2, 2, 1], k=3)
    model.fit(5 * X, Y, steps=1)
    for i in range(2):
        knots = model.edge(0, i, 0).knots[3:-3]
        low, high = (5 * X)[:, i].min(), (5 * X)[:, i].max()
        margin = MARGIN * (high - low)
        np.testing.assert_allclose(knots[[0, -1]], [low - margin, high + margin])


def test_without_updates_the_grid_stays_where_it_is() -> None:
    model = KAN([2, 2, 1])
    before = model.edge(0, 0, 0).knots
    model.fit(5 * X, Y, steps=8, update_grid=False)
    np.testing.assert_array_equal(model.edge(0, 0, 0).knots, before)


def test_no_steps_change_nothing() -> None:
    model = KAN([2, 2, 1])
    before, knots = model.get_parameters(), model.edge(0, 0, 0).knots
    history = model.fit(dataset(), steps=0)
    assert history == {"train_loss": [], "test_loss": [], "reg": []}
    assert (history.stopped, history.steps, history.grid_updates) == ("steps", 0, [])
    assert model.get_parameters().tobytes() == before.tobytes()
    np.testing.assert_array_equal(model.edge(0, 0, 0).knots, knots)


def test_the_history_tells_the_time_and_the_optimizer() -> None:
    history = KAN([2, 2, 1]).fit(X, Y, steps=2)
    assert history.optimizer == "LM"
    assert "multiply-adds" in history.reason
    assert history.seconds > 0


# ---- how it ends --------------------------------------------------------------------------------


def test_a_run_that_took_all_its_steps_says_so() -> None:
    assert KAN([2, 2, 1]).fit(X, Y, steps=2).stopped == "steps"


def test_a_run_that_cannot_get_any_lower_says_so() -> None:
    history = KAN([1, 1], noise_scale=0.0, base_fun="zero").fit(X[:, :1], 0 * Y, steps=50)
    assert history.stopped == "converged"
    assert history.steps < 50
    assert history["train_loss"][-1] == 0.0


def test_a_callback_that_returns_true_ends_the_run() -> None:
    history = KAN([2, 2, 1]).fit(X, Y, steps=50, callbacks=[lambda now: now.step == 3])
    assert (history.stopped, history.steps) == ("callback", 3)


@pytest.mark.parametrize("answer", [None, False, 0, 1, "yes", np.False_])
def test_only_true_ends_the_run(answer: Any) -> None:
    assert KAN([2, 2, 1]).fit(X, Y, steps=3, callbacks=[lambda now: answer]).steps == 3


def test_a_comparison_of_numpy_numbers_ends_the_run_too() -> None:
    history = KAN([2, 2, 1]).fit(X, Y, steps=9, callbacks=lambda now: np.int64(now.step) >= 2)
    assert (history.stopped, history.steps) == ("callback", 2)


def test_all_callbacks_are_called_even_if_the_first_one_ends_the_run() -> None:
    seen: list[int] = []
    callbacks = [lambda now: True, lambda now: seen.append(now.step)]
    KAN([2, 2, 1]).fit(X, Y, steps=5, callbacks=callbacks)
    assert seen == [1]


def test_patience_ends_a_run_that_does_not_improve() -> None:
    history = KAN([2, 2, 1]).fit(
        X, Y, steps=200, opt="Adam", update_grid=False, patience=4, min_delta=1e9
    )
    # the start counts as the best; four steps without the wanted improvement follow
    assert (history.stopped, history.steps) == ("patience", 4)


def test_a_run_stopped_within_an_epoch_keeps_what_it_learnt() -> None:
    model = KAN([2, 2, 1])
    before = model.loss_and_gradient(X, Y)[0]
    history = model.fit(
        X, Y, opt="Adam", lr=0.02, batch=1, steps=500, callbacks=[lambda now: now.step == 50]
    )
    assert history.stopped == "callback"
    assert model.loss_and_gradient(X, Y)[0] < 0.9 * before


# ---- what is kept -------------------------------------------------------------------------------


def test_the_best_parameters_remain_not_the_last() -> None:
    model = KAN([2, 2, 1])
    history = model.fit(X, Y, opt="Adam", lr=0.5, steps=40, update_grid=False)
    assert history["train_loss"][-1] > min(history["train_loss"])
    assert rmse(model, X, Y) == pytest.approx(min(history["train_loss"]), rel=1e-12)


def test_validation_rows_decide_if_there_are_any() -> None:
    noisy = Y + rng.normal(size=Y.shape)
    model = KAN([2, 5, 1], grid=10)
    options = {"validation_fraction": 0.3, "update_grid": False, "starts": 1}
    history = model.fit(X, noisy, steps=15, **options)
    assert len(history["validation_loss"]) == 15
    best = int(np.argmin(history["validation_loss"]))
    assert best < 14
    again = KAN([2, 5, 1], grid=10)
    again.fit(X, noisy, steps=best + 1, **options)
    assert again.get_parameters().tobytes() == model.get_parameters().tobytes()


@pytest.mark.parametrize(("opt", "options"), [("LBFGS", {}), ("Adam", {"batch": 7})])
def test_the_seed_chooses_validation_rows_and_batches(opt: str, options: dict[str, Any]) -> None:
    def fitted(seed: int) -> bytes:
        model = KAN([2, 2, 1])
        model.fit(X, Y, opt=opt, steps=30, seed=seed, validation_fraction=0.2, **options)
        return bytes(model.get_parameters().tobytes())

    assert fitted(3) == fitted(3)
    assert fitted(3) != fitted(4)


def test_fit_uses_no_global_random_state() -> None:
    before = np.random.get_state(legacy=True)[1]  # noqa: NPY002 - the global state is the subject
    KAN([2, 2, 1]).fit(X, Y, opt="Adam", batch=8, steps=5, validation_fraction=0.2)
    after = np.random.get_state(legacy=True)[1]  # noqa: NPY002
    np.testing.assert_array_equal(before, after)


# ---- sample weights, losses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"opt": "Adam", "lr": 0.01},
        {"opt": "Adam", "lr": 0.01, "batch": 7},
        {"validation_fraction": 0.25},
    ],
    ids=["LBFGS", "Adam", "batches", "validation"],
)
def test_rows_of_weight_zero_count_as_absent(options: dict[str, Any]) -> None:
    weight = np.zeros(60)
    weight[5:17] = 1.0
    weighted, cut = KAN([2, 2, 1]), KAN([2, 2, 1])
    history = weighted.fit(X, Y, sample_weight=weight, steps=30, **options)
    assert history == cut.fit(X[5:17], Y[5:17], sample_weight=np.ones(12), steps=30, **options)
    assert weighted.get_parameters().tobytes() == cut.get_parameters().tobytes()


def test_only_the_ratio_of_sample_weights_counts() -> None:
    weight = rng.uniform(0.5, 1.5, 60)
    one, other = KAN([2, 2, 1]), KAN([2, 2, 1])
    one.fit(X, Y, sample_weight=weight, steps=3)
    other.fit(X, Y, sample_weight=1024 * weight, steps=3)  # a power of two rounds nothing
    assert one.get_parameters().tobytes() == other.get_parameters().tobytes()


def test_a_loss_function_with_its_gradient_is_lowered() -> None:
    def squared(prediction: Any, y: Any) -> tuple[float, Any]:
        error = prediction - y
        return float(np.mean(error**2)), 2 * error / error.size

    by_name, by_function = KAN([2, 2, 1]), KAN([2, 2, 1])
    expected = by_name.fit(X, Y, opt="LBFGS", steps=2)["train_loss"]
    losses = by_function.fit(X, Y, steps=2, loss_fn=squared)["train_loss"]
    # reported as it is, not as its root; sums in another order, amplified by the iterations
    np.testing.assert_allclose(np.sqrt(losses), expected, rtol=1e-4)


def test_a_loss_function_sees_flat_targets_as_predictions_are() -> None:
    def absolute(prediction: Any, y: Any) -> tuple[float, Any]:
        assert y.shape == prediction.shape
        return float(np.abs(prediction - y).mean()), np.sign(prediction - y) / len(y)

    KAN([2, 2, 1]).fit(X, Y[:, 0], steps=1, loss_fn=absolute)


@pytest.mark.parametrize("name", ["mse", "cross_entropy", "MSELoss"])
def test_a_loss_function_is_not_mistaken_for_a_named_loss(name: str) -> None:
    def function(prediction: Any, y: Any) -> tuple[float, Any]:
        return 7.0, np.zeros_like(prediction)

    function.__name__ = name
    history = KAN([2, 1]).fit(X, Y, steps=1, loss_fn=function)
    assert history["train_loss"] == [7.0]


class MSELoss:
    """Stands for torch's, which is not installed where the tests run."""

    __module__ = "torch.nn.modules.loss"

    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = reduction

    def __call__(self, *arguments: Any) -> Any:
        raise AssertionError("the loss of the core is to be used")


def test_losses_of_torch_are_recognised() -> None:
    one, other = KAN([2, 2, 1]), KAN([2, 2, 1])
    assert one.fit(X, Y, steps=2, loss_fn=MSELoss()) == other.fit(X, Y, steps=2)


def test_losses_of_torch_with_options_are_refused() -> None:
    with pytest.raises(ValueError, match=r"loss_fn must be a torch loss without options, got <"):
        KAN([2, 1]).fit(X, Y, loss_fn=MSELoss(reduction="sum"))


def test_labels_for_a_loss_function_may_have_any_shape() -> None:
    def first_column(prediction: Any, y: Any) -> tuple[float, Any]:
        error = prediction[:, 0] - y[:, 1, 0]
        slope = np.zeros_like(prediction)
        slope[:, 0] = 2 * error / error.size
        return float(np.mean(error**2)), slope

    labels = np.zeros((60, 2, 3))
    labels[:, 1, 0] = Y[:, 0]
    history = KAN([2, 2, 2]).fit(X, labels, steps=2, loss_fn=first_column)
    assert history["train_loss"][-1] < history["train_loss"][0]


# ---- metrics and callbacks ----------------------------------------------------------------------


def test_metrics_are_recorded_under_their_names() -> None:
    model = KAN([2, 2, 1])

    def worst() -> Any:
        return np.abs(model(X) - Y).max()

    history = model.fit(X, Y, steps=4, metrics=[worst])
    assert len(history["worst"]) == 4
    assert all(type(value) is float for value in history["worst"])


def test_metrics_may_return_what_pykans_return() -> None:
    def accuracy() -> Any:
        return np.array(0.5)

    assert KAN([2, 1]).fit(X, Y, steps=1, metrics=(accuracy,))["accuracy"] == [0.5]


def test_metrics_see_the_model_as_it_is_after_the_step() -> None:
    model = KAN([2, 2, 1])

    def own_loss() -> float:
        return rmse(model, X, Y)

    history = model.fit(X, Y, steps=6, metrics=[own_loss])
    np.testing.assert_allclose(history["own_loss"], history["train_loss"], rtol=1e-12)


def test_callbacks_see_the_model_with_the_parameters_of_the_step() -> None:
    model = KAN([2, 2, 1])
    seen: list[tuple[int, int, float, float]] = []

    def look(now: Any) -> None:
        assert now.model is model
        seen.append((now.step, now.steps, now.train_loss, rmse(now.model, X, Y)))

    history = model.fit(X, Y, steps=7, callbacks=[look])
    assert [step for step, *_ in seen] == [1, 2, 3, 4, 5, 6, 7]
    assert {steps for _, steps, *_ in seen} == {7}
    assert [loss for _, _, loss, _ in seen] == history["train_loss"]
    np.testing.assert_allclose([own for *_, own in seen], history["train_loss"], rtol=1e-12)


def test_callbacks_are_called_after_the_step_that_converged() -> None:
    seen: list[int] = []
    model = KAN([1, 1], noise_scale=0.0, base_fun="zero")
    history = model.fit(X[:, :1], 0 * Y, steps=5, callbacks=[lambda now: seen.append(now.step)])
    assert history.stopped == "converged"
    assert seen == list(range(1, history.steps + 1))


def test_looking_at_every_step_changes_nothing() -> None:
    watched, unwatched = KAN([2, 2, 1]), KAN([2, 2, 1])
    one = watched.fit(X, Y, steps=12, callbacks=[lambda now: None], metrics=[lambda: 0.0])
    other = unwatched.fit(X, Y, steps=12)
    assert one["train_loss"] == other["train_loss"]
    assert watched.get_parameters().tobytes() == unwatched.get_parameters().tobytes()


def test_more_steps_than_one_call_of_the_core_takes_are_taken() -> None:
    history = KAN([1, 1], grid=1, k=1).fit(X[:5, :1], Y[:5], opt="Adam", steps=MOST_STEPS + 10)
    assert history.steps == MOST_STEPS + 10


def test_an_error_in_a_callback_leaves_the_last_whole_step_in_the_model() -> None:
    model = KAN([2, 2, 1])
    losses: list[float] = []

    def fail(now: Any) -> None:
        losses.append(now.train_loss)
        if now.step == 4:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        model.fit(X, Y, steps=10, callbacks=[fail])
    assert rmse(model, X, Y) == pytest.approx(losses[-1], rel=1e-12)


def test_interrupted_between_two_grids_the_model_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    model = KAN([2, 1])
    expected = KAN([2, 1])
    expected.update_grid(5 * X)

    class Interrupting(type(expected._network)):  # type: ignore[misc]
        """Raises between the new grid and the optimizer that is told of it."""

        def parameters(self) -> Any:
            if interrupted.now:
                raise KeyboardInterrupt
            return super().parameters()

        def assign(self, other: Any) -> None:
            super().assign(other)
            interrupted.now = not interrupted.now

    interrupted = SimpleNamespace(now=False)
    network = model._network
    layers = network.layers
    own = Interrupting(layers, network.base, network.extrapolation, False)
    type(network).assign(own, network)
    monkeypatch.setattr(model, "_network", own)
    with pytest.raises(KeyboardInterrupt):
        model.fit(5 * X, Y, steps=3)
    interrupted.now = False
    np.testing.assert_array_equal(model(X), expected(X))


# ---- printing -----------------------------------------------------------------------------------

SCRIPT = """
import numpy as np
from kan import KAN
X = np.linspace(-1, 1, 50)[:, np.newaxis]
KAN([1, 2, 1]).fit(X, X**2, steps=6, {options})
"""


def run_script(tmp_path: Path, options: str) -> subprocess.CompletedProcess[str]:
    program = SCRIPT.format(options=options)
    environment = {**os.environ, "PYTHONPATH": str(Path(kan.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("options", ["", "verbose=None", "verbose=False"])
def test_scripts_print_nothing_and_write_nothing(tmp_path: Path, options: str) -> None:
    done = run_script(tmp_path, options)
    assert (done.stdout, done.stderr) == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_a_progress_bar_on_request_goes_to_stderr_only(tmp_path: Path) -> None:
    done = run_script(tmp_path, "verbose=True")
    assert done.stdout == ""
    assert "6/6" in done.stderr
    assert "train_loss" in done.stderr


def test_the_bar_shows_test_and_validation_losses(capsys: pytest.CaptureFixture[str]) -> None:
    KAN([2, 2, 1]).fit(dataset(), steps=3, verbose=True, validation_fraction=0.2)
    told = capsys.readouterr()
    assert told.out == ""
    assert "test_loss" in told.err
    assert "validation_loss" in told.err


def test_a_longer_log_interval_shows_the_losses_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    KAN([2, 2, 1]).fit(X, Y, steps=5, verbose=True, log=10)
    assert "train_loss" in capsys.readouterr().err
