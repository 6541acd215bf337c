"""Formulas as networks: `kanpiler` turns a SymPy expression into a model that computes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from . import _core
from ._architecture import is_sequence
from ._model import KAN
from ._networks import rebuilt, with_layer
from ._symbolic_edges import SymbolicPart

try:
    import sympy

    from ._expression_nodes import Node, Product, Reader, Sum, Term, Variable
except ImportError as error:
    raise ImportError('compiling formulas needs SymPy: pip install "kan-core[symbolic]"') from error

__all__ = ["expr2kan", "kanpiler", "sf2kan"]


def kanpiler(
    input_variables: Sequence[Any],
    expr: Any,
    grid: int | Sequence[int] = 5,
    k: int | Sequence[int] = 3,
    **options: Any,
) -> KAN:
    """Return a network that computes an expression: symbolic edges and multiplication nodes.

    Splines are off; :meth:`KAN.perturb`, :meth:`KAN.expand_width` and :meth:`KAN.expand_depth`
    give it room to learn what the expression leaves out. Equal sub-expressions share nodes.

    Parameters
    ----------
    input_variables : sequence of sympy.Symbol
        The inputs of the network, in this order; some need not occur in the expression.
    expr : sympy expression, or a list of them
        What the network computes; a list makes one output each. It may be made of sums, products,
        powers and exp, log, sin, cos, tan, tanh, asin, acos, atan, atanh, sinh, cosh, coth, sech,
        cot, sec, csc, sign and Abs. Powers beyond -5 to 5 become products, and those that are
        neither whole nor halves, which need a positive base, ``exp(p * log(x))``.
    grid, k : int or list of int
        Intervals and degree of the splines.
    **options
        More options of :class:`KAN`.

    Returns
    -------
    KAN
        Its values are those of the expression to rounding, where its functions are not near
        singularities, and arguments of exp stay below 80.

    Raises
    ------
    TypeError
        If a variable is no symbol or `expr` no expression.
    ValueError
        If `expr` has other symbols, functions that are not in the library, or constants that are
        not real.

    References
    ----------
    Z. Liu et al.: KAN 2.0, arXiv 2408.10205, section 3.3.
    """
    variables = _variables(input_variables)
    expressions = [_expression(one, variables) for one in (expr if is_sequence(expr) else [expr])]
    if not expressions:
        raise ValueError("expr must have at least one expression, got an empty list")
    reader = Reader(variables)
    outputs = [reader.node(one) for one in expressions]
    return _model(_levels(len(variables), outputs), grid, k, options)


expr2kan = sf2kan = kanpiler


def _variables(given: Any) -> list[Any]:
    if not is_sequence(given) or not len(given):
        raise TypeError(f"input_variables must be a list of SymPy symbols, got {given!r}")
    for variable in given:
        if not isinstance(variable, sympy.Symbol):
            raise TypeError(f"input_variables must be SymPy symbols, got {variable!r}")
    if len(set(given)) < len(given):
        raise ValueError(f"input_variables must differ, got {list(given)!r}")
    return list(given)


def _expression(given: Any, variables: list[Any]) -> Any:
    if isinstance(given, str):
        raise TypeError(f"expr must be a SymPy expression, got the string {given!r}")
    expression = sympy.sympify(given)
    if not isinstance(expression, sympy.Expr):
        raise TypeError(f"expr must be a SymPy expression, got {given!r}")
    strangers = expression.free_symbols - set(variables)
    if strangers:
        names = ", ".join(sorted(map(str, strangers)))
        raise ValueError(f"expr must have no symbols but input_variables, got {names}")
    return expression


def _levels(inputs: int, outputs: list[Sum | Product]) -> list[list[Node]]:
    """Return the nodes of each level, inputs first.

    A node that is used further above than in the next level stands in all levels between too.
    """
    depth = max(output.depth for output in outputs)
    multiplied = [_is_product(output, depth) for output in outputs]
    if any(multiplied) and not all(multiplied):  # products would come last
        outputs = [
            Sum((_handed_on(output),)) if is_product else output
            for output, is_product in zip(outputs, multiplied, strict=True)
        ]
        depth += 1
    levels: list[list[Node]] = [[] for _ in range(depth)] + [list(outputs)]
    for level in range(depth, 1, -1):
        used = (
            term.node
            for node in levels[level]
            for total in _subnodes(node, level)
            for term in total.terms
        )
        below = list(dict.fromkeys(used)) or [Variable(0)]
        levels[level - 1] = sorted(below, key=lambda node: _is_product(node, level - 1))
    levels[0] = [Variable(place) for place in range(inputs)]
    return levels


def _is_product(node: Node, level: int) -> bool:
    return isinstance(node, Product) and node.depth == level


def _subnodes(node: Node, level: int) -> tuple[Sum, ...]:
    """Return the sums that a node of a level is made of."""
    if isinstance(node, Variable) or node.depth < level:
        return (Sum((_handed_on(node),)),)
    return node.factors if isinstance(node, Product) else (node,)


def _handed_on(node: Node) -> Term:
    return Term(1.0, "x", 1.0, node, 0.0)


def _model(levels: list[list[Node]], grid: Any, k: Any, options: dict[str, Any]) -> KAN:
    """Return a model with the nodes of these levels."""
    groups = [[_subnodes(node, level) for node in nodes] for level, nodes in enumerate(levels)]
    arities: list[list[int]] = [[]] + [
        [len(sums) for node, sums in zip(nodes, own, strict=True) if _is_product(node, level)]
        for level, (nodes, own) in enumerate(zip(levels[1:], groups[1:], strict=True), 1)
    ]
    width = [[len(own) - len(many), len(many)] for own, many in zip(groups, arities, strict=True)]
    model = KAN(width, grid, k, mult_arity=arities, **options)
    between = [
        _edges([one for sums in own for one in sums], before)
        for before, own in zip(levels[:-1], groups[1:], strict=True)
    ]
    layers = [
        with_layer(layer, symbolic=[_core.SymbolicEdge(*ends, edges[ends].name) for ends in edges])
        for layer, edges in zip(model._network.layers, between, strict=True)
    ]
    network = rebuilt(model._network, layers)
    for index, edges in enumerate(between):
        network.set_knots(index, model._network.knots(index))
        network.set_edge_mask(index, np.zeros_like(network.edge_mask(index)))
        if edges:
            network.symbolic(index)[:] = [part.parameters for part in edges.values()]
            trains = np.array([part.trains for part in edges.values()], dtype=np.uint8)
            network.set_symbolic_trainable(index, trains)
    model._network = network
    model._start = None
    return model


def _edges(sums: list[Sum], before: list[Node]) -> dict[tuple[int, int], SymbolicPart]:
    """Return the edges to the sums of a layer by their ends, in the core's order.

    Of the constants of a sum only that of its first edge trains.
    """
    places = {node: place for place, node in enumerate(before)}
    found: dict[tuple[int, int], SymbolicPart] = {}
    for target, total in enumerate(sums):
        terms = total.terms or ([_NOTHING] if total.constant else [])
        for count, term in enumerate(terms):
            constant = 0.0 if count else total.constant
            numbers = (term.slope, term.shift, term.scale, constant)
            part = SymbolicPart.canonical(term.function, numbers)
            trains = (*part.trains[:3], count == 0)
            found[places.get(term.node, 0), target] = replace(part, trains=trains)
    return {ends: found[ends] for ends in sorted(found)}


# What leads to a sum that is only a constant.
_NOTHING = Term(1.0, "0", 1.0, Variable(0), 0.0)
