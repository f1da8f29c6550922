"""Sex, age, view and projection: losses and scores by hand, and runs that learn nothing else."""

import csv
import json
import math
import types

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import roc_auc_score

import chex_tf
from chex_tf.data.policies import Rule
from chex_tf.runs import config
from chex_tf.settings import InputError
from chex_tf.trained import predict_split
from chex_tf.trained.run import read_run
from chex_tf.training.observations import auxiliary_tasks, validation
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.train import train_observations


def test_an_auroc_goes_without_images_of_which_nothing_is_known():
    generator = np.random.default_rng(3)
    truth, weights = (generator.random(60) < 0.4).astype(np.float32), (generator.random(60) < 0.7).astype(np.float32)
    logits = generator.normal(truth, 1).astype(np.float32)[:, None]
    known = weights > 0
    expected = roc_auc_score(truth[known], logits[known, 0])
    for name in ("sex", "view", "projection"):
        assert auxiliary_tasks.score(name, logits, truth, weights, "decade") == pytest.approx(expected, abs=1e-12)
    assert math.isnan(auxiliary_tasks.score("sex", logits, np.ones(60), weights, "decade"))


@pytest.mark.parametrize(("unit", "predicted"), [("century", (0.62, 0.5)), ("decade", (6.2, 5.0)), ("year", (62, 50))])
def test_an_ages_error_is_in_years_whatever_its_unit(unit, predicted):
    """2 and 4 years off; of the third the age is unknown."""
    outputs, ages = np.array([*predicted, 99.0], np.float32)[:, None], np.array([0.6, 0.54, 0.0], np.float32)
    found = auxiliary_tasks.score("age", outputs, ages, np.array([1, 1, 0], np.float32), unit)
    assert found == pytest.approx(3.0, rel=1e-5)
    assert math.isnan(auxiliary_tasks.score("age", outputs, ages, np.zeros(3), unit))


def test_what_ranks_checkpoints_where_no_observations_are_learned():
    assert auxiliary_tasks.ranking_score({"sex": 0.7, "age": 9.0, "view": 0.9}) == pytest.approx(0.8)
    assert auxiliary_tasks.ranking_score({"sex": 0.7, "view": float("nan")}) == 0.7
    assert math.isnan(auxiliary_tasks.ranking_score({"sex": float("nan"), "age": 3.0}))
    assert auxiliary_tasks.ranking_score({"age": 9.5}) == -9.5
    assert auxiliary_tasks.score_label(("sex", "age", "view")) == "AUROC of sex, view"
    assert auxiliary_tasks.score_name(("age",)) == "negative_age_error"


def evaluated(tasks, auxiliary):
    """Four images, the last is padding; of the second the sex is unknown. Logits of sex put the only woman first."""
    rows = {
        "image": np.arange(4).reshape(-1, 1),
        "weight": np.array([1, 1, 1, 0], np.float32),
        "sex": np.array([1, 0, 0, 1], np.float32),
        "sex_weight": np.array([1, 0, 1, 0], np.float32),
        "age": np.array([0.5, 0.6, 0.7, 0.0], np.float32),
        "age_weight": np.array([1, 1, 1, 0], np.float32),
        "targets": np.array([[1], [0], [0], [0]], np.float32),
        "weights": np.array([[1], [1], [1], [0]], np.float32),
        "labels": np.array([[1], [0], [0], [0]], np.int8),
    }
    tables = {
        "observations": [[0.0], [1.0], [-1.0], [9.0]],
        "sex": [[math.log(3)], [9.0], [0.0], [9.0]],
        "age": [[5.5], [6.0], [4.0], [0.0]],
    }
    heads = {*auxiliary.names, *(["observations"] if tasks else [])}

    def outputs(images, training):
        places = tf.reshape(images, [-1])
        return {name: tf.gather(tf.constant(tables[name], tf.float32), places) for name in heads}

    batches = tf.data.Dataset.from_tensor_slices(rows).batch(2)
    network = types.SimpleNamespace(outputs=outputs)
    given = (tf.distribute.get_strategy(), network, batches, tasks, tasks, [Rule("zeros")] * len(tasks))
    return validation.evaluator(*given, None, auxiliary)()


def test_scores_beside_those_of_the_observations():
    found = evaluated(("A",), validation.Auxiliary({"sex": 1.0, "age": 0.5}))
    assert list(found.values) == ["validation_loss", "auroc", "auroc/A", "auroc/sex", "age_error_years"]
    # Half, none and 30 years off.
    assert found.values["age_error_years"] == pytest.approx(35 / 3, rel=1e-6)
    assert (found.values["auroc/A"], found.values["auroc/sex"], found.score) == (0.5, 1.0, 0.5)
    without = evaluated(("A",), validation.Auxiliary())
    assert (without.loss, without.values) == (found.loss, dict(list(found.values.items())[:3]))


def test_scores_where_nothing_else_is_learned():
    found = evaluated((), validation.Auxiliary({"sex": 2.0, "age": 0.5}))
    assert list(found.values) == ["validation_loss", "auxiliary_auroc", "auroc/sex", "age_error_years"]
    assert (found.score, found.values["auxiliary_auroc"]) == (1.0, 1.0)
    # Cross-entropy of 3/4 for a woman and 1/2 for a man; smooth L1 of errors of 0.5, 0 and 3 decades.
    expected = 2 * (math.log(4 / 3) + math.log(2)) / 2 + 0.5 * (0.125 + 2.5) / 3
    assert found.loss == pytest.approx(expected, rel=1e-6)
    alone = evaluated((), validation.Auxiliary({"age": 1.0}))
    assert list(alone.values) == ["validation_loss", "negative_age_error", "age_error_years"]
    assert alone.score == pytest.approx(-35 / 3, rel=1e-6)


@pytest.mark.parametrize(
    ("given", "setting", "message"),
    [
        ({}, "observations_weight", "nothing would be learned"),
        ({"sex_weight": 1.0, "loss": "auc_margin"}, "loss", "which --observations_weight=0 leaves out"),
        ({"sex_weight": 1.0, "balance": True}, "balance", "which --observations_weight=0 leaves out"),
        ({"sex_weight": 1.0, "label_smoothing": 0.1}, "label_smoothing", "which --observations_weight=0 leaves out"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(given, setting, message):
    with pytest.raises(InputError, match=message) as caught:
        ObservationsSettings(observations_weight=0.0, **given)
    assert caught.value.setting == setting


def test_a_task_of_one_kind_is_refused_with_the_kind(settings):
    """All films of the prepared folder are AP, and every fifth is a lateral."""
    with pytest.raises(InputError, match="all 76 images of which it is known are AP") as caught:
        train_observations(*settings(dry_run=True, projection_weight=1.0))
    assert caught.value.setting == "projection_weight"
    with pytest.raises(
        InputError, match=r"all 76 .* are frontal; of frontal films --projection_weight learns AP or PA"
    ):
        train_observations(*settings(dry_run=True, view_weight=1.0, views="frontal"))
    assert "view × 1" in train_observations(*settings(dry_run=True, view_weight=1.0)).plan


@pytest.fixture(scope="module")
def alone(prepared, tmp_path_factory):
    """Runs that learn sex and age, and age alone: folder, lines said, and result."""
    from chex_tf.data.settings import DataSettings
    from chex_tf.models.settings import ModelSettings
    from chex_tf.training.settings import TrainSettings

    def trained(name, **weights):
        run, said = tmp_path_factory.mktemp("alone") / name, []
        steps = {"steps": 4, "evaluate_every": 2, "evaluate_unit": "steps", "learning_rate": 1e-3, "batch": 8}
        done = train_observations(
            TrainSettings(run_dir=run, **steps),
            DataSettings(data=prepared, image_size=64),
            ModelSettings(arch="ResNet18Minus3"),
            ObservationsSettings(observations_weight=0.0, **weights),
            say=said.append,
        )
        return run, said, done

    return {"sex": trained("sex", sex_weight=1.0, age_weight=1.0), "age": trained("age", age_weight=1.0)}


def test_a_run_without_observations_names_its_score_everywhere(alone):
    run, said, done = alone["sex"]
    assert any(line.startswith("first batch: known of 8 images: sex ") for line in said)
    with open(run / "metrics.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0])[-4:] == ["validation_loss", "auxiliary_auroc", "auroc/sex", "age_error_years"]
    best = max(float(row["auxiliary_auroc"]) for row in rows)
    assert json.loads((run / "status.json").read_text())["best_auxiliary_auroc"] == best == done.best_score
    assert done.score_label == "AUROC of sex"
    assert config.read(run).heads["outputs"] == 0
    run, _, done = alone["age"]
    assert json.loads((run / "status.json").read_text())["best_negative_age_error"] == done.best_score < 0
    assert done.score_label == "negative error of age in years"
    assert done.said_score == f"smallest error of age {-done.best_score:.1f} years"


def test_scores_in_words():
    assert auxiliary_tasks.say_score(("age",), -42.98994) == "smallest error of age 43.0 years"
    assert auxiliary_tasks.say_score(("sex", "age"), 0.71234) == "best AUROC of sex 0.7123"
    assert auxiliary_tasks.ranked_by(("age",)) == "the error of age, the smallest first"
    values = {"auroc/sex": 0.71234, "age_error_years": 12.34, "auroc/view": float("nan"), "auroc": 0.5}
    said = auxiliary_tasks.say_scores(values, ("sex", "age", "view"))
    assert said == "AUROC of sex 0.7123, age 12.3 years off, view unknown"


def test_how_many_are_known_of_each_kind():
    kinds, weights = np.array([1, 0, 1, 1, 0], np.float32), np.array([1, 1, 1, 0, 0], np.float32)
    assert auxiliary_tasks.describe_known("projection", kinds, weights) == "projection of 3 (1 AP, 2 PA)"
    assert auxiliary_tasks.describe_known("age", kinds, weights) == "age of 3"


def test_the_plan_counts_what_is_known_and_leaves_out_findings_that_nothing_learns(settings):
    """96 training images, of which every fifth is a lateral: 20, and 76 frontal."""
    alone = train_observations(*settings(dry_run=True, view_weight=1.0, observations_weight=0.0)).plan
    assert "known in training: view of 96 (76 frontal, 20 lateral) of 96 images" in alone
    for finding in ("Atelectasis", "labels: uncertain", "loss: "):
        assert finding not in alone
    beside = train_observations(*settings(dry_run=True, view_weight=1.0)).plan
    assert "Atelectasis" in beside
    assert "auxiliary losses: view × 1; in train_loss, not in validation_loss" in beside
    assert "known in training: view of 96 (76 frontal, 20 lateral) of 96 images" in beside


def test_auxiliary_scores_reach_the_terminal_beside_the_observations(settings):
    said, notes = [], []
    given = settings(sex_weight=1.0, age_weight=1.0, steps=2, evaluate_every=1)
    train_observations(*given, say=said.append, progress=lambda done, total, note: notes.append(note))
    assert any(line.startswith("first batch: known of 8 images: sex ") for line in said)
    with open(given[0].run_dir / "metrics.csv", newline="") as stream:
        last = list(csv.DictReader(stream))[-1]
    sex, age = float(last["auroc/sex"]), float(last["age_error_years"])
    assert notes[-1].endswith(f"; AUROC of sex {sex:.4f}, age {age:.1f} years off")


def test_it_has_no_observations_to_predict(alone, tmp_path):
    from chex_tf.explain import subjects
    from chex_tf.explain.settings import ExplainSettings
    from chex_tf.export.exporting import export
    from chex_tf.export.settings import ExportSettings

    run, _, _ = alone["sex"]
    found = read_run(run)
    assert found.tasks == ()
    for predict in (
        lambda: chex_tf.load_run(run),
        lambda: predict_split.predict_split(found, "test", "test"),
        lambda: subjects.open_runs(ExplainSettings(run_dir=(run,), out=tmp_path)),
        lambda: export(ExportSettings(run_dir=run, out=tmp_path / "out", format="keras"), print, lambda name: None),
    ):
        with pytest.raises(InputError, match=r"learned sex, age alone .* predicts no observation") as caught:
            predict()
        assert caught.value.setting == "run_dir"


def test_its_encoder_serves_another_run(alone, settings):
    run, _, _ = alone["age"]
    plan = train_observations(*settings(dry_run=True, weights=str(run))).plan
    assert "weights: encoder_best.weights.h5: " in plan
    assert f"of the run {run}, which learned age, at its step " in plan
    assert "; those that the loaded weights were trained with" in plan
    assert "random (observations)" in plan
    file = str(run / "encoder_best.weights.h5")
    assert train_observations(*settings(dry_run=True, weights=file)).plan == plan
    with pytest.raises(InputError, match="expected no other epsilon than that with which the weights were trained"):
        train_observations(*settings(dry_run=True, weights=file, batch_norm_epsilon=0.01))
