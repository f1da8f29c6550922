"""Brier score and calibration error."""

import functools
import math

import numpy as np
import pytest
from scipy.special import expit
from sklearn import metrics

from chex_tf.statistics import bootstrap, calibration, smooth_calibration


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


def test_the_error_of_weighted_units_is_that_of_repeated_rows():
    generator = np.random.default_rng(2)
    labels, probabilities = (generator.random(60) < 0.5).astype(float), generator.random(60)
    labels[::7] = np.nan
    units = np.arange(60) // 2
    counts = generator.integers(0, 4, (5, 30))
    found = calibration.error_by_unit(labels, probabilities, units, 30)(counts)
    for count, value in zip(counts, found, strict=True):
        rows = np.repeat(np.arange(60), count[units])
        assert value == pytest.approx(calibration.reliability(labels[rows], probabilities[rows]).error, abs=1e-12)


def test_what_a_calibrated_model_would_show_by_enumeration():
    """Two rows at 0.5, in one bin: both alike in half of all sets, which is an error of one half, else none."""
    probabilities = np.array([0.5, 0.5])
    distance = functools.partial(calibration.error_of_labels, probabilities)
    (found,) = calibration.distances_if_calibrated([(probabilities, [distance])], 4000, (0, 1))
    assert found.shape == (1, 4000)
    assert set(np.unique(found)) == {0.0, 0.5}
    assert found.mean() == pytest.approx(0.25, abs=0.02)


def test_the_interval_reaches_0_where_chance_alone_shows_as_much():
    chance = np.linspace(0.0, 0.04, 1001)
    within, if_calibrated = calibration.distance_interval(0.03, np.linspace(0.02, 0.06, 1001), chance)
    assert (within.low, within.high) == pytest.approx((0, 0.059))
    assert (if_calibrated.mean, if_calibrated.high) == pytest.approx((0.02, 0.039))
    beyond, _ = calibration.distance_interval(0.1, np.linspace(0.08, 0.14, 1001), chance)
    # As far below 0.1 as 0.1385 lies above; then the mean by chance, 0.02, is taken off by squares.
    assert (beyond.low, beyond.high) == pytest.approx((math.sqrt((0.1 - 0.0385) ** 2 - 0.02**2), 0.1385))


@pytest.mark.slow
@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (0.6, 0.0), (1.0, 0.5)])
def test_intervals_hold_the_error_and_the_index_of_the_world(slope, offset):
    """300 worlds of 400 rows each: Monte Carlo error 1.3 points. Percentiles alone would hold an error of 0 never."""
    generator = np.random.default_rng(3)

    def world(rows):
        z = generator.normal(-2, 1.5, rows)
        return expit(z), expit(offset + slope * z)

    probabilities, truth = world(200_000)
    places = np.minimum((probabilities * 10).astype(int), 9)
    error = np.abs(np.bincount(places, probabilities - truth)).sum() / truth.size
    chosen = probabilities[::100], truth[::100]
    index = smooth_calibration.smoother(chosen[0]).index_of_labels(chosen[1][np.newaxis])[0]
    held = np.zeros(2)
    for number in range(300):
        probabilities, truth = world(400)
        labels = (generator.random(400) < truth).astype(float)
        smoother = smooth_calibration.smoother(probabilities)
        distances = [functools.partial(calibration.error_of_labels, probabilities), smoother.index_of_labels]
        (chance,) = calibration.distances_if_calibrated([(probabilities, distances)], 400, (number, 0))
        by_unit = calibration.error_by_unit(labels, probabilities, np.arange(400), 400)
        resampling = bootstrap.Resampling(400, 300, number)
        drawn = bootstrap.replicate([by_unit, functools.partial(smoother.index, labels)], resampling)
        for place, (known, statistic) in enumerate(zip((error, index), distances, strict=True)):
            value = float(statistic(labels[np.newaxis])[0])
            interval, _ = calibration.distance_interval(value, drawn[place], chance[place])
            held[place] += interval.low <= known + 1e-12 and known <= interval.high
    assert (held / 300 > 0.91).all(), held / 300
