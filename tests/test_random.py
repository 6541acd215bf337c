"""The golden numbers come from torch 2.13.0 on a CPU: torch.manual_seed(seed); torch.rand(...)."""

import numpy as np
import pytest

from kan._random import UniformStream

TORCH_FLOAT32 = {
    0: ["0x1.fc2ab0p-2", "0x1.89545ep-1", "0x1.6a6750p-4"],
    42: ["0x1.c3b8ccp-1", "0x1.d47b66p-1", "0x1.880d70p-2"],
}
TORCH_FLOAT64 = {
    0: ["0x1.f0aac97c4aa2fp-1", "0x1.6a675d821ccc0p-1", "0x1.d6687b744a5f6p-2"],
    42: ["0x1.dc66cbea3db30p-5", "0x1.01ae177aca870p-4", "0x1.fa3563ccea238p-4"],
}


# torch.manual_seed(7); torch.randn(3, dtype=torch.float64), and numbers 0, 1, 16 of torch.randn(17)
TORCH_NORMAL_3 = [-0.1467950974849952, 0.7861412987235358, 0.9468216090039564]
TORCH_NORMAL_17 = [0.06626753966449943, -0.29104147095938915, -1.6677291342328766]


def numbers(hexadecimal):
    return [float.fromhex(text) for text in hexadecimal]


@pytest.mark.parametrize("seed", [0, 42])
def test_float32_numbers_are_those_of_torch(seed):
    drawn = UniformStream(seed).uniform(3, np.float32)
    assert drawn.dtype == np.float32
    assert drawn.tolist() == numbers(TORCH_FLOAT32[seed])


@pytest.mark.parametrize("seed", [0, 42])
def test_float64_numbers_are_those_of_torch(seed):
    drawn = UniformStream(seed).uniform(3)
    assert drawn.dtype == np.float64
    assert drawn.tolist() == numbers(TORCH_FLOAT64[seed])


def test_the_stream_goes_on_across_draws_of_both_types_as_torchs_does():
    stream = UniformStream(7)
    stream.uniform(2, np.float32)
    assert stream.uniform(1).tolist() == numbers(["0x1.18432a35053ecp-2"])
    assert stream.uniform(1, np.float32).tolist() == numbers(["0x1.dcb218p-3"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", [0, 1, 42, 2**31, 2**32 - 1, 2**32 + 5, -1])
def test_every_bit_agrees_with_the_installed_torch(seed, dtype):
    torch = pytest.importorskip("torch")
    shapes = [(1,), (3, 5), (15,), (16,), (17,), (4, 2, 5), (10_007,), (0,), ()]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        expected = [torch.rand(shape, dtype=getattr(torch, dtype)).numpy() for shape in shapes]
    stream = UniformStream(seed)
    for shape, numbers_of_torch in zip(shapes, expected, strict=True):
        drawn = stream.uniform(shape, dtype)
        assert drawn.shape == shape
        np.testing.assert_array_equal(drawn, numbers_of_torch)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_lie_in_the_half_open_unit_interval(dtype):
    drawn = UniformStream(3).uniform(100_000, dtype)
    assert drawn.min() >= 0.0
    assert drawn.max() < 1.0


def test_one_draw_equals_many_small_ones():
    whole, pieces = UniformStream(5), UniformStream(5)
    expected = whole.uniform((4, 3))
    np.testing.assert_array_equal(expected, [pieces.uniform(3) for _ in range(4)])


def test_numpys_global_state_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    UniformStream(11).uniform(1000)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_a_seed_that_is_no_integer_is_refused():
    with pytest.raises(TypeError, match=r"seed must be an integer, got 1\.5"):
        UniformStream(1.5)


def test_another_dtype_is_refused():
    with pytest.raises(ValueError, match="dtype must be float32 or float64, got int64"):
        UniformStream(0).uniform(3, np.int64)


def test_normal_numbers_are_those_of_torch_but_for_rounding():
    np.testing.assert_allclose(UniformStream(7).normal(3), TORCH_NORMAL_3, rtol=1e-15)
    drawn = UniformStream(7).normal(17)[[0, 1, 16]]
    np.testing.assert_allclose(drawn, TORCH_NORMAL_17, rtol=1e-15)
    assert UniformStream(7).normal((4, 5), np.float32).dtype == np.float32
