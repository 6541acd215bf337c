"""The parts of benchmarks/ that measure nothing: protocol, table and checks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
if not FOLDER.exists():
    pytest.skip("a source distribution has no benchmarks", allow_module_level=True)
sys.path.append(str(FOLDER))

from cases import CASES  # noqa: E402
from jets import report  # noqa: E402
from onnx_encodings import ENCODINGS  # noqa: E402
from onnx_runtime import Layer  # noqa: E402
from onnx_runtime import report as report_of_runtime  # noqa: E402
from protocol import decode, encode  # noqa: E402
from same_task import problems  # noqa: E402
from table import best_peer, between_markers, duration, factor, footnote, table  # noqa: E402
from workers import Worker  # noqa: E402

SCI = CASES["sci"]
MACHINE = {
    "cpu": "abacus",
    "cores": 2,
    "threads": 2,
    "instruction set": "beads",
    "commit": "c0ffee",
    "dirty": True,
    "date": "2026-01-01",
}
TALKATIVE_WORKER = """
from protocol import serve

class Fake:
    parameters, data, versions = 3, [1.0], {}
    def step(self, repeats):
        print("libraries print what they like")
        return 0.5 * repeats
    def forward(self, repeats):
        raise ValueError("no forward today")

serve(lambda case, dtype, options: Fake())
"""


def figures(step: float, forward: float, **rest: object) -> dict[str, object]:
    return {
        "step": {"median": step},
        "forward": {"median": forward},
        "parameters": SCI.parameters,
        "data": [1.0, 2.0],
        "losses": [1.0, 0.1],
        "versions": {"kan": "0"},
        **rest,
    }


def test_a_request_is_the_same_after_the_line_it_travels_in():
    request = decode(encode(SCI, "step", 20, 3, dtype="float32", options={"whole": True}))
    assert request["case"] == SCI
    assert (request["what"], request["repeats"], request["blocks"]) == ("step", 20, 3)
    assert request["options"] == {"whole": True}


def test_a_worker_answers_though_its_library_prints_and_goes_on_after_an_error():
    requests = [
        encode(SCI, what, 4, 2, dtype="float32", options={}) for what in ("forward", "step")
    ]
    done = subprocess.run(
        [sys.executable, "-c", TALKATIVE_WORKER],
        input="".join(requests),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(FOLDER)},
    )
    refused, answered = map(json.loads, done.stdout.splitlines())
    assert refused == {"error": "ValueError: no forward today"}
    assert answered["result"] == [2.0, 2.0]
    assert answered["parameters"] == 3


def becomes(status: str, process: psutil.Process) -> bool:
    """Whether a process has this status soon: signals take their time."""
    end = time.monotonic() + 5.0
    while process.status() != status and time.monotonic() < end:
        time.sleep(0.001)
    return process.status() == status


def test_a_worker_is_stopped_while_nobody_asks(tmp_path):
    worker = Worker("ours", Path(sys.executable), tmp_path)
    try:
        for _ in range(2):
            assert worker.ask(SCI, "forward", 2)["parameters"] == SCI.parameters
            assert becomes(psutil.STATUS_STOPPED, psutil.Process(worker.process.pid))
    finally:
        worker.close()
    assert worker.process.returncode == 0


def test_content_between_markers_is_replaced_and_the_rest_stays():
    text = "a\n<!-- compare -->\nold\n<!-- end -->\nb\n<!-- end -->\n"
    changed = between_markers(text, "compare", "new")
    assert changed == "a\n<!-- compare -->\nnew\n<!-- end -->\nb\n<!-- end -->\n"


@pytest.mark.parametrize(
    "text", ["", "<!-- compare -->\n", "<!-- end -->\n<!-- compare -->\n", "<!-- compare -->\n" * 2]
)
def test_a_text_without_one_pair_of_markers_is_refused(text):
    with pytest.raises(ValueError, match="one pair of lines"):
        between_markers(text, "compare", "new")


def test_durations_have_three_digits_and_missing_ones_a_dash():
    assert [duration(s) for s in (12.5e-6, 1.234e-3, 0.456, 7.0, None)] == [
        "12.5 µs",
        "1.23 ms",
        "456 ms",
        "7.00 s",
        "—",
    ]
    assert [factor(3.0, 2.0), factor(50.0, 2.0), factor(None, 2.0)] == ["1.50×", "25×", "—"]


def test_the_best_peer_is_the_fastest_kan_and_not_pykan_or_an_mlp():
    results = {
        "inkan": figures(3.0, 1.0),
        "flashkan": figures(2.0, 4.0),
        "pykan": figures(1.0, 0.5),
        "mlp_shape": figures(0.1, 0.1),
    }
    assert best_peer(results, "step") == ("flashkan", 2.0)
    assert best_peer(results, "forward") == ("inkan", 1.0)


def test_the_table_has_ratios_of_medians_and_dashes_for_who_is_missing():
    results = {"ours": figures(1e-4, 1e-5), "inkan": figures(25e-4, 8e-5)}
    how = {"machine": MACHINE, "pace": {"all_settings": False}, "keep memory": False}
    stored = {"cases": {"sci": {**how, "results": results, "missing": {}}}}
    head, rule, row, _, note = table(stored).splitlines()
    assert head.count("|") == rule.count("|") == row.count("|")
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == [
        SCI.label,
        "**100 µs**",
        "2.50 ms (inkan)",
        "**25×**",
        "—",
        "**10.0 µs**",
        "80.0 µs (inkan)",
        "**8.0×**",
        "—",
        "—",
    ]
    assert "abacus" in note
    assert "c0ffee with changes" in note
    assert "every peer in one setting, in a quick run" in note


def test_the_note_says_which_case_comes_from_which_run():
    outcome = {"pace": {"all_settings": True}, "keep memory": False, "results": {}}
    note = footnote(
        {
            "cases": {
                "sci": {**outcome, "machine": {**MACHINE, "commit": "aaa"}},
                "tab": {**outcome, "machine": {**MACHINE, "commit": "bbb"}},
                "wide": {**outcome, "machine": {**MACHINE, "commit": "aaa"}},
            }
        }
    )
    assert re.search("sci, wide: every peer .*commit aaa.* tab: every peer .*commit bbb", note)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"data": [1.0, 2.1]}, "other data"),
        ({"parameters": SCI.parameters // 2}, "times the expected parameters"),
        ({"losses": [1.0, 0.9]}, "did not learn"),
        ({"losses": [1.0, 0.01]}, "ours ends at a loss of 0.1, the worst peer at 0.01"),
    ],
)
def test_a_peer_with_another_task_is_found(wrong, complaint):
    results = {"ours": figures(1.0, 1.0), "inkan": figures(1.0, 1.0)}
    assert problems(SCI, results) == []
    results["inkan"] |= wrong
    assert len(found := problems(SCI, results)) == 1
    assert complaint in found[0]


@pytest.mark.parametrize(
    ("times", "holds"),
    [
        ({"plain": 1.0, "jets": 8.0}, True),
        ({"plain": 1.0, "jets": 8.1}, False),
        ({"torch, threads sleep": 900.0, "torch, threads spin first": 80.0}, True),
        ({"torch, threads sleep": 900.0, "torch, threads spin first": 79.0}, False),
    ],
)
def test_jets_are_judged_by_plain_values_and_by_torch_at_its_best(times, holds):
    assert report({"plain": 1.0, "jets": 8.0, **times}) == holds


@pytest.mark.parametrize(
    ("one", "many", "holds"),
    [(3.0, 10.0, True), (2.9, 10.0, False), (3.0, 9.9, False)],
)
def test_the_runtime_counts_at_its_best(one, many, holds):
    best = {1: one, 1000: many}
    times = {rows: {"ours": 1.0, "slow": 50.0, "best": best[rows]} for rows in best}
    assert report_of_runtime(times) == holds


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_graph_is_the_same_layer(name):
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    layer = Layer()
    graph = ENCODINGS[name](layer.model)
    session = runtime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    outputs = {
        str(rows): {name: session.run(None, {"X": x})[0]} for rows, x in layer.inputs.items()
    }
    assert 0 < layer.disagreement(outputs) <= 2e-6
