"""The auxiliary losses by hand."""

import math
import types

import numpy as np
import pytest
import tensorflow as tf

from chex_tf.training.observations import auxiliary_tasks
from chex_tf.training.observations.feed import Feed
from chex_tf.training.observations.objective import ObservationsObjective
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.train import train_observations


@pytest.mark.parametrize(
    ("unit", "predicted", "cost"),
    [
        # 80 years where 60 are true. Smooth L1 is d²/2 below 1 and d - 1/2 above.
        ("century", 0.8, 0.02),
        ("decade", 8.0, 1.5),
        ("year", 80.0, 19.5),
        # 62 years where 60 are true.
        ("century", 0.62, 0.0002),
        ("decade", 6.2, 0.02),
        ("year", 62.0, 1.5),
    ],
)
def test_an_ages_error_costs_what_smooth_l1_in_its_unit_says(unit, predicted, cost):
    outputs, targets = tf.constant([[predicted], [1.0]]), tf.constant([0.6, 0.9])
    found = auxiliary_tasks.loss("age", outputs, targets, tf.constant([2.0, 0.0]), unit)
    assert float(found) == pytest.approx(2 * cost, rel=1e-4)


def test_sex_and_view_have_no_unit():
    for name in ("sex", "view"):
        found = [
            auxiliary_tasks.loss(name, tf.zeros((1, 1)), tf.ones(1), tf.ones(1), unit) for unit in ("century", "year")
        ]
        np.testing.assert_allclose(found, math.log(2), rtol=1e-6)


def test_the_plan_names_auxiliary_losses_and_the_ages_unit(settings):
    plan = train_observations(*settings(dry_run=True, sex_weight=0.5, age_weight=1.0)).plan
    assert "auxiliary losses: sex × 0.5, age × 1 (age by smooth L1 per decade)" in plan
    assert "auxiliary losses" not in train_observations(*settings(dry_run=True)).plan


def test_the_plan_names_the_loss_and_its_settings(settings):
    def losses_of(**changes):
        plan = train_observations(*settings(dry_run=True, **changes)).plan
        return [line for line in plan.splitlines() if line.startswith(("loss: ", "seed of order"))]

    mean = "loss: cross-entropy, the mean over a batch's known labels; "
    seeds = "seed of order, augmentation and smoothed labels: "
    assert losses_of(seed=3) == [f"{mean}targets not smoothed; not balanced", f"{seeds}3"]
    balanced = f"{mean}targets smoothed by 0.1; each task's positives and negatives weigh the same"
    assert losses_of(balance=True, label_smoothing=0.1, data_seed=5) == [balanced, f"{seeds}5"]
    margin = losses_of(loss="auc_margin", auc_margin=0.5)
    assert margin[0] == "loss: AUC margin of 0.5; a, b and alpha by learning rate 0.1"
    pesg = losses_of(loss="auc_margin", optimizer="pesg")
    assert pesg[0] == "loss: AUC margin of 1; a, b and alpha by the weights' learning rate"


def lacking(score_by, raw, scored=("Edema", "Fracture", "Pneumonia")):
    """An objective whose evaluation split has four images of three studies with these labels."""
    tasks = ("Edema", "Fracture", "Pneumonia")
    valid = types.SimpleNamespace(records=types.SimpleNamespace(split="valid"), examples=np.arange(4))
    feed = types.SimpleNamespace(
        tasks=tasks, classes=1, valid=valid, valid_truth=np.array(raw, float), valid_studies=np.array([0, 0, 1, 2])
    )
    asked = ObservationsSettings(score_by=score_by)
    return ObservationsObjective(asked, None, feed, scored, np.full(3, 0.5))


def test_tasks_without_an_auroc_on_the_evaluation_split_are_named_beforehand():
    """Of Edema both images of one study disagree, so only single images have a negative besides; Pneumonia has none
    positive, and an unknown one."""
    nan = float("nan")
    raw = [[1, 1, 0], [0, 0, 0], [1, 0, nan], [1, 0, 0]]
    by_study = lacking("study", raw)
    assert by_study.remarks() == [
        "note: no AUROC on valid of 2 of the 3 tasks that should rank checkpoints (Edema: 3 positive and 0 negative "
        "studies; Pneumonia: 0 positive and 2 negative studies); the mean is over the other 1"
    ]
    assert by_study.say_score(0.75) == "best AUROC of 1 of 3 tasks 0.7500"
    by_image = lacking("image", raw)
    assert by_image.remarks()[0].startswith(
        "note: no AUROC on valid of 1 of the 3 tasks that should rank checkpoints (Pneumonia: "
    )
    whole = lacking("image", raw, ("Edema", "Fracture"))
    assert whole.remarks() == []
    assert whole.say_score(0.75) == "best AUROC 0.7500"
    none = lacking("image", raw, ("Pneumonia",))
    assert none.remarks()[0].startswith("note: no AUROC on valid of 1 of the 1 task that should rank checkpoints (")
    assert none.remarks()[0].endswith("; so nothing ranks checkpoints")
    assert none.say_score(nan) == "its best checkpoint unknown, as nothing ranked any"


def test_plan_and_run_say_which_tasks_rank_nothing(settings, monkeypatch):
    """Of the 21 validation films, 8 have the first finding and none the second."""
    labels = np.stack([np.arange(21) < 8, np.zeros(21)], axis=1).astype(float)
    monkeypatch.setattr(Feed, "valid_truth", property(lambda feed: labels))
    said = []
    given = {"tasks": ("Atelectasis", "Fracture"), "score_tasks": ("all",), "steps": 1, "evaluate_every": 1}
    train_observations(*settings(**given), say=said.append)
    plan = train_observations(*settings(**given, dry_run=True)).plan.splitlines()
    for lines in (said, plan):
        assert (
            "note: no AUROC on valid of 1 of the 2 tasks that should rank checkpoints (Fracture: 0 positive and 21 "
            "negative studies); the mean is over the other 1"
        ) in lines
