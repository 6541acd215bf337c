"""The C text of a network in whole numbers of 16 bits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ._architecture import Core
from ._arrays import Array
from ._c_text import CText
from ._fixed_point import HALF, SUM_BITS, FixedLayer, Numbers, fixed_layers

__all__ = ["FixedText", "fixed_text"]

OUTPUT_BITS = 44  # of the fraction with which outputs are scaled

HELPERS = """/* w / 2^n, rounded; |w| is below 2^30. */
static inline int32_t {name}_divided(int32_t w, int n)
{{
  const uint32_t half = n > 0 ? (uint32_t)1 << (n - 1) : 0;
  const uint32_t above = (uint32_t)w + 1073741824u + half;
  return (int32_t)(above >> n) - (int32_t)((uint32_t)1073741824 >> n);
}}

static inline int32_t {name}_saturated(int32_t q)
{{
  return q > 32767 ? 32767 : q < -32768 ? -32768 : q;
}}"""

LAYER = """static inline void {name}_layer{index}(const int16_t *x, int32_t *sum)
{{
  int i, e;
{start}
  for (i = 0; i < {inputs}; ++i) {{
    const uint32_t place = (uint32_t)((int32_t)x[i] + 32768);
    const uint32_t c = place >> {width};
    const int32_t f = (int32_t)((place & {mask}u) << {up});
    const int32_t bulge = f * (16384 - f) / 4096;
    for (e = {first}[i]; e < {first}[i + 1]; ++e) {{
      const int16_t *v = {values} + (size_t)e * {count} + c;
      const int32_t a = v[0], d = v[1] - a;
      const int32_t w = a * 16384 + d * f + v[{bulges}] * bulge;
      sum[{target}[e]] += {name}_divided(w, {shift}[e]);
    }}
  }}
}}"""

OUTPUT = """/* (sum * factor + constant) / 2^44, rounded and saturated. */
static inline int16_t {name}_output(int32_t sum, int64_t factor, int64_t constant)
{{
  const int64_t top = (int64_t)1 << 62;
  const uint64_t above = (uint64_t)(sum * factor + constant + top) + ((uint64_t)1 << 43);
  const int64_t q = (int64_t)(above >> 44) - (int64_t)((uint64_t)top >> 44);
  return (int16_t)(q > 32767 ? 32767 : q < -32768 ? -32768 : q);
}}"""


@dataclass(frozen=True)
class FixedText:
    """Tables and functions, and what whoever calls them must know."""

    text: CText
    buffers: int  # bytes that predict keeps
    input_units: Array
    output_units: Array
    error: Array  # of each output


def fixed_text(network: Core, columns: list[int] | None, name: str) -> FixedText:
    """Return the text of a network's tables and functions."""
    text = CText(name, "float64", math=False)
    units, layers = fixed_layers(network)
    text.add_function(HELPERS.format(name=name))
    functions = [_layer(text, index, layer) for index, layer in enumerate(layers)]
    text.functions += [*functions, OUTPUT.format(name=name)]
    outputs = layers[-1].nodes
    steps, buffers = _steps(text, layers, columns, len(units))
    scaled, lines = _outputs(text, layers[-1], outputs)
    body = "\n".join(f"  {line}" for line in [*steps, *lines])
    head = f"static inline void {name}_predict(const int16_t *x, int16_t *y)"
    text.functions.append(f"{head}\n{{\n{body}\n}}")
    return FixedText(text, buffers, units, scaled.unit, scaled.error)


def _layer(text: CText, index: int, layer: FixedLayer) -> str:
    edges, bits = layer.edges, layer.bits
    sums = len(layer.start)
    start = [f"  sum[{j}] = {int(value)};" for j, value in enumerate(layer.start)]
    if not layer.start.any():
        start = [f"  for (i = 0; i < {sums}; ++i) sum[i] = 0;"]
    if not edges:
        lines = "\n".join(start)
        loop = "" if layer.start.any() else "  int i;\n"
        return (
            f"static inline void {text.name}_layer{index}(const int16_t *x, int32_t *sum)\n"
            f"{{\n{loop}{lines}\n  (void)x;\n}}"
        )
    inputs = max(edge.source for edge in edges) + 1
    counts = np.bincount([edge.source for edge in edges], minlength=inputs)
    numbers = np.concatenate([edge.numbers for edge in edges])
    return LAYER.format(
        name=text.name,
        index=index,
        start="\n".join(start),
        inputs=inputs,
        width=16 - bits,
        mask=2 ** (16 - bits) - 1,
        up=bits - 2,
        first=text.add_indices(f"{index}_first", np.cumsum([0, *counts])),
        target=text.add_indices(f"{index}_target", np.array([edge.target for edge in edges])),
        shift=text.add_indices(f"{index}_shift", np.array([edge.shift for edge in edges])),
        values=text.add_whole(f"{index}_values", numbers),
        count=2 ** (bits + 1) + 1,
        bulges=2**bits + 1,
    )


def _steps(
    text: CText, layers: list[FixedLayer], columns: list[int] | None, inputs: int
) -> tuple[list[str], int]:
    """Lines up to the sums of the last layer, and the bytes that they keep."""
    name, source = text.name, "x"
    lines, most = [], max(len(layer.start) for layer in layers)
    nodes = max([0, *(len(layer.nodes.unit) for layer in layers[:-1])])
    declared = [f"int32_t sum[{most}];"]
    if nodes:
        declared.append(f"int16_t q[{nodes}];")
    if columns is not None:
        declared.append(f"int16_t chosen[{inputs}];")
        lines += [f"chosen[{n}] = x[{column}];" for n, column in enumerate(columns)]
        source = "chosen"
    for index, layer in enumerate(layers):
        lines.append(f"{name}_layer{index}({source}, sum);")
        source = "q"
        if index + 1 < len(layers):
            lines += [f"q[{n}] = (int16_t){value};" for n, value in enumerate(_nodes(name, layer))]
    return [*declared, *lines], 4 * most + 2 * nodes + (2 * inputs if columns is not None else 0)


def _nodes(name: str, layer: FixedLayer) -> list[str]:
    """The nodes of a layer as expressions, whole numbers of 16 bits."""

    def sixteen(j: int) -> str:
        return f"{name}_saturated({name}_divided(sum[{j}], {SUM_BITS - 15}))"

    nodes = [sixteen(j) for j in range(layer.plain)]
    first = layer.plain
    for arity in layer.products.arities:
        product = sixteen(first)
        for j in range(first + 1, first + arity):
            product = f"{name}_saturated({name}_divided({product} * {sixteen(j)}, 15))"
        nodes.append(product)
        first += arity
    return nodes


def _outputs(text: CText, layer: FixedLayer, nodes: Numbers) -> tuple[Numbers, list[str]]:
    """The outputs with a unit and no offset, and the lines that make them."""
    most = np.abs(nodes.offset) + HALF * nodes.unit
    unit = most / (HALF - 1)
    expressions = _nodes(text.name, layer)
    lines = []
    for j in range(len(unit)):
        is_plain = j < layer.plain
        held = f"sum[{j}]" if is_plain else expressions[j]
        step = nodes.unit[j] * (2.0 ** (15 - SUM_BITS) if is_plain else 1.0)
        factor = int(np.rint(step / unit[j] * 2.0**OUTPUT_BITS))
        constant = int(np.rint(nodes.offset[j] / unit[j] * 2.0**OUTPUT_BITS))
        lines.append(
            f"y[{j}] = {text.name}_output({held}, INT64_C({factor}), INT64_C({constant}));"
        )
    return replace(nodes, offset=np.zeros_like(unit), unit=unit, error=nodes.error + unit), lines
