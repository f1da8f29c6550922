"""The tasks of a run's score: what names mean, and what is read back from a run."""

import json
import pathlib

import pytest

from chex_tf.runs.scored_tasks import of_run, scored_tasks
from chex_tf.settings import InputError

FORMER = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "version_0_1" / "finished"
COMPETITION = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")


def test_scored_tasks_are_those_trained():
    trained = ("Edema", "Cardiomegaly", "Fracture")
    assert scored_tasks(("study",), trained) == ("Cardiomegaly", "Edema")
    assert scored_tasks(("Fracture",), trained) == ("Fracture",)
    with pytest.raises(InputError, match="received Edma; did you mean Edema"):
        scored_tasks(("Edma",), trained)
    # Of another data set's tasks, one is as good as two.
    assert scored_tasks(("Hernia",), ("Hernia", "Mass")) == ("Hernia",)
    assert scored_tasks(("Hernia", "Mass"), ("Hernia", "Mass")) == ("Hernia", "Mass")
    with pytest.raises(InputError, match=r"none of .* is among the trained tasks"):
        scored_tasks(("study",), ("Fracture",))
    with pytest.raises(InputError, match="received Edma; did you mean Edema") as caught:
        scored_tasks(("Edma",), trained, "mean_tasks", "evaluated")
    assert caught.value.setting == "mean_tasks"


def test_all_means_every_task_of_any_data_set():
    assert scored_tasks(("all",), ("Hernia", "Edema", "Mass")) == ("Hernia", "Edema", "Mass")


def test_another_spelling_of_a_task_is_that_task():
    assert scored_tasks(("Effusion", "Mass"), ("Mass", "Pleural Effusion")) == ("Pleural Effusion", "Mass")


def test_those_of_a_run_are_resolved_on_the_tasks_it_was_trained_on(tmp_path):
    written = {"form": 2, "observations": {"score_tasks": ["study"]}, "data": {}, "model": {}, "training": {}}
    written["records"] = {"train": {"tasks": ["No Finding", "Edema", "Fracture"]}}
    (tmp_path / "config.json").write_text(json.dumps(written))
    assert of_run(tmp_path) == ("Edema", "No Finding")


def test_a_former_versions_run_has_them_too():
    assert of_run(FORMER) == COMPETITION


@pytest.mark.parametrize("content", [None, {}, {"data": {"uncertain": "ones"}}])
def test_a_folder_that_only_holds_predictions_has_none(tmp_path, content):
    if content is not None:
        (tmp_path / "config.json").write_text(json.dumps(content))
    assert of_run(tmp_path) is None


def test_a_run_that_learned_no_observations_has_none(tmp_path):
    written = {"form": 3, "observations": {"score_tasks": ["study"]}, "data": {}, "model": {}, "training": {}}
    written |= {"records": {"train": {"tasks": ["Edema"]}}, "heads": {"outputs": 0, "extra": ["sex"]}}
    (tmp_path / "config.json").write_text(json.dumps(written))
    assert of_run(tmp_path) is None
