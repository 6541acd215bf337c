"""A new network starts from pykan's numbers.

The golden numbers were printed by pykan 0.2.8 on torch 2.13.0, with
`torch.set_default_dtype(torch.float64)` or `float32` before `KAN(..., auto_save=False)`:
`act_fun[l].scale_base`, `act_fun[l].coef * act_fun[l].scale_sp[:, :, None]` and `model(x)`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kan import KAN
from kan._initial import nearest_edges
from kan._random import UniformStream
from reference_kan import basis_matrix

PLAIN: dict[str, Any] = {"width": [2, 5, 1], "grid": 5, "k": 3, "seed": 1}
PRODUCTS: dict[str, Any] = {
    "width": [2, [1, 2], 1],
    "grid": 4,
    "k": 2,
    "seed": 7,
    "noise_scale": 0.5,
    "scale_base_mu": 0.5,
    "scale_base_sigma": 2.0,
    "grid_range": [-2, 3],
}
SPARSE: dict[str, Any] = {"width": [3, 4, 2], "grid": 3, "k": 3, "seed": 3, "sparse_init": True}

# (arguments, dtype): base weights of the edges from input 0 of layer 0, its knots, the
# coefficients of its first edge and of the last edge of the last layer, and outputs at `points`.
GOLDEN: list[tuple[dict[str, Any], str, dict[str, list[float]]]] = [
    (
        PLAIN,
        "float64",
        {
            "base": [
                0.11442939061263045,
                0.6882411436842968,
                -0.5211039768437421,
                -0.3689153837343768,
                -0.2762184649930469,
            ],
            "knots": [-2.2, -1.8, -1.4, -1.0, -0.6, -0.2, 0.2, 0.6, 1.0, 1.4, 1.8, 2.2],
            "first": [
                -0.006496684574064247,
                -0.026317662320063197,
                2.973968517927282e-05,
                0.028839791259513116,
                -0.007234083748404945,
                -0.021713710776174146,
                0.0145413149033664,
                0.005176613617005702,
            ],
            "last": [
                -0.0017111611770909071,
                -0.004764448864560461,
                0.011456267531851694,
                0.014302721819507891,
                -0.018383541971227907,
                0.01621861004722579,
                0.012140149647227256,
                0.0016785288788312089,
            ],
            "outputs": [
                0.0028847043404107812,
                0.006217467226586658,
                0.014340883608393262,
                0.01012251167468814,
                0.0004851632150315744,
                -0.012909640205651336,
            ],
        },
    ),
    (
        PLAIN,
        "float32",
        {
            "base": [
                -0.45708781480789185,
                0.45929738879203796,
                0.42928579449653625,
                0.6271294355392456,
                -0.39637553691864014,
            ],
            "knots": [-2.2, -1.8, -1.4, -1.0, -0.6, -0.2, 0.2, 0.6, 1.0, 1.4, 1.8, 2.2],
            "first": [
                0.002709060674533248,
                0.013426440767943859,
                0.009167457930743694,
                -0.014793980866670609,
                0.0026088696904480457,
                0.03991572558879852,
                -0.037383079528808594,
                -0.01274817530065775,
            ],
            "last": [
                0.0007345787598751485,
                0.0045870766043663025,
                0.007348364684730768,
                0.006538481917232275,
                0.013776404783129692,
                -0.01636715792119503,
                -0.002206199336796999,
                0.0008238092996180058,
            ],
            "outputs": [
                -0.013918478041887283,
                -0.01864396035671234,
                -0.018752001225948334,
                -0.0019116019830107689,
                0.030003946274518967,
                0.06568214297294617,
            ],
        },
    ),
    (
        PRODUCTS,
        "float64",
        {
            "base": [
                -0.9983361042659149,
                0.00541991377873724,
                -0.4667717522774757,
                1.5185749035788718,
                0.8810274781701413,
            ],
            "knots": [-4.5, -3.25, -2.0, -0.75, 0.5, 1.75, 3.0, 4.25, 5.5],
            "first": [
                0.05237989270935734,
                -0.09138029122826798,
                0.014132608987623857,
                0.06085466390043652,
                -0.05538514239223166,
                0.041652986632580956,
            ],
            "last": [
                0.030800760313832613,
                0.013592189486723472,
                -0.009754969574337635,
                0.013364156149103015,
                -0.01125778342188177,
                -0.01716833831821329,
            ],
            "outputs": [
                0.6209566642862555,
                0.38017446769029867,
                0.13458769030867115,
                -0.09473909769771484,
                -0.2474707227994993,
                -0.24584226375337252,
            ],
        },
    ),
    (
        SPARSE,
        "float64",
        {
            "base": [-0.2333199430645933, 0.0, 0.0, 0.0],
            "knots": [-3, -7 / 3, -5 / 3, -1, -1 / 3, 1 / 3, 1, 5 / 3, 7 / 3, 3],
            "first": [
                -0.010686437885645095,
                -0.03896276433329004,
                0.005147840026157785,
                1.7822233624215286e-05,
                -0.02559559602228762,
                -0.006574481274232294,
            ],
            "last": [
                0.016518297572374843,
                0.04541042710931812,
                -0.048380904586954765,
                0.044126583553333265,
                -0.007120371486871828,
                -0.006218055512066792,
            ],
            "outputs": [
                -0.012950716726241642,
                -0.010997155829022602,
                -0.009446020202849242,
                -0.009056831609306606,
                -0.009915064795929643,
                -0.012082130695127898,
            ],
        },
    ),
]
golden = pytest.mark.parametrize(
    ("arguments", "dtype", "expected"), GOLDEN, ids=["plain", "float32", "products", "sparse"]
)

# Both sides solve well conditioned least squares of size 10 (condition below 100) in precision
# eps, in another order: 100 eps of the largest number is the room they need.
TOLERANCE = {"float64": 100 * 2.0**-52, "float32": 100 * 2.0**-23}


def points(inputs: int) -> Any:
    return np.linspace(-1, 1, 6)[:, np.newaxis] * np.array([1.0, -0.5, 0.25][:inputs])


def assert_agree(ours: Any, theirs: list[float], dtype: str) -> None:
    scale = np.abs(theirs).max()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE[dtype] * scale)


def coefficients(model: KAN, layer: int) -> Any:
    """(I, M, S), without the base weights."""
    return np.array(model._network.coefficients(layer)[:, :-1], dtype=np.float64)


def base_weights(model: KAN, layer: int) -> Any:
    """(I, S)."""
    return np.array(model._network.coefficients(layer)[:, -1])


@golden
def test_base_weights_are_those_of_pykan_to_the_last_roundings(
    arguments: dict[str, Any], dtype: str, expected: dict[str, list[float]]
) -> None:
    model = KAN(**arguments, dtype=dtype)
    epsilon = TOLERANCE[dtype] / 100
    np.testing.assert_allclose(
        base_weights(model, 0)[0], expected["base"], rtol=4 * epsilon, atol=4 * epsilon
    )


@golden
def test_knots_are_those_of_pykan(
    arguments: dict[str, Any], dtype: str, expected: dict[str, list[float]]
) -> None:
    assert_agree(KAN(**arguments, dtype=dtype).edge(0, 0, 0).knots, expected["knots"], dtype)


@golden
def test_spline_coefficients_are_those_of_pykan_times_its_scale(
    arguments: dict[str, Any], dtype: str, expected: dict[str, list[float]]
) -> None:
    model = KAN(**arguments, dtype=dtype)
    assert_agree(model.edge(0, 0, 0).coefficients, expected["first"], dtype)
    assert_agree(model.edge(-1, -1, -1).coefficients, expected["last"], dtype)


@golden
def test_a_new_network_computes_what_pykan_computes(
    arguments: dict[str, Any], dtype: str, expected: dict[str, list[float]]
) -> None:
    model = KAN(**arguments, dtype=dtype)
    assert_agree(model(points(arguments["width"][0]))[:, 0], expected["outputs"], dtype)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_splines_take_the_noise_of_the_stream_at_the_grid_points(k: int) -> None:
    model = KAN([2, 3], grid=6, k=k, noise_scale=0.7, seed=11)
    noise = UniformStream(11).uniform((7, 2, 3)) - 0.5
    for i in range(2):
        knots = model.edge(0, i, 0).knots
        at_grid = basis_matrix(knots, k, knots[k : k + 7]) @ coefficients(model, 0)[i]
        # condition of the interpolation below 1e3 at these sizes
        np.testing.assert_allclose(at_grid, 0.7 / 6 * noise[:, i] / np.sqrt(2), atol=1e-13)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_of_all_such_splines_the_one_with_the_smallest_coefficients_is_taken(k: int) -> None:
    model = KAN([1, 2], grid=4, k=k, seed=2)
    knots = model.edge(0, 0, 0).knots
    design = basis_matrix(knots, k, knots[k : k + 5])
    smallest = np.linalg.lstsq(design, design @ coefficients(model, 0)[0], rcond=None)[0]
    np.testing.assert_allclose(coefficients(model, 0)[0], smallest, atol=1e-13)


def test_degree_zero_starts_finite() -> None:
    assert np.isfinite(KAN([2, 2, 1], grid=4, k=0).get_parameters()).all()


def test_base_weights_are_uniform_around_mu_over_the_root_of_the_inputs() -> None:
    weights = base_weights(KAN([4, 500], scale_base_mu=3.0, scale_base_sigma=0.5, seed=5), 0)
    assert np.abs(2 * weights - 3.0).max() <= 0.5
    # 2000 numbers from U(-1/2, 1/2): 5 standard errors of the mean
    assert abs((2 * weights).mean() - 3.0) <= 5 * np.sqrt(1 / 12 / 2000)


def test_without_sigma_base_weights_are_mu_over_the_root_of_the_inputs() -> None:
    weights = base_weights(KAN([4, 3], scale_base_mu=3.0, scale_base_sigma=0.0), 0)
    np.testing.assert_array_equal(weights, np.full((4, 3), 1.5))


def test_without_noise_all_splines_are_exactly_zero() -> None:
    model = KAN([2, 3, 1], noise_scale=0.0)
    assert not coefficients(model, 0).any()
    assert not coefficients(model, 1).any()


def test_a_zero_base_has_no_base_weights() -> None:
    model = KAN([2, 3, 1], base_fun="zero")
    assert not base_weights(model, 0).any()
    assert coefficients(model, 0).any()


def test_the_base_function_does_not_change_the_numbers_drawn() -> None:
    plain, bare = KAN([2, 3, 1], seed=3), KAN([2, 3, 1], seed=3, base_fun="zero")
    np.testing.assert_array_equal(coefficients(plain, 1), coefficients(bare, 1))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_same_seed_gives_the_same_model(dtype: str) -> None:
    twins = [KAN([2, [3, 1], 1], seed=9, dtype=dtype).get_parameters() for _ in range(2)]
    assert twins[0].tobytes() == twins[1].tobytes()


def test_another_seed_gives_another_model() -> None:
    assert not np.array_equal(KAN([2, 1], seed=1)([[0.5, 0.5]]), KAN([2, 1], seed=2)([[0.5, 0.5]]))


def test_no_global_random_state_is_used_or_changed() -> None:
    before = np.random.get_state(legacy=True)  # noqa: NPY002 - the global state is the subject
    first = KAN([2, 3, 1], seed=4).get_parameters()
    np.random.seed(123)  # noqa: NPY002
    assert np.array_equal(KAN([2, 3, 1], seed=4).get_parameters(), first)
    np.random.set_state(before)  # noqa: NPY002
    KAN([2, 3, 1], seed=4)
    after = np.random.get_state(legacy=True)  # noqa: NPY002
    assert before[2] == after[2]
    np.testing.assert_array_equal(before[1], after[1])


def test_a_sparse_start_keeps_the_edges_to_the_nearest_nodes() -> None:
    expected = [[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]  # pykan's mask for SPARSE
    np.testing.assert_array_equal(nearest_edges(3, 4), expected)


def test_edges_that_a_sparse_start_leaves_out_are_zero_and_counted_out() -> None:
    model = KAN(**SPARSE)
    assert model.n_edge == 4 + 4
    assert model.n_parameters == 8 * (3 + 3 + 1)
    masked = model.edge(0, 0, 1)
    assert masked.base_weight == 0.0
    assert not masked.coefficients.any()


def test_setting_the_parameters_that_a_sparse_start_has_changes_no_bit() -> None:
    model = KAN(**SPARSE)
    before = model.get_parameters()
    model.set_parameters(before)
    assert model.get_parameters().tobytes() == before.tobytes()
