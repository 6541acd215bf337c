"""Steps down gradients, by hand and by torch."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

from kan import KAN, Optimizer, Tensor, compute_loss

METHODS = ("adam", "sgd", "momentum")


def descend(method: str, steps: int, lr: float = 0.1) -> Tensor:
    x, optimizer = Tensor([1.0, -2.0]), Optimizer(lr, method)
    for _ in range(steps):
        optimizer.zero_grad([x])
        (x**4).sum().backward()
        optimizer.step([x])
    return x


def test_plain_descent_subtracts_the_gradient_times_the_rate() -> None:
    np.testing.assert_allclose(descend("sgd", 1, 0.01).numpy(), [1 - 0.04, -2 + 0.32])


def test_momentum_keeps_nine_tenths_of_its_speed() -> None:
    x, optimizer = Tensor(0.0), Optimizer(1.0, "momentum")
    for expected in (-1.0, -2.9, -5.61):
        x.grad = 1.0  # type: ignore[assignment]
        optimizer.step([x])
        assert x.item() == pytest.approx(expected, rel=1e-12)


def test_the_first_step_of_adam_is_the_rate_whatever_the_size_of_the_gradient() -> None:
    np.testing.assert_allclose(descend("adam", 1).numpy(), [0.9, -1.9], rtol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_steps_are_those_of_torch(method: str) -> None:
    torch: Any = pytest.importorskip("torch")
    x = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    kinds = {
        "adam": lambda: torch.optim.Adam([x], lr=0.01),
        "sgd": lambda: torch.optim.SGD([x], lr=0.01),
        "momentum": lambda: torch.optim.SGD([x], lr=0.01, momentum=0.9),
    }
    optimizer = kinds[method]()
    for _ in range(30):
        optimizer.zero_grad()
        (x**4).sum().backward()
        optimizer.step()
    ours = descend(method, 30, 0.01).numpy()
    np.testing.assert_allclose(ours, x.detach().numpy(), rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_numbers_keep_their_dtype_and_their_place(method: str) -> None:
    x = Tensor(np.ones(3, np.float32))
    data = x.data
    x.grad = np.ones(3)
    Optimizer(method=method).step([x])
    assert x.data is data
    assert data.dtype == np.float32
    assert (data < 1).all()


def test_tensors_without_a_gradient_stay_as_they_are() -> None:
    x, y = Tensor(1.0), Tensor(1.0)
    x.grad = np.ones(())
    Optimizer().step([x, y])
    assert x.item() < 1.0
    assert y.item() == 1.0


def test_what_is_remembered_of_a_tensor_goes_with_it() -> None:
    gc.disable()
    try:
        optimizer = Optimizer()
        for _ in range(3):
            x = Tensor(1.0)
            x.grad = np.ones(())
            optimizer.step([x])
            assert len(optimizer._memories) == 1
            del x
            assert not optimizer._memories
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: Optimizer(lr=0), ValueError, "lr must be > 0"),
        (lambda: Optimizer(lr="a"), TypeError, "lr must be a number, got 'a'"),
        (lambda: Optimizer(method="lbfgs"), ValueError, "method must be one of 'adam', 'sgd'"),
        (lambda: Optimizer().step(Tensor([1.0])), TypeError, "a list of tensors, got Tensor"),
        (lambda: Optimizer().step(3), TypeError, "a list of tensors, got int"),
        (lambda: Optimizer().zero_grad([1.0]), TypeError, r"parameters\[0\] must be a Tensor"),
        (lambda: Optimizer().step([Tensor(1.0) * 2]), ValueError, r"was calculated \(by '\*'\)"),
    ],
)
def test_bad_arguments_are_refused(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_a_list_with_one_bad_tensor_changes_none() -> None:
    x = Tensor(1.0)
    x.grad = np.ones(())
    for bad in (1.0, x * 2):
        with pytest.raises((TypeError, ValueError), match=r"parameters\[1\]"):
            Optimizer().step([x, bad])
    assert x.item() == 1.0


@pytest.mark.parametrize("method", ["adam", "momentum", "sgd"])
def test_a_removed_edge_stays_removed(method: str) -> None:
    model = KAN([2, 1], seed=0)
    optimizer = Optimizer(lr=0.05, method=method)
    rows = np.random.default_rng(0).uniform(-1, 1, (20, 2))

    def take_steps() -> None:
        for _ in range(3):
            optimizer.zero_grad(model.parameters())
            compute_loss(model(Tensor(rows)), rows.sum(axis=1)).backward()
            optimizer.step(model.parameters())

    take_steps()
    model.remove_edge(0, 0, 0)
    take_steps()
    assert np.ptp(model(np.array([[-1.0, 0.3], [1.0, 0.3]]))) == 0.0
