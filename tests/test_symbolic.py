"""Edges that become functions and splines again, and what suggests them."""

import numpy as np
import pytest

from kan import KAN, SYMBOLIC_LIB, _core, add_symbolic, create_dataset
from kan._symbolic_edges import parts_of
from random_models import random_model


@pytest.fixture(scope="module")
def fitted():
    data = create_dataset(lambda x: np.exp(np.sin(np.pi * x[:, 0]) + x[:, 1] ** 2), n_var=2)
    model = KAN([2, 1, 1], grid=10, seed=0)
    model.fit(data, steps=30, verbose=False)
    return model, data


def test_fixing_an_edge_makes_it_the_function_and_says_how_well_it_fits(fitted):
    model = fitted[0].copy()
    x = fitted[1]["test_input"]
    before = model(x)
    r2 = model.fix_symbolic(0, 0, 0, "sin")
    assert r2 > 0.99999
    assert parts_of(model._network)[0, 0, 0].name == "sin"
    assert model._network.edge_mask(0)[0, 0] == 0
    assert np.abs(model(x) - before).max() < 0.05
    assert fitted[0]._network.layers[0].symbolic == []


def test_unfixing_brings_the_spline_back_to_the_last_bit(fitted):
    model = fitted[0].copy()
    x = fitted[1]["test_input"]
    before = model(x)
    model.fix_symbolic(0, 0, 0, "sin")
    model.fix_symbolic(1, 0, 0, "x", fit_params_bool=False)
    model.unfix_symbolic_all()
    assert np.array_equal(model(x), before)


def test_unfixing_without_a_memory_makes_a_spline_like_the_function(fitted, tmp_path):
    model = fitted[0].copy()
    x = fitted[1]["test_input"]
    model.fix_symbolic(0, 0, 0, "sin")
    model.save(tmp_path / "m.safetensors")
    loaded = KAN.load(tmp_path / "m.safetensors")
    assert np.array_equal(loaded(x), model(x))
    loaded.get_act(x)
    loaded.unfix_symbolic(0, 0, 0)
    assert np.abs(loaded(x) - model(x)).max() < 1e-2


def test_modes_switch_spline_and_function_on_and_off(fitted):
    model = fitted[0].copy()
    x = np.linspace(-0.9, 0.9, 50)
    spline = model.edge(0, 0, 0)(x)
    model.fix_symbolic(0, 0, 0, "sin", fit_params_bool=False)
    place = (0, 0, 0)

    def sums():
        from kan._activity import edge_outputs

        return edge_outputs(model._network, 0, np.column_stack([x, x]))[:, 0, 0]

    np.testing.assert_allclose(sums(), np.sin(x), atol=1e-12)
    model.set_mode(*place, "ns")
    np.testing.assert_allclose(sums(), np.sin(x) + spline, atol=1e-12)
    model.set_mode(*place, "sn", mask_n=0.5)
    np.testing.assert_allclose(sums(), np.sin(x) + 0.5 * spline, atol=1e-12)
    model.set_mode(*place, "n")
    assert not parts_of(model._network)
    model.set_mode(*place, "0")
    np.testing.assert_array_equal(sums(), 0.0)
    with pytest.raises(ValueError, match="has no function yet: use fix_symbolic"):
        model.set_mode(*place, "s")


def test_suggestions_change_nothing(fitted):
    model = fitted[0].copy()
    before = model.get_parameters()
    suggestion = model.suggest_symbolic(0, 0, 0, topk=3, weight_simple=0.2)
    name, entry, r2, complexity = suggestion
    assert (name, complexity) == ("sin", 2)
    assert entry is SYMBOLIC_LIB["sin"]
    assert r2 > 0.99999
    assert next(row["function"] for row in suggestion.table) == "sin"
    assert len(suggestion.table) == 3
    assert "complexity" in repr(suggestion)
    assert np.array_equal(model.get_parameters(), before)
    assert not parts_of(model._network)


def test_a_function_of_the_users_is_found_trained_and_saved(own_functions, tmp_path):
    scipy_special = pytest.importorskip("scipy.special")
    add_symbolic("J0", scipy_special.j0, c=1)
    data = create_dataset(
        lambda x: scipy_special.j0(20 * x[:, 0]) + x[:, 1] ** 2, n_var=2, train_num=2000
    )
    model = KAN([2, 1], grid=40, seed=0)
    model.fit(data, steps=10, verbose=False)
    suggestion = model.suggest_symbolic(0, 0, 0, a_range=(-40, 40))
    assert suggestion[0] == "J0"
    assert suggestion[2] > 0.9999
    report = model.auto_symbolic(a_range=(-40, 40), lib=["J0", "x", "x^2", "exp", "sin"])
    assert report.numeric == []
    assert np.abs(model(data["test_input"]) - data["test_label"]).max() < 1e-6
    pytest.importorskip("sympy")
    assert "J0(" in str(model.symbolic_formula()[0][0])
    model.save(tmp_path / "m.safetensors")
    x = data["test_input"]
    assert np.array_equal(KAN.load(tmp_path / "m.safetensors")(x), model(x))


@pytest.mark.parametrize(
    ("name", "function", "unit"),
    [("square", np.square, 1e6), ("pole", lambda x: 1 / (x - 0.3), 1.0), ("ln", np.log, 1e-3)],
)
def test_r2_of_a_function_of_the_users_is_that_of_the_network(own_functions, name, function, unit):
    # The network has a table on -100..100 of it, a line beyond and no pole.
    add_symbolic(name, function)
    x = unit * np.linspace(0.5, 2.5, 400)[:, np.newaxis]
    model = KAN([1, 1], grid=20, seed=0)
    model.fit(x, function(x / unit + 0.3), steps=20, verbose=False)
    before = model(x)
    r2 = model.fix_symbolic(0, 0, 0, name)
    assert r2 > 0.999
    assert np.mean((model(x) - before) ** 2) / before.var() == pytest.approx(
        1 - r2, rel=1, abs=1e-6
    )


def test_a_name_means_one_function_in_a_network(own_functions):
    add_symbolic("mine", np.cos)
    x = np.linspace(-1, 1, 50)[:, np.newaxis] * np.ones(2)
    model = KAN([2, 1])
    for i in range(2):
        model.fix_symbolic(0, i, 0, "mine", fit_params_bool=False)
    before = model(x)
    add_symbolic("mine", np.exp)
    with pytest.raises(ValueError, match="function 'mine' is another one now"):
        model.fix_symbolic(0, 0, 0, "mine", fit_params_bool=False)
    assert np.array_equal(model(x), before)
    model.remove_edge(0, 1, 0)
    model.fix_symbolic(0, 0, 0, "mine", fit_params_bool=False)
    assert np.allclose(model(x)[:, 0], np.exp(x[:, 0]), atol=1e-9)


def test_a_function_of_the_users_may_work_in_place(own_functions):
    def doubled(x):
        x *= 2
        return x

    add_symbolic("doubled", doubled)
    x = np.linspace(-1, 1, 5)
    assert np.array_equal(SYMBOLIC_LIB["doubled"][0](x), np.linspace(-2, 2, 5))
    assert np.array_equal(x, np.linspace(-1, 1, 5))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.fix_symbolic(0, 0, 0, ["sin"]), ValueError, "fun_name must be one of"),
        (lambda m: m.fix_symbolic(0, 0, 0, "sin", True, 5), ValueError, "a_range must be two"),
        (lambda m: m.suggest_symbolic(0, 0, 0, b_range=(3, 1)), ValueError, "b_range must incr"),
        (lambda m: m.auto_symbolic(a_range=(0, np.nan)), ValueError, "a_range must be finite"),
        (lambda m: m.auto_symbolic(lib=[]), ValueError, "lib must name at least one"),
        (lambda m: m.symbolic_formula(simplify="yes"), TypeError, "simplify must be True"),
        (lambda m: m.fix_symbolic(0, 0, 0, "sine"), ValueError, "fun_name must be one of"),
        (lambda m: m.fix_symbolic(5, 0, 0, "sin"), IndexError, "l must be in 0..1, got 5"),
        (lambda m: m.suggest_symbolic(0, 0, 0, lib="sin"), TypeError, "lib must be a list"),
        (lambda m: m.auto_symbolic(lib=["sine"]), ValueError, "lib must hold names"),
        (lambda m: m.suggest_symbolic(0, 0, 0, weight_simple=2), ValueError, "weight_simple"),
        (lambda m: m.set_mode(0, 0, 0, 3), TypeError, "mode must be"),
        (lambda m: m.symbolic_formula(splines="no"), ValueError, "splines must be one of"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(call, error, message):
    model = random_model([2, 2, 1])
    before = model.get_parameters()
    with pytest.raises(error, match=message):
        call(model)
    assert np.array_equal(model.get_parameters(), before)


def test_add_symbolic_refuses_what_is_no_function():
    with pytest.raises(TypeError, match="fun must be a function"):
        add_symbolic("nothing", 3)
    with pytest.raises(TypeError, match="name must be a string"):
        add_symbolic(3, np.sin)
    with pytest.raises(ValueError, match="name must be another than those of the library"):
        add_symbolic("sin", np.sin)


def test_a_function_that_has_no_values_is_refused_by_name(own_functions):
    add_symbolic("nowhere", lambda x: np.nan * x)
    with pytest.raises(ValueError, match="function 'nowhere' must be finite somewhere"):
        KAN([1, 1]).fix_symbolic(0, 0, 0, "nowhere")


def test_float32_models_become_formulas_too():
    data = create_dataset(lambda x: x[:, 0] ** 2 + np.sin(3 * x[:, 1]), n_var=2)
    model = KAN([2, 1], grid=5, seed=0, dtype="float32")
    model.fit(data, steps=20, verbose=False)
    assert model.auto_symbolic().numeric == []
    assert model.dtype == "float32"
    assert np.abs(model(data["test_input"]) - data["test_label"]).max() < 1e-5


def test_pykans_score_is_there_when_asked_for(fitted):
    model = fitted[0].copy()
    report = model.auto_symbolic(weight_simple=0.2, r2_threshold=0.999)
    assert [finding.name for finding in report.findings] == ["sin", "x^2", "exp"]
    model = fitted[0].copy()
    report = model.auto_symbolic(weight_simple=0.2, r2_threshold=1.5)
    assert report.numeric == [(0, 0, 0), (0, 1, 0), (1, 0, 0)]


def test_functions_and_tables_have_four_derivatives_and_no_more():
    u, fifth_power = np.array([0.5]), [1 / 32, 5 / 16, 20 / 8, 60 / 4, 120 / 2]
    # a spline of degree 5 is x^5 if each coefficient is the product of its five inner knots
    knots = np.arange(-10.0, 13.0, 2.0)
    products = np.array([knots[m + 1 : m + 6].prod() for m in range(6)])
    table = _core.Table("fifth power", 0.0, 2.0, products)
    np.testing.assert_allclose(_core.function_values("x^5", u, 4)[:, 0], fifth_power, rtol=1e-14)
    # terms up to 10! / 5! * 4 of which 1/32 is left
    np.testing.assert_allclose(table.values(u, 4)[:, 0], fifth_power, rtol=1e-12, atol=1e-11)
    for values in (table.values, lambda u, order: _core.function_values("x^5", u, order)):
        with pytest.raises(ValueError, match=r"order must be in 0\.\.4"):
            values(u, 5)
