"""DeLong's test of two AUROCs on the same rows, which needs no resampling.

A row's component is how far it moves the AUROC, scaled so that the sum of squares is the estimate of DeLong et al.
(1988), and the sum of products of two models' components their covariance. Components of one unit are added before
they are squared, which for patients with several studies gives the clustered estimate, and components of several
tasks are averaged for the mean AUROC; with one row per unit and one task it is DeLong's own test.
"""

import math
import sys
from collections.abc import Sequence

import numpy as np

from chex_tf.statistics import student
from chex_tf.statistics.bootstrap import HIGH, Interval
from chex_tf.statistics.ranking import rank, wins_by_row


def components(labels: np.ndarray, scores: np.ndarray, units: np.ndarray, count: int) -> np.ndarray:
    """[units] components of one task; NaN throughout where a class has fewer than two rows."""
    ranking = rank(labels, scores)
    positives, negatives = ranking.positives.size, ranking.negatives.size
    if positives < 2 or negatives < 2:
        return np.full(count, np.nan)
    wins = wins_by_row(ranking, scores)
    shares = wins[ranking.positives] / negatives, wins[ranking.negatives] / positives
    area = shares[0].mean()
    rows = np.zeros(labels.size)
    rows[ranking.positives] = (shares[0] - area) / math.sqrt(positives * (positives - 1))
    rows[ranking.negatives] = (shares[1] - area) / math.sqrt(negatives * (negatives - 1))
    return np.bincount(units, weights=rows, minlength=count)


def interval(difference: float, variance: float, freedom: float = math.inf) -> Interval:
    """It leaves zero out when `two_sided_p` is below 0.05."""
    if math.isnan(difference) or math.isnan(variance) or (variance <= 0 and difference != 0):
        return Interval(math.nan, math.nan, 0, "DeLong: no variance")
    reach = student.quantile(HIGH, freedom) * math.sqrt(max(variance, 0.0))
    return Interval(difference - reach, difference + reach)


def two_sided_p(difference: float, variance: float, freedom: float = math.inf) -> float:
    """From Student's t, or with infinitely many degrees of freedom the normal distribution; never zero. NaN where the
    variance is zero and the difference is not."""
    if math.isnan(difference) or math.isnan(variance):
        return math.nan
    if variance <= 0:
        return 1.0 if difference == 0 else math.nan
    return max(2 * student.upper_tail(abs(difference) / math.sqrt(variance), freedom), sys.float_info.min)


def freedom_of_mean(variances: Sequence[float], freedoms: Sequence[float]) -> float:
    """Satterthwaite's degrees of freedom of a mean of numbers with these variances."""
    total = sum(variances)
    shares = sum(variance**2 / freedom for variance, freedom in zip(variances, freedoms, strict=True))
    return total**2 / shares if shares > 0 else math.inf
