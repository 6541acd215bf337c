"""A network trained by a loop of one's own, as in a first lesson."""

from __future__ import annotations

import gc
import tracemalloc
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from kan import KAN, GraphPicture, Optimizer, Tensor, compute_loss, draw_dot

POINTS = [(0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)]
TARGETS = [0.25, 0.75, 0.75, 0.25]


def lesson(n_epochs: int = 100) -> tuple[list[float], GraphPicture]:
    """The lesson word for word, and the losses that it saw."""
    seen = []
    # fmt: off
    input_size = 2
    layer_sizes = [2, 2, 2, 1]
    kan = KAN(input_size, layer_sizes)
    x = [[Tensor(0.25), Tensor(0.25)], [Tensor(0.25), Tensor(0.75)], [Tensor(0.75), Tensor(0.25)], [Tensor(0.75), Tensor(0.75)]]  # noqa: E501
    y = [0.25, 0.75, 0.75, 0.25]
    optim = Optimizer(lr=0.001)
    for _ in range(n_epochs):
        losses = Tensor(0)
        for _x, _y in zip(x, y):  # noqa: B905
            y_hat = kan(_x)
            loss = compute_loss(y_hat, _y)
            losses = loss + losses
        optim.zero_grad(kan.parameters())
        losses.grad = 1
        losses.backward()
        optim.step(kan.parameters())
        seen.append(losses.item())
    # fmt: on
    return seen, draw_dot(y_hat)


def test_the_loss_falls() -> None:
    losses, _ = lesson()
    assert all(after < before for before, after in pairwise(losses))
    assert losses[-1] < 0.5 * losses[0]


def test_the_result_can_be_drawn_after_backward() -> None:
    _, picture = lesson(3)
    words = "".join(ElementTree.fromstring(picture.svg).itertext())
    assert words.count("grad") == 3  # of the two inputs and of the output
    assert "98 parameters" in words


def test_the_lesson_takes_the_steps_of_adam_on_the_loss_of_the_core() -> None:
    model, twin = KAN(2, [2, 2, 2, 1]), KAN(2, [2, 2, 2, 1])
    x, y = np.array(POINTS), np.array(TARGETS)
    optimizer = Optimizer(lr=0.01)
    weights, speed, square = twin.get_parameters(), 0.0, 0.0
    for step in range(1, 11):
        optimizer.zero_grad(model.parameters())
        compute_loss(model(Tensor(x)), y).backward()
        optimizer.step(model.parameters())
        gradient = twin.loss_and_gradient(x, y)[1]
        speed = 0.9 * speed + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        size = np.sqrt(square / (1 - 0.999**step)) + 1e-8
        weights = weights - 0.01 * speed / (1 - 0.9**step) / size
        twin.set_parameters(weights)
    np.testing.assert_allclose(model.get_parameters(), weights, rtol=1e-6, atol=1e-9)


def test_memory_does_not_grow_over_epochs() -> None:
    gc.disable()
    try:
        tracemalloc.start()
        lesson(300)  # NumPy keeps some small blocks for later
        before = tracemalloc.get_traced_memory()[0]
        lesson(300)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.enable()
    assert grown < 30_000  # 100 bytes an epoch; a tensor has more


# ---- input size and layer sizes --------------------------------------------------------------


def test_input_size_and_layer_sizes_mean_the_same_as_a_width() -> None:
    for sizes, width in (([3, 1], [2, 3, 1]), ((1,), [2, 1]), ([[2, 1], 1], [2, [2, 1], 1])):
        model, same = KAN(2, sizes, k=2, seed=5), KAN(width, k=2, seed=5)
        assert model.width == same.width
        np.testing.assert_array_equal(model.get_parameters(), same.get_parameters())
    assert KAN([2, 3, 1], [4, 5]).grid == [4, 5]


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((2, 3), TypeError, r"width must be a list such as \[2, 5, 1\], got 2"),
        ((2, []), ValueError, "at least inputs and outputs"),
        ((2, [3, 0]), ValueError, r"width\[2\] must be at least 1"),
        ((0, [3, 1]), ValueError, "width must be an integer in 1.."),
        ((2.5, [3, 1]), TypeError, "width must be an integer"),
    ],
)
def test_sizes_that_make_no_network_are_refused(
    arguments: tuple[Any, ...], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        KAN(*arguments)


# ---- losses ----------------------------------------------------------------------------------


def test_the_loss_is_the_mean_squared_difference() -> None:
    assert compute_loss(Tensor(1.0), 3.0).item() == 4.0
    assert compute_loss(Tensor([[1.0], [2.0]]), [1.0, 4.0]).item() == 2.0
    assert compute_loss(Tensor([1.0, 3.0]), 1.0).item() == 2.0
    assert compute_loss([1.0, 3.0], [1.0, 1.0]).shape == ()
    target = Tensor(3.0)
    compute_loss(Tensor(1.0), target).backward()
    assert target.grad == 4.0


def test_targets_of_another_shape_are_refused() -> None:
    for y in ([1.0, 2.0, 3.0], [[1.0], [2.0]], [[1.0, 2.0]]):
        with pytest.raises(ValueError, match=r"y must have shape \(2,\), got"):
            compute_loss(Tensor([1.0, 2.0]), y)


def test_fit_differentiates_a_loss_of_tensors() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    y = x[:, :1] * x[:, 1:]

    def by_hand(prediction: Any, target: Any) -> Any:
        error = prediction - target
        return (error**2).mean(), 2 * error / error.size

    def of_tensors(prediction: Any, target: Any) -> Any:
        return ((prediction - target) ** 2).mean()

    fitted = []
    for loss_fn in (by_hand, of_tensors, compute_loss):
        model = KAN([2, 3, 1])
        model.fit(x, y, steps=3, loss_fn=loss_fn, verbose=False)
        fitted.append(model.predict(x))
    np.testing.assert_allclose(fitted[1], fitted[0], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fitted[2], fitted[0], rtol=1e-6, atol=1e-9)
