"""Calibration of probabilities: Brier score, calibration error, reliability curve."""

import dataclasses

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
    places = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    rows = np.bincount(places, minlength=bins)
    filled = rows > 0
    return Reliability(
        np.bincount(places, weights=probabilities, minlength=bins)[filled] / rows[filled],
        np.bincount(places, weights=labels, minlength=bins)[filled] / rows[filled],
        rows[filled],
    )


def brier(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean squared distance between probability and label."""
    labelled = ~np.isnan(labels)
    return float(np.mean((probabilities[labelled] - labels[labelled]) ** 2))


def are_probabilities(scores: np.ndarray) -> bool:
    return bool(np.all((scores >= 0) & (scores <= 1)))
