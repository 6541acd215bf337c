"""The search for functions that the whole network agrees with."""

import numpy as np
import pytest

from kan import KAN, create_dataset

LAWS = {
    "exp(sin(pi x) + y^2)": lambda x: np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2),
    "sqrt(x^2 + y^2)": lambda x: np.hypot(x[:, 0], x[:, 1]),
}


def fitted(f, n_var, ranges=(-1, 1), width=None, noise=0.0, **options):
    data = create_dataset(f, n_var=n_var, ranges=list(ranges))
    rng = np.random.default_rng(0)
    data["train_label"] = data["train_label"] + noise * data["train_label"].std() * (
        rng.standard_normal(data["train_label"].shape)
    )
    model = KAN(width or [n_var, 1, 1], grid=5, seed=1)
    model.fit(data, verbose=False, **options)
    return model, data


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_found_to_the_last_digits(name):
    model, data = fitted(LAWS[name], 2, (0.1, 1), grids=[5, 10])
    report = model.auto_symbolic()
    assert report.numeric == []
    assert np.abs(model(data["test_input"]) - data["test_label"]).max() < 1e-9


def test_a_law_is_found_under_noise():
    f = LAWS["exp(sin(pi x) + y^2)"]
    model, data = fitted(f, 2, noise=0.01, grids=[5, 10])
    report = model.auto_symbolic()
    assert [finding.name for finding in report.findings] == ["sin", "x^2", "exp"]
    spread = data["test_label"].std()
    assert np.abs(model(data["test_input"]) - data["test_label"]).max() < 0.02 * spread


def test_the_best_function_is_tried_however_many_are_simpler():
    # Of an edge under noise many simple functions miss no more than a hundred times what sin does.
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (500, 2))
    y = np.sin(2 * x[:, :1]) + x[:, 1:] ** 2 + 0.1 * rng.standard_normal((500, 1))
    model = KAN([2, 1], seed=0)
    model.fit(x, y, steps=20, verbose=False)
    report = model.auto_symbolic()
    assert [finding.name for finding in report.findings] == ["sin", "x^2"]


def test_an_edge_that_matters_never_becomes_nothing_or_a_line():
    # pykan #415: clear sine edges are set to 0, because simplicity weighs more than the loss.
    model, _ = fitted(lambda x: 0.05 * np.sin(3 * x[:, 0]) + x[:, 1], 2, steps=30, width=[2, 1])
    report = model.auto_symbolic()
    assert [finding.name for finding in report.findings] == ["sin", "x"]


def test_what_no_function_describes_stays_a_spline_and_is_reported():
    model, data = fitted(
        lambda x: np.where(x[:, 0] > 0.2, x[:, 0] ** 2, np.cos(7 * x[:, 0])) + x[:, 1],
        2,
        steps=30,
        width=[2, 1],
    )
    before = np.sqrt(np.mean((model(data["train_input"]) - data["train_label"]) ** 2))
    report = model.auto_symbolic()
    assert report.numeric == [(0, 0, 0)]
    assert "(0, 0, 0) stays a spline" in repr(report)
    after = np.sqrt(np.mean((model(data["train_input"]) - data["train_label"]) ** 2))
    assert after <= 1.05 * before
    assert model._network.edge_mask(0)[0, 0] == 1


def test_edges_that_do_nothing_are_removed():
    model, _ = fitted(lambda x: np.sin(2 * x[:, 0]), 3, steps=30, width=[3, 1])
    report = model.auto_symbolic()
    assert [finding.name for finding in report.findings] == ["sin", "0", "0"]


def test_a_model_without_data_is_its_own_model(tmp_path):
    model, data = fitted(LAWS["sqrt(x^2 + y^2)"], 2, (0.1, 1), grids=[5, 10, 20, 40])
    model.save(tmp_path / "m.safetensors")
    loaded = KAN.load(tmp_path / "m.safetensors")
    loaded.get_act(data["train_input"])
    assert loaded.auto_symbolic().numeric == []
    assert np.abs(loaded(data["test_input"]) - data["test_label"]).max() < 1e-4


def test_classes_are_told_apart_by_a_formula_too():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (1000, 2))
    labels = (rng.random(1000) < 1 / (1 + np.exp(-4 * (x[:, 0] + x[:, 1])))).astype(int)
    model = KAN([2, 2], grid=3, seed=0)
    model.fit(x, labels, steps=10, loss_fn="cross_entropy", verbose=False)
    before = model.loss_and_gradient(x, labels, "cross_entropy")[0]
    model.auto_symbolic(lib=["x", "x^2", "sin", "tanh"])
    assert model.loss_and_gradient(x, labels, "cross_entropy")[0] < 1.1 * before


def test_fewer_rows_than_parameters_are_no_reason_to_remove_everything():
    data = create_dataset(lambda x: np.sin(2 * x[:, 0]) + x[:, 1] ** 2, n_var=2, train_num=30)
    model = KAN([2, 5, 1], seed=0)
    model.fit(data, steps=20, verbose=False)
    report = model.auto_symbolic()
    assert len(report.numeric) < 15
    assert np.abs(model(data["train_input"]) - data["train_label"]).max() < 1e-3


def test_the_model_is_as_before_if_the_search_is_interrupted(monkeypatch):
    from kan import _search

    model, _ = fitted(LAWS["sqrt(x^2 + y^2)"], 2, (0.1, 1), steps=10)
    before = model.get_parameters()

    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(_search.Search, "_drop_nothings", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.auto_symbolic()
    assert np.array_equal(model.get_parameters(), before)


@pytest.mark.parametrize("seed", [3, 4])
def test_splines_that_fit_the_noise_do_not_stand_in_the_way(seed):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (800, 3))
    y = LAWS["exp(sin(pi x) + y^2)"](x) + 0.3 * rng.standard_normal(800)
    model = KAN([3, 3, 1], grid=5, seed=seed)
    model.fit(x, y, lamb=1e-2, steps=50, verbose=False)
    model = model.prune()
    assert model.auto_symbolic().numeric == []
    fresh = rng.uniform(-1, 1, (2000, 3))
    off = model(fresh)[:, 0] - LAWS["exp(sin(pi x) + y^2)"](fresh)
    assert np.sqrt(np.mean(off**2)) < 0.06


def test_a_model_for_which_nothing_is_found_is_as_it_was():
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(-1, 1, (400, 1)), axis=0)
    y = np.where(x > 0.2, x**2, np.cos(7 * x))
    model = KAN([1, 1], grid=8, seed=0)
    model.fit(x, y, steps=20, verbose=False)
    before = model.get_parameters()
    assert model.auto_symbolic().numeric == [(0, 0, 0)]
    assert np.array_equal(model.get_parameters(), before)
