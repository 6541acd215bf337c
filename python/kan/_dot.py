"""The picture of how a tensor was calculated."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

from ._architecture import one_of
from ._graph_picture import Picture, pictured
from ._graph_svg import svg_text
from ._graph_text import dot_text
from ._network_svg import MOST_EDGES, count_of_edges
from ._tensor import Tensor

__all__ = ["GraphPicture", "draw_dot"]

DETAILS = ("op", "edge")


class GraphPicture:
    """A picture of a graph, which notebooks show.

    ``str(picture)`` and `source` are its text in DOT, the language of Graphviz.
    """

    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    @property
    def source(self) -> str:
        """The picture in DOT."""
        return dot_text(self._picture)

    @property
    def svg(self) -> str:
        """The picture as an SVG document, which needs no other program."""
        return svg_text(self._picture)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file of the kind that its name ends in.

        Parameters
        ----------
        path : str or path
            ``.svg`` and ``.dot`` (or ``.gv``) are written as they are; other kinds, such as
            ``.png`` and ``.pdf``, by the program ``dot`` of Graphviz.

        Raises
        ------
        ValueError
            If the name has no ending, or one that `dot` does not know.
        RuntimeError
            If a kind needs the program `dot` and it is not installed.
        OSError
            If the file cannot be written.
        """
        file = Path(os.fsdecode(path))
        kind = file.suffix.lower().removeprefix(".")
        if not kind:
            raise ValueError(f"path must end in .svg, .dot or another kind, got {str(file)!r}")
        if kind in ("svg", "dot", "gv"):
            file.write_text(self.svg if kind == "svg" else self.source, encoding="utf-8")
        else:
            file.write_bytes(_rendered(self.source, kind))

    def __str__(self) -> str:
        return self.source

    def __repr__(self) -> str:
        return f"<picture of a graph, {len(self._picture.boxes)} boxes>"

    def _repr_svg_(self) -> str:
        return self.svg


def draw_dot(tensor: Tensor, detail: str = "op") -> GraphPicture:
    """Return a picture of how a tensor was calculated, with values and gradients.

    Results stand on the right. It can be drawn before `backward` and after. Of a graph with more
    than 200 nodes those nearest to the tensor are drawn, and one box counts the others.

    Parameters
    ----------
    tensor : Tensor
        What was calculated.
    detail : {"op", "edge"}
        Whether a model is one box, or is opened into its edges with their functions as they are
        now, the fainter the less they matter. Models of more than 150 edges stay closed.

    Returns
    -------
    GraphPicture
        Notebooks show it. ``picture.svg`` and ``picture.source`` are its text in SVG and in DOT;
        ``picture.save("graph.svg")`` writes a file.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"tensor must be a Tensor, got {type(tensor).__name__}")
    is_open = one_of(detail, "detail", DETAILS) == "edge"
    picture = pictured(tensor)
    boxes = [
        box
        if box.network is None or (is_open and count_of_edges(box.network) <= MOST_EDGES)
        else replace(box, network=None)
        for box in picture.boxes
    ]
    return GraphPicture(replace(picture, boxes=boxes))


def _rendered(source: str, kind: str) -> bytes:
    program = shutil.which("dot")
    if program is None:
        raise RuntimeError(
            f"a .{kind} file needs the program dot of Graphviz, which is not installed; "
            ".svg and .dot files do without"
        )
    done = subprocess.run(
        [program, f"-T{kind}"], input=source.encode(), capture_output=True, check=False
    )
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip()
        raise ValueError(f"dot cannot write a .{kind} file: {reason}")
    return done.stdout
