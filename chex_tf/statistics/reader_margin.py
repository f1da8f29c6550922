"""A reader beside a model's ROC curve: the reader's sensitivity minus the model's at the reader's specificity.

Both are counted on the same rows, so the reader's false positives are looked up among the model's, never a rate among
rates: equal counts are equal. Where the curve rises vertically at the reader's specificity, the model is taken at the
top of the step, the best it does there; between two points, on the straight line.
"""

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
    upto = [np.append(0, np.cumsum(labels[order] == value)[ends]) for value in (1, 0)]

    def margins(weights: np.ndarray) -> np.ndarray:
        rows = [np.take(weights, units[of_class], axis=1) for of_class in classes]
        true, false = (_sums(of_class)[:, counts] for of_class, counts in zip(rows, upto, strict=True))
        found = []
        for one in called:
            reader_true, reader_false = (
                np.asarray(np.sum(weights_of[:, one[of_class]], axis=1, dtype=np.int64))
                for weights_of, of_class in zip(rows, classes, strict=True)
            )
            found.append(_margin(true, false, reader_true, reader_false))
        return np.stack(found, axis=1)

    return margins


def _sums(weights: np.ndarray) -> np.ndarray:
    """[weightings, rows + 1] running sums, which begin with 0."""
    sums = np.zeros((weights.shape[0], weights.shape[1] + 1), weights.dtype)
    np.cumsum(weights, axis=1, out=sums[:, 1:])
    return sums


def _margin(true: np.ndarray, false: np.ndarray, reader_true: np.ndarray, reader_false: np.ndarray) -> np.ndarray:
    """[weightings] from counts on the curve [weightings, points] and the reader's [weightings]. All sums and products
    are of whole numbers, so a reader on the curve has a margin of zero and nothing else."""
    top = (
        np.count_nonzero(false <= reader_false[:, np.newaxis], axis=1) - 1
    )  # the last point of those at this specificity
    after = np.minimum(top + 1, false.shape[1] - 1)
    place = np.arange(false.shape[0])
    beyond = reader_false - false[place, top]
    width = np.where(beyond > 0, false[place, after] - false[place, top], 1).astype(np.int64)
    rise = np.where(beyond > 0, true[place, after] - true[place, top], 0)
    ahead = (reader_true - true[place, top]) * width - beyond * rise
    whole = width * true[:, -1]
    is_defined = (true[:, -1] > 0) & (false[:, -1] > 0)
    return np.divide(ahead, whole, out=np.full(ahead.shape, np.nan), where=is_defined)


def margin(labels: np.ndarray, scores: np.ndarray, called: np.ndarray) -> float:
    """Of one reader on the rows as they are; 0 exactly where the reader is on the curve."""
    rows = np.arange(labels.size)
    return float(by_unit(labels, scores, called[np.newaxis], rows, rows.size)(np.ones((1, rows.size), np.int64))[0, 0])


def where_to_curve(value: float) -> str:
    """above, below or on: exact, since margins are made of whole numbers."""
    return "above" if value > 0 else "below" if value < 0 else "on"
