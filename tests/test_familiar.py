"""pykan's names for what a model has and does."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import kan
from kan import KAN, _core, create_dataset
from kan._networks import rebuilt, with_layer
from random_models import random_model, with_masked_edges

# What notebooks of pykan's take from the star.
OF_NOTEBOOKS = {
    "KAN", "MultKAN", "create_dataset", "create_dataset_from_data", "ex_round", "augment_input",
    "batch_jacobian", "batch_hessian", "torch", "np", "plt", "sympy", "nsimplify",
}  # fmt: skip


def inputs(count=50, columns=2):
    return np.random.default_rng(0).uniform(-0.9, 0.9, (count, columns))


def with_sine(model: KAN, layer: int, i: int, j: int) -> KAN:
    """The model with 3 sin(2 x + 0.5) - 1 beside the spline of one edge."""
    network = model._network
    layers = network.layers
    layers[layer] = with_layer(layers[layer], symbolic=[_core.SymbolicEdge(i, j, "sin")])
    made = rebuilt(network, layers)
    for index in range(len(layers)):
        made.set_knots(index, network.knots(index))
        made.coefficients(index)[:] = network.coefficients(index)
    made.symbolic(layer)[0] = 2.0, 0.5, 3.0, -1.0
    model._network = made
    return model


class TestNames:
    def test_the_star_gives_what_notebooks_take_from_it(self):
        scope: dict[str, Any] = {}
        exec("from kan import *", scope)
        assert set(scope) >= OF_NOTEBOOKS
        assert scope["np"] is np

    def test_a_class_and_a_module_are_called_MultKAN(self):
        import kan.MultKAN
        from kan.MultKAN import KAN as INSIDE
        from kan.MultKAN import MultKAN as OF_MODULE

        assert kan.MultKAN is OF_MODULE is INSIDE is KAN
        assert OF_MODULE([2, 1]).depth == 1

    def test_the_modules_of_pykan_hold_its_functions(self):
        from kan import spline, utils

        assert utils.create_dataset is create_dataset
        assert utils.SYMBOLIC_LIB is kan.SYMBOLIC_LIB
        for module in (utils, spline):
            assert all(hasattr(module, name) for name in module.__all__)

    def test_the_star_imports_nothing_that_is_not_used(self):
        code = (
            "import sys\nfrom kan import *\nrepr(torch), repr(plt), hasattr(sympy, '__wrapped__')\n"
            "print([name for name in ('torch', 'matplotlib', 'sympy') if name in sys.modules])"
        )
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert ran.stdout == "[]\n", ran.stderr

    def test_names_of_the_star_are_the_modules_once_they_are_used(self):
        sympy = pytest.importorskip("sympy")
        assert kan.sympy.Symbol is sympy.Symbol
        assert "Symbol" in dir(kan.sympy)
        assert kan.nsimplify(sympy.Float(0.5)) == sympy.Rational(1, 2)

    def test_a_missing_package_is_named_with_its_extra(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "sympy", None)
        with pytest.raises(ImportError, match=r"sympy is not installed: pip install .*symbolic"):
            kan.nsimplify(0.5)

    def test_a_script_that_never_imports_torch_runs(self):
        script = """
from kan import *
torch.set_default_dtype(torch.float64)
device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
model = KAN(width=[2, 3, 1], grid=3, k=3, seed=42, device=device)
f = lambda x: torch.exp(torch.sin(torch.pi * x[:, [0]]) + x[:, [1]] ** 2)
dataset = create_dataset(f, n_var=2, train_num=50, test_num=50, device=device)
model(dataset['train_input'])
model.fit(dataset, opt='LBFGS', steps=2)
x = torch.normal(0, 1, size=(100, 2)).to(device)
print(tuple(model(x).detach().cpu().numpy().shape))
"""
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert ran.stdout == "(100, 1)\n", ran.stderr


class TestNumericLayers:
    def test_they_have_the_shapes_of_pykan(self):
        model = KAN([2, [1, 2], 1], grid=[4, 7], k=[3, 2], mult_arity=3)
        first, second = model.act_fun
        assert (first.in_dim, first.out_dim, first.num, first.k) == (2, 7, 4, 3)
        assert (second.in_dim, second.out_dim, second.num, second.k) == (3, 1, 7, 2)
        assert first.grid.shape == (2, 4 + 1 + 2 * 3)
        assert first.coef.shape == (2, 7, 4 + 3)
        shapes = {first.scale_base.shape, first.scale_sp.shape, first.mask.shape}
        assert shapes == {(2, 7)}
        assert repr(first) == "NumericLayer(2 -> 7, grid=4, k=3)"

    def test_each_edge_is_where_pykan_has_it(self):
        model = with_masked_edges(random_model([2, 3, 1]), share=0.5)
        layer = model.act_fun[0]
        for i in range(2):
            for j in range(3):
                edge = model.edge(0, i, j)
                np.testing.assert_array_equal(layer.grid[i], edge.knots)
                np.testing.assert_array_equal(layer.coef[i, j], edge.coefficients)
                assert layer.scale_base[i, j] == edge.base_weight
                assert layer.mask[i, j] == model._network.edge_mask(0)[i, j]
        assert 0 < layer.mask.sum() < 6
        assert (layer.scale_sp == 1).all()

    def test_they_are_copies_that_cannot_be_written_to(self):
        model = random_model([2, 1])
        before = model.get_parameters()
        layer = model.act_fun[0]
        for values in (layer.grid, layer.coef, layer.scale_base, layer.mask):
            with pytest.raises(ValueError, match="read-only"):
                values[0, 0] = 1.0
        coef = layer.coef
        model.set_parameters(0 * before)
        assert coef.any()


class TestSymbolicLayers:
    def test_without_symbolic_edges_all_are_named_0(self):
        layer = KAN([2, 3, 1]).symbolic_fun[0]
        assert (layer.in_dim, layer.out_dim) == (2, 3)
        assert layer.funs_name == [["0", "0"]] * 3
        assert not layer.mask.any()
        assert layer.affine.shape == (3, 2, 4)

    def test_a_symbolic_edge_is_indexed_by_its_sum_first(self):
        layer = with_sine(random_model([2, 3, 1]), 0, 1, 2).symbolic_fun[0]
        assert layer.funs_name == [["0", "0"], ["0", "0"], ["0", "sin"]]
        assert layer.mask.tolist() == [[0, 0], [0, 0], [0, 1]]
        assert layer.affine[2, 1].tolist() == [2.0, 0.5, 3.0, -1.0]
        assert np.count_nonzero(layer.affine) == 4
        assert repr(layer) == "SymbolicLayer(2 -> 3, 1 symbolic edges)"


class TestShape:
    def test_nodes_and_sums_are_counted_as_in_pykan(self):
        model = KAN([2, [1, 2], [3, 0], [0, 1]], mult_arity=[[], [2, 3], [], [4]])
        assert model.width_in == [2, 3, 3, 1]
        assert model.width_out == [2, 1 + 2 + 3, 3, 4]
        assert model.n_sum == [1, 3]
        assert model.n_mult == [2, 0]

    def test_affines_are_neutral_where_a_network_has_none(self):
        model = KAN([2, [1, 1], 1])
        assert [one.tolist() for one in model.node_scale] == [[1, 1], [1]]
        assert [one.tolist() for one in model.node_bias] == [[0, 0], [0]]
        assert [one.tolist() for one in model.subnode_scale] == [[1, 1, 1], [1]]
        assert [one.tolist() for one in model.subnode_bias] == [[0, 0, 0], [0]]

    def test_affines_are_those_of_the_network_where_it_has_some(self):
        model = random_model([2, [1, 1], 1], affine_trainable=True)
        for index in range(2):
            for which in ("node_scale", "node_bias", "subnode_scale", "subnode_bias"):
                expected = model._network.affine(index, which)
                np.testing.assert_array_equal(getattr(model, which)[index], expected)

    def test_all_inputs_are_taken_unless_some_are_left_out(self):
        model = KAN([2, 1])
        assert model.input_id == [0, 1]
        model._given_inputs, model._input_id = 4, [3, 1]
        assert model.input_id == [3, 1]


class TestCurves:
    def test_a_curve_is_the_edge_at_the_inputs_that_are_looked_at(self):
        model = random_model([2, 3, 1])
        model.get_act(inputs())
        x, y = model.get_fun(0, 1, 2)
        np.testing.assert_array_equal(x, np.sort(inputs()[:, 1]))
        np.testing.assert_array_equal(y, model.edge(0, 1, 2)(x))

    def test_a_curve_of_a_later_layer_is_over_what_enters_there(self):
        model = random_model([2, 3, 1])
        model.get_act(inputs())
        x, y = model.get_fun(1, 2, 0)
        entering = sum(model.edge(0, i, 2)(inputs()[:, i]) for i in range(2))
        np.testing.assert_allclose(x, np.sort(entering), rtol=1e-13, atol=1e-15)
        np.testing.assert_array_equal(y, model.edge(1, 2, 0)(x))

    def test_a_symbolic_function_is_part_of_the_curve(self):
        model = with_sine(random_model([2, 3, 1]), 0, 1, 2)
        x, y = model.get_fun(0, 1, 2)
        expected = model.edge(0, 1, 2)(x) + 3 * np.sin(2 * x + 0.5) - 1
        np.testing.assert_allclose(y, expected, rtol=1e-13, atol=1e-13)

    def test_without_inputs_a_curve_spreads_over_the_grid(self):
        x, _ = KAN([2, 1], dtype="float32").get_fun(0, 0, 0)
        assert x.dtype == np.float32
        assert x[0] < -0.95
        assert x[-1] > 0.95

    def test_a_curve_is_drawn_when_asked(self):
        plt = pytest.importorskip("matplotlib.pyplot")
        plt.switch_backend("agg")
        figure = plt.figure()
        x, y = KAN([2, 1]).get_fun(0, 0, 0, plot=True)
        (line,) = figure.gca().lines
        np.testing.assert_array_equal(line.get_xydata(), np.stack([x, y], axis=1))
        plt.close(figure)

    def test_the_range_is_that_of_the_curve_and_printed_when_asked(self, capsys):
        model = random_model([2, 3, 1])
        x, y = model.get_fun(0, 0, 1)
        expected = (x.min(), x.max(), y.min(), y.max())
        assert model.get_range(0, 0, 1) == expected
        assert not capsys.readouterr().out
        model.get_range(0, 0, 1, verbose=True)
        assert capsys.readouterr().out.startswith(f"x range: [{x.min():.2f} , {x.max():.2f}]\n")

    def test_an_edge_that_is_not_there_is_named(self):
        with pytest.raises(IndexError, match=r"j must be in 0\.\.2, got 3"):
            KAN([2, 3, 1]).get_fun(0, 0, 3)

    def test_get_act_without_inputs_leaves_everything_as_it_is(self):
        model = KAN([2, 1])
        model.get_act()
        assert model.cache_data is None
        model.get_act(inputs())
        model.get_act(None)
        np.testing.assert_array_equal(model.cache_data, inputs())
        model.cache_data[:] = 0.0
        np.testing.assert_array_equal(model.cache_data, inputs())


class TestActions:
    data = create_dataset(lambda x: x[:, 0] * x[:, 1], train_num=60, test_num=40)

    def test_train_is_fit(self):
        trained, fitted = KAN([2, 2, 1]), KAN([2, 2, 1])
        history = trained.train(self.data, steps=2, verbose=False)
        assert history == fitted.fit(self.data, steps=2, verbose=False)
        np.testing.assert_array_equal(trained.get_parameters(), fitted.get_parameters())

    def test_evaluating_tells_the_error_and_the_size(self):
        model = with_masked_edges(random_model([2, 3, 1]))
        found = model.evaluate(self.data)
        error = model(self.data["test_input"]) - self.data["test_label"]
        assert found["test_loss"] == pytest.approx(float(np.sqrt(np.mean(error**2))), rel=1e-14)
        assert (found["n_edge"], found["n_grid"]) == (model.n_edge, 3)
        flat = {**self.data, "test_label": self.data["test_label"][:, 0]}
        assert model.evaluate(flat) == found

    def test_a_model_moves_to_the_processor_and_nowhere_else(self):
        model = KAN([2, 1])
        assert model.to("cpu") is model
        assert model.speed() is model
        with pytest.raises(ValueError, match="device must be 'cpu', got 'cuda'"):
            model.to("cuda")

    def test_a_checkpoint_is_one_file(self, tmp_path):
        model = random_model([2, 3, 1])
        model.saveckpt(tmp_path / "mark")
        assert [path.name for path in tmp_path.iterdir()] == ["mark"]
        again = KAN.loadckpt(tmp_path / "mark")
        assert isinstance(again, KAN)
        np.testing.assert_array_equal(again(inputs()), model(inputs()))

    @pytest.mark.parametrize("method", ["rewind", "checkout", "history", "log_history"])
    def test_versions_are_kept_by_the_user(self, method):
        model = KAN([2, 1])
        assert not model.auto_save
        with pytest.raises(NotImplementedError, match=rf"{method}\(\) .* model\.copy\(\)"):
            getattr(model, method)("0.1")
