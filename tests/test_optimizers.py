"""What `fit` promises about its optimizers, and a KAN driven by somebody else's."""

import itertools
import warnings

import numpy as np
import pytest
from scipy.optimize import minimize

import kan
from kan import KAN, create_dataset
from random_models import random_model, with_masked_edges

QUIET = {"verbose": False}


def formula(x):
    return np.exp(np.sin(np.pi * x[:, [0]]) + x[:, [1]] ** 2)


@pytest.fixture(scope="module")
def data():
    return create_dataset(formula, n_var=2, train_num=300, test_num=200, seed=0)


def new_model(**options):
    return KAN([2, 3, 1], grid=4, seed=0, **options)


def rmse(model, X, y):
    return np.sqrt(np.mean((model(X) - y) ** 2))


def between(values, steps):
    """The stretches of a history that begin at `steps`."""
    edges = sorted({0, *steps, len(values)})
    return [values[a:b] for a, b in itertools.pairwise(edges)]


# ---- the methods ------------------------------------------------------------------------------


@pytest.mark.parametrize("lr", [1.0, 1e3])  # where a line search begins
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_loss_of_lbfgs_never_rises_between_grid_updates(data, dtype, lr):
    model = random_model([2, 3, 3, 1], scale=2.0, dtype=dtype)
    history = model.fit(data, steps=30, lr=lr, **QUIET)
    assert len(history.grid_updates) > 1
    for stretch in between(history["train_loss"], history.grid_updates):
        assert (np.diff(stretch) <= 0).all()


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_lbfgs_learns_the_demo_function_to_five_digits(seed):
    big = create_dataset(formula, n_var=2, train_num=3000, test_num=1000, seed=0)
    model = KAN([2, 1, 1], grid=20, seed=seed)
    with kan.threads(1):
        model.fit(big["train_input"], big["train_label"], opt="LBFGS", steps=100, **QUIET)
    assert rmse(model, big["test_input"], big["test_label"]) <= 5e-5


def test_adam_lowers_the_loss(data):
    history = new_model().fit(data, opt="Adam", lr=0.02, steps=300, **QUIET)
    assert history["train_loss"][-1] < 0.1 * history["train_loss"][0]


def test_adam_does_what_its_paper_says(data):
    model = new_model()
    X, y = data["train_input"], data["train_label"]
    twin, p = model.copy(), model.get_parameters()
    m, v = np.zeros_like(p), np.zeros_like(p)
    for t in range(1, 21):
        twin.set_parameters(p)
        g = twin.loss_and_gradient(X, y)[1]
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        p = p - 0.01 * 0.003 * p  # decoupled weight decay
        p = p - 0.01 * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    options = {"opt": "Adam", "lr": 0.01, "weight_decay": 0.003, "update_grid": False}
    model.fit(X, y, steps=20, **options, **QUIET)
    # 20 steps of at most 0.01, each right to some 20 roundings
    np.testing.assert_allclose(model.get_parameters(), p, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
def test_the_loss_of_each_step_is_the_root_mean_square_after_it(data, opt):
    seen = []

    def watch(progress):
        seen.append(rmse(progress.model, data["train_input"], data["train_label"]))

    history = new_model().fit(data, opt=opt, steps=8, callbacks=[watch], **QUIET)
    np.testing.assert_allclose(history["train_loss"], seen, rtol=1e-12)


@pytest.mark.parametrize("lr", [1.0, 1e3, 1e20, 1e300])
@pytest.mark.parametrize("batch", [-1, 50])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_learning_rate_of_adam_makes_a_parameter_nan(data, dtype, batch, lr):
    model = new_model(dtype=dtype)
    before = model.loss_and_gradient(data["train_input"], data["train_label"])[0]
    finite = []

    def watch(progress):
        finite.append(np.isfinite(progress.model.get_parameters()).all())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # may end beyond float32
        model.fit(data, opt="Adam", lr=lr, batch=batch, steps=30, callbacks=[watch], **QUIET)
    assert all(finite)
    assert np.isfinite(model.get_parameters()).all()
    after = model.loss_and_gradient(data["train_input"], data["train_label"])[0]
    assert after <= 1.001 * before  # a moved grid keeps the function as well as it can


@pytest.mark.filterwarnings("ignore:fit learnt nothing")
@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_no_targets_however_large_make_a_parameter_nan(data, opt, dtype):
    model = new_model(dtype=dtype)
    y = data["train_label"] * (1e18 if dtype == "float32" else 1e150)
    model.fit(data["train_input"], y, opt=opt, steps=10, **QUIET)
    assert np.isfinite(model.get_parameters()).all()


# ---- what remains -----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "options",
    [
        {"opt": "LBFGS", "steps": 12},
        {"opt": "Adam", "steps": 60, "lr": 0.5},
        {"opt": "Adam", "steps": 60, "lr": 0.5, "patience": 5},
        {"opt": "LBFGS", "steps": 12, "update_grid": False},
    ],
)
def test_the_best_parameters_seen_are_what_remains(data, options, dtype):
    model = new_model(dtype=dtype)
    start = model.loss_and_gradient(data["train_input"], data["train_label"])[0]
    history = model.fit(data, **options, **QUIET)
    value, _ = model.loss_and_gradient(data["train_input"], data["train_label"])
    assert np.sqrt(value) == pytest.approx(min([np.sqrt(start), *history["train_loss"]]), rel=1e-12)


def test_a_fit_that_only_makes_it_worse_leaves_the_model_as_it_was(data):
    model = new_model()
    model.fit(data, steps=30, **QUIET)
    before = model.get_parameters()
    model.fit(data, opt="Adam", lr=3.0, steps=5, update_grid=False, **QUIET)
    assert model.get_parameters().tobytes() == before.tobytes()


def test_no_steps_leave_the_model_as_it_is(data):
    model = new_model()
    before = model.get_parameters()
    assert model.fit(data, steps=0, **QUIET).steps == 0
    assert model.get_parameters().tobytes() == before.tobytes()


def noisy(rows=60):
    rng = np.random.default_rng(4)
    X = rng.uniform(-1, 1, (rows, 2))
    return X, X[:, :1] ** 2 + 0.5 * rng.standard_normal((rows, 1))


@pytest.mark.parametrize("batch", [-1, 20])
def test_patience_ends_a_training_that_no_longer_helps_the_validation_rows(batch):
    X, y = noisy()
    model = KAN([2, 6, 1], grid=10, seed=0)
    history = model.fit(
        X, y, opt="Adam", lr=0.05, steps=2000, batch=batch, validation_fraction=0.3, patience=10,
        **QUIET,
    )  # fmt: skip
    assert history.stopped == "patience"
    assert history.steps < 2000
    best = int(np.argmin(history["validation_loss"]))
    assert len(history["validation_loss"]) - 1 - best == 10


@pytest.mark.parametrize("batch", [-1, 20])
def test_the_parameters_that_suit_the_validation_rows_best_are_kept(batch):
    X, y = noisy()
    model = KAN([2, 6, 1], grid=10, seed=0)
    options = {"opt": "Adam", "lr": 0.05, "steps": 90, "batch": batch, "update_grid": False}
    history = model.fit(X, y, validation_fraction=0.3, seed=5, **options, **QUIET)
    held_out = np.sort(np.random.default_rng(5).permutation(60)[: round(0.3 * 60)])
    kept = rmse(model, X[held_out], y[held_out])
    assert kept == pytest.approx(min(history["validation_loss"]), rel=1e-12)
    assert kept < history["validation_loss"][-1]  # else nothing was chosen


def test_patience_without_validation_rows_watches_the_training_loss(data):
    history = new_model().fit(data, steps=100, patience=2, min_delta=0.01, **QUIET)
    assert history.stopped == "patience"
    squares = np.square(history["train_loss"])
    assert squares[-3] - squares[-1] <= 0.01


def test_rows_that_are_held_out_are_not_trained_on(data):
    X, y = data["train_input"], data["train_label"].copy()
    held_out = np.random.default_rng(7).permutation(len(X))[: round(0.2 * len(X))]
    ends = []
    for value in (0.0, 1e3):
        y[held_out] = value
        model = new_model()
        history = model.fit(X, y, steps=3, validation_fraction=0.2, seed=7, **QUIET)
        ends.append(history["train_loss"])
    assert ends[0] == ends[1]


# ---- minibatches ------------------------------------------------------------------------------


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
def test_minibatches_lower_the_loss_on_all_rows(data, opt):
    model = new_model()
    before = rmse(model, data["train_input"], data["train_label"])
    options = {"LBFGS": {"steps": 30}, "Adam": {"steps": 300, "lr": 0.02}}[opt]
    history = model.fit(data, opt=opt, batch=64, **options, **QUIET)
    assert history.steps == options["steps"]
    assert rmse(model, data["train_input"], data["train_label"]) < 0.3 * before


def test_an_epoch_of_minibatches_sees_every_row_once():
    X = np.linspace(-1, 1, 10)[:, np.newaxis]
    y = 10.0 ** np.arange(-10, 0)[:, np.newaxis]
    model = KAN([1, 1], noise_scale=0, scale_base_sigma=0)  # predicts 0, and hardly moves
    options = {"opt": "Adam", "lr": 1e-300, "batch": 3, "steps": 8, "update_grid": False}
    losses = np.square(model.fit(X, y, **options, **QUIET)["train_loss"])
    sizes = np.array([3, 3, 3, 1])
    epochs = losses.reshape(2, 4) * sizes
    np.testing.assert_allclose(epochs.sum(axis=1), (y**2).sum(), rtol=1e-12)
    assert not np.allclose(epochs[0], epochs[1], atol=0)


def test_a_batch_as_large_as_the_data_is_all_of_it(data):
    ends = []
    for batch in (-1, 300, 10**6):
        model = new_model()
        model.fit(data, opt="Adam", steps=20, batch=batch, **QUIET)
        ends.append(model.get_parameters().tobytes())
    assert ends[0] == ends[1] == ends[2]


# ---- weights, masks, groups -------------------------------------------------------------------


def test_weight_decay_shrinks_what_trains_and_nothing_else():
    model = with_masked_edges(random_model([3, 4, 1], sb_trainable=False))
    before = model.get_parameters()
    trainable = model._network.trainable().astype(bool)
    X = np.random.default_rng(0).uniform(-1, 1, (50, 3))
    options = {"lr": 0.1, "weight_decay": 0.5, "steps": 1, "update_grid": False}
    seen = []
    model.fit(X, model(X), opt="Adam", callbacks=[lambda p: seen.append(p.model.get_parameters())],
              **options, **QUIET)  # fmt: skip
    # The loss is 0 and so is its gradient: the decay is all there is.
    np.testing.assert_allclose(seen[0][trainable], 0.95 * before[trainable], rtol=1e-12)
    assert seen[0][~trainable].tobytes() == before[~trainable].tobytes()


@pytest.mark.parametrize(("opt", "decay"), [("LBFGS", 0.0), ("Adam", 0.0), ("Adam", 0.1)])
def test_masked_edges_stay_zero(data, opt, decay):
    model = with_masked_edges(random_model([2, 5, 1], seed=1))
    masks = [model._network.edge_mask(index) for index in range(model.depth)]
    assert any((mask == 0).any() for mask in masks)
    model.fit(data, opt=opt, steps=15, weight_decay=decay, **QUIET)
    for index, mask in enumerate(masks):
        weights = model._network.coefficients(index)
        assert (weights.transpose(0, 2, 1)[mask == 0] == 0).all()
        np.testing.assert_array_equal(model._network.edge_mask(index), mask)


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
@pytest.mark.parametrize("group", ["sp_trainable", "sb_trainable"])
def test_groups_that_do_not_train_keep_their_bits(data, opt, group):
    model = new_model(**{group: False})
    before = [model._network.coefficients(index).copy() for index in range(model.depth)]
    model.fit(data, opt=opt, steps=10, update_grid=False, **QUIET)
    after = [model._network.coefficients(index) for index in range(model.depth)]
    frozen = np.s_[:, :-1] if group == "sp_trainable" else np.s_[:, -1]
    moving = np.s_[:, -1] if group == "sp_trainable" else np.s_[:, :-1]
    for old, new in zip(before, after, strict=True):
        assert old[frozen].tobytes() == new[frozen].tobytes()
        assert (old[moving] != new[moving]).any()


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_a_weight_of_three_is_a_row_three_times(loss):
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (80, 2))
    y = rng.integers(0, 3, 80) if loss == "cross_entropy" else rng.standard_normal((80, 3))
    times = rng.integers(0, 4, 80)
    model = KAN([2, 4, 3], seed=0)
    twin = model.copy()
    options = {"opt": "LBFGS", "steps": 2, "loss_fn": loss, "update_grid": False}
    history = model.fit(X, y, sample_weight=times, **options, **QUIET)
    repeated = twin.fit(
        np.repeat(X, times, axis=0), np.repeat(y, times, axis=0), **options, **QUIET
    )
    # the same sums in another order, through 40 iterations that amplify the difference
    np.testing.assert_allclose(history["train_loss"], repeated["train_loss"], rtol=1e-8)
    np.testing.assert_allclose(model.get_parameters(), twin.get_parameters(), rtol=1e-4, atol=1e-6)


# ---- losses -----------------------------------------------------------------------------------


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
def test_a_loss_function_equals_the_named_loss_that_it_computes(data, opt):
    def mean_square(prediction, y):
        error = prediction - y
        return np.mean(error**2), 2 * error / error.size

    model = with_masked_edges(random_model([2, 3, 1]))
    twin = model.copy()
    named = model.fit(data, opt=opt, loss_fn="mse", steps=3, **QUIET)
    own = twin.fit(data, opt=opt, loss_fn=mean_square, steps=3, **QUIET)
    # up to 60 iterations amplify the roundings of the mean
    np.testing.assert_allclose(np.sqrt(own["train_loss"]), named["train_loss"], rtol=1e-6)
    assert own["test_loss"][-1] == pytest.approx(named["test_loss"][-1] ** 2, rel=1e-5)


@pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
def test_cross_entropy_tells_two_blobs_apart(opt):
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 2
    X = rng.standard_normal((400, 2)) + 3.0 * labels[:, np.newaxis]
    model = KAN([2, 2], seed=0)
    options = {"LBFGS": {"steps": 5}, "Adam": {"steps": 100, "lr": 0.05}}[opt]
    model.fit(X[:200], labels[:200], opt=opt, loss_fn="cross_entropy", **options, **QUIET)
    assert np.mean(model(X[200:]).argmax(axis=1) == labels[200:]) > 0.95


def test_the_history_of_cross_entropy_holds_the_loss_itself():
    labels = np.arange(40) % 2
    X = np.random.default_rng(0).standard_normal((40, 2)) + labels[:, np.newaxis]
    model = KAN([2, 2], seed=0)
    history = model.fit(X, labels, loss_fn="cross_entropy", steps=3, **QUIET)
    value, _ = model.loss_and_gradient(X, labels, "cross_entropy")
    assert value == pytest.approx(history["train_loss"][-1], rel=1e-12)


# ---- the other way round ----------------------------------------------------------------------


@pytest.mark.parametrize("method", ["L-BFGS-B", "CG"])
def test_scipy_trains_a_kan_through_its_flat_parameters(data, method):
    model = new_model()
    X, y = data["train_input"], data["train_label"]

    def objective(flat):
        model.set_parameters(flat)
        return model.loss_and_gradient(X, y)

    start = model.get_parameters()
    first, _ = objective(start)
    found = minimize(objective, start, jac=True, method=method, options={"maxiter": 60})
    model.set_parameters(found.x)
    assert rmse(model, X, y) ** 2 == pytest.approx(found.fun, rel=1e-12)
    assert found.fun < 0.05 * first


def test_a_copy_of_the_parameters_is_handed_out():
    model = new_model()
    model.get_parameters()[:] = 7.0
    assert not (model.get_parameters() == 7.0).any()


def test_parameters_that_were_set_are_got_back_but_for_masked_edges():
    model = with_masked_edges(new_model())
    values = np.random.default_rng(0).standard_normal(model.get_parameters().size)
    model.set_parameters(values)
    expected = np.where(model._network.trainable() == 1, values, 0.0)
    np.testing.assert_array_equal(model.get_parameters(), expected)
