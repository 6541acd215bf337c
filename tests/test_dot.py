"""The picture of a calculation: what is on it, where, and the files it is written to."""

from __future__ import annotations

import os
import re
import shutil
import stat
import time
import xml.etree.ElementTree as ElementTree
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kan import KAN, GraphPicture, Tensor, draw_dot
from kan._layered import layered

SVG = "{http://www.w3.org/2000/svg}"


def calculated() -> Tensor:
    a, b = Tensor(2.0, name="a"), Tensor(-3.0, name="b")
    c = a * b + b**2
    d = np.tanh(c * a) + np.exp(c) / b
    d.backward()
    return d


def groups(picture: GraphPicture, kind: str) -> list[list[str]]:
    """The texts of every box of a kind."""
    root = ElementTree.fromstring(picture.svg)
    return [
        [text.text or "" for text in group.findall(f"{SVG}text")]
        for group in root.iter(f"{SVG}g")
        if group.get("class") == kind
    ]


def frames(picture: GraphPicture) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every box."""
    found = []
    for group in ElementTree.fromstring(picture.svg).iter(f"{SVG}g"):
        if group.get("class"):
            frame = group.find(f"{SVG}rect")
            assert frame is not None
            x, y, w, h = (float(frame.get(key, "")) for key in ("x", "y", "width", "height"))
            found.append((x, y, x + w, y + h))
    return found


# ---- what is on it ---------------------------------------------------------------------------


def test_a_picture_shows_operations_values_and_gradients() -> None:
    picture = draw_dot(calculated())
    assert sorted(groups(picture, "leaf")) == [
        ["a", "value 2", "grad 20.09"],
        ["b", "value -3", "grad 24.55"],
    ]
    assert groups(picture, "constant") == [["constant", "value 2"]]
    titles = sorted(box[0] for box in groups(picture, "operation"))
    assert titles == sorted(["*", "**", "+", "*", "tanh", "exp", "/", "+"])
    assert ElementTree.fromstring(picture.svg).findall(f".//{SVG}path[@class='link']")


def test_a_picture_without_backward_has_no_gradients() -> None:
    picture = draw_dot(Tensor(2.0) * 3)
    assert "grad" not in picture.svg
    assert "grad" not in picture.source


def test_arrays_are_shown_by_their_shape_and_range() -> None:
    picture = draw_dot(Tensor(np.arange(12.0).reshape(3, 4), name="x").sum())
    assert groups(picture, "leaf") == [["x", "value 3 × 4: 0 … 11"]]
    assert groups(draw_dot(Tensor([1.0, 2.5])), "leaf") == [["tensor", "value [1, 2.5]"]]
    assert groups(draw_dot(Tensor(np.empty((0, 4)))), "leaf") == [["tensor", "value []"]]


def test_results_have_the_name_they_were_given() -> None:
    y = Tensor(2.0) * 3
    y.name = "y"
    assert groups(draw_dot(y), "operation") == [["y = *", "value 6"]]


def test_a_model_is_one_box_and_hides_its_parameters() -> None:
    model = KAN([2, 2, 1])
    picture = draw_dot(model([Tensor(0.1), Tensor(0.2)]))
    assert len(groups(picture, "leaf")) == 2
    assert groups(picture, "model")[0][0] == "KAN"
    assert f"{model.n_parameters} parameters" in groups(picture, "model")[0]


def test_a_parameter_that_is_used_elsewhere_is_shown() -> None:
    model = KAN([1, 1])
    picture = draw_dot(model([Tensor(0.1)]) + model.parameters()[0].square().sum())
    assert [box[0] for box in groups(picture, "leaf")].count("coefficients of layer 0") == 1


def test_a_model_opens_into_its_edges() -> None:
    model = KAN([2, [2, 1], 1])
    model.fix_symbolic(0, 0, 1, "sin", fit_params_bool=False)
    y = model([Tensor(0.1), Tensor(0.2)])
    closed, opened = draw_dot(y), draw_dot(y, detail="edge")
    curves = re.findall(r'stroke-width="1.5"', opened.svg)
    assert len(curves) == 2 * 4 + 3
    assert opened.svg.count('stroke="red"') == 1
    assert opened.svg.count("×") == 1
    assert "subgraph cluster" in opened.source
    assert opened.source.count("-> net") == 2 + 2 * 4 + 3
    assert '[label="sin"]' in opened.source
    assert "net" not in closed.source
    assert 'stroke-width="1.5"' not in closed.svg


def test_edges_that_were_cut_are_not_drawn() -> None:
    model = KAN([2, 2, 1])
    model.remove_edge(0, 0, 1)
    y = model([Tensor(0.1), Tensor(0.2)])
    assert draw_dot(y, "edge").svg.count('stroke-width="1.5"') == 5


def test_a_model_of_many_edges_stays_closed() -> None:
    y = KAN([20, 20, 1])(Tensor(np.zeros((1, 20))))
    assert draw_dot(y, "edge").svg == draw_dot(y).svg


# ---- large graphs ----------------------------------------------------------------------------


def chain(count: int) -> Tensor:
    a = t = Tensor(0.5)
    for _ in range(count):
        a = (a * t).tanh()
    return a


def fan(count: int) -> Tensor:
    return np.stack([Tensor(float(n)) for n in range(count)])


@pytest.mark.parametrize(
    ("tensor", "nodes"), [(chain(50_000), 100_001), (fan(3_000), 3_001)], ids=["chain", "fan"]
)
def test_a_large_graph_is_folded_and_drawn_in_a_moment(tensor: Tensor, nodes: int) -> None:
    start = time.perf_counter()
    picture = draw_dot(tensor)
    svg, source = picture.svg, picture.source
    assert time.perf_counter() - start < 10
    assert groups(picture, "fold") == [[f"… {nodes - 200} more nodes"]]
    assert len(frames(picture)) == 201
    assert len(svg) < 2_000_000
    assert source.count("label=") == 201


def test_a_graph_of_two_hundred_nodes_is_whole() -> None:
    assert not groups(draw_dot(fan(199)), "fold")


# ---- where things stand ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "tensor",
    [calculated(), chain(20), fan(12), KAN([2, 2, 1])([Tensor(0.1), Tensor(0.2)]) * chain(3)],
    ids=["calculation", "chain", "fan", "model"],
)
@pytest.mark.parametrize("detail", ["op", "edge"])
def test_boxes_do_not_overlap_and_stay_inside(tensor: Tensor, detail: str) -> None:
    picture = draw_dot(tensor, detail)
    root = ElementTree.fromstring(picture.svg)
    width, height = float(root.get("width", "")), float(root.get("height", ""))
    boxes = frames(picture)
    for left, top, right, bottom in boxes:
        assert left >= 0
        assert top >= 0
        assert right <= width
        assert bottom <= height
    for one, two in combinations(boxes, 2):
        beside = one[2] < two[0] or two[2] < one[0]
        above = one[3] < two[1] or two[3] < one[1]
        assert beside or above


def test_links_lead_from_left_to_right_around_boxes() -> None:
    sizes = [(40.0, 20.0)] * 5
    links = [(1, 0), (2, 1), (3, 2), (3, 0), (4, 3), (4, 0)]
    layout = layered(sizes, links)
    for (source, target), route in zip(links, layout.routes, strict=True):
        xs = [x for x, _ in route]
        assert xs == sorted(xs)
        assert route[0] == (layout.centers[source][0] + 20, layout.centers[source][1])
        assert route[-1] == (layout.centers[target][0] - 20, layout.centers[target][1])
        for box in set(range(5)) - {source, target}:
            x, y = layout.centers[box]
            inside = [p for p in route if abs(p[0] - x) <= 20 and abs(p[1] - y) < 10]
            assert not inside


def test_a_tree_is_laid_out_without_crossings() -> None:
    links = [(1, 0), (2, 0), (3, 2), (4, 2), (5, 1), (6, 1)]
    layout = layered([(40.0, 20.0)] * 7, links)
    heights = [layout.centers[box][1] for box in (5, 6, 3, 4)]
    assert heights == sorted(heights) or heights == sorted(heights, reverse=True)


# ---- texts and files -------------------------------------------------------------------------


HOSTILE = 'a<b>&"c"\\l ]]> \x00\x1b\n{|}'


def test_names_are_escaped() -> None:
    picture = draw_dot(Tensor(1.0, name=HOSTILE) * 2)
    (words,) = (box[0] for box in groups(picture, "leaf"))
    assert words == 'a<b>&"c"\\l ]]> \ufffd\ufffd\ufffd{|}'
    assert r'label="a<b>&\"c\"\\l ]]> ' in picture.source
    assert "\x00" not in picture.source
    assert picture.source.count("\n") == len(picture.source.splitlines())


def test_long_names_are_shortened() -> None:
    (words,) = groups(draw_dot(Tensor(1.0, name="x" * 100)), "leaf")
    assert words[0] == "x" * 27 + "…"


def test_notebooks_and_str_show_the_picture() -> None:
    picture = draw_dot(calculated())
    assert picture._repr_svg_() == picture.svg
    assert str(picture) == picture.source
    assert repr(picture) == "<picture of a graph, 11 boxes>"


@pytest.mark.parametrize("ending", ["svg", "dot", "gv", "SVG"])
def test_texts_are_written_as_they_are(tmp_path: Path, ending: str) -> None:
    picture = draw_dot(calculated())
    path = tmp_path / f"graph.{ending}"
    picture.save(path)
    expected = picture.svg if ending.lower() == "svg" else picture.source
    assert path.read_text(encoding="utf-8") == expected


def test_other_kinds_need_the_program_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"a .png file needs the program dot of Graphviz"):
        draw_dot(calculated()).save(tmp_path / "graph.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="writes a shell script")
def test_other_kinds_are_what_dot_makes_of_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "dot"
    program.write_text(
        '#!/bin/sh\nif [ "$1" = -Tpng ]; then cat; else echo "no $1" >&2; exit 1; fi\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    picture = draw_dot(calculated())
    picture.save(tmp_path / "graph.png")
    assert (tmp_path / "graph.png").read_text() == picture.source
    with pytest.raises(ValueError, match=r"dot cannot write a \.abc file: no -Tabc"):
        picture.save(tmp_path / "graph.abc")
    assert not (tmp_path / "graph.abc").exists()


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs the program dot of Graphviz")
@pytest.mark.parametrize("detail", ["op", "edge"])
def test_graphviz_understands_the_source(tmp_path: Path, detail: str) -> None:
    y = KAN([2, [2, 1], 1])([Tensor(0.1, name=HOSTILE), Tensor(0.2)])
    draw_dot(y, detail).save(tmp_path / "graph.png")
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: draw_dot(1.0), TypeError, "tensor must be a Tensor, got float"),
        (lambda: draw_dot(Tensor(1.0), "node"), ValueError, "detail must be one of 'op', 'edge'"),
        (lambda: draw_dot(Tensor(1.0)).save("graph"), ValueError, "path must end in .svg, .dot"),
    ],
)
def test_bad_arguments_are_refused(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()
