"""Predictive values at a stated prevalence: by hand, and how often their intervals hold the truth."""

import numpy as np
import pytest

from chex_tf.statistics import predictive_values
from chex_tf.statistics.predictive_values import Rate


def test_by_hand():
    """Of 10,000 with 2% ill: 180 of 200 found, 980 of 9,800 falsely; so PPV 180/1160 and NPV 8820/8840."""
    sensitivity, specificity = Rate(90, 100, 100), Rate(180, 200, 200)
    assert predictive_values.positive_predictive_value(sensitivity, specificity, 0.02)[0] == pytest.approx(180 / 1160)
    assert predictive_values.negative_predictive_value(sensitivity, specificity, 0.02)[0] == pytest.approx(8820 / 8840)


def test_at_the_sets_own_prevalence_it_is_the_share_in_the_set():
    sensitivity, specificity = Rate(30, 40, 40), Rate(50, 60, 60)
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
            given = Rate(found, positives, positives), Rate(cleared, negatives, negatives)
            interval = predictive_values.positive_predictive_value(*given, 0.05)[1]
            held += interval.low <= truth <= interval.high
        assert 0.935 <= held / 5000 <= 0.99, (sensitivity, held)


def test_an_observed_one_has_a_lower_end():
    value, interval = predictive_values.positive_predictive_value(Rate(40, 50, 50), Rate(100, 100, 100), 0.1)
    assert value == 1
    assert interval.low < 0.9
    assert interval.high == 1


def test_what_cannot_be_said_is_not():
    nothing_called = predictive_values.positive_predictive_value(Rate(0, 50, 50), Rate(100, 100, 100), 0.1)
    assert np.isnan([nothing_called[0], nothing_called[1].low]).all()
    one_class = predictive_values.negative_predictive_value(Rate(0, 0, 0), Rate(9, 10, 10), 0.1)
    assert one_class[1].reason == "one class only"


def test_patients_who_say_everything_twice_tell_as_much_as_once():
    generator = np.random.default_rng(0)
    once = generator.random(200) < 0.7
    alone = predictive_values.rate(once, np.arange(200))
    twice = predictive_values.rate(np.repeat(once, 2), np.repeat(np.arange(200), 2))
    assert alone.effective == 200
    assert twice.effective == pytest.approx(200, rel=0.01)
    independent = predictive_values.rate(generator.random(4000) < 0.7, np.repeat(np.arange(2000), 2))
    assert independent.effective == pytest.approx(4000, rel=0.05)
    assert predictive_values.rate(np.ones(20, bool), np.repeat(np.arange(10), 2)).effective == 10
