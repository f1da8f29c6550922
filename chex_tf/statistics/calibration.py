"""Calibration of probabilities: Brier score, calibration error, reliability curve."""

import dataclasses
import math
from collections.abc import Callable, Sequence

import numpy as np

from chex_tf.statistics import bootstrap

BINS = 10  # of equal width; the last one includes its upper end
ELEMENTS_AT_ONCE = 2**18  # simulated labels in memory


@dataclasses.dataclass(frozen=True)
class Reliability:
    """One entry per non-empty bin: mean probability, share of positives, number of rows."""

    predicted: np.ndarray
    observed: np.ndarray
    rows: np.ndarray

    @property
    def error(self) -> float:
        """The expected calibration error: mean gap between predicted and observed, weighted by rows."""
        return float(np.average(np.abs(self.predicted - self.observed), weights=self.rows))


def reliability(labels: np.ndarray, probabilities: np.ndarray, bins: int = BINS) -> Reliability:
    labelled = ~np.isnan(labels)
    labels, probabilities = labels[labelled], probabilities[labelled]
    places = _places(probabilities, bins)
    rows = np.bincount(places, minlength=bins)
    filled = rows > 0
    return Reliability(
        np.bincount(places, weights=probabilities, minlength=bins)[filled] / rows[filled],
        np.bincount(places, weights=labels, minlength=bins)[filled] / rows[filled],
        rows[filled],
    )


def _places(probabilities: np.ndarray, bins: int) -> np.ndarray:
    return np.minimum((probabilities * bins).astype(np.int64), bins - 1)


def error_by_unit(
    labels: np.ndarray, probabilities: np.ndarray, units: np.ndarray, count: int
) -> Callable[[np.ndarray], np.ndarray]:
    """A function from unit weights [weightings, units] to the calibration error of each weighting."""
    labelled = ~np.isnan(labels)
    places = units[labelled] * BINS + _places(probabilities[labelled], BINS)
    gaps = np.bincount(places, probabilities[labelled] - labels[labelled], count * BINS).reshape(count, BINS)
    rows = np.bincount(units[labelled], minlength=count).astype(np.float64)

    def weigh(weights: np.ndarray) -> np.ndarray:
        # A bin's gap times its rows is the distance of two sums, so the bins' own numbers of rows cancel.
        weights = weights.astype(np.float64)
        distance, total = np.abs(weights @ gaps).sum(axis=1), weights @ rows
        return np.divide(distance, total, out=np.full(total.shape, np.nan), where=total > 0)

    return weigh


def error_of_labels(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """[sets] the calibration error of these probabilities against each of several sets of labels [sets, rows]."""
    chosen = _places(probabilities, BINS)[:, np.newaxis] == np.arange(BINS)
    gaps = labels @ chosen.astype(np.float64) - probabilities @ chosen
    return np.asarray(np.abs(gaps).sum(axis=1) / probabilities.size)


def distances_if_calibrated(
    models: Sequence[tuple[np.ndarray, Sequence[Callable[[np.ndarray], np.ndarray]]]], sets: int, seed: Sequence[int]
) -> list[np.ndarray]:
    """For each model's probabilities [rows] its distances [distances, sets], each a function of labels [sets, rows]
    that are drawn from these very probabilities: what a perfectly calibrated model would show.

    Each row is drawn on its own, so rows of one patient agree less than they do in life.
    """
    rows = models[0][0].size if models else 0
    generator = np.random.default_rng(seed)
    at_once = max(1, ELEMENTS_AT_ONCE // max(1, rows))
    found: list[list[np.ndarray]] = [[] for _ in models]
    for start in range(0, sets, at_once):
        drawn = generator.random((min(at_once, sets - start), rows))
        for (probabilities, distances), parts in zip(models, found, strict=True):
            labels = (drawn < probabilities).astype(np.float64)
            parts.append(np.stack([distance(labels) for distance in distances]))
    return [np.concatenate(parts, axis=1) for parts in found]


@dataclasses.dataclass(frozen=True)
class IfCalibrated:
    """What a perfectly calibrated model with the same probabilities on as many rows would show: mean and the value
    that one in forty exceeds."""

    mean: float
    high: float


def distance_interval(
    value: float, replicates: np.ndarray, calibrated: np.ndarray
) -> tuple[bootstrap.Interval, IfCalibrated]:
    """Of a distance from calibration, which is never below 0 and, by chance, never 0.

    A replicate adds noise once more, so percentiles of replicates lie too high and can never reach 0. The upper end is
    their percentile 97.5. The lower end is 0 where a perfectly calibrated model would show the value, or more, in over
    one of forty sets. Otherwise it is first taken as far below the value as the upper lies above; then what such a
    model shows on average is taken off by squares, since squares of truth and of noise add up.
    """
    if_calibrated = IfCalibrated(float(np.mean(calibrated)), float(np.quantile(calibrated, bootstrap.HIGH)))
    percentiles = bootstrap.percentile_interval(replicates)
    if np.isnan(percentiles.high):
        return percentiles, if_calibrated
    low = 0.0
    if value > if_calibrated.high:
        reflected = min(value, max(0.0, 2 * value - percentiles.high))
        low = math.sqrt(max(0.0, reflected**2 - if_calibrated.mean**2))
    return dataclasses.replace(percentiles, low=low, high=max(value, percentiles.high)), if_calibrated


def brier(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean squared distance between probability and label."""
    labelled = ~np.isnan(labels)
    return float(np.mean((probabilities[labelled] - labels[labelled]) ** 2))


def are_probabilities(scores: np.ndarray) -> bool:
    return bool(np.all((scores >= 0) & (scores <= 1)))
