"""The k-nearest-neighbour probe against distances computed one by one."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from chex_tf.probing import neighbours


def by_hand(train, labels, test, k, metric):
    """Scores from the definition, with NaN labels left out."""
    known = ~np.isnan(labels)
    mean, deviation = train[known].mean(0), train[known].std(0)
    near_to, labels = (train[known] - mean) / deviation, labels[known]
    scores = []
    for row in (test - mean) / deviation:
        if metric == "cosine":
            distance = 1 - near_to @ row / np.linalg.norm(near_to, axis=1) / np.linalg.norm(row)
        else:
            distance = np.linalg.norm(near_to - row, axis=1)
        nearest = np.argsort(distance)[:k]
        scores.append((labels[nearest].sum() + labels.mean()) / (k + 1))
    return np.array(scores)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_scores_are_shares_among_the_nearest_labelled_films(metric):
    generator = np.random.default_rng(0)
    train, validation, test = (generator.normal(size=(rows, 4)) for rows in (60, 40, 30))
    labels, chosen_on = (
        np.stack([rows[:, 0] + generator.normal(size=len(rows)) > 0, rows[:, 1] > 0.5], axis=1).astype(float)
        for rows in (train, validation)
    )
    labels[generator.random(60) < 0.3, 1] = np.nan
    chosen_on[3, 0] = np.nan
    found = neighbours.fit_all((train, labels), (validation, chosen_on), test, metric)
    for task, fit in enumerate(found):
        grid = [k for k in neighbours.GRID if k <= np.sum(~np.isnan(labels[:, task]))]
        known = ~np.isnan(chosen_on[:, task])
        areas = [
            roc_auc_score(chosen_on[known, task], by_hand(train, labels[:, task], validation[known], k, metric))
            for k in grid
        ]
        assert fit.chosen == grid[int(np.argmax(areas))]
        np.testing.assert_allclose(fit.scores, by_hand(train, labels[:, task], test, int(fit.chosen), metric))


def test_few_films_and_a_missing_class():
    features = np.eye(3)
    labels = np.array([[1.0, 0, np.nan], [0, 0, np.nan], [0, 0, np.nan]])
    found = neighbours.fit_all(
        (features, labels), (features, np.array([[1.0, 1, 1], [0, 0, 0], [0, 0, 0]])), features, "cosine"
    )
    assert found[0].chosen == 3  # fewer films than the smallest k
    assert [fit.reason for fit in found] == ["", "no positive to fit on", "nothing to fit on"]
    assert found[1].scores.tolist() == found[2].scores.tolist() == [0.5] * 3
