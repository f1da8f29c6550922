"""Guard rails: each stops what it is there for, names it, and lets the rest pass."""

import numpy as np
import pytest

from chex_tf.models.inputs import SCHEMES
from chex_tf.settings import InputError
from chex_tf.training import guards

TASKS = ("Edema", "Fracture")


def batch(**changes):
    generator = np.random.default_rng(0)
    whole = {
        "image": generator.integers(0, 256, (4, 8, 8, 1)).astype(np.uint8),
        "targets": np.array([[1, 0], [1, 0], [0, 1], [0, 0]], np.float32),
        "weights": np.array([[1, 1], [0, 1], [1, 1], [1, 0]], np.float32),
    }
    return {**whole, **changes}


def test_a_good_batch_is_described():
    lines = guards.check_first_batch(batch(), TASKS, SCHEMES["torch"])
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
        guards.check_first_batch(batch(**changes), TASKS, SCHEMES["torch"])


def test_a_number_that_is_none_names_metric_step_and_checkpoint():
    reports = np.array([[0.5, 1.0], [np.nan, 1.0], [0.5, np.inf]])
    with pytest.raises(guards.NonFinite, match="loss is nan at step 42; last good checkpoint: step 40"):
        guards.check_finite(reports, 40, "step 40 (there)", overflow_is_fine=False)
    with pytest.raises(guards.NonFinite, match="gradient norm is inf at step 43"):
        guards.check_finite(reports[[0, 0, 2]], 40, "none yet", overflow_is_fine=False)
    guards.check_finite(reports[[0, 0, 2]], 40, "none yet", overflow_is_fine=True)
