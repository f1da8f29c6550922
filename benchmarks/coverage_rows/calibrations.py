"""Calibration error, ICI, intercept and slope.

A row's logit z is normal. The model says expit(z), and the truth is expit(shift + slope * z): the model is calibrated
with a slope of 1 and a shift of 0, too extreme with a slope below 1, too low with a shift above 0.
"""

import functools
from collections.abc import Iterator

import numpy as np
import scipy.optimize
from scipy.special import expit

from benchmarks.coverage_rows.simulated import REPLICATES, Row, Trial, holds
from chex_tf.statistics import bootstrap, calibration, logistic_calibration, smooth_calibration

SPREAD = 1.3  # standard deviation of z
EXACT = 200_001  # points of the normal distribution by which true values are integrated


@functools.cache
def truths(centre: float, slope: float, moved: float) -> dict[str, float]:
    points = np.linspace(-6, 6, EXACT)
    weights = np.exp(-(points**2) / 2)
    weights /= weights.sum()
    z = centre + SPREAD * points
    said, right = expit(z), expit(moved + slope * z)
    places = np.minimum((said * calibration.BINS).astype(np.int64), calibration.BINS - 1)
    gaps = np.bincount(places, weights * (said - right), calibration.BINS)
    intercept = scipy.optimize.brentq(lambda a: float(weights @ (expit(a + z) - right)), -10, 10)
    return {
        "error": float(np.abs(gaps).sum()),
        "ICI": float(weights @ np.abs(said - right)),
        "intercept": float(intercept),
        "slope": slope,
    }


@functools.cache
def centre_of(share: float) -> float:
    """The mean of z with which about this share is positive."""
    points = SPREAD * np.linspace(-3, 3, 2001)
    return float(scipy.optimize.brentq(lambda centre: float(np.mean(expit(centre + points))) - share, -9, 9))


def calibration_holds(rows: int, share: float, slope: float, moved: float) -> Trial:
    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        centre = centre_of(share)
        truth = truths(centre, slope, moved)
        z = centre + SPREAD * generator.normal(size=rows)
        labels = (generator.random(rows) < expit(moved + slope * z)).astype(float)
        said, units = expit(z), np.arange(rows)
        error = calibration.error_by_unit(labels, said, units, rows)
        smoother = smooth_calibration.smoother(said)
        resampling = bootstrap.Resampling(rows, REPLICATES, int(generator.integers(2**31)))
        work: list[bootstrap.Statistic] = [error, lambda weights: smoother.index(labels, weights)]
        replicates = bootstrap.replicate(work, resampling)
        by_distance = [lambda drawn: calibration.error_of_labels(said, drawn), smoother.index_of_labels]
        (chance,) = calibration.distances_if_calibrated([(said, by_distance)], REPLICATES, (resampling.seed,))
        ones = np.ones((1, rows))
        found: dict[str, bool | float] = {}
        for name, statistic, drawn, by_chance in zip(("error", "ICI"), work, replicates, chance, strict=True):
            interval, _ = calibration.distance_interval(float(statistic(ones)[0]), drawn, by_chance)
            found[name] = holds(interval, truth[name])
        line = logistic_calibration.intervals(labels, logistic_calibration.logits(said), units)
        return found | {
            name: holds(interval, truth[name]) for name, interval in zip(("intercept", "slope"), line, strict=True)
        }

    return trial


def rows() -> Iterator[Row]:
    for count, share in ((200, 0.2), (500, 0.2), (500, 0.05), (1000, 0.1)):
        for slope, moved in ((1.0, 0.0), (0.85, 0.0), (0.6, 0.0), (1.0, 0.7)):
            name = f"{count} rows, {share} positive, slope {slope}, shift {moved}"
            yield Row("Calibration", name, calibration_holds(count, share, slope, moved), resamples=True)
