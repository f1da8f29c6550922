"""Which tasks the mean is of: as asked, else as the runs ranked their checkpoints, else all."""

import json
import pathlib

import pytest

from chex_tf.evaluation.mean_tasks import choose_mean_tasks
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.settings import InputError

FILE = pathlib.Path(__file__)
TASKS = ("No Finding", "Cardiomegaly", "Edema", "Fracture")


@pytest.fixture
def run(tmp_path):
    def make(name, *score_tasks, trained=TASKS):
        folder = tmp_path / name
        folder.mkdir()
        written = {"form": 2, "observations": {"score_tasks": score_tasks}, "model": {}}
        written["records"] = {"train": {"tasks": trained}}
        (folder / "config.json").write_text(json.dumps(written))
        return folder

    return make


def choose(*run_dirs, tasks=TASKS, said=None, **given):
    settings = EvaluationSettings(run_dir=run_dirs, **given)
    return choose_mean_tasks(settings, tasks, (said if said is not None else []).append)


def test_a_run_takes_the_tasks_that_ranked_its_checkpoints(run):
    said = []
    assert choose(run("a", "study"), said=said) == ("Cardiomegaly", "Edema", "No Finding")
    assert choose(run("b", "Fracture", "Edema"), said=said) == ("Fracture", "Edema")
    assert said == []


def test_flags_come_before_the_runs_own_and_mean_tasks_before_tasks(run):
    a, b = run("a", "study"), run("b", "competition")
    assert choose(a, mean_tasks=("Fracture",)) == ("Fracture",)
    assert choose(a, b, mean_tasks=("competition",)) == ("Cardiomegaly", "Edema")
    settings = EvaluationSettings(run_dir=(a,), tasks=("Fracture", "Edema"))
    assert choose_mean_tasks(settings, ("Fracture", "Edema"), [].append) == ("Fracture", "Edema")
    settings = EvaluationSettings(run_dir=(a,), tasks=("Fracture", "Edema"), mean_tasks=("Edema",))
    assert choose_mean_tasks(settings, ("Fracture", "Edema"), [].append) == ("Edema",)
    with pytest.raises(InputError, match="expected a set of tasks or evaluated tasks; received Edma") as caught:
        choose(a, mean_tasks=("Edma",))
    assert caught.value.setting == "mean_tasks"


def test_runs_ranked_by_other_tasks_need_the_flag(run):
    a, b = run("a", "study"), run("b", "competition")
    with pytest.raises(
        InputError, match=r"a by Cardiomegaly, Edema, No Finding; .*b by Cardiomegaly, Edema$"
    ) as caught:
        choose(a, b)
    assert caught.value.setting == "mean_tasks"
    # On what is evaluated the two agree.
    said = []
    assert choose(a, b, tasks=("Edema", "Fracture"), said=said) == ("Edema",)
    assert said == ["the mean goes without Cardiomegaly, No Finding: runs were ranked by it, but it is not evaluated"]
    with pytest.raises(InputError, match=r"none by which .*a was ranked") as caught:
        choose(a, b, tasks=("Fracture",))
    assert caught.value.setting == "mean_tasks"


def test_a_folder_of_predictions_has_no_say_and_files_keep_all_tasks(run, tmp_path):
    (tmp_path / "given").mkdir()
    assert choose(tmp_path / "given") == TASKS
    assert choose(tmp_path / "given", run("a", "competition")) == ("Cardiomegaly", "Edema")
    files = EvaluationSettings(predictions=(FILE,), labels=FILE)
    assert choose_mean_tasks(files, TASKS, [].append) == TASKS
