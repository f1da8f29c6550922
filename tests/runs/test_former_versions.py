"""A run made by version 0.1 (tests/fixtures/version_0_1) is continued, read, evaluated, explained and exported.

Its settings lie in other sections, its one seed among the data's, its tensors carry numbers. `finished` and `stopped`
were trained by the same command; `stopped` ended at step 4 of 8. `predictions/` are that version's own.
"""

import csv
import dataclasses
import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

from chex_tf import prediction_files
from chex_tf.data.settings import DataSettings
from chex_tf.models.settings import ModelSettings
from chex_tf.runs import checkpoints, config, former_versions, predictions
from chex_tf.settings import InputError
from chex_tf.trained import members, predict_split, thresholds
from chex_tf.trained.run import read_run
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings
from chex_tf.training.train import train_observations

ROOT = pathlib.Path(__file__).resolve().parents[2]
MADE = ROOT / "tests" / "fixtures" / "version_0_1"
PREPARED = MADE / "prepared"


@pytest.fixture
def prepared(tmp_path):
    """In another place than where the run was trained, and one where an index may be written."""
    return pathlib.Path(shutil.copytree(PREPARED, tmp_path / "moved"))


@pytest.fixture
def finished(tmp_path):
    return pathlib.Path(shutil.copytree(MADE / "finished", tmp_path / "finished"))


def given(run_dir, data):
    found = config.read(run_dir)
    kinds = (TrainSettings, DataSettings, ModelSettings, ObservationsSettings)
    training, of_data, model, observations = (found.settings(kind) for kind in kinds)
    # Not deterministic, which a process that has used TensorFlow can no longer become.
    training = dataclasses.replace(training, run_dir=run_dir, deterministic=False)
    return training, dataclasses.replace(of_data, data=data), model, observations


def continued(run_dir, prepared, *more):
    """By the command with which that version began it."""
    command = [sys.executable, "-m", "launch.train", f"--run_dir={run_dir}", f"--data={prepared}", "--arch=MNASNet"]
    command += ["--truncate_at=block2b_add", "--tasks=competition", "--score_tasks=competition", "--uncertain=ones"]
    command += ["--image_size=64", "--crop_from=72", "--crop=random", "--flip=0.5", "--seed=5", "--dropout=0.1"]
    command += ["--sex_weight=0.5", "--age_weight=0.5", "--view_weight=0.5", "--batch=8", "--steps=8", "--keep=2"]
    command += ["--evaluate_every=2", "--evaluate_unit=steps", "--learning_rate=1e-3", "--deterministic"]
    command += ["--notensorboard", *more]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def rows(run_dir):
    with open(run_dir / "metrics.csv", newline="") as stream:
        return list(csv.DictReader(stream))


def test_its_configuration_becomes_typed_settings_with_the_data_gone():
    found = config.read(MADE / "stopped")
    training, data = found.settings(TrainSettings), found.settings(DataSettings)
    assert (training.seed, data.data_seed, training.learning_rate, training.dropout) == (5, None, 1e-3, 0.1)
    assert (data.data, data.crop_from, data.image_size, data.uncertain) == (pathlib.Path("prepared"), 72, 64, "ones")
    observations = found.settings(ObservationsSettings)
    assert observations.auxiliary == {"sex": 0.5, "age": 0.5, "view": 0.5}
    assert observations.age_unit == "century"
    assert observations.score_tasks == ("competition",)
    assert observations.score_by == "image"
    assert found.settings(ModelSettings).truncate_at == "block2b_add"
    assert found.heads == {"outputs": 5, "classes": 1, "extra": ["sex", "age", "view"], "dropout": 0.1}
    evaluated = data.as_evaluated()
    assert (evaluated.uncertain, evaluated.flip, evaluated.crop_from) == ("ignore", 0.0, 72)


def test_a_run_that_knew_no_score_by_scored_images():
    """Also in today's form; what it says itself stands, and a new run scores studies."""
    for written, expected in (({}, "image"), ({"score_by": "study"}, "study"), ({"score_by": "image"}, "image")):
        found = former_versions.config({"form": 2, "observations": {"loss": "cross_entropy", **written}})
        settings = ObservationsSettings.from_json(found["observations"])
        assert (settings.score_by, settings.loss) == (expected, "cross_entropy")
    assert former_versions.config({"form": 2, "training": {}}) == {"form": 2, "training": {}}
    assert ObservationsSettings().score_by == "study"


def test_a_stopped_run_is_continued_as_that_version_would_have(prepared, tmp_path):
    run_dir = tmp_path / "continued"
    shutil.copytree(MADE / "stopped", run_dir)
    done = continued(run_dir, prepared)
    assert done.returncode == 0, done.stderr
    assert "continuing from step 4 of 8" in done.stderr
    assert "as that version did: score_by=image, age_unit=century\n" in done.stderr
    ours, theirs = rows(run_dir), rows(MADE / "finished")
    assert [row["step"] for row in ours] == ["2", "4", "6", "8"]
    for mine, expected in zip(ours, theirs, strict=True):
        # What that version did not measure follows, and is empty in its own rows.
        assert list(mine) == [*expected, "auroc/sex", "age_error_years", "auroc/view"]
        assert (mine["age_error_years"] == "") == (int(mine["step"]) <= 4)
        for name in ("train_loss", "validation_loss", "gradient_norm"):
            assert float(mine[name]) == pytest.approx(float(expected[name]), rel=2e-3), name
    index = checkpoints.read_index(run_dir)
    assert index[0].step == 8
    now = checkpoints.read_arrays(run_dir / "checkpoints" / index[0].file, index[0].sha256)
    assert "weight/stem_conv/kernel" in now
    assert "mean_square/age/bias" in now
    before = checkpoints.read_index(MADE / "finished")[0]
    then = checkpoints.read_arrays(MADE / "finished" / "checkpoints" / before.file, before.sha256)
    names = [name.removeprefix("weight/") for name in now if name.startswith("weight/")]
    # Safetensors sorts names, so the order is asked of the network.
    run = read_run(run_dir)
    model = members.load_member(run, run.best[-1])
    ordered = list(members.weight_names(model))
    assert sorted(names) == sorted(ordered)
    renamed = former_versions.arrays(then, ordered, ())
    for name in ordered:
        np.testing.assert_allclose(now[f"weight/{name}"], renamed[f"weight/{name}"], rtol=0.02, atol=2e-3, err_msg=name)


def test_it_started_from_a_runs_last_weights():
    written = json.loads((MADE / "stopped" / "config.json").read_text())
    for weights, encoder in (
        ("runs/one", "last"),
        ("none", None),
        ("imagenet", None),
        ("timm/resnet18.a1_in1k", None),
        ("a.weights.h5", None),
    ):
        found = former_versions.config({**written, "model": {**written["model"], "weights": weights}})
        assert found["model"].get("encoder") == encoder, weights


def test_other_settings_than_that_version_was_given_are_refused(finished, prepared):
    training, data, model, observations = given(finished, prepared)
    with pytest.raises(InputError, match=r"other settings \(deterministic: True -> False\); take another folder"):
        train_observations(training, data, model, observations)


def test_another_value_than_that_version_did_is_refused(prepared, tmp_path):
    stopped = pathlib.Path(shutil.copytree(MADE / "stopped", tmp_path / "stopped"))
    done = continued(stopped, prepared, "--age_unit=year")
    assert done.returncode == 2
    assert "other settings (age_unit: century -> year); take another folder" in done.stderr


def test_its_predictions_hold_and_new_ones_are_the_same(finished, prepared):
    run = read_run(finished)
    assert run.tasks == ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")
    before = prediction_files.read(predictions.file(finished, "test"))
    found = thresholds.choose(run, run.best, "ensemble", "youden")
    assert found.about.startswith("chosen on 5 validation images")
    predict_split.predict_split(run, "test", "test", data=prepared)
    after = prediction_files.read(predictions.file(finished, "test"))
    assert after.keys == before.keys
    for task in run.tasks:
        np.testing.assert_allclose(after.numbers(task), before.numbers(task), rtol=1e-4)


def test_it_is_evaluated_explained_and_exported_by_command(finished, prepared, tmp_path):
    for verb, *flags in (
        ["evaluate", "--split=test", f"--data={prepared}", "--replicates=50", "--nofigures"],
        ["explain", "--split=test", f"--data={prepared}", "--replicates=50", f"--out={tmp_path / 'explained'}"],
        ["export", "--format=keras", f"--data={prepared}", "--repeats=1", f"--out={tmp_path / 'exported'}"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", f"launch.{verb}", f"--run_dir={finished}", *flags],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "exported" / "export.json").read_text())
    assert record["checkpoints"] == [6, 8]
    assert record["largest_difference"] < 1e-5
    assert (tmp_path / "explained" / "figure.png").is_file()


def test_what_it_called_resnet50_was_keras_network():
    for depth in (50, 101, 152):
        for then, today in ((f"ResNet{depth}", f"ResNet{depth}Keras"), (f"ResNet{depth}PyTorch", f"ResNet{depth}")):
            for form in (2, 3):
                content = {"form": form, "model": {"arch": then, "weights": "imagenet"}}
                assert former_versions.config(content)["model"]["arch"] == today
                assert former_versions.renamed(content) == {"model": {"arch": (then, today)}}
                assert former_versions.arch(then, form) == today
    kept = {"form": 4, "model": {"arch": "ResNet50", "weights": "imagenet"}}
    assert former_versions.config(kept) == kept
    assert former_versions.renamed(kept) == {}
    for arch in ("ResNet18", "ResNet34", "ResNet18Minus1", "keras_cv/ResNet50Backbone"):
        assert former_versions.arch(arch, 1) == arch


def test_its_weights_began_as_the_builder_has_them():
    model = config.read(MADE / "stopped").settings(ModelSettings)
    assert (model.initialiser, model.batch_normalisation, model.batch_norm_epsilon) == ("keras", "keras", None)
