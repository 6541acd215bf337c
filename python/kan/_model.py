"""The model: a Kolmogorov-Arnold network that is fitted, looked at, refined and saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from . import _core
from ._architecture import (
    MOST_INTERVALS,
    MOST_SEED,
    Core,
    dtype_name,
    finite,
    flag,
    fraction,
    increasing,
    integer,
    interval,
    layers_of,
    one_of,
    parse_width,
    per_layer,
    require_cpu,
    separate_sizes,
)
from ._arrays import Array, as_matrix, as_vector
from ._containers import given_back
from ._differentiable import holds_tensor
from ._domain import refuse_outside
from ._edge import Edge, edge_of
from ._export_c import CSource
from ._export_onnx import OnnxExport
from ._familiar import Familiar
from ._fit import Run
from ._fit_options import FitOptions, Progress
from ._grids import refined, update_grid
from ._history import History
from ._initial import Start, initialize
from ._interactions import Interactions
from ._jet import Jetted
from ._last_fit import LastFit
from ._losses import Data, check_data, loss_named
from ._problem import prepare, warn_if_nothing_learnt
from ._pruning import Pruning
from ._pykan import check_fit_arguments
from ._regulariser import METRICS, Regulariser
from ._rows import Rows
from ._schedule import Schedule
from ._starts import Starts, rescue
from ._surgery import Surgery
from ._symbolic import Symbolic
from ._torch_graph import differentiable, wants_gradient

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["KAN"]

DTYPES: dict[str, Any] = {"float32": _core.Network32, "float64": _core.Network64}
BASES = ("silu", "identity", "zero")
EXTRAPOLATIONS = ("linear", "clamp", "zero", "polynomial", "error")


class KAN(Familiar, Pruning, Symbolic, Surgery, Interactions, Jetted, CSource, OnnxExport):
    """A Kolmogorov-Arnold network: sums of learnable functions of one variable, layer by layer.

    Parameters
    ----------
    width : list
        Nodes per layer, inputs first: ``[2, 5, 1]``. An entry ``[n_sum, n_mult]`` has
        multiplication nodes after its sum nodes. ``KAN(2, [5, 1])``, an integer and a list of
        the further layers, means the same, with the default `grid`.
    grid : int or list of int, default 3
        Grid intervals G, for all layers or one per layer.
    k : int or list of int, default 3
        Degree of the splines, 0 to 5.
    mult_arity : int or list of lists, default 2
        Factors of each multiplication node, for all or one list per layer of `width`.
    noise_scale : float, default 0.3
        Size of the splines a new network starts with.
    scale_base_mu, scale_base_sigma : float, default 0.0 and 1.0
        Starting base weights are ``(mu + sigma * U(-1, 1)) / sqrt(inputs)``.
    base_fun : {"silu", "identity", "zero"}
        The function beside every spline.
    symbolic_enabled, save_act, first_init, ckpt_path, state_id, round : optional
        Accepted for pykan's sake; they change nothing.
    affine_trainable : bool, default False
        Whether nodes and subnodes have a scale and a bias that train.
    grid_eps : float, default 1.0
        Grids that are updated are ``grid_eps`` uniform and the rest quantiles of the inputs
        (pykan's default is 0.02; uniform ones let errors fall with the order of the splines).
    grid_range : (float, float), default (-1, 1)
        Where the grids begin and end before any update.
    sp_trainable, sb_trainable : bool, default True
        Whether the splines and the base weights train.
    seed : int, default 1
        Starting values (the same numbers as pykan draws), minibatches and validation rows.
    sparse_init : bool, default False
        Start with few edges: each node keeps the one to the nearest node across.
    auto_save : bool, default False
        True is refused: nothing is written but by :meth:`save`.
    device : str, default "cpu"
        Nothing else is accepted, but None.
    dtype : {"float64", "float32"}
        Precision of parameters and results. The default dtype of torch has no say in it.
    extrapolation : {"linear", "clamp", "zero", "polynomial", "error"}
        Outside its grid a spline goes on as a straight line; or sees the nearer end of the grid
        instead (the whole edge does); or fades to zero over its ghost knots, as in pykan; or
        follows its last polynomial; or network inputs out there raise a ValueError (see `fit`
        for how the grid gets to the data).

    Notes
    -----
    Any number of threads may call `predict` at once; a model that is being fitted, or whose
    parameters or grids are being set, must be left alone by the others.

    References
    ----------
    Z. Liu et al.: KAN: Kolmogorov-Arnold Networks, arXiv 2404.19756; KAN 2.0, arXiv 2408.10205.
    """

    def __init__(
        self,
        width: Sequence[Any] | int,
        grid: int | Sequence[int] = 3,
        k: int | Sequence[int] = 3,
        mult_arity: Any = 2,
        noise_scale: float = 0.3,
        scale_base_mu: float = 0.0,
        scale_base_sigma: float = 1.0,
        base_fun: str = "silu",
        symbolic_enabled: bool = True,
        affine_trainable: bool = False,
        grid_eps: float = 1.0,
        grid_range: Sequence[float] = (-1, 1),
        sp_trainable: bool = True,
        sb_trainable: bool = True,
        seed: int = 1,
        save_act: bool = True,
        sparse_init: bool = False,
        auto_save: bool = False,
        first_init: bool = True,
        ckpt_path: str | None = None,
        state_id: int = 0,
        round: int = 0,
        device: object = "cpu",
        *,
        dtype: Any = "float64",
        extrapolation: str = "linear",
    ) -> None:
        if flag(auto_save, "auto_save"):
            raise ValueError(
                "auto_save=True is not supported: call save(path) when you want a file"
            )
        require_cpu(device)
        width, grid = separate_sizes(width, grid)
        layers = layers_of(parse_width(width, mult_arity), grid, k)
        kind = DTYPES[dtype_name(dtype)]
        base = getattr(_core.Base, one_of(base_fun, "base_fun", BASES))
        policy = getattr(
            _core.Extrapolation, one_of(extrapolation, "extrapolation", EXTRAPOLATIONS)
        )
        start = Start(
            finite(noise_scale, "noise_scale", 0.0),
            finite(scale_base_mu, "scale_base_mu"),
            finite(scale_base_sigma, "scale_base_sigma"),
            flag(sparse_init, "sparse_init"),
        )
        self.seed = integer(seed, "seed", 0, MOST_SEED)
        self.grid_eps = fraction(grid_eps, "grid_eps")
        self._training_inputs = self._training_targets = None
        self._last_fit = None
        self._input_id = None
        self._splines = {}
        self._network: Core = kind(layers, base, policy, flag(affine_trainable, "affine_trainable"))
        self._network.set_trainable(
            flag(sp_trainable, "sp_trainable"), flag(sb_trainable, "sb_trainable"), True
        )
        _set_range(self._network, grid_range)
        self._given_inputs = layers[0].inputs
        initialize(self._network, start, self.seed, self.dtype)
        self._start = start

    # ---- what it is ---------------------------------------------------------------------------

    @property
    def width(self) -> list[list[int]]:
        """Nodes per layer, each ``[n_sum, n_mult]``."""
        layers = self._network.layers
        return [[layers[0].inputs, 0]] + [[one.sums, len(one.arities)] for one in layers]

    @property
    def grid(self) -> int | list[int]:
        """Grid intervals G: one number if all layers agree."""
        return _one_or_all([layer.intervals for layer in self._network.layers])

    @property
    def k(self) -> int | list[int]:
        """Spline degree: one number if all layers agree."""
        return _one_or_all([layer.degree for layer in self._network.layers])

    @property
    def depth(self) -> int:
        """Number of layers of edges."""
        return len(self._network.layers)

    @property
    def dtype(self) -> str:
        """Precision of parameters and results: ``"float64"`` or ``"float32"``."""
        return str(self._network.dtype)

    @property
    def n_parameters(self) -> int:
        """Number of parameters that train."""
        return int(self._network.trainable().sum())

    def edge(self, l: int, i: int, j: int) -> Edge:  # noqa: E741 - pykan's (l, i, j)
        """Return a copy of the edge from input `i` of layer `l` to its sum `j`."""
        return edge_of(self._network, l, i, j)

    # ---- values -------------------------------------------------------------------------------

    def __call__(self, X: ArrayLike) -> Any:
        """Return the outputs for inputs X (N, n_in), shape (N, n_out)."""
        return self.predict(X)

    def predict(self, X: ArrayLike) -> Any:
        """Return the outputs of the network.

        Parameters
        ----------
        X : array-like
            Finite real numbers, shape (N, n_in).

        Returns
        -------
        ndarray or tensor
            Shape (N, n_out), in the model's dtype. A row has the same bits alone and in a batch.
            For a :class:`Tensor`, or a list with some in it, it is a `Tensor` with gradients
            along X and along :meth:`parameters`; one row of n_in numbers then gives (n_out,), or
            a single number if that is 1.
            For a torch tensor it is a tensor of the same floating type; if X requires gradients
            it has those along X, but none along parameters.
        """
        if self._input_id is None:
            ready: Array | None = self._network.predict_ready(X)
            if ready is not None:
                return ready
        if holds_tensor(X):
            return self._traced(X)
        if wants_gradient(X):
            return differentiable(X, self._predict, self._input_gradient)
        return given_back(self._predict(X), X)

    def _predict(self, X: ArrayLike) -> Array:
        result: Array = _core.predict(self._network, self._inputs(X))
        return result

    def loss_and_gradient(
        self,
        X: ArrayLike,
        y: ArrayLike,
        loss: str = "mse",
        sample_weight: ArrayLike | None = None,
    ) -> tuple[float, Array]:
        """Return a loss on data and its gradient with respect to the flat parameters.

        Parameters
        ----------
        X, y : array-like
            Inputs (N, n_in) and targets (N, n_out), or class labels (N,) for "cross_entropy".
        loss : {"mse", "cross_entropy"}
            Mean squared error over samples and outputs, or cross-entropy from logits.
        sample_weight : array-like, optional
            Weights (N,) of the samples in the mean.

        Returns
        -------
        (float, ndarray)
            Value and gradient (P,), 0 for what does not train.
        """
        named = loss_named(loss, "loss")
        if named.function is not None:
            raise TypeError(f"loss must be 'mse' or 'cross_entropy', got {loss!r}")
        X = self._chosen(X, "X")
        x, targets, weight = check_data(self._network, named, X, y, sample_weight, ("X", "y"))
        refuse_outside(self._network, Rows(x), "X")
        data = Data(x, targets, weight, named, self._network.layers[-1].nodes)
        value, gradient = _core.loss_and_gradient(self._network, data.samples, named.name)
        return float(value), gradient

    def get_parameters(self) -> Array:
        """Return a copy of the flat parameter vector (P,)."""
        parameters: Array = self._network.parameters()
        return parameters

    def set_parameters(self, flat: ArrayLike) -> None:
        """Set the flat parameter vector (P,); weights of masked edges stay 0."""
        values = as_vector(flat, "flat", self._network.parameter_count, self.dtype)
        self._network.set_parameters(values)
        self._start = None

    # ---- training -----------------------------------------------------------------------------

    def fit(
        self,
        X: ArrayLike | Mapping[str, ArrayLike],
        y: ArrayLike | str | None = None,
        steps: int = 100,
        log: int = 1,
        lamb: float = 0.0,
        *,
        lamb_l1: float = 1.0,
        lamb_entropy: float = 2.0,
        lamb_coef: float = 0.0,
        lamb_coefdiff: float = 0.0,
        reg_metric: str = METRICS[0],
        opt: str = "auto",
        lr: float | None = None,
        batch: int = -1,
        weight_decay: float = 0.0,
        alpha: float = 0.0,
        grids: Sequence[int] | None = None,
        starts: int | None = None,
        loss_fn: str | Callable[..., Any] | None = None,
        sample_weight: ArrayLike | None = None,
        update_grid: bool = True,
        grid_update_num: int = 10,
        start_grid_update_step: int = -1,
        stop_grid_update_step: int = 50,
        validation_fraction: float = 0.0,
        patience: int | None = None,
        min_delta: float = 0.0,
        metrics: Sequence[Callable[[], Any]] | None = None,
        display_metrics: Sequence[str] | None = None,
        callbacks: Sequence[Callable[[Progress], Any]] | None = None,
        verbose: bool | None = None,
        seed: int | None = None,
        **pykan: Any,
    ) -> History:
        """Train on inputs and targets, or on a dataset as :func:`create_dataset` makes it.

        The best parameters seen are what remains: by the validation rows if some are held out,
        else by the training loss. After Ctrl-C the model holds its last whole step.

        Inputs and targets are best scaled to about mean 0 and standard deviation 1. LM makes up
        for other units of up to some powers of ten; LBFGS and Adam do not.

        Parameters
        ----------
        X : array-like or dict
            Inputs (N, n_in), or a dict with train_input, train_label and, to be watched,
            test_input and test_label. Columns and rows of a DataFrame are taken by their places,
            here and in predictions; names and labels are not looked at.
        y : array-like
            Targets (N, n_out), or (N,) for one output; class labels for "cross_entropy". After a
            dataset `opt` may stand here, as in pykan: ``fit(dataset, "LBFGS", 20)``.
        steps : int, default 100
            Number of steps.
        log : int, default 1
            Steps between two updates of the losses beside the bar.
        lamb : float, default 0
            Factor of the regulariser that makes networks sparse, for LBFGS and Adam: ``lamb *
            reg`` is added to what is lowered and to what decides which parameters remain. Losses
            are reported without it, the history's `reg` is it without lamb (0 where lamb is 0).
        lamb_l1, lamb_entropy : float, default 1 and 2
            Weights of the sum of the sizes of all edges, and of their entropy, which is small
            where few edges carry most.
        lamb_coef, lamb_coefdiff : float, default 0
            Weights of the magnitudes of the splines' coefficients, and of their differences.
        reg_metric : str, default "edge_forward_spline_n"
            Size of an edge: the deviation of its spline relative to that of its input. Or, with
            "edge_forward_spline_u", the deviation of its output; "edge_forward_sum", that
            relative to its input's; "edge_backward", its share of the output; or
            "node_backward", shares of the inputs in the nodes.
        opt : {"auto", "LM", "LBFGS", "Adam"}
            LM, the method of Levenberg and Marquardt, goes to the limit of the splines in few
            steps. A step takes about ``N * n_out * (edges * (k + 2))**2 / 2 + P**3 / 6``
            multiply-adds and ``2 * P**2`` numbers of memory for P parameters. One step of LBFGS
            is up to 20 iterations, as in pykan; one of Adam is one update. "auto" is LM where a
            step takes at most 2e9 multiply-adds, else LBFGS where a step takes at most 1e11, else
            Adam with batches of 1024 rows. With lamb it is never LM; with a batch or weight decay
            it is Adam, with a learning rate or a function as loss_fn LBFGS.
        lr : float, optional
            Default 1 for LBFGS, 1e-3 for Adam; LM has none.
        batch : int, default -1
            Rows per step; -1 is all of them.
        weight_decay : float, default 0
            Decoupled weight decay of Adam.
        alpha : float, default 0
            Ridge of LM: adds ``alpha * sum(parameters ** 2)`` to what is lowered, and to what
            decides which parameters remain; losses are reported without it.
        grids : list of int, optional
            Train on each of these numbers of grid intervals in turn, up to `steps` steps each,
            from what the one before learnt; LM and LBFGS leave a grid when it has given what it
            can. With validation rows refining stops when they say so. The best network remains,
            whatever its grid. A new network is started by LM from the best of up to eight random
            ones after 20 quiet steps each, which are not counted. Grids move at the beginning of
            each and once more, within the limits below; callbacks count the steps of each grid.
        starts : int, optional
            Train a new model from so many random starts, and keep the one where the loss with the
            regulariser is lowest: sparse networks are often stuck in a structure that is not the
            simplest. By default a small network that LM or LBFGS leaves with more than 2 % of the
            variance of the targets, as a local minimum does, is started again up to seven times
            until one is not; ``starts=1`` prevents that.
        loss_fn : str or callable, optional
            "mse" (default), "cross_entropy" from logits, or a function of NumPy arrays
            ``(prediction, y) -> (loss, d loss / d prediction)``; with one output, y of shape (N,)
            reaches it as (N, 1), as predictions do. One that returns the loss alone, such as
            ``((prediction - y) ** 2).mean()``, is differentiated: operations of a
            :class:`Tensor` by kan, those of torch tensors by torch.
        sample_weight : array-like, optional
            Weights (N,) of the training samples.
        update_grid : bool, default True
            Move the grids to the data, and a margin of 3 % of their range beyond, during the
            first steps; before the first step, and with `lamb`, only those that do not hold their
            inputs. With ``extrapolation="error"`` the grids of the network's inputs only grow
            here, until they hold all rows of X, those held out too.
        grid_update_num, start_grid_update_step, stop_grid_update_step : int, default 10, -1, 50
            How often, from and until which step.
        validation_fraction : float, default 0
            Share of the rows that is held out to choose the best parameters.
        patience : int, optional
            Stop after so many steps (epochs, with batches) in a row that brought no improvement
            of at least `min_delta`, of the validation loss if there is one.
        min_delta : float, default 0
            See `patience`; in units of the reported losses.
        metrics : list of callables, optional
            Functions without arguments; their values are recorded under their names, a second
            ``<lambda>`` as ``<lambda>_2``.
        display_metrics : list of str, optional
            Losses and metrics that the bar shows; by default the losses.
        callbacks : list of callables, optional
            Called after each step with an object that has `model`, `step`, `steps`, `history`
            and `train_loss`; returning True stops the training. A callback may change the model
            (its parameters or grids): the training goes on from there, the optimizer starts
            afresh, and still the best parameters seen are what remains.
        verbose : bool, optional
            Progress bar; by default in terminals and notebooks.
        seed : int, optional
            Minibatches and validation rows; default the model's.
        **pykan
            Arguments of pykan's `fit` without effect here: those of its films
            (``save_fig=False``, ``in_vars``, ``out_vars``, ``beta``, ``save_fig_freq``,
            ``img_folder``), and ``singularity_avoiding`` and ``y_th``.

        Returns
        -------
        History
            A dict of lists of floats: train_loss, test_loss, reg, validation_loss and metrics.
            Squared errors are reported as their root (RMSE). Its `optimizer` and `reason` say
            what ran and why, `refinements` where grids began, and `stopped` why the run ended:
            "steps", "converged", "plateau" (of the last of `grids`), "validation", "patience",
            "callback" or "not finite".

        Raises
        ------
        TypeError, ValueError
            If an argument makes no sense; or if the loss is not finite to begin with; or, with
            ``extrapolation="error"``, if rows of X or test_input will lie outside the grids. The
            model is then as it was.

        Warns
        -----
        RuntimeWarning
            If the run ended early because the loss or its gradient was not finite, or if after
            ten steps and more of LM or LBFGS its squared error is no less than that of a
            constant. Adam takes its time, so that nothing is said of it.
        """
        check_fit_arguments(pykan)
        if isinstance(X, Mapping) and isinstance(y, str):  # pykan: fit(dataset, "LBFGS")
            if opt not in ("auto", y):
                raise TypeError(f"opt must be given once, got {y!r} and {opt!r}")
            opt, y = y, None
        chosen = FitOptions(
            regulariser=Regulariser(
                lamb, lamb_l1, lamb_entropy, lamb_coef, lamb_coefdiff, reg_metric
            ),
            opt=opt,
            steps=steps,
            log=log,
            lr=lr,
            batch=batch,
            weight_decay=weight_decay,
            alpha=alpha,
            update_grid=update_grid,
            grid_update_num=grid_update_num,
            start_grid_update_step=start_grid_update_step,
            stop_grid_update_step=stop_grid_update_step,
            validation_fraction=validation_fraction,
            patience=patience,
            min_delta=min_delta,
            metrics=metrics,
            display_metrics=display_metrics,
            callbacks=callbacks,
            verbose=verbose,
            seed=self.seed if seed is None else integer(seed, "seed", 0, MOST_SEED),
        )
        stages = increasing(grids, "grids", 1, MOST_INTERVALS)
        several = 1 if starts is None else integer(starts, "starts", 1)
        if several > 1 and (stages or self._start is None):
            reason = "without grids=" if stages else "before a model is trained"
            raise ValueError(f"starts works {reason}, got starts={several}")
        loss = loss_named(loss_fn)
        problem = prepare(self._network, self._chosen_dataset(X), y, loss, sample_weight, chosen)
        again = rescue(self, problem, chosen) if starts is None and not stages else None
        run: Schedule | Starts | Run
        if stages:
            run = Schedule(self, problem, chosen, stages)
        elif several > 1 or again is not None:
            run = again or Starts(self, problem, chosen, several)
        else:
            run = Run(self, self._network, problem, chosen)
        former = self._training_inputs, self._training_targets
        self._training_inputs = problem.train.some()
        self._training_targets = problem.train.some_targets(loss)
        try:
            history = run.go()
            if history.steps:
                self._last_fit = LastFit.of(history, loss.name, self._network)
            warn_if_nothing_learnt(history, problem)
            return history
        finally:
            if run.has_trained:
                self._start = None
            elif chosen.steps:
                self._training_inputs, self._training_targets = former

    train = fit

    def update_grid(self, X: ArrayLike) -> None:
        """Move all grids to where the inputs X (N, n_in) lead; the function stays as it can."""
        x = as_matrix(self._chosen(X, "X"), "X", self._network.layers[0].inputs, self.dtype)
        moved: Any = self._network.copy()
        update_grid(moved, Rows(x), self.grid_eps)
        self._network.assign(moved)
        self._start = None

    update_grid_from_samples = update_grid

    def refine(
        self,
        new_grid: int | Sequence[int] | None = None,
        *,
        grid: int | Sequence[int] | None = None,
    ) -> KAN:
        """Return a new model with `new_grid` intervals: the same function inside the grids.

        Where the old points are among the new ones (G divides the new G), it does so exactly, by
        knot insertion; otherwise by least squares. `grid` is another name for `new_grid`.
        """
        wanted = new_grid if grid is None else grid
        if (new_grid is None) == (grid is None):
            raise TypeError("refine() takes the new number of grid intervals, such as refine(10)")
        name = "new_grid" if grid is None else "grid"
        intervals = per_layer(wanted, name, self.depth, 1, MOST_INTERVALS)
        finer = self.copy()
        finer._network = refined(self._network, intervals)
        return finer

    # ---- pictures -----------------------------------------------------------------------------

    def plot(
        self,
        beta: float = 3.0,
        metric: str = "backward",
        scale: float = 0.5,
        tick: bool = False,
        sample: bool = False,
        in_vars: Sequence[object] | None = None,
        out_vars: Sequence[object] | None = None,
        title: str | None = None,
        varscale: float = 1.0,
        *,
        X: ArrayLike | None = None,
        ax: Axes | None = None,
        folder: object = None,
    ) -> Figure:
        """Draw the network: inputs below, outputs above, the function of each edge on it.

        Parameters
        ----------
        beta : float, default 3
            Edges are drawn with opacity ``tanh(beta * score)``.
        metric : {"backward", "forward_n", "forward_u"}
            Score of an edge: its share of the output, the deviation of its output relative to
            that of its input, or the deviation of its output.
        scale : float, default 0.5
            Size of the figure.
        tick, sample : bool, default False
            Write the ranges beside the curves; mark the samples on them.
        in_vars, out_vars : list of str, optional
            Names of inputs and outputs; LaTeX between dollar signs is understood.
        title : str, optional
            Title of the figure.
        varscale : float, default 1
            Size of the names.
        X : array-like, optional
            Inputs (N, n_in) that the curves and scores are made of; by default those of the last
            `fit`, or else points spread over the grids.
        ax : matplotlib Axes, optional
            Where to draw; by default in a new figure.
        folder : optional
            Accepted for pykan's sake; there are no files to put into it.

        Returns
        -------
        matplotlib Figure
            Nothing is shown and nothing is written.
        """
        from ._diagram import draw
        from ._plot import diagram_of

        sizes = {"beta": beta, "scale": scale, "varscale": varscale}
        for name, size in sizes.items():
            finite(size, name, 0.0, open_end=True)
        diagram = diagram_of(self._network, self._reference_inputs(X), metric)
        return draw(
            diagram,
            ax=ax,
            beta=beta,
            scale=scale,
            tick=tick,
            sample=sample,
            in_vars=self._chosen_names(in_vars),
            out_vars=out_vars,
            title=None if title is None else str(title),
            varscale=varscale,
        )

    def __repr__(self) -> str:
        shape = [pair[0] if pair[1] == 0 else pair for pair in self.width]
        return (
            f"KAN({shape}, grid={self.grid}, k={self.k}, {self.n_parameters} parameters, "
            f"{self.dtype})"
        )

    def _repr_html_(self) -> str:
        from ._html import table

        return table(repr(self), self._network)


def _one_or_all(values: list[int]) -> int | list[int]:
    return values[0] if len(set(values)) == 1 else values


def _set_range(network: Core, grid_range: Any) -> None:
    low, high = interval(grid_range, "grid_range")
    for index, layer in enumerate(network.layers):
        steps = np.arange(-layer.degree, layer.intervals + layer.degree + 1)
        with np.errstate(over="ignore", invalid="ignore"):
            knots = low + (high - low) * steps / layer.intervals
            knots[layer.degree + layer.intervals] = high
            knots = knots.astype(network.dtype)
        if not (np.isfinite(knots).all() and (knots[1:] > knots[:-1]).all()):
            raise ValueError(
                f"grid_range must be wide enough for {layer.intervals} intervals, and no wider "
                f"than {network.dtype} can hold, got {grid_range!r}"
            )
        network.set_knots(index, np.ascontiguousarray(np.tile(knots, (layer.inputs, 1))))
