"""Problems: conditions on models, and what solving them brings."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from kan import KAN, Tensor, pde
from random_models import random_model

TIME = pde.grid_points([(0, 1)], 21)
START = [[0.0]]


def decay(model=None, **options):
    """u' = -u, u(0) = 1."""
    model = model or KAN([1, 1], grid=5, k=5, grid_range=(0, 1), **options)
    problem = pde.Problem(model)
    problem.add(TIME, lambda t, u: u.d(0) + u.value, name="equation")
    problem.add(START, lambda t, u: u.value - 1.0, name="start")
    return problem


def error_of(problem, exact, points=101):
    t = pde.grid_points([(0, 1)], points)
    return np.abs(problem.model(t)[:, 0] - exact(t[:, 0])).max()


def decaying(t):
    return np.exp(-t)


def heat(width=(2, 3, 1), **options):
    """u_t = u_xx with the values of exp(-t) sin(x) around."""
    box = [(0, 1), (0, 1)]
    problem = pde.Problem(KAN(list(width), k=4, **options))
    problem.add(pde.grid_points(box, 8), lambda x, u: u.d(1) - u.d(0, 0), weight=0.1)
    problem.add(
        pde.boundary_points(box, 10), lambda x, u: u.value - np.exp(-x[:, 1]) * np.sin(x[:, 0])
    )
    return problem


class TestConditions:
    def problem(self, width=(2, 2, 1), **options):
        return pde.Problem(KAN(list(width), **options))

    def test_the_model_is_a_kan(self):
        with pytest.raises(TypeError, match="model must be a KAN, got str"):
            pde.Problem("model")

    def test_points_have_the_columns_of_the_model(self):
        with pytest.raises(ValueError, match=r"points must have shape \(N, 2\), got \(3, 1\)"):
            self.problem().add(np.zeros((3, 1)), lambda x, u: u.value)
        with pytest.raises(ValueError, match="points must be finite, got nan at row 0, column 1"):
            self.problem().add([[0.0, np.nan]], lambda x, u: u.value)
        with pytest.raises(ValueError, match="points must have at least one row"):
            self.problem().add(np.zeros((0, 2)), lambda x, u: u.value)
        with pytest.raises(ValueError, match="points must lie inside the grid"):
            self.problem(extrapolation="error").add([[2.0, 0.0]], lambda x, u: u.value)

    def test_points_are_copied(self):
        points = np.zeros((2, 2))
        problem = self.problem()
        problem.add(points, lambda x, u: u.value - x[:, 0])
        before = problem.residuals()[0]
        points += 1.0
        np.testing.assert_array_equal(problem.residuals()[0], before)

    def test_residuals_are_functions_and_weights_positive(self):
        with pytest.raises(TypeError, match="residual must be a function of x and u, got 1"):
            self.problem().add([[0.0, 0.0]], 1)
        with pytest.raises(ValueError, match=r"weight must be > 0\.0, got 0"):
            self.problem().add([[0.0, 0.0]], lambda x, u: u.value, weight=0)

    def test_names_are_new_and_no_curves_of_the_history(self):
        problem = self.problem()
        problem.add([[0.0, 0.0]], lambda x, u: u.value, name="wall")
        for name in ("wall", "train_loss"):
            with pytest.raises(ValueError, match=f"name must be none of .*, got '{name}'"):
                problem.add([[0.0, 0.0]], lambda x, u: u.value, name=name)
        with pytest.raises(TypeError, match="name must be a string, got 3"):
            problem.add([[0.0, 0.0]], lambda x, u: u.value, name=3)

    def test_a_condition_that_does_not_fit_is_not_added(self):
        problem = decay()
        with pytest.raises(TypeError, match="must return a tensor"):
            problem.add(TIME, lambda t, u: 0.0)
        assert len(problem.residuals()) == 2

    def test_residuals_come_in_the_shapes_that_they_have(self):
        problem = self.problem((2, 2, 2))
        points = np.random.default_rng(0).uniform(-1, 1, (5, 2))
        problem.add(points, lambda x, u: u[0].value)
        problem.add(points[:3], lambda x, u: u.value)
        one, two = problem.residuals()
        assert (one.shape, two.shape) == ((5,), (3, 2))
        np.testing.assert_allclose(two, problem.model(points[:3]), rtol=1e-14)

    def test_looking_at_the_loss_changes_no_unknown(self):
        rate = Tensor(0.1)
        problem = pde.Problem(KAN([1, 1], dtype="float32"), [rate])
        problem.add(TIME, lambda t, u: u.value - rate)
        numbers = rate.data
        problem.loss()
        problem.residuals()
        assert rate.data is numbers


class TestSolve:
    @pytest.mark.parametrize("opt", ["LM", "LBFGS", "Adam"])
    def test_every_optimizer_lowers_the_loss(self, opt):
        problem = heat()
        before = problem.loss()
        history = problem.solve(opt, steps=10 if opt != "Adam" else 50, lr=None)
        assert problem.loss() < {"LM": 1e-3, "LBFGS": 1e-2, "Adam": 0.9}[opt] * before
        assert history.optimizer == opt

    def test_a_linear_equation_is_solved_to_six_digits_in_a_second(self):
        problem = decay()
        history = problem.solve(steps=30)
        assert error_of(problem, decaying) < 1e-6
        assert history.seconds < 1.0

    def test_a_third_derivative_is_solved_for(self):
        problem = pde.Problem(KAN([1, 1], grid=6, k=5, grid_range=(0, 1)))
        problem.add(TIME, lambda t, u: u.d(0, 0, 0) - 8.0 * np.exp(2 * t[:, 0]), weight=1e-3)
        problem.add(START, lambda t, u: [u.value - 1.0, u.d(0) - 2.0, u.d(0, 0) - 4.0])
        problem.solve(steps=40)
        assert error_of(problem, lambda t: np.exp(2 * t)) < 1e-4

    def test_a_system_of_two_outputs_is_solved(self):
        problem = pde.Problem(KAN([1, 2], grid=6, k=5, grid_range=(0, 1)))
        problem.add(TIME, lambda t, u: [u[0].d(0) - u[1].value, u[1].d(0) + u[0].value])
        problem.add(START, lambda t, u: u.value - np.array([0.0, 1.0]))
        problem.solve(steps=30)
        t = TIME[:, 0]
        expected = np.stack([np.sin(t), np.cos(t)], axis=1)
        np.testing.assert_allclose(problem.model(TIME), expected, atol=1e-6)

    def test_float32_models_are_solved_as_far_as_their_digits_go(self):
        problem = decay(dtype="float32")
        history = problem.solve(steps=20)
        assert error_of(problem, decaying) < 1e-3
        assert history["train_loss"][-1] < 1e-6

    def test_models_that_leave_inputs_out_are_solved(self):
        model = KAN([2, 2, 1], k=5, grid_range=(0, 1)).prune_input(active_inputs=[1])
        points = np.insert(TIME, 0, 0.4, axis=1)
        problem = pde.Problem(model)
        problem.add(points, lambda x, u: u.d(1) + u.value + u.d(0))
        problem.add([[0.4, 0.0]], lambda x, u: u.value - 1.0)
        problem.solve(steps=40)
        np.testing.assert_allclose(model(points)[:, 0], decaying(TIME[:, 0]), atol=1e-4)

    def test_the_history_has_a_curve_for_every_condition(self):
        problem = decay()
        history = problem.solve(steps=5, update_grid=False)
        assert set(history) == {"train_loss", "test_loss", "reg", "equation", "start"}
        assert len(history["train_loss"]) == len(history["start"]) == history.steps == 5
        total = np.array(history["equation"]) + history["start"]
        np.testing.assert_allclose(total, history["train_loss"], rtol=1e-12)
        assert problem.loss() == pytest.approx(min(history["train_loss"]), rel=1e-12)

    def test_the_best_parameters_seen_remain(self):
        problem = decay()
        losses = problem.solve("Adam", steps=30, lr=0.5, update_grid=False)["train_loss"]
        assert min(losses) < 0.9 * losses[-1]
        assert problem.loss() == pytest.approx(min(losses), rel=1e-12)

    def test_no_steps_change_nothing(self):
        problem = decay()
        before = problem.model.get_parameters()
        assert problem.solve(steps=0).steps == 0
        np.testing.assert_array_equal(problem.model.get_parameters(), before)

    def test_the_same_problem_has_the_same_solution_again(self):
        one, other = (heat(seed=3) for _ in range(2))
        for problem in (one, other):
            problem.solve(steps=5)
        np.testing.assert_array_equal(one.model.get_parameters(), other.model.get_parameters())

    def test_nothing_is_printed(self, capfd):
        decay().solve(steps=2)
        assert capfd.readouterr() == ("", "")


class TestGrids:
    def test_finer_ones_continue_where_the_coarser_ended(self):
        problem = decay(KAN([1, 2, 1], grid=3, k=4, grid_range=(0, 1)))
        history = problem.solve(steps=15, grids=[3, 6, 12])
        assert [intervals for _, intervals in history.refinements] == [3, 6, 12]
        assert [layer.intervals for layer in problem.model._network.layers] == [12, 12]
        starts = [step for step, _ in history.refinements]
        losses = history["train_loss"]
        assert all(losses[step] < 2 * losses[step - 1] for step in starts[1:])
        assert losses[-1] < 1e-2 * losses[starts[1] - 1]

    def test_each_layer_may_have_a_number_of_its_own(self):
        problem = decay(KAN([1, 2, 1], grid=3, k=4, grid_range=(0, 1)))
        problem.solve(steps=2, grids=[[4, 2]])
        assert [layer.intervals for layer in problem.model._network.layers] == [4, 2]

    def test_they_follow_what_flows_through_them(self):
        problem = heat()
        history = problem.solve(steps=10, stop_grid_update_step=4)
        assert history.grid_updates
        assert max(history.grid_updates) < 4
        low, high = problem.model._network.knots(0)[:, [4, -5]].T
        np.testing.assert_allclose([low, high], [[0, 0], [1, 1]], atol=0.05)

    def test_they_stay_where_that_is_wanted(self):
        problem = heat()
        knots = problem.model._network.knots(1).copy()
        assert not problem.solve(steps=5, update_grid=False).grid_updates
        np.testing.assert_array_equal(problem.model._network.knots(1), knots)

    def test_bad_ones_are_refused_before_anything_changes(self):
        problem = decay()
        before = problem.model.get_parameters()
        with pytest.raises(ValueError, match="grids must have at least one"):
            problem.solve(grids=[])
        with pytest.raises(ValueError, match="grids must be an integer in"):
            problem.solve(grids=[5, 0])
        np.testing.assert_array_equal(problem.model.get_parameters(), before)


class TestUnknowns:
    @pytest.mark.parametrize("opt", ["LM", "LBFGS"])
    def test_a_number_is_found_along_with_the_solution(self, opt):
        rate = Tensor(0.2)
        problem = pde.Problem(KAN([1, 1], grid=5, k=5, grid_range=(0, 1)), [rate])
        problem.add(TIME, lambda t, u: u.d(0) + rate * u.value)
        problem.add(TIME, lambda t, u: u.value - np.exp(-1.5 * t[:, 0]))
        problem.solve(opt, steps=40)
        assert rate.item() == pytest.approx(1.5, abs=1e-4 if opt == "LM" else 1e-2)
        assert rate.shape == ()

    def test_several_are_found(self):
        rates = Tensor([0.0, 0.0])
        problem = pde.Problem(KAN([1, 1], grid=6, k=5, grid_range=(0, 1)), [rates])
        problem.add(TIME, lambda t, u: u.d(0, 0) + rates[0] * u.d(0) + rates[1] * u.value)
        problem.add(TIME, lambda t, u: u.value - np.exp(-t[:, 0]) - np.exp(2 * t[:, 0]), 100.0)
        problem.solve(steps=60)
        np.testing.assert_allclose(rates.data, [-1.0, -2.0], atol=1e-3)

    def mixed(self):
        rates = Tensor([0.1, 0.2])
        problem = pde.Problem(KAN([1, 1], k=4), [rates])
        problem.add(TIME, lambda t, u: u.value * rates.sum() - 1.0)
        return problem

    def test_mixed_ones_do_not_suit_lm(self):
        problem = self.mixed()
        before = problem.model.get_parameters()
        with pytest.raises(ValueError, match="treat every point alone"):
            problem.solve(grids=[5])
        np.testing.assert_array_equal(problem.model.get_parameters(), before)
        assert problem.parameters[0].data.tolist() == [0.1, 0.2]

    @pytest.mark.parametrize("opt", ["LBFGS", "Adam"])
    def test_mixed_ones_suit_the_others(self, opt):
        problem = self.mixed()
        before = problem.loss()
        problem.solve(opt, steps=5)
        assert problem.loss() < before


class TestResample:
    def problem(self, seen):
        def points(rng):
            seen.append(rng.random())
            return pde.random_points([(0, 1)], 20, rng)

        problem = pde.Problem(KAN([1, 1], k=4, grid_range=(0, 1)))
        problem.add(points, lambda t, u: u.d(0) + u.value)
        problem.add(START, lambda t, u: u.value - 1.0)
        return problem

    @pytest.mark.parametrize("opt", ["LM", "LBFGS", "Adam"])
    def test_points_are_drawn_every_so_many_steps(self, opt):
        seen = []
        problem = self.problem(seen)
        before = problem.loss()
        problem.solve(opt, steps=6, resample=2, seed=5)
        assert len(seen) == len(set(seen)) == 4  # one by add
        assert problem.loss() < before

    def test_they_stay_without(self):
        seen = []
        problem = self.problem(seen)
        problem.solve(steps=3)
        assert len(seen) == 1

    def test_a_seed_draws_the_same_ones_again(self):
        draws = []
        for seed in (1, 1, 2):
            seen = []
            self.problem(seen).solve(steps=3, resample=1, seed=seed)
            draws.append(seen[1:])
        assert draws[0] == draws[1] != draws[2]

    def test_two_conditions_draw_points_of_their_own(self):
        problem = pde.Problem(KAN([1, 1]))
        for _ in range(2):
            problem.add(lambda rng: rng.random((4, 1)), lambda t, u: u.value - t[:, 0])
        one, other = problem.residuals()
        assert (one != other).all()

    def test_adam_keeps_its_averages_over_draws(self):
        solutions = []
        for resample in (None, 1):
            problem = pde.Problem(KAN([1, 1], k=4))
            problem.add(lambda rng: TIME, lambda t, u: u.d(0) + u.value - 1.0)
            problem.solve("Adam", steps=10, resample=resample, update_grid=False)
            solutions.append(problem.model.get_parameters())
        np.testing.assert_array_equal(*solutions)

    def test_the_best_is_that_of_the_last_points(self):
        points = iter([[[0.0]], [[0.0]], [[1.0]]])
        problem = pde.Problem(KAN([1, 1]))
        problem.add(lambda rng: next(points), lambda t, u: t[:, 0] * (u.value - 3.0))
        before = problem.model([[1.0]])
        assert problem.loss() == 0.0
        problem.solve("Adam", steps=20, resample=10, update_grid=False, lr=0.01)
        assert (problem.model([[1.0]]) > before).all()

    def test_there_must_be_something_to_draw(self):
        with pytest.raises(ValueError, match="resample works with points that came as functions"):
            decay().solve(resample=2)

    def test_drawn_points_must_fit(self):
        sizes = iter([1, 2])
        problem = pde.Problem(KAN([1, 1]))
        problem.add(lambda rng: rng.random((4, next(sizes))), lambda t, u: u.value)
        with pytest.raises(ValueError, match=r"points must have shape \(N, 1\), got \(4, 2\)"):
            problem.solve(resample=1)
        assert problem.residuals()[0].shape == (4,)


class TestEnds:
    def test_a_callback_that_returns_true_ends_it(self):
        seen = []
        history = decay().solve(
            steps=10, grids=[5, 10], callbacks=[lambda now: seen.append(now) or now.step == 3]
        )
        assert history.stopped == "callback"
        assert history.steps == 3
        assert [one.step for one in seen] == [1, 2, 3]
        assert {one.steps for one in seen} == {20}
        assert seen[-1].train_loss == history["train_loss"][-1]

    def test_callbacks_must_not_change_the_network(self):
        problem = decay()

        def refine(now):
            now.model._network = now.model.refine(7)._network

        with pytest.raises(ValueError, match="may look at the model, but not change it"):
            problem.solve(steps=3, callbacks=refine)

    @pytest.mark.parametrize("opt", ["LM", "LBFGS", "Adam"])
    def test_an_interrupt_leaves_the_last_whole_step(self, opt):
        problem = heat()
        kept = []

        def look(now):
            kept.append(now.model.get_parameters())

        def residual(x, u):
            if len(kept) == 3:
                raise KeyboardInterrupt
            return u.value

        problem.add([[0.5, 0.5]], residual)
        with pytest.raises(KeyboardInterrupt):
            problem.solve(opt, steps=10, callbacks=look)
        assert len(kept) == 3
        np.testing.assert_array_equal(problem.model.get_parameters(), kept[-1])

    def test_an_interrupt_while_a_grid_moves_leaves_the_grid_of_the_parameters(self):
        """What the model gives is what it gave after the last whole step."""
        problem = heat()
        x = pde.grid_points([(0, 1), (0, 1)], 7)
        kept = []
        problem.add([[0.5, 0.5]], lambda x, u: interrupted_after(kept, 1) or u.value)
        with pytest.raises(KeyboardInterrupt):
            problem.solve(steps=5, callbacks=lambda now: kept.append(now.model(x)))
        np.testing.assert_array_equal(problem.model(x), kept[-1])

    def test_an_interrupt_moves_unknowns_to_the_last_whole_step(self):
        rate = Tensor(0.2)
        problem = pde.Problem(KAN([1, 1], k=4), [rate])
        kept = []

        def residual(t, u):
            if len(kept) == 2 and rate.shape == () and rate.item() != kept[-1]:  # tried out
                raise KeyboardInterrupt
            return u.d(0) + rate * u.value - 1.0

        problem.add(TIME, residual)
        with pytest.raises(KeyboardInterrupt):
            problem.solve(steps=5, callbacks=lambda now: kept.append(rate.item()))
        assert rate.shape == ()
        assert rate.item() == kept[-1] != 0.2

    def test_a_signal_ends_it_soon(self):
        problem = heat(width=(2, 10, 10, 1))
        timer = threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT])
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may ignore it
        timer.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                problem.solve(steps=100_000)
        finally:
            timer.cancel()
            signal.signal(signal.SIGINT, before)
        assert np.isfinite(problem.loss())

    def test_a_start_that_is_not_finite_is_refused(self):
        problem = decay()
        problem.add(START, lambda t, u: u.value * np.inf)
        before = problem.model._network
        with pytest.raises(ValueError, match="loss that is finite at the start, got inf"):
            problem.solve(grids=[7])
        assert problem.model._network is before

    @pytest.mark.parametrize("opt", ["LM", "LBFGS", "Adam"])
    def test_a_gradient_that_is_not_finite_ends_it_with_a_warning(self, opt):
        problem = pde.Problem(KAN([1, 1]))
        problem.model.set_parameters(0.0 * problem.model.get_parameters())
        problem.add(START, lambda t, u: np.sqrt(u.value * u.value))
        with (
            np.errstate(all="ignore"),
            pytest.warns(RuntimeWarning, match="solve ended after step .* not finite"),
        ):
            history = problem.solve(opt, steps=5, update_grid=False)
        assert history.stopped == "not finite"
        assert np.isfinite(problem.model.get_parameters()).all()


def interrupted_after(kept, count):
    if len(kept) == count:
        raise KeyboardInterrupt


class TestArguments:
    def test_there_must_be_conditions(self):
        problem = pde.Problem(KAN([1, 1]))
        with pytest.raises(ValueError, match=r"solve\(\) needs conditions"):
            problem.solve()
        with pytest.raises(ValueError, match=r"plot\(\) needs conditions"):
            problem.plot()

    @pytest.mark.parametrize(
        ("options", "kind", "message"),
        [
            ({"opt": "SGD"}, ValueError, "opt must be one of 'LBFGS', 'LM', 'Adam', got 'SGD'"),
            ({"steps": -1}, ValueError, "steps must be an integer >= 0, got -1"),
            ({"lr": 0.1}, ValueError, "lr has no meaning with opt='LM'"),
            ({"opt": "Adam", "lr": 0.0}, ValueError, r"lr must be > 0\.0"),
            ({"update_grid": "yes"}, TypeError, "update_grid must be True or False"),
            ({"stop_grid_update_step": 1.5}, TypeError, "stop_grid_update_step must be an integer"),
            ({"log": 0}, ValueError, "log must be an integer >= 1, got 0"),
            ({"callbacks": 3}, TypeError, "callbacks must be a list of functions, got 3"),
            ({"verbose": 2}, TypeError, "verbose must be True or False"),
            ({"resample": 0}, ValueError, "resample must be an integer >= 1, got 0"),
            ({"seed": -1}, ValueError, "seed must be an integer in"),
            ({"grids": [2.5]}, TypeError, "grids must be an integer in"),
        ],
    )
    def test_what_does_not_fit_is_refused_by_name(self, options, kind, message):
        problem = decay()
        before = problem.model.get_parameters()
        with pytest.raises(kind, match=message):
            problem.solve(**options)
        np.testing.assert_array_equal(problem.model.get_parameters(), before)


def test_a_model_with_functions_and_products_is_solved_as_any():
    model = random_model([2, [2, 1], 1], k=4, scale=0.2)
    model.fix_symbolic(0, 0, 1, "sin", fit_params_bool=False)
    problem = pde.Problem(model)
    problem.add(pde.grid_points([(-1, 1)] * 2, 8), lambda x, u: u.d(0, 1) + u.value - 1.0)
    before = problem.loss()
    problem.solve(steps=10)
    assert problem.loss() < 0.1 * before


def test_a_residual_may_be_all_outputs_as_they_are_at_many_points() -> None:
    model = KAN([1, 4, 2], grid=4, seed=0)
    problem = pde.Problem(model)
    problem.add(np.linspace(-1, 1, 9)[:, np.newaxis], lambda x, u: [u.value, u.d(0)])
    before = problem.loss()
    problem.solve(steps=5)
    assert problem.loss() < 1e-3 * before


def test_derivatives_that_the_splines_do_not_have_are_refused() -> None:
    problem = pde.Problem(KAN([1, 3, 1], k=1))
    with pytest.raises(ValueError, match="order 2, which splines of degree 1 do not have"):
        problem.add([[0.0], [0.5]], lambda x, u: u.d(0, 0) - 1.0)


def test_a_tensor_that_the_problem_does_not_know_is_refused() -> None:
    problem = pde.Problem(KAN([1, 3, 1]))
    forgotten = Tensor(2.0, name="D")
    with pytest.raises(ValueError, match="which the problem does not know"):
        problem.add([[0.0], [0.5]], lambda x, u: forgotten * u.value)
    problem.add([[0.0], [0.5]], lambda x, u: forgotten.detach() * u.value)


def test_the_loss_of_a_problem_without_conditions_is_refused() -> None:
    with pytest.raises(ValueError, match=r"loss\(\) needs conditions"):
        pde.Problem(KAN([1, 3, 1])).loss()


def test_a_solution_is_never_worse_than_the_start() -> None:
    problem = pde.Problem(KAN([1, 4, 1], grid=4, k=4, seed=0))
    problem.add(np.linspace(-1, 1, 20)[:, np.newaxis], lambda x, u: u.d(0) - u.value)
    problem.add([[0.0]], lambda x, u: u.value - 1.0)
    problem.solve(steps=20)
    before = problem.loss()
    for moves in (False, True):
        problem.solve("Adam", steps=3, lr=10.0, update_grid=moves)
        assert problem.loss() <= before


def test_an_error_of_the_residual_is_shown_as_it_is() -> None:
    calls = []

    def residual(x, u):
        calls.append(0)
        if len(calls) > 1:
            raise ValueError("a bug of my own")
        return u.value

    problem = pde.Problem(KAN([1, 3, 1]))
    problem.add([[0.0], [0.5]], residual)
    with pytest.raises(ValueError, match="a bug of my own"):
        problem.solve(steps=1)


def test_parameters_of_the_model_are_no_unknowns() -> None:
    model = KAN([1, 3, 1])
    with pytest.raises(ValueError, match="the model's train anyway"):
        pde.Problem(model, model.parameters())


def test_threads_may_ask_one_problem_for_its_loss() -> None:
    problem = pde.Problem(KAN([2, 8, 1], grid=5, k=4, seed=0))
    problem.add(pde.grid_points([(-1, 1)] * 2, 40), lambda x, u: u.d(0, 0) + u.d(1, 1) - 1.0)
    expected = problem.loss()
    with ThreadPoolExecutor(4) as pool:
        losses = list(pool.map(lambda _: problem.loss(), range(80)))
    assert set(losses) == {expected}


def test_the_best_is_looked_for_at_the_points_of_now() -> None:
    scales = iter([1e-3, 1e-3, 1e-3, 1.0])  # of add, and of the draws before steps 0, 2 and 4

    def draw(rng: np.random.Generator) -> np.ndarray:
        return next(scales) * rng.uniform(0.5, 1.0, (30, 1))

    problem = pde.Problem(KAN([1, 3, 1], grid=4, seed=0))
    problem.add(draw, lambda x, u: (u.value - 1.0) * x[:, 0])
    history = problem.solve("LBFGS", steps=5, resample=2)
    assert 4 in history.grid_updates
    assert problem.loss() == pytest.approx(min(history["train_loss"][4:]))
