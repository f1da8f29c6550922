"""Calibration of probabilities: Brier score, calibration error, reliability curve."""

import dataclasses
from collections.abc import Callable

import numpy as np

BINS = 10  # of equal width; the last one includes its upper end


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


def labels_if_calibrated(probabilities: np.ndarray, sets: int, seed: int) -> np.ndarray:
    """[sets, rows] labels drawn from the probabilities themselves: what a perfectly calibrated model would meet. Each
    row is drawn on its own, so rows of one patient agree less than they do in life."""
    return (np.random.default_rng(seed).random((sets, probabilities.size)) < probabilities).astype(np.float64)


def brier(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean squared distance between probability and label."""
    labelled = ~np.isnan(labels)
    return float(np.mean((probabilities[labelled] - labels[labelled]) ** 2))


def are_probabilities(scores: np.ndarray) -> bool:
    return bool(np.all((scores >= 0) & (scores <= 1)))
