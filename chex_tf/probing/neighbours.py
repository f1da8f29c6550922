"""The k-nearest-neighbour probe: the share of positives among the nearest training films, k chosen on validation."""

from collections.abc import Sequence

import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from chex_tf.probing.linear import Fit, lacking
from chex_tf.statistics.ranking import unweighted_auroc

GRID = (5, 10, 20, 50, 100, 200)  # those above the number of training films are left out, the smallest excepted


def fit_all(
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    test: np.ndarray,
    metric: str,
    grid: Sequence[int] = GRID,
) -> list[Fit]:
    """A fit for each task; labels are [rows, tasks], 1, 0 or NaN (not used). Features are standardised by the training
    rows used. A score is (positives among k + their share among all) / (k + 1): the share, kept off 0 and 1."""
    fits: list[Fit | None] = [None] * train[1].shape[1]
    known = ~np.isnan(train[1])
    masks, group = np.unique(known, axis=1, return_inverse=True)  # tasks that share their training rows
    for place in range(masks.shape[1]):
        rows = masks[:, place]
        tasks = np.flatnonzero(group == place).tolist()
        if not rows.any():
            for task in tasks:
                fits[task] = _unfitted(test, "nothing to fit on")
            continue
        scaler = StandardScaler().fit(train[0][rows])
        kept = [k for k in grid if k <= rows.sum()] or [int(rows.sum())]
        search = NearestNeighbors(n_neighbors=kept[-1], metric=metric, algorithm="brute")
        search.fit(scaler.transform(train[0][rows]))
        near_validation, near_test = (
            search.kneighbors(scaler.transform(features), return_distance=False) for features in (validation[0], test)
        )
        for task in tasks:
            labels = train[1][rows, task]
            fits[task] = _fit(labels, validation[1][:, task], labels[near_validation], labels[near_test], kept)
    return [one for one in fits if one is not None]


def _fit(
    labels: np.ndarray, truth: np.ndarray, near_validation: np.ndarray, near_test: np.ndarray, grid: Sequence[int]
) -> Fit:
    """`near_…` [rows, largest k] are the labels of each row's neighbours, the nearest first."""
    known = ~np.isnan(truth)
    reason = lacking(labels, "to fit on") or lacking(truth[known], "on validation")
    if reason:
        return _unfitted(near_test, reason)
    prior = float(labels.mean())
    areas = [unweighted_auroc(truth[known], _scores(near_validation[known], k, prior)) for k in grid]
    k = grid[int(np.argmax(areas))]
    return Fit(_scores(near_test, k, prior), k)


def _scores(near: np.ndarray, k: int, prior: float) -> np.ndarray:
    return (near[:, :k].sum(axis=1) + prior) / (k + 1)


def _unfitted(test: np.ndarray, reason: str) -> Fit:
    return Fit(np.full(len(test), 0.5), np.nan, reason=reason)
