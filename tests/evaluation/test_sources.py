"""What an evaluation reads from run directories."""

import json

import pytest

from chex_tf.evaluation import sources
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.runs import predictions
from chex_tf.runs.trained_model import TrainedModel
from chex_tf.settings import InputError


def gather(*run_dirs, **given):
    return sources.gather(EvaluationSettings(run_dir=run_dirs, **given))


def test_runs_bring_names_predictions_truth_and_thresholds(run_dirs):
    found = gather(*run_dirs)
    assert (found.set, found.names, found.policy, found.out) == ("test", ("a", "b"), None, None)
    assert found.truth.path == run_dirs[0] / "predictions" / "test_labels.csv"
    assert [table.path for table in found.threshold_tables] == [run / "predictions" / "valid.csv" for run in run_dirs]
    assert found.threshold_truth.path == run_dirs[0] / "predictions" / "valid_labels.csv"


def test_one_run_is_evaluated_into_its_own_folder(run_dirs):
    assert gather(run_dirs[0]).out == run_dirs[0] / "evaluation" / "test"
    assert gather(run_dirs[0], out=run_dirs[1]).out == run_dirs[1]


def test_thresholds_are_not_chosen_on_the_split_evaluated(run_dirs):
    found = gather(*run_dirs, split="valid")
    assert (found.threshold_tables, found.threshold_truth) == ((), None)
    assert "never on the one evaluated" in found.no_thresholds


def trained(run, **valid):
    content = {"form": 3, "model": {"arch": "resnet18"}, "records": {"train": {}, "valid": valid}}
    (run / "config.json").write_text(json.dumps(content))


def test_a_split_that_chose_the_checkpoints_is_named(run_dirs):
    assert gather(*run_dirs, split="valid").caution == ""  # folders of which nobody knows how they were trained
    trained(run_dirs[0])
    trained(run_dirs[1], split="holdout")
    assert gather(*run_dirs).caution == ""
    caution = gather(*run_dirs, split="valid").caution
    assert caution.startswith("a: its checkpoints were chosen by their scores on this very split, valid;")
    trained(run_dirs[1])
    assert gather(*run_dirs, split="valid").caution.startswith("a, b: their checkpoints were chosen")
    trained(run_dirs[1], split="test")
    assert gather(*run_dirs).caution.startswith("b: its checkpoints were chosen")


def test_without_validation_predictions_there_is_a_reason(run_dirs):
    (run_dirs[1] / "predictions" / "valid.csv").unlink()
    found = gather(*run_dirs)
    assert found.threshold_tables == ()
    assert str(run_dirs[1] / "predictions" / "valid.csv") in found.no_thresholds


def test_the_policy_is_read_from_config_json(run_dirs):
    (run_dirs[0] / "config.json").write_text(json.dumps({"data": {"uncertain": "ones", "blank": "zeros"}, "x": 1}))
    assert gather(*run_dirs).policy == "uncertain=ones, blank=zeros"
    (run_dirs[1] / "config.json").write_text(json.dumps({"data": {"uncertain": "ignore"}}))
    assert gather(*run_dirs).policy == "uncertain=ignore; uncertain=ones, blank=zeros"
    (run_dirs[1] / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config\.json is damaged: expected JSON"):
        gather(*run_dirs)


def test_what_is_absent_is_said(run_dirs):
    with pytest.raises(InputError, match=r"train.csv; the run has predictions for test, valid") as caught:
        gather(*run_dirs, split="train")
    assert caught.value.setting == "split"
    with pytest.raises(InputError, match=r"expected a run directory with config\.json; received") as caught:
        gather(run_dirs[0].parent)
    assert caught.value.setting == "run_dir"
    (run_dirs[0] / "predictions" / "test_labels.csv").unlink()
    with pytest.raises(InputError, match="or --labels=FILE; there is none"):
        gather(*run_dirs)
    assert gather(*run_dirs, labels=run_dirs[1] / "predictions" / "test_labels.csv").set == "test"


def test_runs_with_different_truths_are_not_compared(run_dirs):
    with open(run_dirs[1] / "predictions" / "test_labels.csv", "a") as file:
        file.write("\n")
    with pytest.raises(InputError, match="expected one ground truth for all runs"):
        gather(*run_dirs)


def test_a_run_brings_what_it_trained_whatever_its_folder_is_called(run_dirs):
    assert gather(*run_dirs).trained == {}
    model = {"arch": "ResNet18", "weights": "imagenet", "truncate_at": None, "mean_variance": False}
    for run, changes in zip(run_dirs, ({}, {"weights": "none", "truncate_at": "layer3"}), strict=True):
        written = {"form": 2, "observations": {}, "data": {}, "model": {**model, **changes}, "records": {}}
        (run / "config.json").write_text(json.dumps(written))
    assert gather(*run_dirs).trained == {
        "a": TrainedModel("ResNet18", "imagenet"),
        "b": TrainedModel("ResNet18", "none", "layer3"),
    }


def test_groups_are_the_runs_own_or_a_file(run_dirs, tmp_path):
    run = run_dirs[0]
    with pytest.raises(
        InputError, match=r"expected sex, age and views in .*test_groups\.csv, or --groups=FILE"
    ) as caught:
        sources.gather(EvaluationSettings(run_dir=(run,), subgroups=("sex",)))
    assert caught.value.setting == "groups"
    text = "Study,Sex\nset/patient00001/study1,Female\n"
    predictions.groups_file(run, "test").write_text(text)
    assert sources.gather(EvaluationSettings(run_dir=(run,), subgroups=("sex",))).groups.columns == {"Sex": ("Female",)}
    (tmp_path / "other.csv").write_text(text.replace("Female", "Male"))
    other = EvaluationSettings(run_dir=(run,), subgroups=("sex",), groups=tmp_path / "other.csv")
    assert sources.gather(other).groups.columns == {"Sex": ("Male",)}
    assert sources.gather(EvaluationSettings(run_dir=(run,))).groups is None
