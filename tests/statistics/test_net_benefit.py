"""Net benefit by hand and by counting."""

import numpy as np
import pytest

from chex_tf.statistics import net_benefit


def test_by_hand():
    """At 0.2 four are treated, two of them ill: (2 - 2 * 0.25) / 10. A row without label does not count."""
    labels = np.array([1.0, 1, 1, 0, 0, 0, 0, 0, 0, 0, np.nan])
    probabilities = np.array([0.9, 0.2, 0.1, 0.5, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.99])
    weigh = net_benefit.net_benefit_by_unit(labels, probabilities, np.arange(11), 11, np.array([0.2, 0.6]))
    np.testing.assert_allclose(weigh(np.ones((1, 11)))[:, 0], [0.15, 0.1])
    np.testing.assert_allclose(net_benefit.net_benefit_of_all(0.3, np.array([0.2, 0.6])), [0.3 - 0.7 / 4, 0.3 - 1.05])


def test_weights_are_repeated_rows_of_whole_units():
    generator = np.random.default_rng(0)
    labels, probabilities = (generator.random(30) < 0.4).astype(float), generator.random(30)
    units = np.arange(30) // 2
    counts = generator.integers(0, 3, (4, 15))
    found = net_benefit.net_benefit_by_unit(labels, probabilities, units, 15)(counts)
    for place, count in enumerate(counts):
        rows = np.repeat(np.arange(30), count[units])
        for threshold, value in zip(net_benefit.THRESHOLDS, found[:, place], strict=True):
            acted = probabilities[rows] >= threshold
            true, false = (acted & (labels[rows] == 1)).sum(), (acted & (labels[rows] == 0)).sum()
            assert value == pytest.approx((true - false * threshold / (1 - threshold)) / rows.size, abs=1e-12)
