"""Predictive values at a stated prevalence: by hand, and how often their intervals hold the truth."""

import math

import numpy as np
import pytest

from chex_tf.statistics import predictive_values
from chex_tf.statistics.proportion import Proportion


def test_by_hand():
    """Of 10,000 with 2% ill: 180 of 200 found, 980 of 9,800 falsely; so PPV 180/1160 and NPV 8820/8840."""
    sensitivity, specificity = Proportion(0.9, 100, 100), Proportion(0.9, 200, 200)
    assert predictive_values.positive_predictive_value(sensitivity, specificity, 0.02)[0] == pytest.approx(180 / 1160)
    assert predictive_values.negative_predictive_value(sensitivity, specificity, 0.02)[0] == pytest.approx(8820 / 8840)


def test_at_the_sets_own_prevalence_it_is_the_share_in_the_set():
    sensitivity, specificity = Proportion(30 / 40, 40, 40), Proportion(50 / 60, 60, 60)
    assert predictive_values.positive_predictive_value(sensitivity, specificity, 0.4)[0] == pytest.approx(30 / 40)
    assert predictive_values.negative_predictive_value(sensitivity, specificity, 0.4)[0] == pytest.approx(50 / 60)


@pytest.mark.parametrize(("positives", "negatives"), [(30, 200), (100, 400)])
def test_intervals_hold_the_truth_even_near_one(positives, negatives):
    """5,000 worlds each: Monte Carlo error 0.3 points."""
    generator = np.random.default_rng(0)
    for sensitivity, specificity in ((0.8, 0.9), (0.95, 0.98)):
        truth = sensitivity * 0.05 / (sensitivity * 0.05 + (1 - specificity) * 0.95)
        held = 0
        for found, cleared in zip(
            generator.binomial(positives, sensitivity, 5000),
            generator.binomial(negatives, specificity, 5000),
            strict=True,
        ):
            given = (
                Proportion(found / positives, positives, positives),
                Proportion(cleared / negatives, negatives, negatives),
            )
            interval = predictive_values.positive_predictive_value(*given, 0.05)[1]
            held += interval.low <= truth <= interval.high
        assert 0.935 <= held / 5000 <= 0.99, (sensitivity, held)


def test_an_observed_one_has_a_lower_end():
    value, interval = predictive_values.positive_predictive_value(
        Proportion(0.8, 50, 50), Proportion(1.0, 100, 100), 0.1
    )
    assert value == 1
    assert interval.low < 0.9
    assert interval.high == 1


def test_what_cannot_be_said_is_not():
    nothing_called = predictive_values.positive_predictive_value(
        Proportion(0.0, 50, 50), Proportion(1.0, 100, 100), 0.1
    )
    assert np.isnan([nothing_called[0], nothing_called[1].low]).all()
    one_class = predictive_values.negative_predictive_value(Proportion(math.nan, 0, 0), Proportion(0.9, 10, 10), 0.1)
    assert one_class[1].reason == "one class only"
    one_unit = predictive_values.positive_predictive_value(Proportion(1.0, 1, 1), Proportion(0.9, 10, 10), 0.5)
    assert one_unit[0] == pytest.approx(1 / 1.1)
    assert np.isnan(one_unit[1].low)
    assert "fewer than 2 units" in one_unit[1].reason
