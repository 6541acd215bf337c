import pickle
import sys
import time
from math import tanh

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from kan._diagram import Diagram, EdgeCurve, draw

X = np.linspace(-1.0, 1.0, 50)


def network(nodes, arities=None, kind="numeric", score=1.0, samples=None):
    """Return a diagram with the edge functions x -> sin(3 x + number of the edge)."""
    diagram = Diagram(nodes, arities or [[] for _ in nodes], [])
    for layer in range(len(nodes) - 1):
        for source in range(nodes[layer]):
            for target in range(diagram.subnodes(layer + 1)):
                y = np.sin(3 * X + len(diagram.edges))
                edge = EdgeCurve(layer, source, target, X, y, kind, score, samples)
                diagram.edges.append(edge)
    return diagram


def ink(figure, gid):
    """Return the collection of the main axes that goes by a name."""
    (found,) = [part for part in figure.axes[0].collections if part.get_gid() == gid]
    return found


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def boxes(figure):
    """Return left, bottom, right and top of the boxes, in the order of drawing."""
    extents = [path.get_extents() for path in ink(figure, "boxes").get_paths()]
    return np.array([box.extents for box in extents])


class TestContents:
    def test_everything_is_in_one_axes_of_one_figure(self):
        figure = draw(network([2, 5, 1]))
        assert isinstance(figure, Figure)
        assert len(figure.axes) == 1
        assert figure.axes[0].get_xlim() == (0.0, 1.0)

    def test_each_edge_is_a_box_a_curve_and_two_lines(self):
        figure = draw(network([2, 5, 1]))
        assert len(ink(figure, "boxes").get_paths()) == 15
        assert len(ink(figure, "curves").get_paths()) == 15
        assert len(ink(figure, "edges").get_paths()) == 30

    def test_inputs_are_at_the_bottom_and_outputs_on_top(self):
        nodes = ink(draw(network([2, 3, 1])), "nodes").get_offsets()
        np.testing.assert_allclose(nodes[:2], [[0.25, 0.0], [0.75, 0.0]], atol=1e-15)
        np.testing.assert_allclose(nodes[-1], [0.5, 0.8], atol=1e-15)

    def test_a_plus_stands_at_every_subnode_and_a_times_at_every_product(self):
        figure = draw(network([2, 3, 1], [[], [2, 3], []]))
        assert len(ink(figure, "sums").get_offsets()) == 6 + 1
        assert len(ink(figure, "products").get_offsets()) == 2
        assert len(ink(figure, "nodes").get_offsets()) == 2 + 1 + 1

    def test_the_factors_of_a_product_lead_to_it(self):
        figure = draw(network([1, 2], [[], [3]]))
        links = ink(figure, "links").get_segments()
        (product,) = ink(figure, "products").get_offsets()
        np.testing.assert_array_equal([link[1] for link in links[1:]], [product] * 3)
        np.testing.assert_array_equal(links[0][1], ink(figure, "nodes").get_offsets()[-1])

    def test_a_line_runs_from_the_source_by_the_box_to_the_subnode(self):
        figure = draw(network([1, 1]))
        below, above = ink(figure, "edges").get_segments()
        ((_, bottom, _, top),) = boxes(figure)
        np.testing.assert_allclose(below, [[0.5, 0.0], [0.5, bottom]])
        np.testing.assert_allclose(above, [[0.5, top], [0.5, 0.3]])

    def test_a_curve_rises_and_falls_as_its_function_inside_its_box(self):
        figure = draw(network([1, 1]))
        (curve,) = ink(figure, "curves").get_segments()
        ((left, bottom, right, top),) = boxes(figure)
        assert np.all((curve > [left, bottom]) & (curve < [right, top]))
        slope, offset = np.polyfit(np.sin(3 * X), curve[:, 1], 1)
        assert slope > 0
        np.testing.assert_allclose(slope * np.sin(3 * X) + offset, curve[:, 1], atol=1e-12)

    def test_a_long_curve_is_thinned_but_keeps_its_ends(self):
        x = np.linspace(0, 1, 100_000)
        edge = EdgeCurve(0, 0, 0, x, x, "numeric", 1.0)
        figure = draw(Diagram([1, 1], [[], []], [edge]))
        (curve,) = ink(figure, "curves").get_segments()
        assert len(curve) <= 256
        assert curve[0, 0] == curve[:, 0].min()
        assert curve[-1, 1] == curve[:, 1].max()

    def test_a_constant_runs_through_the_middle_of_its_box(self):
        edge = EdgeCurve(0, 0, 0, X, np.full(50, 0.1), "numeric", 1.0)
        figure = draw(Diagram([1, 1], [[], []], [edge]))
        (curve,) = ink(figure, "curves").get_segments()
        np.testing.assert_allclose(curve[:, 1], 0.15)

    def test_a_pole_leaves_a_gap(self):
        y = np.where(np.arange(50) == 20, np.inf, X)
        figure = draw(Diagram([1, 1], [[], []], [EdgeCurve(0, 0, 0, X, y, "symbolic", 1.0)]))
        vertices = ink(figure, "curves").get_paths()[0].vertices
        assert np.isnan(vertices).any(axis=1).sum() == 1

    def test_samples_are_marked_on_request_only(self):
        diagram = network([1, 1], samples=(X[:7], np.sin(3 * X[:7])))
        marks = ink(draw(diagram, sample=True), "samples").get_offsets()
        (curve,) = ink(draw(diagram), "curves").get_segments()
        np.testing.assert_allclose(marks, curve[:7])
        with pytest.raises(ValueError, match="not enough values"):
            ink(draw(diagram), "samples")

    def test_ticks_write_the_ranges_of_each_curve(self):
        edge = EdgeCurve(0, 0, 0, np.array([-2.0, 3.0]), np.array([0.5, 4.25]), "numeric", 1.0)
        assert texts(draw(Diagram([1, 1], [[], []], [edge]), tick=True)) == [
            "-2",
            "3",
            "0.5",
            "4.2",
        ]

    def test_an_empty_curve_leaves_an_empty_box(self):
        edge = EdgeCurve(0, 0, 0, np.array([]), np.array([]), "numeric", 1.0)
        figure = draw(Diagram([1, 1], [[], []], [edge]), tick=True)
        assert len(boxes(figure)) == 1


class TestInk:
    @pytest.mark.parametrize(
        ("kind", "color"), [("numeric", "black"), ("symbolic", "red"), ("both", "purple")]
    )
    def test_the_colour_tells_the_kind(self, kind, color):
        figure = draw(network([1, 1], kind=kind, score=100.0))
        np.testing.assert_array_equal(ink(figure, "curves").get_colors(), [to_rgba(color)])
        np.testing.assert_array_equal(ink(figure, "boxes").get_edgecolors(), [to_rgba(color)])

    def test_edges_that_are_off_are_not_drawn(self):
        diagram = network([2, 2])
        diagram.edges[0].kind = "off"
        assert len(boxes(draw(diagram))) == 3

    def test_a_network_whose_edges_are_all_off_shows_its_nodes(self):
        figure = draw(network([2, 1], kind="off"))
        assert len(ink(figure, "nodes").get_offsets()) == 3

    def test_an_edge_is_as_opaque_as_tanh_of_beta_times_its_score(self):
        figure = draw(network([1, 1], score=0.2), beta=2.0)
        assert ink(figure, "curves").get_colors()[0, 3] == pytest.approx(tanh(0.4))

    @pytest.mark.parametrize("score", [np.nan, -1.0, 0.0])
    def test_an_edge_without_a_positive_score_is_transparent(self, score):
        figure = draw(network([1, 1], score=score))
        assert ink(figure, "curves").get_colors()[0, 3] == 0.0

    def test_strong_edges_are_drawn_over_faint_ones(self):
        diagram = network([3, 1])
        for edge, score in zip(diagram.edges, [0.5, 0.1, 0.3], strict=True):
            edge.score = score
        opacities = ink(draw(diagram), "curves").get_colors()[:, 3]
        assert np.all(np.diff(opacities) > 0)


class TestArrangement:
    @pytest.mark.parametrize(
        ("nodes", "arities"),
        [
            ([1, 1], None),
            ([2, 5, 1], None),
            ([4, 4, 2, 1], [[], [2, 3], [2], []]),
            ([20, 16], None),
        ],
    )
    def test_boxes_neither_overlap_nor_leave_the_picture(self, nodes, arities):
        figure = draw(network(nodes, arities))
        placed = boxes(figure)
        low, high = placed[:, None, :2], placed[None, :, 2:]
        overlaps = np.all((low < high) & (low.swapaxes(0, 1) < high.swapaxes(0, 1)), axis=2)
        np.testing.assert_array_equal(overlaps, np.eye(len(placed), dtype=bool))
        assert placed[:, 0].min() >= 0.0
        assert placed[:, 2].max() <= 1.0

    def test_boxes_are_square_in_data_coordinates_and_on_paper(self):
        figure = draw(network([2, 3, 1]), in_vars=["a", "b"], title="square")
        left, bottom, right, top = boxes(figure)[0]
        assert right - left == pytest.approx(top - bottom)
        corners = figure.axes[0].transData.transform([(left, bottom), (right, top)])
        assert np.ptp(corners[:, 0]) == pytest.approx(np.ptp(corners[:, 1]))

    def test_a_layer_is_as_high_as_in_pykan(self):
        nodes = ink(draw(network([2, 5, 1])), "nodes").get_offsets()
        np.testing.assert_allclose(np.unique(nodes[:, 1].round(12)), [0.0, 0.4, 0.8])

    def test_a_product_stands_over_the_middle_of_its_factors(self):
        figure = draw(network([1, 2], [[], [3]]))
        np.testing.assert_allclose(ink(figure, "products").get_offsets()[0, 0], 2.5 / 4)

    @pytest.mark.parametrize("scale", [0.25, 0.5, 2.0])
    def test_the_new_figure_is_ten_times_scale_inches_wide(self, scale):
        assert draw(network([2, 1]), scale=scale).get_figwidth() == 10 * scale


class TestNames:
    def test_names_and_title_are_written(self):
        figure = draw(network([2, 1]), in_vars=["a", "$x_2$"], out_vars=["y"], title="Hello")
        assert texts(figure) == ["a", "$x_2$", "y", "Hello"]

    def test_names_stand_under_and_over_their_nodes(self):
        figure = draw(network([2, 2], [[], [2]]), in_vars=["a", "b"], out_vars=["u", "v"])
        places = [text.get_position() for text in figure.axes[0].texts]
        assert [x for x, _ in places] == pytest.approx([0.25, 0.75, 0.5 / 3, 2 / 3])
        assert all(y < 0.0 for _, y in places[:2])
        assert all(y > 0.4 for _, y in places[2:])

    def test_sympy_expressions_are_written_as_mathematics(self):
        sympy = pytest.importorskip("sympy")
        assert texts(draw(network([1, 1]), in_vars=[sympy.Symbol("x") ** 2])) == ["$x^{2}$"]

    def test_other_objects_are_written_by_their_str(self):
        assert texts(draw(network([2, 1]), in_vars=[1, None])) == ["1", "None"]

    def test_an_array_of_names_is_accepted(self):
        assert texts(draw(network([2, 1]), in_vars=np.array(["a", "b"]))) == ["a", "b"]

    def test_dollar_signs_of_invalid_mathematics_are_literal(self):
        figure = draw(network([1, 1]), in_vars=[r"bad $\frac{$"])
        figure.canvas.draw()
        assert texts(figure) == [r"bad \$\frac{\$"]

    @pytest.mark.parametrize(
        "names",
        [
            [f"a rather long name {number}" for number in range(20)],
            [f"$x_{{{number}}}$" for number in range(20)],
            ["temperature", "pressure", "humidity"],
            [f"$x_{{{number}}}$" for number in range(100)],
            ["one single name that is longer than the picture is wide " * 2],
        ],
    )
    def test_names_neither_collide_nor_leave_the_picture(self, names):
        diagram = network([len(names), 1])
        figure = draw(diagram, in_vars=names, out_vars=["y"], title="title", scale=2.0)
        renderer = FigureCanvasAgg(figure).get_renderer()
        written = figure.axes[0].texts
        extents = np.array([text.get_window_extent(renderer).extents for text in written])
        assert np.all(extents[1 : len(names), 0] > extents[: len(names) - 1, 2])
        assert np.all(extents[:, :2] >= 0)
        assert np.all(extents[:, 2:] <= figure.bbox.size)

    def test_short_names_are_level_and_long_ones_upright(self):
        short, long = [f"{i}" for i in range(20)], [f"long name {i}" for i in range(20)]
        for names, rotation in ((short, 0), (long, 90)):
            figure = draw(network([20, 1]), in_vars=names)
            assert {text.get_rotation() for text in figure.axes[0].texts} == {rotation}

    def test_varscale_scales_the_names(self):
        sizes = [
            draw(network([2, 1]), in_vars=["a", "b"], varscale=varscale).axes[0].texts[0].get_size()
            for varscale in (0.5, 1.0)
        ]
        assert sizes[1] == pytest.approx(2 * sizes[0])


class TestFigures:
    def test_pyplot_knows_nothing_of_the_figure(self):
        pyplot = pytest.importorskip("matplotlib.pyplot")
        before = pyplot.get_fignums()
        draw(network([2, 1]))
        assert pyplot.get_fignums() == before

    def test_a_notebook_can_show_the_figure_without_pyplot(self):
        assert draw(network([1, 1]))._repr_png_().startswith(b"\x89PNG")

    def test_the_figure_survives_pickling(self):
        twin = pickle.loads(pickle.dumps(draw(network([1, 1]))))
        assert len(twin.axes[0].collections) == len(draw(network([1, 1])).axes[0].collections)

    def test_it_draws_on_the_given_axes(self):
        figure = Figure(figsize=(4, 3))
        left, right = figure.subplots(1, 2)
        assert draw(network([2, 1]), ax=right, title="here") is figure
        assert not left.collections
        assert right.texts[0].get_text() == "here"

    def test_settings_of_matplotlib_stay_as_they_are(self):
        import matplotlib

        before = dict(matplotlib.rcParams)
        draw(network([2, 1]), in_vars=["a", "b"], tick=True)
        assert dict(matplotlib.rcParams) == before

    @pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
    def test_a_hundred_edges_are_drawn_and_saved_in_two_seconds(self, tmp_path, suffix):
        diagram = network([10, 10])
        draw(diagram).savefig(tmp_path / f"first.{suffix}")
        start = time.perf_counter()
        draw(diagram).savefig(tmp_path / f"second.{suffix}")
        assert time.perf_counter() - start < 2.0

    def test_a_missing_matplotlib_is_answered_with_the_extra(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        loaded = ("matplotlib.", "kan._figures", "kan._drawing")
        for name in [name for name in sys.modules if name.startswith(loaded)]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.delattr("kan._figures", raising=False)
        with pytest.raises(ImportError, match=r'pip install "kan-core\[plot\]"'):
            draw(network([1, 1]))


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"in_vars": ["a"]}, "in_vars has 1 names, but the network has 2 inputs"),
            ({"out_vars": ["a", "b"]}, "out_vars has 2 names, but the network has 1 outputs"),
            ({"beta": 0.0}, r"beta must be a positive number, got 0\.0"),
            ({"scale": -1}, "scale must be a positive number, got -1"),
            ({"varscale": np.inf}, "varscale must be a positive number, got inf"),
        ],
    )
    def test_a_wrong_argument_is_named(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            draw(network([2, 1]), **arguments)

    @pytest.mark.parametrize("names", ["ab", 3])
    def test_names_must_be_a_list(self, names):
        with pytest.raises(TypeError, match=f"in_vars must be a list of names, got {names!r}"):
            draw(network([2, 1]), in_vars=names)

    @pytest.mark.parametrize(
        ("nodes", "arities", "message"),
        [
            ([2], [[]], r"nodes must hold two or more positive counts, got \[2\]"),
            ([2, 0], [[], []], r"nodes must hold two or more positive counts, got \[2, 0\]"),
            ([2, 1], [[]], r"arities must hold 2 lists, the first one empty, got \[\[\]\]"),
            ([2, 1], [[2], []], "arities must hold 2 lists, the first one empty"),
            ([2, 1], [[], [2, 2]], r"layer 1 has 1 nodes, so its arities .* got \[2, 2\]"),
            ([2, 1], [[], [0]], r"layer 1 has 1 nodes, .* positive numbers, got \[0\]"),
        ],
    )
    def test_counts_that_contradict_each_other_are_named(self, nodes, arities, message):
        with pytest.raises(ValueError, match=message):
            draw(Diagram(nodes, arities, []))

    @pytest.mark.parametrize("place", [(1, 0, 0), (-1, 0, 0), (0, 2, 0), (0, 0, 1)])
    def test_an_edge_outside_the_network_is_named(self, place):
        edge = EdgeCurve(*place, X, X, "numeric", 1.0)
        with pytest.raises(
            ValueError, match=r"edge \(.*\) is not in the network with nodes \[2, 1\]"
        ):
            draw(Diagram([2, 1], [[], []], [edge]))

    def test_an_unknown_kind_is_named(self):
        with pytest.raises(ValueError, match=r"kind must be one of .*'off'.*got 'dotted'"):
            draw(network([1, 1], kind="dotted"))

    def test_curves_and_samples_must_be_pairs_of_one_length(self):
        message = r"edge \(0, 0, 0\): x and y must have one shape \(N,\), got \(50,\) and \(3,\)"
        curve = EdgeCurve(0, 0, 0, X, X[:3], "numeric", 1.0)
        samples = EdgeCurve(0, 0, 0, X, X, "numeric", 1.0, (X, X[:3]))
        for edge in (curve, samples):
            with pytest.raises(ValueError, match=message):
                draw(Diagram([1, 1], [[], []], [edge]))
