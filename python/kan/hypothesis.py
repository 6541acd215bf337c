"""Tests for the structure of a function: what separates, what is symmetric, what joins to a tree.

A function is anything that maps inputs (N, n_in), an array or a torch tensor, to one output (N, 1)
or (N,), row by row: a model, a NumPy function, a torch function. Its first derivatives are exact
for models and torch functions. Rows where a derivative is not finite do not count.

Source: Z. Liu et al., KAN 2.0, arXiv 2408.10205, section 4.
"""

from typing import Any

from ._separability import detect_separability, separates, separates_in_general
from ._symmetry import batch_grad_normgrad, get_dependence, gradient_cosines, is_symmetric
from ._tree import get_molecule, get_tree_node, plot_tree

__all__ = [
    "batch_grad_normgrad",
    "detect_separability",
    "get_dependence",
    "get_molecule",
    "get_tree_node",
    "plot_tree",
    "test_general_separability",
    "test_separability",
    "test_symmetry",
    "test_symmetry_var",
]

test_separability = separates
test_general_separability = separates_in_general
test_symmetry = is_symmetric
test_symmetry_var = gradient_cosines

# pytest would take functions of these names for tests, wherever they are imported.
_function: Any
for _function in (separates, separates_in_general, is_symmetric, gradient_cosines):
    _function.__test__ = False
del _function
