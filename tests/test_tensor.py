"""Tensors: values as NumPy's, gradients as differences and torch say, and graphs that let go."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kan import Tensor, no_grad
from kan._tensor import Piece, operation

Function = Callable[..., Any]

UNARY: dict[str, tuple[float, float]] = {  # where each is tried
    "abs": (-2.0, 2.0),
    "square": (-2.0, 2.0),
    "sqrt": (0.5, 3.0),
    "exp": (-2.0, 2.0),
    "log": (0.5, 3.0),
    "sin": (-4.0, 4.0),
    "cos": (-4.0, 4.0),
    "tan": (-1.2, 1.2),
    "arctan": (-3.0, 3.0),
    "sinh": (-2.0, 2.0),
    "cosh": (-2.0, 2.0),
    "tanh": (-2.0, 2.0),
}

# Functions of tensors a (3, 4), b (4,) and c (4, 2); also read with torch in the place of NumPy.
EXPRESSIONS: dict[str, Function] = {
    "a + b": lambda np, a, b, c: a + b,
    "2 + a": lambda np, a, b, c: 2 + a,
    "a - b": lambda np, a, b, c: a - b,
    "1.5 - a": lambda np, a, b, c: 1.5 - a,
    "a * b": lambda np, a, b, c: a * b,
    "a / b": lambda np, a, b, c: a / (b * b + 1),
    "1 / a": lambda np, a, b, c: 1 / (a * a + 1),
    "-a": lambda np, a, b, c: -a,
    "a ** 3": lambda np, a, b, c: a**3,
    "power of tensors": lambda np, a, b, c: (a * a + 0.5) ** b,
    "2 ** a": lambda np, a, b, c: 2**a,
    "matrix @ matrix": lambda np, a, b, c: a @ c,
    "matrix @ vector": lambda np, a, b, c: a @ b,
    "vector @ matrix": lambda np, a, b, c: b @ c,
    "vector @ vector": lambda np, a, b, c: b @ a[1],
    "stack @ matrix": lambda np, a, b, c: np.stack([a, a * a]) @ c,
    "matrix @ stack": lambda np, a, b, c: a @ np.stack([c, c * c]),
    "vector @ stack": lambda np, a, b, c: b @ np.stack([c, c * c]),
    "stack @ vector": lambda np, a, b, c: np.stack([a, a * a]) @ b,
    "maximum": lambda np, a, b, c: np.maximum(a, b),
    "minimum": lambda np, a, b, c: np.minimum(a, b),
    "where": lambda np, a, b, c: np.where(a > b, a * b, b),
    "clip": lambda np, a, b, c: np.clip(a, -0.5, 0.5),
    "sum": lambda np, a, b, c: a.sum() * b,
    "sum over an axis": lambda np, a, b, c: a.sum(0) * b,
    "mean": lambda np, a, b, c: a.mean() * b,
    "mean over an axis": lambda np, a, b, c: a.mean(1),
    "reshape": lambda np, a, b, c: a.reshape(2, 6) @ a.reshape((6, 2)),
    "T": lambda np, a, b, c: a.T * a[:, 0],
    "a row": lambda np, a, b, c: a[1] * b,
    "an entry": lambda np, a, b, c: a[1, 2] * b,
    "a slice": lambda np, a, b, c: a[1:, ::2] * a[:2, 1::2],
    "a new axis": lambda np, a, b, c: b[None] * b[:, None],
    "rows by number": lambda np, a, b, c: a[[0, 2, 0]] * b,
    "entries by number": lambda np, a, b, c: a[[0, 0, 0], [1, 1, 2]] ** 2,
    "a mask": lambda np, a, b, c: a[a > 0] ** 2,
    "concatenate": lambda np, a, b, c: np.concatenate([a, b[None] * 2, a]),
    "concatenate columns": lambda np, a, b, c: np.concatenate([a, a[:, :1]], 1),
    "stack": lambda np, a, b, c: np.stack([b, a[0], b * b], 1),
    "used many times": lambda np, a, b, c: a * a * a + a / (1 + a * a) - a,
}


def differences(function: Function, x: np.ndarray, weights: np.ndarray | float) -> np.ndarray:
    """The gradient of sum(weights * function(x)) by central differences."""
    slope = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[place] += 1e-6
        behind[place] -= 1e-6
        rise = np.sum(weights * function(ahead)) - np.sum(weights * function(behind))
        slope[place] = rise / 2e-6
    return slope


def operands(seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in ((3, 4), (4,), (4, 2))]


def weights_like(value: Any) -> np.ndarray:
    return np.random.default_rng(9).normal(size=np.shape(value))


# ---- values and gradients --------------------------------------------------------------------


@pytest.mark.parametrize("name", UNARY)
def test_a_function_of_every_entry_has_numpys_values_and_the_slope_of_differences(
    name: str,
) -> None:
    ufunc = getattr(np, name)
    x = np.random.default_rng(0).uniform(*UNARY[name], (2, 3))
    for apply in (ufunc, lambda t: getattr(t, name)()):
        t = Tensor(x)
        y = apply(t)
        np.testing.assert_array_equal(y.numpy(), ufunc(x))
        y.backward(weights_like(x))
        expected = differences(ufunc, x, weights_like(x))
        np.testing.assert_allclose(t.grad, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_has_numpys_values_and_the_gradients_of_differences(name: str) -> None:
    function, arrays = EXPRESSIONS[name], operands()
    tensors = [Tensor(one) for one in arrays]
    y = function(np, *tensors)
    plain = function(np, *arrays)
    np.testing.assert_array_equal(y.numpy(), plain)
    y.backward(weights_like(plain))
    for place, tensor in enumerate(tensors):

        def of_one(x: np.ndarray, place: int = place) -> Any:
            return function(np, *arrays[:place], x, *arrays[place + 1 :])

        expected = differences(of_one, arrays[place], weights_like(plain))
        got = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_has_the_gradients_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    function, arrays = EXPRESSIONS[name], operands(1)
    ours = [Tensor(one) for one in arrays]
    theirs = [torch.tensor(one, requires_grad=True) for one in arrays]
    y, z = function(np, *ours), function(torch, *theirs)
    y.backward(weights_like(y.numpy()))
    z.backward(torch.from_numpy(weights_like(y.numpy())))
    for our, their in zip(ours, theirs, strict=True):
        assert (our.grad is None) == (their.grad is None)
        if our.grad is not None:
            np.testing.assert_allclose(our.grad, their.grad.numpy(), rtol=1e-12, atol=1e-12)


def test_axes_can_be_kept_reordered_and_be_several() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    for function in (
        lambda a: a.sum(axis=(0, 2)),
        lambda a: a.sum(axis=-2, keepdims=True) * a,
        lambda a: a.mean(axis=(0, -1), keepdims=True) / (1 + a * a),
        lambda a: a.transpose(1, -1, 0) * np.arange(2),
        lambda a: np.transpose(a, (2, 0, 1)) * np.arange(3),
        lambda a: np.sum(a, axis=1) * np.mean(a, axis=1, keepdims=False),
        lambda a: np.reshape(a, (6, 4)) @ np.ravel(a)[:4],
        lambda a: np.column_stack([a[0, 0], a[1, :2].T]),
    ):
        t = Tensor(x)
        y = function(t)
        np.testing.assert_array_equal(y.numpy(), function(x))
        y.backward(weights_like(y.numpy()))
        expected = differences(function, x, weights_like(y.numpy()))
        np.testing.assert_allclose(t.grad, expected, rtol=1e-6, atol=1e-6)


def test_a_number_that_is_broadcast_gathers_the_gradients_of_all_its_copies() -> None:
    a, b = Tensor(2.0), Tensor([[1.0], [2.0]])
    (a * b * np.ones((2, 5))).sum().backward()
    assert a.grad is not None
    assert a.grad.shape == ()
    assert a.grad == 15.0
    np.testing.assert_array_equal(b.grad, [[10.0], [10.0]])


def test_kinks_have_the_subgradients_that_are_promised() -> None:
    x, y = Tensor([0.0, 1.0]), Tensor([0.0, 1.0])
    (abs(x) + np.maximum(x, y) + 10 * np.minimum(x, y)).sum().backward()
    np.testing.assert_array_equal(x.grad, [5.5, 6.5])
    np.testing.assert_array_equal(y.grad, [5.5, 5.5])


def test_powers_are_differentiable_at_zero() -> None:
    for exponent, slope in ((0, 0.0), (1, 1.0), (2, 0.0)):
        x = Tensor(0.0)
        (x**exponent).backward()
        assert x.grad == slope
    exponent = Tensor(2.0)
    (0.0**exponent).backward()
    assert exponent.grad == 0.0


# ---- kinds of numbers ------------------------------------------------------------------------


def test_float32_stays_and_everything_else_becomes_float64() -> None:
    for given, dtype in (
        (np.float32([1, 2]), np.float32),
        ([1, 2], np.float64),
        (True, np.float64),
        (np.arange(3, dtype=np.int8), np.float64),
        (np.float16(1), np.float64),
    ):
        assert Tensor(given).dtype == dtype


@pytest.mark.parametrize("shape", [(), (3,)])
def test_plain_numbers_do_not_widen_float32(shape: tuple[int, ...]) -> None:
    t = Tensor(np.ones(shape, np.float32))
    for y in (2.5 * t + 1, t**2, 1 / t, np.where(t > 0, t, 0.5), np.maximum(t, 0), t.mean()):
        assert y.dtype == np.float32
    (3.0 * t).sum().backward()
    assert t.grad is not None
    assert t.grad.dtype == np.float32
    assert (t + np.ones(shape)).dtype == np.float64


def test_a_gradient_has_the_dtype_of_its_tensor() -> None:
    t = Tensor(np.ones(3, np.float32))
    (t * np.arange(3.0)).sum().backward()
    assert t.grad is not None
    assert t.grad.dtype == np.float32


def test_a_tensor_copies_what_it_is_made_of() -> None:
    x = np.ones(3)
    t = Tensor(x)
    t.data[0] = 5.0
    assert x[0] == 1.0


def test_a_tensor_reads_like_an_array() -> None:
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert (t.shape, t.ndim, t.size, len(t)) == ((2, 2), 2, 4, 2)
    assert (np.shape(t), np.ndim(t), np.size(t)) == ((2, 2), 2, 4)
    assert [row.numpy().tolist() for row in t] == [[1.0, 2.0], [3.0, 4.0]]
    assert float(t[0, 1]) == t[0, 1].item() == 2.0
    np.testing.assert_array_equal(np.asarray(t), t.numpy())
    assert bool(Tensor(0.0)) is False
    assert repr(Tensor(0.25)) == "Tensor(0.25)"
    assert repr(Tensor(np.float32(1)) + 1) == "Tensor(2., dtype=float32, operation='+')"
    assert repr(Tensor(1.0, requires_grad=False)) == "Tensor(1., requires_grad=False)"


def test_comparisons_are_plain_booleans() -> None:
    t = Tensor([1.0, 2.0])
    for result in (t == 1, t != Tensor([2.0, 2.0]), t < 2, np.less(t, 2), np.isfinite(t) & (t > 1)):
        assert type(result) is np.ndarray
        assert result.dtype == bool
    assert ((t <= 1) == [True, False]).all()
    assert ((3 > t) & (t >= 1)).all()


def test_arrays_and_numbers_on_the_left_give_tensors() -> None:
    t = Tensor([1.0, 2.0])
    for y in (np.ones(2) * t, np.float64(3) - t, np.ones((2, 2)) @ t, t.__radd__([1, 2]), 1 / t):
        assert isinstance(y, Tensor)
        assert y.requires_grad


def test_copies_and_pickles_are_leaves_with_the_same_numbers() -> None:
    t = Tensor([1.0, 2.0], name="t") * 2
    for twin in (copy.deepcopy(t), pickle.loads(pickle.dumps(t)), Tensor(t)):
        np.testing.assert_array_equal(twin.numpy(), t.numpy())
        assert twin.operation == ""
        assert twin.data is not t.data


# ---- the graph -------------------------------------------------------------------------------


def test_gradients_add_up_until_they_are_set_to_none() -> None:
    x = Tensor([1.0, 2.0])
    for total in (1.0, 2.0):
        x.sum().backward()
        np.testing.assert_array_equal(x.grad, [total, total])
    x.grad = None
    (3 * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [3.0, 3.0])


def test_tensors_on_the_way_show_their_gradients() -> None:
    x = Tensor(2.0)
    y = x * 3
    z = y * y
    z.backward()
    assert (x.grad, y.grad, z.grad) == (36.0, 12.0, 1.0)
    assert isinstance(y.grad, np.ndarray)


def test_backward_begins_with_the_gradient_that_was_set() -> None:
    x = Tensor(2.0)
    y = x * 3
    y.grad = 5
    y.backward()
    assert x.grad == 15.0


def test_a_gradient_that_was_given_to_backward_is_not_changed() -> None:
    x, seed = Tensor([1.0, 2.0]), np.array([1.0, 10.0])
    (x + x).backward(seed)
    np.testing.assert_array_equal(x.grad, [2.0, 20.0])
    np.testing.assert_array_equal(seed, [1.0, 10.0])


def test_leaves_never_share_a_gradient() -> None:
    x, y = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    total = x + y
    total.backward(np.ones(2))
    assert x.grad is not None
    x.grad[0] = 7.0
    np.testing.assert_array_equal(y.grad, [1.0, 1.0])
    np.testing.assert_array_equal(total.grad, [1.0, 1.0])


def test_a_second_backward_through_a_graph_is_an_error_that_changes_nothing() -> None:
    x = Tensor(2.0)
    y = x * x
    z = y + 1
    z.backward()
    for again in (z, y, y * 5):
        with pytest.raises(RuntimeError, match="released by an earlier backward"):
            again.backward()
    assert x.grad == 4.0


def test_a_constant_gets_no_gradient_and_keeps_no_graph() -> None:
    x, c = Tensor(2.0), Tensor(3.0, requires_grad=False)
    (x * c).backward()
    assert c.grad is None
    for made in (c * c, x.detach() * 2, np.exp(c)):
        assert not made.requires_grad
        with pytest.raises(RuntimeError, match="requires a gradient"):
            made.backward()


def test_no_graph_is_kept_under_no_grad_in_this_thread_alone() -> None:
    x = Tensor(2.0)
    found: list[bool] = []

    @no_grad()
    def square() -> Tensor:
        return x * x

    with no_grad():
        with no_grad():
            pass
        assert not (x * x).requires_grad
        other = threading.Thread(target=lambda: found.append((x * x).requires_grad))
        other.start()
        other.join()
    assert found == [True]
    assert not square().requires_grad
    assert (x * x).requires_grad


def test_a_graph_is_freed_without_the_garbage_collector() -> None:
    gc.disable()
    try:
        for is_run in (True, False):
            x = Tensor([1.0, 2.0])
            y = np.exp(x * 2)
            inner = weakref.ref(y)
            z = (y / (y + 1)).sum()
            if is_run:
                z.backward()
            del y, z
            assert inner() is None
    finally:
        gc.enable()


def test_backward_releases_the_saved_arrays_of_the_graph() -> None:
    x = Tensor(np.ones(10))
    saved = np.ones(10)
    alive = weakref.ref(saved)
    y = operation("op", saved * 1.0, [x], lambda g, kept=saved: [g * kept])
    del saved
    assert alive() is not None
    y.sum().backward()
    assert alive() is None


def test_memory_does_not_grow_over_many_passes() -> None:
    x = Tensor(np.ones(100))

    def run(times: int) -> None:
        for _ in range(times):
            x.grad = None
            (np.tanh(x * 2) / (x + 1)).sum().backward()

    run(20)
    tracemalloc.start()
    try:
        run(20)
        before = tracemalloc.get_traced_memory()[0]
        run(300)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 5_000  # one pass holds more than that


def test_a_hundred_thousand_additions_go_back_and_are_freed() -> None:
    x = Tensor(1.0)
    total = Tensor(0.0)
    for _ in range(100_000):
        total = x + total
    total.backward()
    assert x.grad == 100_000.0
    total = Tensor(0.0)
    for _ in range(100_000):
        total = x + total
    del total  # without a backward; its closures go with it


def test_many_indices_into_one_array_cost_what_they_hold() -> None:
    x = Tensor(np.ones((1000, 100)))
    total = Tensor(0.0)
    for column in range(100):
        total = total + x[:, column].sum() + x[[0, 0], column].sum()
    tracemalloc.start()
    try:
        total.backward()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * x.data.nbytes
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad[0], 3.0)
    np.testing.assert_array_equal(x.grad[1:], 1.0)


# ---- operations from elsewhere ---------------------------------------------------------------


def test_an_operation_from_elsewhere_sends_gradients_none_and_pieces() -> None:
    x, y, z = Tensor([1.0, 2.0, 3.0]), Tensor(1.0), Tensor([1.0, 1.0])
    node = operation(
        "op", np.float64(7.0), [x, y, z], lambda g: [Piece(slice(1, None), g * [1, 2]), None, g]
    )
    node.backward()
    np.testing.assert_array_equal(x.grad, [0.0, 1.0, 2.0])
    assert y.grad is None
    np.testing.assert_array_equal(z.grad, [1.0, 1.0])


def test_an_operation_that_sends_back_what_does_not_fit_is_an_error_that_names_it() -> None:
    x = Tensor([1.0, 2.0])
    for gradients, message in (
        ([np.ones(3)], r"'op' sends back must have shape \(2,\), got \(3,\)"),
        ([], "'op' must return 1 gradients, one per parent, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            operation("op", np.float64(1.0), [x], lambda g, sent=gradients: sent).backward()


# ---- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: np.cumsum(t), "np.cumsum has no derivative here"),
        (lambda t: np.linalg.norm(t), "np.linalg.norm has no derivative here"),
        (lambda t: np.arcsin(t), "np.arcsin has no derivative here"),
        (lambda t: np.add.reduce(t), "np.add.reduce is not defined for a Tensor"),
        (lambda t: np.exp(t, out=np.ones(2)), "np.exp with out= is not defined for a Tensor"),
        (lambda t: t + "text", "unsupported operand"),
        (lambda t: t + None, "unsupported operand"),
        (lambda t: t + np.ones(2) * 1j, "must hold real numbers, got dtype complex128"),
        (lambda t: Tensor("text"), "data must hold real numbers"),
        (lambda t: t.__setitem__(0, 1.0), "__setitem__|object"),
        (lambda t: t.sum().backward("text"), "gradient must hold real numbers"),
    ],
)
def test_what_is_not_supported_is_a_type_error_that_names_it(call: Function, message: str) -> None:
    t = Tensor([1.0, 2.0])
    with pytest.raises((TypeError, AttributeError), match=message):
        call(t)
    assert t.grad is None


def test_gradients_that_do_not_fit_are_refused() -> None:
    t = Tensor([1.0, 2.0])
    with pytest.raises(ValueError, match=r"grad must have shape \(2,\), got \(\)"):
        t.grad = 1  # type: ignore[assignment]
    with pytest.raises(ValueError, match=r"gradient must have shape \(2,\), got \(3,\)"):
        (t * 2).backward(np.ones(3))
    with pytest.raises(ValueError, match=r"one entry, or a gradient of shape \(2,\)"):
        (t * 2).backward()
    assert t.grad is None
