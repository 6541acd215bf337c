"""Kolmogorov-Arnold networks at compiled speed on a CPU, without a deep-learning framework.

>>> from kan import KAN, create_dataset
>>> data = create_dataset(lambda x: x[:, 0] * x[:, 1], n_var=2)
>>> model = KAN([2, 5, 1], grid=5, seed=0)
>>> history = model.fit(data, steps=20)
"""

from . import _openmp  # noqa: F401 - loads the core, and so comes before all that use it

# isort: split
from ._config import get_num_threads, set_num_threads, show_config, threads
from ._core import FormatError, __version__
from ._datasets import create_dataset, create_dataset_from_data
from ._derivatives import batch_hessian, batch_jacobian
from ._dot import GraphPicture, draw_dot
from ._edge import Edge
from ._expressions import augment_input, ex_round
from ._fit_params import fit_params
from ._history import History
from ._jet import Jet
from ._library import SYMBOLIC_LIB, add_symbolic
from ._model import KAN
from ._neighbours import warn_of_pykan
from ._notebook import np, nsimplify, plt, sympy, torch
from ._optimizer import Optimizer
from ._tensor import Tensor, no_grad
from ._tensor_functions import compute_loss
from .MultKAN import MultKAN  # the class takes the place of the module, which stays importable

__all__ = [
    "KAN",
    "SYMBOLIC_LIB",
    "Edge",
    "FormatError",
    "GraphPicture",
    "History",
    "Jet",
    "MultKAN",
    "Optimizer",
    "Tensor",
    "__version__",
    "add_symbolic",
    "augment_input",
    "batch_hessian",
    "batch_jacobian",
    "compute_loss",
    "create_dataset",
    "create_dataset_from_data",
    "draw_dot",
    "ex_round",
    "fit_params",
    "get_num_threads",
    "no_grad",
    "np",
    "nsimplify",
    "plt",
    "set_num_threads",
    "show_config",
    "sympy",
    "threads",
    "torch",
]

warn_of_pykan()
del warn_of_pykan
