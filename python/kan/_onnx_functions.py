"""The functions of symbolic edges as ONNX operators in double precision.

Near singularities and beyond their domains they go on as those of the core do (symbolic.cpp).
On a CPU, ONNX Runtime has neither tan, inverse trigonometric functions, cosh nor atanh in double
precision, and up to version 1.23 no cos: they are made of those it has.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ._onnx_graph import Value

__all__ = ["ONNX_FUNCTIONS"]

Function = Callable[[Value], Value]

HALF_PI = math.pi / 2
NEAREST_POLE = 1e-5
SMALLEST_ARGUMENT = 1e-12
LARGEST_EXPONENT = 80.0
LARGEST_TANGENT = 1e6
LARGEST_ARCTANH_ARGUMENT = 1.0 - 1e-12

# Pi as a sum: multiples below 2^20 of the first two, of 33 bits each, are exact.
PI_PARTS = (3.1415926534682512, 1.2154201012607932e-10, 4.044532497591901e-21)

# Where the arctangent is pi/2 to the last bit, and squares are still finite.
LARGE = 1e17


def _power(exponent: int) -> Function:
    def function(u: Value) -> Value:
        square = u * u
        return {2: square, 3: square * u, 4: square * square, 5: square * square * u}[exponent]

    return function


def _inverse_power(exponent: int) -> Function:
    largest = NEAREST_POLE**-exponent

    def function(u: Value) -> Value:
        near = _absolute(u) < NEAREST_POLE
        inverse = u.then("Reciprocal")
        far = inverse if exponent == 1 else _power(exponent)(inverse)
        if exponent % 2 == 0:
            return near.where(u.graph.constant(np.float64(largest)), far)
        return near.where(u * (largest / NEAREST_POLE), far)

    return function


def _absolute(u: Value) -> Value:
    return u.then("Abs")


def _root(u: Value) -> Value:
    size = _absolute(u)
    line = u * (1 / math.sqrt(SMALLEST_ARGUMENT))
    return (size < SMALLEST_ARGUMENT).where(line, u.then("Sign") * size.then("Sqrt"))


def _power_3_2(u: Value) -> Value:
    size = _absolute(u)
    return size * size.then("Sqrt")


def _kept_from_zero(u: Value) -> Value:
    return _absolute(u).then("Max", SMALLEST_ARGUMENT)


def _inverse_root(u: Value) -> Value:
    return 1.0 / _kept_from_zero(u).then("Sqrt")


def _logarithm(u: Value) -> Value:
    return _kept_from_zero(u).then("Log")


def _exponential(u: Value) -> Value:
    """e^u, beyond the largest exponent its tangent e^a (1 + u - a)."""
    most = u.then("Min", LARGEST_EXPONENT)
    return most.then("Exp") * (1.0 + (u - most))


def _hyperbolic_cosine(u: Value) -> Value:
    size = _absolute(u)
    most = size.then("Min", LARGEST_EXPONENT)
    grown = most.then("Exp")
    return (0.5 * grown + 0.5 / grown) * (1.0 + (size - most))


def _gaussian(u: Value) -> Value:
    return (0.0 - u * u).then("Exp")


def _cosine(u: Value) -> Value:
    """1 - 2 sin(u / 2)^2."""
    half = (0.5 * u).then("Sin")
    return 1.0 - 2.0 * (half * half)


def _tangent(u: Value) -> Value:
    """-cos(w) / sin(w) with w the way from the nearest pole; poles are crossed as a line.

    w has one rounding, however large the turns that are taken away, so the steep sides of a pole
    are right. Within the window of the line the core takes turns of the rounded pi away, exactly.
    """
    window = HALF_PI - math.atan(LARGEST_TANGENT)
    shifted = u - HALF_PI
    rest = shifted.then("Mod", math.pi, fmod=1)
    from_pole = rest - math.pi * (rest / math.pi).then("Round")
    turns = (shifted / math.pi).then("Round") + 0.5
    w = u
    for part in PI_PARTS:
        w = w - turns * part
    steep = from_pole * (-LARGEST_TANGENT / window)
    cotangent = _cosine(w) / (0.0 - w.then("Sin"))
    return (_absolute(from_pole) < window).where(steep, cotangent)


def _arctangent(u: Value) -> Value:
    """The angle in single precision and a step of Newton's towards sin and cos of the right one.

    With t the single angle and r = sqrt(1 + u^2), sin(angle - t) is (u cos t - sin t) / r, some
    1e-7, which differs from angle - t by 1e-22.
    """
    bounded = u.then("Clip", -LARGE, LARGE)
    t = bounded.cast(np.float32).then("Atan").cast(np.float64)
    r = (1.0 + bounded * bounded).then("Sqrt")
    return t + (bounded * _cosine(t) - t.then("Sin")) / r


def _arcsine(u: Value) -> Value:
    inside = u.then("Clip", -1.0, 1.0)
    return _arctangent(inside / ((1.0 - inside) * (1.0 + inside)).then("Sqrt"))


def _arccosine(u: Value) -> Value:
    """Twice the angle of half the chord, which is right to the last bits where it is small."""
    inside = u.then("Clip", -1.0, 1.0)
    return 2.0 * _arctangent(((1.0 - inside) / (1.0 + inside)).then("Sqrt"))


def _hyperbolic_arctangent(u: Value) -> Value:
    """sign(u) log(1 + z) / 2 with z = 2 |u| / (1 - |u|)."""
    size = _absolute(u).then("Min", LARGEST_ARCTANH_ARGUMENT)
    z = 2.0 * size / (1.0 - size)
    return u.then("Sign") * (0.5 * _log_of_one_and(z))


def _log_of_one_and(z: Value) -> Value:
    """log(1 + z) for z >= 0: the rounding of w = 1 + z cancels in log(w) / (w - 1)."""
    w = 1.0 + z
    return w.then("Equal", 1.0).where(z, w.then("Log") * z / (w - 1.0))


def _operator(name: str) -> Function:
    return lambda u: u.then(name)


# "0" and "x" are no functions here: they are part of a layer's linear terms.
ONNX_FUNCTIONS: dict[str, Function] = {
    "x^2": _power(2),
    "x^3": _power(3),
    "x^4": _power(4),
    "x^5": _power(5),
    "1/x": _inverse_power(1),
    "1/x^2": _inverse_power(2),
    "1/x^3": _inverse_power(3),
    "1/x^4": _inverse_power(4),
    "1/x^5": _inverse_power(5),
    "sqrt": _root,
    "x^1.5": _power_3_2,
    "1/sqrt(x)": _inverse_root,
    "exp": _exponential,
    "log": _logarithm,
    "abs": _absolute,
    "sin": _operator("Sin"),
    "cos": _cosine,
    "tan": _tangent,
    "tanh": _operator("Tanh"),
    "sgn": _operator("Sign"),
    "arcsin": _arcsine,
    "arccos": _arccosine,
    "arctan": _arctangent,
    "arctanh": _hyperbolic_arctangent,
    "gaussian": _gaussian,
    "cosh": _hyperbolic_cosine,
}
