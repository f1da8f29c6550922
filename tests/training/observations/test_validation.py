"""Scores of a network whose logits are known, worked out by hand."""

import math
import os
import pathlib
import subprocess
import sys
import types

import numpy as np
import pandas
import pytest
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from chex_tf.data.policies import Rule
from chex_tf.evaluation import evaluation, matching
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.observations import OBSERVATIONS
from chex_tf.statistics import ranking
from chex_tf.statistics.measure import MEAN
from chex_tf.training.observations import validation

ROOT = pathlib.Path(__file__).resolve().parents[3]


def scores_of(logits, labels, weights, real, three_way=False, blank_is_negative=(False, False), studies=None):
    """Batches of two rows, the last filled up; the "image" of a row is its number."""
    targets = (labels == 1).astype(np.float32)
    if three_way:
        targets = np.eye(3, dtype=np.float32)[np.where(labels == -1, 2, labels)]
    rows = {
        "image": np.arange(len(labels)).reshape(-1, 1),
        "targets": targets,
        "weights": weights.astype(np.float32),
        "labels": labels.astype(np.int8),
        "weight": real.astype(np.float32),
        "index": np.arange(len(labels)),
    }
    table = tf.constant(logits, tf.float32)
    network = types.SimpleNamespace(
        outputs=lambda images, training: {"observations": tf.gather(table, tf.reshape(images, [-1]))}
    )
    return validation.evaluator(
        tf.distribute.get_strategy(),
        network,
        tf.data.Dataset.from_tensor_slices(rows).batch(2),
        ("A", "B"),
        ("A", "B"),
        [Rule("zeros" if is_negative else "ignore") for is_negative in blank_is_negative],
        studies,
    )()


LABELS = np.array([[1, 0], [0, 1], [1, -1], [0, 0]])
LOGITS = np.log(np.array([[3.0, 1.0], [1.0, 3.0], [1 / 3, 1.0], [9.0, 9.0]]))


def test_padding_counts_nowhere_and_uncertain_labels_leave_the_score():
    weights, real = np.ones((4, 2)) * [[1, 1], [1, 1], [1, 0], [0, 0]], np.array([1, 1, 1, 0])
    found = scores_of(LOGITS, LABELS, weights, real)
    assert found.values == {"validation_loss": found.loss, "auroc": 0.75, "auroc/A": 0.5, "auroc/B": 1.0}
    assert found.score == 0.75
    np.testing.assert_allclose(found.detail.probabilities, [[0.75, 0.5], [0.5, 0.75], [0.25, 0.5]])
    expected = (math.log(4 / 3) + math.log(2) + math.log(2) + math.log(4 / 3) + math.log(4)) / 5
    assert found.loss == pytest.approx(expected, rel=1e-6)


def test_by_study_the_highest_of_its_images_counts():
    """Records 0 and 2 are of one study, positive for A: its 0.9 beats both negatives, the 0.2 of its other image none.
    The last row is padding, of a study that is not there."""
    chances = np.array([[0.9, 0.5], [0.5, 0.2], [0.2, 0.9], [0.6, 0.3], [0.99, 0.99]])
    labels = np.array([[1, 0], [0, 1], [1, 0], [0, 1], [0, 0]])
    logits, weights, real = np.log(chances / (1 - chances)), np.ones((5, 2)), np.array([1, 1, 1, 1, 0])
    by_image = scores_of(logits, labels, weights, real)
    assert (by_image.values["auroc/A"], by_image.values["auroc/B"]) == (0.5, 0.0)
    found = scores_of(logits, labels, weights, real, studies=np.array([7, 3, 7, 4, 9]))
    assert (found.values["auroc/A"], found.values["auroc/B"], found.score) == (1.0, 0.0, 0.5)
    np.testing.assert_allclose(found.detail.probabilities, [[0.5, 0.2], [0.6, 0.3], [0.9, 0.9]], rtol=1e-6)
    np.testing.assert_array_equal(found.detail.truth, [[0, 1], [0, 1], [1, 0]])
    assert found.loss == by_image.loss


def test_a_study_whose_images_disagree_is_positive_if_one_is_and_unknown_before_negative():
    labels = np.array([[1, 0], [0, -1], [0, 0], [0, 0], [0, 1], [0, 1]])
    studies = np.array([0, 0, 1, 1, 2, 2])
    found = scores_of(np.tile(LOGITS[0], (6, 1)), labels, np.ones((6, 2)), np.ones(6), studies=studies)
    np.testing.assert_array_equal(found.detail.truth, [[1, np.nan], [0, 0], [0, 1]])


def test_the_score_by_study_is_the_one_that_an_evaluation_reports():
    generator = np.random.default_rng(2)
    studies = np.sort(generator.integers(0, 60, 150))
    labels = (generator.random((60, 2)) < 0.4).astype(int)[studies]
    logits = generator.normal(labels, 1.5)
    found = scores_of(logits, labels, np.ones((150, 2)), np.ones(150), studies=studies)
    scores = {"run": 1 / (1 + np.exp(-logits.astype(np.float32).astype(np.float64)))}
    names = [f"study{number}" for number in studies]
    cohort, models = matching.match_by_study("valid", names, ("A", "B"), labels.astype(float), scores)
    file = pathlib.Path(__file__)
    asked = EvaluationSettings(predictions=(file,), labels=file, replicates=40)
    (reported,) = evaluation.evaluate("valid", cohort, models, asked).models
    for name, task in (("auroc/A", "A"), ("auroc/B", "B"), ("auroc", MEAN)):
        assert found.values[name] == pytest.approx(reported.of(AUROC)[task].value, abs=1e-12)


@pytest.mark.slow
def test_replicas_score_studies_as_one_device_does(prepared, tmp_path):
    """The split `test` has two images a study; images of one study lie on different replicas."""
    script = pathlib.Path(__file__).with_name("score_studies.py")
    for replicas in ("1,2", "3"):  # TensorFlow fixes the size of a group of devices for the life of a process
        command = [sys.executable, str(script), str(prepared), str(tmp_path), replicas]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-3000:]
    one, *others = (dict(np.load(tmp_path / f"{count}.npz")) for count in (1, 2, 3))
    studies = np.char.rpartition(one["paths"].astype(str), "/")[:, 0]
    for column, task in enumerate(OBSERVATIONS):
        table = pandas.DataFrame({"study": studies, "truth": one["truth"][:, column], "p": one["images"][:, column]})
        merged = table.groupby("study").max()
        expected = roc_auc_score(merged["truth"], merged["p"])
        assert one["values"][2 + column] == pytest.approx(expected, abs=1e-12), task
    assert one["probabilities"].shape == (15, 14)
    for other in others:
        np.testing.assert_array_equal(other["truth"], one["truth"])
        np.testing.assert_allclose(other["values"], one["values"], rtol=1e-6)
        np.testing.assert_allclose(other["probabilities"], one["probabilities"], rtol=1e-6)


def test_a_task_of_one_kind_has_no_score_and_the_mean_goes_without_it():
    found = scores_of(LOGITS, np.array([[1, 1], [0, 1], [1, 1], [0, 1]]), np.ones((4, 2)), np.ones(4))
    assert math.isnan(found.values["auroc/B"])
    assert found.score == found.values["auroc/A"] == 0.25


def test_not_mentioned_is_negative_where_the_policy_says_so():
    labels = np.array([[1, 1], [-2, -2], [1, 1], [-2, 0]])
    found = scores_of(LOGITS, labels, np.ones((4, 2)), np.ones(4), blank_is_negative=(True, False))
    np.testing.assert_array_equal(found.detail.truth, [[1, 1], [0, np.nan], [1, 1], [0, 0]])


def test_three_way_logits_give_positive_against_negative():
    logits = np.log(np.array([[[1.0, 3.0, 96.0]] * 2, [[3.0, 1.0, 1.0]] * 2]))
    found = scores_of(logits, np.array([[1, 1], [0, -1]]), np.ones((2, 2)), np.ones(2), three_way=True)
    np.testing.assert_allclose(found.detail.probabilities, [[0.75, 0.75], [0.25, 0.25]], rtol=1e-6)
    assert found.loss == pytest.approx((2 * -math.log(0.03) - math.log(0.6) - math.log(0.2)) / 4, rel=1e-5)


def test_auroc_is_scikit_learns():
    generator = np.random.default_rng(0)
    truth, scores = (generator.random(300) < 0.2).astype(float), generator.integers(0, 40, 300) / 40
    assert ranking.unweighted_auroc(truth, scores) == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
