"""The picture of a model: drawn in memory, of the right inputs, with the right scores."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kan
from kan import KAN, _core
from kan._activity import observe
from kan._networks import rebuilt, with_layer
from kan._plot import MOST_ROWS, MOST_SAMPLES, diagram_of
from random_models import random_model, with_functions

matplotlib = pytest.importorskip("matplotlib")
from matplotlib.figure import Figure  # noqa: E402

rng = np.random.default_rng(8)
X = rng.uniform(-1, 1, (60, 2))
Y = np.exp(X[:, 0]) + X[:, 1] ** 2


def trained() -> KAN:
    model = KAN([2, 3, 1], seed=2)
    model.fit(X, Y, steps=3)
    return model


def collection(figure: Figure, gid: str) -> Any:
    """The part of a picture with this name, or None."""
    found = [one for one in figure.axes[0].collections if one.get_gid() == gid]
    return found[0] if found else None


def masked(model: KAN, layer: int, edges: list[tuple[int, int]]) -> KAN:
    mask = np.array(model._network.edge_mask(layer))
    for i, j in edges:
        mask[i, j] = 0
    model._network.set_edge_mask(layer, mask)
    return model


# ---- the figure ---------------------------------------------------------------------------------


def test_it_returns_a_figure_with_one_axes() -> None:
    figure = trained().plot()
    assert isinstance(figure, Figure)
    assert len(figure.axes) == 1


def test_it_draws_on_the_axes_that_is_given() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert trained().plot(ax=right) is figure
    assert right.collections
    assert not left.collections


def test_a_larger_scale_gives_a_larger_figure() -> None:
    small, large = trained().plot(scale=0.5), trained().plot(scale=1.0)
    np.testing.assert_allclose(large.get_size_inches(), 2 * small.get_size_inches())
    assert small.get_size_inches()[0] == 5.0


def test_notebooks_can_show_it() -> None:
    figure: Any = trained().plot()
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_names_and_title_are_written() -> None:
    figure = trained().plot(in_vars=["a", "$b$"], out_vars=["$f(a)$"], title="The title")
    written = {text.get_text() for text in figure.axes[0].texts}
    assert {"a", "$b$", "$f(a)$", "The title"} <= written


@pytest.mark.parametrize("metric", ["backward", "forward_n", "forward_u"])
@pytest.mark.parametrize("option", [{}, {"tick": True}, {"sample": True}])
def test_every_metric_can_be_drawn(metric: str, option: dict[str, bool], tmp_path: Path) -> None:
    figure = trained().plot(metric=metric, **option)
    figure.savefig(tmp_path / "picture.svg")
    figure.savefig(tmp_path / "picture.png")


@pytest.mark.parametrize(
    "width", [[1, 1], [2, [1, 2], 1], [3, [0, 1], [1, 1]], [2, 2, 2, 2], [5, 9, 2]]
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_architecture_can_be_drawn(width: list[Any], dtype: str, tmp_path: Path) -> None:
    KAN(width, mult_arity=3, dtype=dtype).plot(tick=True).savefig(tmp_path / "picture.png")


def test_products_are_drawn_as_times_signs_with_a_sum_for_each_factor() -> None:
    figure = KAN([2, [2, 2], 1], mult_arity=[[], [2, 3], []]).plot()
    assert len(collection(figure, "products").get_offsets()) == 2
    assert len(collection(figure, "sums").get_offsets()) == 2 + 5 + 1
    assert len(collection(figure, "boxes").get_paths()) == 2 * 7 + 4


def test_masked_edges_are_not_drawn() -> None:
    model = masked(trained(), 0, [(0, 1), (1, 2)])
    assert len(collection(trained().plot(), "boxes").get_paths()) == 9
    assert len(collection(model.plot(), "boxes").get_paths()) == 7


def test_edges_with_functions_are_red_and_purple_with_a_spline() -> None:
    model = with_functions(random_model([2, 3], seed=4), share=0.6, seed=4)
    layer, mask = model._network.layers[0], model._network.edge_mask(0)
    has_function = {(one.input, one.sum) for one in layer.symbolic}
    kinds = {True: {True: "both", False: "symbolic"}, False: {True: "numeric"}}
    edges = diagram_of(model._network, X, "backward").edges
    for edge in edges:
        place = edge.source, edge.target
        assert edge.kind == kinds[place in has_function][bool(mask[place])]
    assert {edge.kind for edge in edges} == {"both", "symbolic", "numeric"}
    assert isinstance(model.plot(), Figure)


def test_an_edge_with_the_function_zero_is_not_drawn() -> None:
    model = random_model([1, 1], seed=4)
    layer = with_layer(model._network.layers[0], symbolic=[_core.SymbolicEdge(0, 0, "0")])
    model._network = rebuilt(model._network, [layer])
    model._network.set_edge_mask(0, np.zeros((1, 1), dtype=np.uint8))
    (edge,) = diagram_of(model._network, X[:, :1], "backward").edges
    assert edge.kind == "off"


@pytest.mark.slow
def test_a_hundred_edges_are_drawn_in_two_seconds(tmp_path: Path) -> None:
    model = random_model([9, 10, 1], seed=4)
    began = time.perf_counter()
    model.plot().savefig(tmp_path / "picture.png")
    assert time.perf_counter() - began < 2.0


def test_a_network_without_any_edge_can_still_be_drawn() -> None:
    model = masked(KAN([1, 1]), 0, [(0, 0)])
    assert collection(model.plot(), "boxes") is None


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"metric": "area"}, ValueError, "metric must be one of 'backward', .*, got 'area'"),
        ({"metric": None}, TypeError, "metric must be one of 'backward', .*, got None"),
        ({"beta": 0}, ValueError, "beta must be > 0.0, got 0.0"),
        ({"beta": "3"}, TypeError, "beta must be a number, got '3'"),
        ({"scale": -1}, ValueError, "scale must be > 0.0, got -1.0"),
        ({"varscale": np.nan}, ValueError, "varscale must be finite, got nan"),
        ({"in_vars": ["x"]}, ValueError, "in_vars has 1 names, but the network has 2 inputs"),
        ({"in_vars": "xy"}, TypeError, "in_vars must be a list of names, got 'xy'"),
        ({"out_vars": ["y", "z"]}, ValueError, "out_vars has 2 names, but the network has 1 outp"),
        ({"X": X[:, :1]}, ValueError, r"X must have shape \(N, 2\), got \(60, 1\)"),
        ({"X": np.full((3, 2), np.nan)}, ValueError, "X must be finite, got nan at row 0"),
        ({"X": np.empty((0, 2))}, ValueError, "X must have at least one row"),
    ],
)
def test_plot_refuses(arguments: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        trained().plot(**arguments)


# ---- what stays as it was -----------------------------------------------------------------------


def test_no_file_is_written_and_nothing_is_shown(tmp_path: Path) -> None:
    program = """
import sys
import time
import numpy as np
from kan import KAN, _core
KAN([2, [1, 1], 1]).plot(title="t", tick=True, sample=True)
assert "matplotlib.pyplot" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(kan.__file__).parents[1])},
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_pyplot_knows_of_no_figure_afterwards() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    before = pyplot.get_fignums()
    trained().plot()
    assert pyplot.get_fignums() == before


def test_settings_of_matplotlib_are_not_touched() -> None:
    before = dict(matplotlib.rcParams)
    trained().plot(title="t")
    assert dict(matplotlib.rcParams) == before


def test_a_picture_changes_nothing_in_the_model() -> None:
    model = trained()
    before = model.get_parameters().tobytes(), model.edge(0, 0, 0).knots.tobytes()
    model.plot(X=5 * X)
    assert (model.get_parameters().tobytes(), model.edge(0, 0, 0).knots.tobytes()) == before
    np.testing.assert_array_equal(model._reference_inputs(None), X)


# ---- of what it is a picture --------------------------------------------------------------------


def test_the_picture_is_made_of_the_inputs_that_fit_saw() -> None:
    model = trained()
    model(9 * X)  # what passes through the model in between does not matter
    edge = diagram_of(model._network, model._reference_inputs(None), "backward").edges[0]
    np.testing.assert_array_equal(edge.x, np.sort(X[:, 0]))


def test_held_out_rows_are_not_in_the_picture() -> None:
    model = KAN([2, 1])
    model.fit(X, Y, steps=1, validation_fraction=0.5)
    seen = model._reference_inputs(None)
    assert len(seen) == 30
    assert {tuple(row) for row in seen} < {tuple(row) for row in X}


def test_the_picture_is_made_of_other_inputs_on_request() -> None:
    model = trained()
    given = rng.uniform(-0.5, 0.5, (20, 2))
    edge = diagram_of(model._network, model._reference_inputs(given), "backward").edges[0]
    np.testing.assert_array_equal(edge.x, np.sort(given[:, 0]))
    assert isinstance(model.plot(X=given.tolist()), Figure)


def test_before_any_fit_points_are_spread_over_the_grids() -> None:
    model = KAN([2, 1], grid_range=(3, 5))
    points = model._reference_inputs(None)
    assert points.min() >= 3
    assert points.max() <= 5
    assert np.ptp(points, axis=0).min() > 1.9


def test_a_loaded_model_can_be_drawn_without_data(tmp_path: Path) -> None:
    trained().save(tmp_path / "model.safetensors")
    loaded = KAN.load(tmp_path / "model.safetensors")
    figure = loaded.plot()
    assert len(collection(figure, "boxes").get_paths()) == 9


def test_curves_are_the_functions_of_the_edges() -> None:
    model = random_model([2, [1, 1], 1], seed=3)
    diagram = diagram_of(model._network, X, "backward")
    for curve in diagram.edges:
        edge = model.edge(curve.layer, curve.source, curve.target)
        np.testing.assert_allclose(curve.y, edge(curve.x), rtol=1e-12, atol=1e-14)
        assert (np.diff(curve.x) >= 0).all()


def test_marked_samples_lie_on_the_curve() -> None:
    model = random_model([2, 1], seed=3)
    many = rng.uniform(-1, 1, (3 * MOST_ROWS, 2))
    curve = diagram_of(model._network, many, "backward").edges[1]
    assert curve.samples is not None
    x, y = curve.samples
    assert len(curve.x) == MOST_ROWS
    assert len(x) == MOST_SAMPLES
    np.testing.assert_allclose(y, model.edge(0, 1, 0)(x), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("wrong", [Figure(), np.empty(2), 3, "ax"])
def test_what_is_no_axes_is_refused(wrong: Any) -> None:
    kind = type(wrong).__name__
    with pytest.raises(TypeError, match=f"ax must be a matplotlib Axes, .* got {kind}"):
        KAN([2, 1]).plot(ax=wrong)


@pytest.mark.parametrize("reach", [1e150, 1e300, 1.7e308])
@pytest.mark.parametrize("width", [[2, 3, 1], [2, [1, 2], 1]])
@pytest.mark.parametrize("policy", ["linear", "zero"])
def test_enormous_inputs_are_drawn_without_a_warning(
    policy: str, width: list[Any], reach: float
) -> None:
    figure = KAN(width, extrapolation=policy).plot(X=reach * X, tick=True, sample=True)
    figure.savefig(io.BytesIO())


def test_scores_of_enormous_outputs_are_those_of_the_same_outputs_made_smaller() -> None:
    model = random_model([2, 3], seed=5, base_fun="zero")
    small = observe(model._network, 1e10 * X)
    large = observe(model._network, 1e300 * X)
    np.testing.assert_allclose(large.deviation[0], 1e290 * small.deviation[0])
    np.testing.assert_allclose(large.backward[0], small.backward[0])


# ---- scores, by their formulas ------------------------------------------------------------------


def deviation(values: Any) -> Any:
    return np.std(values, axis=0, ddof=1)


def test_scores_of_a_layer_are_what_their_formulas_say() -> None:
    model = random_model([2, 3], seed=5)
    outputs = [[model.edge(0, i, j)(X[:, i]) for j in range(3)] for i in range(2)]
    e = np.array([[deviation(outputs[i][j]) for j in range(3)] for i in range(2)])
    totals = np.array([deviation(outputs[0][j] + outputs[1][j]) for j in range(3)])
    activity = observe(model._network, X)
    np.testing.assert_allclose(activity.deviation[0], e)
    np.testing.assert_allclose(activity.relative[0], e / (deviation(X)[:, np.newaxis] + 0.1))
    np.testing.assert_allclose(activity.backward[0], e / (totals + 1e-4) / 3)


def test_importance_is_handed_back_through_sums_and_products() -> None:
    model = random_model([2, [1, 1], 1], seed=6)
    activity = observe(model._network, X)
    subnodes = [sum(model.edge(0, i, j)(X[:, i]) for i in range(2)) for j in range(3)]
    nodes = [subnodes[0], subnodes[1] * subnodes[2]]
    outer = [model.edge(1, i, 0)(nodes[i]) for i in range(2)]
    share = np.array([deviation(one) for one in outer]) / (deviation(outer[0] + outer[1]) + 1e-4)
    np.testing.assert_allclose(activity.backward[1][:, 0], share)
    of_subnode = share[[0, 1, 1]]  # every factor has the score of its product
    for i in range(2):
        for j in range(3):
            e = deviation(model.edge(0, i, j)(X[:, i]))
            expected = e * of_subnode[j] / (deviation(subnodes[j]) + 1e-4)
            assert activity.backward[0][i, j] == pytest.approx(expected)


def test_metrics_are_named_as_in_pykan() -> None:
    model = random_model([2, 3, 1], seed=5)
    activity = observe(model._network, X)
    for metric, expected in (
        ("backward", activity.backward),
        ("forward_n", activity.relative),
        ("forward_u", activity.deviation),
    ):
        for edge in diagram_of(model._network, X, metric).edges:
            assert edge.score == expected[edge.layer][edge.source, edge.target]


def test_one_row_has_no_deviation_and_can_be_drawn() -> None:
    model = random_model([2, 3, 1], seed=5)
    assert not observe(model._network, X[:1]).deviation[0].any()
    assert isinstance(model.plot(X=X[:1]), Figure)


def test_masked_edges_have_no_score() -> None:
    model = masked(random_model([2, 3, 1], seed=5), 0, [(1, 0)])
    activity = observe(model._network, X)
    assert activity.deviation[0][1, 0] == activity.backward[0][1, 0] == 0.0


def test_a_bias_after_the_sums_does_not_count_as_output_of_an_edge() -> None:
    model = random_model([2, 2, 1], seed=7, affine_trainable=True)
    np.testing.assert_allclose(
        observe(model._network, X).outputs[0][:, 1, 0], model.edge(0, 1, 0)(X[:, 1])
    )
