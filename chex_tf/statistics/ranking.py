"""Exact AUROC and average precision, with weights: scores are sorted once, then any number of weightings is cheap.

Weights are [weightings, rows]. With integers (the counts of a bootstrap replicate) all sums are exact; equal
scores count half in the AUROC and enter the average precision together.
"""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Ranking:
    """Labelled rows of one task, ordered by one model's scores.

    `positives` and `negatives` hold row numbers by rising score. For each positive: `below` counts the negatives with
    a lower score, `upto` those with a lower or the same, `positives_below` the positives with a lower score.
    """

    positives: np.ndarray
    negatives: np.ndarray
    below: np.ndarray
    upto: np.ndarray
    positives_below: np.ndarray

    @property
    def is_defined(self) -> bool:
        return self.positives.size > 0 and self.negatives.size > 0

    def by_unit(self, units: np.ndarray) -> "Ranking":
        """The same ranking for weights by unit: `units` maps each row to its unit."""
        return dataclasses.replace(self, positives=units[self.positives], negatives=units[self.negatives])

    def weighted(self, weights: np.ndarray) -> "WeightedRanking":
        """What AUROC and average precision are both computed from: gathering it is most of their cost."""
        return WeightedRanking(
            self,
            np.take(weights, self.positives, axis=1),
            _cumulative(np.take(weights, self.negatives, axis=1)),
        )


def rank(labels: np.ndarray, scores: np.ndarray) -> Ranking:
    """Rows whose label is NaN are left out."""
    positives, negatives = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    positives = positives[np.argsort(scores[positives], kind="stable")]
    negatives = negatives[np.argsort(scores[negatives], kind="stable")]
    high, low = scores[positives], scores[negatives]
    return Ranking(
        positives,
        negatives,
        np.searchsorted(low, high, side="left"),
        np.searchsorted(low, high, side="right"),
        np.searchsorted(high, high, side="left"),
    )


def wins_by_row(ranking: Ranking, scores: np.ndarray) -> np.ndarray:
    """[rows] for a positive, how many negatives it beats; for a negative, how many positives beat it; ties are half."""
    high, low = scores[ranking.positives], scores[ranking.negatives]
    reached = np.searchsorted(high, low, side="left") + np.searchsorted(high, low, side="right")
    wins = np.zeros(scores.size)
    wins[ranking.positives] = (ranking.below + ranking.upto) / 2
    wins[ranking.negatives] = high.size - reached / 2
    return wins


@dataclasses.dataclass(frozen=True)
class WeightedRanking:
    """Weights of the positives [weightings, positives], and running sums over the negatives, which begin with 0.

    Each measure of it is [weightings], NaN where one of the classes has no weight.
    """

    ranking: Ranking
    positives: np.ndarray
    negatives_upto: np.ndarray

    def auroc(self) -> np.ndarray:
        beaten_twice = np.take(self.negatives_upto, self.ranking.below, axis=1)
        beaten_twice += np.take(self.negatives_upto, self.ranking.upto, axis=1)
        # The product is formed in float64, where it is exact: 32-bit integers would overflow at some thousand rows.
        wins_twice = np.einsum("wp,wp->w", self.positives, beaten_twice, dtype=np.float64)
        pairs = self.positives.sum(axis=1, dtype=np.float64) * self.negatives_upto[:, -1]
        return np.divide(wins_twice, 2 * pairs, out=np.full(pairs.shape, np.nan), where=pairs > 0)

    def average_precision(self) -> np.ndarray:
        upto, negatives = _cumulative(self.positives), self.negatives_upto
        true = upto[:, -1:] - np.take(upto, self.ranking.positives_below, axis=1)
        called = true + (negatives[:, -1:] - np.take(negatives, self.ranking.below, axis=1))
        # Where nothing is called positive, the positive itself has no weight, and its precision does not matter.
        precision = np.divide(true, called, out=np.zeros(called.shape), where=called > 0)
        total = upto[:, -1].astype(np.float64)
        weighted = np.einsum("wp,wp->w", self.positives, precision, dtype=np.float64)
        is_defined = (total > 0) & (negatives[:, -1] > 0)
        return np.divide(weighted, total, out=np.full(total.shape, np.nan), where=is_defined)


def auroc(ranking: Ranking, weights: np.ndarray) -> np.ndarray:
    """[weightings] AUROCs; NaN where one of the classes has no weight."""
    return ranking.weighted(weights).auroc()


def unweighted_auroc(labels: np.ndarray, scores: np.ndarray) -> float:
    """NaN where all are of one class."""
    return float(auroc(rank(labels, scores), np.ones((1, len(labels)), np.int64))[0])


def _cumulative(weights: np.ndarray) -> np.ndarray:
    sums = np.zeros((weights.shape[0], weights.shape[1] + 1), weights.dtype)
    np.cumsum(weights, axis=1, out=sums[:, 1:])
    return sums


def roc_curve(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rates from (0, 0) to (1, 1), one point per distinct score."""
    true, false, _ = counts_at_thresholds(labels, scores)
    return np.append(0, false) / false[-1], np.append(0, true) / true[-1]


def precision_recall_curve(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Recall and precision, by rising recall, one point per distinct score."""
    true, false, _ = counts_at_thresholds(labels, scores)
    return true / true[-1], true / (true + false)


def counts_at_thresholds(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True positives, false positives and the threshold, by falling distinct score; from the threshold up is called."""
    labelled = ~np.isnan(labels)
    labels, scores = labels[labelled], scores[labelled]
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), scores.size - 1)
    true = np.cumsum(labels[order] == 1)[ends]
    return true, ends + 1 - true, scores[order][ends]
