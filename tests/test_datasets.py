import subprocess
import sys

import numpy as np
import pytest

from kan import create_dataset, create_dataset_from_data

PARTS = ("train_input", "test_input", "train_label", "test_label")

# create_dataset(f, n_var=2, train_num=2, test_num=1, seed=0)["train_input"] with the draws of
# torch 2.13.0: torch.rand(2), torch.rand(1) for each variable in turn, then 2 * u - 1.
TORCH_POINTS_FLOAT32 = [
    [-0.007486820220947266, -0.7359390258789062],
    [0.5364435911178589, -0.3851543664932251],
]


def first_column(x):
    return x[:, 0]


class TestCreateDataset:
    def test_it_returns_four_float64_arrays(self):
        dataset = create_dataset(lambda x: x.sum(axis=1), n_var=3, train_num=7, test_num=4)
        assert {name: array.shape for name, array in dataset.items()} == {
            "train_input": (7, 3),
            "test_input": (4, 3),
            "train_label": (7, 1),
            "test_label": (4, 1),
        }
        assert all(array.dtype == np.float64 for array in dataset.values())

    def test_the_points_are_the_ones_that_torch_draws(self):
        dataset = create_dataset(first_column, train_num=2, test_num=1, dtype="float32")
        expected = np.array(TORCH_POINTS_FLOAT32, dtype=np.float32)
        np.testing.assert_array_equal(dataset["train_input"], expected)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_every_bit_of_the_points_agrees_with_pykans_recipe_in_torch(self, dtype):
        torch = pytest.importorskip("torch")
        ranges = np.array([[-1.0, 1.0], [0.1, 0.7], [-3.0, 20.0]])
        sizes = {"train": 50, "test": 31}
        kind = getattr(torch, dtype)
        expected = {part: torch.zeros(size, 3, dtype=kind) for part, size in sizes.items()}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(42)
            for variable, (low, high) in enumerate(ranges):
                for points in expected.values():
                    unit = torch.rand(len(points), dtype=kind)
                    points[:, variable] = unit * (high - low) + low
        dataset = create_dataset(first_column, 3, "col", ranges, 50, 31, seed=42, dtype=dtype)
        for part, points in expected.items():
            np.testing.assert_array_equal(dataset[f"{part}_input"], points.numpy())

    def test_each_variable_keeps_to_its_range(self):
        dataset = create_dataset(first_column, ranges=[[0, 1], [5, 9]])
        points = dataset["train_input"]
        assert points[:, 0].min() >= 0
        assert points[:, 0].max() < 1
        assert points[:, 1].min() >= 5
        assert points[:, 1].max() < 9

    def test_one_range_serves_every_variable(self):
        shared = create_dataset(first_column, n_var=3, ranges=[0, 2])
        repeated = create_dataset(first_column, n_var=3, ranges=[[0, 2]] * 3)
        np.testing.assert_array_equal(shared["train_input"], repeated["train_input"])

    def test_row_mode_hands_the_variables_over_as_rows(self):
        dataset = create_dataset(lambda x: x[0] * x[1], f_mode="row")
        expected = dataset["train_input"][:, :1] * dataset["train_input"][:, 1:]
        np.testing.assert_array_equal(dataset["train_label"], expected)

    def test_labels_may_have_several_columns(self):
        dataset = create_dataset(lambda x: np.stack([x[:, 0], x[:, 1] ** 2], axis=1), test_num=3)
        expected = dataset["test_input"] ** [1, 2]
        np.testing.assert_array_equal(dataset["test_label"], expected)

    def test_integer_labels_become_floats(self):
        dataset = create_dataset(lambda x: x[:, 0] > 0)
        assert dataset["train_label"].dtype == np.float64

    def test_labels_are_not_a_view_of_the_points(self):
        dataset = create_dataset(first_column)
        assert not np.shares_memory(dataset["train_input"], dataset["train_label"])

    def test_inputs_are_standardised_by_the_training_part(self):
        plain = create_dataset(first_column)
        scaled = create_dataset(first_column, normalize_input=True)
        mean = plain["train_input"].mean(axis=0)
        deviation = plain["train_input"].std(axis=0, ddof=1)
        np.testing.assert_array_equal(
            scaled["test_input"], (plain["test_input"] - mean) / deviation
        )
        np.testing.assert_array_equal(scaled["train_label"], plain["train_label"])

    def test_labels_are_standardised_by_the_training_part(self):
        plain = create_dataset(first_column)
        scaled = create_dataset(first_column, normalize_label=True)
        mean, deviation = plain["train_label"].mean(), plain["train_label"].std(ddof=1)
        expected = (plain["test_label"] - mean) / deviation
        # The mean of 1000 numbers below 1 is off by at most 1000 * eps either way.
        np.testing.assert_allclose(scaled["test_label"], expected, rtol=0, atol=1e3 * 2.3e-16)
        np.testing.assert_array_equal(scaled["train_input"], plain["train_input"])

    def test_a_test_part_of_no_samples_is_allowed(self):
        dataset = create_dataset(first_column, test_num=0)
        assert dataset["test_input"].shape == (0, 2)
        assert dataset["test_label"].shape == (0, 1)

    def test_global_random_state_is_neither_used_nor_changed(self):
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        first = create_dataset(first_column)["train_input"]
        np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
        np.random.random(3)  # noqa: NPY002
        np.testing.assert_array_equal(create_dataset(first_column)["train_input"], first)

    def test_a_function_written_for_torch_works(self):
        torch = pytest.importorskip("torch")
        dataset = create_dataset(lambda x: torch.exp(torch.sin(torch.pi * x[:, [0]])))
        assert all(isinstance(dataset[name], torch.Tensor) for name in PARTS)
        assert all(dataset[name].dtype == torch.float64 for name in PARTS)
        expected = np.exp(np.sin(np.pi * dataset["train_input"][:, :1].numpy()))
        # exp and sin of both libraries are good to a few units in the last place.
        np.testing.assert_allclose(dataset["train_label"], expected, rtol=2e-15)

    def test_a_function_that_calls_tensor_methods_works(self):
        torch = pytest.importorskip("torch")
        dataset = create_dataset(lambda x: x.abs() + torch.zeros(1, requires_grad=True))
        np.testing.assert_array_equal(dataset["test_label"], abs(dataset["test_input"]))
        assert not dataset["test_label"].requires_grad

    def test_a_function_of_either_kind_gives_arrays_while_torch_is_only_loaded(self):
        pytest.importorskip("torch")
        dataset = create_dataset(first_column)
        assert all(type(dataset[name]) is np.ndarray for name in PARTS)

    def test_a_device_of_torch_asks_for_tensors(self):
        torch = pytest.importorskip("torch")
        dataset = create_dataset(first_column, device=torch.device("cpu"))
        assert all(isinstance(dataset[name], torch.Tensor) for name in PARTS)
        split = create_dataset_from_data(np.ones((5, 1)), np.ones(5), device=torch.device("cpu"))
        assert all(isinstance(split[name], torch.Tensor) for name in PARTS)

    def test_row_mode_hands_tensors_one_row_per_variable(self):
        torch = pytest.importorskip("torch")
        dataset = create_dataset(lambda x: torch.exp(x[0]) + x[1], f_mode="row")
        inputs = dataset["train_input"].numpy()
        expected = np.exp(inputs[:, 0]) + inputs[:, 1]
        np.testing.assert_allclose(dataset["train_label"][:, 0], expected, rtol=1e-15, atol=1e-15)

    def test_a_numpy_function_does_not_import_torch(self):
        code = (
            "import sys\nfrom kan._datasets import create_dataset\n"
            "try: create_dataset(lambda x: x + 'a')\n"
            "except TypeError: print('torch' in sys.modules)"
        )
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert ran.stdout == "False\n", ran.stderr

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"n_var": 0}, "n_var must be at least 1, got 0"),
            ({"train_num": 0}, "train_num must be at least 1, got 0"),
            ({"test_num": -1}, "test_num must be at least 0, got -1"),
            ({"f_mode": "column"}, "f_mode must be 'col' or 'row', got 'column'"),
            ({"device": "cuda"}, "device must be 'cpu', got 'cuda'"),
            ({"ranges": [1, 2, 3]}, r"ranges must be .* \(2, 2\).*got shape \(3,\)"),
            ({"ranges": [[0, 1]]}, r"ranges must be .* \(2, 2\).*got shape \(1, 2\)"),
            ({"ranges": ["a", "b"]}, r"ranges must be .*got \['a', 'b'\]"),
            ({"ranges": [[0, 1], [2, 1]]}, r"low <= high, got \[2\.0, 1\.0\] for variable 1"),
            ({"ranges": [0, np.inf]}, r"finite .* got \[0\.0, inf\] for variable 0"),
            ({"dtype": "int32"}, "dtype must be one of 'float32', 'float64', got 'int32'"),
        ],
    )
    def test_a_wrong_value_is_named(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            create_dataset(first_column, **arguments)

    def test_a_dtype_that_is_none_is_named(self):
        message = "dtype must be 'float64' or 'float32', got 'foo'"
        with pytest.raises(TypeError, match=message):
            create_dataset(first_column, dtype="foo")

    @pytest.mark.parametrize("device", ["cpu", "CPU", "cpu:0", None])
    def test_the_processor_has_several_names(self, device):
        assert create_dataset(first_column, test_num=3, device=device)["test_input"].shape == (3, 2)

    @pytest.mark.parametrize("name", ["n_var", "train_num", "test_num", "seed"])
    def test_a_count_or_seed_that_is_no_integer_is_named(self, name):
        with pytest.raises(TypeError, match=rf"{name} must be an integer, got 2\.5"):
            create_dataset(first_column, **{name: 2.5})

    def test_labels_of_the_wrong_length_are_refused(self):
        message = r"f must return labels of shape \(1000,\) or \(1000, n_out\), got \(2,\)"
        with pytest.raises(ValueError, match=message):
            create_dataset(lambda x: x[0])

    def test_a_number_as_label_is_refused(self):
        with pytest.raises(ValueError, match=r"f must return labels .* got \(\)"):
            create_dataset(lambda x: 1.0)

    def test_labels_that_are_not_finite_are_counted(self):
        def two_infinities(x):
            return np.where(np.arange(len(x)) % 600 == 5, np.inf, 1.0)

        message = r"what f returns must be finite, but 2 of 1000 rows .*the first is row 5"
        with pytest.raises(ValueError, match=message):
            create_dataset(two_infinities)

    def test_complex_labels_are_refused(self):
        with pytest.raises(TypeError, match=r"what f returns must be real numbers, got .*complex"):
            create_dataset(lambda x: x[:, 0] + 1j)

    def test_constant_labels_cannot_be_standardised(self):
        with pytest.raises(
            ValueError, match=r"normalize_label needs columns that vary, but col.* 0"
        ):
            create_dataset(lambda x: np.full(len(x), 0.1), normalize_label=True)


class TestCreateDatasetFromData:
    inputs = np.arange(20.0).reshape(10, 2)
    labels = np.arange(10.0)

    def test_every_sample_lands_in_one_part_beside_its_label(self):
        dataset = create_dataset_from_data(self.inputs, self.labels)
        assert dataset["train_input"].shape == (8, 2)
        assert dataset["test_label"].shape == (2, 1)
        both = np.concatenate([dataset["train_label"], dataset["test_label"]])
        np.testing.assert_array_equal(np.sort(both[:, 0]), self.labels)
        for part in ("train", "test"):
            expected = 2 * dataset[f"{part}_label"] + [0, 1]
            np.testing.assert_array_equal(dataset[f"{part}_input"], expected)

    def test_the_training_rows_are_the_choice_of_numpys_seeded_generator(self):
        rows = np.random.RandomState(3).choice(10, 8, replace=False)
        dataset = create_dataset_from_data(self.inputs, self.labels, seed=3)
        np.testing.assert_array_equal(dataset["train_label"][:, 0], self.labels[rows])

    def test_the_test_rows_keep_their_order(self):
        dataset = create_dataset_from_data(self.inputs, self.labels, 0.3)
        assert np.all(np.diff(dataset["test_label"][:, 0]) > 0)

    def test_all_samples_may_be_for_training(self):
        dataset = create_dataset_from_data(self.inputs, self.labels, train_ratio=1)
        assert dataset["test_input"].shape == (0, 2)

    def test_the_arrays_are_copies(self):
        dataset = create_dataset_from_data(self.inputs, self.labels)
        assert not any(np.shares_memory(self.inputs, dataset[name]) for name in PARTS)

    def test_float32_stays_and_class_labels_stay_integers(self):
        dataset = create_dataset_from_data(np.ones((5, 1), np.float32), [0, 1, 2, 0, 1])
        assert dataset["train_input"].dtype == np.float32
        assert dataset["train_label"].dtype.kind == "i"

    def test_tensors_stay_tensors_and_arrays_arrays(self):
        torch = pytest.importorskip("torch")
        inputs = torch.ones(10, 2, requires_grad=True)
        dataset = create_dataset_from_data(inputs, np.arange(10))
        assert dataset["train_input"].dtype == torch.float32
        assert not dataset["train_input"].requires_grad
        assert type(dataset["train_label"]) is np.ndarray

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ((np.ones(5), np.ones(5)), r"inputs must have shape \(N, n_var\), got \(5,\)"),
            (
                (np.ones((5, 2)), np.ones(4)),
                r"labels must have shape \(5,\) or \(5, n_out\) .* \(5, 2\), got \(4,\)",
            ),
            ((np.ones((5, 2)), np.ones(5), 0.0), "train_ratio must be above 0 .* got 0.0"),
            ((np.ones((5, 2)), np.ones(5), 1.5), "train_ratio must be .* at most 1, got 1.5"),
            ((np.ones((5, 2)), np.ones(5), 0.1), "train_ratio=0.1 of 5 samples leaves no sample"),
            ((np.full((5, 2), np.nan), np.ones(5)), "inputs must be finite, but 5 of 5 rows"),
            ((np.ones((5, 2)), [1, 2, np.inf, 4, 5]), "labels must be finite, but 1 of 5 rows"),
            ((np.ones((5, 2)), np.ones(5), 0.8, "cuda:0"), "device must be 'cpu', got 'cuda:0'"),
        ],
    )
    def test_a_wrong_value_is_named(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            create_dataset_from_data(*arguments)

    @pytest.mark.parametrize(
        ("ratio", "kind", "message"),
        [
            ("a", TypeError, "train_ratio must be a number, got 'a'"),
            (None, TypeError, "train_ratio must be a number, got None"),
            (np.nan, ValueError, "train_ratio must be finite, got nan"),
        ],
    )
    def test_a_share_that_is_no_number_is_named(self, ratio, kind, message):
        with pytest.raises(kind, match=message):
            create_dataset_from_data(np.ones((5, 2)), np.ones(5), ratio)

    def test_text_is_refused(self):
        with pytest.raises(TypeError, match="labels must be real numbers, got dtype <U1"):
            create_dataset_from_data(np.ones((2, 1)), ["a", "b"])
