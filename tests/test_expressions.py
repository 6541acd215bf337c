"""Formulas of sympy: rounded, and as more inputs."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from kan import augment_input, ex_round

sympy = pytest.importorskip("sympy")
x, y = sympy.symbols("x y")


class TestRounding:
    def test_every_float_is_rounded_once_and_for_all(self):
        """pykan's needs two or three calls for nested ones."""
        formula = 1.23456 * sympy.exp(0.98765 * sympy.sin(3.14159 * x + 0.00012) ** 2.00004)
        rounded = ex_round(formula, 3)
        assert rounded == sympy.Float(1.235) * sympy.exp(
            sympy.Float(0.988) * sympy.sin(sympy.Float(3.142) * x) ** sympy.Float(2.0)
        )
        assert ex_round(rounded, 3) == rounded

    def test_numbers_that_are_equal_after_rounding_meet(self):
        assert ex_round(1.0001 * x - 0.9999 * x * sympy.Float(1), 2) == 0
        assert ex_round(sympy.sin(1.00001 * x) - sympy.sin(0.99999 * x), 3) == 0

    def test_what_rounds_to_zero_is_gone(self):
        assert ex_round(1e-9 * x + sympy.Float(0.5) * y, 4) == sympy.Float(0.5) * y
        assert ex_round(-1e-9 * sympy.exp(x) + y, 4) == y

    def test_integers_fractions_and_constants_stay(self):
        formula = sympy.Rational(1, 3) * sympy.pi * x**7
        assert ex_round(formula, 1) == formula

    def test_the_formula_that_is_given_stays(self):
        formula = 1.23456 * x
        ex_round(formula, 2)
        assert formula == 1.23456 * x

    def test_no_float_has_more_digits_than_asked_for(self):
        rng = np.random.default_rng(0)
        formula = x
        for a, b, c in rng.normal(scale=5, size=(3, 3)):
            formula = c * sympy.sin(a * formula + b * y) ** 2 + a
        rounded = ex_round(formula, 3)
        numbers = rounded.atoms(sympy.Float)
        assert len(numbers) > 5
        assert all(float(number) == round(float(number), 3) for number in numbers)

    def test_numbers_too_large_for_decimals_stay(self):
        for number in (sympy.Float("1e400"), sympy.Float("-inf"), sympy.Float("nan")):
            assert str(ex_round(number * x, 2)) == str(number * x)

    def test_numbers_and_matrices_are_expressions_too(self):
        assert ex_round(1.23456, 2) == sympy.Float(1.23)
        assert ex_round(sympy.Matrix([1.23456 * x, 2.0]), 2) == sympy.Matrix([1.23 * x, 2.0])
        assert ex_round(sympy.oo, 2) == sympy.oo

    def test_what_is_no_expression_is_refused(self):
        for wrong in ("1.5*x", [1.5 * x], None):
            with pytest.raises(TypeError, match="expr must be a sympy expression, got"):
                ex_round(wrong, 2)
        with pytest.raises(ValueError, match="n_digit must be an integer >= 0, got -1"):
            ex_round(x, -1)

    def test_without_sympy_the_extra_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "sympy", None)
        with pytest.raises(ImportError, match=r"ex_round\(\) needs sympy: pip install \"kan-core"):
            ex_round(1.0, 2)


class TestAugmentedInputs:
    data = np.random.default_rng(0).uniform(1, 2, (5, 2))

    def test_the_values_of_formulas_stand_in_front(self):
        augmented = augment_input((x, y), (x / y, sympy.sqrt(x), 3), self.data)
        a, b = self.data.T
        expected = np.column_stack([a / b, np.sqrt(a), np.full(5, 3.0), a, b])
        np.testing.assert_allclose(augmented, expected, rtol=1e-15)

    def test_a_dataset_comes_back_as_a_new_one(self):
        labels = np.zeros((5, 1))
        given = {"train_input": self.data, "test_input": self.data[:2], "train_label": labels}
        augmented = augment_input([x, y], [x + y], given)
        assert augmented["train_input"].shape == (5, 3)
        assert augmented["test_input"].shape == (2, 3)
        assert augmented["train_label"] is labels
        assert given["train_input"] is self.data

    def test_float32_stays(self):
        assert augment_input([x, y], [x * y], self.data.astype(np.float32)).dtype == np.float32

    def test_tensors_stay_tensors(self):
        torch = pytest.importorskip("torch")
        augmented = augment_input([x, y], [x * y], torch.from_numpy(self.data))
        assert isinstance(augmented, torch.Tensor)
        assert augmented.dtype == torch.float64

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            ((x, [x], data), TypeError, "orig_vars must be a list of sympy expressions, got x"),
            (([x, y], x, data), TypeError, "aux_vars must be a list of sympy expressions, got x"),
            (([x], [x * y], data), ValueError, r"aux_vars must be formulas of \[x\], got \['y'\]"),
            (([x], [x], data), ValueError, r"x must have shape \(N, 1\), got \(5, 2\)"),
            (([x, y], [sympy.log(-x)], data), ValueError, "aux_vars must be finite on x: log"),
            (([x, y], [x], {"labels": 1}), ValueError, "x must have train_input or test_input"),
        ],
    )
    def test_what_does_not_fit_is_named(self, arguments, error, message):
        with pytest.raises(error, match=message):
            augment_input(*arguments)
