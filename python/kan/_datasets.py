"""Datasets for `fit`: sampled from a formula, or split from the caller's arrays."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ._architecture import dtype_name, finite, require_cpu
from ._containers import as_plain, library_of, loaded_libraries
from ._random import UniformStream, legacy_generator

__all__ = ["create_dataset", "create_dataset_from_data"]

Array = NDArray[Any]


def create_dataset(
    f: Callable[[Any], Any],
    n_var: int = 2,
    f_mode: str = "col",
    ranges: ArrayLike = (-1.0, 1.0),
    train_num: int = 1000,
    test_num: int = 1000,
    normalize_input: bool = False,
    normalize_label: bool = False,
    device: object = "cpu",
    seed: int = 0,
    *,
    dtype: DTypeLike = "float64",
) -> dict[str, Any]:
    """Sample a function at uniformly random points.

    The points are those of pykan's ``create_dataset`` for the same seed; with ``dtype="float32"``
    (torch's default) or ``"float64"`` (after ``torch.set_default_dtype(torch.float64)``) they have
    its bits. No global random state is used or changed.

    Parameters
    ----------
    f : callable
        The function. Called with one array and returning labels of shape (N,) or (N, n_out).
        If an array makes it raise a TypeError or AttributeError and torch has been imported, it
        is called with a tensor.
    n_var : int, default 2
        Number of input variables.
    f_mode : {"col", "row"}, default "col"
        Whether `f` takes its variables as columns, an (N, n_var) array, or as rows, (n_var, N).
    ranges : array_like, default (-1, 1)
        ``[low, high]`` for every variable, or one such pair per variable, shape (n_var, 2).
    train_num, test_num : int, default 1000
        Number of samples; `test_num` may be 0.
    normalize_input, normalize_label : bool, default False
        Standardise the columns by the mean and standard deviation of the training part.
    device : object, default "cpu"
        Only the CPU exists here. A ``torch.device`` asks for tensors.
    seed : int, default 0
        Seed of the points.
    dtype : {"float64", "float32"}
        Type of the four arrays and of what `f` is called with, whatever torch's default is.

    Returns
    -------
    dict of ndarray or tensor
        ``train_input`` (train_num, n_var), ``train_label`` (train_num, n_out), ``test_input``,
        ``test_label``: tensors if `f` is a function of tensors or `device` is one of torch's.

    Raises
    ------
    TypeError
        If an argument, or what `f` returns, is of the wrong kind.
    ValueError
        If a range, a size or the shape of the labels is wrong, or a label is not finite.
    """
    require_cpu(device)
    if f_mode not in ("col", "row"):
        raise ValueError(f"f_mode must be 'col' or 'row', got {f_mode!r}")
    n_var = _count(n_var, "n_var", minimum=1)
    sizes = {"train": _count(train_num, "train_num", 1), "test": _count(test_num, "test_num", 0)}
    inputs = _sample_inputs(UniformStream(seed), _ranges_by_variable(ranges, n_var), sizes, dtype)
    labels = {}
    example: object = device
    for part, points in inputs.items():
        labels[part], returned = _labels(f, points, f_mode)
        example = returned if library_of(device) is None else device
    if normalize_input:
        inputs = _standardized(inputs, "normalize_input")
    if normalize_label:
        labels = _standardized(labels, "normalize_label")
    return _as_dataset(inputs, labels, example, example)


def create_dataset_from_data(
    inputs: ArrayLike,
    labels: ArrayLike,
    train_ratio: float = 0.8,
    device: object = "cpu",
    seed: int = 0,
) -> dict[str, Any]:
    """Split samples at random into a training and a test part.

    The training rows are those that pykan's function of this name picks after
    ``numpy.random.seed(seed)``; the test rows are the others in their original order. The arrays
    are copies.

    Parameters
    ----------
    inputs : array_like
        Shape (N, n_var). float32 stays float32, everything else becomes float64.
    labels : array_like
        Shape (N,) or (N, n_out). As `inputs`, but integers (class labels) stay integers.
    train_ratio : float, default 0.8
        Share of the samples for training, in (0, 1]; ``int(N * train_ratio)`` of them.
    device : object, default "cpu"
        Only the CPU exists here. A ``torch.device`` asks for tensors.
    seed : int, default 0
        Seed of the split.

    Returns
    -------
    dict of ndarray or tensor
        ``train_input``, ``train_label``, ``test_input``, ``test_label``: tensors where the samples
        are, or if `device` is one of torch's.

    Raises
    ------
    TypeError
        If the arrays do not hold real numbers.
    ValueError
        If shapes do not fit, a number is not finite, or `train_ratio` leaves nothing to train on.
    """
    require_cpu(device)
    points = _real_numbers(inputs, "inputs")
    if points.dtype != np.float32:
        points = points.astype(np.float64)
    targets = _as_columns(_real_numbers(labels, "labels"))
    if points.ndim != 2:
        raise ValueError(f"inputs must have shape (N, n_var), got {points.shape}")
    if targets.ndim != 2 or len(targets) != len(points):
        raise ValueError(
            f"labels must have shape ({len(points)},) or ({len(points)}, n_out) to go with inputs "
            f"of shape {points.shape}, got {np.shape(labels)}"
        )
    _require_finite(points, "inputs")
    _require_finite(targets, "labels")
    rows = _split_rows(len(points), train_ratio, seed)
    return _as_dataset(
        {part: points[chosen] for part, chosen in rows.items()},
        {part: targets[chosen] for part, chosen in rows.items()},
        inputs if library_of(device) is None else device,
        labels if library_of(device) is None else device,
    )


def _count(value: int, name: str, minimum: int) -> int:
    try:
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    if count < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {count}")
    return count


def _ranges_by_variable(ranges: ArrayLike, n_var: int) -> Array:
    """Return the ranges as a float64 array of shape (n_var, 2)."""
    expected = f"ranges must be [low, high] or have shape ({n_var}, 2), one pair per variable"
    try:
        pairs = np.asarray(ranges, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{expected}; got {ranges!r}") from None
    if pairs.shape == (2,):
        pairs = np.tile(pairs, (n_var, 1))
    if pairs.shape != (n_var, 2):
        raise ValueError(f"{expected}; got shape {pairs.shape}")
    for variable, (low, high) in enumerate(pairs.tolist()):
        if not (low <= high and np.isfinite(high - low)):
            raise ValueError(
                f"ranges must be finite with low <= high, got [{low}, {high}] "
                f"for variable {variable}"
            )
    return pairs


def _sample_inputs(
    stream: UniformStream, ranges: Array, sizes: dict[str, int], dtype: DTypeLike
) -> dict[str, Array]:
    """Draw the columns in pykan's order: per variable first the training, then the test part."""
    kind = np.dtype(dtype_name(dtype))
    inputs = {part: np.empty((size, len(ranges)), dtype=kind) for part, size in sizes.items()}
    for variable, (low, high) in enumerate(ranges):
        width, start = np.array([high - low, low], dtype=kind)
        for points in inputs.values():
            points[:, variable] = stream.uniform(len(points), dtype=kind) * width + start
    return inputs


def _labels(f: Callable[[Any], Any], points: Array, f_mode: str) -> tuple[Array, Any]:
    """Evaluate `f`: its labels, shape (N, n_out), in the dtype of the points, and what it gave."""
    returned = _call_with_numpy_or_torch(f, points if f_mode == "col" else points.T)
    labels = _as_columns(_real_numbers(returned, "what f returns").astype(points.dtype))
    if labels.ndim != 2 or len(labels) != len(points) or labels.shape[1] == 0:
        raise ValueError(
            f"f must return labels of shape ({len(points)},) or ({len(points)}, n_out), "
            f"got {np.shape(returned)}"
        )
    _require_finite(labels, "what f returns")
    return labels, returned


def _call_with_numpy_or_torch(f: Callable[[Any], Any], points: Array) -> Any:
    """Call `f` with an array, or with a tensor if it turns out to be written for torch."""
    try:
        return f(points)
    except (TypeError, AttributeError):
        # A function written for torch has imported it by now, so nobody pays for an import.
        library = next(loaded_libraries(), None)
        if library is None:
            raise
        return f(library.from_numpy(points))


def _real_numbers(values: Any, name: str) -> Array:
    """Copy arrays, sequences and tensors into an array of integers or floats."""
    numbers = np.array(as_plain(values), order="C")
    if numbers.dtype.kind not in "fiub":
        raise TypeError(f"{name} must be real numbers, got dtype {numbers.dtype}")
    if numbers.dtype == np.float32 or numbers.dtype.kind in "iu":
        return numbers
    return numbers.astype(np.float64)


def _as_columns(labels: Array) -> Array:
    return labels[:, np.newaxis] if labels.ndim == 1 else labels


def _require_finite(numbers: Array, name: str) -> None:
    bad_rows = np.flatnonzero(~np.isfinite(numbers).all(axis=1))
    if bad_rows.size:
        raise ValueError(
            f"{name} must be finite, but {bad_rows.size} of {len(numbers)} rows are not "
            f"(the first is row {bad_rows[0]})"
        )


def _standardized(parts: dict[str, Array], option: str) -> dict[str, Array]:
    train = parts["train"]
    constant = np.flatnonzero(np.ptp(train, axis=0) == 0)
    if constant.size:
        raise ValueError(
            f"{option} needs columns that vary, but column {constant[0]} of the training part "
            "is constant"
        )
    mean, deviation = train.mean(axis=0), train.std(axis=0, ddof=1)
    return {part: (values - mean) / deviation for part, values in parts.items()}


def _split_rows(count: int, train_ratio: float, seed: int) -> dict[str, Array]:
    train_ratio = finite(train_ratio, "train_ratio")
    if not 0 < train_ratio <= 1:
        raise ValueError(f"train_ratio must be above 0 and at most 1, got {train_ratio}")
    train_count = int(count * train_ratio)
    if train_count == 0:
        raise ValueError(
            f"train_ratio={train_ratio} of {count} samples leaves no sample for training"
        )
    train = legacy_generator(seed).choice(count, train_count, replace=False)
    return {"train": train, "test": np.setdiff1d(np.arange(count), train)}


def _as_dataset(
    inputs: dict[str, Array], labels: dict[str, Array], input_like: object, label_like: object
) -> dict[str, Any]:
    """Return the four parts, each in the container that the examples are."""
    return {
        "train_input": _stored(inputs["train"], input_like),
        "test_input": _stored(inputs["test"], input_like),
        "train_label": _stored(labels["train"], label_like),
        "test_label": _stored(labels["test"], label_like),
    }


def _stored(values: Array, example: object) -> Any:
    """Return values of their own type in the container that the example is."""
    library = library_of(example)
    return values if library is None else library.from_numpy(values)
