"""A trained network as one C99 header."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ._architecture import Core
from ._arrays import Array
from ._c_affines import Folded, folded_affines
from ._c_functions import edge_function
from ._c_splines import add_splines
from ._c_text import CText, identifier
from ._core import __version__
from ._files import naming, write_whole
from ._fixed_text import fixed_text
from ._observed import Observed

__all__ = ["CExport", "CSource"]


@dataclass(frozen=True)
class CExport:
    """What a header needs on the machine that it is for.

    Of whole numbers q also what they mean: input i is ``input_units[i] * q``, output j is
    ``output_units[j] * q``, nowhere further than ``error_bounds[j]`` from the model's.
    """

    path: Path
    dtype: str
    inputs: int
    outputs: int
    tables_bytes: int
    stack_bytes: int
    input_units: tuple[float, ...] = ()
    output_units: tuple[float, ...] = ()
    error_bounds: tuple[float, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.inputs} inputs, {self.outputs} outputs, {self.dtype}\n"
            f"constant tables  {self.tables_bytes} bytes of flash; code comes on top\n"
            f"stack            about {self.stack_bytes} bytes\n"
            f"static RAM       0 bytes"
            + "".join(
                f"\noutput {j}         in units of {unit:.6g}, at most {error:.3g} from the model's"
                for j, (unit, error) in enumerate(
                    zip(self.output_units, self.error_bounds, strict=True)
                )
            )
        )


class CSource(Observed):
    """What a program in C reads."""

    def export_c(
        self,
        path: str | os.PathLike[str],
        *,
        dtype: str = "float32",
        name: str | None = None,
        optimize: str = "speed",
        math: bool = True,
    ) -> CExport:
        """Write the model as one C99 header, which needs nothing of `kan`.

        It has one function, ``<name>_predict(x, y)``, constant tables, and the macros
        ``<NAME>_INPUTS`` and ``<NAME>_OUTPUTS``: no heap, no static variables, any number of
        threads. Edges that are pruned leave nothing behind, symbolic ones their formula. Compiled
        without options that loosen arithmetic it gives the model's predictions up to rounding, also
        for inputs outside the grids: some 1e-7 of the largest in float32 and 1e-16 in float64,
        where the intervals of a grid are not of very different lengths.

        Parameters
        ----------
        path : path-like
            The file, such as ``"m.h"``; one that is there is replaced.
        dtype : {"float32", "float64", "q15"}
            The numbers of the tables, the inputs and the outputs. With "q15" all are whole numbers
            of 16 bits: an input of the model is ``<NAME>_X<i>_UNIT * q``, which covers its grid, an
            output ``<NAME>_Y<j>_UNIT * q``. Nothing wraps around, and the header and the report
            say how far outputs are at most from the model's in double precision, whatever the
            inputs; `optimize` and `math` mean nothing there.
        name : str, optional
            What its names begin with; by default the name of the file.
        optimize : {"speed", "size"}
            Polynomials of every edge on every interval, or coefficients of B-splines, which take
            about a quarter of the memory (cubic splines) and some more arithmetic.
        math : bool, default True
            Whether ``math.h`` is used. Without it the header has functions of its own, as
            accurate; sines and the like for arguments up to some 1e5.

        Returns
        -------
        CExport
            What it needs of flash and stack; printed, it says so.

        Raises
        ------
        ValueError
            If an option is none of these, or a number of the model does not fit the type.
        OSError
            If the file cannot be written; one that was there is then still there.

        Notes
        -----
        With ``extrapolation="error"`` the function returns 1 and leaves y alone if an input is
        outside its grid, else 0. Other models have no status: NaN in makes NaN out.
        """
        place = Path(os.fsdecode(path))
        _check_options(dtype, optimize, math)
        columns = self._input_id
        report, header = _exported(
            self._network, columns, self._given_inputs, place, dtype, name, optimize, bool(math)
        )
        with naming(place):
            write_whole(place, header.encode("ascii"))
        return report


def _exported(
    network: Core,
    columns: list[int] | None,
    given_inputs: int,
    path: Path,
    dtype: str,
    name: object,
    optimize: str,
    math: bool,
) -> tuple[CExport, str]:
    if dtype == "q15":
        return _exported_whole(network, columns, given_inputs, path, identifier(name, path))
    text = CText(identifier(name, path), dtype, math)
    layers = [_layer(text, network, index, optimize) for index in range(len(network.layers))]
    predict, buffers = _predict(text, network, columns)
    text.functions += [*layers, predict]
    tables, tables_bytes = text.used_tables()
    stack = buffers * np.dtype(dtype).itemsize + 160  # what loops keep, by the compilers tried
    outputs = network.layers[-1].nodes
    report = CExport(path, dtype, given_inputs, outputs, tables_bytes, stack)
    return report, _header(text, network, tables, report)


def _layer(text: CText, network: Core, index: int, optimize: str) -> str:
    """Return the function that makes the nodes of a layer of its inputs."""
    layer, folded = network.layers[index], folded_affines(network, index)
    symbolic, bias = _symbolic(text, network, index, folded)
    splines = add_splines(text, network, index, folded.scale, optimize)
    start = "0"
    if bias.any():
        start = f"{text.add_numbers(f'{index}_bias', bias)}[s]"
    lines = ["int i, s;"] if splines else ["int s;"]
    lines += [f"for (s = 0; s < {layer.subnodes}; ++s) y[s] = {start};", *splines, *symbolic]
    lines += _products(text, layer, folded)
    body = "\n".join(f"  {line}" for line in lines)
    unused = "" if splines or symbolic else "  (void)x;\n"
    arguments = f"const {text.real} *x, {text.real} *y"
    return f"static inline void {text.name}_layer{index}({arguments})\n{{\n{body}\n{unused}}}"


def _symbolic(text: CText, network: Core, index: int, folded: Folded) -> tuple[list[str], Array]:
    """Lines of the symbolic edges, and the bias of the sums with their constants in it."""
    lines, bias = [], folded.bias.copy()
    layer = network.layers[index]
    if not layer.symbolic:
        return [], bias
    numbers = network.symbolic(index).astype(np.float64)
    for edge, (alpha, beta, gamma, delta) in zip(layer.symbolic, numbers, strict=True):
        scale = folded.scale[edge.sum]
        bias[edge.sum] += scale * delta
        if scale * gamma == 0.0 or edge.function == "0":
            continue
        argument = f"{text.number(alpha)} * x[{edge.input}] + {text.number(beta)}"
        function = edge_function(text, edge, network.tables)
        lines.append(f"y[{edge.sum}] += {text.number(scale * gamma)} * {function}({argument});")
    return lines, bias


def _products(text: CText, layer: Any, folded: Folded) -> list[str]:
    lines, first = [], layer.sums
    for product, arity in enumerate(layer.arities):
        factors = " * ".join(f"y[{first + n}]" for n in range(arity))
        bias = folded.product_bias[product]
        more = f" + {text.number(bias)}" if bias else ""
        lines.append(f"y[{layer.sums + product}] = {factors}{more};")
        first += arity
    return lines


def _predict(text: CText, network: Core, columns: list[int] | None) -> tuple[str, int]:
    """Return the function that is called from outside, and how many numbers it keeps."""
    layers, real = network.layers, text.real
    chosen = network.layers[0].inputs if columns is not None else 0
    steps, source = [], "x"
    if columns is not None:
        steps += [f"chosen[{n}] = x[{column}];" for n, column in enumerate(columns)]
        source = "chosen"
    guarded = network.extrapolation.name == "error"
    if guarded:
        steps += _guard(text, network, source)
    sizes = [0, 0]
    for index, layer in enumerate(layers):
        is_last = index + 1 == len(layers)
        target = "y" if is_last and not layer.arities else "ab"[index % 2]
        if target != "y":
            sizes[index % 2] = max(sizes[index % 2], layer.subnodes)
        steps.append(f"{text.name}_layer{index}({source}, {target});")
        source = target
    if source != "y":
        steps += [f"y[{n}] = {source}[{n}];" for n in range(layers[-1].nodes)]
    buffers = [(which, size) for which, size in zip("ab", sizes, strict=True) if size]
    buffers += [("chosen", chosen)] if chosen else []
    declared = [f"{real} {which}[{size}];" for which, size in buffers]
    if guarded:
        declared.append("int i;")
        steps.append("return 0;")
    body = "\n".join(f"  {line}" for line in [*declared, *steps])
    kind = "int" if guarded else "void"
    head = f"static inline {kind} {text.name}_predict(const {real} *x, {real} *y)"
    return f"{head}\n{{\n{body}\n}}", sum(size for _, size in buffers)


def _guard(text: CText, network: Core, source: str) -> list[str]:
    """Lines that give up where an input is outside its grid."""
    layer = network.layers[0]
    knots = network.knots(0)[:, layer.degree : layer.degree + layer.intervals + 1]
    least, most = text.add_numbers("least", knots[:, 0]), text.add_numbers("most", knots[:, -1])
    inside = f"{source}[i] >= {least}[i] && {source}[i] <= {most}[i]"
    return [f"for (i = 0; i < {layer.inputs}; ++i) {{", f"  if (!({inside})) return 1;", "}"]


def _exported_whole(
    network: Core, columns: list[int] | None, given_inputs: int, path: Path, name: str
) -> tuple[CExport, str]:
    fixed = fixed_text(network, columns, name)
    tables, tables_bytes = fixed.text.used_tables()
    units = np.full(given_inputs, 1.0)
    units[list(range(given_inputs)) if columns is None else columns] = fixed.input_units
    report = CExport(
        path,
        "q15",
        given_inputs,
        network.layers[-1].nodes,
        tables_bytes,
        fixed.buffers + 160,
        *(tuple(map(float, each)) for each in (units, fixed.output_units, fixed.error)),
    )
    return report, _whole_header(fixed.text, tables, report)


def _header(text: CText, network: Core, tables: list[str], report: CExport) -> str:
    name = text.name
    guard = f"KAN_EXPORT_{name}"
    answer = "Writes y; x and y must not overlap."
    if network.extrapolation.name == "error":
        answer += " Returns 0, or 1 with y as it was if an input is\n * outside its grid."
    library = "math.h alone (link with -lm)" if text.math else "no library"
    widths = [network.layers[0].inputs, *(layer.nodes for layer in network.layers)]
    about = f"""/* {name}: a Kolmogorov-Arnold network {widths} in C99, made by kan {__version__}.
 *
 * {name}_predict(x, y): x has {name.upper()}_INPUTS numbers, y {name.upper()}_OUTPUTS. {answer}
 * No heap, no static variables, {library}; for any number of threads.
 * Constant tables: {report.tables_bytes} bytes. Stack: about {report.stack_bytes} bytes. */"""
    parts = [
        about,
        f"#ifndef {guard}\n#define {guard}",
        *(["#include <math.h>"] if text.math else []),
        f"#define {name.upper()}_INPUTS {report.inputs}\n"
        f"#define {name.upper()}_OUTPUTS {report.outputs}",
        *tables,
        *text.functions,
        "#endif",
    ]
    return "\n\n".join(parts) + "\n"


def _check_options(dtype: object, optimize: object, math: object) -> None:
    if dtype not in ("float32", "float64", "q15"):
        raise ValueError(f'dtype must be "float32", "float64" or "q15", got {dtype!r}')
    if optimize not in ("speed", "size"):
        raise ValueError(f'optimize must be "speed" or "size", got {optimize!r}')
    if not isinstance(math, (bool, np.bool_)):
        raise TypeError(f"math must be a bool, got {type(math).__name__}")


def _whole_header(text: CText, tables: list[str], report: CExport) -> str:
    """The header of a network in whole numbers."""
    name = text.name
    upper = name.upper()
    bounds = ", ".join(f"{error:.3g}" for error in report.error_bounds)
    about = f"""/* {name}: a Kolmogorov-Arnold network in whole numbers, by kan {__version__}.
 *
 * {name}_predict(x, y): x has {upper}_INPUTS numbers, y {upper}_OUTPUTS; they must not overlap.
 * Input i of the model is {upper}_X<i>_UNIT * x[i], output j is {upper}_Y<j>_UNIT * y[j].
 * Whatever x is, outputs are at most so far from the model's in double precision:
 * {bounds}.
 * No floating point, no heap, no static variables, no library; for any number of threads.
 * Constant tables: {report.tables_bytes} bytes. Stack: about {report.stack_bytes} bytes. */"""
    macros = [
        f"#define {upper}_INPUTS {report.inputs}",
        f"#define {upper}_OUTPUTS {report.outputs}",
    ]
    for letter, units in (("X", report.input_units), ("Y", report.output_units)):
        macros += [f"#define {upper}_{letter}{n}_UNIT {unit!r}" for n, unit in enumerate(units)]
    parts = [
        about,
        f"#ifndef KAN_EXPORT_{name}\n#define KAN_EXPORT_{name}",
        "#include <stddef.h>\n#include <stdint.h>",
        "\n".join(macros),
        *tables,
        *text.functions,
        "#endif",
    ]
    return "\n\n".join(parts) + "\n"
