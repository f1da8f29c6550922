"""Guard rails: each stops what it is there for, names it, and lets the rest pass."""

import types

import numpy as np
import pytest

from chex_tf.models.inputs import SCHEMES
from chex_tf.settings import InputError
from chex_tf.training import guards
from chex_tf.training.observations.objective import ObservationsObjective
from chex_tf.training.observations.settings import ObservationsSettings

TASKS = ("Edema", "Fracture")


def batch(**changes):
    generator = np.random.default_rng(0)
    whole = {
        "image": generator.integers(0, 256, (4, 8, 8, 1)).astype(np.uint8),
        "targets": np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float32),
        "weights": np.array([[1, 1], [0, 1], [1, 1], [1, 0]], np.float32),
    }
    return {**whole, **changes}


def check(batch):
    feed = types.SimpleNamespace(tasks=TASKS, classes=1)
    objective = ObservationsObjective(ObservationsSettings(), None, feed, (), np.full(2, 0.5))
    images = guards.check_first_images(batch["image"], SCHEMES["torch"])
    return [*images, *objective.check_first_batch(batch, SCHEMES["torch"])]


def test_a_good_batch_is_described():
    lines = check(batch())
    assert lines[1] == "first batch: positives of known: Edema 1/3, Fracture 1/3"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": np.linspace(0, 1, 256, dtype=np.float32).reshape(4, 8, 8, 1)}, "pixels go from 0 to 1; expected"),
        ({"image": np.linspace(-2, 2, 256, dtype=np.float32).reshape(4, 8, 8, 1)}, "pixels go from -2 to 2"),
        ({"image": np.full((4, 8, 8, 1), 77, np.uint8)}, r"of one colour \(77\)"),
        ({"weights": np.zeros((4, 2), np.float32)}, "no label of the first batch has any weight"),
        ({"targets": np.full((4, 2), -1, np.float32)}, "targets go from -1 to -1"),
    ],
)
def test_a_bad_first_batch_stops_the_run(changes, message):
    with pytest.raises(InputError, match=message):
        check(batch(**changes))


def test_a_number_that_is_none_names_metric_step_and_checkpoint():
    reports = np.array([[0.5, 1.0, 0.1, 1.0, 0.0], [np.nan, 1.0, 0.1, 1.0, 0.0], [0.5, np.inf, 0.1, 1.0, 0.0]])
    with pytest.raises(guards.NonFinite, match="loss is nan at step 42; last good checkpoint: step 40"):
        guards.check_finite(reports, 40, lambda: "step 40 (there)")
    with pytest.raises(guards.NonFinite, match="gradient norm is inf at step 43"):
        guards.check_finite(reports[[0, 0, 2]], 40, lambda: "none yet")


def test_float16s_overflow_passes_only_as_long_as_the_scale_can_fall():
    overflow = [0.5, np.inf, 0.1]
    guards.check_finite(np.array([[*overflow, 1024.0, 0.0]]), 40, lambda: "none yet")
    with pytest.raises(guards.NonFinite, match="gradient norm is inf at step 41"):
        guards.check_finite(np.array([[*overflow, 1.0, 0.0]]), 40, lambda: "none yet")


def test_nobody_looks_for_the_last_checkpoint_while_all_is_well():
    def asked():
        raise AssertionError("the index was read")

    guards.check_finite(np.array([[0.5, 1.0, 0.1, 1.0, 0.0]]), 40, asked)
    guards.check_evaluation(0.5, "", 40, asked)
    with pytest.raises(guards.NonFinite, match="validation loss is nan at step 40; last good checkpoint: none yet"):
        guards.check_evaluation(float("nan"), "", 40, lambda: "none yet")
