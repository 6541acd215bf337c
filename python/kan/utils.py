"""Small tools, with the names of pykan's module ``kan.utils``."""

from ._datasets import create_dataset, create_dataset_from_data
from ._derivatives import batch_hessian, batch_jacobian
from ._expressions import augment_input, ex_round
from ._fit_params import fit_params
from ._library import SYMBOLIC_LIB, add_symbolic

__all__ = [
    "SYMBOLIC_LIB",
    "add_symbolic",
    "augment_input",
    "batch_hessian",
    "batch_jacobian",
    "create_dataset",
    "create_dataset_from_data",
    "ex_round",
    "fit_params",
]
