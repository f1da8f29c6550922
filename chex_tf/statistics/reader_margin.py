"""A reader beside a model's ROC curve: the reader's sensitivity minus the model's at the reader's specificity.

Both are counted on the same rows, so the reader's false positives are looked up among the model's, never a rate among
rates: equal counts are equal. Where the curve rises vertically at the reader's specificity, the model is taken at the
top of the step, the best it does there; between two points, on the straight line.
"""

import dataclasses
from collections.abc import Callable

import numpy as np


def by_unit(
    labels: np.ndarray, scores: np.ndarray, called: np.ndarray, units: np.ndarray, count: int
) -> Callable[[np.ndarray], np.ndarray]:
    """A function from unit weights [weightings, units] to margins [weightings, readers] of several readers, whose
    decisions are `called` [readers, rows]. Each weighting has its own curve and its own specificity of the reader. NaN
    where a class has no weight; rows whose label is NaN are left out."""
    labelled = np.flatnonzero(~np.isnan(labels))
    order = labelled[np.argsort(-scores[labelled], kind="stable")]
    ends = np.append(np.flatnonzero(np.diff(scores[order])), order.size - 1)
    classes = [order[labels[order] == value] for value in (1, 0)]
    called_upto = [np.append(0, np.cumsum(labels[order] == value)[ends]) for value in (1, 0)]  # rows, by point

    def margins(weights: np.ndarray) -> np.ndarray:
        rows = [np.take(weights, units[of_class], axis=1) for of_class in classes]
        true, false = (_OneClass(_sums(of_class), upto) for of_class, upto in zip(rows, called_upto, strict=True))
        found = []
        for one in called:
            reader_true, reader_false = (
                np.asarray(np.sum(weights_of[:, one[of_class]], axis=1, dtype=np.int64))
                for weights_of, of_class in zip(rows, classes, strict=True)
            )
            found.append(_margin(true, false, reader_true, reader_false))
        return np.stack(found, axis=1)

    return margins


@dataclasses.dataclass(frozen=True)
class _OneClass:
    """Running sums [weightings, rows + 1] of one class by falling score, and how many of its rows each point of the
    curve calls positive [points]."""

    sums: np.ndarray
    upto: np.ndarray

    @property
    def total(self) -> np.ndarray:
        return np.asarray(self.sums[:, -1], dtype=np.int64)

    def at(self, points: np.ndarray) -> np.ndarray:
        """[weightings] of the weight called positive at a point each."""
        return np.asarray(self.sums[np.arange(points.size), self.upto[points]], dtype=np.int64)

    def last_within(self, weight: np.ndarray) -> np.ndarray:
        """[weightings] the last point that calls no more than this much of the class."""
        rows = np.count_nonzero(self.sums <= weight[:, np.newaxis], axis=1) - 1
        return np.searchsorted(self.upto, rows, side="right") - 1


def _sums(weights: np.ndarray) -> np.ndarray:
    """[weightings, rows + 1] running sums, which begin with 0."""
    sums = np.zeros((weights.shape[0], weights.shape[1] + 1), weights.dtype)
    np.cumsum(weights, axis=1, out=sums[:, 1:])
    return sums


def _margin(true: _OneClass, false: _OneClass, reader_true: np.ndarray, reader_false: np.ndarray) -> np.ndarray:
    """[weightings] from the curve and from what the reader calls positive. All sums and products are of whole numbers,
    so a reader on the curve has a margin of zero and nothing else."""
    top = false.last_within(reader_false)  # of a vertical step at this specificity, its top
    after = np.minimum(top + 1, false.upto.size - 1)
    beyond = reader_false - false.at(top)
    width = np.where(beyond > 0, false.at(after) - false.at(top), 1)
    rise = np.where(beyond > 0, true.at(after) - true.at(top), 0)
    ahead = (reader_true - true.at(top)) * width - beyond * rise
    is_defined = (true.total > 0) & (false.total > 0)
    return np.divide(ahead, width * true.total, out=np.full(ahead.shape, np.nan), where=is_defined)


def margin(labels: np.ndarray, scores: np.ndarray, called: np.ndarray) -> float:
    """Of one reader on the rows as they are; 0 exactly where the reader is on the curve."""
    rows = np.arange(labels.size)
    return float(by_unit(labels, scores, called[np.newaxis], rows, rows.size)(np.ones((1, rows.size), np.int64))[0, 0])


def where_to_curve(value: float) -> str:
    """above, below or on: exact, since margins are made of whole numbers."""
    return "above" if value > 0 else "below" if value < 0 else "on"
