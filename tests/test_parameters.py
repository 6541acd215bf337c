"""Models among tensors: parameters as views, and gradients along them and along inputs."""

from __future__ import annotations

import copy
import pickle
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kan import KAN, MultKAN, Tensor, create_dataset, no_grad


def rows(count: int = 5, columns: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, columns))


def varied_models() -> dict[str, KAN]:
    affine = KAN([2, 3, 2], affine_trainable=True, seed=2)
    affine.set_parameters(np.random.default_rng(0).normal(size=affine.get_parameters().size))
    symbolic = KAN([2, 2, 2], seed=3)
    symbolic.fix_symbolic(0, 0, 1, "sin", fit_params_bool=False)
    return {
        "plain": KAN([2, 3, 2]),
        "products": KAN([2, [2, 2], 2], seed=1),
        "affine": affine,
        "symbolic": symbolic,
    }


def slope(value: Callable[[], float], array: np.ndarray) -> np.ndarray:
    """The gradient of a value along an array that is changed in place."""
    result = np.zeros(array.shape)
    for place in np.ndindex(array.shape):
        kept = array[place]
        array[place] = kept + 1e-6
        ahead = value()
        array[place] = kept - 1e-6
        result[place] = (ahead - value()) / 2e-6
        array[place] = kept
    return result


@pytest.mark.parametrize("name", varied_models())
def test_gradients_along_inputs_and_parameters_are_those_of_differences(name: str) -> None:
    model, x, weights = varied_models()[name], rows(), rows(seed=1)
    X = Tensor(x)
    (model(X) * weights).sum().backward()
    trains = model._network.trainable().astype(bool)
    flat = np.concatenate([one.grad.ravel() for one in model.parameters()])

    def value() -> float:
        return float((model.predict(x) * weights).sum())

    np.testing.assert_allclose(X.grad, slope(value, x), rtol=1e-5, atol=1e-7)
    expected = np.concatenate([slope(value, one.data).ravel() for one in model.parameters()])
    np.testing.assert_allclose(flat[trains], expected[trains], rtol=1e-5, atol=1e-7)
    assert not flat[~trains].any()


@pytest.mark.parametrize("name", varied_models())
def test_parameters_are_the_flat_vector_of_the_model_in_its_order(name: str) -> None:
    model = varied_models()[name]
    parameters = model.parameters()
    flat = np.concatenate([one.numpy().ravel() for one in parameters])
    np.testing.assert_array_equal(flat, model.get_parameters())
    assert len({one.name for one in parameters}) == len(parameters)


def test_changing_a_parameter_changes_the_model() -> None:
    model = KAN([2, 1])
    (weights,) = model.parameters()
    weights.data[...] = 0.0
    np.testing.assert_array_equal(model.predict(rows()), np.zeros((5, 1)))


def test_the_same_tensors_come_back_with_their_gradients() -> None:
    model = KAN([2, 2, 1])
    before = model.parameters()
    model(Tensor(rows())).sum().backward()
    before.clear()  # the list is the caller's
    model.fit(rows(), rows(columns=1), steps=2, verbose=False)
    after = model.parameters()
    assert len(after) == 2
    assert all(one is two for one, two in zip(after, model.parameters(), strict=True))
    assert all(one.grad is not None for one in after)
    np.testing.assert_array_equal(
        np.concatenate([one.data.ravel() for one in after]), model.get_parameters()
    )


def test_another_network_has_other_tensors() -> None:
    model = KAN([2, 2, 1], grid=3)
    first = model.parameters()
    model.fit(rows(60), rows(60, 1), steps=2, grids=[3, 6], verbose=False)
    assert [one.shape for one in model.parameters()] == [(2, 10, 2), (2, 10, 1)]
    second = model.parameters()
    model.fix_symbolic(0, 0, 0, "sin", fit_params_bool=False)
    third = model.parameters()
    assert [len(first), len(second), len(third)] == [2, 2, 3]
    assert not set(map(id, second)) & set(map(id, third))


@pytest.mark.parametrize(
    "twin_of", [KAN.copy, copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_have_parameters_of_their_own(twin_of: Callable[[Any], Any]) -> None:
    model = MultKAN([2, 1])
    model(Tensor(rows())).sum().backward()
    twin = twin_of(model)
    assert twin.parameters()[0].grad is None
    twin.parameters()[0].data[...] = 0.0
    assert model.get_parameters().any()


def test_what_does_not_train_has_gradient_zero() -> None:
    fixed_base = KAN([2, 2, 1], sb_trainable=False)
    fixed_base(Tensor(rows())).sum().backward()
    for one in fixed_base.parameters():
        assert one.grad is not None
        assert not one.grad[:, -1].any()
        assert one.grad[:, :-1].any()
    data = create_dataset(lambda x: x[:, [0]], n_var=2, train_num=100)
    pruned = KAN([2, 2, 1])
    pruned.fit(data, steps=20, lamb=0.01, verbose=False)
    pruned = pruned.prune_edge(threshold=0.3)
    masks = [pruned._network.edge_mask(index).astype(bool) for index in range(2)]
    assert not all(mask.all() for mask in masks)
    pruned(Tensor(rows())).sum().backward()
    for one, mask in zip(pruned.parameters(), masks, strict=True):
        assert one.grad is not None
        assert not np.moveaxis(one.grad, 1, -1)[~mask].any()


# ---- shapes ----------------------------------------------------------------------------------


def test_a_tensor_of_rows_gives_rows_with_the_bits_of_predict() -> None:
    model, x = KAN([2, 3, 2]), rows()
    y = model(Tensor(x))
    np.testing.assert_array_equal(y.numpy(), model.predict(x))
    assert (y.operation, y.shape) == ("KAN", (5, 2))


def test_one_row_of_tensors_or_numbers_gives_one_row() -> None:
    model, x = KAN([2, 3, 2]), rows(1)
    for row in ([Tensor(x[0, 0]), Tensor(x[0, 1])], (x[0, 0], Tensor(x[0, 1])), Tensor(x[0])):
        np.testing.assert_array_equal(model(row).numpy(), model.predict(x)[0])
    y = KAN([2, 1])([Tensor(0.25), 0.5])
    assert y.shape == ()


def test_entries_of_a_row_have_gradients_of_their_own() -> None:
    model, x = KAN([2, 3, 1]), rows(1)
    first, second, row = Tensor(x[0, 0]), Tensor(x[0, 1]), Tensor(x[0])
    model([first, second]).backward()
    model(row).backward()
    assert row.grad is not None
    assert [first.grad, second.grad] == list(row.grad)
    alone = Tensor(x[0, 1])
    model([x[0, 0], alone]).backward()
    assert alone.grad == second.grad


def test_lists_of_rows_are_batches() -> None:
    model, x = KAN([2, 3, 1]), rows(3)
    entries = [[Tensor(one) for one in row] for row in x]
    for batch in (entries, [Tensor(row) for row in x], [Tensor(x[0]), *map(list, x[1:])]):
        np.testing.assert_array_equal(model(batch).numpy(), model.predict(x))
    X = Tensor(x)
    (model(X) ** 2).sum().backward()
    (model(entries) ** 2).sum().backward()
    got = [[one.grad for one in row] for row in entries]
    np.testing.assert_allclose(got, X.grad, rtol=1e-12)


def test_columns_that_the_model_leaves_out_have_gradient_zero() -> None:
    model = KAN([3, 2, 1])
    model = model.prune_input(active_inputs=[0, 2])
    X, row = Tensor(rows(4, 3)), Tensor(rows(1, 3)[0])
    np.testing.assert_array_equal(model(X).numpy(), model.predict(X.numpy()))
    (model(X).sum() + model(row)).backward()
    assert X.grad is not None
    assert row.grad is not None
    assert not X.grad[:, 1].any()
    assert row.grad[1] == 0.0
    assert X.grad[:, [0, 2]].all()
    assert row.grad[[0, 2]].all()


@pytest.mark.parametrize(
    ("of_model", "of_inputs"), [("float32", "float64"), ("float64", "float32")]
)
def test_outputs_have_the_dtype_of_the_model_and_gradients_that_of_each_tensor(
    of_model: str, of_inputs: str
) -> None:
    model = KAN([2, 2, 1], dtype=of_model)
    X = Tensor(rows().astype(of_inputs))
    y = model(X)
    y.sum().backward()
    assert y.dtype == of_model
    assert X.grad is not None
    assert X.grad.dtype == of_inputs
    assert all(one.grad is not None and one.grad.dtype == of_model for one in model.parameters())


def test_the_empty_batch_has_gradients_of_zero() -> None:
    model = KAN([2, 2, 1])
    model(Tensor(np.empty((0, 2)))).sum().backward()
    assert all(one.grad is not None and not one.grad.any() for one in model.parameters())


def test_no_graph_is_kept_under_no_grad() -> None:
    model = KAN([2, 2, 1])
    with no_grad():
        y = model(Tensor(rows()))
    assert isinstance(y, Tensor)
    assert not y.requires_grad


def test_a_frozen_parameter_gets_no_gradient() -> None:
    model = KAN([2, 2, 1])
    first, second = model.parameters()
    first.requires_grad = False
    model(Tensor(rows(), requires_grad=False)).sum().backward()
    assert first.grad is None
    assert second.grad is not None


def test_a_model_and_its_tensors_are_freed_together() -> None:
    def use() -> None:
        model = KAN([10, 50, 1])
        model(Tensor(rows(5, 10))).sum().backward()

    use()
    tracemalloc.start()
    try:
        use()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(20):
            use()
        assert tracemalloc.get_traced_memory()[0] - before < 20_000
    finally:
        tracemalloc.stop()


# ---- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "kind", "message"),
    [
        (Tensor(np.ones((4, 3))), ValueError, r"X must have shape \(N, 2\), got \(4, 3\)"),
        (Tensor(np.ones(3)), ValueError, r"be one row of 2 numbers, got \(3,\)"),
        ([Tensor(1.0)] * 3, ValueError, r"be one row of 2 numbers, got \(3,\)"),
        (Tensor(1.0), ValueError, r"X must have shape \(N, 2\), got \(\)"),
        ([Tensor(1.0), Tensor([1.0, 2.0])], ValueError, "X must have rows of one length"),
        ([Tensor(1.0), "a"], TypeError, "X must hold real numbers"),
        (Tensor([[1.0, np.nan]]), ValueError, "X must be finite, got nan at row 0, column 1"),
    ],
)
def test_bad_inputs_are_refused(X: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        KAN([2, 1])(X)


def test_tensors_outside_the_grid_are_refused_where_arrays_are() -> None:
    with pytest.raises(ValueError, match="X must lie inside the grid"):
        KAN([2, 1], extrapolation="error")([Tensor(0.0), Tensor(3.0)])
