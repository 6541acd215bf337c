"""The module that pykan keeps its model in: ``from kan.MultKAN import MultKAN``.

`kan.MultKAN` itself is the class, as ``from kan import MultKAN`` expects.
"""

from ._model import KAN

__all__ = ["KAN", "MultKAN"]

MultKAN = KAN
