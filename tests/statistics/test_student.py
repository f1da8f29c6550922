"""Student's t against scipy."""

import math

import pytest
import scipy.stats

from chex_tf.statistics import student


@pytest.mark.parametrize("freedom", [1, 2, 3.7, 9, 24, 149.5, 5000, math.inf])
def test_tails_and_quantiles_are_scipys(freedom):
    theirs = scipy.stats.norm if math.isinf(freedom) else scipy.stats.t(freedom)
    for t in (0, 0.3, 1, 1.96, 4, 12):
        assert student.upper_tail(t, freedom) == pytest.approx(theirs.sf(t), rel=1e-9)
    for level in (0.6, 0.95, 0.975, 0.9999):
        assert student.quantile(level, freedom) == pytest.approx(theirs.ppf(level), rel=1e-9)
