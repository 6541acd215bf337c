"""The base functions and those of symbolic edges in C, with the guards that the core has.

In the templates `$real` is the type, `$name` a function of math.h or the header's own, and `$(...)`
a number.
"""

from __future__ import annotations

import math
import re

from . import _core
from ._c_text import CText

__all__ = ["base_function", "edge_function"]

# As in the core: nearer to a pole or beyond these arguments functions go on as lines or constants.
POLE = 1e-5
SMALLEST = 1e-12
LARGEST_EXPONENT = 80.0
LARGEST_TANGENT = 1e6
LARGEST_ARCTANH = 1.0 - 1e-12
WINDOW = math.pi / 2 - math.atan(LARGEST_TANGENT)
SIZE = "const $real size = u < 0 ? -u : u;"


def _power(p: int) -> str:
    return f"return {' * '.join(['u'] * p)};"


def _inverse_power(p: int) -> str:
    largest = POLE**-p
    near = f"$({largest!r})" if p % 2 == 0 else f"$({largest / POLE!r}) * u"
    return f"""{SIZE}
  if (size < $({POLE!r})) return {near};
  return $(1.0) / ({" * ".join(["u"] * p)});"""


def _clipped_exp(argument: str, guard: str) -> str:
    top = math.exp(LARGEST_EXPONENT)
    return f"""if ({argument} > $({LARGEST_EXPONENT!r})) {{
    return $({top!r}) + $({top!r}) * ({argument} - $({LARGEST_EXPONENT!r}));
  }}
  return {guard};"""


BODIES = {
    "0": "(void)u;\n  return $(0.0);",
    "x": "return u;",
    "x^2": _power(2),
    "x^3": _power(3),
    "x^4": _power(4),
    "x^5": _power(5),
    "1/x": _inverse_power(1),
    "1/x^2": _inverse_power(2),
    "1/x^3": _inverse_power(3),
    "1/x^4": _inverse_power(4),
    "1/x^5": _inverse_power(5),
    "sqrt": f"""{SIZE}
  if (size < $({SMALLEST!r})) return $({SMALLEST**-0.5!r}) * u;
  return u < 0 ? -$sqrt(size) : $sqrt(size);""",
    "x^1.5": f"{SIZE}\n  return size * $sqrt(size);",
    "1/sqrt(x)": f"""{SIZE}
  if (size < $({SMALLEST!r})) return $({SMALLEST**-0.5!r});
  return $(1.0) / $sqrt(size);""",
    "exp": _clipped_exp("u", "$exp(u)"),
    "log": f"""{SIZE}
  if (size < $({SMALLEST!r})) return $({math.log(SMALLEST)!r});
  return $log(size);""",
    "abs": f"{SIZE}\n  return size;",
    "sin": "return $sin(u);",
    "cos": "return $cos(u);",
    "tan": f"""const $real from_pole = $period(u);
  if (from_pole < $({WINDOW!r}) && from_pole > $({-WINDOW!r})) {{
    return $({-LARGEST_TANGENT / WINDOW!r}) * from_pole;
  }}
  return $tan(u);""",
    "tanh": "return $tanh(u);",
    "sgn": "return u > 0 ? $(1.0) : u < 0 ? $(-1.0) : u;",
    "arcsin": f"""if (u >= 1) return $({math.pi / 2!r});
  if (u <= -1) return $({-math.pi / 2!r});
  return $asin(u);""",
    "arccos": f"""if (u >= 1) return $(0.0);
  if (u <= -1) return $({math.pi!r});
  return $acos(u);""",
    "arctan": "return $atan(u);",
    "arctanh": f"""if (u >= $({LARGEST_ARCTANH!r})) return $({math.atanh(LARGEST_ARCTANH)!r});
  if (u <= $({-LARGEST_ARCTANH!r})) return $({-math.atanh(LARGEST_ARCTANH)!r});
  return $atanh(u);""",
    "gaussian": """if (u > $(27.0) || u < $(-27.0)) return $(0.0);
  return $exp(-(u * u));""",
    "cosh": f"""{SIZE}
  {_clipped_exp("size", "$cosh(u)").replace(repr(math.exp(80.0)), repr(math.cosh(80.0)))}""",
}

# The functions of a header that has no math.h, by their names there. Accurate to some units in the
# last place for arguments up to 1e5, where reductions begin to lose digits; from 1e9 on waves are
# those of 0.
OWN = {
    "exp": """$real sum = $(0.0), power = $(1.0), base = $(2.0), n, r;
  int whole, terms;
  if (u > $exp_limit) return $exp_largest;
  if (u < -$exp_limit) return $(0.0);
  if (!(u == u)) return u;
  n = u * $(1.4426950408889634);
  whole = (int)(n < 0 ? n - $(0.5) : n + $(0.5));
  r = (u - ($real)whole * $ln2_high) - ($real)whole * $ln2_low;
  for (terms = $exp_terms; terms > 0; --terms) sum = (sum + $(1.0)) * r / ($real)terms;
  if (whole < 0) base = $(0.5);
  for (whole = whole < 0 ? -whole : whole; whole > 0; whole /= 2) {
    if (whole % 2 == 1) power *= base;
    base *= base;
  }
  return (sum + $(1.0)) * power;""",
    "log": """$real z, zz, sum = $(0.0);
  int exponent = 0, terms;
  if (!(u > 0) || u > $largest) return u;
  while (u > $(1.4142135623730951)) {
    u *= $(0.5);
    ++exponent;
  }
  while (u < $(0.7071067811865476)) {
    u *= $(2.0);
    --exponent;
  }
  z = (u - $(1.0)) / (u + $(1.0));
  zz = z * z;
  for (terms = $log_terms; terms >= 0; --terms) sum = sum * zz + $(1.0) / ($real)(2 * terms + 1);
  return ($real)exponent * $ln2_low + $(2.0) * z * sum + ($real)exponent * $ln2_high;""",
    "sqrt": """$real root = $(1.0), scale = $(1.0);
  int n;
  if (!(u > 0) || u > $largest) return u;
  while (u > $(2.0)) {
    u *= $(0.25);
    scale *= $(2.0);
  }
  while (u < $(0.5)) {
    u *= $(4.0);
    scale *= $(0.5);
  }
  for (n = 0; n < 6; ++n) root = $(0.5) * (root + u / root);
  return root * scale;""",
    "wave": """$real quarters = u * $(0.6366197723675814), r, rr, sum = $(0.0);
  long whole;
  int terms;
  if (!(u == u)) return u;
  if (!(quarters < $(1e9) && quarters > $(-1e9))) u = quarters = $(0.0);
  whole = (long)(quarters < 0 ? quarters - $(0.5) : quarters + $(0.5));
  r = ((u - ($real)whole * $pi2_high) - ($real)whole * $pi2_middle) - ($real)whole * $pi2_low;
  whole = ((whole + shift) % 4 + 4) % 4;
  rr = r * r;
  for (terms = $wave_terms; terms > 0; --terms) {
    const $real below = whole % 2 == 0 ? ($real)(2 * terms * (2 * terms + 1))
                                       : ($real)(2 * terms * (2 * terms - 1));
    sum = -(sum + $(1.0)) * rr / below;
  }
  sum = whole % 2 == 0 ? r + r * sum : $(1.0) + sum;
  return whole < 2 ? sum : -sum;""",
    "sin": "return $wave(u, 0);",
    "cos": "return $wave(u, 1);",
    "tan": "return $wave(u, 0) / $wave(u, 1);",
    "period": """const $real turns = (u - $(1.5707963267948966)) * $(0.3183098861837907);
  long whole;
  if (!(turns < $(1e9) && turns > $(-1e9))) return u == u ? $(1.0) : u;
  whole = (long)(turns < 0 ? turns - $(0.5) : turns + $(0.5));
  whole = 2 * whole + 1;
  u = (u - ($real)whole * $pi2_high) - ($real)whole * $pi2_middle;
  return u - ($real)whole * $pi2_low;""",
    "tanh": """$real e;
  if (u > $(22.0)) return $(1.0);
  if (u < $(-22.0)) return $(-1.0);
  e = $exp($(2.0) * u);
  return (e - $(1.0)) / (e + $(1.0));""",
    "cosh": "return $(0.5) * ($exp(u) + $exp(-u));",
    "atan": """$real v = u < 0 ? -u : u, zz, sum = $(0.0), offset = $(0.0);
  int terms, turned = v > 1;
  if (!(u == u)) return u;
  if (turned) v = $(1.0) / v;
  if (v > $(0.41421356237309503)) {
    v = (v - $(1.0)) / (v + $(1.0));
    offset = $(0.7853981633974483);
  }
  zz = v * v;
  for (terms = $atan_terms; terms >= 0; --terms) {
    sum = $(1.0) / ($real)(2 * terms + 1) - zz * sum;
  }
  v = offset + v * sum;
  if (turned) v = $(1.5707963267948966) - v;
  return u < 0 ? -v : v;""",
    "asin": "return $atan(u / $sqrt(($(1.0) - u) * ($(1.0) + u)));",
    "acos": "return $(1.5707963267948966) - $asin(u);",
    "atanh": "return $(0.5) * $log(($(1.0) + u) / ($(1.0) - u));",
}

# Of the header's own functions: ln 2 and pi / 2 in parts whose products with small whole numbers
# are exact, and as many terms as the type's digits ask for.
CONSTANTS: dict[str, dict[str, float | int]] = {
    "float32": {
        "exp_limit": 87.0, "exp_largest": math.exp(87.0), "largest": 3.4028234e38,
        "ln2_high": 0.693145751953125, "ln2_low": 1.428606820309417e-06,
        "pi2_high": 1.5703125, "pi2_middle": 4.837512969970703e-04,
        "pi2_low": 7.549789948768648e-08,
        "exp_terms": 8, "log_terms": 5, "wave_terms": 6, "atan_terms": 10,
    },
    "float64": {
        "exp_limit": 708.0, "exp_largest": math.exp(708.0), "largest": 1.7976931348623157e308,
        "ln2_high": 0.6931471803691238, "ln2_low": 1.9082149292705877e-10,
        "pi2_high": 1.5707962512969970703, "pi2_middle": 7.5497894158615963534e-08,
        "pi2_low": 5.390302858158119e-15,
        "exp_terms": 14, "log_terms": 11, "wave_terms": 10, "atan_terms": 22,
    },
}  # fmt: skip


def base_function(text: CText, base: str) -> str | None:
    """Return the name of b(x) in the header, None for zero; "" for the identity."""
    if base != "silu":
        return None if base == "zero" else ""
    return _added(text, "silu", "return u / ($(1.0) + $exp(-u));")


def edge_function(text: CText, edge: _core.SymbolicEdge, tables: list[_core.Table]) -> str:
    """Return the name of a symbolic edge's function in the header."""
    if edge.function == "table":
        return _table(text, tables[edge.table], f"table{edge.table}")
    label = re.sub(r"\W", "_", edge.function.replace("/", "over").replace("^", "pow"))
    return _added(text, f"f_{label}", BODIES[edge.function])


def _added(text: CText, label: str, body: str, signature: str = "$real u") -> str:
    name = f"{text.name}_{label}"
    filled = _filled(text, f"static inline $real {name}({signature})\n{{\n  {body}\n}}")
    text.add_function(filled)
    return name


def _filled(text: CText, template: str) -> str:
    """Fill a template in; what it calls is added before."""
    constants = CONSTANTS[text.dtype]

    def meaning(found: re.Match[str]) -> str:
        word = found[1]
        if word == "real":
            return text.real
        if word in constants:
            value = constants[word]
            return str(value) if isinstance(value, int) else text.number(value)
        if text.math and word != "period":
            return word + ("f" if text.dtype == "float32" else "")
        if text.math:
            return _added(text, "period", _REMAINDER)
        signature = "$real u, int shift" if word == "wave" else "$real u"
        return _added(text, word, OWN[word], signature)

    numbered = re.sub(r"\$\(([^()]*)\)", lambda found: text.number(float(found[1])), template)
    return re.sub(r"\$(\w+)", meaning, numbered)


_REMAINDER = "return $remainder(u - $(1.5707963267948966), $(3.141592653589793));"

_TABLE = """const $real at = u < $low ? $low : u > $high ? $high : u;
  const $real place = (at - $low) * $inverse;
  const int cell = place > 0 ? (place < $last ? (int)place : $last_cell) : 0;
  const $real t = (at - ($low + ($real)cell * $spacing)) * $inverse;
  const $real beyond = (u - at) * $inverse;
  $real w[6], sum = $(0.0);
  int j, r;
  w[0] = $(1.0);
  for (j = 1; j <= 5; ++j) {
    $real carried = $(0.0), slope = $(0.0);
    for (r = 0; r < j; ++r) {
      const $real scaled = w[r] / ($real)j, own = w[r];
      w[r] = carried + (($real)(r + 1) - t) * scaled + (j == 5 ? beyond * (slope - own) : $(0.0));
      carried = (t + ($real)(j - r - 1)) * scaled;
      slope = own;
    }
    w[j] = carried + (j == 5 ? beyond * slope : $(0.0));
  }
  for (r = 0; r < 6; ++r) sum += w[r] * $coefficients[cell + r];
  return sum;"""


def _table(text: CText, table: _core.Table, label: str) -> str:
    """A function of the user's: a spline of degree 5 that goes on as a line."""
    coefficients = table.coefficients
    name = f"{text.name}_{label}"
    if any(f" {name}(" in one for one in text.functions):
        return name
    intervals = len(coefficients) - 5
    spacing = (table.high - table.low) / intervals
    body = _TABLE
    for word, value in {
        "$low": text.number(table.low),
        "$high": text.number(table.high),
        "$inverse": text.number(1.0 / spacing),
        "$last_cell": str(intervals - 1),
        "$last": text.number(intervals - 1),
        "$spacing": text.number(spacing),
        "$coefficients": text.add_numbers(f"{label}_coefficients", coefficients),
    }.items():
        body = body.replace(word, value)
    return _added(text, label, body)
