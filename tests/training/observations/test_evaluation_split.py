"""A run ranks checkpoints on the split it is told to, and all that comes after it takes thresholds from there."""

import json

import pytest

from chex_tf.evaluation import sources
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.runs import config
from chex_tf.settings import InputError
from chex_tf.trained import predict_split, thresholds
from chex_tf.trained.run import read_run
from chex_tf.training.train import train_observations


@pytest.fixture
def ranked_on_test(settings):
    given, said = settings(evaluation_split="test", steps=2, evaluate_every=2), []
    train_observations(*given, say=said.append)
    return given[0].run_dir, said


def test_its_split_is_recorded_and_a_test_split_is_said_aloud(ranked_on_test):
    run, said = ranked_on_test
    note = "note: checkpoints are ranked on the split test; the run's scores on test are then too high"
    assert any(line.startswith(note) for line in said)
    found = config.read(run)
    assert (found.evaluation_split, found.records("valid")["images"]) == ("test", 30)


def test_thresholds_come_from_that_split(ranked_on_test):
    run = read_run(ranked_on_test[0])
    assert "no predictions/test.csv" in thresholds.choose(run, run.best, "ensemble", "youden").about
    for split in ("test", "valid"):
        predict_split.predict_split(run, split, split)
    about = thresholds.choose(run, run.best, "ensemble", "youden").about
    assert about.startswith("chosen on 30 validation images")
    found = sources.gather(EvaluationSettings(run_dir=(run.run_dir,), split="valid"))
    assert [table.path.name for table in found.threshold_tables] == ["test.csv"]
    found = sources.gather(EvaluationSettings(run_dir=(run.run_dir,), split="test"))
    assert (found.threshold_tables, found.no_thresholds) == (
        (),
        "no threshold: it is chosen on the split test, never on the one evaluated",
    )


def test_runs_ranked_on_different_splits_have_no_thresholds_in_common(ranked_on_test, trained, tmp_path):
    runs = []
    for name, of in (("one", ranked_on_test[0]), ("other", trained)):
        (tmp_path / name / "predictions").mkdir(parents=True)
        (tmp_path / name / "config.json").write_text((of / "config.json").read_text())
        for file in ("test.csv", "test_labels.csv"):
            (tmp_path / name / "predictions" / file).write_text("Path,Edema\na,1\n")
        runs.append(tmp_path / name)
    found = sources.gather(EvaluationSettings(run_dir=tuple(runs)))
    assert found.no_thresholds == "no threshold: the runs ranked their checkpoints on different splits, test and valid"


def test_a_folder_without_the_split_is_refused_with_those_it_has(settings):
    with pytest.raises(InputError, match=r"has test, train, valid; received holdout; .*--holdout_patients") as caught:
        train_observations(*settings(dry_run=True, evaluation_split="holdout"))
    assert caught.value.setting == "evaluation_split"
    with pytest.raises(InputError, match="expected another split than the one learned from; received train"):
        train_observations(*settings(dry_run=True, evaluation_split="train"))


def test_a_run_that_recorded_no_split_was_ranked_on_valid(trained):
    content = json.loads((trained / "config.json").read_text())
    del content["records"]["valid"]["split"], content["training"]["evaluation_split"]
    assert config.Config(content).evaluation_split == "valid"
