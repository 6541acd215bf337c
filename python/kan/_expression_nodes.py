"""SymPy expressions as the nodes of a network: sums of functions of one variable, and products."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import sympy

__all__ = ["Node", "Product", "Reader", "Sum", "Term", "Variable"]

FUNCTIONS = {
    sympy.exp: "exp",
    sympy.log: "log",
    sympy.sin: "sin",
    sympy.cos: "cos",
    sympy.tan: "tan",
    sympy.tanh: "tanh",
    sympy.asin: "arcsin",
    sympy.acos: "arccos",
    sympy.atan: "arctan",
    sympy.atanh: "arctanh",
    sympy.cosh: "cosh",
    sympy.sign: "sgn",
    sympy.Abs: "abs",
}
COMPOSED: dict[Any, Callable[[Any], Any]] = {
    sympy.sinh: lambda u: (sympy.exp(u) - sympy.exp(-u)) / 2,
    sympy.cot: lambda u: 1 / sympy.tan(u),
    sympy.sec: lambda u: 1 / sympy.cos(u),
    sympy.csc: lambda u: 1 / sympy.sin(u),
    sympy.coth: lambda u: 1 / sympy.tanh(u),
    sympy.sech: lambda u: 1 / sympy.cosh(u),
}
HALF = sympy.Rational(1, 2)
MOST_POWER = 5
POWERS = {
    **{sympy.Integer(p): f"x^{p}" for p in range(2, MOST_POWER + 1)},
    **{sympy.Integer(-p): f"1/x^{p}" for p in range(2, MOST_POWER + 1)},
    sympy.Integer(-1): "1/x",
    HALF: "sqrt",
    3 * HALF: "x^1.5",
    -HALF: "1/sqrt(x)",
}
# Products of more factors than this are none that anybody wrote down.
MOST_FACTORS = 1000


@dataclass(frozen=True)
class Variable:
    """An input of the network."""

    place: int
    depth = 0


@dataclass(frozen=True)
class Term:
    """What an edge adds to a sum: scale * f(slope * node + shift)."""

    scale: float
    function: str
    slope: float
    node: Node
    shift: float


@dataclass(frozen=True)
class Sum:
    """Edges from different nodes, and a constant, added up."""

    terms: tuple[Term, ...]
    constant: float = 0.0

    @cached_property
    def depth(self) -> int:
        """The layer that the sum is made in, the inputs being 0."""
        return 1 + max((term.node.depth for term in self.terms), default=0)

    def times(self, scale: float) -> Sum:
        """Return the sum times a number."""
        terms = tuple(replace(one, scale=scale * one.scale) for one in self.terms)
        return Sum(terms, scale * self.constant)


@dataclass(frozen=True)
class Product:
    """Sums of one layer multiplied."""

    factors: tuple[Sum, ...]

    @cached_property
    def depth(self) -> int:
        """The layer that the product is made in."""
        return max(factor.depth for factor in self.factors)


Node = Variable | Sum | Product


class Reader:
    """Reads expressions of some variables.

    Every sub-expression a * s + b is kept as the node of s: whoever uses it has room for a and b.
    """

    def __init__(self, variables: Sequence[Any]) -> None:
        self._places = {variable: place for place, variable in enumerate(variables)}

    def node(self, expression: Any) -> Sum | Product:
        """Return a node whose value is the expression's."""
        terms, constant = self._terms(expression, 1.0)
        if len(terms) == 1 and constant == 0.0 and terms[0].function == "x":
            product = terms[0].node
            if isinstance(product, Product):
                first, *others = product.factors
                return Product((first.times(terms[0].scale), *others))
        return _sum(terms, constant)

    def _terms(self, expression: Any, scale: float) -> tuple[list[Term], float]:
        """Return scale * expression as terms and a constant."""
        if expression.is_number:
            return [], scale * _real(expression)
        if expression.is_Add:
            parts = [self._terms(part, scale) for part in expression.args]
            return [term for terms, _ in parts for term in terms], math.fsum(c for _, c in parts)
        if expression.is_Mul:
            return self._product(expression, scale)
        if expression in self._places:
            return [Term(scale, "x", 1.0, Variable(self._places[expression]), 0.0)], 0.0
        if expression.is_Pow:
            return self._power(expression, scale)
        return self._function(expression, scale)

    def _product(self, expression: Any, scale: float) -> tuple[list[Term], float]:
        numbers = [factor for factor in expression.args if factor.is_number]
        factors = [factor for factor in expression.args if not factor.is_number]
        scale *= _real(sympy.Mul(*numbers))
        if len(factors) == 1:
            return self._terms(factors[0], scale)
        product = Product(tuple(_sum(*self._terms(factor, 1.0)) for factor in factors))
        return [Term(scale, "x", 1.0, product, 0.0)], 0.0

    def _power(self, expression: Any, scale: float) -> tuple[list[Term], float]:
        base, exponent = expression.args
        exact = sympy.nsimplify(exponent, rational=True) if exponent.is_Float else exponent
        if exact in POWERS:
            return self._edge(POWERS[exact], base, scale)
        if exact == 1:
            return self._terms(base, scale)
        if (2 * exact).is_Integer and abs(exact) <= MOST_POWER * MOST_FACTORS:
            powers = [base**p for p in _library_powers(exact)]
            factors = tuple(_sum(*self._terms(power, 1.0)) for power in powers)
            return [Term(scale, "x", 1.0, Product(factors), 0.0)], 0.0
        if not base.is_positive:
            raise ValueError(
                f"expr must have powers that are whole or halves, or whose base is positive, got "
                f"{expression}: declare its symbols with positive=True, or write "
                f"exp(p*log(x)) for x**p"
            )
        return self._terms(sympy.exp(exponent * sympy.log(base), evaluate=False), scale)

    def _function(self, expression: Any, scale: float) -> tuple[list[Term], float]:
        composed = COMPOSED.get(expression.func)
        if composed is not None:
            return self._terms(composed(expression.args[0]), scale)
        name = FUNCTIONS.get(expression.func)
        if name is None or len(expression.args) != 1:
            known = ", ".join(sorted(one.__name__ for one in [*FUNCTIONS, *COMPOSED]))
            raise ValueError(
                f"expr must be made of sums, products, powers and the functions {known}, got "
                f"{expression}"
            )
        return self._edge(name, expression.args[0], scale)

    def _edge(self, function: str, argument: Any, scale: float) -> tuple[list[Term], float]:
        """Return scale * f(argument): an edge from the node of the argument."""
        terms, shift = self._terms(argument, 1.0)
        if len(terms) == 1:
            only = terms[0]
            if only.function == "x":
                return [Term(scale, function, only.scale, only.node, shift)], 0.0
            return [Term(scale, function, only.scale, _alone(only), shift)], 0.0
        return [Term(scale, function, 1.0, _sum(terms, 0.0), shift)], 0.0


def _sum(terms: Sequence[Term], constant: float) -> Sum:
    """Return a sum with one edge from each node: a second one takes a way of its own."""
    scales: dict[Term, float] = {}
    for term in terms:
        unscaled = replace(term, scale=1.0)
        scales[unscaled] = scales.get(unscaled, 0.0) + term.scale
    edges: dict[Node, Term] = {}
    for term, scale in scales.items():
        edge = replace(term, scale=scale)
        while edge.node in edges:
            edge = Term(edge.scale, "x", 1.0, _alone(edge), 0.0)
        edges[edge.node] = edge
    return Sum(tuple(edges.values()), constant)


def _alone(term: Term) -> Sum:
    """Return a node of the term without its scale."""
    return Sum((replace(term, scale=1.0),))


def _library_powers(exponent: Any) -> list[Any]:
    """Return exponents of the library that add up to a whole number or a half."""
    sign = 1 if exponent > 0 else -1
    left, powers = abs(exponent), []
    if not left.is_Integer:
        powers.append(sign * HALF)
        left -= HALF
    while left > 0:
        part = min(left, sympy.Integer(MOST_POWER))
        powers.append(sign * part)
        left -= part
    return powers


def _real(number: Any) -> float:
    """Return a constant of an expression as a float."""
    try:
        value = float(sympy.N(number, 20))
    except TypeError:
        raise ValueError(f"expr must have real constants, got {number}") from None
    if not math.isfinite(value):
        raise ValueError(f"expr must have finite constants, got {number}")
    return value
