"""A cell's state, from its run's files."""

import dataclasses
import json
import os
import re
import shutil
import socket

import pytest

from chex_tf.study import state
from chex_tf.study.state import Condition


@pytest.fixture
def of(kinds):
    """The state of one cell of a study."""

    def look(study, name):
        folder, made = study
        return state.of_cell(folder, made, made.cell(name), {"train": kinds})

    return look


def test_finished_stopped_and_not_begun(study, of):
    folder, made = study
    done, begun = of(study, "done"), of(study, "begun")
    assert (done.condition, done.step, done.steps) == (Condition.FINISHED, 8, 8)
    assert re.fullmatch(r"best 0\.\d{4}", done.score)
    assert (begun.condition, begun.step) == (Condition.INTERRUPTED, 4)
    shutil.rmtree(made.cell("begun").run_dir(folder))
    assert of(study, "begun").condition is Condition.WAITING


def test_a_finished_run_without_predictions_is_only_trained(study, kinds):
    folder, made = study
    of_test = dataclasses.replace(made, splits=("test", "elsewhere"))
    assert state.of_cell(folder, of_test, made.cell("done"), {"train": kinds}).condition is Condition.TRAINED
    assert state.lacking(made.cell("done").run_dir(folder), of_test.splits) == ["elsewhere"]


def test_a_source_need_not_predict(study, kinds):
    folder, made = study
    source = dataclasses.replace(made.cell("done"), arm="source")
    of_test = dataclasses.replace(made, splits=("elsewhere",), cells=(source, made.cell("begun")))
    assert state.of_cell(folder, of_test, source, {"train": kinds}).condition is Condition.FINISHED


def test_a_live_process_is_seen_and_a_dead_one_is_not(study, of):
    folder, made = study
    lock = made.cell("begun").run_dir(folder) / "lock.json"
    (lock.parent / "status.json").write_text(json.dumps({"state": "running", "step": 6, "steps": 8}))
    lock.write_text(json.dumps({"host": socket.gethostname(), "pid": 2**22 + 1, "started": "x"}))
    gone = of(study, "begun")
    assert (gone.condition, gone.step) == (Condition.INTERRUPTED, 4)  # at its last checkpoint
    from chex_tf.runs.lock import _started

    lock.write_text(json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "started": _started(os.getpid())}))
    known = {"state": "running", "step": 6, "steps": 8, "steps_a_second": 0.25}
    (lock.parent / "status.json").write_text(json.dumps(known))
    found = of(study, "begun")
    assert (found.step, found.rate, found.seconds_left) == (6, 0.25, 8)
    assert (found.condition, found.holder) == (Condition.RUNNING, f"process {os.getpid()} on {socket.gethostname()}")


def test_a_failure_says_why(study, of):
    folder, made = study
    place = made.cell("begun").run_dir(folder) / "status.json"
    place.write_text(json.dumps({"state": "failed", "why": "NonFinite: loss at step 5"}))
    found = of(study, "begun")
    assert (found.condition, found.why) == (Condition.FAILED, "NonFinite: loss at step 5")
    assert found.step == 4


def test_another_experiment_under_a_cells_name_is_foreign(study, of):
    folder, made = study
    run_dir = made.cell("done").run_dir(folder)
    config = json.loads((run_dir / "config.json").read_text())
    config["training"]["learning_rate"] = 0.25
    config["records"]["train"]["fingerprint"] = "another"
    (run_dir / "config.json").write_text(json.dumps(config))
    found = of(study, "done")
    assert found.condition is Condition.FOREIGN
    assert "learning_rate: 0.001 -> 0.25" in found.why
    assert "train data: " in found.why
    assert "-> another" in found.why


def test_a_damaged_configuration_is_foreign_and_left_alone(study, of):
    folder, made = study
    place = made.cell("done").run_dir(folder) / "config.json"
    place.write_text("{")
    assert of(study, "done").condition is Condition.FOREIGN
    assert place.read_text() == "{"


def test_a_changed_setting_means_another_folder(study, make_cell):
    folder, made = study
    cell = made.cell("done")
    identity = dataclasses.replace(cell.identity, version="0.2.0")
    assert dataclasses.replace(cell, identity=identity, folder="").folder != cell.folder
    assert make_cell(cell.run_dir(folder), "done").folder == cell.folder
