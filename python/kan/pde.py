"""Differential equations: networks whose derivatives satisfy conditions at points.

A problem is a model and residuals over sets of points, written with tensors:

>>> import numpy as np
>>> from kan import KAN, pde
>>> model = KAN([2, 5, 1], k=4)
>>> problem = pde.Problem(model)
>>> inside = pde.grid_points([(-1, 1), (-1, 1)], 20)
>>> problem.add(inside, lambda x, u: u.d(0, 0) + u.d(1, 1) - 1.0, weight=0.01)
>>> problem.add(pde.boundary_points([(-1, 1), (-1, 1)], 40), lambda x, u: u.value)
>>> history = problem.solve(steps=20)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ._architecture import MOST_INTERVALS, MOST_SEED, finite, integer, is_sequence, per_layer
from ._arrays import Array, as_matrix
from ._condition import Condition, Residual
from ._domain import refuse_outside
from ._history import OWN_CURVES, History
from ._points import boundary_points, grid_points, random_points
from ._residuals import SquareSum
from ._rows import Rows
from ._solver import Solver, SolverOptions
from ._tensor import Tensor
from ._tensor_graph import with_grad
from ._unknowns import checked_unknowns

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ._model import KAN

__all__ = ["Problem", "boundary_points", "grid_points", "random_points"]

Points = ArrayLike | Callable[[np.random.Generator], ArrayLike]


class Problem:
    """Conditions that a model shall satisfy: a differential equation and what goes with it.

    Parameters
    ----------
    model : KAN
        The network that becomes the solution, in place.
    parameters : sequence of Tensor, optional
        Unknown numbers of the equation, of any shapes, which are found along with the solution.
        Their `data` is replaced.

    Attributes
    ----------
    model : KAN
    parameters : list of Tensor
    """

    def __init__(self, model: KAN, parameters: Sequence[Tensor] = ()) -> None:
        from ._model import KAN

        if not isinstance(model, KAN):
            raise TypeError(f"model must be a KAN, got {type(model).__name__}")
        self.model = model
        self.parameters = checked_unknowns(parameters)
        if any(one is leaf for one in self.parameters for leaf in model.parameters()):
            raise ValueError("parameters are those of the equation; the model's train anyway")
        self._rng = np.random.default_rng(model.seed)
        self._conditions: list[Condition] = []
        self._draws: list[Callable[[np.random.Generator], ArrayLike] | None] = []

    def add(
        self, points: Points, residual: Residual, weight: float = 1.0, name: str | None = None
    ) -> None:
        """Add a condition.

        Parameters
        ----------
        points : array-like, or function
            Points (N, n_in), or a function that draws them: ``points(rng)``, with a
            numpy.random.Generator; see `resample` of :meth:`solve`.
        residual : callable
            ``residual(x, u)`` with the points x as an array (N, n_in) and the :class:`kan.Jet` u of
            the model there; the tensor that it returns, (N,), shall vanish. Several residuals come
            as (N, n) or as a list. With opt="LM" it must treat every point alone.
        weight : float, default 1.0
            The loss is the sum over conditions of ``weight * mean(residual**2)``.
        name : str, optional
            What the history calls it; by default "condition 1", ...

        Raises
        ------
        TypeError, ValueError
            If points or what the residual returns do not fit, if it uses a derivative that
            splines of this degree do not have, or tensors that the problem does not know of;
            nothing is added then.
        """
        if not callable(residual):
            raise TypeError(f"residual must be a function of x and u, got {residual!r}")
        weight = finite(weight, "weight", 0.0, open_end=True)
        name = self._new_name(name)
        draw = points if callable(points) else None
        given = draw(self._rng) if draw else points
        condition = Condition(residual, weight, name, *self._checked(given))
        condition.find_order(self.model._network, self.model._columns, self.parameters)
        self._conditions.append(condition)
        self._draws.append(draw)

    def solve(
        self,
        opt: str = "LM",
        steps: int = 200,
        *,
        grids: int | Sequence[int] | None = None,
        lr: float | None = None,
        update_grid: bool = True,
        stop_grid_update_step: int = 50,
        resample: int | None = None,
        seed: int | None = None,
        log: int = 1,
        callbacks: Sequence[Callable[[Any], Any]] | None = None,
        verbose: bool | None = None,
    ) -> History:
        """Train the model, and the unknown parameters, on all conditions.

        On Ctrl-C, and on any other exception, both are what the last whole step made of them.

        Parameters
        ----------
        opt : {"LM", "LBFGS", "Adam"}
            Levenberg-Marquardt takes some hundred steps to errors that others never reach, for
            networks of up to some thousand parameters. With "LM" residuals must treat every
            point alone, and unknown parameters be factors or terms there.
        steps : int, default 200
            Steps on each grid; of "LBFGS" one is up to 20 iterations.
        grids : sequence of int, optional
            Train on grids of so many intervals one after the other, each refined from the one
            before: ``grids=[5, 10, 20]``. The coarser ones end when the loss falls no further.
        lr : float, optional
            Learning rate of "LBFGS" (1) and "Adam" (1e-3).
        update_grid : bool, default True
            Whether grids follow what flows through them, on every grid in the first steps often
            and then less and less, up to `stop_grid_update_step`.
        resample : int, optional
            Draw points that came as functions anew at the start and then every so many steps.
        seed : int, optional
            For points that are drawn; by default the model's.
        log, callbacks, verbose
            As in :meth:`kan.KAN.fit`.

        Returns
        -------
        History
            ``train_loss`` is the loss after each step, and there is a curve of mean squared
            residuals for each condition.

        Raises
        ------
        ValueError
            If there are no conditions, or the loss is not finite at the start, or a residual
            does not suit the optimizer.
        """
        self._require_conditions("solve()")
        resampled = None if resample is None else integer(resample, "resample", 1)
        if resampled and not any(self._draws):
            raise ValueError("resample works with points that came as functions")
        options = SolverOptions(
            opt=opt, steps=steps, lr=lr, update_grid=update_grid, log=log, verbose=verbose,
            stop_grid_update_step=stop_grid_update_step, callbacks=callbacks,
        )  # fmt: skip
        stages = self._stages(grids)
        seed = self.model.seed if seed is None else integer(seed, "seed", 0, MOST_SEED)
        rng = np.random.default_rng(seed)
        solver = Solver(self, options, resampled, lambda: self._draw(rng))
        with with_grad():
            return solver.solve(stages)

    def loss(self) -> float:
        """Return the sum of weight * mean(residual**2) of the model as it is.

        Raises
        ------
        ValueError
            If there are no conditions.
        """
        self._require_conditions("loss()")
        return self._square_sum().value()

    def residuals(self) -> list[Array]:
        """Return the residuals of every condition at its points, (N,) or (N, n) each."""
        return [
            parts[0] if len(parts) == 1 else np.stack(parts, axis=1)
            for parts in self._square_sum().residuals()
        ]

    def plot(
        self,
        exact: Callable[[Array], ArrayLike] | None = None,
        *,
        output: int = 0,
        points: int = 200,
        names: Sequence[str] | None = None,
        at: ArrayLike | None = None,
    ) -> Figure:
        """Draw the solution; with an exact one, that and the error beside it.

        Parameters
        ----------
        exact : callable, optional
            The exact solution: x (N, n_in) to (N, n_out), or (N,) of one output. Where it is not
            finite nothing is drawn.
        output : int, default 0
            Which output is drawn.
        points : int, default 200
            Points along each axis of the picture.
        names : sequence of str, optional
            Names of all inputs.
        at : array-like, optional
            Values (n_in,) of the inputs, for those behind the first two; by default the middle
            of the points.

        Returns
        -------
        matplotlib Figure
            Nothing is shown and nothing is written.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            If an argument does not fit, or there are no conditions.
        """
        self._require_conditions("plot()")
        from ._pde_pictures import draw

        given = np.concatenate([one.given for one in self._conditions])
        return draw(self.model, given, exact, output, points, names, at)

    def _require_conditions(self, call: str) -> None:
        if not self._conditions:
            raise ValueError(f"{call} needs conditions: call add(points, residual) first")

    def _square_sum(self) -> SquareSum:
        return SquareSum(
            self.model._network, self._conditions, self.parameters, self.model._columns
        )

    def _checked(self, given: Any) -> tuple[Array, Array]:
        """Return points with all columns, and with those that the network takes; copies."""
        network = self.model._network
        every = as_matrix(given, "points", self.model._given_inputs, network.dtype).copy()
        if not len(every):
            raise ValueError("points must have at least one row")
        points = np.ascontiguousarray(every[:, self.model._columns])
        refuse_outside(network, Rows(points), "points")
        return every, points

    def _new_name(self, name: Any) -> str:
        """Return the name of the next condition, by default its number."""
        if name is None:
            return f"condition {len(self._conditions) + 1}"
        if not isinstance(name, str):
            raise TypeError(f"name must be a string, got {name!r}")
        taken = [*OWN_CURVES, *(one.name for one in self._conditions)]
        if name in taken:
            raise ValueError(f"name must be none of {', '.join(taken)}, got {name!r}")
        return name

    def _draw(self, rng: np.random.Generator) -> None:
        drawn = [None if draw is None else self._checked(draw(rng)) for draw in self._draws]
        for condition, points in zip(self._conditions, drawn, strict=True):
            if points is not None:
                condition.move(*points)

    def _stages(self, grids: Any) -> list[list[int] | None]:
        """Return the intervals of each layer, grid after grid; None for those that are there."""
        if grids is None:
            return [None]
        listed = list(grids) if is_sequence(grids) else [grids]
        if not listed:
            raise ValueError("grids must have at least one number of intervals")
        return [per_layer(one, "grids", self.model.depth, 1, MOST_INTERVALS) for one in listed]
