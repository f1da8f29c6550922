"""Learning rates against the same written out in plain Python."""

import math
import pathlib

import pytest
import tensorflow as tf

from chex_tf.training import schedules
from chex_tf.training.settings import TrainSettings


def rates(steps, at, steps_per_epoch=10.0, **changes):
    settings = TrainSettings(run_dir=pathlib.Path("unused"), learning_rate=0.2, **changes)
    rate = schedules.learning_rate(settings, steps, steps_per_epoch)
    return [float(rate(tf.constant(step, tf.int64))) for step in at]


def test_constant():
    assert rates(100, [0, 99]) == pytest.approx([0.2, 0.2])


def test_warm_up_climbs_to_the_full_rate():
    assert rates(100, [0, 1, 3, 4, 50], warmup_steps=4) == pytest.approx([0.04, 0.08, 0.16, 0.2, 0.2])


def test_cosine_falls_to_zero_after_the_warm_up():
    expected = [0.2 * 0.5 * (1 + math.cos(math.pi * (step - 20) / 80)) for step in (20, 40, 60, 100)]
    assert rates(100, [20, 40, 60, 100], schedule="cosine", warmup_steps=20) == pytest.approx(expected, abs=1e-7)


def test_steps_multiply_after_each_epoch_named():
    found = rates(100, [14, 15, 29, 30], schedule="step", decay_epochs=(1.5, 3.0), decay_factor=0.1)
    assert found == pytest.approx([0.2, 0.02, 0.02, 0.002])


def test_a_stage_begins_with_each_decay():
    settings = TrainSettings(run_dir=pathlib.Path("unused"), optimizer="pesg", schedule="step", decay_epochs=(0.3, 0.5))
    stage = schedules.stages(settings, 10.0)
    found = [stage(tf.constant(step, tf.int64)) for step in range(7)]
    assert [float(one.count) for one in found] == [1, 2, 3, 1, 2, 1, 2]
    assert [bool(one.ends) for one in found] == [False, False, True, False, True, False, False]
    whole = schedules.stages(TrainSettings(run_dir=pathlib.Path("unused"), decay_epochs=(0.3,)), 10.0)
    assert float(whole(tf.constant(6, tf.int64)).count) == 7  # a constant rate has one stage
