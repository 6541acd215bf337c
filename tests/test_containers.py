"""What comes in as a tensor goes out as a tensor; arrays stay arrays."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from kan import KAN, create_dataset
from kan import _stand_in as ours
from random_models import random_model


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def inputs(count=20):
    return np.random.default_rng(0).uniform(-0.9, 0.9, (count, 2))


class TestTensorsOfTheStandIn:
    def test_outputs_are_tensors_of_the_type_of_the_inputs(self):
        model = random_model([2, 3, 2])
        given = ours.from_numpy(inputs().astype(np.float32))
        for predicted in (model(given), model.predict(given)):
            assert isinstance(predicted, ours.Tensor)
            assert predicted.dtype == ours.float32
            expected = model(np.asarray(given)).astype(np.float32)
            np.testing.assert_array_equal(predicted.numpy(), expected)

    def test_a_model_is_fitted_to_them(self):
        data = create_dataset(lambda x: ours.sin(x[:, [0]]), device=ours.device("cpu"))
        assert all(isinstance(part, ours.Tensor) for part in data.values())
        plain = {name: part.numpy() for name, part in data.items()}
        history = KAN([2, 1]).fit(data, steps=2, verbose=False)
        assert history == KAN([2, 1]).fit(plain, steps=2, verbose=False)


def test_an_array_goes_in_and_out_as_an_array():
    assert type(random_model([2, 1])(inputs())) is np.ndarray
    assert type(random_model([2, 1])(inputs().tolist())) is np.ndarray


def test_the_dtype_of_a_model_does_not_depend_on_the_default_of_the_stand_in():
    before = ours.get_default_dtype()
    try:
        for dtype in (ours.float32, ours.float64):
            ours.set_default_dtype(dtype)
            assert KAN([2, 1]).dtype == "float64"
            assert create_dataset(lambda x: x[:, 0])["train_input"].dtype == np.float64
    finally:
        ours.set_default_dtype(before)


def test_predicting_for_an_array_imports_no_library_of_tensors():
    code = (
        "import sys, numpy as np\nfrom kan import *\n"
        "model = KAN([2, 1])\nmodel(np.zeros((3, 2)))\nmodel([[0.0, 0.0]])\n"
        "print('torch' in sys.modules, 'kan._stand_in' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout == "False False\n", ran.stderr


class TestTensorsOfTorch:
    @pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
    def test_outputs_are_tensors_of_the_type_of_the_inputs(self, torch, dtype):
        model = random_model([2, 3, 2])
        given = torch.from_numpy(inputs()).to(getattr(torch, dtype))
        predicted = model(given)
        assert predicted.dtype == given.dtype
        expected = torch.from_numpy(model(given.double().numpy())).to(given.dtype)
        assert torch.equal(predicted, expected)

    def test_tensors_of_integers_give_outputs_in_the_type_of_the_model(self, torch):
        predicted = random_model([2, 1], dtype="float32")(torch.zeros(3, 2, dtype=torch.int64))
        assert predicted.dtype == torch.float32

    def test_a_model_is_fitted_to_tensors_as_to_arrays(self, torch):
        data = create_dataset(lambda x: torch.exp(x[:, [0]]))
        assert isinstance(data["train_label"], torch.Tensor)
        plain = {name: part.numpy() for name, part in data.items()}
        history = KAN([2, 1]).fit(data, steps=2, verbose=False)
        assert history == KAN([2, 1]).fit(plain, steps=2, verbose=False)

    def test_a_test_part_of_no_rows_is_no_test_part(self, torch):
        data = create_dataset(lambda x: torch.exp(x[:, [0]]), test_num=0)
        history = KAN([2, 1]).fit(data, steps=1, verbose=False)
        assert not history["test_loss"]

    def test_metrics_may_be_tensors(self, torch):
        data = create_dataset(lambda x: torch.exp(x[:, [0]]), device=torch.device("cpu"))
        model = KAN([2, 1])

        def error():
            return torch.mean(torch.abs(model(data["train_input"]) - data["train_label"]))

        history = model.fit(data, steps=2, metrics=[error], verbose=False)
        assert history["error"][-1] == float(error())

    def test_the_gradient_along_inputs_flows_through_a_model(self, torch):
        model = random_model([2, 3, 2])
        given = torch.from_numpy(inputs()).requires_grad_()
        weight = torch.arange(40.0).double().reshape(20, 2)
        (slope,) = torch.autograd.grad((model(given) * weight).sum(), given)
        step = 1e-6
        for i in range(2):
            ahead, behind = inputs(), inputs()
            ahead[:, i] += step
            behind[:, i] -= step
            rise = ((model(ahead) - model(behind)) * weight.numpy()).sum(axis=1)
            np.testing.assert_allclose(slope[:, i], rise / (2 * step), rtol=1e-6, atol=1e-6)

    def test_a_second_derivative_through_a_model_is_refused(self, torch):
        given = torch.from_numpy(inputs()).requires_grad_()
        values = random_model([2, 1])(given).sum()
        with pytest.raises(RuntimeError, match="differentiate a kan model once: create_graph"):
            torch.autograd.grad(values, given, create_graph=True)

    def test_without_gradients_outputs_belong_to_no_graph(self, torch):
        model = random_model([2, 1])
        given = torch.from_numpy(inputs()).requires_grad_()
        with torch.no_grad():
            assert not model(given).requires_grad
        assert not model(given.detach()).requires_grad

    def test_a_loss_of_tensors_is_differentiated_by_torch(self, torch):
        data = create_dataset(lambda x: x[:, 0] * x[:, 1])

        def of_torch(prediction, y):
            return torch.mean(torch.square(prediction - y))

        def of_arrays(prediction, y):
            error = prediction - y
            return np.mean(error**2), 2 * error / error.size

        def of_either(prediction, y):
            return ((prediction - y) ** 2).mean()

        fitted = [
            KAN([2, 2, 1]).fit(data, steps=2, opt="LBFGS", loss_fn=loss, verbose=False)
            for loss in (of_arrays, of_torch, of_either)
        ]
        for history in fitted[1:]:
            np.testing.assert_allclose(history["train_loss"], fitted[0]["train_loss"], rtol=1e-6)

    def test_the_star_gives_the_installed_torch(self, torch):
        from kan._notebook import torch as lazy

        assert lazy.Tensor is torch.Tensor
        assert lazy.special is torch.special
