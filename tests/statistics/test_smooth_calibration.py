"""The smooth curve against numpy's weighted straight-line fits, point by point, and worlds whose index is known."""

import numpy as np
import pytest
from scipy.special import expit

from chex_tf.statistics import smooth_calibration
from chex_tf.statistics.bootstrap import Resampling


def simulated(rows, seed=0):
    generator = np.random.default_rng(seed)
    probabilities = expit(generator.normal(-1, 1.5, rows))
    return (generator.random(rows) < probabilities**1.3).astype(float), probabilities


def straight_lines(labels, probabilities, points, weights):
    """LOWESS without robustness steps, written naively."""
    near = int(len(labels) * 2 / 3)
    curve = []
    for point in points:
        distance = np.abs(probabilities - point)
        width = np.sort(distance)[near - 1]
        tricube = np.where(distance < width, (1 - (distance / width) ** 3) ** 3, 0)
        line = np.polyfit(probabilities - point, labels, 1, w=np.sqrt(tricube * weights))
        curve.append(line[1])
    return np.array(curve)


def test_the_curve_is_numpys_line_at_every_point():
    labels, probabilities = simulated(90)
    made = smooth_calibration.smoother(probabilities)
    weights = np.concatenate([np.ones((1, 90)), *Resampling(90, 5, 0).blocks()])
    for row, curve in zip(weights, made.curves(labels, weights), strict=True):
        np.testing.assert_allclose(curve, straight_lines(labels, probabilities, made.grid, row), atol=1e-9)


def test_the_index_is_the_mean_distance_from_that_curve():
    labels, probabilities = simulated(40)
    made = smooth_calibration.smoother(probabilities)
    np.testing.assert_array_equal(made.grid, np.sort(probabilities))  # few rows: every one is on the grid
    weights = np.concatenate([np.ones((1, 40)), *Resampling(40, 3, 0).blocks()])
    for row, index in zip(weights, made.index(labels, weights), strict=True):
        curve = straight_lines(labels, probabilities, probabilities, row)
        assert index == pytest.approx(np.average(np.abs(curve - probabilities), weights=row), abs=1e-9)


def test_more_rows_than_the_grid_change_little():
    labels, probabilities = simulated(400)
    curve = straight_lines(labels, probabilities, probabilities, np.ones(400))
    index = smooth_calibration.smoother(probabilities).index(labels, np.ones((1, 400)))[0]
    assert index == pytest.approx(np.mean(np.abs(curve - probabilities)), abs=2e-4)


def test_grouped_rows_change_little():
    labels, probabilities = simulated(3000)
    made = smooth_calibration.smoother(probabilities)
    assert made.centres.size == smooth_calibration.GROUPS_AT_MOST
    exact = straight_lines(labels, probabilities, made.grid, np.ones(3000))
    np.testing.assert_allclose(made.curves(labels, np.ones((1, 3000)))[0], exact, atol=1e-3)


def test_a_probability_too_high_by_a_tenth_has_an_index_of_a_tenth():
    generator = np.random.default_rng(1)
    probabilities = generator.uniform(0.2, 0.9, 100_000)
    labels = (generator.random(100_000) < probabilities - 0.1).astype(float)
    index = smooth_calibration.smoother(probabilities).index(labels, np.ones((1, 100_000)))[0]
    assert index == pytest.approx(0.1, abs=0.005)


def test_one_probability_for_all_rows():
    made = smooth_calibration.smoother(np.full(5, 0.5))
    assert made.index(np.array([1.0, 1, 1, 1, 0]), np.ones((1, 5)))[0] == pytest.approx(0.3)


def test_several_sets_of_labels_are_each_alone():
    labels, probabilities = simulated(60)
    made = smooth_calibration.smoother(probabilities)
    sets = np.stack([labels, 1 - labels])
    expected = [made.index(one, np.ones((1, 60)))[0] for one in sets]
    assert made.index_of_labels(sets) == pytest.approx(expected, abs=1e-12)
