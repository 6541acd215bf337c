"""What happens between the steps: metrics, callbacks that change the model, losses that are nan."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

from kan import KAN
from kan._fit import Best

rng = np.random.default_rng(1)
X = rng.uniform(-1, 1, (60, 2))
Y = np.sin(2 * X[:, :1]) + X[:, 1:] ** 2


def bits(model: KAN) -> list[bytes]:
    network = model._network
    knots = [network.knots(index).tobytes() for index in range(model.depth)]
    return [network.parameters().tobytes(), *knots]


def rmse(model: KAN) -> float:
    return float(np.sqrt(model.loss_and_gradient(X, Y)[0]))


# ---- names of metrics ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["train_loss", "test_loss", "validation_loss", "reg"])
def test_a_metric_must_not_take_the_name_of_a_curve_of_the_history(name: str) -> None:
    def metric() -> float:
        return 1.0

    metric.__name__ = name
    model = KAN([2, 1])
    before = bits(model)
    with pytest.raises(ValueError, match=f"metrics must not be named train_loss, .* got {name}: "):
        model.fit(X, Y, metrics=[metric])
    assert bits(model) == before


def test_metrics_of_one_name_are_numbered() -> None:
    history = KAN([2, 1]).fit(X, Y, steps=2, metrics=[lambda: 1.0, lambda: 2.0, lambda: 3.0])
    assert history["<lambda>"] == [1.0, 1.0]
    assert history["<lambda>_2"] == [2.0, 2.0]
    assert history["<lambda>_3"] == [3.0, 3.0]


@pytest.mark.parametrize("value", ["0.5", b"1", None, [1, 2]])
def test_a_metric_that_is_no_number_is_named(value: Any) -> None:
    def accuracy() -> Any:
        return value

    with pytest.raises(TypeError, match=r"metric accuracy must return a number, got"):
        KAN([2, 1]).fit(X, Y, steps=1, metrics=[accuracy])


def test_a_callback_that_empties_the_history_does_not_disturb_the_count() -> None:
    def forget(now: Any) -> None:
        now.history.clear()

    seen: list[int] = []
    callbacks = [forget, lambda now: seen.append(now.step), lambda now: now.train_loss < 0]
    history = KAN([2, 1]).fit(X, Y, steps=5, callbacks=callbacks)
    assert seen == [1, 2, 3, 4, 5]
    assert history.steps == 5


# ---- callbacks that change the model ------------------------------------------------------------


def at_step(wanted: int, change: Any) -> Any:
    def callback(now: Any) -> None:
        if now.step == wanted:
            change(now.model)

    return callback


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
def test_the_training_goes_on_from_parameters_that_a_callback_set(opt: str) -> None:
    elsewhere = 0.3 * np.random.default_rng(2).standard_normal(KAN([2, 2, 1]).get_parameters().size)
    model, other = KAN([2, 2, 1]), KAN([2, 2, 1])
    set_them = at_step(3, lambda now: now.set_parameters(elsewhere))
    changed = model.fit(X, Y, opt=opt, steps=8, update_grid=False, callbacks=[set_them])
    other.set_parameters(elsewhere)
    expected = other.fit(X, Y, opt=opt, steps=5, update_grid=False)
    assert changed["train_loss"][3:] == expected["train_loss"]


def test_the_training_goes_on_on_a_grid_that_a_callback_moved() -> None:
    model, other = KAN([2, 2, 1]), KAN([2, 2, 1])
    move = at_step(3, lambda now: now.update_grid(X[:30]))
    options: dict[str, Any] = {"opt": "LBFGS", "update_grid": False}
    changed = model.fit(X, Y, steps=8, callbacks=[move], **options)
    other.fit(X, Y, steps=3, **options)
    other.update_grid(X[:30])
    expected = other.fit(X, Y, steps=5, **options)
    assert changed["train_loss"][3:] == expected["train_loss"]
    assert bits(model) == bits(other)


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
@pytest.mark.parametrize("options", [{}, {"validation_fraction": 0.2}, {"batch": 20}])
def test_the_model_is_never_worse_than_its_history_whatever_a_callback_does(
    opt: str, options: dict[str, Any]
) -> None:
    def disturb(now: Any) -> None:
        if now.step % 3 == 0:
            now.model.set_parameters(now.model.get_parameters() + 0.5)
        if now.step % 3 == 1:
            now.model.update_grid(2 * X)

    model = KAN([2, 2, 1])
    history = model.fit(X, Y, opt=opt, steps=10, callbacks=[disturb], **options)
    assert history.steps == 10
    if not options:
        assert rmse(model) <= min(history["train_loss"]) * (1 + 1e-12)
    assert rmse(model) < rmse(KAN([2, 2, 1]))


def test_a_change_for_the_better_after_the_last_step_remains() -> None:
    good = KAN([2, 2, 1])
    good.fit(X, Y, steps=20, update_grid=False)
    model = KAN([2, 2, 1])
    improve = at_step(2, lambda now: now.set_parameters(good.get_parameters()))
    model.fit(X, Y, steps=2, update_grid=False, callbacks=[improve])
    assert bits(model) == bits(good)


def test_a_metric_may_change_the_model_too() -> None:
    model = KAN([2, 2, 1])

    def widen() -> float:
        model.update_grid(3 * X)
        return 0.0

    history = model.fit(X, Y, steps=4, update_grid=False, metrics=[widen])
    assert rmse(model) <= min(history["train_loss"]) * (1 + 1e-12)


def test_a_change_by_a_callback_that_then_fails_is_taken_back() -> None:
    model, other = KAN([2, 2, 1]), KAN([2, 2, 1])

    def move_and_fail(now: Any) -> None:
        if now.step == 3:
            now.model.update_grid(3 * X)
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        model.fit(X, Y, steps=9, update_grid=False, callbacks=[move_and_fail])
    other.fit(X, Y, steps=3, update_grid=False)
    assert bits(model) == bits(other)


@pytest.mark.parametrize("grids", [None, [3, 5]])
def test_a_callback_that_gives_the_model_other_functions_ends_with_an_error(
    grids: list[int] | None,
) -> None:
    # The training would go on with a network that the model no longer has.
    model = KAN([2, 2, 1])

    def fix(progress: Any) -> None:
        progress.model.fix_symbolic(0, 0, 0, "sin")

    with pytest.raises(ValueError, match="callbacks may change parameters, grids"):
        model.fit(X, Y, steps=9, grids=grids, callbacks=[fix])


# ---- what is not finite -------------------------------------------------------------------------


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_function_that_is_not_finite_to_begin_with_is_refused(
    opt: str, value: float
) -> None:
    model = KAN([2, 2, 1])
    before = bits(model)
    message = f"fit cannot begin with a loss of {value}: loss_fn returned a loss or a gradient"
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, opt=opt, loss_fn=lambda p, y: (value, 0 * p))
    assert bits(model) == before


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e155, 1e307])
@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
def test_targets_too_large_for_the_precision_are_to_be_scaled(opt: str, scale: float) -> None:
    model = KAN([2, 2, 1])
    before = bits(model)
    message = r"loss of inf: the loss \(mse\) or its gradient does not fit float64; scale the data"
    with pytest.raises(ValueError, match=message):
        model.fit(X, scale * Y, opt=opt, steps=5)
    assert bits(model) == before


def broken_after(calls: int, broken: Any) -> Any:
    """Squared errors, whose gradient is another one after so many calls."""
    count = iter(range(10**9))

    def loss(prediction: Any, y: Any) -> tuple[float, Any]:
        error = prediction - y
        slope = 2 * error / error.size
        return float(np.mean(error**2)), slope if next(count) < calls else broken * slope

    return loss


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
@pytest.mark.parametrize("calls", [0, 60])
def test_a_gradient_that_is_not_finite_ends_the_run_with_a_warning(opt: str, calls: int) -> None:
    model = KAN([2, 2, 1])
    start = rmse(model)
    with pytest.warns(RuntimeWarning, match=r"fit ended after step \d+: loss_fn returned a loss"):
        history = model.fit(X, Y, opt=opt, steps=500, loss_fn=broken_after(calls, math.nan))
    assert history.stopped == "not finite"
    assert np.isfinite(model.get_parameters()).all()
    assert rmse(model) <= start


def test_a_run_that_converged_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = KAN([1, 1], noise_scale=0.0, base_fun="zero").fit(X[:, :1], 0 * Y, steps=50)
    assert history.stopped == "converged"


@pytest.mark.parametrize(
    ("slope", "kind", "message"),
    [
        (None, TypeError, "the gradient that loss_fn returns must hold real numbers, got .* NoneT"),
        (
            "abc",
            TypeError,
            "the gradient that loss_fn returns must hold real numbers, got dtype <U",
        ),
    ],
)
def test_a_gradient_that_is_no_array_of_numbers_is_named(
    slope: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        KAN([2, 1]).fit(X, Y, loss_fn=lambda p, y: (0.0, slope))


# ---- patience -----------------------------------------------------------------------------------


def test_the_least_improvement_is_in_units_of_the_reported_loss() -> None:
    best = Best(1.0)
    best.offer(0.81, KAN([1, 1])._network, math.sqrt, 0.11)  # 1.0 to 0.9: less than 0.11
    assert (best.stale, best.value) == (1, 0.81)
    best.offer(0.49, KAN([1, 1])._network, math.sqrt, 0.11)  # 0.9 to 0.7
    assert (best.stale, best.value) == (0, 0.49)


def test_without_a_least_improvement_any_improvement_counts() -> None:
    best = Best(1.0)
    best.offer(np.nextafter(1.0, 0.0), KAN([1, 1])._network, math.sqrt, 0.0)
    assert best.stale == 0
    best.offer(best.value, KAN([1, 1])._network, math.sqrt, 0.0)
    assert best.stale == 1


def test_an_infinite_loss_is_no_improvement_of_another_one() -> None:
    best = Best()
    best.offer(math.inf, KAN([1, 1])._network, math.sqrt, 0.0)
    assert (best.stale, best.network) == (1, None)


@pytest.mark.parametrize(("scale", "options"), [(1.0, {"lamb": 1.0}), (1e-9, {"lamb": 1e-3})])
def test_a_fit_that_learns_nothing_says_so(scale: float, options: dict[str, float]) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (200, 2))
    y = scale * np.sin(3 * x[:, 0])
    model = KAN([2, 2, 1], seed=0)
    with pytest.warns(RuntimeWarning, match="learnt nothing: .* Scale inputs and targets"):
        model.fit(x, y, steps=12, verbose=False, **options)


def test_a_fit_that_learns_something_says_nothing() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (200, 2))
    KAN([2, 2, 1], seed=0).fit(x, np.sin(3 * x[:, 0]), steps=12, lamb=1e-3, verbose=False)
