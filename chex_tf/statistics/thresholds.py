"""Decisions at a threshold, chosen on validation only and measured on the test set; and readers' decisions."""

import dataclasses
from collections.abc import Callable

import numpy as np

from chex_tf.statistics.ranking import counts_at_thresholds


@dataclasses.dataclass(frozen=True)
class Decisions:
    """Counts of decisions against labels, one per weighting of the rows, or plain numbers for the unweighted rows. A
    rate whose denominator is zero is NaN."""

    true_positives: np.ndarray
    false_positives: np.ndarray
    false_negatives: np.ndarray
    true_negatives: np.ndarray

    @property
    def positives(self) -> np.ndarray:
        return self.true_positives + self.false_negatives

    @property
    def negatives(self) -> np.ndarray:
        return self.true_negatives + self.false_positives

    @property
    def sensitivity(self) -> np.ndarray:
        return ratio(self.true_positives, self.positives)

    @property
    def specificity(self) -> np.ndarray:
        return ratio(self.true_negatives, self.negatives)

    @property
    def f1(self) -> np.ndarray:
        """NaN without positives, as sensitivity is: there is nothing to find."""
        halves = 2 * self.true_positives + self.false_positives + self.false_negatives
        return ratio(2 * self.true_positives, np.where(self.positives > 0, halves, 0))


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """NaN where the whole is zero; a plain number for plain numbers."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.greater(whole, 0))[()]


def decide(labels: np.ndarray, called: np.ndarray) -> Decisions:
    """Rows whose label is NaN are left out."""
    return Decisions(*(np.sum(kind) for kind in _kinds(labels, called)))


def decide_by_unit(
    labels: np.ndarray, called: np.ndarray, units: np.ndarray, count: int
) -> Callable[[np.ndarray], Decisions]:
    """A function from unit weights [weightings, units] to decisions."""
    counts = np.array([np.bincount(units[kind], minlength=count) for kind in _kinds(labels, called)], dtype=np.float64)

    def weigh(weights: np.ndarray) -> Decisions:
        return Decisions(*(counts @ weights.T.astype(np.float64)))

    return weigh


def _kinds(labels: np.ndarray, called: np.ndarray) -> tuple[np.ndarray, ...]:
    positive, negative = labels == 1, labels == 0
    return positive & called, negative & called, positive & ~called, negative & ~called


def choose_threshold(labels: np.ndarray, scores: np.ndarray, by: str) -> float:
    """The validation score at or above which calling positive maximises Youden's index or F1; the highest of equally
    good ones. NaN where a class is missing."""
    positives, negatives = int(np.sum(labels == 1)), int(np.sum(labels == 0))
    if not positives or not negatives:
        return float("nan")
    true, false, candidates = counts_at_thresholds(labels, scores)
    if by == "youden":
        merit = true / positives - false / negatives
    elif by == "f1":
        merit = 2 * true / (true + false + positives)
    else:
        raise ValueError(f"expected youden or f1; received {by!r}")
    return float(candidates[np.argmax(merit)])


def is_reader(scores: np.ndarray) -> bool:
    """Whether these are a radiologist's: only 0 and 1, so one operating point and no curve."""
    return bool(np.isin(scores, (0, 1)).all())


# A model's probabilities are hardly ever exactly 0 and exactly 1.
NEARLY_ALL = 0.9


def is_nearly_reader(scores: np.ndarray) -> bool:
    """Whether these look like a radiologist's but for a few values that are neither 0 nor 1."""
    decided = np.isin(scores, (0, 1))
    return bool(NEARLY_ALL <= decided.mean() < 1 and np.isin((0, 1), scores).all())
