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
from ._edge import Edge
from ._history import History
from ._model import KAN
from ._neighbours import warn_of_pykan

__all__ = [
    "KAN",
    "Edge",
    "FormatError",
    "History",
    "__version__",
    "create_dataset",
    "create_dataset_from_data",
    "get_num_threads",
    "set_num_threads",
    "show_config",
    "threads",
]

warn_of_pykan()
del warn_of_pykan
