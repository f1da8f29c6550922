"""The auxiliary losses by hand."""

import math

import numpy as np
import pytest
import tensorflow as tf

from chex_tf.training.observations import auxiliary_tasks
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
