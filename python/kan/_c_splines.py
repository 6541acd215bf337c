"""The splines of one layer in C: tables, and a loop over its inputs.

With polynomials (for speed) every edge has its k + 1 coefficients on each interval; with B-splines
(for size) its G + k coefficients, and the k + 1 functions of an interval are calculated once per
input.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._architecture import Core
from ._arrays import Array
from ._c_functions import base_function
from ._c_text import CText, index_type, without_idle
from ._piecewise import piecewise

__all__ = ["add_splines"]


@dataclass(frozen=True)
class Splines:
    """What a layer's splines are, in double precision, scaled for the nodes they end in."""

    text: CText
    layer: int
    degree: int
    policy: str
    knots: Array  # (I, n), with ghosts; k intervals wider on both sides where splines fade out
    coefficients: list[Array]  # of each input, (G + k, its edges)
    base_weights: list[Array]  # of each input, (its edges,)
    live: list[Array]  # of each input, the sums that its edges end in
    sums: int

    @property
    def points(self) -> Array:
        """Grid points of each input, (I, G + 1)."""
        return self.knots[:, self.degree : self.knots.shape[1] - self.degree]

    @property
    def intervals(self) -> int:
        return int(self.points.shape[1]) - 1

    @property
    def is_dense(self) -> bool:
        return all(len(own) == self.sums for own in self.live)

    @property
    def is_uniform(self) -> bool:
        steps = np.linspace(0.0, 1.0, self.knots.shape[1])
        lo, hi = self.knots[:, :1], self.knots[:, -1:]
        rounding = np.finfo(self.text.dtype).eps * np.abs(self.knots).max(axis=1, keepdims=True)
        even = np.abs(self.knots - (lo + (hi - lo) * steps)) <= 4.0 * rounding
        return self.degree > 0 and bool(even.all())

    @property
    def continues(self) -> bool:
        """Whether splines go on as lines."""
        return self.policy in ("linear", "error") and self.degree > 0

    def numbers(self, what: str, values: Array) -> str:
        return self.text.add_numbers(f"{self.layer}_{what}", values)

    def indices(self, what: str, values: Array) -> str:
        return self.text.add_indices(f"{self.layer}_{what}", values)


def add_splines(text: CText, network: Core, index: int, scale: Array, optimize: str) -> list[str]:
    """Add the tables of a layer; return the lines of its loop, none if all edges are pruned.

    `scale` (S,) multiplies what ends in each sum.
    """
    splines = _splines_of(text, network, index, scale)
    if not any(len(own) for own in splines.live):
        return []
    by_polynomials = optimize == "speed"
    lines = [
        *_edges(splines),
        *(_uniform_place(splines) if splines.is_uniform else _any_place(splines, by_polynomials)),
        *(_polynomials(splines) if by_polynomials else _b_splines(splines)),
        *_base(splines, network.base.name),
    ]
    inside = [f"  {line}" for line in without_idle(lines)]
    return [f"for (i = 0; i < {len(splines.live)}; ++i) {{", *inside, "}"]


def _splines_of(text: CText, network: Core, index: int, scale: Array) -> Splines:
    layer = network.layers[index]
    k = layer.degree
    weights = network.coefficients(index).astype(np.float64) * scale
    live = [np.flatnonzero(row) for row in network.edge_mask(index)]
    knots = network.knots(index).astype(np.float64)
    splines = [weights[i, :-1][:, own] for i, own in enumerate(live)]
    policy = network.extrapolation.name
    if policy == "zero":  # each function ends with its own support: go on with functions times 0
        h = (knots[:, -1:] - knots[:, :1]) / (knots.shape[1] - 1)
        beyond = h * np.arange(1, k + 1)
        knots = np.hstack([knots[:, :1] - beyond[:, ::-1], knots, knots[:, -1:] + beyond])
        splines = [np.pad(one, ((k, k), (0, 0))) for one in splines]
    base_weights = [weights[i, -1, own] for i, own in enumerate(live)]
    return Splines(text, index, k, policy, knots, splines, base_weights, live, layer.subnodes)


def _edges(splines: Splines) -> list[str]:
    """Lines that say how many edges input i has, where their numbers begin, and what x is."""
    lines = [f"const int n = {splines.sums};", "const int first = i * n;"]
    if not splines.is_dense:
        firsts = np.cumsum([0, *(len(own) for own in splines.live)])
        first = splines.indices("first", firsts)
        targets = np.concatenate(splines.live)
        kind, _ = index_type(int(targets.max()))
        target = splines.indices("target", targets)
        lines = [
            f"const int first = {first}[i];",
            f"const int n = {first}[i + 1] - first;",
            f"const {kind} *target = {target} + first;",
        ]
    if splines.policy != "clamp":
        return [*lines, f"const {splines.text.real} u = x[i];"]
    lo, hi = (
        splines.numbers(what, splines.points[:, end]) for what, end in (("lo", 0), ("hi", -1))
    )
    clipped = f"x[i] < {lo}[i] ? {lo}[i] : x[i] > {hi}[i] ? {hi}[i] : x[i]"
    return [*lines, f"const {splines.text.real} u = {clipped};"]


def _uniform_place(splines: Splines) -> list[str]:
    """Lines that find the interval c of u, its position t there in units of the interval."""
    real, number, count = splines.text.real, splines.text.number, splines.intervals
    before = splines.degree if splines.policy == "zero" else 0  # intervals before the grid
    start, end = splines.points[:, before], splines.points[:, count - before]
    lo = f"{splines.text.name}_{splines.layer}_lo"
    if splines.policy != "clamp":
        splines.numbers("lo", start)
    per_unit = splines.numbers("per_unit", (count - 2 * before) / (end - start))
    place = f"v + {number(before)}" if before else "v"
    return [
        f"const {real} v = (u - {lo}[i]) * {per_unit}[i];",
        f"const {real} place = {place};",
        f"const int last = {count - 1};",
        f"const int c = place > 0 ? (place < {number(count)} ? (int)place : last) : 0;",
        f"const {real} t = v - ({real}){f'(c - {before})' if before else 'c'};",
        "const int cell = i * (last + 1) + c;",
    ]


FIND = """/* The last of n ascending numbers that is not above u, or the first. */
static inline int {name}_find(const {real} *numbers, int n, {real} u)
{{
  int at = 0;
  while (n > 1) {{
    const int half = n / 2;
    if (u >= numbers[at + half]) {{
      at += half;
      n -= half;
    }} else {{
      n = half;
    }}
  }}
  return at;
}}"""


def _any_place(splines: Splines, by_polynomials: bool) -> list[str]:
    """The same on any grid; intervals of length 0 do not count."""
    text, real = splines.text, splines.text.real
    text.add_function(FIND.format(name=text.name, real=real))
    steps = np.diff(splines.points, axis=1)
    kept = [np.flatnonzero(own > 0) for own in steps]
    starts = [own[cells] for own, cells in zip(splines.points, kept, strict=True)]
    lengths = [own[cells] for own, cells in zip(steps, kept, strict=True)]
    cells = splines.indices("cells", np.cumsum([0, *(len(own) for own in kept)]))
    start = splines.numbers("start", np.concatenate(starts))
    per_unit = splines.numbers("per_unit", 1.0 / np.concatenate(lengths))
    lines = [
        f"const int last = {cells}[i + 1] - {cells}[i] - 1;",
        f"const int c = {text.name}_find({start} + {cells}[i], last + 1, u);",
        f"const int cell = {cells}[i] + c;",
        f"const {real} t = (u - {start}[cell]) * {per_unit}[cell];",
    ]
    if not by_polynomials:
        skipped = [own - np.arange(len(own)) for own in kept]  # empty intervals before each cell
        if any(one.any() for one in skipped):
            lines.append(
                f"const int skipped = {splines.indices('skipped', np.concatenate(skipped))}[cell];"
            )
        else:
            lines.append("const int skipped = 0;")
    return lines


def _target(splines: Splines) -> str:
    return "s" if splines.is_dense else "target[s]"


def _for_edges(splines: Splines, *lines: str) -> list[str]:
    if len(lines) == 1:
        return [f"for (s = 0; s < n; ++s) y[{_target(splines)}] += {lines[0]};"]
    *before, value = lines
    body = [f"  {line}" for line in before]
    return ["for (s = 0; s < n; ++s) {", *body, f"  y[{_target(splines)}] += {value};", "}"]


def _terms(k: int) -> list[str]:
    """The k + 1 rows of numbers of an interval, for edge s."""
    return [["p[s]", "p[n + s]"][r] if r < 2 else f"p[{r} * n + s]" for r in range(k + 1)]


def _polynomials(splines: Splines) -> list[str]:
    k, real, number = splines.degree, splines.text.real, splines.text.number
    knots = splines.knots
    pieces = [
        piecewise(knots[i], k, own, "polynomial").inside
        for i, own in enumerate(splines.coefficients)
    ]
    poly = splines.numbers("poly", np.concatenate([one.ravel() for one in pieces]))
    at = f"{poly} + cell * {(k + 1) * splines.sums}"
    if not splines.is_dense:
        begins = np.cumsum([0, *(one.size for one in pieces[:-1])])
        at = f"{poly} + {splines.indices('at', begins)}[i] + c * {k + 1} * n"
    terms = _terms(k)
    inside = terms[k]
    for term in terms[k - 1 :: -1] if k else []:
        inside = f"({inside}) * t + {term}"
    pointer = [f"const {real} *p = {at};"]
    if splines.policy == "zero":
        loop = _for_edges(splines, inside)
        return [*pointer, f"if ({_INSIDE}) {{", *(f"  {line}" for line in loop), "}"]
    if not splines.continues:
        return [*pointer, *_for_edges(splines, inside)]
    value = " + ".join(terms)
    slope = " + ".join(
        f"{number(r)} * {term}" if r > 1 else term for r, term in enumerate(terms) if r
    )
    return [
        *pointer,
        "if (t < 0 && c == 0) {",
        *(f"  {line}" for line in _for_edges(splines, f"p[s] + {terms[1]} * t")),
        "} else if (t > 1 && c == last) {",
        *(f"  {line}" for line in _for_edges(splines, f"{value} + ({slope}) * (t - 1)")),
        "} else {",
        *(f"  {line}" for line in _for_edges(splines, inside)),
        "}",
    ]


_INSIDE = "!(t < 0 && c == 0) && !(t > 1 && c == last)"

UNIFORM_BASIS = """/* The {count} B-splines of degree {k} that live on an interval, at t in units
 * of it, and as straight lines from there to t + beyond. */
static inline void {name}_basis{k}({real} t, {real} beyond, {real} *w)
{{
  int j, r;
  w[0] = 1;
  for (j = 1; j <= {k}; ++j) {{
    {real} carried = 0, slope = 0;
    for (r = 0; r < j; ++r) {{
      const {real} own = w[r], scaled = own / ({real})j;
      w[r] = carried + (({real})(r + 1) - t) * scaled;
      if (j == {k}) w[r] += beyond * (slope - own);
      carried = (t + ({real})(j - r - 1)) * scaled;
      slope = own;
    }}
    w[j] = carried;
    if (j == {k}) w[j] += beyond * slope;
  }}
}}"""

ANY_BASIS = """/* The {count} B-splines of degree {k} that live on an interval with its {near}
 * nearest knots, at u, and as straight lines from there to u + beyond. */
static inline void {name}_basis_any{k}(const {real} *knots, {real} u, {real} beyond, {real} *w)
{{
  int j, r;
  w[0] = 1;
  for (j = 1; j <= {k}; ++j) {{
    {real} carried = 0, slope = 0;
    for (r = 0; r < j; ++r) {{
      const {real} left = knots[{k} + r - j], right = knots[{k} + r];
      const {real} scaled = w[r] / (right - left), own = ({real})j * scaled;
      w[r] = carried + (right - u) * scaled;
      if (j == {k}) w[r] += beyond * (slope - own);
      carried = (u - left) * scaled;
      slope = own;
    }}
    w[j] = carried;
    if (j == {k}) w[j] += beyond * slope;
  }}
}}"""


def _b_splines(splines: Splines) -> list[str]:
    k, text, real = splines.degree, splines.text, splines.text.real
    coefficients = splines.numbers(
        "coef", np.concatenate([c.ravel() for c in splines.coefficients])
    )
    rows = splines.coefficients[0].shape[0]
    names = {"name": text.name, "real": real, "k": k, "count": k + 1, "near": 2 * k}

    row = "c" if splines.is_uniform else "(c + skipped)"
    pointer = f"const {real} *p = {coefficients} + first * {rows} + {row} * n;"
    lines = [pointer, f"{real} w[{k + 1}];"]
    clip = "t < 0 && c == 0 ? 0 : t > 1 && c == last ? 1 : t" if splines.continues else "t"
    if splines.is_uniform:
        text.add_function(UNIFORM_BASIS.format(**names))
        call = [f"const {real} at = {clip};", f"{text.name}_basis{k}(at, t - at, w);"]
    else:
        call = _any_call(splines, names)
    value = " + ".join(f"w[{r}] * {term}" for r, term in enumerate(_terms(k)))
    loop = _for_edges(splines, value)
    if splines.policy != "zero":
        return [*lines, *call, *loop]
    return [*lines, f"if ({_INSIDE}) {{", *(f"  {line}" for line in [*call, *loop]), "}"]


def _any_call(splines: Splines, names: dict[str, object]) -> list[str]:
    k, text, real = splines.degree, splines.text, splines.text.real
    if k == 0:
        return ["(void)t;", "w[0] = 1;"]
    text.add_function(ANY_BASIS.format(**names))
    knots = splines.numbers("knots", splines.knots)
    count = splines.knots.shape[1]
    lines = [f"const {real} *local = {knots} + i * {count} + c + skipped + 1;"]
    if not splines.continues:
        return [*lines, f"{text.name}_basis_any{k}(local, u, 0, w);"]
    ends = f"t < 0 && c == 0 ? local[{k - 1}] : t > 1 && c == last ? local[{k}] : u"
    return [
        *lines,
        f"const {real} end = {ends};",
        f"{text.name}_basis_any{k}(local, end, u - end, w);",
    ]


def _base(splines: Splines, base: str) -> list[str]:
    function = (
        base_function(splines.text, base) if any(w.any() for w in splines.base_weights) else None
    )
    if function is None:
        return []
    weights = splines.numbers("base", np.concatenate(splines.base_weights))
    value = f"{function}(u)" if function else "u"
    return [
        f"const {splines.text.real} b = {value};",
        *_for_edges(splines, f"{weights}[first + s] * b"),
    ]
