import copy
import json
import pickle
import sys

import numpy as np
import pytest

from kan import History

CURVES = {"train_loss": [1e-1, 1.2e-3], "test_loss": [2e-1, 1.3e-3], "reg": [5.0, 4.0]}


@pytest.fixture
def history():
    return History(
        CURVES, optimizer="LBFGS", stopped="all steps done", seconds=0.414, grid_updates=[0, 1]
    )


def labels_of(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_it_reads_like_pykans_results(history):
    assert history["train_loss"] == [1e-1, 1.2e-3]
    assert isinstance(history, dict)


def test_the_usual_keys_are_there_before_anything_was_measured():
    assert History() == {"train_loss": [], "test_loss": [], "reg": []}


def test_array_elements_become_plain_floats():
    history = History({"train_loss": np.array([1, 2], dtype=np.float32), "accuracy": [True]})
    assert [type(value) for value in history["train_loss"] + history["accuracy"]] == [float] * 3


def test_the_given_lists_are_copied():
    losses = [1.0]
    history = History({"train_loss": losses})
    history["train_loss"].append(0.5)
    assert losses == [1.0]


def test_it_knows_how_the_run_ended(history):
    assert history.steps == 2
    assert history.optimizer == "LBFGS"
    assert history.stopped == "all steps done"
    assert history.seconds == 0.414
    assert history.grid_updates == [0, 1]


def test_its_repr_is_one_short_line(history):
    expected = "History(2 steps, train_loss 1.2e-03, test_loss 1.3e-03, LBFGS, 0.41 s)"
    assert repr(history) == expected


def test_the_repr_of_a_run_without_steps_names_no_losses():
    assert repr(History(optimizer="Adam")) == "History(0 steps, Adam, 0.00 s)"


def test_one_step_is_singular():
    assert repr(History({"train_loss": [0.5]})) == "History(1 step, train_loss 5.0e-01, 0.00 s)"


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda h: pickle.loads(pickle.dumps(h)), lambda h: h.copy()]
)
def test_copies_keep_curves_and_attributes(history, duplicate):
    twin = duplicate(history)
    assert twin == history
    assert vars(twin) == vars(history)
    assert repr(twin) == repr(history)


def test_a_copy_has_lists_of_its_own(history):
    twin = history.copy()
    assert type(twin) is History
    twin["train_loss"].append(0.0)
    twin.grid_updates.append(2)
    assert history["train_loss"] == CURVES["train_loss"]
    assert history.grid_updates == [0, 1]


def test_the_number_of_steps_does_not_depend_on_the_lists(history):
    history["train_loss"].clear()
    assert history.steps == 2
    assert History(CURVES, steps=7).steps == 7


def test_it_can_be_written_as_json(history):
    assert json.loads(json.dumps(history)) == CURVES


def test_plot_draws_a_curve_for_each_loss_that_was_measured(history):
    pytest.importorskip("matplotlib")
    history["validation_loss"] = [0.3, 0.2]
    history["test_loss"].clear()
    history["accuracy"] = [0.5, 0.6]
    (ax,) = history.plot().axes
    assert labels_of(ax) == ["train", "validation", "grid update"]
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[1, 1e-1], [2, 1.2e-3]])
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("steps", "loss", "log")


def test_plot_marks_the_steps_that_were_done_when_the_grid_moved(history):
    pytest.importorskip("matplotlib")
    (ax,) = history.plot().axes
    assert [line.get_xdata()[0] for line in ax.lines[2:]] == [0, 1]


def test_plot_is_linear_on_request(history):
    pytest.importorskip("matplotlib")
    assert history.plot(log=False).axes[0].get_yscale() == "linear"


def test_plot_is_linear_where_no_loss_is_positive():
    pytest.importorskip("matplotlib")
    assert History({"train_loss": [0.0, -1.0]}).plot().axes[0].get_yscale() == "linear"


def test_plot_of_an_empty_history_is_an_empty_axes():
    pytest.importorskip("matplotlib")
    (ax,) = History().plot().axes
    assert not ax.lines
    assert ax.get_legend() is None


def test_one_step_is_drawn_as_a_dot():
    pytest.importorskip("matplotlib")
    assert History({"train_loss": [0.5]}).plot().axes[0].lines[0].get_marker() == "o"


def test_plot_draws_on_the_given_axes(history):
    figures = pytest.importorskip("matplotlib.figure")
    figure = figures.Figure()
    ax = figure.add_subplot()
    assert history.plot(ax) is figure
    assert len(ax.lines) == 4


def test_plot_refuses_what_is_no_axes(history):
    figures = pytest.importorskip("matplotlib.figure")
    with pytest.raises(TypeError, match=r"ax must be a matplotlib Axes, .* got Figure"):
        history.plot(figures.Figure())


def test_plot_leaves_no_figure_in_pyplot(history):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    before = pyplot.get_fignums()
    history.plot()
    assert pyplot.get_fignums() == before


def test_a_missing_matplotlib_is_answered_with_the_extra(history, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name in [name for name in sys.modules if name.startswith(("matplotlib.", "kan._fig"))]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ImportError, match=r'pip install "kan-core\[plot\]"'):
        history.plot()
