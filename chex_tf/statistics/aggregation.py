"""From images to studies: scores and labels of a study from those of its images."""

import numpy as np


def aggregate(values: np.ndarray, places: np.ndarray, count: int, aggregation: str) -> np.ndarray:
    """[groups, tasks] from [rows, tasks]: the maximum (CheXpert's way) or the mean of each group's rows."""
    if aggregation == "max":
        result = np.full((count, values.shape[1]), -np.inf)
        np.maximum.at(result, places, values)
        return result
    if aggregation != "mean":
        raise ValueError(f"expected max or mean; received {aggregation!r}")
    result = np.zeros((count, values.shape[1]))
    np.add.at(result, places, values)
    return result / np.bincount(places, minlength=count)[:, np.newaxis]


def positive_if_any(labels: np.ndarray, places: np.ndarray, count: int) -> np.ndarray:
    """[groups, tasks] from labels [rows, tasks] of 1, 0 and NaN: a group is positive if one of its rows is, else
    unknown if one is, else negative. It goes with the maximum of scores, and does nothing where all rows agree."""
    found = aggregate(np.where(np.isnan(labels), 0.5, labels), places, count, "max")
    return np.where(found == 0.5, np.nan, found)


def disagreeing(labels: np.ndarray, places: np.ndarray, count: int) -> np.ndarray:
    """[groups, tasks]: whether rows of one group have different labels, unknown being one of them."""
    coded = np.where(np.isnan(labels), 2.0, labels)
    return aggregate(coded, places, count, "max") != -aggregate(-coded, places, count, "max")
