"""The stand-in for torch: what notebooks take from it, compared with NumPy, SciPy and torch."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from kan import _stand_in as ours
from kan import create_dataset

SHAPES = [(1,), (3,), (15,), (16,), (17,), (40,), (100, 2), (3, 5, 7)]


@pytest.fixture(autouse=True)
def untouched_state():
    """Each test leaves the default dtype and the random numbers as they were."""
    before = dict(vars(ours._state))
    yield
    vars(ours._state).update(before)


def test_there_is_only_the_processor():
    assert not ours.cuda.is_available()
    assert str(ours.device("cuda" if ours.cuda.is_available() else "cpu")) == "cpu"
    with pytest.raises(ValueError, match="device must be 'cpu', got 'cuda:0'"):
        ours.device("cuda:0")


def test_tensors_are_arrays_with_the_methods_of_notebooks():
    x = ours.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert x.dtype == ours.float32
    assert x.to(ours.device("cpu")) is x
    assert x.to(ours.float64).dtype == ours.float64
    assert x.detach().cpu().numpy().tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert type(x.numpy()) is np.ndarray
    assert x[:, [0]].shape == (2, 1)
    assert x.double().long().dtype == ours.int64
    assert x.unsqueeze(0).shape == (1, 2, 2)
    assert float(x.sum()) == 10.0


def test_functions_take_torchs_names_of_arguments():
    x = ours.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=ours.float64)
    assert ours.sum(x, dim=1).tolist() == [3.0, 7.0]
    assert ours.mean(x, dim=0, keepdim=True).tolist() == [[2.0, 3.0]]
    assert ours.cat([x, x], dim=1).shape == (2, 4)
    assert ours.stack([x, x], dim=-1).shape == (2, 2, 2)
    assert ours.argmax(x, dim=1).tolist() == [1, 1]
    assert isinstance(ours.exp(x), ours.Tensor)
    assert ours.linalg.norm(x, dim=1).tolist() == pytest.approx([5**0.5, 5.0])


def test_what_it_makes_has_the_default_dtype():
    makers = [
        lambda: ours.rand(3, 2),
        lambda: ours.randn((3, 2)),
        lambda: ours.normal(0, 1, size=(3, 2)),
        lambda: ours.zeros(3, 2),
        lambda: ours.linspace(0, 1, steps=6).reshape(3, 2),
    ]
    for dtype in (ours.float32, ours.float64):
        ours.set_default_dtype(dtype)
        assert ours.get_default_dtype() == dtype
        assert all(make().shape == (3, 2) and make().dtype == dtype for make in makers)


def test_a_default_dtype_must_be_a_floating_type():
    with pytest.raises(TypeError, match="dtype must be a floating type, got dtype"):
        ours.set_default_dtype(ours.int64)


def test_the_global_random_numbers_of_numpy_are_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    ours.manual_seed(3)
    ours.randn(100)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_the_same_seed_gives_the_same_numbers():
    drawn = []
    for _ in range(2):
        ours.manual_seed(3)
        drawn.append(ours.rand(5).tolist() + ours.randn(20).tolist())
    assert drawn[0] == drawn[1]


def test_normal_numbers_have_mean_0_and_deviation_1():
    ours.manual_seed(1)
    numbers = np.asarray(ours.randn(10**5, dtype=ours.float64))
    # Four standard errors of the mean, of the variance, and of the share below the median.
    assert abs(numbers.mean()) < 4 / 10**2.5
    assert abs(numbers.var() - 1) < 4 * 2**0.5 / 10**2.5
    assert abs((numbers < 0).mean() - 0.5) < 4 * 0.5 / 10**2.5


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_random_numbers_are_those_of_the_installed_torch(shape, dtype):
    torch = pytest.importorskip("torch")
    kind = getattr(torch, dtype)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        expected = torch.randn(*shape, dtype=kind).numpy(), torch.rand(4, dtype=kind).numpy()
    ours.manual_seed(5)
    # The logarithm and the cosine of both libraries may differ in the last places.
    precision = 8 * np.finfo(dtype).eps
    drawn = ours.randn(*shape, dtype=dtype).numpy()
    np.testing.assert_allclose(drawn, expected[0], rtol=precision, atol=precision)
    np.testing.assert_array_equal(ours.rand(4, dtype=dtype).numpy(), expected[1])


@pytest.mark.parametrize("reach", [1.0, 40.0, 1000.0])
def test_bessel_j0_agrees_with_scipy(reach):
    x = np.linspace(-reach, reach, 501)
    # The argument of a cosine as large as `reach` is known to eps * reach.
    bound = 8 * np.finfo(float).eps * (1 + reach)
    np.testing.assert_allclose(ours.special.bessel_j0(x), scipy.special.j0(x), atol=bound)
    assert ours.special.bessel_j0(np.zeros(0)).shape == (0,)


def test_create_dataset_takes_functions_and_methods_of_tensors():
    data = create_dataset(lambda x: ours.exp(ours.sin(ours.pi * x[:, [0]]) + x[:, [1]] ** 2))
    x = np.asarray(data["train_input"])
    expected = np.exp(np.sin(np.pi * x[:, :1]) + x[:, 1:] ** 2)
    np.testing.assert_allclose(data["train_label"], expected, rtol=1e-14)
    assert isinstance(data["train_label"], ours.Tensor)


def test_what_it_does_not_have_is_said_with_what_to_do():
    with pytest.raises(AttributeError, match="stand-in for torch has no 'nn': pip install torch"):
        ours.nn  # noqa: B018
