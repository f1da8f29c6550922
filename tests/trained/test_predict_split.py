"""A run's predictions: the checkpoints' own mean, whoever computes them, and never those of another ensemble."""

import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

import chex_tf
from chex_tf import prediction_files
from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings
from chex_tf.evaluation import sources
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.observations import STUDY_TASKS
from chex_tf.runs import predictions
from chex_tf.runs.options import Options
from chex_tf.settings import InputError
from chex_tf.trained import members, predict_split
from chex_tf.trained.lacking import ensure_groups, ensure_predictions
from chex_tf.trained.run import read_run

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def run(trained, tmp_path):
    """A copy to write into."""
    return pathlib.Path(shutil.copytree(trained, tmp_path / "squares"))


def settings(run, **given):
    return EvaluationSettings(run_dir=(run,), **given)


def gathered(settings):
    """As launch.evaluate gathers: what a run lacks is predicted first."""

    def predict(run, split, data):
        return ensure_predictions(run, split, settings.options, data, settings.strategy, print, lambda name: print)

    return sources.gather(settings, predict)


def values(run, name="test"):
    table = prediction_files.read(predictions.file(run, name))
    return table.keys, np.stack([table.numbers(task) for task in STUDY_TASKS], axis=1)


def films(prepared):
    """The test split's images and paths, read without the code that predicts."""
    source = Source(DataSettings(data=prepared, image_size=64), "test", training=False)
    batches = [source.batch(step, 10) for step in range(3)]
    return np.concatenate([batch["image"] for batch in batches]), np.concatenate([batch["path"] for batch in batches])


def test_an_ensemble_predicts_the_mean_of_its_checkpoints_each_image_once(run, prepared):
    predict_split.predict_split(read_run(run), "test", "test", Options())
    keys, found = values(run)
    images, paths = films(prepared)
    assert keys == tuple(path.decode() for path in paths)
    known = read_run(run)
    by_member = []
    for best in known.best:
        logits = members.load_member(known, best)(known.normalisation.apply(np.repeat(images, 3, axis=-1)))
        by_member.append(1 / (1 + np.exp(-np.asarray(logits, np.float64))))
    assert len(by_member) == 3
    np.testing.assert_allclose(found, np.mean(by_member, axis=0), rtol=2e-5)
    np.testing.assert_allclose(found, chex_tf.load_run(run)(images.astype(np.float32)), rtol=2e-5)


def test_ground_truth_lies_beside_with_study_and_patient(run):
    predict_split.predict_split(read_run(run), "test", "test", Options())
    with open(predictions.labels_file(run, "test"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["Path", "Study", "Patient", *STUDY_TASKS]
    assert all(
        row["Study"] == row["Path"].rpartition("/")[0] == f"CheXpert-v1.0/test/{row['Patient']}/study1" for row in rows
    )
    assert {row[task] for row in rows for task in STUDY_TASKS} == {"0", "1"}
    assert len({row["Patient"] for row in rows}) == 15


def test_sex_age_and_views_lie_beside_under_chexperts_names(run):
    predict_split.predict_split(read_run(run), "test", "test", Options())
    file = predictions.groups_file(run, "test")
    with open(file, newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["Path"] for row in rows] == list(values(run)[0])
    for row in rows:
        # As the fixture makes them, from an image's number; patients of this split begin at 300.
        number = 2 * (int(row["Patient"].removeprefix("patient")) - 300) + int("view2" in row["Path"])
        assert row["Sex"] == ("Female", "Male", "")[number % 3]
        assert row["Age"] == str(20 + number)
        assert row["Frontal/Lateral"] == ("Lateral" if number % 5 == 0 else "Frontal")
        assert row["AP/PA"] == "AP"
    assert predictions.predicted_sets(run) == ["test"]
    before = file.read_bytes()
    file.unlink()
    ensure_groups(run, "test", "test", Options(), None)  # as for predictions made by an earlier version
    assert file.read_bytes() == before


def test_uncertain_labels_are_not_scored_and_that_is_said(run):
    said = []
    predict_split.predict_split(read_run(run), "valid", "valid", say=said.append)
    truth = prediction_files.read(predictions.labels_file(run, "valid"))
    empty = {task: sum(cell == "" for cell in truth.columns[task]) for task in STUDY_TASKS}
    assert sum(empty.values()) > 0
    for task, count in empty.items():
        assert (f"{task}: {count} of 21 labels are not scored ({count} uncertain)" in said) == (count > 0)


REPLICAS = """
import pathlib, sys
import tensorflow as tf
device = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration() for _ in range(3)])
from chex_tf.trained import predict_split
from chex_tf.runs import predictions
from chex_tf.runs.options import Options
from chex_tf.trained.run import read_run
run = pathlib.Path(sys.argv[1])
for strategy, replicas in (("one", 1), ("mirrored", 3)):
    assert predict_split.strategy_of(strategy).num_replicas_in_sync == replicas
    predict_split.predict_split(read_run(run), "test", "test", Options(batch=4), strategy=strategy)
    predictions.file(run, "test").rename(run / f"{strategy}.csv")
"""


def test_any_number_of_replicas_writes_the_same_file(run):
    done = subprocess.run(
        [sys.executable, "-c", REPLICAS, str(run)],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (run / "one.csv").read_bytes() == (run / "mirrored.csv").read_bytes()


def test_one_checkpoint_and_augmentation_have_files_of_their_own(run, prepared):
    best = read_run(run).best[1]
    for given in ({"checkpoint": str(best.step)}, {"checkpoint": "best", "augment": "flip"}):
        predict_split.predict_split(read_run(run), "test", "test", Options(**given))
    _, single = values(run, f"test-{best.step}")
    known = read_run(run)
    images = films(prepared)[0]
    model = members.load_member(known, best)

    def probable(model, images):
        logits = model(known.normalisation.apply(np.repeat(images, 3, axis=-1)))
        return keras.ops.sigmoid(logits)

    np.testing.assert_allclose(single, probable(model, images), rtol=2e-5)
    model = members.load_member(known, known.best[0])
    both = (np.asarray(probable(model, images)) + np.asarray(probable(model, images[:, :, ::-1]))) / 2
    np.testing.assert_allclose(values(run, "test-best-flip")[1], both, rtol=2e-5)
    assert predictions.describe(run, f"test-{best.step}") == f"the checkpoint of step {best.step}"
    with pytest.raises(InputError, match=r"a kept step \("):
        predict_split.predict_split(read_run(run), "test", "test", Options(checkpoint="77"))


def test_shifts_move_the_image_and_repeat_its_edge():
    image = np.arange(40 * 40, dtype=np.float32).reshape(1, 40, 40, 1)
    as_it_is, up, down, left, right = (copy.numpy()[0, ..., 0] for copy in predict_split.augmented(image, "shifts"))
    whole = image[0, ..., 0]
    assert (as_it_is == whole).all()
    np.testing.assert_array_equal(up, np.concatenate([whole[1::-1], whole[:-2]]))
    np.testing.assert_array_equal(down[:-2], whole[2:])
    np.testing.assert_array_equal(left[:, 2:], whole[:, :-2])
    np.testing.assert_array_equal(right[:, :-2], whole[:, 2:])


def test_predictions_are_made_once_and_anew_when_the_ensemble_changed(run):
    first = gathered(settings(run))
    assert first.made_of[0].startswith("mean of 3 checkpoints (steps ")
    assert first.threshold_truth is not None
    file = predictions.file(run, "test")
    content, moment = file.read_bytes(), file.stat().st_mtime_ns
    gathered(settings(run))
    assert file.stat().st_mtime_ns == moment
    index = run / "checkpoints" / "index.json"
    states = json.loads(index.read_text())
    states["states"][0]["best"].pop()
    index.write_text(json.dumps(states))
    assert gathered(settings(run)).made_of[0].startswith("mean of 2 checkpoints")
    assert file.read_bytes() != content


def test_data_that_are_gone_leave_what_was_predicted(run, prepared, tmp_path):
    config = run / "config.json"
    moved = pathlib.Path(shutil.copytree(prepared, tmp_path / "moved"))
    config.write_text(config.read_text().replace(str(prepared), str(moved)))
    first = gathered(settings(run)).tables[0]
    shutil.rmtree(moved)
    assert gathered(settings(run)).tables[0] == first
    with pytest.raises(InputError, match="which does not exist") as caught:
        gathered(settings(run, checkpoint="best"))
    assert caught.value.setting == "data"
    again = gathered(settings(run, data=prepared))  # the same images in another place are the same set
    assert (again.set, again.tables[0].columns) == ("test", first.columns)


def test_the_command_predicts_evaluates_and_writes_what_it_scored(run):
    flags = [f"--run_dir={run}", "--split=test", "--nofigures", "--unit=patient", "--subgroups=view"]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    outs = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "launch.evaluate", *flags], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        outs.append(done.stdout)
    assert outs[0] == outs[1]
    assert outs[0].startswith("test: 15 studies, the max of a study's images (trained with uncertain=ignore")
    assert "squares: mean of 3 checkpoints" in outs[0]
    assert "Sens." in outs[0]
    # Of two images a study, some are lateral in the fixture; too few of either for a table.
    words = " ".join(outs[0].split())
    assert "Withheld by view: " in words
    assert "Frontal + Lateral: Atelectasis (" in words
    keys, images = values(run)
    scored = prediction_files.read(run / "evaluation" / "test" / "scores" / "squares.csv")
    highest: dict[str, float] = {}
    for key, value in zip(keys, images[:, STUDY_TASKS.index("Edema")], strict=True):
        study = key.rpartition("/")[0]
        highest[study] = max(value, highest.get(study, 0.0))
    assert dict(zip(scored.keys, scored.numbers("Edema"), strict=True)) == pytest.approx(highest, rel=1e-8)
    found = json.loads((run / "evaluation" / "test" / "evaluation.json").read_text())
    assert found["models"]["squares"]["made_of"].startswith("mean of 3")
