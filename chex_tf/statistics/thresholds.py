"""Decisions at a threshold: chosen on validation only, judged on the test set; and readers, who give decisions only."""

import dataclasses

import numpy as np

from chex_tf.statistics.ranking import counts_at_thresholds, roc_curve


@dataclasses.dataclass(frozen=True)
class Decisions:
    """Counts of decisions against labels; a rate without anything to divide by is NaN."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def sensitivity(self) -> float:
        return _ratio(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def specificity(self) -> float:
        return _ratio(self.true_negatives, self.true_negatives + self.false_positives)

    @property
    def f1(self) -> float:
        """NaN without positives, as sensitivity is: there is nothing to find."""
        if self.true_positives + self.false_negatives == 0:
            return float("nan")
        return _ratio(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def decide(labels: np.ndarray, called: np.ndarray) -> Decisions:
    """Rows whose label is NaN take no part."""
    positive, negative = labels == 1, labels == 0
    return Decisions(
        int(np.sum(positive & called)),
        int(np.sum(negative & called)),
        int(np.sum(positive & ~called)),
        int(np.sum(negative & ~called)),
    )


def rates_by_unit(labels: np.ndarray, called: np.ndarray, units: np.ndarray, count: int) -> "RatesByUnit":
    return RatesByUnit(
        *(
            np.bincount(units[chosen], minlength=count).astype(np.float64)
            for chosen in (
                (labels == 1) & called,
                (labels == 0) & called,
                (labels == 1) & ~called,
                (labels == 0) & ~called,
            )
        )
    )


@dataclasses.dataclass(frozen=True)
class RatesByUnit:
    """Decisions counted by unit: a bootstrap statistic that gives sensitivity, specificity and F1."""

    true_positives: np.ndarray
    false_positives: np.ndarray
    false_negatives: np.ndarray
    true_negatives: np.ndarray

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """From unit weights [replicates, units] to [3, replicates]."""
        counts = np.stack([self.true_positives, self.false_positives, self.false_negatives, self.true_negatives])
        true_positives, false_positives, false_negatives, true_negatives = counts @ weights.T.astype(np.float64)
        positives, negatives = true_positives + false_negatives, true_negatives + false_positives
        halves = 2 * true_positives + false_positives + false_negatives
        nothing = np.full(positives.shape, np.nan)
        return np.stack(
            [
                np.divide(true_positives, positives, out=nothing.copy(), where=positives > 0),
                np.divide(true_negatives, negatives, out=nothing.copy(), where=negatives > 0),
                np.divide(2 * true_positives, halves, out=nothing.copy(), where=positives > 0),
            ]
        )


def choose_threshold(labels: np.ndarray, scores: np.ndarray, by: str) -> float:
    """The validation score that, as "at or above it is positive", maximises Youden's index or F1; the highest of
    equally good ones. NaN where a class is missing."""
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
    """A radiologist's file: nothing but 0 and 1, so one operating point and no curve."""
    return bool(np.isin(scores, (0, 1)).all())


def position_to_curve(labels: np.ndarray, scores: np.ndarray, reader: Decisions) -> tuple[str, float]:
    """Where a reader lies to a model's ROC curve (above, below, on) and the reader's sensitivity minus the model's
    at the reader's specificity; between two points the curve is a straight line, at a vertical step its top."""
    false, true = roc_curve(labels, scores)
    rate = 1 - reader.specificity
    place = int(np.searchsorted(false, rate, side="right"))
    if place == false.size or false[place - 1] == rate:
        at_reader = float(true[place - 1])
    else:
        share = (rate - false[place - 1]) / (false[place] - false[place - 1])
        at_reader = float(true[place - 1] + share * (true[place] - true[place - 1]))
    margin = reader.sensitivity - at_reader
    within_rounding = 1e-9
    where = "above" if margin > within_rounding else "below" if margin < -within_rounding else "on"
    return where, margin
