"""Brier score and calibration error."""

import numpy as np
import pytest
from sklearn import metrics

from chex_tf.statistics import calibration


def test_calibration_error_by_hand():
    labels = np.array([0.0, 1, 1, 1, np.nan])
    probabilities = np.array([0.12, 0.18, 0.85, 1.0, 0.5])
    curve = calibration.reliability(labels, probabilities)
    # Bins 0.1 to 0.2 (0.15 foretold, half true), 0.8 to 0.9, and 0.9 to 1 with its upper end.
    np.testing.assert_allclose(curve.predicted, [0.15, 0.85, 1.0])
    np.testing.assert_allclose(curve.observed, [0.5, 1.0, 1.0])
    np.testing.assert_array_equal(curve.rows, [2, 1, 1])
    assert curve.error == pytest.approx((2 * 0.35 + 0.15) / 4)


def test_a_calibrated_model_has_little_error_and_a_bold_one_much():
    generator = np.random.default_rng(0)
    probabilities = generator.random(20_000)
    labels = (generator.random(20_000) < probabilities).astype(float)
    assert calibration.reliability(labels, probabilities).error < 0.02
    assert calibration.reliability(labels, (probabilities > 0.5).astype(float)).error == pytest.approx(0.25, abs=0.02)


def test_brier_is_scikit_learns():
    generator = np.random.default_rng(1)
    probabilities, labels = generator.random(100), (generator.random(100) < 0.5).astype(float)
    assert calibration.brier(labels, probabilities) == pytest.approx(metrics.brier_score_loss(labels, probabilities))
    assert calibration.brier(np.append(labels, np.nan), np.append(probabilities, 0.9)) == pytest.approx(
        metrics.brier_score_loss(labels, probabilities)
    )


@pytest.mark.parametrize(("scores", "expected"), [([0, 0.5, 1], True), ([0, 1.0001], False), ([-0.1, 0.5], False)])
def test_what_can_be_a_probability(scores, expected):
    assert calibration.are_probabilities(np.array(scores)) is expected
