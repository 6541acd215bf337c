"""One edge of a network, to look at and to take away."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from kan import KAN, Edge

DEGREES = pytest.mark.parametrize("k", range(6))
DTYPES = pytest.mark.parametrize("dtype", ["float64", "float32"])


def trained_like(model: KAN) -> KAN:
    """Give a model numbers of ordinary size."""
    rng = np.random.default_rng(4)
    model.set_parameters(rng.normal(size=model.get_parameters().size))
    return model


def uneven(k: int, dtype: str = "float64", **arguments: Any) -> KAN:
    """A model of one edge on a grid that is not uniform."""
    model = trained_like(KAN([1, 1], grid=6, k=k, dtype=dtype, **arguments))
    model.update_grid(np.random.default_rng(5).normal(size=(300, 1)))
    return model


def inside(edge: Edge, count: int = 200) -> Any:
    """Points from one end of the grid to the other."""
    grid = edge.knots[edge.degree : edge.knots.size - edge.degree]
    return np.linspace(grid[0], grid[-1], count)


def test_an_edge_tells_where_it_leads() -> None:
    edge = KAN([2, 3, 1]).edge(0, 1, 2)
    assert isinstance(edge, Edge)
    assert (edge.layer, edge.source, edge.target) == (0, 1, 2)


def test_negative_numbers_count_from_the_end() -> None:
    edge = KAN([2, 3, 1]).edge(-1, -1, -1)
    assert (edge.layer, edge.source, edge.target) == (1, 2, 0)


def test_targets_count_sums_and_then_the_factors_of_products() -> None:
    model = KAN([2, [1, 2], 1], mult_arity=3)
    assert model.edge(0, 0, 6).target == 6
    with pytest.raises(IndexError, match=r"j must be in 0\.\.6, got 7"):
        model.edge(0, 0, 7)


@DEGREES
def test_knots_and_coefficients_have_the_documented_shapes(k: int) -> None:
    edge = KAN([2, 3, 1], grid=[4, 7], k=k).edge(1, 0, 0)
    assert edge.knots.shape == (7 + 1 + 2 * k,)
    assert edge.coefficients.shape == (7 + k,)
    assert isinstance(edge.base_weight, float)
    assert (edge.degree, edge.intervals, edge.base) == (k, 7, "silu")
    assert edge.extrapolation == "linear"


@DTYPES
def test_arrays_have_the_precision_of_the_model(dtype: str) -> None:
    edge = KAN([1, 1], dtype=dtype).edge(0, 0, 0)
    assert edge.knots.dtype == edge.coefficients.dtype == edge(0.5).dtype == dtype


@pytest.mark.parametrize("base", ["silu", "identity", "zero"])
@DEGREES
def test_an_edge_is_its_spline_and_its_weighted_base(k: int, base: str) -> None:
    edge = uneven(k, base_fun=base).edge(0, 0, 0)
    x = inside(edge)[1:-1]
    bases = {"silu": x * expit(x), "identity": x, "zero": 0 * x}
    expected = edge.to_scipy()(x) + edge.base_weight * bases[base]
    # a dozen roundings of numbers of size 10
    np.testing.assert_allclose(edge(x), expected, rtol=1e-13, atol=1e-13)


def test_the_base_weight_of_a_zero_base_is_zero() -> None:
    assert KAN([1, 1], base_fun="zero").edge(0, 0, 0).base_weight == 0.0


@DEGREES
@DTYPES
def test_a_layer_is_the_sum_of_its_edges(k: int, dtype: str) -> None:
    model = trained_like(KAN([3, 2], grid=5, k=k, dtype=dtype))
    x = np.random.default_rng(6).uniform(-1.5, 1.5, (50, 3))
    total = sum(
        np.stack([model.edge(0, i, j)(x[:, i]) for j in range(2)], axis=1) for i in range(3)
    )
    # three terms in another order
    epsilon = np.finfo(dtype).eps
    scale = np.abs(model.get_parameters()).max() * 10
    np.testing.assert_allclose(model(x), total, rtol=0, atol=8 * epsilon * scale)


@pytest.mark.parametrize("policy", ["linear", "clamp", "zero", "polynomial"])
def test_outside_the_grid_an_edge_does_what_its_model_does(policy: str) -> None:
    model = uneven(3, extrapolation=policy)
    x = np.linspace(-9, 9, 101)
    assert model.edge(0, 0, 0).extrapolation == policy
    np.testing.assert_array_equal(model.edge(0, 0, 0)(x), model(x[:, np.newaxis])[:, 0])


def test_a_linear_continuation_has_the_value_and_slope_of_the_end() -> None:
    edge = uneven(3, base_fun="zero").edge(0, 0, 0)
    spline, end = edge.to_scipy(), float(inside(edge)[-1])
    expected = spline(end) + spline(end, nu=1) * np.array([1.0, 7.0])
    np.testing.assert_allclose(edge(end + np.array([1.0, 7.0])), expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3), (2, 1, 4)])
def test_the_result_has_the_shape_of_the_points(shape: tuple[int, ...]) -> None:
    edge = KAN([1, 1]).edge(0, 0, 0)
    assert edge(np.zeros(shape)).shape == shape


def test_points_may_come_as_a_list_or_in_any_layout() -> None:
    edge = KAN([1, 1]).edge(0, 0, 0)
    points = np.linspace(-1, 1, 12).reshape(3, 4)
    expected = edge(points)
    np.testing.assert_array_equal(edge(points.tolist()), expected)
    np.testing.assert_array_equal(edge(np.asfortranarray(points)), expected)
    np.testing.assert_array_equal(edge(points.T).T, expected)


@pytest.mark.parametrize(
    ("points", "kind", "message"),
    [
        (np.nan, ValueError, "x must be finite, got nan"),
        ([0.0, np.inf], ValueError, "x must be finite, got inf at row 1"),
        ("a", TypeError, "x must hold real numbers, got dtype <U1"),
        (1j, TypeError, "x must hold real numbers, got dtype complex128"),
        (None, TypeError, "x must hold real numbers, got dtype object with a NoneType"),
        ([[1.0], [1.0, 2.0]], ValueError, "x must be a rectangular array of numbers"),
    ],
)
def test_an_edge_refuses_as_points(points: Any, kind: type[Exception], message: str) -> None:
    edge = KAN([1, 1]).edge(0, 0, 0)
    with pytest.raises(kind, match=message):
        edge(points)


@DEGREES
def test_the_scipy_spline_holds_the_same_numbers(k: int) -> None:
    edge = uneven(k).edge(0, 0, 0)
    spline = edge.to_scipy()
    np.testing.assert_array_equal(spline.t, edge.knots)
    np.testing.assert_array_equal(spline.c, edge.coefficients)
    assert spline.k == k


def test_without_scipy_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    edge = KAN([1, 1]).edge(0, 0, 0)
    for name in [name for name in sys.modules if name.partition(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError, match=r"to_scipy\(\) needs SciPy: pip install scipy"):
        edge.to_scipy()


def test_changing_an_edge_changes_neither_its_model_nor_its_spline() -> None:
    model = KAN([1, 1])
    before = model(np.zeros((1, 1)))
    edge = model.edge(0, 0, 0)
    spline = edge.to_scipy()
    edge.coefficients[:] = 7.0
    edge.knots[:] += 1.0
    np.testing.assert_array_equal(model(np.zeros((1, 1))), before)
    assert not (spline.c == 7.0).any()
    assert spline.t[0] != edge.knots[0]


def test_training_a_model_does_not_change_an_edge_that_was_taken() -> None:
    model = KAN([1, 1])
    edge = model.edge(0, 0, 0)
    before = edge.coefficients.copy()
    x = np.linspace(-1, 1, 30)[:, np.newaxis]
    model.fit(x, x**2, steps=2)
    np.testing.assert_array_equal(edge.coefficients, before)
    assert not np.array_equal(model.edge(0, 0, 0).coefficients, before)


def test_the_attributes_of_an_edge_cannot_be_replaced() -> None:
    with pytest.raises(AttributeError, match="cannot assign to field 'base_weight'"):
        KAN([1, 1]).edge(0, 0, 0).base_weight = 1.0  # type: ignore[misc]


def test_its_repr_is_one_short_line() -> None:
    model = KAN([1, 1], grid=4, k=2, noise_scale=0, scale_base_mu=0.5, scale_base_sigma=0)
    assert repr(model.edge(0, 0, 0)) == "Edge(0, 0, 0; grid=4, k=2, base_weight=0.5)"
